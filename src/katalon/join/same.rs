//! Tells whether two reports are the same execution of a suite.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::super::times::{WrittenTime, second_of_quarter};
use super::super::{Report, Status};
use super::LeftOut;
use super::folder::ReadReport;

/// Reports that are looked at one by one where suite, machine and start are the same. Nothing
/// executes a suite so often in one second; a file that says so is made to be slow.
const MOST_ALIKE: usize = 100;

/// Reports, and where to look for the one that holds a suite of a summary.
pub(super) struct Holders {
    reports: Vec<ReadReport>,
    /// Positions of reports that began so.
    began: HashMap<Began, Beginners>,
    /// The last summary of which each report holds a suite.
    taken_by: Vec<usize>,
    summaries: usize,
}

/// Suite, machine, and what is known of the start.
type Began = (String, String, Start);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Start {
    /// As JUnit writes it.
    Text(String),
    /// The second of that.
    Second(i64),
    /// JUnit does not say it: the second of a quarter of an hour, which is that of every zone.
    Unwritten(i64),
    /// The same, whether JUnit says it or not.
    Any(i64),
}

/// Reports that began alike, in their order.
#[derive(Default)]
struct Beginners {
    positions: Vec<usize>,
    /// Those before it hold a suite of that summary.
    all_taken_to: usize,
    summary: usize,
}

impl Holders {
    /// The reports of folders of their own.
    pub(super) fn of(reports: Vec<ReadReport>) -> Self {
        let mut holders = Self {
            reports: Vec::with_capacity(reports.len()),
            began: HashMap::new(),
            taken_by: Vec::new(),
            summaries: 0,
        };
        reports.into_iter().for_each(|report| holders.add(report));
        holders
    }

    /// All reports: those of folders, then what nobody held.
    pub(super) fn into_reports(self) -> Vec<ReadReport> {
        self.reports
    }

    fn add(&mut self, read: ReadReport) {
        let report = &read.report;
        let written = written(report);
        let moment = written.and_then(WrittenTime::moment);
        let second = moment.map(|moment| moment.as_second());
        let quarter = report.started.map(|(started, _)| {
            let started = started.as_second();
            second_of_quarter(started)
        });
        let text = report.junit_timestamp.clone();
        let starts = [
            text.map(Start::Text),
            second.map(Start::Second),
            quarter.filter(|_| second.is_none()).map(Start::Unwritten),
            quarter.map(Start::Any),
        ];
        for start in starts.into_iter().flatten() {
            let began = self.began.entry(began(report, start)).or_default();
            began.positions.push(self.reports.len());
        }
        self.reports.push(read);
        self.taken_by.push(0);
    }

    /// Adds the suites of one summary (a collection's JUnit, or one of several suites) that no other
    /// report holds. Each report holds one of them at most: a suite that was executed on two
    /// browsers in the same second is two.
    pub(super) fn add_what_nobody_holds(&mut self, summary: Vec<ReadReport>) {
        if summary.is_empty() {
            return;
        }
        self.summaries += 1;
        let mut left = summary;
        // Those that agree in browser or device as well have the first choice.
        for exactly in [true, false] {
            left.retain(|suite| {
                let Some(holder) = self.holder(suite, exactly) else {
                    return true;
                };
                if let Some(taken_by) = self.taken_by.get_mut(holder) {
                    *taken_by = self.summaries;
                }
                if let Some(whole) = self.reports.get_mut(holder) {
                    whole.summarised_in = Some(suite.report.folder.clone());
                }
                false
            });
        }
        left.into_iter().for_each(|suite| self.add(suite));
    }

    /// The first report that holds a suite and no other of its summary.
    fn holder(&mut self, suite: &ReadReport, exactly: bool) -> Option<usize> {
        let own = suite.report.browser_or_device();
        let agrees = |whole: &ReadReport| {
            let other = whole.report.browser_or_device();
            own == other || !exactly && (own.is_empty() || other.is_empty())
        };
        let mut first: Option<usize> = None;
        for start in starts_of_holders(&suite.report) {
            let Some(alike) = self.began.get_mut(&began(&suite.report, start)) else {
                continue;
            };
            let is_taken = |at: &usize| self.taken_by.get(*at) == Some(&self.summaries);
            if alike.summary != self.summaries {
                (alike.summary, alike.all_taken_to) = (self.summaries, 0);
            }
            let rest = alike.positions.iter().skip(alike.all_taken_to);
            alike.all_taken_to += rest.take_while(|at| is_taken(at)).count();
            let rest = alike.positions.iter().skip(alike.all_taken_to);
            let found = rest.take(MOST_ALIKE).find(|at| {
                let whole = self.reports.get(**at);
                !is_taken(at) && whole.is_some_and(|whole| agrees(whole) && holds(whole, suite))
            });
            first = match (first, found) {
                (Some(first), Some(found)) => Some(first.min(*found)),
                (first, found) => first.or(found.copied()),
            };
        }
        first
    }
}

fn began(report: &Report, start: Start) -> Began {
    let suite = report.suite.as_str().to_owned();
    (suite, report.machine().to_owned(), start)
}

fn written(report: &Report) -> Option<WrittenTime> {
    WrittenTime::parse(report.junit_timestamp.as_deref()?)
}

