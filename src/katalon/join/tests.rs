//! One test for each situation of `tests/reports`.

use std::path::Path;

use super::super::find::{Patterns, Search, find};
use super::super::{Report, Status, TestResult};
use super::{ReadReports, read_all};

mod damaged;
mod reruns;
mod results;
mod several;
mod texts;

const LOGIN: &str = "Test Cases/Login/Valid user";
const PAY: &str = "Test Cases/Checkout/Pay by card";
const REFUND: &str = "Test Cases/Checkout/Refund";

fn read(situation: &str) -> ReadReports {
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let found = find(&Search {
        folder: reports.join(situation),
        patterns: Patterns::parse(&["**".to_owned()]).unwrap(),
    });
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    read_all(&found)
}

/// The only report of a situation about which there is nothing to complain.
fn report(situation: &str) -> Report {
    let mut read = read(situation);
    assert_eq!(messages(&read), [""; 0]);
    assert_eq!(read.reports.len(), 1);
    read.reports.remove(0)
}

/// The only report of a situation in which a run was killed; nothing else is to be told.
fn killed(situation: &str) -> Report {
    let mut read = read(situation);
    match &messages(&read)[..] {
        [only] => assert!(only.contains("': the log stops at line "), "{only}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(read.reports.len(), 1);
    read.reports.remove(0)
}

fn messages(read: &ReadReports) -> Vec<&str> {
    let unreadable = read.unreadable.iter().map(|one| &one.problem);
    let problems = read.problems.iter().chain(unreadable);
    problems.map(|one| one.message.as_str()).collect()
}

fn statuses(report: &Report) -> Vec<(&str, Status)> {
    let results = report.results.iter();
    results
        .map(|result| (result.test_case.as_str(), result.status()))
        .collect()
}

fn pictures(result: &TestResult) -> Vec<Vec<&str>> {
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
