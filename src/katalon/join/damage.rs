//! Tells what is damaged in the files of a report folder, and what that costs.

use super::super::contents::Contents;
use super::super::find::{JUNIT, ReportFolder};
use super::folder::Files;
use crate::problem::{Problem, code, counted};

/// A log without any record is none, unless the run was killed as soon as the log began.
pub(super) fn tell_empty_log(
    folder: &ReportFolder,
    contents: &Contents,
    files: &Files,
    problems: &mut Vec<Problem>,
) {
    /// Declaration, document type and the root's tag.
    const HEAD: u64 = 256;
    let Some(Ok(log)) = &files.log else { return };
    if log.last_millis.is_some() || log.damage.is_some() || log.is_cut {
        return;
    }
    let bytes = contents
        .logs()
        .into_iter()
        .filter_map(|name| contents.open(name).ok());
    let bytes: u64 = bytes
        .filter_map(|file| file.metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    if bytes > HEAD {
        problems.push(damaged(
            folder,
            "the log holds no record that can be read",
            "Retries, exact times and screenshots of this report are not known.",
        ));
    }
}

pub(super) fn tell_damage(folder: &ReportFolder, files: &Files, problems: &mut Vec<Problem>) {
    match &files.junit {
        Some(Err(cause)) => problems.push(damaged(
            folder,
            cause,
            "The results were read from the log instead.",
        )),
        Some(Ok(junit)) => {
            for oddity in &junit.oddities {
                problems.push(damaged(
                    folder,
                    &format!("{JUNIT}, {oddity}"),
                    "The value is taken as unknown.",
                ));
            }
        }
        None => {}
    }
    match &files.log {
        Some(Err(cause)) => problems.push(damaged(
            folder,
            cause,
            "Retries, exact times and screenshots of this report are not known.",
        )),
        Some(Ok(log)) => {
            if let Some(damage) = &log.damage {
                problems.push(damaged(
                    folder,
                    &format!(
                        "cannot read {} of the log, the first at line {}: {}",
                        counted(damage.records, "record"),
                        damage.line,
                        damage.cause
                    ),
                    "Everything before and behind was read.",
                ));
            }
            if let Some(first) = log.failures_outside.first() {
                problems.push(Problem::warning(
                    code::SUITE_HOOK_FAILED,
                    format!(
                        "report '{}': {} outside of any test case: {}",
                        folder.display,
                        counted(log.failures_outside.len(), "failure"),
                        first.lines().next().unwrap_or_default()
                    ),
                    "Look at set-up, tear-down and test listeners of the suite.",
                ));
            }
        }
        None => {}
    }
}

pub(super) fn damaged(folder: &ReportFolder, what: &str, advice: &str) -> Problem {
    Problem::warning(
        code::DAMAGED_FILE,
        format!("report '{}': {what}", folder.display),
        advice,
    )
}
