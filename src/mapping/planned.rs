//! The run of a test plan: one result for each test point, made of one Katalon result or several.

use std::collections::HashMap;

use super::results::{Mapper, Message};
use super::{Origin, Placement, Settings, new_run, report_key};
use crate::azure_devops::{
    AutomatedTestName, AutomatedTestStorage, COMMENT_LIMIT, ITERATIONS_PER_RESULT, NAME_LIMIT,
    NewIteration, NewTestResult, Outcome, TestPlanId,
};
use crate::files::Files;
use crate::inputs::StatusMapping;
use crate::katalon::{Report, Row, Status, TestCasePath, TestResult};
use crate::publish::desired::{DesiredRun, Target};
use crate::publish::marker::ReportKey;
use crate::secrets::Clean;

/// Characters that the messages of all iterations of a result have together: a result is never cut
/// into several requests.
const MESSAGES_OF_ITERATIONS: usize = 2_000_000;

/// Characters of an attached text behind which no further row is told.
const LONGEST_TEXT: usize = 5_000_000;

/// Characters of a message in a line about a row.
const LINE_LIMIT: usize = 300;

/// The outcome of a status on a test point. `None` keeps a result off the plan, where it would hide
/// the last outcome of its point; that is the default of what never ran.
pub fn outcome_on_point(status: Status, statuses: &StatusMapping) -> Outcome {
    let word = match (status, statuses.given(status)) {
        (_, Some(given)) => Some(given),
        (Status::NotRun, None) => None,
        (_, None) => statuses.outcome(status),
    };
    word.and_then(Outcome::parse).unwrap_or(Outcome::None)
}

/// The run for those results of reports that have a test point in a plan; `title` is its name.
pub fn planned_run(
    reports: &[(usize, &Report)],
    plan: TestPlanId,
    placements: &[Placement],
    title: &str,
    files: &Files,
    settings: &Settings<'_>,
) -> (DesiredRun, Origin) {
    let has_some = |position: usize| {
        let mut sources = placements.iter().flat_map(|placement| &placement.sources);
        sources.any(|(report, _)| *report == position)
    };
    let reports: Vec<(usize, &Report)> = reports
        .iter()
        .copied()
        .filter(|(position, _)| has_some(*position))
        .collect();
    let mut mapped = Mapper::new(settings, files);
    mapped.on_points = true;
    let mut points = Vec::new();
    for placement in placements {
        let sources: Vec<Source<'_>> = placement
            .sources
            .iter()
            .filter_map(|(position, result)| {
                let (_, report) = reports.iter().find(|(at, _)| at == position)?;
                let result = report.results.get(*result)?;
                Some(Source { report, result })
            })
            .collect();
        if mapped.add_point(&sources) {
            points.push(placement.point);
            mapped.sources.push(placement.sources.clone());
        }
    }
    for (_, report) in &reports {
        mapped.attach_files_of(report, reports.len() > 1);
    }
    let environment = settings.release_environment.as_deref();
    let keys: Vec<ReportKey> = reports
        .iter()
        .map(|(_, report)| report_key(report, Some(plan), environment))
        .collect();
    let desired = DesiredRun {
        run: new_run(&reports, &keys, title, Some(plan), settings),
        keys,
        results: mapped.results,
        points,
        attachments: mapped.attachments,
        is_part: true,
    };
    let origin = Origin {
        reports: reports.iter().map(|(position, _)| *position).collect(),
        sources: mapped.sources,
        left_out_files: mapped.left_out_files,
    };
    (desired, origin)
}

/// A Katalon result on a point.
#[derive(Clone, Copy)]
struct Source<'r> {
    report: &'r Report,
    result: &'r TestResult,
}

/// One of the executions that make up the result of a point.
struct Execution<'r> {
    source: Source<'r>,
    row: &'r Row,
    /// Which row of its result, from 0.
    number: usize,
    /// Whether another result on the point is of the same test case.
    shares_path: bool,
}

/// The whole messages of the rows of a result, of which some did not fit.
#[derive(Default)]
struct WholeMessages {
    text: Clean,
    /// As the service counts, which is slow to find out of a long text.
    length: usize,
    any_is_cut: bool,
}

