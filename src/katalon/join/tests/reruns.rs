//! Suites that were executed several times.

use super::super::super::{FileKind, Report, Status};
use super::super::ReadReports;
use super::{LOGIN, PAY, REFUND, killed, messages, pictures, read, report, statuses};
use crate::problem::code;

use Status::{Failed, NotRun, Passed};

/// For each row of each test case: the statuses of its attempts.
fn attempts(report: &Report) -> Vec<(&str, Vec<Vec<Status>>)> {
    let results = report.results.iter();
    results
        .map(|result| {
            let rows = result.rows.iter().map(|row| {
                let attempts = row.attempts.iter();
                attempts.map(|attempt| attempt.status).collect()
            });
            (result.test_case.as_str(), rows.collect())
        })
        .collect()
}

/// Folder and status of the only result of each report; none of them was joined.
fn apart(read: &ReadReports) -> Vec<(&str, Status)> {
    let reports = read.reports.iter();
    reports
        .map(|report| {
            assert_eq!(report.reruns, [""; 0]);
            let folder = report.display_folder.rsplit('/').next().unwrap();
            (folder, report.results[0].status())
        })
        .collect()
}

#[test]
fn reruns_of_what_failed_are_attempts() {
    let report = report("rerun-of-what-failed");
    assert_eq!(
        attempts(&report),
        [
            (LOGIN, vec![vec![Passed]]),
            (PAY, vec![vec![Failed, Passed]]),
            (REFUND, vec![vec![Failed, Failed, Passed]]),
        ]
    );
    assert!(report.results[2].is_flaky());
    let session = "Reports/20250811_105459/Smoke";
    assert_eq!(report.display_folder, format!("{session}/20250811_105500"));
    assert_eq!(
        report.reruns,
        [
            format!("{session}/20250811_105510"),
            format!("{session}/20250811_105520")
        ]
    );
    assert_eq!(
        pictures(&report.results[2]),
        [vec![], vec!["1754902512000.png"], vec![]]
    );
    // The key hangs on the first start, staleness on the last end.
    assert_eq!(report.log_start_millis, Some(1_754_902_500_000));
    assert_eq!(
        report.junit_timestamp.as_deref(),
        Some("11-08-2025T10:55:00")
    );
    assert_eq!(
        report.ended.map(|moment| moment.as_millisecond()),
        Some(1_754_902_521_200)
    );
    let logs = report
        .files
        .iter()
        .filter(|file| file.kind == FileKind::Log);
    let logs: Vec<&str> = logs.map(|file| file.name.as_str()).collect();
    assert_eq!(
        logs,
        [
            "execution0.log",
            "20250811_105510 execution0.log",
            "20250811_105520 execution0.log"
        ]
    );
    assert!(report.files.iter().any(|file| file.kind == FileKind::Csv));
}

#[test]
fn a_rerun_of_the_whole_suite_can_make_it_worse() {
    let report = report("rerun-of-the-whole-suite");
    assert_eq!(statuses(&report), [(LOGIN, Failed), (PAY, Passed)]);
    assert_eq!(
        attempts(&report),
        [
            (LOGIN, vec![vec![Passed, Failed]]),
            (PAY, vec![vec![Failed, Passed]])
        ]
    );
}

#[test]
fn rows_of_a_rerun_find_theirs_by_value() {
    let report = report("rerun-of-rows");
    assert_eq!(
        attempts(&report),
        [(
            LOGIN,
            vec![vec![Passed], vec![Failed, Passed], vec![Failed, Failed]]
        )]
    );
}

#[test]
fn a_planned_row_that_the_rerun_never_reached_is_no_attempt() {
    let report = killed("rerun-that-was-killed");
    assert_eq!(
        attempts(&report),
        [
            (LOGIN, vec![vec![Failed, Passed]]),
            (PAY, vec![vec![Failed]]),
            (REFUND, vec![vec![Failed]]),
        ]
    );
    assert!(!report.finished);
    assert!(
        report
            .results
            .iter()
            .all(|result| result.status() != NotRun)
    );
}

#[test]
fn the_run_configuration_is_what_was_asked_for_and_not_the_phone_that_was_got() {
    let report = report("rerun-on-another-phone");
    assert_eq!(attempts(&report), [(LOGIN, vec![vec![Failed, Passed]])]);
    assert_eq!(report.device, "Pixel 7");
}

#[test]
fn without_logs_a_rerun_holds_nothing_that_had_passed() {
    let report = report("rerun-without-logs");
    assert_eq!(
        attempts(&report),
        [
            (LOGIN, vec![vec![Passed]]),
            (PAY, vec![vec![Failed, Passed]])
        ]
    );
    let report = super::report("rerun-in-the-same-second");
    assert_eq!(attempts(&report)[1], (PAY, vec![vec![Failed, Passed]]));
    let read = read("suite-again-without-logs");
    assert_eq!(messages(&read), [""; 0]);
    assert_eq!(read.reports.len(), 2);
    assert_eq!(statuses(&read.reports[0]), [(LOGIN, Passed), (PAY, Failed)]);
}

