//! Work items: read, changed, found by queries (contract §5).

use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::{Project, StandIn, WorkItem};
use serde_json::{Value, json};

const READ: &str = "Shop/_apis/wit/workitemsbatch";
const BATCH: &str = "_apis/wit/$batch?api-version=5.0";
const NAME: &str = "Microsoft.VSTS.TCM.AutomatedTestName";

/// The change of one work item, as it stands in a batch.
fn change(id: u64, operations: &Value) -> Value {
    json!({
        "method": "PATCH",
        "uri": format!("/_apis/wit/workitems/{id}?api-version=5.0"),
        "headers": { "Content-Type": "application/json-patch+json" },
        "body": operations,
    })
}

fn set(field: &str, value: &str) -> Value {
    json!({ "op": "add", "path": format!("/fields/{field}"), "value": value })
}

fn guard(revision: u64) -> Value {
    json!({ "op": "test", "path": "/rev", "value": revision })
}

/// Sends a batch and tells code and body of each reply.
fn batch(service: &StandIn, changes: &[Value]) -> Vec<(u64, Value)> {
    let reply = patch(service, BATCH, &json!(changes));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let replies = reply.json()["value"].as_array().unwrap().clone();
    replies
        .iter()
        .map(|reply| {
            let body = reply["body"].as_str().unwrap();
            (
                reply["code"].as_u64().unwrap(),
                serde_json::from_str(body).unwrap(),
            )
        })
        .collect()
}

/// Sends one change that has to be refused with this code and these words.
#[track_caller]
fn item_refused(service: &StandIn, change: &Value, code: u64, words: &str) {
    let replies = batch(service, std::slice::from_ref(change));
    assert_eq!(replies[0].0, code, "{}", replies[0].1);
    let message = replies[0].1["message"].as_str().unwrap();
    assert!(message.contains(words), "'{words}' is not in '{message}'");
}

#[test]
fn work_items_are_read_by_id_with_the_fields_that_were_asked_for() {
    let service = planned();
    service.add_work_item(WorkItem::new(900, "User Story", "Log in").tags("a; b"));
    let body = json!({ "ids": [900, 1001], "fields": ["System.Title", "system.tags", "System.WorkItemType"] });
    let reply = post(&service, READ, &body);
    assert_eq!(reply.ids(), [900, 1001]);
    let items = reply.json()["value"].clone();
    assert_eq!(
        items[0]["fields"],
        json!({ "System.Title": "Log in", "System.Tags": "a; b", "System.WorkItemType": "User Story" })
    );
    assert_eq!(items[1]["rev"], 4);
    assert_eq!(items[1]["fields"]["System.WorkItemType"], "Test Case");
    let all = post(&service, READ, &json!({ "ids": [1001] })).json();
    assert_eq!(
        all["value"][0]["fields"]["Microsoft.VSTS.TCM.AutomationStatus"],
        "Not Automated"
    );
    let plans = post(
        &service,
        READ,
        &json!({ "ids": [17, 21], "fields": ["System.WorkItemType"] }),
    )
    .json();
    assert_eq!(
        plans["value"][0]["fields"]["System.WorkItemType"],
        "Test Plan"
    );
    assert_eq!(
        plans["value"][1]["fields"]["System.WorkItemType"],
        "Test Suite"
    );
}

#[test]
fn work_items_that_are_not_there_are_omitted_or_fail() {
    let service = planned_with(|settings| {
        settings.projects.push(Project::new(
            "Other",
            "0ddba11a-0000-4000-8000-000000000001",
        ));
        let mut hidden = Project::new("Hidden", "0ddba11a-0000-4000-8000-000000000002");
        hidden.hidden = true;
        settings.projects.push(hidden);
    });
    service.add_work_item(WorkItem::test_case(1, "Deleted").deleted());
    service.add_work_item(WorkItem::test_case(2, "Elsewhere").in_project("Other"));
    service.add_work_item(WorkItem::test_case(3, "Hidden").in_project("Hidden"));
    let mut unseen = WorkItem::test_case(4, "Unseen");
    unseen.hidden = true;
    service.add_work_item(unseen);
    let omit = |path: &str| {
        let body =
            json!({ "ids": [1, 2, 3, 4, 5, 1001], "errorPolicy": "omit", "fields": ["System.Id"] });
        let reply = post(&service, path, &body);
        assert_eq!(reply.count(), 6, "a null is counted");
        let values = reply.json()["value"].as_array().unwrap().clone();
        values
            .iter()
            .map(|value| value["id"].as_u64())
            .collect::<Vec<_>>()
    };
    assert_eq!(omit(READ), [None, None, None, None, None, Some(1001)]);
    assert_eq!(
        omit("_apis/wit/workitemsbatch"),
        [None, Some(2), None, None, None, Some(1001)],
        "the whole collection"
    );
    for id in [1, 2, 3, 4, 5] {
        refused(
            &post(&service, READ, &json!({ "ids": [1001, id] })),
            404,
            &format!("TF401232: Work item {id} does not exist"),
        );
    }
}

