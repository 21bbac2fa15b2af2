//! What a refusal adds to what is known: of one thing, or of everything.

use super::desired::Desired;
use super::fate::{After, Fate, Remark, Why};
use super::filling::Completion;
use super::seen::{Place, Seen, Stop};
use super::step::Step;
use crate::azure_devops::sent::{Refusal, RefusalKind};
use crate::azure_devops::test_runs::Ending;

impl Seen {
    pub(super) fn learn_refusal(
        &mut self,
        desired: &Desired,
        step: &Step,
        refusal: Refusal,
    ) -> Option<Stop> {
        let gone = refusal.status == 404;
        match step {
            Step::ReadFound { id } if gone && !refusal.is_project_missing() => {
                self.learn_found(desired, *id, None);
            }
            Step::LookUp { .. } | Step::ReadFound { .. } => return Some(Stop::Refused(refusal)),
            Step::Create { run } if desired.runs[*run].run.plan.is_some() => {
                return self.learn_creation_refused(desired, *run, refusal);
            }
            // Project or build is not there, for every other run as well.
            Step::Create { .. } if gone => return Some(Stop::Refused(refusal)),
            Step::Create { run } => {
                self.places[*run] = Place::Settled(Fate::Missing {
                    reason: described(&refusal),
                });
            }
            Step::End { run: None, id, .. } => {
                self.orphans.retain(|(orphan, _)| orphan != id);
                if !gone {
                    self.remarks.push(Remark::NotEnded {
                        id: *id,
                        reason: described(&refusal),
                    });
                }
            }
            Step::End {
                run: Some(at),
                id,
                ending: Ending::Aborted { .. },
            } => {
                if !gone {
                    self.remarks.push(Remark::NotEnded {
                        id: *id,
                        reason: described(&refusal),
                    });
                }
                self.ignored.insert(*id);
                if let Place::Ending { then, .. } = &self.places[*at] {
                    let then = then.clone();
                    self.after_end(*at, then);
                }
            }
            Step::ReadResults { run, .. }
                if gone && matches!(self.places[*run], Place::Comparing(_)) =>
            {
                self.learn_holder_gone(desired, *run);
            }
            // The run is gone, or only a result of it: the list tells.
            Step::FillResults { run, .. } if gone && self.read_slots_again(*run) => {}
            Step::AddResults { run, id, .. }
            | Step::ReadResults { run, id, .. }
            | Step::ReadRun { run, id }
                if gone =>
            {
                self.gone(*run, *id, "somebody deleted it");
            }
            Step::AddResults { run, results, .. } | Step::FillResults { run, results, .. } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    filling.refusal = Some((results.clone(), described(&refusal)));
                }
            }
            Step::ReadAttachments { run, place: at, .. } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    let reason =
                        format!("whether it arrived cannot be seen: {}", described(&refusal));
                    filling.fail_attachments(&desired.runs[*run], *at, &reason);
                    if filling.completion == Completion::Finished {
                        filling.take_unanswered(&desired.runs[*run], *at);
                        self.learn_twice(*run, false);
                    }
                }
            }
            Step::End {
                run: Some(run), id, ..
            } if gone => self.gone(*run, *id, "somebody deleted it"),
            Step::End {
                run: Some(run),
                ending: Ending::Completed { .. },
                ..
            } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    filling.refusal = Some((Vec::new(), described(&refusal)));
                }
            }
            Step::ReadResults { run, id, .. } | Step::ReadRun { run, id } => {
                if let Place::Checking { .. } = self.places[*run] {
                    let reason = described(&refusal);
                    self.remarks.push(Remark::NotReadBack { id: *id, reason });
                    self.places[*run] = Place::Settled(Fate::AlreadyPublished {
                        id: *id,
                        ours: true,
                        incomplete: false,
                    });
                    return None;
                }
                if let Place::Filling(filling) = &self.places[*run]
                    && filling.completion == Completion::Finished
                {
                    let reason = described(&refusal);
                    self.remarks.push(Remark::NotReadBack { id: *id, reason });
                    self.places[*run] = Place::Settled(filling.published());
                    return None;
                }
                let then = After::Missing(described(&refusal));
                self.places[*run] = Place::Ending {
                    id: *id,
                    why: Why::NotCompleted,
                    then,
                };
            }
            Step::Attach { .. } => {}
        }
        None
    }
}

/// Whether a refusal of this step ends the whole work. Attachments never keep a run from being
/// completed, so a missing permission to list them does not either.
pub(super) fn stops_everything(step: &Step, refusal: &Refusal) -> bool {
    let about_attachments = matches!(step, Step::ReadAttachments { .. }) && refusal.status == 403;
    concerns_everything(refusal) && !about_attachments
}

/// Refusals after which no other request of this kind can succeed: the token, the address, a
/// permission.
pub(super) fn concerns_everything(refusal: &Refusal) -> bool {
    refusal.kind != RefusalKind::Status || matches!(refusal.status, 401 | 403)
}

/// A refusal in one line.
pub(super) fn described(refusal: &Refusal) -> String {
    let Refusal {
        request,
        status,
        message,
        activity_id,
        ..
    } = refusal;
    if *status == 0 {
        return message.clone();
    }
    let activity = if activity_id.is_empty() {
        String::new()
    } else {
        format!(" (activity {activity_id})")
    };
    format!("{request}: {status} {message}{activity}")
}
