//! Making the connection, and learning who we are to the service.

use super::{nothing_done, project_of_runs};
use crate::agent::{CollectionUrl, Connection};
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
    let connecting = Connecting {
        invocation,
        connection,
        pipeline,
        waits,
        cancel,
    };
    let (client, warnings) = connecting.client(connection)?;
    warnings.iter().for_each(|warning| pipeline.issue(warning));
    let asked = connecting.identity(&client).await;
    let at_its_address = asked.as_ref().err().is_none_or(|(_, problem)| {
        // Above what is no collection there may be one.
        problem.code != code::WRONG_ADDRESS && problem.code != code::REQUEST_REFUSED
    });
    if connection.is_typed
        && !(at_its_address && connecting.knows_projects(&client).await)
        && let Some(found) = connecting.one_level_up().await
    {
        return Ok(found);
    }
    Ok((client, asked?))
}

/// What making a connection looks at.
struct Connecting<'a> {
    invocation: &'a Invocation,
    connection: &'a Connection,
    pipeline: &'a Pipeline,
    waits: Waits,
    cancel: &'a Cancel,
}

impl Connecting<'_> {
    fn client(
        &self,
        connection: &Connection,
    ) -> Result<(Client, Vec<Problem>), (ExitCode, Problem)> {
        let timeout = self.invocation.inputs.request_timeout.value.duration();
        connection::client(&self.invocation.agent, connection, timeout)
            .map_err(|problem| (ExitCode::NotPublished, problem))
    }

    /// Who we are to the service.
    async fn identity(&self, client: &Client) -> Result<ConnectedAs, (ExitCode, Problem)> {
        let not_published = |problem| (ExitCode::NotPublished, problem);
        let retry_for = self.invocation.inputs.retry_for.value.duration();
        let asked = read_until_answered(
            self.waits,
            retry_for,
            client,
            self.pipeline,
            self.cancel,
            || client.identity(),
        )
        .await;
        let connection = self.connection;
        let asker = Asker {
            identity: "",
            project: project_of_runs(self.invocation, connection.elsewhere),
            published: nothing_done(self.invocation),
        };
        match asked {
            Ok(Sent::Answered(Some(as_whom))) => {
                // One collection may have several names; its ID is the same under each.
                let own = self.invocation.agent.collection_id.as_deref();
                let is_own =
                    own.is_some_and(|own| own.eq_ignore_ascii_case(&as_whom.collection_id));
                Ok(ConnectedAs {
                    is_elsewhere: connection.elsewhere && !is_own,
                    ..as_whom
                })
            }
            Ok(Sent::Answered(None)) => Err(not_published(explain::nobody(
                client,
                nothing_done(self.invocation),
            ))),
            Ok(Sent::Refused(refusal)) => {
                Err(not_published(explain::refusal(client, &refusal, asker)))
            }
            Ok(Sent::NotSent(trouble) | Sent::Unknown(trouble))
            | Err(ReadFailure::Trouble(trouble)) => Err(not_published(explain::trouble(
                client,
                &trouble,
                retry_for,
                nothing_done(self.invocation),
            ))),
            Err(ReadFailure::Cancelled) => Err((ExitCode::Cancelled, crate::publish::cancelled())),
        }
    }

    /// Whether projects are asked for here, be it that ours is refused: so this is a collection.
    /// Only what a person typed can be a project in one, so nothing else is asked about.
    async fn knows_projects(&self, client: &Client) -> bool {
        let connection = self.connection;
        if !connection.is_typed || connection.collection_url.parent().is_none() {
            return true;
        }
        match self.project(client).await {
            Sent::Answered(()) => true,
            Sent::Refused(refusal) => refusal.is_project_missing() || refusal.status != 404,
            // What follows meets the same trouble and tells it.
            Sent::NotSent(_) | Sent::Unknown(_) => true,
        }
    }

    /// Asks for our project; without one, as `list projects` is, for any.
    async fn project(&self, client: &Client) -> Sent<()> {
        match self.connection.project.as_str() {
            "" => client.projects(0).await.part(|_| ()),
            project => client.project(project).await.part(|_| ()),
        }
    }

    /// The collection one level up, if our project is in it: what was typed names the project, too.
    async fn one_level_up(&self) -> Option<(Client, ConnectedAs)> {
        let connection = self.connection;
        let above: CollectionUrl = connection.collection_url.parent()?;
        let shown = above.clone();
        let connection = Connection {
            collection_url: above,
            ..connection.clone()
        };
        let (client, _) = self.client(&connection).ok()?;
        let as_whom = self.identity(&client).await.ok()?;
        if !matches!(self.project(&client).await, Sent::Answered(())) {
            return None;
        }
        self.pipeline.line(&format!(
            "The address names a project; the collection is '{shown}'"
        ));
        Some((client, as_whom))
    }
}
