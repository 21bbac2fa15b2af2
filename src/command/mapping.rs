//! Reports become the runs that should exist: names, files, and what is told of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::context::Local;
use super::reading::aside;
use super::runs::{Material, RunOf, What};
use crate::files;
use crate::inputs::{Placeholder, TestRunPer, TitleTemplate};
use crate::katalon::Report;
use crate::mapping::points::placements;
use crate::mapping::{self, Origin, Settings, TitleOf};
use crate::problem::{Problem, code, counted as count};
use crate::publish::desired::DesiredRun;

/// The names of runs that are published together, and do not share one.
pub(super) fn titles(local: Local<'_>, runs: &[&RunOf], material: &Material<'_>) -> Vec<String> {
    let inputs = &local.invocation.inputs;
    let by_default = TitleTemplate::only(match inputs.test_run_per.value {
        TestRunPer::Suite => Placeholder::Suite,
        TestRunPer::Collection => Placeholder::Collection,
        TestRunPer::Build => Placeholder::Build,
    });
    let template = inputs.test_run_title.value.as_ref().unwrap_or(&by_default);
    let titles: Vec<TitleOf<'_>> = runs
        .iter()
        .map(|run| TitleOf {
            reports: run
                .reports
                .iter()
                .map(|&at| &material.reports[at])
                .collect(),
            plan: material.plan_name(run),
        })
        .collect();
    mapping::run_titles(
        &titles,
        template,
        material.build_number,
        &TimeZone::system(),
    )
}

/// The runs themselves; `None` if somebody cancels.
pub(super) async fn map(
    local: Local<'_>,
    runs: &[RunOf],
    titles: &[String],
    settings: &Settings<'_>,
    material: &Material<'_>,
) -> Option<Vec<(DesiredRun, Origin)>> {
    // A report may stand in the run of a plan and in one of the build.
    let held: BTreeSet<usize> = runs.iter().flat_map(|run| &run.reports).copied().collect();
    let held: Vec<&Report> = held.iter().map(|&at| &material.reports[at]).collect();
    let listed = files::list(&held, settings.wanted, local.refused);
    let secrets = Arc::new(local.secrets.clone());
    let preparing = aside(local.cancel, move || files::prepare(&listed, &secrets));
    let prepared = preparing.await?;
    let runs: Vec<(DesiredRun, Origin)> = runs
        .iter()
        .zip(titles)
        .map(|(run, title)| {
            let positions = run.reports.iter();
            let group: Vec<(usize, &Report)> =
                positions.map(|&at| (at, &material.reports[at])).collect();
            match &run.what {
                What::All => mapping::test_run(&group, title, &prepared, settings),
                What::Unmatched(unmatched) => {
                    mapping::unmatched_run(&group, unmatched, title, &prepared, settings)
                }
                What::OfPlan(plan) => {
                    let results = run.reports.iter().flat_map(|&at| material.results(at));
                    let placed = placements(*plan, results);
                    mapping::planned_run(&group, *plan, &placed, title, &prepared, settings)
                }
            }
        })
        .collect();
    tell(local, &runs);
    Some(runs)
}

fn tell(local: Local<'_>, runs: &[(DesiredRun, Origin)]) {
    let pipeline = local.pipeline;
    let left_out = runs.iter().flat_map(|(_, origin)| &origin.left_out_files);
    // Each once: a report may stand in two runs.
    let left_out: BTreeMap<&str, &str> = left_out
        .map(|(path, why)| (path.as_str(), why.as_str()))
        .collect();
    for (path, why) in left_out {
        pipeline.issue(&Problem::warning(
            code::FILE_NOT_ATTACHED,
            format!("'{path}' is not attached: {why}"),
            "",
        ));
    }
    if runs.is_empty() {
        return;
    }
    let kinds = &local.invocation.inputs.attachments.value;
    if kinds.cannot_all_be_masked() {
        pipeline.line(
            "Videos and PDF are attached as they are: what is secret in them cannot be masked.",
        );
    }
    let results: usize = runs.iter().map(|(run, _)| run.results.len()).sum();
    let attachments: usize = runs.iter().map(|(run, _)| run.attachments.len()).sum();
    pipeline.line(&format!(
        "{} with {} and {}",
        count(runs.len(), "test run"),
        count(results, "result"),
        count(attachments, "attachment")
    ));
}
