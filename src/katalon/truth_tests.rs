//! Compares what is read from real report folders with what is known about them.
//!
//! The folders lie beside the repository and not in it; where they are missing, the test says so
//! and passes.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::find::{Found, Patterns, Search, find};
use super::join::{ReadReports, read_all};
use super::text::unescape_java;
use super::{Report, Row, Status, TestCasePath, TestResult};
use crate::problem::code;

mod files;

/// What is known of the reports; `None` where they are missing.
fn truth() -> Option<Value> {
    let text = std::fs::read_to_string(samples()?.join("truth.json")).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

pub(super) fn samples() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/katalon-reports");
    let further = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/katalon-reports");
    [beside, further]
        .into_iter()
        .find(|folder| folder.join("truth.json").is_file())
}

fn search(folder: &Path) -> (Found, ReadReports) {
    let found = find(&Search {
        folder: folder.to_owned(),
        patterns: Patterns::parse(&["**".to_owned()]).unwrap(),
    });
    let read = read_all(&found);
    (found, read)
}

/// The rows in the order of their test cases, as the truth groups them.
fn rows(report: &Report) -> Vec<(&str, &Row)> {
    let results = report.results.iter();
    results
        .flat_map(|result| {
            let rows = result.rows.iter();
            rows.map(|row| (result.test_case.as_str(), row))
        })
        .collect()
}

/// The truth's results with those of one test case side by side, in order.
fn expected_rows(report: &Value) -> Vec<&Value> {
    let listed = report["results"].as_array().unwrap();
    let mut rows: Vec<&Value> = Vec::new();
    let mut done: Vec<&Value> = Vec::new();
    for result in listed {
        let path = &result["test_case"];
        if !done.contains(&path) {
            done.push(path);
            rows.extend(listed.iter().filter(|other| other["test_case"] == *path));
        }
    }
    rows
}

/// The rows of an execution, with those of its reruns as further attempts. (In none of the samples
/// with reruns does a test case have several rows.)
fn with_reruns(rows: Vec<&Value>, report: &Report, all: &[Value]) -> Vec<Value> {
    let mut rows: Vec<Value> = rows.into_iter().cloned().collect();
    for folder in &report.reruns {
        let rerun = all.iter().find(|other| other["folder"] == folder.as_str());
        for attempt in rerun.unwrap()["results"].as_array().unwrap() {
            let path = &attempt["test_case"];
            let mut same_case = rows.iter_mut().filter(|row| row["test_case"] == *path);
            let row = same_case.next().unwrap();
            assert!(same_case.next().is_none(), "{path} has several rows");
            if row["attempt_statuses"].is_null() {
                row["attempt_statuses"] = Value::Array(vec![row["status"].clone()]);
            }
            let statuses = match &attempt["attempt_statuses"] {
                Value::Array(statuses) => statuses.clone(),
                _ => vec![attempt["status"].clone()],
            };
            for (list, more) in [
                ("attempt_statuses", statuses),
                (
                    "screenshots",
                    attempt["screenshots"].as_array().unwrap().clone(),
                ),
            ] {
                row[list].as_array_mut().unwrap().extend(more);
            }
            row["attempts"] = json!(row["attempt_statuses"].as_array().unwrap().len());
            row["status"] = attempt["status"].clone();
            row["duration_ms"] = attempt["duration_ms"].clone();
        }
    }
    rows
}

/// The folders of the samples that repeat the one before them.
const RERUNS: [(&str, &[&str]); 3] = [
    (
        "Reports/20220324_103514/Suits/dev-create campaign suite/20220324_103514",
        &[
            "Reports/20220324_103514/Suits/dev-create campaign suite/20220324_103914",
            "Reports/20220324_103514/Suits/dev-create campaign suite/20220324_104219",
            "Reports/20220324_103514/Suits/dev-create campaign suite/20220324_104425",
        ],
    ),
    (
        "Reports/20220215_105847/dev-create campaign suite/20220215_105851",
        &[
            "Reports/20220215_105847/dev-create campaign suite/20220215_110539",
            "Reports/20220215_105847/dev-create campaign suite/20220215_110648",
        ],
    ),
    (
        "20250710_193226/Traffic Monitor/Verify Data Tracking On Support Elements/original",
        &[
            "20250710_193226/Traffic Monitor/Verify Data Tracking On Support Elements/rerun1",
            "20250710_193226/Traffic Monitor/Verify Data Tracking On Support Elements/rerun2",
        ],
    ),
];

fn reruns_of(folder: &str) -> &'static [&'static str] {
    let known = RERUNS.iter().find(|(first, _)| *first == folder);
    known.map_or(&[], |(_, reruns)| reruns)
}

