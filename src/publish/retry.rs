//! How long to wait before something is tried again, and when to stop trying.

use std::time::{Duration, Instant};

use crate::azure_devops::sent::Trouble;

/// No wait between two tries is longer, whatever the number of failures.
const LONGEST: Duration = Duration::from_secs(60);

/// Looks that must agree before something counts as not there. Between two of them lies
/// [`Waits::late`], some seconds.
pub(super) const LOOKS: u8 = 2;

/// The same after a request that the service may still be at work on: half a minute in all.
pub(super) const LOOKS_AFTER_SILENCE: u8 = 7;

/// Looks for a run whose creation was not answered, before it is made once more. The waits before
/// them grow, see [`Waits::before_look`]: 35 seconds in all.
pub(super) const LOOKS_FOR_RUN: u8 = 3;

/// The same where the service may still be at work on it: 75 seconds.
pub(super) const LOOKS_FOR_RUN_AFTER_SILENCE: u8 = 5;

/// The same for a planned run with many points, each of which gets a result: nearly three minutes.
pub(super) const LOOKS_FOR_LARGE_RUN_AFTER_SILENCE: u8 = 9;

/// How often a run of another owner is looked at again.
pub(super) const LOOKS_AT_OTHERS: u32 = 12;

/// How long to wait for what. A value, so that tests can make it short.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// Before another look for what a lost request may have done; a series of looks waits longer.
    pub late: Duration,
    /// Before another look at a run of another job.
    pub other: Duration,
    /// Before the second try; doubled for each further one.
    pub backoff: Duration,
    /// How long open runs are tried to be set to `Aborted` after the work was given up.
    pub closing: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            late: Duration::from_secs(5),
            other: Duration::from_secs(10),
            backoff: Duration::from_secs(1),
            closing: Duration::from_secs(10),
        }
    }
}

impl Waits {
    /// The wait before a look in a series, after so many others: 1, 2, 4, 4, … times the first.
    pub(super) fn before_look(&self, others: u8) -> Duration {
        self.late * 2_u32.pow(u32::from(others.min(2)))
    }
}

/// Counts failures since the last progress.
#[derive(Debug)]
pub(super) struct Patience {
    waits: Waits,
    limit: Duration,
    failures: u32,
    last_progress: Instant,
    /// Since when there were refusals and no progress.
    refused_since: Option<Instant>,
}

impl Patience {
    pub(super) fn new(waits: Waits, limit: Duration) -> Self {
        Self {
            waits,
            limit,
            failures: 0,
            last_progress: Instant::now(),
            refused_since: None,
        }
    }

    /// Something was carried out, or read for the first time.
    pub(super) fn progress(&mut self) {
        self.failures = 0;
        self.last_progress = Instant::now();
        self.refused_since = None;
    }

    /// The next request is another one than those that failed: it need not wait as long.
    pub(super) fn begin_anew(&mut self) {
        self.failures = 0;
    }

    /// Results were refused. Whether there was nothing but refusals for too long.
    pub(super) fn is_over_after_refusal(&mut self) -> bool {
        let since = *self.refused_since.get_or_insert_with(Instant::now);
        !self.limit.is_zero() && since.elapsed() > self.limit
    }

    /// The service answered and asks to be left alone for so long: that is no time without progress.
    pub(super) fn excuse(&mut self, wait: Duration) {
        self.last_progress += wait;
    }

    /// How long it may go on without progress.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// What is left of that.
    pub(super) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.last_progress.elapsed())
    }

    /// Whether there was one failure since the last progress.
    pub(super) fn has_failed_once(&self) -> bool {
        self.failures == 1
    }

    /// How long to wait after a failure; `None` if it is time to give up.
    pub(super) fn after(&mut self, trouble: &Trouble) -> Option<Duration> {
        let left = self.left();
        if left.is_zero() {
            return None;
        }
        let doubled = self
            .waits
            .backoff
            .saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        match trouble.retry_after {
            Some(asked) if asked > left => None,
            Some(asked) => Some(asked),
            // Never beyond the end of patience: the last try is made there.
            None => Some(with_jitter(doubled.min(LONGEST)).min(left)),
        }
    }
}

/// Many jobs fail at the same moment; they must not all come back at the same moment.
fn with_jitter(wait: Duration) -> Duration {
    let mut random = [0; 1];
    let filled = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random);
    let part = if filled.is_ok() {
        f64::from(random[0]) / 255.0
    } else {
        0.5
    };
    wait.mul_f64(0.5 + 0.5 * part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure_devops::sent::TroubleKind;

    fn trouble(retry_after: Option<u64>) -> Trouble {
        Trouble {
            request: String::new(),
            cause: String::new(),
            kind: TroubleKind::Busy,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn waits_grow_and_end_with_patience() {
        let mut patience = Patience::new(Waits::default(), Duration::from_secs(300));
        let first = patience.after(&trouble(None)).unwrap();
        let second = patience.after(&trouble(None)).unwrap();
        assert!(
            first <= Duration::from_secs(1) && second >= Duration::from_secs(1),
            "{first:?} {second:?}"
        );
        for _ in 0..100 {
            let wait = patience.after(&trouble(None)).unwrap();
            assert!(wait <= LONGEST, "{wait:?}");
        }
        let mut impatient = Patience::new(Waits::default(), Duration::ZERO);
        assert_eq!(impatient.after(&trouble(None)), None);
    }

    #[test]
    fn looks_of_a_series_are_ever_further_apart() {
        let waits = Waits::default();
        let series: Vec<u64> = (0..5)
            .map(|others| waits.before_look(others).as_secs())
            .collect();
        assert_eq!(series, [5, 10, 20, 20, 20]);
    }

    #[test]
    fn the_service_says_how_long_unless_that_is_too_long() {
        let mut patience = Patience::new(Waits::default(), Duration::from_secs(300));
        assert_eq!(
            patience.after(&trouble(Some(7))),
            Some(Duration::from_secs(7))
        );
        assert_eq!(patience.after(&trouble(Some(301))), None);
    }
}
