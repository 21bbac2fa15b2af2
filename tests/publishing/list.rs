//! `list`: projects, plans, suites, configurations and test cases, as a table and as JSON.

use ado_stand_in::{Configuration, Fault, Plan, Project, Rule, StandIn};
use serde_json::{Value, json};

use crate::support::plan::{add_case, add_plan, test_case};
use crate::support::{Finished, Reports, TaskRun, service, service_with};

/// A start of the program at somebody's desk.
fn list(service: &StandIn, folder: &Reports, args: &[&str]) -> Finished {
    let args = [&["list"], args].concat();
    TaskRun::new(service, folder.path()).args(&args).run()
}

fn document(service: &StandIn, folder: &Reports, args: &[&str]) -> Value {
    let finished = list(service, folder, &[args, &["--format", "json"]].concat());
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    finished.json()
}

/// The lines of the table, with its rule.
fn table(finished: &Finished) -> Vec<&str> {
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let lines = finished.stdout.lines().skip_while(|line| !line.is_empty());
    lines.skip(1).collect()
}

#[test]
fn projects_are_listed_page_by_page_also_by_who_knows_none() {
    let service = service_with(|settings| {
        for number in 0..7 {
            let id = format!("5b0d8e2f-6a0c-4c57-9d2b-00000000000{number}");
            settings
                .projects
                .push(Project::new(&format!("P{number}"), &id));
        }
    });
    let folder = Reports::new();
    let finished = TaskRun::new(&service, folder.path())
        .args(&["list", "projects"])
        .var("SYSTEM_TEAMPROJECT", "")
        .run();
    let lines = table(&finished);
    assert_eq!(lines[0], "Project  ID");
    assert!(lines[2].starts_with("P0       5b0d8e2f-"), "{lines:?}");
    assert_eq!((lines.len(), lines[10]), (11, "8 rows"));
    let document = document(&service, &folder, &["projects"]);
    assert_eq!(document["projects"].as_array().unwrap().len(), 8);
    assert_eq!(document["command"], "list");
}

#[test]
fn at_a_desk_an_address_that_names_a_project_is_understood_without_knowing_one() {
    let service = service();
    let folder = Reports::new();
    let typed = format!("{}/Shop", service.collection_url().trim_end_matches('/'));
    let finished = TaskRun::new(&service, folder.path())
        .args(&["list", "projects", "--organization", &typed])
        .var("TF_BUILD", "")
        .var("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "")
        .var(
            "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
            "",
        )
        .var(
            "SYSTEM_ACCESSTOKEN",
            &ado_stand_in::Settings::default().token,
        )
        .var("SYSTEM_TEAMPROJECT", "")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says("The address names a project");
    assert!(table(&finished)[2].starts_with("Shop"));
}

#[test]
fn closed_plans_are_shown_only_on_demand() {
    let service = service();
    add_plan(&service);
    service.add_plan(Plan::new(600, "Release 3").closed());
    let folder = Reports::new();
    let finished = list(&service, &folder, &["plans"]);
    assert_eq!(
        table(&finished),
        [
            "ID   State   Test plan",
            "---  ------  ---------",
            "510  active  Release 4",
            "1 row"
        ]
    );
    finished.says("1 closed plan left out; --all shows them");
    let plans = document(&service, &folder, &["plans", "--all"]);
    assert_eq!(plans["plans"][1]["state"], "closed");
    assert_eq!(
        plans["plans"][0],
        json!({"id": 510, "name": "Release 4", "state": "active", "rootSuite": 511})
    );
}

#[test]
fn suites_are_a_tree() {
    let service = service();
    add_plan(&service);
    let folder = Reports::new();
    let finished = list(&service, &folder, &["suites", "--test-plan", "Release 4"]);
    assert_eq!(
        table(&finished)[2..],
        [
            "511  Release 4",
            "520    Web",
            "521      Login",
            "530    Api",
            "4 rows"
        ]
    );
    let args = ["suites", "--test-plan", "510", "--test-suites", "Web"];
    let finished = list(&service, &folder, &args);
    assert_eq!(
        table(&finished)[2..],
        ["520  Web", "521    Login", "2 rows"]
    );
    let document = document(&service, &folder, &args);
    assert_eq!(document["suites"][1]["path"], "Web/Login");
    assert_eq!(document["suites"][1]["parent"], 520);
}

#[test]
fn configurations_tell_their_state() {
    let service = service();
    add_plan(&service);
    service.add_configuration(Configuration::new(3, "Windows 95").inactive());
    let finished = list(&service, &Reports::new(), &["configurations"]);
    assert_eq!(
        table(&finished)[2..],
        [
            "1   active    yes      Windows 11",
            "2   active             Linux",
            "3   inactive           Windows 95",
            "3 rows"
        ]
    );
}

#[test]
fn test_cases_tell_suites_configurations_and_their_katalon_test_case_or_none() {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in\n##vso[task.complete result=Failed]");
    add_case(&service, 42, "Log out");
    service.add_point(ado_stand_in::Point::new(9000, 530, 41, 2));
    let folder = Reports::new();
    test_case(&folder, "Login/In", "41", "");
    let args = ["testcases", "--test-plan", "510"];
    let finished = list(&service, &folder, &args);
    let lines = table(&finished);
    assert!(lines[0].starts_with("ID  Title"), "{lines:?}");
    assert!(
        lines[2].contains("Web/Login; Api  Windows 11; Linux  Test Cases/Login/In"),
        "{lines:?}"
    );
    assert!(lines[3].ends_with("none"), "{lines:?}");
    assert!(
        !finished.stdout.contains("\n##vso[task.complete"),
        "{}",
        finished.stdout
    );
    let document = document(&service, &folder, &args);
    assert_eq!(
        document["testCases"][0]["suites"],
        json!(["Web/Login", "Api"])
    );
    assert_eq!(
        document["testCases"][0]["configurations"],
        json!(["Windows 11", "Linux"])
    );
    assert_eq!(document["testCases"][1]["katalonTestCases"], json!([]));
}

#[test]
fn what_is_missing_or_not_there_is_told() {
    let service = service();
    add_plan(&service);
    let folder = Reports::new();
    for (args, code, told) in [
        (
            &["suites"][..],
            2,
            "KADO220: nothing says of which test plan",
        ),
        (
            &["testcases", "--test-plan", "7"],
            2,
            "KADO210: there is no test plan",
        ),
        (
            &["plans", "--project", "Nowhere"],
            2,
            "KADO213: cannot find project 'Nowhere'",
        ),
        (&["everything"], 2, "KADO201: "),
        (&[], 2, "KADO201: "),
    ] {
        let finished = list(&service, &folder, args);
        assert_eq!(finished.code, code, "{args:?}: {}", finished.stdout);
        finished.says(told);
    }
    let finished = list(&service, &folder, &["suites", "--format", "json"]);
    assert_eq!(finished.json()["errors"][0]["code"], "KADO220");
}

#[test]
fn faults_on_reads_cost_nothing() {
    let service = service();
    add_plan(&service);
    let folder = Reports::new();
    for fault in [Fault::ResetBefore, Fault::ResetAfter, Fault::status(503)] {
        service.script(Rule::once("GET", "plans$", fault));
        let finished = TaskRun::new(&service, folder.path())
            .args(&["list", "plans"])
            .run_impatiently();
        assert_eq!(table(&finished)[2], "510  active  Release 4");
    }
    service.script(Rule::always("GET", "plans$", Fault::status(503)));
    let finished = TaskRun::new(&service, folder.path())
        .args(&["list", "plans"])
        .input("retryFor", "0")
        .run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
}
