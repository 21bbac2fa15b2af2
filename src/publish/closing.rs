//! The end of work that could not be finished: no run of ours stays open.

use std::time::Duration;

use super::refused::described;
use super::seen::Stop;
use super::work::{CLOSING, Work};
use crate::azure_devops::sent::Sent;
use crate::problem::Problem;
use crate::secrets::Clean;

impl Work<'_> {
    /// Sets open runs to `Aborted`, as far as the time allows.
    pub(super) async fn close(&mut self, problem: Problem) {
        let time = if self.publisher.cancel.is_wanted() {
            let waited = self.cancelled_at.map_or(Duration::ZERO, |at| at.elapsed());
            CLOSING.saturating_sub(waited)
        } else {
            self.publisher.waits.closing
        };
        let on_the_run = Clean::own("publishing could not be finished: ")
            .and(&self.publisher.secrets.clean(&problem.message))
            .as_name(500);
        self.published.seen.give_up(&problem.message, &on_the_run);
        self.published.stopped = Some(problem);
        if self.writer.is_none() {
            return;
        }
        let closing = tokio::time::timeout(time, self.end_open_runs()).await;
        let reason = closing.unwrap_or_default();
        let reason = reason.unwrap_or_else(|| "there was no time left, or no answer".to_owned());
        self.published.seen.abandon(&reason);
    }

    /// Until no run of ours is open; the refusal, if one says that it is of no use.
    async fn end_open_runs(&mut self) -> Option<String> {
        let pause = self.publisher.waits.backoff;
        loop {
            let Some(next) = self.next() else {
                // A run may still be made by a request that nobody heard of any more.
                if !self.published.seen.look_again_for_a_run() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                continue;
            };
            self.publisher.client.wait_no_longer();
            let sent = self.send(&next.step).await;
            let again = matches!(sent, Sent::NotSent(_) | Sent::Unknown(_));
            let stop = self.published.seen.learn(self.desired, &next.step, sent);
            self.published.seen.adapt(self.desired);
            if let Some(Stop::Refused(refusal)) = stop {
                return Some(described(&refusal));
            }
            if again {
                tokio::time::sleep(pause).await;
            }
        }
    }
}
