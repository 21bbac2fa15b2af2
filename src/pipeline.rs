//! The only writer: sections, lines, issues, variables and the JSON document.
//!
//! Whatever it is given is masked, then neutralised, always: a test case called
//! `##vso[task.complete]` stays a name. Each call is one write of whole lines, so that two calls
//! never make a command together. A reader who has gone away is no error.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::environment::Environment;
use crate::problem::{Code, Problem, Severity, code};
use crate::table::{Table, Tone};

pub mod debug_log;
mod neutral;

/// Issues of each kind that are told as such. The agent shows ten and adds its own; the count of
/// the rest is one too.
const ISSUES_OF_A_KIND: usize = 8;

/// Characters of an output variable: each becomes an environment variable of every later step,
/// and a large one keeps steps from starting at all (E2BIG on Linux, 32,766 on Windows).
pub(crate) const LONGEST_OUTPUT: usize = 8_000;

/// Letters of a line of progress where nobody knows how wide the terminal is: it breaks longer
/// lines, which nothing can take back.
const WIDEST_PROGRESS: usize = 78;

/// Replaces secrets in a text.
pub type Mask = Box<dyn Fn(&str) -> String + Send>;

/// What the writer has to know about its readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// An agent reads along: sections, issues and variables are logging commands.
    pub in_pipeline: bool,
    /// `system.debug`: debug lines are written.
    pub debug: bool,
    /// `--format json`: the log goes to the error stream, and the document has the other alone.
    pub json: bool,
    /// The log goes to a terminal that shows colours.
    pub coloured: bool,
    /// The log goes to a terminal, on which a line can be written over.
    pub shows_progress: bool,
    /// The log goes to a terminal whose lines hold so many letters.
    pub columns: Option<usize>,
}

impl Mode {
    /// The mode that the environment asks for.
    pub fn of(environment: &Environment, json: bool) -> Self {
        let in_pipeline = environment.is_true("TF_BUILD");
        let is_terminal = if json {
            environment.err_is_terminal
        } else {
            environment.out_is_terminal
        };
        let is_able = is_terminal && !in_pipeline && environment.var("TERM") != Some("dumb");
        Self {
            in_pipeline,
            debug: environment.is_true("SYSTEM_DEBUG"),
            json,
            // See https://no-color.org.
            coloured: is_able && environment.var("NO_COLOR").is_none(),
            shows_progress: is_able,
            columns: columns(environment).filter(|_| is_able),
        }
    }
}

/// How wide the terminal is; a person may say so, as to other programs.
fn columns(environment: &Environment) -> Option<usize> {
    let said = environment
        .var("COLUMNS")
        .and_then(|text| text.parse().ok());
    said.or(environment.terminal_columns)
        .filter(|&columns| columns > 0)
}

/// How the step ends, beyond what the exit code can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskResult {
    /// The step has failed.
    Failed,
    /// The step was cancelled.
    Canceled,
}

/// The writer. Shared by reference, also between tasks and threads.
pub struct Pipeline {
    mode: Mode,
    state: Mutex<State>,
}

struct State {
    out: Stream,
    err: Stream,
    mask: Option<Mask>,
    told: HashSet<(Code, String)>,
    issues: Vec<(Severity, Code, String)>,
    warnings: Counts,
    errors: Counts,
    /// Letters of the line that the next one takes the place of.
    progress: usize,
}

#[derive(Default)]
struct Counts {
    told: usize,
    rest: usize,
}

