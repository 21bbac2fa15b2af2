//! Attaching several files at the same time, each learnt on its own.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::seen::Stop;
use super::step::{ATTACHMENTS_AT_ONCE, Step};
use super::work::{Outcome, Work};
use crate::azure_devops::TestRunId;
use crate::azure_devops::sent::Sent;
use crate::azure_devops::test_runs::Place;

impl Work<'_> {
    /// Attaches files, as many at the same time as the service bears.
    pub(super) async fn attach(
        &mut self,
        run: usize,
        id: TestRunId,
        attachments: &[(usize, Place)],
    ) -> Outcome {
        let answered_before = self.published.seen.begin_attaching();
        let Some(writer) = self.writer else {
            let positions = attachments.iter().map(|(position, _)| *position);
            self.gathered.attachments(run, positions);
            let seen = &mut self.published.seen;
            for &(position, _) in attachments {
                seen.learn_attachment(run, position, &Sent::Answered(()), answered_before);
            }
            return Outcome::Learnt;
        };
        let (project, cancel) = (self.publisher.project, self.publisher.cancel);
        let desired = &self.desired.runs[run].attachments;
        let upload = |position: usize, place: Place| async move {
            let attachment = &desired[position].attachment;
            let sent = writer.attach(project, id, place, attachment).await;
            (position, sent)
        };
        let mut waiting = attachments.iter();
        let mut sending = FuturesUnordered::new();
        let mut trouble = None;
        let mut any_answered = false;
        loop {
            // After trouble no further one begins: it would meet the same.
            while trouble.is_none() && sending.len() < self.attachments_at_once() {
                match waiting.next() {
                    Some(&(position, place)) => sending.push(upload(position, place)),
                    None => break,
                }
            }
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
            let seen = &mut self.published.seen;
            let stop = seen.learn_attachment(run, position, &sent, answered_before);
            if let Some(Stop::Refused(refusal)) = stop {
                return self.refused(&refusal);
            }
        }
        drop(sending);
        if any_answered {
            self.after_answer();
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

    /// One after the other, once the service says that it has little left for us.
    fn attachments_at_once(&self) -> usize {
        if self.publisher.client.is_scarce() {
            1
        } else {
            ATTACHMENTS_AT_ONCE
        }
    }
}
