//! Reads the files of one report folder and decides which of them go together.

use std::path::{Path, PathBuf};

use super::super::binding::{self, Binding};
use super::super::contents::Contents;
use super::super::find::{BINDING, JUNIT, PROPERTIES, ReportFolder, is_collection_file};
use super::super::junit::{self, Junit, JunitSuite};
use super::super::log::{self, Log};
use super::super::properties::{self, Properties};
use super::super::remains::{self, Remains};
use super::super::text::{TextReader, read_whole};
use super::super::times::{WrittenTime, from_millis};
use super::super::unknown::Unknown;
use super::super::{Report, Variable};
use super::damage::{NO_RECORD, damaged, tell_damage, tell_empty_log};
use super::files::Files;
use super::report::{LONGEST_NAME, Parts, report};
use crate::problem::{Problem, code, counted};

/// Files of all suites of one JUnit together; a session of Katalon has some hundred.
const MOST_FILES_OF_SUITES: usize = 100_000;

/// Runs of one log among which is looked for the one that JUnit tells of: the latest. No folder was
/// used so often.
const MOST_RUNS: usize = 100;

/// Suites of one JUnit among which is looked for the one that a log of several runs tells of.
const MOST_SUITES: usize = 1_000;

/// What a folder came to.
#[derive(Default)]
pub(super) struct FolderRead {
    /// Its own report, if it is the folder of one suite.
    pub(super) own: Option<ReadReport>,
    /// Suites of a JUnit that holds several, or lies in a collection's folder: most of them are
    /// held by another folder, and only the others count.
    pub(super) summarised: Vec<ReadReport>,
    /// Why it cannot be read at all.
    pub(super) unreadable: Option<Problem>,
    pub(super) problems: Vec<Problem>,
    /// What none of the readers knows.
    pub(super) unknown: Unknown,
}

/// A report, with what the joining of several folders has to know.
pub(super) struct ReadReport {
    pub(super) report: Report,
    pub(super) has_log: bool,
    /// Its log begins as those before 8.2 do, which say nothing of retries.
    pub(super) counts_no_retries: bool,
    /// Neither browser nor device: an empty run configuration is one, not an unknown one.
    pub(super) needs_no_driver: bool,
    /// The collection as the folder itself names it; empty if it does not.
    pub(super) collection: String,
    /// The folder whose JUnit tells of it as well.
    pub(super) summarised_in: Option<PathBuf>,
    /// Folders of copies that were left out: what lies beside a copy lies beside the report.
    pub(super) copies: Vec<PathBuf>,
}

impl ReadReport {
    /// The folder of the report, and those of its copies.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        let copies = self.copies.iter().map(PathBuf::as_path);
        std::iter::once(self.report.folder.as_path()).chain(copies)
    }
}

/// Reads a folder. Never fails: what went wrong is part of the answer.
pub(super) fn read(folder: &ReportFolder) -> FolderRead {
    let mut read = FolderRead::default();
    let contents = match Contents::of(&folder.path) {
        Ok(contents) => contents,
        Err(error) => {
            read.unreadable = Some(unreadable(folder, &error.to_string()));
            return read;
        }
    };
    let mut other_variables = Vec::new();
    let mut files = Files {
        junit: contents
            .has(JUNIT)
            .then(|| read_junit(&contents, &mut other_variables)),
        log: read_log(&contents),
        binding: Binding::default(),
        properties: Properties::default(),
        other_variables,
    };
    read_plan(folder, &contents, &mut files, &mut read.problems);
    if let Some(cause) = nothing_usable(&files) {
        read.unreadable = Some(unreadable(folder, &cause));
        return read;
    }
    if let Some(Ok(junit)) = &files.junit {
        read.unknown.extend(&junit.unknown);
    }
    if let Some(Ok(log)) = &files.log {
        read.unknown.extend(&log.unknown);
    }
    read.unknown.extend(&files.binding.unknown);
    tell_empty_log(folder, &contents, &files, &mut read.problems);
    choose_run(folder, &mut files, &mut read.problems);
    tell_damage(folder, &contents, &files, &mut read.problems);
    join(folder, &contents, files, &mut read);
    read
}

fn read_junit(contents: &Contents, variables: &mut Vec<Variable>) -> Result<Junit, String> {
    let file = contents
        .open(JUNIT)
        .map_err(|error| format!("{JUNIT}: {error}"))?;
    junit::read(file).map_err(|error| {
        let lost = match error.cases_read {
            0 => String::new(),
            count => format!("; without {} before it", counted(count, "test case")),
        };
        let cause = format!("{JUNIT}, {error}{lost}");
        variables.extend(error.variables);
        cause
    })
}

