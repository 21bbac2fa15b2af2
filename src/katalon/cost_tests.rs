//! Files that are made to be slow: whoever opens a pull request can write them. At these sizes no
//! test would end in time if what is done grew faster than the text.

use super::find::{Patterns, Search, find};
use super::join::{ReadReports, read_all};
use super::{Report, Status};
use crate::scratch::Scratch;

/// A folder of reports.
struct Folder(Scratch);

impl Folder {
    fn new(name: &str) -> Folder {
        Folder(Scratch::new(&format!("costs-{name}")))
    }

    fn with(self, path: &str, text: &str) -> Folder {
        self.0.put(path, text);
        self
    }

    fn read(&self) -> ReadReports {
        read_all(&find(&Search {
            folder: self.0.path().to_owned(),
            patterns: Patterns::parse(&["**".to_owned()]).unwrap(),
        }))
    }

    fn report(&self) -> Report {
        let mut read = self.read();
        assert_eq!(read.reports.len(), 1);
        read.reports.remove(0)
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
    let scratch = Folder::new("unlogged").with(JUNIT, &junit(&suite("Test Suites/S", &cases)));
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
    let scratch = Folder::new("durations")
        .with(JUNIT, &junit(&suite("Test Suites/S", &cases)))
        .with(LOG, &format!("{}{log}", start_suite("")));
    assert_eq!(scratch.report().results[0].rows.len(), 25_000);
}

#[test]
fn tags_of_one_test_case() {
    let tags = many(200_000, |at| format!("{at},"));
    let cases = case(A, "PASSED").replace("time=", &format!("tag=\"{tags}\" time="));
    let scratch = Folder::new("tags").with(JUNIT, &junit(&suite("Test Suites/S", &cases)));
    assert_eq!(scratch.report().results[0].tags.len(), 200_000);
}

#[test]
fn pictures_of_one_test_case() {
    let pictures = many(50_000, |at| {
        let picture = property("attachment", &format!("{at:06}.png"));
        record("INFO", "logMessage", 1, "m", &picture)
    });
    let log = format!("{}{}{pictures}{}", start_suite(""), start(A, ""), passed(A));
    let read = Folder::new("pictures").with(LOG, &log).read();
    let told = read.problems.iter().map(|problem| &problem.message);
    assert!(
        told.into_iter()
            .any(|told| told.contains("50000 recorded screenshots"))
    );
}

#[test]
fn ends_of_test_cases_whose_beginnings_are_lost() {
    let log = many(40_000, |at| end(&format!("{A}{at} - Iteration 1")));
    let scratch = Folder::new("orphans").with(LOG, &log);
    assert_eq!(scratch.report().results.len(), 40_000);
}

#[test]
fn a_log_that_was_written_twice() {
    let log = many(25_000, |at| {
        let path = format!("{A}{at}");
        start(&path, "") + &passed(&path)
    });
    let log = format!("{}{log}{log}", start_suite(""));
    let scratch = Folder::new("twice").with(LOG, &log);
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
    let report = Folder::new("steps").with(LOG, &log).report();
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
    let read = Folder::new("damage").with(LOG, &log).read();
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
    let report = Folder::new("lost").with(LOG, &log).report();
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
    let scratch = Folder::new("runs")
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
    let scratch = Folder::new("masked")
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
    let scratch = Folder::new("plan")
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
    let scratch = Folder::new("failed").with(JUNIT, &junit(&suite("Test Suites/S", &cases)));
    let result = scratch.report().results.remove(0);
    let failure = result.rows[0].attempts[0].failure.as_ref().unwrap();
    assert_eq!(
        failure.step.as_ref().unwrap().place,
        ["click29999()".to_owned()]
    );
}

#[test]
fn suites_of_one_junit_that_look_like_each_other() {
    let suites = suite("Test Suites/S", &case(A, "FAILED")).repeat(20_000);
    for folder in ["20250811_105459/20250811_105500", "copied"] {
        let junit = junit(&suites);
        let read = Folder::new("alike")
            .with(&format!("{folder}/JUnit_Report.xml"), &junit)
            .read();
        // They are copies of each other.
        assert_eq!((read.reports.len(), read.left_out.len()), (1, 19_999));
    }
}

#[test]
fn suites_of_one_junit_that_may_be_reruns_of_each_other() {
    let cases = many(100, |at| case(&format!("{A}{at}"), "PASSED"));
    let suites = many(1_000, |at| {
        let (minutes, seconds) = (at / 60 % 60, at % 60);
        let began = format!("2025-08-{:02} 08:{minutes:02}:{seconds:02}", 1 + at / 3_600);
        suite("Test Suites/S", &cases).replace("2025-08-11 08:55:00", &began)
    });
    for folder in ["20250811_105459/20250811_105500", "copied"] {
        let read = Folder::new("reruns")
            .with(&format!("{folder}/JUnit_Report.xml"), &junit(&suites))
            .read();
        assert_eq!(read.reports.len(), 1_000);
        let last = &read.problems.last().unwrap().message;
        assert!(last.contains("too many of their suites"), "{last}");
    }
}

#[test]
fn suites_that_two_junits_tell_of() {
    let suites = suite("Test Suites/S", &case(A, "FAILED"));
    let suites = many(20_000, |at| suites.replace("1.0", &format!("{at}.0")));
    let read = Folder::new("summaries")
        .with("a/JUnit_Report.xml", &junit(&suites))
        .with("b/JUnit_Report.xml", &junit(&suites))
        .read();
    assert_eq!(read.reports.len(), 20_000);
}

#[test]
fn rows_of_a_rerun_and_their_values() {
    let rows = |status: &str, time: &str| {
        let rows = many(20_000, |at| {
            let binding = format!(
                "<properties><property name=\"data_binding\"><![CDATA[{{\"user\":\"u{at}\"}}]]>\
                 </property></properties></testcase>"
            );
            case(A, status).replace("/>\n", &format!(">{binding}"))
        });
        let others = many(20_000, |at| case(&format!("{A}{at}"), status));
        junit(&suite("Test Suites/S", &format!("{rows}{others}"))).replace("08:55:00", time)
    };
    let read = Folder::new("rows")
        .with(
            "20250811_105459/S/20250811_105500/JUnit_Report.xml",
            &rows("FAILED", "08:55:00"),
        )
        .with(
            "20250811_105459/S/20250811_105600/JUnit_Report.xml",
            &rows("PASSED", "08:56:00"),
        )
        .read();
    let [report] = &read.reports[..] else {
        panic!("{:?}", read.problems);
    };
    assert_eq!(report.results.len(), 20_001);
    assert!(report.results.iter().all(|result| result.is_flaky()));
}

#[test]
fn a_collection_that_lists_many_suites_of_which_few_are_there() {
    let items = many(40_000, |at| {
        format!(
            "<ReportItemDescription><reportLocation>Reports/20250811_105459/S{at}/20250811_105500\
             </reportLocation></ReportItemDescription>"
        )
    });
    let mut scratch = Folder::new("collection").with(
        "Reports/20250811_105459/All/20250811_105459/20250811_105459.rp",
        &format!("<c><testSuiteCollectionId>Test Suites/All</testSuiteCollectionId>{items}</c>"),
    );
    for at in 0..300 {
        let folder = format!("Reports/20250811_105459/S{at}/20250811_105500");
        let suite = suite(&format!("Test Suites/S{at}"), &case(A, "PASSED"));
        scratch = scratch.with(&format!("{folder}/JUnit_Report.xml"), &junit(&suite));
    }
    let read = scratch.read();
    let in_collection = |report: &&Report| report.collection.as_deref() == Some("Test Suites/All");
    assert_eq!(read.reports.iter().filter(in_collection).count(), 300);
    let missing = read.problems.iter();
    let missing = missing.filter(|problem| problem.message.contains("is not at hand"));
    assert_eq!(missing.count(), 39_700);
}

#[test]
fn pictures_and_files_of_a_folder_with_many_suites() {
    let suites = many(1_500, |at| {
        let picture = "<system-out>[[ATTACHMENT|1.png]]</system-out></testcase>";
        let case = case(A, "FAILED").replace("/>\n", &format!(">{picture}"));
        suite(&format!("Test Suites/S{at}"), &case)
    });
    let mut scratch = Folder::new("files").with("a/JUnit_Report.xml", &junit(&suites));
    for at in 0..1_500 {
        scratch = scratch.with(&format!("a/{at}.csv"), "");
    }
    let read = scratch.with("a/1.png", "").read();
    assert_eq!(read.reports.len(), 1_500);
    let pictures = |report: &Report| report.results[0].rows[0].attempts[0].screenshots.len();
    assert!(read.reports.iter().all(|report| pictures(report) == 1));
    assert!(read.reports.iter().all(|report| report.files.is_empty()));
    let told = &read.problems[0].message;
    assert!(
        told.contains("left out the files of the folder for 1500 suites"),
        "{told}"
    );
}

#[test]
fn names_that_every_result_would_repeat() {
    let long = "x".repeat(4_000_000);
    let suites = suite(
        &long,
        &many(2_000, |at| case(&format!("{A}{at}"), "PASSED")),
    );
    let suites = suites.replace("ann - pc", &long);
    let mut read = Folder::new("names").with(JUNIT, &junit(&suites)).read();
    let report = read.reports.remove(0);
    assert_eq!((report.suite.as_str(), report.host.as_str()), ("S", ""));
    assert_eq!(report.results.len(), 2_000);
    let told = &read.problems[0].message;
    assert!(told.contains("a name of more than 32768 bytes"), "{told}");
}
