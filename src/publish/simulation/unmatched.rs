//! Results that reach no test point: while the plan changes, each is in one finished run of the build.

use std::collections::BTreeMap;

use super::dice::Dice;
use super::job::{FAIR, Job, Weather};
use super::model::Model;
use super::wanted::unmatched;
use super::{OWNER, finished, until_done};
use crate::publish::fate::Fate;

#[test]
fn results_that_lose_their_point_follow_and_nothing_is_there_twice() {
    for seed in 0..800 {
        let mut dice = Dice(seed);
        let before: Vec<u64> = (1..=8).filter(|_| dice.percent(50)).chain([9]).collect();
        let mut model = Model::default();
        let weather = Weather {
            faults: [0, 20][dice.roll(2) as usize],
            kills: 5,
            late: false,
        };
        // It is finished, left open at any stage, or was never begun.
        let first = unmatched(OWNER, &before);
        Job::new(&first).run(&mut model, &mut dice, weather);
        // Some have a point now, others lost theirs.
        let after: Vec<u64> = (1..=12).filter(|_| dice.percent(50)).chain([13]).collect();
        let second = unmatched(OWNER, &after);
        let job = until_done(&second, &mut model, &mut dice, weather);
        assert!(job.has_published(), "seed {seed}: {:?}", job.seen.places);
        assert!(model.is_closed(), "seed {seed}");
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for run in finished(&model, &second.runs[0]) {
            for result in &run.results {
                *numbers
                    .entry(result.automated_test_name.clone())
                    .or_default() += 1;
            }
        }
        for test in &after {
            let number = numbers.get(&format!("Test Cases/{test}"));
            assert_eq!(number, Some(&1), "seed {seed}: {test}");
        }
        let runs = model.runs.len();
        let again = Job::new(&second).run(&mut model, &mut dice, FAIR).unwrap();
        assert_eq!(model.runs.len(), runs, "seed {seed}");
        let found = |at| matches!(again.seen.fate(at), Fate::AlreadyPublished { .. });
        assert!((0..again.desired.runs.len()).all(found), "seed {seed}");
    }
}
