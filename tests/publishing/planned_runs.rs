//! What becomes of planned runs that the service does not make as it is asked, that are there already,
//! or that were left open.

use ado_stand_in::{
    AUTOMATION_MISMATCH, Fault, Plan, Point, Rule, StandIn, Suite as PlanSuite, WorkItem,
};
use serde_json::Value;

use crate::support::holdings::{asked, states};
use crate::support::plan::{
    add_case, add_cases, add_plan, on_points, onto_plan, reports_of, test_case,
};
use crate::support::{Case, Reports, service, service_with};

/// The plan with test case 41, which has point 4100.
fn planned() -> StandIn {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in as the shop's owner");
    service
}

#[test]
fn a_run_that_is_refused_as_automated_is_made_as_one_that_is_not() {
    let words = "Der Automatisierungsstatus des Testfalls stimmt nicht mit dem des Laufs überein.";
    for message in [AUTOMATION_MISMATCH, words] {
        let service = planned();
        service.configure(|settings| settings.plans.automation_mismatch = Some(message.into()));
        let reports = Reports::new()
            .with_suite("Smoke", &[Case::passed("Login")])
            .with_suite("Other", &[Case::passed("Login")]);
        test_case(&reports, "Login", "41", "");
        let finished = onto_plan(&service, &reports).run();
        assert_eq!(finished.code, 0, "{}", finished.everything());
        // One warning for all runs.
        let warnings = finished.issues("warning");
        let of_this_kind = warnings.iter().filter(|code| *code == "KADO070");
        assert_eq!(of_this_kind.count(), 1, "{warnings:?}");
        finished.says(message);
        let runs = service.runs();
        assert_eq!(runs.len(), 2);
        assert!(runs.iter().all(|run| run["isAutomated"] == false));
        assert_eq!(on_points(&service).len(), 2);
        assert_eq!(service.plan_violations(510), Vec::<String>::new());
    }
}

#[test]
fn a_refusal_that_not_automated_does_not_cure_is_told_as_it_was() {
    let service = planned();
    let reports = reports_of(1);
    test_case(&reports, "T1", "41", "");
    service.script(Rule::always("POST", "/runs$", Fault::status(400)));
    let finished = onto_plan(&service, &reports).run();
    assert_eq!(finished.code, 4, "{}", finished.everything());
    assert_eq!(asked(&service, "POST", "/runs").len(), 2);
    assert_eq!(finished.issues("warning"), [""; 0]);
    finished.says("POST Shop/_apis/test/runs: 400");
    finished.says("1 result read: 0 published, 0 left out, 1 missing");
    assert_eq!(service.runs().len(), 0);
}

#[test]
fn a_point_that_is_gone_when_the_run_is_made_is_left_out_and_its_result_goes_to_the_build() {
    let service = service();
    add_cases(&service, 3);
    let reports = reports_of(3);
    service.script(Rule::once(
        "POST",
        "/runs$",
        Fault::meanwhile(|service| {
            service.remove_point(200);
        }),
    ));
    let finished = onto_plan(&service, &reports).run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let points: Vec<u64> = on_points(&service).iter().map(|one| one.0).collect();
    assert_eq!(points, [100, 300]);
    let runs = service.runs();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[1]["plan"], Value::Null);
    assert_eq!(runs[1]["results"][0]["automatedTestName"], "Test Cases/T2");
    finished.says("Test point 200 not found");
    finished.says("3 results read: 3 published, 0 left out, 0 missing");
    // What is there is found again.
    let again = onto_plan(&service, &reports).run();
    assert_eq!(again.code, 0, "{}", again.everything());
    assert_eq!(service.runs().len(), 2);
    again.says("3 results read: 0 published, 3 left out, 0 missing");
}

/// Ways in which the service says that a run has too many points.
fn too_many(service: &StandIn, way: &str) {
    service.configure(|settings| match way {
        "400" => settings.plans.most_points = Some(60),
        "413" => settings.body_limit = 950,
        _ => {}
    });
    if way == "500" {
        let breaks = Rule::always("POST", "/runs$", Fault::status(500));
        service.script(breaks.times(2));
    }
}

