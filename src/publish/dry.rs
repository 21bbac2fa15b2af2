//! A dry run: the steps that would be taken, and the answers that they would have.

use super::desired::{Desired, DesiredRun};
use super::filling::{Completion, ResultsSeen};
use super::seen::{Answer, Place, Seen};
use super::step::Step;
use super::would_send::WouldSend;
use crate::azure_devops::stored::{AddedResult, RunsPage, StoredResult, StoredRun};
use crate::azure_devops::{RunState, SubResultId, TestPointId, TestResultId, TestRunId};

/// Ids of runs that exist only in a dry run begin here; no service counts so far.
const IMAGINED: u64 = 1 << 62;

/// The id that a run gets in a dry run, by its position.
pub fn imagined_run(position: usize) -> TestRunId {
    TestRunId(IMAGINED + position as u64)
}

/// Whether a run exists only in a dry run.
pub fn is_imagined_run(id: TestRunId) -> bool {
    id.0 >= IMAGINED
}

/// Whether a dry run must imagine the answer: it would write, or asks for what was imagined.
pub(super) fn is_imagined(seen: &Seen, step: &Step) -> bool {
    match step {
        Step::LookUp { .. } | Step::ReadFound { .. } => false,
        Step::Create { .. }
        | Step::AddResults { .. }
        | Step::FillResults { .. }
        | Step::Attach { .. }
        | Step::End { .. } => true,
        Step::ReadResults { run, id, .. }
        | Step::ReadAttachments { run, id, .. }
        | Step::ReadRun { run, id } => is_imagined_run(*id) || is_completed(&seen.places[*run]),
    }
}

/// A run of an earlier try that was filled up and completed in imagination only.
fn is_completed(place: &Place) -> bool {
    matches!(place, Place::Filling(filling) if filling.completion != Completion::Open)
}

/// What is printed of a run that would be completed now.
pub fn told(name: &str, id: Option<TestRunId>, would_send: &WouldSend) -> Vec<String> {
    let what = would_send.counts();
    let plan = would_send.plan;
    let plan = plan.map_or_else(String::new, |plan| format!(" in test plan {plan}"));
    let head = match id {
        None => format!("would make test run '{name}'{plan} with {what}, and complete it"),
        Some(id) => format!("would add {what} to test run {id} '{name}', and complete it"),
    };
    let table = would_send.table();
    std::iter::once(head).chain(table).collect()
}

/// The answer that a step would have if all went well.
pub(super) fn imagine(desired: &Desired, seen: &Seen, step: &Step) -> Answer {
    match step {
        Step::LookUp { .. } => Answer::Runs(RunsPage {
            runs: Vec::new(),
            is_last: true,
            next: None,
            now: jiff::Timestamp::now(),
        }),
        Step::Create { run } => Answer::Created(StoredRun {
            name: desired.runs[*run].run.name.as_str().to_owned(),
            ..open_run(imagined_run(*run))
        }),
        Step::ReadFound { id } => Answer::Run(open_run(*id)),
        Step::FillResults { .. } => Answer::Filled,
        Step::AddResults { run, results, .. } => Answer::Added(
            results
                .iter()
                .map(|&at| AddedResult {
                    id: TestResultId(at as u64),
                    sub_results: (1..desired.runs[*run].results[at].weight() as u64)
                        .map(SubResultId)
                        .collect(),
                })
                .collect(),
        ),
        Step::ReadResults { run, skip, .. } => Answer::Results(if *skip == 0 {
            imagined_results(&desired.runs[*run], seen, *run)
        } else {
            Vec::new()
        }),
        Step::ReadAttachments { .. } | Step::Attach { .. } => Answer::Attachments(Vec::new()),
        Step::ReadRun { .. } | Step::End { .. } => Answer::Ended(Some(RunState::Completed)),
    }
}

fn open_run(id: TestRunId) -> StoredRun {
    StoredRun {
        id,
        state: RunState::InProgress,
        name: String::new(),
        comment: None,
        error_message: String::new(),
        total_tests: None,
        updated: None,
        web_url: String::new(),
    }
}

/// What a run would hold: what was sent, and in a planned one a result for each point from the
/// beginning.
fn imagined_results(run: &DesiredRun, seen: &Seen, at: usize) -> Vec<StoredResult> {
    let Place::Filling(filling) = &seen.places[at] else {
        return Vec::new();
    };
    match &filling.results {
        ResultsSeen::Unknown(_) => (0..run.points.len())
            .map(|at| imagined_result(TestResultId(at as u64), run.points.get(at), 0))
            .collect(),
        ResultsSeen::Known(stored) => {
            let stored = stored.iter().enumerate();
            stored
                .filter_map(|(at, stored)| {
                    let iterations = run.results[at].iteration_details.len();
                    let id = stored.as_ref()?.id;
                    Some(imagined_result(id, run.points.get(at), iterations))
                })
                .collect()
        }
    }
}

fn imagined_result(
    id: TestResultId,
    point: Option<&TestPointId>,
    iterations: usize,
) -> StoredResult {
    StoredResult {
        id,
        automated_test_name: String::new(),
        automated_test_storage: String::new(),
        computer_name: String::new(),
        outcome: String::new(),
        duration_in_ms: None,
        sub_results: Vec::new(),
        point: point.copied(),
        is_completed: true,
        iterations,
    }
}
