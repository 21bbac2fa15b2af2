//! What is stored, and the plain changes to it. Which changes are allowed is decided by the areas.

use crate::errors::{Handled, Refusal};
use crate::planning::Holdings;
use crate::settings::{Build, Project, Settings};
use crate::text;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The ids of results begin here in each run (contract §1.4).
pub(crate) const FIRST_RESULT: u64 = 100_000;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    /// Scheme, host and port, with a slash at the end.
    pub(crate) root: String,
    pub(crate) runs: BTreeMap<u64, Run>,
    pub(crate) attachments: BTreeMap<u64, Attachment>,
    /// Plans and what belongs to them.
    pub(crate) holdings: Holdings,
    /// What was accepted though no publisher should do it.
    pub(crate) mistakes: Vec<String>,
    last_run: u64,
    last_attachment: u64,
    last_activity: u64,
}

/// A test run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: u64,
    /// The GUID of its project.
    pub(crate) project: String,
    /// By the names that a run has when it is read.
    pub(crate) fields: Map<String, Value>,
    pub(crate) results: BTreeMap<u64, TestResult>,
    pub(crate) last_result: u64,
    pub(crate) revision: u64,
}

/// A result of a run.
#[derive(Debug, Clone)]
pub(crate) struct TestResult {
    pub(crate) id: u64,
    /// As they were sent, but for the sub-results.
    pub(crate) fields: Map<String, Value>,
    /// As they were sent, with an `id` for each, nested ones too.
    pub(crate) sub_results: Vec<Value>,
    pub(crate) revision: u64,
}

/// An attachment of a run, a result, a sub-result or an iteration.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) run: u64,
    pub(crate) result: Option<u64>,
    pub(crate) sub_result: Option<u64>,
    pub(crate) iteration: Option<u64>,
    pub(crate) file_name: String,
    pub(crate) comment: String,
    pub(crate) kind: String,
    pub(crate) created: String,
    pub(crate) bytes: Bytes,
}

impl State {
    pub(crate) fn new(settings: Settings, root: String) -> State {
        State {
            settings,
            root,
            runs: BTreeMap::new(),
            attachments: BTreeMap::new(),
            holdings: Holdings::default(),
            mistakes: Vec::new(),
            last_run: 0,
            last_attachment: 0,
            last_activity: 0,
        }
    }

    pub(crate) fn collection_segments(&self) -> Vec<&str> {
        let collection = self.settings.collection.split('/');
        collection.filter(|segment| !segment.is_empty()).collect()
    }

    pub(crate) fn collection_url(&self) -> String {
        let mut url = self.root.clone();
        for segment in self.collection_segments() {
            url.push_str(&text::percent_encoded(segment));
            url.push('/');
        }
        url
    }

    /// The time by the service's clock.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.settings.clock_ahead)
    }

    /// A new activity id, as each answer carries one.
    pub(crate) fn activity(&mut self) -> String {
        self.last_activity += 1;
        format!("ac71717e-0000-4000-8000-{:012x}", self.last_activity)
    }

    /// The project with that name or GUID. One that may not be seen is answered as one that is not there.
    pub(crate) fn project(&self, name_or_id: &str) -> Handled<&Project> {
        let mut projects = self
            .settings
            .projects
            .iter()
            .filter(|project| !project.hidden);
        let is = |text: &str| {
            text.eq_ignore_ascii_case(name_or_id)
                || text.to_lowercase() == name_or_id.to_lowercase()
        };
        if let Some(project) = projects.find(|project| is(&project.name) || is(&project.id)) {
            return Ok(project);
        }
        let guid = name_or_id.len() == 36
            && name_or_id
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
        Err(if guid {
            Refusal::new(
                404,
                "ProjectDoesNotExistException",
                format!(
                    "VS800075: The project with id 'vstfs:///Classification/TeamProject/{name_or_id}' does not exist, or you do not have permission to access it."
                ),
            )
        } else {
            Refusal::new(
                404,
                "ProjectDoesNotExistWithNameException",
                format!(
                    "TF200016: The following project does not exist: {name_or_id}. Verify that the name of the project is correct and that the project exists on the specified Azure DevOps Server."
                ),
            )
        })
    }

    pub(crate) fn build(&self, project: &Project, id: u64) -> Option<&Build> {
        let builds = &self.settings.builds;
        builds
            .iter()
            .find(|build| build.id == id && build.project.eq_ignore_ascii_case(&project.name))
    }

    pub(crate) fn allowed(&self, permission: &str) -> Handled<()> {
        let denied = &self.settings.denied;
        if denied
            .iter()
            .any(|denied| denied.eq_ignore_ascii_case(permission))
        {
            return Err(Refusal::forbidden(&self.settings.identity, permission));
        }
        Ok(())
    }

    pub(crate) fn run(&self, project: &str, id: u64) -> Handled<&Run> {
        let run = self.runs.get(&id).filter(|run| run.project == project);
        run.ok_or_else(|| run_not_found(id))
    }

    pub(crate) fn run_mut(&mut self, project: &str, id: u64) -> Handled<&mut Run> {
        let run = self.runs.get_mut(&id).filter(|run| run.project == project);
        run.ok_or_else(|| run_not_found(id))
    }

    /// Stores a run and gives it its id.
    pub(crate) fn new_run(&mut self, project: &str, fields: Map<String, Value>) -> u64 {
        self.last_run += 1;
        let now = text::written(self.now());
        let mut run = Run {
            id: self.last_run,
            project: project.into(),
            fields,
            results: BTreeMap::new(),
            last_result: FIRST_RESULT - 1,
            revision: 1,
        };
        for name in ["createdDate", "lastUpdatedDate"] {
            run.fields.entry(name).or_insert_with(|| now.clone().into());
        }
        self.runs.insert(run.id, run);
        self.last_run
    }

    pub(crate) fn add_attachment(&mut self, mut attachment: Attachment) -> u64 {
        self.last_attachment += 1;
        attachment.created = text::written(self.now());
        self.attachments.insert(self.last_attachment, attachment);
        self.last_attachment
    }

    pub(crate) fn add_run(&mut self, run: &Value) -> u64 {
        let mut fields = run.as_object().cloned().unwrap_or_default();
        let results = fields.remove("results");
        let wanted = fields.remove("project");
        let wanted = wanted.as_ref().and_then(Value::as_str);
        let projects = &self.settings.projects;
        let project = projects
            .iter()
            .find(|project| Some(project.name.as_str()) == wanted);
        let project = project
            .or(projects.first())
            .map(|project| project.id.clone());
        for (name, value) in [
            ("name", json!("A run of somebody else")),
            ("isAutomated", json!(true)),
            ("state", json!("InProgress")),
        ] {
            fields.entry(name).or_insert(value);
        }
        let id = self.new_run(&project.unwrap_or_default(), fields);
        for result in results
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.add_result(id, result);
        }
        id
    }

    pub(crate) fn add_result(&mut self, run: u64, result: &Value) -> Option<u64> {
        let fields = result.as_object().cloned().unwrap_or_default();
        let id = self.runs.get_mut(&run)?.new_result(fields);
        self.executed(run, &[id]);
        Some(id)
    }

    pub(crate) fn edit_run(&mut self, id: u64, fields: &Value) -> bool {
        let Some(run) = self.runs.get_mut(&id) else {
            return false;
        };
        for (name, value) in fields.as_object().into_iter().flatten() {
            if value.is_null() {
                run.fields.remove(name);
            } else {
                run.fields.insert(name.clone(), value.clone());
            }
        }
        true
    }

    pub(crate) fn delete_run(&mut self, id: u64) -> bool {
        self.attachments
            .retain(|_, attachment| attachment.run != id);
        self.runs.remove(&id).is_some()
    }
}

