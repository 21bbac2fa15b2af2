//! Several reports, or files of several runs.

use super::super::super::{FileKind, Status};
use super::{LOGIN, PAY, REFUND, messages, millis, read, statuses};
use crate::problem::code;

#[test]
fn a_collection_of_version_11_is_known_by_its_json() {
    let read = read("collection-of-version-11");
    assert_eq!(messages(&read), [""; 0]);
    let suites: Vec<(&str, Option<&str>)> = read
        .reports
        .iter()
        .map(|report| (report.suite.as_str(), report.collection.as_deref()))
        .collect();
    assert_eq!(
        suites,
        [
            ("Test Suites/Web/Cart", Some("Test Suites/All")),
            // Nothing but the collection's JUnit tells that it belongs there.
            ("Test Suites/Web/Search", Some("Test Suites/All"))
        ]
    );
    assert_eq!(read.reports[0].results[0].tags, ["smoke", "REQ-1"]);
    assert_eq!(statuses(&read.reports[1]), [(PAY, Status::Passed)]);
}

#[test]
fn a_collection_counts_no_suite_twice_and_keeps_the_one_whose_folder_is_gone() {
    let read = read("two-suites-of-a-collection");
    assert_eq!(messages(&read), [""; 0]);
    let suites: Vec<(&str, &str)> = read
        .reports
        .iter()
        .map(|report| {
            assert_eq!(report.collection.as_deref(), Some("Test Suites/Nightly"));
            (report.suite.as_str(), report.display_folder.as_str())
        })
        .collect();
    assert_eq!(
        suites,
        [
            (
                "Test Suites/Web/Lost",
                "Reports/20250811_105459/Nightly/20250811_105459"
            ),
            (
                "Test Suites/Web/Cart",
                "Reports/20250811_105459/Web/Cart/20250811_105500"
            ),
            (
                "Test Suites/Web/Search",
                "Reports/20250811_105459/Web/Search/20250811_105600"
            ),
        ]
    );
    assert_eq!(read.reports[1].profile, "staging");
}

#[test]
fn the_junit_of_a_collection_of_one_suite_is_no_copy_of_that_suites() {
    let read = read("collection-of-one-suite");
    assert_eq!(messages(&read), [""; 0]);
    assert_eq!(read.reports.len(), 1);
    let report = &read.reports[0];
    assert_eq!(report.collection.as_deref(), Some("Test Suites/All"));
    assert!(report.display_folder.ends_with("Smoke/20250811_105500"));
}

#[test]
fn a_junit_of_another_run_is_left_aside() {
    let read = read("junit-of-yesterday-beside-killed-log");
    assert_eq!(read.problems[1].code, code::FOREIGN_FILE);
    assert_eq!(
        messages(&read),
        [
            "report 'report': the log stops at line 166, before its end",
            "report 'report': JUnit_Report.xml is left aside: its suite began at \
             '10-08-2025T10:41:07', that of the log at 2025-08-11T08:55:00Z"
        ]
    );
    let report = &read.reports[0];
    assert_eq!(
        statuses(report),
        [
            (LOGIN, Status::Passed),
            (PAY, Status::Incomplete),
            (REFUND, Status::NotRun)
        ]
    );
    assert_eq!(report.junit_timestamp, None);
    assert!(report.files.iter().all(|file| file.kind == FileKind::Log));
}

#[test]
fn files_that_name_another_suite_than_the_log_are_left_aside() {
    let read = read("files-of-another-suite");
    assert_eq!(
        messages(&read),
        [
            "report 'report': JUnit_Report.xml is left aside: it names suite 'Test Suites/Other', \
             the log 'Test Suites/Smoke'",
            "report 'report': execution.properties and testCaseBinding are left aside: they are of \
             'Test Suites/Other', the log is of 'Test Suites/Smoke'",
        ]
    );
    let report = &read.reports[0];
    assert_eq!(report.suite.as_str(), "Test Suites/Smoke");
    // Nor is what the other suite had planned `NotRun` here.
    assert_eq!(statuses(report), [(LOGIN, Status::Passed)]);
}

#[test]
fn of_two_runs_in_one_log_the_one_that_junit_tells_of_is_read() {
    let read = read("two-runs-in-one-log");
    assert_eq!(
        messages(&read),
        [
            "report 'report': the log holds 2 runs; the one that began at \
             2025-08-11T08:55:00Z is read"
        ]
    );
    let report = &read.reports[0];
    assert_eq!(
        statuses(report),
        [(LOGIN, Status::Passed), (PAY, Status::Passed)]
    );
    assert_eq!(millis(report), Some(1_754_902_500_000));
}

