//! Follows what begins and ends in a log: the suite, its test cases, their steps.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::Variable;
use super::super::bounded_json;
use super::super::names::without_iteration;
use super::super::remains::told_by_json;
use super::super::unknown::Unknown;
use super::known::{self, VARIABLES};
use super::record::Record;
use super::steps::Steps;
use super::{Execution, Log, Recorded, SuiteStart};
use crate::secrets::typed;

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

/// No list of variables is longer; what is made of one takes many times its length.
const LONGEST_VARIABLES: usize = 4 * 1024 * 1024;

/// What the path of every test case begins with.
const TEST_CASES: &str = "Test Cases/";

/// What stands before the path of a HAR file in a message; not every such record has a `harId`.
const HAR: &str = "HAR: ";

/// Test case, when it began, which attempt, and the number of the record.
type Began = (String, i64, Option<u32>, Option<u64>);

/// Pictures and videos that are known: whether it is a video, and the path.
type Noted = HashSet<(bool, String)>;

/// Follows a log record by record.
#[derive(Default)]
pub(super) struct LogReader {
    log: Log,
    earlier_runs: Vec<Log>,
    unknown: Unknown,
    /// The execution that is under way.
    current: Option<Execution>,
    /// What was started inside it and has not ended: test cases it called, and steps.
    steps: Steps,
    /// Whether the message that names the case and says how it ended has come.
    verdict_given: bool,
    /// What came while no execution was under way: that of a case whose start was lost.
    orphan: Execution,
    /// Failures that came with it; of set-up or a listener unless a case ends behind them. How
    /// many, and the first.
    orphan_failures: (usize, String),
    /// Level of the test cases that nobody called: 1 below a suite, 0 where a test case was run
    /// alone.
    top_level: Option<u32>,
    /// Executions seen, so that a tail that was written twice counts once. Two rows may begin in
    /// the same millisecond. In which run of the file each was, and at which place.
    seen: HashMap<Began, (usize, usize)>,
    /// Test cases of the executions of this run.
    executed: HashSet<String>,
    /// Files that the execution under way has noted: a loop may name thousands.
    noted: Noted,
    /// Test cases and when they ended, for a tail that begins inside one.
    ended: HashSet<(String, i64)>,
    /// Variables of called test cases, and typed texts, that are known already.
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

/// Notes the files that a record names; `noted` are those that are known already.
fn record_files(record: &Record, steps: &Steps, execution: &mut Execution, noted: &mut Noted) {
    let recorded = |path: &str| Recorded {
        path: path.to_owned(),
        step: steps.number(),
    };
    for (name, value) in &record.properties {
        let (is_video, files) = match name.as_str() {
            "attachment" => (false, &mut execution.attachments),
            "video-attachment" => (true, &mut execution.videos),
            _ => continue,
        };
        if !value.is_empty() && noted.insert((is_video, value.clone())) {
            files.push(recorded(value));
        }
    }
    if let Some(path) = record.message.strip_prefix(HAR)
        && path.ends_with(".har")
    {
        execution.requests.push(recorded(path));
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

impl LogReader {
    /// Takes the next record.
    pub(super) fn take(&mut self, record: Record) {
        known::note(&record, &mut self.unknown);
        if record.millis.is_some() {
            self.log.first_millis = self.log.first_millis.or(record.millis);
            self.log.last_millis = record.millis;
        }
        match (record.level.as_str(), record.method.as_str()) {
            ("START", "startSuite") => self.start_suite(record),
            ("END", "endSuite") => {
                self.next_begins();
                self.log.suite_ended = record.millis.or(self.log.last_millis);
                let id = record.message.strip_prefix("End Test Suite : ");
                id.unwrap_or_default().clone_into(&mut self.log.ended_suite);
            }
            ("START", "startTest") => self.start_test(record),
            ("END", "endTest") => self.end_test(&record),
            ("START", _) => {
                if let Some(typed) = typed::of_step(&record.message) {
                    self.typed(Variable::typed(typed));
                }
                if self.current.is_some() {
                    let number = |property| record.property(property).parse().ok();
                    let (index, line) = (number("stepIndex"), number("startLine"));
                    self.steps
                        .begin(&record.message, index, line, record.millis);
                }
            }
            ("END", _) => self.steps.end(&record.message),
            ("RUN_DATA", _) => {
                self.take_variables(&record);
                let run_data = match self.log.suite_ended {
                    None => &mut self.log.run_data,
                    Some(_) => &mut self.log.run_data_behind_end,
                };
                for (name, value) in record.properties {
                    // Variables of a case, with secrets in them, are no data of the run.
                    if !value.is_empty() && name != VARIABLES {
                        run_data.insert(name, value);
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
            reruns_immediately: record.property("rerunTestFailImmediately").parse().ok(),
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
            self.executed.clear();
            self.log.first_millis = record.millis;
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
        self.log.called_test_cases += usize::from(called);
        if called && self.current.is_some() {
            let name = ["id", "name"].map(|property| record.property(property));
            let name = name.into_iter().find(|name| !name.is_empty());
            let told = record.message.strip_prefix("Start Test Case : ");
            self.steps.call(name.or(told).unwrap_or("a test case"));
            return;
        }
        if called {
            // Its caller's start was lost; it is no result of its own all the same.
            return;
        }
        self.next_begins();
        let test_case = match record.property("id") {
            "" => without_iteration(record.property("name")),
            id => id,
        };
        self.current = Some(Execution {
            test_case: test_case.to_owned(),
            retry: record.property("currentRetryCount").parse().ok(),
            iteration: Some(record.property("iteration"))
                .filter(|value| !value.is_empty())
                .map(str::to_owned),
            tag: record.property("tag").to_owned(),
            started: record.millis,
            sequence: record.sequence,
            ..Execution::default()
        });
    }

    fn end_test(&mut self, record: &Record) {
        let called_one_is_open = self.steps.calls(|_| true);
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
        self.steps.end_call();
    }

    fn typed(&mut self, typed: Variable) {
        if !typed.value.is_empty() {
            self.keep_others(vec![typed]);
        }
    }

    fn message(&mut self, record: Record) {
        if let Some((object, text)) = typed::of_message(&record.message) {
            self.typed(Variable::typed((object, text, false)));
        }
        let failed = matches!(record.level.as_str(), "FAILED" | "ERROR");
        let is_orphan = self.current.is_none();
        if is_orphan && failed && !record.message.starts_with(TEST_CASES) {
            let (count, first) = &mut self.orphan_failures;
            if *count == 0 {
                record.message.clone_into(first);
            }
            *count += 1;
        }
        let current = self.current.as_mut().unwrap_or(&mut self.orphan);
        record_files(&record, &self.steps, current, &mut self.noted);
        if failed && !self.verdict_given {
            self.steps.failed(&record.message, record.millis);
        }
        // The verdict on a case names the case. It is written while steps may still be open, and
        // a failure at the level of the suite.
        let is_verdict = if is_orphan {
            record.message.starts_with(TEST_CASES)
        } else {
            // The path of a case that was called may begin with the caller's.
            names(&record.message, &current.test_case)
                && !self.steps.calls(|called| names(&record.message, called))
        };
        let says_how = if known::is_level(&record.level) {
            STATUS_LEVELS.contains(&record.level.as_str())
        } else {
            // What a later version calls a case that it skips has no text either.
            is_verdict || record.message.is_empty()
        };
        if !says_how {
            return;
        }
        let counts = if is_verdict {
            true
        } else if is_orphan {
            false
        } else if self.verdict_given {
            // A listener may have the last word, but none that makes it better. Of a case that the
            // script left aside Katalon says SKIPPED, without a word more.
            let was_passed = current.status.as_deref() == Some("PASSED");
            self.steps.none_open()
                && record.level != "PASSED"
                && (record.level != "SKIPPED" || was_passed)
        } else {
            let in_called = self.steps.calls(|_| true);
            self.steps.none_open() || record.nested_level == Some(0) && !in_called
        };
        if counts {
            if is_verdict {
                self.steps.judged();
                self.verdict_given = true;
            }
            current.stack_trace = record.property("failed.exception.stacktrace").to_owned();
            current.status = Some(record.level);
            current.message = record.message;
        }
    }

    fn take_variables(&mut self, record: &Record) {
        let json = record.property(VARIABLES);
        if json.is_empty() {
            return;
        }
        let members = if json.len() > LONGEST_VARIABLES {
            None
        } else {
            bounded_json::from_str::<Vec<Value>>(json).ok()
        };
        let Some(members) = members else {
            self.keep_others(told_by_json(json));
            return;
        };
        let variables = members.iter().map(variable).collect();
        match &mut self.current {
            Some(current) if !self.steps.calls(|_| true) => {
                if !members.is_empty() {
                    // Version 11 writes them twice, and a test may change them in between: what was
                    // secret at the beginning is so at the end.
                    let earlier = std::mem::replace(&mut current.variables, variables);
                    self.keep_others(earlier);
                }
            }
            // Of a case that was called they are not those of the row.
            Some(_) | None => self.keep_others(variables),
        }
    }

    /// Remembers values that are of no row.
    pub(super) fn keep_others(&mut self, variables: Vec<Variable>) {
        for variable in variables {
            if self.called.insert(variable.clone()) {
                self.log.other_variables.push(variable);
            }
        }
    }

    /// The end of a case whose start was lost, in damage or with the beginning of the log.
    fn take_in_orphan(&mut self, record: &Record) {
        let Some(path) = record.message.strip_prefix("End Test Case : ") else {
            return;
        };
        let mut orphan = std::mem::take(&mut self.orphan);
        self.orphan_failures = (0, String::new());
        // 4.7 names the iteration here, but a test case may be called so as well.
        let plain = without_iteration(path);
        let path = if self.executed.contains(plain) {
            plain
        } else {
            path
        };
        let is_known = |millis| self.ended.contains(&(path.to_owned(), millis));
        if record.millis.is_some_and(is_known) {
            // A tail that was written twice begins inside of this case.
            return;
        }
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
        let (more, first) = std::mem::take(&mut self.orphan_failures);
        // Without its beginning the log does not say whose failures they are.
        if self.log.suite.is_some() {
            let (count, known) = &mut self.log.failures_outside;
            if *count == 0 {
                *known = first;
            }
            *count += more;
        }
    }

    fn finish_execution(&mut self, has_ended: bool, ended: Option<i64>) {
        self.verdict_given = false;
        self.noted.clear();
        let mut steps = std::mem::take(&mut self.steps);
        let Some(mut execution) = self.current.take() else {
            return;
        };
        execution.step = if has_ended {
            steps.explains(&execution.message, &execution.test_case)
        } else {
            steps.innermost(self.log.last_millis)
        };
        execution.has_ended = has_ended;
        execution.ended = ended;
        if let Some(ended) = ended {
            self.ended.insert((execution.test_case.clone(), ended));
        }
        if let Some(started) = execution.started {
            let (retry, sequence) = (execution.retry, execution.sequence);
            let key = (execution.test_case.clone(), started, retry, sequence);
            let place = (self.earlier_runs.len(), self.log.executions.len());
            if let Some(&first) = self.seen.get(&key) {
                self.replace_by_later_copy(first, execution);
                return;
            }
            self.seen.insert(key, place);
        }
        if !self.executed.contains(&execution.test_case) {
            self.executed.insert(execution.test_case.clone());
        }
        self.log.executions.push(execution);
    }

    /// A tail that was written twice: the copy that has an end tells more. Of an earlier run of the
    /// file none is looked for.
    fn replace_by_later_copy(&mut self, (run, at): (usize, usize), copy: Execution) {
        let is_of_this_run = run == self.earlier_runs.len();
        let first = self.log.executions.get_mut(at);
        if let Some(first) = first.filter(|first| is_of_this_run && !first.has_ended) {
            *first = copy;
        }
    }
}
