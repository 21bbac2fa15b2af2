//! What a report says of its test cases.

use std::time::Duration;

use super::super::super::{FileKind, Status, Step, TestResult};
use super::{LOGIN, PAY, REFUND, killed, messages, millis, pictures, read, report, statuses};
use crate::problem::code;

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
fn a_case_that_ended_without_any_status_is_incomplete() {
    let report = report("ended-without-status");
    let expected = [(LOGIN, Status::Incomplete), (PAY, Status::Passed)];
    assert_eq!(statuses(&report), expected);
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
fn all_that_versions_up_to_11_4_add_is_known_and_in_nobodys_way() {
    let read = read("all-that-version-11-adds");
    assert_eq!(messages(&read), Vec::<String>::new());
    let report = &read.reports[0];
    assert_eq!(report.katalon_version, "11.4.0");
    let result = &report.results[0];
    assert_eq!(result.status(), Status::Passed);
    assert_eq!(result.tags, ["GenAI", "REQ-004"]);
    let row = &result.rows[0];
    let value = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        row.bound_values,
        [value("user", "ann"), value("password", "SECRET:shop")]
    );
    let videos: Vec<&str> = row.attempts[0]
        .videos
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(videos, ["Login Sign i...valid user_1_0.mov"]);
    let masked: Vec<&str> = report
        .variables
        .iter()
        .filter(|variable| variable.masked)
        .map(|variable| variable.value.as_str())
        .collect();
    assert_eq!(masked, ["\u{2022}".repeat(8).as_str(), "SECRET:shop"]);
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
fn what_later_runs_write_into_a_log_is_secret_and_no_data_of_this_run() {
    let report = &read("run-data-of-later-runs").reports[0];
    assert_eq!(
        (report.device.as_str(), report.os.as_str()),
        ("", "Windows 11 64bit")
    );
    let mut values = report.variables.iter().map(|one| one.value.as_str());
    assert!(values.any(|value| value == "of-another-run"));
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
