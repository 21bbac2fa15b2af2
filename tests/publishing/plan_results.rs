//! Results of Katalon on the points of a test plan: which IDs they have, and which points that
//! makes.

use ado_stand_in::{Plan, Point, StandIn, Suite};
use serde_json::{Value, json};

use crate::support::holdings::{asked, names};
use crate::support::plan::{add_case, add_plan, katalon_project, on_points, test_case};
use crate::support::{Case, Reports, Suite as Execution, TaskRun, assert_swagger, service};

/// A service with the plan and test cases 41 and 42.
fn planned() -> StandIn {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in");
    add_case(&service, 42, "Pay by card");
    service
}

fn two_tests() -> Reports {
    let reports = Reports::new().with_suite(
        "Smoke",
        &[Case::passed("Login"), Case::failed("Checkout/Pay", "boom")],
    );
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Checkout/Pay", "42", "");
    reports
}

fn unmatched(document: &Value) -> Vec<(String, String)> {
    let list = document["unmatched"].as_array().unwrap().iter();
    list.map(|one| {
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        (text("testCase"), text("reason"))
    })
    .collect()
}

/// A run of the program that is asked for JSON.
fn with_json(run: TaskRun) -> TaskRun {
    run.args(&["publish", "--format", "json"])
}

#[test]
fn every_result_reaches_the_point_of_its_test_case() {
    let service = planned();
    let reports = two_tests();
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(
        on_points(&service),
        [
            (4100, 1, "Passed".to_owned()),
            (4200, 1, "Failed".to_owned())
        ]
    );
    // Nothing is left for a run of the build without plan.
    assert_eq!(service.runs().len(), 1);
    assert_eq!(service.runs()[0]["plan"]["id"], "510");
    run.says("2 of 2 results reach test points");
    run.says("2 results read: 2 published, 0 left out, 0 missing");
    assert_swagger(&service);
}

#[test]
fn a_plan_is_named_by_its_exact_name_and_found_on_a_later_page() {
    let service = planned();
    for id in [600, 610, 620, 630] {
        service.add_plan(Plan::new(id, &format!("Release {id}")));
    }
    service.add_plan(Plan::new(640, "Last"));
    service.add_suite(Suite::new(650, 640, "Web"));
    service.add_point(Point::new(9000, 650, 41, 1));
    let reports = two_tests();
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "Last")
        .input("unmatchedResults", "skip")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(service.runs().len(), 1);
    assert_eq!(service.runs()[0]["plan"]["id"], "640");
    run.says("test case 42 is not in test plan 'Last' (640); it is in test plan 'Release 4' (510)");
    run.says("2 results read: 1 published, 1 left out, 0 missing");
}

#[test]
fn a_test_case_in_several_plans_is_published_to_each() {
    let service = planned();
    service.add_plan(Plan::new(700, "Nightly"));
    service.add_suite(Suite::new(710, 700, "All"));
    service.add_point(Point::new(7100, 710, 41, 1));
    let reports = two_tests();
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510\nNightly")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    let plans: Vec<Value> = service
        .runs()
        .iter()
        .map(|run| json!([run["plan"]["id"], run["name"]]))
        .collect();
    assert_eq!(
        plans,
        [
            json!(["510", "Smoke (Release 4)"]),
            json!(["700", "Smoke (Nightly)"])
        ]
    );
    // That 42 is not in the second plan is nothing to warn of.
    assert_eq!(run.issues("warning"), [""; 0]);
}

#[test]
fn results_without_a_point_follow_in_a_run_of_the_build_with_the_reason_for_each() {
    let service = planned();
    let reports = Reports::new().with_suite(
        "Smoke",
        &[
            Case::passed("Login"),
            Case::passed("Without ID"),
            Case::passed("Not a test case"),
            Case::passed("Gone"),
        ],
    );
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Not a test case", "510", "");
    test_case(&reports, "Gone", "999", "");
    let run = with_json(TaskRun::new(&service, reports.path()).input("testPlan", "510")).run();
    assert_eq!(run.code, 0, "{}", run.everything());
    let runs = service.runs();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["plan"]["id"], "510");
    assert_eq!(runs[1]["plan"], Value::Null);
    assert_eq!(names(&runs[1]), ["Gone", "Not a test case", "Without ID"]);
    let document = run.json();
    assert_eq!(
        unmatched(&document),
        [
            (
                "Test Cases/Without ID".to_owned(),
                "no test case ID, looked for in its '.tc'".to_owned()
            ),
            (
                "Test Cases/Not a test case".to_owned(),
                "work item 510 is no test case but a Test Plan: 'Release 4'".to_owned()
            ),
            (
                "Test Cases/Gone".to_owned(),
                "test case 999 does not exist, was deleted, or cannot be seen by this identity"
                    .to_owned()
            ),
        ]
    );
    assert_eq!(document["results"][0]["testCaseIds"], json!([41]));
    assert_eq!(document["results"][0]["pointIds"], json!([4100]));
    assert_eq!(document["results"][1]["pointIds"], json!([]));
    assert_eq!(document["totals"]["published"], 4);
    assert_eq!(document["warnings"][0]["code"], "KADO058");
    assert_swagger(&service);
}

