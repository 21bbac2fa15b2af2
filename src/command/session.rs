//! The stages of `publish` that need a connection: age, mapping, sending.

use super::NOTHING_PUBLISHED;
use super::context::Context;
use super::mapping::map;
use super::settings::{self, Target};
use super::verdict::Verdict;
use crate::account::Account;
use crate::azure_devops::TestRunId;
use crate::azure_devops::explain;
use crate::azure_devops::sent::Sent;
use crate::exit_code::ExitCode;
use crate::freshness::Age;
use crate::inputs::WhenAlreadyPublished;
use crate::katalon::Report;
use crate::katalon::join::UnreadableReport;
use crate::mapping::{self, Origin, Settings};
use crate::problem::{Problem, Severity, code, counted as count};
use crate::publish::desired::{Desired, DesiredRun, LookUp};
use crate::publish::fate::Fate;
use crate::publish::{Publisher, cancelled, read_until_answered};

/// What the stages come to.
pub(super) struct Session<'a> {
    pub(super) context: Context<'a>,
    pub(super) verdict: &'a mut Verdict,
    pub(super) account: &'a mut Account,
}

impl<'a> Session<'a> {
    /// Publishes what is of this build. Whether there was nothing but reports that are older, which
    /// is told then.
    pub(super) async fn publish(
        &mut self,
        reports: &[Report],
        unreadable: &[UnreadableReport],
    ) -> bool {
        let inputs = &self.context.invocation.inputs;
        let build = match self.context.target_build().await {
            Ok(build) => build,
            Err((exit_code, problem)) => {
                self.judge_unreadable(unreadable, &Age::default());
                self.fail(exit_code, problem);
                return false;
            }
        };
        let age = self.age(reports, unreadable, build.as_ref()).await;
        let unreadable = (unreadable.len(), self.judge_unreadable(unreadable, &age));
        let mut pending: Vec<usize> = (0..reports.len())
            .filter(|&at| !reports[at].results.is_empty())
            .collect();
        let only_stale = self.leave_out_stale(reports, unreadable, &age, &mut pending);

        let target = Target {
            build: build.as_ref(),
            is_services: self.context.as_whom.is_services,
            is_elsewhere: self.context.as_whom.is_elsewhere,
        };
        let settings = settings::settings(self.context.local(), target);
        let number = build.as_ref().map_or("", |build| &build.number);
        if build.is_none() && !pending.is_empty() && !self.project_is_there().await {
            return only_stale;
        }
        let per = inputs.test_run_per.value;
        let mut groups = mapping::groups(reports, &pending, per);
        if !groups.is_empty() {
            self.context
                .pipeline
                .section("Mapping results to Azure DevOps");
        } else if build.is_none() {
            return only_stale;
        }
        // A run of which some reports are published already is made anew in single ones. And where
        // there is nothing to publish, an earlier try may still have left a run open.
        let mut first = true;
        while first || !groups.is_empty() {
            let local = self.context.local();
            let Some(runs) = map(local, reports, &groups, &settings, number).await else {
                self.stopped(cancelled());
                return only_stale;
            };
            if first && !groups.is_empty() {
                self.context.pipeline.section(if inputs.dry_run.value {
                    "Dry run: what would be sent"
                } else {
                    "Publishing"
                });
            }
            groups = self.send(runs, &settings, &age, reports).await;
            first = false;
        }
        only_stale
    }

