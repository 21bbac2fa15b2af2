//! The part of the page that shows test plans: for each suite its points, what they came to, and by which run.

use super::{colour_of, numbered};
use crate::planning::{Plan, Point};
use crate::state::State;
use crate::text::html;
use std::fmt::Write;

/// All plans, the newest first.
pub(super) fn write_all(page: &mut String, state: &State) {
    for plan in state.holdings.plans.values().rev() {
        write_plan(page, state, plan);
    }
}

fn write_plan(page: &mut String, state: &State, plan: &Plan) {
    let colour = if plan.is_active() { "open" } else { "other" };
    let suites = state.holdings.with_descendants(plan.root_suite());
    let points: usize = suites
        .iter()
        .map(|suite| state.holdings.points_of_suite(*suite).count())
        .sum();
    let _ = write!(
        page,
        "<section class=\"run\" id=\"plan-{id}\"><div class=\"title\"><h2>{}</h2><span class=\"id\">test plan {id}</span>\
         <span class=\"badge {colour}\">{}</span></div><p class=\"counts\">{}{}</p>",
        html(&plan.name),
        html(&plan.state),
        numbered(points as u64, "test point"),
        if plan.synchronised {
            ", outcomes synchronised across suites"
        } else {
            ""
        },
        id = plan.id,
    );
    for suite in suites {
        write_suite(page, state, suite);
    }
    page.push_str("</section>\n");
}

/// A suite with its points; nothing where it has none.
fn write_suite(page: &mut String, state: &State, suite: u64) {
    let mut points = state.holdings.points_of_suite(suite).peekable();
    if points.peek().is_none() {
        return;
    }
    let _ = write!(
        page,
        "<h3>{} <span class=\"id\">suite {suite}</span></h3><table><thead><tr><th>Point</th><th>Test case</th>\
         <th>Configuration</th><th>Tester</th><th>Outcome</th><th>Run</th></tr></thead><tbody>",
        html(&path(state, suite)),
    );
    for point in points {
        write_point(page, state, point);
    }
    page.push_str("</tbody></table>");
}

/// The names of a suite and those above it, without the root.
fn path(state: &State, suite: u64) -> String {
    let mut names = Vec::new();
    let mut at = state.holdings.suites.get(&suite);
    // Suites that a test has put below each other would go round for ever.
    while let Some(suite) = at.filter(|_| names.len() < 50) {
        names.push(suite.name.as_str());
        at = suite
            .parent
            .and_then(|parent| state.holdings.suites.get(&parent));
    }
    if names.len() > 1 {
        names.pop();
    }
    names.reverse();
    names.join(" / ")
}

fn write_point(page: &mut String, state: &State, point: &Point) {
    let holdings = &state.holdings;
    let case = holdings.work_items.get(&point.case);
    let configuration = holdings.configurations.get(&point.configuration);
    let standing = state.standing(point);
    let shown = match standing.state() {
        "InProgress" => "In progress",
        _ if standing.outcome == "Unspecified" && point.active => "Active",
        _ if standing.outcome == "Unspecified" => "Inactive",
        _ => standing.outcome,
    };
    let run = standing
        .last
        .map(|(run, _)| format!("<a href=\"#run-{id}\">run {id}</a>", id = run.id));
    let _ = write!(
        page,
        "<tr><td>{}</td><td>{} {}</td><td>{}</td><td>{}</td><td><span class=\"badge {}\">{}</span>{}</td><td>{}</td></tr>",
        point.id,
        point.case,
        html(case.map_or("", |case| &case.title)),
        html(configuration.map_or("", |configuration| &configuration.name)),
        html(point.tester.as_deref().unwrap_or_default()),
        colour_of(shown),
        html(shown),
        if point.active || shown == "Inactive" {
            ""
        } else {
            " of an inactive point"
        },
        run.unwrap_or_default(),
    );
}
