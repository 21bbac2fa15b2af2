//! Reading lists to their end, page by page. Each page is progress, so patience begins anew, and is
//! told to those who wait at a terminal.

use std::collections::HashSet;
use std::hash::Hash;

use super::super::context::Context;
use super::super::nothing_done;
use crate::azure_devops::Page;
use crate::azure_devops::explain;
use crate::azure_devops::sent::{Refusal, Sent};
use crate::exit_code::ExitCode;
use crate::problem::{Problem, counted};
use crate::publish::{ReadFailure, cancelled, read_until_answered};

/// So many pages in a row may bring nothing new: a filter leaves some empty, and what others add
/// moves some along. A list that goes round in circles would else never end.
const MOST_WITHOUT_NEWS: usize = 20;

/// Why something could not be read.
#[derive(Debug)]
pub(in super::super) enum Unread {
    /// The service refused it.
    Refused(Refusal),
    /// It was tried for as long as the inputs allow, or somebody cancelled.
    Ended(ExitCode, Problem),
}

/// What a list is of, for those who wait.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Items {
    /// One of them.
    one: &'static str,
    /// Read in other lists before.
    before: usize,
}

impl Items {
    /// Things of this name, in the singular.
    pub(in super::super) const fn called(one: &'static str) -> Self {
        Self { one, before: 0 }
    }

    /// The same, of which so many were read in other lists.
    pub(in super::super) fn after(self, before: usize) -> Self {
        Self { before, ..self }
    }
}

impl Context<'_> {
    /// Asks until there is an answer.
    pub(in super::super) async fn answer<T, F>(&self, ask: impl FnMut() -> F) -> Result<T, Unread>
    where
        F: Future<Output = Sent<T>>,
    {
        let retry_for = self.invocation.inputs.retry_for.value.duration();
        let asked = read_until_answered(
            self.waits,
            retry_for,
            self.client,
            self.pipeline,
            self.cancel,
            ask,
        )
        .await;
        match asked {
            Ok(Sent::Answered(answer)) => Ok(answer),
            Ok(Sent::Refused(refusal)) => Err(Unread::Refused(refusal)),
            Ok(Sent::NotSent(trouble) | Sent::Unknown(trouble))
            | Err(ReadFailure::Trouble(trouble)) => Err(Unread::Ended(
                ExitCode::NotPublished,
                explain::trouble(
                    self.client,
                    &trouble,
                    retry_for,
                    nothing_done(self.invocation),
                ),
            )),
            Err(ReadFailure::Cancelled) => Err(Unread::Ended(ExitCode::Cancelled, cancelled())),
        }
    }

    /// A whole list whose next page is asked for by a token. Items that stand in two pages count
    /// once: others change the list while we read it.
    pub(in super::super) async fn list_by_token<T, K, F>(
        &self,
        items: Items,
        ask: impl Fn(Option<String>) -> F,
        key: impl Fn(&T) -> K,
    ) -> Result<Vec<T>, Unread>
    where
        K: Eq + Hash,
        F: Future<Output = Sent<Page<T>>>,
    {
        let mut whole = Whole::new(key);
        let mut next = None;
        loop {
            let page = self.answer(|| ask(next.clone())).await?;
            whole.take(page.items);
            self.show_read(items, whole.items.len());
            match page.next {
                Some(token) if !whole.is_going_round() => next = Some(token),
                Some(_) | None => return Ok(whole.items),
            }
        }
    }

    /// A whole list whose pages are asked for by position; an empty page ends it.
    pub(in super::super) async fn list_by_position<T, K, F>(
        &self,
        items: Items,
        ask: impl Fn(usize) -> F,
        key: impl Fn(&T) -> K,
    ) -> Result<Vec<T>, Unread>
    where
        K: Eq + Hash,
        F: Future<Output = Sent<Vec<T>>>,
    {
        let mut whole = Whole::new(key);
        let mut skip = 0;
        loop {
            let page = self.answer(|| ask(skip)).await?;
            skip += page.len();
            let is_end = page.is_empty();
            whole.take(page);
            if is_end || whole.is_going_round() {
                return Ok(whole.items);
            }
            self.show_read(items, whole.items.len());
        }
    }

    /// Shows those who wait how much was read.
    pub(super) fn show_read(&self, items: Items, read: usize) {
        let read = counted(items.before + read, items.one);
        self.pipeline.progress(&format!("{read} read so far"));
    }
}

/// What was read of a list so far.
struct Whole<T, K, F> {
    items: Vec<T>,
    known: HashSet<K>,
    key: F,
    /// Pages in a row that brought nothing new.
    without_news: usize,
}

impl<T, K: Eq + Hash, F: Fn(&T) -> K> Whole<T, K, F> {
    fn new(key: F) -> Self {
        Self {
            items: Vec::new(),
            known: HashSet::new(),
            key,
            without_news: 0,
        }
    }

    fn is_going_round(&self) -> bool {
        self.without_news >= MOST_WITHOUT_NEWS
    }

    /// Takes a page.
    fn take(&mut self, page: Vec<T>) {
        let before = self.items.len();
        for item in page {
            if self.known.insert((self.key)(&item)) {
                self.items.push(item);
            }
        }
        if self.items.len() > before {
            self.without_news = 0;
        } else {
            self.without_news += 1;
        }
    }
}
