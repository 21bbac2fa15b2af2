//! What one result of a test point is made of.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::azure_devops::{BuildId, Content, PipelineReference, TestCaseId, TestPointId};
use crate::files::Wanted;
use crate::inputs::{AttachmentKinds, InputValue};
use crate::katalon::{Attempt, Failure, SuitePath, TestCasePath};
use crate::mapping::count_twins;
use crate::publish::marker::Owner;
use crate::secrets::Secrets;

const SECOND: Duration = Duration::from_secs(1);

fn attempt(status: Status, message: &str) -> Attempt {
    Attempt {
        status,
        started: Some(Timestamp::UNIX_EPOCH),
        duration: Some(SECOND),
        failure: (!message.is_empty()).then(|| Failure {
            message: message.to_owned(),
            ..Failure::default()
        }),
        screenshots: Vec::new(),
        videos: Vec::new(),
        requests: Vec::new(),
    }
}

fn row(values: &[(&str, &str)], attempts: &[(Status, &str)]) -> Row {
    let values = values.iter();
    Row {
        bound_values: values
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        attempts: attempts
            .iter()
            .map(|(status, message)| attempt(*status, message))
            .collect(),
    }
}

fn result(name: &str, rows: Vec<Row>) -> TestResult {
    TestResult {
        test_case: TestCasePath::new(format!("Test Cases/{name}")),
        tags: Vec::new(),
        rows,
    }
}

fn report(results: Vec<TestResult>) -> Report {
    Report {
        folder: PathBuf::from("reports/20261125_120000"),
        display_folder: "20261125_120000".to_owned(),
        suite: SuitePath::new("Test Suites/Smoke"),
        collection: None,
        collection_folder: None,
        host: "user - machine".to_owned(),
        browser: String::new(),
        device: String::new(),
        os: String::new(),
        profile: String::new(),
        run_configuration: String::new(),
        retry_count: None,
        katalon_version: String::new(),
        started: None,
        ended: None,
        junit_timestamp: None,
        log_start_millis: Some(1),
        finished: true,
        results,
        files: Vec::new(),
        variables: Vec::new(),
        reruns: Vec::new(),
        twins: 0,
    }
}

/// The run with all results of a report on one point, with these lines of `statusMapping`.
fn on_one_point_with(report: &Report, statuses: &str) -> (DesiredRun, Origin) {
    let placement = Placement {
        point: TestPointId(7001),
        test_case: TestCaseId(1001),
        sources: (0..report.results.len()).map(|at| (3, at)).collect(),
    };
    with_settings(statuses, |settings| {
        planned_run(
            &[(3, report)],
            TestPlanId(17),
            &[placement],
            "Smoke",
            &Files::new(),
            settings,
        )
    })
}

fn with_settings<T>(statuses: &str, make: impl FnOnce(&Settings<'_>) -> T) -> T {
    let statuses = StatusMapping::parse(statuses).unwrap();
    let kinds = AttachmentKinds::parse("all").unwrap();
    let secrets = Secrets::default();
    make(&Settings {
        secrets: &secrets,
        owner: Owner::new("0123abcd"),
        build: Some(BuildId(71)),
        pipeline: Some(PipelineReference::default()),
        target_branch: None,
        release: None,
        release_environment: None,
        platform: None,
        configuration: Clean::default(),
        statuses: &statuses,
        wanted: Wanted {
            kinds: &kinds,
            of_all: true,
        },
        message_limit: 4_000,
        now: Timestamp::MAX,
    })
}

fn on_one_point(report: &Report) -> (NewTestResult, Vec<(String, String)>) {
    let (run, _) = on_one_point_with(report, "");
    let texts = run
        .attachments
        .iter()
        .filter_map(|attached| match &attached.attachment.content {
            Content::Text(text) => Some((
                attached.attachment.name.as_str().to_owned(),
                text.as_str().to_owned(),
            )),
            Content::Made { .. } => None,
        });
    (run.results[0].clone(), texts.collect())
}

use Status::{Error, Failed, NotRun, Passed, Skipped};

#[test]
fn a_single_result_keeps_the_title_of_the_work_item_and_has_no_iterations() {
    let report = report(vec![result("A", vec![row(&[], &[(Passed, "")])])]);
    let (run, origin) = on_one_point_with(&report, "");
    assert_eq!(run.points, [TestPointId(7001)]);
    assert_eq!(origin.sources, [vec![(3, 0)]]);
    assert_eq!(run.run.plan, Some(TestPlanId(17)));
    let body = serde_json::to_value(&run.results[0]).unwrap();
    let fields: Vec<&str> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        fields,
        [
            "automatedTestName",
            "automatedTestStorage",
            "automatedTestType",
            "completedDate",
            "computerName",
            "durationInMs",
            "outcome",
            "startedDate",
        ]
    );
}

