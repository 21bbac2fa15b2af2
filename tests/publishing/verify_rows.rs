//! What `verify` says of each thing that it looked at: its rows, one for one.

use ado_stand_in::{Configuration, Fault, Plan, Point, Project, Rule, StandIn, Suite, WorkItem};
use serde_json::Value;

use crate::support::holdings::asked;
use crate::support::plan::{add_case, test_case};
use crate::support::{Finished, Reports, TaskRun, service, service_with};
use crate::verify::{errors, permission, planned, run, verify};

/// The checks of this name, as state and message.
fn rows(finished: &Finished, what: &str) -> Vec<(String, String)> {
    let document = finished.json();
    let checks = document["checks"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let named = checks.iter().filter(|check| check["check"] == what);
    named
        .map(|check| (text(&check["state"]), text(&check["message"])))
        .collect()
}

/// The only check of this name ended so, and says this.
#[track_caller]
fn row(finished: &Finished, what: &str, state: &str, words: &str) {
    let rows = rows(finished, what);
    assert_eq!(rows.len(), 1, "{what}: {rows:?}");
    assert_eq!(rows[0].0, state, "{what}: {rows:?}");
    assert!(rows[0].1.contains(words), "{what}: {rows:?}");
}

fn warnings(finished: &Finished) -> Vec<String> {
    let document = finished.json();
    let warnings = document["warnings"].as_array().unwrap().iter();
    warnings
        .map(|one| one["code"].as_str().unwrap().to_owned())
        .collect()
}

/// The test cases of the document: ID, state, and the Katalon test cases that name it.
fn test_cases(finished: &Finished) -> Vec<(u64, String, Vec<String>)> {
    let document = finished.json();
    let test_cases = document["testCases"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    test_cases
        .map(|one| {
            let katalon = one["katalonTestCases"].as_array().unwrap().iter();
            (
                one["id"].as_u64().unwrap(),
                text(&one["state"]),
                katalon.map(text).collect(),
            )
        })
        .collect()
}

/// Outside a pipeline, where nothing tells of a build.
fn at_a_desk(service: &StandIn, run: TaskRun) -> TaskRun {
    let names = [
        "TF_BUILD",
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
        "SYSTEM_TEAMPROJECT",
        "BUILD_BUILDID",
        "BUILD_BUILDNUMBER",
        "BUILD_BUILDURI",
    ];
    let run = names.into_iter().fold(run, |run, name| run.var(name, ""));
    run.var("AZURE_DEVOPS_ORG_URL", &service.collection_url())
        .input("project", "Shop")
}

#[test]
fn rows_tell_what_was_found_and_what_is_wrong() {
    let (service, project) = planned();
    let whole = verify(&service, &project);
    let finished = run(&service, &whole);
    row(
        &finished,
        "Test plan",
        "fine",
        "test plan 'Release 4' (510), 4 suites",
    );
    row(
        &finished,
        "Configurations",
        "fine",
        "no rules: all count (Windows 11, Linux)",
    );
    row(
        &finished,
        "Test case IDs",
        "fine",
        "1 of 1 ID would receive results",
    );
    assert_eq!(rows(&finished, "Test suite"), []);

    let suites = run(&service, &whole.clone().input("testSuites", "Web"));
    row(&suites, "Test plan", "fine", "(510); 2 of 4 suites chosen");
    let chosen = rows(&suites, "Test suite");
    let chosen: Vec<&str> = chosen.iter().map(|(_, told)| told.as_str()).collect();
    assert_eq!(chosen, ["'Web' (520)", "'Web/Login' (521)"]);

    let no_suite = run(&service, &whole.clone().input("testSuites", "Mobile\nWeb"));
    let first = &rows(&no_suite, "Test suite")[0];
    assert_eq!(first.0, "wrong");
    assert!(first.1.contains("'Mobile'"), "{first:?}");
    let no_rule = run(
        &service,
        &whole.clone().input("configurationMapping", "macOS = Mac"),
    );
    row(&no_rule, "Configuration rule", "wrong", "names 'Mac'");
    let no_plan = run(&service, &whole.clone().input("testPlan", "511"));
    row(&no_plan, "Test plan", "wrong", "511");
    // Of what is not there nothing more is said.
    assert_eq!(rows(&no_plan, "Test case IDs"), []);

    test_case(&project, "Pay", "4711", "");
    let wrong_id = run(&service, &whole);
    row(
        &wrong_id,
        "Test case IDs",
        "wrong",
        "1 of 2 IDs would receive results",
    );
}

#[test]
fn the_suites_are_read_once_whether_they_choose_or_not() {
    for chosen in ["", "Web"] {
        let (service, project) = planned();
        run(
            &service,
            &verify(&service, &project).input("testSuites", chosen),
        );
        // Four suites are two pages of three.
        assert_eq!(asked(&service, "GET", "/510/suites").len(), 2, "{chosen}");
    }
}

#[test]
fn an_inactive_configuration_in_a_rule_is_worth_a_note() {
    let (service, project) = planned();
    service.add_configuration(Configuration::new(3, "Old").inactive());
    let verify = verify(&service, &project).input("configurationMapping", "macOS = Old");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    row(
        &finished,
        "Configuration rule",
        "note",
        "'Old' (3), which is inactive",
    );
}

#[test]
fn without_ids_there_is_nothing_to_receive_and_a_note() {
    let (service, _) = planned();
    let project = Reports::new();
    for name in ["A", "B", "C", "D", "E", "F", "G"] {
        test_case(&project, name, "", "");
    }
    let finished = run(&service, &verify(&service, &project));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    row(&finished, "Test case IDs", "note", "there are none");
    // Five names are enough for a line; the document has all.
    row(
        &finished,
        "Without an ID",
        "note",
        "7 of 7 Katalon test cases have no ID: 'Test Cases/A', 'Test Cases/B', 'Test Cases/C', \
         'Test Cases/D', 'Test Cases/E' and 2 more",
    );
    assert_eq!(finished.json()["withoutId"].as_array().unwrap().len(), 7);
}

#[test]
fn an_id_that_two_test_cases_name_is_a_note_and_the_mapping_file_counts_once() {
    let (service, project) = planned();
    // The file says what the test case itself says.
    let file = "katalonTestCase,azureTestCaseIds\nLogin,41\n";
    std::fs::write(project.path().join("ids.csv"), file).unwrap();
    let verify = verify(&service, &project).input("testCaseMapping", "ids.csv");
    let finished = run(&service, &verify);
    assert_eq!(
        test_cases(&finished),
        [(41, "fine".to_owned(), vec!["Test Cases/Login".to_owned()])]
    );
    assert_eq!(warnings(&finished), [""; 0]);
    test_case(&project, "Again", "41", "");
    let finished = run(&service, &verify);
    let (_, state, katalon) = &test_cases(&finished)[0];
    assert_eq!((state.as_str(), katalon.len()), ("note", 2));
    assert_eq!(warnings(&finished), ["KADO090"]);
}

#[test]
fn the_mapping_file_alone_will_do() {
    let (service, _) = planned();
    let folder = Reports::new();
    let file = "katalonTestCase,azureTestCaseIds\nLogin,41\n";
    std::fs::write(folder.path().join("ids.csv"), file).unwrap();
    let verify = verify(&service, &folder).input("testCaseMapping", "ids.csv");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_eq!(test_cases(&finished)[0].1, "fine");
    // That no project is there is one note, and not one for each line of the file.
    assert_eq!(warnings(&finished), ["KADO093"]);
    // And none at all where no plan asks for IDs.
    let finished = run(&service, &verify.input("testPlan", ""));
    assert_eq!(warnings(&finished), [""; 0]);
}

/// Two Katalon projects in one folder, each with a `Login` that has this ID.
fn with_two_katalon_projects(ids: [(&str, &str); 2]) -> Reports {
    let folder = Reports::new();
    for (name, id) in ids {
        let project = folder.path().join(name);
        std::fs::create_dir_all(project.join("Test Cases")).unwrap();
        std::fs::write(
            project.join(format!("{name}.prj")),
            format!("<Project><name>{name}</name></Project>"),
        )
        .unwrap();
        let inside = format!(
            "<TestCaseEntity><name>Login</name><integratedEntity><productName>Azure</productName>\
             <properties><entry><key>azure.testcase.ids</key><value>{id}</value></entry>\
             </properties><type>TESTCASE</type></integratedEntity></TestCaseEntity>"
        );
        std::fs::write(project.join("Test Cases/Login.tc"), inside).unwrap();
    }
    folder
}

#[test]
fn test_cases_of_several_projects_are_told_apart() {
    let (service, _) = planned();
    add_case(&service, 42, "Log in elsewhere");
    let folder = with_two_katalon_projects([("shop", "41"), ("office", "42")]);
    let finished = run(&service, &verify(&service, &folder));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_eq!(rows(&finished, "Katalon project").len(), 2);
    let katalon: Vec<String> = test_cases(&finished)
        .into_iter()
        .flat_map(|(_, _, katalon)| katalon)
        .collect();
    assert_eq!(
        katalon,
        ["Test Cases/Login (shop)", "Test Cases/Login (office)"]
    );
}

#[test]
fn a_test_case_of_two_projects_has_its_id_once_in_the_suggested_file() {
    let (service, _) = planned();
    let folder = with_two_katalon_projects([("shop", "41"), ("office", "41")]);
    let verify = verify(&service, &folder).args(&["verify", "--suggest-mapping", "new.csv"]);
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let written = std::fs::read_to_string(folder.path().join("new.csv")).unwrap();
    assert!(
        written.ends_with("\nTest Cases/Login,41,Log in\n"),
        "{written}"
    );
}

#[test]
fn a_point_of_what_became_no_test_case_receives_nothing() {
    let (service, project) = planned();
    service.edit_work_item(41, |item| {
        let title = std::mem::take(&mut item.title);
        *item = WorkItem::new(41, "Bug", &title);
    });
    let finished = run(&service, &verify(&service, &project));
    assert_eq!(finished.code, 6, "{}", finished.everything());
    assert_eq!(errors(&finished)[0].0, "KADO609");
}

#[test]
fn where_a_test_case_is_in_one_plan_nobody_misses_it_in_the_other() {
    let (service, project) = planned();
    service.add_plan(Plan::new(600, "Release 5"));
    let both = verify(&service, &project)
        .input("testPlan", "510\n600")
        .input("configurationMapping", "* = Linux");
    let finished = run(&service, &both);
    let errors_found = errors(&finished);
    assert_eq!(errors_found.len(), 1, "{errors_found:?}");
    assert_eq!(errors_found[0].0, "KADO611");
    assert!(!errors_found[0].1.contains("Release 5"), "{errors_found:?}");
}

#[test]
fn one_reason_is_told_once_however_many_configurations_it_holds_for() {
    let (service, project) = planned();
    service.add_work_item(WorkItem::test_case(42, "Pay"));
    test_case(&project, "Pay", "42", "");
    let verify = verify(&service, &project).input(
        "configurationMapping",
        "Windows = Windows 11\nLinux = Linux",
    );
    let finished = run(&service, &verify);
    let errors = errors(&finished);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let named = errors[0].1.matches("'Release 4' (510)").count();
    assert_eq!(named, 1, "{errors:?}");
}

#[test]
fn what_a_rule_of_nothing_but_wildcards_leaves_out_reaches_nothing() {
    let (service, project) = planned();
    let verify = verify(&service, &project);
    // What matches no rule may go to any point.
    let some = verify
        .clone()
        .input("configurationMapping", "macOS = Linux");
    assert_eq!(run(&service, &some).code, 0);
    let all = verify.input("configurationMapping", "* = Linux");
    assert_eq!(run(&service, &all).code, 6);
}

#[test]
fn no_mapping_is_suggested_without_a_plan() {
    let (service, project) = planned();
    let verify = verify(&service, &project)
        .args(&["verify", "--format", "json", "--suggest-mapping", "new.csv"])
        .input("testPlan", "");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 6, "{}", finished.everything());
    assert!(errors(&finished)[0].1.contains("without a test plan"));
    row(&finished, "Mapping file", "wrong", "without a test plan");
    assert!(!project.path().join("new.csv").exists());
}

#[test]
fn a_title_that_is_taken_is_joined_to_nobody_else() {
    let (service, project) = planned();
    test_case(&project, "Other/Log in", "", "");
    let verify = verify(&service, &project).args(&["verify", "--suggest-mapping", "new.csv"]);
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let written = std::fs::read_to_string(project.path().join("new.csv")).unwrap();
    assert!(
        written.contains("Test Cases/Login,41,Log in\n"),
        "{written}"
    );
    assert!(written.contains("Test Cases/Other/Log in,,\n"), "{written}");
}

#[test]
fn what_a_variable_names_or_two_test_cases_share_is_joined_to_nothing() {
    let (service, project) = planned();
    add_case(&service, 42, "Rows");
    add_case(&service, 43, "Same");
    test_case(&project, "Rows", "${ado_id}", "");
    test_case(&project, "A/Same", "", "");
    test_case(&project, "B/Same ", "", "");
    let verify = verify(&service, &project).args(&["verify", "--suggest-mapping", "new.csv"]);
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let written = std::fs::read_to_string(project.path().join("new.csv")).unwrap();
    for row in ["Rows", "A/Same", "B/Same "] {
        let row = format!("\nTest Cases/{row},,\n");
        assert!(written.contains(&row), "{row} in {written}");
    }
}

#[test]
fn titles_are_compared_without_the_blanks_around_them_and_never_empty() {
    let (service, project) = planned();
    add_case(&service, 42, " Pay by card ");
    add_case(&service, 43, "");
    test_case(&project, "Shop/Pay by card", "", "");
    let verify = verify(&service, &project).args(&["verify", "--suggest-mapping", "new.csv"]);
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let written = std::fs::read_to_string(project.path().join("new.csv")).unwrap();
    assert!(
        written.contains("Test Cases/Shop/Pay by card,42,Pay by card\n"),
        "{written}"
    );
    assert!(written.contains("\n,43,\n"), "{written}");
}

/// Runs of this build's project, and of another one that holds the plan.
fn two_projects() -> (StandIn, Reports) {
    let service = service_with(|settings| {
        let plans = Project::new("Plans", "9c0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10");
        settings.projects.push(plans);
    });
    service.add_plan(Plan::new(800, "Elsewhere").in_project("Plans"));
    service.add_suite(Suite::new(810, 800, "All"));
    service.add_configuration(Configuration::new(1, "Any").in_project("Plans"));
    service.add_work_item(WorkItem::test_case(41, "Log in").in_project("Plans"));
    service.add_point(Point::new(8100, 810, 41, 1));
    let project = Reports::new();
    test_case(&project, "Login", "41", "");
    (service, project)
}

#[test]
fn of_two_projects_the_one_that_cannot_be_seen_decides_whether_projects_can() {
    for (hidden, missing) in [(0, "Shop"), (1, "Plans")] {
        let (service, project) = two_projects();
        service.configure(|settings| settings.projects[hidden].hidden = true);
        let verify = verify(&service, &project)
            .input("project", "Plans")
            .input("testPlan", "800");
        let finished = run(&service, &verify);
        assert_eq!(finished.code, 6, "{}", finished.everything());
        let states: Vec<String> = rows(&finished, "Project")
            .into_iter()
            .map(|(state, _)| state)
            .collect();
        let wrong = states.iter().filter(|state| *state == "wrong").count();
        assert_eq!((states.len(), wrong), (2, 1), "{missing}");
        let state = permission(&finished.json(), "View project-level information");
        assert_eq!(state, "wrong", "{missing}");
    }
}

#[test]
fn without_a_build_the_runs_of_the_plans_project_are_tried() {
    let (service, project) = two_projects();
    let verify = verify(&service, &project)
        .var("BUILD_BUILDID", "")
        .var("BUILD_BUILDNUMBER", "")
        .var("BUILD_BUILDURI", "")
        .input("project", "Plans")
        .input("testPlan", "800");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_eq!(asked(&service, "GET", "/Plans/_apis/test/runs").len(), 1);
    assert_eq!(asked(&service, "GET", "/Shop/_apis/test/runs").len(), 0);
    let document = finished.json();
    assert_eq!(permission(&document, "View test runs"), "fine");
    // Without a build nobody needs to see builds.
    assert!(!document["permissions"].to_string().contains("View builds"));
}

#[test]
fn only_the_permissions_that_these_inputs_need_are_told() {
    let (service, project) = planned();
    let names = |finished: &Finished| -> Vec<String> {
        let document = finished.json();
        let permissions = document["permissions"].as_array().unwrap().iter();
        permissions
            .map(|one| one["permission"].as_str().unwrap().to_owned())
            .collect()
    };
    let desk = at_a_desk(&service, verify(&service, &project))
        .var(
            "AZURE_DEVOPS_EXT_PAT",
            &ado_stand_in::Settings::default().token,
        )
        .input("automationFields", "fill");
    let without_plan = run(&service, &desk.clone().input("testPlan", ""));
    assert_eq!(
        names(&without_plan),
        ["View project-level information", "Create test runs"]
    );
    for (input, value) in [("buildId", "71"), ("buildNumber", "20261125.71")] {
        let with_build = desk.clone().input("testPlan", "").input(input, value);
        assert_eq!(
            names(&run(&service, &with_build)),
            [
                "View project-level information",
                "View builds",
                "View test runs",
                "Create test runs",
            ]
        );
    }
    let with_plan = run(&service, &desk);
    assert_eq!(
        names(&with_plan),
        [
            "View project-level information",
            "View test runs",
            "View work items in this node",
            "Create test runs",
            "Edit work items in this node",
        ]
    );
}

#[test]
fn builds_that_cannot_be_seen_are_a_note_unless_one_is_named() {
    let service = service();
    service.configure(|settings| settings.denied.push("View builds".to_owned()));
    let project = Reports::new();
    let verify = verify(&service, &project).input("testPlan", "");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    row(&finished, "Build", "note", "View builds");
    assert_eq!(permission(&finished.json(), "View builds"), "wrong");
    for (input, value) in [("buildId", "71"), ("buildNumber", "20261125.71")] {
        let finished = run(&service, &verify.clone().input(input, value));
        assert_eq!(finished.code, 6, "{}", finished.everything());
        row(&finished, "Build", "wrong", "View builds");
        assert_eq!(permission(&finished.json(), "View builds"), "wrong");
    }
    // One that is found by its number, and cannot be read, was named as well.
    service.configure(|settings| settings.denied.clear());
    service.script(Rule::always("GET", "/builds/71$", Fault::status(403)));
    let numbered = verify.input("buildNumber", "20261125.71");
    let finished = run(&service, &numbered);
    assert_eq!(finished.code, 6, "{}", finished.everything());
    row(&finished, "Build", "wrong", "403");
}

#[test]
fn a_build_that_is_not_there_says_that_builds_can_be_seen() {
    let (service, project) = planned();
    let finished = run(
        &service,
        &verify(&service, &project).input("buildId", "4711"),
    );
    row(&finished, "Build", "wrong", "4711");
    assert_eq!(permission(&finished.json(), "View builds"), "fine");
}

#[test]
fn a_licence_that_is_missing_is_told_with_what_the_service_says() {
    let (service, project) = planned();
    service.configure(|settings| settings.plans.licensed = false);
    let finished = run(&service, &verify(&service, &project));
    assert_eq!(finished.code, 6, "{}", finished.everything());
    row(&finished, "Test plan", "wrong", "licens");
    assert_eq!(errors(&finished).len(), 1);
    assert_eq!(
        permission(&finished.json(), "View work items in this node"),
        "wrong"
    );
}
