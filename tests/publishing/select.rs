//! `select`: which Katalon test cases to run, by a test plan, by test runs, and by both.

use ado_stand_in::{Build, Fault, Point, Rule, StandIn};
use serde_json::Value;

use crate::support::plan::{
    add_case, add_large_plan, add_plan, map_large_plan, setting, settings, test_case,
};
use crate::support::{Case, Finished, Reports, TaskRun, assert_swagger, service, service_with};

/// The task in a pipeline, with these inputs.
fn select(service: &StandIn, folder: &Reports, inputs: &[(&str, &str)]) -> Finished {
    let finished = task(service, folder, inputs).run();
    assert_eq!(
        service
            .requests()
            .iter()
            .filter(|one| changes(&one.method, &one.path))
            .count(),
        0
    );
    finished
}

/// Whether a request changes something: work items are asked for by POST.
fn changes(method: &str, path: &str) -> bool {
    !["GET", "OPTIONS"].contains(&method) && !path.ends_with("workitemsbatch")
}

fn task(service: &StandIn, folder: &Reports, inputs: &[(&str, &str)]) -> TaskRun {
    let mut run = TaskRun::new(service, folder.path()).input("command", "select");
    for (name, value) in inputs {
        run = run.input(name, value);
    }
    run
}

/// A plan whose order is neither that of ids nor that of names, and its Katalon project.
fn planned() -> (StandIn, Reports) {
    let service = service();
    add_plan(&service);
    for (id, title) in [(43, "Pay"), (41, "Log in"), (42, "Log out")] {
        add_case(&service, id, title);
    }
    service.add_point(Point::new(9000, 530, 44, 2).ended("Failed"));
    service.edit_point(4100, |point| point.outcome = Some("Failed".to_owned()));
    service.edit_point(4200, |point| point.outcome = Some("Passed".to_owned()));
    let folder = Reports::new();
    test_case(&folder, "Pay", "43", "");
    test_case(&folder, "Login/In", "41, 42", "");
    test_case(&folder, "Api/Orders", "44", "");
    (service, folder)
}

#[test]
fn the_test_cases_of_a_plan_are_selected_in_its_order_each_once() {
    let (service, folder) = planned();
    let finished = select(&service, &folder, &[("testPlan", "Release 4")]);
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(
        finished.output("testSuiteQuery"),
        "ids=(Test Cases/Pay,Test Cases/Login/In,Test Cases/Api/Orders)"
    );
    assert_eq!(finished.output("testCaseCount"), "3");
    assert_eq!(finished.output("exitCode"), "0");
    let file = std::fs::read_to_string(finished.output("katalonTestCasesFile")).unwrap();
    assert_eq!(
        file,
        "Test Cases/Pay\nTest Cases/Login/In\nTest Cases/Api/Orders\n"
    );
    assert_eq!(finished.issues("warning"), [""; 0]);
    finished.says("-testSuiteQuery=\"ids=(Test Cases/Pay,");
    assert_swagger(&service);
}

#[test]
fn suites_configuration_and_outcomes_choose() {
    let (service, folder) = planned();
    let (pay, login, orders) = (
        "Test Cases/Pay",
        "Test Cases/Login/In",
        "Test Cases/Api/Orders",
    );
    for (inputs, expected) in [
        (&[("testSuites", "Web")][..], vec![pay, login]),
        (
            &[("testSuites", "Web/Login\nApi")],
            vec![pay, login, orders],
        ),
        (&[("testSuites", "530")], vec![orders]),
        (&[("testConfiguration", "Linux")], vec![orders]),
        (&[("testConfiguration", "1")], vec![pay, login]),
        (&[("outcomes", "Failed")], vec![login, orders]),
        (
            &[("outcomes", "failed"), ("testSuites", "Web")],
            vec![login],
        ),
        (
            &[("outcomes", "Failed"), ("testConfiguration", "2")],
            vec![orders],
        ),
        (&[("outcomes", "None")], vec![pay]),
        (&[("outcomes", "Passed,None")], vec![pay, login]),
    ] {
        let inputs = [&[("testPlan", "510")], inputs].concat();
        let finished = select(&service, &folder, &inputs);
        let expected = format!("ids=({})", expected.join(","));
        assert_eq!(finished.output("testSuiteQuery"), expected, "{inputs:?}");
    }
}

