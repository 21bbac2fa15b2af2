//! Runs and results as they are read.

mod whole;

use crate::answer::Request;
use crate::collection;
use crate::errors::{Handled, Refusal};
use crate::state::{Run, State, TestResult};
use crate::text;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The date that stands where there is none (contract §10.3).
const NO_DATE: &str = "0001-01-01T00:00:00";

/// Which details of a result were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Details {
    pub(crate) iterations: bool,
    pub(crate) work_items: bool,
    pub(crate) sub_results: bool,
    pub(crate) point: bool,
}

impl Details {
    const ALL: Details = Details {
        iterations: true,
        work_items: true,
        sub_results: true,
        point: true,
    };

    pub(crate) fn asked(request: &Request) -> Handled<Details> {
        let mut details = Details::default();
        let Some(words) = request.parameter("detailsToInclude") else {
            return Ok(details);
        };
        for word in words.split(',') {
            match word.trim().to_ascii_lowercase().as_str() {
                "none" => (),
                "iterations" => details.iterations = true,
                "workitems" => details.work_items = true,
                "subresults" => details.sub_results = true,
                "point" => details.point = true,
                other => {
                    return Err(Refusal::argument(format!(
                        "Unknown value '{other}' of detailsToInclude."
                    )));
                }
            }
        }
        Ok(details)
    }
}

/// How many results of a run ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) total: usize,
    pub(crate) incomplete: usize,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) not_applicable: usize,
}

impl Run {
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts {
            total: self.results.len(),
            ..Counts::default()
        };
        for result in self.results.values() {
            // Without that state a result waits for ever, whatever its outcome (contract §2.3).
            if result.text("state") != "Completed" {
                counts.incomplete += 1;
            } else if result.text("outcome") == "Passed" {
                counts.passed += 1;
            } else if result.failed() {
                counts.failed += 1;
            } else if result.text("outcome") == "NotApplicable" {
                counts.not_applicable += 1;
            }
        }
        counts
    }
}

impl TestResult {
    pub(crate) fn failed(&self) -> bool {
        matches!(
            self.text("outcome"),
            "Failed" | "Error" | "Timeout" | "Aborted"
        )
    }
}

impl State {
    /// The state that a run is read in: a completed run with a failure needs investigation (contract §0).
    pub(crate) fn state_of(&self, run: &Run) -> String {
        match run.text("state") {
            "Completed" if run.counts().failed > 0 => "NeedsInvestigation".into(),
            other => other.into(),
        }
    }

    fn project_view(&self, run: &Run) -> Value {
        let mut projects = self.settings.projects.iter();
        let project = projects.find(|project| project.id == run.project);
        project.map_or(Value::Null, |project| collection::reference(self, project))
    }

    fn project_name(&self, run: &Run) -> String {
        let mut projects = self.settings.projects.iter();
        let project = projects.find(|project| project.id == run.project);
        text::percent_encoded(project.map_or("", |project| &project.name))
    }

    fn run_url(&self, run: &Run) -> String {
        format!(
            "{}{}/_apis/test/Runs/{}",
            self.collection_url(),
            self.project_name(run),
            run.id
        )
    }

    pub(crate) fn run_reference(&self, run: &Run) -> Value {
        json!({ "id": run.id.to_string(), "name": run.text("name"), "url": self.run_url(run) })
    }

    /// A run as it is read; lists hold the details only on demand (contract §4).
    pub(crate) fn run_view(&self, run: &Run, details: bool) -> Value {
        let counts = if self.settings.counters_lag {
            Counts::default()
        } else {
            run.counts()
        };
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| view.insert(name.into(), value);
        put("id", run.id.into());
        put("name", run.text("name").into());
        put("url", self.run_url(run).into());
        put(
            "isAutomated",
            run.fields
                .get("isAutomated")
                .cloned()
                .unwrap_or(json!(false)),
        );
        put("owner", self.identity_view());
        put("project", self.project_view(run));
        put("state", self.state_of(run).into());
        put("totalTests", counts.total.into());
        put("incompleteTests", counts.incomplete.into());
        put("notApplicableTests", counts.not_applicable.into());
        put("passedTests", counts.passed.into());
        put("unanalyzedTests", counts.failed.into());
        put("revision", run.revision.into());
        let page = format!(
            "{}{}/_TestManagement/Runs?runId={}",
            self.collection_url(),
            self.project_name(run),
            run.id
        );
        put("webAccessUrl", page.into());
        for name in [
            "startedDate",
            "completedDate",
            "createdDate",
            "lastUpdatedDate",
        ] {
            if let Some(date) = run.fields.get(name) {
                put(name, date.clone());
            }
        }
        if let Some(build) = run.fields.get("build") {
            put("build", self.build_view(build));
        }
        if let Some(plan) = run.fields.get("plan") {
            put("plan", plan.clone());
        }
        if !details {
            return view.into();
        }
        for name in [
            "errorMessage",
            "pipelineReference",
            "release",
            "releaseUri",
            "releaseEnvironmentUri",
            "customFields",
            "substate",
            "iteration",
            "controller",
            "dueDate",
        ] {
            if let Some(value) = run.fields.get(name) {
                put(name, value.clone());
            }
        }
        if run.fields.contains_key("comment") {
            put("comment", text::html(run.text("comment")).into());
        }
        if let Some(configuration) = self.build_configuration(run) {
            put("buildConfiguration", configuration);
        }
        put("lastUpdatedBy", self.identity_view());
        let post_process = if self.settings.counters_lag {
            "InProgress"
        } else {
            "Complete"
        };
        put("postProcessState", post_process.into());
        put("runStatistics", self.run_statistics(run));
        view.into()
    }

