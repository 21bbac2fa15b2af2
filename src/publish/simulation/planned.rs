//! Planned runs in every weather: each point receives its result once, and in order.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;
use super::job::{FAIR, Job, Turn, Weather};
use super::model::{Against, Model, ModelRun, Trap};
use super::wanted::planned;
use super::{OWNER, until_done};
use crate::azure_devops::form::Form;
use crate::azure_devops::stored::StoredResult;
use crate::azure_devops::{Life, NewTestResult, RunState, TestPlanId, TestPointId};
use crate::publish::desired::{Desired, DesiredRun, LookUp};
use crate::publish::fate::Fate;
use crate::publish::marker::Marker;

/// Results on points of finished runs that hold these reports.
fn on_points<'a>(
    model: &'a Model,
    run: &DesiredRun,
) -> BTreeMap<TestPointId, Vec<&'a StoredResult>> {
    let holds = |found: &&ModelRun| {
        let marker = Marker::parse(&found.comment).unwrap();
        found.state.life() == Life::Finished && marker.keys == run.keys
    };
    let mut found: BTreeMap<TestPointId, Vec<&StoredResult>> = BTreeMap::new();
    for result in model
        .runs
        .values()
        .filter(holds)
        .flat_map(|run| &run.results)
    {
        found.entry(result.point.unwrap()).or_default().push(result);
    }
    found
}

/// Every point of what was given has its result once, filled with all rows, but for those that are
/// said to be refused.
fn check(model: &Model, job: &Job<'_>, seed: u64) {
    let mut refused_points = BTreeSet::new();
    let mut reduced_points = BTreeMap::new();
    for (at, run) in job.desired.runs.iter().enumerate() {
        match job.seen.fate(at) {
            Fate::Published {
                refused, reduced, ..
            } => {
                let may_refuse = model.trap.is_some();
                assert!(refused.is_empty() || may_refuse, "seed {seed}: {refused:?}");
                refused_points.extend(refused.keys().map(|&at| run.points[at]));
                let reduced = reduced.iter();
                reduced_points.extend(reduced.map(|(&at, (form, _))| (run.points[at], *form)));
            }
            Fate::AlreadyPublished { .. } => {}
            Fate::PointRefused { .. } => refused_points.extend(&run.points),
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    for run in &job.given.runs {
        let found = on_points(model, run);
        for (point, found) in &found {
            let waits = found.iter().any(|found| !found.is_completed);
            assert!(
                !waits || refused_points.contains(point),
                "seed {seed}: {point} waits"
            );
        }
        for (point, wanted) in run.points.iter().zip(&run.results) {
            let found = found.get(point).map_or(&[][..], Vec::as_slice);
            let filled: Vec<_> = found.iter().filter(|found| found.is_completed).collect();
            if refused_points.contains(point) {
                assert!(filled.is_empty(), "seed {seed}: {point}");
                continue;
            }
            assert_eq!((found.len(), filled.len()), (1, 1), "seed {seed}: {point}");
            let form = reduced_points.get(point).copied().unwrap_or(Form::Whole);
            let rows = wanted.in_form(form).iteration_details.len();
            assert_eq!(filled[0].iterations, rows, "seed {seed}: {point}");
        }
    }
}

/// So many runs of points from 1 on; some of them stand in several runs.
fn some(dice: &mut Dice) -> Desired {
    let runs: Vec<Vec<u64>> = (0..1 + dice.roll(3))
        .map(|_| (1..=12).filter(|_| dice.percent(50)).chain([13]).collect())
        .collect();
    let runs: Vec<&[u64]> = runs.iter().map(Vec::as_slice).collect();
    let mut desired = planned(OWNER, &runs);
    if dice.percent(30) {
        desired.look_up = LookUp::Plan(TestPlanId(17));
    }
    desired
}

#[test]
fn in_fair_weather_nothing_is_asked_for_twice() {
    let desired = planned(OWNER, &[&[1, 2, 3, 4, 5]]);
    let mut model = Model::default();
    let job = Job::new(&desired).run(&mut model, &mut Dice(1), FAIR);
    let job = job.unwrap();
    check(&model, &job, 1);
    // Look-up, create, 5 results read in pages of 4 and an empty one, fill, 7 attachments,
    // look-up, complete, results read back.
    assert_eq!(job.requests, 1 + 1 + 3 + 1 + 1 + 1 + 1 + 3);
    let again = Job::new(&desired).run(&mut model, &mut Dice(1), FAIR);
    let again = again.unwrap();
    assert!(again.has_published());
    // Look-up, and what the finished run holds.
    assert_eq!((again.requests, model.runs.len()), (1 + 3, 1));
}

#[test]
fn whatever_breaks_every_point_receives_its_result_once() {
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let desired = some(&mut dice);
        let mut model = Model::default();
        model.drops_durations = dice.percent(50);
        model.results_lag = dice.roll(6);
        let weather = Weather {
            faults: [10, 30][dice.roll(2) as usize],
            kills: 2,
            late: false,
        };
        let job = until_done(&desired, &mut model, &mut dice, weather);
        check(&model, &job, seed);
        assert!(model.is_closed(), "seed {seed}");
    }
}

#[test]
fn requests_that_are_handled_late_fill_nothing_twice_that_counts() {
    let mut given_up = 0;
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let desired = some(&mut dice);
        let mut model = Model::default();
        let weather = Weather {
            faults: 20,
            kills: 2,
            late: true,
        };
        let job = until_done(&desired, &mut model, &mut dice, weather);
        (0..200).for_each(|_| model.tick());
        if job.has_published() {
            check(&model, &job, seed);
        } else {
            given_up += 1;
        }
        // The next try ends what a late creation left open.
        let next = Job::new(&desired).run(&mut model, &mut dice, FAIR).unwrap();
        assert!(model.is_closed(), "seed {seed}");
        check(&model, &next, seed);
    }
    assert!(given_up < 60, "{given_up} of 3000 gave up, and said so");
}

