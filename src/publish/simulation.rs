//! Every promise of publishing, tried against a model of the service that loses answers, breaks,
//! handles requests late, and kills the program in the middle: no network, thousands of seeds.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::desired::{Desired, DesiredAttachment, DesiredRun, LookUp, Target};
use super::fate::Fate;
use super::marker::{Owner, ReportKey};
use super::seen::{Answer, Place, Seen, Wait};
use super::step::{self, Step, next};
use crate::azure_devops::sent::{Refusal, RefusalKind, Sent, Trouble, TroubleKind};
use crate::azure_devops::test_runs::{
    self, AddedResult, Ending, RunsPage, StoredAttachment, StoredResult, StoredRun,
};
use crate::azure_devops::{
    AutomatedTestName, AutomatedTestStorage, BuildId, Content, Life, NewAttachment, NewSubResult,
    NewTestResult, NewTestRun, Outcome, RunState, SubResultId, TestResultId, TestRunId,
};
use crate::secrets::{Clean, Secrets};

/// A small generator of numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.roll(100) < chance
    }
}

fn clean(text: &str) -> Clean {
    Secrets::default().clean(text)
}

fn result(name: &str, sub_results: u32) -> NewTestResult {
    NewTestResult {
        test_case_title: clean(name),
        automated_test_name: AutomatedTestName::new(name),
        automated_test_storage: AutomatedTestStorage::new("Test Suites/S"),
        automated_test_type: Clean::own("Katalon"),
        outcome: Outcome::Passed,
        computer_name: Clean::default(),
        started_date: None,
        completed_date: None,
        duration: None,
        error_message: Clean::default(),
        stack_trace: Clean::default(),
        comment: Clean::default(),
        result_group_type: None,
        sub_results: (1..=sub_results)
            .map(|sequence_id| NewSubResult {
                sequence_id,
                display_name: Clean::own("row"),
                outcome: Outcome::Passed,
                started_date: None,
                completed_date: None,
                duration: None,
                error_message: Clean::default(),
                stack_trace: Clean::default(),
                result_group_type: None,
                sub_results: Vec::new(),
            })
            .collect(),
        iteration_details: Vec::new(),
    }
}

/// `runs` runs; results repeat names, so that only their number tells them apart.
fn desired(owner: &str, runs: usize, results: usize) -> Desired {
    let owner = Owner::new(owner);
    let mark = owner.clone();
    let runs = (0..runs).map(move |at| {
        let keys = vec![ReportKey::new(&[&format!("suite {at}")], ["state"])];
        let results: Vec<NewTestResult> = (0..results)
            .map(|number| {
                result(
                    &format!("Test Cases/{}", number / 2),
                    u32::from(number % 3 == 0) * 2,
                )
            })
            .collect();
        let mut run = DesiredRun {
            keys,
            run: NewTestRun {
                name: clean(&format!("run {at}")),
                comment: Clean::default(),
                build: None,
                target_branch: None,
                platform: Clean::default(),
                configuration: Clean::default(),
                started: None,
                completed: None,
                pipeline: None,
                release: None,
                plan: None,
                automated: true,
            },
            attachments: attachments(&results),
            results,
            points: Vec::new(),
            is_part: false,
        };
        run.run.comment = run.marker(&mark).text();
        run
    });
    Desired::new(owner, false, LookUp::Build(BuildId(1)), runs.collect())
}

fn attachments(results: &[NewTestResult]) -> Vec<DesiredAttachment> {
    let targets = (0..results.len()).map(|at| match results[at].sub_results.len() {
        0 => Target::Result(at),
        _ => Target::SubResult(at, 1),
    });
    targets
        .chain([Target::Run, Target::Run])
        .enumerate()
        .map(|(number, target)| DesiredAttachment {
            target,
            attachment: NewAttachment {
                name: clean(&format!("{}.png", number / 2)),
                content: Content::Text(std::sync::Arc::new(Clean::own("x"))),
                fingerprint: "katalon-ado 12345678 1".to_owned(),
            },
        })
        .collect()
}

#[derive(Clone, Default)]
struct ModelRun {
    comment: String,
    state: Option<RunState>,
    /// Id and name of each result, and how many sub-results it has.
    results: Vec<(u64, String, usize)>,
    attachments: Vec<(test_runs::Place, String, String)>,
}

