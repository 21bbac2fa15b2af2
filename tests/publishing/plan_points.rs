//! Which of several points receives a result: suites, configurations, testers; and what is said
//! where none does. Seen in dry runs, which show the mapping against the live plan.

use ado_stand_in::{Configuration, Plan, Point, StandIn, Suite, WorkItem};
use serde_json::{Value, json};

use crate::support::plan::{SHOP, add_case, add_plan, setting, settings, test_case};
use crate::support::{Case, Finished, Reports, Suite as Execution, TaskRun, service};

/// The plan with test case 41, which has point 4100 in `Web/Login` for `Windows 11`.
fn planned() -> StandIn {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in");
    service
}

fn reports_of(suite: &Execution) -> Reports {
    let reports = Reports::new().with(suite);
    test_case(&reports, "Login", "41", "");
    reports
}

fn reports() -> Reports {
    reports_of(&Execution::new("Smoke", &[Case::passed("Login")]))
}

/// A dry run with these inputs.
fn dry_run(service: &StandIn, reports: &Reports, inputs: &[(&str, &str)]) -> Finished {
    let mut run = TaskRun::new(service, reports.path())
        .args(&["publish", "--format", "json"])
        .input("dryRun", "true")
        .input("testPlan", "510");
    for (name, value) in inputs {
        run = run.input(name, value);
    }
    let finished = run.run();
    assert!(service.runs().is_empty());
    finished
}

/// The points of the only result, or the reason why it has none.
fn placed(finished: &Finished) -> Result<Vec<u64>, String> {
    let document = finished.json();
    let points = document["results"][0]["pointIds"].as_array().unwrap();
    let points: Vec<u64> = points.iter().map(|id| id.as_u64().unwrap()).collect();
    match &document["unmatched"][0]["reason"] {
        Value::String(reason) => Err(reason.clone()),
        _ => Ok(points),
    }
}

#[test]
fn only_points_in_the_suites_that_are_named_and_below_them_count() {
    let service = planned();
    service.add_point(Point::new(4101, 530, 41, 1));
    for (suites, point) in [
        ("Web", 4100),
        ("Web/Login", 4100),
        ("520", 4100),
        ("Release 4/Api", 4101),
        ("Web\n530", 4100),
    ] {
        let finished = dry_run(
            &service,
            &reports(),
            &[("testSuites", suites), ("publishToAllTestPoints", "true")],
        );
        assert_eq!(placed(&finished).unwrap()[0], point, "{suites}");
        assert_eq!(finished.code, 0);
    }
    service.remove_point(4101);
    let finished = dry_run(&service, &reports(), &[("testSuites", "Api")]);
    assert_eq!(
        placed(&finished).unwrap_err(),
        "test case 41 is in test plan 'Release 4' (510), but not in the test suites that \
         'testSuites' names; it is in 'Web/Login'"
    );
}

