//! A report is published once, however often and by whomever it is found.

use ado_stand_in::{Fault, Rule};
use serde_json::json;

use crate::support::holdings::{asked, names, states, the_finished_run};
use crate::support::jobs::{comments, open_run, reports, run_with, task};
use crate::support::{Case, Reports, Suite, assert_swagger, service};

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
fn of_two_own_open_runs_the_older_one_is_filled_up_and_the_other_one_aborted() {
    let (service, reports) = (service(), reports());
    let (ours, _) = comments(&reports);
    let older = open_run(&service, &ours);
    let newer = open_run(&service, &ours);
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Completed", "Aborted"]);
    assert_eq!(names(&service.run(older).unwrap()), ["A", "B"]);
    let reason = service.run(newer).unwrap()["errorMessage"].clone();
    assert_eq!(reason, "left over from an earlier try of this job");
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

#[test]
fn a_later_attempt_of_the_job_or_the_stage_is_the_same_owner() {
    for attempt in [
        "SYSTEM_JOBATTEMPT",
        "SYSTEM_PHASEATTEMPT",
        "SYSTEM_STAGEATTEMPT",
    ] {
        let (service, reports) = (service(), reports());
        assert_eq!(task(&service, &reports).run_impatiently().code, 0);
        let again = task(&service, &reports).var(attempt, "2").run_impatiently();
        assert_eq!(again.code, 0, "{}", again.stdout);
        assert_eq!(states(&service), ["Completed"], "{attempt}");
        again.says("already published in test run 1");
        // What this owner published counts for its gates and totals.
        assert_eq!(again.output("totalTests"), "2");
        assert_eq!(again.output("testRunIds"), "1");
    }
}

#[test]
fn on_purpose_beside_a_finished_run_a_lost_creation_is_looked_for_and_not_taken_for_that() {
    for fault in [Fault::ResetAfter, Fault::ResetBefore] {
        let (service, reports) = (service(), reports());
        assert_eq!(task(&service, &reports).run_impatiently().code, 0);
        service.script(Rule::once("POST", "/runs$", fault));
        let finished = task(&service, &reports)
            .input("whenAlreadyPublished", "publish")
            .run_impatiently();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        assert_eq!(states(&service), ["Completed", "Completed"]);
        assert_eq!(names(&service.runs()[1]), ["A", "B"]);
        assert_eq!(finished.output("testRunIds"), "2");
        assert_swagger(&service);
    }
}

#[test]
fn on_purpose_an_open_run_of_this_owner_is_filled_up_all_the_same() {
    let (service, reports) = (service(), reports());
    assert_eq!(task(&service, &reports).run_impatiently().code, 0);
    let (ours, _) = comments(&reports);
    open_run(&service, &ours);
    let finished = task(&service, &reports)
        .input("whenAlreadyPublished", "publish")
        .run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Completed", "Completed"]);
    assert_eq!(names(&service.runs()[1]), ["A", "B"]);
}

#[test]
fn a_report_that_grew_is_published_anew_and_its_earlier_state_named() {
    let (service, earlier) = (service(), reports());
    assert_eq!(task(&service, &earlier).run_impatiently().code, 0);
    let cases = ["A", "B", "C"].map(Case::passed);
    let later = Reports::new().with_suite("Smoke", &cases);
    let finished = task(&service, &later).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(names(&service.runs()[1]), ["A", "B", "C"]);
    assert_eq!(finished.issues("warning"), ["KADO012"]);
    // And the next time it is the later one that is published already.
    let again = task(&service, &later).run_impatiently();
    again.says("already published in test run 2");
}

#[test]
fn a_finished_run_of_ours_that_somebody_ended_too_early_is_published_anew() {
    let (service, reports) = (service(), reports());
    let (ours, _) = comments(&reports);
    let mut run = run_with(&ours, "Completed");
    run["results"] = json!([{"automatedTestName": "Test Cases/A"}]);
    service.add_run(&run);
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Completed", "Completed"]);
    assert_eq!(names(&service.runs()[1]), ["A", "B"]);
    assert_eq!(finished.issues("warning"), ["KADO014"]);
    finished.says("somebody ended it");
}

#[test]
fn without_a_build_a_creation_whose_answer_is_lost_is_named_as_missing() {
    let (service, reports) = (service(), reports());
    service.script(Rule::once("POST", "/runs$", Fault::ResetAfter));
    let finished = task(&service, &reports)
        .var("BUILD_BUILDID", "")
        .var("BUILD_BUILDURI", "")
        .var("BUILD_BUILDNUMBER", "")
        .run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1, "it is not made twice");
    finished.says("without a build it cannot be looked for");
    finished.says("2 results read: 0 published, 0 left out, 2 missing");
}

#[test]
fn two_executions_of_one_second_are_published_both_and_once() {
    let at = |folder: &str, millis| {
        Suite::new("Smoke", &[Case::passed("A")])
            .with_log()
            .in_folder(folder)
            .at("2025-08-11 10:15:02", millis)
    };
    let reports = Reports::new()
        .with(&at("one", 1_754_907_302_100))
        .with(&at("two", 1_754_907_302_400));
    let service = service();
    for published in [2, 0] {
        let finished = task(&service, &reports).run();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        let left_out = 2 - published;
        finished.says(&format!(
            "2 results read: {published} published, {left_out} left out, 0 missing"
        ));
        assert_eq!(states(&service), ["Completed"; 2]);
    }
    assert_swagger(&service);
}
