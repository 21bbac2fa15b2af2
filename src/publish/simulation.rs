//! Every promise of publishing, tried against a model of the service that loses answers, breaks,
//! handles requests late, and kills the program in the middle: no network, thousands of seeds.

mod dice;
mod job;
mod model;
mod planned;
mod unmatched;
pub(super) mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use super::desired::{Desired, DesiredRun};
use super::fate::Fate;
use super::marker::Marker;
use super::seen::Place;
use super::step::{self, Step};
use crate::azure_devops::form::Form;
use crate::azure_devops::sent::{Sent, TroubleKind};
use crate::azure_devops::{Life, RunState};
use dice::Dice;
use job::{FAIR, Job, Turn, Weather, trouble};
use model::{Model, ModelRun, Trap};
use wanted::desired;

const OWNER: &str = "0123abcd";

/// The finished runs that hold the reports of this one, whoever made them.
fn finished<'a>(model: &'a Model, run: &DesiredRun) -> Vec<&'a ModelRun> {
    let holds = |found: &&ModelRun| {
        let marker = Marker::parse(&found.comment).unwrap();
        found.state.life() == Life::Finished && marker.keys == run.keys
    };
    model.runs.values().filter(holds).collect()
}

/// Names with their number.
fn counted<T: Ord>(names: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counted = BTreeMap::new();
    for name in names {
        *counted.entry(name).or_default() += 1;
    }
    counted
}

/// Every desired run is in exactly one finished run that holds every result exactly once, with its
/// sub-results, and every attachment, but for those that are said to be missing.
fn check(model: &Model, job: &Job<'_>, seed: u64) {
    for (at, run) in job.desired.runs.iter().enumerate() {
        let finished = finished(model, run);
        assert_eq!(finished.len(), 1, "seed {seed}");
        let (refused, reduced, missing) = match job.seen.fate(at) {
            Fate::Published {
                refused,
                reduced,
                missing_attachments,
                ..
            } => (refused, reduced, Some(missing_attachments)),
            _ => Default::default(),
        };
        let expected = run.results.iter().enumerate();
        let expected = expected.filter(|(at, _)| !refused.contains_key(at));
        let expected = expected.map(|(at, result)| {
            let form = reduced.get(&at).map_or(Form::Whole, |(form, _)| *form);
            let result = result.in_form(form);
            (
                result.automated_test_name.as_str().to_owned(),
                result.computer_name.as_str().to_owned(),
                result.duration.unwrap_or_default().as_millis() as u64,
                result.sub_results.len(),
            )
        });
        let stored = finished[0].results.iter().map(|result| {
            (
                result.automated_test_name.clone(),
                result.computer_name.clone(),
                result.duration_in_ms.unwrap() as u64,
                result.sub_results.len(),
            )
        });
        assert_eq!(counted(stored), counted(expected), "seed {seed}");
        let name = |at: usize| run.attachments[at].attachment.name.as_str();
        let wanted = counted((0..run.attachments.len()).map(name));
        let attached = counted(
            finished[0]
                .attachments
                .iter()
                .map(|(_, name, _)| name.as_str()),
        );
        for (name, count) in &attached {
            assert!(*count <= wanted[name], "seed {seed}: {name} {count} times");
        }
        if let Some(missing) = missing {
            let arrived = run.attachments.len() - missing.len();
            assert_eq!(finished[0].attachments.len(), arrived, "seed {seed}");
        }
    }
}

/// Processes, one after the other, until one comes to its end; the last is not killed.
fn until_done<'a>(
    desired: &'a Desired,
    model: &mut Model,
    dice: &mut Dice,
    weather: Weather,
) -> Job<'a> {
    for _ in 0..6 {
        if let Some(job) = Job::new(desired).run(model, dice, weather) {
            return job;
        }
    }
    let weather = Weather {
        kills: 0,
        ..weather
    };
    Job::new(desired).run(model, dice, weather).unwrap()
}

