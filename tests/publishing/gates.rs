//! When the task fails and with which code, and that all results are counted.

use crate::support::holdings::{asked, writes};
use crate::support::{Case, Reports, Suite, TaskRun, assert_swagger, service};
use ado_stand_in::{Fault, Rule, StandIn};

fn one_failed() -> Reports {
    Reports::new().with_suite("Smoke", &[Case::passed("A"), Case::failed("B", "x")])
}

fn add_unreadable(reports: &Reports) {
    let folder = reports.path().join("Reports/broken");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("JUnit_Report.xml"), "<testsuites><test").unwrap();
}

#[test]
fn failed_tests_fail_the_task_only_where_asked_and_each_kind_is_counted() {
    let service = service();
    let cases = [
        Case::passed("A"),
        Case::failed("B", "x"),
        Case::failed("C", "x"),
        Case::ended("D", "ERROR", "x"),
        Case::ended("E", "INCOMPLETE", ""),
    ];
    let reports = Reports::new().with(&Suite::new("Smoke", &cases).killed().planned(&["F", "G"]));
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let finished = TaskRun::new(&service, reports.path())
        .input("failTaskOnFailedTests", "true")
        .run();
    // Published before by this job: it counts all the same.
    assert_eq!(finished.code, 1, "{}", finished.stdout);
    finished.says("tests did not pass: 1 ERROR, 2 FAILED, 1 INCOMPLETE, 2 NOT_RUN");
    finished.says("makes this fail the task. All results are published.");
    finished.says("7 results read: 0 published, 7 left out, 0 missing");
    assert_eq!(finished.output("exitCode"), "1");
}

#[test]
fn what_never_ran_fails_the_task_only_in_a_report_that_never_finished() {
    let service = service();
    let cases = [Case::passed("A"), Case::ended("B", "SKIPPED", "")];
    let suite = Suite::new("Smoke", &cases).with_log().planned(&["C"]);
    let finished = TaskRun::new(&service, Reports::new().with(&suite).path())
        .input("failTaskOnFailedTests", "true")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.output("otherTests"), "2");
}

#[test]
fn a_flaky_test_is_no_failed_one() {
    let service = service();
    let case = Case::passed("A").after("FAILED", "x", &[]);
    let reports = Reports::new().with(&Suite::new("Smoke", &[case]).with_log());
    let finished = TaskRun::new(&service, reports.path())
        .input("failTaskOnFailedTests", "true")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
}

#[test]
fn no_report_fails_the_task_unless_it_may_be_missing() {
    let (service, reports) = (service(), Reports::new());
    std::fs::create_dir_all(reports.path().join("some/where")).unwrap();
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 3);
    assert_eq!(finished.issues("error"), ["KADO301"]);
    finished.says("no Katalon report found under");
    finished.says("0 results read: 0 published, 0 left out, 0 missing");
    let finished = TaskRun::new(&service, reports.path())
        .input("failTaskOnMissingReports", "false")
        .run();
    assert_eq!(finished.code, 0);
    assert_eq!(finished.issues("warning"), ["KADO301"]);
    assert_eq!(writes(&service), 0);
}

