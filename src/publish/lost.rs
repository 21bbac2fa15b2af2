//! What a lost answer makes unknown: it is looked at before it is written again.

use super::creation::FEW_POINTS;
use super::desired::{Desired, DesiredRun};
use super::fate::Fate;
use super::filling::{Completion, Looks, ResultsSeen};
use super::retry::{
    LOOKS, LOOKS_AFTER_SILENCE, LOOKS_FOR_LARGE_RUN_AFTER_SILENCE, LOOKS_FOR_RUN,
    LOOKS_FOR_RUN_AFTER_SILENCE,
};
use super::seen::{Listing, Place, Seen, Wait};
use super::step::Step;
use crate::azure_devops::sent::{Trouble, TroubleKind};
use crate::azure_devops::test_runs::Ending;

impl Seen {
    pub(super) fn learn_unknown(&mut self, desired: &Desired, step: &Step, trouble: &Trouble) {
        let needed = looks_after(trouble.kind);
        match step {
            Step::Create { run } if self.can_look => {
                self.creation_broke(*run, trouble.kind);
                let needed = looks_for_run(&desired.runs[*run], trouble.kind);
                self.create_looks[*run] = Some((0, needed));
                self.places[*run] = Place::Undecided;
                self.listing = Listing::Unknown {
                    pages: Vec::new(),
                    wait: Wait::Late(0),
                };
            }
            Step::Create { run } => {
                let reason = format!(
                    "the answer to its creation was lost, and without a build it cannot be looked for ({})",
                    trouble.cause
                );
                self.places[*run] = Place::Settled(Fate::Missing { reason });
            }
            Step::AddResults { run, results, .. } | Step::FillResults { run, results, .. } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    // A busy service says nothing about what it was sent.
                    if trouble.kind != TroubleKind::Busy {
                        filling.broke(results, trouble);
                    }
                    filling.results = ResultsSeen::Unknown(Looks::needing(needed));
                    // A run that was ended has been seen to answer with nothing, or with ids of -1.
                    filling.doubt = trouble.kind == TroubleKind::Answer;
                    filling.reading.needed = filling.reading.needed.max(LOOKS);
                }
            }
            Step::End {
                run: Some(run),
                ending: Ending::Completed { .. },
                ..
            } => {
                if let Some(Place::Filling(filling)) = self.places.get_mut(*run) {
                    filling.completions = filling.completions.saturating_add(1);
                    filling.looks_at_end = 0;
                    filling.completion = Completion::Unknown;
                }
            }
            // To end a run twice does no harm, and reading changes nothing: the step comes again.
            Step::End { .. }
            | Step::LookUp { .. }
            | Step::ReadFound { .. }
            | Step::ReadResults { .. }
            | Step::ReadAttachments { .. }
            | Step::ReadRun { .. }
            | Step::Attach { .. } => {}
        }
    }
}

/// Looks for a run whose creation was not answered. To make one with many points takes its time.
fn looks_for_run(run: &DesiredRun, kind: TroubleKind) -> u8 {
    let is_large = run.points.len() > FEW_POINTS;
    match kind {
        TroubleKind::Silent if is_large => LOOKS_FOR_LARGE_RUN_AFTER_SILENCE,
        TroubleKind::Silent => LOOKS_FOR_RUN_AFTER_SILENCE,
        TroubleKind::Cut | TroubleKind::Server if is_large => LOOKS_FOR_RUN_AFTER_SILENCE,
        TroubleKind::Connect
        | TroubleKind::Tls(_)
        | TroubleKind::Proxy
        | TroubleKind::ProxyPassword
        | TroubleKind::Cut
        | TroubleKind::Busy
        | TroubleKind::Server
        | TroubleKind::Answer => LOOKS_FOR_RUN,
    }
}

/// Looks that are needed after trouble of this kind before something counts as not there.
pub(super) fn looks_after(kind: TroubleKind) -> u8 {
    match kind {
        TroubleKind::Silent => LOOKS_AFTER_SILENCE,
        TroubleKind::Connect
        | TroubleKind::Tls(_)
        | TroubleKind::Proxy
        | TroubleKind::ProxyPassword
        | TroubleKind::Cut
        | TroubleKind::Busy
        | TroubleKind::Server
        | TroubleKind::Answer => LOOKS,
    }
}