#[test]
fn what_the_service_does_not_take_is_made_another_way_or_named() {
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let points: Vec<u64> = (1..=60 + dice.roll(200)).collect();
        let mut desired = planned(OWNER, &[&points]);
        desired.runs[0].attachments.clear();
        let mut model = Model::default();
        let unknown: BTreeSet<u64> = (0..dice.roll(4)).map(|_| 1 + dice.roll(60)).collect();
        let trap = [Trap::Refuses, Trap::Breaks][dice.roll(2) as usize];
        model.against = Against {
            points: unknown.clone(),
            automated: dice.percent(50),
            more_points: dice
                .percent(50)
                .then(|| (50 + dice.roll(100) as usize, trap)),
        };
        let weather = Weather {
            faults: [0, 10][dice.roll(2) as usize],
            ..FAIR
        };
        let job = until_done(&desired, &mut model, &mut dice, weather);
        check(&model, &job, seed);
        let refused = job
            .desired
            .runs
            .iter()
            .enumerate()
            .filter(|(at, _)| matches!(job.seen.fate(*at), Fate::PointRefused { .. }));
        let refused: BTreeSet<u64> = refused
            .flat_map(|(_, run)| run.points.iter().map(|point| point.0))
            .collect();
        assert_eq!(refused, unknown, "seed {seed}");
        let again = Job::new(&desired).run(&mut model, &mut dice, FAIR).unwrap();
        check(&model, &again, seed);
    }
}

