//! What is said of runs that were found, in words.

use super::desired::Desired;
use super::fate::Remark;
use super::step::Step;
use crate::problem::{Problem, code, counted};

/// How far the sending of a run is with this step; `None` if the step sends nothing of it.
pub(super) fn progress(step: &Step, desired: &Desired) -> Option<String> {
    let last = |positions: &mut dyn Iterator<Item = usize>| positions.max().map(|last| last + 1);
    let (run, what, sent, all) = match step {
        Step::AddResults { run, results, .. } | Step::FillResults { run, results, .. } => {
            let sent = last(&mut results.iter().copied())?;
            (run, "results", sent, desired.runs[*run].results.len())
        }
        Step::Attach {
            run, attachments, ..
        } => {
            let sent = last(&mut attachments.iter().map(|(position, _)| *position))?;
            let all = desired.runs[*run].attachments.len();
            (run, "attachments", sent, all)
        }
        Step::Create { .. }
        | Step::End { .. }
        | Step::LookUp { .. }
        | Step::ReadFound { .. }
        | Step::ReadResults { .. }
        | Step::ReadAttachments { .. }
        | Step::ReadRun { .. } => return None,
    };
    let name = desired.runs[*run].run.name.as_str();
    Some(format!("{what} {sent} of {all}: {name}"))
}

/// A remark, as it is told.
pub(super) enum Told {
    /// As a line of the log.
    Line(String),
    /// As an issue.
    Problem(Problem),
}

pub(super) fn told(remark: &Remark, desired: &Desired) -> Told {
    let name = |run: &usize| desired.runs[*run].run.name.as_str().to_owned();
    match remark {
        Remark::Resumed { run, id } => Told::Line(format!(
            "'{}': test run {id} of an earlier try is filled up",
            name(run)
        )),
        Remark::EarlierState { run, id } => Told::Problem(Problem::warning(
            code::EARLIER_STATE,
            format!(
                "'{}' was published before in an earlier state, in test run {id}; it is published anew",
                name(run)
            ),
            "The Tests tab shows both; delete the earlier run if it is in the way.",
        )),
        Remark::AbortedBefore { run, id } => Told::Line(format!(
            "'{}' is in test run {id}, which was aborted; it is published anew",
            name(run)
        )),
        Remark::HeldByOther { run, id } => Told::Line(format!(
            "'{}' is being published by another job, in test run {id}; it is looked at again at the end",
            name(run)
        )),
        Remark::BegunAnew { run, id, why } => Told::Problem(Problem::warning(
            code::BEGUN_ANEW,
            format!(
                "test run {id} of '{}' is given up and its results are published anew: {why}",
                name(run)
            ),
            "",
        )),
        Remark::NotReadBack { id, reason } => Told::Problem(Problem::warning(
            code::NOT_READ_BACK,
            format!(
                "test run {id} is complete, but what it holds could not be read back: {reason}"
            ),
            "Look at the test run if in doubt.",
        )),
        Remark::AttachedTwice { id } => Told::Problem(Problem::warning(
            code::ATTACHED_TWICE,
            format!("test run {id} holds an attachment twice"),
            "Azure DevOps carried out a request long after its connection had broken.",
        )),
        Remark::MarkLost { id } => Told::Problem(Problem::warning(
            code::MARK_LOST,
            format!("Azure DevOps did not keep the comment of test run {id} as it was sent"),
            "A later try of this step will not find it, and publish its results once more.",
        )),
        Remark::HeldInPart { run, id, results } => Told::Line(format!(
            "'{}': test run {id} holds {} of it already; the rest is published beside it",
            name(run),
            counted(*results, "result")
        )),
        Remark::NotAutomated { run, reason } => Told::Problem(Problem::warning(
            code::RUN_NOT_AUTOMATED,
            format!(
                "'{}' is made as a run that is not automated, because Azure DevOps refuses an automated one: {reason}",
                name(run)
            ),
            "Such a run is not in the build's Tests tab. 'automationFields: fill' makes its test cases automated.",
        )),
        Remark::NotAutomatedEither { run } => Told::Line(format!(
            "'{}' is made as a run that is not automated either",
            name(run)
        )),
        Remark::NotEnded { id, reason } => Told::Problem(Problem::warning(
            code::RUN_LEFT_OPEN,
            format!("test run {id} could not be set to Aborted: {reason}"),
            "The next try of this step sets it to Aborted.",
        )),
    }
}
