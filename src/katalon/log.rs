//! Reads `execution*.log`: which test cases ran, when, how often, and how each attempt ended.
//!
//! The only file that knows attempts, epoch milliseconds and which picture belongs where. One in
//! seven is not well-formed (a killed run, two runs in one file, marks of a merge), so records
//! are found and read one by one: see [`records`].

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read};

pub mod records;

use super::junit::without_iteration;
use records::{Record, Records};

/// What the log of one suite execution says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The first `startSuite`; `None` if the log has lost its beginning, or ended before it.
    pub suite: Option<SuiteStart>,
    /// Epoch milliseconds of the last `endSuite`; `None` if the run was killed.
    pub suite_ended: Option<i64>,
    /// Host, OS, browser and the like; of a name given twice the last value that is not empty.
    pub run_data: BTreeMap<String, String>,
    /// Every start of a test case that no other test case called, in order: rows and attempts.
    pub executions: Vec<Execution>,
    /// Messages FAILED and ERROR outside of every test case: set-up, tear-down, listeners.
    pub failures_outside: Vec<String>,
    /// Epoch milliseconds of the last record: the end of a run that was killed.
    pub last_millis: Option<i64>,
    /// Records that could not be read.
    pub damage: Option<Damage>,
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
    /// Executions of the suite that are still allowed (8.2 and later); a rerun has a lower one.
    pub retry_count: Option<u32>,
}

/// Records of a log that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// How many.
    pub records: usize,
    /// The line where the first one begins, counted from 1.
    pub line: u64,
    /// What is wrong with the first one.
    pub cause: String,
}

/// One execution of a test case: an attempt of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// Path of the test case.
    pub test_case: String,
    /// 0 for the first attempt; `None` in versions without immediate retries.
    pub retry: Option<u32>,
    /// Value of the iteration variable (8.3 and later).
    pub iteration: Option<String>,
    /// Epoch milliseconds of `startTest`.
    pub started: Option<i64>,
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
    /// Recorded paths of pictures, in order, also those of steps and called test cases.
    pub attachments: Vec<String>,
}

/// Levels that say how something ended. `NOT_RUN` is not among them: it is a step that was
/// switched off in the script.
const STATUS_LEVELS: [&str; 6] = [
    "PASSED",
    "FAILED",
    "ERROR",
    "SKIPPED",
    "INCOMPLETE",
    "ABORTED",
];

/// Messages of set-up and listeners that are kept; the first one tells the story.
const FAILURES_KEPT: usize = 20;

/// Reads a log from a stream, keeping one record at a time.
///
/// Where a run has several files, they are given one behind the other, the oldest first.
pub fn read(source: impl Read) -> io::Result<Log> {
    let mut reader = LogReader::default();
    let mut records = Records::new(source);
    while let Some(record) = records.next()? {
        reader.take(record);
    }
    reader.next_is_silence();
    reader.log.damage = records.damage();
    Ok(reader.log)
}

#[derive(Default)]
struct LogReader {
    log: Log,
    /// The execution that is under way.
    current: Option<Execution>,
    /// What was started inside it and has not ended: test cases it called, and steps.
    open: Vec<Inner>,
    /// Whether the message that names the case and says how it ended has come.
    verdict_given: bool,
    /// What came while no execution was under way: that of a case whose start was lost.
    orphan: Execution,
    /// Failures that came with it; of set-up or a listener unless a case ends behind them.
    orphan_failures: Vec<String>,
    /// Level of the test cases that nobody called: 1 below a suite, 0 where a test case was run
    /// alone.
    top_level: Option<u32>,
    /// Executions seen, so that a tail that was written twice counts once.
    seen: HashSet<(String, i64, Option<u32>)>,
}