#[test]
fn a_request_for_work_items_is_checked() {
    let service = planned();
    let ids: Vec<u64> = (1..=201).collect();
    for (body, words) in [
        (
            json!({ "ids": ids, "errorPolicy": "omit" }),
            "exceeds the limit of 200",
        ),
        (json!({ "ids": [] }), "names no work item"),
        (
            json!({ "ids": ["1001"] }),
            "must be a list of whole numbers",
        ),
        (
            json!({ "ids": [1001], "errorPolicy": "skip" }),
            "WorkItemErrorPolicy",
        ),
        (
            json!({ "ids": [1001], "fields": ["Automated test name"] }),
            "TF51535: Cannot find field",
        ),
        (
            json!({ "ids": [1001], "fields": ["System.Id"], "$expand": "all" }),
            "expand parameter",
        ),
        (
            json!({ "ids": [1001], "policy": "omit" }),
            "Unknown property 'policy'",
        ),
    ] {
        refused(&post(&service, READ, &body), 400, words);
    }
    service.configure(|settings| settings.denied.push("View work items in this node".into()));
    refused(
        &post(&service, READ, &json!({ "ids": [1001] })),
        403,
        "View work items",
    );
}

#[test]
fn a_batch_changes_each_work_item_for_itself() {
    let service = planned();
    let replies = batch(
        &service,
        &[
            change(1001, &json!([guard(4), set(NAME, "Test Cases/A")])),
            change(1002, &json!([guard(3), set(NAME, "Test Cases/B")])),
            change(5, &json!([set(NAME, "Test Cases/C")])),
            change(1003, &json!([set(NAME, "Test Cases/D"), set(NAME, "")])),
        ],
    );
    let codes: Vec<u64> = replies.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [200, 412, 404, 200]);
    assert_eq!(
        (&replies[0].1["rev"], &replies[0].1["fields"][NAME]),
        (&json!(5), &json!("Test Cases/A"))
    );
    assert!(
        replies[1].1["message"]
            .as_str()
            .unwrap()
            .starts_with("TF26071")
    );
    let first = service.work_item(1001).unwrap();
    assert_eq!(
        (first.revision, &first.fields[NAME]),
        (5, &json!("Test Cases/A"))
    );
    assert_eq!(service.work_item(1002).unwrap().revision, 4);
    assert_eq!(
        service.work_item(1003).unwrap().revision,
        4,
        "what changes nothing makes no revision"
    );
}

#[test]
fn a_change_of_a_work_item_is_guarded_by_its_revision() {
    let service = planned();
    let guarded = change(1001, &json!([guard(4), set(NAME, "a")]));
    service.edit_work_item(1001, |case| case.title = "Changed meanwhile".into());
    item_refused(&service, &guarded, 412, "TF26071");
    assert!(!service.work_item(1001).unwrap().fields.contains_key(NAME));
    let twice = batch(
        &service,
        &[
            change(1001, &json!([guard(5), set(NAME, "a")])),
            change(1001, &json!([guard(5), set(NAME, "b")])),
        ],
    );
    assert_eq!((twice[0].0, twice[1].0), (200, 412));
}

#[test]
fn a_work_item_that_may_not_be_edited_is_refused_alone() {
    let service = planned();
    let all = [
        change(1001, &json!([set(NAME, "a")])),
        change(1002, &json!([set(NAME, "b")])),
    ];
    service.edit_work_item(1001, |case| case.read_only = true);
    let replies = batch(&service, &all);
    assert_eq!((replies[0].0, replies[1].0), (403, 200));
    assert!(
        replies[0].1["message"]
            .as_str()
            .unwrap()
            .contains("TF237111")
    );
    service.configure(|settings| settings.denied.push("Edit work items in this node".into()));
    let replies = batch(&service, &all);
    assert_eq!((replies[0].0, replies[1].0), (403, 403));
}

