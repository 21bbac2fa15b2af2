//! Runs that were killed, and files that are damaged or say too little.

use std::path::Path;
use std::time::Duration;

use super::super::super::{Row, Status, TestResult};
use super::{LOGIN, PAY, REFUND, killed, messages, pictures, read, report, statuses};
use crate::problem::code;

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
fn a_log_that_stops_between_attempts_knows_those_before_the_last() {
    let report = killed("log-stops-between-attempts");
    let attempts: Vec<Vec<(Status, Option<Duration>)>> = report
        .results
        .iter()
        .map(|result| {
            let attempts = result.all_attempts();
            attempts.map(|one| (one.status, one.duration)).collect()
        })
        .collect();
    let took = |millis| Some(Duration::from_millis(millis));
    assert_eq!(
        attempts,
        [
            vec![
                (Status::Failed, took(1010)),
                (Status::Failed, took(1210)),
                (Status::Passed, took(900))
            ],
            vec![(Status::Failed, took(700))],
        ]
    );
    // The step that was under way when the log stopped is not the one that failed.
    let failure = report.results[1].rows[0].attempts[0].failure.as_ref();
    assert_eq!(failure.unwrap().step, None);
    assert!(report.results[0].is_flaky());
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
    for folder in ["log-of-rubbish-beside-junit", "empty-log-beside-junit"] {
        let read = read(folder);
        assert_eq!(
            messages(&read),
            ["report '.': the log holds no record that can be read"],
            "{folder}"
        );
        let results = &read.reports[0].results;
        assert_eq!(results.len(), 1, "{folder}");
        assert_eq!(results[0].status(), Status::Passed, "{folder}");
    }
}

#[test]
fn damaged_lines_of_a_plan_leave_the_values_where_they_belong() {
    let read = read("plan-with-damaged-lines");
    assert_eq!(
        messages(&read),
        ["report '.': testCaseBinding, line 2: it is no planned test case"]
    );
    let rows: Vec<(Option<&str>, Status)> = read.reports[0].results[0]
        .rows
        .iter()
        .map(|row| {
            let value = row.bound_values.first().map(|(_, value)| value.as_str());
            (value, row.status())
        })
        .collect();
    assert_eq!(
        rows,
        [
            (Some("ann"), Status::Passed),
            (None, Status::Passed),
            (Some("eve"), Status::Failed),
            (None, Status::NotRun)
        ]
    );
}

#[test]
fn values_that_damaged_files_still_tell_are_known_and_of_no_row() {
    let report = &read("values-in-damaged-files").reports[0];
    assert_eq!(
        statuses(report),
        [(LOGIN, Status::Failed), (PAY, Status::Incomplete)]
    );
    for result in &report.results {
        assert!(result.rows.iter().all(|row| row.bound_values.is_empty()));
    }
    let told = |name: &str| {
        let mut known = report.variables.iter();
        let known = known.find(|one| one.name == name);
        known.map(|one| one.value.as_str())
    };
    for (name, value) in [
        ("password", "plan-word-1"),
        ("(Default) passw...", "junit-word-2"),
        ("(Default) password", "log-word-3"),
        ("input_password", "typed-word-4"),
        ("token", "open-word-5"),
        ("secretCode", "iteration-word-6"),
        ("G_Secret", "global-word-7"),
    ] {
        assert_eq!(told(name), Some(value), "{name}");
    }
}

#[test]
fn of_a_log_without_beginning_and_a_plan_without_end_no_values_are_paired() {
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let folder = crate::scratch::Scratch::new("cut-plan");
    for entry in std::fs::read_dir(reports.join("log-without-its-beginning")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let plan = std::fs::read_to_string(folder.join("testCaseBinding")).unwrap();
    let bound = "\"bindedValues\":{\"user\":\"'ann'\"}}\n";
    let bound = plan.replace("}\n", &format!(",{bound}"));
    assert_ne!(plan, bound);
    let filler = " ".repeat(17 << 20);
    for (plan, is_bound) in [(bound.clone(), true), (bound + &filler, false)] {
        folder.put("testCaseBinding", plan);
        let read = read(folder.path().to_str().unwrap());
        assert_eq!(messages(&read).is_empty(), is_bound);
        let report = &read.reports[0];
        assert_eq!(
            statuses(report),
            [
                (LOGIN, Status::Incomplete),
                (PAY, Status::Passed),
                (REFUND, Status::Failed)
            ]
        );
        for result in &report.results {
            assert_eq!(!result.rows[0].bound_values.is_empty(), is_bound);
        }
    }
}

#[test]
fn no_damage_makes_a_reader_panic() {
    use super::super::super::property_tests::Dice;
    use super::super::super::{binding, collection, junit, log, plan, properties};
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
            let _ = (plan::read(bytes), collection::read_json(bytes));
        }
    }
}
