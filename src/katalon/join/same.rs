//! Tells whether two reports are the same execution of a suite.

use std::collections::HashMap;
use std::path::Path;

use super::super::times::WrittenTime;
use super::super::{Report, Status};
use super::LeftOut;
use super::folder::ReadReport;

/// Adds the suites of one summary (a collection's JUnit, or one of several suites) that no other
/// report holds. Each report holds one of them at most: a suite that was executed on two browsers
/// in the same second is two.
pub(super) fn add_what_nobody_holds(reports: &mut Vec<ReadReport>, summary: Vec<ReadReport>) {
    let mut is_taken = vec![false; reports.len()];
    let mut left = summary;
    // Those that agree in browser or device as well have the first choice.
    for exactly in [true, false] {
        left.retain(|suite| {
            let own = suite.report.browser_or_device();
            let mut all = reports.iter_mut().zip(&mut is_taken);
            let holder = all.find(|(whole, is_taken)| {
                let other = whole.report.browser_or_device();
                let agrees = own == other || !exactly && (own.is_empty() || other.is_empty());
                !**is_taken && agrees && holds(whole, suite)
            });
            match holder {
                Some((whole, is_taken)) => {
                    *is_taken = true;
                    whole.summarised_in = Some(suite.report.folder.clone());
                    false
                }
                None => true,
            }
        });
    }
    reports.append(&mut left);
}

/// Whether suite path, host and start of a report and of a suite of a summary agree.
fn holds(whole: &ReadReport, summary: &ReadReport) -> bool {
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
                other.copies.extend(copy.folders().map(Path::to_owned));
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
    let both_logged = a.has_log && b.has_log;
    let (a, b) = (&a.report, &b.report);
    let same_start = match (a.log_start_millis, b.log_start_millis) {
        (Some(a), Some(b)) => a == b,
        // Two logs that have lost their beginning still know when their first test case began.
        (None, None) if both_logged => a.started.is_some() && a.started == b.started,
        (Some(_), None) | (None, Some(_)) | (None, None) => same_text(a, b),
    };
    same_start
        && a.suite == b.suite
        && a.machine() == b.machine()
        && a.browser_or_device() == b.browser_or_device()
        && same_cases(a, b, both_logged)
}