/// All logs of the folder as one; `None` if there is none.
fn read_log(contents: &Contents) -> Option<Result<Log, String>> {
    let names = contents.logs();
    if names.is_empty() {
        return None;
    }
    let mut files = Vec::with_capacity(names.len());
    for name in &names {
        match contents.open(name) {
            Ok(file) => files.push(file),
            Err(error) => return Some(Err(format!("{name}: {error}"))),
        }
    }
    Some(log::read_parts(files).map_err(|error| format!("{}: {error}", names.join(", "))))
}

fn read_plan(
    folder: &ReportFolder,
    contents: &Contents,
    files: &mut Files,
    problems: &mut Vec<Problem>,
) {
    if contents.has(PROPERTIES) {
        let read = contents
            .open(PROPERTIES)
            .map_err(|error| error.to_string())
            .and_then(properties::read);
        match read {
            Ok(properties) => files.properties = properties,
            Err(cause) => {
                problems.push(damaged(
                    folder,
                    &format!("{PROPERTIES}: {cause}"),
                    "Execution profile and device of this report may be unknown.",
                ));
                let variables = still_told(contents, PROPERTIES);
                files.other_variables.extend(variables);
            }
        }
    }
    if contents.has(BINDING) {
        match contents.open(BINDING).and_then(binding::read) {
            Ok(binding) => {
                if let Some(line) = binding.first_bad_line {
                    problems.push(damaged(
                        folder,
                        &format!("{BINDING}, line {line}: it is no planned test case"),
                        "The other lines were read, and of this one which values are secret.",
                    ));
                }
                tell_length(folder, &binding, problems);
                files.binding = binding;
            }
            Err(error) => problems.push(damaged(
                folder,
                &format!("{BINDING}: {error}"),
                "Test cases that never ran are not known, nor are the values of rows.",
            )),
        }
    }
}

/// The variables that a file of JSON still tells that cannot be read.
fn still_told(contents: &Contents, name: &str) -> Vec<Variable> {
    let mut remains = Remains::of_json();
    let read = contents.open(name);
    // That it cannot be read was told.
    let _ = read.and_then(|file| remains.add_all(TextReader::new(file), remains::LONGEST));
    remains.variables()
}

/// Tells that a plan is longer than any that Katalon writes.
fn tell_length(folder: &ReportFolder, binding: &Binding, problems: &mut Vec<Problem>) {
    let mut told = Vec::new();
    if let Some(line) = binding.first_unused_line {
        told.push(format!(
            "it has more than 16 MB: what was planned from line {line} on is not known"
        ));
    }
    if binding.has_unread {
        let more = "it holds more than can be looked through: some of what is secret is not known";
        told.push(more.to_owned());
    }
    if !told.is_empty() {
        problems.push(damaged(
            folder,
            &format!("{BINDING}: {}", told.join("; ")),
            if binding.has_unread {
                "Look at what is attached before many do, or set 'attachments: screenshots'."
            } else {
                "Of the rest was read which values are secret."
            },
        ));
    }
}

/// Why nothing can be made of the folder; `None` if something can.
fn nothing_usable(files: &Files) -> Option<String> {
    let log_tells = matches!(&files.log, Some(Ok(log)) if log.last_millis.is_some());
    match (&files.junit, &files.log) {
        (Some(Ok(_)), _) => None,
        (Some(Err(_)) | None, Some(Ok(_))) if log_tells => None,
        (Some(Err(cause)), _) => Some(cause.clone()),
        (None, Some(Err(cause))) => Some(cause.clone()),
        // The run was killed before its suite began; what was planned did not run.
        (None, Some(Ok(_)) | None) if files.binding.names_a_case() => None,
        (None, Some(Ok(log))) if log.damage.is_some() => Some(NO_RECORD.to_owned()),
        (None, Some(Ok(_)) | None) => None,
    }
}

