//! Planned runs and what becomes of the points (contract §1.4).

use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::{AUTOMATION_MISMATCH, Build, Plan, Project, Server, Settings, WorkItem};
use serde_json::{Value, json};

const RUNS: &str = "Shop/_apis/test/runs";

#[test]
fn a_planned_run_comes_with_a_waiting_result_for_each_point() {
    let service = planned();
    let body = with(
        planned_body(&[7001, 7003]),
        &json!({ "build": { "id": "71" } }),
    );
    let run = post(&service, RUNS, &body).json();
    assert_eq!(
        (&run["state"], &run["totalTests"], &run["incompleteTests"]),
        (&json!("InProgress"), &json!(2), &json!(2))
    );
    assert_eq!(run["plan"], json!({ "id": "17", "name": "Release 5" }));
    let path = format!("Shop/_apis/test/Runs/{}/results", run["id"]);
    let reply = get(&service, &path);
    assert_eq!(reply.ids(), [100_000, 100_001]);
    let results = reply.json()["value"].clone();
    assert_eq!(
        results[0]["testPoint"]["id"], "7003",
        "no order is promised"
    );
    let first = &results[1];
    for (name, value) in [
        ("state", json!("Pending")),
        ("outcome", json!("Unspecified")),
        ("testPoint", json!({ "id": "7001" })),
        ("testCase", json!({ "id": "1001", "name": "Valid user" })),
        ("configuration", json!({ "id": "3", "name": "Windows" })),
        ("testCaseTitle", json!("Valid user")),
        ("testCaseRevision", json!(4)),
    ] {
        assert_eq!(first[name], value, "{name}");
    }
    assert!(first.get("testPlan").is_none() && first.get("testSuite").is_none());
    let with_point = get(&service, &format!("{path}?detailsToInclude=point")).json();
    assert_eq!(
        with_point["value"][1]["testPlan"],
        json!({ "id": "17", "name": "Release 5" })
    );
    assert_eq!(with_point["value"][1]["testSuite"]["id"], "21");
    assert_eq!(
        shown(&service, 7001),
        ("unspecified".into(), "inProgress".into())
    );
    let without_state = json!({ "name": "a", "automated": true, "plan": { "id": "17" } });
    assert_eq!(
        post(&service, RUNS, &without_state).json()["state"],
        "InProgress"
    );
}

#[test]
fn a_planned_run_is_refused_for_points_that_the_plan_does_not_have() {
    let service = planned();
    service.edit_work_item(1002, |case| case.deleted = true);
    for point in [0, 7006, 7003, 9999] {
        refused(
            &post(&service, RUNS, &planned_body(&[7001, point])),
            404,
            &format!("Test point {point} not found."),
        );
    }
    assert!(service.remove_point(7001));
    refused(
        &post(&service, RUNS, &planned_body(&[7001])),
        404,
        "Test point 7001 not found.",
    );
    refused(
        &post(
            &service,
            RUNS,
            &with(planned_body(&[]), &json!({ "pointIds": ["7002"] })),
        ),
        400,
        "'pointIds' must be a list of whole numbers",
    );
    assert_eq!(service.runs().len(), 0);
}

#[test]
fn a_planned_run_needs_an_open_plan_of_its_own_project() {
    let service = planned_with(|settings| {
        settings.projects.push(Project::new(
            "Other",
            "0ddba11a-0000-4000-8000-000000000001",
        ));
        settings.builds.push(Build::new(90, "Other"));
    });
    service.add_plan(Plan::new(60, "Secret").hidden());
    service.add_plan(Plan::new(70, "Elsewhere").in_project("Other"));
    let of = |plan: &str| with(planned_body(&[]), &json!({ "plan": { "id": plan } }));
    for plan in ["60", "70", "x"] {
        refused(
            &post(&service, RUNS, &of(plan)),
            404,
            &format!("Test plan {plan} not found."),
        );
    }
    let of_build = |build: &str| with(planned_body(&[7001]), &json!({ "build": { "id": build } }));
    refused(
        &post(&service, RUNS, &of_build("90")),
        404,
        "Build 90 cannot be found.",
    );
    service.edit_plan(17, |plan| plan.state = "Inactive".into());
    refused(&post(&service, RUNS, &of("17")), 400, "is not active");
    refused(
        &post(
            &service,
            RUNS,
            &with(run_body(), &json!({ "configurationIds": [99] })),
        ),
        404,
        "Test configuration 99 not found.",
    );
}