/// The service, as far as publishing meets it.
#[derive(Default)]
struct Model {
    runs: BTreeMap<u64, ModelRun>,
    next_run: u64,
    late: Vec<(u64, Step, String)>,
    clock: u64,
}

enum Handled {
    Answer(Answer),
    Refusal(u16),
}

impl Model {
    /// Requests that nobody waits for any more are handled when their time has come.
    fn tick(&mut self, desired: &Desired) {
        self.clock += 1;
        let (due, later) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(when, ..)| *when <= self.clock);
        self.late = later;
        let due: Vec<(u64, Step, String)> = due;
        for (_, step, _) in due {
            self.handle(desired, &step);
        }
    }

    fn handle(&mut self, desired: &Desired, step: &Step) -> Handled {
        match step {
            Step::LookUp { skip } => {
                let runs = self
                    .runs
                    .iter()
                    .skip(*skip)
                    .take(3)
                    .map(|(id, run)| stored(*id, run))
                    .collect::<Vec<_>>();
                let is_last = runs.len() < 3;
                Handled::Answer(Answer::Runs(RunsPage {
                    runs,
                    is_last,
                    now: Timestamp::UNIX_EPOCH,
                }))
            }
            Step::Create { run } => {
                self.next_run += 1;
                let made = ModelRun {
                    comment: desired.runs[*run].run.comment.as_str().to_owned(),
                    state: Some(RunState::InProgress),
                    ..ModelRun::default()
                };
                let answer = stored(self.next_run, &made);
                self.runs.insert(self.next_run, made);
                Handled::Answer(Answer::Created(answer))
            }
            Step::ReadResults { id, skip, .. } => {
                let results = self.runs[&id.0]
                    .results
                    .iter()
                    .skip(*skip)
                    .take(4)
                    .map(stored_result)
                    .collect();
                Handled::Answer(Answer::Results(results))
            }
            Step::AddResults { run, id, results } => {
                let Some(stored) = self.runs.get_mut(&id.0) else {
                    return Handled::Refusal(404);
                };
                if stored.state.is_some_and(|state| state.life() != Life::Open) {
                    return Handled::Refusal(400);
                }
                let mut added = Vec::new();
                for &at in results {
                    let wanted = &desired.runs[*run].results[at];
                    let id = 100_000 + stored.results.len() as u64;
                    let name = wanted.automated_test_name.as_str().to_owned();
                    stored.results.push((id, name, wanted.sub_results.len()));
                    added.push(AddedResult {
                        id: TestResultId(id),
                        sub_results: sub_ids(wanted.sub_results.len()),
                    });
                }
                Handled::Answer(Answer::Added(added))
            }
            Step::ReadAttachments { id, place, .. } => {
                let here = self.runs[&id.0]
                    .attachments
                    .iter()
                    .filter(|(at, ..)| at == place);
                let list = here.map(|(_, name, comment)| StoredAttachment {
                    name: name.clone(),
                    comment: comment.clone(),
                });
                Handled::Answer(Answer::Attachments(list.collect()))
            }
            Step::Attach {
                run,
                id,
                attachments,
            } => {
                for (at, place) in attachments {
                    self.attach(desired, *run, *id, *at, *place);
                }
                Handled::Refusal(0)
            }
            Step::ReadRun { id, .. } => {
                Handled::Answer(Answer::Run(stored(id.0, &self.runs[&id.0])))
            }
            Step::End { id, ending, .. } => {
                let state = match ending {
                    Ending::Completed { .. } => RunState::NeedsInvestigation,
                    Ending::Aborted { .. } => RunState::Aborted,
                };
                if let Some(run) = self.runs.get_mut(&id.0)
                    // Whether the real service lets an aborted run be completed is not known; a
                    // completion that is handled after the abortion is left out here.
                    && run.state != Some(RunState::Aborted)
                {
                    run.state = Some(state);
                }
                Handled::Answer(Answer::Ended(Some(state)))
            }
        }
    }

    fn attach(
        &mut self,
        desired: &Desired,
        run: usize,
        id: TestRunId,
        at: usize,
        place: test_runs::Place,
    ) {
        let wanted = &desired.runs[run].attachments[at].attachment;
        if let Some(stored) = self.runs.get_mut(&id.0) {
            stored.attachments.push((
                place,
                wanted.name.as_str().to_owned(),
                wanted.fingerprint.clone(),
            ));
        }
    }
}

