//! Compares what each file of a real report says by itself, before anything is joined.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};

use super::super::junit::{JunitCase, JunitSuite};
use super::super::log::{Execution, Log};
use super::super::{Status, binding, collection, junit, log};
use super::{samples, search, truth};
use crate::problem::code;

/// What is known of a report, and where it is compared: here, or with the joined report.
const OF_A_REPORT: [&str; 15] = [
    "folder",
    "suite_id",
    "suite_name",
    "katalon_version",
    "source",
    "start_ms",
    "results",
    "log_has_end_suite",
    "log",
    "nested_call_test_cases",
    "rerun_immediately",
    "retry_count",
    "timestamp_text",
    "counters",
    "planned",
];

/// What is known of a result.
const OF_A_RESULT: [&str; 11] = [
    "test_case",
    "status",
    "attempts",
    "screenshots",
    "screenshots_missing",
    "duration_ms",
    "attempt_statuses",
    "start_ms",
    "iteration_values",
    "iteration_label",
    "data_binding",
];

fn keys(value: &Value) -> BTreeSet<&str> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, _)| name.as_str()).collect()
}

fn differ(wrong: &mut String, what: &str, is: Value, should: &Value) {
    if is != *should {
        writeln!(wrong, "  {what} is {is}, should be {should}").unwrap();
    }
}

