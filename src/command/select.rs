//! `select`: reads test cases of a plan, or results of runs, and says which Katalon test cases to
//! run.

use std::path::PathBuf;

use super::connecting;
use super::context::Context;
use super::plan::lists::Unread;
use super::verdict::Verdict;
use super::{ending, header, masking};
use crate::cancel::Cancel;
use crate::exit_code::ExitCode;
use crate::files::Refused;
use crate::inputs::{Format, Invocation};
use crate::json;
use crate::mapping::IdSources;
use crate::mapping::selection::{KatalonTestCases, Selection};
use crate::pipeline::Pipeline;
use crate::problem::Problem;
use crate::publish::{Waits, cancelled};

mod output;
pub(super) mod plan_cases;
pub(super) mod project;
mod runs;

/// What the command came to.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Katalon test cases, and what has none.
    pub(super) selection: Selection,
    /// The text for Katalon's `-testSuiteQuery`; empty if nothing is selected, or it cannot be said.
    pub(super) query: String,
    /// The query as an output variable, which holds less than a document does.
    pub(super) query_variable: String,
    /// The suite that was written.
    pub(super) suite: Option<PathBuf>,
    /// A file with one path a line.
    pub(super) paths: Option<PathBuf>,
}

/// Why nothing came of it: exit codes, and the problem behind each.
pub(super) type Failed = Vec<(ExitCode, Problem)>;

/// Selects.
pub(super) async fn select(
    invocation: &Invocation,
    pipeline: &Pipeline,
    waits: Waits,
    cancel: &Cancel,
) -> ExitCode {
    let mut verdict = Verdict::default();
    let secrets = masking::job_secrets(invocation, pipeline);
    masking::mask_with(pipeline, &secrets);
    header::tell_program(&invocation.agent, pipeline);
    header::tell_inputs(invocation, pipeline);
    let warnings = invocation.warnings.iter();
    warnings.for_each(|warning| pipeline.issue(warning));
    let mut done = Done::default();
    if let Some(connection) = &invocation.connection {
        let connected = connecting::connect(invocation, connection, pipeline, waits, cancel).await;
        match connected {
            Ok((client, as_whom)) => {
                header::tell_server(&client, &as_whom, invocation, pipeline);
                let context = Context {
                    invocation,
                    pipeline,
                    client: &client,
                    as_whom: &as_whom,
                    waits,
                    cancel,
                    secrets: &secrets,
                    refused: &Refused::new(),
                };
                if let Err(failed) = context.select(&mut done, &mut verdict).await {
                    // What was found until then is not all of it.
                    done = Done::default();
                    for (exit_code, problem) in failed {
                        verdict.decide(pipeline, exit_code, problem);
                    }
                }
            }
            Err((exit_code, problem)) => verdict.decide(pipeline, exit_code, problem),
        }
    }
    ended(
        &done,
        invocation.format,
        invocation.under_task,
        pipeline,
        &verdict,
    )
}

/// Everything that is said at the end.
pub(super) fn ended(
    done: &Done,
    format: Format,
    under_task: bool,
    pipeline: &Pipeline,
    verdict: &Verdict,
) -> ExitCode {
    let exit_code = verdict.exit_code();
    let paths = done.paths.as_ref().map(|path| path.display().to_string());
    pipeline.set_output("testSuiteQuery", &done.query_variable);
    let count = done.selection.test_cases.len();
    pipeline.set_output("testCaseCount", &count.to_string());
    pipeline.set_output("katalonTestCasesFile", &paths.unwrap_or_default());
    pipeline.set_output("exitCode", &exit_code.number().to_string());
    pipeline.finish_issues();
    if format == Format::Json {
        let suite = done.suite.as_deref();
        let issues = pipeline.issues();
        let document = json::select(&done.selection, &done.query, suite, exit_code, &issues);
        pipeline.json(&document);
    }
    ending::end(pipeline, verdict, under_task)
}

impl Context<'_> {
    async fn select(&self, done: &mut Done, verdict: &mut Verdict) -> Result<(), Failed> {
        let inputs = &self.invocation.inputs;
        self.pipeline.section("Find");
        let project = self.katalon_project().await?;
        let katalon = KatalonTestCases::new(&IdSources {
            mapping_file: &self.invocation.mapping_file,
            project: project.as_ref(),
            pattern: inputs.test_case_id_pattern.value.as_ref(),
        });
        let suite = inputs.output_test_suite.value.as_ref();
        let target = match (suite, &project) {
            (None, _) => None,
            (Some(suite), Some(project)) => Some((suite, project)),
            (Some(suite), None) => return Err(output::no_project(suite)),
        };
        let has_plan = !inputs.test_plan.value.named().is_empty();
        let plan = if has_plan {
            let by_points = inputs.test_run.value.is_none() && !inputs.outcomes.value.are_all();
            Some(self.cases_of_plans(by_points).await?)
        } else {
            None
        };
        let selection = match (inputs.test_run.value, &plan) {
            (Some(runs), _) => {
                let results = self.results_of(runs).await?;
                let outcomes = &inputs.outcomes.value;
                Selection::of_results(&results, outcomes, plan.as_deref(), &katalon)
            }
            (None, plan) => Selection::of_plan(plan.as_deref().unwrap_or_default(), &katalon),
        };
        done.selection = selection;
        self.find_titles(&mut done.selection.unmapped).await?;
        self.pipeline.section("Result");
        self.tell_selection(done, target, verdict)
    }

    /// What could not be read, as it ends the command.
    pub(super) fn unread(&self, unread: Unread) -> Failed {
        match unread {
            Unread::Ended(ExitCode::Cancelled, _) => vec![(ExitCode::Cancelled, cancelled())],
            Unread::Ended(exit_code, problem) => vec![(exit_code, problem)],
            Unread::Refused(refusal) => match self.about_the_plan(&refusal) {
                Some((code, message, advice)) => {
                    let exit_code = if refusal.is_project_missing() {
                        ExitCode::WrongInputs
                    } else {
                        ExitCode::NotPublished
                    };
                    vec![(exit_code, Problem::error(code, message, advice))]
                }
                None => vec![self.not_read(&refusal)],
            },
        }
    }
}
