//! How the log begins: who runs what, where, as whom.

use super::project_of_runs;
use crate::agent::Agent;
use crate::azure_devops::client::Client;
use crate::azure_devops::connection::ConnectedAs;
use crate::inputs::Invocation;
use crate::pipeline::Pipeline;

/// The program, and the agent that it runs under.
pub(super) fn tell_program(agent: &Agent, pipeline: &Pipeline) {
    pipeline.line(&format!(
        "katalon-ado {} ({}-{})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    ));
    if let Some(version) = &agent.agent_version {
        let name = agent.agent_name.as_deref().unwrap_or("without a name");
        pipeline.line(&format!("Agent: {name}, version {version}"));
    }
}

pub(super) fn tell_inputs(invocation: &Invocation, pipeline: &Pipeline) {
    for (name, value, source) in invocation.inputs.not_default() {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        pipeline.line(&format!("{name} = {value} ({})", source.word()));
    }
}

pub(super) fn tell_server(
    client: &Client,
    as_whom: &ConnectedAs,
    invocation: &Invocation,
    pipeline: &Pipeline,
) {
    let kind = if as_whom.is_services {
        "Azure DevOps Services"
    } else {
        "Azure DevOps Server"
    };
    pipeline.line(&format!(
        "Server: {} ({kind}, REST API {})",
        client.collection(),
        client.version()
    ));
    pipeline.line(&format!("Identity: {}", as_whom.name));
    let project = project_of_runs(invocation, as_whom.is_elsewhere);
    pipeline.line(&format!("Project: {project}"));
    if as_whom.is_elsewhere {
        pipeline.line(&format!(
            "The service connection leads to another collection than that of this pipeline: test runs go to project '{project}' there, without build or release"
        ));
    }
    pipeline.line(
        &match (&invocation.agent.build, &invocation.agent.release) {
            (Some(build), None) => format!("Build: {} (ID {})", build.number, build.id),
            (Some(build), Some(release)) => {
                format!(
                    "Release: {}, of build {} (ID {})",
                    release.uri, build.number, build.id
                )
            }
            (None, Some(release)) => format!("Release: {}, without build", release.uri),
            (None, None) => "No build is running here".to_owned(),
        },
    );
}
