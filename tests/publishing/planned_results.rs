//! Results of planned runs as the service holds them.

use ado_stand_in::{Point, StandIn};
use serde_json::{Value, json};

use crate::support::holdings::{asked, attached_to_results};
use crate::support::plan::{add_case, add_plan, on_points, onto_plan, test_case};
use crate::support::{Case, Reports, Suite, assert_swagger, service};

/// The plan with test case 41, which has point 4100.
fn planned() -> StandIn {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in as the shop's owner");
    service
}

/// The bodies of the requests with this method whose path ends so.
fn bodies(service: &StandIn, method: &str, ending: &str) -> Vec<Value> {
    let asked = asked(service, method, ending);
    let bodies = asked.iter().map(|request| request.body.clone());
    bodies
        .map(|body| serde_json::from_slice(&body).unwrap())
        .collect()
}

/// The only result of the only run after one start of the task.
fn result_of(suite: &Suite) -> (Value, Value) {
    let service = planned();
    let reports = Reports::new().with(suite);
    test_case(&reports, "Login", "41", "");
    let finished = onto_plan(&service, &reports).run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_swagger(&service);
    assert_eq!(service.plan_violations(510), Vec::<String>::new());
    let sent = bodies(&service, "PATCH", "/results").remove(0)[0].clone();
    (service.runs()[0]["results"][0].clone(), sent)
}

#[test]
fn a_planned_run_is_made_with_its_points_and_its_results_are_filled() {
    let service = planned();
    add_case(&service, 42, "Pay");
    let cases = [Case::passed("Login"), Case::failed("Pay", "declined")];
    let reports = Reports::new().with(&Suite::new("Smoke", &cases).with_log());
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Pay", "42", "");
    let finished = onto_plan(&service, &reports).run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let created = bodies(&service, "POST", "/runs").remove(0);
    assert_eq!(created["plan"], json!({"id": "510"}));
    assert_eq!(created["pointIds"], json!([4100, 4200]));
    assert_eq!(created["automated"], true);
    assert_eq!(created["state"], "InProgress");
    assert_eq!(created["build"], json!({"id": "71"}));
    assert_eq!(created["pipelineReference"]["pipelineId"], 71);
    // Results are never added to a planned run.
    assert_eq!(asked(&service, "POST", "/results").len(), 0);
    let filled = bodies(&service, "PATCH", "/results");
    assert_eq!(filled.len(), 1);
    let fields = |result: &Value| -> Vec<String> {
        let fields = result.as_object().unwrap().keys();
        fields.cloned().collect()
    };
    assert_eq!(
        fields(&filled[0][1]),
        [
            "automatedTestName",
            "automatedTestStorage",
            "automatedTestType",
            "completedDate",
            "computerName",
            "durationInMs",
            "errorMessage",
            "id",
            "outcome",
            "startedDate",
            "state",
        ]
    );
    let results = service.runs()[0]["results"].clone();
    let titles: Vec<&Value> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["testCaseTitle"])
        .collect();
    // The service promises no order.
    assert_eq!(titles, ["Pay", "Log in as the shop's owner"]);
    assert_eq!(service.plan_violations(510), Vec::<String>::new());
    assert_swagger(&service);
}

#[test]
fn rows_are_iterations_and_lines_of_the_comment() {
    let suite = Suite::new(
        "Smoke",
        &[
            Case::passed("Login").bound("user", "ann"),
            Case::failed("Login", "no button").bound("user", "bob"),
            Case::passed("Login").bound("user", "eve").took(2.5),
        ],
    );
    let (result, sent) = result_of(&suite);
    assert_eq!(result["outcome"], "Failed");
    assert_eq!(result["durationInMs"], 4500);
    assert_eq!(result["errorMessage"], "Row 2 (user = bob): no button");
    assert_eq!(
        result["comment"],
        "Row 1 (user = ann): PASSED\nRow 2 (user = bob): FAILED. no button\n\
         Row 3 (user = eve): PASSED"
    );
    let rows = result["iterationDetails"].as_array().unwrap();
    let told: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!([
                row["id"],
                row["outcome"],
                row["comment"],
                row["durationInMs"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!([1, "Passed", "Row 1 (user = ann)", 1000]),
            json!([2, "Failed", "Row 2 (user = bob)", 1000]),
            json!([3, "Passed", "Row 3 (user = eve)", 2500]),
        ]
    );
    assert_eq!(rows[1]["errorMessage"], "no button");
    for field in ["testCaseTitle", "resultGroupType", "subResults"] {
        assert_eq!(sent[field], Value::Null, "{field}");
    }
}

#[test]
fn many_rows_are_told_in_a_text_as_well() {
    let rows: Vec<Case> = (1..=80)
        .map(|at| Case::passed("Login").bound("user", &format!("user number {at}")))
        .collect();
    let (result, _) = result_of(&Suite::new("Smoke", &rows));
    assert_eq!(
        result["comment"],
        "80 rows: 80 PASSED (each is told in the attached rows.txt)"
    );
    assert_eq!(result["iterationDetails"].as_array().unwrap().len(), 80);
    let attached = &result["attachments"][0];
    assert_eq!(attached["fileName"], "rows.txt");
}

#[test]
fn attempts_and_the_first_failure_are_told_in_the_comment() {
    let case = Case::passed("Login").after("FAILED", "too slow", &[]);
    let (result, _) = result_of(&Suite::new("Smoke", &[case]).with_log());
    assert_eq!(result["outcome"], "Passed");
    assert_eq!(
        result["comment"],
        "Passed at attempt 2. First failure: too slow"
    );
}

#[test]
fn an_error_is_an_error_on_a_point() {
    let case = Case::ended("Login", "ERROR", "it broke");
    let (result, _) = result_of(&Suite::new("Smoke", &[case]));
    assert_eq!(result["outcome"], "Error");
    assert_eq!(result["errorMessage"], "it broke");
}

#[test]
fn secrets_are_masked_in_rows_too() {
    let rows = [
        Case::passed("Login").bound("password", "hunter2hunter2"),
        Case::failed("Login", "hunter2hunter2 refused").bound("password", "hunter2hunter2"),
    ];
    let (result, _) = result_of(&Suite::new("Smoke", &rows));
    assert!(!result.to_string().contains("hunter2"), "{result}");
    assert!(
        result["comment"]
            .as_str()
            .unwrap()
            .contains("password = ***")
    );
}

#[test]
fn screenshots_hang_on_the_result_of_each_point() {
    let service = planned();
    service.add_point(Point::new(4101, 530, 41, 2));
    let reports = Reports::new();
    let failed = Case::failed("Login", "no").output("[[ATTACHMENT|shot.png]]");
    let folder = reports.add_suite("Smoke", &[failed]);
    std::fs::write(folder.join("shot.png"), b"a picture").unwrap();
    test_case(&reports, "Login", "41", "");
    let finished = onto_plan(&service, &reports)
        .input("publishToAllTestPoints", "true")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let run = &service.runs()[0];
    assert_eq!(attached_to_results(run), ["shot.png", "shot.png"]);
    assert_eq!(on_points(&service).len(), 2);
    finished.says("1 result read: 1 published, 0 left out, 0 missing");
}
