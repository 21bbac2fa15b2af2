//! What `select` says and writes: the query, a file of paths, a test suite.

use std::fs;
use std::path::PathBuf;

use super::super::context::Context;
use super::super::verdict::Verdict;
use super::{Done, Failed};
use crate::exit_code::ExitCode;
use crate::katalon::project::{NotWritten, Project, write_suite};
use crate::katalon::query::query;
use crate::katalon::{SuitePath, TestCasePath};
use crate::mapping::selection::Unmapped;
use crate::pipeline::LONGEST_OUTPUT;
use crate::problem::{Problem, code, counted as count};

/// Test cases that one message names.
const MOST_NAMED: usize = 10;

impl Context<'_> {
    /// Tells and writes what is selected.
    pub(super) fn tell_selection(
        &self,
        done: &mut Done,
        target: Option<(&SuitePath, &Project)>,
        verdict: &mut Verdict,
    ) -> Result<(), Failed> {
        let pipeline = self.pipeline;
        for unmapped in &done.selection.unmapped {
            pipeline.line(&format!("Without a Katalon test case: {}", long(unmapped)));
        }
        let test_cases = done.selection.test_cases.iter();
        let paths: Vec<&TestCasePath> = test_cases.map(|one| &one.test_case).collect();
        for path in &paths {
            pipeline.debug(path.as_str());
        }
        // Also an empty one: the test cases of an earlier build would else be run once more.
        if let Some((suite, project)) = target {
            let file = write_suite(&project.folder, suite, &paths);
            let file = file.map_err(|why| not_written(suite, why))?;
            pipeline.line(&format!(
                "Test suite '{}' written: {}",
                suite.as_str(),
                file.display()
            ));
            done.suite = Some(file);
        }
        self.tell_query(done, target.map(|(suite, _)| suite));
        if done.selection.test_cases.is_empty() {
            pipeline.issue(&Problem::warning(
                code::NOTHING_SELECTED,
                "no Katalon test case is selected",
                "An empty '-testSuiteQuery' makes Katalon run the query that the suite stores: let \
                 the steps that follow depend on 'testCaseCount'.",
            ));
        }
        done.paths = self.written_paths(done);
        let total = count(done.selection.test_cases.len(), "Katalon test case");
        pipeline.line(&format!(
            "{total} selected, {} without one",
            count(done.selection.unmapped.len(), "test case")
        ));
        self.judge_unmapped(&done.selection.unmapped, verdict);
        Ok(())
    }

    /// Finds the text for Katalon's option, and says where there is none.
    fn tell_query(&self, done: &mut Done, suite: Option<&SuitePath>) {
        let test_cases = done.selection.test_cases.iter();
        let paths: Vec<&TestCasePath> = test_cases.map(|one| &one.test_case).collect();
        let because = match query(&paths) {
            Ok(query) => {
                let length = query.chars().count();
                done.query = query;
                if length <= LONGEST_OUTPUT {
                    done.query_variable = done.query.clone();
                    if length > 0 {
                        self.pipeline
                            .line(&format!("-testSuiteQuery=\"{}\"", done.query));
                    }
                    return;
                }
                format!(
                    "{length} characters are more than the {LONGEST_OUTPUT} of an output variable, \
                     which is about what a command line holds"
                )
            }
            Err(never) => {
                let names: Vec<String> = never
                    .iter()
                    .take(MOST_NAMED)
                    .map(|path| format!("'{}'", path.as_str()))
                    .collect();
                format!(
                    "Katalon's syntax has no way to write a comma, a bracket or a quote in a name, \
                     and {} {} one, {} among them",
                    count(never.len(), "test case"),
                    if never.len() == 1 { "has" } else { "have" },
                    names.join(", ")
                )
            }
        };
        let told = format!("'testSuiteQuery' is left empty: {because}");
        match suite {
            // Nobody misses it who runs the suite.
            Some(_) => self.pipeline.line(&told),
            None => self.pipeline.issue(&Problem::warning(
                code::QUERY_LEFT_EMPTY,
                told,
                "Set 'outputTestSuite', such as 'Test Suites/From Azure', and run that suite.",
            )),
        }
    }

    /// A file with one path a line, in the agent's temporary folder.
    fn written_paths(&self, done: &Done) -> Option<PathBuf> {
        let agent = &self.invocation.agent;
        let folder = agent.temp_dir.as_ref().filter(|_| agent.in_pipeline)?;
        if done.selection.test_cases.is_empty() {
            return None;
        }
        let folder = folder.join(format!(
            "katalon-ado-{}-{}",
            std::process::id(),
            // In containers process ids repeat.
            jiff::Timestamp::now().as_millisecond()
        ));
        let file = folder.join("katalon-test-cases.txt");
        let test_cases = done.selection.test_cases.iter();
        let lines: String = test_cases
            .map(|one| format!("{}\n", one.test_case.as_str()))
            .collect();
        match fs::create_dir_all(&folder).and_then(|()| fs::write(&file, lines)) {
            Ok(()) => Some(file),
            Err(error) => {
                self.pipeline.issue(&Problem::warning(
                    code::NO_FILE_OF_TEST_CASES,
                    format!("cannot write '{}': {error}", file.display()),
                    "'katalonTestCasesFile' is left empty.",
                ));
                None
            }
        }
    }

    fn judge_unmapped(&self, unmapped: &[Unmapped], verdict: &mut Verdict) {
        if unmapped.is_empty() {
            return;
        }
        let shown = unmapped.iter().take(MOST_NAMED).map(short);
        let mut shown: Vec<String> = shown.collect();
        if let Some(rest @ 1..) = unmapped.len().checked_sub(MOST_NAMED) {
            shown.push(format!("and {rest} more, which stand in the log"));
        }
        let message = format!(
            "{} of Azure DevOps without a Katalon test case: {}",
            count(unmapped.len(), "test case"),
            shown.join("; ")
        );
        let advice = "Give their IDs in '.tc' files, a mapping file or by a pattern.";
        if self.invocation.inputs.fail_on_unmapped_test_cases.value {
            let advice = format!("{advice} 'failOnUnmappedTestCases' makes this fail the task.");
            let problem = Problem::error(code::UNMAPPED_FAILS, message, advice);
            verdict.decide(self.pipeline, ExitCode::Unmatched, problem);
        } else {
            let problem = Problem::warning(code::UNMAPPED, message, advice);
            self.pipeline.issue(&problem);
        }
    }
}