#[test]
fn a_result_that_the_service_cannot_take_is_reduced_or_named_and_all_others_arrive() {
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let points: Vec<u64> = (1..=3 + dice.roll(10)).collect();
        let desired = planned(OWNER, &[&points]);
        // One that is like no other: it has rows.
        let result: NewTestResult = desired.runs[0].results[2].clone();
        let trap = [Trap::Refuses, Trap::Breaks][dice.roll(2) as usize];
        let taken: BTreeSet<Form> = Form::ALL[1..]
            .iter()
            .copied()
            .filter(|_| dice.percent(30))
            .collect();
        let mut model = Model::default();
        model.trap = Some((trap, result.clone(), taken.clone()));
        let mut job = Job::new(&desired);
        while job.turn(&mut model, &mut dice, FAIR) == Turn::Went {
            if job.requests > 400 {
                job.seen.blame_the_last_result(0);
            }
        }
        check(&model, &job, seed);
        let Fate::Published {
            refused, reduced, ..
        } = job.seen.fate(0)
        else {
            panic!("seed {seed}: {:?}", job.seen.places);
        };
        let forms = std::iter::successors(result.form_after(Form::Whole), |form| {
            result.form_after(*form)
        });
        let first_taken = forms.into_iter().find(|form| taken.contains(form));
        let told: Vec<usize> = reduced.keys().chain(refused.keys()).copied().collect();
        assert_eq!(told, [2], "seed {seed}");
        assert_eq!(refused.is_empty(), first_taken.is_some(), "seed {seed}");
    }
}

#[test]
fn a_plan_that_was_repaired_receives_what_reaches_it_now() {
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let before: Vec<u64> = (1..=12).filter(|_| dice.percent(50)).chain([13]).collect();
        let first = planned(OWNER, &[&before]);
        let mut model = Model::default();
        let weather = Weather {
            faults: [0, 20][dice.roll(2) as usize],
            kills: 5,
            late: false,
        };
        // It is finished, left open at any stage, or was never begun.
        Job::new(&first).run(&mut model, &mut dice, weather);
        // Points came, and perhaps went.
        let stays = dice.percent(70);
        let after: Vec<u64> = (1..=20)
            .filter(|point| before.contains(point) && stays || dice.percent(40))
            .chain([21])
            .collect();
        let second = planned(OWNER, &[&after]);
        let job = until_done(&second, &mut model, &mut dice, weather);
        check(&model, &job, seed);
        assert!(model.is_closed(), "seed {seed}");
    }
}

#[test]
fn of_three_jobs_that_find_one_report_one_result_reaches_each_point() {
    for seed in 0..1_000 {
        let mut dice = Dice(seed);
        let points: Vec<u64> = (1..=1 + dice.roll(8)).collect();
        let all = ["0123abcd", "ffffffff", "11111111"].map(|owner| planned(owner, &[&points]));
        let mut model = Model::default();
        let weather = Weather {
            faults: [0, 10, 30][dice.roll(3) as usize],
            ..FAIR
        };
        let mut jobs: Vec<Job<'_>> = all.iter().map(Job::new).collect();
        let mut going: Vec<usize> = (0..jobs.len()).collect();
        while !going.is_empty() {
            let turn = dice.roll(going.len() as u64) as usize;
            if jobs[going[turn]].turn(&mut model, &mut dice, weather) != Turn::Went {
                going.remove(turn);
            }
        }
        assert!(model.is_closed(), "seed {seed}");
        for found in on_points(&model, &all[0].runs[0]).values() {
            assert_eq!(found.len(), 1, "seed {seed}");
        }
        let published = |job: &&Job<'_>| matches!(job.seen.fate(0), Fate::Published { .. });
        let winners: Vec<&Job<'_>> = jobs.iter().filter(published).collect();
        assert_eq!(winners.len(), 1, "seed {seed}");
        check(&model, winners[0], seed);
    }
}

