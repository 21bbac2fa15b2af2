//! Creating and changing runs (contract §1 and §4).

use crate::support::*;
use serde_json::{Value, json};

fn create(fields: &Value) -> Reply {
    post(
        &service(),
        "Shop/_apis/test/runs",
        &with(run_body(), fields),
    )
}

/// Each of these on a run that is otherwise fine is refused with these words.
#[track_caller]
fn each_refused(rows: &[(Value, u16, &str)]) {
    for (fields, status, words) in rows {
        refused(&create(fields), *status, words);
    }
}

#[test]
fn an_unknown_field_of_a_run_is_refused() {
    each_refused(&[
        (
            json!({ "isAutomated": true }),
            400,
            "Unknown property 'isAutomated'",
        ),
        (
            json!({ "configIds": [1] }),
            400,
            "Unknown property 'configIds'",
        ),
        (json!({ "Name": "a" }), 400, "Unknown property 'Name'"),
        (
            json!({ "build": { "id": "71", "Id": 71 } }),
            400,
            "Unknown property 'build.Id'",
        ),
    ]);
}

#[test]
fn dates_have_one_name_on_create_and_another_on_patch() {
    each_refused(&[
        (
            json!({ "startedDate": "2026-11-25T08:00:00Z" }),
            400,
            "Unknown property 'startedDate'",
        ),
        (
            json!({ "completedDate": "2026-11-25T08:00:00Z" }),
            400,
            "Unknown property 'completedDate'",
        ),
    ]);
    let service = service();
    let run = new_run(&service);
    let path = format!("Shop/_apis/test/runs/{run}");
    for name in ["startDate", "completeDate"] {
        refused(
            &patch(&service, &path, &json!({ name: "2026-11-25T08:00:00Z" })),
            400,
            "Unknown property",
        );
    }
    let dates =
        json!({ "startedDate": "2026-11-25T08:00:00Z", "completedDate": "2026-11-25T08:00:00Z" });
    assert_eq!(patch(&service, &path, &dates).status, 200);
}

#[test]
fn an_id_in_a_reference_is_text() {
    each_refused(&[
        (
            json!({ "build": { "id": 71 } }),
            400,
            "'build.id' must be text",
        ),
        (json!({ "build": { "id": "" } }), 400, "not an empty text"),
        (json!({ "build": { "id": "seventy" } }), 400, "is no build"),
        (
            json!({ "plan": { "id": 5 } }),
            400,
            "'plan.id' must be text",
        ),
    ]);
}

#[test]
fn a_field_of_the_wrong_type_is_refused() {
    each_refused(&[
        (json!({ "automated": "true" }), 400, "must be true or false"),
        (
            json!({ "pointIds": ["1"] }),
            400,
            "must be a list of whole numbers",
        ),
        (
            json!({ "startDate": "yesterday" }),
            400,
            "must be an ISO 8601 date",
        ),
        (
            json!({ "startDate": "2026-11-25T08:00:00" }),
            400,
            "must be an ISO 8601 date with a zone",
        ),
        (json!({ "comment": null }), 400, "must be text"),
        (json!({ "pipelineReference": [] }), 400, "must be an object"),
    ]);
    refused(
        &post(&service(), "Shop/_apis/test/runs", &json!([run_body()])),
        400,
        "The body must be an object",
    );
}

#[test]
fn a_run_needs_a_name() {
    let service = service();
    refused(
        &post(
            &service,
            "Shop/_apis/test/runs",
            &json!({ "automated": true }),
        ),
        400,
        "needs a name",
    );
    refused(&create(&json!({ "name": " " })), 400, "not an empty text");
}

#[test]
fn a_run_that_is_not_automated_needs_a_plan() {
    each_refused(&[(json!({ "automated": false }), 400, "needs a test plan")]);
    refused(
        &post(&service(), "Shop/_apis/test/runs", &json!({ "name": "a" })),
        400,
        "needs a test plan",
    );
}

#[test]
fn test_points_need_a_plan() {
    each_refused(&[(
        json!({ "pointIds": [1] }),
        400,
        "Test points need a test plan",
    )]);
}