#[test]
fn unmatched_results_are_skipped_or_fail_as_asked() {
    for (asked, code, runs) in [("skip", 0, 1), ("fail", 6, 2), ("publish", 0, 2)] {
        let service = planned();
        let reports = Reports::new().with_suite(
            "Smoke",
            &[Case::passed("Login"), Case::passed("Without ID")],
        );
        test_case(&reports, "Login", "41", "");
        let run = TaskRun::new(&service, reports.path())
            .input("testPlan", "510")
            .input("unmatchedResults", asked)
            .run();
        assert_eq!(run.code, code, "{}", run.everything());
        assert_eq!(service.runs().len(), runs, "{asked}");
        let expected = if code == 6 { "KADO601" } else { "KADO058" };
        run.says(expected);
        assert!(run.summary().contains("Without a test point"));
    }
}

#[test]
fn what_was_not_run_keeps_off_the_plan_and_does_not_fail() {
    let service = planned();
    let suite = Execution::new("Smoke", &[Case::passed("Login")]).planned(&["Checkout/Pay"]);
    let reports = Reports::new().with(&suite);
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Checkout/Pay", "42", "");
    let run = with_json(
        TaskRun::new(&service, reports.path())
            .input("testPlan", "510")
            .input("unmatchedResults", "fail")
            .input("statusMapping", "PASSED=none"),
    )
    .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(on_points(&service), []);
    // What stays off the plan needs no points.
    assert!(asked(&service, "POST", "/test/points").is_empty());
    let reasons: Vec<String> = unmatched(&run.json())
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        [
            "kept off the plan: 'statusMapping' maps PASSED to 'none'",
            "not run: the point keeps its last outcome ('statusMapping' could say otherwise)",
        ]
    );
    let service = planned();
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .input("statusMapping", "NOT_RUN=Blocked")
        .run();
    assert_eq!(run.code, 0);
    assert_eq!(on_points(&service)[1].2, "Blocked");
}

#[test]
fn the_mapping_file_counts_before_the_tc_and_the_pattern_after_it() {
    let service = planned();
    add_case(&service, 43, "Search");
    add_case(&service, 44, "Filter");
    let reports = Reports::new().with_suite(
        "Smoke",
        &[
            Case::passed("Login"),
            Case::passed("TC43 Search"),
            Case::passed("Filter"),
        ],
    );
    test_case(&reports, "Login", "999", "");
    test_case(&reports, "TC43 Search", "", "");
    test_case(&reports, "Filter", "", "smoke, TC44");
    let file = "\u{feff}katalonTestCase;azureTestCaseIds\r\nLogin;41, 42\r\n";
    std::fs::write(reports.path().join("ids.csv"), file).unwrap();
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .input("testCaseMapping", "ids.csv")
        .input("testCaseIdPattern", r"TC(\d+)")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    let points: Vec<u64> = on_points(&service).iter().map(|one| one.0).collect();
    assert_eq!(points, [4100, 4200, 4300, 4400]);
    run.says("3 of 3 results reach test points");
}

