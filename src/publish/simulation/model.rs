//! The service, as far as publishing meets it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::azure_devops::form::Form;
use crate::azure_devops::stored::{
    AddedResult, RunsPage, StoredAttachment, StoredResult, StoredRun,
};
use crate::azure_devops::test_runs::{Ending, Place};
use crate::azure_devops::{
    Life, NewTestResult, RunState, SubResultId, TestPointId, TestResultId, TestRunId,
};
use crate::publish::desired::{Desired, DesiredRun, LookUp};
use crate::publish::seen::Answer;
use crate::publish::step::Step;

/// How long a page of each list is: short, so that every list has several.
const PAGE: usize = 4;

#[derive(Clone)]
pub(super) struct ModelRun {
    /// When its results are listed at the earliest.
    listed_from: u64,
    pub(super) comment: String,
    pub(super) state: RunState,
    pub(super) error_message: String,
    pub(super) results: Vec<StoredResult>,
    pub(super) attachments: Vec<(Place, String, String)>,
}

/// What the service does with a certain result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trap {
    /// Refuses every request that holds it.
    Refuses,
    /// Breaks over every request that holds it.
    Breaks,
}

pub(super) enum Handled {
    Answer(Answer),
    Refusal(u16),
    /// A refusal whose words matter.
    Says(u16, String),
    Breaks,
}

/// What the service has against planned runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Against {
    /// Points that it does not know.
    pub(super) points: BTreeSet<u64>,
    /// Runs that are automated.
    pub(super) automated: bool,
    /// Runs with more points: refused, or broken over.
    pub(super) more_points: Option<(usize, Trap)>,
}

#[derive(Default)]
pub(super) struct Model {
    pub(super) runs: BTreeMap<u64, ModelRun>,
    /// The result of this name and duration, but in the forms given.
    pub(super) trap: Option<(Trap, NewTestResult, BTreeSet<Form>)>,
    pub(super) against: Against,
    /// It keeps no durations of results on points.
    pub(super) drops_durations: bool,
    /// A planned run is made at once, and its results come after so long.
    pub(super) results_lag: u64,
    last_run: u64,
    /// Requests that nobody waits for any more, and when they are handled.
    late: Vec<(u64, Desired, Step)>,
    clock: u64,
}

impl Model {
    /// Time goes on; what is due is handled.
    pub(super) fn tick(&mut self) {
        self.clock += 1;
        let clock = self.clock;
        let due = self.late.extract_if(.., |(when, ..)| *when <= clock);
        let due: Vec<_> = due.collect();
        for (_, desired, step) in due {
            self.handle(&desired, &step);
        }
    }

    /// A request whose connection broke, and that is handled in so many ticks.
    pub(super) fn handle_late(&mut self, desired: &Desired, step: &Step, ticks: u64) {
        let when = self.clock + ticks;
        self.late.push((when, desired.clone(), step.clone()));
    }