fn stored(id: u64, run: &ModelRun) -> StoredRun {
    StoredRun {
        id: TestRunId(id),
        state: run.state.unwrap_or(RunState::Unspecified),
        name: String::new(),
        comment: Some(run.comment.clone()),
        error_message: String::new(),
        total_tests: Some(run.results.len() as u64),
        updated: None,
        web_url: String::new(),
    }
}

fn sub_ids(count: usize) -> Vec<SubResultId> {
    (1..=count as u64).map(SubResultId).collect()
}

fn stored_result((id, name, sub_results): &(u64, String, usize)) -> StoredResult {
    StoredResult {
        id: TestResultId(*id),
        automated_test_name: name.clone(),
        automated_test_storage: "Test Suites/S".to_owned(),
        computer_name: "filled in by the service".to_owned(),
        outcome: "Passed".to_owned(),
        duration_in_ms: Some(0.0),
        sub_results: sub_ids(*sub_results),
    }
}

fn trouble(kind: TroubleKind) -> Trouble {
    Trouble {
        request: String::new(),
        cause: "simulated".to_owned(),
        kind,
        retry_after: None,
    }
}

fn refused(status: u16) -> Refusal {
    Refusal {
        request: String::new(),
        status,
        type_key: String::new(),
        message: "simulated".to_owned(),
        activity_id: String::new(),
        kind: RefusalKind::Status,
    }
}

/// What may go wrong.
#[derive(Clone, Copy)]
struct Weather {
    faults: u64,
    kills: u64,
    late: bool,
}

/// One process: until nothing is missing, or until it is killed. `None` if it was killed.
fn process(
    model: &mut Model,
    desired: &Desired,
    dice: &mut Dice,
    weather: Weather,
) -> Option<(Seen, usize)> {
    let mut seen = Seen::nothing(desired);
    for requests in 0..5_000 {
        let Some(step::Next { step, wait }) = next(desired, &seen) else {
            return Some((seen, requests));
        };
        model.tick(desired);
        // A wait is longer than anything the service may still be at work on, mostly.
        if wait != Wait::No && !dice.percent(30) {
            (0..6).for_each(|_| model.tick(desired));
        }
        if dice.percent(weather.kills) {
            if dice.percent(50) {
                model.handle(desired, &step);
            }
            return None;
        }
        if let Step::Attach {
            run,
            id,
            attachments,
        } = &step
        {
            let answered = seen.begin_attaching();
            for (at, place) in attachments {
                let sent = if dice.percent(weather.faults) {
                    match dice.roll(3) {
                        0 => Sent::NotSent(trouble(TroubleKind::Busy)),
                        1 => Sent::Unknown(trouble(TroubleKind::Cut)),
                        _ => {
                            model.attach(desired, *run, *id, *at, *place);
                            Sent::Unknown(trouble(TroubleKind::Cut))
                        }
                    }
                } else {
                    model.attach(desired, *run, *id, *at, *place);
                    Sent::Answered(())
                };
                assert!(seen.learn_attachment(*run, *at, &sent, answered).is_none());
            }
            continue;
        }
        let reads = matches!(
            step,
            Step::LookUp { .. }
                | Step::ReadResults { .. }
                | Step::ReadAttachments { .. }
                | Step::ReadRun { .. }
        );
        let sent = if dice.percent(weather.faults) {
            match dice.roll(4) {
                0 => Sent::NotSent(trouble(TroubleKind::Busy)),
                _ if reads => Sent::NotSent(trouble(TroubleKind::Cut)),
                1 => Sent::Unknown(trouble(TroubleKind::Cut)),
                2 if weather.late => {
                    let when = model.clock + 1 + dice.roll(60);
                    model.late.push((when, step.clone(), String::new()));
                    Sent::Unknown(trouble(TroubleKind::Silent))
                }
                _ => {
                    model.handle(desired, &step);
                    Sent::Unknown(trouble(TroubleKind::Server))
                }
            }
        } else {
            match model.handle(desired, &step) {
                Handled::Answer(answer) => Sent::Answered(answer),
                Handled::Refusal(status) => Sent::Refused(refused(status)),
            }
        };
        assert!(seen.learn(desired, &step, sent).is_none());
    }
    panic!(
        "no end after 5,000 requests; the last step was {:?}",
        next(desired, &seen)
    );
}

