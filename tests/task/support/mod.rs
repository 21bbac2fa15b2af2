//! What stands in for an agent.

pub(crate) mod agent;
pub(crate) mod log;
mod profile;
pub(crate) mod task_folder;

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The example reports of one situation.
pub(crate) fn reports(situation: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reports")
        .join(situation);
    assert!(folder.is_dir(), "{}", folder.display());
    folder
}

/// Waits until something is so; fails if it never is.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "never came: {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
