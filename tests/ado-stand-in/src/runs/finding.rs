//! Finding runs: by build or plan, and by dates (contract §4).

use crate::answer::{Answer, Request};
use crate::errors::{Handled, Refusal};
use crate::routes;
use crate::settings::Project;
use crate::state::{Run, State};
use crate::text;
use jiff::SignedDuration;
use serde_json::json;

/// The runs of a build, of a plan, or all of them.
pub(super) fn list(state: &State, request: &Request, project: &Project) -> Handled<Answer> {
    request.only_parameters(&[
        "buildUri",
        "owner",
        "planId",
        "automated",
        "includeRunDetails",
        "$skip",
        "$top",
    ])?;
    let build = match request.parameter("buildUri") {
        None => None,
        Some(uri) => {
            let id = uri
                .strip_prefix("vstfs:///Build/Build/")
                .filter(|id| id.parse::<u64>().is_ok());
            let id =
                id.ok_or_else(|| Refusal::argument(format!("'{uri}' is not the uri of a build.")))?;
            Some(id.to_owned())
        }
    };
    let plan = request.parameter("planId");
    let automated = match request.parameter("automated") {
        None => None,
        Some(_) => Some(request.flag("automated")?),
    };
    let details = request.flag("includeRunDetails")?;
    let runs: Vec<&Run> = of_project(state, project)
        .filter(|run| {
            build
                .as_ref()
                .is_none_or(|build| reference_id(run, "build") == Some(build))
        })
        .filter(|run| {
            plan.as_ref()
                .is_none_or(|plan| reference_id(run, "plan") == Some(plan))
        })
        .filter(|run| {
            automated
                .is_none_or(|automated| run.fields.get("isAutomated") == Some(&json!(automated)))
        })
        .collect();
    let page = routes::paged(state, request, runs, 1000)?;
    let views = page.into_iter().map(|run| state.run_view(run, details));
    Ok(Answer::list(views.collect()))
}

fn of_project<'a>(state: &'a State, project: &'a Project) -> impl Iterator<Item = &'a Run> {
    state.runs.values().filter(|run| run.project == project.id)
}

fn reference_id<'a>(run: &'a Run, field: &str) -> Option<&'a str> {
    run.fields.get(field)?["id"].as_str()
}

/// The other form of the list: by dates, at most a week apart, page by page with a token, and without comments
/// (contract §4).
pub(super) fn query(state: &State, request: &Request, project: &Project) -> Handled<Answer> {
    request.only_parameters(&[
        "minLastUpdatedDate",
        "maxLastUpdatedDate",
        "state",
        "planIds",
        "isAutomated",
        "buildIds",
        "buildDefIds",
        "branchName",
        "runTitle",
        "$top",
        "continuationToken",
    ])?;
    let date = |name: &str| {
        let given = request.parameter(name);
        let date = given.as_deref().and_then(text::date);
        date.ok_or_else(|| {
            Refusal::argument(format!("'{name}' is required, and is an ISO 8601 date."))
        })
    };
    let (least, most) = (date("minLastUpdatedDate")?, date("maxLastUpdatedDate")?);
    if most < least || most.duration_since(least) > SignedDuration::from_hours(7 * 24) {
        return Err(Refusal::argument(
            "minLastUpdatedDate and maxLastUpdatedDate can be 7 days apart at most.",
        ));
    }
    let ids = |name: &str| -> Handled<Option<Vec<String>>> {
        let Some(text) = request.parameter(name) else {
            return Ok(None);
        };
        let ids: Vec<String> = text.split(',').map(str::to_owned).collect();
        if ids.len() > 10 {
            return Err(Refusal::argument(format!(
                "'{name}' holds more than 10 ids."
            )));
        }
        Ok(Some(ids))
    };
    let (builds, plans, definitions) = (ids("buildIds")?, ids("planIds")?, ids("buildDefIds")?);
    let chosen = |ids: &Option<Vec<String>>, id: Option<&str>| {
        ids.as_ref()
            .is_none_or(|ids| id.is_some_and(|id| ids.iter().any(|other| other == id)))
    };
    let (title, wanted, branch) = (
        request.parameter("runTitle"),
        request.parameter("state"),
        request.parameter("branchName"),
    );
    let automated = match request.parameter("isAutomated") {
        None => None,
        Some(_) => Some(request.flag("isAutomated")?),
    };
    let mut views = Vec::new();
    for run in of_project(state, project) {
        let build = reference_id(run, "build");
        let build_of_run = build.and_then(|id| state.build(project, id.parse().ok()?));
        let definition = build_of_run.map(|build| build.definition.to_string());
        let in_time = text::date(run.text("lastUpdatedDate"))
            .is_some_and(|date| (least..=most).contains(&date));
        if in_time
            && chosen(&builds, build)
            && chosen(&plans, reference_id(run, "plan"))
            && chosen(&definitions, definition.as_deref())
            && title.as_ref().is_none_or(|title| run.text("name") == title)
            && branch
                .as_ref()
                .is_none_or(|branch| build_of_run.is_some_and(|build| &build.branch == branch))
            && wanted
                .as_ref()
                .is_none_or(|wanted| routes::is(wanted, &state.state_of(run)))
            && automated
                .is_none_or(|automated| run.fields.get("isAutomated") == Some(&json!(automated)))
        {
            views.push(state.run_view(run, false));
        }
    }
    let start = request.number("continuationToken")?.unwrap_or(0) as usize;
    let top = request.number("$top")?.unwrap_or(100) as usize;
    if top > 100 {
        return Err(Refusal::argument("$top can be 100 at most."));
    }
    let end = (start + top.min(state.settings.page_size)).min(views.len());
    let more = end < views.len();
    let page = views.drain(start.min(end)..end).collect();
    let answer = Answer::list(page);
    Ok(if more {
        answer.with_header("x-ms-continuationtoken", end.to_string())
    } else {
        answer
    })
}
