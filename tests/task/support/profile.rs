//! What an agent tells a task through variables, in three kinds of pipeline.

use std::collections::BTreeMap;
use std::path::Path;

use ado_stand_in::{Settings, StandIn};

/// A kind of pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// A build described in YAML.
    YamlBuild,
    /// A build of the classic editor.
    ClassicBuild,
    /// A classic release on Services, of a build: the agent's own connection leads to another host.
    ClassicRelease,
}

/// Release Management's own host, which knows nothing of tests.
const RELEASE_MANAGEMENT: &str = "http://vsrm.invalid/contoso/";

impl Profile {
    /// All three.
    pub(crate) const ALL: [Self; 3] = [Self::YamlBuild, Self::ClassicBuild, Self::ClassicRelease];

    /// Every variable: there are no others in the task's environment but its inputs.
    pub(crate) fn variables(
        self,
        service: &StandIn,
        working_folder: &Path,
        temp_folder: &Path,
    ) -> BTreeMap<String, String> {
        let collection = service.collection_url();
        let token = Settings::default().token;
        let connection = if self == Self::ClassicRelease {
            RELEASE_MANAGEMENT
        } else {
            &collection
        };
        let working_folder = working_folder.display().to_string();
        let temp_folder = temp_folder.display().to_string();
        let oauth = format!(r#"{{"parameters":{{"AccessToken":"{token}"}},"scheme":"OAuth"}}"#);
        let common = [
            ("TF_BUILD", "True"),
            ("SYSTEM_COLLECTIONURI", &collection),
            ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", &collection),
            ("SYSTEM_TEAMFOUNDATIONSERVERURI", connection),
            ("ENDPOINT_URL_SYSTEMVSSCONNECTION", connection),
            ("ENDPOINT_AUTH_SYSTEMVSSCONNECTION", &oauth),
            ("ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION", "OAuth"),
            (
                "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
                &token,
            ),
            ("SYSTEM_TEAMPROJECT", "Shop"),
            (
                "SYSTEM_TEAMPROJECTID",
                "5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10",
            ),
            ("SYSTEM_JOBID", "12f1170f-54f2-53f3-20dd-22fc7dff55f9"),
            (
                "SYSTEM_TASKINSTANCEID",
                "8f5d1c5a-3c7e-5b3b-a1f1-53a9d2f3b0aa",
            ),
            ("SYSTEM_TASKDISPLAYNAME", "Publish Katalon test results"),
            ("SYSTEM_DEFAULTWORKINGDIRECTORY", &working_folder),
            ("SYSTEM_JOBPOSITIONINPHASE", "1"),
            ("SYSTEM_JOBATTEMPT", "1"),
            ("SYSTEM_PHASEATTEMPT", "1"),
            ("SYSTEM_STAGEATTEMPT", "1"),
            ("BUILD_BUILDID", "71"),
            ("BUILD_BUILDNUMBER", "20261125.71"),
            ("BUILD_BUILDURI", "vstfs:///Build/Build/71"),
            ("BUILD_SOURCEBRANCH", "refs/heads/main"),
            ("BUILD_DEFINITIONNAME", "Shop tests"),
            ("AGENT_NAME", "Agent 1"),
            ("AGENT_VERSION", "4.260.0"),
            ("AGENT_OS", "Linux"),
            ("AGENT_OSARCHITECTURE", "X64"),
            ("AGENT_JOBSTATUS", "Succeeded"),
            ("agent.jobstatus", "Succeeded"),
            ("AGENT_TEMPDIRECTORY", &temp_folder),
            ("TMPDIR", &temp_folder),
            ("SECRET_DB_PASSWORD", "correct horse"),
            ("VSTS_SECRET_VARIABLES", r#"["DB_PASSWORD"]"#),
            ("VSTS_PUBLIC_VARIABLES", r#"["build.buildId"]"#),
            ("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
            ("TZ", "UTC"),
        ];
        let own: &[(&str, &str)] = match self {
            Self::YamlBuild => &[
                ("SYSTEM_HOSTTYPE", "build"),
                ("SYSTEM_STAGENAME", "Test"),
                ("SYSTEM_PHASENAME", "Katalon"),
                ("SYSTEM_JOBNAME", "__default"),
                ("SYSTEM_PIPELINESTARTTIME", "2026-11-25 08:00:01+00:00"),
                ("PIPELINE_WORKSPACE", &working_folder),
            ],
            Self::ClassicBuild => &[
                ("SYSTEM_HOSTTYPE", "build"),
                ("SYSTEM_STAGENAME", "__default"),
                ("SYSTEM_PHASENAME", "Phase_1"),
                ("SYSTEM_JOBNAME", "__default"),
            ],
            Self::ClassicRelease => &[
                ("SYSTEM_HOSTTYPE", "release"),
                // The id of the environment in the definition: the same for every release.
                ("SYSTEM_STAGENAME", "3"),
                ("SYSTEM_PHASENAME", "Agent job"),
                ("SYSTEM_JOBNAME", "__default"),
                ("SYSTEM_ARTIFACTSDIRECTORY", &working_folder),
                ("BUILD_TYPE", "Build"),
                ("BUILD_PROJECTID", "5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10"),
                ("RELEASE_RELEASEURI", "vstfs:///ReleaseManagement/Release/4"),
                (
                    "RELEASE_ENVIRONMENTURI",
                    "vstfs:///ReleaseManagement/Environment/9",
                ),
                ("RELEASE_ENVIRONMENTID", "9"),
                ("RELEASE_ATTEMPTNUMBER", "1"),
            ],
        };
        common
            .iter()
            .chain(own)
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}
