//! Adding and changing results (contract §2).

use crate::support::*;
use ado_stand_in::StandIn;
use serde_json::{Value, json};

fn add(fields: &Value) -> Reply {
    let service = service();
    let run = new_run(&service);
    add_results(&service, run, &json!([with(result_body("a"), fields)]))
}

/// Each of these on a result that is otherwise fine is refused with these words.
#[track_caller]
fn each_refused(rows: &[(Value, u16, &str)]) {
    for (fields, status, words) in rows {
        refused(&add(fields), *status, words);
    }
}

fn change(service: &StandIn, run: u64, changes: &Value) -> Reply {
    patch(
        service,
        &format!("Shop/_apis/test/Runs/{run}/results"),
        changes,
    )
}

fn many(count: usize) -> Value {
    (0..count)
        .map(|number| result_body(&format!("Test {number}")))
        .collect()
}

#[test]
fn an_unknown_field_of_a_result_is_refused() {
    each_refused(&[
        (
            json!({ "duration": 5 }),
            400,
            "Unknown property '[0].duration'",
        ),
        (json!({ "title": "a" }), 400, "Unknown property '[0].title'"),
        (
            json!({ "startDate": "2026-11-25T08:00:00Z" }),
            400,
            "Unknown property '[0].startDate'",
        ),
        (
            json!({ "iterationDetails": [{ "sequenceId": 1 }] }),
            400,
            "Unknown property '[0].iterationDetails[0].sequenceId'",
        ),
    ]);
}

#[test]
fn results_are_sent_as_a_list() {
    let service = service();
    let run = new_run(&service);
    refused(
        &add_results(&service, run, &result_body("a")),
        400,
        "must be a list",
    );
    refused(
        &add_results(&service, run, &json!({ "value": [] })),
        400,
        "must be a list",
    );
    refused(&add_results(&service, run, &json!([])), 400, "is empty");
    refused(
        &add_results(&service, run, &json!(["a"])),
        400,
        "'[0]' must be an object",
    );
}

#[test]
fn more_than_1000_results_in_one_request_are_refused() {
    let service = service();
    let run = new_run(&service);
    refused(
        &add_results(&service, run, &many(1001)),
        400,
        "Maximum 1000 test results",
    );
    assert_eq!(service.runs()[0]["totalTests"], 0);
    assert_eq!(add_results(&service, run, &many(1000)).count(), 1000);
}

#[test]
fn one_bad_result_fails_the_whole_request() {
    let service = service();
    let run = new_run(&service);
    let bad = with(result_body("c"), &json!({ "outcome": "Sad" }));
    refused(
        &add_results(
            &service,
            run,
            &json!([result_body("a"), result_body("b"), bad]),
        ),
        400,
        "TestOutcome",
    );
    assert_eq!(service.runs()[0]["totalTests"], 0);
}

#[test]
fn the_service_can_refuse_a_text_and_break_over_one() {
    let service = service();
    service.configure(|settings| {
        settings.refused_texts = vec!["poison".into()];
        settings.breaks_over = vec!["dynamite".into()];
    });
    let run = new_run(&service);
    let bad = |text: &str| {
        let mut bad = result_body("b");
        bad["subResults"] = json!([{"sequenceId": 1, "displayName": "row", "errorMessage": format!("has {text} in it")}]);
        bad["resultGroupType"] = json!("dataDriven");
        json!([result_body("a"), bad])
    };
    refused(
        &add_results(&service, run, &bad("poison")),
        400,
        "[1]: a text of this test result cannot be kept",
    );
    refused(
        &add_results(&service, run, &bad("dynamite")),
        500,
        "TF400898",
    );
    assert_eq!(service.runs()[0]["totalTests"], 0);
}

#[test]
fn results_with_a_certain_title_can_be_refused() {
    let service = service();
    service.configure(|settings| settings.refused_titles = vec!["b".into()]);
    let run = new_run(&service);
    let both = json!([result_body("a"), result_body("b")]);
    refused(
        &add_results(&service, run, &both),
        400,
        "this test result cannot be kept",
    );
    assert_eq!(service.runs()[0]["totalTests"], 0);
}

#[test]
fn words_that_the_service_does_not_know_are_refused() {
    each_refused(&[
        (
            json!({ "outcome": "Skipped" }),
            400,
            "Invalid value specified\r\nParameter name: TestOutcome",
        ),
        (json!({ "outcome": "passed" }), 400, "TestOutcome"),
        (json!({ "state": "Done" }), 400, "TestResultState"),
        (
            json!({ "resultGroupType": "Rerun" }),
            400,
            "ResultGroupType",
        ),
        (json!({ "failureType": "Flaky" }), 400, "FailureType"),
    ]);
}

