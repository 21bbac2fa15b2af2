//! Holds a session against its plan: a suite that never wrote a report would else be missed by
//! nobody.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::super::Report;
use super::super::contents::Contents;
use super::super::find::ReportFolder;
use super::super::plan::{self, PLAN, PlannedSuite};
use super::damage::damaged;
use crate::problem::{Problem, code};

/// Suites that sessions were going to execute, and of which nothing is at hand.
pub(super) fn missing_suites<'r>(
    sessions: &'r [ReportFolder],
    reports: impl Iterator<Item = &'r Report>,
) -> Vec<Problem> {
    let paths = sessions.iter().map(|session| session.path.as_path());
    let mut reported: HashMap<&Path, HashSet<&str>> =
        paths.map(|path| (path, HashSet::new())).collect();
    // Each report looks for its sessions above it: not each session through all reports.
    for report in reports {
        for above in report.folder.ancestors() {
            if let Some(suites) = reported.get_mut(above) {
                suites.insert(report.suite.as_str());
            }
        }
    }
    let of_session = |session: &ReportFolder| {
        let reported = reported.get(session.path.as_path());
        missing_in(session, &|suite| {
            reported.is_some_and(|all| all.contains(suite))
        })
    };
    sessions.iter().flat_map(of_session).collect()
}

/// Suites that the session was going to execute, without those that are reported.
fn missing_in(session: &ReportFolder, is_reported: &dyn Fn(&str) -> bool) -> Vec<Problem> {
    let read = Contents::of(&session.path)
        .and_then(|contents| contents.open(PLAN))
        .and_then(plan::read);
    let (suites, wrong) = match read {
        Ok(read) => read,
        Err(error) => (Vec::new(), vec![error.to_string()]),
    };
    let mut problems: Vec<Problem> = wrong
        .first()
        .map(|cause| {
            damaged(
                session,
                &format!("{PLAN}, {cause}"),
                "The reports of the session are read all the same.",
            )
        })
        .into_iter()
        .collect();
    for planned in &suites {
        if !is_reported(&planned.suite) && !is_there(session, planned) {
            problems.push(Problem::warning(
                code::SUITE_MISSING,
                format!(
                    "session '{}' was going to execute '{}', and no report of it is at hand",
                    session.display, planned.suite
                ),
                "Its results are not published: look why Katalon did not write it, or publish the \
                 whole session.",
            ));
        }
    }
    problems
}

/// Whether the folder of an attempt is there, though no report of it was read: it was left out on
/// purpose, or cannot be read, which is told elsewhere.
fn is_there(session: &ReportFolder, planned: &PlannedSuite) -> bool {
    let Some(name) = session.path.file_name().map(|name| name.to_string_lossy()) else {
        return false;
    };
    planned.folders.iter().any(|folder| {
        let parts: Vec<&str> = folder.split('/').collect();
        let below = parts
            .iter()
            .position(|part| *part == name)
            .and_then(|at| parts.get(at + 1..))
            .unwrap_or_default();
        let is_plain = !below.is_empty()
            && below
                .iter()
                .all(|part| !part.is_empty() && *part != "." && *part != "..");
        is_plain && session.path.join(below.join("/")).is_dir()
    })
}

#[cfg(test)]
mod tests {
    use super::super::same::tests::started;
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_session_counts_the_reports_below_it_wherever_the_plan_says_they_lie() {
        let folder = Scratch::new("planned");
        let planned = "{\"entityId\":\"Test Suites/S\",\"executionDirPath\":\"/other/S/1\"}";
        let sessions = ["a", "a/b", "c"].map(|name| ReportFolder {
            path: folder.join(name),
            display: name.to_owned(),
        });
        for session in &sessions {
            folder.put(&format!("{}/{PLAN}", session.display), planned);
        }
        let mut report = started(None, None).report;
        report.folder = folder.join("a/b/S/20250811_105500");
        let problems = missing_suites(&sessions, [&report].into_iter());
        let told: Vec<String> = problems.into_iter().map(|one| one.message).collect();
        assert_eq!(
            told,
            ["session 'c' was going to execute 'Test Suites/S', and no report of it is at hand"]
        );
    }
}
