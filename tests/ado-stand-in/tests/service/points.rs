//! Test points, by suite and by test case (contract §5).

use crate::plans::pages;
use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::Plan;
use serde_json::{Value, json};

const OF_ROOT: &str = "Shop/_apis/testplan/Plans/17/Suites/18/TestPoint";

#[test]
fn points_come_with_those_of_the_suites_below_only_on_demand() {
    let service = planned();
    let of = |suite: u64, query: &str| {
        let path = format!("Shop/_apis/testplan/Plans/17/Suites/{suite}/TestPoint?{query}");
        get(&service, &path).ids()
    };
    assert_eq!(of(18, ""), [0_u64; 0]);
    assert_eq!(of(18, "isRecursive=true"), [7001, 7002, 7003, 7004, 7005]);
    assert_eq!(of(21, ""), [7001, 7002]);
    assert_eq!(of(21, "isRecursive=true"), [7001, 7002, 7003]);
    assert_eq!(
        of(18, "isRecursive=true&testCaseId=1001,1003"),
        [7001, 7002, 7004, 7005]
    );
    assert_eq!(
        of(18, "isRecursive=true&testPointIds=7005,7001,7006"),
        [7001, 7005]
    );
    assert_eq!(of(21, "testCaseId=1001&testPointIds=7001,7003"), [7001]);
    refused(
        &get(&service, &format!("{OF_ROOT}?testCaseId=x")),
        400,
        "is not a list of whole numbers",
    );
    refused(
        &get(&service, "Shop/_apis/testplan/Plans/40/Suites/21/TestPoint"),
        404,
        "Test suite 21 not found",
    );
}

#[test]
fn points_come_page_by_page() {
    let service = planned_with(|settings| settings.page_size = 2);
    let recursive = format!("{OF_ROOT}?isRecursive=true");
    assert_eq!(
        pages(&service, &recursive),
        [vec![7001, 7002], vec![7003, 7004], vec![7005]]
    );
    assert_eq!(
        pages(&service, &format!("{recursive}&testCaseId=1001")),
        [vec![7001, 7002], vec![7005]]
    );
    service.configure(|settings| settings.pages_overlap = true);
    assert_eq!(
        pages(&service, &recursive),
        [vec![7001, 7002], vec![7002, 7003, 7004], vec![7004, 7005]]
    );
}

#[test]
fn a_point_tells_case_configuration_tester_and_outcome() {
    let service = planned();
    let point = |query: &str| {
        get(&service, &format!("{OF_ROOT}?isRecursive=true&{query}")).json()["value"][0].clone()
    };
    let first = point("testPointIds=7001");
    assert_eq!(
        first["testCaseReference"],
        json!({ "id": 1001, "name": "Valid user", "state": "Design" })
    );
    assert_eq!(
        first["configuration"],
        json!({ "id": 3, "name": "Windows" })
    );
    assert_eq!(first["testSuite"], json!({ "id": 21, "name": "Login" }));
    assert_eq!(first["tester"]["displayName"], "Ann");
    assert_eq!(
        (&first["isActive"], &first["isAutomated"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(point("testPointIds=7004")["isActive"], false);
    assert_eq!(
        shown(&service, 7001),
        ("unspecified".into(), "ready".into())
    );
    assert_eq!(shown(&service, 7005), ("failed".into(), "ready".into()));
    let small = point("testPointIds=7001&includePointDetails=false");
    assert!(small.get("isActive").is_none() && small.get("results").is_none());
    assert_eq!(small["testCaseReference"]["id"], 1001);
}

#[test]
fn points_of_test_cases_come_from_every_plan_without_count_and_value() {
    let service = planned();
    service.add_plan(Plan::new(60, "Secret").hidden());
    service.add_point(ado_stand_in::Point::new(7101, 61, 1001, 3));
    let body = json!({ "pointsFilter": { "testcaseIds": [1001] } });
    let reply = post(&service, "Shop/_apis/test/points", &body).json();
    assert!(reply.get("count").is_none() && reply.get("value").is_none());
    assert_eq!(reply["pointsFilter"]["testcaseIds"], json!([1001]));
    let ids = |reply: &Value| -> Vec<u64> {
        let points = reply["points"].as_array().unwrap();
        points
            .iter()
            .map(|point| point["id"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(ids(&reply), [7001, 7002, 7005, 7006]);
    let last = &reply["points"][3];
    assert!(last.get("testPlan").is_none() && last.get("suite").is_none());
    let url = last["url"].as_str().unwrap();
    assert!(
        url.ends_with("/Shop/_apis/test/Plans/40/Suites/41/Points/7006"),
        "{url}"
    );
    assert_eq!(last["testCase"]["id"], "1001");
    assert_eq!(
        last["configuration"],
        json!({ "id": "3", "name": "Windows" })
    );
    assert_eq!(reply["points"][0]["assignedTo"]["displayName"], "Ann");
    assert_eq!(reply["points"][2]["outcome"], "Failed");

    service.configure(|settings| settings.plans.points_name_plan = true);
    let named = post(&service, "Shop/_apis/test/points", &body).json();
    assert_eq!(named["points"][3]["testPlan"]["id"], "40");
    assert_eq!(
        named["points"][3]["suite"],
        json!({ "id": "41", "name": "Release 4" })
    );

    for (filter, found) in [
        (
            json!({ "testcaseIds": [1001], "configurationNames": ["macOS"] }),
            vec![7002],
        ),
        (json!({ "testers": [{ "displayName": "Ann" }] }), vec![7001]),
        (json!({ "testcaseIds": [5] }), vec![]),
    ] {
        let body = json!({ "pointsFilter": filter });
        assert_eq!(
            ids(&post(&service, "Shop/_apis/test/points", &body).json()),
            found
        );
    }
}

#[test]
fn a_query_of_points_is_cut_to_a_page_in_silence() {
    let service = planned_with(|settings| settings.page_size = 3);
    let body = json!({ "pointsFilter": { "testcaseIds": [1001] } });
    let count = |query: &str| {
        let reply = post(&service, &format!("Shop/_apis/test/points?{query}"), &body);
        assert_eq!(reply.header("x-ms-continuationtoken"), None);
        reply.json()["points"].as_array().unwrap().len()
    };
    assert_eq!(count(""), 3);
    assert_eq!(count("$top=1000"), 3);
    assert_eq!(count("$skip=3&$top=1000"), 1);
    assert_eq!(count("$skip=4&$top=1000"), 0);
}

#[test]
fn a_query_of_points_is_checked() {
    let service = planned();
    let ids: Vec<u64> = (1..=501).collect();
    for (body, words) in [
        (
            json!({ "pointsFilter": { "testCaseIds": [1] } }),
            "Unknown property 'pointsFilter.testCaseIds'",
        ),
        (
            json!({ "pointsFilter": { "testcaseIds": ["1"] } }),
            "must be a list of whole numbers",
        ),
        (
            json!({ "pointsFilter": { "configurationNames": [3] } }),
            "must be a list of texts",
        ),
        (json!({ "pointsFilter": {} }), "filters nothing"),
        (json!({}), "'pointsFilter' is required"),
        (
            json!({ "pointsFilter": { "testcaseIds": ids } }),
            "500 test case ids at most",
        ),
    ] {
        refused(&post(&service, "Shop/_apis/test/points", &body), 400, words);
    }
    refused(
        &get(&service, "Shop/_apis/test/points"),
        405,
        "does not support http method 'GET'",
    );
}
