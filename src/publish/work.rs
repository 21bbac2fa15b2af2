//! The loop's one turn: wait, send, learn, and what is said of it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::desired::Desired;
use super::retry::Patience;
use super::seen::{Answer, Seen, Stop, Wait};
use super::step::{self, Next, Step};
use super::telling::{Told, progress, told};
use super::waiting::{self, WORTH_A_LINE};
use super::would_send::Gathered;
use super::{Published, Publisher, dry};
use crate::azure_devops::client::Writer;
use crate::azure_devops::explain::{self, Asker};
use crate::azure_devops::planned_runs::LastDays;
use crate::azure_devops::sent::{Refusal, Sent, Trouble, TroubleKind};
use crate::azure_devops::stored::StoredRun;
use crate::azure_devops::test_runs::Ending;
use crate::problem::Problem;

/// The agent kills a cancelled step after 7.5 seconds; open runs are set to `Aborted` before.
pub(super) const CLOSING: Duration = Duration::from_millis(4_500);

/// What a turn came to.
pub(super) enum Outcome {
    /// It goes on.
    Learnt,
    /// Somebody wants it to end.
    Cancelled,
    /// It cannot go on.
    Stopped(Problem),
}

/// The work on what should exist.
pub(super) struct Work<'a> {
    pub(super) publisher: &'a Publisher<'a>,
    pub(super) desired: &'a mut Desired,
    /// A dry run has no way to write at all.
    pub(super) writer: Option<Writer<'a>>,
    pub(super) published: Published,
    /// What was sent in imagination only.
    pub(super) gathered: Gathered,
    pub(super) patience: Patience,
    remarks_told: usize,
    /// Since when only other jobs are waited for.
    others_since: Option<Instant>,
    /// When it was noticed that somebody wants it to end, if something was waited for then.
    pub(super) cancelled_at: Option<Instant>,
    /// The days in which runs of a plan are looked for: the same for all pages of a list.
    pub(super) days: Cell<LastDays>,
}

impl<'a> Work<'a> {
    pub(super) fn new(publisher: &'a Publisher<'a>, desired: &'a mut Desired) -> Self {
        let seen = Seen::nothing(desired);
        Self {
            publisher,
            desired,
            writer: (!publisher.dry_run).then(|| publisher.client.writer()),
            published: Published {
                seen,
                stopped: None,
                urls: BTreeMap::new(),
                would_send: BTreeMap::new(),
            },
            gathered: Gathered::default(),
            patience: Patience::new(publisher.waits, publisher.retry_for),
            remarks_told: 0,
            others_since: None,
            cancelled_at: None,
            days: Cell::new(LastDays::before(publisher.client.now())),
        }
    }

    /// What is to be asked next.
    pub(super) fn next(&self) -> Option<Next> {
        step::next(self.desired, &self.published.seen)
    }

    /// How it ended.
    pub(super) fn end(mut self) -> Published {
        self.tell_remarks();
        self.published
    }