#[test]
fn an_empty_report_makes_no_run_and_counts_as_none() {
    let service = service();
    let reports = Reports::new().with_suite("Empty", &[]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 3, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO005"]);
    assert_eq!(finished.issues("error"), ["KADO301"]);
    assert_eq!(writes(&service), 0);
    let reports = reports.with_suite("Smoke", &[Case::passed("A")]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO005"]);
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn an_unreadable_report_fails_the_task_after_the_others_were_published() {
    let (service, reports) = (service(), one_failed());
    add_unreadable(&reports);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 3, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), ["KADO302"]);
    finished.says("Reports/broken");
    assert_eq!(service.runs()[0]["state"], "NeedsInvestigation");
    let finished = TaskRun::new(&service, reports.path())
        .input("failTaskOnUnreadableReports", "false")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO302"]);
    assert_swagger(&service);
}

fn refuse_everybody(service: &StandIn) {
    service.script(Rule::always("GET", "connectionData", Fault::status(401)));
}

#[test]
fn where_nothing_could_be_published_the_exit_code_is_4_or_a_single_warning() {
    let (service, reports) = (service(), one_failed());
    refuse_everybody(&service);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 4);
    assert_eq!(finished.issues("error"), ["KADO401"]);
    finished.says("2 results read: 0 published, 0 left out, 2 missing");
    let finished = TaskRun::new(&service, reports.path())
        .input("failTaskOnFailureToPublishResults", "false")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), Vec::<String>::new());
    assert_eq!(finished.issues("warning"), ["KADO401"]);
    finished.says("2 results read: 0 published, 0 left out, 2 missing");
}

#[test]
fn a_run_that_stops_half_way_is_told_once_as_well() {
    for (fails, codes) in [("true", (4, "error")), ("false", (0, "warning"))] {
        let (service, reports) = (service(), one_failed());
        service.script(Rule::always("POST", "/results$", Fault::status(403)));
        let finished = TaskRun::new(&service, reports.path())
            .input("failTaskOnFailureToPublishResults", fails)
            .run();
        assert_eq!(finished.code, codes.0, "{}", finished.stdout);
        assert_eq!(finished.issues(codes.1), ["KADO403"], "{}", finished.stdout);
        assert_eq!(service.runs()[0]["state"], "Aborted");
    }
}

/// Refuses the results with that title.
fn refuse(service: &StandIn, title: &str) {
    service.configure(|settings| settings.refused_titles = vec![title.to_owned()]);
}

#[test]
fn where_some_results_are_missing_the_exit_code_is_5_and_they_are_named() {
    let (service, reports) = (service(), one_failed());
    refuse(&service, "B");
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    finished.says("the result of 'Test Cases/B' was refused");
    finished.says("2 results read: 1 published, 0 left out, 1 missing");
    let run = &service.runs()[0];
    assert_eq!(run["state"], "Completed");
    let message = run["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("1 of 2 results were refused"),
        "{message}"
    );
    assert_eq!(run["totalTests"], 1);
    let again = TaskRun::new(&service, reports.path()).run();
    assert_eq!(again.code, 5, "{}", again.stdout);
    let as_warning = TaskRun::new(&service, reports.path())
        .input("failTaskOnFailureToPublishResults", "false")
        .run();
    assert_eq!(as_warning.code, 0, "{}", as_warning.stdout);
}

#[test]
fn of_several_exit_codes_the_more_serious_counts() {
    let (service, reports) = (service(), one_failed());
    add_unreadable(&reports);
    let all = TaskRun::new(&service, reports.path()).input("failTaskOnFailedTests", "true");
    assert_eq!(all.run().code, 3);
    refuse_everybody(&service);
    assert_eq!(all.run().code, 4);
    let not_4 = all.input("failTaskOnFailureToPublishResults", "false");
    assert_eq!(not_4.run().code, 3);
    let not_3 = not_4.input("failTaskOnUnreadableReports", "false");
    let finished = not_3.run();
    assert_eq!(finished.code, 1);
    finished.says("tests did not pass: 1 FAILED");
    finished.says("No results were published.");
    let none = not_3.input("failTaskOnFailedTests", "false");
    assert_eq!(none.run().code, 0);
}

