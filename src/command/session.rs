//! The stages of `publish` that need a connection: age, mapping, sending.

use super::NOTHING_PUBLISHED;
use super::context::Context;
use super::plan::{KatalonSide, Matching};
use super::runs::Material;
use super::settings::{self, Target};
use super::verdict::Verdict;
use crate::account::Account;
use crate::azure_devops::explain;
use crate::azure_devops::sent::Sent;
use crate::exit_code::ExitCode;
use crate::freshness::Age;
use crate::katalon::Report;
use crate::katalon::join::UnreadableReport;
use crate::problem::{Problem, Severity, code};
use crate::publish::read_until_answered;

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
        katalon: Option<&KatalonSide>,
    ) -> bool {
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
        if build.is_none() && !pending.is_empty() && !self.project_is_there().await {
            return only_stale;
        }
        if pending.is_empty() && build.is_none() {
            return only_stale;
        }
        let matching = match self.place(reports, &pending, katalon).await {
            Ok(matching) => matching,
            Err((exit_code, problem)) => {
                self.fail(exit_code, problem);
                return only_stale;
            }
        };
        let material = Material {
            reports,
            settings,
            build_number: build.as_ref().map_or("", |build| &build.number),
            matching: matching.as_ref(),
        };
        if !pending.is_empty() {
            self.context
                .pipeline
                .section("Mapping results to Azure DevOps");
        }
        let batches = self.batches(&pending, &material).await;
        if let (Some(matching), Some(katalon)) = (&matching, katalon) {
            let context = self.context;
            context.warn_of_shared_points(&batches, &material).await;
            let set = context.set_automation_fields(matching, reports, katalon);
            if let Err((exit_code, problem)) = set.await {
                self.fail(exit_code, problem);
                return only_stale;
            }
        }
        self.publish_all(batches, &material, &age).await;
        only_stale
    }

    /// Places the results on the points of test plans; `None` without a plan.
    async fn place(
        &mut self,
        reports: &[Report],
        pending: &[usize],
        katalon: Option<&KatalonSide>,
    ) -> Result<Option<Matching>, (ExitCode, Problem)> {
        let Some(katalon) = katalon.filter(|_| !pending.is_empty()) else {
            return Ok(None);
        };
        let pipeline = self.context.pipeline;
        pipeline.section("Reading the test plan");
        let matching = self
            .context
            .place_results(reports, pending, katalon)
            .await?;
        for problem in &matching.wrong {
            match problem.severity {
                Severity::Warning => pipeline.issue(problem),
                Severity::Error => {
                    self.verdict
                        .decide(pipeline, ExitCode::WrongInputs, problem.clone());
                }
            }
        }
        matching.tell(reports, self.context);
        for (source, place) in &matching.places {
            self.account.place(*source, place.in_account());
        }
        Ok(Some(matching))
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
            client,
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
    pub(super) fn stopped(&mut self, mut problem: Problem) {
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
}
