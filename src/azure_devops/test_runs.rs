//! The calls for test runs, results and attachments: path, body, answer.
//!
//! Answers are read leniently: servers send ids as numbers or strings, leave fields out, and spell
//! words in either case.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::call::Call;
use super::client::{Client, Writer};
use super::reading::{list, number, text};
use super::sent::Sent;
use super::stored::{
    AddedResult, RunsPage, StoredAttachment, StoredResult, StoredRun, stored_result, stored_run,
    sub_results,
};
use super::upload::{Encoded, FileTrouble, Part};
use super::version::{ApiVersion, KNOWS_PIPELINE_REFERENCE, Resource};
use super::{
    BuildId, Content, NewAttachment, NewTestResult, NewTestRun, PipelineReference, RunState,
    SubResultId, TestPointId, TestResultId, TestRunId,
};
use crate::secrets::Clean;

/// Runs asked for at once. The service's own maximum is not documented; a page of fewer ends the list.
pub const RUNS_PER_PAGE: usize = 100;

/// Attachments are a preview on servers before 2022.
const ATTACHMENTS: Resource = Resource::PreviewBelow(ApiVersion { major: 7, minor: 0 });

/// What an attachment hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The run.
    Run,
    /// A result.
    Result(TestResultId),
    /// A sub-result. The Tests tab hides attachments of a result that has sub-results.
    SubResult(TestResultId, SubResultId),
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With all its results; the message counts those that were refused.
    Completed {
        /// When the last test ended.
        completed: Option<Timestamp>,
        /// Counts refused results; empty if there are none.
        error_message: Clean,
    },
    /// Given up, and why.
    Aborted {
        /// Shown on the run.
        reason: Clean,
    },
}

impl Client {
    /// The runs of a build with their comments, from position `skip` on.
    pub async fn runs_of_build(
        &self,
        project: &str,
        build: BuildId,
        skip: usize,
    ) -> Sent<RunsPage> {
        let call = Call::get(vec![project, "_apis", "test", "runs"])
            .with("buildUri", build.uri())
            // Without it the comment, and with it our marker, is left out.
            .with("includeRunDetails", true)
            .with("$skip", skip)
            .with("$top", RUNS_PER_PAGE);
        self.fetch(call, |reply| {
            let runs = list(&reply)?
                .iter()
                .map(stored_run)
                .collect::<Result<Vec<_>, _>>()?;
            let is_last = runs.len() < RUNS_PER_PAGE;
            Ok(RunsPage {
                runs,
                is_last,
                next: None,
                now: reply.date.unwrap_or_else(Timestamp::now),
            })
        })
        .await
    }

    /// One run.
    pub async fn run(&self, project: &str, run: TestRunId) -> Sent<StoredRun> {
        let id = run.to_string();
        self.fetch(
            Call::get(vec![project, "_apis", "test", "runs", &id]),
            |reply| stored_run(&reply.body),
        )
        .await
    }

    /// One run, and the build that it belongs to.
    pub async fn run_with_build(
        &self,
        project: &str,
        run: TestRunId,
    ) -> Sent<(StoredRun, Option<BuildId>)> {
        let id = run.to_string();
        let call = Call::get(vec![project, "_apis", "test", "runs", &id]);
        self.fetch(call, |reply| {
            let build = number(&reply.body["build"], "id").ok().map(BuildId);
            Ok((stored_run(&reply.body)?, build))
        })
        .await
    }

    /// Results of a run from position `skip` on; an empty page ends the list.
    pub async fn results(
        &self,
        project: &str,
        run: TestRunId,
        skip: usize,
        with_sub_results: bool,
    ) -> Sent<Vec<StoredResult>> {
        let id = run.to_string();
        // More than 200 at once are given only without details.
        let (details, top) = if with_sub_results {
            ("subResults", 200)
        } else {
            ("none", 1_000)
        };
        let call = Call::get(vec![project, "_apis", "test", "Runs", &id, "results"])
            .with("detailsToInclude", details)
            .with("$skip", skip)
            .with("$top", top);
        self.fetch(call, |reply| {
            list(&reply)?.iter().map(stored_result).collect()
        })
        .await
    }

