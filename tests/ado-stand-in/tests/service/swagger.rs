//! Microsoft's swagger as a second opinion (contract §10).

use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::{StandIn, swagger_folder};
use serde_json::json;

/// Whether the swagger is there; says why a test is skipped where it is not.
#[expect(
    clippy::print_stdout,
    reason = "whoever runs the tests is told what was left out"
)]
fn swagger_is_missing() -> bool {
    let missing = swagger_folder().is_none();
    if missing {
        println!("skipped: Microsoft's swagger files are not beside this working copy");
    }
    missing
}

fn with_results(service: &StandIn, fields: &serde_json::Value) {
    let run = new_run(service);
    add_results(service, run, &json!([with(result_body("a"), fields)]));
}

#[test]
fn bodies_that_the_stand_in_takes_agree_with_the_swagger() {
    if swagger_is_missing() {
        return;
    }
    let service = service();
    let body = with(
        run_body(),
        &json!({
            "startDate": "2026-11-25T08:00:00Z", "comment": "a", "buildPlatform": "Windows", "buildFlavor": "Debug",
            "buildReference": { "id": 71, "targetBranchName": "refs/heads/main" },
            "pipelineReference": { "pipelineId": 71, "stageReference": { "stageName": "a", "attempt": 1 },
                                   "phaseReference": { "phaseName": "a", "attempt": 1 }, "jobReference": { "jobName": "a", "attempt": 1 } },
            "releaseUri": "vstfs:///ReleaseManagement/Release/3", "releaseEnvironmentUri": "vstfs:///ReleaseManagement/Environment/4",
            "tags": [{ "name": "a" }], "customTestFields": [{ "fieldName": "TestRunSystem", "value": "a" }],
        }),
    );
    post(&service, "Shop/_apis/test/runs", &body);
    with_results(
        &service,
        &json!({
            "startedDate": "2026-11-25T08:00:00Z", "completedDate": "2026-11-25T08:00:01.5Z", "durationInMs": 1500.5,
            "errorMessage": "a", "stackTrace": "a", "resultGroupType": "dataDriven", "priority": 1,
            "customFields": [{ "fieldName": "AttemptId", "value": 1 }],
            "subResults": [{ "sequenceId": 1, "displayName": "a", "durationInMs": 1, "resultGroupType": "rerun",
                             "subResults": [{ "sequenceId": 1 }] }],
            "iterationDetails": [{ "id": 1, "outcome": "Passed", "comment": "a" }],
        }),
    );
    patch(
        &service,
        "Shop/_apis/test/Runs/2/results",
        &json!([{ "id": 100_000, "errorMessage": null, "stackTrace": null }]),
    );
    let attachment = json!({ "stream": "YQ==", "fileName": "a.txt", "comment": "a", "attachmentType": "GeneralAttachment" });
    post(&service, "Shop/_apis/test/Runs/2/attachments", &attachment);
    post(
        &service,
        "Shop/_apis/test/Runs/2/Results/100000/attachments",
        &attachment,
    );
    patch(
        &service,
        "Shop/_apis/test/runs/2",
        &json!({ "state": "Completed", "completedDate": "2026-11-25T08:00:01Z" }),
    );
    assert!(
        service
            .requests()
            .iter()
            .all(|request| request.status == Some(200)),
        "{:?}",
        service.requests()
    );
    assert_eq!(service.swagger_violations(), [""; 0]);
}

/// The change of one work item, as it stands in a batch.
fn in_batch(operations: &serde_json::Value) -> serde_json::Value {
    json!([{ "method": "PATCH", "uri": "/_apis/wit/workitems/1001?api-version=5.0",
             "headers": { "Content-Type": "application/json-patch+json" }, "body": operations }])
}

#[test]
fn bodies_about_plans_and_work_items_agree_with_the_swagger() {
    if swagger_is_missing() {
        return;
    }
    let service = planned();
    let run = new_planned_run(&service, &[7001]);
    finish(&service, run, 7001, "Passed");
    let query = json!({ "pointsFilter": { "testcaseIds": [1001], "configurationNames": ["Windows"], "testers": [{ "displayName": "Ann" }] } });
    post(&service, "Shop/_apis/test/points", &query);
    let batch = json!({ "ids": [1001], "fields": ["System.Rev"], "errorPolicy": "omit" });
    post(&service, "Shop/_apis/wit/workitemsbatch", &batch);
    let wiql = json!({ "query": "SELECT [System.Id] FROM WorkItems" });
    post(&service, "Shop/_apis/wit/wiql", &wiql);
    let change = in_batch(&json!([
        { "op": "test", "path": "/rev", "value": 4 },
        { "op": "add", "path": "/fields/Microsoft.VSTS.TCM.AutomationStatus", "value": "Automated" },
    ]));
    patch(&service, "_apis/wit/$batch?api-version=5.0", &change);
    assert!(
        service
            .requests()
            .iter()
            .all(|request| request.status == Some(200)),
        "{:?}",
        service.requests()
    );
    assert_eq!(service.swagger_violations(), [""; 0]);
}

#[test]
fn bodies_about_plans_and_work_items_that_differ_are_told() {
    if swagger_is_missing() {
        return;
    }
    let service = planned();
    post(
        &service,
        "Shop/_apis/test/points",
        &json!({ "pointsFilter": { "testCaseIds": [1] } }),
    );
    post(
        &service,
        "_apis/wit/workitemsbatch",
        &json!({ "ids": ["1001"] }),
    );
    post(
        &service,
        "Shop/_apis/wit/wiql",
        &json!({ "wiql": "SELECT [System.Id]" }),
    );
    for operation in [
        json!({ "op": "set", "path": "/fields/System.Title" }),
        json!({ "op": "add", "field": "System.Title" }),
    ] {
        patch(
            &service,
            "_apis/wit/%24batch?api-version=5.0",
            &in_batch(&json!([operation])),
        );
    }
    let violations = service.swagger_violations();
    for words in ["testCaseIds", "/ids/0", "wiql", "/op", "field"] {
        assert!(
            violations.iter().any(|violation| violation.contains(words)),
            "'{words}' is not in {violations:#?}"
        );
    }
    assert_eq!(violations.len(), 5, "{violations:#?}");
}

#[test]
fn bodies_that_differ_from_the_swagger_are_told() {
    if swagger_is_missing() {
        return;
    }
    let service = service();
    post(
        &service,
        "Shop/_apis/test/runs",
        &with(run_body(), &json!({ "isAutomated": true })),
    );
    post(
        &service,
        "Shop/_apis/test/runs",
        &with(run_body(), &json!({ "build": { "id": 71 } })),
    );
    with_results(&service, &json!({ "resultGroupType": "Rerun" }));
    with_results(&service, &json!({ "startedDate": "yesterday" }));
    patch(
        &service,
        "Shop/_apis/test/runs/1",
        &json!({ "startDate": "a" }),
    );
    post(
        &service,
        "Shop/_apis/test/Runs/1/attachments",
        &json!({ "size": 1 }),
    );
    let many: serde_json::Value = (0..1001).map(|_| result_body("a")).collect();
    add_results(&service, 1, &many);
    let violations = service.swagger_violations();
    for words in [
        "isAutomated",
        "/build/id",
        "/0/resultGroupType",
        "/0/startedDate",
        "startDate",
        "size",
        "1000",
    ] {
        assert!(
            violations.iter().any(|violation| violation.contains(words)),
            "'{words}' is not in {violations:#?}"
        );
    }
    assert_eq!(violations.len(), 7, "{violations:#?}");
}
