//! Test results: adding, changing, reading (contract §2).

mod planned;
mod shapes;

use self::shapes::{MESSAGE_ON_SERVER, MOST, OUTCOMES, RESULT, check_result};
use crate::answer::Answer;
use crate::collection;
use crate::errors::{Handled, Refusal};
use crate::routes::{self, Call, Resource};
use crate::shape;
use crate::state::{self, Run, State, TestResult};
use crate::text;
use crate::version::Release;
use crate::views::Details;
use serde_json::{Map, Value, json};

pub(crate) const LIST: Resource = Resource {
    methods: &["GET", "POST", "PATCH"],
    release: Release::Always,
    handler: results,
    in_project: true,
    large_body: false,
};
pub(crate) const ONE: Resource = Resource {
    methods: &["GET"],
    handler: one,
    ..LIST
};

fn results(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    match call.method {
        "POST" => add(state, call),
        "PATCH" => change(state, call),
        _ => list(state, call),
    }
}

/// The body as checked objects, or why one of them spoils all of them (contract §2.2).
fn checked(state: &State, call: &Call<'_>) -> Handled<Vec<Map<String, Value>>> {
    state.allowed("Create test runs")?;
    call.request.only_parameters(&[])?;
    let body = call.json()?;
    let Some(values) = body.as_array() else {
        return Err(Refusal::property(
            "The body must be a list of test results.",
        ));
    };
    if values.is_empty() {
        return Err(Refusal::property("The list of test results is empty."));
    }
    if values.len() > MOST {
        return Err(Refusal::argument(format!(
            "Maximum {MOST} test results can be processed with a single call."
        )));
    }
    let mut checked = Vec::with_capacity(values.len());
    let mut nodes = values.len();
    for (index, value) in values.iter().enumerate() {
        let at = format!("[{index}]");
        let fields = shape::object(RESULT, value, &at, state.settings.hosted)?;
        check_result(state, call.project()?, fields, &at)?;
        let title = fields.get("testCaseTitle").and_then(Value::as_str);
        if title.is_some_and(|title| state.settings.refused_titles.iter().any(|one| one == title)) {
            return Err(Refusal::rule(format!(
                "{at}: this test result cannot be kept."
            )));
        }
        stumble(state, value, &at)?;
        nodes += state::count(state::nested(value)) as usize;
        checked.push(fields.clone());
    }
    // Microsoft's own publishers differ in whether sub-results count (contract §2.2); here they do.
    if nodes > MOST {
        return Err(Refusal::argument(format!(
            "Maximum {MOST} test results and sub-results can be processed with a single call."
        )));
    }
    Ok(checked)
}

/// What the service cannot bear in a result, as a test has it.
fn stumble(state: &State, result: &Value, at: &str) -> Handled<()> {
    if holds_one_of(result, &state.settings.breaks_over) {
        return Err(Refusal::new(
            500,
            "VssServiceException",
            "TF400898: An Internal Error Occurred.",
        ));
    }
    if holds_one_of(result, &state.settings.refused_texts) {
        return Err(Refusal::rule(format!(
            "{at}: a text of this test result cannot be kept."
        )));
    }
    Ok(())
}

