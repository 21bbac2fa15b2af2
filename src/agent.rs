//! What the agent tells a task through variables: where, who, which build, which job.
//!
//! Pure: everything comes from the [`Environment`]. The variables are described in Microsoft's
//! "Use predefined variables"; those of proxy and certificates only in the agent's source
//! (`Constants.cs`).

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::environment::Environment;
use crate::problem::Problem;
use crate::secrets::hex_digest;

mod client_certificate;
mod collection_url;
mod connection;
mod network;
mod secret;
mod service_connection;

pub use client_certificate::{ClientCertificate, ClientIdentity};
pub use collection_url::CollectionUrl;
pub use connection::Connection;
pub use network::{Proxies, Proxy};
pub use secret::{Secret, Token, TokenKind};
pub use service_connection::ServiceConnection;

/// What the agent tells. Outside a pipeline most of it is absent.
#[derive(Clone, Debug)]
pub struct Agent {
    /// An agent reads the output (`TF_BUILD`).
    pub in_pipeline: bool,
    /// `system.debug` is set.
    pub debug: bool,
    /// Where Azure DevOps is, or why that is not known: an input error.
    pub collection_url: Result<CollectionUrl, Problem>,
    /// The token to use; see [`Agent::no_token`].
    pub token: Option<Token>,
    /// The ID of the collection that the pipeline belongs to.
    pub collection_id: Option<String>,
    /// The project that the pipeline belongs to, by name.
    pub project: Option<String>,
    /// The build that this job belongs to, or that a classic release has as primary artifact.
    pub build: Option<RunningBuild>,
    /// The ID of the running build's definition.
    pub definition: Option<u32>,
    /// The branch that is built (`refs/heads/main`).
    pub branch: Option<String>,
    /// The branch that a pull request wants to go to (`refs/heads/main`).
    pub pull_request_target_branch: Option<String>,
    /// The stage. In a classic release its name is the definition's environment: no link to it.
    pub stage: Option<Attempted>,
    /// The phase: in YAML it bears the job's name.
    pub phase: Option<Attempted>,
    /// The job: `__default` unless a matrix made several of one phase.
    pub job: Option<Attempted>,
    /// Which of the jobs of a matrix this is, from 1.
    pub job_position: Option<String>,
    /// The classic release that this job belongs to.
    pub release: Option<Release>,
    /// `build`, `release` or `deployment`.
    pub host_type: Option<String>,
    /// When this job or stage began, by the server's clock. Not when the build began.
    pub job_start: Option<Timestamp>,
    /// The agent's name, unique in its pool.
    pub agent_name: Option<String>,
    /// The agent's version.
    pub agent_version: Option<String>,
    /// The name of the machine; empty if nothing tells it.
    pub machine: String,
    /// A folder that is emptied after the job.
    pub temp_dir: Option<PathBuf>,
    /// Where the sources are checked out.
    pub sources_dir: Option<PathBuf>,
    /// The folder above sources and downloaded artifacts.
    pub pipeline_workspace: Option<PathBuf>,
    /// Where a release downloads artifacts.
    pub artifacts_dir: Option<PathBuf>,
    /// Where steps begin.
    pub default_working_dir: Option<PathBuf>,
    /// The proxies that there are.
    pub proxies: Proxies,
    /// Certificate authorities that the agent was configured with (PEM).
    pub ca_file: Option<PathBuf>,
    /// The certificate by which the agent was configured to identify itself.
    pub client_certificate: Option<ClientCertificate>,
    /// The agent was configured to believe any certificate.
    pub skip_certificate_validation: bool,
    /// Names and values of the job's secret variables, also of those that this task never reads, and
    /// the credentials of service connections.
    pub secret_variables: Vec<(String, Secret)>,
}

/// A build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningBuild {
    /// Its ID, unique in the collection.
    pub id: u32,
    /// Its number: what people call it, and any text.
    pub number: String,
    /// `vstfs:///Build/Build/17`.
    pub uri: String,
    /// Its project, by name or ID.
    pub project: Option<String>,
}

/// A part of a pipeline, and the how manieth time it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// Its name; never empty.
    pub name: String,
    /// From 1.
    pub attempt: u32,
}

/// A classic release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// `vstfs:///ReleaseManagement/Release/17`.
    pub uri: String,
    /// The URI of the environment in this release.
    pub environment_uri: Option<String>,
    /// The ID of the environment in this release.
    pub environment_id: Option<String>,
}