#[test]
fn a_suite_that_is_not_there_is_told_with_what_is_and_loses_nothing() {
    let service = planned();
    service.add_suite(Suite::new(531, 510, "Login").below(530));
    for (suites, told) in [
        (
            "Web/Logn",
            "test suite 'Web/Logn', in test plan 'Release 4' (510): 'Web' is there, but not \
             'Logn' below it; below it lie 'Login'",
        ),
        (
            "Login",
            "test suite 'Login', in test plan 'Release 4' (510): several test suites have that \
             name: 'Web/Login' (521), 'Api/Login' (531)",
        ),
        (
            "Mobile",
            "test suite 'Mobile', in test plan 'Release 4' (510): there is no test suite with \
             that ID, name or path",
        ),
    ] {
        let inputs = [("testSuites", suites), ("unmatchedResults", "skip")];
        let finished = dry_run(&service, &reports(), &inputs);
        assert_eq!(finished.code, 2, "{suites}");
        let document = finished.json();
        assert_eq!(document["errors"][0]["code"], "KADO214");
        let message = document["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(told), "{message}");
        // Also with `skip` it goes to the build: nobody knows where it belongs.
        assert_eq!(document["totals"]["published"], 1);
        assert_eq!(document["runs"][0]["plan"], Value::Null);
        let reason = placed(&finished).unwrap_err();
        assert!(reason.ends_with(&format!("; and {told}")), "{reason}");
    }
    // A suite that is there still counts.
    let inputs = [("testSuites", "Mobile\nWeb")];
    let finished = dry_run(&service, &reports(), &inputs);
    assert_eq!((finished.code, placed(&finished)), (2, Ok(vec![4100])));
}

#[test]
fn of_several_points_none_or_all_receive_the_result_as_asked() {
    let service = planned();
    service.add_point(Point::new(4101, 530, 41, 2).tester("Ann Lee"));
    let finished = dry_run(&service, &reports(), &[]);
    assert_eq!(
        placed(&finished).unwrap_err(),
        "test case 41 has several points in test plan 'Release 4' (510), and nothing says which \
         one is meant: point 4100 (suite 'Web/Login', configuration 'Windows 11', no tester), \
         point 4101 (suite 'Api', configuration 'Linux', tester 'Ann Lee')"
    );
    assert_eq!(finished.code, 0);
    let finished = dry_run(&service, &reports(), &[("publishToAllTestPoints", "true")]);
    assert_eq!(placed(&finished), Ok(vec![4100, 4101]));
}

#[test]
fn where_outcomes_are_synchronised_points_of_one_configuration_are_one() {
    let service = service();
    add_plan(&service);
    service.add_plan(Plan::new(600, "Synchronised").synchronised());
    service.add_suite(Suite::new(610, 600, "A"));
    service.add_suite(Suite::new(620, 600, "B"));
    service.add_point(Point::new(6100, 610, 41, 1));
    service.add_point(Point::new(6200, 620, 41, 1));
    let inputs = [("testPlan", "Synchronised")];
    let finished = dry_run(&service, &reports(), &inputs);
    assert_eq!(placed(&finished), Ok(vec![6100, 6200]));
    service.add_point(Point::new(6201, 620, 41, 2));
    let finished = dry_run(&service, &reports(), &inputs);
    assert!(placed(&finished).unwrap_err().contains("several points"));
}

#[test]
fn the_rule_with_the_fewest_wildcards_decides_on_the_configuration() {
    let service = planned();
    service.add_point(Point::new(4102, 521, 41, 2));
    let windows = Execution::new("Smoke", &[Case::passed("Login")]);
    let staging = windows.clone().profile("staging");
    let firefox = windows.clone().browser("Firefox 140");
    let rules = "* | * | * = Linux\nwindows | Chrome = 1\nWindows 11 | Chrome | staging = Linux";
    for (suite, point) in [(windows, 4100), (staging, 4102), (firefox, 4102)] {
        let finished = dry_run(
            &service,
            &reports_of(&suite),
            &[("configurationMapping", rules)],
        );
        assert_eq!(placed(&finished), Ok(vec![point]), "{}", finished.stderr);
    }
    // No rule matches: no filter, and so two points are left.
    let finished = dry_run(
        &service,
        &reports(),
        &[("configurationMapping", "macOS = 1")],
    );
    assert!(placed(&finished).unwrap_err().contains("several points"));
}

#[test]
fn no_point_with_the_configuration_is_told_with_those_that_there_are() {
    let service = planned();
    let finished = dry_run(
        &service,
        &reports(),
        &[("configurationMapping", "Windows = 2")],
    );
    assert_eq!(
        placed(&finished).unwrap_err(),
        "test case 41 has no point with the configuration 'Linux' in test plan 'Release 4' \
         (510); there are 'Windows 11'"
    );
}

#[test]
fn results_of_a_rule_without_a_configuration_reach_no_point_and_go_to_the_build() {
    let service = planned();
    let rules = "Windows | Chrome = Windows 95\nLinux = 1";
    let inputs = [
        ("configurationMapping", rules),
        ("unmatchedResults", "skip"),
    ];
    let finished = dry_run(&service, &reports(), &inputs);
    assert_eq!(finished.code, 2);
    let document = finished.json();
    assert_eq!(document["errors"][0]["code"], "KADO215");
    let message = document["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("there are 'Windows 11', 'Linux'"),
        "{message}"
    );
    assert_eq!(
        placed(&finished).unwrap_err(),
        "the rule 'Windows | Chrome = Windows 95' decides on it, and its test configuration does \
         not exist"
    );
    assert_eq!(document["totals"]["published"], 1);
    service.add_configuration(Configuration::new(3, "Linux"));
    let finished = dry_run(
        &service,
        &reports(),
        &[("configurationMapping", "* = Linux")],
    );
    let document = finished.json();
    let message = document["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("with the IDs 2, 3"), "{message}");
}

#[test]
fn points_out_of_use_receive_results_only_where_a_rule_names_their_configuration() {
    let service = planned();
    service.add_point(Point::new(4102, 521, 41, 2).inactive());
    assert_eq!(placed(&dry_run(&service, &reports(), &[])), Ok(vec![4100]));
    let linux = [("configurationMapping", "* = Linux")];
    let finished = dry_run(&service, &reports(), &linux);
    assert_eq!(placed(&finished), Ok(vec![4102]));
    service.remove_point(4100);
    let finished = dry_run(&service, &reports(), &[]);
    assert_eq!(
        placed(&finished).unwrap_err(),
        "test case 41 has no active point in test plan 'Release 4' (510); inactive: point 4102 \
         (suite 'Web/Login', configuration 'Linux', no tester)"
    );
    // A configuration that is retired is used where a rule says so, and warned of.
    service.edit_configuration(2, |linux| linux.active = false);
    service.edit_point(4102, |point| point.active = true);
    assert!(placed(&dry_run(&service, &reports(), &[])).is_err());
    let finished = dry_run(&service, &reports(), &linux);
    assert_eq!(placed(&finished), Ok(vec![4102]));
    assert_eq!(finished.json()["warnings"][0]["code"], "KADO060");
}

#[test]
fn a_point_that_was_run_before_is_in_use_whatever_the_service_calls_it() {
    let service = planned();
    service.edit_point(4100, |point| {
        point.active = false;
        point.outcome = Some("Passed".to_owned());
    });
    assert_eq!(placed(&dry_run(&service, &reports(), &[])), Ok(vec![4100]));
}

#[test]
fn plans_that_cannot_be_had_are_told_and_their_results_go_to_the_build() {
    let service = planned();
    service.add_plan(Plan::new(600, "Twice"));
    service.add_plan(Plan::new(620, "Twice").closed());
    service.add_plan(Plan::new(640, "Old").closed());
    service.add_plan(Plan::new(660, "Hidden").hidden());
    for (plan, code, told) in [
        (
            "999",
            "KADO210",
            "there is no test plan with the ID or name '999'",
        ),
        ("release 4", "KADO210", "it is spelt 'Release 4'"),
        ("Hidden", "KADO210", "there is no test plan 'Hidden'"),
        (
            "Twice",
            "KADO210",
            "2 test plans in project 'Shop' have the name 'Twice', with the IDs 600; 620, closed",
        ),
        ("Old", "KADO211", "test plan 'Old' (640) is closed"),
        ("640", "KADO211", "test plan 'Old' (640) is closed"),
    ] {
        let inputs = [("testPlan", plan), ("unmatchedResults", "skip")];
        let finished = dry_run(&service, &reports(), &inputs);
        assert_eq!(finished.code, 2, "{plan}");
        let document = finished.json();
        assert_eq!(document["errors"][0]["code"], code, "{plan}");
        let message = document["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(told), "{message}");
        assert!(placed(&finished).unwrap_err().contains(told));
        assert_eq!(document["totals"]["published"], 1, "{plan}");
    }
    // One that can be had receives what belongs there, and the exit code is 2 all the same.
    let finished = dry_run(&service, &reports(), &[("testPlan", "Old\n510")]);
    assert_eq!((finished.code, placed(&finished)), (2, Ok(vec![4100])));
    // A plan whose name is a number.
    service.add_plan(Plan::new(700, "2026"));
    service.add_suite(Suite::new(710, 700, "All"));
    service.add_point(Point::new(7100, 710, 41, 1));
    let finished = dry_run(&service, &reports(), &[("testPlan", "2026")]);
    assert_eq!((finished.code, placed(&finished)), (0, Ok(vec![7100])));
}

#[test]
fn whoever_may_not_read_plans_is_told_which_permission_is_missing() {
    let denied = planned();
    denied.configure(|settings| {
        settings.denied.push("View work items in this node".into());
    });
    let unlicensed = planned();
    unlicensed.configure(|settings| settings.plans.licensed = false);
    for service in [denied, unlicensed] {
        let finished = dry_run(&service, &reports(), &[("unmatchedResults", "skip")]);
        assert_eq!(finished.code, 2);
        let document = finished.json();
        assert_eq!(document["errors"].as_array().unwrap().len(), 1);
        assert_eq!(document["errors"][0]["code"], "KADO212");
        let message = document["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("'Shop Build Service (contoso)' may not read test plans"));
        assert_eq!(document["totals"]["published"], 1);
    }
}

#[test]
fn a_plan_in_a_project_that_is_not_there_is_an_input_error_and_loses_nothing() {
    let service = planned();
    let finished = dry_run(&service, &reports(), &[("project", "Shoop")]);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let document = finished.json();
    assert_eq!(document["errors"][0]["code"], "KADO213");
    assert_eq!(document["totals"]["published"], 1);
}

#[test]
fn every_input_that_is_wrong_for_the_server_is_told_at_once() {
    let service = planned();
    let inputs = [
        ("testPlan", "510\nNone such\n999"),
        ("testSuites", "Nowhere"),
        ("configurationMapping", "Linux = Amiga\nWindows = 77"),
    ];
    let finished = dry_run(&service, &reports(), &inputs);
    assert_eq!(finished.code, 2);
    let mut codes: Vec<String> = finished.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    assert_eq!(
        codes,
        ["KADO210", "KADO210", "KADO214", "KADO215", "KADO215"]
    );
}

#[test]
fn rules_are_looked_at_also_where_there_is_no_plan() {
    let service = planned();
    let inputs = [("testPlan", "999"), ("configurationMapping", "* = Amiga")];
    let errors = dry_run(&service, &reports(), &inputs).json()["errors"].clone();
    let codes: Vec<&Value> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["code"])
        .collect();
    assert_eq!(codes, ["KADO210", "KADO215"]);
}

#[test]
fn what_is_wrong_in_katalons_settings_is_a_warning_and_never_exit_2() {
    let service = planned();
    let reports = reports();
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
            &setting(
                "submitOptions.testPlans",
                r#"[{"id":999,"name":"Gone"},{"id":510}]"#,
            ),
            &setting(
                "testConfigurationMappings",
                r#"[{"os":"Windows","platform":"Chrome","azureTestConfigurationId":77},{"os":"--Any--","platform":"--Any--","azureTestConfigurationId":1}]"#,
            ),
        ],
    );
    let finished = dry_run(&service, &reports, &[("testPlan", "")]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let codes: Vec<Value> = finished.json()["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].clone())
        .collect();
    assert_eq!(
        codes,
        [json!("KADO210"), json!("KADO215"), json!("KADO058")]
    );
    assert!(
        placed(&finished)
            .unwrap_err()
            .contains("Windows | Chrome | * = 77")
    );
}

#[test]
fn katalons_settings_choose_plan_configuration_and_points() {
    let service = planned();
    service.add_point(Point::new(4101, 530, 41, 1));
    service.add_point(Point::new(4102, 530, 41, 2));
    let reports = reports();
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
            &setting("submitOptions.testPlan", r#"{"id":510,"name":"Release 4"}"#),
            &setting(
                "testConfigurationMappings",
                r#"[{"os":"Windows","platform":"--Any--","azureTestConfigurationId":1}]"#,
            ),
            "submitOptions.enableSubmitMultiTestPoints=true",
        ],
    );
    let finished = dry_run(&service, &reports, &[("testPlan", "")]);
    assert_eq!(finished.code, 0);
    assert_eq!(placed(&finished), Ok(vec![4100, 4101]));
    // `none` is a choice, too.
    let finished = dry_run(&service, &reports, &[("testPlan", "none")]);
    assert_eq!(placed(&finished), Ok(vec![]));
}

#[test]
fn a_test_case_of_another_plan_or_project_is_told_with_where_it_is() {
    let service = planned();
    service.add_plan(Plan::new(600, "Old"));
    service.add_suite(Suite::new(610, 600, "All"));
    service.add_point(Point::new(6100, 610, 42, 1));
    service.add_work_item(WorkItem::test_case(43, "Nowhere"));
    for (id, expected) in [
        (
            "42",
            "test case 42 is not in test plan 'Release 4' (510); it is in test plan 'Old' (600)",
        ),
        (
            "43",
            "test case 43 is not in test plan 'Release 4' (510); it is in no test plan",
        ),
    ] {
        let reports = reports();
        test_case(&reports, "Login", id, "");
        let finished = dry_run(&service, &reports, &[]);
        assert_eq!(placed(&finished).unwrap_err(), expected);
    }
}

#[test]
fn many_test_cases_are_read_by_one_walk_with_the_same_result_as_few() {
    const MANY: u64 = 230;
    let service = service();
    service.configure(|settings| settings.page_size = 50);
    add_plan(&service);
    for id in 1_000..1_000 + MANY {
        add_case(&service, id, "Many");
    }
    service.edit_point(100_000, |point| point.active = false);
    // Points of another plan stand in the same answers.
    service.add_plan(Plan::new(600, "Other"));
    service.add_suite(Suite::new(610, 600, "All"));
    service.add_point(Point::new(6100, 610, 1_001, 1));
    let cases: Vec<Case> = (1_000..1_000 + MANY)
        .map(|id| Case::passed(&format!("TC{id}")))
        .collect();
    let of = |count: usize| {
        let reports = Reports::new().with_suite("Smoke", &cases[..count]);
        let finished = dry_run(&service, &reports, &[("testCaseIdPattern", r"TC(\d+)")]);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        let document = finished.json();
        let results = document["results"].as_array().unwrap();
        let reached = results
            .iter()
            .filter(|result| result["pointIds"].as_array().unwrap().len() == 1);
        (reached.count(), document["unmatched"].clone())
    };
    let asked = |ending: &str| {
        let requests = service.requests();
        let asked = requests.iter();
        asked.filter(|one| one.path.ends_with(ending)).count()
    };
    let (few, unmatched_of_few) = of(20);
    assert_eq!(few, 19);
    assert!(asked("test/points") > 0);
    let before = (asked("test/points"), asked("TestPoint"));
    let (many, unmatched_of_many) = of(MANY as usize);
    assert_eq!(many, MANY as usize - 1);
    assert_eq!(unmatched_of_few, unmatched_of_many);
    // Five pages, and no request for a single test case.
    assert_eq!(asked("test/points"), before.0);
    assert_eq!(asked("TestPoint") - before.1, 5);
}

#[test]
fn a_service_that_takes_few_ids_at_once_is_asked_for_half_as_many() {
    let service = service();
    service.configure(|settings| {
        settings.page_size = 4;
        settings.pages_overlap = true;
        settings.plans.most_case_ids = 10;
    });
    add_plan(&service);
    let cases: Vec<Case> = (1_000..1_030)
        .map(|id| {
            add_case(&service, id, "Some");
            Case::passed(&format!("TC{id}"))
        })
        .collect();
    let reports = Reports::new().with_suite("Smoke", &cases);
    let finished = dry_run(&service, &reports, &[("testCaseIdPattern", r"TC(\d+)")]);
    assert_eq!(finished.code, 0);
    assert_eq!(finished.json()["unmatched"], json!([]));
}

#[test]
fn an_id_of_a_katalon_project_that_is_not_clear_is_warned_of() {
    let service = planned();
    let reports = Reports::new();
    for name in ["a", "b"] {
        let own = Reports::new();
        test_case(&own, "Login", "41", "");
        std::fs::rename(own.path(), reports.path().join(name)).unwrap();
    }
    reports.add_suite("Smoke", &[Case::passed("Login")]);
    let finished = dry_run(&service, &reports, &[]);
    assert_eq!(finished.json()["warnings"][0]["code"], "KADO057");
    assert!(placed(&finished).unwrap_err().contains("no test case ID"));
    let finished = dry_run(&service, &reports, &[("katalonProject", "b")]);
    assert_eq!(placed(&finished), Ok(vec![4100]));
}