#[test]
fn in_fair_weather_nothing_is_asked_for_twice() {
    let desired = desired(OWNER, 1, 7);
    let mut model = Model::default();
    let job = Job::new(&desired).run(&mut model, &mut Dice(1), FAIR);
    let job = job.unwrap();
    check(&model, &job, 1);
    assert!(job.has_published());
    // Look-up, create, results, attachments in two handfuls, look-up, complete; 7 results read
    // back in pages of 4 and an empty one.
    assert_eq!(job.requests, 1 + 1 + 1 + 2 + 1 + 1 + 3);
    let again = Job::new(&desired).run(&mut model, &mut Dice(1), FAIR);
    let again = again.unwrap();
    assert!(again.has_published());
    let cost = (again.requests, model.runs.len());
    assert_eq!(cost, (1, 1), "a second process only looks");
}

#[test]
fn whatever_breaks_every_result_arrives_exactly_once() {
    let mut reduced = 0;
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let runs = 1 + dice.roll(3) as usize;
        let desired = desired(OWNER, runs, 1 + dice.roll(9) as usize);
        let mut model = Model::default();
        let weather = Weather {
            faults: [10, 30][dice.roll(2) as usize],
            kills: 2,
            late: false,
        };
        let job = until_done(&desired, &mut model, &mut dice, weather);
        assert!(job.has_published(), "seed {seed}: {:?}", job.seen.places);
        check(&model, &job, seed);
        for at in 0..runs {
            if let Fate::Published {
                reduced: one,
                refused,
                ..
            } = job.seen.fate(at)
            {
                assert!(refused.is_empty(), "seed {seed}: chance refused a result");
                reduced += one.len();
            }
        }
    }
    // Where three requests of ten fail, one result now and then looks as if it were to blame.
    assert!(reduced < 10, "{reduced}");
}

#[test]
fn requests_that_are_handled_late_double_nothing_that_counts() {
    let mut given_up = 0;
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let runs = 1 + dice.roll(2) as usize;
        let desired = desired(OWNER, runs, 1 + dice.roll(9) as usize);
        let mut model = Model::default();
        let weather = Weather {
            faults: 20,
            kills: 2,
            late: true,
        };
        let job = until_done(&desired, &mut model, &mut dice, weather);
        (0..60).for_each(|_| model.tick());
        // The next try ends what a late creation left open.
        let next = Job::new(&desired).run(&mut model, &mut dice, FAIR).unwrap();
        assert!(model.is_closed(), "seed {seed}");
        if job.has_published() {
            for run in &desired.runs {
                let finished = finished(&model, run);
                assert_eq!(finished.len(), 1, "seed {seed}");
                assert_eq!(finished[0].results.len(), run.results.len(), "seed {seed}");
            }
        } else {
            given_up += 1;
            check(&model, &next, seed);
        }
    }
    assert!(given_up < 60, "{given_up} of 3000 gave up, and said so");
}

#[test]
fn of_four_jobs_that_find_one_report_one_publishes_it() {
    for seed in 0..1_500 {
        let mut dice = Dice(seed);
        let results = 1 + dice.roll(5) as usize;
        let owners = ["0123abcd", "ffffffff", "11111111", "22222222"];
        let all = owners.map(|owner| desired(owner, 1, results));
        let mut model = Model::default();
        let weather = Weather {
            faults: [0, 10, 30][dice.roll(3) as usize],
            kills: [0, 2][dice.roll(2) as usize],
            ..FAIR
        };
        let mut jobs: Vec<Job<'_>> = all.iter().map(Job::new).collect();
        let mut going: Vec<usize> = (0..jobs.len()).collect();
        while !going.is_empty() {
            let turn = dice.roll(going.len() as u64) as usize;
            let at = going[turn];
            match jobs[at].turn(&mut model, &mut dice, weather) {
                Turn::Went => {}
                // The agent tries the task once more.
                Turn::Killed => jobs[at] = Job::new(&all[at]),
                Turn::Done => drop(going.remove(turn)),
            }
        }
        assert!(model.is_closed(), "seed {seed}");
        let found = finished(&model, &all[0].runs[0]);
        assert_eq!(found.len(), 1, "seed {seed}");
        assert_eq!(found[0].results.len(), results, "seed {seed}");
        let published = |job: &&Job<'_>| matches!(job.seen.fate(0), Fate::Published { .. });
        let winners: Vec<&Job<'_>> = jobs.iter().filter(published).collect();
        // One that was killed behind the completion finds its own run.
        let may_be_none = usize::from(weather.kills == 0);
        assert!((may_be_none..=1).contains(&winners.len()), "seed {seed}");
        winners
            .iter()
            .for_each(|winner| check(&model, winner, seed));
        // The others name its run, or say that they saw it still open.
        let knows = |job: &Job<'_>| {
            let fate = job.seen.fate(0);
            job.has_published() || matches!(fate, Fate::StillHeld { .. })
        };
        assert!(jobs.iter().all(knows), "seed {seed}");
    }
}