impl Agent {
    /// Reads what the agent tells, and what stands in for it outside a pipeline: `organization`
    /// is the option of that name, as it was typed. The problems are warnings.
    pub fn read(environment: &Environment, organization: Option<&str>) -> (Self, Vec<Problem>) {
        let text = |name: &str| environment.var(name).map(str::to_owned);
        let path = |name: &str| environment.var(name).map(PathBuf::from);
        let in_pipeline = environment.is_true("TF_BUILD");
        let mut problems = Vec::new();
        let agent = Self {
            in_pipeline,
            debug: environment.is_true("SYSTEM_DEBUG"),
            collection_url: connection::collection_url(
                environment,
                in_pipeline,
                organization,
                &mut problems,
            ),
            token: connection::token(environment, in_pipeline),
            collection_id: text("SYSTEM_COLLECTIONID"),
            project: text("SYSTEM_TEAMPROJECT").or_else(|| text("SYSTEM_TEAMPROJECTID")),
            build: build(environment),
            // In a release that is the release's own definition.
            definition: environment
                .var(if environment.var("RELEASE_RELEASEURI").is_some() {
                    "BUILD_DEFINITIONID"
                } else {
                    "SYSTEM_DEFINITIONID"
                })
                .and_then(|id| id.parse().ok()),
            branch: text("BUILD_SOURCEBRANCH"),
            pull_request_target_branch: text("SYSTEM_PULLREQUEST_TARGETBRANCH"),
            stage: attempted(environment, "SYSTEM_STAGENAME", "SYSTEM_STAGEATTEMPT"),
            phase: attempted(environment, "SYSTEM_PHASENAME", "SYSTEM_PHASEATTEMPT"),
            job: attempted(environment, "SYSTEM_JOBNAME", "SYSTEM_JOBATTEMPT"),
            job_position: text("SYSTEM_JOBPOSITIONINPHASE"),
            release: text("RELEASE_RELEASEURI").map(|uri| Release {
                uri,
                environment_uri: text("RELEASE_ENVIRONMENTURI"),
                environment_id: text("RELEASE_ENVIRONMENTID"),
            }),
            host_type: text("SYSTEM_HOSTTYPE"),
            // `2026-09-01 20:31:33-03:00`: jiff takes the blank for the `T`.
            job_start: environment
                .var("SYSTEM_PIPELINESTARTTIME")
                .and_then(|time| time.parse().ok()),
            agent_name: text("AGENT_NAME"),
            agent_version: text("AGENT_VERSION"),
            machine: environment.machine().to_owned(),
            temp_dir: path("AGENT_TEMPDIRECTORY"),
            sources_dir: path("BUILD_SOURCESDIRECTORY"),
            pipeline_workspace: path("PIPELINE_WORKSPACE"),
            artifacts_dir: path("SYSTEM_ARTIFACTSDIRECTORY"),
            default_working_dir: path("SYSTEM_DEFAULTWORKINGDIRECTORY"),
            proxies: Proxies::told(environment, &mut problems),
            ca_file: path("AGENT_CAINFO"),
            client_certificate: ClientCertificate::told(environment),
            skip_certificate_validation: environment.is_true("AGENT_SKIPCERTVALIDATION"),
            secret_variables: secret_variables(environment),
        };
        (agent, problems)
    }

    /// Whether this is a classic release, whose `BUILD_*` describe an artifact.
    pub fn is_release(&self) -> bool {
        self.release.is_some()
    }

    /// The ID of the environment that a classic release deploys to.
    pub fn release_environment(&self) -> Option<&str> {
        self.release.as_ref()?.environment_id.as_deref()
    }
}

