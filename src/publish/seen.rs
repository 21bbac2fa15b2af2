//! What is known to exist in Azure DevOps, each part known or unknown.
//!
//! A killed process begins with everything unknown; a lost answer makes a part unknown again. So
//! resuming, a retry of the task and a first publication are one road.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::comparing::Comparing;
use super::creation::Creation;
use super::desired::Desired;
use super::dividing::Change;
use super::fate::{After, Fate, Remark, Why};
use super::filling::{AttachmentSeen, Completion, Filling, Looks};
use super::retry::LOOKS_AT_OTHERS;
use crate::azure_devops::sent::{Refusal, TroubleKind};
use crate::azure_devops::stored::{
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
    /// The same count when attachments were last sent.
    pub(super) answered_at_attaching: u64,
    /// Counts writes carried out and pages read for the first time.
    pub(super) progress: u64,
    /// The answer to a write was lost, and none was carried out since: what is read is no progress.
    pub(super) looking: bool,
    /// What the next page of the listing is asked for by, where positions do not tell.
    pub(super) next_page: Option<String>,
    /// Runs that were read because they are listed without their comments.
    pub(super) read: BTreeMap<TestRunId, StoredRun>,
    /// What was tried to make each run.
    pub(super) creations: Vec<Creation>,
    /// What is to be changed in what is desired.
    pub(super) changes: Vec<Change>,
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
    /// Read to its end, but runs of a plan are listed without their comments.
    WithoutComments {
        /// The runs.
        runs: Vec<StoredRun>,
        /// The service's clock when they were listed.
        now: Timestamp,
    },
    /// Read to its end.
    Known,
}

