//! What a plan shows for its points once results have come (contract §1.4).

use crate::plans_support::*;
use crate::support::*;
use serde_json::json;

const RUNS: &str = "Shop/_apis/test/runs";

#[test]
fn a_point_shows_its_last_result() {
    let service = planned();
    let first = new_planned_run(&service, &[7001]);
    let second = new_planned_run(&service, &[7001]);
    finish(&service, second, 7001, "Passed");
    assert_eq!(shown(&service, 7001), ("passed".into(), "completed".into()));
    finish(&service, first, 7001, "Failed");
    assert_eq!(
        shown(&service, 7001),
        ("failed".into(), "ready".into()),
        "the last write decides"
    );
    assert_eq!(
        shown(&service, 7002),
        ("unspecified".into(), "ready".into())
    );
    let history = service.point_histories(17)[0].clone();
    assert_eq!((history.point, history.outcome.as_str()), (7001, "Failed"));
    assert_eq!(history.outcomes(), [(first, "Failed"), (second, "Passed")]);
    service.delete_run(first);
    assert_eq!(
        shown(&service, 7001).0,
        "passed",
        "a deleted run does not count"
    );
    service.delete_run(second);
    new_planned_run(&service, &[7002]);
    assert_eq!(
        shown(&service, 7001),
        ("unspecified".into(), "ready".into())
    );
}

#[test]
fn a_result_that_waits_decides_nothing_until_it_is_completed() {
    let service = planned();
    let first = new_planned_run(&service, &[7001]);
    let second = new_planned_run(&service, &[7001]);
    finish(&service, second, 7001, "Passed");
    let id = result_of(&service, first, 7001);
    let path = format!("Shop/_apis/test/Runs/{first}/results");
    patch(&service, &path, &json!([{ "id": id, "comment": "soon" }]));
    assert_eq!(shown(&service, 7001).0, "passed");
}

#[test]
fn a_point_can_show_the_result_of_the_newest_run() {
    let service = planned_with(|settings| settings.plans.newest_run_decides = true);
    let first = new_planned_run(&service, &[7001]);
    let second = new_planned_run(&service, &[7001]);
    finish(&service, second, 7001, "Passed");
    finish(&service, first, 7001, "Failed");
    assert_eq!(shown(&service, 7001).0, "passed");
}

#[test]
fn automated_outcomes_do_not_go_to_other_suites() {
    let service = planned();
    service.edit_plan(17, |plan| plan.synchronised = true);
    let run = new_planned_run(&service, &[7001]);
    finish(&service, run, 7001, "Passed");
    assert_eq!(shown(&service, 7005).0, "failed");
    let mut by_hand = planned_body(&[7001]);
    by_hand["automated"] = json!(false);
    post(&service, RUNS, &by_hand);
    finish(&service, 2, 7001, "Blocked");
    assert_eq!(shown(&service, 7005).0, "blocked");
    service.edit_plan(17, |plan| plan.synchronised = false);
    post(&service, RUNS, &by_hand);
    finish(&service, 3, 7001, "Warning");
    assert_eq!(shown(&service, 7001).0, "warning");
    assert_eq!(shown(&service, 7005).0, "blocked", "not synchronised");
    assert_eq!(
        shown(&service, 7002).0,
        "unspecified",
        "another configuration"
    );
}

#[test]
fn a_completed_planned_run_takes_no_changes() {
    let service = planned();
    let run = new_planned_run(&service, &[7001]);
    assert_eq!(service.plan_violations(17), ["run 1 is still open"]);
    finish(&service, run, 7001, "Failed");
    patch(
        &service,
        &format!("{RUNS}/{run}"),
        &json!({ "state": "Completed" }),
    );
    assert_eq!(service.plan_violations(17), [""; 0]);
    refused(
        &finish(&service, run, 7001, "Passed"),
        400,
        "which is in Completed state",
    );
    assert_eq!(get(&service, &format!("{RUNS}?planId=17")).ids(), [run]);
}

#[test]
fn an_aborted_planned_run_does_not_count() {
    let service = planned();
    let first = new_planned_run(&service, &[7001]);
    patch(
        &service,
        &format!("{RUNS}/{first}"),
        &json!({ "state": "Aborted" }),
    );
    let second = new_planned_run(&service, &[7001]);
    finish(&service, second, 7001, "Passed");
    patch(
        &service,
        &format!("{RUNS}/{second}"),
        &json!({ "state": "Completed" }),
    );
    assert_eq!(service.plan_violations(17), [""; 0]);
}
