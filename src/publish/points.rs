//! Results of a planned run: which of those that it was made with is which of ours, and what of it
//! is there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::desired::DesiredRun;
use super::narrowing::Trial;
use crate::azure_devops::stored::{AddedResult, StoredResult};
use crate::azure_devops::{NewTestResult, TestPointId, TestResultId};

/// A result that a planned run was made with, to be filled with one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its id.
    pub id: TestResultId,
    /// Iterations are there already: sent once more, they would stand there twice.
    pub has_iterations: bool,
}

impl Slot {
    /// What is sent of a result to fill it.
    pub fn filled_by<'a>(&self, result: Cow<'a, NewTestResult>) -> Cow<'a, NewTestResult> {
        if !self.has_iterations || result.iteration_details.is_empty() {
            return result;
        }
        let mut without = result.into_owned();
        without.iteration_details.clear();
        Cow::Owned(without)
    }
}

/// What the results of a planned run are of ours.
#[derive(Debug, Default)]
pub(super) struct OnPoints {
    /// For each of ours the result to be filled; none where its point has none.
    pub(super) slots: Vec<Option<Slot>>,
    /// For each of ours what is filled already.
    pub(super) filled: Vec<Option<AddedResult>>,
    /// Results of points that are none of ours.
    pub(super) strangers: usize,
    /// A point has two results, or a result iterations of two writes.
    pub(super) holds_twice: bool,
}

impl OnPoints {
    /// Positions of ours without a result.
    pub(super) fn missing(&self) -> impl Iterator<Item = usize> {
        let slots = self.slots.iter().enumerate();
        slots.filter(|(_, slot)| slot.is_none()).map(|(at, _)| at)
    }
}

/// Finds the result of each of our points among those stored.
pub(super) fn match_points(
    run: &DesiredRun,
    trials: &[Trial],
    stored: &[StoredResult],
) -> OnPoints {
    let positions = positions(run);
    let mut found = OnPoints {
        slots: vec![None; run.results.len()],
        filled: vec![None; run.results.len()],
        ..OnPoints::default()
    };
    for result in stored {
        let position = result.point.and_then(|point| positions.get(&point));
        let Some(&at) = position else {
            found.strangers += 1;
            continue;
        };
        let wanted = &run.results[at];
        found.holds_twice |= found.slots[at].is_some() || holds_twice(wanted, result);
        found.slots[at] = Some(Slot {
            id: result.id,
            has_iterations: result.iterations > 0,
        });
        let form = trials.get(at).map(|trial| trial.form).unwrap_or_default();
        if is_filled(wanted, &wanted.in_form(form), result) {
            found.filled[at] = Some(AddedResult {
                id: result.id,
                sub_results: Vec::new(),
            });
        }
    }
    found
}

/// Positions of our results by their points.
pub(super) fn positions(run: &DesiredRun) -> BTreeMap<TestPointId, usize> {
    let points = run.points.iter().enumerate();
    points.map(|(at, point)| (*point, at)).collect()
}

/// Whether a stored result holds iterations of more than one write, or of half a one.
pub(super) fn holds_twice(wanted: &NewTestResult, stored: &StoredResult) -> bool {
    stored.iterations > 0 && stored.iterations != wanted.iteration_details.len()
}

/// Whether a stored result is what was sent last, whole or in a form.
fn is_filled(whole: &NewTestResult, sent: &NewTestResult, stored: &StoredResult) -> bool {
    let iterations = [whole.iteration_details.len(), sent.iteration_details.len()];
    let same_duration = match (sent.duration, stored.duration_in_ms) {
        (Some(ours), Some(stored)) => (ours.as_millis() as f64 - stored).abs() < 1.0,
        (Some(_), None) => false,
        (None, _) => true,
    };
    stored.is_completed
        && stored.outcome == whole.outcome.as_str()
        && iterations.contains(&stored.iterations)
        && same_duration
}

#[cfg(test)]
mod tests;