    pub(crate) fn identity_view(&self) -> Value {
        json!({ "id": collection::IDENTITY, "displayName": self.settings.identity, "uniqueName": self.settings.identity })
    }

    /// Somebody who is known by name only.
    pub(crate) fn person(&self, name: &str) -> Value {
        json!({ "displayName": name, "uniqueName": name })
    }

    fn build_view(&self, build: &Value) -> Value {
        let id = build["id"].as_str().unwrap_or_default();
        let stored = self
            .settings
            .builds
            .iter()
            .find(|build| build.id.to_string() == id);
        json!({
            "id": id,
            "name": stored.map_or("", |build| &build.number),
            "url": format!("{}_apis/build/Builds/{id}", self.collection_url()),
        })
    }

    fn build_configuration(&self, run: &Run) -> Option<Value> {
        let sent = run
            .fields
            .get("buildReference")
            .and_then(Value::as_object)
            .cloned();
        let mut configuration = sent.unwrap_or_default();
        if let Some(id) = run
            .fields
            .get("build")
            .and_then(|build| build["id"].as_str())
        {
            let build = self
                .settings
                .builds
                .iter()
                .find(|build| build.id.to_string() == id);
            configuration.insert("id".into(), id.parse::<u64>().unwrap_or_default().into());
            configuration.insert("uri".into(), format!("vstfs:///Build/Build/{id}").into());
            if let Some(build) = build {
                configuration.insert("number".into(), build.number.as_str().into());
                configuration.insert("buildDefinitionId".into(), build.definition.into());
                configuration.insert("branchName".into(), build.branch.as_str().into());
            }
        }
        for (sent, read) in [("buildPlatform", "platform"), ("buildFlavor", "flavor")] {
            if let Some(value) = run.fields.get(sent) {
                configuration.insert(read.into(), value.clone());
            }
        }
        (!configuration.is_empty()).then_some(configuration.into())
    }

    pub(crate) fn run_statistics(&self, run: &Run) -> Value {
        if self.settings.counters_lag {
            return json!([]);
        }
        let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for result in run.results.values() {
            *numbers
                .entry((result.text("state"), result.text("outcome")))
                .or_default() += 1;
        }
        let statistics = numbers.into_iter().map(|((state, outcome), count)| {
            json!({ "state": if state.is_empty() { "Pending" } else { state }, "outcome": outcome, "count": count })
        });
        statistics.collect()
    }

    /// A result as it is read.
    pub(crate) fn result_view(&self, run: &Run, result: &TestResult, details: Details) -> Value {
        let mut view = result.fields.clone();
        let iterations = view.remove("iterationDetails");
        view.insert("id".into(), result.id.into());
        view.insert("revision".into(), result.revision.into());
        view.insert("project".into(), self.project_view(run));
        view.insert("testRun".into(), self.run_reference(run));
        view.insert(
            "url".into(),
            format!("{}/Results/{}", self.run_url(run), result.id).into(),
        );
        view.insert("lastUpdatedBy".into(), self.identity_view());
        for (name, otherwise) in [
            ("state", json!("Pending")),
            ("outcome", json!("Unspecified")),
            ("priority", json!(255)),
            ("startedDate", json!(NO_DATE)),
            ("completedDate", json!(NO_DATE)),
            ("failureType", json!("None")),
            ("resultGroupType", json!("none")),
        ] {
            view.entry(name).or_insert(otherwise);
        }
        if !view.contains_key("durationInMs") {
            let duration = duration(&view);
            view.insert("durationInMs".into(), duration.into());
        }
        if let Some(build) = run.fields.get("build") {
            view.insert("build".into(), self.build_view(build));
        }
        if view.contains_key("comment") {
            view.insert("comment".into(), text::html(result.text("comment")).into());
        }
        if !details.point {
            view.remove("testPlan");
            view.remove("testSuite");
        }
        if details.iterations {
            view.insert("iterationDetails".into(), iterations.unwrap_or(json!([])));
        }
        if details.work_items {
            view.insert("associatedBugs".into(), json!([]));
        }
        if details.sub_results && !result.sub_results.is_empty() {
            view.insert("subResults".into(), result.sub_results.clone().into());
        }
        view.into()
    }
}

/// The time from start to end in milliseconds (contract §2.3); zero where one of them is unknown.
fn duration(fields: &Map<String, Value>) -> f64 {
    let date = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .and_then(text::date)
    };
    match (date("startedDate"), date("completedDate")) {
        (Some(start), Some(end)) => end.duration_since(start).as_millis() as f64,
        _ => 0.0,
    }
}