#[test]
fn older_servers_are_asked_suite_by_suite() {
    for version in [(5, 0), (6, 0), (7, 0)] {
        let (_, folder) = planned();
        let service = service_with(|settings| settings.max_api_version = version);
        add_plan(&service);
        for (id, title) in [(43, "Pay"), (41, "Log in")] {
            add_case(&service, id, title);
        }
        service.add_point(Point::new(9000, 530, 44, 2).ended("Failed"));
        let finished = select(&service, &folder, &[("testPlan", "510")]);
        assert_eq!(
            finished.output("testSuiteQuery"),
            "ids=(Test Cases/Pay,Test Cases/Login/In,Test Cases/Api/Orders)",
            "{version:?}"
        );
        let failed = [("testPlan", "510"), ("outcomes", "Failed")];
        let finished = select(&service, &folder, &failed);
        assert_eq!(
            finished.output("testSuiteQuery"),
            "ids=(Test Cases/Api/Orders)"
        );
    }
}

#[test]
fn what_has_no_katalon_test_case_is_named_with_title_and_id() {
    let (service, folder) = planned();
    add_case(&service, 45, "Return goods");
    let inputs = [("testPlan", "510")];
    let finished = select(&service, &folder, &inputs);
    assert_eq!(finished.code, 0);
    assert_eq!(finished.issues("warning"), ["KADO080"]);
    finished.says("1 test case of Azure DevOps without a Katalon test case: 45 'Return goods'");
    assert_eq!(finished.output("testCaseCount"), "3");
    let inputs = [("testPlan", "510"), ("failOnUnmappedTestCases", "true")];
    let finished = select(&service, &folder, &inputs);
    assert_eq!(
        (finished.code, finished.issues("error")),
        (6, vec!["KADO604".to_owned()])
    );
    finished.says("##vso[task.complete result=Failed;]KADO604");
    // What was found is there all the same.
    assert_eq!(finished.output("testCaseCount"), "3");
    assert_eq!(finished.output("exitCode"), "6");
}

#[test]
fn mapping_file_and_pattern_give_ids_too() {
    let (service, folder) = planned();
    add_case(&service, 45, "Return goods");
    add_case(&service, 46, "Ask");
    test_case(&folder, "TC46 Ask", "", "");
    let csv = "katalonTestCase,azureTestCaseIds\nPay,45\nGone,43\n";
    std::fs::write(folder.path().join("map.csv"), csv).unwrap();
    let inputs = [
        ("testPlan", "510"),
        ("testSuites", "Web"),
        ("testCaseMapping", "map.csv"),
        ("testCaseIdPattern", r"TC(\d+)"),
    ];
    let finished = select(&service, &folder, &inputs);
    assert_eq!(
        finished.output("testSuiteQuery"),
        "ids=(Test Cases/Login/In,Test Cases/Pay,Test Cases/TC46 Ask)"
    );
    finished.says(
        "43 'Pay': the mapping file names 'Test Cases/Gone', which is not in the Katalon project",
    );
}

#[test]
fn nothing_found_is_an_empty_query_and_a_warning() {
    let (service, folder) = planned();
    let inputs = [("testPlan", "510"), ("outcomes", "Blocked")];
    let finished = select(&service, &folder, &inputs);
    assert_eq!(finished.code, 0);
    assert_eq!(finished.output("testSuiteQuery"), "");
    assert_eq!(finished.output("testCaseCount"), "0");
    assert_eq!(finished.output("katalonTestCasesFile"), "");
    assert_eq!(finished.issues("warning"), ["KADO081"]);
}