#[test]
fn a_second_try_beside_one_that_is_being_cancelled_publishes_everything_once() {
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let desired = desired(OWNER, 1 + dice.roll(2) as usize, 1 + dice.roll(6) as usize);
        let mut model = Model::default();
        let weather = Weather {
            faults: [0, 20][dice.roll(2) as usize],
            ..FAIR
        };
        let mut first = Job::new(&desired);
        for _ in 0..dice.roll(20) {
            first.turn(&mut model, &mut dice, weather);
        }
        // Its launcher is killed: it notices, and sets its runs to `Aborted`, while the agent tries
        // the task once more. That takes longer to read a run that it found than the first to end.
        first.give_up();
        let mut second = Job::new(&desired);
        let mut first_ends = false;
        loop {
            if !first_ends && dice.percent(60) {
                first_ends = first.turn(&mut model, &mut dice, FAIR) == Turn::Done;
                continue;
            }
            if second.turn(&mut model, &mut dice, weather) == Turn::Done {
                break;
            }
        }
        while first.turn(&mut model, &mut dice, FAIR) == Turn::Went {}
        assert!(model.is_closed(), "seed {seed}");
        if second.has_published() {
            check(&model, &second, seed);
        }
    }
}

#[test]
fn what_the_service_cannot_take_is_reduced_or_named_and_all_others_arrive() {
    for seed in 0..1_500 {
        let mut dice = Dice(seed);
        let results = 2 + dice.roll(12) as usize;
        let desired = desired(OWNER, 1, results);
        // One that is like no other.
        let bad = dice.roll(results as u64) as usize / 3 * 3;
        let result = desired.runs[0].results[bad].clone();
        let trap = [Trap::Refuses, Trap::Breaks][dice.roll(2) as usize];
        let taken: BTreeSet<Form> = Form::ALL[1..]
            .iter()
            .copied()
            .filter(|_| dice.percent(30))
            .collect();
        let mut model = Model::default();
        model.trap = Some((trap, result.clone(), taken.clone()));
        let mut job = Job::new(&desired);
        // Patience comes to its end sooner or later, too.
        while job.turn(&mut model, &mut dice, FAIR) == Turn::Went {
            if job.requests > 400 {
                job.seen.blame_the_last_result(0);
            }
        }
        let Fate::Published {
            refused, reduced, ..
        } = job.seen.fate(0)
        else {
            panic!("seed {seed}: {:?}", job.seen.places);
        };
        check(&model, &job, seed);
        let first_taken = std::iter::successors(result.form_after(Form::Whole), |form| {
            result.form_after(*form)
        })
        .find(|form| taken.contains(form));
        let told: Vec<(usize, Form)> = reduced.iter().map(|(at, (form, _))| (*at, *form)).collect();
        match first_taken {
            Some(form) => assert_eq!((told, refused.len()), (vec![(bad, form)], 0), "seed {seed}"),
            None => {
                let positions: Vec<&usize> = refused.keys().collect();
                assert_eq!((told, positions), (vec![], vec![&bad]), "seed {seed}");
                let message = &finished(&model, &desired.runs[0])[0].error_message;
                assert!(message.starts_with("1 of "), "seed {seed}: {message}");
            }
        }
    }
}

