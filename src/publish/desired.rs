//! What should exist in Azure DevOps when the work is done.

use super::marker::{Marker, Owner, ReportKey};
use crate::azure_devops::{NewAttachment, NewTestResult, NewTestRun};

/// The runs that should exist, and whose they are.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Who makes them.
    pub owner: Owner,
    /// Publish even what is in a finished run already.
    pub again: bool,
    /// Whether there is a build by which runs can be looked up.
    pub can_look: bool,
    /// In the order in which they are made.
    pub runs: Vec<DesiredRun>,
}

/// A run with everything that should be in it.
#[derive(Clone, Debug)]
pub struct DesiredRun {
    /// The reports that it holds.
    pub keys: Vec<ReportKey>,
    /// The run itself; its comment ends with the mark.
    pub run: NewTestRun,
    /// Its results, in the order in which they are sent.
    pub results: Vec<NewTestResult>,
    /// Its files.
    pub attachments: Vec<DesiredAttachment>,
}

impl DesiredRun {
    /// The mark of the run.
    pub fn marker(&self, owner: &Owner) -> Marker {
        Marker {
            owner: owner.clone(),
            keys: self.keys.clone(),
        }
    }
}

/// A file, and where it should hang.
#[derive(Clone, Debug)]
pub struct DesiredAttachment {
    /// What it hangs on.
    pub target: Target,
    /// The file.
    pub attachment: NewAttachment,
}

/// What an attachment hangs on, by position: ids are known only later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// The run.
    Run,
    /// The result at this position.
    Result(usize),
    /// A sub-result of the result at this position; the second number counts its sub-results, each
    /// followed by those below it.
    SubResult(usize, usize),
}

impl Target {
    /// The position of the result that it hangs on.
    pub fn result(self) -> Option<usize> {
        match self {
            Target::Run => None,
            Target::Result(result) | Target::SubResult(result, _) => Some(result),
        }
    }
}
