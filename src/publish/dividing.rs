//! What is changed in what should exist, because the service does not take it as it is, or holds a
//! part of it already: results are taken out of a run, to be published or told of on their own.

use std::collections::BTreeSet;

use super::desired::Desired;
use super::filling::Filling;
use super::seen::{Place, Seen};

/// A change of what should exist.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// These results, by position, become a run of their own, which is at this place.
    TakeOut {
        /// Of which run.
        run: usize,
        /// Which results; groups share none, and leave at least one in the run.
        groups: Vec<(BTreeSet<usize>, Place)>,
    },
    /// A planned run is made as one that is automated, or that is not.
    Automated {
        /// Which run.
        run: usize,
        /// Whether it is.
        automated: bool,
    },
}

impl Seen {
    /// Changes what is desired as far as the last answer asks for it; to be called after each.
    pub fn adapt(&mut self, desired: &mut Desired) {
        for change in std::mem::take(&mut self.changes) {
            match change {
                Change::Automated { run, automated } => desired.runs[run].run.automated = automated,
                Change::TakeOut { run, groups } => self.take_out(desired, run, groups),
            }
        }
    }

    fn take_out(
        &mut self,
        desired: &mut Desired,
        run: usize,
        groups: Vec<(BTreeSet<usize>, Place)>,
    ) {
        let mut left: Vec<usize> = (0..desired.runs[run].results.len()).collect();
        for (results, place) in groups {
            // Where they are now that earlier groups are out.
            let positions = left.iter().enumerate();
            let positions: BTreeSet<usize> = positions
                .filter(|(_, result)| results.contains(result))
                .map(|(at, _)| at)
                .collect();
            left.retain(|result| !results.contains(result));
            desired.take_out(run, &positions);
            self.places.push(place);
            self.begun_anew.push(self.begun_anew[run]);
            self.create_looks.push(None);
            self.creations.push(self.creations[run].clone());
        }
        if let Place::Filling(filling) = &self.places[run] {
            // Everything known of its results hangs on their positions.
            let again = Filling::resumed(filling.id, &desired.runs[run], 1);
            self.places[run] = Place::Filling(Box::new(again));
        }
    }
}