#[test]
fn each_row_has_the_test_case_of_its_variable() {
    let service = planned();
    let row = |id: &str, status| Case {
        status,
        ..Case::ended("Login", status, "boom").bound("ado_id", id)
    };
    let suite = Execution::new(
        "Smoke",
        &[
            row("41", "PASSED"),
            row("42", "FAILED"),
            row("none", "PASSED"),
        ],
    );
    let reports = Reports::new().with(&suite);
    test_case(&reports, "Login", "${ado_id}", "");
    let run = with_json(TaskRun::new(&service, reports.path()).input("testPlan", "510")).run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(
        on_points(&service),
        [
            (4100, 1, "Passed".to_owned()),
            (4200, 1, "Failed".to_owned())
        ]
    );
    let document = run.json();
    assert_eq!(document["totals"]["total"], 3);
    assert_eq!(document["totals"]["failed"], 1);
    let ids = document["results"].as_array().unwrap().iter();
    let ids: Vec<&Value> = ids.map(|result| &result["testCaseIds"]).collect();
    assert_eq!(ids, [&json!([41]), &json!([42]), &json!([])]);
    assert_eq!(
        unmatched(&document)[0].1,
        "the test case ID stands in the variable 'ado_id', whose value in this row is no number: \
         'none'"
    );
    // Without a plan they are rows of one result.
    let service = planned();
    let run = with_json(TaskRun::new(&service, reports.path())).run();
    assert_eq!(run.json()["totals"]["total"], 1);
}

#[test]
fn an_id_that_reaches_nothing_beside_one_that_does_is_a_warning() {
    let service = planned();
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("Login")]);
    test_case(&reports, "Login", "41, 41, 999", "");
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .input("unmatchedResults", "fail")
        .run();
    assert_eq!(run.output("exitCode"), "0", "{}", run.everything());
    assert_eq!(on_points(&service).len(), 1);
    assert_eq!(run.issues("warning"), ["KADO059"]);
    run.says("'Test Cases/Login' reaches 1 test point, but not all that it should");
}

#[test]
fn two_katalon_tests_on_one_point_are_one_result_and_the_worse_outcome() {
    let service = planned();
    let reports = Reports::new().with_suite(
        "Smoke",
        &[Case::passed("Login"), Case::failed("Other", "boom")],
    );
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Other", "41", "");
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(on_points(&service), [(4100, 1, "Failed".to_owned())]);
    run.says("2 results read: 2 published, 0 left out, 0 missing");
}

#[test]
fn a_dry_run_shows_the_mapping_and_sends_nothing() {
    let service = planned();
    let reports = Reports::new().with_suite(
        "Smoke",
        &[Case::passed("Login"), Case::passed("Without ID")],
    );
    test_case(&reports, "Login", "41", "");
    let run = with_json(
        TaskRun::new(&service, reports.path())
            .input("testPlan", "510")
            .input("unmatchedResults", "fail")
            .input("dryRun", "true"),
    )
    .run();
    assert_eq!(run.code, 6, "{}", run.everything());
    assert!(service.runs().is_empty());
    let document = run.json();
    assert_eq!(document["results"][0]["pointIds"], json!([4100]));
    assert_eq!(document["unmatched"].as_array().unwrap().len(), 1);
    assert_eq!(document["runs"][0]["plan"], 510);
    assert_eq!(document["runs"][0]["id"], Value::Null);
    let log = &run.stderr;
    assert!(
        log.contains(
            "Test Cases/Login (Test Suites/Smoke): test case 41, point 4100 (suite 521, \
             configuration 'Windows 11', no tester), test plan 'Release 4' (510)"
        ),
        "{log}"
    );
    let writes = service.requests().into_iter().filter(|request| {
        request.method != "GET"
            && !request.path.ends_with("test/points")
            && !request.path.ends_with("workitemsbatch")
    });
    assert_eq!(writes.count(), 0);
}

#[test]
fn without_a_plan_nothing_of_plans_is_asked_for() {
    let service = planned();
    let reports = two_tests();
    katalon_project(&reports);
    for plan in ["", "none"] {
        let run = TaskRun::new(&service, reports.path())
            .input("testPlan", plan)
            .run();
        assert_eq!(run.code, 0);
    }
    let asked = service.requests();
    let plans = asked.iter().filter(|request| {
        request.path.contains("testplan") || request.path.contains("test/points")
    });
    assert_eq!(plans.count(), 0);
}

#[test]
fn runs_of_one_point_come_in_the_order_in_which_their_reports_ended() {
    // Both orders of the folders: what ended last is the point's last.
    for (first, second, last) in [
        ("PASSED", "FAILED", "Failed"),
        ("FAILED", "PASSED", "Passed"),
    ] {
        for folders in [["a", "b"], ["b", "a"]] {
            let service = planned();
            let case = |status| Case::ended("Login", status, "boom");
            let early = Execution::new("Smoke", &[case(first)])
                .in_folder(&format!("{}/20250811_101502", folders[0]))
                .browser("Chrome 139");
            let late = Execution::new("Smoke", &[case(second)])
                .in_folder(&format!("{}/20250811_111502", folders[1]))
                .at("2025-08-11T11:15:02.000Z", 0)
                .browser("Firefox 140");
            let reports = Reports::new().with(&early).with(&late);
            test_case(&reports, "Login", "41", "");
            let run = TaskRun::new(&service, reports.path())
                .input("testPlan", "510")
                .run();
            assert_eq!(run.code, 0, "{}", run.everything());
            let outcomes: Vec<String> = on_points(&service).into_iter().map(|one| one.2).collect();
            assert_eq!(
                outcomes.last().map(String::as_str),
                Some(last),
                "{folders:?}"
            );
            assert_eq!(outcomes.len(), 2);
            assert_eq!(run.issues("warning"), ["KADO061"]);
            run.says(
                "point 4100 of test case 41: Test Suites/Smoke, Chrome; Test Suites/Smoke, Firefox",
            );
        }
    }
}

