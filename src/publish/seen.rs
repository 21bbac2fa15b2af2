//! What is known to exist in Azure DevOps, each part known or unknown, and how an answer adds to it.
//!
//! A killed process begins with everything unknown; a lost answer makes a part unknown again. So
//! resuming, a retry of the task and a first publication are one road.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::desired::{Desired, DesiredRun};
use super::marker::Marker;
use super::matching;
use super::step::{Step, Wait, place};
use crate::azure_devops::client::{Refusal, RefusalKind, Sent, Trouble, TroubleKind};
use crate::azure_devops::test_runs::{
    AddedResult, Ending, RunsPage, StoredAttachment, StoredResult, StoredRun,
};
use crate::azure_devops::{Life, RunState, TestResultId, TestRunId};
use crate::secrets::Clean;

/// Looks that must agree before something counts as not there. Between two of them lies
/// [`Wait::Late`], some seconds.
const LOOKS: u8 = 2;

/// The same after a request that the service may still be at work on: half a minute in all.
const LOOKS_AFTER_SILENCE: u8 = 7;

/// An attachment that failed so often is left out; the run is completed without it.
const ATTACHMENT_TRIES: u8 = 5;

/// How often a run of another owner is looked at again.
const LOOKS_AT_OTHERS: u32 = 12;

/// An open run of another owner that nobody changed for so long belongs to a job that is dead.
const DEAD: Duration = Duration::from_secs(3_600);

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
    ignored: BTreeSet<TestRunId>,
    /// How often each run was begun anew.
    begun_anew: Vec<u8>,
    /// Looks for a run whose creation was not answered: made, and needed.
    create_looks: Vec<Option<(u8, u8)>>,
    looks_at_others: u32,
    first_listing: bool,
    /// Counts requests that were answered, so that failures of attachments count only while others succeed.
    answered: u64,
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

/// How far an own run is.
#[derive(Clone, Debug)]
pub struct Filling {
    /// The run.
    pub id: TestRunId,
    /// Its results.
    pub results: ResultsSeen,
    /// Results that were refused, with the reason.
    pub refused: BTreeMap<usize, String>,
    /// Bytes of each result on the wire.
    pub sizes: Vec<usize>,
    /// How many results may travel together with each: halved when a request is refused.
    pub largest_batch: Vec<usize>,
    /// Its attachments.
    pub attachments: Vec<AttachmentSeen>,
    /// A request that was refused, until it is known that the run is still open.
    pub refusal: Option<(Vec<usize>, String)>,
    /// Whether the runs were looked up after everything was sent.
    pub twins_checked: bool,
    /// Whether it is completed.
    pub completion: Completion,
    /// What was read of it after it was completed.
    pub reading: Looks,
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
    /// How many must agree.
    needed: u8,
    /// How many agreed so far, and on what.
    agreed: (u8, Vec<TestResultId>),
}

impl Looks {
    fn needing(needed: u8) -> Self {
        Self {
            needed,
            ..Self::default()
        }
    }