fn run_not_found(id: u64) -> Refusal {
    Refusal::not_found(format!(
        "Test run {id} cannot be found. It may have been deleted."
    ))
}

impl Run {
    /// The text in a field; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Stores a result and gives ids to it and to its sub-results.
    pub(crate) fn new_result(&mut self, mut fields: Map<String, Value>) -> u64 {
        self.last_result += 1;
        let sub_results = fields.remove("subResults");
        let mut result = TestResult {
            id: self.last_result,
            fields,
            sub_results: Vec::new(),
            revision: 1,
        };
        result.append(sub_results);
        self.results.insert(result.id, result);
        self.last_result
    }

    pub(crate) fn result(&self, id: u64) -> Handled<&TestResult> {
        self.results.get(&id).ok_or_else(|| self.no_result(id))
    }

    pub(crate) fn no_result(&self, id: u64) -> Refusal {
        Refusal::not_found(format!(
            "Test result {id} does not exist in test run {}",
            self.id
        ))
    }

    /// Marks the run as changed.
    pub(crate) fn touch(&mut self, now: &str) {
        self.revision += 1;
        self.fields.insert("lastUpdatedDate".into(), now.into());
    }
}

impl TestResult {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Adds sub-results behind those that are there: no way of sending them replaces any (contract §2.1).
    pub(crate) fn append(&mut self, sub_results: Option<Value>) {
        let Some(Value::Array(mut added)) = sub_results else {
            return;
        };
        let mut last = count(&self.sub_results);
        give_ids(&mut added, &mut last);
        self.sub_results.extend(added);
    }

    pub(crate) fn sub_result(&self, id: u64) -> Option<&Value> {
        find(&self.sub_results, id)
    }
}

/// The sub-results of a sub-result.
pub(crate) fn nested(sub_result: &Value) -> &[Value] {
    sub_result["subResults"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// How many sub-results there are on all levels.
pub(crate) fn count(sub_results: &[Value]) -> u64 {
    sub_results
        .iter()
        .map(|sub_result| 1 + count(nested(sub_result)))
        .sum()
}

fn find(sub_results: &[Value], id: u64) -> Option<&Value> {
    sub_results.iter().find_map(|sub_result| {
        if sub_result["id"] == id {
            Some(sub_result)
        } else {
            find(nested(sub_result), id)
        }
    })
}

/// Ids are counted within their result, a parent before its children.
fn give_ids(sub_results: &mut [Value], last: &mut u64) {
    for sub_result in sub_results {
        *last += 1;
        if let Some(fields) = sub_result.as_object_mut() {
            fields.insert("id".into(), (*last).into());
            if let Some(Value::Array(children)) = fields.get_mut("subResults") {
                give_ids(children, last);
            }
        }
    }
}
