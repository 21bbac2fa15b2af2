//! The list of earlier runs: those of the build, or those of a plan, which are listed without what is
//! needed of them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::desired::{Desired, LookUp};
use super::seen::{Listing, Seen, Wait};
use crate::azure_devops::TestRunId;
use crate::azure_devops::stored::{RunsPage, StoredRun};

impl Seen {
    pub(super) fn learn_runs(&mut self, desired: &Desired, page: RunsPage) {
        let Listing::Unknown { pages, .. } = &mut self.listing else {
            // A look-up made while the listing was known begins a new listing.
            self.listing = Listing::Unknown {
                pages: Vec::new(),
                wait: Wait::No,
            };
            return self.learn_runs(desired, page);
        };
        // A page that brings nothing new ends the list as an empty one does.
        let known: BTreeSet<TestRunId> = pages.iter().map(|run| run.id).collect();
        let brings_news = page.runs.iter().any(|run| !known.contains(&run.id));
        pages.extend(page.runs.iter().cloned());
        self.next_page = page.next;
        if !page.is_last && brings_news {
            return;
        }
        let mut runs = std::mem::take(pages);
        runs.sort_by_key(|run| run.id);
        runs.dedup_by_key(|run| run.id);
        if matches!(desired.look_up, LookUp::Plan(_)) {
            runs.iter_mut().for_each(|run| self.complete(run));
        }
        self.learn_when_complete(desired, runs, page.now);
    }

    /// A run that was listed without its comment was read; `None` if it is gone.
    pub(super) fn learn_found(
        &mut self,
        desired: &Desired,
        id: TestRunId,
        found: Option<StoredRun>,
    ) {
        let Listing::WithoutComments { runs, now } = &mut self.listing else {
            return;
        };
        let (mut runs, now) = (std::mem::take(runs), *now);
        match found {
            Some(mut found) => {
                found.comment.get_or_insert_default();
                for run in runs.iter_mut().filter(|run| run.id == id) {
                    *run = StoredRun {
                        updated: run.updated,
                        ..found.clone()
                    };
                }
                self.read.insert(id, found);
            }
            None => runs.retain(|run| run.id != id),
        }
        self.learn_when_complete(desired, runs, now);
    }

    /// What was read of a run before still holds if it is where it was in its life.
    fn complete(&self, run: &mut StoredRun) {
        let read = self.read.get(&run.id);
        if let Some(read) = read.filter(|read| read.state == run.state) {
            run.comment.clone_from(&read.comment);
            run.error_message.clone_from(&read.error_message);
        }
    }

    fn learn_when_complete(&mut self, desired: &Desired, runs: Vec<StoredRun>, now: Timestamp) {
        let of_plan = matches!(desired.look_up, LookUp::Plan(_));
        if of_plan && runs.iter().any(|run| run.comment.is_none()) {
            self.listing = Listing::WithoutComments { runs, now };
            return;
        }
        self.listing = Listing::Known;
        self.learn_listing(desired, &runs, now);
    }
}