    /// Takes a page; gives the results, ordered by id, once enough looks agree.
    fn learn(&mut self, page: Vec<StoredResult>) -> Option<Vec<StoredResult>> {
        if !page.is_empty() {
            self.page.extend(page);
            return None;
        }
        // Data may move between two pages; what stands in both counts once.
        let mut results = std::mem::take(&mut self.page);
        results.sort_by_key(|result| result.id);
        results.dedup_by_key(|result| result.id);
        let ids: Vec<TestResultId> = results.iter().map(|result| result.id).collect();
        self.made = self.made.saturating_add(1);
        self.agreed = if self.made > 1 && self.agreed.1 == ids {
            (self.agreed.0 + 1, ids)
        } else {
            (1, ids)
        };
        (self.agreed.0 >= self.needed).then_some(results)
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

    /// Adds what a step came to. A refusal that concerns everything is given back.
    pub fn learn(&mut self, desired: &Desired, step: &Step, sent: Sent<Answer>) -> Option<Stop> {
        match sent {
            Sent::Answered(answer) => {
                self.answered += 1;
                self.learn_answer(desired, step, answer);
                None
            }
            Sent::Refused(refusal) if concerns_everything(&refusal) => Some(Stop::Refused(refusal)),
            Sent::Refused(refusal) => self.learn_refusal(desired, step, refusal),
            // Nothing was changed: the same step comes again.
            Sent::NotSent(_) => None,
            Sent::Unknown(trouble) => {
                self.learn_unknown(step, &trouble);
                None
            }
        }
    }

    /// Adds what became of one attachment of a step; the step itself is not learnt.
    pub fn learn_attachment(
        &mut self,
        run: usize,
        position: usize,
        sent: &Sent<()>,
        answered_before: u64,
    ) -> Option<Stop> {
        let others_answered = self.answered > answered_before;
        let Some(Place::Filling(filling)) = self.places.get_mut(run) else {
            return None;
        };
        let seen = filling.attachments.get_mut(position)?;
        let AttachmentSeen::Missing { failures } = *seen else {
            return None;
        };
        match sent {
            Sent::Answered(()) => {
                *seen = AttachmentSeen::Stored;
                self.answered += 1;
            }
            Sent::Refused(refusal) if concerns_everything(refusal) && refusal.status != 403 => {
                return Some(Stop::Refused(refusal.clone()));
            }
            Sent::Refused(refusal) => *seen = AttachmentSeen::Failed(described(refusal)),
            Sent::NotSent(trouble) | Sent::Unknown(trouble) => {
                // While nothing is answered it is the service that fails, not this attachment.
                let failures =
                    failures + u8::from(others_answered && trouble.kind != TroubleKind::Busy);
                *seen = if failures >= ATTACHMENT_TRIES {
                    AttachmentSeen::Failed(trouble.cause.clone())
                } else if matches!(sent, Sent::Unknown(_)) {
                    AttachmentSeen::Unknown {
                        failures,
                        late: true,
                    }
                } else {
                    AttachmentSeen::Missing { failures }
                };
            }
        }
        None
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

    fn learn_answer(&mut self, desired: &Desired, step: &Step, answer: Answer) {
        match (step, answer) {
            (Step::LookUp { .. }, Answer::Runs(page)) => self.learn_runs(desired, page),
            (Step::Create { run }, Answer::Created(stored)) => {
                let filling = Filling::fresh(stored.id, &desired.runs[*run]);
                self.places[*run] = Place::Filling(Box::new(filling));
            }
            (Step::ReadResults { run, .. }, Answer::Results(page)) => {
                self.learn_results(desired, *run, page)
            }
            (Step::AddResults { run, results, .. }, Answer::Added(added)) => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run)
                    && let ResultsSeen::Known(stored) = &mut filling.results
                {
                    for (&at, added) in results.iter().zip(added) {
                        stored[at] = Some(added);
                    }
                }
            }
            (Step::ReadAttachments { run, place: at, .. }, Answer::Attachments(list)) => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    filling.learn_attachments(&desired.runs[*run], *at, &list);
                }
            }
            (Step::ReadRun { run, id }, Answer::Run(stored)) => {
                self.learn_run(desired, *run, *id, stored.state)
            }
            (Step::End { run, id, ending }, Answer::Ended(state)) => {
                self.learn_end(*run, *id, ending, state)
            }
            // The sender answers each step with its own kind of answer.
            _ => debug_assert!(false, "an answer of another kind than {step:?} asks for"),
        }
    }

    fn learn_runs(&mut self, desired: &Desired, page: RunsPage) {
        let Listing::Unknown { pages, .. } = &mut self.listing else {
            // A look-up made while the listing was known begins a new listing.
            self.listing = Listing::Unknown {
                pages: Vec::new(),
                wait: Wait::No,
            };
            return self.learn_runs(desired, page);
        };
        pages.extend(page.runs.iter().cloned());
        if !page.is_last && !page.runs.is_empty() {
            return;
        }
        let mut runs = std::mem::take(pages);
        runs.sort_by_key(|run| run.id);
        runs.dedup_by_key(|run| run.id);
        self.listing = Listing::Known;
        let marked: Vec<Marked> = runs
            .iter()
            .filter_map(|run| {
                let marker = Marker::parse(run.comment.as_deref()?)?;
                let dead = run
                    .updated
                    .is_some_and(|updated| page.now.duration_since(updated) > DEAD_SIGNED);
                let ours =
                    marker.owner == desired.owner || (dead && run.state.life() == Life::Open);
                Some(Marked { run, marker, ours })
            })
            .collect();
        if std::mem::take(&mut self.first_listing) && desired.again {
            let finished = marked
                .iter()
                .filter(|found| found.run.state.life() == Life::Finished);
            self.ignored.extend(finished.map(|found| found.run.id));
        }
        self.decide(desired, &marked);
    }

    /// Decides about every run that only the listing can decide about.
    fn decide(&mut self, desired: &Desired, marked: &[Marked<'_>]) {
        let mut looked_at_others = false;
        for at in 0..self.places.len() {
            let run = &desired.runs[at];
            let related: Vec<&Marked> = marked
                .iter()
                .filter(|found| !self.ignored.contains(&found.run.id) && found.shares_a_key(run))
                .collect();
            match &self.places[at] {
                Place::Undecided => self.decide_undecided(desired, at, marked, &related),
                Place::Held { by } => {
                    looked_at_others = true;
                    let by = *by;
                    match related
                        .iter()
                        .find(|found| found.run.id == by)
                        .map(|found| found.run.state.life())
                    {
                        Some(Life::Open) if self.looks_at_others < LOOKS_AT_OTHERS => {}
                        Some(Life::Open) => {
                            let reason =
                                format!("another job is still publishing it in test run {by}");
                            self.places[at] = Place::Settled(Fate::Missing { reason });
                        }
                        Some(Life::Finished | Life::Aborted) | None => {
                            self.decide_undecided(desired, at, marked, &related);
                        }
                    }
                }
                Place::Filling(filling)
                    if filling.completion == Completion::Open
                        && !filling.twins_checked
                        && filling.all_sent() =>
                {
                    let id = filling.id;
                    self.decide_twins(run, at, id, &related);
                }
                Place::Filling(_) | Place::ToCreate | Place::Ending { .. } | Place::Settled(_) => {}
            }
        }
        self.looks_at_others += u32::from(looked_at_others);
        self.look_for_orphans(desired, marked);
    }

    fn decide_undecided(
        &mut self,
        desired: &Desired,
        at: usize,
        marked: &[Marked<'_>],
        related: &[&Marked<'_>],
    ) {
        let run = &desired.runs[at];
        let of = |life| {
            related
                .iter()
                .filter(move |found| found.run.state.life() == life)
        };
        let covered = |found: &&&Marked| run.keys.iter().all(|key| found.marker.keys.contains(key));
        if let Some(found) = of(Life::Finished).find(covered) {
            let id = found.run.id;
            // A try that was killed between completing a run and reading it back may have left it
            // with results that a lost request brought twice.
            let holds_more = found
                .run
                .total_tests
                .is_some_and(|total| total > run.results.len() as u64);
            if found.ours && found.has_exactly_the_keys_of(run) && holds_more {
                self.begin_anew(at, id, Why::Spoiled, "it holds results twice");
            } else {
                self.places[at] = Place::Settled(found.already_published());
            }
            return;
        }
        if run.keys.len() > 1 && of(Life::Finished).next().is_some() {
            self.places[at] = Place::Settled(Fate::Divided);
            return;
        }
        let (own, others): (Vec<&&Marked>, Vec<&&Marked>) =
            of(Life::Open).partition(|found| found.ours);
        if let Some(other) = others.first() {
            if run.keys.len() > 1 {
                self.places[at] = Place::Settled(Fate::Divided);
                return;
            }
            if !matches!(self.places[at], Place::Held { .. }) {
                self.remarks.push(Remark::HeldByOther {
                    run: at,
                    id: other.run.id,
                });
            }
            self.places[at] = Place::Held { by: other.run.id };
            return;
        }
        if let Some(found) = own.iter().find(|found| found.has_exactly_the_keys_of(run)) {
            if self.create_looks[at].is_none() {
                self.remarks.push(Remark::Resumed {
                    run: at,
                    id: found.run.id,
                });
            }
            let after_silence = self.create_looks[at].is_some_and(|(_, needed)| needed > LOOKS);
            self.create_looks[at] = None;
            let needed = if after_silence {
                LOOKS_AFTER_SILENCE
            } else {
                LOOKS
            };
            self.places[at] = Place::Filling(Box::new(Filling::resumed(found.run.id, run, needed)));
            return;
        }
        if let Some((made, needed)) = &mut self.create_looks[at] {
            *made += 1;
            if made < needed {
                self.listing = Listing::Unknown {
                    pages: Vec::new(),
                    wait: Wait::Late,
                };
                return;
            }
            self.create_looks[at] = None;
        }
        self.remark_on_earlier(run, at, marked);
        self.places[at] = Place::ToCreate;
    }

    fn remark_on_earlier(&mut self, run: &DesiredRun, at: usize, marked: &[Marked<'_>]) {
        for found in marked
            .iter()
            .filter(|found| !self.ignored.contains(&found.run.id))
        {
            let same = found
                .marker
                .keys
                .iter()
                .any(|theirs| run.keys.iter().any(|ours| ours.is_same_execution(theirs)));
            let id = found.run.id;
            let remark = match found.run.state.life() {
                Life::Finished if same => Remark::EarlierState { run: at, id },
                Life::Aborted if same => Remark::AbortedBefore { run: at, id },
                Life::Finished | Life::Aborted | Life::Open => continue,
            };
            if !self.remarks.contains(&remark) {
                self.remarks.push(remark);
            }
        }
    }

    /// Everything of a run is sent: has somebody else published its reports meanwhile?
    fn decide_twins(
        &mut self,
        run: &DesiredRun,
        at: usize,
        id: TestRunId,
        related: &[&Marked<'_>],
    ) {
        let twins = related.iter().filter(|found| found.run.id != id);
        let finished = twins
            .clone()
            .find(|found| found.run.state.life() == Life::Finished);
        let older = twins
            .clone()
            .find(|found| found.run.state.life() == Life::Open && !found.ours && found.run.id < id);
        if let Some(winner) = finished.or(older) {
            let then = if run.keys.len() > 1
                && !run.keys.iter().all(|key| winner.marker.keys.contains(key))
            {
                After::Anew
            } else {
                After::Other(winner.run.id)
            };
            self.places[at] = Place::Ending {
                id,
                why: Why::Twin(winner.run.id),
                then,
            };
            return;
        }
        if let Place::Filling(filling) = &mut self.places[at] {
            filling.twins_checked = true;
        }
    }

    /// Own open runs that no desired run is filling: left by a killed try, or by a creation that
    /// was carried out after all.
    fn look_for_orphans(&mut self, desired: &Desired, marked: &[Marked<'_>]) {
        if matches!(self.listing, Listing::Unknown { .. }) {
            return;
        }
        let filling: BTreeSet<TestRunId> = self
            .places
            .iter()
            .filter_map(|place| match place {
                Place::Filling(filling) => Some(filling.id),
                Place::Ending { id, .. } => Some(*id),
                Place::Undecided | Place::ToCreate | Place::Held { .. } | Place::Settled(_) => None,
            })
            .collect();
        for found in marked {
            let id = found.run.id;
            let own_and_open = found.ours && found.run.state.life() == Life::Open;
            // A dead run of another owner is only ours where it is in the way.
            let concerns_us = found.marker.owner == desired.owner
                || desired.runs.iter().any(|run| found.shares_a_key(run));
            if own_and_open && concerns_us && !filling.contains(&id) && !self.ignored.contains(&id)
            {
                let shared = desired.runs.iter().any(|run| found.shares_a_key(run));
                let exact = desired
                    .runs
                    .iter()
                    .any(|run| found.has_exactly_the_keys_of(run));
                let why = if shared && !exact {
                    Why::OtherReports
                } else {
                    Why::LeftOver
                };
                self.ignored.insert(id);
                self.orphans.push((id, why));
            }
        }
    }

    fn learn_results(&mut self, desired: &Desired, at: usize, page: Vec<StoredResult>) {
        let run = &desired.runs[at];
        let Some(Place::Filling(filling)) = self.places.get_mut(at) else {
            return;
        };
        let id = filling.id;
        if let ResultsSeen::Unknown(looks) = &mut filling.results {
            let Some(stored) = looks.learn(page) else {
                return;
            };
            let (matched, strangers) = matching::match_results(&run.results, &stored);
            if strangers > 0 {
                self.begin_anew(at, id, Why::Spoiled, "it holds results twice");
            } else {
                filling.results = ResultsSeen::Known(matched);
            }
            return;
        }
        let Some(found) = filling.reading.learn(page) else {
            return;
        };
        let ResultsSeen::Known(stored) = &filling.results else {
            return;
        };
        let expected: BTreeSet<TestResultId> =
            stored.iter().flatten().map(|result| result.id).collect();
        let found: BTreeSet<TestResultId> = found.iter().map(|result| result.id).collect();
        if found == expected {
            self.places[at] = Place::Settled(filling.published());
        } else if found.is_superset(&expected) {
            self.begin_anew(at, id, Why::Spoiled, "it holds results twice");
        } else if filling.reading.made < LOOKS_AFTER_SILENCE {
            // The service may lag behind itself; look again.
            filling.reading.needed = filling.reading.made + 1;
        } else {
            self.begin_anew(at, id, Why::Spoiled, "it lost results");
        }
    }

    fn learn_run(&mut self, desired: &Desired, at: usize, id: TestRunId, state: RunState) {
        let Some(Place::Filling(filling)) = self.places.get_mut(at) else {
            return;
        };
        let asked_to_complete = filling.completion == Completion::Unknown;
        match state.life() {
            Life::Finished if asked_to_complete => filling.completion = Completion::Finished,
            Life::Open if asked_to_complete => filling.completion = Completion::Open,
            Life::Finished | Life::Aborted => self.lost(at, id, "somebody ended it"),
            Life::Open => {
                let Some((results, reason)) = filling.refusal.take() else {
                    return;
                };
                if let [only] = results[..] {
                    filling.refused.insert(only, reason);
                } else {
                    for at in &results {
                        filling.largest_batch[*at] = (results.len() / 2).max(1);
                    }
                }
                if filling.refused.len() == desired.runs[at].results.len() {
                    let reason = filling.refused.values().next().cloned().unwrap_or_default();
                    let then =
                        After::Missing(format!("Azure DevOps refused every result: {reason}"));
                    self.places[at] = Place::Ending {
                        id,
                        why: Why::AllRefused,
                        then,
                    };
                }
            }
        }
    }

    fn learn_end(
        &mut self,
        run: Option<usize>,
        id: TestRunId,
        ending: &Ending,
        state: Option<RunState>,
    ) {
        self.ignored.insert(id);
        let Some(at) = run else {
            self.orphans.retain(|(orphan, _)| *orphan != id);
            return;
        };
        match (&mut self.places[at], ending) {
            (Place::Filling(filling), Ending::Completed { .. }) => {
                self.ignored.remove(&id);
                filling.completion = match state.map(RunState::life) {
                    Some(Life::Finished) => Completion::Finished,
                    Some(Life::Open | Life::Aborted) | None => Completion::Unknown,
                };
            }
            (Place::Ending { then, .. }, Ending::Aborted { .. }) => {
                let then = then.clone();
                self.after_end(at, then);
            }
            _ => {}
        }
    }

    fn after_end(&mut self, at: usize, then: After) {
        match then {
            After::Anew => self.undecide(at),
            After::Other(other) => {
                self.places[at] = Place::Held { by: other };
                // The other run is finished or will be: look right away.
                self.listing = Listing::Unknown {
                    pages: Vec::new(),
                    wait: Wait::No,
                };
            }
            After::Missing(_) => self.places[at] = Place::Settled(then.into_fate()),
        }
    }

    fn undecide(&mut self, at: usize) {
        if self.can_look {
            self.places[at] = Place::Undecided;
            self.listing = Listing::Unknown {
                pages: Vec::new(),
                wait: Wait::No,
            };
        } else {
            self.places[at] = Place::ToCreate;
        }
    }

    /// Our run is of no use any more, and still there: it is aborted and made anew, once.
    fn begin_anew(&mut self, at: usize, id: TestRunId, why: Why, remark: &'static str) {
        let then = if self.may_begin_anew(at, id, remark) {
            After::Anew
        } else {
            After::Missing(format!("{remark}, twice (test run {id})"))
        };
        self.places[at] = Place::Ending { id, why, then };
    }

    /// Our run was ended or deleted by somebody: it is made anew, once.
    fn lost(&mut self, at: usize, id: TestRunId, remark: &'static str) {
        self.ignored.insert(id);
        if self.may_begin_anew(at, id, remark) {
            self.undecide(at);
        } else {
            let reason = format!("{remark}, twice (test run {id})");
            self.places[at] = Place::Settled(Fate::Missing { reason });
        }
    }

    fn may_begin_anew(&mut self, at: usize, id: TestRunId, why: &'static str) -> bool {
        let may = self.begun_anew[at] == 0;
        self.begun_anew[at] = self.begun_anew[at].saturating_add(1);
        if may {
            self.remarks.push(Remark::BegunAnew { run: at, id, why });
        }
        may
    }

    fn learn_refusal(&mut self, desired: &Desired, step: &Step, refusal: Refusal) -> Option<Stop> {
        let gone = refusal.status == 404;
        match step {
            Step::LookUp { .. } => return Some(Stop::Refused(refusal)),
            Step::Create { run } => {
                self.places[*run] = Place::Settled(Fate::Missing {
                    reason: described(&refusal),
                });
            }
            Step::End { run: None, id, .. } => {
                self.orphans.retain(|(orphan, _)| orphan != id);
                if !gone {
                    self.remarks.push(Remark::NotEnded {
                        id: *id,
                        reason: described(&refusal),
                    });
                }
            }
            Step::End {
                run: Some(at),
                id,
                ending: Ending::Aborted { .. },
            } => {
                if !gone {
                    self.remarks.push(Remark::NotEnded {
                        id: *id,
                        reason: described(&refusal),
                    });
                }
                self.ignored.insert(*id);
                if let Place::Ending { then, .. } = &self.places[*at] {
                    let then = then.clone();
                    self.after_end(*at, then);
                }
            }
            Step::AddResults { run, id, .. }
            | Step::ReadResults { run, id, .. }
            | Step::ReadRun { run, id }
                if gone =>
            {
                self.lost(*run, *id, "somebody deleted it");
            }
            Step::AddResults { run, results, .. } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    filling.refusal = Some((results.clone(), described(&refusal)));
                }
            }
            Step::ReadAttachments { run, place: at, .. } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    filling.fail_attachments(&desired.runs[*run], *at, &described(&refusal));
                }
            }
            Step::End {
                run: Some(run), id, ..
            } if gone => self.lost(*run, *id, "somebody deleted it"),
            Step::ReadResults { run, id, .. }
            | Step::ReadRun { run, id }
            | Step::End {
                run: Some(run),
                id,
                ending: Ending::Completed { .. },
            } => {
                let reason = described(&refusal);
                let then = After::Missing(reason.clone());
                self.places[*run] = Place::Ending {
                    id: *id,
                    why: Why::AllRefused,
                    then,
                };
            }
            Step::Attach { .. } => {}
        }
        None
    }

    fn learn_unknown(&mut self, step: &Step, trouble: &Trouble) {
        let needed = match trouble.kind {
            TroubleKind::Silent => LOOKS_AFTER_SILENCE,
            TroubleKind::Connect
            | TroubleKind::Tls
            | TroubleKind::Proxy
            | TroubleKind::Cut
            | TroubleKind::Busy
            | TroubleKind::Server
            | TroubleKind::Answer => LOOKS,
        };
        match step {
            Step::Create { run } if self.can_look => {
                self.create_looks[*run] = Some((0, needed));
                self.places[*run] = Place::Undecided;
                self.listing = Listing::Unknown {
                    pages: Vec::new(),
                    wait: Wait::Late,
                };
            }
            Step::Create { run } => {
                let reason = format!(
                    "the answer to its creation was lost, and without a build it cannot be looked for ({})",
                    trouble.cause
                );
                self.places[*run] = Place::Settled(Fate::Missing { reason });
            }
            Step::AddResults { run, .. } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    filling.results = ResultsSeen::Unknown(Looks::needing(needed));
                    filling.reading.needed = filling.reading.needed.max(LOOKS);
                }
            }
            Step::End {
                run: Some(run),
                ending: Ending::Completed { .. },
                ..
            } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    filling.completion = Completion::Unknown;
                }
            }
            // To end a run twice does no harm, and reading changes nothing: the step comes again.
            Step::End { .. }
            | Step::LookUp { .. }
            | Step::ReadResults { .. }
            | Step::ReadAttachments { .. }
            | Step::ReadRun { .. }
            | Step::Attach { .. } => {}
        }
    }
}

