//! Lists that come page by page with a token (contract §5).

use crate::answer::{Answer, Request};
use crate::errors::{Handled, Refusal};
use crate::state::State;
use serde_json::Value;

/// Most items in a page, whatever the settings allow (contract §5).
const MOST: usize = 200;

/// Where a page begins and how long it may be.
pub(super) struct Page {
    /// The least key that belongs to the page.
    pub(super) from: u64,
    limit: usize,
}

impl Page {
    /// The page that was asked for. The token is the key of the last item and the length of a page; to a client it
    /// is a text that means nothing and has to be encoded.
    pub(super) fn asked(state: &State, request: &Request) -> Handled<Page> {
        let limit = state.settings.page_size.min(MOST);
        let Some(token) = request.parameter("continuationToken") else {
            return Ok(Page { from: 0, limit });
        };
        let last = token
            .split_once('+')
            .filter(|(_, length)| length.parse::<usize>().is_ok())
            .and_then(|(last, _)| last.parse::<u64>().ok());
        let last = last.ok_or_else(|| {
            Refusal::argument(format!("The continuation token '{token}' is not valid."))
        })?;
        Ok(if state.settings.pages_overlap {
            // The page is one longer, or it might bring nothing new.
            Page {
                from: last,
                limit: limit + 1,
            }
        } else {
            Page {
                from: last + 1,
                limit,
            }
        })
    }

    /// The answer with those of the items that belong to the page. They come in the order of their keys, none below
    /// [`Page::from`].
    pub(super) fn answer<T>(
        &self,
        items: impl Iterator<Item = (u64, T)>,
        view: impl Fn(&T) -> Value,
    ) -> Answer {
        let mut items = items.peekable();
        let (mut views, mut last) = (Vec::new(), 0);
        while views.len() < self.limit
            && let Some((key, item)) = items.next()
        {
            last = key;
            views.push(view(&item));
        }
        let answer = Answer::list(views);
        if items.peek().is_some() {
            answer.with_header("x-ms-continuationtoken", format!("{last}+{MOST}"))
        } else {
            answer
        }
    }
}

/// The numbers in a parameter that holds a list.
pub(super) fn numbers(request: &Request, name: &str) -> Handled<Option<Vec<u64>>> {
    let Some(text) = request.parameter(name) else {
        return Ok(None);
    };
    let numbers = text.split(',').map(|number| number.trim().parse().ok());
    match numbers.collect() {
        Some(numbers) => Ok(Some(numbers)),
        None => Err(Refusal::argument(format!(
            "The value '{text}' of query parameter '{name}' is not a list of whole numbers."
        ))),
    }
}

/// A flag that is set unless somebody takes it away.
pub(super) fn flag_or_true(request: &Request, name: &str) -> Handled<bool> {
    if request.parameter(name).is_none() {
        return Ok(true);
    }
    request.flag(name)
}
