//! One test for each situation of `tests/reports`.

use std::path::Path;
use std::time::Duration;

use super::super::find::{Patterns, Search, find};
use super::super::{AttemptFile, FileKind, Report, Row, Status, Step, TestResult, TimeSource};
use super::{ReadReports, read_all};
use crate::problem::code;

pub(super) const LOGIN: &str = "Test Cases/Login/Valid user";
pub(super) const PAY: &str = "Test Cases/Checkout/Pay by card";
pub(super) const REFUND: &str = "Test Cases/Checkout/Refund";

pub(super) fn read(situation: &str) -> ReadReports {
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let found = find(&Search {
        folder: reports.join(situation),
        patterns: Patterns::parse(&["**".to_owned()]).unwrap(),
    });
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    read_all(&found)
}

/// The only report of a situation about which there is nothing to complain.
pub(super) fn report(situation: &str) -> Report {
    let mut read = read(situation);
    assert_eq!(messages(&read), [""; 0]);
    assert_eq!(read.reports.len(), 1);
    read.reports.remove(0)
}

/// The only report of a situation in which a run was killed; nothing else is to be told.
pub(super) fn killed(situation: &str) -> Report {
    let mut read = read(situation);
    match &messages(&read)[..] {
        [only] => assert!(only.contains("': the log stops at line "), "{only}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(read.reports.len(), 1);
    read.reports.remove(0)
}

pub(super) fn messages(read: &ReadReports) -> Vec<&str> {
    let unreadable = read.unreadable.iter().map(|one| &one.problem);
    let problems = read.problems.iter().chain(unreadable);
    problems.map(|one| one.message.as_str()).collect()
}

pub(super) fn statuses(report: &Report) -> Vec<(&str, Status)> {
    let results = report.results.iter();
    results
        .map(|result| (result.test_case.as_str(), result.status()))
        .collect()
}

pub(super) fn pictures(result: &TestResult) -> Vec<Vec<&str>> {
    result
        .all_attempts()
        .map(|attempt| {
            let pictures = attempt.screenshots.iter();
            pictures.map(|picture| picture.name.as_str()).collect()
        })
        .collect()
}

fn millis(report: &Report) -> Option<i64> {
    report.started.map(|(moment, _)| moment.as_millisecond())
}

#[test]
fn rows_of_one_test_case_are_one_result() {
    let report = report("three-rows-one-failed");
    assert_eq!(
        statuses(&report),
        [(LOGIN, Status::Failed), (PAY, Status::Passed)]
    );
    let rows = &report.results[0].rows;
    assert_eq!(rows.len(), 3);
    assert_eq!(
        rows[1].bound_values,
        [
            ("user".to_owned(), "bob".to_owned()),
            ("password".to_owned(), "b2".to_owned())
        ]
    );
    let failure = rows[1].attempts[0].failure.as_ref().unwrap();
    assert_eq!(
        failure.message,
        "com.kms.katalon.core.exception.StepFailedException: \
         Unable to click on object 'Page/button'"
    );
    assert!(failure.stack_trace.starts_with("\tat com.kms"));
    assert!(failure.stack_trace.contains("\nCaused by: "));
    let step = failure.step.as_ref().unwrap();
    assert_eq!(step.place, ["1. click(findTestObject(\"Page/button\"))"]);
    assert_eq!(
        report.results[0].duration(),
        Some(Duration::from_millis(5500))
    );
    assert_eq!(
        pictures(&report.results[0]),
        [vec![], vec!["1754902502020.png"], vec![]]
    );
}

fn failed_step(result: &TestResult) -> Step {
    let attempt = &result.rows[0].attempts[0];
    attempt.failure.clone().unwrap().step.unwrap()
}

#[test]
fn the_step_that_failed_is_named_with_its_place_and_pictures_with_their_step() {
    let report = report("failed-in-a-called-test-case");
    let step = failed_step(&report.results[0]);
    assert_eq!(
        step.place,
        [
            "3. if (isGuest)",
            "2. Test Cases/Login/Open page",
            "4. click(findTestObject(\"Page/open\"))"
        ]
    );
    assert_eq!(step.line, Some(19));
    assert_eq!(step.duration, Some(Duration::from_millis(2510)));
    assert!(step.message.starts_with("Unable to click on object"));
    let pictures = &report.results[0].rows[0].attempts[0].screenshots;
    let tied: Vec<(&str, &str)> = pictures
        .iter()
        .map(|picture| (picture.name.as_str(), picture.step.as_str()))
        .collect();
    assert_eq!(
        tied,
        [
            ("1754902501001.png", "3.2.1.1"),
            ("1754902504002.png", "3.2.4")
        ]
    );
}

#[test]
fn without_a_log_the_output_names_the_step_that_failed() {
    let report = report("failed-step-by-junit");
    let [_, pay, refund] = &report.results[..] else {
        panic!("{:?}", report.results);
    };
    let step = failed_step(pay);
    assert_eq!(step.place, ["click(findTestObject(\"Page/pay\"))"]);
    assert_eq!((step.line, step.duration), (None, None));
    assert_eq!(failed_step(refund).place, ["assert refunded == 3"]);
    // It has no failure element, so the output tells the reason as well.
    let failure = refund.rows[0].attempts[0].failure.as_ref().unwrap();
    assert!(failure.message.starts_with("Assertion failed:\n\nassert"));
    assert_eq!(failure.stack_trace, "\tat Script2.run(Script2:8)");
}

#[test]
fn of_a_run_that_was_killed_the_step_that_was_under_way_is_named() {
    let report = killed("killed-in-a-step");
    let expected = [(LOGIN, Status::Passed), (PAY, Status::Incomplete)];
    assert_eq!(statuses(&report), expected);
    let step = failed_step(&report.results[1]);
    assert_eq!(
        step.place,
        ["2. waitForElementVisible(findTestObject(\"Page/receipt\"), 600)"]
    );
    assert_eq!(step.duration, Some(Duration::from_millis(4200)));
}

#[test]
fn tags_of_junit_and_log_are_the_results() {
    let report = report("tags-and-whole-names");
    let result = &report.results[0];
    assert_eq!(result.tags, ["smoke", "REQ-004", "login"]);
    assert_eq!(
        result.rows[0].bound_values,
        [("(Default) password".to_owned(), "a1".to_owned())]
    );
}

#[test]
fn a_report_says_where_and_with_what_it_ran() {
    let report = report("three-rows-one-failed");
    assert_eq!(
        report.display_folder,
        "Reports/20250811_105459/Smoke/20250811_105500"
    );
    assert_eq!(report.suite.as_str(), "Test Suites/Smoke");
    assert_eq!(report.machine(), "build-7");
    assert_eq!(report.browser, "Chrome 138.0.7204.97");
    assert_eq!(report.os, "Windows 11 64bit");
    assert_eq!(report.profile, "staging");
    assert_eq!(report.katalon_version, "9.7.2.223");
    assert_eq!(millis(&report), Some(1_754_902_500_000));
    assert_eq!(
        report.ended.map(|moment| moment.as_millisecond()),
        Some(1_754_902_512_300)
    );
    assert!(report.finished);
    let kinds: Vec<FileKind> = report.files.iter().map(|file| file.kind).collect();
    assert_eq!(
        kinds,
        [
            FileKind::Csv,
            FileKind::Html,
            FileKind::Junit,
            FileKind::Log
        ]
    );
}

#[test]
fn attempts_come_from_the_log_each_with_its_own_picture() {
    let report = report("passed-on-second-attempt");
    let result = &report.results[0];
    let attempts = &result.rows[0].attempts;
    assert_eq!(
        attempts.iter().map(|one| one.status).collect::<Vec<_>>(),
        [Status::Failed, Status::Passed]
    );
    assert!(result.is_flaky());
    assert!(attempts[0].failure.is_some());
    assert_eq!(attempts[1].failure, None);
    assert_eq!(
        pictures(result),
        [["1754902500120.png"], ["keyes-Welcome page.png"]]
    );
    assert_eq!(attempts[0].duration, Some(Duration::from_millis(1500)));
    assert_eq!(attempts[1].duration, Some(Duration::from_millis(1200)));
    assert!(attempts[0].started < attempts[1].started);
}

#[test]
fn a_skipped_test_that_junit_calls_passed_is_skipped() {
    let report = report("skipped-that-junit-calls-passed");
    assert_eq!(
        statuses(&report),
        [(LOGIN, Status::Passed), (PAY, Status::Skipped)]
    );
    assert_eq!(report.results[1].rows[0].attempts[0].failure, None);
}

#[test]
fn a_test_of_which_katalon_says_skipped_without_a_word_is_skipped() {
    let report = report("skipped-without-a-word");
    assert_eq!(
        statuses(&report),
        [
            (LOGIN, Status::Passed),
            (PAY, Status::Skipped),
            (REFUND, Status::Skipped)
        ]
    );
}

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
fn years_of_the_buddhist_calendar_beside_a_log_are_of_the_same_run() {
    let read = read("buddhist-year-and-a-log");
    assert_eq!(messages(&read), [""; 0]);
    let began: Vec<Option<i64>> = read.reports.iter().map(millis).collect();
    assert_eq!(began, [Some(1_522_498_820_000), Some(1_522_585_220_000)]);
    let failure = read.reports[0].results[0].rows[0].attempts[0]
        .failure
        .as_ref();
    assert_eq!(failure.unwrap().message, "no button");
    assert!(read.reports.iter().all(|report| report.ended.is_some()));
}

#[test]
fn a_killed_run_keeps_what_passed_and_names_what_did_not_run() {
    let report = killed("killed-after-three-passes");
    assert_eq!(
        statuses(&report),
        [
            (LOGIN, Status::Passed),
            (PAY, Status::Passed),
            (REFUND, Status::Passed),
            ("Test Cases/Account/Change address", Status::Incomplete),
            ("Test Cases/Account/Delete", Status::NotRun),
            ("Test Cases/Account/Export", Status::NotRun),
        ]
    );
    assert!(!report.finished);
    let open = &report.results[3].rows[0].attempts[0];
    assert_eq!((open.duration, &open.failure), (None, &None));
    assert_eq!(pictures(&report.results[3]), [["1754902506105.png"]]);
    // It ended when its log did.
    assert!(report.ended > report.results[3].started());
}

#[test]
fn what_the_log_saw_is_not_called_not_run_because_junit_misses_it() {
    let report = report("ran-but-not-in-junit");
    assert_eq!(
        statuses(&report),
        [
            (LOGIN, Status::Passed),
            (PAY, Status::Failed),
            (REFUND, Status::NotRun)
        ]
    );
}

#[test]
fn a_killed_run_that_was_opened_later_has_not_finished() {
    let report = report("killed-run-opened-later");
    assert_eq!(
        statuses(&report),
        [
            (LOGIN, Status::Passed),
            (PAY, Status::Incomplete),
            (REFUND, Status::NotRun)
        ]
    );
    assert!(!report.finished);
}

#[test]
fn a_plan_alone_is_a_report_in_which_nothing_ran() {
    let report = report("plan-alone");
    assert_eq!(
        statuses(&report),
        [(LOGIN, Status::NotRun), (PAY, Status::NotRun)]
    );
    assert_eq!(report.results[1].rows.len(), 2);
    assert_eq!(report.suite.as_str(), "Test Suites/Smoke");
    assert_eq!((report.started, report.finished), (None, false));
}

#[test]
fn what_ran_before_the_log_begins_is_incomplete_and_says_why() {
    let report = report("log-without-its-beginning");
    assert_eq!(
        statuses(&report),
        [
            (LOGIN, Status::Incomplete),
            (PAY, Status::Passed),
            (REFUND, Status::Failed)
        ]
    );
    let lost = report.results[0].rows[0].attempts[0].failure.as_ref();
    assert!(lost.unwrap().message.contains("lost its beginning"));
    assert!(report.finished);
}

#[test]
fn a_log_without_beginning_and_end_knows_what_came_before_and_what_never_began() {
    let read = read("log-without-beginning-nor-end");
    assert_eq!(
        messages(&read),
        [
            "report 'report': the log is damaged at line 1: text stands in it that is no record; \
             the log stops at line 79, before its end"
        ]
    );
    let report = &read.reports[0];
    assert_eq!(
        statuses(report),
        [
            (LOGIN, Status::Incomplete),
            (PAY, Status::Passed),
            (REFUND, Status::Passed),
            ("Test Cases/Account/Delete", Status::Incomplete),
            ("Test Cases/Account/Export", Status::NotRun),
        ]
    );
    assert!(!report.finished);
}

#[test]
fn attempts_that_the_log_has_lost_are_attempts_that_did_not_pass() {
    let report = report("attempts-lost-with-the-beginning");
    let attempts: Vec<Vec<Status>> = report
        .results
        .iter()
        .map(|result| result.all_attempts().map(|one| one.status).collect())
        .collect();
    assert_eq!(
        attempts,
        [
            vec![Status::Incomplete, Status::Incomplete, Status::Passed],
            vec![Status::Passed]
        ]
    );
    assert!(report.results[0].is_flaky());
    let lost = report.results[0].rows[0].attempts[0].failure.as_ref();
    assert!(lost.unwrap().message.contains("lost this attempt"));
}

#[test]
fn rows_that_the_log_has_lost_leave_the_others_where_they_belong() {
    let read = read("log-that-lost-a-row");
    assert_eq!(read.problems.len(), 1);
    let result = &read.reports[0].results[0];
    assert_eq!(
        pictures(result),
        [vec![], vec!["1754902503000.png"], vec![]]
    );
    let started: Vec<bool> = result
        .rows
        .iter()
        .map(|row| row.attempts[0].started.is_some())
        .collect();
    assert_eq!(started, [false, true, true]);
    let told: Vec<Status> = result.rows.iter().map(Row::status).collect();
    assert_eq!(told, [Status::Passed, Status::Failed, Status::Passed]);
}

#[test]
fn a_suite_that_is_not_named_at_its_beginning_is_known_all_the_same() {
    let read = read("suite-known-by-its-end-or-folder");
    let suites: Vec<(&str, &str)> = read
        .reports
        .iter()
        .map(|report| (report.display_folder.as_str(), report.suite.as_str()))
        .collect();
    assert_eq!(
        suites,
        [
            (
                "Reports/20250811_105459/Login/Valid user/20250811_105500",
                LOGIN
            ),
            (
                "Reports/20250811_105459/Web/Search/20250811_105500",
                "Test Suites/Web/Search"
            ),
            ("Reports/Old/Smoke/20250811_105500", "Test Suites/Old/Smoke"),
            ("copied", "Test Suites/Web/Cart"),
            // One test case, and nothing else.
            ("elsewhere", LOGIN),
        ]
    );
}

#[test]
fn the_log_with_the_higher_number_is_the_older_half() {
    let report = report("log-in-two-files");
    assert_eq!(
        statuses(&report),
        [(LOGIN, Status::Passed), (PAY, Status::Passed)]
    );
    assert!(report.finished);
}

#[test]
fn damage_in_a_log_costs_one_record_and_is_told_once() {
    let read = read("damaged-record-in-log");
    assert_eq!(read.problems.len(), 1);
    let problem = &read.problems[0];
    assert_eq!(problem.code, code::DAMAGED_FILE);
    assert_eq!(
        problem.message,
        "report '.': the log is damaged at line 45: marks of a merge stand in it, and in 1 more \
         place; 1 record cannot be read"
    );
    assert_eq!(
        statuses(&read.reports[0]),
        [
            (LOGIN, Status::Passed),
            (PAY, Status::Passed),
            (REFUND, Status::Passed)
        ]
    );
    assert_eq!(read.reports[0].results[1].started(), None);
}

#[test]
fn a_failed_set_up_belongs_to_no_test_case() {
    let read = read("set-up-failed");
    assert_eq!(
        messages(&read),
        ["report '.': 1 failure outside of any test case: \
             Unable to connect to the test database"]
    );
    assert_eq!(statuses(&read.reports[0]), [(LOGIN, Status::Passed)]);
}

#[test]
fn the_suite_of_a_test_case_that_was_run_alone_is_its_path() {
    let report = report("test-case-run-alone");
    assert_eq!(report.suite.as_str(), LOGIN);
    assert_eq!(statuses(&report), [(LOGIN, Status::Passed)]);
}

#[test]
fn old_logs_are_escaped_for_java_also_in_paths() {
    let report = report("text-escaped-for-java-up-to-6");
    assert_eq!(report.suite.as_str(), "Test Suites/Kiểm thử");
    let result = &report.results[0];
    assert_eq!(result.test_case.as_str(), "Test Cases/Kiểm thử/Đăng nhập");
    let failure = result.rows[0].attempts[0].failure.as_ref().unwrap();
    assert!(failure.message.ends_with("Unable to open \"C:\\new\""));
    assert_eq!(failure.stack_trace, "\tat Script.run(Script.groovy:7)");
    assert_eq!(pictures(result), [["1754902500120.png"]]);
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

#[test]
fn timestamps_of_all_versions_are_read_and_a_buddhist_year_is_unknown() {
    let read = read("four-timestamp-formats");
    let sources: Vec<(&str, Option<TimeSource>)> = read
        .reports
        .iter()
        .map(|report| {
            let source = report.started.map(|(_, source)| source);
            (report.display_folder.as_str(), source)
        })
        .collect();
    assert_eq!(
        sources,
        [
            ("9.1-day-first", Some(TimeSource::LocalWithoutZone)),
            ("buddhist-year", None),
            ("since-10.2.3-utc", Some(TimeSource::Exact)),
            ("up-to-9.0", Some(TimeSource::LocalWithoutZone)),
        ]
    );
    assert_eq!(millis(&read.reports[2]), Some(1_752_151_000_911));
    assert_eq!(
        read.reports[1].junit_timestamp.as_deref(),
        Some("2561-03-31 20:20:20")
    );
}

#[test]
fn output_without_zone_is_read_in_the_zone_that_the_suites_start_gives() {
    let report = report("utc-timestamp-and-local-output");
    let started: Vec<Option<String>> = report
        .results
        .iter()
        .map(|result| result.started().map(|moment| moment.to_string()))
        .collect();
    let known = |text: &str| Some(text.to_owned());
    assert_eq!(
        started,
        [
            known("2025-07-10T12:36:42Z"),
            known("2025-07-10T12:36:45Z"),
            None
        ]
    );
}

#[test]
fn xml_that_ends_early_is_unreadable_and_says_where() {
    let read = read("truncated-xml");
    assert!(read.reports.is_empty());
    let unreadable = &read.unreadable[0];
    assert_eq!(unreadable.problem.code, code::UNREADABLE_REPORT);
    let message = &unreadable.problem.message;
    assert!(
        message.starts_with("cannot read report '.': JUnit_Report.xml, line "),
        "{message}"
    );
    assert!(
        message.contains("at testsuites/testsuite[0](\"Smoke\")/testcase[1]: "),
        "{message}"
    );
    assert!(
        message.ends_with("; without 1 test case before it"),
        "{message}"
    );
}

#[test]
fn xml_that_ends_early_beside_a_log_is_a_warning() {
    let read = read("truncated-xml-beside-log");
    assert!(read.unreadable.is_empty());
    assert_eq!(read.problems.len(), 1);
    assert_eq!(
        statuses(&read.reports[0]),
        [
            (LOGIN, Status::Passed),
            (PAY, Status::Failed),
            (REFUND, Status::Passed)
        ]
    );
}

#[test]
fn a_bad_value_is_unknown_and_the_report_is_read() {
    let read = read("one-bad-time");
    let place = "testsuites/testsuite[0](\"Smoke\")";
    assert_eq!(
        messages(&read),
        [
            format!(
                "report '.': JUnit_Report.xml, line 3, at {place}/@timestamp: \
                 invalid timestamp \"yesterday\""
            ),
            format!(
                "report '.': JUnit_Report.xml, line 12, at {place}/testcase[0]/@time: \
                 invalid duration \"1,204\""
            ),
            format!(
                "report '.': JUnit_Report.xml, line 16, at {place}/testcase[1]/@time: \
                 invalid duration \"-3\""
            ),
        ]
    );
    let durations: Vec<Option<Duration>> = read.reports[0]
        .results
        .iter()
        .map(TestResult::duration)
        .collect();
    assert_eq!(durations, [None, None, Some(Duration::from_millis(1500))]);
    assert_eq!(read.reports[0].started, None);
}

#[test]
fn a_status_that_is_none_is_incomplete_with_its_word_in_the_message() {
    let read = read("unknown-status");
    assert_eq!(
        messages(&read),
        ["reports hold what this version does not know: status 'ABORTED'"]
    );
    let report = &read.reports[0];
    assert_eq!(
        statuses(report),
        [(LOGIN, Status::Incomplete), (PAY, Status::Passed)]
    );
    let failure = report.results[0].rows[0].attempts[0].failure.as_ref();
    assert_eq!(
        failure.unwrap().message,
        "Katalon reports the status 'ABORTED': The session was lost."
    );
}

#[test]
fn pictures_of_the_log_are_found_by_name_wherever_they_were_recorded() {
    let read = read("screenshot-by-log");
    assert_eq!(
        pictures(&read.reports[0].results[0]),
        [["1754902500120.png", "keyes-Log in.png"]]
    );
    assert_eq!(
        messages(&read),
        ["report '.': did not find 1 recorded screenshot: '1754902509999.png'"]
    );
}

#[test]
fn without_a_log_pictures_come_from_junits_output() {
    let report = report("screenshot-by-junit");
    assert_eq!(
        pictures(&report.results[0]),
        [["1754902500120.png", "keyes-Log in.png"]]
    );
    assert_eq!(pictures(&report.results[1]), [[""; 0]]);
}

#[test]
fn paths_that_lead_out_of_the_folder_are_refused() {
    let read = read("screenshot-outside-the-folder");
    assert_eq!(pictures(&read.reports[0].results[0]), [[""; 0]]);
    assert_eq!(
        messages(&read),
        [
            "report 'report': did not find 1 recorded screenshot: '/home/ann/shots/gone.png'",
            "report 'report': left out 2 recorded files that would lead out of the report \
             folder: '../secret.png', 'keyes/../../secret.png'",
        ]
    );
}

#[test]
fn what_a_later_katalon_adds_is_named_once_and_costs_nothing() {
    let read = read("written-by-a-later-katalon");
    assert_eq!(
        messages(&read),
        [
            "reports hold what this version does not know: attribute 'part' of the log, attribute \
             'shard' of testcase, element 'flow' of JUnit, element 'spanId' of the log, level \
             'NOTICE' of the log, member 'retries' of testCaseBinding, property 'lane' of startTest, \
             status 'BLOCKED'"
        ]
    );
    assert_eq!(read.problems[0].code, code::UNKNOWN_IN_REPORT);
    let results: Vec<_> = read.reports.iter().map(statuses).collect();
    let expected = [(LOGIN, Status::Passed), (PAY, Status::Incomplete)];
    assert_eq!(results, [expected, expected]);
}

#[test]
fn a_junit_that_lists_nothing_does_not_finish_a_run_that_was_killed() {
    let report = killed("junit-without-cases-beside-killed-log");
    let expected = [(LOGIN, Status::Passed), (PAY, Status::Incomplete)];
    assert_eq!(statuses(&report), expected);
    assert!(!report.finished);
}

#[test]
fn a_log_that_ends_before_its_suite_leaves_the_plan() {
    let report = report("log-that-ends-before-its-suite");
    let expected = [(LOGIN, Status::NotRun), (PAY, Status::NotRun)];
    assert_eq!(statuses(&report), expected);
    assert!(!report.finished);
}

#[test]
fn a_log_that_is_none_beside_a_junit_is_a_warning() {
    let read = read("log-of-rubbish-beside-junit");
    assert_eq!(
        messages(&read),
        ["report '.': the log holds no record that can be read"]
    );
    assert_eq!(statuses(&read.reports[0]), [(LOGIN, Status::Passed)]);
}

#[test]
fn a_case_that_ended_without_any_status_is_incomplete() {
    let report = report("ended-without-status");
    let expected = [(LOGIN, Status::Incomplete), (PAY, Status::Passed)];
    assert_eq!(statuses(&report), expected);
}

#[test]
fn videos_and_requests_belong_to_the_attempt_that_the_log_names() {
    let read = read("videos-and-requests");
    assert_eq!(
        messages(&read),
        [
            "report 'Reports/20250811_105459/Smoke/20250811_105500': left out 1 recorded file that \
             would lead out of the report folder: '/etc/../../secret.har'"
        ]
    );
    let names = |files: &[AttemptFile]| -> Vec<String> {
        files.iter().map(|file| file.name.clone()).collect()
    };
    let results = &read.reports[0].results;
    let attempt = &results[0].rows[0].attempts[0];
    assert_eq!(names(&attempt.videos), ["Valid user_1_0.avi"]);
    // The other one is gone, which is nothing to complain about.
    assert_eq!(names(&attempt.requests), ["GET---List-users_0.har"]);
    let other = &results[1].rows[0].attempts[0];
    assert!(other.videos.is_empty() && other.requests.is_empty());
}

#[test]
fn the_html_above_and_the_pdf_beside_belong_to_the_report() {
    let report = report("html-above-and-pdf-beside");
    let names: Vec<&str> = report.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "JUnit_Report.xml",
            "execution0.log",
            "Smoke.html",
            "20250811_105510 JUnit_Report.xml",
            "20250811_105510 execution0.log",
            "20250811_105510 20250811_105510.pdf",
        ]
    );
}

#[test]
fn every_value_that_a_test_ran_with_is_known() {
    let report = report("values-of-all-files");
    let variables: Vec<(&str, &str, bool)> = report
        .variables
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str(), one.masked))
        .collect();
    assert_eq!(
        variables,
        [
            ("(Default) apiKey", "key-of-the-caller", false),
            (
                "pin",
                "\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}",
                true
            ),
            ("password", "of the called case", false),
            ("user", "ann", false),
            ("answer", "blue horse", true),
            ("G_Token", "of this run", false),
            ("suiteName", "Smoke", false),
        ]
    );
}