/// [`DEAD`] as the difference of two times.
const DEAD_SIGNED: jiff::SignedDuration = jiff::SignedDuration::from_secs(DEAD.as_secs() as i64);

impl After {
    fn into_fate(self) -> Fate {
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

impl Filling {
    /// A run just made: nothing is in it.
    fn fresh(id: TestRunId, run: &DesiredRun) -> Self {
        let results = ResultsSeen::Known(vec![None; run.results.len()]);
        Self::new(id, run, results, AttachmentSeen::Missing { failures: 0 })
    }

    /// A run of an earlier try: what is in it has to be read.
    fn resumed(id: TestRunId, run: &DesiredRun, looks: u8) -> Self {
        let results = ResultsSeen::Unknown(Looks::needing(looks));
        Self::new(
            id,
            run,
            results,
            AttachmentSeen::Unknown {
                failures: 0,
                late: false,
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
            refused: BTreeMap::new(),
            sizes: sizes.collect(),
            largest_batch: vec![usize::MAX; run.results.len()],
            attachments: vec![attachment; run.attachments.len()],
            refusal: None,
            twins_checked: false,
            completion: Completion::Open,
            reading: Looks::needing(1),
        }
    }

    /// Whether nothing is left to send but the completion.
    fn all_sent(&self) -> bool {
        let ResultsSeen::Known(stored) = &self.results else {
            return false;
        };
        let results =
            (0..stored.len()).all(|at| stored[at].is_some() || self.refused.contains_key(&at));
        results && self.refusal.is_none()
    }

    fn published(&self) -> Fate {
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
        Fate::Published {
            id: self.id,
            refused: self.refused.clone(),
            missing_attachments,
        }
    }

    /// Compares what should be attached at a place with what is: equal ones by their number.
    fn learn_attachments(
        &mut self,
        run: &DesiredRun,
        at: crate::azure_devops::test_runs::Place,
        list: &[StoredAttachment],
    ) {
        let ResultsSeen::Known(stored) = &self.results else {
            return;
        };
        let mut there: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for found in list {
            *there.entry((&found.name, &found.comment)).or_default() += 1;
        }
        let here = |position: &usize| place(run.attachments[*position].target, stored) == Some(at);
        let positions: Vec<usize> = (0..run.attachments.len()).filter(here).collect();
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
                    (AttachmentSeen::Unknown { failures, .. }, _) if !known => {
                        *seen = AttachmentSeen::Missing { failures };
                    }
                    _ => {}
                }
            }
        }
    }

