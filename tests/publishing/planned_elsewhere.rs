//! Planned runs without a build: earlier ones are found by their plan, and read one by one for the
//! comment that the list leaves out.

use ado_stand_in::{Configuration, Fault, Plan, Point, Project, Rule, StandIn, Suite, WorkItem};
use serde_json::Value;

use crate::support::holdings::{asked, states};
use crate::support::plan::test_case;
use crate::support::{Case, Finished, Reports, TaskRun, assert_swagger, service_with};

/// The build's project `Shop` and the project `Plans`, which holds plan 800 with test case 41.
fn two_projects() -> StandIn {
    let service = service_with(|settings| {
        let plans = Project::new("Plans", "9c0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10");
        settings.projects.push(plans);
    });
    service.add_plan(Plan::new(800, "Elsewhere").in_project("Plans"));
    service.add_suite(Suite::new(810, 800, "All"));
    service.add_configuration(Configuration::new(1, "Any").in_project("Plans"));
    service.add_work_item(WorkItem::test_case(41, "Log in").in_project("Plans"));
    service.add_point(Point::new(8100, 810, 41, 1));
    service
}

/// One report for each of these suites, with a test on the point of the plan.
fn reports(suites: &[&str]) -> Reports {
    let reports = Reports::new();
    for suite in suites {
        reports.add_suite(suite, &[Case::passed("Login")]);
    }
    test_case(&reports, "Login", "41", "");
    reports
}

fn publish(service: &StandIn, reports: &Reports) -> Finished {
    TaskRun::new(service, reports.path())
        .input("project", "Plans")
        .input("testPlan", "800")
        .run_impatiently()
}

/// How often each run was read on its own.
fn reads(service: &StandIn, run: u64) -> usize {
    asked(service, "GET", &format!("/test/runs/{run}")).len()
}

#[test]
fn each_run_of_the_plan_is_read_once_for_its_comment() {
    let service = two_projects();
    // Five runs are two pages and more.
    let others = reports(&["A", "B", "C", "D", "E"]);
    let first = publish(&service, &others);
    assert_eq!(first.code, 0, "{}", first.everything());
    assert_eq!(service.runs().len(), 5);
    let before: Vec<usize> = (1..=5).map(|run| reads(&service, run)).collect();
    // On a point of its own: nobody asks who filled it before.
    service.add_work_item(WorkItem::test_case(42, "Pay").in_project("Plans"));
    service.add_point(Point::new(8200, 810, 42, 1));
    let another = Reports::new().with_suite("F", &[Case::passed("Pay")]);
    test_case(&another, "Pay", "42", "");
    let second = publish(&service, &another);
    assert_eq!(second.code, 0, "{}", second.everything());
    second.says("1 result read: 1 published, 0 left out, 0 missing");
    // Looked up twice, before and after; the comment of a run stays as it is.
    let after: Vec<usize> = (1..=5).map(|run| reads(&service, run)).collect();
    let once: Vec<usize> = before.iter().map(|number| number + 1).collect();
    assert_eq!(after, once);
    assert_eq!(service.plan_violations(800), Vec::<String>::new());
    assert_swagger(&service);
}

#[test]
fn runs_are_looked_for_within_seven_days_of_the_service_s_clock() {
    let service = two_projects();
    service.configure(|settings| settings.clock_ahead = 3 * 24 * 60 * 60);
    let reports = reports(&["A"]);
    for told in [
        "1 result read: 1 published, 0 left out, 0 missing",
        "1 result read: 0 published, 1 left out, 0 missing",
    ] {
        let finished = publish(&service, &reports);
        assert_eq!(finished.code, 0, "{}", finished.everything());
        finished.says(told);
    }
    let lists = asked(&service, "GET", "/Plans/_apis/test/runs");
    assert!(!lists.is_empty());
    assert!(lists.iter().all(|list| list.query.contains("planIds=800")));
}

#[test]
fn a_run_whose_creation_is_not_answered_is_found_by_its_plan() {
    for fault in [Fault::ResetAfter, Fault::status_after(500)] {
        let service = two_projects();
        service.script(Rule::once("POST", "/runs$", fault));
        let finished = publish(&service, &reports(&["A"]));
        assert_eq!(finished.code, 0, "{}", finished.everything());
        assert_eq!(service.runs().len(), 1);
        assert_eq!(service.runs()[0]["build"], Value::Null);
        assert_eq!(service.plan_violations(800), Vec::<String>::new());
    }
}

#[test]
fn a_run_that_is_deleted_between_list_and_reading_is_none() {
    let service = two_projects();
    let reports = reports(&["A"]);
    assert_eq!(publish(&service, &reports).code, 0);
    let read = asked(&service, "GET", "/test/runs/1").len();
    service.script(
        Rule::once(
            "GET",
            "/test/runs/1$",
            Fault::meanwhile(|service| {
                service.delete_run(1);
            }),
        )
        .nth(1),
    );
    let finished = publish(&service, &reports);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_eq!(asked(&service, "GET", "/test/runs/1").len(), read + 1);
    finished.says("1 result read: 1 published, 0 left out, 0 missing");
    assert_eq!(states(&service), ["Completed"]);
}

#[test]
fn a_read_that_fails_is_repeated_and_one_that_is_refused_ends_the_step() {
    let service = two_projects();
    let reports = reports(&["A"]);
    assert_eq!(publish(&service, &reports).code, 0);
    service.script(Rule::once("GET", "/test/runs/1$", Fault::status(503)));
    let finished = publish(&service, &reports);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    service.script(Rule::always("GET", "/test/runs/1$", Fault::status(400)));
    let finished = publish(&service, &reports);
    // Nobody knows whether it was published before.
    assert_eq!(finished.code, 4, "{}", finished.everything());
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn a_run_that_lacks_refused_results_is_told_so_on_the_next_try_too() {
    let service = two_projects();
    service.configure(|settings| settings.refused_texts = vec!["Cases/Pay".into()]);
    service.add_work_item(WorkItem::test_case(42, "Pay").in_project("Plans"));
    service.add_point(Point::new(8200, 810, 42, 1));
    let reports = Reports::new().with_suite("A", &[Case::passed("Login"), Case::passed("Pay")]);
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Pay", "42", "");
    for told in [
        "1 published, 0 left out, 1 missing",
        "0 published, 2 left out, 0 missing",
    ] {
        let finished = publish(&service, &reports);
        assert_eq!(finished.code, 5, "{}", finished.everything());
        finished.says(told);
    }
    assert_eq!(service.runs().len(), 1);
}