#[test]
fn executions_that_a_rule_tells_apart_share_no_point() {
    let service = planned();
    service.add_point(Point::new(4102, 521, 41, 2));
    let chrome = Execution::new("Smoke", &[Case::passed("Login")]).in_folder("a/20250811_101502");
    let firefox = Execution::new("Smoke", &[Case::failed("Login", "boom")])
        .in_folder("b/20250811_101502")
        .browser("Firefox 140");
    let reports = Reports::new().with(&chrome).with(&firefox);
    test_case(&reports, "Login", "41", "");
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .input("configurationMapping", "* | Chrome = 1\n* | Firefox = 2")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(run.issues("warning"), [""; 0]);
    let outcomes: Vec<(u64, String)> = on_points(&service)
        .into_iter()
        .map(|(point, _, outcome)| (point, outcome))
        .collect();
    assert_eq!(
        outcomes,
        [(4100, "Passed".to_owned()), (4102, "Failed".to_owned())]
    );
}

#[test]
fn when_the_plan_is_repaired_the_next_try_makes_the_missing_planned_run() {
    let service = planned();
    service.remove_point(4200);
    let reports = two_tests();
    let run = || {
        TaskRun::new(&service, reports.path())
            .input("testPlan", "510")
            .run()
    };
    let first = run();
    assert_eq!(first.code, 0, "{}", first.everything());
    assert_eq!(on_points(&service).len(), 1);
    assert_eq!(service.runs().len(), 2);
    service.add_point(Point::new(4200, 521, 42, 1));
    let second = run();
    assert_eq!(second.code, 0, "{}", second.everything());
    let points: Vec<u64> = on_points(&service).iter().map(|one| one.0).collect();
    assert_eq!(points, [4100, 4200]);
    assert_eq!(service.runs().len(), 3);
    second.says("2 results read: 1 published, 1 left out, 0 missing");
    // And then there is nothing more to do.
    let third = run();
    third.says("2 results read: 0 published, 2 left out, 0 missing");
    assert_eq!(service.runs().len(), 3);
}

#[test]
fn a_collection_is_one_planned_run() {
    let service = planned();
    let smoke = Execution::new("Smoke", &[Case::passed("Login")]);
    let other = Execution::new("Other", &[Case::passed("Checkout/Pay")]);
    let reports = Reports::new().with(&smoke).with(&other);
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Checkout/Pay", "42", "");
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .input("testRunPer", "build")
        .input("testRunTitle", "{plan} by {build}")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(service.runs().len(), 1);
    assert_eq!(service.runs()[0]["name"], "Release 4 by 20260901.3");
    assert_eq!(on_points(&service).len(), 2);
}

#[test]
fn a_point_that_another_job_of_this_build_filled_from_another_browser_is_warned_of() {
    let service = planned();
    let publish = |browser: &str, job: &str| {
        let suite = Execution::new("Smoke", &[Case::passed("Login")]).browser(browser);
        let reports = Reports::new().with(&suite);
        test_case(&reports, "Login", "41", "");
        TaskRun::new(&service, reports.path())
            .input("testPlan", "510")
            .var("SYSTEM_JOBNAME", job)
            .run()
    };
    assert_eq!(publish("Chrome 139", "chrome").issues("warning"), [""; 0]);
    let other = publish("Firefox 140", "firefox");
    assert_eq!(other.code, 0, "{}", other.everything());
    assert_eq!(other.issues("warning"), ["KADO061"]);
    other.says(
        "point 4100 of test case 41: Test Suites/Smoke, Firefox; and test run 1 'Smoke' of \
         another job",
    );
    // The same browser elsewhere, or the same job once more, hides nothing.
    assert_eq!(publish("Firefox 140", "again").issues("warning"), [""; 0]);
    // In another build it is a later test of the same.
    service.configure(|settings| {
        let build = ado_stand_in::Build::new(72, "Shop");
        settings.builds.push(build);
    });
    let suite = Execution::new("Smoke", &[Case::passed("Login")]).browser("Edge 140");
    let reports = Reports::new().with(&suite);
    test_case(&reports, "Login", "41", "");
    let later = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .var("BUILD_BUILDID", "72")
        .var("BUILD_BUILDURI", "vstfs:///Build/Build/72")
        .run();
    assert_eq!(later.issues("warning"), [""; 0], "{}", later.everything());
}