#[test]
fn everything_that_is_not_there_is_told_and_ends_with_2() {
    let (service, folder) = planned();
    for (inputs, code, told) in [
        (
            &[("testPlan", "Relaese\n999")][..],
            "KADO210",
            "there is no test plan 'Relaese'",
        ),
        (
            &[("testPlan", "510"), ("testSuites", "Web/Logn")],
            "KADO214",
            "not 'Logn' below it",
        ),
        (
            &[("testPlan", "510"), ("testConfiguration", "Win")],
            "KADO215",
            "'Windows 11', 'Linux'",
        ),
        (
            &[("testRun", "77")],
            "KADO221",
            "there is no test run 77 in project 'Shop'",
        ),
        (&[], "KADO220", "neither 'testPlan' nor 'testRun' is given"),
        (
            &[("testRun", "1"), ("testSuites", "Web")],
            "KADO220",
            "'testPlan' is not given",
        ),
        (
            &[("testRun", "newest")],
            "KADO202",
            "'testRun' cannot be 'newest'",
        ),
        (
            &[("testPlan", "510"), ("outcomes", "Red")],
            "KADO202",
            "'outcomes' cannot be 'Red'",
        ),
    ] {
        let finished = select(&service, &folder, inputs);
        assert_eq!(finished.code, 2, "{}", finished.stdout);
        assert_eq!(finished.issues("error")[0], code, "{}", finished.stdout);
        finished.says(told);
        assert_eq!(finished.output("testCaseCount"), "0");
        assert_eq!(finished.output("testSuiteQuery"), "");
        assert_eq!(finished.output("exitCode"), "2");
        finished.says("##vso[task.complete result=Failed;]");
    }
    let finished = select(&service, &folder, &[("testPlan", "Relaese\n999")]);
    assert_eq!(finished.issues("error"), ["KADO210", "KADO210"]);
}

#[test]
fn katalons_settings_are_never_asked_for_the_plan() {
    let (service, folder) = planned();
    settings(
        &folder,
        &[
            "enableIntegration=true",
            &setting(
                "submitOptions.testPlans",
                r#"[{"id":510,"name":"Release 4"}]"#,
            ),
        ],
    );
    let finished = select(&service, &folder, &[]);
    assert_eq!(
        (finished.code, finished.issues("error")),
        (2, vec!["KADO220".to_owned()])
    );
    finished.lacks("Katalon setting");
}

/// Publishes a report of these cases as build 71, or another one of the same definition.
fn publish(service: &StandIn, build: u64, cases: &[Case]) -> u64 {
    let reports = Reports::new().with_suite("Smoke", cases);
    let finished = as_build(TaskRun::new(service, reports.path()), build).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.output("testRunIds").parse().unwrap()
}

fn as_build(run: TaskRun, build: u64) -> TaskRun {
    run.var("BUILD_BUILDID", &build.to_string())
        .var("BUILD_BUILDURI", &format!("vstfs:///Build/Build/{build}"))
        .var("SYSTEM_DEFINITIONID", "12")
        .var("BUILD_SOURCEBRANCH", "refs/heads/main")
}

/// Builds 71 to 78 of definition 12, of which 73 is of another branch and 74 of another definition:
/// more than a page.
fn with_builds() -> StandIn {
    service_with(|settings| {
        settings.builds = [71, 72, 73, 74, 75, 76, 77, 78]
            .map(|id| {
                let mut build = Build::new(id, "Shop");
                build.definition = if id == 74 { 13 } else { 12 };
                build.branch = format!("refs/heads/{}", if id == 73 { "other" } else { "main" });
                build
            })
            .to_vec();
    })
}

const FAILED: (&str, &str) = ("outcomes", "Failed,Error,Aborted");

#[test]
fn what_failed_in_this_build_is_selected_to_be_run_again() {
    let service = with_builds();
    let cases = [
        Case::failed("A", "no"),
        Case::passed("B"),
        Case::ended("C", "ERROR", "broke"),
    ];
    publish(&service, 71, &cases);
    let folder = Reports::new();
    let inputs = [("testRun", "current"), FAILED];
    let finished = as_build(task(&service, &folder, &inputs), 71).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(
        finished.output("testSuiteQuery"),
        "ids=(Test Cases/A,Test Cases/C)"
    );
    // The newest result of a test case counts: what has passed meanwhile is not run once more.
    let again = Case::passed("A").took(2.0);
    let reports = Reports::new().with(
        &crate::support::Suite::new("Again", &[again])
            .at("2025-08-11T11:15:02.000Z", 1_754_910_902_000),
    );
    let second = as_build(TaskRun::new(&service, reports.path()), 71).run();
    assert_eq!(second.code, 0, "{}", second.stdout);
    let finished = as_build(task(&service, &folder, &inputs), 71).run();
    assert_eq!(finished.output("testSuiteQuery"), "ids=(Test Cases/C)");
}