    fn fail_attachments(
        &mut self,
        run: &DesiredRun,
        at: crate::azure_devops::test_runs::Place,
        reason: &str,
    ) {
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

/// A run found that carries a mark.
struct Marked<'a> {
    run: &'a StoredRun,
    marker: Marker,
    /// Made by this owner, or by a job that is dead.
    ours: bool,
}

impl Marked<'_> {
    fn shares_a_key(&self, run: &DesiredRun) -> bool {
        self.marker.keys.iter().any(|key| run.keys.contains(key))
    }

    fn has_exactly_the_keys_of(&self, run: &DesiredRun) -> bool {
        let (theirs, ours): (BTreeSet<_>, BTreeSet<_>) =
            (self.marker.keys.iter().collect(), run.keys.iter().collect());
        theirs == ours
    }

    fn already_published(&self) -> Fate {
        Fate::AlreadyPublished {
            id: self.run.id,
            ours: self.ours,
            incomplete: !self.run.error_message.is_empty(),
        }
    }
}

/// Refusals after which no other request of this kind can succeed: the token, the address, a
/// permission.
fn concerns_everything(refusal: &Refusal) -> bool {
    refusal.kind != RefusalKind::Status || matches!(refusal.status, 401 | 403)
}

/// A refusal in one line.
pub fn described(refusal: &Refusal) -> String {
    let Refusal {
        request,
        status,
        message,
        activity_id,
        ..
    } = refusal;
    let activity = if activity_id.is_empty() {
        String::new()
    } else {
        format!(" (activity {activity_id})")
    };
    format!("{request}: {status} {message}{activity}")
}