#[test]
fn files_of_two_runs_are_told_apart_whichever_of_them_are_there() {
    let read = read("files-of-two-runs");
    let told = messages(&read);
    let expected = [
        "report 'junit-of-yesterday-beside-log-without-beginning': the log is damaged",
        "report 'junit-of-yesterday-beside-log-without-beginning': JUnit_Report.xml is left aside: \
         its suite began at '10-08-2025T10:41:07', and the log is of 2025-08-11T08:55:03",
        "report 'later-run-killed': the log stops at line ",
        "report 'later-run-killed': the log holds 2 runs; the one that began at \
         2025-08-11T08:55:00Z is read",
        "report 'later-run-killed': JUnit_Report.xml is left aside: ",
        "report 'newer-run-merged-in-front': the log holds 2 runs; the one that began at \
         2025-08-11T08:55:00Z is read",
        "report 'plan-of-another-suite': execution.properties and testCaseBinding are left aside: \
         they are of 'Test Suites/Other', JUnit_Report.xml is of 'Test Suites/Smoke'",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for expected in expected {
        assert!(
            told.iter().any(|told| told.starts_with(expected)),
            "{expected}\n{told:#?}"
        );
    }
    let results: Vec<_> = read.reports.iter().map(statuses).collect();
    assert_eq!(
        results,
        [
            vec![(LOGIN, Status::Incomplete), (REFUND, Status::Passed)],
            vec![(LOGIN, Status::Passed), (PAY, Status::Incomplete)],
            vec![(LOGIN, Status::Passed), (PAY, Status::Failed)],
            vec![(LOGIN, Status::Passed)],
        ]
    );
}

#[test]
fn of_two_copies_the_one_with_a_log_counts_and_another_run_is_no_copy() {
    let read = read("same-report-twice");
    assert_eq!(
        messages(&read),
        ["report 'a copy' is the same as 'Reports/20250811_105500' and is left out"]
    );
    let folders: Vec<&str> = read
        .reports
        .iter()
        .map(|report| report.display_folder.as_str())
        .collect();
    assert_eq!(folders, ["Reports/20250811_105500", "another run"]);
    assert_eq!(read.left_out[0].folder, "a copy");
}

#[test]
fn a_copy_without_junit_is_a_copy_though_the_log_measures_otherwise() {
    let read = read("copy-without-junit");
    assert_eq!(
        messages(&read),
        [
            "report 'b' is the same as 'a' and is left out",
            "report 'd' is the same as 'c' and is left out"
        ]
    );
    let folders: Vec<&str> = read
        .reports
        .iter()
        .map(|one| one.display_folder.as_str())
        .collect();
    assert_eq!(folders, ["a", "c"]);
}

#[test]
fn of_a_suite_on_two_browsers_the_collection_keeps_the_one_whose_folder_is_gone() {
    let read = read("one-of-two-browsers-is-gone");
    assert_eq!(messages(&read), [""; 0]);
    let ran: Vec<(&str, &str, Status)> = read
        .reports
        .iter()
        .map(|report| {
            let status = report.results[0].status();
            (
                report.display_folder.as_str(),
                report.browser.as_str(),
                status,
            )
        })
        .collect();
    assert_eq!(
        ran,
        [
            (
                "Reports/20250811_105459/Nightly/20250811_105459",
                "Firefox 141.0",
                Status::Failed
            ),
            (
                "Reports/20250811_105459/Web/Cart/20250811_105500",
                "Chrome 138.0.7204.97",
                Status::Passed
            ),
        ]
    );
}

#[test]
fn suites_that_a_session_planned_and_that_left_no_report_are_named() {
    let read = read("plan-of-a-session");
    assert_eq!(
        messages(&read),
        [
            "report 'Reports/20260731_095328': plan.jsonl, line 2, column 14: EOF while parsing a \
             value",
            "session 'Reports/20260731_095328' was going to execute 'Test Suites/Web/Search', and \
             no report of it is at hand",
        ]
    );
    // The two attempts of the one that is there.
    assert_eq!(read.reports.len(), 1);
    assert_eq!(read.reports[0].reruns.len(), 1);
}