#[test]
fn a_field_of_a_result_of_the_wrong_type_is_refused() {
    each_refused(&[
        (json!({ "durationInMs": "1" }), 400, "must be a number"),
        (
            json!({ "durationInMs": -1 }),
            400,
            "must be a number that is not negative",
        ),
        (
            json!({ "startedDate": "25.11.2026" }),
            400,
            "must be an ISO 8601 date",
        ),
        (
            json!({ "priority": 256 }),
            400,
            "must be a whole number from 0 to 255",
        ),
        (json!({ "testCaseTitle": null }), 400, "must be text"),
        (
            json!({ "testCase": { "id": 5 } }),
            400,
            "'[0].testCase.id' must be text",
        ),
    ]);
    assert_eq!(
        add(&json!({ "durationInMs": 1.5, "priority": 255, "errorMessage": null })).status,
        200
    );
}

#[test]
fn a_new_result_needs_a_title_and_has_no_id() {
    let service = service();
    let run = new_run(&service);
    refused(
        &add_results(&service, run, &json!([{ "outcome": "Passed" }])),
        400,
        "needs a testCaseTitle",
    );
    each_refused(&[
        (json!({ "id": 100_000 }), 400, "has no id yet"),
        (json!({ "testCaseTitle": "" }), 400, "must be a name"),
    ]);
}

#[test]
fn long_texts_of_a_result_are_refused() {
    for (field, limit) in [
        ("testCaseTitle", 256),
        ("automatedTestName", 512),
        ("comment", 1000),
        ("computerName", 256),
        ("stackTrace", 4000),
        ("errorMessage", 32_000),
    ] {
        refused(
            &add(&json!({ field: "x".repeat(limit + 1) })),
            400,
            &format!("'[0].{field}' is longer than {limit}"),
        );
        assert_eq!(
            add(&json!({ field: "x".repeat(limit) })).status,
            200,
            "{field}"
        );
    }
}

#[test]
fn a_server_cuts_long_error_messages_in_silence() {
    let service = service_with(|settings| settings.hosted = false);
    let long = "x".repeat(40_000);
    let result = with(
        result_body("a"),
        &json!({ "errorMessage": long, "resultGroupType": "rerun", "subResults": [{ "sequenceId": 1, "errorMessage": long }] }),
    );
    let (run, id) = new_result(&service, &result);
    let length = |value: &Value| value["errorMessage"].as_str().unwrap().len();
    let stored = &service.run(run).unwrap()["results"][0];
    assert_eq!(
        (length(stored), length(&stored["subResults"][0])),
        (4000, 4000)
    );
    assert_eq!(
        change(
            &service,
            run,
            &json!([{ "id": id, "errorMessage": "y".repeat(5000) }])
        )
        .status,
        200
    );
    assert_eq!(length(&service.run(run).unwrap()["results"][0]), 4000);
}

#[test]
fn a_result_ends_after_it_began() {
    let dates =
        json!({ "startedDate": "2026-11-25T08:00:01Z", "completedDate": "2026-11-25T08:00:00Z" });
    each_refused(&[(
        dates,
        400,
        "Completed date should be greater than StartedDate",
    )]);
    let service = service();
    let (run, id) = new_result(
        &service,
        &with(
            result_body("a"),
            &json!({ "startedDate": "2026-11-25T08:00:00Z" }),
        ),
    );
    let late = json!([{ "id": id, "completedDate": "2026-11-25T07:00:00Z" }]);
    refused(
        &change(&service, run, &late),
        400,
        "Completed date should be greater",
    );
}

#[test]
fn a_result_without_the_state_completed_stays_pending() {
    let service = service();
    let (run, id) = new_result(
        &service,
        &json!({ "testCaseTitle": "a", "outcome": "Passed" }),
    );
    patch(
        &service,
        &format!("Shop/_apis/test/runs/{run}"),
        &json!({ "state": "Completed" }),
    );
    let stored = &service.runs()[0];
    assert_eq!(
        (&stored["incompleteTests"], &stored["passedTests"]),
        (&json!(1), &json!(0))
    );
    let read = get(
        &service,
        &format!("Shop/_apis/test/Runs/{run}/results/{id}"),
    );
    assert_eq!(read.json()["state"], "Pending");
}

#[test]
fn results_of_a_completed_run_are_refused_until_it_is_in_progress_again() {
    let service = service();
    let (run, id) = new_result(&service, &result_body("a"));
    let path = format!("Shop/_apis/test/runs/{run}");
    patch(&service, &path, &json!({ "state": "Completed" }));
    let words = "cannot be added or updated for a test run which is in Completed state";
    refused(
        &add_results(&service, run, &json!([result_body("b")])),
        400,
        words,
    );
    refused(
        &change(&service, run, &json!([{ "id": id, "outcome": "Failed" }])),
        400,
        words,
    );
    patch(&service, &path, &json!({ "state": "InProgress" }));
    assert_eq!(
        add_results(&service, run, &json!([result_body("b")])).status,
        200
    );
}

