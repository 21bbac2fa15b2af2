//! Runs that somebody ends or deletes, and processes that are killed, in the middle.

use std::time::{Duration, Instant};

use ado_stand_in::{Fault, Match, Rule, Service, StandIn};
use serde_json::json;

use crate::support::holdings::{asked, meanwhile, names, states, the_finished_run};
use crate::support::{Case, Reports, Suite, TaskRun, assert_swagger, service};

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

/// Fifteen results: some failed with a picture, some are retries with a picture of their own.
fn with_pictures() -> (Reports, Vec<String>) {
    let reports = Reports::new();
    let names: Vec<String> = (0..15).map(|at| format!("T{at:02}")).collect();
    let case = |(at, name): (usize, &String)| {
        let picture = format!("{name}.png");
        match at % 3 {
            0 => Case::failed(name, "no").picture(&picture),
            1 => Case::passed(name).after("FAILED", "flaky", &[&picture]),
            _ => Case::passed(name),
        }
    };
    let cases: Vec<Case> = names.iter().enumerate().map(case).collect();
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    for name in &names {
        std::fs::write(folder.join(format!("{name}.png")), name).unwrap();
    }
    (reports, names)
}

/// What is attached to a run and to everything below it.
fn attached(holder: &serde_json::Value) -> Vec<String> {
    let list = |name: &str| holder[name].as_array().cloned().unwrap_or_default();
    let here = list("attachments").into_iter();
    let mut names: Vec<String> = here
        .map(|attachment| attachment["fileName"].as_str().unwrap().to_owned())
        .collect();
    let below = list("results").into_iter().chain(list("subResults"));
    names.extend(below.flat_map(|one| attached(&one)));
    names.sort();
    names
}

#[test]
fn wherever_it_is_killed_the_next_try_sends_only_what_is_missing() {
    let (reports, names_of_all) = with_pictures();
    let mut pictures: Vec<String> = (0..15)
        .filter(|at| at % 3 < 2)
        .map(|at| format!("T{at:02}.png"))
        .collect();
    pictures.push("execution0.log".to_owned());
    pictures.sort();
    let mut seed: u64 = 9;
    let mut roll = |sides: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % sides
    };
    let mut killed_with_an_open_run = 0;
    for trial in 0..25 {
        let service = service();
        // Time to be killed in: each answer takes a little.
        let delay = Duration::from_millis(3);
        service.script(Rule {
            on: Match {
                method: None,
                path: String::new(),
                skip: 0,
                times: None,
            },
            fault: Fault::Slow { delay },
        });
        let mut child = task(&service, &reports).start();
        let requests = 1 + roll(22) as usize;
        let deadline = Instant::now() + Duration::from_secs(20);
        while service.requests().len() < requests && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it hangs");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(roll(4_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        killed_with_an_open_run += usize::from(states(&service) == ["InProgress"]);
        let finished = task(&service, &reports).run_impatiently();
        assert_eq!(finished.code, 0, "{trial}: {}", finished.stdout);
        let names: Vec<&str> = names_of_all.iter().map(String::as_str).collect();
        let run = the_finished_run(&service, &names);
        assert_eq!(service.runs().len(), 1, "{trial}");
        assert_eq!(attached(&run), pictures, "{trial}");
        let sent = |ending: &str| {
            let all = asked(&service, "POST", ending);
            all.into_iter().filter(|request| request.handled)
        };
        let results: usize = sent("/results")
            .map(|request| request.json().as_array().unwrap().len())
            .sum();
        assert_eq!(results, 15, "{trial}: a result was sent twice");
        let files = sent("/attachments").count();
        assert_eq!(files, pictures.len(), "{trial}: a file was sent twice");
        assert_swagger(&service);
    }
    assert!(killed_with_an_open_run > 8, "{killed_with_an_open_run}");
}

#[test]
fn a_second_program_beside_one_that_is_orphaned_publishes_everything_once() {
    let (service, reports) = (service(), reports());
    // The first is at work on results when its launcher is killed.
    service.script(Rule::once("POST", "/results$", Fault::NeverAnswer));
    let mut first = task(&service, &reports).start();
    let deadline = Instant::now() + Duration::from_secs(20);
    while asked(&service, "POST", "/results").is_empty() {
        assert!(Instant::now() < deadline, "the request never came");
        std::thread::sleep(Duration::from_millis(10));
    }
    // It notices by the end of its input, and needs a while to set its run to `Aborted`.
    let delay = Duration::from_millis(200);
    service.script(Rule::once("PATCH", "/runs/1$", Fault::Slow { delay }));
    drop(first.stdin.take());
    let second = task(&service, &reports).run_impatiently();
    assert_eq!(second.code, 0, "{}", second.stdout);
    assert_eq!(first.wait().unwrap().code(), Some(130));
    the_finished_run(&service, &["A", "B"]);
    assert_swagger(&service);
}
