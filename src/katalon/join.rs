//! Makes one [`Report`] of what lies in each report folder, and sees that none counts twice.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Report;
use super::find::{Found, ReportFolder};
use super::unknown::Unknown;
use crate::problem::{Problem, code};

mod aligning;
mod attempts;
mod collections;
mod damage;
mod files;
mod folder;
mod layout;
mod pairing;
mod planned;
mod report;
mod reruns;
mod rows;
mod same;
mod screenshots;
mod sources;

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
    let collections = collections::read(&found.collections, &mut read.problems);
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
    let mut holders = same::Holders::of(own);
    for summary in summarised {
        holders.add_what_nobody_holds(summary);
    }
    let mut own = holders.into_reports();
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
    read.problems
        .extend(collections::place(&mut own, &collections, folders));
    let reports = own.iter().map(|read| &read.report);
    read.problems
        .extend(planned::missing_suites(&found.plans, reports));
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

#[cfg(test)]
mod tests;
