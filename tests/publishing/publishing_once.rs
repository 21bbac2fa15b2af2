//! A report is published once, however often and by whomever it is found.

use std::time::{Duration, Instant};

use ado_stand_in::{Fault, Rule, Service, StandIn};
use serde_json::{Value, json};

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

/// The same job's task once more, of another job.
fn another_job(service: &StandIn, reports: &Reports) -> TaskRun {
    task(service, reports).var("SYSTEM_JOBNAME", "Other job")
}

/// The mark that a run of this program would bear, read from one that it made elsewhere.
fn comment_of(run: TaskRun, service: &StandIn) -> String {
    let finished = run.run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    service.runs()[0]["comment"].as_str().unwrap().to_owned()
}

/// The comment of a run of this job with these reports, and of one of another job.
fn comments(reports: &Reports) -> (String, String) {
    let (ours, theirs) = (service(), service());
    (
        comment_of(task(&ours, reports), &ours),
        comment_of(another_job(&theirs, reports), &theirs),
    )
}

fn run_with(comment: &str, state: &str) -> Value {
    json!({
        "name": "Smoke",
        "state": state,
        "comment": comment,
        "build": {"id": "71"},
    })
}

fn now(service: &Service) -> Value {
    json!(service.now())
}

/// An open run that somebody changed just now.
fn open_run(service: &Service, comment: &str) -> u64 {
    let mut run = run_with(comment, "InProgress");
    run["lastUpdatedDate"] = now(service);
    service.add_run(&run)
}

#[test]
fn the_mark_stands_in_the_comment_from_the_creation_on() {
    let service = service();
    let finished = task(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let created = asked(&service, "POST", "/runs")[0].json();
    let comment = created["comment"].as_str().unwrap();
    let mark = comment.rsplit(' ').next().unwrap();
    let parts: Vec<&str> = mark.split(':').collect();
    assert_eq!((parts[0], parts.len()), ("katalon-ado", 3), "{comment}");
    let lengths = (parts[1].len(), parts[2].len());
    assert_eq!(lengths, (8, 10), "{comment}");
    assert_eq!(service.runs()[0]["comment"], comment);
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
fn a_finished_run_that_lacks_refused_results_ends_with_5_each_time() {
    let (service, reports) = (service(), reports());
    service.configure(|settings| settings.refused_titles = vec!["B".into()]);
    assert_eq!(task(&service, &reports).run_impatiently().code, 5);
    let again = task(&service, &reports).run_impatiently();
    assert_eq!(again.code, 5, "{}", again.stdout);
    assert_eq!(service.runs().len(), 1);
    again.says("test run 1 lacks results that Azure DevOps refused");
    again.says("2 results read: 0 published, 2 left out, 0 missing");
    // What refused them may be gone.
    service.configure(|settings| settings.refused_titles.clear());
    let on_purpose = task(&service, &reports)
        .input("whenAlreadyPublished", "publish")
        .run_impatiently();
    assert_eq!(on_purpose.code, 0, "{}", on_purpose.stdout);
    assert_eq!(names(&service.runs()[1]), ["A", "B"]);
    assert_swagger(&service);
}

#[test]
fn on_purpose_a_report_is_published_each_time() {
    let (service, reports) = (service(), reports());
    for runs in 1..=3 {
        let finished = task(&service, &reports)
            .input("whenAlreadyPublished", "publish")
            .run_impatiently();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        finished.says("2 results read: 2 published, 0 left out, 0 missing");
        assert_eq!(states(&service), vec!["Completed"; runs]);
    }
    assert!(service.runs().iter().all(|run| names(run) == ["A", "B"]));
    assert_swagger(&service);
}

#[test]
fn an_own_open_run_with_these_reports_is_filled_up() {
    let (service, reports) = (service(), reports());
    let (ours, _) = comments(&reports);
    let id = open_run(&service, &ours);
    let there = json!({
        "testCaseTitle": "B", "automatedTestName": "Test Cases/B",
        "automatedTestStorage": "Test Suites/Smoke", "computerName": "AGENT-7",
        "outcome": "Passed", "state": "Completed", "durationInMs": 1000,
    });
    service.add_result(id, &there);
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
    the_finished_run(&service, &["A", "B"]);
    let sent = asked(&service, "POST", "/results")[0].json();
    assert_eq!(sent.as_array().unwrap().len(), 1);
    finished.says("'Smoke': test run 1 of an earlier try is filled up");
    assert_swagger(&service);
}

#[test]
fn an_own_open_run_that_holds_something_twice_is_aborted_and_its_reports_published_anew() {
    let (service, reports) = (service(), reports());
    let (ours, _) = comments(&reports);
    let id = open_run(&service, &ours);
    for _ in 0..2 {
        let twice = json!({
            "testCaseTitle": "A", "automatedTestName": "Test Cases/A",
            "automatedTestStorage": "Test Suites/Smoke", "computerName": "AGENT-7",
            "outcome": "Passed", "state": "Completed", "durationInMs": 1000,
        });
        service.add_result(id, &twice);
    }
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "Completed"]);
    the_finished_run(&service, &["A", "B"]);
    finished.says("it holds results twice");
    assert_swagger(&service);
}

