//! Making the connection, and learning who we are to the service.

use super::{NOTHING_PUBLISHED, project_of_runs};
use crate::agent::Connection;
use crate::azure_devops::client::Client;
use crate::azure_devops::connection::{self, ConnectedAs};
use crate::azure_devops::explain::{self, Asker};
use crate::azure_devops::sent::Sent;
use crate::cancel::Cancel;
use crate::exit_code::ExitCode;
use crate::inputs::Invocation;
use crate::pipeline::Pipeline;
use crate::problem::{Problem, code};
use crate::publish::{ReadFailure, Waits, read_until_answered};

/// Makes the connection and learns who answers, and who we are to it; else the exit code and why.
pub(super) async fn connect(
    invocation: &Invocation,
    connection: &Connection,
    pipeline: &Pipeline,
    waits: Waits,
    cancel: &Cancel,
) -> Result<(Client, ConnectedAs), (ExitCode, Problem)> {
    let inputs = &invocation.inputs;
    let not_published = |problem| (ExitCode::NotPublished, problem);
    let timeout = inputs.request_timeout.value.duration();
    let (client, warnings) =
        connection::client(&invocation.agent, connection, timeout).map_err(not_published)?;
    warnings.iter().for_each(|warning| pipeline.issue(warning));
    let retry_for = inputs.retry_for.value.duration();
    let asked = read_until_answered(waits, retry_for, pipeline, cancel, || client.identity()).await;
    let asker = Asker {
        identity: "",
        project: project_of_runs(invocation),
        published: NOTHING_PUBLISHED,
    };
    match asked {
        Ok(Sent::Answered(Some(as_whom))) => Ok((client, as_whom)),
        Ok(Sent::Answered(None)) => Err(not_published(Problem::error(
            code::TOKEN_REFUSED,
            format!(
                "Azure DevOps did not accept the access token for '{}': we are nobody to it",
                client.collection()
            ),
            format!("It may have expired, or belong to another organization. {NOTHING_PUBLISHED}"),
        ))),
        Ok(Sent::Refused(refusal)) => {
            Err(not_published(explain::refusal(&client, &refusal, asker)))
        }
        Ok(Sent::NotSent(trouble) | Sent::Unknown(trouble))
        | Err(ReadFailure::Trouble(trouble)) => Err(not_published(explain::trouble(
            &client,
            &trouble,
            retry_for,
            NOTHING_PUBLISHED,
        ))),
        Err(ReadFailure::Cancelled) => Err((ExitCode::Cancelled, crate::publish::cancelled())),
    }
}