impl Pipeline {
    /// A writer to the two streams of the process, or to others in tests.
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, mode: Mode) -> Self {
        Self {
            mode,
            state: Mutex::new(State {
                out: Stream::new(out),
                err: Stream::new(err),
                mask: None,
                told: HashSet::new(),
                issues: Vec::new(),
                warnings: Counts::default(),
                errors: Counts::default(),
                progress: 0,
            }),
        }
    }

    /// From now on every text passes through `mask` first.
    pub fn set_mask(&self, mask: Mask) {
        self.state().mask = Some(mask);
    }

    /// Begins a stage under a heading.
    pub fn section(&self, name: &str) {
        let mut state = self.state();
        let name = neutral::lines(&state.masked(name)).join(" ");
        let heading = if self.mode.in_pipeline {
            format!("##[section]{name}\n")
        } else if self.mode.coloured {
            format!("\n\u{1b}[1m{name}\u{1b}[0m\n")
        } else {
            format!("\n{name}\n")
        };
        self.log(&mut state, &heading);
    }

    /// Writes a line, or as many as the text has.
    pub fn line(&self, text: &str) {
        let mut state = self.state();
        self.log_lines(&mut state, "", text);
    }

    /// Writes a table. A line in a cell never breaks a row.
    pub fn table(&self, table: &Table) {
        let mut state = self.state();
        let safe = table.map(|cell| neutral::lines(&state.masked(cell)).join(" "));
        let text: String = safe
            .lines(self.mode.coloured, self.mode.columns)
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        self.log(&mut state, &text);
    }

    /// Shows on a terminal how far something is, in a line that the next one takes the place of.
    /// Elsewhere nothing is written: a log keeps every line.
    pub fn progress(&self, text: &str) {
        if !self.mode.shows_progress {
            return;
        }
        let mut state = self.state();
        let text = neutral::lines(&state.masked(text)).join(" ");
        // The last column stays free: some terminals begin a new line behind it.
        let widest = self
            .mode
            .columns
            .map_or(WIDEST_PROGRESS, |columns| columns - 1);
        let text: String = text.chars().take(widest).collect();
        self.log(&mut state, &text);
        state.progress = text.chars().count();
    }

    /// Writes a line that only `system.debug` shows.
    pub fn debug(&self, text: &str) {
        if self.mode.debug {
            let prefix = if self.mode.in_pipeline {
                "##[debug]"
            } else {
                "debug: "
            };
            let mut state = self.state();
            self.log_lines(&mut state, prefix, text);
        }
    }

    /// Tells a problem, once however often it is given. In a pipeline the first eight of a kind
    /// are issues; the others are lines, and [`Pipeline::finish_issues`] counts them.
    pub fn issue(&self, problem: &Problem) {
        let mut state = self.state();
        let text = state.masked(&sentences(problem));
        if !state.told.insert((problem.code, text.clone())) {
            return;
        }
        state
            .issues
            .push((problem.severity, problem.code, text.clone()));
        let kind = kind(problem.severity);
        let code = problem.code;
        if !self.mode.in_pipeline {
            let tone = match problem.severity {
                Severity::Warning => Tone::Attention,
                Severity::Error => Tone::Bad,
            };
            let kind = format!("{kind} {code}:");
            let kind = if self.mode.coloured {
                tone.painted(&kind)
            } else {
                kind
            };
            // Only the text is not ours, and it may have several lines.
            let text = neutral::lines(&text).join("\n");
            return self.log(&mut state, &format!("{kind} {text}\n"));
        }
        let counts = state.counts(problem.severity);
        if counts.told < ISSUES_OF_A_KIND {
            counts.told += 1;
            // The agent keeps the code but shows only the text: people need it in both.
            let command = format!(
                "##vso[task.logissue type={kind};code={};]{}\n",
                neutral::property(code.0),
                neutral::data(&format!("{code}: {text}")),
            );
            self.log(&mut state, &command);
        } else {
            counts.rest += 1;
            let text = format!("{kind} {code}: {text}");
            self.log_neutral(&mut state, "", &text);
        }
    }

    /// The problems told so far, masked, in order: severity, code, and text.
    pub fn issues(&self) -> Vec<(Severity, Code, String)> {
        self.state().issues.clone()
    }

    /// Counts, as one more issue of each kind, the problems that were only lines.
    pub fn finish_issues(&self) {
        let mut state = self.state();
        for severity in [Severity::Warning, Severity::Error] {
            let rest = std::mem::take(&mut state.counts(severity).rest);
            if rest > 0 {
                let kind = kind(severity);
                let (plural, stand) = if rest == 1 {
                    ("", "stands")
                } else {
                    ("s", "stand")
                };
                let command = format!(
                    "##vso[task.logissue type={kind};]{rest} more {kind}{plural} {stand} in the log of this step\n"
                );
                self.log(&mut state, &command);
            }
        }
    }

    /// Sets an output variable, which later steps read as `$(step.name)`. One that is too long
    /// is left empty, with a warning. Outside a pipeline nothing reads it.
    pub fn set_output(&self, name: &str, value: &str) {
        if !self.mode.in_pipeline {
            return;
        }
        let value = self.state().masked(value);
        let length = value.chars().count();
        let value = if length > LONGEST_OUTPUT {
            self.issue(&Problem::warning(
                code::OUTPUT_TOO_LONG,
                format!(
                    "output variable '{name}' is left empty: {length} characters are more than {LONGEST_OUTPUT}"
                ),
                "Every later step receives it as an environment variable, and large ones keep steps from starting.",
            ));
            String::new()
        } else {
            value
        };
        let command = format!(
            "##vso[task.setvariable variable={};isoutput=true;]{}\n",
            neutral::property(name),
            neutral::data(&value),
        );
        self.log(&mut self.state(), &command);
    }

    /// Sets an output variable to as many of the items as it may hold, separated by commas, with a
    /// warning if those are not all.
    pub fn set_output_list<'a>(&self, name: &str, items: impl Iterator<Item = &'a str>) {
        let mut value = String::new();
        let mut left_out = 0;
        for item in items {
            let comma = usize::from(!value.is_empty());
            if left_out > 0 || value.chars().count() + comma + item.chars().count() > LONGEST_OUTPUT
            {
                left_out += 1;
                continue;
            }
            if comma > 0 {
                value.push(',');
            }
            value.push_str(item);
        }
        if left_out > 0 && self.mode.in_pipeline {
            self.issue(&Problem::warning(
                code::OUTPUT_TOO_LONG,
                format!("output variable '{name}' holds the first ones only: {left_out} more are left out"),
                "Every later step receives it as an environment variable, and large ones keep steps from starting.",
            ));
        }
        self.set_output(name, &value);
    }

    /// Shows a Markdown file on the build's summary. The agent reads it after the step: it must
    /// stay where it is. Outside a pipeline nothing happens.
    pub fn upload_summary(&self, file: &Path) {
        if self.mode.in_pipeline {
            // Not masked: the agent opens the file by this very text, and shows no command.
            let file = neutral::data(&file.to_string_lossy());
            let command = format!("##vso[task.uploadsummary]{file}\n");
            self.log(&mut self.state(), &command);
        }
    }

    /// Says how the step ends and why: the last line. Never beside an exit code other than 0,
    /// which would spoil the agent's own retry. Outside a pipeline nothing happens.
    pub fn complete(&self, result: TaskResult, message: &str) {
        if self.mode.in_pipeline {
            let result = match result {
                TaskResult::Failed => "Failed",
                TaskResult::Canceled => "Canceled",
            };
            let mut state = self.state();
            let message = neutral::data(&state.masked(message));
            let command = format!("##vso[task.complete result={result};]{message}\n");
            self.log(&mut state, &command);
        }
    }

    /// Writes the one document of `--format json`. Its strings are masked, its keys are ours.
    pub fn json(&self, document: &serde_json::Value) {
        let mut state = self.state();
        let text = format!("{:#}\n", state.masked_json(document));
        state.out.write(&neutral::json(&text));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves whole lines behind, so what is here is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_lines(&self, state: &mut State, prefix: &str, text: &str) {
        let text = state.masked(text);
        self.log_neutral(state, prefix, &text);
    }

    /// Each line of a masked text behind the prefix, in one write.
    fn log_neutral(&self, state: &mut State, prefix: &str, masked: &str) {
        let text: String = neutral::lines(masked)
            .iter()
            .map(|line| format!("{prefix}{line}\n"))
            .collect();
        self.log(state, &text);
    }

    fn log(&self, state: &mut State, text: &str) {
        let over = match std::mem::take(&mut state.progress) {
            0 => String::new(),
            width => format!("\r{}\r", " ".repeat(width)),
        };
        let stream = if self.mode.json {
            &mut state.err
        } else {
            &mut state.out
        };
        stream.write(&format!("{over}{text}"));
    }
}