impl WholeMessages {
    fn add(&mut self, label: &Clean, message: Message, is_cut: bool) {
        self.any_is_cut |= is_cut || message.whole.is_some();
        let whole = message.whole.unwrap_or(message.message);
        if whole.is_empty() || self.length > LONGEST_TEXT {
            return;
        }
        self.length += whole.len();
        let before = std::mem::take(&mut self.text);
        let between = Clean::own(if before.is_empty() { "" } else { "\n\n" });
        let head = before.and(&between).and(label).and(&Clean::own(":\n"));
        self.text = head.and(&whole);
    }

    fn text(self) -> Option<Clean> {
        self.any_is_cut.then_some(self.text)
    }
}

impl Mapper<'_> {
    /// Adds the result of a point: all executions of its Katalon results together, of which the
    /// worst decides. Whether there are any.
    fn add_point(&mut self, sources: &[Source<'_>]) -> bool {
        let position = self.results.len();
        let mut of_path: HashMap<&TestCasePath, usize> = HashMap::new();
        for source in sources {
            *of_path.entry(&source.result.test_case).or_default() += 1;
        }
        let executions: Vec<Execution<'_>> = sources
            .iter()
            .flat_map(|&source| {
                let shares_path = of_path.get(&source.result.test_case) > Some(&1);
                let rows = source.result.rows.iter().enumerate();
                rows.map(move |(number, row)| Execution {
                    source,
                    row,
                    number,
                    shares_path,
                })
            })
            .collect();
        let Some(first) = executions.first() else {
            return false;
        };
        let together = TestResult {
            test_case: first.source.result.test_case.clone(),
            tags: Vec::new(),
            rows: executions
                .iter()
                .map(|execution| execution.row.clone())
                .collect(),
        };
        let status = together.status();
        let (attempt, at) = together.deciding_attempt();
        let deciding = &executions[at];
        // A row that never ran tells so itself, whatever that makes of the rows together.
        let told = if attempt.status == Status::NotRun {
            Status::NotRun
        } else {
            status
        };
        let message = self.message(attempt, told);
        let message = if executions.len() > 1 && !message.message.is_empty() {
            self.named(message, &self.label(deciding, sources))
        } else {
            message
        };
        let span = self.span_of(&together);
        let (comment, rows) = self.comment_of_point(&together, &executions, sources);
        let (iteration_details, messages) = self.iterations(&executions, sources);
        let Source { report, result } = deciding.source;
        self.results.push(NewTestResult {
            // The title of the work item stays.
            test_case_title: Clean::default(),
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
            comment,
            // The page of a planned run does not show sub-results.
            result_group_type: None,
            sub_results: Vec::new(),
            iteration_details,
        });
        let target = Target::Result(position);
        if let Some(whole) = message.whole {
            self.attach_text(target, "error-message.txt", whole);
        }
        if let Some(messages) = messages {
            self.attach_text(target, "messages-of-rows.txt", messages);
        }
        if let Some(rows) = rows {
            self.attach_text(target, "rows.txt", rows);
        }
        for source in sources {
            if !self.settings.wanted.wants_result(source.result) {
                continue;
            }
            for attempt in source.result.all_attempts() {
                for file in self.settings.wanted.of_attempt(attempt) {
                    self.attach(target, &file.name, &file.path);
                }
            }
        }
        true
    }

    /// What tells an execution apart from the others on its point.
    fn label(&self, execution: &Execution<'_>, sources: &[Source<'_>]) -> Clean {
        let Source { report, result } = execution.source;
        let name = match sources {
            [_] => Clean::default(),
            _ if execution.shares_path => self
                .clean(result.test_case.as_str())
                .and(&Clean::own(" in "))
                .and(&self.clean(report.suite.as_str())),
            _ => self.clean(result.test_case.as_str()),
        };
        let row = if result.rows.len() > 1 {
            let number = Clean::own("Row ").and(&Clean::number(execution.number + 1));
            if execution.row.bound_values.is_empty() {
                number
            } else {
                number
                    .and(&Clean::own(" ("))
                    .and(&self.row_name(execution.row, execution.number))
                    .and(&Clean::own(")"))
            }
        } else {
            Clean::default()
        };
        Clean::join([&name.one_line(), &row], ", ")
    }

    /// A message with the name of the execution that it is of in front.
    fn named(&self, message: Message, label: &Clean) -> Message {
        let text = label.clone().and(&Clean::own(": ")).and(&message.message);
        let (text, cut) = text.as_message(self.settings.message_limit);
        Message {
            whole: message.whole.or(cut.then_some(message.message)),
            message: text,
            stack_trace: message.stack_trace,
        }
    }

    /// One for each execution, if there are several; those that no result has room for are told in
    /// the text of all rows. And the text of all messages, if one did not fit.
    fn iterations(
        &self,
        executions: &[Execution<'_>],
        sources: &[Source<'_>],
    ) -> (Vec<NewIteration>, Option<Clean>) {
        if executions.len() < 2 {
            return (Vec::new(), None);
        }
        let number = executions.len().min(ITERATIONS_PER_RESULT);
        let limit = self
            .settings
            .message_limit
            .min(MESSAGES_OF_ITERATIONS / number);
        let mut whole = WholeMessages::default();
        let iterations = executions.iter().take(ITERATIONS_PER_RESULT).zip(1..);
        let iterations = iterations.map(|(execution, id)| {
            let row = execution.row;
            let span = self.span(row.attempts.iter());
            let last = row.attempts.last();
            let message = last.map(|last| self.message(last, last.status));
            let message = message.unwrap_or_else(Message::none);
            let label = self.label(execution, sources);
            let (error_message, cut) = message.message.clone().as_message(limit);
            whole.add(&label, message, cut);
            NewIteration {
                id,
                outcome: self.outcome(row.status()),
                started_date: span.started,
                completed_date: span.completed,
                duration: span.duration,
                error_message,
                comment: Clean::join([&label, &self.retries_of(row)], "\n").as_name(COMMENT_LIMIT),
            }
        });
        let iterations = iterations.collect();
        (iterations, whole.text())
    }

    /// The attempts of one row.
    fn retries_of(&self, row: &Row) -> Clean {
        self.retries(&TestResult {
            test_case: crate::katalon::TestCasePath::new(""),
            tags: Vec::new(),
            rows: vec![row.clone()],
        })
    }

    /// The comment of a point's result, and the text of all rows if they are too long for it.
    fn comment_of_point(
        &self,
        together: &TestResult,
        executions: &[Execution<'_>],
        sources: &[Source<'_>],
    ) -> (Clean, Option<Clean>) {
        if executions.len() < 2 {
            return (self.result_comment(together), None);
        }
        let head = if sources.len() > 1 {
            Clean::number(sources.len()).and(&Clean::own(
                " Katalon results on this test point; the worst of them counts",
            ))
        } else {
            Clean::default()
        };
        let lines: Vec<Clean> = executions
            .iter()
            .map(|execution| self.line(execution, sources))
            .collect();
        let all = Clean::join(std::iter::once(&head).chain(&lines), "\n");
        if all.len() <= COMMENT_LIMIT && executions.len() <= ITERATIONS_PER_RESULT {
            return (all, None);
        }
        let mut counts = Vec::new();
        for status in Status::ALL {
            let rows = executions
                .iter()
                .filter(|execution| execution.row.status() == status);
            match rows.count() {
                0 => {}
                count => counts.push(
                    Clean::number(count)
                        .and(&Clean::own(" "))
                        .and(&Clean::own(status.as_str())),
                ),
            }
        }
        let counts = Clean::number(executions.len())
            .and(&Clean::own(" rows: "))
            .and(&Clean::join(&counts, ", "))
            .and(&Clean::own(" (each is told in the attached rows.txt)"));
        let names: Vec<Clean> = match sources {
            [_] => Vec::new(),
            _ => sources
                .iter()
                .map(|source| self.clean(source.result.test_case.as_str()).one_line())
                .collect(),
        };
        let names = Clean::join(&names, ", ");
        let told = Clean::join([&head, &names, &counts, &self.retries(together)], "\n");
        (told.as_name(COMMENT_LIMIT), Some(all))
    }

    /// An execution in a line: which one, how it ended, and why.
    fn line(&self, execution: &Execution<'_>, sources: &[Source<'_>]) -> Clean {
        let row = execution.row;
        let status = row.status();
        let why = match (self.retries_of(row), row.attempts.last()) {
            (retries, _) if !retries.is_empty() => retries,
            (_, Some(last)) if status != Status::Passed => self.message(last, status).message,
            (retries, _) => retries,
        };
        let told = Clean::own(status.as_str());
        let told = Clean::join([&told, &why.one_line().as_name(LINE_LIMIT)], ". ");
        let label = self.label(execution, sources);
        Clean::join([&label, &told], ": ")
    }
}

#[cfg(test)]
mod tests;
