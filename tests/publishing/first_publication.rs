//! The main job: a report folder becomes a test run of the running build.

use serde_json::json;

use crate::support::{Case, Reports, TaskRun, assert_swagger, service};

#[test]
fn a_report_becomes_a_finished_run_of_the_running_build() {
    let service = service();
    let reports = Reports::new().with_suite(
        "Smoke",
        &[
            Case::passed("Login/Valid user"),
            Case::failed("Login/Locked user", "expected 'locked'"),
        ],
    );
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let runs = service.runs();
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!(run["name"], "Smoke");
    assert_eq!(run["state"], "NeedsInvestigation");
    assert_eq!(run["build"]["id"], "71");
    assert_eq!(
        run["pipelineReference"]["stageReference"]["stageName"],
        "Test"
    );
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!(
        results[0]["automatedTestName"],
        "Test Cases/Login/Valid user"
    );
    assert_eq!(results[0]["automatedTestStorage"], "Test Suites/Smoke");
    assert_eq!(results[0]["automatedTestType"], "Katalon");
    assert_eq!(results[0]["testCaseTitle"], "Valid user");
    assert_eq!(results[0]["computerName"], "AGENT-7");
    assert_eq!(results[0]["outcome"], "Passed");
    assert_eq!(results[0]["durationInMs"], json!(1000));
    assert_eq!(results[1]["outcome"], "Failed");
    assert_eq!(results[1]["errorMessage"], "expected 'locked'");
    finished.says("2 results read: 2 published, 0 left out, 0 missing");
    assert_eq!(finished.output("testRunIds"), run["id"].to_string());
    assert_eq!(finished.output("totalTests"), "2");
    assert_eq!(finished.output("failedTests"), "1");
    assert_eq!(finished.output("publishedResults"), "2");
    assert_eq!(finished.stderr, "");
    assert_swagger(&service);
}

#[test]
fn a_second_run_of_the_program_sends_nothing_that_is_there() {
    let service = service();
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("A"), Case::passed("B")]);
    let first = TaskRun::new(&service, reports.path()).run();
    let before = service.requests().len();
    let second = TaskRun::new(&service, reports.path()).run();
    assert_eq!((first.code, second.code), (0, 0));
    let requests = service.requests().split_off(before);
    assert!(
        requests.iter().all(|request| request.method == "GET"),
        "{requests:?}"
    );
    assert_eq!(requests.len(), 2, "who we are, and the runs of the build");
    assert_eq!(service.runs().len(), 1);
    second.says("2 results read: 0 published, 2 left out, 0 missing");
    assert_eq!(second.output("testRunIds"), first.output("testRunIds"));
    assert_eq!(second.output("totalTests"), "2");
}
