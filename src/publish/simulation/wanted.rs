//! What is to be published in a simulation.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;

use crate::azure_devops::{
    AutomatedTestName, AutomatedTestStorage, BuildId, Content, GroupType, NewAttachment,
    NewIteration, NewSubResult, NewTestResult, NewTestRun, Outcome, TestPlanId, TestPointId,
};
use crate::publish::desired::{Desired, DesiredAttachment, DesiredRun, LookUp, Target};
use crate::publish::marker::{Owner, ReportKey};
use crate::secrets::{Clean, Secrets};

pub(super) fn clean(text: &str) -> Clean {
    // Getting ready to mask takes longer than a whole publication here.
    static NOTHING_SECRET: LazyLock<Secrets> = LazyLock::new(Secrets::default);
    NOTHING_SECRET.clean(text)
}

/// `runs` runs of one report each. Names of results repeat, so that only duration or number tells
/// them apart; every third has sub-results; each has an attachment, as the run has two.
pub(in crate::publish) fn desired(owner: &str, runs: usize, results: usize) -> Desired {
    let owner = Owner::new(owner);
    let runs = (0..runs).map(|at| {
        let results: Vec<NewTestResult> = (0..results).map(result).collect();
        let keys = vec![ReportKey::new(&[&format!("suite {at}")], ["state"])];
        let mut run = DesiredRun {
            attachments: attachments(&results),
            results,
            ..run(at, keys)
        };
        run.run.comment = run.marker(&owner).text();
        run
    });
    let look_up = LookUp::Build(BuildId(1));
    Desired::new(owner.clone(), false, look_up, runs.collect())
}

/// A run without anything in it.
fn run(at: usize, keys: Vec<ReportKey>) -> DesiredRun {
    DesiredRun {
        keys,
        run: NewTestRun {
            name: clean(&format!("run {at}")),
            comment: Clean::default(),
            build: None,
            target_branch: None,
            platform: Clean::default(),
            configuration: Clean::default(),
            started: None,
            completed: None,
            pipeline: None,
            release: None,
            plan: None,
            automated: true,
        },
        results: Vec::new(),
        points: Vec::new(),
        attachments: Vec::new(),
        is_part: false,
    }
}

/// Planned runs with a result for each of these points; every third has three rows. Each has an
/// attachment, as the run has two.
pub(in crate::publish) fn planned(owner: &str, points: &[&[u64]]) -> Desired {
    let runs = points.iter().enumerate().map(|(at, points)| {
        let results = points.iter().map(|&point| {
            let mut result = result(point as usize);
            result.test_case_title = Clean::default();
            result.sub_results = Vec::new();
            result.result_group_type = None;
            result.iteration_details = rows(if point % 3 == 0 { 3 } else { 0 });
            result
        });
        let results: Vec<NewTestResult> = results.collect();
        let keys = vec![ReportKey::new(&[&format!("suite {at}"), "17"], ["state"])];
        let mut run = DesiredRun {
            attachments: attachments(&results),
            results,
            points: points.iter().map(|&point| TestPointId(point)).collect(),
            is_part: true,
            ..run(at, keys)
        };
        run.run.plan = Some(TestPlanId(17));
        run.run.completed = Timestamp::from_second(at as i64).ok();
        run.run.comment = run.marker(&Owner::new(owner)).text();
        run
    });
    let look_up = LookUp::Build(BuildId(1));
    Desired::new(Owner::new(owner), false, look_up, runs.collect())
}

/// One run of the build with those results of a report that reach no point: one of each of these
/// tests.
pub(super) fn unmatched(owner: &str, tests: &[u64]) -> Desired {
    let mut desired = desired(owner, 1, 0);
    let run = &mut desired.runs[0];
    // Names of results repeat by three.
    run.results = tests
        .iter()
        .map(|&test| result(3 * test as usize))
        .collect();
    run.attachments = attachments(&run.results);
    run.is_part = true;
    Desired::new(desired.owner, false, desired.look_up, desired.runs)
}

fn rows(number: u32) -> Vec<NewIteration> {
    let row = |id| NewIteration {
        id,
        outcome: Outcome::Failed,
        started_date: None,
        completed_date: None,
        duration: None,
        error_message: clean("why"),
        comment: clean("which"),
    };
    (1..=number).map(row).collect()
}

/// Of three results of a name the first has a duration and sub-results, the other two are equal.
fn result(number: usize) -> NewTestResult {
    let is_first = number.is_multiple_of(3);
    let sub_results = if is_first { 2 } else { 0 };
    let sub_result = |sequence_id| NewSubResult {
        sequence_id,
        display_name: Clean::own("row"),
        outcome: Outcome::Passed,
        started_date: None,
        completed_date: None,
        duration: None,
        error_message: Clean::default(),
        stack_trace: Clean::default(),
        result_group_type: None,
        sub_results: Vec::new(),
    };
    NewTestResult {
        test_case_title: clean(&format!("{}", number / 3)),
        automated_test_name: AutomatedTestName::new(&format!("Test Cases/{}", number / 3)),
        automated_test_storage: AutomatedTestStorage::new("Test Suites/S"),
        automated_test_type: Clean::own("Katalon"),
        outcome: Outcome::Failed,
        computer_name: Clean::own("machine"),
        started_date: None,
        completed_date: None,
        duration: is_first.then_some(Duration::from_millis(5)),
        error_message: clean(&"why ".repeat(if is_first { 300 } else { 0 })),
        stack_trace: Clean::default(),
        comment: Clean::default(),
        result_group_type: (sub_results > 0).then_some(GroupType::DataDriven),
        sub_results: (1..=sub_results).map(sub_result).collect(),
        iteration_details: Vec::new(),
    }
}

fn attachments(results: &[NewTestResult]) -> Vec<DesiredAttachment> {
    let targets = (0..results.len()).map(|at| match results[at].sub_results.len() {
        0 => Target::Result(at),
        _ => Target::SubResult(at, 1),
    });
    let attachment = |(number, target)| DesiredAttachment {
        target,
        attachment: NewAttachment {
            name: clean(&format!("{}.png", number / 2)),
            content: Content::Text(Arc::new(Clean::own("x"))),
            fingerprint: "katalon-ado 12345678 1".to_owned(),
        },
    };
    let all = targets.chain([Target::Run, Target::Run]);
    all.enumerate().map(attachment).collect()
}
