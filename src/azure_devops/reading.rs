//! Reading answers leniently: servers send ids as numbers or strings, leave fields out, and write
//! year 1 for "never".

use jiff::Timestamp;
use serde_json::Value;

use super::call::Reply;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What the next part is asked for by; `None` where the list ends.
    pub next: Option<String>,
}

/// A part of a list whose next one is asked for by a token.
pub(super) fn page<T>(
    reply: &Reply,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<Page<T>, String> {
    Ok(Page {
        items: list(reply)?.iter().map(read).collect::<Result<_, _>>()?,
        next: reply.continuation.clone(),
    })
}

/// The list of an answer.
pub(super) fn list(reply: &Reply) -> Result<&Vec<Value>, String> {
    reply.body["value"]
        .as_array()
        .ok_or_else(|| format!("an answer without a list: {}", shortened(&reply.body)))
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}

/// An id, whether sent as a number or as a string.
pub(super) fn number(item: &Value, field: &str) -> Result<u64, String> {
    match &item[field] {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .ok_or_else(|| format!("an answer without '{field}': {}", shortened(item)))
}

pub(super) fn text(item: &Value, field: &str) -> String {
    item[field].as_str().unwrap_or_default().to_owned()
}

pub(super) fn time(item: &Value, field: &str) -> Option<Timestamp> {
    let time: Timestamp = item[field].as_str()?.parse().ok()?;
    // The service writes year 1 for "never".
    (time.as_second() > 0).then_some(time)
}
