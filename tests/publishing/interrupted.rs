//! Runs that somebody ends or deletes, and processes that are killed, in the middle.

use std::time::{Duration, Instant};

use ado_stand_in::{Fault, Rule, Service, StandIn};
use serde_json::json;

use crate::support::holdings::{asked, meanwhile, names, states, the_finished_run};
use crate::support::{Case, Reports, TaskRun, assert_swagger, service};

fn reports() -> Reports {
    Reports::new().with_suite("Smoke", &[Case::passed("A"), Case::passed("B")])
}

fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("requestTimeout", "1")
        .input("retryFor", "5")
}

#[test]
fn a_run_that_somebody_ends_or_deletes_is_published_anew_once() {
    type Interference = fn(&Service, u64) -> bool;
    let interferences: [(&str, Interference); 3] = [
        ("aborts", |service, id| {
            service.edit_run(id, &json!({"state": "Aborted"}))
        }),
        ("completes", |service, id| {
            service.edit_run(id, &json!({"state": "Completed"}))
        }),
        ("deletes", Service::delete_run),
    ];
    for (what, interfere) in interferences {
        for before in ["/results$", "/runs/1$"] {
            let method = if before == "/results$" {
                "POST"
            } else {
                "PATCH"
            };
            let service = service();
            service.script(meanwhile(method, before, move |service| {
                assert!(interfere(service, 1));
            }));
            let finished = task(&service, &reports()).run_impatiently();
            assert_eq!(finished.code, 0, "{what}, {before}: {}", finished.stdout);
            let runs = service.runs();
            let whole = runs.iter().filter(|run| names(run) == ["A", "B"]);
            let whole = whole.filter(|run| run["state"] == "Completed").count();
            assert_eq!(whole, 1, "{what}, {before}");
            assert_swagger(&service);
        }
    }
}

#[test]
fn a_run_that_somebody_ends_twice_is_missing() {
    let service = service();
    let end = |service: &Service| {
        let last = service.runs().last().unwrap()["id"].as_u64().unwrap();
        service.edit_run(last, &json!({"state": "Aborted"}));
    };
    service.script(Rule::always("POST", "/results$", Fault::meanwhile(end)));
    let finished = task(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "Aborted"]);
    finished.says("somebody ended it, twice (test run 2)");
    finished.says("2 results read: 0 published, 0 left out, 2 missing");
}

/// Kills the real program with no chance to clean up while the service answers such a request,
/// then runs it again.
fn killed_during(method: &str, path: &str, runs_after: usize) {
    let (service, reports) = (service(), reports());
    let delay = Duration::from_secs(60);
    service.script(Rule::once(method, path, Fault::Slow { delay }));
    let mut child = task(&service, &reports)
        .input("requestTimeout", "100")
        .start();
    let deadline = Instant::now() + Duration::from_secs(20);
    let ending = path.trim_end_matches('$');
    while asked(&service, method, ending).is_empty() {
        assert!(Instant::now() < deadline, "the request never came");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    the_finished_run(&service, &["A", "B"]);
    assert_eq!(service.runs().len(), runs_after);
    assert_swagger(&service);
}

#[test]
fn a_run_that_was_made_by_a_killed_process_is_used_by_the_next() {
    killed_during("POST", "/runs$", 1);
}

#[test]
fn results_that_a_killed_process_sent_are_not_sent_again() {
    killed_during("POST", "/results$", 1);
}

#[test]
fn a_run_that_a_killed_process_completed_is_finished() {
    killed_during("PATCH", "/runs/1$", 1);
}
