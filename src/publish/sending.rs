//! Each step as the request that it is.

use std::time::Duration;

use super::desired::{DesiredRun, LookUp};
use super::seen::Answer;
use super::step::Step;
use super::work::Work;
use crate::azure_devops::planned_runs::LastDays;
use crate::azure_devops::sent::{Sent, Trouble, TroubleKind};

impl Work<'_> {
    /// Sends the request of a step; attachments are sent elsewhere.
    pub(super) async fn send(&self, step: &Step) -> Sent<Answer> {
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
}

fn answer<T>(sent: Sent<T>, to: impl FnOnce(T) -> Answer) -> Sent<Answer> {
    match sent {
        Sent::Answered(value) => Sent::Answered(to(value)),
        Sent::Refused(refusal) => Sent::Refused(refusal),
        Sent::NotSent(trouble) => Sent::NotSent(trouble),
        Sent::Unknown(trouble) => Sent::Unknown(trouble),
    }
}
