//! What older versions know about plans (contract §1.3 and §5).

use crate::plans_support::*;
use crate::support::*;
use serde_json::json;

#[test]
fn what_is_about_plans_is_a_preview_before_version_7() {
    let service = planned_with(|settings| settings.max_api_version = (6, 0));
    let body = json!({ "pointsFilter": { "testcaseIds": [1001] } });
    for path in [
        "Shop/_apis/testplan/plans",
        "Shop/_apis/testplan/Plans/17/suites",
        "Shop/_apis/testplan/Plans/17/Suites/21/TestPoint",
        "Shop/_apis/testplan/Plans/17/Suites/21/TestCase",
        "Shop/_apis/testplan/configurations",
        "_apis/testplan/suites",
    ] {
        refused(
            &get(&service, &format!("{path}?api-version=6.0")),
            400,
            "under preview",
        );
    }
    let query = |version: &str| {
        post(
            &service,
            &format!("Shop/_apis/test/points?api-version={version}"),
            &body,
        )
    };
    refused(&query("6.0"), 400, "under preview");
    assert_eq!(query("6.0-preview.2").status, 200);
    assert_eq!(query("6.0-preview").status, 200);
    refused(&query("6.0-preview.1"), 400, "is \"6.0-preview.2\"");
    assert_eq!(
        get(
            &service,
            "Shop/_apis/testplan/plans?api-version=6.0-preview.1"
        )
        .count(),
        2
    );
}

#[test]
fn older_versions_ignore_in_silence_what_they_do_not_know() {
    let service = planned();
    let root = "Shop/_apis/testplan/Plans/17/Suites/18";
    let count = |what: &str, query: &str, version: &str| {
        get(
            &service,
            &format!("{root}/{what}?{query}&api-version={version}"),
        )
        .count()
    };
    for (version, points, cases) in [
        ("5.0-preview.2", 0, 0),
        ("6.0-preview.2", 5, 0),
        ("7.0", 5, 4),
    ] {
        assert_eq!(
            count("TestPoint", "isRecursive=true", version),
            points,
            "{version}"
        );
        assert_eq!(
            count("TestCase", "isRecursive=true", version),
            cases,
            "{version}"
        );
    }
    let path = "Shop/_apis/testplan/Plans/17/Suites/21";
    let first = |what: &str, query: &str, version: &str| {
        let reply = get(
            &service,
            &format!("{path}/{what}?{query}&api-version={version}"),
        );
        reply.json()["value"][0].clone()
    };
    let details = |version| first("TestPoint", "includePointDetails=false", version);
    assert!(details("5.0-preview.2").get("results").is_some());
    assert!(details("6.0-preview.2").get("results").is_none());
    let expanded = |version| first("TestCase", "expand=false&excludeFlags=1", version);
    assert!(expanded("5.0-preview.2").get("testSuite").is_some());
    assert!(expanded("6.0-preview.2").get("pointAssignments").is_none());
}
