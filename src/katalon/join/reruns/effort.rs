//! How much may be done to find out which execution repeats which.

/// What may still be done to find out which execution repeats which. Each is compared with all
/// before it, and thousands that lie side by side are made to be slow.
pub(super) struct Effort {
    pub(super) left: usize,
    /// Executions that were not compared with all before them.
    pub(super) given_up: usize,
}

/// What may still be done for executions that lie side by side, whatever lies elsewhere.
pub(super) struct Pot {
    /// Theirs alone: it grows with them, so together such pots grow with the reports.
    own: usize,
    /// What they may take of what is left for all.
    shared: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            left: Self::MOST,
            given_up: 0,
        }
    }
}

impl Default for Pot {
    fn default() -> Self {
        Self {
            own: 0,
            shared: Effort::MOST_OF_GROUP,
        }
    }
}

impl Pot {
    /// Executions side by side that are compared with each other, with all their rows, whatever
    /// else there is.
    const SURE: usize = 16;

    /// Makes room for a further execution with so much to look at.
    pub(super) fn grow(&mut self, weight: usize) {
        let more = weight
            .saturating_add(Effort::COMPARISON)
            .saturating_mul(Self::SURE);
        self.own = self.own.saturating_add(more);
    }
}

impl Effort {
    /// What one group of executions side by side may take: four thousand compared with each other
    /// are eight million comparisons. Rows are looked at of few of them, those that everything else
    /// ties together: 200 rows of each of two thousand pairs are 400,000.
    const MOST_OF_GROUP: usize = 10_000_000;

    /// What all groups may take beside what is theirs alone.
    const MOST: usize = 5 * Self::MOST_OF_GROUP;

    /// What comparing two executions costs without their rows.
    pub(super) const COMPARISON: usize = 1;

    /// Whether that much may be done for a group.
    pub(super) fn allows(&mut self, pot: &mut Pot, cost: usize) -> bool {
        let of_own = pot.own.min(cost);
        let of_all = cost - of_own;
        if of_all > pot.shared || of_all > self.left {
            return false;
        }
        pot.own -= of_own;
        pot.shared -= of_all;
        self.left -= of_all;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_side_by_side_take_no_more_than_a_share_and_all_together_no_more_than_there_is() {
        let mut effort = Effort::default();
        for _ in 0..Effort::MOST / Effort::MOST_OF_GROUP {
            let mut pot = Pot::default();
            assert!(effort.allows(&mut pot, Effort::MOST_OF_GROUP));
            assert!(!effort.allows(&mut pot, 1));
        }
        assert!(!effort.allows(&mut Pot::default(), 1));
    }
}