    /// Publishes the runs; gives the reports of those that have to be divided.
    async fn send(
        &mut self,
        runs: Vec<(DesiredRun, Origin)>,
        settings: &Settings<'_>,
        age: &Age<'_>,
        reports: &[Report],
    ) -> Vec<Vec<usize>> {
        let context = self.context;
        let inputs = &context.invocation.inputs;
        let (runs, origins): (Vec<DesiredRun>, Vec<Origin>) = runs.into_iter().unzip();
        let again = inputs.when_already_published.value == WhenAlreadyPublished::Publish;
        let look_up = settings.build.map_or(LookUp::None, LookUp::Build);
        let mut desired = Desired::new(settings.owner.clone(), again, look_up, runs);
        if !desired.can_look() {
            context.pipeline.line(
                "There is no build to look runs up by: what was published before is published again.",
            );
        }
        let publisher = Publisher {
            client: context.client,
            pipeline: context.pipeline,
            project: context.project(),
            dry_run: inputs.dry_run.value,
            waits: context.waits,
            retry_for: inputs.retry_for.value.duration(),
            cancel: context.cancel,
            secrets: context.secrets,
            identity: &context.as_whom.name,
        };
        let published = publisher.publish(&mut desired).await;
        let url = |id: TestRunId| match published.urls.get(&id) {
            Some(url) => url.clone(),
            None => context.url_of_run(id),
        };
        let mut divided = Vec::new();
        for (part, run, fate) in published.fates(&desired) {
            let origin = &origins[part.run].part(&part.results);
            if fate == Fate::Divided {
                divided.extend(origin.reports.iter().map(|&report| vec![report]));
            }
            // What merely lies on a shared agent is nobody's; what a re-run replaced is past.
            let counts = |report: usize, ours: bool| {
                let report = &reports[report];
                (ours || age.is_downloaded(report)) && !age.is_replaced(report, reports)
            };
            let would_send = published.would_send.get(&part.run).cloned();
            self.account
                .book(run, origin, &fate, would_send, url, counts);
            if !inputs.dry_run.value || !matches!(fate, Fate::Published { .. }) {
                self.tell_run(run, &fate, url);
            }
        }
        if let Some(problem) = published.stopped {
            self.stopped(problem);
            divided.clear();
        }
        divided
    }

    /// Where no run can be looked up, nothing else would tell before the first write, or in a dry
    /// run ever, that there is no such project.
    async fn project_is_there(&mut self) -> bool {
        let context = self.context;
        let (client, project) = (context.client, context.project());
        let retry_for = context.invocation.inputs.retry_for.value.duration();
        let asked = read_until_answered(
            context.waits,
            retry_for,
            context.pipeline,
            context.cancel,
            || client.project(project),
        )
        .await;
        // Trouble meets what follows as well, and is told there.
        if let Ok(Sent::Refused(refusal)) = asked {
            let problem = explain::refusal(client, &refusal, context.asker());
            let exit_code = if context.is_typed_project_missing(&problem) {
                ExitCode::WrongInputs
            } else {
                ExitCode::NotPublished
            };
            self.fail(exit_code, problem);
            return false;
        }
        true
    }

    /// Ends with this exit code, unless the inputs say that failing to publish is none.
    fn fail(&mut self, exit_code: ExitCode, problem: Problem) {
        let is_publication = matches!(
            exit_code,
            ExitCode::NotPublished | ExitCode::PartlyPublished
        );
        let fails = !is_publication
            || self
                .context
                .invocation
                .inputs
                .fail_task_on_failure_to_publish_results
                .value;
        self.verdict
            .gate(self.context.pipeline, fails, exit_code, problem);
    }

    /// What ended publishing before everything was sent, with the exit code that it stands for.
    fn stopped(&mut self, mut problem: Problem) {
        let exit_code = if problem.code == code::CANCELLED {
            ExitCode::Cancelled
        } else if self.context.is_typed_project_missing(&problem) {
            ExitCode::WrongInputs
        } else {
            self.account.publication()
        };
        if exit_code == ExitCode::NotPublished {
            problem.advice = format!("{} {NOTHING_PUBLISHED}", problem.advice.trim_end())
                .trim_start()
                .to_owned();
        }
        if exit_code == ExitCode::Done {
            // Everything is there; only the last look at it did not come to an end.
            problem.code = code::NOT_READ_BACK;
            problem.message = format!(
                "everything is published, but it could not be read back: {}",
                problem.message
            );
            problem.advice = "Look at the test run if in doubt.".to_owned();
            self.context.pipeline.issue(&Problem {
                severity: Severity::Warning,
                ..problem
            });
            return;
        }
        self.fail(exit_code, problem);
    }

    fn tell_run(&self, run: &DesiredRun, fate: &Fate, url: impl Fn(TestRunId) -> String) {
        let name = run.run.name.as_str();
        let results = count(run.results.len(), "result");
        self.context.pipeline.line(&match fate {
            Fate::Published { id, refused, .. } => {
                let stored = run.results.len() - refused.len();
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
            Fate::PointRefused { reason } => {
                format!("'{name}': {results} without a test point: {reason}")
            }
        });
    }
}
