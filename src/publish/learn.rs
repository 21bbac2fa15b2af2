//! How what a request came to adds to what is known.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::desired::Desired;
use super::fate::{After, Fate, Remark, Why};
use super::filling::{ATTACHMENT_TRIES, AttachmentSeen, Completion, Filling, ResultsSeen};
use super::lost::looks_after;
use super::marker::Marker;
use super::matching;
use super::refused::{concerns_everything, described, stops_everything};
use super::retry::{LOOKS, LOOKS_AFTER_SILENCE};
use super::seen::{Answer, Listing, Place, Seen, Stop, Wait};
use super::step::Step;
use crate::azure_devops::sent::{Sent, TroubleKind};
use crate::azure_devops::stored::StoredResult;
use crate::azure_devops::test_runs::Ending;
use crate::azure_devops::{Life, RunState, TestResultId, TestRunId};

/// How often a run is asked to be completed.
const COMPLETIONS: u8 = 5;

impl Seen {
    /// Adds what a step came to. A refusal that concerns everything is given back.
    pub fn learn(&mut self, desired: &Desired, step: &Step, sent: Sent<Answer>) -> Option<Stop> {
        match sent {
            Sent::Answered(answer) => {
                self.answered += 1;
                if step.writes() {
                    self.looking = false;
                }
                self.progress += u64::from(!self.looking);
                self.learn_answer(desired, step, answer);
                None
            }
            Sent::Refused(refusal) if stops_everything(step, &refusal) => {
                Some(Stop::Refused(refusal))
            }
            Sent::Refused(refusal) => {
                // What is read to find out why brings nothing forward.
                self.looking |= step.writes();
                self.learn_refusal(desired, step, refusal)
            }
            // Nothing was changed: the same step comes again.
            Sent::NotSent(_) => None,
            Sent::Unknown(trouble) => {
                self.looking = true;
                self.learn_unknown(desired, step, &trouble);
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
                self.progress += 1;
                self.looking = false;
            }
            Sent::Refused(refusal) if concerns_everything(refusal) && refusal.status != 403 => {
                return Some(Stop::Refused(refusal.clone()));
            }
            Sent::Refused(refusal) => *seen = AttachmentSeen::Failed(described(refusal)),
            Sent::NotSent(trouble) | Sent::Unknown(trouble) => {
                if matches!(sent, Sent::Unknown(_)) {
                    filling.unanswered.insert(position);
                }
                // While nothing is answered it is the service that fails, not this attachment.
                let failures =
                    failures + u8::from(others_answered && trouble.kind != TroubleKind::Busy);
                *seen = if failures >= ATTACHMENT_TRIES {
                    AttachmentSeen::Failed(trouble.cause.clone())
                } else if matches!(sent, Sent::Unknown(_)) {
                    self.looking = true;
                    AttachmentSeen::Unknown {
                        failures,
                        late: true,
                        looks: looks_after(trouble.kind),
                    }
                } else {
                    AttachmentSeen::Missing { failures }
                };
            }
        }
        None
    }