    pub(super) fn handle(&mut self, desired: &Desired, step: &Step) -> Handled {
        match step {
            Step::LookUp { skip } => {
                let runs = self.runs.iter().skip(*skip).take(PAGE);
                let mut runs: Vec<_> = runs.map(|(id, run)| stored(*id, run)).collect();
                if let LookUp::Plan(_) = desired.look_up {
                    runs.iter_mut().for_each(|run| run.comment = None);
                }
                Handled::Answer(Answer::Runs(RunsPage {
                    is_last: runs.len() < PAGE,
                    next: None,
                    runs,
                    now: Timestamp::UNIX_EPOCH,
                }))
            }
            Step::ReadFound { id } => self.read(*id, |run| Answer::Run(stored(id.0, run))),
            Step::Create { run } => {
                let run = &desired.runs[*run];
                if let Some(refused) = self.refuses(run) {
                    return refused;
                }
                self.last_run += 1;
                let made = ModelRun {
                    listed_from: self.clock + self.results_lag,
                    comment: run.run.comment.as_str().to_owned(),
                    state: RunState::InProgress,
                    error_message: String::new(),
                    results: waiting_results(&run.points),
                    attachments: Vec::new(),
                };
                let answer = stored(self.last_run, &made);
                self.runs.insert(self.last_run, made);
                Handled::Answer(Answer::Created(answer))
            }
            Step::AddResults {
                run,
                id,
                results,
                form,
            } => {
                let all = &desired.runs[*run].results;
                let results: Vec<_> = results.iter().map(|&at| all[at].in_form(*form)).collect();
                self.add(*id, *form, &results)
            }
            Step::FillResults {
                run,
                id,
                results,
                slots,
                form,
            } => {
                let all = &desired.runs[*run].results;
                let results = results.iter().zip(slots);
                let results = results.map(|(&at, slot)| {
                    let sent = slot.filled_by(all[at].in_form(*form));
                    (slot.id, sent.into_owned())
                });
                self.fill(*id, *form, &results.collect::<Vec<_>>())
            }
            Step::Attach {
                run,
                id,
                attachments,
            } => {
                let mut last = Handled::Refusal(404);
                for &(at, place) in attachments {
                    last = self.attach(desired, *run, *id, at, place);
                }
                last
            }
            Step::ReadResults { id, skip, .. } => self.read(*id, |run| {
                let is_listed = run.listed_from <= self.clock;
                let results = run.results.iter().filter(|_| is_listed);
                let results = results.skip(*skip).take(PAGE);
                Answer::Results(results.cloned().collect())
            }),
            Step::ReadAttachments { id, place, .. } => self.read(*id, |run| {
                let here = run.attachments.iter().filter(|(at, ..)| at == place);
                let here = here.map(|(_, name, comment)| StoredAttachment {
                    name: name.clone(),
                    comment: comment.clone(),
                });
                Answer::Attachments(here.collect())
            }),
            Step::ReadRun { id, .. } => self.read(*id, |run| Answer::Run(stored(id.0, run))),
            Step::End { id, ending, .. } => self.end(*id, ending),
        }
    }

    fn read(&self, id: TestRunId, answer: impl FnOnce(&ModelRun) -> Answer) -> Handled {
        match self.runs.get(&id.0) {
            Some(run) => Handled::Answer(answer(run)),
            None => Handled::Refusal(404),
        }
    }

    fn add<R: AsRef<NewTestResult>>(&mut self, id: TestRunId, form: Form, new: &[R]) -> Handled {
        let Some(run) = self.runs.get_mut(&id.0) else {
            return Handled::Refusal(404);
        };
        if run.state.life() != Life::Open {
            return Handled::Refusal(400);
        }
        if let Some((trap, bad, taken)) = &self.trap
            && !taken.contains(&form)
            && new.iter().any(|new| *new.as_ref() == *bad.in_form(form))
        {
            return match trap {
                Trap::Refuses => Handled::Refusal(400),
                Trap::Breaks => Handled::Breaks,
            };
        }
        let mut added = Vec::new();
        for new in new {
            let new = new.as_ref();
            let sub_results = (1..new.weight() as u64).map(SubResultId);
            let stored = StoredResult {
                id: TestResultId(100_000 + run.results.len() as u64),
                automated_test_name: new.automated_test_name.as_str().to_owned(),
                automated_test_storage: new.automated_test_storage.as_str().to_owned(),
                computer_name: new.computer_name.as_str().to_owned(),
                outcome: new.outcome.as_str().to_owned(),
                // Where none is sent, the service makes one of the times.
                duration_in_ms: Some(new.duration.unwrap_or_default().as_millis() as f64),
                sub_results: sub_results.collect(),
                point: None,
                is_completed: true,
                iterations: 0,
            };
            added.push(AddedResult {
                id: stored.id,
                sub_results: stored.sub_results.clone(),
            });
            run.results.push(stored);
        }
        Handled::Answer(Answer::Added(added))
    }

    /// Why a run is not made.
    fn refuses(&self, run: &DesiredRun) -> Option<Handled> {
        run.run.plan?;
        if let Some((most, trap)) = self.against.more_points
            && run.points.len() > most
        {
            return Some(match trap {
                Trap::Refuses => Handled::Says(400, "too many".to_owned()),
                Trap::Breaks => Handled::Breaks,
            });
        }
        let unknown = |point: &&TestPointId| self.against.points.contains(&point.0);
        if let Some(point) = run.points.iter().find(unknown) {
            let message = format!("Test point {point} not found.");
            return Some(Handled::Says(404, message));
        }
        if self.against.automated && run.run.automated {
            return Some(Handled::Says(400, "nicht automatisiert".to_owned()));
        }
        None
    }