#[test]
fn a_run_that_somebody_ends_or_deletes_is_published_anew_or_named_as_missing() {
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let desired = desired(OWNER, 1, 1 + dice.roll(9) as usize);
        let mut model = Model::default();
        let weather = Weather {
            faults: [0, 10][dice.roll(2) as usize],
            ..FAIR
        };
        let mut job = Job::new(&desired);
        let mut meddlings = 1 + dice.roll(3);
        loop {
            let newest = model.runs.keys().last().copied();
            let is_open = |id: &u64| model.runs[id].state.life() == Life::Open;
            if let Some(id) = newest.filter(is_open)
                && meddlings > 0
                && dice.percent(10)
            {
                meddlings -= 1;
                match dice.roll(3) {
                    0 => model.runs.get_mut(&id).unwrap().state = RunState::Aborted,
                    1 => model.runs.get_mut(&id).unwrap().state = RunState::Completed,
                    _ => drop(model.runs.remove(&id)),
                }
            }
            if job.turn(&mut model, &mut dice, weather) != Turn::Went {
                break;
            }
        }
        let whole = |run: &&ModelRun| run.results.len() == desired.runs[0].results.len();
        let finished = finished(&model, &desired.runs[0]);
        let whole = finished.into_iter().filter(whole).count();
        match job.seen.fate(0) {
            Fate::Published { .. } => assert_eq!(whole, 1, "seed {seed}"),
            Fate::Missing { reason } => {
                assert!(reason.contains("twice"), "seed {seed}: {reason}");
                assert!(whole <= 1, "seed {seed}");
            }
            other => panic!("seed {seed}: {other:?}"),
        }
    }
}

#[test]
fn whoever_gives_up_leaves_no_run_open() {
    for seed in 0..1_000 {
        let mut dice = Dice(seed);
        let desired = desired(OWNER, 2, 5);
        let mut model = Model::default();
        let weather = Weather { faults: 30, ..FAIR };
        let mut job = Job::new(&desired);
        for _ in 0..dice.roll(30) {
            job.turn(&mut model, &mut dice, weather);
        }
        job.give_up();
        while job.turn(&mut model, &mut dice, FAIR) == Turn::Went {}
        assert!(model.is_closed(), "seed {seed}");
    }
}

#[test]
fn a_write_that_fails_for_ever_is_no_progress_however_much_is_read() {
    let desired = desired(OWNER, 1, 5);
    for failing in ["Create", "AddResults", "End"] {
        let mut model = Model::default();
        let mut job = Job::new(&desired);
        let mut progress = None;
        for _ in 0..300 {
            let Some(step::Next { step, .. }) = step::next(&desired, &job.seen) else {
                break;
            };
            if format!("{step:?}").starts_with(failing) {
                let lost = Sent::Unknown(trouble(TroubleKind::Server));
                job.seen.learn(&desired, &step, lost);
                let first = *progress.get_or_insert(job.seen.progress());
                assert_eq!(job.seen.progress(), first, "{failing}");
            } else {
                job.turn(&mut model, &mut Dice(1), FAIR);
            }
        }
        assert!(progress.is_some(), "{failing}");
    }
}

#[test]
fn results_that_are_all_refused_are_no_progress_however_much_is_read() {
    let desired = desired(OWNER, 1, 5);
    let mut model = Model::default();
    let mut job = Job::new(&desired);
    let mut progress = None;
    while let Some(step::Next { step, .. }) = step::next(&desired, &job.seen) {
        if matches!(step, Step::AddResults { .. }) {
            let refused = Sent::Refused(job::refusal(400));
            job.seen.learn(&desired, &step, refused);
            let first = *progress.get_or_insert(job.seen.progress());
            assert_eq!(job.seen.progress(), first);
        } else {
            job.turn(&mut model, &mut Dice(1), FAIR);
        }
    }
    assert!(matches!(
        job.seen.places[0],
        Place::Settled(Fate::Missing { .. })
    ));
    assert!(model.is_closed());
}
