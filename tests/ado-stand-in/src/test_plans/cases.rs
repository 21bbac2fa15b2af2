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
use std::collections::HashMap;

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
    let entries = suites
        .into_iter()
        .flat_map(|suite| entries(state, suite))
        .filter(|entry| cases.as_ref().is_none_or(|ids| ids.contains(&entry.case)))
        .filter(|entry| {
            let has = |id: &u64| entry.points.iter().any(|point| point.configuration == *id);
            configurations.iter().all(has)
        });
    // The position is the key: one test case may stand in several suites.
    let placed = (1..).zip(entries).filter(|(at, _)| *at >= page.from);
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

/// The test cases of a suite in their order there, without those in the recycle bin.
fn entries(state: &State, suite: u64) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    for point in state.holdings.points_of_suite(suite) {
        let place = *places.entry(point.case).or_insert_with(|| {
            entries.push(Entry {
                suite,
                case: point.case,
                order: entries.len(),
                points: Vec::new(),
            });
            entries.len() - 1
        });
        // A point that is no longer assigned does not show here.
        if point.active {
            entries[place].points.push(point);
        }
    }
    let items = &state.holdings.work_items;
    entries.retain(|entry| items.get(&entry.case).is_some_and(|item| !item.deleted));
    entries
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
