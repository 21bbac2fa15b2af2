//! Which attempts, rows and lines of the plan belong together.

use super::super::super::log::Damage;
use super::*;

fn execution(test_case: &str, retry: Option<u32>) -> Execution {
    Execution {
        test_case: test_case.to_owned(),
        retry,
        ..Execution::default()
    }
}

#[test]
fn a_damaged_line_of_the_plan_is_of_the_row_at_its_place_as_long_as_the_order_is_kept() {
    let paths = |planned: &[&str], rows: &[&'static str], lost_beginning| -> Vec<String> {
        let planned: Vec<PlannedCase> = planned
            .iter()
            .map(|&path| PlannedCase {
                test_case: path.to_owned(),
                ..PlannedCase::default()
            })
            .collect();
        let paths = planned_paths(&planned, rows, lost_beginning);
        paths.into_iter().map(str::to_owned).collect()
    };
    assert_eq!(paths(&["A", "", "A"], &["A", "B"], false), ["A", "B", "A"]);
    assert_eq!(paths(&["", "A"], &["A", "A"], false), ["A", "A"]);
    assert_eq!(paths(&["A", ""], &["B", "A"], false), ["A", ""]);
    assert_eq!(paths(&["A", ""], &["A"], false), ["A", ""]);
    assert_eq!(paths(&["A", ""], &["A", "A"], true), ["A", ""]);
}

#[test]
fn retries_belong_to_the_row_before_them_and_to_no_other_test_case() {
    let log = Log {
        executions: vec![
            execution("A", Some(0)),
            execution("A", Some(1)),
            execution("A", Some(0)),
            execution("B", Some(1)),
            execution("C", None),
            execution("C", None),
            // The first attempt of the second row is lost.
            execution("D", Some(0)),
            execution("D", Some(1)),
            execution("D", Some(1)),
        ],
        ..Log::default()
    };
    let rows: Vec<usize> = log_rows(&log).iter().map(Vec::len).collect();
    assert_eq!(rows, [2, 1, 1, 1, 1, 2, 1]);
}

#[test]
fn a_log_is_short_that_stops_or_has_lost_records() {
    let ended = |records| Log {
        suite_ended: Some(1),
        damage: Some(damage(records)),
        ..Log::default()
    };
    let of = |log: &Log| sources(log, false).is_log_short();
    assert!(of(&Log::default()));
    assert!(!of(&ended(0)));
    assert!(of(&ended(1)));
}

fn damage(records: usize) -> Damage {
    Damage {
        records,
        strays: 1,
        part: 0,
        line: 1,
        cause: String::new(),
    }
}

fn sources(log: &Log, lost_beginning: bool) -> Sources<'_> {
    Sources {
        cases: None,
        log: Some(log),
        planned: &[],
        lost_beginning,
        case_started: &|_| None,
        room_for_lost: std::cell::Cell::new(super::super::sources::MOST_LOST),
    }
}

#[test]
fn attempts_are_lost_only_where_something_is() {
    let third = execution("A", Some(2));
    let damaged = |records| Log {
        damage: Some(damage(records)),
        ..Log::default()
    };
    for (log, lost_beginning, lost) in [
        (Log::default(), false, 0),
        (damaged(0), false, 0),
        (damaged(1), false, 2),
        (Log::default(), true, 2),
    ] {
        let sources = sources(&log, lost_beginning);
        assert_eq!(with_lost(&[&third], &sources, Vec::new()).len(), lost);
        // No number of Katalon's.
        let absurd = execution("A", Some(70_000));
        assert!(with_lost(&[&absurd], &sources, Vec::new()).is_empty());
    }
}
