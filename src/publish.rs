//! Publishing: what should exist, what is seen to exist, the next request, until nothing is missing.
//!
//! [`step::next`] says what to ask for, this module asks, [`seen::Seen`] learns. A dry run takes
//! the same road, with answers that it imagines.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::azure_devops::TestRunId;
use crate::azure_devops::client::{Client, Writer};
use crate::azure_devops::explain::{self, Asker};
use crate::azure_devops::planned_runs::LastDays;
use crate::azure_devops::sent::{Sent, Trouble, TroubleKind};
use crate::azure_devops::test_runs::{Ending, Place as AttachedAt, StoredRun};
use crate::cancel::Cancel;
use crate::pipeline::Pipeline;
use crate::problem::{Problem, Severity, code};
use crate::secrets::{Clean, Secrets};

pub mod comparing;
pub mod creation;
mod decide;
pub mod desired;
mod dividing;
pub mod dry;
pub mod fate;
pub mod filling;
mod learn;
mod lost;
pub mod marker;
mod matching;
mod narrowing;
mod on_points;
pub mod points;
mod reading;
mod refused;
mod retry;
pub mod seen;
#[cfg(test)]
mod simulation;
pub mod step;
mod telling;
pub mod would_send;

use desired::{Desired, DesiredRun, LookUp, Part};
use fate::Fate;
pub use reading::{ReadFailure, read_until_answered};
use retry::Patience;
pub use retry::Waits;
use seen::{Answer, Seen, Stop, Wait};
use step::{Next, Step};
use telling::{Told, told};
use would_send::{Gathered, WouldSend};

/// The agent kills a cancelled step after 7.5 seconds; open runs are set to `Aborted` before.
const CLOSING: Duration = Duration::from_millis(4_500);

/// How long open runs are tried to be set to `Aborted` after the work was given up.
const CLOSING_AFTER_FAILURE: Duration = Duration::from_secs(10);

/// What publishing needs beside what should exist.
pub struct Publisher<'a> {
    /// The door to Azure DevOps.
    pub client: &'a Client,
    /// The writer.
    pub pipeline: &'a Pipeline,
    /// The project of the runs.
    pub project: &'a str,
    /// Only print what would be sent.
    pub dry_run: bool,
    /// How long to wait for what.
    pub waits: Waits,
    /// How long to go on without progress.
    pub retry_for: Duration,
    /// Whether somebody wants it to end.
    pub cancel: &'a Cancel,
    /// What must not be sent.
    pub secrets: &'a Secrets,
    /// Who we are to the service.
    pub identity: &'a str,
}

/// How publishing ended.
pub struct Published {
    /// What is known to exist.
    pub seen: Seen,
    /// What ended it before everything was there.
    pub stopped: Option<Problem>,
    /// Where people look at each run.
    pub urls: BTreeMap<TestRunId, String>,
    /// What a dry run would send to each desired run, by position.
    pub would_send: BTreeMap<usize, WouldSend>,
}

impl Published {
    /// What became of each run, and of which part of the runs given it is.
    pub fn fates<'a>(
        &'a self,
        desired: &'a Desired,
    ) -> impl Iterator<Item = (&'a Part, &'a DesiredRun, Fate)> {
        let runs = desired.runs.iter().enumerate();
        runs.map(|(at, run)| (desired.part(at), run, self.seen.fate(at)))
    }
}

/// What a step came to, and the urls that its answer told.
enum Outcome {
    Learnt,
    Cancelled,
    Stopped(Problem),
}

impl Publisher<'_> {
    /// Sends what is missing until nothing is. On the way runs may be divided.
    pub async fn publish(&self, desired: &mut Desired) -> Published {
        let seen = Seen::nothing(desired);
        let mut work = Work {
            publisher: self,
            desired,
            // A dry run has no way to write at all.
            writer: (!self.dry_run).then(|| self.client.writer()),
            published: Published {
                seen,
                stopped: None,
                urls: BTreeMap::new(),
                would_send: BTreeMap::new(),
            },
            gathered: Gathered::default(),
            patience: Patience::new(self.waits, self.retry_for),
            remarks_told: 0,
            others_since: None,
            cancelled_at: None,
            days: Cell::new(LastDays::before(self.client.now())),
        };
        while let Some(next) = step::next(work.desired, &work.published.seen) {
            let problem = match work.go(next).await {
                Outcome::Learnt => continue,
                Outcome::Cancelled => cancelled(),
                Outcome::Stopped(problem) => problem,
            };
            let closing = if self.cancel.is_wanted() {
                CLOSING.saturating_sub(work.cancelled_at.map_or(Duration::ZERO, |at| at.elapsed()))
            } else {
                CLOSING_AFTER_FAILURE
            };
            work.close(&problem, closing).await;
            work.published.stopped = Some(problem);
            break;
        }
        work.tell_remarks();
        work.published
    }
}