#[test]
fn a_run_that_cannot_be_read_keeps_no_other_from_being_looked_at() {
    let service = planned();
    service.add_point(Point::new(4101, 530, 41, 2));
    let publish = |case: &str, ids: &str, browser: &str, job: &str, run: &TaskRun| {
        let suite = Execution::new(job, &[Case::passed(case)]).browser(browser);
        let reports = Reports::new().with(&suite);
        test_case(&reports, case, ids, "");
        let run = run.clone().var("SYSTEM_JOBNAME", job);
        run.var(
            "SYSTEM_DEFAULTWORKINGDIRECTORY",
            &reports.path().display().to_string(),
        )
        .run()
    };
    let empty = Reports::new();
    let task = TaskRun::new(&service, empty.path())
        .input("testPlan", "510")
        .input("publishToAllTestPoints", "true");
    // Run 1 is the last of point 4100 and run 2 that of 4200.
    assert_eq!(publish("Login", "41", "Chrome", "First", &task).code, 0);
    assert_eq!(publish("Pay", "42", "Chrome", "Second", &task).code, 0);
    service.script(ado_stand_in::Rule::always(
        "GET",
        "/test/runs/2$",
        ado_stand_in::Fault::status(404),
    ));
    let both = publish("Login", "41, 42", "Firefox", "Third", &task);
    assert_eq!(both.code, 0, "{}", both.everything());
    assert_eq!(both.issues("warning"), ["KADO061"], "{}", both.stdout);
    both.says("and test run 1 'First' of another job");
}

#[test]
fn a_point_that_the_service_refuses_leaves_its_result_to_the_build() {
    for (asked, runs, told) in [
        (
            "publish",
            2,
            "2 results read: 2 published, 0 left out, 0 missing",
        ),
        (
            "skip",
            1,
            "2 results read: 1 published, 1 left out, 0 missing",
        ),
    ] {
        let service = planned();
        service.configure(|settings| settings.plans.inactive_points_refused = true);
        service.edit_point(4200, |point| point.active = false);
        let reports = two_tests();
        let run = TaskRun::new(&service, reports.path())
            .input("testPlan", "510")
            .input("unmatchedResults", asked)
            // A rule that names its configuration takes the point, and the service does not.
            .input("configurationMapping", "* = Windows 11")
            .run();
        assert_eq!(run.code, 0, "{}", run.everything());
        let points: Vec<u64> = on_points(&service).iter().map(|one| one.0).collect();
        assert_eq!(points, [4100]);
        let finished: Vec<Value> = service
            .runs()
            .into_iter()
            .filter(|run| run["state"] != "Aborted")
            .collect();
        assert_eq!(finished.len(), runs, "{asked}");
        if asked == "publish" {
            assert_eq!(names(&finished[1]), ["Checkout/Pay"]);
        }
        run.says(told);
        assert_eq!(run.issues("warning"), ["KADO058"]);
        run.says("Azure DevOps refused its test point");
    }
}

#[test]
fn names_of_the_plan_and_its_testers_never_act_in_the_log() {
    let service = planned();
    let hostile = "##vso[task.complete result=Failed;]done";
    service.edit_plan(510, |plan| plan.name = hostile.to_owned());
    service.edit_point(4100, |point| point.tester = Some(hostile.to_owned()));
    service.add_point(Point::new(4101, 530, 41, 2).tester("<script>|</script>"));
    let reports = two_tests();
    let run = TaskRun::new(&service, reports.path())
        .input("testPlan", "510")
        .input("testRunTitle", "{plan}")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    run.lacks(hostile);
    run.says("task.complete result=Failed;]done");
    // Azure DevOps gets the true name.
    assert_eq!(service.runs()[0]["name"], hostile);
    let summary = run.summary();
    assert!(!summary.contains("<script>") && !summary.contains("|</script>"));
}
