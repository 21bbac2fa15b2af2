//! What the pick lists of a task's form ask (contract §9.2).

use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::Plan;
use serde_json::json;

#[test]
fn the_pick_lists_of_a_form_are_filled() {
    let service = planned_with(|settings| settings.page_size = 2);
    service.add_plan(Plan::new(50, "Old").closed());
    let list = |path: &str| get(&service, &format!("Shop/_apis/test/{path}"));
    let plans = "plans?filterActivePlans=true&api-version=3.0-preview.2&$top=1000";
    assert_eq!(list(&format!("{plans}&$skip=0")).ids(), [17, 40]);
    assert_eq!(list(&format!("{plans}&$skip=2")).count(), 0);
    assert_eq!(list("plans?api-version=3.0-preview.2&$skip=2").ids(), [50]);
    let configurations = list("configurations?api-version=3.0-preview.1").json();
    assert_eq!(
        configurations["value"][0],
        json!({ "id": 3, "name": "Windows", "isDefault": true })
    );
    let tree = list("plans/17/suites?$asTreeView=true&api-version=3.0-preview.2").json();
    assert_eq!(
        tree["value"][0]["children"][0]["children"][0]["name"],
        "Deep"
    );
    assert_eq!(list("plans/17/suites?api-version=5.0").ids(), [18, 21]);
}

#[test]
fn the_lists_of_forms_are_not_for_programs() {
    let service = planned();
    for path in ["plans", "configurations", "plans/17/suites"] {
        refused(
            &get(&service, &format!("Shop/_apis/test/{path}?api-version=7.1")),
            400,
            "is not described in version \"7.1\"",
        );
    }
    refused(
        &get(
            &service,
            "Shop/_apis/test/plans/17,40/suites?api-version=5.0",
        ),
        404,
        "is not registered",
    );
}
