//! The permissions that `publish` would need with these inputs: those to read are tried by reading,
//! those to write cannot be.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::super::plan::lists::Unread;
use super::{Checks, Ended};
use crate::azure_devops::BuildId;
use crate::azure_devops::explain::{self, Asker};
use crate::azure_devops::sent::Refusal;
use crate::exit_code::ExitCode;
use crate::inputs::{AutomationFields, Invocation};
use crate::problem::{Problem, code};
use crate::verification::{Permission, State};

use super::super::katalon_project::names_a_plan;

const VIEW_PROJECT: &str = "View project-level information";
const VIEW_RUNS: &str = "View test runs";
const VIEW_BUILDS: &str = "View builds";
/// The permission to read plans and test cases.
pub(super) const VIEW_WORK_ITEMS: &str = "View work items in this node";

const OF_PROJECT: &str = "Project settings > Permissions";
const OF_PIPELINE: &str = "Manage security of the pipeline";
const OF_AREA: &str = "area path of plan and test cases";

const NOT_TRIED: &str = "cannot be tried without writing";

/// What was tried so far: by which request, and whether it was answered.
#[derive(Debug, Default)]
pub(super) struct Tried(BTreeMap<&'static str, (State, String)>);

impl Tried {
    /// Something was read, or refused, by this permission; a refusal outlasts an answer.
    pub(super) fn note(&mut self, permission: &'static str, state: State, how: &str) {
        let known = self.0.get(permission);
        if known.is_none_or(|(known, _)| *known == State::Fine) {
            self.0.insert(permission, (state, how.to_owned()));
        }
    }

    /// All permissions that these inputs need, those that were tried first.
    pub(super) fn permissions(&self, invocation: &Invocation) -> Vec<Permission> {
        let inputs = &invocation.inputs;
        let with_plan = names_a_plan(invocation);
        let with_build = invocation.agent.build.is_some()
            || inputs.build_id.value.is_some()
            || inputs.build_number.value.is_some();
        let sets_fields = with_plan && inputs.automation_fields.value != AutomationFields::Keep;
        let read = [
            (VIEW_PROJECT, OF_PROJECT, true),
            (VIEW_BUILDS, OF_PIPELINE, with_build),
            (VIEW_RUNS, OF_PROJECT, with_build || with_plan),
            (VIEW_WORK_ITEMS, OF_AREA, with_plan),
        ];
        let written = [
            ("Create test runs", OF_PROJECT, true),
            ("Edit work items in this node", OF_AREA, sets_fields),
        ];
        let permission = |name, given, tried: Option<&(State, String)>, how: &str| {
            let (state, how) = tried.cloned().unwrap_or((State::Untried, how.to_owned()));
            Permission {
                name,
                given,
                state,
                how,
            }
        };
        let read = read.into_iter().filter(|(.., is_needed)| *is_needed);
        let read = read.map(|(name, given, _)| {
            permission(name, given, self.0.get(name), "not tried: see above")
        });
        let written = written.into_iter().filter(|(.., is_needed)| *is_needed);
        let written = written.map(|(name, given, _)| permission(name, given, None, NOT_TRIED));
        read.chain(written).collect()
    }
}

impl Context<'_> {
    /// Looks at the projects of plan and runs; false if one of them is not there.
    pub(super) async fn look_at_project(&self, checks: &mut Checks<'_>) -> Result<bool, Ended> {
        let client = self.client;
        let mut projects = vec![self.project()];
        if names_a_plan(self.invocation) && !projects.contains(&self.plan_project()) {
            projects.push(self.plan_project());
        }
        let mut are_there = true;
        for project in projects {
            match self.answer(|| client.project(project)).await {
                Ok(stored) => {
                    checks
                        .tried
                        .note(VIEW_PROJECT, State::Fine, "GET _apis/projects");
                    checks.fine("Project", format!("'{}' ({})", stored.name, stored.id));
                }
                Err(unread) => {
                    are_there = false;
                    let refusal = refused(unread)?;
                    checks
                        .tried
                        .note(VIEW_PROJECT, State::Wrong, &refusal.request);
                    let asker = Asker {
                        project,
                        ..self.asker()
                    };
                    checks.wrong("Project", explain::refusal(client, &refusal, asker));
                }
            }
        }
        Ok(are_there)
    }

    /// Looks at the build that would be published to, and at its test runs.
    pub(super) async fn look_at_build(&self, checks: &mut Checks<'_>) -> Result<(), Ended> {
        let (client, project) = (self.client, self.project());
        let build = match self.target_build().await {
            Ok(build) => build,
            Err((ExitCode::WrongInputs, problem)) => {
                checks
                    .tried
                    .note(VIEW_BUILDS, State::Fine, "GET _apis/build/builds");
                checks.wrong("Build", problem);
                return Ok(());
            }
            Err((_, problem)) if problem.code == code::PERMISSION_MISSING => {
                checks
                    .tried
                    .note(VIEW_BUILDS, State::Wrong, "GET _apis/build/builds");
                checks.wrong("Build", problem);
                return Ok(());
            }
            Err(ended) => return Err(ended),
        };
        let Some(build) = build else {
            checks.add(
                "Build",
                State::Note,
                "none: test runs belong to no build, and what is there cannot be looked up"
                    .to_owned(),
            );
            return self.try_runs_of_project(checks).await;
        };
        let shown = format!("{} (ID {})", build.number, build.id);
        let id: BuildId = build.id;
        match self.answer(|| client.build(project, id)).await {
            Ok(_) => {
                checks
                    .tried
                    .note(VIEW_BUILDS, State::Fine, "GET _apis/build/builds");
                checks.fine("Build", shown);
            }
            Err(unread) => {
                let refusal = refused(unread)?;
                checks
                    .tried
                    .note(VIEW_BUILDS, State::Wrong, &refusal.request);
                let problem = explain::refusal(client, &refusal, self.asker());
                if build.is_named {
                    checks.wrong("Build", problem);
                } else {
                    // The running build is known without; only old reports need a look at it.
                    checks.note("Build", problem);
                }
            }
        }
        match self.answer(|| client.runs_of_build(project, id, 0)).await {
            Ok(_) => {
                checks
                    .tried
                    .note(VIEW_RUNS, State::Fine, "GET _apis/test/runs");
            }
            Err(unread) => self.runs_are_refused(checks, unread)?,
        }
        Ok(())
    }

    /// Without a build the runs of the plan are what would be read.
    async fn try_runs_of_project(&self, checks: &mut Checks<'_>) -> Result<(), Ended> {
        if !names_a_plan(self.invocation) {
            return Ok(());
        }
        let (client, project) = (self.client, self.plan_project());
        // No build has this number, and so no run is of it: only whether one may ask counts.
        let nobodys = BuildId(1);
        match self
            .answer(|| client.runs_of_build(project, nobodys, 0))
            .await
        {
            Ok(_) => checks
                .tried
                .note(VIEW_RUNS, State::Fine, "GET _apis/test/runs"),
            Err(unread) => self.runs_are_refused(checks, unread)?,
        }
        Ok(())
    }

    fn runs_are_refused(&self, checks: &mut Checks<'_>, unread: Unread) -> Result<(), Ended> {
        let refusal = refused(unread)?;
        checks.tried.note(VIEW_RUNS, State::Wrong, &refusal.request);
        let problem = explain::refusal(self.client, &refusal, self.asker());
        checks.wrong("Test runs", may_not_read(problem));
        Ok(())
    }
}

/// The refusal; what was no answer ends the looking.
pub(super) fn refused(unread: Unread) -> Result<Refusal, Ended> {
    match unread {
        Unread::Refused(refusal) => Ok(refusal),
        Unread::Ended(exit_code, problem) => Err((exit_code, problem)),
    }
}

/// A missing permission is what was looked for, and nothing that kept results from being published.
fn may_not_read(problem: Problem) -> Problem {
    if problem.code == code::PERMISSION_MISSING {
        Problem {
            code: code::MAY_NOT_READ,
            ..problem
        }
    } else {
        problem
    }
}
