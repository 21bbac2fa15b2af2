//! Test runs: creating, reading, finding, changing, deleting (contract §1 and §4).

mod finding;
pub(crate) mod planned;
mod shapes;

use crate::answer::Answer;
use crate::collection;
use crate::errors::{Handled, Refusal};
use crate::routes::{self, Call, Resource};
use crate::settings::Project;
use crate::shape;
use crate::state::State;
use crate::text;
use crate::version::Release;
use serde_json::{Map, Value, json};

pub(crate) const LIST: Resource = Resource {
    methods: &["GET", "POST"],
    release: Release::Always,
    handler: runs,
    in_project: true,
    large_body: false,
};
pub(crate) const ONE: Resource = Resource {
    methods: &["GET", "PATCH", "DELETE"],
    handler: run,
    ..LIST
};
pub(crate) const STATISTICS: Resource = Resource {
    methods: &["GET"],
    handler: statistics,
    ..LIST
};

fn runs(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    if call.method == "POST" {
        return create(state, call);
    }
    state.allowed("View test runs")?;
    let project = call.project()?;
    let request = call.request;
    if request.parameter("minLastUpdatedDate").is_some()
        || request.parameter("maxLastUpdatedDate").is_some()
    {
        return finding::query(state, request, project);
    }
    finding::list(state, request, project)
}

fn create(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("Create test runs")?;
    call.request.only_parameters(&[])?;
    let project = call.project()?;
    let body = call.json()?;
    let fields = shape::object(shapes::CREATE, body, "", state.settings.hosted)?.clone();
    // Not in the description of version 5 (contract §1.1); the service would ignore them in silence.
    for name in ["pipelineReference", "tags"] {
        if call.agreed.version < (6, 0) && fields.contains_key(name) {
            return Err(Refusal::property(format!(
                "Unknown field '{name}' in version {}.",
                call.agreed.text
            )));
        }
    }
    if !fields.contains_key("name") {
        return Err(Refusal::property("A test run needs a name."));
    }
    shape::in_order(&fields, "startDate", "completeDate", "")?;
    if !fields.contains_key("plan") && fields.get("automated") != Some(&json!(true)) {
        return Err(Refusal::rule(
            "A test run that is not automated needs a test plan.",
        ));
    }
    if fields.contains_key("pointIds") && !fields.contains_key("plan") {
        return Err(Refusal::rule("Test points need a test plan."));
    }
    if fields.contains_key("runSummary") && fields.get("type") != Some(&json!("NoConfigRun")) {
        return Err(Refusal::rule(
            "A run summary belongs to runs of type NoConfigRun only.",
        ));
    }
    let points = planned::check(state, project, &fields)?;
    if let Some(owner) = fields.get("owner") {
        collection::known_identity(state, owner, "owner")?;
    }
    check_tags(&fields)?;
    check_custom_fields(&fields)?;
    check_build(state, project, &fields)?;
    check_release(&fields)?;

    let id = state.new_run(&project.id, stored(state, fields));
    planned::make_results(state, id, &points);
    let run = &state.runs[&id];
    let mut view = state.run_view(run, true);
    // As stored, so that a publisher sees at once what became of it (contract §1.2).
    view["comment"] = run.text("comment").into();
    Ok(Answer::json(200, &view))
}

/// The fields by the names they have when the run is read.
fn stored(state: &State, mut fields: Map<String, Value>) -> Map<String, Value> {
    for (sent, read) in [
        ("automated", "isAutomated"),
        ("startDate", "startedDate"),
        ("completeDate", "completedDate"),
        ("customTestFields", "customFields"),
        ("releaseReference", "release"),
    ] {
        if let Some(value) = fields.remove(sent) {
            fields.insert(read.into(), value);
        }
    }
    // A planned run begins at once (contract §1.4).
    let first = if fields.contains_key("plan") {
        "InProgress"
    } else {
        "NotStarted"
    };
    let sent = fields.get("state").and_then(Value::as_str).unwrap_or(first);
    let read = state
        .settings
        .created_state
        .as_deref()
        .unwrap_or(sent)
        .to_owned();
    fields.insert("state".into(), read.into());
    if let Some(plan) = fields.get_mut("plan") {
        let id = plan["id"].as_str().and_then(|id| id.parse().ok());
        let stored = id.and_then(|id: u64| state.holdings.plans.get(&id));
        plan["name"] = stored.map(|plan| plan.name.as_str()).into();
    }
    if let (Some(limit), Some(Value::String(comment))) =
        (state.settings.run_comment_cut, fields.get_mut("comment"))
    {
        *comment = text::cut(comment, limit).to_owned();
    }
    fields
}

fn check_tags(fields: &Map<String, Value>) -> Handled<()> {
    let tags = fields
        .get("tags")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if tags.len() > 5 {
        return Err(Refusal::rule("A test run can have 5 tags at most."));
    }
    let plain = |tag: &Value| {
        tag["name"]
            .as_str()
            .is_some_and(|name| name.chars().all(char::is_alphanumeric))
    };
    if tags.iter().all(plain) {
        Ok(())
    } else {
        Err(Refusal::property("A tag is made of letters and digits."))
    }
}

