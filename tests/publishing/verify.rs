//! `verify`: each kind of what would not work is told, with exit code 6 and nothing written.

use ado_stand_in::{Configuration, Plan, Point, StandIn, WorkItem};
use serde_json::Value;

use crate::support::plan::{
    SHOP, add_case, add_plan, katalon_project, setting, settings, test_case,
};
use crate::support::{Finished, Reports, TaskRun, service};

/// The plan with test case 41, and a Katalon project whose `Login` names it.
pub(crate) fn planned() -> (StandIn, Reports) {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in");
    let project = Reports::new();
    test_case(&project, "Login", "41", "");
    (service, project)
}

pub(crate) fn verify(service: &StandIn, project: &Reports) -> TaskRun {
    TaskRun::new(service, project.path())
        .args(&["verify", "--format", "json"])
        .input("testPlan", "510")
}

/// Runs it, and fails if it sent anything that could write.
#[track_caller]
pub(crate) fn run(service: &StandIn, run: &TaskRun) -> Finished {
    let finished = run.run();
    writes_nothing(service);
    finished
}

#[track_caller]
pub(crate) fn writes_nothing(service: &StandIn) {
    for request in service.requests() {
        // What is asked for by POST, because an address could not hold it.
        let asks = ["/wit/workitemsbatch", "/test/points"];
        let is_read = matches!(request.method.as_str(), "GET" | "OPTIONS")
            || asks.iter().any(|path| request.path.ends_with(path));
        assert!(is_read, "{} {}", request.method, request.path);
    }
    assert!(service.runs().is_empty());
    assert_eq!(service.mistakes(), Vec::<String>::new());
}

/// Codes of the errors, and the messages.
pub(crate) fn errors(finished: &Finished) -> Vec<(String, String)> {
    let document = finished.json();
    let errors = document["errors"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    errors
        .iter()
        .map(|error| (text(&error["code"]), text(&error["message"])))
        .collect()
}

/// The only error has this code, and its message holds the text.
#[track_caller]
fn finds(finished: &Finished, code: &str, words: &str) {
    assert_eq!(finished.code, 6, "{}", finished.everything());
    let errors = errors(finished);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].0, code);
    assert!(errors[0].1.contains(words), "{errors:?}");
    let document = finished.json();
    let checks = document["checks"].as_array().unwrap();
    let wrong = checks.iter().filter(|check| check["state"] == "wrong");
    assert_eq!(wrong.count(), 1, "{checks:?}");
}

/// The state of a permission.
pub(crate) fn permission(document: &Value, name: &str) -> String {
    let permissions = document["permissions"].as_array().unwrap();
    let mut found = permissions.iter().filter(|one| one["permission"] == name);
    let state = found.next().unwrap()["state"].as_str().unwrap().to_owned();
    assert!(found.next().is_none());
    state
}

#[test]
fn where_all_is_well_everything_is_listed_and_nothing_is_written() {
    let (service, project) = planned();
    let verify = verify(&service, &project)
        .input("testSuites", "Web")
        .input("configurationMapping", "Windows = Windows 11")
        .input("automationFields", "fill");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let document = finished.json();
    assert_eq!(document["command"], "verify");
    assert_eq!(document["exitCode"], 0);
    assert_eq!(document["testCases"][0]["id"], 41);
    assert_eq!(document["testCases"][0]["title"], "Log in");
    assert_eq!(document["testCases"][0]["state"], "fine");
    assert_eq!(
        document["testCases"][0]["katalonTestCases"][0],
        "Test Cases/Login"
    );
    assert_eq!(document["testCases"][0]["configurations"][0], "Windows 11");
    assert_eq!(document["testCases"][0]["suites"][0], "Web/Login");
    for (name, state) in [
        ("View project-level information", "fine"),
        ("View builds", "fine"),
        ("View test runs", "fine"),
        ("View work items in this node", "fine"),
        ("Create test runs", "untried"),
        ("Edit work items in this node", "untried"),
    ] {
        assert_eq!(permission(&document, name), state, "{name}");
    }
    let checks = document["checks"].to_string();
    for told in [
        "test plan 'Release 4' (510), 4 suites",
        "'Windows = Windows 11': configuration 'Windows 11' (1)",
        "'Shop tests' in",
        "1 of 1 ID would receive results",
    ] {
        let told = told.replace(", 4 suites", "");
        assert!(checks.contains(&told), "{told} in {checks}");
    }
}

