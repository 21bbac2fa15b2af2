//! The calls for builds.

use jiff::Timestamp;

use super::BuildId;
use super::call::Call;
use super::client::Client;
use super::reading::{Page, list, number, page, text, time};
use super::sent::Sent;

/// Builds asked for at once; mostly the first one will do.
const BUILDS_PER_PAGE: usize = 20;

/// A build as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBuild {
    /// Its identity.
    pub id: BuildId,
    /// What people call it.
    pub number: String,
    /// When it began; `None` if it has not, or does not say.
    pub started: Option<Timestamp>,
    /// The name of its definition.
    pub definition: String,
}

/// A job of a build, as its timeline tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredJob {
    /// The agent that it ran on.
    pub agent: String,
    /// When it began; `None` if it has not.
    pub started: Option<Timestamp>,
    /// When it ended; `None` while it runs.
    pub finished: Option<Timestamp>,
}

impl Client {
    /// One build.
    pub async fn build(&self, project: &str, build: BuildId) -> Sent<StoredBuild> {
        let id = build.to_string();
        let call = Call::get(vec![project, "_apis", "build", "builds", &id]);
        self.fetch(call, |reply| stored_build(&reply.body)).await
    }

    /// The jobs of a build that have an agent. A build without a timeline has none.
    pub async fn jobs(&self, project: &str, build: BuildId) -> Sent<Vec<StoredJob>> {
        let id = build.to_string();
        let path = vec![project, "_apis", "build", "builds", &id, "timeline"];
        self.fetch(Call::get(path), |reply| {
            let records = reply.body["records"].as_array();
            let jobs = records
                .into_iter()
                .flatten()
                .filter(|record| record["type"] == "Job");
            Ok(jobs
                .map(|job| StoredJob {
                    agent: text(job, "workerName"),
                    started: time(job, "startTime"),
                    finished: time(job, "finishTime"),
                })
                .filter(|job| !job.agent.is_empty())
                .collect())
        })
        .await
    }

    /// The builds of a definition, and of a branch if one is given, the one that was queued last
    /// first; `next` goes on with the list.
    pub async fn newest_builds(
        &self,
        project: &str,
        definition: &str,
        branch: Option<&str>,
        next: Option<&str>,
    ) -> Sent<Page<StoredBuild>> {
        let mut call = Call::get(vec![project, "_apis", "build", "builds"])
            .with("definitions", definition)
            .with("queryOrder", "queueTimeDescending")
            .with("$top", BUILDS_PER_PAGE)
            .going_on_with(next);
        if let Some(branch) = branch {
            call = call.with("branchName", branch);
        }
        self.fetch(call, |reply| page(&reply, stored_build)).await
    }

    /// The builds with a number; of one definition, if its id is given.
    pub async fn builds_with_number(
        &self,
        project: &str,
        number: &str,
        definition: Option<&str>,
    ) -> Sent<Vec<StoredBuild>> {
        // More than a few of one number are told as "several" all the same.
        let mut call = Call::get(vec![project, "_apis", "build", "builds"])
            .with("buildNumber", number)
            .with("$top", 20);
        if let Some(definition) = definition {
            call = call.with("definitions", definition);
        }
        self.fetch(call, |reply| {
            list(&reply)?.iter().map(stored_build).collect()
        })
        .await
    }
}

fn stored_build(item: &serde_json::Value) -> Result<StoredBuild, String> {
    Ok(StoredBuild {
        id: BuildId(number(item, "id")?),
        number: text(item, "buildNumber"),
        started: time(item, "startTime"),
        definition: text(&item["definition"], "name"),
    })
}
