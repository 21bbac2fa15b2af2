//! Which executions of a suite lie beside each other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::super::super::SuitePath;
use super::super::folder::ReadReport;
use super::super::layout::Session;

/// Executions of one suite that lie beside each other, perhaps only as copies, in the order of
/// their folders; before them what lies beside nothing.
pub(super) fn siblings(reports: Vec<ReadReport>) -> (Vec<ReadReport>, Vec<Vec<ReadReport>>) {
    let mut groups = Groups::default();
    let mut alone: HashSet<usize> = HashSet::new();
    let mut first_in: HashMap<(&SuitePath, &Path), usize> = HashMap::new();
    for (at, read) in reports.iter().enumerate() {
        groups.add(at);
        let suite = &read.report.suite;
        let beside = read
            .folders()
            .filter(|folder| Session::of(folder, suite).is_some())
            .filter_map(Path::parent);
        let mut lies_beside = false;
        for folder in beside {
            lies_beside = true;
            let first = *first_in.entry((suite, folder)).or_insert(at);
            groups.unite(first, at);
        }
        if !lies_beside {
            alone.insert(at);
        }
    }
    let mut last_of: HashMap<usize, usize> = HashMap::new();
    for at in 0..reports.len() {
        last_of.insert(groups.group(at), at);
    }
    let mut joined = Vec::with_capacity(reports.len());
    let mut siblings: BTreeMap<usize, Vec<ReadReport>> = BTreeMap::new();
    for (at, read) in reports.into_iter().enumerate() {
        if alone.contains(&at) {
            joined.push(read);
        } else {
            let last = last_of.get(&groups.group(at)).copied().unwrap_or(at);
            siblings.entry(last).or_default().push(read);
        }
    }
    (joined, siblings.into_values().collect())
}

/// Things in groups that may become one.
#[derive(Default)]
struct Groups {
    /// Of each thing one before it in its group, or itself.
    above: Vec<usize>,
}

impl Groups {
    /// Adds the next thing, in a group of its own.
    fn add(&mut self, thing: usize) {
        self.above.push(thing);
    }

    /// The first thing of a group.
    fn group(&mut self, thing: usize) -> usize {
        let mut at = thing;
        while let Some(&above) = self.above.get(at)
            && above != at
        {
            // The way becomes shorter each time.
            let further = self.above.get(above).copied().unwrap_or(above);
            if let Some(own) = self.above.get_mut(at) {
                *own = further;
            }
            at = further;
        }
        at
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.group(a), self.group(b));
        if let Some(above) = self.above.get_mut(a.max(b)) {
            *above = a.min(b);
        }
    }
}
