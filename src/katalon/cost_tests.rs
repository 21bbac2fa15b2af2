//! Files that are made to be slow: whoever opens a pull request can write them. At these sizes no
//! test would end in time if what is done grew faster than the text.

use std::fs;
use std::path::PathBuf;

use super::find::{Patterns, Search, find};
use super::join::{ReadReports, read_all};
use super::{Report, Status};

/// A folder of reports that is deleted in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let own = format!("katalon-ado-costs-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(own);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Scratch(folder)
    }

    fn with(self, path: &str, text: &str) -> Scratch {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn read(&self) -> ReadReports {
        read_all(&find(&Search {
            folder: self.0.clone(),
            patterns: Patterns::parse(&["**".to_owned()]).unwrap(),
        }))
    }

    fn report(&self) -> Report {
        let mut read = self.read();
        assert_eq!(read.reports.len(), 1);
        read.reports.remove(0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const JUNIT: &str = "S/20250811_105500/JUnit_Report.xml";
const LOG: &str = "S/20250811_105500/execution0.log";
const BINDING: &str = "S/20250811_105500/testCaseBinding";

fn junit(suites: &str) -> String {
    format!("<testsuites>{suites}</testsuites>")
}

fn suite(id: &str, cases: &str) -> String {
    format!(
        "<testsuite id=\"{id}\" name=\"S\" hostname=\"ann - pc\" time=\"5\" \
         timestamp=\"2025-08-11 08:55:00\">{cases}</testsuite>"
    )
}

fn case(path: &str, status: &str) -> String {
    format!("<testcase name=\"{path}\" classname=\"{path}\" status=\"{status}\" time=\"1.0\"/>\n")
}

/// So many pieces of text, one after the other.
fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

fn record(level: &str, method: &str, nested: u32, message: &str, properties: &str) -> String {
    format!(
        "<record><millis>1754902500000</millis><level>{level}</level><method>{method}</method>\
         <message>{message}</message><nestedLevel>{nested}</nestedLevel>\
         <escapedJava>false</escapedJava>{properties}</record>\n"
    )
}

fn property(name: &str, value: &str) -> String {
    format!("<property name=\"{name}\">{value}</property>")
}

fn start_suite(more: &str) -> String {
    let id = property("id", "Test Suites/S");
    record("START", "startSuite", 0, "", &format!("{id}{more}"))
}

fn start(path: &str, more: &str) -> String {
    let id = property("id", path);
    record("START", "startTest", 1, "", &format!("{id}{more}"))
}

fn passed(path: &str) -> String {
    record("PASSED", "logMessage", 0, path, "") + &end(path)
}

fn end(path: &str) -> String {
    let message = format!("End Test Case : {path}");
    record("END", "endTest", 0, &message, "")
}

const A: &str = "Test Cases/A";

#[test]
fn test_cases_that_the_log_does_not_know() {
    let cases = many(100_000, |at| case(&format!("{A}{at}"), "PASSED"));
    let scratch = Scratch::new("unlogged").with(JUNIT, &junit(&suite("Test Suites/S", &cases)));
    assert_eq!(scratch.report().results.len(), 100_000);
}

#[test]
fn rows_of_one_test_case_of_which_none_took_as_long_as_in_the_log() {
    let cases = case(A, "PASSED").repeat(25_000);
    let log = many(25_001, |at| {
        let number = property("iteration", &at.to_string());
        let start = start(A, &number).replace("1754902500000", &format!("17549025{at:05}"));
        start + &passed(A).replace("1754902500000", "1754902600000")
    });
    let scratch = Scratch::new("durations")
        .with(JUNIT, &junit(&suite("Test Suites/S", &cases)))
        .with(LOG, &format!("{}{log}", start_suite("")));
    assert_eq!(scratch.report().results[0].rows.len(), 25_000);
}

#[test]
fn tags_of_one_test_case() {
    let tags = many(200_000, |at| format!("{at},"));
    let cases = case(A, "PASSED").replace("time=", &format!("tag=\"{tags}\" time="));
    let scratch = Scratch::new("tags").with(JUNIT, &junit(&suite("Test Suites/S", &cases)));
    assert_eq!(scratch.report().results[0].tags.len(), 200_000);
}

#[test]
fn pictures_of_one_test_case() {
    let pictures = many(50_000, |at| {
        let picture = property("attachment", &format!("{at:06}.png"));
        record("INFO", "logMessage", 1, "m", &picture)
    });
    let log = format!("{}{}{pictures}{}", start_suite(""), start(A, ""), passed(A));
    let read = Scratch::new("pictures").with(LOG, &log).read();
    let told = read.problems.iter().map(|problem| &problem.message);
    assert!(
        told.into_iter()
            .any(|told| told.contains("50000 recorded screenshots"))
    );
}

#[test]
fn ends_of_test_cases_whose_beginnings_are_lost() {
    let log = many(40_000, |at| end(&format!("{A}{at} - Iteration 1")));
    let scratch = Scratch::new("orphans").with(LOG, &log);
    assert_eq!(scratch.report().results.len(), 40_000);
}

#[test]
fn a_log_that_was_written_twice() {
    let log = many(25_000, |at| {
        let path = format!("{A}{at}");
        start(&path, "") + &passed(&path)
    });
    let log = format!("{}{log}{log}", start_suite(""));
    let scratch = Scratch::new("twice").with(LOG, &log);
    assert_eq!(scratch.report().results.len(), 25_000);
}

#[test]
fn failures_inside_many_long_steps() {
    let long = "s".repeat(20_000);
    let around = record(
        "START",
        "startKeyword",
        1,
        &format!("Start action : {long}"),
        "",
    );
    let failing = record("START", "startKeyword", 1, "Start action : click", "")
        + &record("FAILED", "logMessage", 1, "no button", "")
        + &record("END", "endKeyword", 1, "End action : click", "");
    let log = format!(
        "{}{}{}{}{}",
        start_suite(""),
        start(A, ""),
        around.repeat(200),
        failing.repeat(30_000),
        record("FAILED", "logMessage", 0, &format!("{A} FAILED."), "") + &end(A)
    );
    let report = Scratch::new("steps").with(LOG, &log).report();
    let failure = report.results[0].rows[0].attempts[0]
        .failure
        .as_ref()
        .unwrap();
    assert_eq!(failure.step.as_ref().unwrap().place.len(), 201);
}

#[test]
fn damage_behind_a_long_record() {
    let long = record("INFO", "logMessage", 0, &"x".repeat(12_000_000), "");
    let damage = many(80_000, |_| {
        "stray\n".to_owned() + &record("INFO", "logMessage", 0, "m", "")
    });
    let log = format!("{}{long}{damage}{}", start_suite(""), passed(A));
    let read = Scratch::new("damage").with(LOG, &log).read();
    let damage = &read.problems[0].message;
    assert!(damage.contains("and in 79999 more places"), "{damage}");
    assert!(damage.contains("damaged at line 3: "), "{damage}");
}

#[test]
fn attempts_that_a_log_says_it_has_lost() {
    let retried = property("currentRetryCount", "100");
    let rows = many(20_000, |at| {
        let path = format!("{A}{at}");
        start(&path, &retried) + &passed(&path)
    });
    let log = format!("{}<record><level>{rows}", start_suite(""));
    let report = Scratch::new("lost").with(LOG, &log).report();
    let attempts = report.results.iter().map(|result| result.attempts());
    // A hundred rows have all of theirs; of each other it is told that it was tried again.
    assert_eq!(attempts.sum::<usize>(), 100 * 101 + 19_900 * 2);
    assert!(report.results.iter().all(|result| result.is_flaky()));
}

#[test]
fn runs_of_one_log_and_suites_of_one_junit() {
    let runs = many(5_000, |at| {
        let run = start_suite("") + &start(A, "") + &passed(A);
        run.replace("1754902500000", &format!("1754{at:05}0000"))
    });
    let suites = suite("Test Suites/S", &case(A, "FAILED")).replace("2025", "2021");
    let scratch = Scratch::new("runs")
        .with(
            LOG,
            &format!("{runs}{}", record("END", "endSuite", 0, "", "")),
        )
        .with(JUNIT, &junit(&suites.repeat(5_000)));
    let read = scratch.read();
    let told = read.problems.iter().map(|problem| &problem.message);
    assert!(
        told.into_iter()
            .any(|told| told.contains("the log holds 5000 runs"))
    );
}

#[test]
fn values_that_are_masked_and_values_that_are_not() {
    let values = many(100_000, |at| format!("\"v{at}\":\"x{at}\","));
    let masked = many(100_000, |at| format!("\"m{at}\","));
    let line = format!(
        "{{\"testCaseId\":\"{A}\",\"bindedValues\":{{{}}},\"maskedVariableNames\":[{}]}}",
        values.trim_end_matches(','),
        masked.trim_end_matches(',')
    );
    let scratch = Scratch::new("masked")
        .with(JUNIT, &junit(&suite("Test Suites/S", &case(A, "PASSED"))))
        .with(BINDING, &line);
    assert_eq!(scratch.report().variables.len(), 100_000);
}

#[test]
fn a_plan_of_many_test_cases_of_which_the_last_ran_often() {
    let plan = many(20_000, |at| format!("{{\"testCaseId\":\"{A}{at}\"}}\n"));
    let last = format!("{A}19999");
    let log = many(20_000, |at| {
        let number = property("iteration", "1");
        start(&last, &number).replace("1754902500000", &format!("17549025{at:05}")) + &passed(&last)
    });
    let scratch = Scratch::new("plan")
        .with(LOG, &format!("{}{log}", start_suite("")))
        .with(BINDING, &plan);
    let results = scratch.report().results;
    let never_ran = results.iter().filter(|one| one.status() == Status::NotRun);
    assert_eq!(never_ran.count(), 19_999);
}

#[test]
fn failed_steps_of_one_test_case_with_a_long_message() {
    let steps = many(30_000, |at| {
        format!("2025-08-11 08:55:01 - [TEST_STEP][FAILED] - click{at}(): no button {at}\n")
    });
    let message = "x".repeat(4_000_000);
    let cases = format!(
        "<testcase name=\"{A}\" status=\"FAILED\"><failure message=\"{message}\"/>\
         <system-out><![CDATA[{steps}]]></system-out></testcase>"
    );
    let scratch = Scratch::new("failed").with(JUNIT, &junit(&suite("Test Suites/S", &cases)));
    let result = scratch.report().results.remove(0);
    let failure = result.rows[0].attempts[0].failure.as_ref().unwrap();
    assert_eq!(
        failure.step.as_ref().unwrap().place,
        ["click29999()".to_owned()]
    );
}