#[test]
fn latest_is_the_newest_other_build_of_this_definition_and_branch_that_has_runs() {
    let service = with_builds();
    publish(&service, 71, &[Case::failed("A", "no")]);
    publish(&service, 72, &[Case::failed("B", "no"), Case::passed("D")]);
    // Another branch, and this build; those from 75 on have no run.
    publish(&service, 73, &[Case::failed("C", "no")]);
    let folder = Reports::new();
    let inputs = [("testRun", "latest"), FAILED];
    let finished = as_build(task(&service, &folder, &inputs), 71).run();
    assert_eq!(
        finished.output("testSuiteQuery"),
        "ids=(Test Cases/B)",
        "{}",
        finished.stdout
    );
    let finished = as_build(task(&service, &folder, &inputs), 72).run();
    assert_eq!(
        finished.output("testSuiteQuery"),
        "ids=(Test Cases/A)",
        "{}",
        finished.stdout
    );
    let finished = as_build(task(&service, &folder, &inputs), 72)
        .var("BUILD_SOURCEBRANCH", "refs/heads/new")
        .run();
    assert_eq!(
        (finished.code, finished.output("testCaseCount").as_str()),
        (0, "0")
    );
    finished.says("None of 0 other builds of definition 12 on 'refs/heads/new'");
}

#[test]
fn without_a_build_only_a_run_can_be_named() {
    let service = service();
    let folder = Reports::new();
    for which in ["latest", "current"] {
        let finished = task(&service, &folder, &[("testRun", which)])
            .var("BUILD_BUILDID", "")
            .run();
        assert_eq!(
            (finished.code, finished.issues("error")),
            (2, vec!["KADO221".to_owned()])
        );
    }
}

#[test]
fn a_run_and_a_plan_give_what_is_in_both_in_the_plans_order() {
    let (service, folder) = planned();
    let cases = [
        Case::failed("Login/In", "no"),
        Case::failed("Pay", "no"),
        Case::failed("Not in the plan", "no"),
        Case::passed("Api/Orders"),
    ];
    let run = publish(&service, 71, &cases);
    let run = run.to_string();
    let inputs = [("testPlan", "510"), ("testRun", &run), FAILED];
    let finished = task(&service, &folder, &inputs).run();
    assert_eq!(
        finished.output("testSuiteQuery"),
        "ids=(Test Cases/Pay,Test Cases/Login/In)",
        "{}",
        finished.stdout
    );
    assert_eq!(finished.issues("warning"), [""; 0]);
}

#[test]
fn a_planned_run_is_found_by_its_test_cases_and_those_that_are_gone_are_named() {
    let (service, folder) = planned();
    let reports = Reports::new().with_suite(
        "Smoke",
        &[Case::failed("Old name", "no"), Case::failed("Pay", "no")],
    );
    test_case(&reports, "Old name", "42", "");
    test_case(&reports, "Pay", "43", "");
    let published = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .run();
    assert_eq!(published.code, 0, "{}", published.stdout);
    let run = published.output("testRunIds");
    let inputs = [("testRun", run.as_str())];
    let finished = task(&service, &folder, &inputs).run();
    let query = finished.output("testSuiteQuery");
    assert!(
        query.contains("Test Cases/Login/In") && query.contains("Test Cases/Pay"),
        "{query}"
    );
    // Of a test case that was deleted meanwhile the result still tells the title.
    service.edit_work_item(42, |item| item.deleted = true);
    std::fs::remove_file(folder.path().join("Test Cases/Login/In.tc")).unwrap();
    let finished = task(&service, &folder, &inputs).run();
    assert_eq!(finished.output("testSuiteQuery"), "ids=(Test Cases/Pay)");
    assert_eq!(finished.issues("warning"), ["KADO080"]);
    finished.says("Without a Katalon test case: 42 '");
    finished.says("'Test Cases/Old name' is not in the Katalon project");
}

#[test]
fn a_deleted_test_case_is_not_of_the_plan_any_more() {
    let (service, folder) = planned();
    service.edit_work_item(43, |item| item.deleted = true);
    for outcomes in ["", "None,Failed,Passed"] {
        let inputs = [("testPlan", "510"), ("outcomes", outcomes)];
        let finished = select(&service, &folder, &inputs);
        assert_eq!(
            finished.output("testSuiteQuery"),
            "ids=(Test Cases/Login/In,Test Cases/Api/Orders)"
        );
    }
}

