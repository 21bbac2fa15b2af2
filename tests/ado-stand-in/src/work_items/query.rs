//! `POST wit/wiql`: work items by a query in WIQL (contract §5).

use super::{url, wiql};
use crate::answer::Answer;
use crate::errors::{Handled, Refusal};
use crate::planning::WorkItem;
use crate::routes::Call;
use crate::shape::{self, ANY, Kind, Shape};
use crate::state::State;
use crate::text;
use serde_json::{Value, json};

/// Most work items that a query may find (contract §5).
const MOST: usize = 20_000;

static BODY: Shape = &[("query", Kind::Name(ANY))];

pub(super) fn query(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("View work items in this node")?;
    call.request.only_parameters(&["$top", "timePrecision"])?;
    let body = call.json()?;
    let fields = shape::object(BODY, body, "", state.settings.hosted)?;
    let text = fields.get("query").and_then(Value::as_str);
    let text = text.ok_or_else(|| Refusal::property("'query' is required."))?;
    let project = call.project.as_ref();
    let query = wiql::Query::read(text, project.map(|project| project.name.as_str()))?;
    let items = state.holdings.work_items.values();
    // A query in a project goes over all of them unless it says something else.
    let mut found: Vec<&WorkItem> = items
        .filter(|item| state.sees(None, item) && query.matches(item))
        .collect();
    query.sort(&mut found);
    let top = call
        .request
        .number("$top")?
        .map_or(usize::MAX, |top| top as usize);
    if found.len().min(top) > MOST {
        return Err(Refusal::new(
            400,
            "WorkItemTrackingQueryResultSizeLimitExceededException",
            format!(
                "VS402337: The number of work items returned exceeds the size limit of {MOST}. Change the query to return fewer items."
            ),
        ));
    }
    let found = found.into_iter().take(top);
    let columns = query
        .columns
        .iter()
        .map(|name| json!({ "referenceName": name }));
    Ok(Answer::json(
        200,
        &json!({
            "queryType": "flat",
            "queryResultType": "workItem",
            "asOf": text::written(state.now()),
            "columns": columns.collect::<Vec<Value>>(),
            "workItems": found
                .map(|item| json!({ "id": item.id, "url": url(state, item.id) }))
                .collect::<Vec<Value>>(),
        }),
    ))
}
