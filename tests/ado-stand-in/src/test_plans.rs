//! Test plans as they are read: plans, suites, test points, test cases, configurations (contract §5).

mod cases;
mod configurations;
mod pages;
mod pick_lists;
mod plans;
mod points;
mod query;
mod standing;
mod suites;

pub(crate) use self::query::POINTS_QUERY;

use crate::errors::{Handled, Refusal};
use crate::planning::{Plan, Suite};
use crate::routes::{self, Resource};
use crate::settings::Project;
use crate::state::State;

/// What answers below `testplan`.
pub(crate) fn resource(rest: &[&str]) -> Option<Resource> {
    let is = routes::is;
    match rest {
        [name] if is(name, "plans") => Some(plans::LIST),
        [name] if is(name, "configurations") => Some(configurations::LIST),
        [name] if is(name, "suites") => Some(suites::OF_CASE),
        [name, plan] if is(name, "plans") && routes::numeric(plan) => Some(plans::ONE),
        [name, plan, what, rest @ ..]
            if is(name, "plans") && routes::numeric(plan) && is(what, "suites") =>
        {
            match rest {
                [] => Some(suites::LIST),
                [suite] if routes::numeric(suite) => Some(suites::ONE),
                [suite, what] if routes::numeric(suite) && is(what, "TestPoint") => {
                    Some(points::LIST)
                }
                [suite, what] if routes::numeric(suite) && is(what, "TestCase") => {
                    Some(cases::LIST)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// What answers below `test` and is about plans.
pub(crate) fn resource_of_test(rest: &[&str]) -> Option<Resource> {
    match rest {
        [name] if routes::is(name, "points") => Some(POINTS_QUERY),
        _ => pick_lists::resource(rest),
    }
}

impl State {
    /// Whether the identity may read test plans at all.
    pub(crate) fn may_read_plans(&self) -> Handled<()> {
        if !self.settings.plans.licensed {
            return Err(Refusal::new(
                403,
                "UnauthorizedRequestException",
                "TF400409: You do not have licensing rights to access this feature: Web Test Management",
            ));
        }
        self.allowed("View work items in this node")
    }

    /// The plan with that id, if the project has it and the identity may see it.
    pub(crate) fn plan(&self, project: &Project, id: u64) -> Handled<&Plan> {
        let plan = self.holdings.plans.get(&id);
        plan.filter(|plan| !plan.hidden && plan.project.eq_ignore_ascii_case(&project.name))
            .ok_or_else(|| Refusal::not_found(format!("Test plan {id} not found.")))
    }

    /// The suite with that id, if it is one of the plan's.
    pub(crate) fn suite(&self, plan: &Plan, id: u64) -> Handled<&Suite> {
        let suite = self.holdings.suites.get(&id);
        suite
            .filter(|suite| suite.plan == plan.id)
            .ok_or_else(|| Refusal::not_found(format!("Test suite {id} not found.")))
    }
}