struct Work<'a> {
    publisher: &'a Publisher<'a>,
    desired: &'a mut Desired,
    writer: Option<Writer<'a>>,
    published: Published,
    /// What was sent in imagination only.
    gathered: Gathered,
    patience: Patience,
    remarks_told: usize,
    /// Since when only other jobs are waited for.
    others_since: Option<Instant>,
    /// When it was noticed that somebody wants it to end, if something was waited for then.
    cancelled_at: Option<Instant>,
    /// The days in which runs of a plan are looked for: the same for all pages of a list.
    days: Cell<LastDays>,
}

impl Work<'_> {
    /// One step: wait, send, learn.
    async fn go(&mut self, Next { step, wait }: Next) -> Outcome {
        let cancel = self.publisher.cancel;
        if cancel.is_wanted() {
            return Outcome::Cancelled;
        }
        let imagined = self.writer.is_none() && dry::is_imagined(&self.published.seen, &step);
        if !imagined {
            let wait = self.length_of(wait);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = cancel.wanted() => return Outcome::Cancelled,
            }
        }
        if let Step::Attach {
            run,
            id,
            attachments,
        } = &step
        {
            return self.attach(*run, *id, attachments).await;
        }
        let mut cancelled_at = None;
        let sent = if imagined {
            self.tell_imagined(&step);
            Sent::Answered(dry::imagine(self.desired, &self.published.seen, &step))
        } else {
            let sending = self.send(&step);
            tokio::pin!(sending);
            tokio::select! {
                sent = &mut sending => sent,
                // A run that is being made is waited for: it could not be set to `Aborted` otherwise.
                // One that is being completed likewise: it must not be set to `Aborted` behind that.
                () = cancel.wanted() => {
                    let completes =
                        matches!(step, Step::End { ending: Ending::Completed { .. }, .. });
                    if !completes && !matches!(step, Step::Create { .. }) {
                        return Outcome::Cancelled;
                    }
                    cancelled_at = Some(Instant::now());
                    let waited = tokio::time::timeout(CLOSING / 2, sending).await;
                    waited.unwrap_or_else(|_| Sent::Unknown(unanswered(&step)))
                }
            }
        };
        self.cancelled_at = cancelled_at;
        self.note_urls(&sent);
        let trouble = match &sent {
            Sent::Answered(_) | Sent::Refused(_) => None,
            Sent::NotSent(trouble) | Sent::Unknown(trouble) => Some(trouble.clone()),
        };
        let refusal = match (&step, &sent) {
            (Step::AddResults { .. } | Step::FillResults { .. }, Sent::Refused(refusal)) => {
                Some(refusal.clone())
            }
            _ => None,
        };
        let seen = &mut self.published.seen;
        let before = (seen.progress(), seen.narrowings());
        let stop = seen.learn(self.desired, &step, sent);
        seen.adapt(self.desired);
        if seen.progress() > before.0 {
            self.patience.progress();
        }
        if seen.narrowings() != before.1 {
            self.patience.begin_anew();
        }
        if trouble.is_none() {
            self.excuse_wait();
        }
        self.tell_remarks();
        let stop = match (stop, refusal) {
            (Some(Stop::Refused(refusal)), _) => Some(refusal),
            (None, Some(refusal)) if self.patience.is_over_after_refusal() => Some(refusal),
            (None, _) => None,
        };
        if let Some(refusal) = stop {
            let problem = explain::refusal(self.publisher.client, &refusal, self.asker());
            return Outcome::Stopped(problem);
        }
        match trouble {
            Some(trouble) => self.after_trouble(&step, &trouble).await,
            None => Outcome::Learnt,
        }
    }

    /// In a dry run: what a step would do is gathered, and told when the run would be completed.
    fn tell_imagined(&mut self, step: &Step) {
        match step {
            Step::AddResults { run, results, .. } | Step::FillResults { run, results, .. } => {
                self.gathered.results(*run, results);
            }
            Step::End {
                run: Some(run),
                id,
                ending: Ending::Completed { .. },
            } => {
                let desired = &self.desired.runs[*run];
                let would_send = self.gathered.of(*run, desired);
                let id = (!dry::is_imagined_run(*id)).then_some(*id);
                for line in dry::told(desired.run.name.as_str(), id, &would_send) {
                    self.publisher.pipeline.line(&line);
                }
                self.published.would_send.insert(*run, would_send);
            }
            Step::End { id, .. } if !dry::is_imagined_run(*id) => {
                let line = format!("would set test run {id} to Aborted");
                self.publisher.pipeline.line(&line);
            }
            Step::End { .. }
            | Step::Create { .. }
            | Step::Attach { .. }
            | Step::LookUp { .. }
            | Step::ReadFound { .. }
            | Step::ReadResults { .. }
            | Step::ReadAttachments { .. }
            | Step::ReadRun { .. } => {}
        }
    }

    /// Up to eight attachments at the same time; each is learnt on its own.
    async fn attach(
        &mut self,
        run: usize,
        id: TestRunId,
        attachments: &[(usize, AttachedAt)],
    ) -> Outcome {
        let answered_before = self.published.seen.begin_attaching();
        let Some(writer) = self.writer else {
            let positions = attachments.iter().map(|(position, _)| *position);
            self.gathered.attachments(run, positions);
            for &(position, _) in attachments {
                self.published.seen.learn_attachment(
                    run,
                    position,
                    &Sent::Answered(()),
                    answered_before,
                );
            }
            return Outcome::Learnt;
        };
        let (project, cancel) = (self.publisher.project, self.publisher.cancel);
        let desired = &self.desired.runs[run].attachments;
        let mut sending: FuturesUnordered<_> = attachments
            .iter()
            .map(|&(position, place)| async move {
                let attachment = &desired[position].attachment;
                (
                    position,
                    writer.attach(project, id, place, attachment).await,
                )
            })
            .collect();
        let mut trouble = None;
        let mut any_answered = false;
        loop {
            let (position, sent) = tokio::select! {
                one = sending.next() => match one {
                    Some(one) => one,
                    None => break,
                },
                () = cancel.wanted() => return Outcome::Cancelled,
            };
            match &sent {
                Sent::Answered(()) => {
                    any_answered = true;
                    self.patience.progress();
                }
                Sent::Refused(_) => any_answered = true,
                Sent::NotSent(one) | Sent::Unknown(one) => trouble = Some(one.clone()),
            }
            let stop = self
                .published
                .seen
                .learn_attachment(run, position, &sent, answered_before);
            if let Some(Stop::Refused(refusal)) = stop {
                let problem = explain::refusal(self.publisher.client, &refusal, self.asker());
                return Outcome::Stopped(problem);
            }
        }
        drop(sending);
        if any_answered {
            self.excuse_wait();
        }
        match trouble {
            // What the service asks for holds for all, also where others were answered.
            Some(trouble) if !any_answered || trouble.retry_after.is_some() => {
                let step = Step::Attach {
                    run,
                    id,
                    attachments: Vec::new(),
                };
                self.after_trouble(&step, &trouble).await
            }
            Some(_) | None => Outcome::Learnt,
        }
    }

    /// Waits before the next try, or says that it was the last.
    async fn after_trouble(&mut self, step: &Step, trouble: &Trouble) -> Outcome {
        if self.publisher.cancel.is_wanted() {
            return Outcome::Cancelled;
        }
        // Trying again does not change a certificate; after an answer it is something else.
        let is_final = trouble.kind.is_final() && self.published.seen.progress() == 0;
        let wait = if is_final {
            None
        } else {
            self.patience.after(trouble)
        };
        let Some(wait) = wait else {
            // The look that follows says whether it is so.
            if let Step::AddResults { run, .. } | Step::FillResults { run, .. } = step
                && trouble.retry_after.is_none()
                && self.published.seen.blame_the_last_result(*run)
            {
                return Outcome::Learnt;
            }
            if trouble.retry_after.is_none() && self.only_attachments_fail(step).await {
                self.published.seen.give_up_attachments(&trouble.cause);
                self.patience.progress();
                return Outcome::Learnt;
            }
            let retry_for = self.publisher.retry_for;
            let problem = explain::trouble(self.publisher.client, trouble, retry_for, "");
            return Outcome::Stopped(problem);
        };
        if wait >= Duration::from_secs(3) {
            self.publisher.pipeline.line(&format!(
                "{}: {}; trying again in {} seconds",
                trouble.request,
                trouble.cause,
                wait.as_secs()
            ));
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => Outcome::Learnt,
            () = self.publisher.cancel.wanted() => Outcome::Cancelled,
        }
    }

    /// Whether a step is about attachments and the service answers everything else.
    async fn only_attachments_fail(&self, step: &Step) -> bool {
        match step {
            Step::Attach { id, .. } | Step::ReadAttachments { id, .. } => {
                let asked = self.publisher.client.run(self.publisher.project, *id).await;
                matches!(asked, Sent::Answered(_))
            }
            Step::LookUp { .. }
            | Step::ReadFound { .. }
            | Step::Create { .. }
            | Step::ReadResults { .. }
            | Step::AddResults { .. }
            | Step::FillResults { .. }
            | Step::ReadRun { .. }
            | Step::End { .. } => false,
        }
    }

    /// A wait that the service asked for with an answer is kept before the next request; it is no
    /// time without progress.
    fn excuse_wait(&mut self) {
        let wait = self.publisher.client.asked_to_wait();
        self.patience.excuse(wait);
        if wait >= Duration::from_secs(3) {
            self.publisher.pipeline.line(&format!(
                "Azure DevOps asks to wait {} seconds before the next request",
                wait.as_secs()
            ));
        }
    }

    fn length_of(&mut self, wait: Wait) -> Duration {
        let waits = self.publisher.waits;
        match wait {
            Wait::No => Duration::ZERO,
            Wait::Late(others) => waits.before_look(others),
            Wait::Other => {
                let since = *self.others_since.get_or_insert_with(Instant::now);
                let left = self.publisher.retry_for.saturating_sub(since.elapsed());
                if left <= waits.other {
                    self.published.seen.look_at_others_once_more();
                }
                waits.other.min(left)
            }
        }
    }

    async fn send(&self, step: &Step) -> Sent<Answer> {
        let (client, project) = (self.publisher.client, self.publisher.project);
        match (step, self.writer, self.desired.look_up) {
            (Step::LookUp { skip }, _, LookUp::Build(build)) => answer(
                client.runs_of_build(project, build, *skip).await,
                Answer::Runs,
            ),
            (Step::LookUp { skip }, _, LookUp::Plan(plan)) => {
                if *skip == 0 {
                    self.days.set(LastDays::before(client.now()));
                }
                let token = self.published.seen.token_of_page(*skip);
                let runs = client.runs_of_plan(project, plan, self.days.get(), token);
                answer(runs.await, Answer::Runs)
            }
            (Step::ReadFound { id }, ..) => answer(client.run(project, *id).await, Answer::Run),
            (Step::ReadResults { run, id, skip, .. }, ..)
                if self.desired.runs[*run].run.plan.is_some() =>
            {
                let results = client.results_on_points(project, *id, *skip).await;
                answer(results, Answer::Results)
            }
            (
                Step::ReadResults {
                    id,
                    skip,
                    with_sub_results,
                    ..
                },
                ..,
            ) => {
                let results = client.results(project, *id, *skip, *with_sub_results).await;
                answer(results, Answer::Results)
            }
            (Step::ReadAttachments { id, place, .. }, ..) => answer(
                client.attachments(project, *id, *place).await,
                Answer::Attachments,
            ),
            (Step::ReadRun { id, .. }, ..) => answer(client.run(project, *id).await, Answer::Run),
            (Step::Create { run }, Some(writer), _) => {
                let DesiredRun { run, points, .. } = &self.desired.runs[*run];
                answer(writer.create(project, run, points).await, Answer::Created)
            }
            (
                Step::AddResults {
                    run,
                    id,
                    results,
                    form,
                },
                Some(writer),
                _,
            ) => {
                let all = &self.desired.runs[*run].results;
                let results: Vec<_> = results.iter().map(|&at| all[at].in_form(*form)).collect();
                answer(
                    writer.add_results(project, *id, &results).await,
                    Answer::Added,
                )
            }
            (
                Step::FillResults {
                    run,
                    id,
                    results,
                    slots,
                    form,
                },
                Some(writer),
                _,
            ) => {
                let all = &self.desired.runs[*run].results;
                let filled = results.iter().zip(slots);
                let filled: Vec<_> = filled
                    .map(|(&at, slot)| (slot.id, slot.filled_by(all[at].in_form(*form))))
                    .collect();
                let sent = writer.fill_results(project, *id, &filled).await;
                answer(sent, |()| Answer::Filled)
            }
            (Step::End { id, ending, .. }, Some(writer), _) => {
                answer(writer.end(project, *id, ending).await, Answer::Ended)
            }
            // Attachments are sent elsewhere; a dry run imagines what it would write; without a
            // build nothing is looked up.
            (
                Step::Attach { .. }
                | Step::LookUp { .. }
                | Step::Create { .. }
                | Step::AddResults { .. }
                | Step::FillResults { .. }
                | Step::End { .. },
                ..,
            ) => Sent::NotSent(Trouble {
                request: format!("{step:?}"),
                cause: "this request cannot be sent here; this is a bug, please report it"
                    .to_owned(),
                kind: TroubleKind::Answer,
                retry_after: Some(Duration::MAX),
            }),
        }
    }

    /// Sets open runs to `Aborted`, as far as the time allows.
    async fn close(&mut self, problem: &Problem, time: Duration) {
        let on_the_run = Clean::own("publishing could not be finished: ")
            .and(&self.publisher.secrets.clean(&problem.message))
            .as_name(500);
        self.published.seen.give_up(&problem.message, &on_the_run);
        let deadline = tokio::time::Instant::now() + time;
        let mut reason = "there was no time left, or no answer".to_owned();
        while let Some(Next { step, .. }) = step::next(self.desired, &self.published.seen) {
            if self.writer.is_none() {
                break;
            }
            self.publisher.client.wait_no_longer();
            match tokio::time::timeout_at(deadline, self.send(&step)).await {
                Ok(sent) => {
                    let again = matches!(sent, Sent::NotSent(_) | Sent::Unknown(_));
                    let stop = self.published.seen.learn(self.desired, &step, sent);
                    self.published.seen.adapt(self.desired);
                    if let Some(Stop::Refused(refusal)) = stop {
                        reason = refused::described(&refusal);
                        break;
                    }
                    if again
                        && tokio::time::Instant::now() + self.publisher.waits.backoff < deadline
                    {
                        tokio::time::sleep(self.publisher.waits.backoff).await;
                    } else if again {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
        self.published.seen.abandon(&reason);
    }

    fn note_urls(&mut self, sent: &Sent<Answer>) {
        let mut note = |run: &StoredRun| {
            if !run.web_url.is_empty() {
                self.published.urls.insert(run.id, run.web_url.clone());
            }
        };
        match sent {
            Sent::Answered(Answer::Created(run) | Answer::Run(run)) => note(run),
            Sent::Answered(Answer::Runs(page)) => page.runs.iter().for_each(note),
            Sent::Answered(
                Answer::Results(_)
                | Answer::Added(_)
                | Answer::Filled
                | Answer::Attachments(_)
                | Answer::Ended(_),
            )
            | Sent::Refused(_)
            | Sent::NotSent(_)
            | Sent::Unknown(_) => {}
        }
    }

    fn tell_remarks(&mut self) {
        for remark in &self.published.seen.remarks[self.remarks_told..] {
            match told(remark, self.desired) {
                Told::Line(line) => self.publisher.pipeline.line(&line),
                Told::Problem(problem) => self.publisher.pipeline.issue(&problem),
            }
        }
        self.remarks_told = self.published.seen.remarks.len();
    }

    fn asker(&self) -> Asker<'_> {
        Asker {
            identity: self.publisher.identity,
            project: self.publisher.project,
            published: "",
        }
    }
}

/// What a request came to that was given up because somebody cancelled.
fn unanswered(step: &Step) -> Trouble {
    Trouble {
        request: format!("{step:?}"),
        cause: "there was no time left for the answer".to_owned(),
        kind: TroubleKind::Silent,
        retry_after: None,
    }
}

fn answer<T>(sent: Sent<T>, to: impl FnOnce(T) -> Answer) -> Sent<Answer> {
    match sent {
        Sent::Answered(value) => Sent::Answered(to(value)),
        Sent::Refused(refusal) => Sent::Refused(refusal),
        Sent::NotSent(trouble) => Sent::NotSent(trouble),
        Sent::Unknown(trouble) => Sent::Unknown(trouble),
    }
}

/// What is said when somebody cancelled.
pub fn cancelled() -> Problem {
    Problem {
        severity: Severity::Error,
        code: code::CANCELLED,
        message: "cancelled; open test runs were set to Aborted as far as they could be".to_owned(),
        advice: "Run the step again: it publishes what is missing.".to_owned(),
    }
}
