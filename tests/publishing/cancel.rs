//! Cancelled: by a signal, or by the end of standard input under `task`.
#![cfg(unix)]

use std::process::Child;
use std::time::{Duration, Instant};

use ado_stand_in::{Fault, Rule, StandIn};

use crate::support::child::{end_of, signal};
use crate::support::holdings::{asked, states};
use crate::support::{Case, Reports, TaskRun, assert_swagger, service};

/// Ten failed results with a screenshot each: more than are uploaded at the same time.
fn reports() -> Reports {
    let names: Vec<String> = (0..10).map(|at| format!("T{at}")).collect();
    let case =
        |name: &String| Case::failed(name, "no").output(&format!("[[ATTACHMENT|{name}.png]]"));
    let cases: Vec<Case> = names.iter().map(case).collect();
    let reports = Reports::new();
    let folder = reports.add_suite("Smoke", &cases);
    for name in &names {
        std::fs::write(folder.join(format!("{name}.png")), name).unwrap();
    }
    reports
}

/// Waits for requests that get stuck.
fn wait_for(service: &StandIn, method: &str, ending: &str, number: usize) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while asked(service, method, ending).len() < number {
        assert!(Instant::now() < deadline, "{method} {ending} never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A service whose uploads get stuck, and the program at work on eight of them.
fn stuck(reports: &Reports) -> (StandIn, Child) {
    let service = service();
    service.script(Rule::always("POST", "/attachments$", Fault::NeverAnswer));
    let child = TaskRun::new(&service, reports.path()).start();
    wait_for(&service, "POST", "/attachments", 8);
    (service, child)
}

#[track_caller]
fn is_cancelled(service: &StandIn, code: i32, log: &str) {
    assert_eq!(code, 130, "{log}");
    assert_eq!(states(service), ["Aborted"]);
    let last = log.lines().last().unwrap();
    let complete = "##vso[task.complete result=Canceled;]KADO130: cancelled";
    assert!(last.starts_with(complete), "{log}");
    assert!(log.contains("10 results read: 0 published, 0 left out, 10 missing"));
    assert!(log.contains("##vso[task.setvariable variable=exitCode;isoutput=true;]130"));
    let runs = service.runs();
    let reason = runs[0]["errorMessage"].as_str().unwrap();
    let told = "publishing could not be finished: cancelled";
    assert!(reason.starts_with(told), "{reason}");
    assert_swagger(service);
}

#[test]
fn a_signal_sets_open_runs_to_aborted_and_ends_with_130() {
    for name in ["INT", "TERM"] {
        let reports = reports();
        let (service, child) = stuck(&reports);
        signal(&child, name);
        let (code, log) = end_of(child, Duration::from_secs(5));
        is_cancelled(&service, code, &log);
    }
}

#[test]
fn the_end_of_standard_input_means_cancel() {
    let reports = reports();
    let (service, mut child) = stuck(&reports);
    drop(child.stdin.take());
    let (code, log) = end_of(child, Duration::from_secs(5));
    is_cancelled(&service, code, &log);
}

#[test]
fn a_second_signal_within_two_seconds_counts_as_one() {
    let reports = reports();
    let (service, child) = stuck(&reports);
    // Time for the second signal, while the run is being closed.
    let delay = Duration::from_millis(700);
    service.script(Rule::once("PATCH", "/runs/1$", Fault::Slow { delay }));
    signal(&child, "INT");
    wait_for(&service, "PATCH", "/runs/1", 1);
    signal(&child, "INT");
    signal(&child, "TERM");
    let (code, log) = end_of(child, Duration::from_secs(5));
    is_cancelled(&service, code, &log);
}

#[test]
fn a_signal_after_two_seconds_ends_at_once_and_nothing_more_is_said() {
    let reports = reports();
    let (service, child) = stuck(&reports);
    service.script(Rule::always("PATCH", "/runs/1$", Fault::NeverAnswer));
    signal(&child, "INT");
    wait_for(&service, "PATCH", "/runs/1", 1);
    std::thread::sleep(Duration::from_millis(2_200));
    signal(&child, "INT");
    let (code, log) = end_of(child, Duration::from_secs(5));
    assert_eq!(code, 130, "{log}");
    assert!(!log.contains("task.complete"), "{log}");
    assert_eq!(states(&service), ["InProgress"]);
}

#[test]
fn a_run_that_cannot_be_closed_in_time_is_named() {
    let reports = reports();
    let (service, child) = stuck(&reports);
    service.script(Rule::always("PATCH", "/runs/1$", Fault::NeverAnswer));
    signal(&child, "TERM");
    // The agent kills after ten seconds; the limit here bears a busy machine.
    let (code, log) = end_of(child, Duration::from_secs(7));
    assert_eq!(code, 130, "{log}");
    assert!(
        log.contains("test run 1 could not be set to Aborted"),
        "{log}"
    );
    assert!(log.contains("##vso[task.complete result=Canceled;]"));
}

#[test]
fn a_wait_that_the_service_asked_for_does_not_keep_a_run_open() {
    let reports = reports();
    let service = service();
    let wait = Fault::HeadersOnSuccess(vec![("Retry-After".into(), "60".into())]);
    service.script(Rule::once("POST", "/results$", wait));
    let child = TaskRun::new(&service, reports.path()).start();
    wait_for(&service, "POST", "/results", 1);
    signal(&child, "INT");
    let (code, log) = end_of(child, Duration::from_secs(5));
    is_cancelled(&service, code, &log);
}

#[test]
fn a_run_that_was_made_while_it_was_cancelled_is_aborted() {
    // The creation is answered late, or not at all.
    for delay in [Duration::from_millis(600), Duration::from_secs(60)] {
        let reports = reports();
        let service = service();
        service.script(Rule::once("POST", "/runs$", Fault::Slow { delay }));
        let child = TaskRun::new(&service, reports.path()).start();
        wait_for(&service, "POST", "/runs", 1);
        signal(&child, "INT");
        let (code, log) = end_of(child, Duration::from_secs(7));
        assert_eq!(code, 130, "{log}");
        assert_eq!(states(&service), ["Aborted"], "{log}");
        assert!(log.contains("##vso[task.complete result=Canceled;]"));
    }
}

#[test]
fn a_run_whose_creation_shows_after_the_first_look_is_aborted_too() {
    let reports = reports();
    let service = service();
    // The connection breaks at once; the run is there a second later.
    let delay = Duration::from_secs(1);
    service.script(Rule::once("POST", "/runs$", Fault::HandledLate { delay }));
    let child = TaskRun::new(&service, reports.path()).start();
    wait_for(&service, "POST", "/runs", 1);
    signal(&child, "INT");
    let (code, log) = end_of(child, Duration::from_secs(7));
    assert_eq!(code, 130, "{log}");
    assert_eq!(states(&service), ["Aborted"], "{log}");
    let looks = asked(&service, "GET", "/runs").len();
    assert!(
        looks > 2,
        "one before, one that misses it, one that finds it: {looks}"
    );
}

#[test]
fn a_service_that_is_waited_for_at_the_beginning_can_be_cancelled() {
    let reports = reports();
    let service = service();
    service.script(Rule::always("GET", "/connectionData$", Fault::NeverAnswer));
    let child = TaskRun::new(&service, reports.path()).start();
    wait_for(&service, "GET", "/connectionData", 1);
    signal(&child, "TERM");
    let (code, log) = end_of(child, Duration::from_secs(5));
    assert_eq!(code, 130, "{log}");
    assert!(service.runs().is_empty());
    assert!(log.contains("0 results read: 0 published, 0 left out, 0 missing"));
    assert!(log.contains("##vso[task.complete result=Canceled;]KADO130"));
}

#[test]
fn a_json_document_is_written_also_when_it_is_cancelled() {
    for method_and_path in [("GET", "/connectionData"), ("POST", "/attachments")] {
        let (method, path) = method_and_path;
        let reports = reports();
        let service = service();
        service.script(Rule::always(
            method,
            &format!("{path}$"),
            Fault::NeverAnswer,
        ));
        let child = TaskRun::new(&service, reports.path())
            .args(&["publish", "--format", "json"])
            .start();
        wait_for(&service, method, path, 1);
        signal(&child, "INT");
        let (code, document) = end_of(child, Duration::from_secs(7));
        assert_eq!(code, 130, "{document}");
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["exitCode"], 130, "{path}");
    }
}
