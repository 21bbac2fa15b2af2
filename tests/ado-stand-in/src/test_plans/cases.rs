//! The test cases of a suite, with the points that they have there.

use super::pages::{Page, flag_or_true, numbers};
use super::plans;
use crate::answer::Answer;
use crate::collection;
use crate::errors::{Handled, Refusal};
use crate::planning::{Plan, Point};
use crate::routes::{self, Call, Resource};
use crate::settings::Project;
use crate::state::State;
use crate::version::Release;
use serde_json::{Map, Value, json};

pub(super) const LIST: Resource = Resource {
    release: Release::From((7, 0), 2),
    handler: list,
    ..plans::LIST
};

/// The fields that a test case comes with where nobody names any.
const FIELDS: [&str; 7] = [
    "System.Id",
    "System.WorkItemType",
    "System.Title",
    "System.State",
    "System.Rev",
    "System.Tags",
    "Microsoft.VSTS.TCM.AutomationStatus",
];

/// A test case in a suite: its place there and its points.
struct Entry<'a> {
    suite: u64,
    case: u64,
    order: usize,
    points: Vec<&'a Point>,
}

fn list(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.may_read_plans()?;
    let request = call.request;
    request.only_parameters(&[
        "testIds",
        "configurationIds",
        "witFields",
        "continuationToken",
        "returnIdentityRef",
        "expand",
        "excludeFlags",
        "isRecursive",
    ])?;
    // Version 6 ignores it in silence (contract §5).
    let recursive = request.flag("isRecursive")? && call.agreed.version >= (7, 0);
    // Version 5 knows no other form than the whole one.
    let early = call.agreed.version < (6, 0);
    let expanded = flag_or_true(request, "expand")? || early;
    let excluded = if early { 0 } else { excluded(call)? };
    request.flag("returnIdentityRef")?;
    let project = call.project()?;
    let plan = state.plan(project, routes::number(call.parts[2]))?;
    let suite = state.suite(plan, routes::number(call.parts[4]))?;
    let suites = if recursive {
        state.holdings.with_descendants(suite.id)
    } else {
        vec![suite.id]
    };
    let cases = numbers(request, "testIds")?;
    let configurations = numbers(request, "configurationIds")?.unwrap_or_default();
    let names = request.parameter("witFields");
    let names: Vec<&str> = match &names {
        Some(names) => names.split(',').map(str::trim).collect(),
        None => FIELDS.to_vec(),
    };
    let page = Page::asked(state, request)?;
    // The position is the key: one test case may stand in several suites.
    let places = suites.iter().flat_map(|suite| {
        let cases = state.holdings.cases_of_suite(*suite).iter().enumerate();
        cases.map(|(order, case)| (*suite, order, *case))
    });
    let placed = (1..)
        .zip(places)
        .skip_while(|(at, _)| *at < page.from)
        .filter(|(_, (_, _, case))| cases.as_ref().is_none_or(|ids| ids.contains(case)))
        .filter_map(|(at, (suite, order, case))| Some((at, entry(state, suite, order, case)?)))
        .filter(|(_, entry)| {
            let has = |id: &u64| entry.points.iter().any(|point| point.configuration == *id);
            configurations.iter().all(has)
        });
    Ok(page.answer(placed, |entry| {
        let mut view = view(state, entry, &names, expanded);
        if expanded && excluded & 2 == 0 {
            place(state, project, plan, entry, &mut view);
        }
        if excluded & 1 != 0
            && let Some(fields) = view.as_object_mut()
        {
            fields.remove("pointAssignments");
        }
        view
    }))
}

/// What is left out: 1 the points, 2 plan, suite and links.
fn excluded(call: &Call<'_>) -> Handled<u8> {
    let Some(text) = call.request.parameter("excludeFlags") else {
        return Ok(0);
    };
    let mut flags = 0;
    for word in text.split(',') {
        flags |= match word.trim().to_ascii_lowercase().as_str() {
            "none" | "0" => 0,
            "pointassignments" | "1" => 1,
            "extrainformation" | "2" => 2,
            "3" => 3,
            other => {
                return Err(Refusal::argument(format!(
                    "Unknown value '{other}' of excludeFlags."
                )));
            }
        };
    }
    Ok(flags)
}

/// A test case in a suite, with the points that are assigned to it there; none where it is in the recycle bin.
fn entry(state: &State, suite: u64, order: usize, case: u64) -> Option<Entry<'_>> {
    let item = state.holdings.work_items.get(&case);
    if item.is_none_or(|item| item.deleted) {
        return None;
    }
    let points = state.holdings.points_of_case(case);
    Some(Entry {
        suite,
        case,
        order,
        points: points
            .filter(|point| point.suite == suite && point.active)
            .collect(),
    })
}

fn view(state: &State, entry: &Entry<'_>, names: &[&str], expanded: bool) -> Value {
    let case = state.holdings.work_items.get(&entry.case);
    let mut item = json!({ "id": entry.case, "name": case.map(|case| &case.title) });
    if expanded {
        // One object for each field, in the order of the names.
        let fields = names.iter().filter_map(|name| {
            let value = case?.value(name)?;
            Some(Value::from(Map::from_iter([((*name).to_owned(), value)])))
        });
        item["workItemFields"] = fields.collect();
    }
    let points = entry.points.iter().map(|point| {
        let configuration = state.holdings.configurations.get(&point.configuration);
        let mut view = json!({
            "id": point.id,
            "configurationId": point.configuration,
            "configurationName": configuration.map(|configuration| &configuration.name),
        });
        if let Some(tester) = &point.tester {
            view["tester"] = state.person(tester);
        }
        view
    });
    json!({ "workItem": item, "pointAssignments": points.collect::<Vec<Value>>(), "order": entry.order })
}

/// Where the test case stands.
fn place(state: &State, project: &Project, plan: &Plan, entry: &Entry<'_>, view: &mut Value) {
    let suite = state.holdings.suites.get(&entry.suite);
    view["testPlan"] = json!({ "id": plan.id, "name": plan.name });
    view["testSuite"] = json!({ "id": entry.suite, "name": suite.map(|suite| &suite.name) });
    view["project"] = collection::reference(state, project);
    view["links"] = json!({});
}