/// Only the field that Microsoft's own agent sends is known to work (contract §1.1).
fn check_custom_fields(fields: &Map<String, Value>) -> Handled<()> {
    let sent = fields.get("customTestFields").and_then(Value::as_array);
    for field in sent.into_iter().flatten() {
        if field["fieldName"] != "TestRunSystem" || !field["value"].is_string() {
            return Err(Refusal::property(format!("Unknown custom field {field}.")));
        }
    }
    Ok(())
}

fn check_build(state: &State, project: &Project, fields: &Map<String, Value>) -> Handled<()> {
    let id = match fields.get("build") {
        None => None,
        Some(build) => {
            let text = build["id"].as_str().unwrap_or_default();
            let id = text
                .parse()
                .map_err(|_| Refusal::property(format!("'build.id' is no build: '{text}'.")))?;
            if state.build(project, id).is_none() {
                return Err(Refusal::not_found(format!("Build {id} cannot be found.")));
            }
            Some(id)
        }
    };
    let same = |given: &Value| given.as_u64().is_some() && given.as_u64() == id;
    if let Some(given) = fields
        .get("buildReference")
        .and_then(|reference| reference.get("id"))
        && !same(given)
    {
        return Err(Refusal::rule(
            "BuildReference.Id should be equal to Build.Id",
        ));
    }
    let Some(pipeline) = fields.get("pipelineReference") else {
        return Ok(());
    };
    if !same(&pipeline["pipelineId"]) {
        return Err(Refusal::rule(
            "PipelineReference.PipelineId should be equal to RunCreateModel.Build.Id",
        ));
    }
    let parts = [
        ("stageReference", "stageName"),
        ("phaseReference", "phaseName"),
        ("jobReference", "jobName"),
    ];
    if !parts.iter().any(|(part, _)| pipeline.get(part).is_some()) {
        return Err(Refusal::property(
            "'pipelineReference' names no stage, phase or job.",
        ));
    }
    for (part, name) in parts {
        if pipeline
            .get(part)
            .is_some_and(|part| part.get(name).is_none())
        {
            return Err(Refusal::property(format!(
                "'pipelineReference.{part}' names nothing."
            )));
        }
    }
    Ok(())
}

fn check_release(fields: &Map<String, Value>) -> Handled<()> {
    for (field, start) in [
        ("releaseUri", "vstfs:///ReleaseManagement/Release/"),
        (
            "releaseEnvironmentUri",
            "vstfs:///ReleaseManagement/Environment/",
        ),
    ] {
        if let Some(uri) = fields.get(field).and_then(Value::as_str)
            && !uri.starts_with(start)
        {
            return Err(Refusal::property(format!(
                "'{field}' is not a uri of the kind '{start}N'."
            )));
        }
    }
    if fields.contains_key("releaseUri") != fields.contains_key("releaseEnvironmentUri") {
        return Err(Refusal::rule(
            "A release and its environment are named together.",
        ));
    }
    Ok(())
}

fn run(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    let project = &call.project()?.id;
    let id = routes::number(call.parts[2]);
    match call.method {
        "PATCH" => update(state, call, project, id),
        "DELETE" => {
            state.allowed("Delete test runs")?;
            state.run(project, id)?;
            state.delete_run(id);
            Ok(Answer::text(200, "application/json; charset=utf-8", ""))
        }
        _ => {
            state.allowed("View test runs")?;
            call.request.only_parameters(&["includeDetails"])?;
            let run = state.run(project, id)?;
            Ok(Answer::json(200, &state.run_view(run, true)))
        }
    }
}

fn update(state: &mut State, call: &Call<'_>, project: &str, id: u64) -> Handled<Answer> {
    state.allowed("Create test runs")?;
    call.request.only_parameters(&[])?;
    let body = call.json()?;
    let mut fields = shape::object(shapes::UPDATE, body, "", state.settings.hosted)?.clone();
    check_tags(&fields)?;
    check_build(state, call.project()?, &fields)?;
    check_release(&fields)?;
    let now = text::written(state.now());
    let run = state.run_mut(project, id)?;
    // Whether an aborted run can be opened again is unknown (contract §11.7), so nobody may rely on it.
    let state_after = fields
        .get("state")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if run.text("state") == "Aborted"
        && state_after
            .as_deref()
            .is_some_and(|after| after != "Aborted")
    {
        return Err(Refusal::rule(format!(
            "Test run {id} was aborted and cannot be changed to another state."
        )));
    }
    let mut after = run.fields.clone();
    after.extend(fields.clone());
    shape::in_order(&after, "startedDate", "completedDate", "")?;
    if fields.remove("deleteInProgressResults") == Some(json!(true)) {
        run.results
            .retain(|_, result| result.text("state") == "Completed");
    }
    if state_after.as_deref() == Some("InProgress") {
        run.fields.remove("completedDate");
    }
    run.fields.extend(fields);
    run.touch(&now);
    let run = state.run(project, id)?;
    Ok(Answer::json(200, &state.run_view(run, true)))
}

fn statistics(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("View test runs")?;
    call.request.only_parameters(&[])?;
    let run = state.run(&call.project()?.id, routes::number(call.parts[2]))?;
    Ok(Answer::json(
        200,
        &json!({ "run": state.run_reference(run), "runStatistics": state.run_statistics(run) }),
    ))
}
