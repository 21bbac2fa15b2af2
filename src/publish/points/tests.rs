//! Which stored result is which of ours, and what of it is there.

use super::*;
use crate::azure_devops::form::Form;
use crate::publish::simulation::wanted::planned;

/// The results of points 1 (no rows), 2 (no rows) and 3 (three rows), as Azure DevOps holds them
/// when everything is filled.
fn filled(run: &DesiredRun) -> Vec<StoredResult> {
    let results = run.results.iter().zip(&run.points);
    results
        .map(|(result, point)| StoredResult {
            id: TestResultId(100_000 + point.0),
            automated_test_name: String::new(),
            automated_test_storage: String::new(),
            computer_name: String::new(),
            outcome: result.outcome.as_str().to_owned(),
            duration_in_ms: result.duration.map(|duration| duration.as_millis() as f64),
            sub_results: Vec::new(),
            point: Some(*point),
            is_completed: true,
            iterations: result.iteration_details.len(),
        })
        .collect()
}

fn run() -> DesiredRun {
    planned("0123abcd", &[&[1, 2, 3]]).runs.remove(0)
}

/// What is found of point 3 where its stored result was changed so.
fn found_after(change: impl Fn(&mut StoredResult)) -> OnPoints {
    let run = run();
    let mut stored = filled(&run);
    change(&mut stored[2]);
    match_points(&run, &[], &stored)
}

#[test]
fn results_are_found_by_their_points_in_whatever_order() {
    let run = run();
    let mut stored = filled(&run);
    stored.reverse();
    let found = match_points(&run, &[], &stored);
    let ids: Vec<Option<u64>> = found
        .slots
        .iter()
        .map(|slot| slot.map(|slot| slot.id.0))
        .collect();
    assert_eq!(ids, [Some(100_001), Some(100_002), Some(100_003)]);
    assert!(found.filled.iter().all(Option::is_some));
    assert_eq!((found.strangers, found.holds_twice), (0, false));
}

#[test]
fn what_waits_or_differs_is_filled_once_more_without_rows_that_are_there() {
    type Change<'a> = (&'a str, &'a dyn Fn(&mut StoredResult), bool);
    let changes: [Change<'_>; 4] = [
        (
            "waits",
            &|one| (one.is_completed, one.iterations) = (false, 0),
            false,
        ),
        (
            "another outcome",
            &|one| one.outcome = "Passed".to_owned(),
            true,
        ),
        (
            "another duration",
            &|one| one.duration_in_ms = Some(77.0),
            true,
        ),
        ("no duration", &|one| one.duration_in_ms = None, true),
    ];
    for (name, change, has_iterations) in changes {
        let run = run();
        let found = found_after(change);
        assert_eq!(found.filled[2], None, "{name}");
        let slot = found.slots[2].unwrap();
        assert_eq!(slot.has_iterations, has_iterations, "{name}");
        let sent = slot.filled_by(run.results[2].in_form(Form::Whole));
        assert_eq!(sent.iteration_details.is_empty(), has_iterations, "{name}");
    }
}

#[test]
fn rows_of_two_writes_or_of_half_a_one_spoil_a_run() {
    for (iterations, is_spoiled) in [(0, false), (1, true), (2, true), (3, false), (6, true)] {
        let found = found_after(|one| one.iterations = iterations);
        assert_eq!(found.holds_twice, is_spoiled, "{iterations}");
    }
}

#[test]
fn a_point_with_two_results_spoils_a_run_and_one_of_others_is_a_stranger() {
    let found = found_after(|one| one.point = Some(TestPointId(2)));
    assert!(found.holds_twice);
    assert_eq!(found.missing().collect::<Vec<_>>(), [2]);
    for stranger in [Some(TestPointId(9)), None] {
        let found = found_after(|one| one.point = stranger);
        assert_eq!((found.strangers, found.holds_twice), (1, false));
    }
}
