//! One result that the service cannot take: it is found, published with what is taken of it, or named;
//! all others arrive.

use ado_stand_in::{Fault, Rule, StandIn};

use crate::support::holdings::{asked, states, the_finished_run};
use crate::support::{Case, Reports, TaskRun, assert_swagger, service, service_with};

fn reports() -> Reports {
    Reports::new().with_suite("Smoke", &[Case::passed("A"), Case::failed("B", "no")])
}

fn impatient(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("requestTimeout", "1")
        .input("retryFor", "5")
}

/// `T1`, `T2`, … that passed.
fn cases(count: usize) -> Vec<Case> {
    let names = (1..=count).map(|at| format!("T{at}"));
    names.map(|name| Case::passed(&name)).collect()
}

#[test]
fn one_bad_result_is_found_and_the_others_are_published() {
    let service = service_with(|settings| settings.refused_titles = vec!["T5".into()]);
    let cases: Vec<Case> = (1..=7).map(|at| Case::passed(&format!("T{at}"))).collect();
    let reports = Reports::new().with_suite("Smoke", &cases);
    let finished = impatient(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    let run = the_finished_run(&service, &["T1", "T2", "T3", "T4", "T6", "T7"]);
    assert_eq!(
        run["errorMessage"],
        "1 of 7 results were refused by Azure DevOps and are missing here"
    );
    finished.says("the result of 'Test Cases/T5' was refused: ");
    finished.says("7 results read: 6 published, 0 left out, 1 missing");
    assert_swagger(&service);
}

#[test]
fn a_run_of_which_every_result_is_refused_is_aborted() {
    let service = service();
    service.script(Rule::always("POST", "/results$", Fault::status(400)));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted"]);
    finished.says("Azure DevOps refused every result");
    finished.says("2 results read: 0 published, 0 left out, 2 missing");
    assert_swagger(&service);
}

#[test]
fn a_request_that_is_too_large_is_halved() {
    let service = service_with(|settings| settings.body_limit = 1_500);
    let cases: Vec<Case> = (1..=9).map(|at| Case::passed(&format!("T{at}"))).collect();
    let reports = Reports::new().with_suite("Smoke", &cases);
    let finished = impatient(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let expected: Vec<String> = (1..=9).map(|at| format!("T{at}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    the_finished_run(&service, &expected);
    let too_large = asked(&service, "POST", "/results");
    assert!(too_large.iter().any(|request| request.status == Some(413)));
}

#[test]
fn a_result_with_a_refused_text_is_published_without_it() {
    let service = service_with(|settings| settings.refused_texts = vec!["poison".into()]);
    let mut cases = cases(5);
    cases[2] = Case::failed("T3", "a poisoned message");
    let reports = Reports::new().with_suite("Smoke", &cases);
    let finished = impatient(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = the_finished_run(&service, &["T1", "T2", "T3", "T4", "T5"]);
    let results = run["results"].as_array().unwrap();
    let bad = results
        .iter()
        .find(|result| result["automatedTestName"] == "Test Cases/T3");
    let bad = bad.unwrap();
    assert_eq!(bad["outcome"], "Failed");
    assert_eq!(bad["durationInMs"], 1000.0);
    assert!(bad.get("errorMessage").is_none(), "{bad}");
    assert_eq!(run.get("errorMessage"), None, "nothing of it is missing");
    assert_eq!(finished.issues("warning"), ["KADO040"]);
    finished.says(
        "the result of 'Test Cases/T3' is published without message, stack trace and comment: \
         POST Shop/_apis/test/Runs/1/results: 400 ",
    );
    finished.says("5 results read: 5 published, 0 left out, 0 missing");
    assert_swagger(&service);
}

#[test]
fn a_text_that_is_refused_at_its_end_is_shortened() {
    let service = service_with(|settings| settings.refused_texts = vec!["poison".into()]);
    let message = format!("{} poison", "x".repeat(3_000));
    let reports = Reports::new().with_suite("Smoke", &[Case::failed("A", &message)]);
    let finished = impatient(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = the_finished_run(&service, &["A"]);
    let message = run["results"][0]["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("xxx") && message.ends_with('…'),
        "{message}"
    );
    finished.says("is published with its texts shortened");
    assert_swagger(&service);
}

#[test]
fn a_result_over_which_the_service_breaks_is_found_by_halves() {
    let service = service_with(|settings| settings.breaks_over = vec!["T5".into()]);
    let reports = Reports::new().with_suite("Smoke", &cases(7));
    let finished = impatient(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    let run = the_finished_run(&service, &["T1", "T2", "T3", "T4", "T6", "T7"]);
    assert_eq!(
        run["errorMessage"],
        "1 of 7 results were refused by Azure DevOps and are missing here"
    );
    finished.says("the result of 'Test Cases/T5' was refused: ");
    finished.says("500 Internal Server Error: TF400898");
    assert_swagger(&service);
}

#[test]
fn a_result_with_a_text_over_which_the_service_breaks_is_published_without_it() {
    let service = service_with(|settings| settings.breaks_over = vec!["dynamite".into()]);
    let mut cases = cases(4);
    cases[0] = Case::failed("T1", "dynamite");
    let reports = Reports::new().with_suite("Smoke", &cases);
    let finished = impatient(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    the_finished_run(&service, &["T1", "T2", "T3", "T4"]);
    assert_eq!(finished.issues("warning"), ["KADO040"]);
    assert_swagger(&service);
}

#[test]
fn the_last_result_is_blamed_when_patience_ends_and_all_others_are_there() {
    // The first request holds a thousand; no other result is left to show that the service works.
    let service = service_with(|settings| {
        settings.breaks_over = vec!["T1001".into()];
        settings.page_size = 1_000;
    });
    let reports = Reports::new().with_suite("Smoke", &cases(1_001));
    let finished = impatient(&service, &reports)
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    assert_eq!(service.runs()[0]["totalTests"], 1_000);
    assert_eq!(states(&service), ["Completed"]);
    finished.says("the result of 'Test Cases/T1001' was refused: ");
    finished.says("1001 results read: 1000 published, 0 left out, 1 missing");
}

#[test]
fn a_service_that_breaks_over_everything_is_not_the_results_fault() {
    let service = service();
    service.script(Rule::always("POST", "/results$", Fault::status(500)));
    let reports = Reports::new().with_suite("Smoke", &cases(7));
    let finished = impatient(&service, &reports)
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted"]);
    assert_eq!(finished.issues("error"), ["KADO409"]);
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
}

#[test]
fn a_service_that_refuses_everything_is_not_asked_for_ever() {
    let service = service();
    service.script(Rule::always("POST", "/results$", Fault::status(400)));
    let reports = Reports::new().with_suite("Smoke", &cases(3_000));
    let finished = impatient(&service, &reports)
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted"]);
    assert_eq!(finished.issues("error"), ["KADO411"]);
    finished.says("3000 results read: 0 published, 0 left out, 3000 missing");
}