#[test]
fn the_path_of_a_case_is_its_identity_in_every_version() {
    assert_eq!(
        statuses(&report("uuid-as-classname")),
        [(LOGIN, Status::Passed)]
    );
    let old = report("iteration-in-name");
    assert_eq!(statuses(&old), [(LOGIN, Status::Failed)]);
    assert_eq!(old.results[0].rows.len(), 2);
    assert_eq!(old.results[0].duration(), None);
}

#[test]
fn the_os_is_that_of_the_phone_or_of_the_cloud() {
    let read = read("phone-and-cloud");
    let ran_on: Vec<(&str, &str)> = read
        .reports
        .iter()
        .map(|report| (report.os.as_str(), report.browser_or_device()))
        .collect();
    assert_eq!(
        ran_on,
        [
            ("Windows", "Edge Chromium 144"),
            ("Android 14", "Pixel 7 (Android 14)")
        ]
    );
    assert_eq!(read.reports[1].katalon_version, "9.7.2.223");
}

#[test]
fn text_is_read_in_the_encoding_that_it_has() {
    let read = read("other-encodings");
    assert_eq!(read.reports.len(), 3);
    for report in &read.reports {
        assert_eq!(report.suite.as_str(), "Test Suites/Größe");
        assert_eq!(
            statuses(report),
            [("Test Cases/Über uns/Größe", Status::Passed)]
        );
    }
}