#[test]
fn missing_results_weigh_more_than_gates_and_wrong_inputs_more_than_those() {
    let (service, reports) = (service(), one_failed());
    add_unreadable(&reports);
    let all = || TaskRun::new(&service, reports.path()).input("failTaskOnFailedTests", "true");
    let no_such_build = all().input("buildId", "12345").run();
    assert_eq!(no_such_build.code, 2, "{}", no_such_build.stdout);
    assert_eq!(
        no_such_build.issues("error"),
        ["KADO302", "KADO206", "KADO101"]
    );
    refuse(&service, "A");
    let partly = all().run();
    assert_eq!(partly.code, 5, "{}", partly.stdout);
    assert_eq!(partly.issues("error"), ["KADO302", "KADO501", "KADO101"]);
    let not_5 = all()
        .input("failTaskOnFailureToPublishResults", "false")
        .run();
    assert_eq!(not_5.code, 3, "{}", not_5.stdout);
    let last = not_5.stdout.lines().last().unwrap();
    assert!(last.starts_with("##vso[task.complete result=Failed;]KADO302: "));
    assert!(last.ends_with("(and one more error)"), "{last}");
}

#[test]
fn to_be_cancelled_weighs_most() {
    let (service, reports) = (service(), one_failed());
    add_unreadable(&reports);
    service.script(Rule::always("POST", "/results$", Fault::NeverAnswer));
    let mut child = TaskRun::new(&service, reports.path())
        .input("failTaskOnFailedTests", "true")
        .start();
    while asked(&service, "POST", "/results").is_empty() {
        std::thread::yield_now();
    }
    // The end of standard input means cancel.
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let log = String::from_utf8(output.stdout).unwrap();
    for code in ["KADO302", "KADO101", "KADO130"] {
        assert!(log.contains(&format!("type=error;code={code};")), "{log}");
    }
    assert!(
        log.contains("variable=exitCode;isoutput=true;]130\n"),
        "{log}"
    );
    let last = log.lines().last().unwrap();
    assert!(last.starts_with("##vso[task.complete result=Canceled;]KADO130: "));
    assert!(last.ends_with("(and 2 more errors)"), "{last}");
}

