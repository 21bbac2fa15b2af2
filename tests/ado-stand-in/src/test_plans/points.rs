//! The test points of a suite.

use super::pages::{Page, flag_or_true, numbers};
use super::plans;
use super::standing::small;
use crate::answer::Answer;
use crate::collection;
use crate::errors::Handled;
use crate::planning::{Plan, Point};
use crate::routes::{self, Call, Resource};
use crate::settings::Project;
use crate::state::State;
use crate::version::Release;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

pub(super) const LIST: Resource = Resource {
    release: Release::From((7, 0), 2),
    handler: list,
    ..plans::LIST
};

fn list(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    let request = call.request;
    request.only_parameters(&[
        "testPointIds",
        "testCaseId",
        "continuationToken",
        "returnIdentityRef",
        "includePointDetails",
        "isRecursive",
    ])?;
    // Version 5 ignores these in silence (contract §5).
    let early = call.agreed.version < (6, 0);
    let recursive = request.flag("isRecursive")? && !early;
    let details = flag_or_true(request, "includePointDetails")? || early;
    request.flag("returnIdentityRef")?;
    let project = call.project()?;
    let plan = state.plan(project, routes::number(call.parts[2]))?;
    let suite = state.suite(plan, routes::number(call.parts[4]))?;
    let suites: HashSet<u64> = if recursive {
        let suites = state.holdings.with_descendants(suite.id);
        suites.into_iter().collect()
    } else {
        HashSet::from([suite.id])
    };
    let ids = numbers(request, "testPointIds")?;
    let cases = numbers(request, "testCaseId")?;
    let page = Page::asked(state, request)?;

    let chosen: Option<BTreeMap<u64, &Point>> = match (&ids, &cases) {
        (Some(ids), _) => {
            let points = ids.iter().filter_map(|id| state.holdings.points.get(id));
            Some(points.map(|point| (point.id, point)).collect())
        }
        (None, Some(cases)) => {
            let points = cases
                .iter()
                .flat_map(|case| state.holdings.points_of_case(*case));
            Some(points.map(|point| (point.id, point)).collect())
        }
        (None, None) if !recursive => {
            let points = state.holdings.points_of_suite(suite.id);
            Some(points.map(|point| (point.id, point)).collect())
        }
        (None, None) => None,
    };
    let belongs = |point: &Point| {
        state.holdings.shows(point)
            && suites.contains(&point.suite)
            && cases
                .as_ref()
                .is_none_or(|cases| cases.contains(&point.case))
    };
    let view = |point: &&Point| view(state, project, plan, point, details);
    Ok(match chosen {
        Some(points) => {
            let points = points.range(page.from..);
            let points = points.map(|(id, point)| (*id, *point));
            page.answer(points.filter(|(_, point)| belongs(point)), view)
        }
        None => {
            let points = state.holdings.points.range(page.from..);
            let points = points.map(|(id, point)| (*id, point));
            page.answer(points.filter(|(_, point)| belongs(point)), view)
        }
    })
}

fn view(state: &State, project: &Project, plan: &Plan, point: &Point, details: bool) -> Value {
    let holdings = &state.holdings;
    let case = holdings.work_items.get(&point.case);
    let configuration = holdings.configurations.get(&point.configuration);
    let mut view = json!({
        "id": point.id,
        "configuration": {
            "id": point.configuration,
            "name": configuration.map(|configuration| &configuration.name),
        },
        "testCaseReference": {
            "id": point.case,
            "name": case.map(|case| &case.title),
            "state": case.map(|case| &case.state),
        },
    });
    if !details {
        return view;
    }
    let suite = holdings.suites.get(&point.suite);
    view["testPlan"] = json!({ "id": plan.id, "name": plan.name });
    view["testSuite"] = json!({ "id": point.suite, "name": suite.map(|suite| &suite.name) });
    view["project"] = collection::reference(state, project);
    view["isActive"] = point.active.into();
    view["isAutomated"] = case.is_some_and(|case| case.is_automated()).into();
    if let Some(tester) = &point.tester {
        view["tester"] = state.person(tester);
    }
    view["results"] = results(state, project, point);
    view["lastUpdatedBy"] = state.identity_view();
    view["lastUpdatedDate"] = "2026-11-01T08:00:00Z".into();
    view["links"] = json!({});
    view
}

fn results(state: &State, project: &Project, point: &Point) -> Value {
    let standing = state.standing(point);
    let mut results = json!({
        "outcome": small(standing.outcome),
        "state": small(standing.state()),
        "lastResultState": small(standing.result_state()),
        "failureType": "none",
        "lastResolutionState": "none",
    });
    if let Some((run, result)) = standing.last {
        results["lastTestRunId"] = run.id.into();
        results["lastResultId"] = result.id.into();
        let build = run
            .fields
            .get("build")
            .and_then(|build| build["id"].as_str());
        let build = build.and_then(|id| state.build(project, id.parse().ok()?));
        if let Some(build) = build {
            results["lastRunBuildNumber"] = build.number.as_str().into();
        }
    }
    results
}