#[test]
fn more_points_than_one_run_may_have_make_several() {
    for way in ["400", "413", "500"] {
        let service = service();
        add_cases(&service, 120);
        too_many(&service, way);
        let reports = reports_of(120);
        let finished = onto_plan(&service, &reports).run_impatiently();
        assert_eq!(finished.code, 0, "{way}: {}", finished.everything());
        let runs = service.runs();
        let sizes: Vec<u64> = runs
            .iter()
            .map(|run| run["totalTests"].as_u64().unwrap())
            .collect();
        assert_eq!(sizes, [60, 60], "{way}");
        let points: Vec<u64> = on_points(&service).iter().map(|one| one.0).collect();
        let expected: Vec<u64> = (1..=120).map(|id| id * 100).collect();
        assert_eq!(points, expected, "{way}");
        assert_eq!(service.plan_violations(510), Vec::<String>::new());
        finished.says("120 results read: 120 published, 0 left out, 0 missing");
        // A retry finds both halves.
        let again = onto_plan(&service, &reports).run_impatiently();
        again.says("120 results read: 0 published, 120 left out, 0 missing");
        assert_eq!(service.runs().len(), 2);
    }
}

#[test]
fn a_step_that_was_killed_goes_on_with_the_open_half() {
    let service = service();
    add_cases(&service, 120);
    too_many(&service, "400");
    let reports = reports_of(120);
    // The second half is made, and then the service goes away for good.
    let gone = Rule::always("PATCH", "/Runs/2/results$", Fault::ResetBefore);
    service.script(gone);
    let closed = Rule::always("PATCH", "/runs/2$", Fault::ResetBefore);
    service.script(closed);
    let first = onto_plan(&service, &reports)
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(first.code, 5, "{}", first.everything());
    assert_eq!(states(&service), ["Completed", "InProgress"]);
    service.clear_script();
    let second = onto_plan(&service, &reports).run_impatiently();
    assert_eq!(second.code, 0, "{}", second.everything());
    assert_eq!(states(&service), ["Completed", "Completed"]);
    second.says("120 results read: 60 published, 60 left out, 0 missing");
    second.says("of an earlier try is filled up");
    assert_eq!(on_points(&service).len(), 120);
    assert_eq!(service.plan_violations(510), Vec::<String>::new());
}

#[test]
fn a_plan_that_was_repaired_while_a_run_was_open_gets_the_rest_in_a_further_one() {
    let service = service();
    add_cases(&service, 3);
    service.remove_point(300);
    let reports = reports_of(3);
    let gone = Rule::always("PATCH", "/Runs/1/results$", Fault::ResetBefore);
    service.script(gone);
    let closed = Rule::always("PATCH", "/runs/1$", Fault::ResetBefore);
    service.script(closed);
    let first = onto_plan(&service, &reports)
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(first.code, 4, "{}", first.everything());
    assert_eq!(states(&service), ["InProgress"]);
    service.clear_script();
    service.add_point(Point::new(300, 521, 3, 1));
    let dry = onto_plan(&service, &reports)
        .input("dryRun", "true")
        .run_impatiently();
    dry.says("would add 2 results and 0 attachments to test run 1 'Smoke', and complete it");
    dry.says("would make test run 'Smoke' in test plan 510 with 1 result");
    dry.says("3 results read: 3 would be published, 0 left out, 0 missing");
    assert_eq!(states(&service), ["InProgress"]);
    let second = onto_plan(&service, &reports).run_impatiently();
    assert_eq!(second.code, 0, "{}", second.everything());
    assert_eq!(states(&service), ["Completed", "Completed"]);
    let on_points: Vec<(u64, u64)> = on_points(&service)
        .into_iter()
        .map(|(point, run, _)| (point, run))
        .collect();
    assert_eq!(on_points, [(100, 1), (200, 1), (300, 2)]);
    assert_eq!(service.plan_violations(510), Vec::<String>::new());
}

