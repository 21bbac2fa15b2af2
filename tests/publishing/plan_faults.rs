//! Faults while a test plan is read: waited for and asked again, page by page.

use ado_stand_in::{Configuration, Fault, Plan, Point, Rule, StandIn, Suite};

use crate::support::holdings::asked;
use crate::support::plan::{SHOP, add_case, add_plan, on_points, setting, settings, test_case};
use crate::support::{Case, Reports, TaskRun, service};

/// Every request that reading a plan takes, by the end of its path.
const READS: [(&str, &str); 9] = [
    ("GET", "/projects/Shop"),
    ("GET", "/testplan/plans"),
    ("GET", "/testplan/plans/510"),
    ("GET", "/testplan/configurations"),
    ("GET", "/510/suites"),
    ("POST", "/test/points"),
    ("GET", "/Suites/511/TestPoint"),
    ("POST", "/wit/workitemsbatch"),
    ("GET", "/testplan/suites"),
];

/// Results that make every one of these requests necessary.
fn everything() -> (StandIn, Reports) {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in");
    add_case(&service, 43, "Elsewhere");
    service.remove_point(4300);
    service.add_plan(Plan::new(600, "Other"));
    service.add_suite(Suite::new(610, 600, "All"));
    service.add_point(Point::new(6100, 610, 43, 1));
    let reports =
        Reports::new().with_suite("Smoke", &[Case::passed("Login"), Case::passed("Elsewhere")]);
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Elsewhere", "43", "");
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
        ],
    );
    (service, reports)
}

fn publish(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("testPlan", "Release 4")
        .input("testSuites", "Web")
        .input("retryFor", "1")
}

#[test]
fn each_read_is_asked_again_until_it_is_answered() {
    let faults = [
        Fault::status(503),
        Fault::status(500),
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Truncated { bytes: 5 },
    ];
    for (method, path) in READS {
        for fault in &faults {
            let (service, reports) = everything();
            service.script(Rule::once(method, &format!("{path}$"), fault.clone()));
            let run = publish(&service, &reports)
                .input("retryFor", "60")
                .run_impatiently();
            assert_eq!(run.code, 0, "{path} {fault:?}: {}", run.everything());
            assert_eq!(on_points(&service).len(), 1, "{path} {fault:?}");
            run.says("it is in test plan 'Other' (600)");
            assert!(asked(&service, method, path).len() > 1, "{path}");
        }
    }
}

#[test]
fn a_read_that_is_never_answered_ends_the_step_and_nothing_is_published() {
    for (method, path) in READS {
        let (service, reports) = everything();
        service.script(Rule::always(
            method,
            &format!("{path}$"),
            Fault::status(503),
        ));
        let run = publish(&service, &reports).run_impatiently();
        assert_eq!(run.code, 4, "{path}: {}", run.everything());
        assert!(service.runs().is_empty(), "{path}");
        run.says("KADO409");
        run.says("Nothing was published.");
    }
}

#[test]
fn a_later_page_is_asked_again_without_the_ones_before() {
    let (service, reports) = everything();
    for id in [630, 640, 650, 660, 670] {
        service.add_plan(Plan::new(id, &format!("Plan {id}")));
    }
    let plans = Rule::once("GET", "/testplan/plans$", Fault::status(503));
    service.script(plans.nth(2));
    let run = publish(&service, &reports)
        .input("retryFor", "60")
        .run_impatiently();
    assert_eq!(run.code, 0, "{}", run.everything());
    // Seven plans are three pages, of which the second one was asked for twice.
    assert_eq!(asked(&service, "GET", "/testplan/plans").len(), 4);
}

#[test]
fn lists_that_overlap_count_each_thing_once() {
    let (service, reports) = everything();
    service.configure(|settings| settings.pages_overlap = true);
    // The plan that is named ends one page and begins the next, and so does the configuration.
    service.add_plan(Plan::new(100, "First"));
    service.add_plan(Plan::new(200, "Second"));
    service.add_configuration(Configuration::new(3, "Mac"));
    service.add_configuration(Configuration::new(4, "Mobile"));
    service.edit_point(4100, |point| point.configuration = 3);
    let run = publish(&service, &reports)
        .input("configurationMapping", "* = Mac")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(on_points(&service).len(), 1);
}

/// A page without anything, behind which the list goes on.
fn empty_page(token: &str) -> Fault {
    Fault::Status {
        code: 200,
        headers: vec![("x-ms-continuationtoken".to_owned(), token.to_owned())],
        body: Some(r#"{"count":0,"value":[]}"#.to_owned()),
        handled: false,
    }
}

#[test]
fn an_empty_page_ends_no_list_that_goes_on_and_a_circle_ends() {
    let (service, reports) = everything();
    let plans = Rule::once("GET", "/testplan/plans$", empty_page("0+200"));
    service.script(plans.times(5));
    let run = publish(&service, &reports).run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(on_points(&service).len(), 1);

    let (service, reports) = everything();
    service.script(Rule::always("GET", "/testplan/plans$", empty_page("0+200")));
    let run = publish(&service, &reports).run();
    assert_eq!(run.code, 2, "{}", run.everything());
    assert_eq!(run.issues("error"), ["KADO210"]);
    assert_eq!(asked(&service, "GET", "/testplan/plans").len(), 20);
}

#[test]
fn a_page_of_what_was_read_before_ends_no_list_of_points() {
    let (service, reports) = everything();
    // Others add a point while we read, and one comes twice.
    let first = r#"{"points":[{"id":4100,"testCase":{"id":"41"},"configuration":{"id":"1"},
        "url":"https://x/Plans/510/Suites/521/Points/4100"}]}"#;
    let again = Fault::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(first.to_owned()),
        handled: false,
    };
    service.script(Rule::once("POST", "/test/points$", again).times(2));
    let run = publish(&service, &reports).run();
    assert_eq!(run.code, 0, "{}", run.everything());
    let asked = asked(&service, "POST", "/test/points");
    assert!(asked.len() > 2);
    for (at, one) in asked.iter().enumerate().take(3) {
        assert!(one.query.contains(&format!("skip={at}&")), "{}", one.query);
    }
}

#[test]
fn what_only_explains_may_be_refused_and_decides_nothing() {
    for path in ["/wit/workitemsbatch", "/testplan/suites"] {
        let (service, reports) = everything();
        let fault = Fault::status(403);
        let method = if path.contains("wit") { "POST" } else { "GET" };
        service.script(Rule::always(method, &format!("{path}$"), fault));
        let run = publish(&service, &reports).run();
        assert_eq!(run.code, 0, "{path}: {}", run.everything());
        assert_eq!(on_points(&service).len(), 1);
        run.says("test case 43 is not in test plan 'Release 4' (510)");
        run.lacks("it is in test plan");
    }
}
