//! Plans, suites, configurations, test cases of suites (contract §5).

use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::{Plan, Project, StandIn, Suite};
use serde_json::{Value, json};

fn names(reply: &Reply) -> Vec<String> {
    let values = reply.json()["value"].as_array().unwrap().clone();
    let names = values.iter().map(|value| value["name"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

/// Reads a list to its end and tells the ids of each page.
pub(crate) fn pages(service: &StandIn, path: &str) -> Vec<Vec<u64>> {
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let reply = get(service, &format!("{path}{token}"));
        pages.push(reply.ids());
        assert!(pages.len() < 1000, "the list has no end");
        let Some(next) = reply.header("x-ms-continuationtoken") else {
            return pages;
        };
        let separator = if path.contains('?') { '&' } else { '?' };
        token = format!("{separator}continuationToken={}", next.replace('+', "%2B"));
    }
}

#[test]
fn plans_are_listed_by_project_and_state_without_the_hidden_ones() {
    let service = planned_with(|settings| {
        settings.projects.push(Project::new(
            "Other",
            "0ddba11a-0000-4000-8000-000000000001",
        ));
    });
    service.add_plan(Plan::new(50, "Old").closed());
    service.add_plan(Plan::new(60, "Secret").hidden());
    service.add_plan(Plan::new(70, "Elsewhere").in_project("Other"));
    let list = |query: &str| {
        names(&get(
            &service,
            &format!("Shop/_apis/testplan/plans?{query}"),
        ))
    };
    assert_eq!(list(""), ["Release 5", "Release 4", "Old"]);
    assert_eq!(list("filterActivePlans=true"), ["Release 5", "Release 4"]);
    assert_eq!(
        names(&get(&service, "Other/_apis/testplan/plans")),
        ["Elsewhere"]
    );
    let one = |query: &str| {
        get(&service, &format!("Shop/_apis/testplan/plans?{query}")).json()["value"][0].clone()
    };
    assert_eq!(one("")["rootSuite"]["id"], 18);
    assert!(one("").get("testOutcomeSettings").is_none());
    assert_eq!(
        one("includePlanDetails=true")["testOutcomeSettings"]["syncOutcomeAcrossSuites"],
        false
    );
}

#[test]
fn a_plan_is_read_by_its_id() {
    let service = planned();
    service.add_plan(Plan::new(50, "Old").closed().synchronised());
    service.add_plan(Plan::new(60, "Secret").hidden());
    let old = get(&service, "Shop/_apis/testplan/plans/50").json();
    assert_eq!(
        (
            &old["state"],
            &old["testOutcomeSettings"]["syncOutcomeAcrossSuites"]
        ),
        (&json!("Inactive"), &json!(true))
    );
    for id in [60, 99] {
        refused(
            &get(&service, &format!("Shop/_apis/testplan/plans/{id}")),
            404,
            &format!("Test plan {id} not found"),
        );
    }
}

#[test]
fn a_list_by_token_ends_without_a_token() {
    let service = planned_with(|settings| settings.page_size = 2);
    service.add_plan(Plan::new(50, "Old"));
    assert_eq!(
        pages(&service, "Shop/_apis/testplan/plans"),
        [vec![17, 40], vec![50]]
    );
    service.add_plan(Plan::new(60, "Older"));
    assert_eq!(
        pages(&service, "Shop/_apis/testplan/plans"),
        [vec![17, 40], vec![50, 60]]
    );
    service.configure(|settings| settings.pages_overlap = true);
    assert_eq!(
        pages(&service, "Shop/_apis/testplan/plans"),
        [vec![17, 40], vec![40, 50, 60]]
    );
    refused(
        &get(&service, "Shop/_apis/testplan/plans?continuationToken=2"),
        400,
        "is not valid",
    );
    // In an address a plus means a blank.
    refused(
        &get(
            &service,
            "Shop/_apis/testplan/plans?continuationToken=40+200",
        ),
        400,
        "'40 200' is not valid",
    );
}

#[test]
fn no_page_by_token_is_longer_than_200() {
    let service = planned_with(|settings| settings.page_size = 5000);
    for id in 0..250 {
        service.add_plan(Plan::new(1000 + 2 * id, "Many"));
    }
    let lengths: Vec<usize> = pages(&service, "Shop/_apis/testplan/plans")
        .iter()
        .map(Vec::len)
        .collect();
    assert_eq!(lengths, [200, 52]);
}

#[test]
fn suites_come_as_a_list_or_as_a_tree() {
    let service = planned_with(|settings| settings.page_size = 2);
    let path = "Shop/_apis/testplan/Plans/17/suites";
    assert_eq!(
        pages(&service, path),
        [vec![18, 21], vec![22, 23], vec![24]]
    );
    let list = get(&service, path).json();
    assert_eq!(list["value"][0].get("parentSuite"), None);
    assert_eq!(
        list["value"][1]["parentSuite"],
        json!({ "id": 18, "name": "Release 5" })
    );
    assert!(list["value"][1].get("children").is_none());
    assert_eq!(list["value"][1]["hasChildren"], true);
    let expanded = get(&service, &format!("{path}?expand=children")).json();
    assert_eq!(
        expanded["value"][1]["children"],
        json!([{ "id": 22, "name": "Deep" }])
    );
    refused(
        &get(&service, &format!("{path}?expand=all")),
        400,
        "Unknown value 'all' of expand",
    );

    let tree = get(&service, &format!("{path}?asTreeView=true")).json();
    assert_eq!(tree["count"], 1);
    let root = &tree["value"][0];
    let ids = |suite: &Value| -> Vec<u64> {
        let children = suite["children"].as_array().unwrap();
        children
            .iter()
            .map(|child| child["id"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(
        (ids(root), ids(&root["children"][0])),
        (vec![21, 23, 24], vec![22])
    );
}

#[test]
fn a_suite_tells_its_kind_and_its_plan() {
    let service = planned();
    let suite = |id: u64| {
        get(
            &service,
            &format!("Shop/_apis/testplan/Plans/17/suites/{id}"),
        )
        .json()
    };
    assert_eq!(suite(21)["suiteType"], "staticTestSuite");
    assert_eq!(
        (&suite(23)["suiteType"], &suite(23)["requirementId"]),
        (&json!("requirementTestSuite"), &json!(900))
    );
    assert_eq!(
        (&suite(24)["suiteType"], &suite(24)["queryString"]),
        (&json!("dynamicTestSuite"), &json!("select …"))
    );
    assert_eq!(suite(24)["plan"]["id"], 17);
    refused(
        &get(&service, "Shop/_apis/testplan/Plans/17/suites/41"),
        404,
        "Test suite 41 not found",
    );
}

#[test]
fn the_suites_of_a_test_case_are_told_for_the_whole_collection() {
    let service = planned_with(|settings| {
        let mut hidden = Project::new("Hidden", "0ddba11a-0000-4000-8000-000000000002");
        hidden.hidden = true;
        settings.projects.push(hidden);
    });
    service.add_plan(Plan::new(80, "Of a hidden project").in_project("Hidden"));
    service.add_plan(Plan::new(60, "Secret").hidden());
    for (point, suite) in [(7101, 81), (7102, 61)] {
        service.add_point(ado_stand_in::Point::new(point, suite, 1001, 3));
    }
    let reply = get(&service, "_apis/testplan/suites?testCaseId=1001");
    assert_eq!(reply.ids(), [21, 24, 41]);
    assert_eq!(reply.json()["value"][2]["plan"]["name"], "Release 4");
    assert_eq!(reply.json()["value"][2]["project"]["name"], "Shop");
    assert_eq!(
        get(&service, "_apis/testplan/suites?testCaseId=5").count(),
        0
    );
    refused(
        &get(&service, "_apis/testplan/suites"),
        400,
        "'testCaseId' is required",
    );
}

#[test]
fn configurations_are_active_or_not() {
    let service = planned_with(|settings| settings.page_size = 2);
    let path = "Shop/_apis/testplan/configurations";
    assert_eq!(pages(&service, path), [vec![3, 4], vec![5]]);
    service.configure(|settings| settings.page_size = 100);
    let list = get(&service, path).json();
    let of = |at: usize, name: &str| list["value"][at][name].clone();
    assert_eq!(
        (of(0, "isDefault"), of(0, "state")),
        (json!(true), json!("active"))
    );
    assert_eq!(
        (of(2, "isDefault"), of(2, "state")),
        (json!(false), json!("inactive"))
    );
}

#[test]
fn test_cases_of_a_suite_come_in_its_order_with_their_points() {
    let service = planned_with(|settings| settings.page_size = 2);
    service.add_point(ado_stand_in::Point::new(7010, 21, 999, 3));
    let path = "Shop/_apis/testplan/Plans/17/Suites/21/TestCase";
    let reply = get(&service, path).json();
    let cases: Vec<&Value> = reply["value"].as_array().unwrap().iter().collect();
    assert_eq!(cases.len(), 2);
    assert_eq!(
        cases[0]["pointAssignments"],
        json!([
            { "id": 7001, "configurationId": 3, "configurationName": "Windows",
              "tester": { "displayName": "Ann", "uniqueName": "Ann" } },
            { "id": 7002, "configurationId": 4, "configurationName": "macOS" },
        ])
    );
    assert_eq!(cases[0]["workItem"]["name"], "Valid user");
    assert_eq!(
        (&cases[1]["workItem"]["id"], &cases[1]["order"]),
        (&json!(999), &json!(1))
    );

    let all = |query: &str| get(&service, &format!("{path}?isRecursive=true{query}"));
    let first = all("");
    let token = first
        .header("x-ms-continuationtoken")
        .unwrap()
        .replace('+', "%2B");
    let second = all(&format!("&continuationToken={token}"));
    assert_eq!(second.json()["value"][0]["workItem"]["id"], 1002);
    assert_eq!(second.header("x-ms-continuationtoken"), None);
    assert_eq!(all("&configurationIds=4").count(), 1);
    assert_eq!(all("&testIds=1002").count(), 1);
    let inactive = get(&service, "Shop/_apis/testplan/Plans/17/Suites/23/TestCase").json();
    assert_eq!(inactive["value"][0]["workItem"]["id"], 1003);
    assert_eq!(
        inactive["value"][0]["pointAssignments"],
        json!([]),
        "no longer assigned"
    );
}

#[test]
fn fields_of_test_cases_are_chosen_by_name() {
    let service = planned();
    let path = "Shop/_apis/testplan/Plans/17/Suites/21/TestCase";
    let case = |query: &str| get(&service, &format!("{path}?{query}")).json()["value"][0].clone();
    assert_eq!(
        case("witFields=System.Rev,System.Title,System.Tags")["workItem"]["workItemFields"],
        json!([{ "System.Rev": 4 }, { "System.Title": "Valid user" }]),
        "an empty field is left out"
    );
    let whole = case("");
    assert!(whole["testSuite"]["id"] == 21 && whole["workItem"]["workItemFields"].is_array());
    let small = case("expand=false");
    assert!(small.get("testSuite").is_none() && small["workItem"].get("workItemFields").is_none());
    assert!(
        case("excludeFlags=pointAssignments")
            .get("pointAssignments")
            .is_none()
    );
    assert!(case("excludeFlags=2").get("testSuite").is_none());
    refused(
        &get(&service, &format!("{path}?excludeFlags=all")),
        400,
        "Unknown value 'all' of excludeFlags",
    );
}

#[test]
fn a_deleted_test_case_is_gone_from_its_plan() {
    let service = planned();
    service.edit_work_item(1002, |case| case.deleted = true);
    let suite = "Shop/_apis/testplan/Plans/17/Suites/22";
    assert_eq!(get(&service, &format!("{suite}/TestCase")).count(), 0);
    assert_eq!(get(&service, &format!("{suite}/TestPoint")).count(), 0);
    let body = json!({ "pointsFilter": { "testcaseIds": [1002] } });
    let found = post(&service, "Shop/_apis/test/points", &body).json();
    assert_eq!(found["points"], json!([]));
}

#[test]
fn plans_need_a_licence_and_sight_of_work_items() {
    let service = planned();
    let paths = [
        "Shop/_apis/testplan/plans",
        "Shop/_apis/testplan/plans/17",
        "Shop/_apis/testplan/Plans/17/suites",
        "Shop/_apis/testplan/Plans/17/suites/21",
        "Shop/_apis/testplan/Plans/17/Suites/21/TestPoint",
        "Shop/_apis/testplan/Plans/17/Suites/21/TestCase",
        "Shop/_apis/testplan/configurations",
        "_apis/testplan/suites?testCaseId=1001",
    ];
    let all = |words: &str| {
        for path in paths {
            refused(&get(&service, path), 403, words);
        }
        let body = json!({ "pointsFilter": { "testcaseIds": [1001] } });
        refused(&post(&service, "Shop/_apis/test/points", &body), 403, words);
    };
    service.configure(|settings| settings.plans.licensed = false);
    all("TF400409");
    service.configure(|settings| {
        settings.plans.licensed = true;
        settings.denied.push("View work items in this node".into());
    });
    all("View work items in this node");
}

#[test]
fn suites_that_lie_below_each_other_are_read_once() {
    let service = planned();
    service.add_suite(Suite::new(30, 17, "A").below(31));
    service.add_suite(Suite::new(31, 17, "B").below(30));
    service.add_point(ado_stand_in::Point::new(7020, 31, 1001, 3));
    let path = "Shop/_apis/testplan/Plans/17/Suites/30";
    let points = get(&service, &format!("{path}/TestPoint?isRecursive=true"));
    assert_eq!(points.ids(), [7020]);
    let cases = get(&service, &format!("{path}/TestCase?isRecursive=true"));
    assert_eq!(cases.count(), 1);
}
