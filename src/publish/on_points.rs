//! How what is read of a planned run adds to what is known: the results that it was made with, and
//! what of them is filled.

use std::collections::{BTreeMap, BTreeSet};

use super::desired::{Desired, DesiredRun};
use super::dividing::Change;
use super::fate::{After, Why};
use super::filling::{Filling, Looks, ResultsSeen};
use super::points::{self, Slot};
use super::retry::LOOKS_AFTER_SILENCE;
use super::seen::{Listing, Place, Seen, Wait};
use crate::azure_devops::TestResultId;
use crate::azure_devops::stored::{AddedResult, StoredResult};

/// What a completed planned run holds, compared with what it should hold.
enum ReadBack {
    Whole,
    Lacks,
    Twice,
}

impl Seen {
    pub(super) fn learn_results_on_points(
        &mut self,
        desired: &Desired,
        at: usize,
        page: Vec<StoredResult>,
    ) {
        let run = &desired.runs[at];
        let Some(Place::Filling(filling)) = self.places.get_mut(at) else {
            return;
        };
        if matches!(filling.results, ResultsSeen::Unknown(_)) {
            self.learn_slots(run, at, page);
            return;
        }
        let Some(found) = filling.reading.learn(page) else {
            return;
        };
        let id = filling.id;
        match read_back(run, filling, &found) {
            ReadBack::Whole => {
                filling.is_read_back = true;
                self.learn_twice(at, false);
            }
            ReadBack::Twice => {
                self.begin_anew(at, id, Why::Spoiled, "it holds results twice");
            }
            // The service may lag behind itself; look again.
            ReadBack::Lacks if filling.reading.made < LOOKS_AFTER_SILENCE => {
                filling.reading.once_more();
            }
            ReadBack::Lacks => self.begin_anew(at, id, Why::Spoiled, "it lost results"),
        }
    }

    fn learn_slots(&mut self, run: &DesiredRun, at: usize, page: Vec<StoredResult>) {
        let Some(Place::Filling(filling)) = self.places.get_mut(at) else {
            return;
        };
        let ResultsSeen::Unknown(looks) = &mut filling.results else {
            return;
        };
        let Some(stored) = looks.learn(page) else {
            return;
        };
        let id = filling.id;
        let found = points::match_points(run, &filling.trials, &stored);
        if found.holds_twice {
            self.begin_anew(at, id, Why::Spoiled, "it holds results twice");
            return;
        }
        if found.strangers > 0 {
            // Nobody would ever fill those.
            let remark = "it was begun for other test points";
            self.begin_anew(at, id, Why::OtherReports, remark);
            return;
        }
        let is_refused = |at: &usize| filling.refused.contains_key(at);
        let missing: BTreeSet<usize> = found.missing().filter(|at| !is_refused(at)).collect();
        if !missing.is_empty() && looks.made < LOOKS_AFTER_SILENCE {
            // The service may still be making them.
            looks.once_more();
            return;
        }
        if !missing.is_empty() && !filling.is_fresh {
            // It was begun when fewer results reached a point: the rest is published beside it.
            self.publish_beside(at, missing, run.results.len());
            return;
        }
        for at in missing {
            let point = run.points[at];
            let reason = format!("Azure DevOps made no result for test point {point}");
            filling.refused.insert(at, reason);
        }
        filling.slots = found.slots;
        filling.results = ResultsSeen::Known(found.filled);
        if let Some(broken) = filling.broken.take() {
            filling.came_back(run, broken);
        }
        if filling.refused.len() == run.results.len() {
            let reason = filling.refused.values().next().cloned().unwrap_or_default();
            let then = After::Missing(format!("Azure DevOps refused every result: {reason}"));
            self.places[at] = Place::Ending {
                id,
                why: Why::AllRefused,
                then,
            };
        }
    }

    /// Reads the results of a planned run once more, if that was not done yet.
    pub(super) fn read_slots_again(&mut self, at: usize) -> bool {
        let Some(Place::Filling(filling)) = self.places.get_mut(at) else {
            return false;
        };
        let reads = !std::mem::replace(&mut filling.is_read_again, true);
        if reads {
            filling.results = ResultsSeen::Unknown(Looks::needing(1));
        }
        reads
    }

    /// Results of a planned run were filled.
    pub(super) fn learn_filled(&mut self, at: usize, results: &[usize], slots: &[Slot]) {
        let Some(Place::Filling(filling)) = self.places.get_mut(at) else {
            return;
        };
        let ResultsSeen::Known(stored) = &mut filling.results else {
            return;
        };
        for (&at, slot) in results.iter().zip(slots) {
            stored[at] = Some(AddedResult {
                id: slot.id,
                sub_results: Vec::new(),
            });
        }
    }

    fn publish_beside(&mut self, at: usize, rest: BTreeSet<usize>, all: usize) {
        let Place::Filling(filling) = &self.places[at] else {
            return;
        };
        if rest.len() == all {
            let remark = "it was begun for other test points";
            self.begin_anew(at, filling.id, Why::OtherReports, remark);
            return;
        }
        let groups = vec![(rest, Place::Undecided)];
        self.changes.push(Change::TakeOut { run: at, groups });
        self.listing = Listing::Unknown {
            pages: Vec::new(),
            wait: Wait::No,
        };
    }
}

fn read_back(run: &DesiredRun, filling: &Filling, found: &[StoredResult]) -> ReadBack {
    let ResultsSeen::Known(stored) = &filling.results else {
        return ReadBack::Lacks;
    };
    let found: BTreeMap<TestResultId, &StoredResult> =
        found.iter().map(|result| (result.id, result)).collect();
    let slots: BTreeSet<TestResultId> =
        filling.slots.iter().flatten().map(|slot| slot.id).collect();
    let filled = || {
        let wanted = run.results.iter().zip(stored);
        wanted.filter_map(|(wanted, stored)| Some((wanted, found.get(&stored.as_ref()?.id))))
    };
    let holds_twice = |(wanted, found): (_, Option<&&StoredResult>)| {
        found.is_some_and(|found| points::holds_twice(wanted, found))
    };
    if found.keys().any(|id| !slots.contains(id)) || filled().any(holds_twice) {
        ReadBack::Twice
    } else if filled().all(|(_, found)| found.is_some_and(|found| found.is_completed)) {
        ReadBack::Whole
    } else {
        ReadBack::Lacks
    }
}