#[test]
fn an_own_open_run_with_other_reports_too_is_aborted_and_its_reports_published_anew() {
    let (service, reports) = (service(), reports());
    let (ours, _) = comments(&reports);
    let id = open_run(&service, &format!("{ours},0123456789"));
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "Completed"]);
    the_finished_run(&service, &["A", "B"]);
    let reason = service.run(id).unwrap()["errorMessage"].clone();
    assert_eq!(
        reason,
        "begun by an earlier try of this job for other reports; published anew"
    );
    assert_swagger(&service);
}

#[test]
fn an_own_open_run_whose_reports_are_gone_is_aborted() {
    let (service, reports) = (service(), reports());
    let (ours, _) = comments(&reports);
    let mark = ours.rsplit_once(':').unwrap().0;
    let orphan = open_run(&service, &format!("{mark}:0123456789"));
    let of_another = open_run(&service, "katalon-ado:ffffffff:0123456789");
    let without_mark = open_run(&service, "by hand");
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.run(orphan).unwrap()["state"], "Aborted");
    assert_eq!(service.run(of_another).unwrap()["state"], "InProgress");
    assert_eq!(service.run(without_mark).unwrap()["state"], "InProgress");
    assert_swagger(&service);
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
fn an_earlier_state_of_a_report_is_named_and_the_report_published_anew() {
    let (service, earlier) = (service(), reports());
    assert_eq!(task(&service, &earlier).run_impatiently().code, 0);
    // Katalon wrote the report once more: one case has failed by now.
    let later = Reports::new().with_suite("Smoke", &[Case::passed("A"), Case::failed("B", "no")]);
    let finished = task(&service, &later).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Completed", "NeedsInvestigation"]);
    assert_eq!(finished.issues("warning"), ["KADO012"]);
    finished.says("'Smoke' was published before in an earlier state, in test run 1");
    assert_swagger(&service);
}

#[test]
fn what_is_only_in_an_aborted_run_is_published_anew_and_the_log_names_that_run() {
    let (service, reports) = (service(), reports());
    let (ours, _) = comments(&reports);
    service.add_run(&run_with(&ours, "Aborted"));
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    the_finished_run(&service, &["A", "B"]);
    finished.says("'Smoke' is in test run 1, which was aborted; it is published anew");
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
}

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
fn results_that_arrived_twice_before_a_kill_are_published_anew() {
    let (service, reports) = (service(), reports());
    let (ours, _) = comments(&reports);
    let mut run = run_with(&ours, "Completed");
    run["results"] = json!([{}, {}, {}]);
    service.add_run(&run);
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "Completed"]);
    the_finished_run(&service, &["A", "B"]);
    assert_swagger(&service);
}
