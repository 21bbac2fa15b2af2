//! One run's results: titles, outcomes, rows, attempts, messages, and what hangs on them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Settings, outcome, outcome_on_point};
use crate::azure_devops::{
    AutomatedTestName, AutomatedTestStorage, BYTES_PER_REQUEST, COMMENT_LIMIT, FILE_NAME_LIMIT,
    GroupType, NAME_LIMIT, NewAttachment, NewSubResult, NewTestResult, Outcome, STACK_TRACE_LIMIT,
    SUB_RESULTS_PER_RESULT,
};
use crate::files::{self, Files, Prepared};
use crate::katalon::{Attempt, Failure, Report, Row, Status, Step, TestResult};
use crate::publish::desired::{DesiredAttachment, Target};
use crate::secrets::Clean;

/// A time that is not in the future.
pub(super) fn past(time: Timestamp, now: Timestamp) -> Timestamp {
    time.min(now)
}

/// What is said of a result where the report says nothing.
pub fn without_message(status: Status) -> &'static str {
    match status {
        Status::Incomplete => "the test case was started, and the report does not say how it ended",
        Status::NotRun => "planned, but not run",
        Status::Skipped => "skipped",
        Status::Passed | Status::Failed | Status::Error => "",
    }
}

/// Gathers results and attachments, report by report.
pub(super) struct Mapper<'a> {
    pub(super) settings: &'a Settings<'a>,
    pub(super) files: &'a Files,
    /// Whether the results are those of test points, which have defaults of their own.
    pub(super) on_points: bool,
    pub(super) results: Vec<NewTestResult>,
    pub(super) sources: Vec<Vec<(usize, usize)>>,
    pub(super) attachments: Vec<DesiredAttachment>,
    pub(super) left_out_files: Vec<(String, String)>,
    /// How often each name of an execution was used.
    executions: BTreeMap<String, usize>,
}

/// When and how long.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub(super) started: Option<Timestamp>,
    pub(super) completed: Option<Timestamp>,
    pub(super) duration: Option<Duration>,
}

/// Message and stack trace within their limits; `whole` is what did not fit.
pub(super) struct Message {
    pub(super) message: Clean,
    pub(super) stack_trace: Clean,
    pub(super) whole: Option<Clean>,
}

impl<'a> Mapper<'a> {
    pub(super) fn new(settings: &'a Settings<'a>, files: &'a Files) -> Self {
        Self {
            settings,
            files,
            on_points: false,
            results: Vec::new(),
            sources: Vec::new(),
            attachments: Vec::new(),
            left_out_files: Vec::new(),
            executions: BTreeMap::new(),
        }
    }
}