/// ID and title.
fn short(unmapped: &Unmapped) -> String {
    match (unmapped.id, unmapped.title.as_str()) {
        (Some(id), "") => format!("{id} (deleted, or not to be seen)"),
        (Some(id), title) => format!("{id} '{title}'"),
        (None, title) => format!("a result '{title}'"),
    }
}

fn long(unmapped: &Unmapped) -> String {
    format!("{}: {}", short(unmapped), unmapped.why)
}

fn not_written(suite: &SuitePath, why: NotWritten) -> Failed {
    let (file, because, advice) = match why {
        NotWritten::NotOurs(file) => (
            file,
            "something of that name is there that this task did not write".to_owned(),
            "It is left alone. Name another suite with 'outputTestSuite'.",
        ),
        NotWritten::Failed(file, error) => (
            file,
            error.to_string(),
            "The folder of the Katalon project must be one that this job may write to.",
        ),
    };
    let message = format!(
        "test suite '{}' is not written to '{}': {because}",
        suite.as_str(),
        file.display()
    );
    let problem = Problem::error(code::SUITE_NOT_WRITTEN, message, advice);
    vec![(ExitCode::WrongInputs, problem)]
}

/// There is nothing to write a suite into.
pub(super) fn no_project(suite: &SuitePath) -> Failed {
    let problem = Problem::error(
        code::SUITE_NOT_WRITTEN,
        format!(
            "test suite '{}' cannot be written: no Katalon project is known",
            suite.as_str()
        ),
        "Name its folder with 'katalonProject'.",
    );
    vec![(ExitCode::WrongInputs, problem)]
}