#[test]
fn a_planned_run_that_somebody_ends_or_deletes_is_published_anew_or_named_as_missing() {
    for seed in 0..600 {
        let mut dice = Dice(seed);
        let points: Vec<u64> = (1..=1 + dice.roll(9)).collect();
        let desired = planned(OWNER, &[&points]);
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
                match dice.roll(2) {
                    0 => model.runs.get_mut(&id).unwrap().state = RunState::Aborted,
                    _ => drop(model.runs.remove(&id)),
                }
            }
            if job.turn(&mut model, &mut dice, weather) != Turn::Went {
                break;
            }
        }
        match job.seen.fate(0) {
            Fate::Published { .. } => check(&model, &job, seed),
            Fate::Missing { reason } => assert!(reason.contains("twice"), "seed {seed}: {reason}"),
            other => panic!("seed {seed}: {other:?}"),
        }
    }
}

#[test]
fn runs_on_one_plan_are_made_and_completed_in_the_order_in_which_their_reports_ended() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let desired = {
            let mut desired = planned(OWNER, &[&[1, 2, 3], &[2, 3, 4], &[3, 4, 5]]);
            // Given in any order.
            let by = 1 + dice.roll(2) as usize;
            desired.runs.rotate_left(by);
            Desired::new(desired.owner, false, desired.look_up, desired.runs)
        };
        let mut model = Model::default();
        let weather = Weather {
            faults: [0, 20][dice.roll(2) as usize],
            kills: 2,
            late: false,
        };
        let job = until_done(&desired, &mut model, &mut dice, weather);
        check(&model, &job, seed);
        let ended = |keys: &Marker| {
            let of_keys = desired.runs.iter().find(|run| run.keys == keys.keys);
            of_keys.unwrap().run.completed
        };
        let finished = model.runs.values();
        let finished = finished.filter(|run| run.state.life() == Life::Finished);
        let order: Vec<_> = finished
            .map(|run| ended(&Marker::parse(&run.comment).unwrap()))
            .collect();
        assert!(order.is_sorted(), "seed {seed}: {order:?}");
    }
}

#[test]
fn an_open_run_is_gone_on_with_where_a_finished_one_holds_the_other_part() {
    let points: Vec<u64> = (1..=60).collect();
    let desired = planned(OWNER, &[&points]);
    let mut model = Model::default();
    model.against.more_points = Some((50, Trap::Refuses));
    // Killed when the first half is finished and the second one is made.
    let mut first = Job::new(&desired);
    while model.runs.len() < 2 {
        first.turn(&mut model, &mut Dice(1), FAIR);
    }
    let second = Job::new(&desired).run(&mut model, &mut Dice(1), FAIR);
    check(&model, &second.unwrap(), 0);
    let states = model.runs.values().map(|run| run.state);
    let states: Vec<RunState> = states.collect();
    assert_eq!(states, [RunState::NeedsInvestigation; 2]);
}

#[test]
fn a_newer_report_waits_for_an_older_one_on_its_point_that_another_job_is_publishing() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut model = Model::default();
        // Another job has begun to publish the older report, and gives up sooner or later.
        let other = planned("ffffffff", &[&[1, 2]]);
        let mut first = Job::new(&other);
        while model.runs.is_empty() {
            first.turn(&mut model, &mut dice, FAIR);
        }
        let desired = planned(OWNER, &[&[1, 2], &[2, 3], &[4]]);
        let mut job = Job::new(&desired);
        let gives_up = 3 + dice.roll(10);
        while job.turn(&mut model, &mut dice, FAIR) == Turn::Went {
            if job.requests as u64 == gives_up {
                first.give_up();
                while first.turn(&mut model, &mut dice, FAIR) == Turn::Went {}
            }
        }
        check(&model, &job, seed);
        let finished = model.runs.values();
        let finished = finished.filter(|run| run.state.life() == Life::Finished);
        let on_second: Vec<&ModelRun> = finished
            .filter(|run| {
                run.results
                    .iter()
                    .any(|one| one.point == Some(TestPointId(2)))
            })
            .collect();
        let newest = &desired.runs[1].run.comment;
        assert_eq!(on_second.len(), 2, "seed {seed}");
        assert_eq!(on_second[1].comment, newest.as_str(), "seed {seed}");
    }
}