    /// Fills results; iterations come behind those that are there.
    fn fill(
        &mut self,
        id: TestRunId,
        form: Form,
        changes: &[(TestResultId, NewTestResult)],
    ) -> Handled {
        let Some(run) = self.runs.get_mut(&id.0) else {
            return Handled::Refusal(404);
        };
        if run.state.life() != Life::Open {
            return Handled::Refusal(400);
        }
        if let Some((trap, bad, taken)) = &self.trap
            && !taken.contains(&form)
            && changes.iter().any(|(_, new)| *new == *bad.in_form(form))
        {
            return match trap {
                Trap::Refuses => Handled::Refusal(400),
                Trap::Breaks => Handled::Breaks,
            };
        }
        for (id, new) in changes {
            let Some(stored) = run.results.iter_mut().find(|stored| stored.id == *id) else {
                return Handled::Refusal(404);
            };
            stored.is_completed = true;
            stored.outcome = new.outcome.as_str().to_owned();
            stored.automated_test_name = new.automated_test_name.as_str().to_owned();
            let duration = new.duration.filter(|_| !self.drops_durations);
            stored.duration_in_ms = duration.map(|duration| duration.as_millis() as f64);
            stored.iterations += new.iteration_details.len();
        }
        Handled::Answer(Answer::Filled)
    }

    /// Attachments are taken by runs that were ended, too.
    pub(super) fn attach(
        &mut self,
        desired: &Desired,
        run: usize,
        id: TestRunId,
        at: usize,
        place: Place,
    ) -> Handled {
        let wanted = &desired.runs[run].attachments[at].attachment;
        let Some(stored) = self.runs.get_mut(&id.0) else {
            return Handled::Refusal(404);
        };
        let name = wanted.name.as_str().to_owned();
        let attached = (place, name, wanted.fingerprint.clone());
        stored.attachments.push(attached);
        Handled::Answer(Answer::Attachments(Vec::new()))
    }

    fn end(&mut self, id: TestRunId, ending: &Ending) -> Handled {
        let Some(run) = self.runs.get_mut(&id.0) else {
            return Handled::Refusal(404);
        };
        let (state, message) = match ending {
            Ending::Completed { error_message, .. } => {
                // Whether an aborted run can be changed is not known; nobody may rely on it.
                if run.state == RunState::Aborted {
                    return Handled::Refusal(400);
                }
                (RunState::NeedsInvestigation, error_message)
            }
            Ending::Aborted { reason } => (RunState::Aborted, reason),
        };
        run.state = state;
        run.error_message = message.as_str().to_owned();
        Handled::Answer(Answer::Ended(Some(state)))
    }

    /// No run is open any more.
    pub(super) fn is_closed(&self) -> bool {
        self.runs.values().all(|run| run.state.life() != Life::Open)
    }
}

/// What a planned run is made with; no order is promised.
fn waiting_results(points: &[TestPointId]) -> Vec<StoredResult> {
    let points = points.iter().rev().enumerate();
    let results = points.map(|(number, point)| StoredResult {
        id: TestResultId(100_000 + number as u64),
        automated_test_name: String::new(),
        automated_test_storage: String::new(),
        computer_name: String::new(),
        outcome: "Unspecified".to_owned(),
        duration_in_ms: Some(0.0),
        sub_results: Vec::new(),
        point: Some(*point),
        is_completed: false,
        iterations: 0,
    });
    results.collect()
}

fn stored(id: u64, run: &ModelRun) -> StoredRun {
    StoredRun {
        id: TestRunId(id),
        state: run.state,
        name: String::new(),
        comment: Some(run.comment.clone()),
        error_message: run.error_message.clone(),
        total_tests: Some(run.results.len() as u64),
        updated: None,
        web_url: String::new(),
    }
}