    /// What is attached somewhere.
    pub async fn attachments(
        &self,
        project: &str,
        run: TestRunId,
        place: Place,
    ) -> Sent<Vec<StoredAttachment>> {
        let ids = PlaceIds::of(run, place);
        let call = ids.on(Call::get(ids.path(project))).of(ATTACHMENTS);
        self.fetch(call, |reply| {
            Ok(list(&reply)?
                .iter()
                .map(|item| StoredAttachment {
                    name: text(item, "fileName"),
                    comment: text(item, "comment"),
                })
                .collect())
        })
        .await
    }
}

impl Writer<'_> {
    /// Makes a run; a planned one with a result for each of these points. Its reply is read as far
    /// as it says something.
    pub async fn create(
        &self,
        project: &str,
        run: &NewTestRun,
        points: &[TestPointId],
    ) -> Sent<StoredRun> {
        let call = Call::write(Method::POST, vec![project, "_apis", "test", "runs"]);
        self.json(call, &create_body(run, points, self.version()), |reply| {
            stored_run(&reply.body)
        })
        .await
    }

    /// Adds results to a run. The answer is in the order of the request.
    pub async fn add_results(
        &self,
        project: &str,
        run: TestRunId,
        results: &[Cow<'_, NewTestResult>],
    ) -> Sent<Vec<AddedResult>> {
        /// Without `state` a result stays pending, whatever its outcome says.
        #[derive(Serialize)]
        struct Finished<'a> {
            state: &'static str,
            #[serde(flatten)]
            result: &'a NewTestResult,
        }
        let id = run.to_string();
        let call = Call::write(
            Method::POST,
            vec![project, "_apis", "test", "Runs", &id, "results"],
        );
        let body: Vec<_> = results
            .iter()
            .map(|result| Finished {
                state: "Completed",
                result,
            })
            .collect();
        let expected = results.len();
        self.json(call, &body, |reply| {
            let added: Vec<AddedResult> = list(&reply)?
                .iter()
                .map(|item| {
                    Ok(AddedResult {
                        id: TestResultId(number(item, "id")?),
                        sub_results: sub_results(item),
                    })
                })
                .collect::<Result<_, String>>()?;
            // A closed run has been seen to answer with nothing, or with ids of -1.
            if added.len() == expected {
                Ok(added)
            } else {
                Err(format!(
                    "the answer names {} results and not {expected}",
                    added.len()
                ))
            }
        })
        .await
    }

    /// Attaches a file.
    pub async fn attach(
        &self,
        project: &str,
        run: TestRunId,
        place: Place,
        attachment: &NewAttachment,
    ) -> Sent<()> {
        let ids = PlaceIds::of(run, place);
        let call = ids
            .on(Call::write(Method::POST, ids.path(project)))
            .of(ATTACHMENTS);
        let parts = || {
            let head = json!({
                "fileName": attachment.name,
                "comment": attachment.fingerprint,
                "attachmentType": "GeneralAttachment",
                "stream": "",
            })
            .to_string();
            // `stream` is written last, so the bytes go between its quotes.
            let (head, tail) = split_at_stream(&head);
            let content = match &attachment.content {
                Content::Made { source, length } => {
                    let made = source.read().map_err(FileTrouble::unreadable)?;
                    Part::Encoded(Box::new(Encoded::new(made, *length, attachment)))
                }
                Content::Text(text) => {
                    use base64::Engine;
                    let encoded = base64::engine::general_purpose::STANDARD.encode(text.as_str());
                    Part::Ready(Bytes::from(encoded))
                }
            };
            Ok(vec![
                Part::Ready(Bytes::from(head)),
                content,
                Part::Ready(Bytes::from(tail)),
            ])
        };
        self.parts(call, &parts, |_| Ok(())).await
    }

    /// Ends a run; answers with the state that it came to, if the service says.
    pub async fn end(
        &self,
        project: &str,
        run: TestRunId,
        ending: &Ending,
    ) -> Sent<Option<RunState>> {
        let id = run.to_string();
        let call = Call::write(Method::PATCH, vec![project, "_apis", "test", "runs", &id]);
        let body = match ending {
            Ending::Completed {
                completed,
                error_message,
            } => {
                let mut body = json!({"state": RunState::Completed});
                if let Some(completed) = completed {
                    body["completedDate"] = json!(completed);
                }
                if !error_message.is_empty() {
                    body["errorMessage"] = json!(error_message);
                }
                body
            }
            Ending::Aborted { reason } => {
                json!({"state": RunState::Aborted, "errorMessage": reason})
            }
        };
        self.json(call, &body, |reply| {
            Ok(reply.body["state"].as_str().and_then(RunState::parse))
        })
        .await
    }
}