    fn learn_answer(&mut self, desired: &Desired, step: &Step, answer: Answer) {
        match (step, answer) {
            (Step::LookUp { .. }, Answer::Runs(page)) => self.learn_runs(desired, page),
            (Step::Create { run }, Answer::Created(stored)) => {
                let sent = desired.runs[*run].marker(&desired.owner);
                if stored
                    .comment
                    .is_some_and(|kept| Marker::parse(&kept) != Some(sent))
                {
                    self.remarks.push(Remark::MarkLost { id: stored.id });
                }
                self.learn_creation_made(*run);
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
            (
                Step::FillResults {
                    run,
                    results,
                    slots,
                    ..
                },
                Answer::Filled,
            ) => self.learn_filled(*run, results, slots),
            (Step::ReadFound { id }, Answer::Run(stored)) => {
                self.learn_found(desired, *id, Some(stored));
            }
            (Step::ReadAttachments { run, place: at, .. }, Answer::Attachments(list)) => {
                let Some(Place::Filling(filling)) = self.places.get_mut(*run) else {
                    return;
                };
                let wanted = &desired.runs[*run];
                if filling.completion != Completion::Finished {
                    filling.learn_attachments(wanted, *at, &list);
                    return;
                }
                let is_twice = filling.verify_attachments(wanted, *at, &list);
                self.learn_twice(*run, is_twice);
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

    fn learn_results(&mut self, desired: &Desired, at: usize, page: Vec<StoredResult>) {
        let run = &desired.runs[at];
        if matches!(self.places[at], Place::Comparing(_)) {
            self.learn_compared(desired, at, page);
            return;
        }
        if run.run.plan.is_some() {
            self.learn_results_on_points(desired, at, page);
            return;
        }
        if let Some(Place::Checking { id, looks }) = self.places.get_mut(at) {
            let id = *id;
            if let Some(stored) = looks.learn(page) {
                self.learn_whole(at, id, stored.len().cmp(&run.results.len()));
            }
            return;
        }
        let Some(Place::Filling(filling)) = self.places.get_mut(at) else {
            return;
        };
        let id = filling.id;
        if let ResultsSeen::Unknown(looks) = &mut filling.results {
            let Some(stored) = looks.learn(page) else {
                return;
            };
            let as_sent = run.results.iter().zip(&filling.trials);
            let ours: Vec<_> = as_sent
                .map(|(result, trial)| result.in_form(trial.form))
                .collect();
            let (matched, strangers) = matching::match_results(&ours, &stored);
            if strangers > 0 && run.is_part {
                // What it was begun with may reach a test point now.
                let remark = "it was begun with other results";
                self.begin_anew(at, id, Why::OtherReports, remark);
                return;
            }
            if strangers > 0 {
                self.begin_anew(at, id, Why::Spoiled, "it holds results twice");
                return;
            }
            filling.results = ResultsSeen::Known(matched);
            if let Some(broken) = filling.broken.take() {
                filling.came_back(run, broken);
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
            filling.is_read_back = true;
            self.learn_twice(at, false);
        } else if found.is_superset(&expected) {
            self.begin_anew(at, id, Why::Spoiled, "it holds results twice");
        } else if filling.reading.made < LOOKS_AFTER_SILENCE {
            // The service may lag behind itself; look again.
            filling.reading.needed = filling.reading.made + 1;
        } else {
            self.begin_anew(at, id, Why::Spoiled, "it lost results");
        }
    }

    /// How many results a finished run holds that bears our mark, compared with ours.
    fn learn_whole(&mut self, at: usize, id: TestRunId, holds: Ordering) {
        match holds {
            Ordering::Greater => {
                self.begin_anew(at, id, Why::Spoiled, "it holds results twice");
            }
            Ordering::Less => self.lost(at, id, "somebody ended it"),
            Ordering::Equal => {
                self.places[at] = Place::Settled(Fate::AlreadyPublished {
                    id,
                    ours: true,
                    incomplete: false,
                });
            }
        }
    }

    /// A completed run holds its results once; its attachments were looked at, as far as they had
    /// to be.
    pub(super) fn learn_twice(&mut self, at: usize, is_twice: bool) {
        let Some(Place::Filling(filling)) = self.places.get(at) else {
            return;
        };
        if is_twice && self.begun_anew[at] == 0 {
            self.begin_anew(at, filling.id, Why::Spoiled, "it holds an attachment twice");
            return;
        }
        if is_twice {
            // Attachments never keep a run from being completed.
            let id = filling.id;
            self.remarks.push(Remark::AttachedTwice { id });
        }
        if filling.unanswered.is_empty() {
            self.places[at] = Place::Settled(filling.published());
        }
    }

    fn learn_run(&mut self, desired: &Desired, at: usize, id: TestRunId, state: RunState) {
        let Some(Place::Filling(filling)) = self.places.get_mut(at) else {
            return;
        };
        let asked_to_complete = filling.completion == Completion::Unknown;
        filling.doubt = false;
        match state.life() {
            Life::Finished if asked_to_complete => {
                filling.completion = Completion::Finished;
                if filling.giving_up.is_some() {
                    self.places[at] = Place::Settled(filling.published());
                }
            }
            Life::Open if asked_to_complete => {
                filling.looks_at_end += 1;
                if let Some((why, then)) = filling.giving_up.take() {
                    self.places[at] = Place::Ending { id, why, then };
                } else if filling.completions >= COMPLETIONS {
                    let then =
                        After::Missing("Azure DevOps does not complete its test run".to_owned());
                    self.places[at] = Place::Ending {
                        id,
                        why: Why::NotCompleted,
                        then,
                    };
                } else if filling.looks_at_end >= LOOKS {
                    filling.completion = Completion::Open;
                }
            }
            // Somebody else completed it, and nothing was missing any more but files.
            Life::Finished if filling.holds_all_results() => {
                if filling.refusal.take().is_some() {
                    filling.completion = Completion::Finished;
                }
            }
            Life::Finished | Life::Aborted => self.lost(at, id, "somebody ended it"),
            Life::Open => {
                let Some((results, reason)) = filling.refusal.take() else {
                    return;
                };
                if results.is_empty() && !filling.is_plain_completion {
                    filling.is_plain_completion = true;
                    return;
                }
                if results.is_empty() {
                    let why = Why::NotCompleted;
                    let then = After::Missing(reason);
                    self.places[at] = Place::Ending { id, why, then };
                    return;
                }
                let run = &desired.runs[at];
                filling.narrow(run, &results, reason);
                if filling.refused.len() == run.results.len() {
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
                filling.completions = filling.completions.saturating_add(1);
                filling.looks_at_end = 0;
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

    pub(super) fn after_end(&mut self, at: usize, then: After) {
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
    pub(super) fn begin_anew(&mut self, at: usize, id: TestRunId, why: Why, remark: &'static str) {
        let then = if self.may_begin_anew(at, id, remark) {
            After::Anew
        } else {
            After::Missing(format!("{remark}, twice (test run {id})"))
        };
        self.places[at] = Place::Ending { id, why, then };
    }

    /// Our run was ended by somebody: it is made anew, once.
    pub(super) fn lost(&mut self, at: usize, id: TestRunId, remark: &'static str) {
        self.ignored.insert(id);
        self.gone(at, id, remark);
    }

    /// Our run is not there any more: it is made anew, once. If it shows again, it is filled up.
    pub(super) fn gone(&mut self, at: usize, id: TestRunId, remark: &'static str) {
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
}
