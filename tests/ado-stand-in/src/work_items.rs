//! Work items as they are read and changed (contract §5).

mod changes;
mod fields;
mod query;
mod wiql;

use crate::answer::Answer;
use crate::errors::{Handled, Refusal};
use crate::planning::WorkItem;
use crate::routes::{self, Call, Resource};
use crate::settings::Project;
use crate::shape::{self, Kind, Shape};
use crate::state::State;
use crate::version::Release;
use serde_json::{Map, Value, json};

/// Most work items in one request (contract §5).
const MOST: usize = 200;

const READ: Resource = Resource {
    methods: &["POST"],
    release: Release::Always,
    handler: read,
    in_project: false,
    large_body: false,
};
const CHANGE: Resource = Resource {
    methods: &["PATCH"],
    handler: changes::batch,
    ..READ
};
const QUERY: Resource = Resource {
    handler: query::query,
    ..READ
};

/// What answers below `wit`, which may be asked in a project and in the whole collection.
pub(crate) fn resource(rest: &[&str], in_project: bool) -> Option<Resource> {
    let resource = match rest {
        [name] if routes::is(name, "workitemsbatch") => READ,
        [name] if routes::is(name, "wiql") => QUERY,
        [name] if routes::is(name, "$batch") && !in_project => CHANGE,
        _ => return None,
    };
    Some(Resource {
        in_project,
        ..resource
    })
}

impl State {
    /// The work item with that id, if it is there for the identity, and in the project if one is given.
    pub(crate) fn work_item(&self, project: Option<&Project>, id: u64) -> Option<&WorkItem> {
        let item = self.holdings.work_items.get(&id)?;
        self.sees(project, item).then_some(item)
    }

    fn sees(&self, project: Option<&Project>, item: &WorkItem) -> bool {
        !item.deleted
            && !item.hidden
            && self.project(&item.project).is_ok()
            && project.is_none_or(|project| item.project.eq_ignore_ascii_case(&project.name))
    }
}

fn not_found(id: u64) -> Refusal {
    Refusal::new(
        404,
        "WorkItemUnauthorizedAccessException",
        format!(
            "TF401232: Work item {id} does not exist, or you do not have permissions to read it."
        ),
    )
}

static BATCH: Shape = &[
    ("ids", Kind::Wholes),
    ("fields", Kind::Texts),
    (
        "$expand",
        Kind::Word(
            &["none", "relations", "fields", "links", "all"],
            "WorkItemExpand",
        ),
    ),
    (
        "errorPolicy",
        Kind::Word(&["fail", "omit"], "WorkItemErrorPolicy"),
    ),
];

/// `POST wit/workitemsbatch`: work items by id, in the order of the ids.
fn read(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("View work items in this node")?;
    call.request.only_parameters(&[])?;
    let body = call.json()?;
    let asked = shape::object(BATCH, body, "", state.settings.hosted)?;
    let ids = asked.get("ids").and_then(Value::as_array);
    let ids: Vec<u64> = ids
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .collect();
    if ids.is_empty() {
        return Err(Refusal::argument("'ids' names no work item."));
    }
    if ids.len() > MOST {
        return Err(Refusal::argument(format!(
            "{} work items were requested, which exceeds the limit of {MOST}.",
            ids.len()
        )));
    }
    let names = match asked.get("fields").and_then(Value::as_array) {
        None => None,
        Some(_) if asked.get("$expand").is_some_and(|word| word != "none") => {
            return Err(Refusal::new(
                400,
                "ConflictingParametersException",
                "The expand parameter can not be used with the fields parameter.",
            ));
        }
        Some(names) => {
            let names = names.iter().filter_map(Value::as_str).map(fields::known);
            Some(names.collect::<Handled<Vec<&str>>>()?)
        }
    };
    let omit = asked.get("errorPolicy") == Some(&json!("omit"));
    let mut views = Vec::with_capacity(ids.len());
    for id in ids {
        match state.work_item(call.project.as_ref(), id) {
            Some(item) => views.push(view(state, item, names.as_deref())),
            None if omit => views.push(Value::Null),
            None => return Err(not_found(id)),
        }
    }
    Ok(Answer::list(views))
}

/// A work item with these fields, or with all that are not empty.
fn view(state: &State, item: &WorkItem, names: Option<&[&str]>) -> Value {
    let mut fields = Map::new();
    for name in names.unwrap_or(&fields::ALL) {
        if let Some(value) = item.value(name) {
            fields.insert((*name).to_owned(), value);
        }
    }
    json!({
        "id": item.id,
        "rev": item.revision,
        "fields": fields,
        "url": url(state, item.id),
    })
}

fn url(state: &State, id: u64) -> String {
    format!("{}_apis/wit/workItems/{id}", state.collection_url())
}
