//! The whole road of a publisher, as the contract recommends it (§0), and what is stored at its end.

use crate::support::*;
use serde_json::json;

#[test]
fn a_run_with_rows_and_attachments_is_stored_as_it_was_sent() {
    let service = service();
    let project = get(&service, "_apis/projects/Shop");
    assert_eq!(project.json()["id"], "5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10");

    let run = with(
        run_body(),
        &json!({
            "comment": "first & last",
            "startDate": "2026-11-25T08:00:00Z",
            "pipelineReference": {
                "pipelineId": 71,
                "stageReference": { "stageName": "Test", "attempt": 1 },
                "jobReference": { "jobName": "__default", "attempt": 2 },
            },
        }),
    );
    let created = post(&service, "Shop/_apis/test/runs", &run);
    assert_eq!(created.status, 200, "{}", created.text());
    assert_eq!(
        created.header("content-type"),
        Some("application/json; charset=utf-8; api-version=7.1")
    );
    assert_eq!(created.json()["comment"], "first & last");
    let id = created.json()["id"].as_u64().unwrap();

    let rows = with(
        result_body("Login"),
        &json!({
            "outcome": "Failed",
            "automatedTestName": "Test Cases/Login",
            "automatedTestStorage": "Test Suites/Smoke",
            "startedDate": "2026-11-25T08:00:00Z",
            "completedDate": "2026-11-25T08:00:01.500Z",
            "errorMessage": "expected <1>",
            "resultGroupType": "dataDriven",
            "subResults": [
                { "sequenceId": 1, "displayName": "Row 1", "outcome": "Passed", "durationInMs": 10 },
                { "sequenceId": 2, "displayName": "Row 2", "outcome": "Failed", "resultGroupType": "rerun",
                  "subResults": [{ "sequenceId": 1, "displayName": "Attempt 1", "outcome": "Failed" }] },
            ],
        }),
    );
    let added = add_results(&service, id, &json!([result_body("Search"), rows]));
    assert_eq!(added.ids(), [100_000, 100_001]);
    let second = &added.json()["value"][1];
    assert_eq!(
        second["subResults"],
        json!([{ "id": 1 }, { "id": 2, "subResults": [{ "id": 3 }] }])
    );
    assert_eq!(second["project"], json!({}));
    assert!(
        second.get("outcome").is_none(),
        "the answer to a write holds little but ids"
    );

    let screenshot = json!({ "stream": "aGVsbG8=", "fileName": "a.png", "comment": "katalon", "attachmentType": "GeneralAttachment" });
    let path = format!("Shop/_apis/test/Runs/{id}/Results/100001/attachments?testSubResultId=3");
    let attached = post(&service, &path, &screenshot);
    assert_eq!(attached.status, 200, "{}", attached.text());

    let ended = json!({ "state": "Completed", "completedDate": "2026-11-25T08:01:00Z" });
    assert_eq!(
        patch(&service, &format!("Shop/_apis/test/runs/{id}"), &ended).status,
        200
    );
    let log = json!({ "stream": "bG9n", "fileName": "execution.log" });
    let attached = post(
        &service,
        &format!("Shop/_apis/test/Runs/{id}/attachments"),
        &log,
    );
    assert_eq!(attached.status, 200, "attachments may come after the end");

    let stored = &service.runs()[0];
    assert_eq!(stored["state"], "NeedsInvestigation");
    assert_eq!(
        (
            &stored["totalTests"],
            &stored["passedTests"],
            &stored["unanalyzedTests"]
        ),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(stored["attachments"][0]["fileName"], "execution.log");
    let login = &stored["results"][1];
    assert_eq!(login["durationInMs"], 1500.0);
    assert_eq!(login["attachments"], json!([]));
    let attempt = &login["subResults"][1]["subResults"][0];
    assert_eq!(attempt["attachments"][0]["size"], 5);
    let stored_bytes = service.attachment(attempt["attachments"][0]["id"].as_u64().unwrap());
    assert_eq!(stored_bytes, b"hello");
    assert_eq!(service.requests().len(), 6);
    assert!(
        service
            .requests()
            .iter()
            .all(|request| request.status == Some(200) && request.handled)
    );
}