/// The starts of which a report has one that [`holds`] this suite of a summary.
fn starts_of_holders(summary: &Report) -> Vec<Start> {
    let around = |second: i64| second - MOST_SECONDS_OFF..=second + MOST_SECONDS_OFF;
    let mut starts: Vec<Start> = Vec::new();
    starts.extend(summary.junit_timestamp.clone().map(Start::Text));
    let Some(written) = written(summary) else {
        return starts;
    };
    let moment = written.moment();
    if let Some(moment) = moment {
        starts.extend(around(moment.as_second()).map(Start::Second));
    }
    if let Some(second) = written.as_utc() {
        let quarter = |second| match moment {
            Some(_) => Start::Unwritten(second_of_quarter(second)),
            None => Start::Any(second_of_quarter(second)),
        };
        starts.extend(around(second).map(quarter));
    }
    starts
}

/// Seconds that two files may differ that tell of one start: one of them rounds.
const MOST_SECONDS_OFF: i64 = 2;

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
    let mut alike: HashMap<Likeness, Vec<usize>> = HashMap::new();
    for read in reports.drain(..) {
        let mut candidates: Vec<usize> = likenesses(&read)
            .filter_map(|likeness| alike.get(&likeness))
            .flat_map(|indices| indices.iter().take(MOST_ALIKE))
            .copied()
            .collect();
        candidates.sort_unstable();
        let twin = candidates
            .into_iter()
            .find(|&index| kept.get(index).is_some_and(|other| are_same(other, &read)));
        let (index, new) = match twin.and_then(|index| Some((index, kept.get_mut(index)?))) {
            Some((index, other)) => {
                let mut copy = read;
                let is_better = copy.has_log && !other.has_log;
                if is_better {
                    std::mem::swap(other, &mut copy);
                }
                other.copies.extend(copy.folders().map(Path::to_owned));
                left_out.push(LeftOut {
                    folder: copy.report.display_folder,
                    same_as: other.report.display_folder.clone(),
                });
                (index, is_better)
            }
            None => {
                kept.push(read);
                (kept.len() - 1, true)
            }
        };
        if let Some(read) = kept.get(index).filter(|_| new) {
            for likeness in likenesses(read) {
                let indices = alike.entry(likeness).or_default();
                if indices.last() != Some(&index) {
                    indices.push(index);
                }
            }
        }
    }
    kept.sort_by(|a, b| a.report.folder.cmp(&b.report.folder));
    *reports = kept;
    left_out
}

/// What two copies have in common: suite, machine, browser or device, and one of the starts.
type Likeness = (String, String, String, SameStart);

#[derive(PartialEq, Eq, Hash)]
enum SameStart {
    /// Epoch milliseconds of the log.
    Millis(i64),
    /// JUnit's text.
    Text(String),
    /// When the first test case of a log without its beginning began.
    FirstCase(Timestamp),
}

fn likenesses(read: &ReadReport) -> impl Iterator<Item = Likeness> + use<> {
    let report = &read.report;
    let first_case = report.started.map(|(started, _)| started);
    let first_case = first_case.filter(|_| read.has_log && report.log_start_millis.is_none());
    let starts = [
        report.log_start_millis.map(SameStart::Millis),
        report.junit_timestamp.clone().map(SameStart::Text),
        first_case.map(SameStart::FirstCase),
    ];
    let own = [
        report.suite.as_str(),
        report.machine(),
        report.browser_or_device(),
    ];
    let [suite, machine, browser] = own.map(str::to_owned);
    starts.into_iter().flatten().map(move |start| {
        let (suite, machine, browser) = (suite.clone(), machine.clone(), browser.clone());
        (suite, machine, browser, start)
    })
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
    let (mut a, mut b) = (ran(a), ran(b));
    loop {
        let (a, b) = match (a.next(), b.next()) {
            (Some(a), Some(b)) => (a, b),
            (None, None) => return true,
            (Some(_), None) | (None, Some(_)) => return false,
        };
        let same_time = match (a.2, b.2, a.3, b.3) {
            (Some(a), Some(b), _, _) if both_logged => a == b,
            (_, _, Some(a), Some(b)) => a == b,
            (_, _, Some(_), None) | (_, _, None, Some(_)) | (_, _, None, None) => true,
        };
        if a.1 != b.1 || !same_time || a.0 != b.0 {
            return false;
        }
    }
}

/// The rows of a report that ran: test case, status, start and duration of the last attempt.
fn ran(
    report: &Report,
) -> impl Iterator<Item = (&str, Status, Option<Timestamp>, Option<Duration>)> {
    let rows = report.results.iter().flat_map(|result| {
        let rows = result.rows.iter();
        rows.map(|row| (result.test_case.as_str(), row))
    });
    rows.filter_map(|(path, row)| {
        let status = match row.status() {
            Status::NotRun => return None,
            // JUnit alone calls it so.
            Status::Skipped => Status::Passed,
            status @ (Status::Passed | Status::Incomplete | Status::Failed | Status::Error) => {
                status
            }
        };
        let last = row.attempts.last();
        let duration = last.and_then(|attempt| attempt.duration);
        let started = last.and_then(|attempt| attempt.started);
        Some((path, status, started, duration))
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

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
            let mut all = Holders::of(reports.iter().map(|browser| of(browser)).collect());
            all.add_what_nobody_holds(summary.iter().map(|browser| of(browser)).collect());
            let all = all.into_reports();
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
