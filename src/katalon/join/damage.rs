//! Tells what is damaged in the files of a report folder, and what that costs.

use super::super::contents::Contents;
use super::super::find::{JUNIT, ReportFolder};
use super::super::log::Log;
use super::files::Files;
use crate::problem::{Problem, code, counted};

/// What is told of a log that is none.
pub(super) const NO_RECORD: &str = "the log holds no record that can be read";

/// A log without any record is none, unless the run was killed as soon as the log began; then there
/// is no JUnit of that run.
pub(super) fn tell_empty_log(
    folder: &ReportFolder,
    contents: &Contents,
    files: &Files,
    problems: &mut Vec<Problem>,
) {
    /// Declaration, document type and the root's tag.
    const HEAD: u64 = 256;
    let Some(Ok(log)) = &files.log else { return };
    if log.extent.records > 0 || log.damage.is_some() || log.extent.is_cut {
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
    if bytes > HEAD || matches!(files.junit, Some(Ok(_))) {
        problems.push(damaged(
            folder,
            NO_RECORD,
            "Retries, exact times and screenshots of this report are not known.",
        ));
    }
}

pub(super) fn tell_damage(
    folder: &ReportFolder,
    contents: &Contents,
    files: &Files,
    problems: &mut Vec<Problem>,
) {
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
            tell_damage_of_log(folder, log, &contents.logs(), problems);
            let (count, first) = &log.failures_outside;
            if *count > 0 {
                problems.push(Problem::warning(
                    code::SUITE_HOOK_FAILED,
                    format!(
                        "report '{}': {} outside of any test case: {}",
                        folder.display,
                        counted(*count, "failure"),
                        first.lines().next().unwrap_or_default()
                    ),
                    "Look at set-up, tear-down and test listeners of the suite.",
                ));
            }
        }
        None => {}
    }
}

/// One warning for whatever is wrong with a log.
fn tell_damage_of_log(
    folder: &ReportFolder,
    log: &Log,
    names: &[&str],
    problems: &mut Vec<Problem>,
) {
    let at = |line: u64, part: usize| match names.get(part) {
        Some(name) if names.len() > 1 => format!("line {line} of {name}"),
        Some(_) | None => format!("line {line}"),
    };
    let mut told = Vec::new();
    if let Some(damage) = &log.damage {
        let place = at(damage.line, damage.part);
        let mut text = format!("the log is damaged at {place}: {}", damage.cause);
        match damage.records + damage.strays {
            0 | 1 => {}
            places => {
                let more = counted(places - 1, "more place");
                text.push_str(&format!(", and in {more}"));
            }
        }
        if damage.records > 0 {
            let lost = counted(damage.records, "record");
            text.push_str(&format!("; {lost} cannot be read"));
        }
        told.push(text);
    }
    let extent = log.extent;
    let ends_early = log.suite_ended.is_none() && !extent.is_closed;
    if extent.records > 0 && (extent.is_cut || ends_early) {
        let place = at(extent.last_line, names.len().saturating_sub(1));
        let how = if extent.is_cut {
            "inside a record"
        } else {
            "before its end"
        };
        told.push(format!("the log stops at {place}, {how}"));
    }
    if !told.is_empty() {
        problems.push(damaged(
            folder,
            &told.join("; "),
            "Everything before and behind was read. A log that stops is that of a run that was \
             killed, or was copied while Katalon still wrote to it.",
        ));
    }
}

pub(super) fn damaged(folder: &ReportFolder, what: &str, advice: &str) -> Problem {
    Problem::warning(
        code::DAMAGED_FILE,
        format!("report '{}': {what}", folder.display),
        advice,
    )
}
