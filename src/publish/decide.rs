//! What the list of the build's runs decides: what is there already, what another job is doing,
//! what is left from an earlier try.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::comparing::Holder;
use super::desired::{Desired, DesiredRun};
use super::fate::{After, Fate, Remark, Why};
use super::filling::{Completion, Filling, Looks};
use super::marker::Marker;
use super::retry::{LOOKS, LOOKS_AFTER_SILENCE, LOOKS_AT_OTHERS, LOOKS_FOR_RUN};
use super::seen::{Listing, Place, Seen, Wait};
use crate::azure_devops::stored::StoredRun;
use crate::azure_devops::{Life, TestRunId};

/// An open run of another owner that nobody changed for so long belongs to a job that is dead.
const DEAD: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

impl Seen {
    /// Takes the whole list of runs, with their comments.
    pub(super) fn learn_listing(&mut self, desired: &Desired, runs: &[StoredRun], now: Timestamp) {
        let marked: Vec<Marked> = runs
            .iter()
            .filter_map(|run| {
                let marker = Marker::parse(run.comment.as_deref()?)?;
                let dead = run
                    .updated
                    .is_some_and(|updated| now.duration_since(updated) > DEAD);
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
                .filter(|found| !run.is_part || !self.is_of_another_place(at, found.run.id))
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
                            self.places[at] = Place::Settled(Fate::StillHeld { by });
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
                Place::Filling(_)
                | Place::ToCreate
                | Place::Checking { .. }
                | Place::Comparing(_)
                | Place::Ending { .. }
                | Place::Settled(_) => {}
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
        if run.is_part && of(Life::Finished).next().is_some() {
            if !of(Life::Finished).all(|found| covered(&found)) {
                self.places[at] = Place::Settled(Fate::Divided);
                return;
            }
            let mut finished: Vec<&&Marked> = of(Life::Finished).collect();
            finished.sort_by_key(|found| {
                std::cmp::Reverse((found.run.error_message.is_empty(), found.run.id))
            });
            let holders = finished.iter().map(|found| found.holder(run)).collect();
            self.compare(at, holders);
            return;
        }
        // Several hold it where it was published on purpose: a whole one counts, the newest of those.
        let best = |found: &&&Marked<'_>| (found.run.error_message.is_empty(), found.run.id);
        if let Some(found) = of(Life::Finished).filter(covered).max_by_key(best) {
            // Somebody may have ended an unfinished run. And a try that was killed between completing
            // a run and reading it back may have left it with results that came twice.
            let expected = run.results.len() as u64;
            let is_off = found.run.total_tests.is_some_and(|total| total != expected);
            let is_explained = !found.run.error_message.is_empty();
            let is_own = found.ours && found.has_exactly_the_keys_of(run);
            self.places[at] = if is_off && !is_explained && is_own {
                Place::Checking {
                    id: found.run.id,
                    looks: Looks::needing(1),
                }
            } else {
                Place::Settled(found.already_published())
            };
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
            let after_silence =
                self.create_looks[at].is_some_and(|(_, needed)| needed > LOOKS_FOR_RUN);
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
                    wait: Wait::Late(*made),
                };
                return;
            }
            self.create_looks[at] = None;
        }
        self.remark_on_earlier(run, at, marked);
        self.places[at] = Place::ToCreate;
        self.make_smaller_if_it_breaks(run, at);
    }

    /// Whether a run found is that of another place: parts of one run have the same keys.
    fn is_of_another_place(&self, at: usize, id: TestRunId) -> bool {
        let mut others = self
            .places
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at);
        others.any(|(_, place)| match place {
            Place::Filling(filling) => filling.id == id,
            Place::Ending { id: other, .. } | Place::Checking { id: other, .. } => *other == id,
            Place::Settled(Fate::Published { id: other, .. }) => *other == id,
            Place::Undecided
            | Place::ToCreate
            | Place::Comparing(_)
            | Place::Held { .. }
            | Place::Settled(_) => false,
        })
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
                Place::Undecided
                | Place::ToCreate
                | Place::Checking { .. }
                | Place::Comparing(_)
                | Place::Held { .. }
                | Place::Settled(_) => None,
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
                let sharing =
                    (0..desired.runs.len()).filter(|&at| found.shares_a_key(&desired.runs[at]));
                let sharing: Vec<usize> = sharing.collect();
                if sharing.iter().any(|&at| self.keep_for_later(at, id)) {
                    continue;
                }
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
                for (run, looks) in desired.runs.iter().zip(&mut self.create_looks) {
                    if found.has_exactly_the_keys_of(run) {
                        *looks = None;
                    }
                }
                self.ignored.insert(id);
                self.orphans.push((id, why));
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

    fn holder(&self, run: &DesiredRun) -> Holder {
        Holder {
            id: self.run.id,
            ours: self.ours,
            is_incomplete: !self.run.error_message.is_empty(),
            is_exact: self.has_exactly_the_keys_of(run),
        }
    }

    fn already_published(&self) -> Fate {
        Fate::AlreadyPublished {
            id: self.run.id,
            ours: self.ours,
            incomplete: !self.run.error_message.is_empty(),
        }
    }
}