#[test]
fn a_plan_that_does_not_exist_is_refused() {
    each_refused(&[(
        json!({ "plan": { "id": "5" } }),
        404,
        "Test plan 5 not found",
    )]);
}

#[test]
fn a_run_begins_in_one_of_three_states() {
    for state in ["NotStarted", "InProgress", "Waiting"] {
        assert_eq!(create(&json!({ "state": state })).json()["state"], state);
    }
    for state in ["Completed", "Aborted", "inprogress", "Running"] {
        refused(&create(&json!({ "state": state })), 400, "TestRunState");
    }
}

#[test]
fn a_run_can_come_back_in_another_state_than_it_was_sent_in() {
    let service = service_with(|settings| settings.created_state = Some("Unspecified".into()));
    let created = post(&service, "Shop/_apis/test/runs", &run_body());
    assert_eq!(created.json()["state"], "Unspecified");
    assert_eq!(
        add_results(&service, 1, &json!([result_body("a")])).status,
        200
    );
}

#[test]
fn long_texts_of_a_run_are_refused() {
    each_refused(&[
        (
            json!({ "name": "x".repeat(257) }),
            400,
            "'name' is longer than 256",
        ),
        (
            json!({ "comment": "x".repeat(501) }),
            400,
            "'comment' is longer than 500",
        ),
    ]);
    assert_eq!(
        create(&json!({ "name": "x".repeat(256), "comment": "x".repeat(500) })).status,
        200
    );
}

#[test]
fn a_comment_can_be_cut_in_silence() {
    let service = service_with(|settings| settings.run_comment_cut = Some(10));
    let body = with(run_body(), &json!({ "comment": "0123456789abc" }));
    assert_eq!(
        post(&service, "Shop/_apis/test/runs", &body).json()["comment"],
        "0123456789"
    );
    assert_eq!(service.runs()[0]["comment"], "0123456789");
}

#[test]
fn a_build_that_the_project_does_not_have_is_refused() {
    let service = service_with(|settings| {
        settings.projects.push(ado_stand_in::Project::new(
            "Other",
            "11111111-2222-4333-8444-555555555555",
        ));
        settings.builds.push(ado_stand_in::Build::new(72, "Other"));
    });
    for id in ["9", "72"] {
        let body = with(run_body(), &json!({ "build": { "id": id } }));
        refused(
            &post(&service, "Shop/_apis/test/runs", &body),
            404,
            &format!("Build {id} cannot be found"),
        );
    }
    let run = new_run(&service);
    let change = json!({ "build": { "id": "72" } });
    refused(
        &patch(&service, &format!("Shop/_apis/test/runs/{run}"), &change),
        404,
        "Build 72 cannot be found",
    );
}

#[test]
fn the_pipeline_of_a_run_is_its_build() {
    let reference = |id: u64| json!({ "pipelineId": id, "jobReference": { "jobName": "a" } });
    each_refused(&[
        (
            json!({ "pipelineReference": reference(70) }),
            400,
            "PipelineId should be equal to",
        ),
        (
            json!({ "pipelineReference": { "jobReference": { "jobName": "a" } } }),
            400,
            "PipelineId should be equal to",
        ),
        (
            json!({ "buildReference": { "id": 70 } }),
            400,
            "BuildReference.Id should be equal to",
        ),
    ]);
    let body = json!({ "name": "a", "automated": true, "pipelineReference": reference(71) });
    refused(
        &post(&service(), "Shop/_apis/test/runs", &body),
        400,
        "PipelineId should be equal to",
    );
    assert_eq!(
        create(&json!({ "pipelineReference": reference(71) })).status,
        200
    );
}

