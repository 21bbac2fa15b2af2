//! Follows what begins and ends in a log: the suite, its test cases, their steps.

use std::collections::HashSet;

use serde_json::Value;

use super::super::Variable;
use super::super::junit::without_iteration;
use super::super::unknown::Unknown;
use super::record::Record;
use super::{Execution, Log, SuiteStart};

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

/// Levels that a version of Katalon is known to write.
const KNOWN_LEVELS: [&str; 13] = [
    "START",
    "END",
    "PASSED",
    "FAILED",
    "ERROR",
    "WARNING",
    "INFO",
    "NOT_RUN",
    "RUN_DATA",
    "INCOMPLETE",
    "ABORTED",
    "SKIPPED",
    "DEBUG",
];

/// The property that holds a JSON list of [`Variable`].
const VARIABLES: &str = "executionBindingVariables";

/// What stands before the path of a HAR file in a message; not every such record has a `harId`.
const HAR: &str = "HAR: ";

/// Messages of set-up and listeners that are kept; the first one tells the story.
const FAILURES_KEPT: usize = 20;

/// Follows a log record by record.
#[derive(Default)]
pub(super) struct LogReader {
    log: Log,
    earlier_runs: Vec<Log>,
    unknown: Unknown,
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
    /// Variables of called test cases that are known already.
    called: HashSet<Variable>,
}

fn variable(member: &Value) -> Variable {
    let text = |key: &str| match member.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    Variable {
        name: text("name"),
        value: text("value"),
        masked: text("masked") == "true",
    }
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

#[derive(PartialEq, Eq)]
enum Inner {
    CalledTestCase,
    /// With the name of the step.
    Step(String),
}

impl LogReader {
    /// Takes the next record.
    pub(super) fn take(&mut self, record: Record) {
        if !KNOWN_LEVELS.contains(&record.level.as_str()) {
            self.unknown.add("level", &record.level, "the log");
        }
        for (kind, name) in &record.unknown {
            self.unknown.add(kind, name, "the log");
        }
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
                    let name = record.message.strip_prefix("Start action : ");
                    self.open
                        .push(Inner::Step(name.unwrap_or_default().to_owned()));
                }
            }
            ("END", _) => {
                if let Some(Inner::Step(_)) = self.open.last() {
                    self.open.pop();
                }
            }
            ("RUN_DATA", _) => {
                self.take_variables(&record);
                for (name, value) in record.properties {
                    // Variables of a case, with secrets in them, are no data of the run.
                    if !value.is_empty() && name != VARIABLES {
                        self.log.run_data.insert(name, value);
                    }
                }
            }
            _ => self.message(record),
        }
    }

    /// The log is over: what is under way never ended.
    pub(super) fn finish(mut self) -> Log {
        self.verdict_given = false;
        self.next_begins();
        Log {
            unknown: self.unknown,
            earlier_runs: self.earlier_runs,
            ..self.log
        }
    }

    fn start_suite(&mut self, record: Record) {
        self.next_begins();
        let suite = SuiteStart {
            millis: record.millis,
            id: record.property("id").to_owned(),
            name: record.property("name").to_owned(),
            retry_count: record.property("retryCount").parse().ok(),
        };
        let is_new = match &self.log.suite {
            // The same start again is a tail that was written twice.
            Some(known) => (known.millis, &known.id) != (suite.millis, &suite.id),
            None => !self.log.executions.is_empty(),
        };
        if is_new {
            let earlier = std::mem::take(&mut self.log);
            self.earlier_runs.push(earlier);
            self.log.last_millis = record.millis;
        }
        if self.log.suite.is_none() {
            self.log.suite = Some(suite);
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
            tag: record.property("tag").to_owned(),
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
        if ends_called {
            self.take_variables(record);
        } else {
            if self.current.is_none() {
                self.take_in_orphan(record);
            }
            self.take_variables(record);
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
        let step = self.open.iter().rev().find_map(|inner| match inner {
            Inner::Step(name) if !name.is_empty() => Some(name.as_str()),
            Inner::Step(_) | Inner::CalledTestCase => None,
        });
        let is_orphan = self.current.is_none();
        let current = self.current.as_mut().unwrap_or(&mut self.orphan);
        for (name, value) in &record.properties {
            let recorded = match name.as_str() {
                "attachment" => &mut current.attachments,
                "video-attachment" => &mut current.videos,
                _ => continue,
            };
            if !value.is_empty() && !recorded.contains(value) {
                recorded.push(value.clone());
            }
        }
        if let Some(path) = record.message.strip_prefix(HAR)
            && path.ends_with(".har")
        {
            current.requests.push(path.to_owned());
        }
        if failed
            && current.failed_step.is_empty()
            && let Some(step) = step
        {
            step.clone_into(&mut current.failed_step);
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

    fn take_variables(&mut self, record: &Record) {
        let Ok(members) = serde_json::from_str::<Vec<Value>>(record.property(VARIABLES)) else {
            return;
        };
        let variables = members.iter().map(variable);
        match &mut self.current {
            Some(current) if !self.open.contains(&Inner::CalledTestCase) => {
                if !members.is_empty() {
                    current.variables = variables.collect();
                }
            }
            // Of a case that was called they are not those of the row.
            Some(_) | None => {
                for variable in variables {
                    if self.called.insert(variable.clone()) {
                        self.log.called_variables.push(variable);
                    }
                }
            }
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