#[test]
fn the_task_shows_tables_a_summary_and_every_output_variable() {
    let (service, project) = planned();
    test_case(&project, "Pay", "4711", "");
    let verify = TaskRun::new(&service, project.path())
        .input("command", "verify")
        .input("testPlan", "510");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 6);
    assert_eq!(finished.issues("error"), ["KADO608"]);
    finished.says("WRONG  4711");
    finished.says("cannot be tried without writing");
    let last = finished.stdout.lines().last().unwrap();
    assert!(
        last.starts_with("##vso[task.complete result=Failed;]KADO608: test case 4711"),
        "{last}"
    );
    assert_eq!(finished.output("exitCode"), "6");
    assert_eq!(finished.output("testRunIds"), "");
    let summary = finished.summary();
    assert!(summary.contains("| ❌ | 4711 |"), "{summary}");
    assert!(summary.contains("| ✅ | 41 | Log in |"), "{summary}");
}

#[test]
fn outside_a_pipeline_it_speaks_plainly() {
    let (service, project) = planned();
    let verify = TaskRun::new(&service, project.path())
        .args(&["verify", "--organization", &service.collection_url()])
        .var("TF_BUILD", "")
        .var("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "")
        .var("BUILD_BUILDID", "")
        .var("BUILD_BUILDURI", "")
        .input("testPlan", "510");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    finished.says("ok  41  Log in  Test Cases/Login   Windows 11      Web/Login");
    finished.says("none: test runs belong to no build");
    finished.lacks("##");
    finished.lacks("\u{1b}");
}

#[test]
fn an_id_that_leads_nowhere_is_told_as_what_it_is() {
    for (ids, code, words) in [
        (
            "4711",
            "KADO608",
            "test case 4711 does not exist, was deleted",
        ),
        ("77", "KADO609", "work item 77 is no test case but a"),
        (
            "42",
            "KADO610",
            "test case 42 is not in test plan 'Release 4' (510)",
        ),
        ("43", "KADO608", "test case 43 does not exist, was deleted"),
    ] {
        let (service, project) = planned();
        service.add_work_item(WorkItem::new(77, "User Story", "Checkout"));
        service.add_work_item(WorkItem::test_case(42, "Pay"));
        // Its points outlast it.
        add_case(&service, 43, "Gone");
        service.edit_work_item(43, |item| item.deleted = true);
        test_case(&project, "Pay", ids, "");
        let finished = run(&service, &verify(&service, &project));
        finds(&finished, code, words);
        finds(&finished, code, "'Test Cases/Pay'");
        let document = finished.json();
        assert_eq!(document["testCases"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn an_id_without_a_point_that_counts_is_wrong() {
    for (inputs, words) in [
        (
            vec![("testSuites", "Api")],
            "not in the test suites that 'testSuites' names",
        ),
        (
            vec![("configurationMapping", "* | * | * = Linux")],
            "has no point with the configuration 'Linux'",
        ),
    ] {
        let (service, project) = planned();
        let mut verify = verify(&service, &project);
        for (name, value) in inputs {
            verify = verify.input(name, value);
        }
        finds(&run(&service, &verify), "KADO611", words);
    }
    let (service, project) = planned();
    service.add_point(Point::new(4101, 530, 41, 2));
    let several = verify(&service, &project);
    finds(
        &run(&service, &several),
        "KADO611",
        "nothing says which one is meant",
    );
    // A rule may tell them apart, and all may be meant.
    let told_apart = several
        .clone()
        .input("configurationMapping", "Linux = Linux");
    assert_eq!(run(&service, &told_apart).code, 0);
    let all = several.input("publishToAllTestPoints", "true");
    assert_eq!(run(&service, &all).code, 0);
}

#[test]
fn plans_suites_and_configurations_that_are_not_there_are_wrong() {
    for (name, value, code, words) in [
        (
            "testPlan",
            "511",
            "KADO210",
            "there is no test plan with the ID or name '511'",
        ),
        (
            "testPlan",
            "release 4",
            "KADO210",
            "it is spelt 'Release 4'",
        ),
        ("testPlan", "Closed", "KADO211", "is closed"),
        (
            "testSuites",
            "Mobile\nWeb",
            "KADO214",
            "test suite 'Mobile'",
        ),
        (
            "configurationMapping",
            "macOS = Mac",
            "KADO215",
            "names 'Mac'",
        ),
    ] {
        let (service, project) = planned();
        service.add_plan(Plan::new(600, "Closed").closed());
        let verify = verify(&service, &project).input(name, value);
        finds(&run(&service, &verify), code, words);
    }
}

#[test]
fn what_katalons_settings_say_is_wrong_as_well() {
    let (service, project) = planned();
    settings(
        &project,
        &[
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
            &setting("submitOptions.testPlans", r#"[{"id":999,"name":"Gone"}]"#),
        ],
    );
    let verify = verify(&service, &project).input("testPlan", "");
    finds(&run(&service, &verify), "KADO210", "999");
}

#[test]
fn notes_are_not_wrong() {
    let (service, project) = planned();
    test_case(&project, "Again", "41", "");
    test_case(&project, "Search", "", "");
    test_case(&project, "Rows", "${ado_id}", "");
    service.add_configuration(Configuration::new(3, "Old").inactive());
    let file = "katalonTestCase,azureTestCaseIds\nMissing,41\n";
    std::fs::write(project.path().join("ids.csv"), file).unwrap();
    let verify = verify(&service, &project)
        .input("testCaseMapping", "ids.csv")
        .input("configurationMapping", "macOS = Old");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let document = finished.json();
    let warnings = document["warnings"].as_array().unwrap();
    let codes: Vec<&str> = warnings
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    for code in ["KADO060", "KADO090", "KADO091", "KADO092"] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
    assert_eq!(
        document["withoutId"],
        serde_json::json!(["Test Cases/Search"])
    );
    let used: Vec<&str> = document["testCases"][0]["katalonTestCases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(
        used,
        ["Test Cases/Again", "Test Cases/Login", "Test Cases/Missing"]
    );
    assert!(
        document["checks"]
            .to_string()
            .contains("'ado_id' gives it when the test runs")
    );
}

#[test]
fn a_permission_to_read_that_is_missing_is_named() {
    for (denied, code, state_of) in [
        ("View test runs", "KADO607", "View test runs"),
        (
            "View work items in this node",
            "KADO212",
            "View work items in this node",
        ),
    ] {
        let (service, project) = planned();
        service.configure(|settings| settings.denied.push(denied.to_owned()));
        let finished = run(&service, &verify(&service, &project));
        finds(&finished, code, denied);
        assert_eq!(permission(&finished.json(), state_of), "wrong");
    }
}

#[test]
fn nobody_is_told_apart_from_somebody_without_rights() {
    let (service, project) = planned();
    let name = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN";
    let finished = run(&service, &verify(&service, &project).var(name, "expired"));
    assert_eq!(finished.code, 4);
    assert_eq!(errors(&finished)[0].0, "KADO401");
    assert_eq!(finished.json()["checks"][0]["state"], "wrong");
    let no_project = verify(&service, &project).input("project", "Nowhere");
    let finished = run(&service, &no_project);
    finds(&finished, "KADO207", "Nowhere");
    // Without its project nothing is said about the plan.
    assert_eq!(
        permission(&finished.json(), "View work items in this node"),
        "untried"
    );
}

#[test]
fn a_build_that_is_not_there_is_wrong() {
    let (service, project) = planned();
    let verify = verify(&service, &project).input("buildId", "4711");
    finds(&run(&service, &verify), "KADO206", "4711");
}

#[test]
fn without_a_plan_ids_count_for_nothing() {
    let (service, project) = planned();
    test_case(&project, "Pay", "4711", "");
    let finished = run(&service, &verify(&service, &project).input("testPlan", ""));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert!(
        finished.json()["checks"]
            .to_string()
            .contains("none is named")
    );
    // And so there is no table of them.
    finished.lacks("Test case IDs");
}

#[test]
fn the_suggested_file_joins_equal_titles_and_guesses_nothing() {
    let (service, project) = planned();
    for (id, title) in [
        (42, "Pay by card"),
        (43, "Twice"),
        (44, "Twice"),
        (45, "Search, \"all\""),
        (46, "=1+1"),
        (47, "Đăng nhập"),
        (48, "Same name"),
    ] {
        add_case(&service, id, title);
    }
    for name in [
        "Shop/Pay by card",
        "Shop/Twice",
        "Shop/pay BY card",
        "Đăng nhập",
        "A/Same name",
        "B/Same name",
    ] {
        test_case(&project, name, "", "");
    }
    test_case(&project, "Rows", "${ado_id}", "");
    let verify = verify(&service, &project).args(&["verify", "--suggest-mapping", "new.csv"]);
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let file = project.path().join("new.csv");
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        written,
        "\u{feff}katalonTestCase,azureTestCaseIds,azureTitle\n\
         Test Cases/A/Same name,,\n\
         Test Cases/B/Same name,,\n\
         Test Cases/Login,41,Log in\n\
         Test Cases/Rows,,\n\
         Test Cases/Shop/Pay by card,42,Pay by card\n\
         Test Cases/Shop/Twice,,\n\
         Test Cases/Shop/pay BY card,,\n\
         Test Cases/Đăng nhập,47,Đăng nhập\n\
         ,43,Twice\n\
         ,44,Twice\n\
         ,45,\"Search, \"\"all\"\"\"\n\
         ,46,'=1+1\n\
         ,48,Same name\n"
    );
    finished.says("13 rows, 2 joined by title");
    // Again the same bytes; and never over what somebody has written.
    assert_eq!(run(&service, &verify).code, 0);
    let mine = format!("{written}Mine,1\n");
    std::fs::write(&file, &mine).unwrap();
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 6);
    finished.says("another file is there");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), mine);
    // What was written is what 'testCaseMapping' reads.
    std::fs::write(&file, &written).unwrap();
    let with_file = self::verify(&service, &project).input("testCaseMapping", "new.csv");
    let document = run(&service, &with_file).json();
    let ids: Vec<u64> = document["testCases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [41, 42, 47]);
    assert_eq!(document["exitCode"], 0);
    katalon_project(&project);
}

#[test]
fn what_the_mapping_file_alone_names_is_in_the_suggested_one() {
    let (service, project) = planned();
    add_case(&service, 42, "Pay by card");
    let file = "katalonTestCase,azureTestCaseIds\nElsewhere/Pay,42\nNobody,\n";
    std::fs::write(project.path().join("ids.csv"), file).unwrap();
    let verify = verify(&service, &project)
        .args(&["verify", "--suggest-mapping", "new.csv"])
        .input("testCaseMapping", "ids.csv");
    let finished = run(&service, &verify);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let written = std::fs::read_to_string(project.path().join("new.csv")).unwrap();
    assert_eq!(
        written,
        "\u{feff}katalonTestCase,azureTestCaseIds,azureTitle\n\
         Test Cases/Elsewhere/Pay,42,Pay by card\n\
         Test Cases/Login,41,Log in\n"
    );
}

#[test]
fn the_readme_names_every_field_of_the_document() {
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    let (_, chapter) = readme.split_once("`verify`\nprints ").unwrap();
    let chapter = chapter.split("\n\n").next().unwrap();
    let (service, project) = planned();
    let document = run(&service, &verify(&service, &project)).json();
    for object in [
        &document,
        &document["checks"][0],
        &document["permissions"][0],
        &document["testCases"][0],
    ] {
        for (name, value) in object.as_object().unwrap() {
            let list = if value.is_array() { "[]" } else { "" };
            assert!(chapter.contains(&format!("`{name}{list}`")), "{name}");
        }
    }
}

/// What the README shows of `verify` is what it prints.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    let (_, chapter) = readme.split_once("\n## From nothing to results\n").unwrap();
    let (_, shown) = chapter.split_once("```text\n").unwrap();
    let shown = shown.split("```").next().unwrap();

    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in");
    add_case(&service, 42, "Pay by card");
    service.add_work_item(WorkItem::new(77, "User Story", "Checkout"));
    let project = Reports::new();
    test_case(&project, "Log in", "41", "");
    test_case(&project, "Pay by card", "42", "");
    test_case(&project, "Search", "77", "");
    test_case(&project, "Log out", "", "");
    let mut verify = TaskRun::new(&service, project.path()).args(&[
        "verify",
        "--organization",
        &service.collection_url(),
    ]);
    for name in [
        "TF_BUILD",
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
        "BUILD_BUILDID",
        "BUILD_BUILDNUMBER",
        "BUILD_BUILDURI",
    ] {
        verify = verify.var(name, "");
    }
    let finished = run(&service, &verify.input("testPlan", "510"));
    assert_eq!(finished.code, 6);
    let (_, printed) = finished.stdout.split_once("\nTest case IDs\n").unwrap();
    let printed = format!("Test case IDs\n{printed}")
        .replace(&service.collection_url(), "https://dev.azure.com/contoso/")
        .replace(&project.path().display().to_string(), "shop-tests");
    // Columns are as wide as their widest cell, and addresses differ in length.
    let words = |text: &str| -> Vec<String> {
        let is_rule = |line: &&str| !line.is_empty() && line.chars().all(|c| "- ".contains(c));
        let lines = text.lines().filter(|line| !is_rule(line));
        lines
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    };
    assert_eq!(words(shown), words(&printed), "{printed}");
}
