//! Says which collection a report was executed in, and what collections miss.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::super::collection::{self, Collection};
use super::super::contents::Contents;
use super::super::find::{ReportFolder, is_collection_file};
use super::folder::ReadReport;
use super::layout;
use super::report::LONGEST_NAME;
use crate::problem::{Problem, code};

/// Reads the collections that were found; those that cannot be read are told.
pub(super) fn read(folders: &[ReportFolder], problems: &mut Vec<Problem>) -> Vec<KnownCollection> {
    folders
        .iter()
        .filter_map(|folder| KnownCollection::read(folder, problems))
        .collect()
}

/// A collection and where it lies.
pub(super) struct KnownCollection {
    folder: PathBuf,
    id: String,
    collection: Collection,
}

impl KnownCollection {
    fn read(folder: &ReportFolder, problems: &mut Vec<Problem>) -> Option<KnownCollection> {
        let mut known = KnownCollection {
            folder: folder.path.clone(),
            id: String::new(),
            collection: Collection::default(),
        };
        let contents = match Contents::of(&folder.path) {
            Ok(contents) => contents,
            Err(error) => {
                problems.push(damaged(folder, &error.to_string()));
                return None;
            }
        };
        let names = contents.names().iter();
        for name in names.filter(|name| is_collection_file(name)) {
            let read = contents
                .open(name)
                .map_err(|error| error.to_string())
                .and_then(|file| {
                    if name.ends_with(".rp") {
                        collection::read_rp(file)
                    } else {
                        collection::read_json(file)
                    }
                });
            match read {
                Ok(read) => {
                    if known.id.is_empty() {
                        known.id.clone_from(&read.id);
                    }
                    known.collection.items.extend(read.items);
                }
                Err(cause) => problems.push(damaged(folder, &format!("{name}: {cause}"))),
            }
        }
        // Each suite of the collection has it.
        if known.id.is_empty() || known.id.len() > LONGEST_NAME {
            known.id = name_by_folder(&folder.path);
        }
        Some(known)
    }

    /// Suites that were executed, as the collection says, and of which nothing is at hand: a suite
    /// that never wrote a report would else be missed by nobody.
    fn missing_suites(&self, at_hand: &AtHand<'_>) -> Vec<Problem> {
        let mut missing = Vec::new();
        // The collection's own JUnit may hold what the suite's folder does not; each once.
        let mut told: HashMap<&str, usize> = HashMap::new();
        for suite in at_hand.suites_of.get(&self.folder).into_iter().flatten() {
            *told.entry(suite).or_default() += 1;
        }
        for item in &self.collection.items {
            let suite = layout::suite_of_location(&item.location);
            // Wherever: the time in it makes it one of a kind, and copies are read where they lie.
            let is_found = item.is_plain() && at_hand.ends.contains(Path::new(&item.location));
            // What is there and was not looked for was left out on purpose.
            let is_there = || {
                let mut above = self.folder.ancestors();
                item.is_plain() && above.any(|above| above.join(&item.location).is_dir())
            };
            if suite.is_empty() || is_found || is_there() {
                continue;
            }
            match told.get_mut(suite.as_str()) {
                Some(told) if *told > 0 => *told -= 1,
                Some(_) | None => missing.push(Problem::warning(
                    code::SUITE_MISSING,
                    format!("'{}' executed suite '{suite}', and its report '{}' is not at hand", self.id, item.location),
                    "Its results are not published: look why Katalon did not write it, or publish the whole session.",
                )),
            }
        }
        missing
    }
}

/// What of collections is at hand.
struct AtHand<'a> {
    /// Each end of the path of a report folder, from a whole part on.
    ends: HashSet<&'a Path>,
    /// The suites that the reports of a folder are of, without the prefix of their paths.
    suites_of: HashMap<PathBuf, Vec<String>>,
}

/// The items of all collections, by where they lie.
struct Items<'a> {
    /// Collection and item, by position.
    of_location: HashMap<&'a Path, Vec<(usize, usize)>>,
    /// The most parts of a location.
    longest: usize,
}

impl<'a> Items<'a> {
    fn of(collections: &'a [KnownCollection]) -> Self {
        let mut items = Self {
            of_location: HashMap::new(),
            longest: 0,
        };
        for (at, known) in collections.iter().enumerate() {
            for (number, item) in known.collection.items.iter().enumerate() {
                let location = Path::new(&item.location);
                let parts = location.components().count();
                if parts > 0 && item.is_plain() {
                    items.longest = items.longest.max(parts);
                    let of_location = items.of_location.entry(location).or_default();
                    of_location.push((at, number));
                }
            }
        }
        items
    }

