//! What a test run holds: a suite, a collection, the build.

use std::path::Path;

use serde_json::Value;

use crate::support::{Case, Reports, Suite, TaskRun, assert_swagger, service, service_with};

/// A collection's own report, which says which suites it executed.
fn add_collection(reports: &Reports, session: &str, locations: &[&str]) {
    let folder = reports
        .path()
        .join(format!("Reports/{session}/Nightly/{session}"));
    std::fs::create_dir_all(&folder).unwrap();
    let items: String = locations
        .iter()
        .map(|location| {
            format!(
                "<ReportItemDescription><reportLocation>{location}</reportLocation>\
                 <runConfigDescription><groupName>Web Desktop</groupName>\
                 <profileName>default</profileName><runConfigurationId>Chrome</runConfigurationId>\
                 </runConfigDescription></ReportItemDescription>"
            )
        })
        .collect();
    let collection = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ReportCollectionEntity><name>{session}</name>\
         <reportItemDescriptions>{items}</reportItemDescriptions>\
         <testSuiteCollectionId>Test Suites/Nightly</testSuiteCollectionId></ReportCollectionEntity>"
    );
    std::fs::write(folder.join(format!("{session}.rp")), collection).unwrap();
}

fn location(reports: &Path, folder: &Path) -> String {
    folder
        .strip_prefix(reports)
        .unwrap()
        .to_string_lossy()
        .replace('\\', "/")
}

fn names(runs: &[Value]) -> Vec<&str> {
    runs.iter()
        .map(|run| run["name"].as_str().unwrap())
        .collect()
}

fn results(run: &Value) -> usize {
    run["results"].as_array().unwrap().len()
}

#[test]
fn suites_of_a_collection_share_a_run_and_another_suite_has_its_own() {
    let (service, reports) = (service(), Reports::new());
    let web = reports.add(&Suite::new(
        "Web",
        &[Case::passed("A"), Case::failed("B", "x")],
    ));
    let api = reports.add(&Suite::new("API", &[Case::passed("A")]));
    reports.add_suite("Alone", &[Case::passed("C")]);
    let at = |folder: &Path| location(reports.path(), folder);
    add_collection(&reports, "20260811_101500", &[&at(&web), &at(&api)]);
    std::fs::write(web.join("20260811_101500.csv"), "one").unwrap();
    std::fs::write(api.join("20260811_101500.csv"), "two").unwrap();
    let finished = TaskRun::new(&service, reports.path())
        .input("testRunPer", "collection")
        .input("attachmentsFor", "all")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let runs = service.runs();
    assert_eq!(names(&runs), ["Nightly", "Alone"], "{}", finished.stdout);
    assert_eq!((results(&runs[0]), results(&runs[1])), (3, 1));
    let mut files: Vec<&str> = runs[0]["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["fileName"].as_str().unwrap())
        .collect();
    files.sort_unstable();
    assert_eq!(
        files,
        [
            "API 20250811_101502 20260811_101500.csv",
            "Web 20250811_101502 20260811_101500.csv"
        ]
    );
    assert_swagger(&service);
}

#[test]
fn everything_in_one_run_has_the_name_of_the_build_and_at_most_40_reports() {
    let service = service_with(|settings| settings.page_size = 1_000);
    let reports = Reports::new();
    for number in 0..41 {
        reports.add_suite(&format!("Suite {number:02}"), &[Case::passed("A")]);
    }
    let finished = TaskRun::new(&service, reports.path())
        .input("testRunPer", "build")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let runs = service.runs();
    assert_eq!(runs.iter().map(results).collect::<Vec<_>>(), [40, 1]);
    assert!(
        names(&runs)
            .iter()
            .all(|name| name.starts_with("20260901.3")),
        "{:?}",
        names(&runs)
    );
    assert_ne!(runs[0]["name"], runs[1]["name"]);
    assert!(
        runs.iter()
            .all(|run| run["comment"].as_str().unwrap().encode_utf16().count() <= 500)
    );
    let again = TaskRun::new(&service, reports.path())
        .input("testRunPer", "build")
        .run();
    assert_eq!(again.code, 0, "{}", again.stdout);
    assert_eq!(service.runs().len(), 2);
    again.says("41 results read: 0 published, 41 left out, 0 missing");
    assert_swagger(&service);
}

#[test]
fn what_is_published_already_is_left_out_of_a_larger_run() {
    let service = service();
    let reports = Reports::new().with_suite("One", &[Case::passed("A")]);
    assert_eq!(TaskRun::new(&service, reports.path()).run().code, 0);
    reports.add_suite("Two", &[Case::passed("B")]);
    reports.add_suite("Three", &[Case::failed("C", "x")]);
    let finished = TaskRun::new(&service, reports.path())
        .input("testRunPer", "build")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says("3 results read: 2 published, 1 left out, 0 missing");
    let runs = service.runs();
    assert_eq!(runs.iter().map(results).sum::<usize>(), 3, "{runs:?}");
    assert_swagger(&service);
}

#[test]
fn a_platform_is_named_only_where_the_reports_agree() {
    let service = service();
    let reports = Reports::new().with_suite("One", &[Case::passed("A")]);
    let two = reports.add_suite("Two", &[Case::passed("B")]);
    let junit = two.join("JUnit_Report.xml");
    let text = std::fs::read_to_string(&junit).unwrap();
    assert!(text.contains("Windows 11 64bit"));
    std::fs::write(&junit, text.replace("Windows 11 64bit", "Linux")).unwrap();
    let task = TaskRun::new(&service, reports.path()).input("testRunPer", "build");
    assert_eq!(task.run().code, 0);
    assert_eq!(service.runs()[0]["buildPlatform"], Value::Null);
}

#[test]
fn a_suite_that_a_collection_executed_and_that_left_no_report_is_named() {
    let (service, reports) = (service(), Reports::new());
    let web = reports.add(&Suite::new("Web", &[Case::passed("A")]));
    let at = location(reports.path(), &web);
    let gone = at.replace("/Web/", "/Gone/Deep/");
    add_collection(&reports, "20260811_101500", &[&at, &gone]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO028"]);
    finished.says("'Test Suites/Nightly' executed suite 'Gone/Deep'");
}

#[test]
fn a_second_execution_of_a_suite_that_left_no_report_is_named_and_what_was_left_out_is_not() {
    let (service, reports) = (service(), Reports::new());
    let web = reports.add(&Suite::new("Web", &[Case::passed("A")]));
    let slow = reports.add(&Suite::new("Slow", &[Case::passed("B")]));
    let (web, slow) = (
        location(reports.path(), &web),
        location(reports.path(), &slow),
    );
    let again = format!("{web}_1");
    add_collection(&reports, "20260811_101500", &[&web, &again, &slow]);
    let finished = TaskRun::new(&service, reports.path())
        .input("reportFolders", "**\n!**/Slow")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO028"]);
    finished.says(&format!("its report '{again}' is not at hand"));
}
