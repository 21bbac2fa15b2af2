//! The call for a project.

use super::client::{Call, Client};
use super::sent::Sent;

impl Client {
    /// Asks whether a project is there, and to be seen.
    pub async fn project(&self, project: &str) -> Sent<()> {
        self.fetch(Call::get(vec!["_apis", "projects", project]), |_| Ok(()))
            .await
    }
}
