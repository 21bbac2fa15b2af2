//! Where a test point stands: the outcome of its last execution.

use crate::planning::Point;
use crate::state::{Run, State, TestResult};

/// The last execution of a point, or what it was before any.
pub(crate) struct Standing<'a> {
    /// `Unspecified` where it was never run, or is being run.
    pub(crate) outcome: &'a str,
    /// The result that decides, with its run.
    pub(crate) last: Option<(&'a Run, &'a TestResult)>,
}

impl Standing<'_> {
    /// `Completed` once it has passed, `InProgress` while it is executed, else `Ready` to be run.
    pub(crate) fn state(&self) -> &'static str {
        match self.last {
            Some((_, result)) if result.text("state") != "Completed" => "InProgress",
            _ if self.outcome == "Passed" => "Completed",
            _ => "Ready",
        }
    }

    /// The state of the last result.
    pub(crate) fn result_state(&self) -> &str {
        match self.last {
            Some((_, result)) => result.text("state"),
            None if self.outcome == "Unspecified" => "Unspecified",
            None => "Completed",
        }
    }
}

impl State {
    /// Where a point stands. The executions of runs that were deleted do not count.
    pub(crate) fn standing<'a>(&'a self, point: &'a Point) -> Standing<'a> {
        let executions = self.holdings.executions(point.id).iter().rev();
        let last = executions
            .filter_map(|(run, result)| {
                let run = self.runs.get(run)?;
                Some((run, run.results.get(result)?))
            })
            .next();
        let outcome = match last {
            Some((_, result)) => Some(result.text("outcome")).filter(|text| !text.is_empty()),
            None => point.outcome.as_deref(),
        };
        Standing {
            outcome: outcome.unwrap_or("Unspecified"),
            last,
        }
    }
}

/// A word as the area `testplan` writes it, with a small first letter.
pub(super) fn small(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