/// Every desired run is in exactly one finished run that holds every result exactly once.
fn check(model: &Model, desired: &Desired, seed: u64) {
    for run in &desired.runs {
        let comment = run.run.comment.as_str();
        let finished: Vec<&ModelRun> = model
            .runs
            .values()
            .filter(|found| {
                found.comment == comment && found.state.is_some_and(|s| s.life() == Life::Finished)
            })
            .collect();
        assert_eq!(
            finished.len(),
            1,
            "seed {seed}: {} finished runs",
            finished.len()
        );
        let mut names: Vec<&str> = finished[0]
            .results
            .iter()
            .map(|(_, name, _)| name.as_str())
            .collect();
        let mut wanted: Vec<&str> = run
            .results
            .iter()
            .map(|result| result.automated_test_name.as_str())
            .collect();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "seed {seed}");
        let mut attached: BTreeMap<(test_runs::Place, &str), usize> = BTreeMap::new();
        for (place, name, _) in &finished[0].attachments {
            *attached.entry((*place, name)).or_default() += 1;
        }
        let mut equal: BTreeMap<(Target, &str), usize> = BTreeMap::new();
        for wanted in &run.attachments {
            *equal
                .entry((wanted.target, wanted.attachment.name.as_str()))
                .or_default() += 1;
        }
        let most = equal.values().max().copied().unwrap_or(0);
        assert!(
            attached.values().all(|&count| count <= most),
            "seed {seed}: {attached:?}"
        );
        assert!(
            finished[0].attachments.len() <= run.attachments.len(),
            "seed {seed}"
        );
    }
}

fn all_published(seen: &Seen) -> bool {
    seen.places.iter().all(|place| {
        matches!(
            place,
            Place::Settled(Fate::Published { .. } | Fate::AlreadyPublished { .. })
        )
    })
}

#[test]
fn in_fair_weather_nothing_is_asked_for_twice() {
    let desired = desired("0123abcd", 1, 7);
    let mut model = Model::default();
    let fair = Weather {
        faults: 0,
        kills: 0,
        late: false,
    };
    let (seen, requests) = process(&mut model, &desired, &mut Dice(1), fair).unwrap();
    check(&model, &desired, 1);
    assert!(all_published(&seen));
    // Look-up, create, results, attachments in two handfuls, look-up, complete; 7 results read
    // back in pages of 4 and an empty one.
    assert_eq!(requests, 1 + 1 + 1 + 2 + 1 + 1 + 3);
    let (seen, requests) = process(&mut model, &desired, &mut Dice(1), fair).unwrap();
    assert!(all_published(&seen));
    assert_eq!(
        (requests, model.runs.len()),
        (1, 1),
        "a second process only looks"
    );
}

#[test]
fn whatever_breaks_every_result_arrives_exactly_once() {
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let runs = 1 + dice.roll(3) as usize;
        let desired = desired("0123abcd", runs, 1 + dice.roll(9) as usize);
        let mut model = Model::default();
        let bad = Weather {
            faults: 30,
            kills: 3,
            late: false,
        };
        let ended = (0..6).find_map(|_| process(&mut model, &desired, &mut dice, bad));
        let (seen, _) = ended.unwrap_or_else(|| {
            process(&mut model, &desired, &mut dice, Weather { kills: 0, ..bad }).unwrap()
        });
        assert!(all_published(&seen), "seed {seed}: {:?}", seen.places);
        check(&model, &desired, seed);
    }
}

#[test]
fn requests_that_are_handled_late_double_nothing_that_counts() {
    let mut given_up = 0;
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let desired = desired(
            "0123abcd",
            1 + dice.roll(2) as usize,
            1 + dice.roll(9) as usize,
        );
        let mut model = Model::default();
        let late = Weather {
            faults: 20,
            kills: 2,
            late: true,
        };
        let ended = (0..6).find_map(|_| process(&mut model, &desired, &mut dice, late));
        let (seen, _) = ended.unwrap_or_else(|| {
            process(
                &mut model,
                &desired,
                &mut dice,
                Weather { kills: 0, ..late },
            )
            .unwrap()
        });
        (0..60).for_each(|_| model.tick(&desired));
        if all_published(&seen) {
            check(&model, &desired, seed);
        } else {
            given_up += 1;
        }
        // The next try ends what a late creation left open.
        let fair = Weather {
            faults: 0,
            kills: 0,
            late: false,
        };
        process(&mut model, &desired, &mut dice, fair);
        check(&model, &desired, seed);
        assert!(
            model
                .runs
                .values()
                .all(|run| run.state.is_some_and(|s| s.life() != Life::Open)),
            "seed {seed}"
        );
    }
    assert!(given_up < 60, "{given_up} of 3000 gave up, and said so");
}