    /// One turn: wait, send, learn.
    pub(super) async fn go(&mut self, Next { step, wait }: Next) -> Outcome {
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
            self.show_progress(&step);
            return self.attach(*run, *id, attachments).await;
        }
        let sent = if imagined {
            self.tell_imagined(&step);
            Sent::Answered(dry::imagine(self.desired, &self.published.seen, &step))
        } else {
            self.show_progress(&step);
            match self.send_unless_cancelled(&step).await {
                Some(sent) => sent,
                None => return Outcome::Cancelled,
            }
        };
        self.learn(&step, sent).await
    }

    /// Sends a request; `None` if somebody wants it to end before it is answered.
    async fn send_unless_cancelled(&mut self, step: &Step) -> Option<Sent<Answer>> {
        let cancel = self.publisher.cancel;
        let (sent, cancelled_at) = {
            let sending = self.send(step);
            tokio::pin!(sending);
            tokio::select! {
                sent = &mut sending => (sent, None),
                // A run that is being made is waited for: it could not be set to `Aborted`
                // otherwise. One that is being completed likewise: it must not be set to `Aborted`
                // behind that.
                () = cancel.wanted() => {
                    let completes =
                        matches!(step, Step::End { ending: Ending::Completed { .. }, .. });
                    if !completes && !matches!(step, Step::Create { .. }) {
                        return None;
                    }
                    let now = Instant::now();
                    let waited = tokio::time::timeout(CLOSING / 2, sending).await;
                    (waited.unwrap_or_else(|_| Sent::Unknown(unanswered(step))), Some(now))
                }
            }
        };
        self.cancelled_at = cancelled_at;
        Some(sent)
    }

    async fn learn(&mut self, step: &Step, sent: Sent<Answer>) -> Outcome {
        self.note_urls(&sent);
        let (trouble, refusal) = match &sent {
            Sent::Answered(_) => (None, None),
            Sent::Refused(refusal) => (None, Some(refusal.clone())),
            Sent::NotSent(trouble) | Sent::Unknown(trouble) => (Some(trouble.clone()), None),
        };
        let seen = &mut self.published.seen;
        let before = (seen.progress(), seen.narrowings());
        let stop = seen.learn(self.desired, step, sent);
        seen.adapt(self.desired);
        if seen.progress() > before.0 {
            self.patience.progress();
        }
        if seen.narrowings() != before.1 {
            self.patience.begin_anew();
        }
        self.tell_remarks();
        if let Some(Stop::Refused(refusal)) = stop {
            return self.refused(&refusal);
        }
        match (trouble, refusal) {
            (Some(trouble), _) => self.after_trouble(step, &trouble).await,
            (None, Some(refusal)) => self.after_refusal(step, &refusal),
            (None, None) => {
                self.after_answer();
                Outcome::Learnt
            }
        }
    }

    /// The end of the whole work by a refusal.
    pub(super) fn refused(&self, refusal: &Refusal) -> Outcome {
        Outcome::Stopped(explain::refusal(
            self.publisher.client,
            refusal,
            self.asker(),
        ))
    }

    /// A refusal of one thing: the work goes on, unless there is nothing but refusals, or it would
    /// have to wait for too long.
    fn after_refusal(&mut self, step: &Step, refusal: &Refusal) -> Outcome {
        self.tell_usage();
        let asked = self.publisher.client.asked_to_wait();
        if asked > self.patience.left() {
            let mut problem = explain::refusal(self.publisher.client, refusal, self.asker());
            problem.message += &explain::asks_too_much(asked, self.patience.left());
            return Outcome::Stopped(problem);
        }
        let is_of_results = matches!(step, Step::AddResults { .. } | Step::FillResults { .. });
        if is_of_results && self.patience.is_over_after_refusal() {
            return self.refused(refusal);
        }
        Outcome::Learnt
    }

    /// Waits before the next try, or says that it was the last.
    pub(super) async fn after_trouble(&mut self, step: &Step, trouble: &Trouble) -> Outcome {
        self.tell_usage();
        if self.publisher.cancel.is_wanted() {
            return Outcome::Cancelled;
        }
        // Trying again does not change a certificate; after an answer it is something else.
        let is_final = trouble.kind.is_final() && self.published.seen.progress() == 0;
        let left = self.patience.left();
        let wait = if is_final {
            None
        } else {
            self.patience.after(trouble)
        };
        let Some(wait) = wait else {
            let limit = self.patience.limit();
            let is_bearable = trouble.retry_after.is_none_or(|asked| asked <= limit);
            if is_bearable && self.does_without(step, trouble).await {
                return Outcome::Learnt;
            }
            let problem = explain::trouble(self.publisher.client, trouble, left, "");
            return Outcome::Stopped(problem);
        };
        waiting::tell(
            self.publisher.pipeline,
            self.publisher.client,
            trouble,
            &self.patience,
            wait,
        );
        tokio::select! {
            () = tokio::time::sleep(wait) => Outcome::Learnt,
            () = self.publisher.cancel.wanted() => Outcome::Cancelled,
        }
    }

    /// Patience is at its end. Whether the step is about a part that the run can be completed
    /// without, while the service answers everything else.
    async fn does_without(&mut self, step: &Step, trouble: &Trouble) -> bool {
        match step {
            // The look that follows says whether it is so.
            Step::AddResults { run, .. } | Step::FillResults { run, .. } => {
                self.published.seen.blame_the_last_result(*run)
            }
            Step::Attach { id, .. } | Step::ReadAttachments { id, .. } => {
                let asked = self.publisher.client.run(self.publisher.project, *id).await;
                if !matches!(asked, Sent::Answered(_)) {
                    return false;
                }
                self.published.seen.give_up_attachments(&trouble.cause);
                self.patience.progress();
                true
            }
            Step::LookUp { .. }
            | Step::ReadFound { .. }
            | Step::Create { .. }
            | Step::ReadResults { .. }
            | Step::ReadRun { .. }
            | Step::End { .. } => false,
        }
    }

    /// A wait that the service asked for with an answer is kept before the next request; it is no
    /// time without progress.
    pub(super) fn after_answer(&mut self) {
        self.tell_usage();
        let wait = self.publisher.client.asked_to_wait();
        self.patience.excuse(wait);
        if wait >= WORTH_A_LINE {
            self.publisher.pipeline.line(&format!(
                "Azure DevOps asks to wait {} before the next request",
                waiting::seconds(wait)
            ));
        }
    }

    fn length_of(&mut self, wait: Wait) -> Duration {
        let waits = self.publisher.waits;
        match wait {
            Wait::No => Duration::ZERO,
            Wait::Late(others) => {
                let wait = waits.before_look(others);
                if wait >= WORTH_A_LINE {
                    self.publisher.pipeline.line(&format!(
                        "Waiting {} before looking what arrived",
                        waiting::seconds(wait)
                    ));
                }
                wait
            }
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

    /// On a terminal, how far a long upload is.
    fn show_progress(&self, step: &Step) {
        if let Some(text) = progress(step, self.desired) {
            self.publisher.pipeline.progress(&text);
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

    /// What the service says of how much of it is used.
    fn tell_usage(&self) {
        if let Some(news) = self.publisher.client.news_of_usage() {
            self.publisher.pipeline.line(&news);
        }
    }

    pub(super) fn asker(&self) -> Asker<'_> {
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
