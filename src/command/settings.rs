//! What decides how reports become runs, from inputs and from what the agent tells.

use jiff::Timestamp;

use super::build::TargetBuild;
use super::context::Context;
use crate::agent::{self, Attempted};
use crate::azure_devops::{
    MESSAGE_LIMIT_SERVER, MESSAGE_LIMIT_SERVICES, NAME_LIMIT, PipelineReference,
};
use crate::files::Wanted;
use crate::mapping::Settings;
use crate::publish::marker::Owner;

impl<'a> Context<'a> {
    pub(super) fn settings(
        &self,
        wanted: Wanted<'a>,
        release_environment: Option<String>,
        build: Option<&TargetBuild>,
    ) -> Settings<'a> {
        let (agent, inputs) = (&self.invocation.agent, &self.invocation.inputs);
        let name = |text: &str| self.secrets.clean(text).one_line().as_name(NAME_LIMIT);
        let part =
            |part: &Option<Attempted>| part.as_ref().map(|part| (name(&part.name), part.attempt));
        // A classic release is linked to release and environment; its stage names no stage. And
        // another build has no job that ran these tests.
        let is_own = build.is_some_and(|build| build.is_running) && !agent.is_release();
        let pipeline = is_own.then(|| PipelineReference {
            stage: part(&agent.stage),
            phase: part(&agent.phase),
            job: part(&agent.job),
        });
        let release = agent.release.as_ref().and_then(|release| {
            let environment = release.environment_uri.as_ref()?;
            Some((
                self.secrets.clean(&release.uri),
                self.secrets.clean(environment),
            ))
        });
        let services = self.as_whom.is_services;
        Settings {
            secrets: self.secrets,
            owner: Owner::new(agent::owner(
                agent,
                build.and_then(|build| u32::try_from(build.id.0).ok()),
                &self.invocation.search_folder,
            )),
            build: build.map(|build| build.id),
            pipeline: pipeline.filter(|pipeline| *pipeline != PipelineReference::default()),
            target_branch: agent
                .pull_request_target_branch
                .as_ref()
                .map(|branch| self.secrets.clean(branch)),
            release,
            release_environment,
            platform: inputs.build_platform.value.as_deref().map(name),
            configuration: inputs
                .build_configuration
                .value
                .as_deref()
                .map(name)
                .unwrap_or_default(),
            statuses: &inputs.status_mapping.value,
            wanted,
            message_limit: if services {
                MESSAGE_LIMIT_SERVICES
            } else {
                MESSAGE_LIMIT_SERVER
            },
            // Reports carry this machine's clock, so the future begins there.
            now: Timestamp::now(),
        }
    }
}
