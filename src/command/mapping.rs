//! Reports become the runs that should exist: names, files, and what is told of them.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::context::Local;
use super::reading::aside;
use crate::files;
use crate::inputs::{Placeholder, TestRunPer, TitleTemplate};
use crate::katalon::Report;
use crate::mapping::{self, Origin, Settings};
use crate::problem::{Problem, code, counted as count};
use crate::publish::desired::DesiredRun;

/// The runs of these groups of reports; `None` if somebody cancels. `build` is the number of the
/// build that is published to, empty without one.
pub(super) async fn map(
    local: Local<'_>,
    reports: &[Report],
    groups: &[Vec<usize>],
    settings: &Settings<'_>,
    build: &str,
) -> Option<Vec<(DesiredRun, Origin)>> {
    let inputs = &local.invocation.inputs;
    let by_default = TitleTemplate::only(match inputs.test_run_per.value {
        TestRunPer::Suite => Placeholder::Suite,
        TestRunPer::Collection => Placeholder::Collection,
        TestRunPer::Build => Placeholder::Build,
    });
    let template = inputs.test_run_title.value.as_ref().unwrap_or(&by_default);
    let held: Vec<Vec<&Report>> = groups
        .iter()
        .map(|group| group.iter().map(|&at| &reports[at]).collect())
        .collect();
    let titles = mapping::run_titles(&held, template, build, &TimeZone::system());
    let listed = files::list(&held.concat(), settings.wanted);
    let secrets = Arc::new(local.secrets.clone());
    let preparing = aside(local.cancel, move || files::prepare(&listed, &secrets));
    let prepared = preparing.await?;
    let runs: Vec<(DesiredRun, Origin)> = groups
        .iter()
        .zip(&titles)
        .map(|(group, title)| {
            let group: Vec<(usize, &Report)> = group.iter().map(|&at| (at, &reports[at])).collect();
            mapping::test_run(&group, title, &prepared, settings)
        })
        .collect();
    tell(local, &runs);
    Some(runs)
}

fn tell(local: Local<'_>, runs: &[(DesiredRun, Origin)]) {
    let pipeline = local.pipeline;
    for (path, why) in runs.iter().flat_map(|(_, origin)| &origin.left_out_files) {
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
