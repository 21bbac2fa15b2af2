//! What the service says of how much of it is used: `X-RateLimit-…`.
//!
//! What it says is told, and lowers how much is asked for at the same time. Only `Retry-After` is
//! waited for: `X-RateLimit-Delay` tells how long this very answer was held back already.

use std::cell::Cell;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;

/// Little is left below one part in so many of what there is.
const LITTLE: f64 = 4.0;

/// What there is, where the service does not say so: units for a user in five minutes, by
/// Microsoft's page on rate limits.
const USUAL_LIMIT: f64 = 200.0;

/// How long little is left after the service said so last: what was used five minutes ago counts no
/// more.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// Delays that are not told yet are told when they sum up to so much.
const WORTH_A_LINE: Duration = Duration::from_secs(3);

/// What the service said so far.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Answers that were held back and not told of yet, and for how long in all.
    held_back: Cell<(u32, Duration)>,
    /// Until when little is left.
    scarce_until: Cell<Option<Instant>>,
    /// What is left and of how much, where it has just become little.
    became_scarce: Cell<Option<(f64, f64)>>,
}

impl Usage {
    /// Takes note of what an answer says.
    pub(super) fn note(&self, request: &str, headers: &HeaderMap) {
        let number = |name: &str| -> Option<f64> {
            let number: f64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
            (number >= 0.0 && number.is_finite()).then_some(number)
        };
        let delay = number("x-ratelimit-delay").unwrap_or_default();
        if let Ok(delay) = Duration::try_from_secs_f64(delay)
            && !delay.is_zero()
        {
            log::debug!("{request}: held back for {} s", delay.as_secs_f64());
            let (answers, sum) = self.held_back.get();
            let sum = sum.saturating_add(delay);
            self.held_back.set((answers.saturating_add(1), sum));
        }
        if let Some(remaining) = number("x-ratelimit-remaining") {
            let limit = number("x-ratelimit-limit").unwrap_or(USUAL_LIMIT);
            log::debug!("{request}: {remaining} of {limit} left");
            if remaining * LITTLE < limit {
                if !self.is_scarce() {
                    self.became_scarce.set(Some((remaining, limit)));
                }
                self.scarce_until.set(Some(Instant::now() + WINDOW));
            } else {
                self.scarce_until.set(None);
            }
        }
    }

    /// Whether little is left.
    pub(super) fn is_scarce(&self) -> bool {
        (self.scarce_until.get()).is_some_and(|until| Instant::now() < until)
    }

    /// What is worth a line and was not told yet.
    pub(super) fn news(&self) -> Option<String> {
        if let Some((remaining, limit)) = self.became_scarce.take() {
            return Some(format!(
                "Azure DevOps has little left for this identity ({remaining} of {limit} units): \
                 files are attached one after the other"
            ));
        }
        let (answers, sum) = self.held_back.get();
        if sum < WORTH_A_LINE {
            return None;
        }
        self.held_back.take();
        let answers = match answers {
            1 => "1 answer".to_owned(),
            answers => format!("{answers} answers"),
        };
        Some(format!(
            "Azure DevOps held back {answers} for {:.0} seconds in all: much is asked of it",
            sum.as_secs_f64()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(usage: &Usage, headers: &[(&'static str, &str)]) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        usage.note("GET x", &map);
    }

    #[test]
    fn delays_are_told_once_they_sum_up() {
        let usage = Usage::default();
        noted(&usage, &[("x-ratelimit-delay", "1.5")]);
        assert_eq!(usage.news(), None);
        noted(&usage, &[("x-ratelimit-delay", "2")]);
        let told = "Azure DevOps held back 2 answers for 4 seconds in all: much is asked of it";
        assert_eq!(usage.news().as_deref(), Some(told));
        assert_eq!(usage.news(), None);
        noted(&usage, &[("x-ratelimit-delay", "a while")]);
        noted(&usage, &[("x-ratelimit-delay", "-5")]);
        assert_eq!(usage.news(), None);
    }

    #[test]
    fn little_is_left_below_a_quarter_until_the_service_says_otherwise() {
        let usage = Usage::default();
        let limit = ("x-ratelimit-limit", "100");
        noted(&usage, &[limit, ("x-ratelimit-remaining", "25")]);
        assert!(!usage.is_scarce());
        noted(&usage, &[limit, ("x-ratelimit-remaining", "24")]);
        assert!(usage.is_scarce());
        assert!(usage.news().unwrap().contains("(24 of 100 units)"));
        noted(&usage, &[limit, ("x-ratelimit-remaining", "20")]);
        assert_eq!(usage.news(), None, "it is told once");
        noted(&usage, &[]);
        assert!(usage.is_scarce());
        noted(&usage, &[limit, ("x-ratelimit-remaining", "60")]);
        assert!(!usage.is_scarce());
        // Without a limit it is the usual one.
        noted(&usage, &[("x-ratelimit-remaining", "49")]);
        assert!(usage.is_scarce());
    }
}