/// Why to wait before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// No reason.
    No,
    /// The service may still be at work on a request whose answer was lost. So many waits went
    /// before this one; they grow.
    Late(u8),
    /// Another job is publishing the same report.
    Other,
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
    /// A finished run of ours bears its mark, and its counter is not the number of our results:
    /// somebody may have ended it too early, or it holds something twice.
    Checking {
        /// That run.
        id: TestRunId,
        /// What was read of it.
        looks: Looks,
    },
    /// Finished runs bear its mark, and may hold only some of its results, or others.
    Comparing(Box<Comparing>),
    /// Another job is publishing it.
    Held {
        /// Its run.
        by: TestRunId,
    },
    /// Nothing more to do.
    Settled(Fate),
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
    /// To `FillResults`.
    Filled,
    /// To `ReadAttachments`.
    Attachments(Vec<StoredAttachment>),
    /// To `ReadRun` and `ReadFound`.
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
            can_look: desired.can_look(),
            ignored: BTreeSet::new(),
            begun_anew: vec![0; runs],
            create_looks: vec![None; runs],
            looks_at_others: 0,
            first_listing: true,
            answered: 0,
            answered_at_attaching: 0,
            progress: 0,
            looking: false,
            next_page: None,
            read: BTreeMap::new(),
            creations: vec![Creation::default(); runs],
            changes: Vec::new(),
        };
        if !desired.can_look() {
            seen.listing = Listing::Known;
            seen.places = vec![Place::ToCreate; runs];
        }
        seen
    }

    /// What a page of the listing is asked for by, behind so many runs; the first one by nothing.
    pub fn token_of_page(&self, skip: usize) -> Option<&str> {
        self.next_page.as_deref().filter(|_| skip > 0)
    }

    /// Attachments are about to be sent. Gives how many requests had been answered when that was
    /// last so: if more were since, it is not the service as a whole that fails.
    pub fn begin_attaching(&mut self) -> u64 {
        std::mem::replace(&mut self.answered_at_attaching, self.answered)
    }

    /// Counts what brings the work forward: writes carried out, pages read for the first time, and
    /// never the look after a lost answer, or a write that fails for ever would be tried for ever.
    pub fn progress(&self) -> u64 {
        self.progress
    }

    /// Counts requests that were made smaller, and results that are sent in another form.
    pub fn narrowings(&self) -> u32 {
        let narrowed = self.places.iter().map(|place| match place {
            Place::Filling(filling) => filling.narrowed,
            Place::Undecided
            | Place::ToCreate
            | Place::Ending { .. }
            | Place::Checking { .. }
            | Place::Comparing(_)
            | Place::Held { .. }
            | Place::Settled(_) => 0,
        });
        narrowed.sum()
    }

    /// Patience is at its end. Where it is over a single result that the service breaks, and all
    /// others of its run are there, that one is to blame. Whether this is so.
    pub fn blame_the_last_result(&mut self, run: usize) -> bool {
        let Some(Place::Filling(filling)) = self.places.get_mut(run) else {
            return false;
        };
        match &mut filling.broken {
            Some(broken) if broken.is_last && broken.kind == TroubleKind::Server => {
                broken.decides = true;
                true
            }
            Some(_) | None => false,
        }
    }

    /// What became of a desired run, as far as it is known.
    pub fn fate(&self, run: usize) -> Fate {
        match self.places.get(run) {
            Some(Place::Settled(fate)) => fate.clone(),
            Some(Place::Held { by }) => Fate::StillHeld { by: *by },
            Some(
                Place::Undecided
                | Place::ToCreate
                | Place::Filling(_)
                | Place::Ending { .. }
                | Place::Checking { .. }
                | Place::Comparing(_),
            )
            | None => Fate::Missing {
                reason: "publishing ended before it".to_owned(),
            },
        }
    }

    /// There is no time for more than one further look at the runs of other owners.
    pub fn look_at_others_once_more(&mut self) {
        self.looks_at_others = LOOKS_AT_OTHERS;
    }

    /// Gives up on what is not settled. Open runs are set to `Aborted` by the steps that follow,
    /// also one whose creation was not answered, if it is there.
    pub fn give_up(&mut self, reason: &str, on_the_run: &Clean) {
        let lost_creation = self.create_looks.iter().any(Option::is_some);
        self.listing = if lost_creation && self.can_look {
            Listing::Unknown {
                pages: Vec::new(),
                wait: Wait::No,
            }
        } else {
            Listing::Known
        };
        self.orphans.clear();
        for place in &mut self.places {
            let missing = After::Missing(reason.to_owned());
            match place {
                Place::Settled(_) => {}
                Place::Filling(filling) if filling.completion == Completion::Finished => {
                    // It is finished; only the last look at it did not come to an end.
                    *place = Place::Settled(filling.published());
                }
                // It may be complete: that is looked at first.
                Place::Filling(filling) if filling.completion == Completion::Unknown => {
                    filling.giving_up = Some((Why::GaveUp(on_the_run.clone()), missing));
                }
                Place::Filling(filling) => {
                    *place = Place::Ending {
                        id: filling.id,
                        why: Why::GaveUp(on_the_run.clone()),
                        then: missing,
                    };
                }
                Place::Ending { then, .. } => *then = missing,
                Place::Undecided
                | Place::ToCreate
                | Place::Checking { .. }
                | Place::Comparing(_)
                | Place::Held { .. } => {
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
            if !filling.holds_all_results() || filling.completion != Completion::Open {
                continue;
            }
            for seen in &mut filling.attachments {
                let reason = match seen {
                    AttachmentSeen::Missing { .. } => reason.to_owned(),
                    AttachmentSeen::Unknown { .. } => {
                        format!("whether it arrived is not known: {reason}")
                    }
                    AttachmentSeen::Stored | AttachmentSeen::Failed(_) => continue,
                };
                *seen = AttachmentSeen::Failed(reason);
                any = true;
            }
        }
        any
    }

    /// While closing down: whether the creation of a run was not answered and it did not show yet.
    /// The runs are looked up once more then.
    pub fn look_again_for_a_run(&mut self) -> bool {
        let is_lost = self.can_look && self.create_looks.iter().any(Option::is_some);
        if is_lost {
            self.listing = Listing::Unknown {
                pages: Vec::new(),
                wait: Wait::No,
            };
        }
        is_lost
    }

    /// The end of closing down: runs that could not be ended any more.
    pub fn abandon(&mut self, reason: &str) {
        for place in &mut self.places {
            if let Place::Filling(filling) = place
                && let Some((why, then)) = filling.giving_up.take()
            {
                *place = Place::Ending {
                    id: filling.id,
                    why,
                    then,
                };
            }
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
