//! What decides how reports become runs, from inputs and from what the agent tells.

use jiff::Timestamp;

use super::build::TargetBuild;
use super::context::Local;
use crate::agent::{self, Attempted};
use crate::azure_devops::{
    MESSAGE_LIMIT_SERVER, MESSAGE_LIMIT_SERVICES, NAME_LIMIT, PipelineReference,
};
use crate::files::Wanted;
use crate::mapping::Settings;
use crate::publish::marker::Owner;

/// Where the runs go.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// The build that they belong to.
    pub(super) build: Option<&'a TargetBuild>,
    /// Azure DevOps Services, and no server.
    pub(super) is_services: bool,
    /// Another collection than that of the pipeline, which knows nothing of its release.
    pub(super) is_elsewhere: bool,
}

pub(super) fn settings<'a>(local: Local<'a>, target: Target<'_>) -> Settings<'a> {
    let Target {
        build,
        is_services,
        is_elsewhere,
    } = target;
    let (agent, inputs) = (&local.invocation.agent, &local.invocation.inputs);
    let secrets = local.secrets;
    let name = |text: &str| secrets.clean(text).one_line().as_name(NAME_LIMIT);
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
    let release = agent.release.as_ref().filter(|_| !is_elsewhere);
    let release = release.and_then(|release| {
        let environment = release.environment_uri.as_ref()?;
        Some((secrets.clean(&release.uri), secrets.clean(environment)))
    });
    Settings {
        secrets,
        owner: Owner::new(agent::owner(
            agent,
            build.and_then(|build| u32::try_from(build.id.0).ok()),
            &local.invocation.search_folder,
        )),
        build: build.map(|build| build.id),
        pipeline: pipeline.filter(|pipeline| *pipeline != PipelineReference::default()),
        target_branch: agent
            .pull_request_target_branch
            .as_ref()
            .map(|branch| secrets.clean(branch)),
        release,
        release_environment: agent.release_environment().map(str::to_owned),
        platform: inputs.build_platform.value.as_deref().map(name),
        configuration: inputs
            .build_configuration
            .value
            .as_deref()
            .map(name)
            .unwrap_or_default(),
        statuses: &inputs.status_mapping.value,
        wanted: Wanted::of(inputs),
        message_limit: if is_services {
            MESSAGE_LIMIT_SERVICES
        } else {
            MESSAGE_LIMIT_SERVER
        },
        // Reports carry this machine's clock, so the future begins there.
        now: Timestamp::now(),
    }
}