#[test]
fn published_left_out_and_missing_add_up_to_what_was_read() {
    let service = service();
    let reports = Reports::new().with_suite("Before", &[Case::passed("A"), Case::passed("B")]);
    assert_eq!(TaskRun::new(&service, reports.path()).run().code, 0);
    let reports = reports
        .with_suite(
            "New",
            &[Case::passed("C"), Case::passed("D"), Case::passed("E")],
        )
        .with_suite("Refused", &[Case::passed("X")]);
    refuse(&service, "X");
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    finished.says("6 results read: 3 published, 2 left out, 1 missing");
    let runs = service.runs();
    let states: Vec<&str> = runs
        .iter()
        .map(|run| run["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["Completed", "Completed", "Aborted"]);
    // What was published before counts for the totals, and is no result of this start.
    assert_eq!(finished.output("totalTests"), "6");
    assert_eq!(finished.output("publishedResults"), "3");
    let ids = format!("{},{}", runs[1]["id"], runs[0]["id"]);
    let mut told: Vec<String> = finished
        .output("testRunIds")
        .split(',')
        .map(str::to_owned)
        .collect();
    told.sort();
    let mut expected: Vec<&str> = ids.split(',').collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn a_failure_that_a_rerun_of_the_job_replaced_fails_nothing() {
    let service = service();
    let day = "2025-08-11T10:05:00.000Z";
    let failed = Suite::new("Smoke", &[Case::failed("A", "x")])
        .at(day, 0)
        .in_folder("Reports/1");
    let reports = Reports::new().with(&failed);
    let first = TaskRun::new(&service, reports.path())
        .input("failTaskOnFailedTests", "true")
        .var("SYSTEM_PIPELINESTARTTIME", "2025-08-11 10:00:00+00:00");
    assert_eq!(first.run().code, 1);
    // The agent kept the folder; Katalon has run again, and passed.
    let later = "2025-08-11T11:05:00.000Z";
    reports.add(
        &Suite::new("Smoke", &[Case::passed("A")])
            .at(later, 0)
            .in_folder("Reports/2"),
    );
    let second = first.var("SYSTEM_PIPELINESTARTTIME", "2025-08-11 11:00:00+00:00");
    let finished = second.var("SYSTEM_JOBATTEMPT", "2").run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.output("totalTests"), "1");
    assert_eq!(finished.output("failedTests"), "0");
    finished.says("2 results read: 1 published, 1 left out, 0 missing");
}

#[test]
fn a_failure_under_another_profile_or_browser_is_not_replaced() {
    for other in [
        Suite::new("Smoke", &[Case::passed("A")]).profile("staging"),
        Suite::new("Smoke", &[Case::passed("A")]).browser("Firefox 140"),
        Suite::new("Other", &[Case::passed("A")]),
    ] {
        let service = service();
        let failed = Suite::new("Smoke", &[Case::failed("A", "x")])
            .at("2025-08-11T10:05:00.000Z", 0)
            .in_folder("Reports/1");
        let reports = Reports::new().with(&failed);
        let first = TaskRun::new(&service, reports.path())
            .input("failTaskOnFailedTests", "true")
            .var("SYSTEM_PIPELINESTARTTIME", "2025-08-11 10:00:00+00:00");
        assert_eq!(first.run().code, 1);
        reports.add(
            &other
                .at("2025-08-11T11:05:00.000Z", 0)
                .in_folder("Reports/2"),
        );
        let second = first.var("SYSTEM_PIPELINESTARTTIME", "2025-08-11 11:00:00+00:00");
        let finished = second.var("SYSTEM_STAGEATTEMPT", "2").run();
        assert_eq!(finished.code, 1, "{}", finished.stdout);
        assert_eq!(finished.output("totalTests"), "2");
    }
}

#[test]
fn of_two_jobs_on_one_agent_each_answers_for_its_own_reports() {
    let service = service();
    let reports = Reports::new().with_suite("First", &[Case::failed("A", "x")]);
    let job = |name: &str| {
        TaskRun::new(&service, reports.path())
            .input("failTaskOnFailedTests", "true")
            .var("SYSTEM_JOBNAME", name)
    };
    assert_eq!(job("first").run().code, 1);
    reports.add_suite("Second", &[Case::passed("B")]);
    let second = job("second").run();
    assert_eq!(second.code, 0, "{}", second.stdout);
    assert_eq!(second.output("totalTests"), "1");
    assert_eq!(second.output("testRunIds").split(',').count(), 2);
    // The first one run again: its own report counts, and that of the other does not.
    let again = job("first").run();
    assert_eq!(again.code, 1, "{}", again.stdout);
    assert_eq!(again.output("totalTests"), "1");
}

#[test]
fn a_job_that_downloaded_what_another_one_published_answers_for_it() {
    let service = service();
    let reports = Reports::new();
    reports.add(&Suite::new("Smoke", &[Case::failed("A", "x")]).in_folder("drop/Smoke/1"));
    let workspace = reports.path().display().to_string();
    let job = |name: &str| {
        TaskRun::new(&service, reports.path())
            .input("failTaskOnFailedTests", "true")
            .var("SYSTEM_JOBNAME", name)
            .var("PIPELINE_WORKSPACE", &workspace)
            .var("BUILD_SOURCESDIRECTORY", &format!("{workspace}/s"))
    };
    assert_eq!(job("tests").run().code, 1);
    let began = |gate: TaskRun, time: &str| gate.var("SYSTEM_PIPELINESTARTTIME", time).run();
    let gate = began(job("gate"), "2025-08-11 10:00:00+00:00");
    assert_eq!(gate.code, 1, "{}", gate.stdout);
    assert_eq!(gate.output("totalTests"), "1");
    assert_eq!(gate.output("failedTests"), "1");
    assert_eq!(service.runs().len(), 1);
    gate.says("1 result read: 0 published, 1 left out, 0 missing");
    // A self-hosted agent has it still, from an earlier download.
    let later = began(job("gate"), "2250-01-01 00:00:00+00:00");
    assert_eq!(later.code, 0, "{}", later.stdout);
    assert_eq!(later.output("totalTests"), "0");
}