/// The counters of a suite follow from its cases; up to 6.x `tests` counts what passed.
fn compare_junit(suite: &JunitSuite, expected: &Value, wrong: &mut String) {
    let count = |status| {
        let cases = suite.cases.iter();
        let of_status = cases.filter(|case| Status::parse(&case.status) == Some(status));
        of_status.count().to_string()
    };
    let counters = &expected["counters"];
    let version = expected["katalon_version"].as_str().unwrap();
    let is_old = ["4.", "5.", "6."]
        .iter()
        .any(|old| version.starts_with(old));
    let tests = if is_old {
        count(Status::Passed)
    } else {
        suite.cases.len().to_string()
    };
    differ(wrong, "tests", json!(tests), &counters["tests"]);
    let failures = count(Status::Failed);
    differ(wrong, "failures", json!(failures), &counters["failures"]);
    differ(
        wrong,
        "errors",
        json!(count(Status::Error)),
        &counters["errors"],
    );
    let seconds: f64 = counters["time"].as_str().unwrap().parse().unwrap();
    let time = suite.time.map(|time| time.as_millis());
    let should = (seconds * 1000.0).round() as u64;
    differ(wrong, "time", json!(time), &json!(should));
    for skipped in ["skipped", "skips"] {
        if !counters[skipped].is_null() {
            differ(wrong, skipped, json!("0"), &counters[skipped]);
        }
    }
    differ(wrong, "name", json!(suite.name), &expected["suite_name"]);
    let known = suite.property("katalonVersion").unwrap_or_default();
    differ(wrong, "version", json!(known), &expected["katalon_version"]);
    let listed: Vec<&Value> = expected["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["status"] != "NOT_RUN")
        .collect();
    differ(
        wrong,
        "cases",
        json!(suite.cases.len()),
        &json!(listed.len()),
    );
    for (case, expected) in suite.cases.iter().zip(listed) {
        compare_case(case, expected, wrong);
    }
}

fn compare_case(case: &JunitCase, expected: &Value, wrong: &mut String) {
    differ(wrong, "path", json!(case.path()), &expected["test_case"]);
    let bound: serde_json::Map<String, Value> = case
        .data_binding
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let should = match &expected["data_binding"] {
        Value::Null => json!({}),
        values => values.clone(),
    };
    differ(wrong, "data_binding", Value::Object(bound), &should);
}

fn compare_log(log: &Log, expected: &Value, wrong: &mut String) {
    let has_end = json!(log.suite_ended.is_some());
    differ(wrong, "endSuite", has_end, &expected["log_has_end_suite"]);
    let extent = log.extent;
    let is = json!({
        "docs": extent.documents,
        "closed": extent.is_closed,
        "records": extent.records,
        "well_formed": log.damage.is_none() && extent.is_closed,
    });
    differ(wrong, "log", is, &expected["log"]);
    let called = json!(log.called_test_cases);
    differ(wrong, "called", called, &expected["nested_call_test_cases"]);
    let suite = log.suite.as_ref().unwrap();
    let text = |value: Option<String>| value.map_or(Value::Null, Value::String);
    let at_once = suite.reruns_immediately.map(|at_once| at_once.to_string());
    differ(
        wrong,
        "at once",
        text(at_once),
        &expected["rerun_immediately"],
    );
    let count = suite.retry_count.map(|count| count.to_string());
    differ(wrong, "retryCount", text(count), &expected["retry_count"]);
    differ(wrong, "suite", json!(suite.id), &expected["suite_id"]);
    differ(wrong, "start", json!(suite.millis), &expected["start_ms"]);
    let results = expected["results"].as_array().unwrap();
    let labels = results
        .iter()
        .filter_map(|one| one["iteration_label"].as_str());
    let is: BTreeSet<&str> = log
        .executions
        .iter()
        .filter_map(|one: &Execution| one.iteration.as_deref())
        .collect();
    for label in labels {
        assert!(is.contains(label), "{label} is none of {is:?}");
    }
}

fn compare_files(folder: &Path, expected: &Value, wrong: &mut String) {
    let open = |name: &str| File::open(folder.join(name));
    if let Ok(file) = open("JUnit_Report.xml")
        && expected["source"] == "junit"
    {
        let junit = junit::read(file).unwrap();
        assert_eq!(junit.suites.len(), 1);
        compare_junit(&junit.suites[0], expected, wrong);
    } else {
        differ(wrong, "source", json!("log"), &expected["source"]);
    }
    match open("execution0.log") {
        Ok(file) => compare_log(&log::read(file).unwrap(), expected, wrong),
        Err(_) => differ(wrong, "log", Value::Null, &expected["log"]),
    }
    let planned = match open("testCaseBinding") {
        Ok(file) => json!(binding::read(file).unwrap().cases.len()),
        Err(_) => Value::Null,
    };
    differ(wrong, "planned", planned, &expected["planned"]);
}

#[test]
fn every_file_of_a_real_report_says_what_is_known_of_it() {
    let (Some(samples), Some(truth)) = (samples(), truth()) else {
        println!("skipped: there is no folder of real reports beside the repository");
        return;
    };
    let mut wrong = String::new();
    for (sample, expected) in truth.as_object().unwrap() {
        for report in expected["reports"].as_array().unwrap() {
            // Whatever is added to what is known has to be compared as well.
            let unknown: Vec<&str> = keys(report)
                .difference(&OF_A_REPORT.into())
                .copied()
                .collect();
            assert_eq!(unknown, [""; 0], "{sample}");
            for result in report["results"].as_array().unwrap() {
                assert!(keys(result).is_subset(&OF_A_RESULT.into()), "{result}");
            }
            let folder = report["folder"].as_str().unwrap();
            let before = wrong.len();
            writeln!(wrong, "{sample}/{folder}:").unwrap();
            let heading = wrong.len();
            compare_files(&samples.join(sample).join(folder), report, &mut wrong);
            if wrong.len() == heading {
                wrong.truncate(before);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn collections_of_real_reports_list_what_is_known_of_them() {
    let (Some(samples), Some(truth)) = (samples(), truth()) else {
        println!("skipped: there is no folder of real reports beside the repository");
        return;
    };
    let mut wrong = String::new();
    for (sample, expected) in truth.as_object().unwrap() {
        let Some(collections) = expected["collections"].as_array() else {
            continue;
        };
        let (_, read) = search(&samples.join(sample));
        let missing = read
            .problems
            .iter()
            .filter(|problem| problem.code == code::SUITE_MISSING);
        let missing: Vec<&str> = missing.map(|problem| problem.message.as_str()).collect();
        let mut known_missing = 0;
        for expected in collections {
            let folder = samples
                .join(sample)
                .join(expected["folder"].as_str().unwrap());
            let entries = std::fs::read_dir(&folder).unwrap().map(Result::unwrap);
            let mut entries = entries.map(|entry| entry.path());
            let rp = entries.find(|path| path.extension().is_some_and(|own| own == "rp"));
            let known = collection::read_rp(File::open(rp.unwrap()).unwrap()).unwrap();
            differ(
                &mut wrong,
                "id",
                json!(known.id),
                &expected["collection_id"],
            );
            let items: Vec<&str> = known
                .items
                .iter()
                .map(|item| item.location.as_str())
                .collect();
            differ(&mut wrong, "items", json!(items), &expected["items"]);
            for item in expected["missing_items"].as_array().unwrap() {
                let item = item.as_str().unwrap();
                assert!(
                    missing.iter().any(|told| told.contains(item)),
                    "{missing:?}"
                );
                known_missing += 1;
            }
            let suites = match File::open(folder.join("JUnit_Report.xml")) {
                Ok(file) => junit::read(file).unwrap().suites.len(),
                Err(_) => 0,
            };
            differ(
                &mut wrong,
                "JUnit",
                json!(suites),
                &expected["own_junit_suites"],
            );
        }
        assert_eq!(missing.len(), known_missing, "{missing:?}");
    }
    assert!(wrong.is_empty(), "{wrong}");
}