/// Of several runs in one log the one that JUnit tells of counts, else the latest. But Katalon also
/// appends to the log of a folder that is used again: then a later run that was killed counts, and
/// not the JUnit that it left there.
fn choose_run(folder: &ReportFolder, files: &mut Files, problems: &mut Vec<Problem>) {
    let Some(Ok(log)) = &mut files.log else {
        return;
    };
    let mut runs = std::mem::take(&mut log.earlier_runs);
    if runs.is_empty() {
        return;
    }
    let suites = match &files.junit {
        Some(Ok(junit)) => junit.suites.as_slice(),
        Some(Err(_)) | None => &[],
    };
    let suites = suites.get(..MOST_SUITES).unwrap_or(suites);
    let is_told =
        |run: &Log| run.suite.is_some() && suites.iter().any(|suite| foreign(suite, run).is_none());
    let count = runs.len() + 1;
    let began = |run: &Log| run.suite.as_ref().and_then(|suite| suite.millis);
    let told = (!is_told(log) && (log.suite_ended.is_some() || log.extent.is_merged))
        .then(|| {
            let latest = runs.len().saturating_sub(MOST_RUNS);
            let at = runs.iter().skip(latest).position(is_told)?;
            Some(latest + at)
        })
        .flatten();
    // A merge may have put the newer of two first.
    let newer = || {
        let newest = runs.iter().enumerate().max_by_key(|(_, run)| began(run));
        newest
            .filter(|(_, run)| !is_told(log) && began(run) > began(log))
            .map(|(index, _)| index)
    };
    if let Some(index) = told.or_else(newer) {
        let (damage, extent) = (log.damage.take(), log.extent);
        std::mem::swap(log, &mut runs[index]);
        (log.damage, log.extent) = (damage, extent);
    }
    // That two documents were put together is told below.
    log.damage = log.damage.take().filter(|damage| damage.records > 0);
    // The file is attached with all runs in it, and so are their secrets.
    for run in runs {
        let of_cases = run.executions.into_iter().flat_map(|one| one.variables);
        log.other_variables.extend(of_cases);
        log.other_variables.extend(run.other_variables);
    }
    let began = began(log)
        .and_then(from_millis)
        .map_or_else(|| "an unknown time".to_owned(), |began| began.to_string());
    problems.push(Problem::warning(
        code::FOREIGN_FILE,
        format!(
            "report '{}': the log holds {count} runs; the one that began at {began} is read",
            folder.display
        ),
        "Empty the folder before Katalon writes to it again.",
    ));
}

fn join(folder: &ReportFolder, contents: &Contents, files: Files, read: &mut FolderRead) {
    let log = files.log.and_then(Result::ok);
    let suites = match files.junit {
        Some(Ok(junit)) => junit.suites,
        Some(Err(_)) | None => Vec::new(),
    };
    let is_collection = contents.names().iter().any(|name| is_collection_file(name));
    let mut own_suite = None;
    let mut junit_is_foreign = false;
    let mut others = Vec::new();
    if suites.len() > 1 || is_collection {
        for suite in suites {
            let is_of_log = log
                .as_ref()
                .is_some_and(|log| log.suite.is_some() && foreign(&suite, log).is_none());
            if is_of_log && own_suite.is_none() {
                own_suite = Some(suite);
            } else {
                others.push(suite);
            }
        }
    } else if let Some(suite) = suites.into_iter().next() {
        match log.as_ref().and_then(|log| foreign(&suite, log)) {
            None => own_suite = Some(suite),
            Some(reason) => {
                junit_is_foreign = true;
                read.problems.push(Problem::warning(
                    code::FOREIGN_FILE,
                    format!(
                        "report '{}': {JUNIT} is left aside: {reason}",
                        folder.display
                    ),
                    "It belongs to another run than the log beside it. Empty the folder before \
                     Katalon writes to it again.",
                ));
            }
        }
    }
    let mut properties = files.properties;
    let plan_is_cut = files.binding.first_unused_line.is_some();
    let mut planned = files.binding.cases;
    let mut other_variables = files.other_variables;
    other_variables.extend(files.binding.other_variables);
    let told = [
        ("the log", log.as_ref().map_or("", Log::suite_id)),
        (JUNIT, own_suite.as_ref().map_or("", |suite| &suite.id)),
    ];
    let told = told.into_iter().find(|(_, id)| !id.is_empty());
    if let Some((file, id)) = told
        && !properties.id.is_empty()
        && id != properties.id
    {
        read.problems.push(Problem::warning(
            code::FOREIGN_FILE,
            format!(
                "report '{}': {PROPERTIES} and {BINDING} are left aside: they are of '{}', \
                 {file} is of '{id}'",
                folder.display, properties.id
            ),
            "They belong to another run. Empty the folder before Katalon writes to it again.",
        ));
        properties = Properties::default();
        planned = Vec::new();
    }
    let collection = own_collection(contents, &properties);
    let only_summarises =
        own_suite.is_none() && log.is_none() && (is_collection || !others.is_empty());
    if !only_summarises {
        let parts = Parts {
            suite: own_suite.as_ref(),
            log: log.as_ref(),
            planned: &planned,
            plan_is_cut,
            other_variables: &other_variables,
            properties: &properties,
            junit_is_foreign,
            takes_files: true,
        };
        read.own = Some(ReadReport {
            report: report(folder, contents, &parts, &mut read.problems),
            has_log: log.is_some(),
            counts_no_retries: log
                .as_ref()
                .and_then(|log| log.suite.as_ref())
                .is_some_and(|suite| suite.retry_count.is_none()),
            needs_no_driver: properties.names_no_driver,
            collection: collection.clone(),
            summarised_in: None,
            copies: Vec::new(),
        });
    }
    // Each of them has all files of the folder, so many of both would fill the memory.
    let files = others.len().saturating_mul(contents.report_files().0.len());
    if files > MOST_FILES_OF_SUITES {
        read.problems.push(Problem::warning(
            code::FILE_LEFT_OUT,
            format!(
                "report '{}': left out the files of the folder for {}: together they would be \
                 {files}",
                folder.display,
                counted(others.len(), "suite")
            ),
            "Their results are published without them.",
        ));
    }
    for suite in &others {
        // Pictures that a summary names lie in the folders of its suites, not here.
        let mut unimportant = Vec::new();
        let parts = Parts {
            suite: Some(suite),
            log: None,
            planned: &[],
            plan_is_cut: false,
            other_variables: &[],
            properties: &Properties::default(),
            junit_is_foreign: false,
            takes_files: files <= MOST_FILES_OF_SUITES,
        };
        read.summarised.push(ReadReport {
            report: report(folder, contents, &parts, &mut unimportant),
            has_log: false,
            counts_no_retries: false,
            needs_no_driver: false,
            collection: collection.clone(),
            summarised_in: None,
            copies: Vec::new(),
        });
    }
}