#[test]
fn the_key_of_a_report_is_another_one_in_each_plan() {
    let report = report(vec![result("A", vec![row(&[], &[(Passed, "")])])]);
    let key = |plan: Option<u64>| report_key(&report, plan.map(TestPlanId), None);
    assert_ne!(key(None), key(Some(17)));
    assert_ne!(key(Some(17)), key(Some(18)));
    let (run, _) = on_one_point_with(&report, "");
    assert_eq!(run.keys, [key(Some(17))]);
    assert!(
        run.run
            .comment
            .as_str()
            .ends_with(&key(Some(17)).to_string())
    );
}

#[test]
fn executions_that_look_the_same_have_keys_of_their_own_in_the_order_in_which_they_began() {
    let at = |millis| Report {
        log_start_millis: Some(millis),
        junit_timestamp: Some("2025-08-11 10:55:00".to_owned()),
        ..report(vec![result("A", vec![row(&[], &[(Passed, "")])])])
    };
    let mut reports = [at(7), at(3), at(5)];
    reports[2].suite = SuitePath::new("Test Suites/Other");
    let alone = report_key(&reports[1], None, None);
    count_twins(&mut reports);
    assert_eq!(reports.each_ref().map(|report| report.twins), [1, 0, 0]);
    assert_eq!(report_key(&reports[1], None, None), alone);
    let twin = report_key(&reports[0], None, None);
    assert_ne!(twin, alone);
    assert!(twin.is_same_execution(&alone));
}

#[test]
fn rows_are_iterations_and_lines_of_the_comment() {
    let rows = vec![
        row(&[("user", "ann")], &[(Passed, "")]),
        row(&[("user", "bob")], &[(Failed, "no button")]),
        row(&[("user", "eve")], &[(Failed, "too slow"), (Passed, "")]),
    ];
    let (result, texts) = on_one_point(&report(vec![result("A", rows)]));
    assert_eq!(result.outcome, Outcome::Failed);
    assert_eq!(
        result.error_message.as_str(),
        "Row 2 (user = bob): no button"
    );
    assert_eq!(
        result.comment.as_str(),
        "Row 1 (user = ann): PASSED\n\
         Row 2 (user = bob): FAILED. no button\n\
         Row 3 (user = eve): PASSED. Passed at attempt 2. First failure: too slow"
    );
    assert_eq!(result.duration, Some(4 * SECOND));
    let iterations: Vec<(u32, Outcome, &str)> = result
        .iteration_details
        .iter()
        .map(|one| (one.id, one.outcome, one.error_message.as_str()))
        .collect();
    assert_eq!(
        iterations,
        [
            (1, Outcome::Passed, ""),
            (2, Outcome::Failed, "no button"),
            (3, Outcome::Passed, ""),
        ]
    );
    assert_eq!(
        result.iteration_details[2].comment.as_str(),
        "Row 3 (user = eve)\nPassed at attempt 2. First failure: too slow"
    );
    assert_eq!(result.result_group_type, None);
    assert!(result.sub_results.is_empty() && texts.is_empty());
}

#[test]
fn rows_that_are_too_long_for_the_comment_are_a_text() {
    let rows: Vec<Row> = (0..100)
        .map(|at| {
            let value = format!("user number {at}");
            let status = if at == 40 { Failed } else { Passed };
            row(
                &[("user", &value)],
                &[(status, if at == 40 { "no button" } else { "" })],
            )
        })
        .collect();
    let (result, texts) = on_one_point(&report(vec![result("A", rows)]));
    assert_eq!(
        result.comment.as_str(),
        "100 rows: 99 PASSED, 1 FAILED (each is told in the attached rows.txt)"
    );
    assert_eq!(result.iteration_details.len(), 100);
    let [(name, text)] = &texts[..] else {
        panic!("{texts:?}");
    };
    assert_eq!(name, "rows.txt");
    assert_eq!(text.lines().count(), 100);
    assert!(text.contains("Row 41 (user = user number 40): FAILED. no button"));
}

#[test]
fn more_rows_than_a_result_may_have_are_told_in_the_text() {
    let rows = vec![row(&[], &[(Failed, &"long ".repeat(600))]); 2_000];
    let (result, texts) = on_one_point(&report(vec![result("A", rows)]));
    assert_eq!(result.iteration_details.len(), ITERATIONS_PER_RESULT);
    assert!(serde_json::to_vec(&result).unwrap().len() < 4_000_000);
    let rows = texts.iter().find(|(name, _)| name == "rows.txt");
    assert_eq!(rows.unwrap().1.lines().count(), 2_000);
}

