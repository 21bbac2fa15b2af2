//! Which reports share a run.

use std::collections::HashMap;
use std::path::Path;

use crate::inputs::TestRunPer;
use crate::katalon::Report;

/// Reports in one run: its comment holds a key for each, and has room for about so many.
const REPORTS_PER_RUN: usize = 40;

/// Positions of the reports of each run, in the order of the first ones.
pub fn groups(reports: &[Report], pending: &[usize], per: TestRunPer) -> Vec<Vec<usize>> {
    let groups: Vec<Vec<usize>> = match per {
        TestRunPer::Suite => pending.iter().map(|&at| vec![at]).collect(),
        TestRunPer::Collection => by_collection(reports, pending),
        TestRunPer::Build => vec![pending.to_vec()],
    };
    groups
        .iter()
        .flat_map(|group| group.chunks(REPORTS_PER_RUN))
        .map(<[usize]>::to_vec)
        .collect()
}

/// One execution of a collection: its path, and the folder by which it differs from another one.
type Execution<'a> = (&'a str, &'a Path);

/// A suite outside any collection is alone; a collection executed twice is two.
fn by_collection(reports: &[Report], pending: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of: HashMap<Execution<'_>, usize> = HashMap::new();
    for &at in pending {
        let report = &reports[at];
        let session = report
            .collection_folder
            .as_deref()
            .unwrap_or_else(|| above_suite(report));
        let Some(collection) = report.collection.as_deref() else {
            groups.push(vec![at]);
            continue;
        };
        let group = *group_of
            .entry((collection, session))
            .or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups
}

/// The folder above the suite's path and time: what suites of one execution have in common where the
/// collection's own folder is not at hand.
fn above_suite(report: &Report) -> &Path {
    let parts = report.suite.as_str().split('/').count();
    // `Test Suites/` is no folder, and the time below the suite is one: they cancel out.
    report
        .folder
        .ancestors()
        .nth(parts)
        .unwrap_or(&report.folder)
}