#[test]
fn a_pipeline_reference_that_names_nothing_is_refused() {
    let part = |part: &str, value: Value| json!({ "pipelineReference": { "pipelineId": 71, part: value } });
    each_refused(&[
        (
            json!({ "pipelineReference": { "pipelineId": 71 } }),
            400,
            "names no stage, phase or job",
        ),
        (
            part("stageReference", json!({ "stageName": "" })),
            400,
            "'pipelineReference.stageReference.stageName' must be a name",
        ),
        (
            part("phaseReference", json!({ "phaseName": "" })),
            400,
            "must be a name",
        ),
        (
            part("jobReference", json!({ "jobName": "" })),
            400,
            "must be a name",
        ),
        (
            part("jobReference", json!({ "attempt": 1 })),
            400,
            "names nothing",
        ),
        (
            part("jobReference", json!({ "jobName": "a", "attempt": 0 })),
            400,
            "must be a whole number from 1",
        ),
        (
            part("jobReference", json!({ "jobName": "x".repeat(257) })),
            400,
            "longer than 256",
        ),
        (
            part("jobReference", json!({ "name": "a" })),
            400,
            "Unknown property",
        ),
    ]);
}

#[test]
fn a_release_is_named_by_two_uris() {
    let release = "vstfs:///ReleaseManagement/Release/3";
    let environment = "vstfs:///ReleaseManagement/Environment/4";
    each_refused(&[
        (json!({ "releaseUri": release }), 400, "named together"),
        (
            json!({ "releaseUri": "3", "releaseEnvironmentUri": environment }),
            400,
            "'releaseUri' is not a uri",
        ),
        (
            json!({ "releaseUri": release, "releaseEnvironmentUri": release }),
            400,
            "'releaseEnvironmentUri' is not a uri",
        ),
    ]);
    assert_eq!(
        create(&json!({ "releaseUri": release, "releaseEnvironmentUri": environment })).status,
        200
    );
}

#[test]
fn a_run_ends_after_it_began() {
    let dates =
        json!({ "startDate": "2026-11-25T09:00:00+01:00", "completeDate": "2026-11-25T07:59:59Z" });
    each_refused(&[(
        dates,
        400,
        "Completed date should be greater than StartedDate",
    )]);
    let service = service();
    let body = with(run_body(), &json!({ "startDate": "2026-11-25T08:00:00Z" }));
    post(&service, "Shop/_apis/test/runs", &body);
    let ended = json!({ "state": "Completed", "completedDate": "2026-11-25T07:00:00Z" });
    refused(
        &patch(&service, "Shop/_apis/test/runs/1", &ended),
        400,
        "Completed date should be greater",
    );
    assert_eq!(service.runs()[0]["state"], "InProgress");
}

#[test]
fn tags_are_few_short_and_plain() {
    let tags = |names: &[&str]| json!({ "tags": names.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>() });
    each_refused(&[
        (tags(&["a", "b", "c", "d", "e", "f"]), 400, "5 tags at most"),
        (tags(&["a b"]), 400, "letters and digits"),
        (
            tags(&["123456789012345678901234567890"]),
            400,
            "longer than 29",
        ),
    ]);
    assert_eq!(create(&tags(&["a", "b", "c", "d", "e"])).status, 200);
}

#[test]
fn a_summary_of_a_run_belongs_to_one_type_of_run() {
    let summary = json!([{ "testOutcome": "passed", "resultCount": 3, "duration": 10 }]);
    each_refused(&[
        (json!({ "runSummary": summary }), 400, "NoConfigRun only"),
        (json!({ "type": "Other" }), 400, "TestRunType"),
    ]);
    assert_eq!(
        create(&json!({ "runSummary": summary, "type": "NoConfigRun" })).status,
        200
    );
}

#[test]
fn an_unknown_person_is_refused() {
    each_refused(&[
        (
            json!({ "owner": { "displayName": "Nobody" } }),
            400,
            "cannot be resolved",
        ),
        (json!({ "owner": "Nobody" }), 400, "must be an object"),
    ]);
    assert_eq!(
        create(&json!({ "owner": { "displayName": "Shop Build Service (contoso)" } })).status,
        200
    );
}