#[test]
fn names_that_the_query_cannot_hold_are_told_and_a_suite_holds_them() {
    let (service, folder) = planned();
    for (id, name) in [
        (45, "Pay, then (leave)"),
        (46, "Đăng nhập/Người dùng hợp lệ"),
        (47, "Q&A"),
    ] {
        add_case(&service, id, name);
        test_case(&folder, name, &id.to_string(), "");
    }
    let vietnamese = [("testPlan", "510"), ("testSuites", "Web")];
    let finished = select(&service, &folder, &vietnamese);
    assert_eq!(finished.issues("warning"), ["KADO082"]);
    finished.says("1 test case has one, 'Test Cases/Pay, then (leave)' among them");
    finished.says("Set 'outputTestSuite'");
    assert_eq!(finished.output("testSuiteQuery"), "");
    assert_eq!(finished.output("testCaseCount"), "5");
    let inputs = [
        vietnamese[0],
        vietnamese[1],
        ("outputTestSuite", "From Azure"),
    ];
    let finished = select(&service, &folder, &inputs);
    assert_eq!((finished.code, finished.issues("warning")), (0, vec![]));
    let file = folder.path().join("Test Suites/From Azure.ts");
    let first = std::fs::read(&file).unwrap();
    let text = String::from_utf8(first.clone()).unwrap();
    for name in [
        "Pay, then (leave)",
        "Đăng nhập/Người dùng hợp lệ",
        "Q&amp;A",
    ] {
        assert!(
            text.contains(&format!("<testCaseId>Test Cases/{name}</testCaseId>")),
            "{text}"
        );
    }
    // The same input gives the same bytes.
    select(&service, &folder, &inputs);
    assert_eq!(std::fs::read(&file).unwrap(), first);
    std::fs::remove_file(folder.path().join("Test Cases/Pay, then (leave).tc")).unwrap();
    let finished = select(&service, &folder, &vietnamese);
    assert!(
        finished
            .output("testSuiteQuery")
            .contains("Test Cases/Đăng nhập/Người dùng hợp lệ")
    );
}

#[test]
fn a_suite_of_somebody_else_is_left_alone() {
    let (service, folder) = planned();
    let file = folder.path().join("Test Suites/Nightly.ts");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let theirs = "<TestSuiteEntity><description>Mine</description></TestSuiteEntity>";
    std::fs::write(&file, theirs).unwrap();
    let inputs = [
        ("testPlan", "510"),
        ("outputTestSuite", "Test Suites/Nightly"),
    ];
    let finished = select(&service, &folder, &inputs);
    assert_eq!(
        (finished.code, finished.issues("error")),
        (2, vec!["KADO222".to_owned()])
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), theirs);
    assert_eq!(finished.output("testCaseCount"), "0");
    // Without a project there is nothing to write it into.
    let finished = select(&service, &Reports::new(), &inputs);
    assert_eq!(
        (finished.code, finished.issues("error")),
        (2, vec!["KADO222".to_owned()])
    );
}

#[test]
fn nothing_found_empties_the_suite_of_an_earlier_build() {
    let (service, folder) = planned();
    let suite = ("outputTestSuite", "Test Suites/From Azure");
    select(&service, &folder, &[("testPlan", "510"), suite]);
    let file = folder.path().join("Test Suites/From Azure.ts");
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("testCaseLink")
    );
    let inputs = [("testPlan", "510"), ("outcomes", "Blocked"), suite];
    assert_eq!(
        select(&service, &folder, &inputs).output("testCaseCount"),
        "0"
    );
    assert!(
        !std::fs::read_to_string(&file)
            .unwrap()
            .contains("testCaseLink")
    );
}

