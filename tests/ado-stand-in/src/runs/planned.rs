//! Planned runs: what they may be made of, and the results that the service makes with them (contract §1.4).

use crate::errors::{Handled, Refusal};
use crate::planning::{Plan, Point};
use crate::settings::Project;
use crate::state::State;
use crate::text;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The points of a run to be made, as they were sent; nothing in them for a run without plan.
pub(super) fn check(
    state: &State,
    project: &Project,
    fields: &Map<String, Value>,
) -> Handled<Vec<u64>> {
    let ids = |name: &str| {
        let ids = fields.get(name).and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(Value::as_u64)
    };
    for id in ids("configurationIds") {
        if !state.has_configuration(project, id) {
            return Err(Refusal::not_found(format!(
                "Test configuration {id} not found."
            )));
        }
    }
    let Some(plan) = fields.get("plan") else {
        return Ok(Vec::new());
    };
    let text = plan["id"].as_str().unwrap_or_default();
    let id = text
        .parse()
        .map_err(|_| Refusal::not_found(format!("Test plan {text} not found.")))?;
    let plan = state.plan(project, id)?;
    if !plan.is_active() {
        return Err(Refusal::rule(format!(
            "Test plan {id} is not active; no test run can be created for it."
        )));
    }
    let points: Vec<u64> = ids("pointIds").collect();
    if state
        .settings
        .plans
        .most_points
        .is_some_and(|most| points.len() > most)
    {
        return Err(Refusal::argument(format!(
            "A test run cannot be created with {} test points.",
            points.len()
        )));
    }
    for id in &points {
        let point = state.point(plan, *id)?;
        if !point.active && state.settings.plans.inactive_points_refused {
            return Err(Refusal::rule(format!("Test point {id} is not active.")));
        }
        let automated = fields.get("automated") == Some(&json!(true));
        if let (true, Some(message)) = (automated, &state.settings.plans.automation_mismatch) {
            let case = state.holdings.work_items.get(&point.case);
            if !case.is_some_and(|case| case.is_automated()) {
                return Err(Refusal::rule(message));
            }
        }
    }
    Ok(points)
}

/// Makes the results of a new planned run: one for each point, and two for a point that was named twice. No order is
/// promised, so they come in another one than that of the points.
pub(super) fn make_results(state: &mut State, run: u64, points: &[u64]) {
    let now = text::written(state.now());
    let mut seen = HashSet::new();
    let skipped = state.settings.plans.points_without_result.clone();
    for id in points.iter().rev().filter(|id| !skipped.contains(id)) {
        if !seen.insert(id) {
            state
                .mistakes
                .push(format!("run {run}: test point {id} was named twice"));
        }
        let fields = state.holdings.points.get(id).map(|point| {
            let mut fields = waiting_result(state, point);
            fields.insert("createdDate".into(), now.as_str().into());
            fields.insert("lastUpdatedDate".into(), now.as_str().into());
            fields
        });
        if let (Some(fields), Some(run)) = (fields, state.runs.get_mut(&run)) {
            let result = run.new_result(fields);
            let run = run.id;
            state.executed(run, &[result]);
        }
    }
}

/// A result that waits for its outcome.
fn waiting_result(state: &State, point: &Point) -> Map<String, Value> {
    let holdings = &state.holdings;
    let reference = |id: u64, name: Option<&String>| json!({ "id": id.to_string(), "name": name });
    let plan = holdings.plan_of(point.suite);
    let suite = holdings.suites.get(&point.suite);
    let case = holdings.work_items.get(&point.case);
    let configuration = holdings.configurations.get(&point.configuration);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.into(), value);
    put("state", "Pending".into());
    put("outcome", "Unspecified".into());
    put("testPoint", json!({ "id": point.id.to_string() }));
    put(
        "testCase",
        reference(point.case, case.map(|case| &case.title)),
    );
    put(
        "testPlan",
        reference(plan.map_or(0, |plan| plan.id), plan.map(|plan| &plan.name)),
    );
    put(
        "testSuite",
        reference(point.suite, suite.map(|suite| &suite.name)),
    );
    put(
        "configuration",
        reference(point.configuration, configuration.map(|one| &one.name)),
    );
    if let Some(case) = case {
        put("testCaseTitle", text::cut(&case.title, 256).into());
        put("testCaseRevision", case.revision.into());
    }
    if let Some(tester) = &point.tester {
        put("owner", state.person(tester));
    }
    fields
}

impl State {
    /// The point with that id, if it is one of the plan's.
    pub(crate) fn point(&self, plan: &Plan, id: u64) -> Handled<&Point> {
        let holdings = &self.holdings;
        let point = holdings.points.get(&id).filter(|point| {
            let own = holdings.plan_of(point.suite);
            holdings.shows(point) && own.is_some_and(|own| own.id == plan.id)
        });
        point.ok_or_else(|| Refusal::not_found(format!("Test point {id} not found.")))
    }

    pub(crate) fn has_configuration(&self, project: &Project, id: u64) -> bool {
        let configuration = self.holdings.configurations.get(&id);
        configuration.is_some_and(|one| one.project.eq_ignore_ascii_case(&project.name))
    }

    /// Notes that these results of a run were written, for the points that they belong to. Outcomes that were set by
    /// hand go to the other suites where the plan says so; automated ones do not (contract §1.4).
    pub(crate) fn executed(&mut self, run: u64, results: &[u64]) {
        let Some(run) = self.runs.get(&run) else {
            return;
        };
        let automated = run.fields.get("isAutomated") == Some(&json!(true));
        for id in results {
            let Some(result) = run.results.get(id) else {
                continue;
            };
            let Some(point) = point_of(&result.fields) else {
                continue;
            };
            let newest =
                result.text("state") == "Completed" && !self.settings.plans.newest_run_decides;
            self.holdings.executed(point, run.id, *id, newest);
            if !automated {
                for other in self.holdings.twins(point) {
                    self.holdings.executed(other, run.id, *id, newest);
                }
            }
        }
    }
}

/// The id of the test point that a result names.
pub(crate) fn point_of(result: &Map<String, Value>) -> Option<u64> {
    result.get("testPoint")?["id"].as_str()?.parse().ok()
}
