//! A test plan in the service, and the Katalon project whose test cases stand in it.

use std::path::Path;

use ado_stand_in::{Configuration, Plan, Point, Service, StandIn, Suite, WorkItem};

use super::{Case, Reports, TaskRun, escaped};

/// Adds the plan `Release 4` (510, root suite 511) with the suites `Web` (520), `Web/Login` (521)
/// and `Api` (530), and the configurations `Windows 11` (1) and `Linux` (2). It has no points.
pub(crate) fn add_plan(service: &Service) {
    service.add_plan(Plan::new(510, "Release 4"));
    service.add_suite(Suite::new(520, 510, "Web"));
    service.add_suite(Suite::new(521, 510, "Login").below(520));
    service.add_suite(Suite::new(530, 510, "Api").of_requirement(77));
    service.add_configuration(Configuration::new(1, "Windows 11").as_default());
    service.add_configuration(Configuration::new(2, "Linux"));
}

/// Adds a test case with a point in `Web/Login` for `Windows 11`: test case 41 gets point 4100.
pub(crate) fn add_case(service: &Service, id: u64, title: &str) {
    service.add_work_item(WorkItem::test_case(id, title));
    service.add_point(Point::new(id * 100, 521, id, 1));
}

/// Adds the plan with so many test cases from 1 on: test case 7 has point 700.
pub(crate) fn add_cases(service: &Service, number: u64) {
    add_plan(service);
    for id in 1..=number {
        add_case(service, id, &format!("Case {id}"));
    }
}

/// Adds the plan `Large` (600) with 10,000 test cases from 100,000 on, each with a point for either
/// configuration. Every thousandth failed, all others passed.
pub(crate) fn add_large_plan(service: &Service) {
    service.add_plan(Plan::new(600, "Large"));
    service.add_configuration(Configuration::new(1, "Windows 11").as_default());
    service.add_configuration(Configuration::new(2, "Linux"));
    service.add_suite(Suite::new(610, 600, "All"));
    for id in 0..10_000_u64 {
        let case = 100_000 + id;
        service.add_work_item(WorkItem::test_case(case, "One of many"));
        let failed = if id % 1_000 == 0 { "Failed" } else { "Passed" };
        service.add_point(Point::new(1_000_000 + 2 * id, 610, case, 1).ended("Passed"));
        service.add_point(Point::new(1_000_001 + 2 * id, 610, case, 2).ended(failed));
    }
}

/// Writes `map.csv`, which gives each of the 10,000 its Katalon test case `Many/0` to `Many/9999`.
pub(crate) fn map_large_plan(folder: &Reports) {
    let rows = (0..10_000).map(|id| format!("Many/{id},{}\n", 100_000 + id));
    let csv: String = std::iter::once("katalonTestCase,azureTestCaseIds\n".to_owned())
        .chain(rows)
        .collect();
    std::fs::write(folder.path().join("map.csv"), csv).unwrap();
}

/// A report with so many tests, each of which has the test case of its number.
pub(crate) fn reports_of(number: u64) -> Reports {
    let cases: Vec<Case> = (1..=number)
        .map(|id| Case::passed(&format!("T{id}")))
        .collect();
    let reports = Reports::new().with_suite("Smoke", &cases);
    for id in 1..=number {
        test_case(&reports, &format!("T{id}"), &id.to_string(), "");
    }
    reports
}

/// The task with plan 510.
pub(crate) fn onto_plan(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path()).input("testPlan", "510")
}

/// The results that were published onto the points of plan 510: point, run and outcome. Fails if
/// a point has one of them twice, or one is not finished.
#[track_caller]
pub(crate) fn on_points(service: &Service) -> Vec<(u64, u64, String)> {
    assert_eq!(service.mistakes(), Vec::<String>::new());
    let histories = service.point_histories(510);
    let results = histories.iter().flat_map(|history| {
        let results = history.results.iter();
        results.map(|result| (history.point, result.run, result.outcome.clone()))
    });
    results.collect()
}

/// Makes a Katalon project of the folder that the reports lie in.
pub(crate) fn katalon_project(reports: &Reports) -> &Path {
    let folder = reports.path();
    let project = "<Project><name>Shop tests</name></Project>";
    std::fs::write(folder.join("Shop tests.prj"), project).unwrap();
    folder
}

/// Writes the `.tc` of a test case: its IDs as a person types them, and its tags.
pub(crate) fn test_case(reports: &Reports, name: &str, ids: &str, tags: &str) {
    let file = katalon_project(reports).join(format!("Test Cases/{name}.tc"));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let text = format!(
        "<TestCaseEntity><name>{name}</name><tag>{tags}</tag><integratedEntity>\
         <productName>Azure</productName><properties><entry><key>azure.testcase.ids</key>\
         <value>{}</value></entry></properties><type>TESTCASE</type></integratedEntity>\
         </TestCaseEntity>",
        escaped(ids)
    );
    std::fs::write(file, text).unwrap();
}

/// The project of the service, as Katalon's settings name it.
pub(crate) const SHOP: &str = r#"{"id":"5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10","name":"Shop"}"#;

/// A line of Katalon's settings that holds JSON: a JSON text, escaped as properties are.
pub(crate) fn setting(key: &str, json: &str) -> String {
    let text = serde_json::Value::from(json).to_string();
    let text = text.replace('\\', "\\\\").replace(':', "\\:");
    format!("{key}={text}")
}

/// Writes Katalon's settings: raw lines of its properties file.
pub(crate) fn settings(reports: &Reports, lines: &[&str]) {
    let folder = katalon_project(reports).join("settings/external");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("com.kms.katalon.integration.azure.properties");
    std::fs::write(file, lines.join("\n")).unwrap();
}
