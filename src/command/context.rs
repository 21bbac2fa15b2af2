//! What the stages of `publish` look at.

use super::project_of_runs;
use crate::agent::RunningBuild;
use crate::azure_devops::TestRunId;
use crate::azure_devops::client::Client;
use crate::azure_devops::connection::ConnectedAs;
use crate::cancel::Cancel;
use crate::files::Refused;
use crate::inputs::{Invocation, Source};
use crate::pipeline::Pipeline;
use crate::problem::{Problem, code};
use crate::publish::Waits;
use crate::secrets::Secrets;

/// What every stage looks at.
#[derive(Clone, Copy)]
pub(super) struct Local<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) pipeline: &'a Pipeline,
    pub(super) cancel: &'a Cancel,
    pub(super) secrets: &'a Secrets,
    /// Files that must not be attached, and why.
    pub(super) refused: &'a Refused,
}

/// What the stages with a connection look at.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) pipeline: &'a Pipeline,
    pub(super) client: &'a Client,
    pub(super) as_whom: &'a ConnectedAs,
    pub(super) waits: Waits,
    pub(super) cancel: &'a Cancel,
    pub(super) secrets: &'a Secrets,
    /// Files that must not be attached, and why.
    pub(super) refused: &'a Refused,
}

impl<'a> Context<'a> {
    /// What the stages without a connection look at, too.
    pub(super) fn local(&self) -> Local<'a> {
        Local {
            invocation: self.invocation,
            pipeline: self.pipeline,
            cancel: self.cancel,
            secrets: self.secrets,
            refused: self.refused,
        }
    }

    /// Runs without a test plan go to the build's own project.
    pub(super) fn project(&self) -> &'a str {
        project_of_runs(self.invocation, self.as_whom.is_elsewhere)
    }

    /// The running build, where it can be published to: not in another collection.
    pub(super) fn running_build(&self) -> Option<&'a RunningBuild> {
        let build = self.invocation.agent.build.as_ref();
        build.filter(|_| !self.as_whom.is_elsewhere)
    }

    /// Whether the test plan is in the project of the build. One of the two may be told by its name
    /// and the other by its GUID.
    pub(super) async fn plan_is_at_the_build(&self) -> bool {
        let (plan, build) = (self.invocation.project(), self.project());
        if plan.eq_ignore_ascii_case(build) {
            return true;
        }
        let client = self.client;
        let plan = self.answer(|| client.project(plan)).await;
        let build = self.answer(|| client.project(build)).await;
        match (plan, build) {
            (Ok(plan), Ok(build)) => plan.id == build.id,
            (Ok(_) | Err(_), _) => false,
        }
    }

    /// Whether a problem says that a project is not there that was typed: an input is wrong then.
    pub(super) fn is_typed_project_missing(&self, problem: &Problem) -> bool {
        // The agent's project exists, in its own collection; one that was typed may not.
        let agent = &self.invocation.agent;
        let of_build = agent
            .build
            .as_ref()
            .and_then(|build| build.project.as_deref());
        let told = [of_build, agent.project.as_deref()];
        let is_told = !self.as_whom.is_elsewhere && told.contains(&Some(self.project()))
            // Nobody has typed what Katalon's settings say.
            || self.invocation.inputs.project.source == Source::KatalonSetting;
        problem.code == code::NO_SUCH_PROJECT && !is_told
    }

    /// Where people look at a run, if the service did not say.
    pub(super) fn url_of_run(&self, project: &str, id: TestRunId) -> String {
        let mut url = self.client.collection().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend([project, "_testManagement", "runs"]);
        }
        url.query_pairs_mut().append_pair("runId", &id.to_string());
        url.to_string()
    }
}
