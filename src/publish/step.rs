//! The one next request, as a pure function of what should exist and what is known to exist.
//!
//! For each run, in order, the first row that holds:
//!
//! | known of the run | next request |
//! |---|---|
//! | the runs of the build, or of the plan, are not known | look up runs (the next page) |
//! | a run of the plan was listed without its comment | read it |
//! | one of our own open runs is in the way | end it as `Aborted` |
//! | it may be in a finished run that is not whole | read the results of that |
//! | finished runs may hold a part of it | read their results |
//! | it is decided that it must be made | create it |
//! | which results it holds is not known | read its results, until enough looks agree |
//! | a refusal may mean that it was ended by somebody | read the run |
//! | results are missing | add the next ones; fill them in a planned run |
//! | whether an attachment arrived is not known | read the attachments of that place |
//! | attachments are missing | attach up to eight |
//! | other runs with its reports may have appeared | look up runs |
//! | it is not completed | complete it |
//! | whether it was completed is not known | read the run |
//! | not all of its results were seen in it after that | read its results |
//! | an attachment whose answer was lost may be there twice | read the attachments of that place |
//!
//! A run that is settled has none; when all are, runs of other owners that hold our reports are
//! looked at again.

use std::collections::HashSet;

use super::desired::{Desired, DesiredRun};
use super::filling::{AttachmentSeen, Completion, Filling, ResultsSeen, place};
use super::points::Slot;
use super::seen::{Listing, Place, Seen, Wait};
use crate::azure_devops::form::Form;
use crate::azure_devops::stored::AddedResult;
use crate::azure_devops::test_runs::{self, Ending};
use crate::azure_devops::{BYTES_PER_REQUEST, RESULTS_PER_REQUEST, TestPointId, TestRunId};
use crate::secrets::Clean;

/// Attachments sent at the same time.
pub const ATTACHMENTS_AT_ONCE: usize = 8;

/// A request, and what must pass before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The request.
    pub step: Step,
    /// What must pass before it.
    pub wait: Wait,
}

/// A request. Runs, results and attachments are named by their position in [`Desired`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reads a page of the build's runs.
    LookUp {
        /// How many runs were read before.
        skip: usize,
    },
    /// Reads a run that was listed without its comment.
    ReadFound {
        /// Which.
        id: TestRunId,
    },
    /// Makes a run.
    Create {
        /// Which.
        run: usize,
    },
    /// Reads a page of a run's results.
    ReadResults {
        /// Of which run.
        run: usize,
        /// Its id.
        id: TestRunId,
        /// How many results were read before.
        skip: usize,
        /// Whether the ids of sub-results are needed.
        with_sub_results: bool,
    },
    /// Adds results.
    AddResults {
        /// To which run.
        run: usize,
        /// Its id.
        id: TestRunId,
        /// Which, in order.
        results: Vec<usize>,
        /// What of them is sent.
        form: Form,
    },
    /// Fills results that a planned run was made with.
    FillResults {
        /// Of which run.
        run: usize,
        /// Its id.
        id: TestRunId,
        /// Which, in order.
        results: Vec<usize>,
        /// The result that each of them fills.
        slots: Vec<Slot>,
        /// What of them is sent.
        form: Form,
    },
    /// Reads what is attached at one place.
    ReadAttachments {
        /// Of which run.
        run: usize,
        /// Its id.
        id: TestRunId,
        /// Where.
        place: test_runs::Place,
    },
    /// Attaches files, all at the same time.
    Attach {
        /// To which run.
        run: usize,
        /// Its id.
        id: TestRunId,
        /// Which, and where.
        attachments: Vec<(usize, test_runs::Place)>,
    },
    /// Reads a run.
    ReadRun {
        /// Which.
        run: usize,
        /// Its id.
        id: TestRunId,
    },
    /// Ends a run.
    End {
        /// Which; `None` for a run of an earlier try that is none of ours now.
        run: Option<usize>,
        /// Its id.
        id: TestRunId,
        /// How.
        ending: Ending,
    },
}

impl Step {
    /// Whether it changes something.
    pub fn writes(&self) -> bool {
        match self {
            Step::Create { .. }
            | Step::AddResults { .. }
            | Step::FillResults { .. }
            | Step::Attach { .. }
            | Step::End { .. } => true,
            Step::LookUp { .. }
            | Step::ReadFound { .. }
            | Step::ReadResults { .. }
            | Step::ReadAttachments { .. }
            | Step::ReadRun { .. } => false,
        }
    }
}

