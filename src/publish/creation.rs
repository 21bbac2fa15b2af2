//! A planned run that the service does not make as it is asked for: points that it does not know,
//! test cases that are not automated, more points than it takes at once.

use std::collections::{BTreeMap, BTreeSet};

use super::desired::{Desired, DesiredRun};
use super::dividing::Change;
use super::fate::{Fate, Remark};
use super::points;
use super::refused::described;
use super::seen::{Place, Seen, Stop};
use crate::azure_devops::TestPointId;
use crate::azure_devops::sent::{Refusal, TroubleKind};

/// No service refuses a run for so few points: if it refuses one, the number is not why.
pub(super) const FEW_POINTS: usize = 50;

/// Creations that broke and left nothing behind, after which the next one is smaller. More of them
/// would not come to an end within `retryFor`, because each is looked for before the next.
const BREAKS: u8 = 2;

/// What was tried to make a planned run.
#[derive(Clone, Debug, Default)]
pub struct Creation {
    /// It was asked for as not automated, because of this refusal.
    not_automated: Option<Refusal>,
    /// Part of it was refused though it had few points.
    few_were_refused: bool,
    /// Creations that broke since it was made smaller last.
    broken: u8,
}

impl Seen {
    /// The service refuses to make a planned run.
    pub(super) fn learn_creation_refused(
        &mut self,
        desired: &Desired,
        at: usize,
        refusal: Refusal,
    ) -> Option<Stop> {
        let run = &desired.runs[at];
        if refusal.is_project_missing() {
            return Some(Stop::Refused(refusal));
        }
        // Servers refuse an automated run with a test case that is not; the words are localised, so
        // every refusal that is not clearly something else may mean that.
        let creation = &mut self.creations[at];
        if refusal.status == 400 && run.run.automated && !is_clearly_another(&refusal) {
            creation.not_automated = Some(refusal);
            self.automate(at, false);
            return None;
        }
        let first_refusal = creation.not_automated.take();
        if first_refusal.is_some() {
            // That was not why.
            self.automate(at, true);
        }
        let named = named_points(run, &refusal.message);
        if matches!(refusal.status, 400 | 404) && !named.is_empty() {
            self.leave_out_points(run, at, named, &refusal);
            return None;
        }
        let too_many = refusal.status == 413 || first_refusal.is_some();
        if too_many && self.halve(run, at, refusal.status == 413) {
            return None;
        }
        if run.points.len() <= FEW_POINTS {
            self.creations[at].few_were_refused = true;
            self.tell_parts_of(desired, at);
        }
        self.places[at] = Place::Settled(Fate::Missing {
            reason: described(&first_refusal.unwrap_or(refusal)),
        });
        None
    }

    /// A planned run was made as it was asked for.
    pub(super) fn learn_creation_made(&mut self, at: usize) {
        if let Some(refusal) = self.creations[at].not_automated.take() {
            let is_told = |remark: &Remark| matches!(remark, Remark::NotAutomated { .. });
            let remark = if self.remarks.iter().any(is_told) {
                Remark::NotAutomatedEither { run: at }
            } else {
                let reason = described(&refusal);
                Remark::NotAutomated { run: at, reason }
            };
            self.remarks.push(remark);
        }
    }

    /// The creation of a planned run was not answered.
    pub(super) fn creation_broke(&mut self, at: usize, kind: TroubleKind) {
        // A busy service says nothing about what it was sent.
        if kind != TroubleKind::Busy {
            let creation = &mut self.creations[at];
            creation.broken = creation.broken.saturating_add(1);
        }
    }

    /// A planned run is to be made. If that broke too often, fewer points may be less trouble.
    pub(super) fn make_smaller_if_it_breaks(&mut self, run: &DesiredRun, at: usize) {
        if self.creations[at].broken >= BREAKS {
            self.halve(run, at, false);
        }
    }

    fn automate(&mut self, run: usize, automated: bool) {
        self.changes.push(Change::Automated { run, automated });
    }

    /// Points that the service does not take are left out; the others are published.
    fn leave_out_points(
        &mut self,
        run: &DesiredRun,
        at: usize,
        points: BTreeSet<usize>,
        refusal: &Refusal,
    ) {
        let place = Place::Settled(Fate::PointRefused {
            reason: described(refusal),
        });
        if points.len() == run.results.len() {
            self.places[at] = place;
        } else {
            let groups = vec![(points, place)];
            self.changes.push(Change::TakeOut { run: at, groups });
        }
    }

    /// Makes two runs of one; whether that may help.
    fn halve(&mut self, run: &DesiredRun, at: usize, is_certain: bool) -> bool {
        let creation = &mut self.creations[at];
        let points = run.points.len();
        let may_help = points > FEW_POINTS && !creation.few_were_refused;
        if points < 2 || !(is_certain || may_help) {
            return false;
        }
        creation.broken = 0;
        let second_half = (points.div_ceil(2)..points).collect();
        let groups = vec![(second_half, Place::ToCreate)];
        self.changes.push(Change::TakeOut { run: at, groups });
        true
    }

    /// The other parts of a run learn that the number of points is not why one was refused.
    fn tell_parts_of(&mut self, desired: &Desired, at: usize) {
        let run = desired.part(at).run;
        for (other, creation) in self.creations.iter_mut().enumerate() {
            creation.few_were_refused |= desired.part(other).run == run;
        }
    }
}

/// Whether a refusal says in a way that is not localised that it is about something else than the
/// automation of test cases.
fn is_clearly_another(refusal: &Refusal) -> bool {
    ["VersionOutOfRange", "VersionNotSpecified", "DoesNotExist"]
        .iter()
        .any(|word| refusal.type_key.contains(word))
}

/// Positions of those of our points that a message names by their numbers.
fn named_points(run: &DesiredRun, message: &str) -> BTreeSet<usize> {
    let positions: BTreeMap<TestPointId, usize> = points::positions(run);
    message
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.parse().ok())
        .filter_map(|number| positions.get(&TestPointId(number)).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::simulation::wanted::planned;

    #[test]
    fn only_whole_numbers_name_a_point() {
        let run = &planned("0123abcd", &[&[1, 232, 7001]]).runs[0];
        for (message, expected) in [
            ("Test point 7001 not found.", vec![2]),
            ("Testpunkt 7001 wurde nicht gefunden", vec![2]),
            ("TF401232: no such thing, 17001", vec![]),
            ("Test points 1,7001 not found", vec![0, 2]),
            ("Mismatch", vec![]),
        ] {
            let named: Vec<usize> = named_points(run, message).into_iter().collect();
            assert_eq!(named, expected, "{message}");
        }
    }
}
