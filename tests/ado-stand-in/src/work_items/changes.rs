//! `PATCH wit/$batch`: many work items changed in one request, each for itself (contract §5).

use super::{MOST, fields, not_found, view};
use crate::answer::{Answer, Request};
use crate::errors::{Handled, Refusal};
use crate::planning::WorkItem;
use crate::routes::{self, Call};
use crate::shape::{self, ANY, Kind, Shape};
use crate::state::State;
use crate::version::{self, Release};
use bytes::Bytes;
use serde_json::{Map, Value, json};

static ITEM: Shape = &[
    ("method", Kind::Word(&["PATCH"], "Method")),
    ("uri", Kind::Name(ANY)),
    ("headers", Kind::Anything),
    ("body", Kind::Anything),
];

static OPERATION: Shape = &[
    (
        "op",
        Kind::Word(&["add", "replace", "remove", "test"], "Operation"),
    ),
    ("path", Kind::Name(ANY)),
    ("value", Kind::Whatever),
];

/// Answers 200 with a code for each item; one that fails leaves the others alone.
pub(super) fn batch(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("View work items in this node")?;
    call.request.only_parameters(&[])?;
    let body = call.json()?;
    let Some(items) = body.as_array() else {
        return Err(Refusal::argument("The body must be a list of requests."));
    };
    if items.is_empty() || items.len() > MOST {
        return Err(Refusal::argument(format!(
            "A batch holds 1 to {MOST} requests, not {}.",
            items.len()
        )));
    }
    for (index, item) in items.iter().enumerate() {
        let fields = shape::object(ITEM, item, &format!("[{index}]"), state.settings.hosted)?;
        for (name, _) in ITEM {
            if !fields.contains_key(*name) {
                return Err(Refusal::property(format!(
                    "[{index}]: '{name}' is missing."
                )));
            }
        }
    }
    let replies = items.iter().map(|item| {
        let answer = match one(state, item) {
            Ok(view) => Answer::json(200, &view),
            Err(refusal) if state.settings.foreign_messages => {
                refusal.in_another_language().answer()
            }
            Err(refusal) => refusal.answer(),
        };
        json!({
            "code": answer.status,
            "headers": { "Content-Type": "application/json; charset=utf-8" },
            "body": String::from_utf8_lossy(&answer.body),
        })
    });
    let replies = replies.collect();
    Ok(Answer::list(replies))
}

/// Carries out one request of a batch.
fn one(state: &mut State, item: &Value) -> Handled<Value> {
    let id = addressed(state, item["uri"].as_str().unwrap_or_default())?;
    let headers = item["headers"].as_object();
    let declared = headers
        .into_iter()
        .flatten()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .and_then(|(_, value)| value.as_str());
    let media_type = declared.unwrap_or_default().split(';').next();
    if media_type.map(str::trim) != Some("application/json-patch+json") {
        return Err(Refusal::new(
            415,
            "UnsupportedMediaTypeException",
            "The request must be declared as application/json-patch+json.",
        ));
    }
    let Some(operations) = item["body"].as_array().filter(|list| !list.is_empty()) else {
        return Err(Refusal::property("You must pass a valid patch document."));
    };
    let found = state.work_item(None, id).ok_or_else(|| not_found(id))?;
    let mut changed = found.clone();
    for operation in operations {
        let operation = shape::object(OPERATION, operation, "", state.settings.hosted)?;
        apply(found, &mut changed, operation)?;
    }
    if found.read_only || state.allowed("Edit work items in this node").is_err() {
        return Err(Refusal::new(
            403,
            "RuleValidationException",
            "TF237111: The current user does not have permissions to save work items under the specified area path.",
        ));
    }
    // What changes nothing makes no revision.
    if changed.title != found.title || changed.fields != found.fields {
        changed.revision += 1;
    }
    let reply = view(state, &changed, None);
    state.holdings.work_items.insert(id, changed);
    Ok(reply)
}

/// The work item that a request of the batch is sent to.
fn addressed(state: &State, uri: &str) -> Handled<u64> {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let request = Request {
        method: "PATCH".into(),
        path: path.into(),
        query: query.into(),
        headers: Vec::new(),
        body: Bytes::new(),
        through_proxy: false,
    };
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let id = match segments.as_slice() {
        [apis, wit, items, id]
            if path.starts_with('/')
                && routes::is(apis, "_apis")
                && routes::is(wit, "wit")
                && routes::is(items, "workitems")
                && routes::numeric(id) =>
        {
            routes::number(id)
        }
        _ => return Err(routes::no_such_resource(&request)),
    };
    version::agreed(&request, Release::Always, &state.settings)?;
    // Not even a publisher with that permission bypasses rules (contract §5).
    request.only_parameters(&[])?;
    Ok(id)
}

/// One operation: a guard that compares the revision, or a change of a field.
fn apply(found: &WorkItem, changed: &mut WorkItem, operation: &Map<String, Value>) -> Handled<()> {
    let text = |name: &str| {
        operation
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let value = operation.get("value").unwrap_or(&Value::Null);
    let (operator, path) = (text("op"), text("path"));
    if operator == "test" {
        return match (path, value.as_u64()) {
            ("/rev", Some(revision)) if revision == found.revision => Ok(()),
            ("/rev", Some(_)) => Err(Refusal::new(
                412,
                "WorkItemRevisionMismatchException",
                "TF26071: This work item has been changed by someone else since you opened it. You will need to refresh it and discard your changes.",
            )),
            _ => Err(Refusal::property(format!("'{path}' cannot be tested."))),
        };
    }
    let Some(name) = path.strip_prefix("/fields/") else {
        return Err(Refusal::property(format!(
            "'{path}' is not the path of a field."
        )));
    };
    let value = if operator == "remove" {
        &Value::Null
    } else {
        value
    };
    let (name, text) = fields::changed(name, value, found.is_test_case())?;
    if name == "System.Title" {
        changed.title = text;
    } else if text.is_empty() {
        changed.fields.remove(name);
    } else {
        changed.fields.insert(name.into(), text.into());
    }
    Ok(())
}