/// The next request, `None` when nothing is missing.
pub fn next(desired: &Desired, seen: &Seen) -> Option<Next> {
    if let Listing::Unknown { pages, wait } = &seen.listing {
        let wait = if pages.is_empty() { *wait } else { Wait::No };
        return Some(Next {
            step: Step::LookUp { skip: pages.len() },
            wait,
        });
    }
    if let Listing::WithoutComments { runs, .. } = &seen.listing {
        let without = runs.iter().find(|run| run.comment.is_none());
        if let Some(run) = without {
            return Some(at_once(Step::ReadFound { id: run.id }));
        }
    }
    if let Some((id, why)) = seen.orphans.first() {
        let ending = Ending::Aborted { reason: why.text() };
        return Some(at_once(Step::End {
            run: None,
            id: *id,
            ending,
        }));
    }
    let mut is_held = false;
    let mut held_points = HashSet::new();
    for &at in desired.order() {
        let run = &desired.runs[at];
        if must_wait(run, &seen.places[at], &held_points) {
            continue;
        }
        match &seen.places[at] {
            Place::Held { .. } => {
                is_held = true;
                held_points.extend(&run.points);
            }
            // Undecided is only what the listing, unknown above, has not decided yet.
            Place::Undecided | Place::Settled(_) => {}
            Place::ToCreate => return Some(at_once(Step::Create { run: at })),
            Place::Checking { id, looks, .. } => {
                return Some(at_once(Step::ReadResults {
                    run: at,
                    id: *id,
                    skip: looks.page.len(),
                    with_sub_results: false,
                }));
            }
            Place::Comparing(comparing) => {
                return Some(at_once(Step::ReadResults {
                    run: at,
                    id: comparing.id(),
                    skip: comparing.skip(),
                    with_sub_results: false,
                }));
            }
            Place::Ending { id, why, .. } => {
                let ending = Ending::Aborted { reason: why.text() };
                return Some(at_once(Step::End {
                    run: Some(at),
                    id: *id,
                    ending,
                }));
            }
            Place::Filling(filling) => {
                if let Some(next) = fill(at, run, filling, seen) {
                    return Some(next);
                }
            }
        }
    }
    is_held.then_some(Next {
        step: Step::LookUp { skip: 0 },
        wait: Wait::Other,
    })
}

/// Whether an earlier run that another job is publishing must come to its end first: a test point
/// shows what was published last, and that must be the newest.
fn must_wait(run: &DesiredRun, place: &Place, held: &HashSet<&TestPointId>) -> bool {
    let is_begun = matches!(place, Place::ToCreate | Place::Filling(_));
    is_begun && !held.is_empty() && run.points.iter().any(|point| held.contains(point))
}

fn at_once(step: Step) -> Next {
    Next {
        step,
        wait: Wait::No,
    }
}

fn fill(at: usize, run: &DesiredRun, filling: &Filling, seen: &Seen) -> Option<Next> {
    let id = filling.id;
    let stored = match &filling.results {
        ResultsSeen::Unknown(looks) => {
            let step = Step::ReadResults {
                run: at,
                id,
                skip: looks.page.len(),
                with_sub_results: run
                    .results
                    .iter()
                    .any(|result| !result.sub_results.is_empty()),
            };
            let wait = if looks.page.is_empty() && looks.made > 0 {
                Wait::Late(0)
            } else {
                Wait::No
            };
            return Some(Next { step, wait });
        }
        ResultsSeen::Known(stored) => stored,
    };
    if filling.doubt || filling.refusal.is_some() || filling.completion == Completion::Unknown {
        let wait = if filling.looks_at_end > 0 {
            Wait::Late(0)
        } else {
            Wait::No
        };
        return Some(Next {
            step: Step::ReadRun { run: at, id },
            wait,
        });
    }
    if let Some((results, form)) = next_batch(run, filling, stored) {
        if run.run.plan.is_some() {
            let slots = results.iter().filter_map(|&at| filling.slots[at]).collect();
            return Some(at_once(Step::FillResults {
                run: at,
                id,
                results,
                slots,
                form,
            }));
        }
        return Some(at_once(Step::AddResults {
            run: at,
            id,
            results,
            form,
        }));
    }
    if let Some(next) = next_attachments(at, run, filling, stored) {
        return Some(next);
    }
    match filling.completion {
        Completion::Open if !filling.twins_checked && seen.can_look => {
            Some(at_once(Step::LookUp { skip: 0 }))
        }
        Completion::Open => Some(at_once(Step::End {
            run: Some(at),
            id,
            ending: completed(run, filling),
        })),
        Completion::Finished if filling.is_read_back => {
            let ResultsSeen::Known(stored) = &filling.results else {
                return None;
            };
            let place = filling
                .unanswered
                .first()
                .and_then(|&position| place(run.attachments[position].target, stored))?;
            Some(at_once(Step::ReadAttachments { run: at, id, place }))
        }
        Completion::Finished => {
            let wait = if filling.reading.page.is_empty() && filling.reading.made > 0 {
                Wait::Late(0)
            } else {
                Wait::No
            };
            let skip = filling.reading.page.len();
            Some(Next {
                step: Step::ReadResults {
                    run: at,
                    id,
                    skip,
                    with_sub_results: false,
                },
                wait,
            })
        }
        Completion::Unknown => None,
    }
}

