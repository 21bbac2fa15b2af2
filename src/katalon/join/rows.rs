//! Makes rows and attempts of what JUnit, log and plan say about one suite execution.
//!
//! | what | believed |
//! |---|---|
//! | which rows there are | JUnit; without it the log; also what was planned and the log saw |
//! | final status | JUnit, but what the log ends as SKIPPED is that; without JUnit the log |
//! | earlier attempts, times, pictures | the log; without it what JUnit's output says |
//! | rows that never ran, bound values | the plan |
//!
//! Which row of the log belongs to which row of a list: [`super::aligning`].

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::super::binding::PlannedCase;
use super::super::junit::JunitCase;
use super::super::log::{Execution, Log};
use super::super::times::{between, from_millis};
use super::super::{Attempt, Failure, Row, Status, TestCasePath, TestResult};
use super::aligning;
use super::attempts::{attempts, logged_attempt};
use super::screenshots::Screenshots;
use super::sources::Sources;

/// Joins the sources to results, in the order of their first execution.
pub(super) fn results(sources: &Sources<'_>, screenshots: &mut Screenshots<'_>) -> Vec<TestResult> {
    let mut rows = executed(sources, screenshots);
    plan(sources, &mut rows);
    by_test_case(rows)
}

/// A row on its way to become one of a [`TestResult`].
struct PathRow {
    path: String,
    /// As they are written, separated by commas.
    tags: String,
    row: Row,
    /// Value of the iteration variable, whose name the plan knows.
    iteration: Option<String>,
}

/// Attempts of one row, as the log has them.
type LogRow<'a> = Vec<&'a Execution>;

fn executed(sources: &Sources<'_>, screenshots: &mut Screenshots<'_>) -> Vec<PathRow> {
    let log_rows = sources.log.map(log_rows).unwrap_or_default();
    let Some(cases) = sources.cases else {
        return log_rows
            .iter()
            .map(|attempts| logged_row(attempts, sources, screenshots))
            .collect();
    };
    let mut rows_of_path: HashMap<&str, Vec<&LogRow<'_>>> = HashMap::new();
    for row in &log_rows {
        if let Some(first) = row.first() {
            rows_of_path
                .entry(first.test_case.as_str())
                .or_default()
                .push(row);
        }
    }
    let list: Vec<(&str, Option<Duration>)> =
        cases.iter().map(|case| (case.path(), case.time)).collect();
    let durations = rows_of_path
        .iter()
        .map(|(path, rows)| (*path, rows.iter().map(|row| duration(row)).collect()))
        .collect();
    let partners = aligning::by_duration_or_order(&list, sources.lost_beginning, &durations);
    let mut is_listed: HashSet<(&str, usize)> = HashSet::new();
    let mut rows: Vec<PathRow> = cases
        .iter()
        .zip(partners)
        .map(|(case, partner)| {
            let logged = partner
                .and_then(|index| {
                    is_listed.insert((case.path(), index));
                    rows_of_path.get(case.path())?.get(index)
                })
                .map_or(&[][..], |row| row.as_slice());
            PathRow {
                path: case.path().to_owned(),
                tags: format!("{},{}", case.tag, logged_tags(logged)),
                row: Row {
                    bound_values: reported_values(case, logged),
                    attempts: with_lost(
                        logged,
                        sources,
                        attempts(case, logged, sources, screenshots),
                    ),
                },
                iteration: iteration(logged),
            }
        })
        .collect();
    if !sources.lost_beginning {
        let case_paths: Vec<&str> = list.iter().map(|(path, _)| *path).collect();
        for logged in unlisted(&log_rows, &is_listed, &case_paths, sources.planned) {
            rows.push(logged_row(logged, sources, screenshots));
        }
    }
    rows
}

/// How long the last attempt of a row took, which is what JUnit tells of it.
fn duration(row: &LogRow<'_>) -> Option<Duration> {
    let last = row.last()?;
    let started = from_millis(last.started?)?;
    between(started, from_millis(last.ended?)?)
}

