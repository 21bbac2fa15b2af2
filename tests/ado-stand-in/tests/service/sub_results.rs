//! Results with rows and attempts (contract §2.3).

use crate::support::*;
use serde_json::{Value, json};

fn with_rows(rows: &Value) -> Value {
    with(
        result_body("a"),
        &json!({ "resultGroupType": "dataDriven", "subResults": rows }),
    )
}

fn add(rows: &Value) -> Reply {
    let service = service();
    let run = new_run(&service);
    add_results(&service, run, &json!([with_rows(rows)]))
}

fn rows(count: usize) -> Value {
    (1..=count)
        .map(|number| json!({ "sequenceId": number }))
        .collect()
}

#[test]
fn a_sub_result_has_no_state_and_no_title() {
    for field in ["state", "testCaseTitle", "automatedTestName"] {
        let reply = add(&json!([{ "sequenceId": 1, field: "Completed" }]));
        refused(
            &reply,
            400,
            &format!("Unknown property '[0].subResults[0].{field}'"),
        );
    }
}

#[test]
fn the_duration_of_a_sub_result_is_a_whole_number() {
    refused(
        &add(&json!([{ "sequenceId": 1, "durationInMs": 1.5 }])),
        400,
        "must be a whole number",
    );
    assert_eq!(
        add(&json!([{ "sequenceId": 1, "durationInMs": 1 }])).status,
        200
    );
}

#[test]
fn words_of_a_sub_result_are_checked_too() {
    refused(
        &add(&json!([{ "sequenceId": 1, "outcome": "Skipped" }])),
        400,
        "TestOutcome",
    );
    refused(
        &add(&json!([{ "sequenceId": 1, "resultGroupType": "DataDriven" }])),
        400,
        "ResultGroupType",
    );
    refused(
        &add(&json!([{ "sequenceId": 1, "stackTrace": "x".repeat(4001) }])),
        400,
        "longer than 4000",
    );
    refused(
        &add(&json!([{ "sequenceId": 1, "errorMessage": "x".repeat(32_001) }])),
        400,
        "longer than 32000",
    );
    let dates = json!([{ "sequenceId": 1, "startedDate": "2026-11-25T08:00:01Z", "completedDate": "2026-11-25T08:00:00Z" }]);
    refused(&add(&dates), 400, "'[0].subResults[0]': Completed date");
}

#[test]
fn sub_results_are_numbered_from_one() {
    refused(
        &add(&json!([{ "sequenceId": 0 }])),
        400,
        "must be a whole number from 1",
    );
    refused(
        &add(&json!([{ "outcome": "Passed" }])),
        400,
        "needs a sequenceId of its own",
    );
    refused(
        &add(&json!([{ "sequenceId": 1 }, { "sequenceId": 1 }])),
        400,
        "needs a sequenceId of its own",
    );
}

#[test]
fn sub_results_need_a_group_type() {
    for fields in [
        json!({ "subResults": rows(1) }),
        json!({ "subResults": rows(1), "resultGroupType": "none" }),
    ] {
        let service = service();
        let run = new_run(&service);
        let result = with(result_body("a"), &fields);
        refused(
            &add_results(&service, run, &json!([result])),
            400,
            "sub-results need a resultGroupType",
        );
    }
}

#[test]
fn sub_results_on_a_third_level_are_refused() {
    let nest = |inner: Value| json!([{ "sequenceId": 1, "resultGroupType": "rerun", "subResults": inner }]);
    refused(&add(&nest(nest(rows(1)))), 400, "2 levels deep at most");
    assert_eq!(add(&nest(rows(1))).status, 200);
}

#[test]
fn more_than_1000_sub_results_on_one_level_are_refused() {
    refused(
        &add(&rows(1001)),
        400,
        "more than 1000 sub-results on one level",
    );
    assert_eq!(add(&rows(999)).status, 200);
}

#[test]
fn results_and_sub_results_together_are_at_most_1000() {
    let service = service();
    let run = new_run(&service);
    let results = |count: usize| (0..count).map(|_| with_rows(&rows(1))).collect::<Value>();
    refused(
        &add_results(&service, run, &results(501)),
        400,
        "Maximum 1000 test results and sub-results",
    );
    assert_eq!(add_results(&service, run, &results(500)).status, 200);
}

#[test]
fn a_change_appends_sub_results() {
    let service = service();
    let (run, id) = new_result(&service, &with_rows(&rows(2)));
    let change = json!([{ "id": id, "resultGroupType": "dataDriven", "subResults": rows(1) }]);
    let reply = patch(
        &service,
        &format!("Shop/_apis/test/Runs/{run}/results"),
        &change,
    );
    assert_eq!(
        reply.json()["value"][0]["subResults"],
        json!([{ "id": 1 }, { "id": 2 }, { "id": 3 }])
    );
    let change = json!([{ "id": id, "resultGroupType": "dataDriven", "subResults": rows(998) }]);
    let reply = patch(
        &service,
        &format!("Shop/_apis/test/Runs/{run}/results"),
        &change,
    );
    refused(&reply, 400, "more than 1000 sub-results on one level");
}