#[test]
fn results_that_lose_their_point_are_published_in_the_build() {
    let service = service();
    add_cases(&service, 2);
    let reports = reports_of(2);
    let first = onto_plan(&service, &reports).run();
    assert_eq!(first.code, 0, "{}", first.everything());
    service.remove_point(200);
    // It is in the plan's run, and nothing is missing there.
    let second = onto_plan(&service, &reports).run();
    assert_eq!(second.code, 0, "{}", second.everything());
    assert_eq!(service.runs().len(), 2);
    assert_eq!(
        service.runs()[1]["results"][0]["automatedTestName"],
        "Test Cases/T2"
    );
    let third = onto_plan(&service, &reports).run();
    third.says("2 results read: 0 published, 2 left out, 0 missing");
    assert_eq!(service.runs().len(), 2);
}

#[test]
fn published_again_on_purpose_a_planned_run_stands_beside_the_finished_one() {
    let service = planned();
    let reports = reports_of(1);
    test_case(&reports, "T1", "41", "");
    for runs in [1, 2, 3] {
        let finished = onto_plan(&service, &reports)
            .input("whenAlreadyPublished", "publish")
            .run();
        assert_eq!(finished.code, 0, "{}", finished.everything());
        assert_eq!(service.runs().len(), runs);
    }
    assert_eq!(states(&service), ["Completed"; 3]);
    assert_eq!(service.plan_violations(510), Vec::<String>::new());
}