#[test]
fn messages_of_rows_that_do_not_fit_are_attached_whole() {
    let long = "long ".repeat(1_000);
    let rows = vec![
        row(&[], &[(Failed, "short")]),
        row(&[], &[(Passed, "")]),
        row(&[], &[(Failed, &long)]),
    ];
    let (result, texts) = on_one_point(&report(vec![result("A", rows)]));
    let message = result.iteration_details[2].error_message.as_str();
    assert!(message.ends_with("(cut; the whole text is attached)"));
    let names: Vec<&str> = texts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["messages-of-rows.txt"]);
    let whole = format!("Row 1:\nshort\n\nRow 3:\n{}", long.trim_end());
    assert_eq!(texts[0].1.trim_end(), whole);
}

#[test]
fn of_two_results_on_a_point_the_worse_counts_and_both_are_named() {
    let report = report(vec![
        result("A", vec![row(&[], &[(Passed, "")])]),
        result("B", vec![row(&[], &[(Failed, "no button")])]),
    ]);
    let (result, _) = on_one_point(&report);
    assert_eq!(result.outcome, Outcome::Failed);
    assert_eq!(result.automated_test_name.as_str(), "Test Cases/B");
    assert_eq!(result.error_message.as_str(), "Test Cases/B: no button");
    assert_eq!(
        result.comment.as_str(),
        "2 Katalon results on this test point; the worst of them counts\n\
         Test Cases/A: PASSED\n\
         Test Cases/B: FAILED. no button"
    );
    assert_eq!(result.iteration_details.len(), 2);
    let (run, origin) = on_one_point_with(&report, "");
    assert_eq!(origin.sources, [vec![(3, 0), (3, 1)]]);
    assert_eq!(run.results.len(), 1);
}

#[test]
fn a_result_that_never_ran_beside_one_that_passed_does_not_pass() {
    let report = report(vec![
        result("A", vec![row(&[], &[(Passed, "")])]),
        result("B", vec![row(&[], &[(NotRun, "")])]),
    ]);
    let (run, _) = on_one_point_with(&report, "NOT_RUN=NotExecuted");
    assert_eq!(run.results[0].outcome, Outcome::Aborted);
    assert_eq!(
        run.results[0].error_message.as_str(),
        "Test Cases/B: planned, but not run"
    );
}

#[test]
fn points_have_their_own_defaults_and_no_prefix_where_the_outcome_tells() {
    let broken = report(vec![result("A", vec![row(&[], &[(Error, "it broke")])])]);
    let (result, _) = on_one_point(&broken);
    assert_eq!(result.outcome, Outcome::Error);
    assert_eq!(result.error_message.as_str(), "it broke");
    let (run, _) = on_one_point_with(&broken, "ERROR=Failed");
    assert_eq!(run.results[0].outcome, Outcome::Failed);
    assert_eq!(run.results[0].error_message.as_str(), "Error: it broke");
    let statuses = StatusMapping::parse_default(StatusMapping::DEFAULT).unwrap();
    assert_eq!(outcome_on_point(NotRun, &statuses), Outcome::None);
    assert_eq!(outcome_on_point(Skipped, &statuses), Outcome::NotExecuted);
}

#[test]
fn attempts_are_told_in_the_comment() {
    let report = report(vec![result(
        "A",
        vec![row(
            &[("user", "ann")],
            &[(Failed, "too slow"), (Passed, "")],
        )],
    )]);
    let (result, _) = on_one_point(&report);
    assert_eq!(
        result.comment.as_str(),
        "Test data: user = ann\nPassed at attempt 2. First failure: too slow"
    );
    assert!(result.iteration_details.is_empty());
}

#[test]
fn an_unmatched_run_holds_what_is_left_and_is_a_part() {
    let report = report(vec![
        result("A", vec![row(&[], &[(Passed, "")])]),
        result("B", vec![row(&[], &[(Passed, "")])]),
    ]);
    let other = report.clone();
    let unmatched = [(3, 1)].into_iter().collect();
    let (run, origin) = with_settings("", |settings| {
        let reports = [(3, &report), (4, &other)];
        super::super::unmatched_run(&reports, &unmatched, "Smoke", &Files::new(), settings)
    });
    assert_eq!(origin.sources, [vec![(3, 1)]]);
    assert_eq!(origin.reports, [3]);
    assert_eq!(run.results[0].automated_test_name.as_str(), "Test Cases/B");
    assert_eq!(run.keys, [report_key(&report, None, None)]);
    assert!(run.is_part && run.points.is_empty() && run.run.plan.is_none());
}