#[test]
fn each_refusal_in_a_batch_can_be_in_another_language() {
    let service = planned_with(|settings| settings.foreign_messages = true);
    let replies = batch(
        &service,
        &[change(1001, &json!([guard(9), set(NAME, "a")]))],
    );
    let message = replies[0].1["message"].as_str().unwrap();
    assert!(
        message.contains("TF26071") && !message.contains("changed by someone"),
        "{message}"
    );
}

#[test]
fn fields_of_a_work_item_are_checked() {
    let service = planned();
    service.add_work_item(WorkItem::new(900, "User Story", "Log in"));
    let status = "Microsoft.VSTS.TCM.AutomationStatus";
    let id = "Microsoft.VSTS.TCM.AutomatedTestId";
    let long = "x".repeat(256);
    for (operation, words) in [
        (set(NAME, &long), "InvalidTooLong"),
        (set(status, "automated"), "LimitedToValues"),
        (set(id, "7"), "LimitedToValues"),
        (set("Custom.Name", "a"), "TF51535"),
        (set("System.Rev", "9"), "ReadOnly"),
        (set("System.Title", " "), "TF401320"),
        (set(NAME, "a\u{7}"), "InvalidCharacters"),
        (
            json!({ "op": "add", "path": format!("/fields/{NAME}"), "value": 7 }),
            "InvalidType",
        ),
        (
            json!({ "op": "add", "path": NAME, "value": "a" }),
            "is not the path of a field",
        ),
        (
            json!({ "op": "set", "path": format!("/fields/{NAME}") }),
            "Operation",
        ),
        (
            json!({ "op": "test", "path": "/rev", "value": "4" }),
            "cannot be tested",
        ),
    ] {
        item_refused(&service, &change(1001, &json!([operation])), 400, words);
    }
    item_refused(
        &service,
        &change(900, &json!([set(NAME, "a")])),
        400,
        "TF51535",
    );
    let fine = change(
        1001,
        &json!([set(NAME, &long[1..]), set(status, "Automated")]),
    );
    assert_eq!(batch(&service, &[fine])[0].0, 200);
    let cleared = json!([{ "op": "remove", "path": format!("/fields/{NAME}") }]);
    assert_eq!(batch(&service, &[change(1001, &cleared)])[0].0, 200);
    assert!(!service.work_item(1001).unwrap().fields.contains_key(NAME));
}

#[test]
fn each_request_of_a_batch_is_addressed_and_declared() {
    let service = planned();
    let fine = change(1001, &json!([set(NAME, "a")]));
    let of = |name: &str, value: Value| with(fine.clone(), &json!({ name: value }));
    for (uri, code, words) in [
        (
            "/_apis/wit/workitems/1001",
            400,
            "No api-version was supplied",
        ),
        (
            "/_apis/wit/workitems/1001?api-version=8.0",
            400,
            "out of range",
        ),
        (
            "/_apis/wit/workitems/1001?bypassRules=true&api-version=5.0",
            400,
            "Unknown query parameter",
        ),
        (
            "/_apis/wit/items/1001?api-version=5.0",
            404,
            "is not registered",
        ),
        (
            "_apis/wit/workitems/1001?api-version=5.0",
            404,
            "is not registered",
        ),
        (
            "http://127.0.0.1/_apis/wit/workitems/1001?api-version=5.0",
            404,
            "is not registered",
        ),
    ] {
        item_refused(&service, &of("uri", json!(uri)), code, words);
    }
    item_refused(
        &service,
        &of("headers", json!({ "Content-Type": "application/json" })),
        415,
        "application/json-patch+json",
    );
    item_refused(
        &service,
        &of("body", json!([])),
        400,
        "valid patch document",
    );
    for (body, words) in [
        (json!([]), "1 to 200 requests"),
        (json!(vec![fine.clone(); 201]), "not 201"),
        (json!([of("method", json!("POST"))]), "Method"),
        (
            json!([with(fine.clone(), &json!({ "url": "a" }))]),
            "Unknown property '[0].url'",
        ),
        (json!({ "requests": [] }), "must be a list"),
    ] {
        refused(&patch(&service, BATCH, &body), 400, words);
    }
    refused(
        &patch(&service, BATCH, &json!([{ "method": "PATCH" }])),
        400,
        "'uri' is missing",
    );
    refused(
        &patch(
            &service,
            "Shop/_apis/wit/$batch?api-version=5.0",
            &json!([fine]),
        ),
        404,
        "is not registered",
    );
}