#[test]
fn results_of_an_aborted_run_are_refused() {
    let service = service();
    let run = new_run(&service);
    patch(
        &service,
        &format!("Shop/_apis/test/runs/{run}"),
        &json!({ "state": "Aborted" }),
    );
    refused(
        &add_results(&service, run, &json!([result_body("a")])),
        400,
        "which is in Aborted state",
    );
}

#[test]
fn a_change_of_a_result_that_the_run_does_not_have_is_refused() {
    let service = service();
    let (run, id) = new_result(&service, &result_body("a"));
    let other = new_run(&service);
    let changes = json!([{ "id": id, "outcome": "Failed" }]);
    refused(
        &change(&service, other, &changes),
        404,
        &format!("Test result {id} does not exist in test run {other}"),
    );
    let changes = json!([{ "id": id, "outcome": "Failed" }, { "id": 5, "outcome": "Failed" }]);
    refused(
        &change(&service, run, &changes),
        404,
        "Test result 5 does not exist",
    );
    assert_eq!(service.run(run).unwrap()["results"][0]["outcome"], "Passed");
    refused(
        &change(&service, run, &json!([{ "outcome": "Failed" }])),
        400,
        "needs the id",
    );
    refused(
        &change(&service, run, &json!([{ "id": id }, { "id": id }])),
        400,
        "named twice",
    );
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_null_clears() {
    let service = service();
    let result = with(
        result_body("a"),
        &json!({ "outcome": "Failed", "errorMessage": "broken", "stackTrace": "at b" }),
    );
    let (run, id) = new_result(&service, &result);
    let changed = change(
        &service,
        run,
        &json!([{ "id": id, "outcome": "Passed", "errorMessage": null, "stackTrace": null }]),
    );
    assert_eq!(changed.ids(), [id]);
    let stored = &service.run(run).unwrap()["results"][0];
    assert_eq!(
        (&stored["outcome"], &stored["testCaseTitle"]),
        (&json!("Passed"), &json!("a"))
    );
    assert!(stored.get("errorMessage").is_none() && stored.get("stackTrace").is_none());
}

#[test]
fn custom_fields_that_nobody_knows_are_refused() {
    let field = |name: &str, value: Value| json!({ "customFields": [{ "fieldName": name, "value": value }] });
    each_refused(&[
        (field("Colour", json!("red")), 400, "unknown custom field"),
        (field("AttemptId", json!("1")), 400, "unknown custom field"),
        (
            field("IsTestResultFlaky", json!("true")),
            400,
            "unknown custom field",
        ),
    ]);
    assert_eq!(add(&field("AttemptId", json!(1))).status, 200);
    assert_eq!(add(&field("IsTestResultFlaky", json!(true))).status, 200);
}

#[test]
fn references_to_what_does_not_exist_are_refused() {
    each_refused(&[
        (
            json!({ "testPoint": { "id": "5" } }),
            404,
            "Test point 5 not found",
        ),
        (
            json!({ "testCase": { "id": "5" } }),
            404,
            "Test case 5 not found",
        ),
        (
            json!({ "testPlan": { "id": "5" } }),
            404,
            "Test plan 5 not found",
        ),
        (
            json!({ "associatedBugs": [{ "id": "5" }] }),
            404,
            "Work item 5 does not exist",
        ),
        (
            json!({ "owner": { "displayName": "Nobody" } }),
            400,
            "cannot be resolved",
        ),
        (json!({ "runBy": { "id": "5" } }), 400, "cannot be resolved"),
    ]);
}

#[test]
fn iterations_are_numbered_from_one() {
    each_refused(&[
        (
            json!({ "iterationDetails": [{ "id": 0 }] }),
            400,
            "must be a whole number from 1",
        ),
        (
            json!({ "iterationDetails": [{ "outcome": "Passed" }] }),
            400,
            "needs an id of its own",
        ),
        (
            json!({ "iterationDetails": [{ "id": 1 }, { "id": 1 }] }),
            400,
            "needs an id of its own",
        ),
    ]);
    assert_eq!(
        add(&json!({ "iterationDetails": [{ "id": 1 }, { "id": 2 }] })).status,
        200
    );
}

#[test]
fn dates_that_are_the_zero_of_a_clock_are_refused() {
    let rows = [
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "1970-12-31T23:59:59Z",
    ];
    for date in rows {
        each_refused(&[(
            json!({ "startedDate": date }),
            400,
            "must be a date of this age",
        )]);
    }
    each_refused(&[(
        json!({ "startedDate": "2026-11-25 08:00:00Z" }),
        400,
        "must be an ISO 8601 date",
    )]);
    assert_eq!(
        add(&json!({ "startedDate": "1971-01-01T00:00:00Z" })).status,
        200
    );
}
