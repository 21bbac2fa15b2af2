//! Test configurations.

use super::pages::Page;
use super::plans;
use crate::answer::Answer;
use crate::collection;
use crate::errors::Handled;
use crate::routes::{Call, Resource};
use crate::state::State;
use serde_json::json;

pub(super) const LIST: Resource = Resource {
    handler: list,
    ..plans::LIST
};

fn list(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    call.request.only_parameters(&["continuationToken"])?;
    let project = call.project()?;
    let page = Page::asked(state, call.request)?;
    let configurations = state.holdings.configurations.range(page.from..);
    let configurations = configurations
        .filter(|(_, one)| one.project.eq_ignore_ascii_case(&project.name))
        .map(|(id, one)| (*id, one));
    Ok(page.answer(configurations, |one| {
        json!({
            "id": one.id,
            "name": one.name,
            "description": "",
            "isDefault": one.is_default,
            "state": if one.active { "active" } else { "inactive" },
            "values": [],
            "project": collection::reference(state, project),
        })
    }))
}
