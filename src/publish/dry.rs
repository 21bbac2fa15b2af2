//! A dry run: the steps that would be taken, and the answers that they would have.

use super::desired::Desired;
use super::filling::{Completion, ResultsSeen};
use super::seen::{Answer, Place, Seen};
use super::step::Step;
use crate::azure_devops::test_runs::{AddedResult, Ending, RunsPage, StoredResult, StoredRun};
use crate::azure_devops::{RunState, SubResultId, TestResultId, TestRunId};
use crate::problem::counted;

/// Ids of runs that exist only in a dry run begin here; no service counts so far.
const IMAGINED: u64 = 1 << 62;

/// Whether a run exists only in a dry run.
pub fn is_imagined_run(id: TestRunId) -> bool {
    id.0 >= IMAGINED
}

/// Whether a dry run must imagine the answer: it would write, or asks for what was imagined.
pub(super) fn is_imagined(seen: &Seen, step: &Step) -> bool {
    match step {
        Step::LookUp { .. } => false,
        Step::Create { .. } | Step::AddResults { .. } | Step::Attach { .. } | Step::End { .. } => {
            true
        }
        Step::ReadResults { run, id, .. }
        | Step::ReadAttachments { run, id, .. }
        | Step::ReadRun { run, id } => is_imagined_run(*id) || is_completed(&seen.places[*run]),
    }
}

/// A run of an earlier try that was filled up and completed in imagination only.
fn is_completed(place: &Place) -> bool {
    matches!(place, Place::Filling(filling) if filling.completion != Completion::Open)
}

/// What is printed of a step; nothing of one that only reads.
pub(super) fn told(desired: &Desired, step: &Step) -> Option<String> {
    Some(match step {
        Step::Create { run } => {
            let run = &desired.runs[*run];
            format!(
                "would make test run '{}' with {} and {}",
                run.run.name.as_str(),
                counted(run.results.len(), "result"),
                counted(run.attachments.len(), "attachment")
            )
        }
        Step::AddResults { results, .. } => {
            format!("  would add {}", counted(results.len(), "result"))
        }
        Step::End {
            run: Some(_),
            ending: Ending::Completed { .. },
            ..
        } => "  would complete it".to_owned(),
        Step::End { id, .. } if is_imagined_run(*id) => return None,
        Step::End { id, .. } => format!("would set test run {id} to Aborted"),
        Step::LookUp { .. }
        | Step::ReadResults { .. }
        | Step::ReadAttachments { .. }
        | Step::ReadRun { .. }
        | Step::Attach { .. } => return None,
    })
}

/// The answer that a step would have if all went well.
pub(super) fn imagine(desired: &Desired, seen: &Seen, step: &Step) -> Answer {
    match step {
        Step::LookUp { .. } => Answer::Runs(RunsPage {
            runs: Vec::new(),
            is_last: true,
            now: jiff::Timestamp::now(),
        }),
        Step::Create { run } => Answer::Created(StoredRun {
            id: TestRunId(IMAGINED + *run as u64),
            state: RunState::InProgress,
            name: desired.runs[*run].run.name.as_str().to_owned(),
            comment: None,
            error_message: String::new(),
            total_tests: None,
            updated: None,
            web_url: String::new(),
        }),
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
            imagined_results(seen, *run)
        } else {
            Vec::new()
        }),
        Step::ReadAttachments { .. } | Step::Attach { .. } => Answer::Attachments(Vec::new()),
        Step::ReadRun { .. } | Step::End { .. } => Answer::Ended(Some(RunState::Completed)),
    }
}

fn imagined_results(seen: &Seen, run: usize) -> Vec<StoredResult> {
    let Place::Filling(filling) = &seen.places[run] else {
        return Vec::new();
    };
    let ResultsSeen::Known(stored) = &filling.results else {
        return Vec::new();
    };
    stored
        .iter()
        .flatten()
        .map(|result| StoredResult {
            id: result.id,
            automated_test_name: String::new(),
            automated_test_storage: String::new(),
            computer_name: String::new(),
            outcome: String::new(),
            duration_in_ms: None,
            sub_results: Vec::new(),
        })
        .collect()
}
