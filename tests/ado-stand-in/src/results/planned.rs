//! Results that belong to test points, and what they refer to (contract §1.4 and §2.3).

use crate::errors::{Handled, Refusal};
use crate::runs::planned::point_of;
use crate::settings::Project;
use crate::state::{Run, State, TestResult};
use serde_json::{Map, Value};

/// Where a result belongs; the service decides it when it makes the result.
pub(super) const PLACE: [&str; 5] = [
    "testPoint",
    "testCase",
    "testPlan",
    "testSuite",
    "configuration",
];

fn id<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name)?["id"].as_str()
}

/// Refuses references to what the project does not have.
pub(super) fn check_references(
    state: &State,
    project: &Project,
    fields: &Map<String, Value>,
) -> Handled<()> {
    let holdings = &state.holdings;
    let own_plan = |suite: u64| {
        let plan = holdings.plan_of(suite);
        plan.is_some_and(|plan| state.plan(project, plan.id).is_ok())
    };
    let exists = |name: &str, id: u64| match name {
        "testPoint" => {
            let point = holdings.points.get(&id);
            point.is_some_and(|point| own_plan(point.suite))
        }
        "testPlan" => state.plan(project, id).is_ok(),
        "testSuite" => own_plan(id),
        "configuration" => state.has_configuration(project, id),
        _ => {
            let item = state.work_item(Some(project), id);
            item.is_some_and(|item| item.is_test_case())
        }
    };
    for (name, what) in PLACE.into_iter().zip([
        "Test point",
        "Test case",
        "Test plan",
        "Test suite",
        "Test configuration",
    ]) {
        if let Some(text) = id(fields, name)
            && !text.parse().is_ok_and(|id| exists(name, id))
        {
            return Err(Refusal::not_found(format!("{what} {text} not found.")));
        }
    }
    let bugs = fields.get("associatedBugs").and_then(Value::as_array);
    for bug in bugs.into_iter().flatten() {
        let id = bug["id"].as_str().unwrap_or_default();
        let known = id.parse().ok().and_then(|id| state.work_item(None, id));
        if known.is_none() {
            return Err(Refusal::not_found(format!(
                "TF401232: Work item {id} does not exist, or you do not have permissions to read it."
            )));
        }
    }
    Ok(())
}

/// Refuses a new result that does not belong in its run. One in a planned run names its point, its test case and the
/// revision of that; a point needs a run of its plan.
pub(super) fn check_new(
    state: &State,
    project: &Project,
    run: &Run,
    fields: &Map<String, Value>,
    at: &str,
) -> Handled<()> {
    let plan = run.fields.get("plan").and_then(|plan| plan["id"].as_str());
    let Some(plan) = plan else {
        if fields.contains_key("testPoint") {
            return Err(Refusal::rule(format!(
                "{at}: a test point needs a test run with a test plan."
            )));
        }
        return Ok(());
    };
    for name in ["testPoint", "testCase", "testCaseRevision"] {
        if !fields.contains_key(name) {
            return Err(Refusal::property(format!(
                "{at}: a test result of a test plan needs '{name}'."
            )));
        }
    }
    if let (Ok(plan), Some(point)) = (plan.parse(), point_of(fields)) {
        state.point(state.plan(project, plan)?, point)?;
    }
    Ok(())
}

/// Refuses a change that would move a result to another place.
pub(super) fn check_changed(
    result: &TestResult,
    fields: &Map<String, Value>,
    at: &str,
) -> Handled<()> {
    for name in PLACE {
        if let Some(after) = id(fields, name)
            && id(&result.fields, name) != Some(after)
        {
            return Err(Refusal::rule(format!(
                "{at}: '{name}' of a test result cannot be changed."
            )));
        }
    }
    Ok(())
}

/// How the service has been seen to answer a change of a result that it does not find (contract §1.4).
pub(super) fn null() -> Refusal {
    Refusal::new(
        500,
        "ArgumentNullException",
        "Value cannot be null.\r\nParameter name: result",
    )
}