fn compare_row(path: &str, row: &Row, expected: &Value, wrong: &mut String) {
    let mut check = |what: &str, is: String, should: String| {
        if is != should {
            writeln!(wrong, "  {path}: {what} is {is}, should be {should}").unwrap();
        }
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    check("path", path.to_owned(), text(&expected["test_case"]));
    let statuses: Vec<&str> = row
        .attempts
        .iter()
        .map(|attempt| attempt.status.as_str())
        .collect();
    check(
        "status",
        row.status().as_str().to_owned(),
        text(&expected["status"]),
    );
    let should: Vec<&str> = match &expected["attempt_statuses"] {
        Value::Array(statuses) => statuses.iter().map(|s| s.as_str().unwrap()).collect(),
        _ => vec![expected["status"].as_str().unwrap()],
    };
    check("attempts", format!("{statuses:?}"), format!("{should:?}"));
    let alone = TestResult {
        test_case: TestCasePath::new(path),
        tags: Vec::new(),
        rows: vec![row.clone()],
    };
    let count = expected["attempts"].as_u64().unwrap();
    check("count", alone.attempts().to_string(), count.to_string());
    if let Some(start) = expected["start_ms"].as_i64() {
        let first = row.attempts.first().and_then(|attempt| attempt.started);
        check(
            "start",
            format!("{:?}", first.map(Timestamp::as_millisecond)),
            format!("{:?}", Some(start)),
        );
    }
    if let Some(millis) = expected["duration_ms"].as_u64() {
        let last = row.attempts.last().and_then(|attempt| attempt.duration);
        check(
            "duration",
            format!("{last:?}"),
            format!("{:?}", Some(Duration::from_millis(millis))),
        );
    }
    let pictures: Vec<&str> = row
        .attempts
        .iter()
        .flat_map(|attempt| &attempt.screenshots)
        .map(|screenshot| screenshot.name.as_str())
        .collect();
    let should: Vec<&str> = expected["screenshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    check("pictures", format!("{pictures:?}"), format!("{should:?}"));
    if let Some(values) = expected["data_binding"].as_object()
        && expected["iteration_values"].is_null()
    {
        // The names are cut in JUnit and whole in the log; the values are the same.
        let mut is: Vec<&str> = row
            .bound_values
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        let mut should: Vec<&str> = values
            .values()
            .map(|value| value.as_str().unwrap())
            .collect();
        is.sort_unstable();
        should.sort_unstable();
        check("values", format!("{is:?}"), format!("{should:?}"));
    }
    if let Some(values) = expected["iteration_values"].as_object() {
        for (name, value) in values {
            let is = row.bound_values.iter().find(|(own, _)| own == name);
            // The truth keeps Groovy's escapes; what the test was given has none.
            check(
                name,
                format!("{:?}", is.map(|(_, value)| value.as_str())),
                format!("{:?}", value.as_str().map(unescape_java).as_deref()),
            );
        }
    }
}

fn compare(report: &Report, expected: &Value, all: &[Value], wrong: &mut String) {
    writeln!(wrong, "  in {}:", report.display_folder).unwrap();
    let before = wrong.len();
    if let Some(id) = expected["suite_id"].as_str()
        && id != report.suite.as_str()
    {
        writeln!(
            wrong,
            "  suite is {}, should be {id}",
            report.suite.as_str()
        )
        .unwrap();
    }
    let version = expected["katalon_version"].as_str().unwrap();
    // 8.x writes `null.null` where it does not know itself.
    if report.katalon_version != version && !version.starts_with("null") {
        writeln!(wrong, "  version is {}", report.katalon_version).unwrap();
    }
    if expected["suite_name"] != report.suite.name() {
        writeln!(wrong, "  name is {}", report.suite.name()).unwrap();
    }
    if let Some(start) = expected["start_ms"].as_i64() {
        let is = report.started.map(|(moment, _)| moment.as_millisecond());
        if is != Some(start) {
            writeln!(wrong, "  start is {is:?}, should be {start}").unwrap();
        }
    }
    if let Some(text) = expected["timestamp_text"].as_str()
        && report.junit_timestamp.as_deref() != Some(text)
    {
        writeln!(wrong, "  timestamp is {:?}", report.junit_timestamp).unwrap();
    }
    let should = with_reruns(expected_rows(expected), report, all);
    let (is, should) = (rows(report), should.iter().collect::<Vec<_>>());
    if is.len() != should.len() {
        writeln!(wrong, "  {} rows, should be {}", is.len(), should.len()).unwrap();
    }
    for ((path, row), expected) in is.into_iter().zip(should) {
        compare_row(path, row, expected, wrong);
    }
    if wrong.len() == before {
        wrong.truncate(wrong.trim_end().rfind('\n').map_or(0, |end| end + 1));
    }
}

#[test]
fn real_reports_are_read_as_what_they_are() {
    let Some(samples) = samples() else {
        println!("skipped: there is no folder of real reports beside the repository");
        return;
    };
    let text = std::fs::read_to_string(samples.join("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    let mut wrong = String::new();
    for (sample, expected) in truth.as_object().unwrap() {
        let (_, read) = search(&samples.join(sample));
        let before = wrong.len();
        writeln!(wrong, "{sample}:").unwrap();
        let heading = wrong.len();
        for unreadable in &read.unreadable {
            writeln!(wrong, "  {}", unreadable.problem.message).unwrap();
        }
        let reports = expected["reports"].as_array().unwrap();
        let joined: usize = read.reports.iter().map(|one| one.reruns.len()).sum();
        let is = read.reports.len() + joined;
        if reports.len() != is {
            writeln!(wrong, "  {is} reports, should be {}", reports.len()).unwrap();
        }
        for expected_report in reports {
            let folder = expected_report["folder"].as_str().unwrap();
            if RERUNS.iter().any(|(_, reruns)| reruns.contains(&folder)) {
                continue;
            }
            match read.reports.iter().find(|r| r.display_folder == folder) {
                Some(report) if report.reruns != reruns_of(folder) => {
                    writeln!(wrong, "  reruns of {folder} are {:?}", report.reruns).unwrap();
                }
                Some(report) => compare(report, expected_report, reports, &mut wrong),
                None => writeln!(wrong, "  {folder} was not found").unwrap(),
            }
        }
        for collection in expected["collections"].as_array().into_iter().flatten() {
            let id = collection["collection_id"].as_str();
            for item in collection["items"].as_array().unwrap() {
                let item = item.as_str().unwrap();
                let report = read.reports.iter().find(|r| r.display_folder == item);
                if let Some(report) = report
                    && report.collection.as_deref() != id
                {
                    writeln!(wrong, "  {item} is in {:?}", report.collection).unwrap();
                }
            }
        }
        let missing: Vec<&str> = reports
            .iter()
            .flat_map(|report| report["results"].as_array().unwrap())
            .flat_map(|result| {
                result["screenshots_missing"]
                    .as_array()
                    .into_iter()
                    .flatten()
            })
            .map(|path| path.as_str().unwrap())
            .collect();
        let told: Vec<&str> = read
            .problems
            .iter()
            .map(|problem| problem.message.as_str())
            .filter(|message| message.contains("recorded screenshot"))
            .collect();
        let all_told = missing
            .iter()
            .all(|path| told.iter().any(|told| told.contains(&format!("'{path}'"))));
        if missing.is_empty() != told.is_empty() || !all_told {
            writeln!(wrong, "  missing pictures: {missing:?}, told: {told:?}").unwrap();
        }
        for problem in &read.problems {
            // No version up to now writes anything that is not known.
            assert_ne!(problem.code, code::UNKNOWN_IN_REPORT, "{}", problem.message);
            println!("{sample}: {}", problem.message);
        }
        if wrong.len() == heading {
            wrong.truncate(before);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_status_of_the_truth_is_one_of_ours() {
    let Some(samples) = samples() else {
        println!("skipped: there is no folder of real reports beside the repository");
        return;
    };
    let text = std::fs::read_to_string(samples.join("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    for expected in truth.as_object().unwrap().values() {
        for status in expected["statuses"].as_object().unwrap().keys() {
            assert!(Status::parse(status).is_some(), "{status}");
        }
    }
}

/// The tables of rules and of what versions add name tests; each of them is there.
#[test]
fn every_rule_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("tests/reports/README.md")).unwrap();
    let (_, rules) = readme.split_once("## Rules").unwrap();
    let mut sources = String::new();
    let folders = ["src", "tests/publishing"].map(|folder| root.join(folder));
    for entry in folders.into_iter().flat_map(walkdir::WalkDir::new) {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|own| own == "rs") {
            sources.push_str(&std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    let mut named = 0;
    let rows = rules
        .lines()
        .filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    for row in rows {
        let tests = row.trim_matches(['|', ' ']).rsplit(" | ").next().unwrap();
        for test in tests.split(", ") {
            let test = test.trim_matches('`');
            assert!(sources.contains(&format!("fn {test}()")), "{test}");
            named += 1;
        }
    }
    assert!(named > 30, "{named}");
}
