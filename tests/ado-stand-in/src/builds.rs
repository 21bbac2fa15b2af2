//! Builds and their timelines, as far as a publisher reads them (contract §5).

use crate::answer::Answer;
use crate::collection;
use crate::errors::{Handled, Refusal};
use crate::routes::{self, Call, Resource};
use crate::settings::{Build, Project};
use crate::state::State;
use crate::version::Release;
use serde_json::{Value, json};

const LIST: Resource = Resource {
    methods: &["GET"],
    release: Release::Always,
    handler: list,
    in_project: true,
    large_body: false,
};
const ONE: Resource = Resource {
    handler: one,
    ..LIST
};
const TIMELINE: Resource = Resource {
    handler: timeline,
    ..LIST
};

/// The words of the swagger for `queryOrder`.
const ORDERS: [&str; 6] = [
    "finishTimeAscending",
    "finishTimeDescending",
    "queueTimeAscending",
    "queueTimeDescending",
    "startTimeAscending",
    "startTimeDescending",
];

pub(crate) fn resource(rest: &[&str]) -> Option<Resource> {
    match rest {
        [name] if routes::is(name, "builds") => Some(LIST),
        [name, _] if routes::is(name, "builds") => Some(ONE),
        [name, _, what] if routes::is(name, "builds") && routes::is(what, "timeline") => {
            Some(TIMELINE)
        }
        _ => None,
    }
}

fn found<'a>(state: &'a State, call: &Call<'_>) -> Handled<&'a Build> {
    state.allowed("View builds")?;
    let id = call.parts.get(2).copied().unwrap_or_default();
    let build = id
        .parse()
        .ok()
        .and_then(|id| state.build(call.project.as_ref()?, id));
    build.ok_or_else(|| {
        Refusal::new(
            404,
            "BuildNotFoundException",
            format!("The requested build {id} could not be found."),
        )
    })
}

fn one(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    call.request.only_parameters(&["propertyFilters"])?;
    let build = found(state, call)?;
    Ok(Answer::json(200, &view(state, call.project()?, build)))
}

fn list(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("View builds")?;
    let request = call.request;
    request.only_parameters(&[
        "definitions",
        "buildNumber",
        "branchName",
        "buildIds",
        "$top",
        "continuationToken",
        "queryOrder",
    ])?;
    let project = call.project()?;
    let ids = |name: &str| {
        request
            .parameter(name)
            .map(|ids| ids.split(',').map(str::to_owned).collect::<Vec<_>>())
    };
    let definitions = ids("definitions");
    let build_ids = ids("buildIds");
    let number = request.parameter("buildNumber");
    let branch = request.parameter("branchName");
    let is_in = |ids: &Option<Vec<String>>, id: u64| {
        ids.as_ref().is_none_or(|ids| ids.contains(&id.to_string()))
    };
    let mut builds: Vec<&Build> = state
        .settings
        .builds
        .iter()
        .filter(|build| build.project.eq_ignore_ascii_case(&project.name))
        .filter(|build| is_in(&definitions, build.definition) && is_in(&build_ids, build.id))
        .filter(|build| number.as_ref().is_none_or(|number| &build.number == number))
        .filter(|build| branch.as_ref().is_none_or(|branch| &build.branch == branch))
        .collect();
    // Newest first, unless somebody asks for another order: ids go up with every time.
    builds.sort_by_key(|build| std::cmp::Reverse(build.id));
    let order = request.parameter("queryOrder");
    match order.as_deref() {
        None => {}
        Some(order) if !ORDERS.iter().any(|known| routes::is(order, known)) => {
            return Err(Refusal::argument(format!(
                "Unknown value '{order}' of queryOrder."
            )));
        }
        Some(order) if order.to_ascii_lowercase().ends_with("ascending") => builds.reverse(),
        Some(_) => {}
    }
    let start = request.number("continuationToken")?.unwrap_or(0) as usize;
    let top = request.number("$top")?.unwrap_or(1000) as usize;
    let end = (start + top.min(state.settings.page_size)).min(builds.len());
    let page = builds.get(start..end).unwrap_or_default();
    let answer = Answer::list(
        page.iter()
            .map(|build| view(state, project, build))
            .collect(),
    );
    Ok(if end < builds.len() {
        answer.with_header("x-ms-continuationtoken", end.to_string())
    } else {
        answer
    })
}

fn timeline(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    call.request.only_parameters(&["changeId", "planId"])?;
    let build = found(state, call)?;
    let records: Vec<Value> = build
        .timeline
        .iter()
        .enumerate()
        .map(|(index, record)| {
            json!({
                "id": format!("71e11e00-0000-4000-8000-{:012}", index + 1),
                "parentId": null,
                "type": record.kind,
                "name": record.name,
                "workerName": record.worker_name,
                "startTime": record.start_time,
                "finishTime": record.finish_time,
                "state": if record.finish_time.is_some() { "completed" } else { "inProgress" },
                "attempt": 1,
                "order": index + 1,
            })
        })
        .collect();
    Ok(Answer::json(
        200,
        &json!({ "records": records, "lastChangedBy": collection::IDENTITY, "id": "71e11e00-0000-4000-8000-000000000000", "changeId": 1, "url": "" }),
    ))
}

fn view(state: &State, project: &Project, build: &Build) -> Value {
    let project_url = format!("{}{}/_apis/build", state.collection_url(), project.id);
    let mut view = json!({
        "id": build.id,
        "buildNumber": build.number,
        "status": "inProgress",
        "uri": format!("vstfs:///Build/Build/{}", build.id),
        "url": format!("{project_url}/Builds/{}", build.id),
        "definition": { "id": build.definition, "name": build.definition_name },
        "project": collection::reference(state, project),
        "sourceBranch": build.branch,
        "queueTime": "2026-11-25T07:59:30Z",
    });
    if let Some(start) = &build.start_time {
        view["startTime"] = start.as_str().into();
    }
    view
}