/// Eight hex digits that tell whose a test run is: those of this job, the same when a job or a
/// task is run again. Outside a pipeline machine and folder stand for the job.
///
/// `published_to` is the build that the runs belong to, which need not be the running one.
pub fn owner(agent: &Agent, published_to: Option<u32>, search_folder: &Path) -> String {
    let shown = |id: Option<u32>| id.map(|id| id.to_string()).unwrap_or_default();
    let name = |part: &Option<Attempted>| part.as_ref().map_or(String::new(), |it| it.name.clone());
    let parts = if agent.in_pipeline {
        vec![
            shown(published_to),
            shown(agent.build.as_ref().map(|build| build.id)),
            agent
                .release
                .as_ref()
                .and_then(|release| release.environment_id.clone())
                .unwrap_or_default(),
            name(&agent.stage),
            name(&agent.phase),
            name(&agent.job),
            agent.job_position.clone().unwrap_or_default(),
        ]
    } else {
        vec![
            agent.machine.clone(),
            search_folder.to_string_lossy().into_owned(),
        ]
    };
    // The length tells where a part ends: `ab` + `c` is another owner than `a` + `bc`.
    let text: String = parts
        .iter()
        .map(|part| format!("{}:{part}", part.len()))
        .collect();
    hex_digest(text.as_bytes(), 8)
}

fn build(environment: &Environment) -> Option<RunningBuild> {
    let text = |name: &str| environment.var(name).map(str::to_owned);
    let in_release = environment.var("RELEASE_RELEASEURI").is_some();
    // The primary artifact of a release may also be a commit, or a build of Jenkins.
    if in_release && !environment.var("BUILD_TYPE")?.eq_ignore_ascii_case("Build") {
        return None;
    }
    let id: u32 = environment.var("BUILD_BUILDID")?.parse().ok()?;
    let project = if in_release {
        text("BUILD_PROJECTID")
    } else {
        text("SYSTEM_TEAMPROJECT").or_else(|| text("SYSTEM_TEAMPROJECTID"))
    };
    Some(RunningBuild {
        id,
        number: text("BUILD_BUILDNUMBER").unwrap_or_else(|| id.to_string()),
        uri: text("BUILD_BUILDURI").unwrap_or_else(|| format!("vstfs:///Build/Build/{id}")),
        project,
    })
}

/// `None` if the name is empty: the service refuses a reference that names nothing.
fn attempted(environment: &Environment, name: &str, attempt: &str) -> Option<Attempted> {
    Some(Attempted {
        name: environment.var(name)?.to_owned(),
        attempt: environment
            .var(attempt)
            .and_then(|text| text.parse().ok())
            .unwrap_or(1),
    })
}

