//! `POST test/points`: the points of test cases, in all plans of the project (contract §5).

use crate::answer::Answer;
use crate::errors::{Handled, Refusal};
use crate::planning::Point;
use crate::routes::{self, Call, Resource};
use crate::settings::Project;
use crate::shape::{self, ANY, IDENTITY, Kind, Shape};
use crate::state::State;
use crate::text;
use crate::version::Release;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

pub(crate) const POINTS_QUERY: Resource = Resource {
    methods: &["POST"],
    release: Release::From((7, 0), 2),
    handler: query,
    in_project: true,
    large_body: false,
};

/// Most points in a page, whatever `$top` says.
const MOST: usize = 200;

static FILTER: Shape = &[
    ("testcaseIds", Kind::Wholes),
    ("configurationNames", Kind::Texts),
    ("testers", Kind::List(&IDENTITY)),
];
static QUERY: Shape = &[
    ("pointsFilter", Kind::Object(&FILTER)),
    ("orderBy", Kind::Text(ANY)),
    ("witFields", Kind::Texts),
];

fn query(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    call.request.only_parameters(&["$skip", "$top"])?;
    let project = call.project()?;
    let body = call.json()?;
    let fields = shape::object(QUERY, body, "", state.settings.hosted)?;
    let Some(filter) = fields.get("pointsFilter") else {
        return Err(Refusal::property("'pointsFilter' is required."));
    };
    let cases: Vec<u64> = whole_numbers(&filter["testcaseIds"]);
    if cases.len() > state.settings.plans.most_case_ids {
        return Err(Refusal::argument(format!(
            "A query of test points can hold {} test case ids at most.",
            state.settings.plans.most_case_ids
        )));
    }
    let configurations = texts(&filter["configurationNames"]);
    let testers: HashSet<&str> = filter["testers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tester| tester["displayName"].as_str())
        .collect();
    if cases.is_empty() && configurations.is_empty() && testers.is_empty() {
        return Err(Refusal::property("'pointsFilter' filters nothing."));
    }
    let holdings = &state.holdings;
    let points: BTreeMap<u64, &Point> = if cases.is_empty() {
        let points = holdings.points.values();
        points.map(|point| (point.id, point)).collect()
    } else {
        let points = cases.iter().flat_map(|case| holdings.points_of_case(*case));
        points.map(|point| (point.id, point)).collect()
    };
    let named = |point: &Point| {
        let configuration = holdings.configurations.get(&point.configuration);
        configurations.is_empty()
            || configuration.is_some_and(|one| configurations.contains(one.name.as_str()))
    };
    let given = |point: &Point| {
        let tester = point.tester.as_deref();
        testers.is_empty() || tester.is_some_and(|tester| testers.contains(tester))
    };
    let here = |point: &Point| {
        let plan = holdings.plan_of(point.suite);
        plan.is_some_and(|plan| !plan.hidden && plan.project.eq_ignore_ascii_case(&project.name))
    };
    let points: Vec<&Point> = points
        .into_values()
        .filter(|point| holdings.shows(point) && here(point) && named(point) && given(point))
        .collect();
    let page = routes::paged(state, call.request, points, MOST)?;
    let views = page.into_iter().map(|point| view(state, project, point));
    Ok(Answer::json(
        200,
        &json!({ "points": views.collect::<Vec<Value>>(), "pointsFilter": filter }),
    ))
}

fn whole_numbers(value: &Value) -> Vec<u64> {
    let values = value.as_array().into_iter().flatten();
    values.filter_map(Value::as_u64).collect()
}

fn texts(value: &Value) -> HashSet<&str> {
    let values = value.as_array().into_iter().flatten();
    values.filter_map(Value::as_str).collect()
}

/// A point as this area shows it: ids in references are text, and plan and suite may stand in the address alone.
fn view(state: &State, project: &Project, point: &Point) -> Value {
    let holdings = &state.holdings;
    let suite = holdings.suites.get(&point.suite);
    let plan = holdings.plan_of(point.suite);
    let project_url = format!(
        "{}{}/_apis",
        state.collection_url(),
        text::percent_encoded(&project.name)
    );
    let configuration = holdings.configurations.get(&point.configuration);
    let case = holdings.work_items.get(&point.case);
    let standing = state.standing(point);
    let mut view = json!({
        "id": point.id,
        "url": format!(
            "{project_url}/test/Plans/{}/Suites/{}/Points/{}",
            plan.map_or(0, |plan| plan.id), point.suite, point.id
        ),
        "automated": case.is_some_and(|case| case.is_automated()),
        "configuration": {
            "id": point.configuration.to_string(),
            "name": configuration.map(|configuration| &configuration.name),
        },
        "outcome": standing.outcome,
        "state": standing.state(),
        "lastResultState": standing.result_state(),
        "testCase": {
            "id": point.case.to_string(),
            "name": case.map(|case| &case.title),
            "url": format!("{project_url}/wit/workItems/{}", point.case),
        },
        "lastUpdatedBy": state.identity_view(),
    });
    if let Some(tester) = &point.tester {
        view["assignedTo"] = state.person(tester);
    }
    if let Some((run, result)) = standing.last {
        view["lastTestRun"] = json!({ "id": run.id.to_string() });
        view["lastResult"] = json!({ "id": result.id.to_string() });
    }
    if state.settings.plans.points_name_plan {
        let plan = plan.map(|plan| json!({ "id": plan.id.to_string(), "name": plan.name }));
        view["testPlan"] = plan.unwrap_or_default();
        let name = suite.map(|suite| &suite.name);
        view["suite"] = json!({ "id": point.suite.to_string(), "name": name });
    }
    view
}