/// The results that are sent next: the first missing ones, as many as one request may hold, all in
/// one form. One over which the service broke alone waits for the others.
fn next_batch(
    run: &DesiredRun,
    filling: &Filling,
    stored: &[Option<AddedResult>],
) -> Option<(Vec<usize>, Form)> {
    let missing = |&at: &usize| stored[at].is_none() && !filling.refused.contains_key(&at);
    let (suspects, others): (Vec<usize>, Vec<usize>) = (0..run.results.len())
        .filter(missing)
        .partition(|&at| filling.trials[at].is_suspect());
    let Some(first) = others.first() else {
        let next = |&&at: &&usize| filling.trials[at].broken;
        let at = *suspects.iter().min_by_key(next)?;
        return Some((vec![at], filling.trials[at].form));
    };
    let form = filling.trials[*first].form;
    let mut batch = Vec::new();
    let (mut weight, mut bytes, mut room) = (0, 0, usize::MAX);
    for at in others {
        let trial = &filling.trials[at];
        weight += run.results[at].weight();
        bytes += filling.sizes[at];
        room = room.min(trial.room);
        let fits = weight <= RESULTS_PER_REQUEST
            && bytes <= BYTES_PER_REQUEST
            && batch.len() < room
            && trial.form == form;
        if !batch.is_empty() && !fits {
            break;
        }
        batch.push(at);
    }
    Some((batch, form))
}

fn next_attachments(
    at: usize,
    run: &DesiredRun,
    filling: &Filling,
    stored: &[Option<AddedResult>],
) -> Option<Next> {
    let id = filling.id;
    let mut attachments = Vec::new();
    for (position, (attachment, seen)) in
        run.attachments.iter().zip(&filling.attachments).enumerate()
    {
        let Some(place) = place(attachment.target, stored) else {
            continue;
        };
        match seen {
            AttachmentSeen::Unknown { late, .. } => {
                let wait = if *late { Wait::Late(0) } else { Wait::No };
                return Some(Next {
                    step: Step::ReadAttachments { run: at, id, place },
                    wait,
                });
            }
            AttachmentSeen::Missing { .. } if attachments.len() < ATTACHMENTS_AT_ONCE => {
                attachments.push((position, place));
            }
            AttachmentSeen::Missing { .. } | AttachmentSeen::Stored | AttachmentSeen::Failed(_) => {
            }
        }
    }
    (!attachments.is_empty()).then(|| {
        at_once(Step::Attach {
            run: at,
            id,
            attachments,
        })
    })
}

fn completed(run: &DesiredRun, filling: &Filling) -> Ending {
    let error_message = match filling.refused.len() {
        0 => Clean::default(),
        refused => Clean::number(refused)
            .and(&Clean::own(" of "))
            .and(&Clean::number(run.results.len()))
            .and(&Clean::own(
                " results were refused by Azure DevOps and are missing here",
            )),
    };
    Ending::Completed {
        completed: run.run.completed.filter(|_| !filling.is_plain_completion),
        error_message,
    }
}
