//! Finding and reading the reports.

use std::collections::BTreeMap;

use crate::cancel::Cancel;
use crate::inputs::Invocation;
use crate::katalon::find::{self, Found, Search};
use crate::katalon::join::{self, ReadReports};
use crate::katalon::{Report, Status};
use crate::mapping::count_twins;
use crate::pipeline::Pipeline;
use crate::problem::{Problem, code, counted as count};

/// What was found and read.
pub(super) struct Reading {
    pub(super) search: Search,
    pub(super) found: Found,
    pub(super) read: ReadReports,
}

/// Finds the report folders; `None` if somebody cancels.
pub(super) async fn find_and_read(
    invocation: &Invocation,
    pipeline: &Pipeline,
    cancel: &Cancel,
) -> Option<Reading> {
    pipeline.section("Finding Katalon reports");
    let search = Search {
        folder: invocation.search_folder.clone(),
        patterns: invocation.inputs.report_folders.value.patterns.clone(),
    };
    let asked = search.clone();
    let found = aside(cancel, move || find::find(&asked)).await?;
    found
        .problems
        .iter()
        .for_each(|problem| pipeline.issue(problem));
    pipeline.line(&format!(
        "{} in {} under '{}'",
        count(found.folders.len(), "report folder"),
        count(found.folders_searched, "folder"),
        search.folder.display()
    ));
    pipeline.section("Reading reports");
    let to_read = found.clone();
    let mut read = aside(cancel, move || join::read_all(&to_read)).await?;
    count_twins(&mut read.reports);
    Some(Reading {
        search,
        found,
        read,
    })
}

/// Does work that keeps a thread busy beside the one that hears signals.
pub(super) async fn aside<T: Send + 'static>(
    cancel: &Cancel,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let working = tokio::task::spawn_blocking(work);
    tokio::select! {
        done = working => match done {
            Ok(done) => Some(done),
            // Nobody aborts it, so it panicked: that is ours to show, not to hide.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        },
        () = cancel.wanted() => None,
    }
}

/// One line for a report.
pub(super) fn described(report: &Report) -> String {
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for result in &report.results {
        *counts.entry(result.status()).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .rev()
        .map(|(status, count)| format!("{count} {}", status.as_str()))
        .collect();
    let flaky = report
        .results
        .iter()
        .filter(|result| result.is_flaky())
        .count();
    let flaky = if flaky == 0 {
        String::new()
    } else {
        format!(", {flaky} of them flaky")
    };
    let reruns = match report.reruns.len() {
        0 => String::new(),
        reruns => format!(", with {}", count(reruns, "rerun")),
    };
    let finished = if report.finished {
        ""
    } else {
        ", never finished"
    };
    format!(
        "{}: {}, {} ({}{flaky}){reruns}{finished}",
        report.display_folder,
        report.suite.as_str(),
        count(report.results.len(), "result"),
        counts.join(", ")
    )
}

impl Reading {
    /// No report, or none with a result.
    pub(super) fn nothing(&self) -> Problem {
        let folders = self.read.reports.len() + self.read.unreadable.len();
        no_report(&self.found, folders, &self.search)
    }
}

fn no_report(found: &Found, folders: usize, search: &Search) -> Problem {
    let folder = search.folder.display();
    if folders > 0 {
        return Problem::error(
            code::NO_REPORT,
            format!(
                "no Katalon report with a result found under '{folder}': {} without any",
                count(folders, "report")
            ),
            "Check that the test suite is not empty, and that Katalon was not stopped before it began.",
        );
    }
    Problem::error(
        code::NO_REPORT,
        format!(
            "no Katalon report found under '{folder}' ({} searched for JUnit_Report.xml, execution*.log or testCaseBinding)",
            count(found.folders_searched, "folder")
        ),
        "Check 'searchFolder' and 'reportFolders', and that Katalon ran before this step.",
    )
}