#[test]
fn a_bad_result_is_found_and_the_others_reach_their_points() {
    let service = service_with(|settings| settings.refused_texts = vec!["Cases/T3".into()]);
    add_cases(&service, 5);
    let reports = reports_of(5);
    let finished = onto_plan(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 5, "{}", finished.everything());
    finished.says("the result of 'Test Cases/T3' was refused: ");
    finished.says("5 results read: 4 published, 0 left out, 1 missing");
    let run = &service.runs()[0];
    assert_eq!(
        run["errorMessage"],
        "1 of 5 results were refused by Azure DevOps and are missing here"
    );
    let completed: Vec<u64> = service
        .point_histories(510)
        .into_iter()
        .filter(|history| history.state != "InProgress")
        .map(|history| history.point)
        .collect();
    assert_eq!(completed, [100, 200, 400, 500]);
    // Asked once more, it is 5 again and nothing else.
    let again = onto_plan(&service, &reports).run_impatiently();
    assert_eq!(again.code, 5, "{}", again.everything());
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn a_dry_run_shows_the_points_and_makes_nothing() {
    let service = planned();
    let reports = reports_of(1);
    test_case(&reports, "T1", "41", "");
    let finished = onto_plan(&service, &reports).input("dryRun", "true").run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    finished.says(
        "would make test run 'Smoke' in test plan 510 with 1 result and 0 attachments, and complete \
         it\n  Outcome  Point  Test case\n  Passed   4100   Test Cases/T1\n",
    );
    assert_eq!(service.runs().len(), 0);
    finished.says("1 result read: 1 would be published, 0 left out, 0 missing");
}

#[test]
fn a_dry_run_knows_what_finished_runs_hold_already() {
    let service = service();
    add_cases(&service, 2);
    service.remove_point(200);
    let reports = reports_of(2);
    let first = onto_plan(&service, &reports)
        .input("unmatchedResults", "skip")
        .run();
    assert_eq!(first.code, 0, "{}", first.everything());
    service.add_point(Point::new(200, 521, 2, 1));
    let dry = onto_plan(&service, &reports).input("dryRun", "true").run();
    dry.says("would make test run 'Smoke' in test plan 510 with 1 result and 0 attachments");
    dry.says("'Smoke': already published in test run 1");
    dry.says("2 results read: 1 would be published, 1 left out, 0 missing");
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn a_result_is_published_only_if_it_is_in_every_plan_that_it_belongs_in() {
    let service = planned();
    service.add_plan(Plan::new(700, "Nightly"));
    service.add_suite(PlanSuite::new(710, 700, "All"));
    service.add_point(Point::new(7100, 710, 41, 1));
    let reports = reports_of(1);
    test_case(&reports, "T1", "41", "");
    let refused = Rule::always("POST", "/runs$", Fault::status(400));
    service.script(refused.nth(2));
    let run = || onto_plan(&service, &reports).input("testPlan", "510\n700");
    let first = run().run();
    assert_eq!(first.code, 5, "{}", first.everything());
    first.says("1 result read: 0 published, 0 left out, 1 missing");
    assert_eq!(on_points(&service).len(), 1);
    service.clear_script();
    let second = run().run();
    assert_eq!(second.code, 0, "{}", second.everything());
    second.says("1 result read: 1 published, 0 left out, 0 missing");
    assert_eq!(service.runs().len(), 2);
    assert_eq!(service.plan_violations(700), Vec::<String>::new());
}

#[test]
fn nothing_is_asked_for_twice() {
    let service = service();
    add_cases(&service, 3);
    let finished = onto_plan(&service, &reports_of(3)).run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let requests = service.requests().into_iter();
    let of_runs = requests.filter(|request| request.path.to_lowercase().contains("/test/runs"));
    let asked: Vec<String> = of_runs
        .map(|request| {
            let path = request.path.to_lowercase();
            let (_, path) = path.split_once("/_apis/test/").unwrap();
            format!("{} {path}", request.method)
        })
        .collect();
    assert_eq!(
        asked,
        [
            "GET runs",
            "POST runs",
            // A page of the results, and the empty one behind it.
            "GET runs/1/results",
            "GET runs/1/results",
            "PATCH runs/1/results",
            "GET runs",
            "PATCH runs/1",
            "GET runs/1/results",
            "GET runs/1/results",
        ]
    );
}

#[test]
fn an_automated_test_case_needs_no_second_try() {
    let service = planned();
    service.configure(|settings| {
        settings.plans.automation_mismatch = Some(AUTOMATION_MISMATCH.into());
    });
    service.add_work_item(WorkItem::test_case(41, "Log in").automated("a", "b", "Katalon"));
    let reports = reports_of(1);
    test_case(&reports, "T1", "41", "");
    let finished = onto_plan(&service, &reports).run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_eq!(asked(&service, "POST", "/runs").len(), 1);
    assert_eq!(service.runs()[0]["isAutomated"], true);
}

#[test]
fn a_point_for_which_no_result_is_made_is_named_and_the_others_arrive() {
    let service = service_with(|settings| settings.plans.points_without_result = vec![200]);
    add_cases(&service, 3);
    let reports = reports_of(3);
    let finished = onto_plan(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 5, "{}", finished.everything());
    // It may come late, so it is looked for several times.
    assert!(asked(&service, "GET", "/results").len() > 7);
    finished.says(
        "the result of 'Test Cases/T2' was refused: Azure DevOps made no result for test point 200",
    );
    finished.says("3 results read: 2 published, 0 left out, 1 missing");
    let points: Vec<u64> = on_points(&service).iter().map(|one| one.0).collect();
    assert_eq!(points, [100, 300]);
    // The next try makes a run for it alone.
    service.configure(|settings| settings.plans.points_without_result.clear());
    let again = onto_plan(&service, &reports).run_impatiently();
    assert_eq!(again.code, 5, "{}", again.everything());
    let points: Vec<u64> = on_points(&service).iter().map(|one| one.0).collect();
    assert_eq!(points, [100, 200, 300]);
}

#[test]
fn a_run_that_was_begun_for_other_points_is_given_up() {
    let service = service();
    add_cases(&service, 2);
    let reports = reports_of(2);
    let gone = Rule::always("PATCH", "/Runs/1/results$", Fault::ResetBefore);
    service.script(gone);
    let closed = Rule::always("PATCH", "/runs/1$", Fault::ResetBefore);
    service.script(closed);
    let first = onto_plan(&service, &reports)
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(first.code, 4, "{}", first.everything());
    service.clear_script();
    // Its test case moved to another suite, where it has another point.
    service.remove_point(200);
    service.add_point(Point::new(201, 530, 2, 1));
    let second = onto_plan(&service, &reports).run_impatiently();
    assert_eq!(second.code, 0, "{}", second.everything());
    assert_eq!(states(&service), ["Aborted", "Completed"]);
    assert_eq!(second.issues("warning"), ["KADO014"]);
    let on_points = on_points(&service);
    let finished: Vec<u64> = on_points
        .iter()
        .filter(|(_, run, _)| *run == 2)
        .map(|one| one.0)
        .collect();
    assert_eq!(finished, [100, 201]);
}
