//! Makes one [`Report`] of what lies in each report folder, and sees that none counts twice.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Report;
use super::collection::{self, Collection};
use super::contents::Contents;
use super::find::{Found, ReportFolder, is_collection_file};
use super::unknown::Unknown;
use crate::problem::{Problem, code};

mod aligning;
mod attempts;
mod damage;
mod folder;
mod layout;
mod pairing;
mod planned;
mod report;
mod reruns;
mod rows;
mod same;
mod screenshots;

use folder::{FolderRead, ReadReport};

/// What reading came to.
#[derive(Clone, Debug, Default)]
pub struct ReadReports {
    /// The reports, by path.
    pub reports: Vec<Report>,
    /// Report folders that cannot be read at all.
    pub unreadable: Vec<UnreadableReport>,
    /// Reports that were left out because another folder holds the same.
    pub left_out: Vec<LeftOut>,
    /// Everything else that looks wrong, in the order of the folders.
    pub problems: Vec<Problem>,
}

/// A report folder that cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableReport {
    /// Which.
    pub folder: ReportFolder,
    /// Why.
    pub problem: Problem,
}

/// A copy of a report that counts elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Display of the copy's folder.
    pub folder: String,
    /// Display of the folder that counts.
    pub same_as: String,
}

/// Reads the report folders that were found, several at a time, and what collections and sessions
/// say about them.
pub fn read_all(found: &Found) -> ReadReports {
    let folders = &found.folders;
    let mut read = ReadReports::default();
    let collections: Vec<KnownCollection> = found
        .collections
        .iter()
        .filter_map(|folder| KnownCollection::read(folder, &mut read.problems))
        .collect();
    let mut own = Vec::new();
    let mut summarised = Vec::new();
    let mut unknown = Unknown::default();
    for (folder, folder_read) in folders.iter().zip(read_folders(folders)) {
        read.problems.extend(folder_read.problems);
        unknown.extend(&folder_read.unknown);
        own.extend(folder_read.own);
        summarised.push(folder_read.summarised);
        if let Some(problem) = folder_read.unreadable {
            read.unreadable.push(UnreadableReport {
                folder: folder.clone(),
                problem,
            });
        }
    }
    let unknown = unknown.named();
    if !unknown.is_empty() {
        read.problems.push(Problem::warning(
            code::UNKNOWN_IN_REPORT,
            format!("reports hold what this version does not know: {unknown}"),
            "A later Katalon may have written it. An unknown status counts as INCOMPLETE; the rest \
             was read as usual.",
        ));
    }
    for summary in summarised {
        same::add_what_nobody_holds(&mut own, summary);
    }
    own.sort_by(|a, b| a.report.folder.cmp(&b.report.folder));
    for left_out in same::leave_out_copies(&mut own) {
        read.problems.push(Problem::warning(
            code::SAME_REPORT_TWICE,
            format!(
                "report '{}' is the same as '{}' and is left out",
                left_out.folder, left_out.same_as
            ),
            "",
        ));
        read.left_out.push(left_out);
    }
    for read in &mut own {
        place_in_collection(read, &collections);
    }
    for known in &collections {
        let reports: Vec<&Report> = own.iter().map(|read| &read.report).collect();
        read.problems
            .extend(known.missing_suites(folders, &reports));
    }
    for session in &found.plans {
        let reports: Vec<&Report> = own.iter().map(|read| &read.report).collect();
        read.problems
            .extend(planned::missing_suites(session, &reports));
    }
    let (own, notes) = reruns::join(own);
    read.problems.extend(notes);
    for ReadReport { report, .. } in own {
        if report.results.is_empty() {
            read.problems.push(Problem::warning(
                code::EMPTY_REPORT,
                format!("report '{}' holds no result", report.display_folder),
                "",
            ));
        }
        read.reports.push(report);
    }
    read
}

/// Reads each folder, in their order.
fn read_folders(folders: &[ReportFolder]) -> Vec<FolderRead> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, FolderRead)>> = Mutex::new(Vec::with_capacity(folders.len()));
    let workers = thread::available_parallelism().map_or(1, |count| count.get());
    thread::scope(|scope| {
        for _ in 0..workers.min(folders.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(folder) = folders.get(index) else {
                        return;
                    };
                    let read = folder::read(folder);
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((index, read));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, read)| read).collect()
}

/// A collection and where it lies.
struct KnownCollection {
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
        if known.id.is_empty() {
            known.id = name_by_folder(&folder.path);
        }
        Some(known)
    }

    /// Suites that were executed, as the collection says, and of which nothing is at hand: a suite
    /// that never wrote a report would else be missed by nobody.
    fn missing_suites(&self, folders: &[ReportFolder], reports: &[&Report]) -> Vec<Problem> {
        let mut missing = Vec::new();
        // The collection's own JUnit may hold what the suite's folder does not; each once.
        let mut told: Vec<&str> = reports
            .iter()
            .filter(|report| report.folder == self.folder)
            .map(|report| report.suite.as_str().trim_start_matches("Test Suites/"))
            .collect();
        for item in &self.collection.items {
            let suite = layout::suite_of_location(&item.location);
            // Wherever: the time in it makes it one of a kind, and copies are read where they lie.
            let is_found = item.is_plain()
                && folders
                    .iter()
                    .any(|folder| folder.path.ends_with(&item.location));
            // What is there and was not looked for was left out on purpose.
            let is_there = || {
                let mut above = self.folder.ancestors();
                item.is_plain() && above.any(|above| above.join(&item.location).is_dir())
            };
            if suite.is_empty() || is_found || is_there() {
                continue;
            }
            if let Some(at) = told.iter().position(|told| *told == suite) {
                told.swap_remove(at);
            } else {
                missing.push(Problem::warning(
                    code::SUITE_MISSING,
                    format!("'{}' executed suite '{suite}', and its report '{}' is not at hand", self.id, item.location),
                    "Its results are not published: look why Katalon did not write it, or publish the whole session.",
                ));
            }
        }
        missing
    }

    /// The item that lies in that folder.
    fn item(&self, report: &Path) -> Option<&collection::CollectionItem> {
        self.collection.items.iter().find(|item| {
            let location = Path::new(&item.location);
            // Both lie in one Katalon project: what is above the location is above both.
            let levels = location.components().count();
            item.is_plain()
                && levels > 0
                && report.ends_with(location)
                && report
                    .ancestors()
                    .nth(levels)
                    .is_some_and(|project| self.folder.starts_with(project))
        })
    }
}

/// Before 7 a collection's `.rp` does not name it, but its folder is `Reports/<name>/<time>`.
fn name_by_folder(folder: &Path) -> String {
    folder
        .parent()
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn place_in_collection(read: &mut ReadReport, collections: &[KnownCollection]) {
    let own = std::mem::take(&mut read.collection);
    let listed = collections.iter().find_map(|known| {
        let item = read.folders().find_map(|folder| known.item(folder))?;
        Some((known, item))
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
    let around = collections.iter().find(|known| known.folder == *told_in);
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

#[cfg(test)]
mod tests;
