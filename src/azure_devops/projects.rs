//! The call for a project.

use super::client::{Call, Client};
use super::reading::text;
use super::sent::Sent;

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
        self.fetch(Call::get(vec!["_apis", "projects", project]), |reply| {
            Ok(StoredProject {
                id: text(&reply.body, "id"),
                name: text(&reply.body, "name"),
            })
        })
        .await
    }
}