#[test]
fn of_two_jobs_that_find_one_report_one_publishes_it() {
    let (first, second) = (desired("0123abcd", 1, 3), desired("ffffffff", 1, 3));
    let mut model = Model::default();
    let mut seens = [Seen::nothing(&first), Seen::nothing(&second)];
    let mut dice = Dice(7);
    for _ in 0..500 {
        let at = dice.roll(2) as usize;
        let desired = if at == 0 { &first } else { &second };
        let Some(step::Next { step, .. }) = next(desired, &seens[at]) else {
            continue;
        };
        if let Step::Attach {
            run,
            id,
            attachments,
        } = &step
        {
            for (position, place) in attachments {
                model.attach(desired, *run, *id, *position, *place);
                seens[at].learn_attachment(*run, *position, &Sent::Answered(()), 0);
            }
        } else if let Handled::Answer(answer) = model.handle(desired, &step) {
            assert!(
                seens[at]
                    .learn(desired, &step, Sent::Answered(answer))
                    .is_none()
            );
        }
    }
    assert!(
        seens.iter().all(all_published),
        "{:?}",
        seens.map(|seen| seen.places)
    );
    let finished = model
        .runs
        .values()
        .filter(|run| run.state.is_some_and(|s| s.life() == Life::Finished))
        .count();
    assert_eq!(finished, 1);
}

#[test]
fn whoever_gives_up_leaves_no_run_open() {
    for seed in 0..1_000 {
        let mut dice = Dice(seed);
        let desired = desired("0123abcd", 2, 5);
        let mut model = Model::default();
        let mut seen = Seen::nothing(&desired);
        for _ in 0..dice.roll(30) {
            let Some(step::Next { step, .. }) = next(&desired, &seen) else {
                break;
            };
            send(&mut model, &desired, &mut seen, &step, &mut dice, 30);
        }
        seen.give_up("enough", &Clean::own("enough"));
        while let Some(step::Next { step, .. }) = next(&desired, &seen) {
            send(&mut model, &desired, &mut seen, &step, &mut dice, 0);
        }
        assert!(
            model
                .runs
                .values()
                .all(|run| run.state.is_some_and(|s| s.life() != Life::Open)),
            "seed {seed}"
        );
    }
}

#[test]
fn a_write_that_fails_for_ever_is_no_progress_however_much_is_read() {
    let desired = desired("0123abcd", 1, 5);
    for failing in ["Create", "AddResults", "End"] {
        let mut model = Model::default();
        let mut seen = Seen::nothing(&desired);
        let mut dice = Dice(1);
        let mut progress = None;
        for _ in 0..300 {
            let Some(step::Next { step, .. }) = next(&desired, &seen) else {
                break;
            };
            if format!("{step:?}").starts_with(failing) {
                seen.learn(&desired, &step, Sent::Unknown(trouble(TroubleKind::Server)));
                let first = *progress.get_or_insert(seen.progress());
                assert_eq!(seen.progress(), first, "{failing}");
            } else {
                send(&mut model, &desired, &mut seen, &step, &mut dice, 0);
            }
        }
        assert!(progress.is_some(), "{failing}");
    }
}

/// One request without waits and kills; what fails was lost on the way there or on the way back.
fn send(
    model: &mut Model,
    desired: &Desired,
    seen: &mut Seen,
    step: &Step,
    dice: &mut Dice,
    faults: u64,
) {
    if let Step::Attach {
        run,
        id,
        attachments,
    } = step
    {
        let answered = seen.begin_attaching();
        for (at, place) in attachments {
            model.attach(desired, *run, *id, *at, *place);
            seen.learn_attachment(*run, *at, &Sent::Answered(()), answered);
        }
        return;
    }
    let lost = dice.percent(faults);
    let sent = if lost && (!step.writes() || dice.percent(50)) {
        Sent::Unknown(trouble(TroubleKind::Cut))
    } else {
        match model.handle(desired, step) {
            _ if lost => Sent::Unknown(trouble(TroubleKind::Cut)),
            Handled::Answer(answer) => Sent::Answered(answer),
            Handled::Refusal(status) => Sent::Refused(refused(status)),
        }
    };
    assert!(seen.learn(desired, step, sent).is_none());
}
