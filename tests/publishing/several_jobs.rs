//! Several jobs that find one report: one publishes it, and the others know where it is.

use std::time::{Duration, Instant};

use ado_stand_in::{Fault, Rule, Service};
use serde_json::json;

use crate::support::holdings::{asked, meanwhile, names, states, the_finished_run};
use crate::support::jobs::{another_job, comments, open_run, reports, run_with, task};
use crate::support::{Case, assert_swagger, service};

#[test]
fn of_two_jobs_at_the_same_moment_the_one_that_finished_first_has_it() {
    let (service, reports) = (service(), reports());
    let (_, theirs) = comments(&reports);
    service.script(meanwhile("POST", "/results$", move |service| {
        service.add_run(&run_with(&theirs, "Completed"));
    }));
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "Completed"]);
    let reason = service.runs()[0]["errorMessage"].clone();
    assert_eq!(
        reason,
        "these reports are in test run 2, which was made at the same time"
    );
    assert_eq!(finished.output("testRunIds"), "2");
    finished.says("2 results read: 0 published, 2 left out, 0 missing");
    assert_swagger(&service);
}

#[test]
fn of_two_open_runs_with_one_report_the_older_one_wins() {
    let reports = reports();
    let (_, theirs) = comments(&reports);
    // Ours is the older one: theirs is left alone, and ours completed.
    let service_of_ours = service();
    let twin = theirs.clone();
    service_of_ours.script(meanwhile("POST", "/results$", move |service| {
        open_run(service, &twin);
    }));
    let finished = task(&service_of_ours, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service_of_ours), ["Completed", "InProgress"]);
    // Theirs is older: ours is given up, and theirs waited for.
    let service_of_theirs = service();
    service_of_theirs.script(meanwhile("POST", "/runs$", move |service| {
        open_run(service, &theirs);
    }));
    let end = |service: &Service| {
        service.edit_run(1, &json!({"state": "Completed"}));
    };
    let second = Rule::once("GET", "/runs$", Fault::meanwhile(end));
    service_of_theirs.script(second.nth(4));
    let finished = task(&service_of_theirs, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service_of_theirs), ["Completed", "Aborted"]);
    finished.says("2 results read: 0 published, 2 left out, 0 missing");
    assert_swagger(&service_of_theirs);
}

#[test]
fn what_another_job_is_publishing_is_left_to_it() {
    let (service, reports) = (service(), reports());
    let (_, theirs) = comments(&reports);
    let id = open_run(&service, &theirs);
    // It is finished between our first look and the second.
    let end = move |service: &Service| {
        service.edit_run(id, &json!({"state": "Completed"}));
    };
    service.script(Rule::once("GET", "/runs$", Fault::meanwhile(end)).nth(2));
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
    finished.says("'Smoke' is being published by another job, in test run 1");
    finished.says("2 results read: 0 published, 2 left out, 0 missing");
    assert_eq!(finished.output("testRunIds"), "1");
}

#[test]
fn what_another_job_never_finishes_is_missing_and_ends_with_5() {
    let (service, reports) = (service(), reports());
    let (_, theirs) = comments(&reports);
    open_run(&service, &theirs);
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    assert_eq!(states(&service), ["InProgress"]);
    finished.says("another job is still publishing it, in test run 1");
    finished.says("2 results read: 0 published, 0 left out, 2 missing");
}

#[test]
fn another_job_is_waited_for_no_longer_than_retry_for() {
    let (service, reports) = (service(), reports());
    let (_, theirs) = comments(&reports);
    open_run(&service, &theirs);
    let begun = Instant::now();
    // The real waits: a look every ten seconds, for two minutes.
    let finished = task(&service, &reports).input("retryFor", "1").run();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    assert!(begun.elapsed() < Duration::from_secs(9));
    let looks = asked(&service, "GET", "/runs").len();
    assert!(looks >= 2, "{looks}");
}

#[test]
fn what_another_job_gave_up_is_published_here() {
    let (service, reports) = (service(), reports());
    let (_, theirs) = comments(&reports);
    let id = open_run(&service, &theirs);
    let end = move |service: &Service| {
        service.edit_run(id, &json!({"state": "Aborted"}));
    };
    service.script(Rule::once("GET", "/runs$", Fault::meanwhile(end)).nth(2));
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "Completed"]);
    the_finished_run(&service, &["A", "B"]);
    finished.says("2 results read: 2 published, 0 left out, 0 missing");
    assert_swagger(&service);
}

