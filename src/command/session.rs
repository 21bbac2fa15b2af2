//! The stages of `publish` that need a connection: age, mapping, sending.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::NOTHING_PUBLISHED;
use super::build::TargetBuild;
use super::context::Context;
use super::verdict::Verdict;
use crate::account::Account;
use crate::agent::{self, Agent, Attempted};
use crate::azure_devops::sent::Sent;
use crate::azure_devops::{
    MESSAGE_LIMIT_SERVER, MESSAGE_LIMIT_SERVICES, NAME_LIMIT, PipelineReference, TestRunId,
};
use crate::exit_code::ExitCode;
use crate::files::{self, Wanted};
use crate::freshness::Age;
use crate::inputs::{AttachmentsFor, WhenAlreadyPublished};
use crate::katalon::Report;
use crate::mapping::{self, MappedRun, Settings};
use crate::problem::{Problem, code, counted as count};
use crate::publish::desired::Desired;
use crate::publish::fate::Fate;
use crate::publish::marker::Owner;
use crate::publish::seen::Place;
use crate::publish::{Publisher, dry, read_until_answered};

/// What the stages come to.
pub(super) struct Session<'a> {
    pub(super) context: Context<'a>,
    pub(super) verdict: &'a mut Verdict,
    pub(super) account: &'a mut Account,
}

impl<'a> Session<'a> {
    pub(super) async fn publish(
        &mut self,
        reports: &[Report],
        release_environment: Option<String>,
    ) {
        let inputs = &self.context.invocation.inputs;
        let build = match self.context.target_build().await {
            Ok(build) => build,
            Err((exit_code, problem)) => {
                let fails = inputs.fail_task_on_failure_to_publish_results.value
                    || exit_code != ExitCode::NotPublished;
                return self
                    .verdict
                    .gate(self.context.pipeline, fails, exit_code, problem);
            }
        };
        let age = self.age(reports, build.as_ref()).await;
        let mut pending: Vec<usize> = (0..reports.len())
            .filter(|&at| !reports[at].results.is_empty())
            .collect();
        self.leave_out_stale(reports, &age, &mut pending);
        if pending.is_empty() {
            return;
        }

        self.context
            .pipeline
            .section("Mapping results to Azure DevOps");
        let kinds = &inputs.attachments.value;
        let of_all = inputs.attachments_for.value == AttachmentsFor::All;
        let wanted = Wanted { kinds, of_all };
        // What is left out needs no name, and makes none longer.
        let chosen: Vec<&Report> = pending.iter().map(|&at| &reports[at]).collect();
        let prepared = files::read(&chosen, wanted, self.context.secrets);
        let settings = self
            .context
            .settings(wanted, release_environment, build.as_ref());
        let build_number = build.as_ref().map_or("", |build| &build.number);
        let template = &inputs.test_run_title.value;
        let titles = mapping::run_titles(&chosen, template, build_number, &TimeZone::system());
        let runs: Vec<MappedRun> = pending
            .iter()
            .zip(&titles)
            .map(|(&at, title)| {
                mapping::test_run(&[(at, &reports[at])], title, &prepared, &settings)
            })
            .collect();
        for (path, why) in runs.iter().flat_map(|run| &run.left_out_files) {
            self.context.pipeline.issue(&Problem::warning(
                code::FILE_NOT_ATTACHED,
                format!("'{path}' is not attached: {why}"),
                "",
            ));
        }
        let results: usize = runs.iter().map(|run| run.desired.results.len()).sum();
        let attachments: usize = runs.iter().map(|run| run.desired.attachments.len()).sum();
        self.context.pipeline.line(&format!(
            "{} with {} and {}",
            count(runs.len(), "test run"),
            count(results, "result"),
            count(attachments, "attachment")
        ));

        self.context.pipeline.section(if inputs.dry_run.value {
            "Dry run: what would be sent"
        } else {
            "Publishing"
        });
        self.send(runs, &settings, &age, reports).await;
    }

