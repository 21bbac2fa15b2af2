//! A run of our own that is being filled: its results, its attachments, its completion.

use std::collections::{BTreeMap, BTreeSet};

use super::desired::{DesiredRun, Target};
use super::fate::{After, Fate, Why};
use super::narrowing::{Broken, Trial};
use super::points::Slot;
use crate::azure_devops::form::Form;
use crate::azure_devops::stored::{AddedResult, StoredAttachment, StoredResult};
use crate::azure_devops::test_runs::Place;
use crate::azure_devops::{NewAttachment, TestResultId, TestRunId};

/// An attachment that failed so often is left out; the run is completed without it.
pub(super) const ATTACHMENT_TRIES: u8 = 5;

/// How far an own run is.
#[derive(Clone, Debug)]
pub struct Filling {
    /// The run.
    pub id: TestRunId,
    /// Its results.
    pub results: ResultsSeen,
    /// In a planned run the result that each of ours fills, once they are read.
    pub slots: Vec<Option<Slot>>,
    /// It was made just now, so what it was made with is what was asked for.
    pub is_fresh: bool,
    /// The service did not know a result that it had listed; the list was read once more.
    pub is_read_again: bool,
    /// Results that were refused, with the reason.
    pub refused: BTreeMap<usize, String>,
    /// Bytes of each result on the wire.
    pub sizes: Vec<usize>,
    /// How each result is sent next.
    pub trials: Vec<Trial>,
    /// How often a request was made smaller, or a result sent in another form.
    pub narrowed: u32,
    /// A request with results that broke, until it is known what of it arrived.
    pub broken: Option<Broken>,
    /// Its attachments.
    pub attachments: Vec<AttachmentSeen>,
    /// Results whose request was refused (none: the completion), until it is known that the run is
    /// still open.
    pub refusal: Option<(Vec<usize>, String)>,
    /// Whether the runs were looked up after everything was sent.
    pub twins_checked: bool,
    /// Somebody may have ended it: the service accepted results without saying where they are.
    pub doubt: bool,
    /// Whether it is completed.
    pub completion: Completion,
    /// Its completion was refused once: then it is asked for with the state alone.
    pub is_plain_completion: bool,
    /// How often it was asked to be completed.
    pub completions: u8,
    /// Looks since then at which it was still open.
    pub looks_at_end: u8,
    /// It is to be given up, unless it turns out to be completed.
    pub giving_up: Option<(Why, After)>,
    /// What was read of it after it was completed.
    pub reading: Looks,
    /// Its results were all seen in it after it was completed.
    pub is_read_back: bool,
    /// Attachments whose answer was lost once: they may come late, and be there twice.
    pub unanswered: BTreeSet<usize>,
}

/// What is known of the results of a run.
#[derive(Clone, Debug)]
pub enum ResultsSeen {
    /// To be read.
    Unknown(Looks),
    /// For each desired result what is stored of it.
    Known(Vec<Option<AddedResult>>),
}

/// Looking at the results of a run until the looks agree.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// The present look, as far as it got.
    pub page: Vec<StoredResult>,
    /// Looks made.
    pub made: u8,
    /// The ids of that.
    ids: BTreeSet<TestResultId>,
    /// How many must agree.
    pub(super) needed: u8,
    /// How many agreed so far, and on what: ids, and what is filled of the results of a plan.
    agreed: (u8, Vec<(TestResultId, bool, usize)>),
}

impl Looks {
    pub(super) fn needing(needed: u8) -> Self {
        Self {
            needed,
            ..Self::default()
        }
    }

    /// Takes a page; gives the results, ordered by id, once enough looks agree.
    pub(super) fn learn(&mut self, page: Vec<StoredResult>) -> Option<Vec<StoredResult>> {
        // A page that brings nothing new ends the list as an empty one does: some proxies drop what
        // stands behind the question mark.
        let before = self.ids.len();
        self.ids.extend(page.iter().map(|result| result.id));
        if self.ids.len() > before {
            self.page.extend(page);
            return None;
        }
        self.ids.clear();
        // Data may move between two pages; what stands in both counts once.
        let mut results = std::mem::take(&mut self.page);
        results.sort_by_key(|result| result.id);
        results.dedup_by_key(|result| result.id);
        let state = results.iter();
        let state = state.map(|result| (result.id, result.is_completed, result.iterations));
        let state: Vec<_> = state.collect();
        self.made = self.made.saturating_add(1);
        self.agreed = if self.made > 1 && self.agreed.1 == state {
            (self.agreed.0.saturating_add(1), state)
        } else {
            (1, state)
        };
        (self.agreed.0 >= self.needed).then_some(results)
    }

