//! A plan to look at: three suites of three kinds, one of them nested, two configurations, other plans' points.

use crate::support::*;
use ado_stand_in::{Configuration, Plan, Point, Settings, StandIn, Suite, WorkItem};
use serde_json::{Value, json};

/// A service with plan 17 (root suite 18), its suites `Login` (21, with `Deep` 22 below it), `Requirement` (23) and
/// `Query` (24), the configurations Windows (3) and macOS (4), three test cases, and a point of plan 40.
///
/// | point | suite | case | configuration | |
/// |---|---|---|---|---|
/// | 7001 | 21 | 1001 | 3 | tester Ann |
/// | 7002 | 21 | 1001 | 4 | |
/// | 7003 | 22 | 1002 | 3 | |
/// | 7004 | 23 | 1003 | 3 | inactive |
/// | 7005 | 24 | 1001 | 3 | failed before |
/// | 7006 | 41 (plan 40) | 1001 | 3 | |
pub(crate) fn planned_with(change: impl FnOnce(&mut Settings)) -> StandIn {
    let service = service_with(change);
    service.add_configuration(Configuration::new(3, "Windows").as_default());
    service.add_configuration(Configuration::new(4, "macOS"));
    service.add_configuration(Configuration::new(5, "Windows 7").inactive());
    service.add_plan(Plan::new(17, "Release 5"));
    service.add_suite(Suite::new(21, 17, "Login"));
    service.add_suite(Suite::new(22, 17, "Deep").below(21));
    service.add_suite(Suite::new(23, 17, "Requirement").of_requirement(900));
    service.add_suite(Suite::new(24, 17, "Query").of_query("select …"));
    service.add_plan(Plan::new(40, "Release 4"));
    for (id, title) in [(1001, "Valid user"), (1002, "Locked user"), (1003, "Pay")] {
        service.add_work_item(WorkItem::test_case(id, title).revision(4));
    }
    service.add_point(Point::new(7001, 21, 1001, 3).tester("Ann"));
    service.add_point(Point::new(7002, 21, 1001, 4));
    service.add_point(Point::new(7003, 22, 1002, 3));
    service.add_point(Point::new(7004, 23, 1003, 3).inactive());
    service.add_point(Point::new(7005, 24, 1001, 3).ended("Failed"));
    service.add_point(Point::new(7006, 41, 1001, 3));
    service
}

/// The same with the default settings.
pub(crate) fn planned() -> StandIn {
    planned_with(|_| ())
}

/// The body of a planned run.
pub(crate) fn planned_body(points: &[u64]) -> Value {
    json!({ "name": "Nightly", "automated": true, "state": "InProgress", "plan": { "id": "17" }, "pointIds": points })
}

/// A planned run, made over the wire.
pub(crate) fn new_planned_run(service: &StandIn, points: &[u64]) -> u64 {
    let reply = post(service, "Shop/_apis/test/runs", &planned_body(points));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["id"].as_u64().unwrap()
}

/// The result that a run has for a point.
pub(crate) fn result_of(service: &StandIn, run: u64, point: u64) -> u64 {
    let path = format!("Shop/_apis/test/Runs/{run}/results");
    let results = get(service, &path).json()["value"].clone();
    let results = results.as_array().unwrap();
    let point = point.to_string();
    let of = |result: &&Value| result["testPoint"]["id"] == point;
    results.iter().find(of).unwrap()["id"].as_u64().unwrap()
}

/// Finishes the result of a point.
pub(crate) fn finish(service: &StandIn, run: u64, point: u64, outcome: &str) -> Reply {
    let id = result_of(service, run, point);
    let change = json!([{ "id": id, "state": "Completed", "outcome": outcome }]);
    patch(
        service,
        &format!("Shop/_apis/test/Runs/{run}/results"),
        &change,
    )
}

/// The outcome and the state that the plan shows for a point.
pub(crate) fn shown(service: &StandIn, point: u64) -> (String, String) {
    let path = format!(
        "Shop/_apis/testplan/Plans/17/Suites/18/TestPoint?isRecursive=true&testPointIds={point}"
    );
    let results = get(service, &path).json()["value"][0]["results"].clone();
    let text = |name: &str| results[name].as_str().unwrap().to_owned();
    (text("outcome"), text("state"))
}