#[test]
fn what_is_too_long_for_a_variable_is_left_empty_and_the_suite_is_offered() {
    let (service, folder) = planned();
    let long = "x".repeat(120);
    for id in 100..180 {
        add_case(&service, id, "Long");
        test_case(&folder, &format!("{long}{id}"), &id.to_string(), "");
    }
    let finished = select(&service, &folder, &[("testPlan", "510")]);
    assert_eq!(finished.code, 0);
    assert_eq!(finished.issues("warning"), ["KADO082"]);
    finished.says("Set 'outputTestSuite'");
    assert_eq!(finished.output("testSuiteQuery"), "");
    assert_eq!(finished.output("testCaseCount"), "83");
    let file = std::fs::read_to_string(finished.output("katalonTestCasesFile")).unwrap();
    assert_eq!(file.lines().count(), 83);
    // A document holds all of it.
    let json = task(&service, &folder, &[("testPlan", "510")])
        .args(&["select", "--format", "json"])
        .run()
        .json();
    assert!(json["testSuiteQuery"].as_str().unwrap().len() > 8_000);
}

#[test]
fn the_document_tells_test_cases_and_what_has_none() {
    let (service, folder) = planned();
    add_case(&service, 45, "Return goods");
    let finished = task(&service, &folder, &[])
        .args(&[
            "select",
            "--test-plan",
            "510",
            "--test-suites",
            "Web",
            "--format",
            "json",
        ])
        .run();
    let document = finished.json();
    assert_eq!(document["command"], "select");
    assert_eq!(document["testCaseCount"], 2);
    assert_eq!(document["testCases"][1]["testCase"], "Test Cases/Login/In");
    assert_eq!(
        document["testCases"][1]["testCaseIds"],
        serde_json::json!([41, 42])
    );
    assert_eq!(document["unmapped"][0]["id"], 45);
    assert_eq!(document["unmapped"][0]["title"], "Return goods");
    assert_eq!(document["warnings"][0]["code"], "KADO080");
    assert_eq!(document["outputTestSuite"], Value::Null);
    // Wrong inputs have a document as well.
    let finished = task(&service, &folder, &[])
        .args(&["select", "--format", "json"])
        .run();
    assert_eq!(
        (finished.code, &finished.json()["errors"][0]["code"]),
        (2, &"KADO220".into())
    );
}

#[test]
fn twenty_thousand_points_are_read_and_mapped() {
    let service = service_with(|settings| settings.page_size = 200);
    add_large_plan(&service);
    let folder = Reports::new();
    map_large_plan(&folder);
    let inputs = [
        ("testPlan", "600"),
        ("testCaseMapping", "map.csv"),
        ("outcomes", "Failed"),
    ];
    let finished = select(&service, &folder, &inputs);
    assert_eq!(
        finished.output("testCaseCount"),
        "10",
        "{}",
        finished.stdout
    );
    assert!(
        finished
            .output("testSuiteQuery")
            .starts_with("ids=(Test Cases/Many/0,Test Cases/Many/1000,")
    );
    let pages = |ending: &str| {
        let asked = service.requests();
        asked
            .iter()
            .filter(|one| one.path.ends_with(ending))
            .count()
    };
    assert_eq!((pages("/TestPoint"), pages("/TestCase")), (100, 50));
}

#[test]
fn faults_on_reads_cost_nothing_and_a_service_that_stays_away_ends_with_4() {
    let (service, folder) = planned();
    let run = publish(&service, 71, &[Case::failed("Pay", "no")]).to_string();
    let inputs = [("testPlan", "510"), ("testRun", run.as_str()), FAILED];
    for path in [
        "plans/510$",
        "suites$",
        "TestCase$",
        "results$",
        "(?i)/runs/[0-9]+$",
    ] {
        for fault in [Fault::ResetBefore, Fault::ResetAfter, Fault::status(503)] {
            service.script(Rule::once("GET", path, fault));
            let finished = task(&service, &folder, &inputs)
                .args(&["select"])
                .run_impatiently();
            assert_eq!(finished.code, 0, "{path}: {}", finished.stdout);
            assert_eq!(
                finished.output("testSuiteQuery"),
                "ids=(Test Cases/Pay)",
                "{path}"
            );
        }
    }
    service.script(Rule::always("GET", "TestCase$", Fault::ResetBefore));
    let finished = task(&service, &folder, &inputs)
        .args(&["select"])
        .input("retryFor", "0")
        .run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    finished.says("Nothing was selected.");
    assert_eq!(finished.output("testCaseCount"), "0");
}
