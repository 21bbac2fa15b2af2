//! Publishing: what should exist, what is seen to exist, the next request, until nothing is missing.
//!
//! [`step::next`] says what to ask for, this module asks, [`seen::Seen`] learns. A dry run takes
//! the same road, with answers that it imagines.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::azure_devops::TestRunId;
use crate::azure_devops::client::Client;
use crate::cancel::Cancel;
use crate::pipeline::Pipeline;
use crate::problem::{Problem, Severity, code};
use crate::secrets::Secrets;

mod attaching;
mod closing;
pub mod comparing;
pub mod creation;
mod decide;
pub mod desired;
mod dividing;
pub mod dry;
pub mod fate;
pub mod filling;
mod learn;
mod listing;
mod lost;
pub mod marker;
mod matching;
mod narrowing;
mod on_points;
pub mod points;
mod reading;
mod refused;
mod retry;
pub mod seen;
mod sending;
#[cfg(test)]
mod simulation;
pub mod step;
mod telling;
mod waiting;
mod work;
pub mod would_send;

use desired::{Desired, DesiredRun, Part};
use fate::Fate;
pub use reading::{ReadFailure, read_until_answered};
pub use retry::Waits;
use seen::Seen;
use work::{Outcome, Work};
use would_send::WouldSend;

/// What publishing needs beside what should exist.
pub struct Publisher<'a> {
    /// The door to Azure DevOps.
    pub client: &'a Client,
    /// The writer.
    pub pipeline: &'a Pipeline,
    /// The project of the runs.
    pub project: &'a str,
    /// Only print what would be sent.
    pub dry_run: bool,
    /// How long to wait for what.
    pub waits: Waits,
    /// How long to go on without progress.
    pub retry_for: Duration,
    /// Whether somebody wants it to end.
    pub cancel: &'a Cancel,
    /// What must not be sent.
    pub secrets: &'a Secrets,
    /// Who we are to the service.
    pub identity: &'a str,
}

/// How publishing ended.
pub struct Published {
    /// What is known to exist.
    pub seen: Seen,
    /// What ended it before everything was there.
    pub stopped: Option<Problem>,
    /// Where people look at each run.
    pub urls: BTreeMap<TestRunId, String>,
    /// What a dry run would send to each desired run, by position.
    pub would_send: BTreeMap<usize, WouldSend>,
}

/// What became of a run.
pub struct RunFate<'a> {
    /// What it is of which of the runs given.
    pub part: &'a Part,
    /// The run itself.
    pub run: &'a DesiredRun,
    /// What became of it.
    pub fate: Fate,
    /// In a dry run: what it would be sent.
    pub would_send: Option<&'a WouldSend>,
}

impl Published {
    /// What became of each run, those that were taken out of others behind the runs given.
    pub fn fates<'a>(&'a self, desired: &'a Desired) -> impl Iterator<Item = RunFate<'a>> {
        let runs = desired.runs.iter().enumerate();
        runs.map(|(at, run)| RunFate {
            part: desired.part(at),
            run,
            fate: self.seen.fate(at),
            would_send: self.would_send.get(&at),
        })
    }
}

impl Publisher<'_> {
    /// Sends what is missing until nothing is. On the way runs may be divided.
    pub async fn publish(&self, desired: &mut Desired) -> Published {
        let mut work = Work::new(self, desired);
        while let Some(next) = work.next() {
            let problem = match work.go(next).await {
                Outcome::Learnt => continue,
                Outcome::Cancelled => cancelled(),
                Outcome::Stopped(problem) => problem,
            };
            work.close(problem).await;
            break;
        }
        work.end()
    }
}

/// What is said when somebody cancelled.
pub fn cancelled() -> Problem {
    Problem {
        severity: Severity::Error,
        code: code::CANCELLED,
        message: "cancelled; open test runs were set to Aborted as far as they could be".to_owned(),
        advice: "Run the step again: it publishes what is missing.".to_owned(),
    }
}