#[test]
fn a_point_that_is_named_twice_makes_two_results_and_is_a_mistake() {
    let service = planned();
    let run = new_planned_run(&service, &[7001, 7001]);
    assert_eq!(service.run(run).unwrap()["totalTests"], 2);
    assert_eq!(
        service.mistakes(),
        ["run 1: test point 7001 was named twice"]
    );
    assert!(
        service
            .plan_violations(17)
            .contains(&"point 7001: 2 results in run 1".to_owned())
    );
}

#[test]
fn inactive_points_can_be_refused() {
    let service = planned();
    new_planned_run(&service, &[7004]);
    service.configure(|settings| settings.plans.inactive_points_refused = true);
    refused(
        &post(&service, RUNS, &planned_body(&[7004])),
        400,
        "Test point 7004 is not active",
    );
    // What was made before goes on.
    let run = new_planned_run(&service, &[7001]);
    service.edit_point(7001, |point| point.active = false);
    assert_eq!(finish(&service, run, 7001, "Passed").status, 200);
}

#[test]
fn the_number_of_points_can_be_limited() {
    let service = planned_with(|settings| settings.plans.most_points = Some(2));
    new_planned_run(&service, &[7001, 7002]);
    refused(
        &post(&service, RUNS, &planned_body(&[7001, 7002, 7003])),
        400,
        "cannot be created with 3 test points",
    );
}

#[test]
fn a_point_can_be_left_without_a_result() {
    let service = planned_with(|settings| settings.plans.points_without_result = vec![7002]);
    let run = new_planned_run(&service, &[7001, 7002]);
    let path = format!("Shop/_apis/test/Runs/{run}/results");
    let results = get(&service, &path).json()["value"].clone();
    assert_eq!(results.as_array().unwrap().len(), 1);
    assert_eq!(results[0]["testPoint"]["id"], "7001");
}

#[test]
fn an_automated_run_with_a_manual_test_case_can_be_refused_in_any_language() {
    let service = planned();
    let mut manual = planned_body(&[7001]);
    manual["automated"] = json!(false);
    for message in [
        AUTOMATION_MISMATCH,
        "Der Automatisierungsstatus des Testfalls und des Testlaufs stimmen nicht überein",
    ] {
        service.configure(|settings| settings.plans.automation_mismatch = Some(message.into()));
        refused(&post(&service, RUNS, &planned_body(&[7001])), 400, message);
        assert_eq!(post(&service, RUNS, &manual).status, 200);
    }
    service.add_work_item(WorkItem::test_case(1001, "Valid user").automated("a", "b", "Katalon"));
    new_planned_run(&service, &[7001]);
    refused(
        &post(&service, RUNS, &planned_body(&[7001, 7003])),
        400,
        "Automatisierungsstatus",
    );
}

#[test]
fn an_older_server_compares_the_automation_of_run_and_test_case() {
    for (server, old) in [
        (Server::Server2019, true),
        (Server::Server2020, true),
        (Server::Server2022, false),
        (Server::Services, false),
    ] {
        let settings = Settings::of(server);
        let message = settings.plans.automation_mismatch.as_deref();
        assert_eq!(
            message.is_some_and(|text| text == AUTOMATION_MISMATCH),
            old,
            "{server:?}"
        );
    }
}

#[test]
fn the_results_of_a_planned_run_are_changed_and_keep_their_place() {
    let service = planned();
    let run = new_planned_run(&service, &[7001]);
    let path = format!("Shop/_apis/test/Runs/{run}/results");
    let id = result_of(&service, run, 7001);
    let change = |fields: &Value| {
        let change = with(json!({ "id": id }), fields);
        patch(&service, &path, &json!([change]))
    };
    let done = json!({ "state": "Completed", "outcome": "Passed", "testPoint": { "id": "7001" }, "testCase": { "id": "1001" } });
    assert_eq!(change(&done).status, 200);
    let result = get(&service, &path).json()["value"][0].clone();
    assert_eq!(result["testCase"]["name"], "Valid user");
    assert_eq!(
        (&result["outcome"], &result["testCaseTitle"]),
        (&json!("Passed"), &json!("Valid user"))
    );
    for (name, other) in [
        ("testPoint", "7002"),
        ("testCase", "1002"),
        ("testPlan", "40"),
        ("testSuite", "22"),
        ("configuration", "4"),
    ] {
        refused(
            &change(&json!({ name: { "id": other } })),
            400,
            &format!("'{name}' of a test result cannot be changed"),
        );
    }
}