    async fn send(
        &mut self,
        runs: Vec<MappedRun>,
        settings: &Settings<'_>,
        age: &Age<'_>,
        reports: &[Report],
    ) {
        let inputs = &self.context.invocation.inputs;
        let desired = Desired {
            owner: settings.owner.clone(),
            again: inputs.when_already_published.value == WhenAlreadyPublished::Publish,
            can_look: settings.build.is_some(),
            runs: runs.iter().map(|run| run.desired.clone()).collect(),
        };
        if !desired.can_look {
            self.context.pipeline.line(
                "There is no build to look runs up by: what was published before is published again.",
            );
        }
        let publisher = Publisher {
            client: self.context.client,
            pipeline: self.context.pipeline,
            project: self.context.project(),
            build: settings.build,
            dry_run: inputs.dry_run.value,
            waits: self.context.waits,
            retry_for: inputs.retry_for.value.duration(),
            cancel: self.context.cancel,
            secrets: self.context.secrets,
            identity: &self.context.as_whom.name,
        };
        let published = publisher.publish(&desired).await;
        let context = self.context;
        let url = |id: TestRunId| match published.urls.get(&id) {
            Some(url) => url.clone(),
            None => context.url_of_run(id),
        };
        let unknown = Fate::Missing {
            reason: "publishing ended before it".to_owned(),
        };
        for (run, place) in runs.iter().zip(&published.seen.places) {
            let fate = if let Place::Settled(fate) = place {
                fate
            } else {
                &unknown
            };
            self.account
                .book(run, fate, url, |report| age.is_downloaded(&reports[report]));
            self.tell_run(run, fate, url);
        }
        if let Some(problem) = published.stopped {
            self.stopped(problem);
        }
    }

    /// What ended publishing before everything was sent, with the exit code that it stands for.
    fn stopped(&mut self, mut problem: Problem) {
        let exit_code = if problem.code == code::CANCELLED {
            ExitCode::Cancelled
        } else if problem.code == code::NO_SUCH_PROJECT && self.context.project_was_typed() {
            ExitCode::WrongInputs
        } else {
            self.account.publication()
        };
        if exit_code == ExitCode::NotPublished {
            problem.advice = format!("{} {NOTHING_PUBLISHED}", problem.advice.trim_end())
                .trim_start()
                .to_owned();
        }
        let is_publication = matches!(
            exit_code,
            ExitCode::NotPublished | ExitCode::PartlyPublished
        );
        let fails = self
            .context
            .invocation
            .inputs
            .fail_task_on_failure_to_publish_results
            .value
            || !is_publication;
        self.verdict
            .gate(self.context.pipeline, fails, exit_code, problem);
    }

    fn tell_run(&self, run: &MappedRun, fate: &Fate, url: impl Fn(TestRunId) -> String) {
        let name = run.desired.run.name.as_str();
        let results = count(run.desired.results.len(), "result");
        self.context.pipeline.line(&match fate {
            Fate::Published { id, .. } if dry::is_imagined_run(*id) => return,
            Fate::Published { id, refused, .. } => {
                let stored = run.desired.results.len() - refused.len();
                format!("'{name}': {stored} of {results} in test run {id}: {}", url(*id))
            }
            Fate::AlreadyPublished { id, .. } => format!(
                "'{name}': already published in test run {id} ({}); 'whenAlreadyPublished: publish' publishes it once more",
                url(*id)
            ),
            Fate::StillHeld { by } => {
                format!("'{name}': another job is still publishing it, in test run {by}")
            }
            Fate::Missing { reason } => format!("'{name}': {results} not published: {reason}"),
            Fate::Divided => format!("'{name}': to be published in several runs"),
        });
    }