#[test]
fn a_run_is_changed_to_one_of_five_states() {
    let service = service();
    let run = new_run(&service);
    let path = format!("Shop/_apis/test/runs/{run}");
    for state in ["NeedsInvestigation", "Unspecified", "completed"] {
        refused(
            &patch(&service, &path, &json!({ "state": state })),
            400,
            "TestRunState",
        );
    }
    refused(
        &patch(&service, &path, &json!({ "substate": "Done" })),
        400,
        "TestRunSubstate",
    );
    for state in [
        "NotStarted",
        "InProgress",
        "Waiting",
        "Completed",
        "Aborted",
    ] {
        assert_eq!(
            patch(&service, &path, &json!({ "state": state })).json()["state"],
            state
        );
    }
}

#[test]
fn a_finished_run_with_a_failure_needs_investigation() {
    for (outcome, state) in [
        ("Passed", "Completed"),
        ("NotExecuted", "Completed"),
        ("Failed", "NeedsInvestigation"),
    ] {
        let service = service();
        let result = with(result_body("a"), &json!({ "outcome": outcome }));
        let (run, _) = new_result(&service, &result);
        let path = format!("Shop/_apis/test/runs/{run}");
        assert_eq!(
            patch(&service, &path, &json!({ "state": "Completed" })).json()["state"],
            state
        );
        assert_eq!(get(&service, &path).json()["state"], state);
    }
}

#[test]
fn an_aborted_run_stays_aborted() {
    let service = service();
    let run = new_run(&service);
    let path = format!("Shop/_apis/test/runs/{run}");
    patch(
        &service,
        &path,
        &json!({ "state": "Aborted", "errorMessage": "cancelled" }),
    );
    refused(
        &patch(&service, &path, &json!({ "state": "InProgress" })),
        400,
        "was aborted",
    );
    assert_eq!(
        patch(&service, &path, &json!({ "comment": "later" })).status,
        200
    );
    assert_eq!(service.runs()[0]["state"], "Aborted");
}

#[test]
fn a_run_that_is_not_there_is_refused_with_404() {
    let service = service_with(|settings| {
        settings.projects.push(ado_stand_in::Project::new(
            "Other",
            "11111111-2222-4333-8444-555555555555",
        ));
    });
    let run = service.add_run(&json!({ "project": "Other" }));
    for path in [
        "runs/{}",
        "runs/{}/Statistics",
        "Runs/{}/results",
        "Runs/{}/attachments",
    ] {
        for run in [run, 99] {
            let path = format!("Shop/_apis/test/{}", path.replace("{}", &run.to_string()));
            let reply = get(&service, &path);
            refused(&reply, 404, &format!("Test run {run} cannot be found"));
            assert_eq!(reply.json()["typeKey"], "TestObjectNotFoundException");
        }
    }
    refused(
        &patch(&service, "Shop/_apis/test/runs/99", &json!({})),
        404,
        "Test run 99 cannot be found",
    );
    refused(
        &add_results(&service, 99, &json!([result_body("a")])),
        404,
        "Test run 99 cannot be found",
    );
    assert_eq!(
        get(&service, &format!("Other/_apis/test/runs/{run}")).status,
        200
    );
}

#[test]
fn unfinished_results_can_be_dropped_at_the_end() {
    let service = service();
    let run = new_run(&service);
    add_results(
        &service,
        run,
        &json!([result_body("a"), { "testCaseTitle": "b", "outcome": "Passed" }]),
    );
    let change = json!({ "state": "Completed", "deleteInProgressResults": true });
    let reply = patch(&service, &format!("Shop/_apis/test/runs/{run}"), &change);
    assert_eq!(
        (
            &reply.json()["totalTests"],
            &reply.json()["incompleteTests"]
        ),
        (&json!(1), &json!(0))
    );
}

#[test]
fn custom_fields_of_a_run_that_nobody_knows_are_refused() {
    let field = |name: &str, value: Value| json!({ "customTestFields": [{ "fieldName": name, "value": value }] });
    each_refused(&[
        (
            field("Browser", json!("Chrome")),
            400,
            "Unknown custom field",
        ),
        (
            field("TestRunSystem", json!(1)),
            400,
            "Unknown custom field",
        ),
    ]);
    assert_eq!(create(&field("TestRunSystem", json!("a"))).status, 200);
}