#[test]
fn logs_that_count_no_retries_are_no_evidence_more_than_none() {
    let report = report("rerun-of-version-7");
    assert_eq!(
        attempts(&report),
        [
            (LOGIN, vec![vec![Passed]]),
            (PAY, vec![vec![Failed, Passed]]),
            (REFUND, vec![vec![Failed, Passed]]),
        ]
    );
    let read = read("suite-again-in-version-7");
    assert_eq!(messages(&read), [""; 0]);
    assert_eq!(read.reports.len(), 2);
}

#[test]
fn report_folder_writes_no_session_and_the_retry_count_ties_reruns() {
    let report = report("rerun-below-report-folder");
    assert_eq!(report.reruns, ["report/20250811_105510"]);
    assert_eq!(
        attempts(&report),
        [
            (LOGIN, vec![vec![Passed]]),
            (PAY, vec![vec![Failed, Passed]])
        ]
    );
}

#[test]
fn executions_that_are_no_reruns_stay_apart_without_a_word() {
    let (first, second) = ("20250811_105500", "20250811_105510");
    for (situation, expected) in [
        (
            "one-suite-on-two-browsers",
            vec![
                (first, Failed),
                ("20250811_105501", Passed),
                (second, Passed),
            ],
        ),
        (
            "two-devices-in-one-second",
            vec![(first, Failed), ("20250811_105500_1", Passed)],
        ),
        (
            "one-suite-with-two-profiles",
            vec![(first, Failed), (second, Passed)],
        ),
        (
            "suite-twice-in-collection",
            vec![(first, Failed), (second, Passed)],
        ),
        (
            "two-runs-of-version-6",
            vec![(first, Failed), (second, Passed)],
        ),
        (
            "runs-of-version-6-in-a-folder-named-by-a-time",
            vec![("20190811_065500", Failed), ("20190811_065510", Passed)],
        ),
        (
            "monday-and-tuesday",
            vec![(first, Failed), ("20250812_105500", Passed)],
        ),
    ] {
        let read = read(situation);
        assert_eq!(apart(&read), expected, "{situation}");
        assert_eq!(messages(&read), [""; 0], "{situation}");
    }
}

#[test]
fn what_may_be_a_rerun_stays_apart_with_a_note() {
    let (first, second) = ("20250811_105500", "20250811_105510");
    let failed_then_passed = vec![(first, Failed), (second, Passed)];
    for (situation, expected, reason) in [
        (
            "rerun-after-a-log-without-beginning",
            vec![(first, Passed), (second, Passed)],
            "its log does not say how many retries were left",
        ),
        (
            "rerun-whose-rows-fit-nowhere",
            failed_then_passed.clone(),
            "its rows of 'Test Cases/Login/Valid user' fit no rows of the other",
        ),
        (
            "two-runs-that-one-rerun-may-repeat",
            vec![
                (first, Failed),
                ("20250811_105501", Failed),
                (second, Passed),
            ],
            "it may repeat any of 2 executions",
        ),
        (
            "rerun-of-unknown-profile",
            failed_then_passed,
            "its run configuration is not known",
        ),
        (
            "monday-and-tuesday-with-fewer-retries",
            vec![(first, Failed), ("20250812_105500", Passed)],
            "it began hours after the other had ended",
        ),
    ] {
        let read = read(situation);
        assert_eq!(apart(&read), expected, "{situation}");
        assert_eq!(read.problems.len(), 1, "{situation}");
        assert_eq!(read.problems[0].code, code::RERUN_NOT_JOINED);
        let message = &read.problems[0].message;
        assert!(message.ends_with(reason), "{message}");
    }
}

#[test]
fn a_rerun_beside_a_copy_of_the_first_execution_is_one() {
    let read = read("session-of-which-copies-lack-logs");
    assert_eq!(read.left_out.len(), 2);
    assert_eq!(read.problems.len(), 2);
    let [report] = &read.reports[..] else {
        panic!("{:?}", read.reports);
    };
    // Of the first both have a log, of the second only the copy.
    assert_eq!(
        report.display_folder,
        "katalon/Reports/20250811_105459/Smoke/20250811_105500"
    );
    assert_eq!(
        report.reruns,
        ["staging/Reports/20250811_105459/Smoke/20250811_105510"]
    );
    assert_eq!(attempts(report)[1], (PAY, vec![vec![Failed, Passed]]));
}

#[test]
fn a_rerun_that_only_the_collection_tells_of_stays_apart_with_a_note() {
    let read = read("rerun-known-by-the-collection-alone");
    assert_eq!(
        messages(&read),
        [
            "suite 'Test Suites/Smoke' of 'collection', begun 11-08-2025T10:55:20, may be a rerun \
             of one before it and counts as an execution of its own: its folder is not at hand"
        ]
    );
    let statuses: Vec<_> = read.reports.iter().map(statuses).collect();
    let expected = [vec![(LOGIN, Passed), (PAY, Failed)], vec![(PAY, Passed)]];
    assert_eq!(statuses, expected);
}

#[test]
fn suites_of_a_collection_that_share_a_uuid_are_two() {
    let read = read("one-uuid-in-a-collection");
    assert_eq!(messages(&read), [""; 0]);
    let suites: Vec<&str> = read.reports.iter().map(|one| one.suite.as_str()).collect();
    assert_eq!(suites, ["Test Suites/Web/Cart", "Test Suites/Web/Search"]);
    assert!(
        read.reports
            .iter()
            .all(|report| report.collection.as_deref() == Some("Test Suites/Nightly"))
    );
}