/// Whether one of the texts stands anywhere in the value.
fn holds_one_of(value: &Value, texts: &[String]) -> bool {
    match value {
        Value::String(value) => texts.iter().any(|text| value.contains(text)),
        Value::Array(values) => values.iter().any(|value| holds_one_of(value, texts)),
        Value::Object(fields) => fields.values().any(|value| holds_one_of(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The run of the address, if results may be written to it now.
fn open_run<'a>(state: &'a State, call: &Call<'_>) -> Handled<&'a Run> {
    let run = state.run(&call.project()?.id, routes::number(call.parts[2]))?;
    let closed = run.text("state");
    if matches!(closed, "Completed" | "Aborted" | "NeedsInvestigation") {
        return Err(Refusal::rule(format!(
            "Test results cannot be added or updated for a test run which is in {closed} state."
        )));
    }
    Ok(run)
}

fn add(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    let run = open_run(state, call)?;
    let added = checked(state, call)?;
    for (index, fields) in added.iter().enumerate() {
        if fields.contains_key("id") {
            return Err(Refusal::property(format!(
                "[{index}]: a new test result has no id yet."
            )));
        }
        if !fields.contains_key("testCaseTitle") {
            return Err(Refusal::property(format!(
                "[{index}]: a test result needs a testCaseTitle."
            )));
        }
        planned::check_new(state, call.project()?, run, fields, &format!("[{index}]"))?;
    }
    let (hosted, now) = (state.settings.hosted, text::written(state.now()));
    let run = state.run_mut(&call.project()?.id, routes::number(call.parts[2]))?;
    let mut ids = Vec::with_capacity(added.len());
    for mut fields in added {
        fields
            .entry("createdDate")
            .or_insert_with(|| now.clone().into());
        settle(&mut fields, hosted, &now);
        ids.push(run.new_result(fields));
    }
    run.touch(&now);
    let id = run.id;
    let made = run.fields.get("pointIds").and_then(Value::as_array);
    if made.is_some_and(|points| !points.is_empty()) {
        for result in &ids {
            state.mistakes.push(format!(
                "run {id}: result {result} was added to a run that was created with its points"
            ));
        }
    }
    state.executed(id, &ids);
    Ok(sparse(state, &state.runs[&id], &ids))
}

fn change(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    let run = open_run(state, call)?;
    let changes = checked(state, call)?;
    let mut ids = Vec::with_capacity(changes.len());
    for (index, fields) in changes.iter().enumerate() {
        let Some(id) = fields.get("id").and_then(Value::as_u64) else {
            return Err(Refusal::property(format!(
                "[{index}]: a change needs the id of its test result."
            )));
        };
        let result = if state.settings.plans.unknown_result_is_null {
            let result = run.results.get(&id);
            result.ok_or_else(planned::null)?
        } else {
            run.result(id)?
        };
        planned::check_changed(result, fields, &format!("[{index}]"))?;
        if ids.contains(&id) {
            return Err(Refusal::property(format!(
                "[{index}]: test result {id} is named twice."
            )));
        }
        ids.push(id);
        // What is there stays, so the two together must keep the limit and the order.
        if result.sub_results.len()
            + fields
                .get("subResults")
                .and_then(Value::as_array)
                .map_or(0, Vec::len)
            > MOST
        {
            return Err(Refusal::rule(format!(
                "[{index}]: more than {MOST} sub-results on one level."
            )));
        }
        let mut after = result.fields.clone();
        after.extend(fields.clone());
        shape::in_order(
            &after,
            "startedDate",
            "completedDate",
            &format!("[{index}]"),
        )?;
    }
    let (hosted, now) = (state.settings.hosted, text::written(state.now()));
    let replaced = state.settings.plans.iterations_replaced;
    let run = state.run_mut(&call.project()?.id, routes::number(call.parts[2]))?;
    for mut fields in changes {
        let id = fields
            .remove("id")
            .and_then(|id| id.as_u64())
            .unwrap_or_default();
        settle(&mut fields, hosted, &now);
        if let Some(result) = run.results.get_mut(&id) {
            apply(result, fields, replaced);
        }
    }
    run.touch(&now);
    let id = run.id;
    state.executed(id, &ids);
    Ok(sparse(state, &state.runs[&id], &ids))
}

/// Merges the fields; a `null` clears one, and sub-results are put behind those that are there. What becomes of
/// iterations is unproven (contract §2.1).
fn apply(result: &mut TestResult, mut fields: Map<String, Value>, iterations_replaced: bool) {
    result.append(fields.remove("subResults"));
    if !iterations_replaced
        && let Some(Value::Array(there)) = result.fields.get_mut("iterationDetails")
        && let Some(Value::Array(added)) = fields.remove("iterationDetails")
    {
        there.extend(added);
    }
    for (name, value) in fields {
        if planned::PLACE.contains(&name.as_str()) {
            // It is the same, and what is there tells more.
            continue;
        }
        if value.is_null() {
            result.fields.remove(&name);
        } else {
            result.fields.insert(name, value);
        }
    }
    result.revision += 1;
}

/// What the service does to a result before it stores it.
fn settle(fields: &mut Map<String, Value>, hosted: bool, now: &str) {
    fields.insert("lastUpdatedDate".into(), now.into());
    if !hosted {
        cut_messages(fields);
    }
}

/// A server cuts long error messages and says nothing (contract §2.3).
fn cut_messages(fields: &mut Map<String, Value>) {
    if let Some(Value::String(message)) = fields.get_mut("errorMessage") {
        *message = text::cut(message, MESSAGE_ON_SERVER).to_owned();
    }
    for name in ["subResults", "iterationDetails"] {
        for part in fields
            .get_mut(name)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Some(fields) = part.as_object_mut() {
                cut_messages(fields);
            }
        }
    }
}

/// The answer to a write holds ids and little else (contract §2.1).
fn sparse(state: &State, run: &Run, ids: &[u64]) -> Answer {
    let values = ids.iter().filter_map(|id| run.results.get(id)).map(|result| {
        let mut view = json!({
            "id": result.id,
            "project": {},
            "testRun": {},
            "lastUpdatedBy": { "id": collection::IDENTITY, "displayName": state.settings.identity },
            "url": "",
        });
        if !result.sub_results.is_empty() {
            view["subResults"] = only_ids(&result.sub_results);
        }
        view
    });
    Answer::list(values.collect())
}

fn only_ids(sub_results: &[Value]) -> Value {
    let ids = sub_results.iter().map(|sub_result| {
        let mut view = json!({ "id": sub_result["id"] });
        let nested = state::nested(sub_result);
        if !nested.is_empty() {
            view["subResults"] = only_ids(nested);
        }
        view
    });
    ids.collect()
}

fn list(state: &State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("View test runs")?;
    let request = call.request;
    request.only_parameters(&["detailsToInclude", "$skip", "$top", "outcomes"])?;
    let run = state.run(&call.project()?.id, routes::number(call.parts[2]))?;
    let details = Details::asked(request)?;
    let outcomes = request.parameter("outcomes");
    let outcomes: Option<Vec<&str>> = outcomes
        .as_deref()
        .map(|words| words.split(',').map(str::trim).collect());
    for outcome in outcomes.iter().flatten() {
        if !OUTCOMES.iter().any(|known| routes::is(known, outcome)) {
            return Err(Refusal::argument(
                "Invalid value specified\r\nParameter name: TestOutcome",
            ));
        }
    }
    let chosen = |result: &&TestResult| {
        let outcome = result.text("outcome");
        outcomes
            .as_ref()
            .is_none_or(|words| words.iter().any(|word| routes::is(word, outcome)))
    };
    let results: Vec<&TestResult> = run.results.values().filter(chosen).collect();
    let cap = if details == Details::default() {
        1000
    } else {
        200
    };
    // A run may hold 20,000 results; only those of the page are worth a view.
    let page = routes::paged(state, request, results, cap)?;
    let views = page.into_iter();
    Ok(Answer::list(
        views
            .map(|result| state.result_view(run, result, details))
            .collect(),
    ))
}

fn one(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("View test runs")?;
    call.request.only_parameters(&["detailsToInclude"])?;
    let run = state.run(&call.project()?.id, routes::number(call.parts[2]))?;
    let result = run.result(routes::number(call.parts[4]))?;
    let details = Details::asked(call.request)?;
    Ok(Answer::json(200, &state.result_view(run, result, details)))
}
