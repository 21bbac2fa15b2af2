//! Tells whether two reports are the same execution of a suite.

use std::collections::HashMap;

use super::super::times::WrittenTime;
use super::super::{Report, Status};
use super::LeftOut;
use super::folder::ReadReport;

/// Whether `whole` holds the suite execution that `summary` (a suite of a collection's JUnit)
/// tells of: suite path, host and start agree.
pub(super) fn holds(whole: &ReadReport, summary: &ReadReport) -> bool {
    let (whole, summary) = (&whole.report, &summary.report);
    whole.suite == summary.suite
        && whole.machine() == summary.machine()
        && (same_text(whole, summary) || near(whole, summary))
}

fn same_text(a: &Report, b: &Report) -> bool {
    a.junit_timestamp.is_some() && a.junit_timestamp == b.junit_timestamp
}

/// Whether the summary's start is that of the report: a second of rounding aside, and where the
/// report knows it only by its log, the zone aside.
fn near(whole: &Report, summary: &Report) -> bool {
    const MOST_SECONDS_OFF: i64 = 2;
    let written = |report: &Report| WrittenTime::parse(report.junit_timestamp.as_deref()?);
    let Some(of_summary) = written(summary) else {
        return false;
    };
    if let (Some(of_whole), Some(of_summary)) = (
        written(whole).and_then(WrittenTime::moment),
        of_summary.moment(),
    ) {
        return (of_whole.as_second() - of_summary.as_second()).abs() <= MOST_SECONDS_OFF;
    }
    whole.started.is_some_and(|(started, _)| {
        of_summary
            .seconds_off(started)
            .is_some_and(|off| off <= MOST_SECONDS_OFF)
    })
}

/// Takes copies out of reports sorted by path: the one with a log stays, else the first.
pub(super) fn leave_out_copies(reports: &mut Vec<ReadReport>) -> Vec<LeftOut> {
    let mut left_out = Vec::new();
    let mut kept: Vec<ReadReport> = Vec::new();
    let mut of_suite: HashMap<String, Vec<usize>> = HashMap::new();
    for read in reports.drain(..) {
        let indices = of_suite
            .entry(read.report.suite.as_str().to_owned())
            .or_default();
        let twin = indices
            .iter()
            .copied()
            .find(|&index| kept.get(index).is_some_and(|other| are_same(other, &read)));
        match twin.and_then(|index| kept.get_mut(index)) {
            Some(other) => {
                let mut copy = read;
                if copy.has_log && !other.has_log {
                    std::mem::swap(other, &mut copy);
                }
                left_out.push(LeftOut {
                    folder: copy.report.display_folder,
                    same_as: other.report.display_folder.clone(),
                });
            }
            None => {
                indices.push(kept.len());
                kept.push(read);
            }
        }
    }
    kept.sort_by(|a, b| a.report.folder.cmp(&b.report.folder));
    *reports = kept;
    left_out
}

fn are_same(a: &ReadReport, b: &ReadReport) -> bool {
    let (a, b) = (&a.report, &b.report);
    let same_start = match (a.log_start_millis, b.log_start_millis) {
        (Some(a), Some(b)) => a == b,
        (Some(_), None) | (None, Some(_)) | (None, None) => same_text(a, b),
    };
    same_start
        && a.suite == b.suite
        && a.machine() == b.machine()
        && a.browser_or_device() == b.browser_or_device()
        && same_cases(a, b)
}

/// Whether the lists of cases agree in path, status and time. Only what both can know is
/// compared: a copy without log knows no attempts, and one without plan not what never ran.
fn same_cases(a: &Report, b: &Report) -> bool {
    let ran = |report: &Report| {
        let mut rows = Vec::new();
        for result in &report.results {
            for row in &result.rows {
                let last = row.attempts.last();
                let status = match row.status() {
                    Status::NotRun => continue,
                    // JUnit alone calls it so.
                    Status::Skipped => Status::Passed,
                    status @ (Status::Passed
                    | Status::Incomplete
                    | Status::Failed
                    | Status::Error) => status,
                };
                let time = last.and_then(|attempt| attempt.duration);
                rows.push((result.test_case.clone(), status, time));
            }
        }
        rows
    };
    let (a, b) = (ran(a), ran(b));
    let same_time = |a, b| match (a, b) {
        (Some(a), Some(b)) => a == b,
        (Some(_), None) | (None, Some(_)) | (None, None) => true,
    };
    a.len() == b.len()
        && a.iter()
            .zip(&b)
            .all(|(a, b)| a.0 == b.0 && a.1 == b.1 && same_time(a.2, b.2))
}
