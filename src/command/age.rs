//! Reports that are older than the build: left out, and told in one line.

use jiff::Timestamp;

use super::build::TargetBuild;
use super::session::Session;
use crate::agent::Agent;
use crate::azure_devops::sent::Sent;
use crate::exit_code::ExitCode;
use crate::freshness::Age;
use crate::katalon::Report;
use crate::katalon::join::UnreadableReport;
use crate::problem::{Problem, code, counted as count};
use crate::publish::read_until_answered;

impl<'a> Session<'a> {
    /// What the age of reports is measured by. Asks for the build's start only if a report is older
    /// than this job.
    pub(super) async fn age(
        &self,
        reports: &[Report],
        unreadable: &[UnreadableReport],
        build: Option<&TargetBuild>,
    ) -> Age<'a> {
        let agent: &'a Agent = &self.context.invocation.agent;
        let mut age = Age::of(agent, self.context.as_whom.clock_ahead);
        let skip = self.context.invocation.inputs.skip_stale_reports.value;
        // For a build that is named the reports were chosen on purpose.
        let Some(build) = build.filter(|build| !build.is_named && skip) else {
            return age;
        };
        let mut folders = unreadable.iter().map(|report| report.folder.path.as_path());
        let old_reports = reports.iter().any(|report| age.is_before_job(report));
        if !old_reports && !folders.any(|folder| age.is_folder_before_job(folder)) {
            return age;
        }
        let (client, project) = (self.context.client, self.context.project());
        let id = build.id;
        let asked = read_until_answered(
            self.context.waits,
            self.context.invocation.inputs.retry_for.value.duration(),
            client,
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
        if reports.iter().any(|report| age.is_in_question(report)) {
            age.jobs_here = self.jobs_here(build).await;
        }
        age
    }

    /// When jobs of the build were under way on this agent.
    async fn jobs_here(&self, build: &TargetBuild) -> Option<Vec<(Timestamp, Option<Timestamp>)>> {
        let (client, project) = (self.context.client, self.context.project());
        let agent = self.context.invocation.agent.agent_name.as_deref()?;
        let asked = read_until_answered(
            self.context.waits,
            self.context.invocation.inputs.retry_for.value.duration(),
            client,
            self.context.pipeline,
            self.context.cancel,
            || client.jobs(project, build.id),
        )
        .await;
        match asked {
            Ok(Sent::Answered(jobs)) if !jobs.is_empty() => Some(
                jobs.into_iter()
                    .filter(|job| job.agent.eq_ignore_ascii_case(agent))
                    .filter_map(|job| Some((job.started?, job.finished)))
                    .collect(),
            ),
            Ok(Sent::Answered(_) | Sent::Refused(_)) => {
                self.context.pipeline.issue(&Problem::warning(
                    code::AGE_UNKNOWN,
                    "which jobs of the build ran on this agent cannot be read",
                    "Reports that ended between the start of the build and that of this job are published; another build may have left them here.",
                ));
                None
            }
            // What follows will meet the same trouble and tell it.
            Ok(Sent::NotSent(_) | Sent::Unknown(_)) | Err(_) => None,
        }
    }

    pub(super) fn leave_out_stale(
        &mut self,
        reports: &[Report],
        unreadable: (usize, usize),
        age: &Age<'_>,
        pending: &mut Vec<usize>,
    ) -> bool {
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
        let (all_unreadable, stale_unreadable) = unreadable;
        let stale = before - pending.len() + stale_unreadable;
        if stale == 0 {
            return false;
        }
        self.context.pipeline.line(&format!(
            "{} left out: older than the build ('skipStaleReports'; 'system.debug' names them)",
            count(stale, "report")
        ));
        let only_stale = pending.is_empty() && all_unreadable == stale_unreadable;
        if only_stale {
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
        only_stale
    }

    /// Report folders that cannot be read: told, and judged by the inputs, unless they lay there
    /// before the build began. Gives how many those are.
    pub(super) fn judge_unreadable(
        &mut self,
        unreadable: &[UnreadableReport],
        age: &Age<'_>,
    ) -> usize {
        let mut stale = 0;
        let fails = self
            .context
            .invocation
            .inputs
            .fail_task_on_unreadable_reports
            .value;
        for report in unreadable {
            if age.is_folder_stale(&report.folder.path) {
                stale += 1;
                self.context.pipeline.line(&format!(
                    "{} cannot be read, and is left out: older than the build",
                    report.folder.display
                ));
            } else {
                let problem = report.problem.clone();
                self.verdict
                    .gate(self.context.pipeline, fails, ExitCode::NoReports, problem);
            }
        }
        stale
    }
}
