//! What becomes of a desired run, and why a run is given up.

use std::collections::BTreeMap;

use crate::azure_devops::TestRunId;
use crate::azure_devops::form::Form;
use crate::secrets::Clean;

/// What follows a run that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// It is made anew.
    Anew,
    /// Another job's run has it, or will.
    Other(TestRunId),
    /// It is missing.
    Missing(String),
}

/// What became of a desired run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is finished and holds every result once, but for those refused.
    Published {
        /// The run.
        id: TestRunId,
        /// Position and reason of each refused result.
        refused: BTreeMap<usize, String>,
        /// Of each result that was refused as it is: what of it is there, and why.
        reduced: BTreeMap<usize, (Form, String)>,
        /// Position and reason of each attachment that did not arrive.
        missing_attachments: BTreeMap<usize, String>,
    },
    /// A finished run held it before.
    AlreadyPublished {
        /// That run.
        id: TestRunId,
        /// Whether this owner made it.
        ours: bool,
        /// Whether it counts refused results.
        incomplete: bool,
    },
    /// Some of its reports are published elsewhere: to be published anew, one run for each report.
    Divided,
    /// The service refuses its test points: its results are unmatched.
    PointRefused {
        /// In the service's words.
        reason: String,
    },
    /// Another job is still publishing it.
    StillHeld {
        /// Its run.
        by: TestRunId,
    },
    /// It is in no finished run.
    Missing {
        /// Why.
        reason: String,
    },
}

/// Why a run is given up; the text stands on the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Another run has its reports.
    Twin(TestRunId),
    /// It holds something twice, or lost something.
    Spoiled,
    /// It was made for other reports than are at hand now.
    OtherReports,
    /// It is left from an earlier try, and another one is used.
    LeftOver,
    /// Every result was refused.
    AllRefused,
    /// It could not be completed.
    NotCompleted,
    /// Sending could not be finished.
    GaveUp(Clean),
}

impl Why {
    /// The text that stands on the run.
    pub fn text(&self) -> Clean {
        match self {
            Why::Twin(id) => Clean::own("these reports are in test run ")
                .and(&Clean::number(usize::try_from(id.0).unwrap_or_default()))
                .and(&Clean::own(", which was made at the same time")),
            Why::Spoiled => Clean::own(
                "results were stored twice or lost after a connection broke; published anew",
            ),
            Why::OtherReports => {
                Clean::own("begun by an earlier try of this job for other reports; published anew")
            }
            Why::LeftOver => Clean::own("left over from an earlier try of this job"),
            Why::AllRefused => Clean::own("Azure DevOps refused every result"),
            Why::NotCompleted => Clean::own("Azure DevOps did not complete it"),
            Why::GaveUp(reason) => reason.clone(),
        }
    }
}

/// Something worth telling about a run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// An unfinished run of an earlier try is filled up.
    Resumed {
        /// Which desired run.
        run: usize,
        /// The run found.
        id: TestRunId,
    },
    /// A finished run shows an earlier state of the report.
    EarlierState {
        /// Which desired run.
        run: usize,
        /// The run found.
        id: TestRunId,
    },
    /// An aborted run shows the report, or an earlier state of it.
    AbortedBefore {
        /// Which desired run.
        run: usize,
        /// The run found.
        id: TestRunId,
    },
    /// Another job is publishing the report.
    HeldByOther {
        /// Which desired run.
        run: usize,
        /// The run found.
        id: TestRunId,
    },
    /// A run of ours was ended or deleted by somebody, or spoiled, and is published anew.
    BegunAnew {
        /// Which desired run.
        run: usize,
        /// The run given up.
        id: TestRunId,
        /// Why.
        why: &'static str,
    },
    /// A run is completed, and the service refused to show what it holds.
    NotReadBack {
        /// The run.
        id: TestRunId,
        /// Why not.
        reason: String,
    },
    /// A completed run holds an attachment twice, and was begun anew before.
    AttachedTwice {
        /// The run.
        id: TestRunId,
    },
    /// The service did not keep the mark of a new run as it was sent.
    MarkLost {
        /// The run.
        id: TestRunId,
    },
    /// A finished run holds some results; the others are published beside it.
    HeldInPart {
        /// Which desired run.
        run: usize,
        /// The run found.
        id: TestRunId,
        /// How many results it holds.
        results: usize,
    },
    /// A planned run was refused as automated, and is made as one that is not.
    NotAutomated {
        /// Which desired run.
        run: usize,
        /// Why.
        reason: String,
    },
    /// Another one likewise.
    NotAutomatedEither {
        /// Which desired run.
        run: usize,
    },
    /// A run could not be set to `Aborted`.
    NotEnded {
        /// The run.
        id: TestRunId,
        /// Why not.
        reason: String,
    },
}

impl After {
    pub(super) fn into_fate(self) -> Fate {
        match self {
            After::Missing(reason) => Fate::Missing { reason },
            After::Other(id) => Fate::Missing {
                reason: format!("it should be in test run {id} of another job"),
            },
            After::Anew => Fate::Missing {
                reason: "it was to be published anew".to_owned(),
            },
        }
    }
}
