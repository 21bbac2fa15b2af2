//! The older addresses below `test`, which the pick lists of a task's form still ask (contract §1.3 and §9.2).

use super::{plans, suites};
use crate::answer::Answer;
use crate::errors::Handled;
use crate::planning::{Configuration, Plan};
use crate::routes::{self, Call, Resource};
use crate::state::State;
use crate::version::Release;
use serde_json::json;

/// They are described up to version 5 and may be gone in any later one.
const PLANS: Resource = Resource {
    release: Release::Until((5, 1)),
    handler: list_plans,
    ..plans::LIST
};
const CONFIGURATIONS: Resource = Resource {
    handler: list_configurations,
    ..PLANS
};
const SUITES: Resource = Resource {
    handler: list_suites,
    ..PLANS
};

/// What answers below `test` besides runs and points.
pub(super) fn resource(rest: &[&str]) -> Option<Resource> {
    let is = routes::is;
    match rest {
        [name] if is(name, "plans") => Some(PLANS),
        [name] if is(name, "configurations") => Some(CONFIGURATIONS),
        [name, plan, what] if is(name, "plans") && routes::numeric(plan) && is(what, "suites") => {
            Some(SUITES)
        }
        _ => None,
    }
}

fn list_plans(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    let request = call.request;
    request.only_parameters(&["filterActivePlans", "$skip", "$top"])?;
    let project = call.project()?;
    let only_active = request.flag("filterActivePlans")?;
    let plans = state.holdings.plans.values();
    let plans: Vec<&Plan> = plans
        .filter(|plan| state.plan(project, plan.id).is_ok())
        .filter(|plan| !only_active || plan.is_active())
        .collect();
    let page = routes::paged(state, request, plans, 1000)?.into_iter();
    Ok(Answer::list(
        page.map(|plan| plans::view(state, project, plan, false))
            .collect(),
    ))
}

fn list_configurations(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    call.request.only_parameters(&["$skip", "$top"])?;
    let project = call.project()?;
    let configurations = state.holdings.configurations.values();
    let configurations: Vec<&Configuration> = configurations
        .filter(|one| state.has_configuration(project, one.id))
        .collect();
    let page = routes::paged(state, call.request, configurations, 1000)?.into_iter();
    let views =
        page.map(|one| json!({ "id": one.id, "name": one.name, "isDefault": one.is_default }));
    Ok(Answer::list(views.collect()))
}

fn list_suites(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    call.request
        .only_parameters(&["$asTreeView", "$skip", "$top"])?;
    let project = call.project()?;
    let plan = state.plan(project, routes::number(call.parts[2]))?;
    if call.request.flag("$asTreeView")? {
        let root = state.suite(plan, plan.root_suite())?;
        return Ok(Answer::list(vec![suites::tree(state, project, plan, root)]));
    }
    let own = state.holdings.suites.values();
    let own = own.filter(|suite| suite.plan == plan.id).collect();
    let page = routes::paged(state, call.request, own, 1000)?.into_iter();
    Ok(Answer::list(
        page.map(|suite| suites::view(state, project, plan, suite))
            .collect(),
    ))
}
