//! What the files of a folder say of one suite execution.

use std::cell::Cell;

use jiff::Timestamp;

use super::super::binding::PlannedCase;
use super::super::junit::JunitCase;
use super::super::log::Log;

/// What is known about one suite execution.
pub(super) struct Sources<'a> {
    /// JUnit's test cases; `None` without a JUnit.
    pub(super) cases: Option<&'a [JunitCase]>,
    /// The log, if there is one.
    pub(super) log: Option<&'a Log>,
    /// The plan; empty if there is none.
    pub(super) planned: &'a [PlannedCase],
    /// The log begins in the middle of the suite: its executions are the last of the list.
    pub(super) lost_beginning: bool,
    /// When the case of that index began, as JUnit's output tells.
    pub(super) case_started: &'a dyn Fn(&JunitCase) -> Option<Timestamp>,
    /// How many attempts that a damaged log has lost may still be told one by one.
    pub(super) room_for_lost: Cell<u32>,
}

/// Attempts of one report that are told although the log has lost them. A number in the log makes
/// up to a hundred of them out of nothing, so a small file could fill the memory.
pub(super) const MOST_LOST: u32 = 10_000;

impl Sources<'_> {
    /// Whether the log may lack attempts at its end: it stops, or records of it are lost.
    pub(super) fn is_log_short(&self) -> bool {
        self.log.is_some_and(|log| {
            let lost = log.damage.as_ref().is_some_and(|damage| damage.records > 0);
            log.suite_ended.is_none() || lost
        })
    }
}