/// The ids of a place, as they stand in a path.
struct PlaceIds {
    run: String,
    result: Option<String>,
    sub_result: Option<SubResultId>,
}

impl PlaceIds {
    fn of(run: TestRunId, place: Place) -> Self {
        let (result, sub_result) = match place {
            Place::Run => (None, None),
            Place::Result(result) => (Some(result), None),
            Place::SubResult(result, sub_result) => (Some(result), Some(sub_result)),
        };
        Self {
            run: run.to_string(),
            result: result.map(|id| id.to_string()),
            sub_result,
        }
    }

    fn path<'a>(&'a self, project: &'a str) -> Vec<&'a str> {
        let mut path = vec![project, "_apis", "test", "Runs", &self.run];
        if let Some(result) = &self.result {
            path.extend(["Results", result]);
        }
        path.push("attachments");
        path
    }

    fn on<'a>(&self, call: Call<'a>) -> Call<'a> {
        match self.sub_result {
            Some(id) => call.with("testSubResultId", id),
            None => call,
        }
    }
}

fn create_body(run: &NewTestRun, points: &[TestPointId], version: ApiVersion) -> Value {
    let mut body = json!({
        "name": run.name,
        "automated": run.automated,
        "state": RunState::InProgress,
        "comment": run.comment,
    });
    if let Some(build) = run.build {
        body["build"] = json!({"id": build.to_string()});
        if let Some(reference) = &run.pipeline
            && version >= KNOWS_PIPELINE_REFERENCE
        {
            body["pipelineReference"] = pipeline_body(build, reference);
        }
        if let Some(branch) = &run.target_branch {
            body["buildReference"] = json!({"targetBranchName": branch});
        }
    }
    if let Some(plan) = run.plan {
        let points: Vec<u64> = points.iter().map(|point| point.0).collect();
        body["plan"] = json!({"id": plan.to_string()});
        body["pointIds"] = json!(points);
    }
    if let Some((release, environment)) = &run.release {
        body["releaseUri"] = json!(release);
        body["releaseEnvironmentUri"] = json!(environment);
    }
    for (field, text) in [
        ("buildPlatform", &run.platform),
        ("buildFlavor", &run.configuration),
    ] {
        if !text.is_empty() {
            body[field] = json!(text);
        }
    }
    // Here the field is `completeDate`; when a run is changed it is `completedDate`.
    for (field, time) in [("startDate", run.started), ("completeDate", run.completed)] {
        if let Some(time) = time {
            body[field] = json!(time);
        }
    }
    body
}

fn pipeline_body(build: BuildId, reference: &PipelineReference) -> Value {
    // `pipelineId` must be the id of the build.
    let mut body = json!({"pipelineId": build.0});
    if let Some((name, attempt)) = &reference.stage {
        body["stageReference"] = json!({"stageName": name, "attempt": attempt});
    }
    if let Some((name, attempt)) = &reference.phase {
        body["phaseReference"] = json!({"phaseName": name, "attempt": attempt});
    }
    if let Some((name, attempt)) = &reference.job {
        body["jobReference"] = json!({"jobName": name, "attempt": attempt});
    }
    body
}

/// Splits `{…,"stream":""}` between the quotes. serde_json's map is sorted, so `stream` is last.
fn split_at_stream(document: &str) -> (String, String) {
    let (head, tail) = document.split_at(document.len().saturating_sub(2));
    (head.to_owned(), tail.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_an_attachment_is_written_last() {
        let document =
            json!({"stream": "", "fileName": "a", "comment": "b", "attachmentType": "c"})
                .to_string();
        let (head, tail) = split_at_stream(&document);
        assert!(
            head.ends_with("\"stream\":\"") && tail == "\"}",
            "{head} {tail}"
        );
    }
}