    /// What was seen is not all that must be there: one more look has to agree.
    pub(super) fn once_more(&mut self) {
        self.needed = self.agreed.0.saturating_add(1);
    }
}

/// What is known of an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttachmentSeen {
    /// To be looked for.
    Unknown {
        /// Failures so far.
        failures: u8,
        /// Whether its request may still be on its way.
        late: bool,
        /// How many further looks must miss it before it counts as not there.
        looks: u8,
    },
    /// To be sent.
    Missing {
        /// Failures so far.
        failures: u8,
    },
    /// There.
    Stored,
    /// Left out, and why.
    Failed(String),
}

/// Whether a run is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// Not yet.
    Open,
    /// Asked for, without an answer.
    Unknown,
    /// Yes.
    Finished,
}

impl Filling {
    /// A run just made: nothing is in it, or in a planned one results that wait.
    pub(super) fn fresh(id: TestRunId, run: &DesiredRun) -> Self {
        let results = if run.run.plan.is_some() {
            ResultsSeen::Unknown(Looks::needing(1))
        } else {
            ResultsSeen::Known(vec![None; run.results.len()])
        };
        Self {
            is_fresh: true,
            ..Self::new(id, run, results, AttachmentSeen::Missing { failures: 0 })
        }
    }

    /// A run of an earlier try: what is in it has to be read.
    pub(super) fn resumed(id: TestRunId, run: &DesiredRun, looks: u8) -> Self {
        let results = ResultsSeen::Unknown(Looks::needing(looks));
        Self::new(
            id,
            run,
            results,
            AttachmentSeen::Unknown {
                failures: 0,
                late: false,
                looks: 1,
            },
        )
    }

    fn new(
        id: TestRunId,
        run: &DesiredRun,
        results: ResultsSeen,
        attachment: AttachmentSeen,
    ) -> Self {
        let sizes = run
            .results
            .iter()
            .map(|result| serde_json::to_vec(result).map_or(0, |bytes| bytes.len() + 24));
        Self {
            id,
            results,
            slots: vec![None; run.points.len()],
            is_fresh: false,
            is_read_again: false,
            refused: BTreeMap::new(),
            sizes: sizes.collect(),
            trials: vec![Trial::first(); run.results.len()],
            narrowed: 0,
            broken: None,
            attachments: vec![attachment; run.attachments.len()],
            refusal: None,
            twins_checked: false,
            doubt: false,
            completion: Completion::Open,
            is_plain_completion: false,
            completions: 0,
            looks_at_end: 0,
            giving_up: None,
            reading: Looks::needing(1),
            is_read_back: false,
            unanswered: BTreeSet::new(),
        }
    }

    /// Whether nothing is left to send but the completion.
    pub(super) fn all_sent(&self) -> bool {
        self.holds_all_results() && self.refusal.is_none()
    }

    /// Whether every result is there that the service takes.
    pub(super) fn holds_all_results(&self) -> bool {
        match &self.results {
            ResultsSeen::Known(stored) => {
                (0..stored.len()).all(|at| stored[at].is_some() || self.refused.contains_key(&at))
            }
            ResultsSeen::Unknown(_) => false,
        }
    }

    pub(super) fn published(&self) -> Fate {
        let missing_attachments = self
            .attachments
            .iter()
            .enumerate()
            .filter_map(|(at, seen)| match seen {
                AttachmentSeen::Stored => None,
                AttachmentSeen::Failed(reason) => Some((at, reason.clone())),
                AttachmentSeen::Missing { .. } | AttachmentSeen::Unknown { .. } => {
                    Some((at, "the result that it belongs to was refused".to_owned()))
                }
            })
            .collect();
        let reduced = self
            .trials
            .iter()
            .enumerate()
            .filter(|(at, trial)| trial.form != Form::Whole && !self.refused.contains_key(at));
        Fate::Published {
            id: self.id,
            refused: self.refused.clone(),
            reduced: reduced
                .map(|(at, trial)| (at, (trial.form, trial.reason.clone())))
                .collect(),
            missing_attachments,
        }
    }

