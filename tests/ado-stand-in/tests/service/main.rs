//! What the stand-in does with requests, shown with requests written by hand.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod plans_support;
mod point_outcomes;
mod support;

mod access;
mod attachments;
mod bodies;
mod connections;
mod finding;
mod inspection;
mod large_plans;
mod look_ups;
mod page;
mod pick_lists;
mod plan_faults;
mod plan_versions;
mod planned_runs;
mod plans;
mod points;
mod readme;
mod results;
mod runs;
mod sub_results;
mod swagger;
mod versions;
mod whole_road;
mod work_item_queries;
mod work_items;