/// `SECRET_*`, untrimmed: they are masked as they are. And tokens and passwords of the service
/// connections that the agent handed over.
fn secret_variables(environment: &Environment) -> Vec<(String, Secret)> {
    let name_of = |variable: &str| {
        let upper = variable.to_ascii_uppercase();
        let of_connection = upper.starts_with("ENDPOINT_AUTH_PARAMETER_")
            && ["_APITOKEN", "_PASSWORD", "_ACCESSTOKEN"]
                .iter()
                .any(|end| upper.ends_with(end));
        variable
            .strip_prefix("SECRET_")
            .or(of_connection.then_some(variable))
            .map(str::to_owned)
    };
    environment
        .vars
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some((name_of(name)?, Secret::new(value))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(vars: &[(&str, &str)]) -> Environment {
        Environment {
            vars: vars
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Environment::default()
        }
    }

    fn agent(vars: &[(&str, &str)]) -> Agent {
        Agent::read(&environment(vars), None).0
    }

    #[test]
    fn a_build_is_what_the_agent_says() {
        let vars = [
            ("BUILD_BUILDID", "17"),
            ("BUILD_BUILDNUMBER", "20260811.3"),
            ("SYSTEM_TEAMPROJECT", "Shop"),
        ];
        let build = agent(&vars).build.unwrap();
        assert_eq!(build.id, 17);
        assert_eq!(build.number, "20260811.3");
        assert_eq!(build.uri, "vstfs:///Build/Build/17");
        assert_eq!(build.project.as_deref(), Some("Shop"));
    }

    #[test]
    fn in_a_classic_release_a_build_is_one_only_if_the_artifact_is() {
        let mut vars = vec![
            ("RELEASE_RELEASEURI", "vstfs:///ReleaseManagement/Release/4"),
            ("RELEASE_ENVIRONMENTID", "9"),
            ("BUILD_BUILDID", "17"),
            ("BUILD_PROJECTID", "6ce954b1"),
            ("SYSTEM_TEAMPROJECT", "Release project"),
        ];
        assert_eq!(agent(&vars).build, None);
        vars.push(("BUILD_TYPE", "Jenkins"));
        assert_eq!(agent(&vars).build, None);
        vars.push(("BUILD_TYPE", "Build"));
        let agent = agent(&vars);
        assert!(agent.is_release());
        assert_eq!(agent.build.unwrap().project.as_deref(), Some("6ce954b1"));
    }

    #[test]
    fn a_part_of_the_pipeline_without_name_is_none() {
        let agent = agent(&[
            ("SYSTEM_STAGENAME", ""),
            ("SYSTEM_STAGEATTEMPT", "2"),
            ("SYSTEM_JOBNAME", "__default"),
            ("SYSTEM_JOBATTEMPT", "3"),
        ]);
        assert_eq!(agent.stage, None);
        let job = agent.job.unwrap();
        assert_eq!((job.name.as_str(), job.attempt), ("__default", 3));
    }

    #[test]
    fn the_start_of_the_job_is_read_with_its_offset() {
        let start = |text| agent(&[("SYSTEM_PIPELINESTARTTIME", text)]).job_start;
        assert_eq!(
            start("2026-09-01 20:31:33-03:00"),
            Some("2026-09-01T23:31:33Z".parse().unwrap())
        );
        assert_eq!(start("2026-09-01 20:31:33"), None);
        assert_eq!(start("yesterday"), None);
    }

    #[test]
    fn secrets_are_known_and_never_shown() {
        let agent = agent(&[("SECRET_DB_PASSWORD", "hunter2"), ("SECRET_EMPTY", "")]);
        assert_eq!(agent.secret_variables.len(), 1);
        assert_eq!(agent.secret_variables[0].0, "DB_PASSWORD");
        assert_eq!(agent.secret_variables[0].1.expose(), "hunter2");
        assert!(!format!("{agent:#?}").contains("hunter2"));
        let of_connection = super::super::agent::Agent::read(
            &environment(&[
                ("ENDPOINT_AUTH_PARAMETER_0a1b_PASSWORD", "hunter3"),
                ("ENDPOINT_AUTH_PARAMETER_0a1b_USERNAME", "me"),
            ]),
            None,
        );
        assert_eq!(of_connection.0.secret_variables.len(), 1);
    }

    #[test]
    fn the_owner_is_the_job_whatever_the_attempt() {
        let vars = [
            ("TF_BUILD", "True"),
            ("BUILD_BUILDID", "17"),
            ("SYSTEM_STAGENAME", "Test"),
            ("SYSTEM_PHASENAME", "UI"),
            ("SYSTEM_JOBNAME", "__default"),
            ("SYSTEM_JOBATTEMPT", "1"),
        ];
        let owner_with = |name, value| {
            let mut vars = vars.to_vec();
            vars.push((name, value));
            owner(&agent(&vars), None, Path::new("/a"))
        };
        let first = owner(&agent(&vars), None, Path::new("/a"));
        assert_eq!(first.len(), 8);
        assert!(first.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(owner(&agent(&vars), None, Path::new("/b")), first);
        assert_eq!(owner_with("SYSTEM_JOBATTEMPT", "2"), first);
        for (name, value) in [
            ("BUILD_BUILDID", "18"),
            ("SYSTEM_STAGENAME", "TestU"),
            ("SYSTEM_PHASENAME", "I"),
            ("SYSTEM_JOBPOSITIONINPHASE", "2"),
        ] {
            assert_ne!(owner_with(name, value), first, "{name}");
        }
    }

    #[test]
    fn parts_of_the_owner_do_not_run_into_each_other() {
        let owner_of = |stage, phase| {
            let vars = [
                ("TF_BUILD", "True"),
                ("SYSTEM_STAGENAME", stage),
                ("SYSTEM_PHASENAME", phase),
            ];
            owner(&agent(&vars), None, Path::new("/"))
        };
        assert_ne!(owner_of("ab", "c"), owner_of("a", "bc"));
        assert_ne!(owner_of("a", ""), owner_of("", "a"));
    }

    #[test]
    fn outside_a_pipeline_machine_and_folder_are_the_owner() {
        let here = agent(&[("HOSTNAME", "a")]);
        let there = agent(&[("HOSTNAME", "b")]);
        let folder = Path::new("/a");
        assert_ne!(owner(&here, None, folder), owner(&there, None, folder));
        assert_ne!(
            owner(&here, None, folder),
            owner(&here, None, Path::new("/b"))
        );
    }
}
