//! Reads `execution*.log`: which test cases ran, when, how often, and how each attempt ended.
//!
//! The only file that knows attempts, epoch milliseconds and which picture belongs where. One in
//! seven is not well-formed (a killed run, two runs in one file, marks of a merge), so records
//! are found and read one by one.

use std::collections::BTreeMap;
use std::io::{self, Read};

mod between;
mod known;
mod lost;
mod reader;
mod record;
mod records;
mod steps;

use super::unknown::Unknown;
use super::{Step, Variable};
use reader::LogReader;
use records::Records;

/// What the log of one suite execution says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The first `startSuite`; `None` if the log has lost its beginning, or ended before it.
    pub suite: Option<SuiteStart>,
    /// Epoch milliseconds of the last `endSuite`; `None` if the run was killed.
    pub suite_ended: Option<i64>,
    /// The suite as the last `endSuite` names it: a log that has lost its beginning knows it by that.
    pub ended_suite: String,
    /// Host, OS, browser and the like; of a name given twice the last value that is not empty.
    pub run_data: BTreeMap<String, String>,
    /// The same of records behind the end of the suite: drivers of later runs write them into a log
    /// that is still open. Nothing in it is of this run, but the file holds it.
    pub run_data_behind_end: BTreeMap<String, String>,
    /// Every start of a test case that no other test case called, in order: rows and attempts.
    pub executions: Vec<Execution>,
    /// How often a test case, or a scenario of a feature file, was called by another.
    pub called_test_cases: usize,
    /// Variables of test cases that test cases called, and texts that were typed, as variables named
    /// after the object (without a name if the text is secret in any case). A loop may do both
    /// thousands of times, so what is known already is left out. And what damaged records still tell.
    pub other_variables: Vec<Variable>,
    /// Messages FAILED and ERROR outside of every test case: set-up, tear-down, listeners. How many,
    /// and the first one, which tells the story.
    pub failures_outside: (usize, String),
    /// Epoch milliseconds of the first record.
    pub first_millis: Option<i64>,
    /// Epoch milliseconds of the last record: the end of a run that was killed.
    pub last_millis: Option<i64>,
    /// What could not be read, of all runs in the file.
    pub damage: Option<Damage>,
    /// How the text ends, of all runs in the file.
    pub extent: Extent,
    /// What a later version of Katalon may have added, in all runs of the file.
    pub unknown: Unknown,
    /// Other runs that began before this one and stand in the same file: the folder was used
    /// twice, or a merge put two logs together.
    pub earlier_runs: Vec<Log>,
}

impl Log {
    /// The suite, as its beginning or its end names it; empty if the log has neither.
    pub fn suite_id(&self) -> &str {
        match &self.suite {
            Some(suite) if !suite.id.is_empty() => &suite.id,
            Some(_) | None => &self.ended_suite,
        }
    }
}

/// The record `startSuite`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuiteStart {
    /// Epoch milliseconds.
    pub millis: Option<i64>,
    /// `Test Suites/Smoke`.
    pub id: String,
    /// Last part of the id.
    pub name: String,
    /// Whether a test case is tried again at once, and not after the suite (8.2 and later).
    pub reruns_immediately: Option<bool>,
    /// Executions of the suite that are still allowed (8.2 and later); a rerun has a lower one.
    pub retry_count: Option<u32>,
}

/// How much text there is, and how it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Records that were read.
    pub records: usize,
    /// Documents that begin in it: one in each file that is not damaged.
    pub documents: usize,
    /// Whether the last document has its end tag.
    pub is_closed: bool,
    /// Whether it ends inside a record, as the log of a killed run may.
    pub is_cut: bool,
    /// Whether marks of a merge stand in it: it may be made of two logs.
    pub is_merged: bool,
    /// The last line of the last file, counted from 1.
    pub last_line: u64,
}

/// What could not be read of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Records that are lost.
    pub records: usize,
    /// Places where something stands that is no record: another document, marks of a merge.
    pub strays: usize,
    /// The file that the first place is in, counted from 0.
    pub part: usize,
    /// The line where the first place begins, counted from 1.
    pub line: u64,
    /// What is wrong there.
    pub cause: String,
}

/// One execution of a test case: an attempt of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// Path of the test case.
    pub test_case: String,
    /// 0 for the first attempt; `None` in versions without immediate retries.
    pub retry: Option<u32>,
    /// Tags, separated by commas (6.1.2 and later).
    pub tag: String,
    /// The variables of the test case with the values it ran with (9.0 and later). Katalon writes
    /// secrets here.
    pub variables: Vec<Variable>,
    /// Value of the iteration variable (8.3 and later).
    pub iteration: Option<String>,
    /// Epoch milliseconds of `startTest`.
    pub started: Option<i64>,
    /// Number of that record, which a copy of it has as well.
    pub sequence: Option<u64>,
    /// Epoch milliseconds of `endTest`; `None` if it never ended.
    pub ended: Option<i64>,
    /// Whether `endTest` is there.
    pub has_ended: bool,
    /// Level of the last message of the case itself that says how it ended: `PASSED`, `SKIPPED`.
    pub status: Option<String>,
    /// That message.
    pub message: String,
    /// `failed.exception.stacktrace` of that message, if there is one.
    pub stack_trace: String,
    /// The step in which it went wrong, or of an execution that never ended the one that was under
    /// way; `None` if there is none.
    pub step: Option<Step>,
    /// Pictures, in order, also those of steps and called test cases.
    pub attachments: Vec<Recorded>,
    /// Videos.
    pub videos: Vec<Recorded>,
    /// HAR files.
    pub requests: Vec<Recorded>,
}

/// A file that a record names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Its path, as the machine that ran the tests knew it.
    pub path: String,
    /// The number of the step that it was recorded in, `3.2`; empty outside of all.
    pub step: String,
}

/// Reads a log from a stream, keeping one record at a time.
pub fn read(source: impl Read) -> io::Result<Log> {
    read_parts([source])
}

/// Reads a log that Katalon split because it grew too large: its files, the oldest first.
pub fn read_parts<R: Read>(parts: impl IntoIterator<Item = R>) -> io::Result<Log> {
    let mut reader = LogReader::default();
    let mut extent = Extent::default();
    let mut damage: Option<Damage> = None;
    for (part, source) in parts.into_iter().enumerate() {
        if extent.is_cut {
            let half = Damage {
                records: 1,
                strays: 0,
                part: part.saturating_sub(1),
                line: extent.last_line,
                cause: "the file ends inside a record".to_owned(),
            };
            add(&mut damage, half);
        }
        let mut records = Records::new(source);
        while let Some(record) = records.next()? {
            reader.take(record);
            reader.keep_others(records.take_variables());
        }
        reader.keep_others(records.take_variables());
        extent = Extent {
            records: extent.records + records.read(),
            documents: extent.documents + records.documents(),
            is_closed: records.is_closed(),
            is_cut: records.is_cut(),
            is_merged: extent.is_merged || records.is_merged(),
            last_line: records.line(),
        };
        if let Some(more) = records.damage() {
            add(&mut damage, Damage { part, ..more });
        }
    }
    let log = reader.finish();
    Ok(Log {
        damage,
        extent,
        ..log
    })
}

fn add(damage: &mut Option<Damage>, more: Damage) {
    match damage {
        Some(first) => {
            first.records += more.records;
            first.strays += more.strays;
        }
        None => *damage = Some(more),
    }
}

#[cfg(test)]
mod tests;
