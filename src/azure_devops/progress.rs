//! Whether bytes move: what `requestTimeout` is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When the last byte moved, in milliseconds since the client was made.
#[derive(Debug)]
pub(super) struct Progress {
    made_at: Instant,
    last: AtomicU64,
}

impl Progress {
    pub(super) fn begun() -> Arc<Self> {
        Arc::new(Self {
            made_at: Instant::now(),
            last: AtomicU64::new(0),
        })
    }

    pub(super) fn made(&self) {
        let now = u64::try_from(self.made_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    pub(super) fn silence(&self) -> Duration {
        self.made_at
            .elapsed()
            .saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }
}