impl State {
    fn masked(&self, text: &str) -> String {
        match &self.mask {
            // Controls are dropped in the end; in the middle of a secret one would hide it till then.
            Some(mask) => mask(&neutral::without_hidden(text)),
            None => text.to_owned(),
        }
    }

    /// String by string: a secret that is a number must not break the numbers of the document.
    fn masked_json(&self, value: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.masked(text)),
            Value::Array(values) => values.iter().map(|value| self.masked_json(value)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| (key.clone(), self.masked_json(value)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn counts(&mut self, severity: Severity) -> &mut Counts {
        match severity {
            Severity::Warning => &mut self.warnings,
            Severity::Error => &mut self.errors,
        }
    }
}

fn kind(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Message and advice as one text.
fn sentences(problem: &Problem) -> String {
    let message = problem.message.trim_end();
    let advice = problem.advice.trim();
    if advice.is_empty() {
        return message.to_owned();
    }
    let stop = if message.ends_with(['.', '!', '?', ':']) {
        ""
    } else {
        "."
    };
    format!("{message}{stop} {advice}")
}

/// A stream whose reader may go away (`katalon-ado … | head`), after which nothing is written.
struct Stream {
    writer: Box<dyn Write + Send>,
    is_gone: bool,
}

impl Stream {
    fn new(writer: Box<dyn Write + Send>) -> Self {
        Self {
            writer,
            is_gone: false,
        }
    }

    fn write(&mut self, text: &str) {
        if !self.is_gone {
            // Flushed each time: a log that stops before a crash should show what came before.
            self.is_gone = self
                .writer
                .write_all(text.as_bytes())
                .and_then(|()| self.writer.flush())
                .is_err();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct ClosedPipe;

    impl Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    const IN_PIPELINE: Mode = Mode {
        in_pipeline: true,
        debug: false,
        json: false,
        coloured: false,
        shows_progress: false,
        columns: None,
    };
    const OUTSIDE: Mode = Mode {
        in_pipeline: false,
        debug: false,
        json: false,
        coloured: false,
        shows_progress: false,
        columns: None,
    };

    fn written(mode: Mode, write: impl FnOnce(&Pipeline)) -> (String, String) {
        let (out, err) = (Page::default(), Page::default());
        let pipeline = Pipeline::new(Box::new(out.clone()), Box::new(err.clone()), mode);
        write(&pipeline);
        (out.text(), err.text())
    }

    fn warning(message: &str) -> Problem {
        Problem::warning(Code("KADO009"), message, "Try again.")
    }

    #[test]
    fn a_terminal_gets_colours_and_progress_and_nothing_else_does() {
        let write = |pipeline: &Pipeline| {
            let mut table = Table::new(&["", "Name"]);
            table.row(Tone::Bad, ["wrong", "a\u{1b}[2J\nb"].map(str::to_owned));
            pipeline.progress("1 of 2");
            pipeline.table(&table);
            pipeline.issue(&warning("odd"));
            pipeline.progress("2 of 2");
            pipeline.section("End");
        };
        let terminal = Mode {
            coloured: true,
            shows_progress: true,
            ..OUTSIDE
        };
        assert_eq!(
            written(terminal, write).0,
            "1 of 2\r      \r       Name\n-----  ------\n\u{1b}[31mwrong\u{1b}[0m  a[2J b\n\
             \u{1b}[33mwarning KADO009:\u{1b}[0m odd. Try again.\n2 of 2\r      \r\n\
             \u{1b}[1mEnd\u{1b}[0m\n"
        );
        assert_eq!(
            written(OUTSIDE, write).0,
            "       Name\n-----  ------\nwrong  a[2J b\nwarning KADO009: odd. Try again.\n\nEnd\n"
        );
    }

    #[test]
    fn how_wide_a_terminal_is_it_tells_unless_somebody_says_so() {
        let columns = |said: &str, told, out_is_terminal| {
            let environment = Environment {
                vars: [("COLUMNS".to_owned(), said.to_owned())].into(),
                out_is_terminal,
                terminal_columns: told,
                ..Environment::default()
            };
            Mode::of(&environment, false).columns
        };
        assert_eq!(columns("", Some(120), true), Some(120));
        assert_eq!(columns("80", Some(120), true), Some(80));
        assert_eq!(columns("wide", Some(120), true), Some(120));
        assert_eq!(columns("", None, true), None);
        assert_eq!(columns("0", None, true), None);
        // A file or another program gets everything as it is.
        assert_eq!(columns("80", None, false), None);
    }

    #[test]
    fn a_narrow_terminal_gets_narrow_tables_and_progress() {
        let narrow = Mode {
            shows_progress: true,
            columns: Some(30),
            ..OUTSIDE
        };
        let write = |pipeline: &Pipeline| {
            pipeline.progress("a line that is longer than the terminal is wide");
            let mut table = Table::new(&["ID", "Title"]);
            table.row(
                Tone::Plain,
                ["1", "Log in as somebody who has forgotten it"].map(str::to_owned),
            );
            pipeline.table(&table);
        };
        let (text, _) = written(narrow, write);
        let lines: Vec<&str> = text.split(['\r', '\n']).collect();
        assert!(
            lines.iter().all(|line| line.chars().count() <= 30),
            "{text}"
        );
        assert!(lines.contains(&"a line that is longer than th"), "{text}");
        let (whole, _) = written(OUTSIDE, write);
        assert!(
            whole.contains("1   Log in as somebody who has forgotten it\n"),
            "{whole}"
        );
    }

    #[test]
    fn colours_are_for_terminals_of_people_who_want_them() {
        let mode = |vars: &[(&str, &str)], out_is_terminal, json| {
            let environment = Environment {
                vars: vars
                    .iter()
                    .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                out_is_terminal,
                ..Environment::default()
            };
            let mode = Mode::of(&environment, json);
            (mode.coloured, mode.shows_progress)
        };
        assert_eq!(mode(&[], true, false), (true, true));
        assert_eq!(mode(&[("NO_COLOR", "1")], true, false), (false, true));
        assert_eq!(mode(&[("TERM", "dumb")], true, false), (false, false));
        assert_eq!(mode(&[("TF_BUILD", "True")], true, false), (false, false));
        assert_eq!(mode(&[], false, false), (false, false));
        // The log goes to the other stream, which is none.
        assert_eq!(mode(&[], true, true), (false, false));
    }

    #[test]
    fn in_a_pipeline_everything_goes_to_one_stream_as_commands() {
        let (out, err) = written(IN_PIPELINE, |pipeline| {
            pipeline.section("Finding Katalon reports");
            pipeline.line("two\nlines");
            pipeline.debug("not asked for");
            pipeline.issue(&warning("100 % odd; [a]"));
            pipeline.set_output("testRunIds", "1,2");
            pipeline.upload_summary(Path::new("/tmp/a;b.md"));
            pipeline.complete(TaskResult::Failed, "2 of 3 failed");
        });
        assert_eq!(
            out,
            "##[section]Finding Katalon reports\n\
             two\n\
             lines\n\
             ##vso[task.logissue type=warning;code=KADO009;]KADO009: 100 % odd; [a]. Try again.\n\
             ##vso[task.setvariable variable=testRunIds;isoutput=true;]1,2\n\
             ##vso[task.uploadsummary]/tmp/a;b.md\n\
             ##vso[task.complete result=Failed;]2 of 3 failed\n"
        );
        assert_eq!(err, "");
    }

    #[test]
    fn outside_a_pipeline_no_command_is_written() {
        let (out, err) = written(OUTSIDE, |pipeline| {
            pipeline.section("Publishing");
            pipeline.issue(&warning("it is late"));
            pipeline.set_output("testRunIds", "1,2");
            pipeline.upload_summary(Path::new("summary.md"));
            pipeline.complete(TaskResult::Canceled, "");
            pipeline.finish_issues();
        });
        assert_eq!(
            out,
            "\nPublishing\nwarning KADO009: it is late. Try again.\n"
        );
        assert_eq!(err, "");
    }

    #[test]
    fn with_json_the_document_has_the_output_alone() {
        let mode = Mode {
            json: true,
            ..IN_PIPELINE
        };
        let (out, err) = written(mode, |pipeline| {
            pipeline.section("Publishing");
            pipeline.issue(&warning("it is late"));
            pipeline.json(&serde_json::json!({ "name": "##vso[task.complete]" }));
        });
        assert_eq!(out, "{\n  \"name\": \"\\u0023#vso[task.complete]\"\n}\n");
        assert!(err.starts_with("##[section]Publishing\n##vso[task.logissue"));
    }

    #[test]
    fn debug_lines_are_written_only_when_asked_for() {
        let debug = |in_pipeline| Mode {
            in_pipeline,
            debug: true,
            ..OUTSIDE
        };
        let (out, _) = written(debug(true), |pipeline| pipeline.debug("a\n##vso[x]"));
        assert_eq!(out, "##[debug]a\n##[debug]#_#vso[x]\n");
        let (out, _) = written(debug(false), |pipeline| pipeline.debug("a"));
        assert_eq!(out, "debug: a\n");
    }

    #[test]
    fn a_problem_is_told_once() {
        let (out, _) = written(IN_PIPELINE, |pipeline| {
            for _ in 0..3 {
                pipeline.issue(&warning("it is late"));
            }
            pipeline.issue(&warning("it is later"));
        });
        assert_eq!(out.lines().count(), 2);
    }

    #[test]
    fn the_eighth_issue_of_a_kind_is_followed_by_a_count_of_the_rest() {
        let (out, _) = written(IN_PIPELINE, |pipeline| {
            for number in 0..11 {
                pipeline.issue(&warning(&format!("number {number}")));
            }
            pipeline.issue(&Problem::error(Code("KADO302"), "bad", ""));
            pipeline.finish_issues();
            pipeline.finish_issues();
        });
        let issues = |kind: &str| {
            let command = format!("##vso[task.logissue type={kind}");
            out.lines()
                .filter(|line| line.starts_with(&command))
                .count()
        };
        assert_eq!(issues("warning"), 9);
        assert_eq!(issues("error"), 1);
        assert!(out.contains("\nwarning KADO009: number 10. Try again.\n"));
        assert!(
            out.ends_with("]3 more warnings stand in the log of this step\n"),
            "{out}"
        );
    }

    #[test]
    fn no_text_given_becomes_a_command() {
        let evil = "x\r##vso[task.complete result=Succeeded;]\u{2028}#\u{200b}#vso[a]\n##[error]b";
        let (out, err) = written(IN_PIPELINE, |pipeline| {
            pipeline.section(evil);
            pipeline.line(evil);
            pipeline.line("##");
            pipeline.line("vso[task.complete]");
            pipeline.issue(&Problem::warning(Code("KADO009"), "a#", "#vso[x]"));
            pipeline.issue(&Problem::warning(Code("KADO009"), evil, evil));
            pipeline.set_output("a]b;c\n##vso[x]", evil);
            pipeline.complete(TaskResult::Failed, evil);
        });
        assert_eq!(err, "");
        assert!(!out.contains(['\r', '\u{2028}']));
        for line in out.lines() {
            let line = line.replace('\u{200b}', "");
            let ours = ["##[section]", "##vso[task."]
                .iter()
                .find(|prefix| line.starts_with(**prefix));
            let rest = ours.map_or(line.as_str(), |prefix| &line[prefix.len()..]);
            assert!(!rest.contains("##vso") && !rest.contains("##["), "{line}");
        }
        assert_eq!(out.matches("##vso[task.complete").count(), 1);
        assert!(out.contains("variable=a%5Db%3Bc%0A#_#vso[x%5D;isoutput=true;]"));
    }

    #[test]
    fn every_text_is_masked_before_it_is_neutralised() {
        let mode = Mode {
            debug: true,
            ..IN_PIPELINE
        };
        let secret = "hunter2##vso[";
        let (out, _) = written(mode, |pipeline| {
            pipeline.set_mask(Box::new(move |text| text.replace(secret, "***")));
            pipeline.section(secret);
            pipeline.line(secret);
            pipeline.debug(secret);
            pipeline.issue(&warning(secret));
            pipeline.set_output("a", secret);
            pipeline.json(&serde_json::json!({ "a": [secret, { "b": secret }], "n": 2 }));
            pipeline.complete(TaskResult::Failed, secret);
        });
        assert!(!out.contains("hunter2"), "{out}");
        assert_eq!(out.matches("***").count(), 8);
    }

    #[test]
    fn an_output_variable_that_is_too_long_is_left_empty_with_a_warning() {
        let (out, _) = written(IN_PIPELINE, |pipeline| {
            pipeline.set_output("fits", &"é".repeat(8_000));
            pipeline.set_output("query", &"x".repeat(8_001));
        });
        assert!(out.contains("ééé\n"));
        assert!(out.contains("type=warning;code=KADO020;"), "{out}");
        assert!(out.ends_with("variable=query;isoutput=true;]\n"));
    }

    #[test]
    fn a_secret_with_hidden_signs_in_it_is_masked_and_a_path_is_no_command() {
        let (out, _) = written(IN_PIPELINE, |pipeline| {
            pipeline.set_mask(Box::new(|text| text.replace("hunter2", "***")));
            pipeline.line("a hun\u{1}ter2 b");
            pipeline.upload_summary(Path::new("/a\n##vso[task.complete]b"));
        });
        assert_eq!(
            out,
            "a *** b\n##vso[task.uploadsummary]/a%0A#_#vso[task.complete]b\n"
        );
    }

    #[test]
    fn a_reader_who_has_gone_away_is_no_error() {
        let pipeline = Pipeline::new(Box::new(ClosedPipe), Box::new(ClosedPipe), OUTSIDE);
        pipeline.line("a");
        pipeline.json(&serde_json::Value::Null);
        pipeline.issue(&warning("b"));
    }
}
