//! Requests with results that come back: which result is to blame, and what the service takes of it.
//!
//! A request is made smaller by halves. A single result is sent in another form, and named as
//! refused when the service takes it in none. A refusal says at once that the results are to blame;
//! a request over which the service breaks does so when it breaks a second time, and for a single
//! result only where it takes others meanwhile: it may have trouble of its own.

use super::desired::DesiredRun;
use super::filling::{Filling, ResultsSeen};
use crate::azure_devops::form::Form;
use crate::azure_devops::sent::{Trouble, TroubleKind};
use crate::azure_devops::stored::AddedResult;

/// Broken requests after which the next one is smaller.
const BREAKS: u8 = 2;

/// Broken requests with a single result after which that result is to blame. It loses something
/// then, so chance must not decide it.
const BREAKS_ALONE: u8 = 4;

/// How a result is sent next.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How many results may travel together with it.
    pub room: usize,
    /// What of it is sent.
    pub form: Form,
    /// Why it is not sent whole, as the first refusal said.
    pub reason: String,
    /// Requests with it that broke and left nothing behind.
    pub(super) broken: u8,
    /// How many results of its run were stored when the first of them broke.
    stored_then: usize,
}

impl Trial {
    /// Whole, with as many others as fit.
    pub(super) fn first() -> Self {
        Self {
            room: usize::MAX,
            form: Form::Whole,
            reason: String::new(),
            broken: 0,
            stored_then: 0,
        }
    }

    /// Whether the service broke over it alone. It waits until the others are sent: only then is
    /// known whether it is to blame.
    pub(super) fn is_suspect(&self) -> bool {
        self.room == 1 && self.broken > 0
    }
}

/// A request with results that broke, until it is known what of it arrived.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Its results.
    pub(super) results: Vec<usize>,
    /// What kind of trouble.
    pub(super) kind: TroubleKind,
    /// What was told.
    pub(super) cause: String,
    /// All others of the run were stored or refused when it was sent.
    pub(super) is_last: bool,
    /// Patience is at its end: what is known of it decides.
    pub(super) decides: bool,
}

impl Filling {
    /// Sends what a request held in smaller ones, or a single result in another form.
    pub(super) fn narrow(&mut self, run: &DesiredRun, results: &[usize], reason: String) {
        self.narrowed = self.narrowed.saturating_add(1);
        let [only] = results[..] else {
            for &at in results {
                self.trials[at].room = (results.len() / 2).max(1);
            }
            return;
        };
        let trial = &mut self.trials[only];
        trial.room = 1;
        match run.results[only].form_after(trial.form) {
            Some(form) => {
                trial.form = form;
                // That it comes back is known: fewer breaks decide on each further form.
                trial.broken = trial.broken.min(BREAKS_ALONE - BREAKS);
                if trial.reason.is_empty() {
                    trial.reason = reason;
                }
            }
            None => {
                self.refused.insert(only, reason);
            }
        }
    }

    /// It is known what a broken request left behind.
    pub(super) fn came_back(&mut self, run: &DesiredRun, broken: Broken) {
        let ResultsSeen::Known(stored) = &self.results else {
            return;
        };
        if broken.results.iter().any(|&at| stored[at].is_some()) {
            return;
        }
        let count = count_stored(stored);
        for &at in &broken.results {
            let trial = &mut self.trials[at];
            if trial.broken == 0 {
                trial.stored_then = count;
            }
            trial.broken = trial.broken.saturating_add(1);
        }
        let is_to_blame = match broken.results[..] {
            [only] => {
                let others_are_taken = count > self.trials[only].stored_then;
                let of_service = broken.kind == TroubleKind::Server;
                let often = self.trials[only].broken >= BREAKS_ALONE;
                broken.decides || (of_service && others_are_taken && often)
            }
            _ => (broken.results.iter()).all(|&at| self.trials[at].broken >= BREAKS),
        };
        if is_to_blame {
            self.narrow(run, &broken.results, broken.cause);
        }
    }

    /// A request with results broke.
    pub(super) fn broke(&mut self, results: &[usize], trouble: &Trouble) {
        let ResultsSeen::Known(stored) = &self.results else {
            return;
        };
        let settled = count_stored(stored) + self.refused.len();
        self.broken = Some(Broken {
            results: results.to_vec(),
            kind: trouble.kind,
            cause: trouble.cause.clone(),
            is_last: count_stored(stored) > 0 && settled + 1 == stored.len(),
            decides: false,
        });
    }
}

fn count_stored(stored: &[Option<AddedResult>]) -> usize {
    stored.iter().flatten().count()
}