/// Why a suite of JUnit is not the one that the log tells of; `None` if it may be.
fn foreign(suite: &JunitSuite, log: &Log) -> Option<String> {
    /// JUnit counts whole seconds, and rounds.
    const MOST_SECONDS_OFF: i64 = 2;
    let logged_id = log.suite_id();
    if !suite.id.is_empty() && !logged_id.is_empty() && suite.id != logged_id {
        return Some(format!(
            "it names suite '{}', the log '{logged_id}'",
            suite.id
        ));
    }
    let text = suite.timestamp.as_deref()?;
    let written = WrittenTime::parse(text)?;
    let Some(logged) = &log.suite else {
        // The log has lost its beginning, or ended before it; at least the day has to be right.
        let first = from_millis(log.first_millis?)?;
        let is_possible = written.may_span(suite.time?, first);
        return (!is_possible)
            .then(|| format!("its suite began at '{text}', and the log is of {first}"));
    };
    let began = from_millis(logged.millis?)?;
    let is_same = written
        .seconds_off(began)
        .is_some_and(|off| off <= MOST_SECONDS_OFF);
    (!is_same).then(|| format!("its suite began at '{text}', that of the log at {began}"))
}

/// The collection as the report folder itself names it.
fn own_collection(contents: &Contents, properties: &Properties) -> String {
    const COLLECTION_ID: &str = "tsc_id.txt";
    let id = if contents.has(COLLECTION_ID) {
        // Written when Katalon opens a report; mostly empty, and nothing hangs on it.
        let read = contents.open(COLLECTION_ID).and_then(read_whole);
        read.unwrap_or_default().trim().to_owned()
    } else {
        String::new()
    };
    // Each suite of the folder has it.
    let names = [id, properties.collection_name.clone()];
    let mut names = names.into_iter();
    let name = names.find(|name| !name.is_empty() && name.len() <= LONGEST_NAME);
    name.unwrap_or_default()
}

fn unreadable(folder: &ReportFolder, cause: &str) -> Problem {
    Problem::error(
        code::UNREADABLE_REPORT,
        format!("cannot read report '{}': {cause}", folder.display),
        "The other reports were read.",
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::log::SuiteStart;
    use super::*;

    #[test]
    fn two_seconds_may_lie_between_junit_and_log_and_no_more() {
        let log = Log {
            suite: Some(SuiteStart {
                millis: Some(1_754_902_500_000),
                ..SuiteStart::default()
            }),
            ..Log::default()
        };
        for (timestamp, is_foreign) in [
            ("2025-08-11 08:55:00", false),
            ("2025-08-11 08:55:02", false),
            ("2025-08-11 08:54:58", false),
            ("2025-08-11 08:55:03", true),
            ("2025-08-11 08:54:57", true),
            ("2025-08-11 10:55:02", false),
            ("2568-08-11 14:40:02", false),
            ("2025-08-10 08:55:00", true),
            ("11.08.2025", false),
        ] {
            let suite = JunitSuite {
                timestamp: Some(timestamp.to_owned()),
                ..JunitSuite::default()
            };
            assert_eq!(foreign(&suite, &log).is_some(), is_foreign, "{timestamp}");
        }
    }
}
