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

/// Waits for a program whose standard input is held open; gives exit code and whole output.
#[cfg(target_os = "linux")]
pub(crate) fn finished(mut child: std::process::Child) -> (Option<i32>, String) {
    let input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(input);
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}
