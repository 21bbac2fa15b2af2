//! What stands in for an agent.

pub(crate) mod agent;
pub(crate) mod log;
mod profile;
mod step;
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

/// Copies a folder with all that is below it.
#[cfg(target_os = "linux")]
pub(crate) fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &copy);
        } else {
            std::fs::copy(entry.path(), copy).unwrap();
        }
    }
}
