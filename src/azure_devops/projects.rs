//! The calls for projects.

use serde_json::Value;

use super::call::Call;
use super::client::Client;
use super::reading::{list, text};
use super::sent::Sent;

/// Projects asked for at once.
const PROJECTS_PER_PAGE: usize = 1_000;

/// A project as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProject {
    /// Its GUID; empty if the answer did not hold it.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Client {
    /// A project by name or GUID, if it is there, and to be seen.
    pub async fn project(&self, project: &str) -> Sent<StoredProject> {
        let call = Call::get(vec!["_apis", "projects", project]);
        self.fetch(call, |reply| Ok(stored_project(&reply.body)))
            .await
    }

    /// The projects that can be seen, from position `skip` on; an empty page ends the list.
    pub async fn projects(&self, skip: usize) -> Sent<Vec<StoredProject>> {
        let call = Call::get(vec!["_apis", "projects"])
            .with("$skip", skip)
            .with("$top", PROJECTS_PER_PAGE);
        self.fetch(call, |reply| {
            Ok(list(&reply)?.iter().map(stored_project).collect())
        })
        .await
    }
}

fn stored_project(item: &Value) -> StoredProject {
    StoredProject {
        id: text(item, "id"),
        name: text(item, "name"),
    }
}