#[test]
fn no_damage_makes_a_reader_panic() {
    use super::super::property_tests::Dice;
    use super::super::{binding, collection, junit, log, properties};
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let files = walkdir::WalkDir::new(reports).sort_by_file_name();
    const NASTY: &[u8] = b"<>&\"'\\{}[]\0\xFF\xD8;u- 0";
    let mut dice = Dice::new(20_250_811);
    for entry in files.into_iter().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type().is_file() || name.ends_with(".png") || name.ends_with(".md") {
            continue;
        }
        let whole = std::fs::read(entry.path()).unwrap();
        for _ in 0..10 {
            let mut bytes = whole.clone();
            match dice.below(3) {
                0 => bytes.truncate(dice.below(whole.len())),
                1 => {
                    let from = dice.below(whole.len());
                    let to = from + dice.below(whole.len() - from);
                    bytes.drain(from..to);
                }
                _ => {
                    for _ in 0..=dice.below(8) {
                        let at = dice.below(whole.len());
                        if let Some(byte) = bytes.get_mut(at) {
                            *byte = NASTY[dice.below(NASTY.len())];
                        }
                    }
                }
            }
            let bytes = bytes.as_slice();
            let _ = (junit::read(bytes), log::read(bytes), binding::read(bytes));
            let _ = (properties::read(bytes), collection::read_rp(bytes));
        }
    }
}
