//! Reports and settings that are made to be slow, published to a service: what a hundred kilobytes
//! say must not cost minutes, nor thousands of requests.

use crate::support::plan::{SHOP, add_case, add_plan, on_points, onto_plan, setting, settings};
use crate::support::{Case, Reports, TaskRun, assert_swagger, service};

#[test]
fn thousands_of_results_on_one_test_point() {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in");
    let cases: Vec<Case> = (0..8_000)
        .map(|at| Case::passed(&format!("C41 number {at}")))
        .collect();
    let reports = Reports::new().with_suite("Smoke", &cases);
    let run = onto_plan(&service, &reports)
        .input("testCaseIdPattern", r"C(\d+)")
        .run();
    assert_eq!(run.code, 0, "{}", run.everything());
    let [(point, _, outcome)] = &on_points(&service)[..] else {
        panic!("one point");
    };
    assert_eq!((*point, outcome.as_str()), (4100, "Passed"));
    assert_swagger(&service);
    let again = onto_plan(&service, &reports)
        .input("testCaseIdPattern", r"C(\d+)")
        .run();
    assert_eq!(again.code, 0, "{}", again.everything());
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn settings_with_thousands_of_plans_and_rules() {
    let service = service();
    add_plan(&service);
    let list = |item: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..5_000).map(item).collect();
        format!("[{}]", items.join(","))
    };
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("Login")]);
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
            &setting(
                "submitOptions.testPlans",
                &list(&|at| format!("{{\"id\":{}}}", 10_000 + at)),
            ),
            &setting(
                "testConfigurationMappings",
                &list(&|at| format!("{{\"os\":\"OS {at}\",\"azureTestConfigurationId\":1}}")),
            ),
        ],
    );
    let run = TaskRun::new(&service, reports.path()).run();
    assert_eq!(run.code, 0, "{}", run.everything());
    run.says("submitOptions.testPlans: the first 500 lines count, and 4500 do not");
    run.says("testConfigurationMappings: the first 500 lines count, and 4500 do not");
    assert!(service.requests().len() < 1_500);
    // Results reach no point of plans that are not there.
    assert_eq!(service.runs().len(), 1);
}
