//! Suites: of a plan, as a list or as a tree, and of a test case in every plan.

use super::pages::Page;
use super::plans;
use crate::answer::Answer;
use crate::collection;
use crate::errors::{Handled, Refusal};
use crate::planning::{Plan, Suite, SuiteKind};
use crate::routes::{self, Call, Resource};
use crate::settings::Project;
use crate::state::State;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) const LIST: Resource = Resource {
    handler: list,
    ..plans::LIST
};
pub(super) const ONE: Resource = Resource {
    handler: one,
    ..plans::LIST
};
pub(super) const OF_CASE: Resource = Resource {
    handler: of_case,
    in_project: false,
    ..plans::LIST
};

fn list(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    let request = call.request;
    request.only_parameters(&["expand", "continuationToken", "asTreeView"])?;
    let project = call.project()?;
    let plan = state.plan(project, routes::number(call.parts[2]))?;
    let with_children = expand(call)?;
    if request.flag("asTreeView")? {
        let root = state.suite(plan, plan.root_suite())?;
        return Ok(Answer::list(vec![tree(state, project, plan, root)]));
    }
    let page = Page::asked(state, request)?;
    let suites = state.holdings.suites.range(page.from..);
    let suites = suites
        .filter(|(_, suite)| suite.plan == plan.id)
        .map(|(id, suite)| (*id, suite));
    Ok(page.answer(suites, |suite| {
        let mut view = view(state, project, plan, suite);
        if with_children {
            let children = state.holdings.children(suite.id);
            let children = children
                .iter()
                .map(|child| json!({ "id": child.id, "name": child.name }));
            view["children"] = children.collect();
        }
        view
    }))
}

fn one(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    call.request.only_parameters(&["expand"])?;
    let project = call.project()?;
    let plan = state.plan(project, routes::number(call.parts[2]))?;
    let suite = state.suite(plan, routes::number(call.parts[4]))?;
    expand(call)?;
    Ok(Answer::json(200, &view(state, project, plan, suite)))
}

/// Whether the children were asked for.
fn expand(call: &Call<'_>) -> Handled<bool> {
    let Some(words) = call.request.parameter("expand") else {
        return Ok(false);
    };
    let mut children = false;
    for word in words.split(',') {
        match word.trim().to_ascii_lowercase().as_str() {
            "none" | "defaulttesters" => (),
            "children" => children = true,
            other => {
                return Err(Refusal::argument(format!(
                    "Unknown value '{other}' of expand."
                )));
            }
        }
    }
    Ok(children)
}

/// The suites that hold a test case, in every plan of every project that the identity may see.
fn of_case(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    call.request.only_parameters(&["testCaseId"])?;
    let case = call.request.number("testCaseId")?;
    let case = case.ok_or_else(|| Refusal::argument("'testCaseId' is required."))?;
    let points = state.holdings.points_of_case(case);
    let suites: BTreeSet<u64> = points.map(|point| point.suite).collect();
    let mut views = Vec::new();
    for suite in suites {
        let (Some(suite), Some(plan)) = (
            state.holdings.suites.get(&suite),
            state.holdings.plan_of(suite),
        ) else {
            continue;
        };
        if let (false, Ok(project)) = (plan.hidden, state.project(&plan.project)) {
            views.push(view(state, project, plan, suite));
        }
    }
    Ok(Answer::list(views))
}

/// A suite with all that lies below it.
pub(super) fn tree(state: &State, project: &Project, plan: &Plan, suite: &Suite) -> Value {
    let mut view = view(state, project, plan, suite);
    let children = state.holdings.children(suite.id);
    if !children.is_empty() {
        let children = children.iter();
        view["children"] = children
            .map(|child| tree(state, project, plan, child))
            .collect();
    }
    view
}

pub(super) fn view(state: &State, project: &Project, plan: &Plan, suite: &Suite) -> Value {
    let mut view = json!({
        "id": suite.id,
        "name": suite.name,
        "revision": 1,
        "project": collection::reference(state, project),
        "plan": { "id": plan.id, "name": plan.name },
        "hasChildren": !state.holdings.children(suite.id).is_empty(),
        "suiteType": match suite.kind {
            SuiteKind::Static => "staticTestSuite",
            SuiteKind::Requirement(_) => "requirementTestSuite",
            SuiteKind::Query(_) => "dynamicTestSuite",
        },
        "inheritDefaultConfigurations": true,
        "lastUpdatedBy": state.identity_view(),
        "lastUpdatedDate": "2026-11-01T08:00:00Z",
        "_links": {},
    });
    match &suite.kind {
        SuiteKind::Static => (),
        SuiteKind::Requirement(id) => view["requirementId"] = (*id).into(),
        SuiteKind::Query(query) => view["queryString"] = query.as_str().into(),
    }
    if let Some(parent) = suite.parent {
        let name = state
            .holdings
            .suites
            .get(&parent)
            .map(|parent| &parent.name);
        view["parentSuite"] = json!({ "id": parent, "name": name });
    }
    view
}
