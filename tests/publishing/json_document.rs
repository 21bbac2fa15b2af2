//! The document of `--format json`: the only thing on stdout, with every field that was promised.

use std::collections::BTreeSet;

use ado_stand_in::{Fault, Rule};
use serde_json::{Value, json};

use crate::support::plan::add_plan;
use crate::support::{Case, Finished, Reports, Suite, TaskRun, assert_swagger, service};

/// The document of one start of the program.
fn document(run: TaskRun, args: &[&str]) -> (Finished, Value) {
    let finished = run
        .args(&[&["publish", "--format=json"], args].concat())
        .run();
    let document = finished.json();
    (finished, document)
}

#[test]
fn the_json_document_has_every_field_that_was_promised() {
    let (service, reports) = (service(), Reports::new());
    let cases = [
        Case::passed("A").took(1.5),
        Case::failed("B", "x")
            .picture("1.png")
            .after("ERROR", "y", &[]),
        Case::passed("C"),
        Case::ended("C", "SKIPPED", ""),
    ];
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    std::fs::write(folder.join("1.png"), "picture").unwrap();
    let (finished, document) = document(TaskRun::new(&service, reports.path()), &[]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let run = &service.runs()[0];
    let key = document["reports"][0]["key"].as_str().unwrap();
    assert_eq!(key.len(), 10);
    assert!(run["comment"].as_str().unwrap().ends_with(key));
    assert_eq!(
        document,
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "command": "publish",
            "exitCode": 0,
            "dryRun": false,
            "totals": {
                "total": 3, "passed": 2, "failed": 1, "other": 0, "flaky": 0,
                "byStatus": {
                    "PASSED": 2, "FAILED": 1, "ERROR": 0, "INCOMPLETE": 0, "SKIPPED": 0, "NOT_RUN": 0,
                },
                "read": 3, "published": 3, "leftOut": 0, "missing": 0, "publishedResults": 3,
            },
            "reports": [{
                "folder": "Reports/20250811_101500/Smoke/20250811_101502",
                "reruns": [],
                "suite": "Test Suites/Smoke",
                "key": key,
                "finished": true,
                "results": 3,
            }],
            "runs": [{
                "id": run["id"],
                "url": run["webAccessUrl"],
                "name": "Smoke",
                "plan": null,
                "state": "finished",
                "results": 3,
                "wouldSend": null,
            }],
            "results": [
                {
                    "testCase": "Test Cases/A", "suite": "Test Suites/Smoke", "status": "PASSED",
                    "outcome": "Passed", "attempts": 1, "rows": 1, "durationMs": 1500,
                    "runId": run["id"], "testCaseIds": [], "pointIds": [], "screenshots": [],
                },
                {
                    "testCase": "Test Cases/B", "suite": "Test Suites/Smoke", "status": "FAILED",
                    "outcome": "Failed", "attempts": 2, "rows": 1, "durationMs": 2000,
                    "runId": run["id"], "testCaseIds": [], "pointIds": [], "screenshots": ["1.png"],
                },
                {
                    "testCase": "Test Cases/C", "suite": "Test Suites/Smoke", "status": "PASSED",
                    "outcome": "Passed", "attempts": 1, "rows": 2, "durationMs": 2000,
                    "runId": run["id"], "testCaseIds": [], "pointIds": [], "screenshots": [],
                },
            ],
            "unmatched": [],
            "missingAttachments": [],
            "warnings": [],
            "errors": [],
        })
    );
    assert_swagger(&service);
}

/// Every field of a document, as README writes it: `runs[].id`.
fn fields(value: &Value, path: &str, all: &mut BTreeSet<String>) {
    match value {
        // By status: README lists the statuses themselves.
        Value::Object(_) if path == "totals.byStatus" => {}
        Value::Object(members) => {
            for (name, member) in members {
                let path = format!("{path}.{name}");
                fields(member, path.trim_start_matches('.'), all);
            }
            return;
        }
        Value::Array(items) if items.iter().any(|item| item.is_object()) => {
            items
                .iter()
                .for_each(|item| fields(item, &format!("{path}[]"), all));
            return;
        }
        _ => {}
    }
    all.insert(path.to_owned());
}