    /// Compares what should be attached at a place with what is: equal ones by their number.
    pub(super) fn learn_attachments(
        &mut self,
        run: &DesiredRun,
        at: Place,
        list: &[StoredAttachment],
    ) {
        let mut there: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for found in list {
            *there.entry((&found.name, &found.comment)).or_default() += 1;
        }
        let positions: Vec<usize> = self.at_place(run, at).collect();
        // First those known to be there, so that they are not counted for another one.
        for known in [true, false] {
            for &position in &positions {
                let attachment = &run.attachments[position].attachment;
                let count =
                    there.get_mut(&(attachment.name.as_str(), attachment.fingerprint.as_str()));
                let seen = &mut self.attachments[position];
                match (seen.clone(), count) {
                    (AttachmentSeen::Stored, Some(count)) if known => {
                        *count = count.saturating_sub(1)
                    }
                    (AttachmentSeen::Unknown { .. }, Some(count)) if !known && *count > 0 => {
                        *count -= 1;
                        *seen = AttachmentSeen::Stored;
                    }
                    (
                        AttachmentSeen::Unknown {
                            failures, looks, ..
                        },
                        _,
                    ) if !known => {
                        *seen = match looks.saturating_sub(1) {
                            0 => AttachmentSeen::Missing { failures },
                            looks => AttachmentSeen::Unknown {
                                failures,
                                late: true,
                                looks,
                            },
                        };
                    }
                    _ => {}
                }
            }
        }
    }

    /// What is attached at a place of the completed run. Whether anything is there twice.
    pub(super) fn verify_attachments(
        &mut self,
        run: &DesiredRun,
        at: Place,
        list: &[StoredAttachment],
    ) -> bool {
        let here = self.take_unanswered(run, at);
        let is = |wanted: &NewAttachment, found: &StoredAttachment| {
            wanted.name.as_str() == found.name && wanted.fingerprint == found.comment
        };
        here.iter().any(|position| {
            let wanted = &run.attachments[*position].attachment;
            let there = list.iter().filter(|found| is(wanted, found)).count();
            let alike = self.at_place(run, at).filter(|other| {
                let other = &run.attachments[*other].attachment;
                other.name == wanted.name && other.fingerprint == wanted.fingerprint
            });
            there > alike.count()
        })
    }

    /// The attachments of a place whose answer was lost; they are looked at no more.
    pub(super) fn take_unanswered(&mut self, run: &DesiredRun, at: Place) -> Vec<usize> {
        let here: Vec<usize> = self.at_place(run, at).collect();
        let unanswered = here.into_iter();
        unanswered
            .filter(|position| self.unanswered.remove(position))
            .collect()
    }

    fn at_place(&self, run: &DesiredRun, at: Place) -> impl Iterator<Item = usize> {
        let stored = match &self.results {
            ResultsSeen::Known(stored) => stored.as_slice(),
            ResultsSeen::Unknown(_) => &[],
        };
        let attachments = run.attachments.iter().enumerate();
        attachments
            .filter(move |(_, attachment)| place(attachment.target, stored) == Some(at))
            .map(|(position, _)| position)
    }

    pub(super) fn fail_attachments(&mut self, run: &DesiredRun, at: Place, reason: &str) {
        let ResultsSeen::Known(stored) = &self.results else {
            return;
        };
        for (attachment, seen) in run.attachments.iter().zip(&mut self.attachments) {
            if matches!(seen, AttachmentSeen::Unknown { .. })
                && place(attachment.target, stored) == Some(at)
            {
                *seen = AttachmentSeen::Failed(reason.to_owned());
            }
        }
    }
}

/// Where a target is, once its result is stored; a result that was refused has no place.
pub(super) fn place(target: Target, stored: &[Option<AddedResult>]) -> Option<Place> {
    match target {
        Target::Run => Some(Place::Run),
        Target::Result(result) => Some(Place::Result(stored[result].as_ref()?.id)),
        Target::SubResult(result, sub_result) => {
            let result = stored[result].as_ref()?;
            // Without the ids of its sub-results the result itself is the next best place.
            Some(match result.sub_results.get(sub_result) {
                Some(sub_result) => Place::SubResult(result.id, *sub_result),
                None => Place::Result(result.id),
            })
        }
    }
}
