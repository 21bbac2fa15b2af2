//! Every kind of fault at every request of a publication: each result is exactly once in a finished
//! run, or named as missing with the right exit code. The README's table is what comes of it.

mod beside_another_job;
mod kinds;
mod planned;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kinds::Kind;
use trial::{Outcome, Request, publish};

/// Most of the time is waiting, so many go at the same time.
const AT_ONCE: usize = 12;

/// Does something with each item, many at the same time; gives what came of each, in their order.
fn each<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let at = std::ptr::from_ref(item).addr();
                    let came_of_it = work(item);
                    done.lock().unwrap().push((at, came_of_it));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    assert_eq!(done.len(), items.len(), "one of them failed");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, came_of_it)| came_of_it).collect()
}

/// Each kind at each place.
fn all_trials(places: usize) -> Vec<(Kind, usize)> {
    let kinds = kinds::all();
    let trials = kinds.iter().flat_map(|kind| {
        let trial = |place| (kind.clone(), place);
        (0..places).map(trial)
    });
    trials.collect()
}

#[test]
fn whatever_goes_wrong_once_everything_arrives_once_or_is_named() {
    let reports = trial::reports();
    let sequence = trial::fair_sequence(&reports);
    let trials = all_trials(sequence.len());
    let outcomes = each(&trials, |(kind, place)| {
        let what = format!("{} at request {place} ({:?})", kind.name, sequence[*place]);
        publish(&reports, &what, &[(*place, kind.fault.clone())], 5)
    });
    let mut cells: BTreeMap<(&str, Request), BTreeSet<Outcome>> = BTreeMap::new();
    for ((kind, place), outcome) in trials.iter().zip(outcomes) {
        let cell = (kind.row, sequence[*place]);
        cells.entry(cell).or_default().insert(outcome);
    }
    for (row, column, outcome) in beside_another_job::outcomes() {
        cells.entry((row, column)).or_default().insert(outcome);
    }
    let right = table(&cells);
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    let begin = "<!-- reliability: written by a test -->\n";
    let shown = readme.split_once(begin).map_or("", |(_, behind)| behind);
    let shown = shown.split("<!-- end of reliability -->").next().unwrap();
    assert!(
        shown == right,
        "the table between the marks in README.md must be:\n{right}"
    );
}

#[cfg(unix)]
#[test]
fn wherever_it_is_cancelled_no_run_stays_open() {
    let reports = trial::reports();
    let sequence = trial::fair_sequence(&reports);
    let places: Vec<usize> = (0..sequence.len()).collect();
    each(&places, |place| trial::cancel(&reports, *place));
}

fn table(cells: &BTreeMap<(&str, Request), BTreeSet<Outcome>>) -> String {
    let mut rows = Vec::new();
    for kind in kinds::all() {
        if !rows.contains(&kind.row) {
            rows.push(kind.row);
        }
    }
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = std::iter::once("once, while …".to_owned());
    let columns = Request::ALL.iter().map(|request| request.told().to_owned());
    let mut table = row(head.chain(columns).collect());
    table += &row(vec!["---".to_owned(); Request::ALL.len() + 1]);
    for name in rows {
        let told = Request::ALL.iter().map(|request| {
            let mut outcomes = cells[&(name, *request)].clone();
            // Whether it takes a new run hangs on how late it is.
            if name == kinds::LATE {
                outcomes.remove(&Outcome::ArrivesAnew);
            }
            told(&outcomes)
        });
        table += &row(std::iter::once(name.to_owned()).chain(told).collect());
    }
    table
}

/// What a cell says.
fn told(outcomes: &BTreeSet<Outcome>) -> String {
    let words = [
        (Outcome::Arrives, "arrives"),
        (Outcome::ArrivesAnew, "arrives in a new run"),
        (Outcome::WithoutFile, "the file is named"),
        (Outcome::AtTheBuild, "exit code 2, at the build"),
    ];
    let words = words
        .into_iter()
        .filter(|(outcome, _)| outcomes.contains(outcome));
    let mut words: Vec<&str> = words.map(|(_, words)| words).collect();
    let codes = [Outcome::Not, Outcome::Partly].map(|outcome| outcomes.contains(&outcome));
    match codes {
        [true, true] => words.push("exit code 4 or 5"),
        [true, false] => words.push("exit code 4"),
        [false, true] => words.push("exit code 5"),
        [false, false] => {}
    }
    words.join("; ")
}

#[test]
fn without_patience_what_does_not_arrive_is_named_and_the_next_try_publishes_it() {
    let reports = trial::reports();
    let sequence = trial::fair_sequence(&reports);
    let mut trials = all_trials(sequence.len());
    // What is no matter of patience is told above.
    trials.retain(|(kind, _)| kind.is_trouble);
    each(&trials, |(kind, place)| {
        let what = format!("{} at request {place}, no patience", kind.name);
        publish(&reports, &what, &[(*place, kind.fault.clone())], 0)
    });
}

#[test]
fn whatever_goes_wrong_twice_everything_arrives_once_or_is_named() {
    let reports = trial::reports();
    let sequence = trial::fair_sequence(&reports);
    let mut kinds = kinds::all();
    // A run that is there and said to be gone is no fault of this world, and two such say too much.
    kinds.retain(|kind| kind.name != "404");
    let mut seed: u64 = 2026;
    let mut roll = |sides: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % sides
    };
    let pairs: Vec<[(Kind, usize); 2]> = (0..150)
        .map(|_| [(); 2].map(|()| (kinds[roll(kinds.len())].clone(), roll(sequence.len()))))
        .collect();
    each(&pairs, |pair| {
        let what: Vec<String> = pair
            .iter()
            .map(|(kind, place)| format!("{} at request {place}", kind.name))
            .collect();
        let faults: Vec<_> = pair
            .iter()
            .map(|(kind, place)| (*place, kind.fault.clone()))
            .collect();
        publish(&reports, &what.join(", and "), &faults, 5)
    });
}