#[test]
fn the_readme_tells_every_field_of_the_document() {
    let (service, reports) = (service(), Reports::new());
    let case = Case::failed("A", "x").picture("1.png").picture("gone.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    std::fs::write(folder.join("1.png"), "picture").unwrap();
    let run = || TaskRun::new(&service, reports.path()).input("failTaskOnFailedTests", "true");
    let (_, dry) = document(run(), &["--dry-run"]);
    add_plan(&service);
    let (_, without_a_point) = document(run().input("testPlan", "510"), &["--dry-run"]);
    service.script(Rule::always("POST", "/attachments", Fault::status(400)));
    let (_, published) = document(run(), &[]);
    let mut right = BTreeSet::new();
    for document in [dry, without_a_point, published] {
        fields(&document, "", &mut right);
    }
    // Where some documents have objects and others nothing.
    for empty in ["missingAttachments", "runs[].wouldSend", "unmatched"] {
        assert!(right.remove(empty), "{empty}");
    }
    let (would_send, right): (BTreeSet<String>, BTreeSet<String>) = right
        .into_iter()
        .partition(|field| field.starts_with("runs[].wouldSend"));

    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    let (_, section) = readme.split_once("\n## JSON\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut told = BTreeSet::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').collect();
        let mut parent = "";
        for field in cells[1].split('`').skip(1).step_by(2) {
            let whole = match field.strip_prefix('.') {
                Some(rest) => format!("{parent}.{rest}"),
                None => {
                    parent = field.rsplit_once('.').map_or("", |(parent, _)| parent);
                    field.to_owned()
                }
            };
            if whole == "runs[].wouldSend" {
                for field in &would_send {
                    let name = field.rsplit('.').next().unwrap();
                    assert!(cells[2].contains(&format!("`{name}")), "{field} in {row}");
                }
            } else {
                told.insert(whole.trim_end_matches("[]").to_owned());
            }
        }
    }
    assert_eq!(told, right);
}

#[test]
fn with_json_the_log_is_on_the_other_stream_and_commands_still_work() {
    let service = service();
    let reports = Reports::new()
        .with_suite("Smoke", &[Case::passed("A"), Case::failed("B", "x")])
        .with_suite("Checkout", &[Case::passed("C")]);
    let run = TaskRun::new(&service, reports.path());
    let (finished, document) = document(run, &["--fail-task-on-failed-tests"]);
    assert_eq!(finished.code, 1);
    assert_eq!(document["exitCode"], 1);
    assert_eq!(document["errors"][0]["code"], "KADO101");
    assert!(finished.stdout.starts_with('{') && finished.stdout.ends_with("}\n"));
    assert!(finished.stderr.contains("##[section]Publishing"));
    assert!(
        finished
            .stderr
            .contains("variable=failedTests;isoutput=true;]1")
    );
    assert_eq!(
        finished.stderr.lines().last().unwrap(),
        "3 results read: 3 published, 0 left out, 0 missing"
    );
}

#[test]
fn a_command_that_was_cancelled_before_it_read_anything_has_a_document_too() {
    let service = service();
    service.script(Rule::always("GET", "connectionData", Fault::NeverAnswer));
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("A")]);
    let mut child = TaskRun::new(&service, reports.path())
        .args(&["task", "--format=json"])
        .start();
    while service.requests().is_empty() {
        std::thread::yield_now();
    }
    // The end of standard input means cancel.
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["exitCode"], 130);
    assert_eq!(document["errors"][0]["code"], "KADO130");
    assert_eq!(document["reports"], json!([]));
    let log = String::from_utf8(output.stderr).unwrap();
    let last = log.lines().last().unwrap();
    assert!(last.starts_with("##vso[task.complete result=Canceled;]KADO130: "));
}