/// The attempts of a row behind those that a damaged log has lost: a case is tried again only if
/// it did not pass.
fn with_lost(logged: &[&Execution], sources: &Sources<'_>, attempts: Vec<Attempt>) -> Vec<Attempt> {
    /// A number beyond that is none of Katalon's.
    const MOST: u32 = 100;
    let is_damaged = sources
        .log
        .and_then(|log| log.damage.as_ref())
        .is_some_and(|damage| damage.records > 0);
    let lost = match logged.first().and_then(|first| first.retry) {
        Some(lost) if (is_damaged || sources.lost_beginning) && lost <= MOST => {
            let room = sources.room_for_lost.get();
            // One is told in any case: that the row was tried again is what matters.
            let lost = lost.min(room.max(1));
            sources.room_for_lost.set(room.saturating_sub(lost));
            lost
        }
        Some(_) | None => 0,
    };
    let message = "the log has lost this attempt: nothing tells how it ended";
    (0..lost)
        .map(|_| untold(Status::Incomplete, message))
        .chain(attempts)
        .collect()
}

/// Rows that JUnit does not list although they were planned and the log saw them: they are not
/// `NotRun`.
fn unlisted<'a, 'b>(
    log_rows: &'b [LogRow<'a>],
    is_listed: &HashSet<(&str, usize)>,
    case_paths: &[&str],
    planned: &[PlannedCase],
) -> Vec<&'b LogRow<'a>> {
    // How many of a path the plan has and JUnit does not list.
    let mut room: HashMap<&str, isize> = HashMap::new();
    for case in planned {
        *room.entry(case.test_case.as_str()).or_default() += 1;
    }
    for path in case_paths {
        *room.entry(path).or_default() -= 1;
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    log_rows
        .iter()
        .filter(|row| {
            let path = row.first().map_or("", |first| first.test_case.as_str());
            let ordinal = seen.entry(path).or_default();
            *ordinal += 1;
            let room = room.entry(path).or_default();
            let is_one = !is_listed.contains(&(path, *ordinal - 1)) && *room > 0;
            *room -= isize::from(is_one);
            is_one
        })
        .collect()
}

fn logged_row(
    attempts: &LogRow<'_>,
    sources: &Sources<'_>,
    screenshots: &mut Screenshots<'_>,
) -> PathRow {
    let told = attempts
        .iter()
        .map(|execution| logged_attempt(execution, screenshots))
        .collect();
    PathRow {
        path: attempts
            .first()
            .map(|first| first.test_case.clone())
            .unwrap_or_default(),
        tags: logged_tags(attempts),
        row: Row {
            bound_values: Vec::new(),
            attempts: with_lost(attempts, sources, told),
        },
        iteration: iteration(attempts),
    }
}

/// JUnit's values; it cuts long names, while the log has them whole.
fn reported_values(case: &JunitCase, logged: &[&Execution]) -> Vec<(String, String)> {
    match logged.last() {
        Some(last) if last.variables.len() == case.data_binding.len() => last
            .variables
            .iter()
            .map(|variable| (variable.name.clone(), variable.value.clone()))
            .collect(),
        Some(_) | None => case.data_binding.clone(),
    }
}

fn logged_tags(attempts: &[&Execution]) -> String {
    let first = attempts.first();
    first.map(|first| first.tag.clone()).unwrap_or_default()
}

fn iteration(attempts: &[&Execution]) -> Option<String> {
    attempts.iter().find_map(|one| one.iteration.clone())
}

/// Executions as rows: one that counts retries on from the one before it belongs to its row.
fn log_rows(log: &Log) -> Vec<LogRow<'_>> {
    let mut rows: Vec<LogRow<'_>> = Vec::new();
    for execution in &log.executions {
        if execution.retry.unwrap_or(0) > 0
            && let Some(row) = rows.last_mut()
            && row.last().is_some_and(|last| {
                last.test_case == execution.test_case && last.retry < execution.retry
            })
        {
            row.push(execution);
        } else {
            rows.push(vec![execution]);
        }
    }
    rows
}

