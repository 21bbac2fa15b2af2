//! What goes wrong with requests about plans and work items: the same as with any other.

use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::{Fault, Rule, StandIn};
use serde_json::{Value, json};

const RUNS: &str = "Shop/_apis/test/runs";
const BATCH: &str = "_apis/wit/$batch?api-version=5.0";
const NAME: &str = "Microsoft.VSTS.TCM.AutomatedTestName";

/// Every request about plans and work items: method, address, pattern of a fault, body.
fn requests() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let change = json!([{ "method": "PATCH", "uri": "/_apis/wit/workitems/1001?api-version=5.0",
                          "headers": { "Content-Type": "application/json-patch+json" },
                          "body": [{ "op": "add", "path": format!("/fields/{NAME}"), "value": "a" }] }]);
    vec![
        (
            "GET",
            "Shop/_apis/testplan/plans",
            "/testplan/plans$",
            Value::Null,
        ),
        (
            "GET",
            "Shop/_apis/testplan/plans/17",
            "/testplan/plans/17$",
            Value::Null,
        ),
        (
            "GET",
            "Shop/_apis/testplan/Plans/17/suites",
            "/suites$",
            Value::Null,
        ),
        (
            "GET",
            "Shop/_apis/testplan/Plans/17/suites/21",
            "/suites/21$",
            Value::Null,
        ),
        (
            "GET",
            "Shop/_apis/testplan/Plans/17/Suites/21/TestPoint",
            "/TestPoint$",
            Value::Null,
        ),
        (
            "GET",
            "Shop/_apis/testplan/Plans/17/Suites/21/TestCase",
            "/TestCase$",
            Value::Null,
        ),
        (
            "GET",
            "Shop/_apis/testplan/configurations",
            "/configurations$",
            Value::Null,
        ),
        (
            "GET",
            "_apis/testplan/suites?testCaseId=1001",
            "/testplan/suites?testCaseId=*$",
            Value::Null,
        ),
        (
            "POST",
            "Shop/_apis/test/points",
            "/test/points$",
            json!({ "pointsFilter": { "testcaseIds": [1001] } }),
        ),
        ("POST", RUNS, "/test/runs$", planned_body(&[7001])),
        (
            "POST",
            "Shop/_apis/wit/workitemsbatch",
            "/workitemsbatch$",
            json!({ "ids": [1001] }),
        ),
        (
            "POST",
            "Shop/_apis/wit/wiql",
            "/wiql$",
            json!({ "query": "SELECT [System.Id] FROM WorkItems" }),
        ),
        ("PATCH", BATCH, "/$batch$", change),
    ]
}

#[test]
fn faults_happen_to_requests_about_plans_too() {
    for (method, path, pattern, body) in requests() {
        let service = planned();
        service.script(Rule::once(method, pattern, Fault::retry_after(503, 1)));
        service.script(Rule::once(method, pattern, Fault::ResetBefore));
        service.script(Rule::once(method, pattern, Fault::SignInPage));
        let first = send(&service, method, path, &body);
        assert_eq!(
            (first.status, first.header("Retry-After")),
            (503, Some("1")),
            "{path}"
        );
        assert!(try_send(&service, method, path, &body).is_err(), "{path}");
        assert_eq!(send(&service, method, path, &body).status, 203, "{path}");
        let last = send(&service, method, path, &body);
        assert_eq!(last.status, 200, "{path}: {}", last.text());
        assert_eq!(service.runs().len(), usize::from(path == RUNS), "{path}");
    }
}

fn changed(service: &StandIn) -> bool {
    service.work_item(1001).unwrap().fields.contains_key(NAME)
}

#[test]
fn a_write_can_be_carried_out_though_its_answer_is_lost() {
    let service = planned();
    for (method, path, pattern, body) in requests() {
        if method == "PATCH" || path == RUNS {
            service.script(Rule::once(method, pattern, Fault::ResetAfter));
            assert!(try_send(&service, method, path, &body).is_err());
        }
    }
    let run = service.run(1).unwrap();
    assert_eq!(run["results"][0]["testPoint"]["id"], "7001");
    assert!(changed(&service));
}

#[test]
fn a_plan_can_change_just_before_a_request() {
    let service = planned();
    service.script(Rule::once(
        "POST",
        "/test/runs$",
        Fault::meanwhile(|service| {
            service.remove_point(7001);
        }),
    ));
    refused(
        &post(&service, RUNS, &planned_body(&[7001, 7003])),
        404,
        "Test point 7001 not found.",
    );
    service.script(Rule::once(
        "PATCH",
        "/results$",
        Fault::meanwhile(|service| {
            service.edit_point(7003, |point| point.active = false);
        }),
    ));
    let run = new_planned_run(&service, &[7003]);
    assert_eq!(finish(&service, run, 7003, "Passed").status, 200);
    assert_eq!(service.point_histories(17)[1].outcome, "Passed");
}
