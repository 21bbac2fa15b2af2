//! What finished runs hold of a part.

use super::*;
use crate::azure_devops::{TestPointId, TestResultId};
use crate::publish::simulation::wanted::{desired, planned};

fn holder(is_incomplete: bool) -> Holder {
    Holder {
        id: TestRunId(1),
        ours: true,
        is_incomplete,
        is_exact: true,
    }
}

fn stored(name: &str, point: Option<u64>, is_completed: bool) -> StoredResult {
    StoredResult {
        id: TestResultId(100_000),
        automated_test_name: format!("Test Cases/{name}"),
        automated_test_storage: "Test Suites/S".to_owned(),
        computer_name: String::new(),
        outcome: "Passed".to_owned(),
        duration_in_ms: None,
        sub_results: Vec::new(),
        point: point.map(TestPointId),
        is_completed,
        iterations: 0,
    }
}

#[test]
fn a_point_is_held_where_its_result_is_finished() {
    let run = &planned("0123abcd", &[&[1, 2, 4]]).runs[0];
    let there = [
        stored("", Some(1), true),
        stored("", Some(2), false),
        stored("", Some(9), true),
    ];
    let held = |is_incomplete| held_on_points(run, &there, holder(is_incomplete)).positions;
    assert_eq!(held(false), [0].into());
    // What waits for ever in a run that counts refused results is one of them.
    assert_eq!(held(true), [0, 1].into());
}

#[test]
fn results_without_a_point_are_held_by_test_and_number() {
    // Three results of test case 0, one of test case 1.
    let run = &desired("0123abcd", 1, 4).runs[0];
    let there = [
        stored("0", None, true),
        stored("0", None, true),
        stored("of another test", None, true),
    ];
    let held = |is_incomplete| held_results(run, &there, holder(is_incomplete)).positions;
    assert_eq!(held(false), [0, 1].into());
    assert_eq!(held(true), [0, 1, 2, 3].into());
}
