//! What is known to exist in Azure DevOps, each part known or unknown.
//!
//! A killed process begins with everything unknown; a lost answer makes a part unknown again. So
//! resuming, a retry of the task and a first publication are one road.

use std::collections::{BTreeMap, BTreeSet};

use super::desired::Desired;
use super::filling::{AttachmentSeen, Completion, Filling, ResultsSeen};
use super::step::Wait;
use crate::azure_devops::client::Refusal;
use crate::azure_devops::test_runs::{
    AddedResult, RunsPage, StoredAttachment, StoredResult, StoredRun,
};
use crate::azure_devops::{RunState, TestRunId};
use crate::secrets::Clean;

/// What is known.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The build's runs.
    pub listing: Listing,
    /// Each desired run.
    pub places: Vec<Place>,
    /// Own open runs that are in the way, and why; to be ended before anything else.
    pub orphans: Vec<(TestRunId, Why)>,
    /// Worth telling, in order.
    pub remarks: Vec<Remark>,
    /// Whether the build's runs can be looked up.
    pub can_look: bool,
    /// Runs that are neither an answer nor a twin: finished before a publication made on purpose,
    /// spoiled, or ended by us.
    pub(super) ignored: BTreeSet<TestRunId>,
    /// How often each run was begun anew.
    pub(super) begun_anew: Vec<u8>,
    /// Looks for a run whose creation was not answered: made, and needed.
    pub(super) create_looks: Vec<Option<(u8, u8)>>,
    pub(super) looks_at_others: u32,
    pub(super) first_listing: bool,
    /// Counts requests that were answered, so that failures of attachments count only while others succeed.
    pub(super) answered: u64,
}

/// The build's runs that carry a mark.
#[derive(Clone, Debug)]
pub enum Listing {
    /// Being read.
    Unknown {
        /// What was read so far, marked or not.
        pages: Vec<StoredRun>,
        /// What must pass before the first page.
        wait: Wait,
    },
    /// Read to its end.
    Known,
}

/// Where a desired run is.
#[derive(Clone, Debug)]
pub enum Place {
    /// The listing has to tell.
    Undecided,
    /// Nowhere, and to be made.
    ToCreate,
    /// Ours, and being filled.
    Filling(Box<Filling>),
    /// Ours, and to be given up.
    Ending {
        /// Which run.
        id: TestRunId,
        /// Why.
        why: Why,
        /// What comes after.
        then: After,
    },
    /// Another job is publishing it.
    Held {
        /// Its run.
        by: TestRunId,
    },
    /// Nothing more to do.
    Settled(Fate),
}

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
    /// A run could not be set to `Aborted`.
    NotEnded {
        /// The run.
        id: TestRunId,
        /// Why not.
        reason: String,
    },
}

/// What a step was answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To `LookUp`.
    Runs(RunsPage),
    /// To `Create`.
    Created(StoredRun),
    /// To `ReadResults`.
    Results(Vec<StoredResult>),
    /// To `AddResults`.
    Added(Vec<AddedResult>),
    /// To `ReadAttachments`.
    Attachments(Vec<StoredAttachment>),
    /// To `ReadRun`.
    Run(StoredRun),
    /// To `End`.
    Ended(Option<RunState>),
}

/// Everything else that a request can come to, and that stops the whole work.
#[derive(Clone, Debug)]
pub enum Stop {
    /// The service refuses us altogether.
    Refused(Refusal),
}

impl Seen {
    /// Nothing is known.
    pub fn nothing(desired: &Desired) -> Self {
        let runs = desired.runs.len();
        let mut seen = Self {
            listing: Listing::Unknown {
                pages: Vec::new(),
                wait: Wait::No,
            },
            places: vec![Place::Undecided; runs],
            orphans: Vec::new(),
            remarks: Vec::new(),
            can_look: desired.can_look,
            ignored: BTreeSet::new(),
            begun_anew: vec![0; runs],
            create_looks: vec![None; runs],
            looks_at_others: 0,
            first_listing: true,
            answered: 0,
        };
        if !desired.can_look {
            seen.listing = Listing::Known;
            seen.places = vec![Place::ToCreate; runs];
        }
        seen
    }

    /// Requests answered so far.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// Gives up on what is not settled. Open runs are set to `Aborted` by the steps that follow.
    pub fn give_up(&mut self, reason: &str, on_the_run: &Clean) {
        self.listing = Listing::Known;
        self.orphans.clear();
        for place in &mut self.places {
            let missing = After::Missing(reason.to_owned());
            match place {
                Place::Settled(_) => {}
                Place::Filling(filling) if filling.completion == Completion::Finished => {
                    // It is finished; only the last look at it did not come to an end.
                    *place = Place::Settled(filling.published());
                }
                Place::Filling(filling) => {
                    *place = Place::Ending {
                        id: filling.id,
                        why: Why::GaveUp(on_the_run.clone()),
                        then: missing,
                    };
                }
                Place::Ending { then, .. } => *then = missing,
                Place::Undecided | Place::ToCreate | Place::Held { .. } => {
                    *place = Place::Settled(Fate::Missing {
                        reason: reason.to_owned(),
                    });
                }
            }
        }
    }

    /// Gives up on attachments that are not there yet, so that the run can be completed without them.
    /// Whether there were any.
    pub fn give_up_attachments(&mut self, reason: &str) -> bool {
        let mut any = false;
        for place in &mut self.places {
            let Place::Filling(filling) = place else {
                continue;
            };
            let ResultsSeen::Known(stored) = &filling.results else {
                continue;
            };
            let complete = (0..stored.len())
                .all(|at| stored[at].is_some() || filling.refused.contains_key(&at));
            if !complete || filling.completion != Completion::Open {
                continue;
            }
            for seen in &mut filling.attachments {
                if matches!(
                    seen,
                    AttachmentSeen::Unknown { .. } | AttachmentSeen::Missing { .. }
                ) {
                    *seen = AttachmentSeen::Failed(reason.to_owned());
                    any = true;
                }
            }
        }
        any
    }

    /// The end of closing down: runs that could not be ended any more.
    pub fn abandon(&mut self, reason: &str) {
        for place in &mut self.places {
            if let Place::Ending { id, then, .. } = place {
                self.remarks.push(Remark::NotEnded {
                    id: *id,
                    reason: reason.to_owned(),
                });
                *place = Place::Settled(then.clone().into_fate());
            }
        }
    }
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
