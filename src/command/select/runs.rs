//! Results of earlier test runs: of one, of the running build, or of the build before it.

use super::super::context::Context;
use super::super::plan::lists::{Items, Unread};
use super::super::plan::naming::is_not_there;
use super::Failed;
use crate::azure_devops::past_results::PastResult;
use crate::azure_devops::stored::StoredRun;
use crate::azure_devops::{BuildId, Life, TestRunId};
use crate::exit_code::ExitCode;
use crate::inputs::TestRuns;
use crate::problem::{Problem, code, counted as count};
use crate::publish::marker::Marker;

/// Builds that are looked through for test runs; who publishes has some long before.
const MOST_BUILDS: usize = 100;

impl Context<'_> {
    /// The results of the runs that `testRun` means.
    pub(super) async fn results_of(&self, runs: TestRuns) -> Result<Vec<PastResult>, Failed> {
        let (project, runs) = match runs {
            TestRuns::Id(id) => {
                let project = self.plan_project();
                (
                    project,
                    vec![self.run_with_id(project, TestRunId(id)).await?],
                )
            }
            TestRuns::Current => {
                let build = self.running_build().map(|build| u64::from(build.id));
                let build = build.ok_or_else(|| {
                    no_run(
                        "'testRun: current' means the runs of this build, and no build is running here",
                        "Give the ID of a test run.",
                    )
                })?;
                let project = self.project();
                (project, self.finished_runs(project, BuildId(build)).await?)
            }
            TestRuns::Latest => (self.project(), self.latest_runs().await?),
        };
        let mut results = Vec::new();
        for run in runs {
            let client = self.client;
            let ask = |skip| client.past_results(project, run.id, skip);
            let read = self
                .list_by_position(
                    Items::called("test result").after(results.len()),
                    ask,
                    |result| result.id,
                )
                .await;
            let read = read.map_err(|unread| self.unread_run(unread))?;
            self.pipeline.line(&format!(
                "Test run {} '{}': {}",
                run.id,
                run.name,
                count(read.len(), "result")
            ));
            results.extend(read);
        }
        Ok(results)
    }

    async fn run_with_id(&self, project: &str, id: TestRunId) -> Result<StoredRun, Failed> {
        let client = self.client;
        match self.answer(|| client.run(project, id)).await {
            Ok(run) => Ok(run),
            Err(Unread::Refused(refusal)) if is_not_there(&refusal) => Err(no_run(
                format!("there is no test run {id} in project '{project}', or it cannot be seen"),
                "Correct 'testRun', or 'project'.",
            )),
            Err(unread) => Err(self.unread_run(unread)),
        }
    }

    /// The runs of a build that this program has finished.
    async fn finished_runs(&self, project: &str, build: BuildId) -> Result<Vec<StoredRun>, Failed> {
        let client = self.client;
        let ask = |skip| async move {
            let page = client.runs_of_build(project, build, skip).await;
            page.part(|page| page.runs)
        };
        let runs = self
            .list_by_position(Items::called("test run"), ask, |run| run.id)
            .await;
        let runs = runs.map_err(|unread| self.unread_run(unread))?;
        let mut finished = Vec::new();
        for run in runs {
            if run.state.life() != Life::Finished {
                continue;
            }
            let comment = match run.comment.clone() {
                Some(comment) => comment,
                // Not every list holds comments.
                None => {
                    let whole = self.run_with_id(project, run.id).await?;
                    whole.comment.unwrap_or_default()
                }
            };
            if Marker::parse(&comment).is_some() {
                finished.push(run);
            }
        }
        finished.sort_by_key(|run| run.id);
        Ok(finished)
    }

    /// The runs of the newest other build of this definition and branch that has any.
    async fn latest_runs(&self) -> Result<Vec<StoredRun>, Failed> {
        let (client, project) = (self.client, self.project());
        let given = self.invocation.build_definition.clone();
        let branch = self.invocation.agent.branch.as_deref();
        // With a definition of its own somebody asks for another pipeline, and other branches.
        let branch = branch.filter(|_| given.is_none());
        let running = self.running_definition().map(|id| id.to_string());
        let definition = given.or(running).ok_or_else(|| {
            no_run(
                "'testRun: latest' means the build before this one, and no build is running here",
                "Give the ID of a test run, or the option '--build-definition'.",
            )
        })?;
        let own = self.running_build().map(|build| u64::from(build.id));
        let mut looked_at = 0;
        let mut next: Option<String> = None;
        loop {
            let ask = || client.newest_builds(project, &definition, branch, next.as_deref());
            let page = self.answer(ask).await;
            let page = page.map_err(|unread| self.unread_run(unread))?;
            for build in page.items {
                if Some(build.id.0) == own {
                    continue;
                }
                looked_at += 1;
                let runs = self.finished_runs(project, build.id).await?;
                if !runs.is_empty() {
                    self.pipeline.line(&format!(
                        "Newest other build with test runs: {} (ID {})",
                        build.number, build.id
                    ));
                    return Ok(runs);
                }
                if looked_at >= MOST_BUILDS {
                    break;
                }
            }
            next = page.next;
            if next.is_none() || looked_at >= MOST_BUILDS {
                break;
            }
        }
        let branch = branch.map_or(String::new(), |branch| format!(" on '{branch}'"));
        self.pipeline.line(&format!(
            "None of {} of definition {definition}{branch} has test runs of this task",
            count(looked_at, "other build")
        ));
        Ok(Vec::new())
    }

    /// What could not be read of runs and builds: of the build's project, not of the plan's.
    fn unread_run(&self, unread: Unread) -> Failed {
        match unread {
            Unread::Refused(refusal) => {
                let told =
                    crate::azure_devops::explain::refusal(self.client, &refusal, self.asker());
                vec![(ExitCode::NotPublished, told)]
            }
            Unread::Ended(..) => self.unread(unread),
        }
    }
}

fn no_run(message: impl Into<String>, advice: &str) -> Failed {
    let problem = Problem::error(code::NO_SUCH_RUN, message, advice);
    vec![(ExitCode::WrongInputs, problem)]
}