#[test]
fn an_unknown_result_can_be_answered_with_500() {
    let service = planned();
    let run = new_planned_run(&service, &[7001]);
    let path = format!("Shop/_apis/test/Runs/{run}/results");
    let change = json!([{ "id": 5, "outcome": "Passed" }]);
    refused(
        &patch(&service, &path, &change),
        404,
        &format!("Test result 5 does not exist in test run {run}"),
    );
    service.configure(|settings| settings.plans.unknown_result_is_null = true);
    refused(
        &patch(&service, &path, &change),
        500,
        "Value cannot be null",
    );
}

#[test]
fn a_change_appends_or_replaces_iterations() {
    let iterations = |replaced: bool| {
        let service = planned_with(|settings| settings.plans.iterations_replaced = replaced);
        let run = new_planned_run(&service, &[7001]);
        let path = format!("Shop/_apis/test/Runs/{run}/results");
        let id = result_of(&service, run, 7001);
        for outcome in ["Failed", "Passed"] {
            let iteration = json!({ "id": 1, "outcome": outcome });
            patch(
                &service,
                &path,
                &json!([{ "id": id, "iterationDetails": [iteration] }]),
            );
        }
        let read = get(&service, &format!("{path}?detailsToInclude=iterations")).json();
        let iterations = read["value"][0]["iterationDetails"]
            .as_array()
            .unwrap()
            .clone();
        let outcomes = iterations
            .iter()
            .map(|one| one["outcome"].as_str().unwrap().to_owned());
        outcomes.collect::<Vec<_>>()
    };
    assert_eq!(iterations(false), ["Failed", "Passed"]);
    assert_eq!(iterations(true), ["Passed"]);
}

/// A result as a publisher posts it that makes no use of the waiting ones.
fn posted(point: u64) -> Value {
    with(
        result_body("Valid user"),
        &json!({ "testPoint": { "id": point.to_string() }, "testCase": { "id": "1001" }, "testCaseRevision": 4 }),
    )
}

#[test]
fn results_that_are_added_beside_the_waiting_ones_are_a_mistake() {
    let service = planned();
    let run = new_planned_run(&service, &[7001]);
    let reply = add_results(&service, run, &json!([posted(7001)]));
    assert_eq!(reply.status, 200, "{}", reply.text());
    patch(
        &service,
        &format!("{RUNS}/{run}"),
        &json!({ "state": "Completed" }),
    );
    assert_eq!(
        service.plan_violations(17),
        [
            "run 1: result 100001 was added to a run that was created with its points",
            "point 7001: result 100000 of run 1 waits for ever",
            "point 7001: 2 results in run 1",
        ]
    );
}

#[test]
fn a_new_result_of_a_plan_names_point_case_and_revision() {
    let service = planned();
    let run = new_planned_run(&service, &[]);
    assert_eq!(
        add_results(&service, run, &json!([posted(7001)])).status,
        200
    );
    assert_eq!(service.mistakes(), [""; 0]);
    assert_eq!(shown(&service, 7001).0, "passed");
    let without = |name: &str| {
        let mut result = posted(7001);
        result.as_object_mut().unwrap().remove(name);
        add_results(&service, run, &json!([result]))
    };
    for name in ["testPoint", "testCase", "testCaseRevision"] {
        refused(&without(name), 400, &format!("needs '{name}'"));
    }
    refused(
        &add_results(&service, run, &json!([posted(7006)])),
        404,
        "Test point 7006 not found.",
    );
    let other = new_run(&service);
    refused(
        &add_results(&service, other, &json!([posted(7001)])),
        400,
        "needs a test run with a test plan",
    );
}

#[test]
fn a_result_refers_to_what_there_is() {
    let service = planned();
    service.add_work_item(WorkItem::new(900, "Bug", "Broken"));
    let run = new_run(&service);
    let add = |fields: &Value| add_results(&service, run, &json!([with(result_body("a"), fields)]));
    for (name, id, what) in [
        ("testCase", "900", "Test case"),
        ("testPlan", "18", "Test plan"),
        ("testSuite", "17", "Test suite"),
        ("testPoint", "7099", "Test point"),
        ("configuration", "9", "Test configuration"),
    ] {
        refused(
            &add(&json!({ name: { "id": id } })),
            404,
            &format!("{what} {id} not found."),
        );
    }
    refused(
        &add(&json!({ "associatedBugs": [{ "id": "900" }, { "id": "901" }] })),
        404,
        "Work item 901 does not exist",
    );
    let fine = json!({ "testCase": { "id": "1001" }, "testPlan": { "id": "17" }, "testSuite": { "id": "21" },
                       "configuration": { "id": "3" }, "associatedBugs": [{ "id": "900" }] });
    assert_eq!(add(&fine).status, 200);
    service.edit_plan(17, |plan| plan.hidden = true);
    refused(&add(&fine), 404, "Test plan 17 not found.");
}