    /// What the age of reports is measured by. Asks for the build's start only if a report is older
    /// than this job.
    async fn age(&mut self, reports: &[Report], build: Option<&TargetBuild>) -> Age<'a> {
        let agent: &'a Agent = &self.context.invocation.agent;
        let mut age = Age {
            agent: Some(agent),
            job_start: agent.job_start,
            build_start: None,
            clock_ahead: self.context.as_whom.clock_ahead,
        };
        let skip = self.context.invocation.inputs.skip_stale_reports.value;
        // For another build the reports were chosen on purpose.
        let Some(build) = build.filter(|build| build.is_running && skip) else {
            return age;
        };
        if !reports.iter().any(|report| age.is_before_job(report)) {
            return age;
        }
        let (client, project) = (self.context.client, self.context.project());
        let id = build.id;
        let asked = read_until_answered(
            self.context.waits,
            self.context.invocation.inputs.retry_for.value.duration(),
            self.context.pipeline,
            self.context.cancel,
            || client.build(project, id),
        )
        .await;
        match asked {
            Ok(Sent::Answered(build)) => age.build_start = build.started,
            Ok(Sent::Refused(refusal)) => self.context.pipeline.issue(&Problem::warning(
                code::AGE_UNKNOWN,
                format!("when build {id} began cannot be read ({} {})", refusal.status, refusal.message),
                "Reports older than this job are published; 'skipStaleReports: false' says that they are meant.",
            )),
            // What follows will meet the same trouble and tell it.
            Ok(Sent::NotSent(_) | Sent::Unknown(_)) | Err(_) => {}
        }
        age
    }

    fn leave_out_stale(&mut self, reports: &[Report], age: &Age<'_>, pending: &mut Vec<usize>) {
        let before = pending.len();
        pending.retain(|&at| {
            let stale = age.is_stale(&reports[at]);
            if stale {
                self.account
                    .leave_out(at, "it ended before the build began");
                self.context
                    .pipeline
                    .debug(&format!("stale: {}", reports[at].display_folder));
            }
            !stale
        });
        let stale = before - pending.len();
        if stale == 0 {
            return;
        }
        self.context.pipeline.line(&format!(
            "{} left out: older than the build ('skipStaleReports'; 'system.debug' names them)",
            count(stale, "report")
        ));
        if pending.is_empty() {
            let fails = self
                .context
                .invocation
                .inputs
                .fail_task_on_missing_reports
                .value;
            let problem = Problem::error(
                code::ONLY_STALE_REPORTS,
                format!(
                    "no Katalon report of this build found: {} that ended before the build began",
                    count(stale, "report")
                ),
                "Check that Katalon ran in this build, or set 'skipStaleReports' to false if these are meant.",
            );
            self.verdict
                .gate(self.context.pipeline, fails, ExitCode::NoReports, problem);
        }
    }
}

impl<'a> Context<'a> {
    fn settings(
        &self,
        wanted: Wanted<'a>,
        release_environment: Option<String>,
        build: Option<&TargetBuild>,
    ) -> Settings<'a> {
        let (agent, inputs) = (&self.invocation.agent, &self.invocation.inputs);
        let name = |text: &str| self.secrets.clean(text).one_line().as_name(NAME_LIMIT);
        let part =
            |part: &Option<Attempted>| part.as_ref().map(|part| (name(&part.name), part.attempt));
        // A classic release is linked to release and environment; its stage names no stage. And
        // another build has no job that ran these tests.
        let is_own = build.is_some_and(|build| build.is_running) && !agent.is_release();
        let pipeline = is_own.then(|| PipelineReference {
            stage: part(&agent.stage),
            phase: part(&agent.phase),
            job: part(&agent.job),
        });
        let release = agent.release.as_ref().and_then(|release| {
            let environment = release.environment_uri.as_ref()?;
            Some((
                self.secrets.clean(&release.uri),
                self.secrets.clean(environment),
            ))
        });
        let services = self.as_whom.is_services;
        Settings {
            secrets: self.secrets,
            owner: Owner::new(agent::owner(
                agent,
                build.and_then(|build| u32::try_from(build.id.0).ok()),
                &self.invocation.search_folder,
            )),
            build: build.map(|build| build.id),
            pipeline: pipeline.filter(|pipeline| *pipeline != PipelineReference::default()),
            target_branch: agent
                .pull_request_target_branch
                .as_ref()
                .map(|branch| self.secrets.clean(branch)),
            release,
            release_environment,
            platform: inputs.build_platform.value.as_deref().map(name),
            configuration: inputs
                .build_configuration
                .value
                .as_deref()
                .map(name)
                .unwrap_or_default(),
            statuses: &inputs.status_mapping.value,
            wanted,
            message_limit: if services {
                MESSAGE_LIMIT_SERVICES
            } else {
                MESSAGE_LIMIT_SERVER
            },
            // Reports carry this machine's clock, so the future begins there.
            now: Timestamp::now(),
        }
    }
}
