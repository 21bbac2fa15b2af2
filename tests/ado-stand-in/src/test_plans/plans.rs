//! Plans: the list and one of them.

use super::pages::Page;
use crate::answer::Answer;
use crate::collection;
use crate::errors::Handled;
use crate::planning::Plan;
use crate::routes::{self, Call, Resource};
use crate::settings::Project;
use crate::state::State;
use crate::version::Release;
use serde_json::{Value, json};

/// Before version 7 there are only previews of all that lies below `testplan` (contract §1.3).
pub(super) const LIST: Resource = Resource {
    methods: &["GET"],
    release: Release::From((7, 0), 1),
    handler: list,
    in_project: true,
    large_body: false,
};
pub(super) const ONE: Resource = Resource {
    handler: one,
    ..LIST
};

fn list(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    let request = call.request;
    request.only_parameters(&[
        "owner",
        "continuationToken",
        "includePlanDetails",
        "filterActivePlans",
    ])?;
    let project = call.project()?;
    let details = request.flag("includePlanDetails")?;
    let only_active = request.flag("filterActivePlans")?;
    let page = Page::asked(state, request)?;
    let plans = state.holdings.plans.range(page.from..);
    let plans = plans
        .filter(|(_, plan)| !plan.hidden && plan.project.eq_ignore_ascii_case(&project.name))
        .filter(|(_, plan)| !only_active || plan.is_active())
        .map(|(id, plan)| (*id, plan));
    Ok(page.answer(plans, |plan| view(state, project, plan, details)))
}

fn one(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    call.request.only_parameters(&[])?;
    let project = call.project()?;
    let plan = state.plan(project, routes::number(call.parts[2]))?;
    Ok(Answer::json(200, &view(state, project, plan, true)))
}

/// A plan; without details a list does not tell how outcomes are synchronised.
pub(super) fn view(state: &State, project: &Project, plan: &Plan, details: bool) -> Value {
    let area = if plan.area.is_empty() {
        &plan.project
    } else {
        &plan.area
    };
    let mut view = json!({
        "id": plan.id,
        "name": plan.name,
        "project": collection::reference(state, project),
        "rootSuite": { "id": plan.root_suite(), "name": plan.name },
        "areaPath": area,
        "iteration": plan.project,
        "state": plan.state,
        "revision": 1,
        "_links": {},
    });
    if details {
        view["testOutcomeSettings"] = json!({ "syncOutcomeAcrossSuites": plan.synchronised });
        view["description"] = "".into();
        view["owner"] = state.identity_view();
        view["updatedBy"] = state.identity_view();
        view["updatedDate"] = "2026-11-01T08:00:00Z".into();
    }
    view
}
