//! A plan of 20,000 points, as large customers have them: nothing may be lost on the way, and no request may cost as
//! much as the whole plan.

use crate::plans::pages;
use crate::support::*;
use ado_stand_in::{Configuration, Plan, Point, StandIn, Suite};
use serde_json::{Value, json};

const POINTS: u64 = 20_000;

/// Plan 17 with so many points: 200 in each suite, two for each test case.
fn large(points: u64) -> StandIn {
    let service = service_with(|settings| settings.page_size = 5000);
    service.add_plan(Plan::new(17, "Everything"));
    for configuration in [3, 4] {
        service.add_configuration(Configuration::new(configuration, "Any"));
    }
    for suite in 0..points.div_ceil(200) {
        service.add_suite(Suite::new(200 + suite, 17, "Suite"));
    }
    for number in 0..points {
        let case = 100_000 + number / 2;
        service.add_point(Point::new(
            500_000 + number,
            200 + number / 200,
            case,
            3 + number % 2,
        ));
    }
    service
}

#[test]
fn a_large_plan_is_walked_in_100_pages() {
    let service = large(POINTS);
    let path = "Shop/_apis/testplan/Plans/17/Suites/18/TestPoint?isRecursive=true";
    let pages = pages(&service, path);
    assert_eq!(pages.len(), 100);
    let ids: Vec<u64> = pages.concat();
    assert_eq!(ids, (500_000..500_000 + POINTS).collect::<Vec<_>>());
}

#[test]
fn the_test_cases_of_a_large_plan_are_walked_in_50_pages() {
    let service = large(POINTS);
    let path = "Shop/_apis/testplan/Plans/17/Suites/18/TestCase?isRecursive=true";
    let (mut cases, mut token, mut number) = (Vec::new(), String::new(), 0);
    loop {
        let reply = get(&service, &format!("{path}{token}"));
        number += 1;
        assert!(number < 1000, "the list has no end");
        for case in reply.json()["value"].as_array().unwrap() {
            assert_eq!(case["pointAssignments"].as_array().unwrap().len(), 2);
            cases.push(case["workItem"]["id"].as_u64().unwrap());
        }
        let Some(next) = reply.header("x-ms-continuationtoken") else {
            break;
        };
        token = format!("&continuationToken={}", next.replace('+', "%2B"));
    }
    assert_eq!(number, 50);
    assert_eq!(cases, (100_000..100_000 + POINTS / 2).collect::<Vec<_>>());
}

#[test]
fn a_run_can_hold_a_large_plan() {
    let service = large(POINTS);
    let points: Vec<u64> = (500_000..500_000 + POINTS).collect();
    let body =
        json!({ "name": "a", "automated": true, "plan": { "id": "17" }, "pointIds": points });
    let created = post(&service, "Shop/_apis/test/runs", &body).json();
    assert_eq!(created["totalTests"], POINTS);
    let last = get(
        &service,
        "Shop/_apis/test/Runs/1/results?$skip=19000&$top=1000",
    );
    assert_eq!(last.ids().len(), 1000);
}

#[test]
fn results_of_a_planned_run_are_finished_1000_at_a_time() {
    let service = large(3000);
    let points: Vec<u64> = (500_000..503_000).collect();
    let body =
        json!({ "name": "a", "automated": true, "plan": { "id": "17" }, "pointIds": points });
    post(&service, "Shop/_apis/test/runs", &body);
    let path = "Shop/_apis/test/Runs/1/results";
    for page in 0..3 {
        let results = get(&service, &format!("{path}?$skip={}&$top=1000", page * 1000)).ids();
        let changes: Value = results
            .iter()
            .map(|id| json!({ "id": id, "state": "Completed", "outcome": "Passed" }))
            .collect();
        assert_eq!(patch(&service, path, &changes).status, 200);
    }
    patch(
        &service,
        "Shop/_apis/test/runs/1",
        &json!({ "state": "Completed" }),
    );
    assert_eq!(service.plan_violations(17), [""; 0]);
    let histories = service.point_histories(17);
    assert_eq!(histories.len(), 3000);
    assert!(
        histories
            .iter()
            .all(|history| history.outcomes() == [(1, "Passed")])
    );
}