    /// The first collection that lists a report, and its item, by position. Both lie in one Katalon
    /// project: what is above the location is above both.
    fn listing(
        &self,
        read: &ReadReport,
        collections: &[KnownCollection],
    ) -> Option<(usize, usize)> {
        let folders = read.folders().enumerate();
        let listed = folders.flat_map(|(order, folder)| {
            ends(folder, self.longest).filter_map(move |(end, above)| {
                let mut items = self.of_location.get(end)?.iter();
                let in_project = |(at, _): &&(usize, usize)| {
                    let known = collections.get(*at);
                    known.is_some_and(|known| known.folder.starts_with(above))
                };
                let &(at, item) = items.find(in_project)?;
                Some((at, order, item))
            })
        });
        listed.min().map(|(at, _, item)| (at, item))
    }
}

/// The ends of a path of so many parts at most, and the path above each.
fn ends(path: &Path, longest: usize) -> impl Iterator<Item = (&Path, &Path)> {
    let parts = path.components().count();
    let mut rest = path.components();
    let ends = std::iter::from_fn(move || {
        let end = rest.as_path();
        rest.next().map(|_| end)
    });
    let ends = ends.skip(parts.saturating_sub(longest));
    // From the last part on, as the ancestors come.
    let ends: Vec<&Path> = ends.collect();
    ends.into_iter().rev().zip(path.ancestors().skip(1))
}

/// Says of each report which collection it was executed in; also what collections executed and left
/// no report.
pub(super) fn place(
    reports: &mut [ReadReport],
    collections: &[KnownCollection],
    folders: &[ReportFolder],
) -> Vec<Problem> {
    let items = Items::of(collections);
    let mut in_folder: HashMap<&Path, &KnownCollection> = HashMap::new();
    for known in collections {
        in_folder.entry(&known.folder).or_insert(known);
    }
    for read in &mut *reports {
        place_in_collection(read, collections, &items, &in_folder);
    }
    if collections.is_empty() {
        return Vec::new();
    }
    let mut suites_of: HashMap<PathBuf, Vec<String>> = HashMap::new();
    for report in reports.iter().map(|read| &read.report) {
        if in_folder.contains_key(report.folder.as_path()) {
            let suite = report.suite.as_str().trim_start_matches("Test Suites/");
            let suites = suites_of.entry(report.folder.clone()).or_default();
            suites.push(suite.to_owned());
        }
    }
    let folders = folders.iter().map(|folder| folder.path.as_path());
    let at_hand = AtHand {
        ends: folders
            .flat_map(|folder| ends(folder, items.longest))
            .map(|(end, _)| end)
            .collect(),
        suites_of,
    };
    collections
        .iter()
        .flat_map(|known| known.missing_suites(&at_hand))
        .collect()
}

/// Before 7 a collection's `.rp` does not name it, but its folder is `Reports/<name>/<time>`.
fn name_by_folder(folder: &Path) -> String {
    folder
        .parent()
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn place_in_collection(
    read: &mut ReadReport,
    collections: &[KnownCollection],
    items: &Items<'_>,
    in_folder: &HashMap<&Path, &KnownCollection>,
) {
    let own = std::mem::take(&mut read.collection);
    let listed = items.listing(read, collections).and_then(|(at, item)| {
        let known = collections.get(at)?;
        Some((known, known.collection.items.get(item)?))
    });
    let report = &mut read.report;
    if let Some((known, item)) = listed {
        report.collection = Some(known.id.clone()).filter(|id| !id.is_empty());
        report.collection_folder = Some(known.folder.clone());
        if report.profile.is_empty() {
            report.profile.clone_from(&item.profile);
        }
        if report.run_configuration.is_empty() {
            report.run_configuration.clone_from(&item.run_configuration);
        }
        return;
    }
    // Suites that the collection's own JUnit tells of, be it alone or not.
    let told_in = read.summarised_in.as_ref().unwrap_or(&report.folder);
    let around = in_folder.get(told_in.as_path());
    report.collection_folder = around.map(|known| known.folder.clone());
    let id = around.map_or(own, |known| known.id.clone());
    report.collection = Some(id).filter(|id| !id.is_empty());
}

fn damaged(folder: &ReportFolder, cause: &str) -> Problem {
    Problem::warning(
        code::DAMAGED_FILE,
        format!("collection '{}': {cause}", folder.display),
        "The reports of its suites are read all the same.",
    )
}
