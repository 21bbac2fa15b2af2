//! Test plans of another project than the build's, and without a build.

use ado_stand_in::{Configuration, Plan, Point, Project, StandIn, Suite, WorkItem};
use serde_json::Value;

use crate::support::plan::test_case;
use crate::support::{Case, Reports, TaskRun, service_with};

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

fn reports() -> Reports {
    let reports = Reports::new().with_suite(
        "Smoke",
        &[Case::passed("Login"), Case::passed("Without ID")],
    );
    test_case(&reports, "Login", "41", "");
    reports
}

#[test]
fn a_planned_run_goes_to_the_project_of_its_plan_without_the_build() {
    let service = two_projects();
    let reports = reports();
    let run = || {
        TaskRun::new(&service, reports.path())
            .input("project", "Plans")
            .input("testPlan", "Elsewhere")
            .run()
    };
    let first = run();
    assert_eq!(first.code, 0, "{}", first.everything());
    first.says("The test plan is in project 'Plans' and the build in 'Shop'");
    let runs = service.runs();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["plan"]["id"], "800");
    assert_eq!(runs[0]["build"], Value::Null);
    assert_eq!(runs[1]["plan"], Value::Null);
    assert_eq!(runs[1]["build"]["id"], "71");
    // The plan's runs are how the earlier one is found.
    let second = run();
    assert_eq!(second.code, 0, "{}", second.everything());
    second.says("2 results read: 0 published, 2 left out, 0 missing");
    assert_eq!(service.runs().len(), 2);
}

#[test]
fn a_project_that_is_told_by_its_id_is_the_same_one() {
    let service = two_projects();
    service.add_plan(Plan::new(510, "Here"));
    service.add_suite(Suite::new(520, 510, "All"));
    service.add_configuration(Configuration::new(2, "Any"));
    service.add_work_item(WorkItem::test_case(42, "Pay"));
    service.add_point(Point::new(4200, 520, 42, 2));
    let reports = reports();
    test_case(&reports, "Login", "42", "");
    let run = TaskRun::new(&service, reports.path())
        .input("project", "5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10")
        .input("testPlan", "510")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(service.runs()[0]["build"]["id"], "71");
    run.lacks("The test plan is in project");
}

#[test]
fn without_a_build_the_results_reach_the_plan_all_the_same() {
    let service = two_projects();
    let reports = reports();
    let run = || {
        let mut run = TaskRun::new(&service, reports.path())
            .args(&["publish"])
            .input("project", "Plans")
            .input("testPlan", "800")
            .input("unmatchedResults", "skip");
        for name in [
            "TF_BUILD",
            "SYSTEM_TEAMPROJECT",
            "BUILD_BUILDID",
            "BUILD_BUILDURI",
        ] {
            run = run.var(name, "");
        }
        run.run()
    };
    let first = run();
    assert_eq!(first.code, 0, "{}", first.everything());
    assert_eq!(service.runs().len(), 1);
    assert_eq!(service.runs()[0]["plan"]["id"], "800");
    first.says("2 results read: 1 published, 1 left out, 0 missing");
    let second = run();
    second.says("2 results read: 0 published, 2 left out, 0 missing");
}