/// Gives rows the values that were planned for them, and adds those that never ran.
fn plan(sources: &Sources<'_>, rows: &mut Vec<PathRow>) {
    let lost_beginning = sources.cases.is_none() && sources.lost_beginning;
    let mut rows_of_path: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        rows_of_path
            .entry(row.path.clone())
            .or_default()
            .push(index);
    }
    let row_paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    let planned_paths = planned_paths(sources.planned, &row_paths, lost_beginning);
    let counts = |path: &str| rows_of_path.get(path).map_or(0, Vec::len);
    let partners = aligning::by_order(&planned_paths, lost_beginning, counts);
    let mut lost = Vec::new();
    let mut never_ran = Vec::new();
    let planned = sources.planned.iter().zip(&planned_paths);
    let partners: Vec<(&PlannedCase, Option<usize>)> = planned
        .zip(partners)
        .map(|((planned, path), partner)| {
            let partner = partner.and_then(|index| rows_of_path.get(*path)?.get(index).copied());
            (planned, partner)
        })
        .collect();
    for (planned, partner) in partners {
        let Some(row) = partner.and_then(|index| rows.get_mut(index)) else {
            // What nobody can name is told as damage.
            if !planned.test_case.is_empty() {
                never_ran.push(planned);
            }
            continue;
        };
        if lost_beginning {
            // Katalon keeps to the order, so what stands before one that ran has run.
            lost.append(&mut never_ran);
        }
        if !planned.bound_values.is_empty() {
            row.row.bound_values.clone_from(&planned.bound_values);
        } else if row.row.bound_values.is_empty()
            && let Some(value) = row.iteration.take()
            && !planned.iteration_variable.is_empty()
        {
            let name = planned.iteration_variable.clone();
            row.row.bound_values.push((name, value));
        }
    }
    let named = |case: &&PlannedCase| !case.test_case.is_empty();
    if lost_beginning
        && lost.len() + never_ran.len() == sources.planned.iter().filter(named).count()
    {
        // None of those that ran was planned, so nothing tells which ran before them.
        lost.append(&mut never_ran);
    }
    let ran = "the log has lost its beginning: the test case ran, but nothing tells how it ended";
    let lost: Vec<PathRow> = lost
        .into_iter()
        .map(|planned| unlogged_row(planned, untold(Status::Incomplete, ran)))
        .collect();
    rows.extend(
        never_ran
            .into_iter()
            .map(|planned| unlogged_row(planned, untold(Status::NotRun, ""))),
    );
    rows.splice(0..0, lost);
}

/// The paths of what was planned. A damaged line that does not say its own is of the row at its
/// place, as long as everything before it is: Katalon keeps to the order.
fn planned_paths<'a>(
    planned: &'a [PlannedCase],
    rows: &[&'a str],
    lost_beginning: bool,
) -> Vec<&'a str> {
    let mut keeps_order = !lost_beginning;
    planned
        .iter()
        .enumerate()
        .map(|(index, case)| {
            let row = rows.get(index).copied().filter(|_| keeps_order);
            if case.test_case.is_empty() {
                return row.unwrap_or_default();
            }
            keeps_order &= row == Some(case.test_case.as_str());
            case.test_case.as_str()
        })
        .collect()
}

/// An attempt of which nothing but its status is known.
fn untold(status: Status, message: &str) -> Attempt {
    let failure = Failure {
        message: message.to_owned(),
        ..Failure::default()
    };
    Attempt {
        status,
        started: None,
        duration: None,
        failure: Some(failure).filter(|failure| !failure.message.is_empty()),
        screenshots: Vec::new(),
        videos: Vec::new(),
        requests: Vec::new(),
    }
}

fn unlogged_row(planned: &PlannedCase, attempt: Attempt) -> PathRow {
    PathRow {
        path: planned.test_case.clone(),
        tags: String::new(),
        row: Row {
            bound_values: planned.bound_values.clone(),
            attempts: vec![attempt],
        },
        iteration: None,
    }
}

fn by_test_case(rows: Vec<PathRow>) -> Vec<TestResult> {
    let mut results: Vec<TestResult> = Vec::new();
    let mut index_of: HashMap<String, usize> = HashMap::new();
    let mut known_tags: HashSet<(usize, String)> = HashSet::new();
    for PathRow {
        path, tags, row, ..
    } in rows
    {
        let index = *index_of.entry(path.clone()).or_insert(results.len());
        if index == results.len() {
            results.push(TestResult {
                test_case: TestCasePath::new(path),
                tags: Vec::new(),
                rows: Vec::new(),
            });
        }
        if let Some(result) = results.get_mut(index) {
            result.rows.push(row);
            for tag in tags.split(',').map(str::trim) {
                if !tag.is_empty() && known_tags.insert((index, tag.to_owned())) {
                    result.tags.push(tag.to_owned());
                }
            }
        }
    }
    results
}

#[cfg(test)]
mod tests;
