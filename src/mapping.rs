//! Reports → the runs that should exist: every decision about names, outcomes and text.
//!
//! The only module that knows both Katalon and Azure DevOps. Pure: no disk, no network, no clock.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::azure_devops::{
    BuildId, NAME_LIMIT, NewTestRun, Outcome, PipelineReference, RUN_COMMENT_LIMIT, TestPlanId,
};
use crate::files::{Files, Wanted};
use crate::inputs::StatusMapping;
use crate::katalon::{Report, Status, TestCasePath};
use crate::publish::desired::DesiredRun;
use crate::publish::marker::{Marker, Owner, ReportKey};
use crate::secrets::{Clean, Secrets};

pub mod automation;
mod groups;
mod placement;
pub mod plan;
mod planned;
pub mod points;
mod results;
pub mod selection;
mod test_case_ids;
mod titles;
pub mod unmatched;

use results::{Mapper, past};

pub use groups::groups;
pub use placement::Placement;
pub use planned::{outcome_on_point, planned_run};
pub use results::without_message;
pub use test_case_ids::{IdSources, Ids};
pub use titles::{TitleOf, name_without_version, run_titles};

/// What decides how reports become runs.
#[derive(Clone)]
pub struct Settings<'a> {
    /// What must not be sent.
    pub secrets: &'a Secrets,
    /// Who makes the runs.
    pub owner: Owner,
    /// The build that the runs belong to.
    pub build: Option<BuildId>,
    /// Stage, phase and job.
    pub pipeline: Option<PipelineReference>,
    /// Branch that a pull request wants to merge into.
    pub target_branch: Option<Clean>,
    /// URIs of a classic release and its environment.
    pub release: Option<(Clean, Clean)>,
    /// Id of the release's environment; part of the keys, because a release has its own Tests tab.
    pub release_environment: Option<String>,
    /// `buildPlatform`; the report's OS if not given.
    pub platform: Option<Clean>,
    /// `buildConfiguration`.
    pub configuration: Clean,
    /// `statusMapping`.
    pub statuses: &'a StatusMapping,
    /// Which files are attached.
    pub wanted: Wanted<'a>,
    /// Length of an error message.
    pub message_limit: usize,
    /// No time is later than this.
    pub now: Timestamp,
}

/// Where a run comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The reports that it holds, by position.
    pub reports: Vec<usize>,
    /// For each result of the run: report and Katalon result that it comes from; several where
    /// they share a test point.
    pub sources: Vec<Vec<(usize, usize)>>,
    /// Files that are not attached, and why.
    pub left_out_files: Vec<(String, String)>,
}

impl Origin {
    /// The origin of a run that holds only these of its results, by position.
    #[must_use]
    pub fn part(&self, results: &[usize]) -> Origin {
        Origin {
            reports: self.reports.clone(),
            sources: results.iter().map(|&at| self.sources[at].clone()).collect(),
            left_out_files: self.left_out_files.clone(),
        }
    }
}

impl Settings<'_> {
    /// The settings of runs in another project than the build's: the service takes neither build,
    /// release nor pipeline there.
    #[must_use]
    pub fn in_another_project(&self) -> Self {
        Self {
            build: None,
            pipeline: None,
            target_branch: None,
            release: None,
            ..self.clone()
        }
    }
}

/// The key of a report: the same files give the same key, on every machine and at every time. A
/// report has another one in each test plan that it is published to.
pub fn report_key(
    report: &Report,
    plan: Option<TestPlanId>,
    release_environment: Option<&str>,
) -> ReportKey {
    let start = match (&report.junit_timestamp, report.log_start_millis) {
        (Some(timestamp), _) => timestamp.clone(),
        (None, Some(millis)) => millis.to_string(),
        (None, None) => String::new(),
    };
    let plan = plan.map_or_else(|| "-".to_owned(), |plan| plan.to_string());
    let execution = [
        report.suite.as_str(),
        &report.host,
        report.browser_or_device(),
        &start,
        &plan,
        release_environment.unwrap_or("-"),
    ];
    let mut state: Vec<String> = report
        .results
        .iter()
        .flat_map(|result| result.rows.iter().map(move |row| (result, row)))
        .map(|(result, row)| {
            let milliseconds = row.attempts.iter().filter_map(|attempt| attempt.duration);
            let milliseconds: u128 = milliseconds.map(|duration| duration.as_millis()).sum();
            format!(
                "{} {} {milliseconds}",
                result.test_case.as_str(),
                row.status().as_str()
            )
        })
        .collect();
    if report.twins > 0 {
        state.push(format!("twin {}", report.twins));
    }
    ReportKey::new(&execution, state.iter().map(String::as_str))
}

/// Counts [`Report::twins`]: a suite that is executed twice in one second, with tests that take
/// equally long, would else count as one report that is found again.
pub fn count_twins(reports: &mut [Report]) {
    let mut in_order: Vec<&mut Report> = reports.iter_mut().collect();
    in_order.sort_by_key(|report| report.log_start_millis);
    let mut seen: HashMap<ReportKey, usize> = HashMap::new();
    for report in in_order {
        report.twins = 0;
        let like_it = seen.entry(report_key(report, None, None)).or_default();
        report.twins = *like_it;
        *like_it += 1;
    }
}

/// The outcome of a status in a run without plan: the Tests tab and its filters know nothing of
/// `Error`, and `none` has no point to keep away from.
pub fn outcome(status: Status, statuses: &StatusMapping) -> Outcome {
    let word = match (status, statuses.given(status)) {
        (_, Some(given)) => Some(given),
        (Status::Error, None) => Some(Outcome::Failed.as_str()),
        (_, None) => statuses.outcome(status),
    };
    match word.and_then(Outcome::parse) {
        Some(Outcome::None) | None => Outcome::NotExecuted,
        Some(outcome) => outcome,
    }
}