impl Mapper<'_> {
    /// Adds those results of a report that are wanted (report and result, by position), with the
    /// next titles.
    pub(super) fn add_report(
        &mut self,
        position: usize,
        report: &Report,
        is_wanted: &impl Fn(usize, usize) -> bool,
        titles: &mut impl Iterator<Item = String>,
    ) {
        let results = report.results.iter().enumerate();
        for (at, result) in results.filter(|(at, _)| is_wanted(position, *at)) {
            let title = titles.next().unwrap_or_default();
            // More sub-results than a result may have make several results of it.
            let parts = self.parts(result);
            let several = parts.len() > 1;
            let mut first_row = 0;
            for rows in parts {
                let title = if several {
                    format!(
                        "{title} (rows {}–{})",
                        first_row + 1,
                        first_row + rows.len()
                    )
                } else {
                    title.clone()
                };
                self.add_result(report, result, rows, first_row, &title);
                self.sources.push(vec![(position, at)]);
                first_row += rows.len();
            }
        }
    }

    /// The files of a report as a whole hang on the run.
    pub(super) fn attach_files_of(&mut self, report: &Report, is_one_of_several: bool) {
        let execution = if is_one_of_several {
            self.name_of_execution(report)
        } else {
            String::new()
        };
        for file in self.settings.wanted.files_of(report) {
            let name = format!("{execution}{}", file.name);
            self.attach(Target::Run, &name, &file.path);
        }
    }

    /// Suite and time, in front of the name of a file of a run that holds several reports. Where
    /// reports were copied into folders with a name of their own, two may still be equal.
    fn name_of_execution(&mut self, report: &Report) -> String {
        let time = report.folder.file_name().unwrap_or_default();
        let name = format!("{} {}", report.suite.name(), time.to_string_lossy());
        let number = self.executions.entry(name.clone()).or_default();
        *number += 1;
        match number {
            1 => format!("{name} "),
            number => format!("{name} ({number}) "),
        }
    }

    /// The rows of a result in as few parts as may each be one result: by the number of
    /// sub-results, and by what their messages weigh, because a result cannot be cut further.
    fn parts<'r>(&self, result: &'r TestResult) -> Vec<&'r [Row]> {
        let length = |failure: &Failure| {
            let message = failure.message.len().min(self.settings.message_limit);
            // Most of a message is ASCII; what JSON escapes makes it longer.
            2 * (message + failure.stack_trace.len().min(STACK_TRACE_LIMIT))
        };
        let weight = |row: &Row| -> (usize, usize) {
            let attempts = row.attempts.iter();
            let bytes = attempts.map(|attempt| 500 + attempt.failure.as_ref().map_or(0, length));
            let sub_results = if row.attempts.len() > 1 {
                1 + row.attempts.len()
            } else {
                1
            };
            (sub_results, bytes.sum())
        };
        let mut parts = Vec::new();
        let (mut first, mut sub_results, mut bytes) = (0, 0, 0);
        for (at, row) in result.rows.iter().enumerate() {
            let (more_sub_results, more_bytes) = weight(row);
            let is_full = sub_results + more_sub_results > SUB_RESULTS_PER_RESULT
                || bytes + more_bytes > BYTES_PER_REQUEST / 2;
            if at > first && is_full {
                parts.push(&result.rows[first..at]);
                (first, sub_results, bytes) = (at, 0, 0);
            }
            sub_results += more_sub_results;
            bytes += more_bytes;
        }
        parts.push(&result.rows[first..]);
        parts
    }

    fn add_result(
        &mut self,
        report: &Report,
        result: &TestResult,
        rows: &[Row],
        first_row: usize,
        title: &str,
    ) {
        let position = self.results.len();
        let part = TestResult {
            test_case: result.test_case.clone(),
            tags: Vec::new(),
            rows: rows.to_vec(),
        };
        let status = part.status();
        let wanted = self.settings.wanted.wants_result(result);
        let is_rows = result.rows.len() > 1;
        let (group, sub_results) = if is_rows {
            let rows = rows.iter().enumerate();
            let rows = rows
                .map(|(at, row)| self.row(row, at, first_row + at))
                .collect();
            (Some(GroupType::DataDriven), rows)
        } else if rows[0].attempts.len() > 1 {
            (Some(GroupType::Rerun), self.attempts(&rows[0]))
        } else {
            (None, Vec::new())
        };
        let (deciding, deciding_row) = part.deciding_attempt();
        // A row that never ran tells so itself, whatever that makes of the rows together.
        let told = if deciding.status == Status::NotRun {
            Status::NotRun
        } else {
            status
        };
        let message = self.message(deciding, told);
        let message = if is_rows && !message.message.is_empty() {
            self.told_of_row(message, &rows[deciding_row], first_row + deciding_row)
        } else {
            message
        };
        let span = self.span_of(&part);
        self.results.push(NewTestResult {
            test_case_title: Clean::identity(title).one_line().as_name(NAME_LIMIT),
            automated_test_name: AutomatedTestName::new(result.test_case.as_str()),
            automated_test_storage: AutomatedTestStorage::new(report.suite.as_str()),
            automated_test_type: Clean::own("Katalon"),
            outcome: self.outcome(status),
            computer_name: self.clean(report.machine()).one_line().as_name(NAME_LIMIT),
            started_date: span.started,
            completed_date: span.completed,
            duration: span.duration,
            error_message: message.message,
            stack_trace: message.stack_trace,
            comment: self.result_comment(&part),
            result_group_type: group,
            sub_results,
            iteration_details: Vec::new(),
        });
        // The Tests tab hides what hangs on a result with sub-results; they have messages of their own.
        if let Some(whole) = message.whole.filter(|_| group.is_none()) {
            self.attach_text(Target::Result(position), "error-message.txt", whole);
        }
        self.attach_screenshots(position, rows, is_rows, wanted);
    }

    /// Pictures, and messages that were cut, sit on the sub-result that they belong to: the Tests
    /// tab hides those of a result that has sub-results.
    fn attach_screenshots(&mut self, position: usize, rows: &[Row], is_rows: bool, wanted: bool) {
        let mut sub_result = 0;
        for row in rows {
            let retried = row.attempts.len() > 1;
            let row_itself = sub_result;
            sub_result += usize::from(is_rows);
            for attempt in &row.attempts {
                let target = match (is_rows, retried) {
                    (_, true) => Target::SubResult(position, sub_result),
                    (true, false) => Target::SubResult(position, row_itself),
                    (false, false) => Target::Result(position),
                };
                sub_result += usize::from(retried);
                if wanted {
                    for file in self.settings.wanted.of_attempt(attempt) {
                        self.attach(target, &file.name, &file.path);
                    }
                }
                if matches!(target, Target::SubResult(..))
                    && let Some(whole) = self.message(attempt, attempt.status).whole
                {
                    self.attach_text(target, "error-message.txt", whole);
                }
            }
        }
    }

    pub(super) fn outcome(&self, status: Status) -> Outcome {
        if self.on_points {
            outcome_on_point(status, self.settings.statuses)
        } else {
            outcome(status, self.settings.statuses)
        }
    }

    fn row(&self, row: &Row, at: usize, number: usize) -> NewSubResult {
        let status = row.status();
        let attempts = if row.attempts.len() > 1 {
            self.attempts(row)
        } else {
            Vec::new()
        };
        let span = self.span(row.attempts.iter());
        let message = row.attempts.last().map(|last| self.message(last, status));
        let message = message.unwrap_or_else(Message::none);
        NewSubResult {
            sequence_id: u32::try_from(at + 1).unwrap_or(u32::MAX),
            display_name: self.row_name(row, number),
            outcome: self.outcome(status),
            started_date: span.started,
            completed_date: span.completed,
            duration: span.duration,
            error_message: message.message,
            stack_trace: message.stack_trace,
            result_group_type: (!attempts.is_empty()).then_some(GroupType::Rerun),
            sub_results: attempts,
        }
    }

    fn attempts(&self, row: &Row) -> Vec<NewSubResult> {
        row.attempts
            .iter()
            .enumerate()
            .map(|(at, attempt)| {
                let span = self.span(std::iter::once(attempt));
                let message = self.message(attempt, attempt.status);
                NewSubResult {
                    sequence_id: u32::try_from(at + 1).unwrap_or(u32::MAX),
                    display_name: Clean::own("Attempt ").and(&Clean::number(at + 1)),
                    outcome: self.outcome(attempt.status),
                    started_date: span.started,
                    completed_date: span.completed,
                    duration: span.duration,
                    error_message: message.message,
                    stack_trace: message.stack_trace,
                    result_group_type: None,
                    sub_results: Vec::new(),
                }
            })
            .collect()
    }

    /// The values that a row was run with, else its number.
    pub(super) fn row_name(&self, row: &Row, number: usize) -> Clean {
        let values = row.bound_values.iter().map(|(variable, value)| {
            let variable_name = self.clean(variable).one_line();
            let value = self
                .settings
                .secrets
                .bound_value(variable, value)
                .one_line();
            variable_name.and(&Clean::own(" = ")).and(&value)
        });
        let values: Vec<Clean> = values.collect();
        if values.is_empty() {
            Clean::own("Row ").and(&Clean::number(number + 1))
        } else {
            Clean::join(&values, ", ").as_name(NAME_LIMIT)
        }
    }

    fn told_of_row(&self, message: Message, row: &Row, number: usize) -> Message {
        let told = Clean::own("Row ").and(&Clean::number(number + 1));
        let told = if row.bound_values.is_empty() {
            told
        } else {
            told.and(&Clean::own(" ("))
                .and(&self.row_name(row, number))
                .and(&Clean::own(")"))
        };
        let text = told.and(&Clean::own(": ")).and(&message.message);
        // The message was cut before its row stood in front of it; cut again, it says so once more.
        let (text, cut) = text.as_message(self.settings.message_limit);
        let whole = match (message.whole, cut) {
            (Some(whole), _) => Some(whole),
            (None, true) => Some(message.message),
            (None, false) => None,
        };
        Message {
            message: text,
            stack_trace: message.stack_trace,
            whole,
        }
    }

    pub(super) fn message(&self, attempt: &Attempt, status: Status) -> Message {
        let none = Failure::default();
        let failure = attempt.failure.as_ref().unwrap_or(&none);
        let text = self.clean(failure.message.trim_end());
        let step = failure.step.as_ref();
        let step = step.map_or_else(Clean::default, |step| self.step(step, &text, status));
        let text = match status {
            // A point shows it as the outcome; the Tests tab knows nothing of Error.
            Status::Error if !(self.on_points && self.outcome(status) == Outcome::Error) => {
                Clean::own("Error: ").and(&text)
            }
            _ if text.is_empty() => Clean::own(without_message(status)),
            Status::Passed
            | Status::Failed
            | Status::Error
            | Status::Incomplete
            | Status::NotRun
            | Status::Skipped => text,
        };
        let text = Clean::join([&text, &step], "\n");
        let stack = self.clean(failure.stack_trace.trim_end());
        let (message, message_cut) = text.clone().as_message(self.settings.message_limit);
        let (stack_trace, stack_cut) = stack.clone().as_message(STACK_TRACE_LIMIT);
        let whole = (message_cut || stack_cut).then(|| Clean::join([&text, &stack], "\n"));
        Message {
            message,
            stack_trace,
            whole,
        }
    }

    /// `Failed step: 3. if (x) > 2. click(a), line 21, after 1.2 s`, and what it said, unless the
    /// message of the test case says it.
    fn step(&self, step: &Step, message: &Clean, status: Status) -> Clean {
        let place = step.place.iter();
        let place: Vec<Clean> = place
            // Masked as a whole, and cut then: half a secret is not recognised.
            .map(|step| self.clean(step).one_line().as_name(NAME_LIMIT))
            .collect();
        let head = match status {
            Status::Incomplete => Clean::own("Last step: "),
            Status::Passed | Status::Failed | Status::Error | Status::Skipped | Status::NotRun => {
                Clean::own("Failed step: ")
            }
        };
        let mut text = head.and(&Clean::join(&place, " > "));
        let number = |number: u128| Clean::number(usize::try_from(number).unwrap_or(usize::MAX));
        if let Some(line) = step.line {
            text = text.and(&Clean::own(", line ")).and(&number(line.into()));
        }
        let tenths = step.duration.map(|duration| duration.as_millis() / 100);
        if let Some(tenths) = tenths.filter(|tenths| *tenths > 0) {
            text = text
                .and(&Clean::own(", after "))
                .and(&number(tenths / 10))
                .and(&Clean::own("."))
                .and(&number(tenths % 10))
                .and(&Clean::own(" s"));
        }
        let said = step.message.lines().find(|line| !line.trim().is_empty());
        let said = self.clean(said.unwrap_or_default().trim());
        if said.is_empty() || message.as_str().contains(said.as_str()) {
            return text;
        }
        text.and(&Clean::own(": ")).and(&said)
    }

    /// The first failure is told even if the test passed at last.
    pub(super) fn result_comment(&self, result: &TestResult) -> Clean {
        // Several rows have sub-results named by their values; a single one has only this place.
        let data = match &result.rows[..] {
            [row] if !row.bound_values.is_empty() => {
                Clean::own("Test data: ").and(&self.row_name(row, 0))
            }
            _ => Clean::default(),
        };
        Clean::join([&data, &self.retries(result)], "\n").as_note(COMMENT_LIMIT)
    }

    pub(super) fn retries(&self, result: &TestResult) -> Clean {
        if result.attempts() <= 1 {
            return Clean::default();
        }
        let attempts: Vec<&Attempt> = result.all_attempts().collect();
        let failed = attempts
            .iter()
            .find(|attempt| attempt.status != Status::Passed);
        let Some(failed) = failed else {
            return Clean::default();
        };
        let message = self.message(failed, failed.status).message;
        let head = if result.is_flaky() {
            Clean::own("Passed at attempt ").and(&Clean::number(result.attempts()))
        } else {
            Clean::number(result.attempts()).and(&Clean::own(" attempts"))
        };
        head.and(&Clean::own(". First failure: ")).and(&message)
    }

    pub(super) fn span_of(&self, result: &TestResult) -> Span {
        self.span(result.all_attempts())
    }

    pub(super) fn span<'a>(&self, attempts: impl Iterator<Item = &'a Attempt> + Clone) -> Span {
        let now = self.settings.now;
        let duration = attempts.clone().filter_map(|attempt| attempt.duration);
        let duration = duration.reduce(|sum, more| sum.saturating_add(more));
        let started = attempts.clone().filter_map(|attempt| attempt.started).min();
        let started = started.map(|started| past(started, now));
        let ended = attempts.filter_map(|attempt| {
            attempt
                .started?
                .checked_add(attempt.duration.unwrap_or_default())
                .ok()
        });
        let completed = ended.max().map(|ended| past(ended, now)).max(started);
        Span {
            started,
            completed,
            duration,
        }
    }

    pub(super) fn attach(&mut self, target: Target, name: &str, path: &std::path::Path) {
        match self.files.get(path) {
            Some(Ok(prepared)) => self.attach_prepared(target, name, prepared.clone()),
            Some(Err(reason)) => {
                self.left_out_files
                    .push((path.display().to_string(), reason.clone()));
            }
            None => {}
        }
    }

    pub(super) fn attach_text(&mut self, target: Target, name: &str, text: Clean) {
        self.attach_prepared(target, name, files::of_text(text));
    }

    fn attach_prepared(&mut self, target: Target, name: &str, prepared: Prepared) {
        let Prepared {
            content,
            fingerprint,
            is_zipped,
        } = prepared;
        let name = &format!("{name}{}", if is_zipped { ".zip" } else { "" });
        let name = self.settings.secrets.clean_file_name(name);
        let name = name.one_line().as_file_name(FILE_NAME_LIMIT);
        let attachment = NewAttachment {
            name,
            content,
            fingerprint,
        };
        self.attachments
            .push(DesiredAttachment { target, attachment });
    }

    pub(super) fn clean(&self, text: &str) -> Clean {
        self.settings.secrets.clean(text)
    }
}

impl Message {
    pub(super) fn none() -> Self {
        Self {
            message: Clean::default(),
            stack_trace: Clean::default(),
            whole: None,
        }
    }
}