#[test]
fn a_run_of_a_job_that_died_an_hour_ago_counts_as_ours() {
    let (service, reports) = (service(), reports());
    let (_, theirs) = comments(&reports);
    let id = open_run(&service, &theirs);
    let long_ago: jiff::Timestamp = service.now().parse().unwrap();
    let long_ago = long_ago - jiff::SignedDuration::from_mins(61);
    service.edit_run(id, &json!({"lastUpdatedDate": long_ago.to_string()}));
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
    the_finished_run(&service, &["A", "B"]);
    assert_swagger(&service);
}

#[test]
fn what_is_in_a_finished_run_of_another_job_is_left_out_and_counts_for_no_total() {
    let (service, reports) = (service(), reports());
    assert_eq!(another_job(&service, &reports).run_impatiently().code, 0);
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
    finished.says("already published in test run 1");
    finished.says("'whenAlreadyPublished: publish'");
    finished.says("2 results read: 0 published, 2 left out, 0 missing");
    assert_eq!(finished.output("testRunIds"), "1");
    assert_eq!(finished.output("totalTests"), "0");
    assert_swagger(&service);
}

#[test]
fn of_four_jobs_that_find_one_report_at_the_same_moment_one_publishes_it() {
    for _ in 0..5 {
        let (service, reports) = (service(), reports());
        let ended = std::thread::scope(|scope| {
            let job = |number: usize| {
                let task = task(&service, &reports)
                    .var("SYSTEM_JOBNAME", &format!("Job {number}"))
                    .var("AGENT_TEMPDIRECTORY", "");
                scope.spawn(move || task.run_impatiently())
            };
            let jobs: Vec<_> = (0..4).map(job).collect();
            let ended = jobs.into_iter().map(|job| job.join().unwrap());
            ended.collect::<Vec<_>>()
        });
        let run = the_finished_run(&service, &["A", "B"]);
        let count = |text: &str| ended.iter().filter(|job| job.stdout.contains(text)).count();
        assert_eq!(
            count("2 results read: 2 published, 0 left out, 0 missing"),
            1
        );
        for job in &ended {
            // On a busy machine one may lose patience with the winner, and says so.
            let waited = job.stdout.contains("another job is still publishing it");
            assert_eq!(job.code, if waited { 5 } else { 0 }, "{}", job.stdout);
            if !waited {
                assert_eq!(job.output("testRunIds"), run["id"].to_string());
            }
        }
    }
}

#[test]
fn what_only_our_run_held_is_published_anew_when_another_job_has_a_part_of_it() {
    let (service, reports) = (service(), reports());
    let (_, theirs) = comments(&reports);
    reports.add_suite("Second", &[Case::passed("C")]);
    service.script(meanwhile("POST", "/results$", move |service| {
        let mut run = run_with(&theirs, "Completed");
        run["results"] = json!([
            {"automatedTestName": "Test Cases/A"},
            {"automatedTestName": "Test Cases/B"},
        ]);
        service.add_run(&run);
    }));
    let finished = task(&service, &reports)
        .input("testRunPer", "build")
        .run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "Completed", "Completed"]);
    assert_eq!(names(&service.runs()[2]), ["C"]);
    finished.says("3 results read: 1 published, 2 left out, 0 missing");
    assert_eq!(finished.output("testRunIds"), "3,2");
    assert_swagger(&service);
}

#[test]
fn a_job_that_is_dead_is_only_replaced_where_it_is_in_the_way() {
    let (service, reports) = (service(), reports());
    let (_, theirs) = comments(&reports);
    let mark = theirs.rsplit_once(':').unwrap().0;
    let id = open_run(&service, &format!("{mark}:0123456789"));
    let long_ago: jiff::Timestamp = service.now().parse().unwrap();
    let long_ago = long_ago - jiff::SignedDuration::from_hours(2);
    service.edit_run(id, &json!({"lastUpdatedDate": long_ago.to_string()}));
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["InProgress", "Completed"]);
}