/// The run for reports that are published together; `title` is its name.
pub fn test_run(
    reports: &[(usize, &Report)],
    title: &str,
    files: &Files,
    settings: &Settings<'_>,
) -> (DesiredRun, Origin) {
    run_of_build(reports, None, title, files, settings)
}

/// The run of the build for those results of reports that reach no test point: report and result,
/// by position. It is a part of the reports, so what a finished run holds of them is compared.
pub fn unmatched_run(
    reports: &[(usize, &Report)],
    unmatched: &BTreeSet<(usize, usize)>,
    title: &str,
    files: &Files,
    settings: &Settings<'_>,
) -> (DesiredRun, Origin) {
    let has_some = |position: usize| {
        let of_report = (position, 0)..=(position, usize::MAX);
        unmatched.range(of_report).next().is_some()
    };
    let reports: Vec<(usize, &Report)> = reports
        .iter()
        .copied()
        .filter(|(position, _)| has_some(*position))
        .collect();
    run_of_build(&reports, Some(unmatched), title, files, settings)
}

fn run_of_build(
    reports: &[(usize, &Report)],
    only: Option<&BTreeSet<(usize, usize)>>,
    title: &str,
    files: &Files,
    settings: &Settings<'_>,
) -> (DesiredRun, Origin) {
    let mut mapped = Mapper::new(settings, files);
    let is_wanted = |report, result| only.is_none_or(|only| only.contains(&(report, result)));
    let paths: Vec<&TestCasePath> = reports
        .iter()
        .flat_map(|(position, report)| {
            let results = report.results.iter().enumerate();
            results.filter(|(at, _)| is_wanted(*position, *at))
        })
        .map(|(_, result)| &result.test_case)
        .collect();
    let mut titles = titles::result_titles(&paths).into_iter();
    for &(position, report) in reports {
        mapped.add_report(position, report, &is_wanted, &mut titles);
        mapped.attach_files_of(report, reports.len() > 1);
    }
    let keys: Vec<ReportKey> = reports
        .iter()
        .map(|(_, report)| report_key(report, None, settings.release_environment.as_deref()))
        .collect();
    let desired = DesiredRun {
        run: new_run(reports, &keys, title, None, settings),
        keys,
        results: mapped.results,
        points: Vec::new(),
        attachments: mapped.attachments,
        is_part: only.is_some(),
    };
    let origin = Origin {
        reports: reports.iter().map(|(position, _)| *position).collect(),
        sources: mapped.sources,
        left_out_files: mapped.left_out_files,
    };
    (desired, origin)
}

/// The run itself, without anything in it.
fn new_run(
    reports: &[(usize, &Report)],
    keys: &[ReportKey],
    title: &str,
    plan: Option<TestPlanId>,
    settings: &Settings<'_>,
) -> NewTestRun {
    let started = reports
        .iter()
        .filter_map(|(_, report)| Some(past(report.started?.0, settings.now)))
        .min();
    let completed = reports
        .iter()
        .filter_map(|(_, report)| Some(past(report.ended?, settings.now)))
        .max();
    NewTestRun {
        name: settings.secrets.clean(title).one_line().as_name(NAME_LIMIT),
        comment: run_comment(reports, keys, settings),
        build: settings.build,
        target_branch: settings.target_branch.clone(),
        platform: platform(reports, settings),
        configuration: settings.configuration.clone(),
        started,
        completed: completed.max(started),
        pipeline: settings.pipeline.clone(),
        release: settings.release.clone(),
        plan,
        automated: true,
    }
}

/// What was given, else the OS of the reports, if they agree.
fn platform(reports: &[(usize, &Report)], settings: &Settings<'_>) -> Clean {
    if let Some(given) = &settings.platform {
        return given.clone();
    }
    let mut systems = reports.iter().map(|(_, report)| report.os.as_str());
    let first = systems.next().unwrap_or_default();
    let agreed = if systems.all(|os| os == first) {
        first
    } else {
        ""
    };
    settings
        .secrets
        .clean(agreed)
        .one_line()
        .as_name(NAME_LIMIT)
}

/// What a reader of the run wants to know of its origin, and the mark at the end.
fn run_comment(reports: &[(usize, &Report)], keys: &[ReportKey], settings: &Settings<'_>) -> Clean {
    let marker = Marker {
        owner: settings.owner.clone(),
        keys: keys.to_vec(),
    }
    .text();
    let mut origin = Clean::default();
    if let Some((_, report)) = reports.first() {
        let clean = |text: &str| settings.secrets.clean(text).one_line();
        let said = |label: &'static str, text: &str| match clean(text) {
            text if text.is_empty() => Clean::default(),
            text => Clean::own(label).and(&text),
        };
        let room = RUN_COMMENT_LIMIT.saturating_sub(marker.len() + 1);
        for part in [
            said("Katalon Studio ", &report.katalon_version),
            said("profile ", &report.profile),
            said("", report.browser_or_device()),
            said("", &report.os),
            said("on ", report.machine()),
        ] {
            let longer = Clean::join([&origin, &part.as_name(120)], ", ");
            // With many keys there is room for none of it, and half a word tells nothing.
            if longer.len() <= room {
                origin = longer;
            }
        }
    }
    Clean::join([&origin, &marker], " ")
}