/// Whether the lists of cases agree in path, status and time. Only what both can know is
/// compared: a copy without log knows no attempts, and one without plan not what never ran. Where
/// both know when a case began, that is its time: JUnit and log measure durations differently.
fn same_cases(a: &Report, b: &Report, both_logged: bool) -> bool {
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
                let duration = last.and_then(|attempt| attempt.duration);
                let started = last.and_then(|attempt| attempt.started);
                rows.push((result.test_case.clone(), status, started, duration));
            }
        }
        rows
    };
    let (a, b) = (ran(a), ran(b));
    a.len() == b.len()
        && a.iter().zip(&b).all(|(a, b)| {
            let same_time = match (a.2, b.2, a.3, b.3) {
                (Some(a), Some(b), _, _) if both_logged => a == b,
                (_, _, Some(a), Some(b)) => a == b,
                (_, _, Some(_), None) | (_, _, None, Some(_)) | (_, _, None, None) => true,
            };
            a.0 == b.0 && a.1 == b.1 && same_time
        })
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

    use std::time::Duration;

    use super::super::super::{Attempt, Row, SuitePath, TestCasePath, TestResult};
    use super::*;

    pub(in super::super) fn started(timestamp: Option<&str>, millis: Option<i64>) -> ReadReport {
        let timestamp = timestamp.map(str::to_owned);
        let moment = millis.and_then(super::super::super::times::from_millis);
        ReadReport {
            report: Report {
                folder: PathBuf::new(),
                display_folder: String::new(),
                suite: SuitePath::new("Test Suites/S"),
                collection: None,
                collection_folder: None,
                host: "ann - pc".to_owned(),
                browser: String::new(),
                device: String::new(),
                os: String::new(),
                profile: String::new(),
                run_configuration: String::new(),
                retry_count: None,
                katalon_version: String::new(),
                started: moment.map(|moment| (moment, super::super::super::TimeSource::Exact)),
                ended: None,
                junit_timestamp: timestamp,
                log_start_millis: millis,
                finished: true,
                results: Vec::new(),
                files: Vec::new(),
                variables: Vec::new(),
                reruns: Vec::new(),
                twins: 0,
            },
            has_log: millis.is_some(),
            counts_no_retries: false,
            needs_no_driver: false,
            collection: String::new(),
            summarised_in: None,
            copies: Vec::new(),
        }
    }

    #[test]
    fn a_summary_is_held_by_the_report_that_began_with_it() {
        let summary = started(Some("2025-08-11 10:55:00"), None);
        for (timestamp, millis, holds_it) in [
            (Some("2025-08-11 10:55:00"), None, true),
            (Some("2025-08-11 10:55:01"), None, true),
            (Some("2025-08-11 11:10:00"), None, false),
            (None, Some(1_754_902_500_000), true),
            (None, Some(1_754_902_560_000), false),
        ] {
            let whole = started(timestamp, millis);
            assert_eq!(
                holds(&whole, &summary),
                holds_it,
                "{timestamp:?} {millis:?}"
            );
        }
    }

    #[test]
    fn a_report_holds_one_suite_of_a_summary_and_that_of_its_browser() {
        let of = |browser: &str| {
            let mut read = started(Some("2025-08-11 10:55:00"), None);
            read.report.browser = browser.to_owned();
            read
        };
        for (reports, summary, added) in [
            (
                &["Chrome 138"][..],
                &["Firefox 141", "Chrome 138"][..],
                &["Firefox 141"][..],
            ),
            (
                &["Chrome 138"],
                &["Chrome 138", "Chrome 138"],
                &["Chrome 138"],
            ),
            (&["", "Chrome 138"], &["Chrome 138", "Firefox 141"], &[]),
            (
                &["Firefox 141", "Chrome 138"],
                &["Chrome 138", "Firefox 141"],
                &[],
            ),
            (&[], &["Chrome 138"], &["Chrome 138"]),
        ] {
            let mut all: Vec<ReadReport> = reports.iter().map(|browser| of(browser)).collect();
            let summary = summary.iter().map(|browser| of(browser)).collect();
            add_what_nobody_holds(&mut all, summary);
            let more: Vec<&str> = all
                .iter()
                .skip(reports.len())
                .map(|read| read.report.browser.as_str())
                .collect();
            assert_eq!(more, added);
        }
    }

    #[test]
    fn a_copy_agrees_in_machine_browser_device_and_cases() {
        let read = |status, seconds: u64| {
            let mut read = started(Some("2025-08-11 10:55:00"), None);
            read.report.results = vec![TestResult {
                test_case: TestCasePath::new("Test Cases/A"),
                tags: Vec::new(),
                rows: vec![Row {
                    bound_values: Vec::new(),
                    attempts: vec![Attempt {
                        status,
                        started: None,
                        duration: Some(Duration::from_secs(seconds)),
                        failure: None,
                        screenshots: Vec::new(),
                        videos: Vec::new(),
                        requests: Vec::new(),
                    }],
                }],
            }];
            read
        };
        let changed = |change: fn(&mut Report)| {
            let mut read = read(Status::Passed, 1);
            change(&mut read.report);
            read
        };
        for (at, (other, same)) in [
            (changed(|_| ()), true),
            (changed(|report| report.host = "bob - pc".to_owned()), true),
            (
                changed(|report| report.host = "ann - pc2".to_owned()),
                false,
            ),
            (
                changed(|report| report.browser = "Chrome 138".to_owned()),
                false,
            ),
            (
                changed(|report| report.device = "Pixel 8".to_owned()),
                false,
            ),
            (changed(|report| report.results.clear()), false),
            (read(Status::Passed, 2), false),
            (read(Status::Failed, 1), false),
            // The copy has no log, and JUnit alone calls that passed.
            (read(Status::Skipped, 1), true),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(are_same(&read(Status::Passed, 1), &other), same, "{at}");
        }
    }

    #[test]
    fn milliseconds_decide_where_both_have_a_log_else_the_text() {
        let text = Some("2025-08-11 10:55:00");
        let table = [
            (
                (text, Some(1_754_902_500_000)),
                (text, Some(1_754_902_500_000)),
                true,
            ),
            (
                (text, Some(1_754_902_500_000)),
                (text, Some(1_754_902_500_001)),
                false,
            ),
            ((text, Some(1_754_902_500_000)), (text, None), true),
            ((text, None), (Some("2025-08-11 10:55:01"), None), false),
            ((None, None), (None, None), false),
        ];
        for (a, b, same) in table {
            let (one, other) = (started(a.0, a.1), started(b.0, b.1));
            assert_eq!(are_same(&one, &other), same, "{a:?} {b:?}");
        }
    }
}
