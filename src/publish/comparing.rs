//! Finished runs with the keys of a run that is only a part of its reports: which of its results
//! they hold, and which are still to be published.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::desired::{Desired, DesiredRun};
use super::dividing::Change;
use super::fate::{Fate, Remark, Why};
use super::filling::Looks;
use super::points;
use super::seen::{Listing, Place, Seen, Wait};
use crate::azure_devops::TestRunId;
use crate::azure_devops::stored::StoredResult;

/// A finished run with the keys of one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder {
    pub(super) id: TestRunId,
    /// This owner made it.
    pub(super) ours: bool,
    /// It counts refused results.
    pub(super) is_incomplete: bool,
    /// It bears no other keys.
    pub(super) is_exact: bool,
}

/// Reading what finished runs hold of one of ours.
#[derive(Clone, Debug)]
pub struct Comparing {
    /// The run that is read now.
    now: Holder,
    /// Those to be read after it.
    later: Vec<Holder>,
    /// What was read of it.
    looks: Looks,
    /// Which run holds which of our results, by position.
    held: BTreeMap<usize, Holder>,
    /// Those that were read.
    read: Vec<TestRunId>,
    /// Own open runs with its keys: to be gone on with if something is left to publish, else left
    /// over from an earlier try.
    open: BTreeSet<TestRunId>,
}

impl Comparing {
    /// The run that is read now.
    pub fn id(&self) -> TestRunId {
        self.now.id
    }

    /// How many of its results were read.
    pub fn skip(&self) -> usize {
        self.looks.page.len()
    }
}

/// What a finished run holds of one of ours.
struct Held {
    positions: BTreeSet<usize>,
    holds_twice: bool,
}

impl Seen {
    /// Begins to compare. The first holder is believed first.
    pub(super) fn compare(&mut self, at: usize, mut holders: Vec<Holder>) {
        let later = holders.split_off(1.min(holders.len()));
        let Some(now) = holders.pop() else {
            return;
        };
        self.places[at] = Place::Comparing(Box::new(Comparing {
            now,
            later,
            looks: Looks::needing(1),
            held: BTreeMap::new(),
            read: Vec::new(),
            open: BTreeSet::new(),
        }));
    }

    /// Notes an own open run with the keys of a run that is being compared; whether there is one.
    pub(super) fn keep_for_later(&mut self, at: usize, open: TestRunId) -> bool {
        match &mut self.places[at] {
            Place::Comparing(comparing) => {
                comparing.open.insert(open);
                true
            }
            Place::Undecided
            | Place::ToCreate
            | Place::Filling(_)
            | Place::Ending { .. }
            | Place::Checking { .. }
            | Place::Held { .. }
            | Place::Settled(_) => false,
        }
    }

    pub(super) fn learn_compared(&mut self, desired: &Desired, at: usize, page: Vec<StoredResult>) {
        let Some(Place::Comparing(comparing)) = self.places.get_mut(at) else {
            return;
        };
        let Some(stored) = comparing.looks.learn(page) else {
            return;
        };
        let run = &desired.runs[at];
        let holder = comparing.now;
        let held = if run.run.plan.is_some() {
            held_on_points(run, &stored, holder)
        } else {
            held_results(run, &stored, holder)
        };
        if held.holds_twice && holder.ours && holder.is_exact {
            self.begin_anew(at, holder.id, Why::Spoiled, "it holds results twice");
            return;
        }
        for position in held.positions {
            comparing.held.entry(position).or_insert(holder);
        }
        comparing.read.push(holder.id);
        self.compare_next(desired, at);
    }

    /// The run that is read is not there any more.
    pub(super) fn learn_holder_gone(&mut self, desired: &Desired, at: usize) {
        self.compare_next(desired, at);
    }

    fn compare_next(&mut self, desired: &Desired, at: usize) {
        let Some(Place::Comparing(comparing)) = self.places.get_mut(at) else {
            return;
        };
        if !comparing.later.is_empty() {
            comparing.now = comparing.later.remove(0);
            comparing.looks = Looks::needing(1);
            return;
        }
        let Comparing {
            held, read, open, ..
        } = (**comparing).clone();
        let mut by_holder: BTreeMap<Holder, BTreeSet<usize>> = BTreeMap::new();
        for (position, holder) in &held {
            by_holder.entry(*holder).or_default().insert(*position);
        }
        let is_whole = held.len() == desired.runs[at].results.len();
        let mut groups = by_holder
            .iter()
            .map(|(holder, positions)| (positions.clone(), already_published(holder)));
        if is_whole {
            // What the first one holds stays where it is.
            let first = groups.next();
            let groups: Vec<_> = groups.collect();
            if let Some((_, place)) = first {
                self.places[at] = place;
            }
            if !groups.is_empty() {
                self.changes.push(Change::TakeOut { run: at, groups });
            }
            self.ignored.extend(&open);
            let left_over = open.into_iter().map(|id| (id, Why::LeftOver));
            self.orphans.extend(left_over);
            return;
        }
        let groups: Vec<_> = groups.collect();
        for (holder, positions) in &by_holder {
            self.remarks.push(Remark::HeldInPart {
                run: at,
                id: holder.id,
                results: positions.len(),
            });
        }
        if !groups.is_empty() {
            self.changes.push(Change::TakeOut { run: at, groups });
        }
        // They are neither twins of what is made beside them, nor the answer to a lost creation.
        self.ignored.extend(read);
        self.places[at] = Place::Undecided;
        self.listing = Listing::Unknown {
            pages: Vec::new(),
            wait: Wait::No,
        };
    }
}

fn already_published(holder: &Holder) -> Place {
    Place::Settled(Fate::AlreadyPublished {
        id: holder.id,
        ours: holder.ours,
        incomplete: holder.is_incomplete,
    })
}

/// Of a planned run: the points that have a result there. One that waits was refused, and the run
/// counts it.
fn held_on_points(run: &DesiredRun, stored: &[StoredResult], holder: Holder) -> Held {
    let positions = points::positions(run);
    let mut held = Held {
        positions: BTreeSet::new(),
        holds_twice: false,
    };
    let mut seen = BTreeSet::new();
    for result in stored {
        let Some(&at) = result.point.and_then(|point| positions.get(&point)) else {
            continue;
        };
        held.holds_twice |= !seen.insert(at) || points::holds_twice(&run.results[at], result);
        if result.is_completed || holder.is_incomplete {
            held.positions.insert(at);
        }
    }
    held
}

/// Of another run: those of its results whose test has one there, equal ones by their number. What
/// lacks in a run that counts refused results was refused.
fn held_results(run: &DesiredRun, stored: &[StoredResult], holder: Holder) -> Held {
    type Identity<'a> = (&'a str, &'a str);
    let mut there: HashMap<Identity<'_>, usize> = HashMap::new();
    for result in stored {
        let identity = (
            result.automated_test_storage.as_str(),
            result.automated_test_name.as_str(),
        );
        *there.entry(identity).or_default() += 1;
    }
    let mut positions = BTreeSet::new();
    for (at, result) in run.results.iter().enumerate() {
        let identity = (
            result.automated_test_storage.as_str(),
            result.automated_test_name.as_str(),
        );
        match there.get_mut(&identity) {
            Some(count) if *count > 0 => {
                *count -= 1;
                positions.insert(at);
            }
            Some(_) | None if holder.is_incomplete => {
                positions.insert(at);
            }
            Some(_) | None => {}
        }
    }
    Held {
        positions,
        // What it holds beside ours may be results that reach a test point now.
        holds_twice: false,
    }
}

#[cfg(test)]
mod tests;