/// Whether a message begins with the path of a test case, and not with that of a longer one.
fn names(message: &str, test_case: &str) -> bool {
    let Some(rest) = message.strip_prefix(test_case) else {
        return false;
    };
    !test_case.is_empty()
        && rest
            .chars()
            .next()
            .is_none_or(|next| next == '.' || next.is_whitespace())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inner {
    CalledTestCase,
    Step,
}

impl LogReader {
    fn take(&mut self, record: Record) {
        if record.millis.is_some() {
            self.log.last_millis = record.millis;
        }
        match (record.level.as_str(), record.method.as_str()) {
            ("START", "startSuite") => self.start_suite(record),
            ("END", "endSuite") => {
                self.next_begins();
                self.log.suite_ended = record.millis.or(self.log.last_millis);
            }
            ("START", "startTest") => self.start_test(record),
            ("END", "endTest") => self.end_test(&record),
            ("START", _) => {
                if self.current.is_some() {
                    self.open.push(Inner::Step);
                }
            }
            ("END", _) => {
                if self.open.last() == Some(&Inner::Step) {
                    self.open.pop();
                }
            }
            ("RUN_DATA", _) => {
                for (name, value) in record.properties {
                    // Variables of a case, with secrets in them, are no data of the run.
                    if !value.is_empty() && name != "executionBindingVariables" {
                        self.log.run_data.insert(name, value);
                    }
                }
            }
            _ => self.message(record),
        }
    }

    fn start_suite(&mut self, record: Record) {
        self.next_begins();
        if self.log.suite.is_none() {
            self.log.suite = Some(SuiteStart {
                millis: record.millis,
                id: record.property("id").to_owned(),
                name: record.property("name").to_owned(),
                retry_count: record.property("retryCount").parse().ok(),
            });
        }
    }

    fn start_test(&mut self, record: Record) {
        // The level decides where it is told: a record that was lost leaves the stack wrong.
        let called = match record.nested_level {
            Some(0) => {
                self.top_level = Some(0);
                false
            }
            Some(level) => level > self.top_level.unwrap_or(1),
            None => self.current.is_some(),
        };
        if called && self.current.is_some() {
            self.open.push(Inner::CalledTestCase);
            return;
        }
        if called {
            // Its caller's start was lost; it is no result of its own all the same.
            return;
        }
        self.next_begins();
        let test_case = match record.property("id") {
            "" => record.property("name"),
            id => id,
        };
        self.current = Some(Execution {
            test_case: without_iteration(test_case).to_owned(),
            retry: record.property("currentRetryCount").parse().ok(),
            iteration: Some(record.property("iteration"))
                .filter(|value| !value.is_empty())
                .map(str::to_owned),
            started: record.millis,
            ..Execution::default()
        });
    }

    fn end_test(&mut self, record: &Record) {
        let called_one_is_open = self.open.contains(&Inner::CalledTestCase);
        let ends_called = match (record.nested_level, self.top_level) {
            (Some(_), Some(0)) | (None, _) => called_one_is_open,
            // The level of a case's end is one below that of its start.
            (Some(level), _) => level > 0,
        };
        if !ends_called {
            if self.current.is_none() {
                self.take_in_orphan(record);
            }
            self.finish_execution(true, record.millis);
            return;
        }
        // Steps that it left open ended with it.
        while let Some(inner) = self.open.pop() {
            if inner == Inner::CalledTestCase {
                break;
            }
        }
    }

    fn message(&mut self, record: Record) {
        let says_how = STATUS_LEVELS.contains(&record.level.as_str());
        let failed = matches!(record.level.as_str(), "FAILED" | "ERROR");
        if self.current.is_none() && failed && !record.message.starts_with("Test Cases/") {
            self.orphan_failures.push(record.message.clone());
        }
        let is_orphan = self.current.is_none();
        let current = self.current.as_mut().unwrap_or(&mut self.orphan);
        for (name, value) in &record.properties {
            if name == "attachment" && !value.is_empty() && !current.attachments.contains(value) {
                current.attachments.push(value.clone());
            }
        }
        if !says_how {
            return;
        }
        // The verdict on a case names the case. It is written while steps may still be open, and
        // a failure at the level of the suite.
        let is_verdict = if is_orphan {
            record.message.starts_with("Test Cases/")
        } else {
            !self.open.contains(&Inner::CalledTestCase)
                && names(&record.message, &current.test_case)
        };
        let of_the_case = is_verdict
            || !is_orphan
                && !self.verdict_given
                && (self.open.is_empty()
                    || record.nested_level == Some(0)
                        && !self.open.contains(&Inner::CalledTestCase));
        if of_the_case {
            self.verdict_given |= is_verdict;
            current.stack_trace = record.property("failed.exception.stacktrace").to_owned();
            current.status = Some(record.level);
            current.message = record.message;
        }
    }

    /// The end of a case whose start was lost, in damage or with the beginning of the log.
    fn take_in_orphan(&mut self, record: &Record) {
        let Some(path) = record.message.strip_prefix("End Test Case : ") else {
            return;
        };
        let mut orphan = std::mem::take(&mut self.orphan);
        self.orphan_failures.clear();
        path.clone_into(&mut orphan.test_case);
        orphan.retry = record.property("currentRetryCount").parse().ok();
        if !names(&orphan.message, path) {
            orphan.status = None;
            orphan.message.clear();
        }
        self.current = Some(orphan);
    }

    /// Something begins beside the execution under way, or the suite ends: so it has ended, even
    /// if the record of its end was lost, provided that its verdict was given.
    fn next_begins(&mut self) {
        self.finish_execution(self.verdict_given, None);
        self.orphan = Execution::default();
        let room = FAILURES_KEPT.saturating_sub(self.log.failures_outside.len());
        let failures = self.orphan_failures.drain(..);
        // Without its beginning the log does not say whose failures they are.
        if self.log.suite.is_some() {
            self.log.failures_outside.extend(failures.take(room));
        }
    }

    fn finish_execution(&mut self, has_ended: bool, ended: Option<i64>) {
        self.open.clear();
        self.verdict_given = false;
        let Some(mut execution) = self.current.take() else {
            return;
        };
        execution.has_ended = has_ended;
        execution.ended = ended;
        if let Some(started) = execution.started {
            let key = (execution.test_case.clone(), started, execution.retry);
            if !self.seen.insert(key) {
                self.replace_by_later_copy(execution);
                return;
            }
        }
        self.log.executions.push(execution);
    }

    /// The log is over: what is under way never ended.
    fn next_is_silence(&mut self) {
        self.verdict_given = false;
        self.next_begins();
    }

    /// A tail that was written twice: the copy that has an end tells more.
    fn replace_by_later_copy(&mut self, copy: Execution) {
        let first = self.log.executions.iter_mut().find(|execution| {
            execution.test_case == copy.test_case
                && execution.started == copy.started
                && execution.retry == copy.retry
        });
        if let Some(first) = first
            && !first.has_ended
        {
            *first = copy;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record as 8.x writes it.
    fn record(level: &str, method: &str, nested: u32, message: &str, properties: &str) -> String {
        format!(
            "<record>\n  <millis>1644393801{:03}</millis>\n  <level>{level}</level>\n  \
             <method>{method}</method>\n  <message>{message}</message>\n  \
             <nestedLevel>{nested}</nestedLevel>\n  <escapedJava>false</escapedJava>\n  \
             {properties}\n</record>\n",
            nested
        )
    }

    fn start(path: &str, retry: u32, millis: i64) -> String {
        format!(
            "<record><millis>{millis}</millis><level>START</level><method>startTest</method>\
             <message>Start Test Case : {path}</message><nestedLevel>1</nestedLevel>\
             <property name=\"id\">{path}</property>\
             <property name=\"currentRetryCount\">{retry}</property></record>\n"
        )
    }

    fn end(millis: i64) -> String {
        format!(
            "<record><millis>{millis}</millis><level>END</level><method>endTest</method>\
             <message>End</message><nestedLevel>0</nestedLevel></record>\n"
        )
    }

    fn log(records: &[String]) -> Log {
        let text = format!(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE log SYSTEM \"logger.dtd\">\n<log>\n{}</log>\n",
            records.concat()
        );
        read(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_last_message_of_the_case_itself_decides() {
        let log = log(&[
            start("Test Cases/A", 0, 1_644_393_801_000),
            record("START", "startKeyword", 1, "Start action : click", ""),
            record(
                "FAILED",
                "logMessage",
                1,
                "Unable to click",
                "<property name=\"attachment\">1.png</property>",
            ),
            record("END", "endKeyword", 1, "End action", ""),
            record("PASSED", "logMessage", 1, "Test Cases/A", ""),
            end(1_644_393_802_000),
        ]);
        let execution = &log.executions[0];
        assert_eq!(execution.status.as_deref(), Some("PASSED"));
        assert_eq!(execution.attachments, ["1.png"]);
        assert_eq!(execution.ended, Some(1_644_393_802_000));
    }

    #[test]
    fn the_verdict_counts_also_while_steps_are_open() {
        let log = log(&[
            start("Test Cases/A", 0, 1_644_393_801_000),
            record("START", "startKeyword", 1, "Start action : if", ""),
            record(
                "ERROR",
                "logMessage",
                0,
                "Test Cases/A FAILED.\nReason:\nx",
                "",
            ),
            record("PASSED", "logMessage", 1, "a step", ""),
            end(1_644_393_802_000),
        ]);
        assert_eq!(log.executions[0].status.as_deref(), Some("ERROR"));
    }

    #[test]
    fn called_test_cases_are_steps_and_their_pictures_belong_to_the_caller() {
        let called = |method, level, nested| {
            record(
                level,
                method,
                nested,
                "x",
                "<property name=\"id\">Test Cases/Called</property>",
            )
        };
        let log = log(&[
            start("Test Cases/A", 0, 1_644_393_801_000),
            called("startTest", "START", 2),
            record(
                "FAILED",
                "logMessage",
                1,
                "Test Cases/Called FAILED.",
                "<property name=\"attachment\">2.png</property>",
            ),
            called("endTest", "END", 1),
            record("PASSED", "logMessage", 1, "Test Cases/A", ""),
            end(1_644_393_802_000),
        ]);
        assert_eq!(log.executions.len(), 1);
        assert_eq!(log.executions[0].status.as_deref(), Some("PASSED"));
        assert_eq!(log.executions[0].attachments, ["2.png"]);
    }

    #[test]
    fn a_case_without_end_has_not_ended_and_a_tail_written_twice_counts_once() {
        let first = start("Test Cases/A", 0, 1_644_393_801_000);
        let second = start("Test Cases/B", 0, 1_644_393_805_000);
        let log = log(&[
            first.clone(),
            end(1_644_393_802_000),
            second.clone(),
            first,
            end(1_644_393_802_000),
            second,
            end(1_644_393_806_000),
        ]);
        let ended: Vec<(&str, bool)> = log
            .executions
            .iter()
            .map(|execution| (execution.test_case.as_str(), execution.has_ended))
            .collect();
        assert_eq!(ended, [("Test Cases/A", true), ("Test Cases/B", true)]);
    }

    #[test]
    fn failures_of_set_up_belong_to_no_case() {
        let suite = "<property name=\"id\">Test Suites/S</property>";
        let log = log(&[
            record("START", "startSuite", 0, "Start Test Suite", suite),
            record("FAILED", "logMessage", 0, "setUp failed", ""),
            start("Test Cases/A", 0, 1_644_393_801_000),
        ]);
        assert_eq!(log.failures_outside, ["setUp failed"]);
        assert!(!log.executions[0].has_ended);
        assert_eq!(log.suite.unwrap().id, "Test Suites/S");
    }

    #[test]
    fn a_case_whose_start_was_lost_is_known_by_its_end() {
        let suite = "<property name=\"id\">Test Suites/S</property>";
        let ends = record("END", "endTest", 0, "End Test Case : Test Cases/A", "");
        let log = log(&[
            record("START", "startSuite", 0, "Start Test Suite", suite),
            "<record><level>START</le".to_owned(),
            record(
                "FAILED",
                "logMessage",
                1,
                "Unable to click",
                "<property name=\"attachment\">1.png</property>",
            ),
            record("FAILED", "logMessage", 0, "Test Cases/A FAILED.", ""),
            ends,
            start("Test Cases/B", 0, 1_644_393_805_000),
        ]);
        let first = &log.executions[0];
        assert_eq!(first.test_case, "Test Cases/A");
        assert_eq!(first.status.as_deref(), Some("FAILED"));
        assert_eq!(first.attachments, ["1.png"]);
        assert!(first.has_ended);
        assert!(log.failures_outside.is_empty());
        assert_eq!(log.damage.unwrap().records, 1);
    }

    #[test]
    fn a_case_whose_end_was_lost_has_ended_if_its_verdict_was_given_and_the_run_went_on() {
        let log = log(&[
            start("Test Cases/A", 0, 1_644_393_801_000),
            record("PASSED", "logMessage", 1, "Test Cases/A", ""),
            start("Test Cases/B", 0, 1_644_393_802_000),
            record("PASSED", "logMessage", 1, "some step", ""),
            start("Test Cases/C", 0, 1_644_393_803_000),
            record("PASSED", "logMessage", 1, "Test Cases/C", ""),
        ]);
        let ended: Vec<bool> = log.executions.iter().map(|one| one.has_ended).collect();
        assert_eq!(ended, [true, false, false]);
    }

    #[test]
    fn a_test_case_run_alone_stands_where_the_suite_would() {
        let at = |level: &str, method, nested, path: &str| {
            let id = format!("<property name=\"id\">{path}</property>");
            record(level, method, nested, "x", &id)
        };
        let log = log(&[
            at("START", "startTest", 0, "Test Cases/A"),
            at("START", "startTest", 1, "Test Cases/Called"),
            at("END", "endTest", 0, "Test Cases/Called"),
            record("PASSED", "logMessage", 0, "Test Cases/A", ""),
            at("END", "endTest", 0, "Test Cases/A"),
        ]);
        assert_eq!(log.executions.len(), 1);
        assert_eq!(log.executions[0].status.as_deref(), Some("PASSED"));
        assert!(log.executions[0].has_ended);
    }
}
