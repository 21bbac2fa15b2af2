//! Reads what the fuzzer begins with, and what once broke a reader, without a fuzzer.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::path::Path;

use katalon_ado::katalon::{binding, junit, log, project, settings};

#[path = "../fuzz/checks/logging.rs"]
mod logging;
#[path = "../fuzz/checks/masking.rs"]
mod masking;

/// The files of a target; an empty folder would be a test that cannot fail.
fn each(target: &str, read: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut count = 0;
    for entry in std::fs::read_dir(corpus.join(target)).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        read(&bytes);
        count += 1;
    }
    assert!(count > 0, "fuzz/corpus/{target} is empty");
}

#[test]
fn every_kept_input_is_read_or_refused_without_panic() {
    each("junit", |bytes| drop(junit::read(bytes)));
    each("log", |bytes| drop(log::read(bytes)));
    each("binding", |bytes| drop(binding::read(bytes)));
    each("settings", |bytes| drop(settings::read(bytes)));
    each("test_case", |bytes| drop(project::read_test_case(bytes)));
}

#[test]
fn what_must_hold_holds_for_every_kept_input() {
    each("masking", masking::check);
    each("logging", logging::check);
}

#[test]
fn the_corpus_has_a_folder_for_each_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut targets = 0;
    for entry in std::fs::read_dir(fuzz.join("fuzz_targets")).unwrap() {
        let name = entry.unwrap().file_name();
        let name = Path::new(&name).file_stem().unwrap();
        assert!(fuzz.join("corpus").join(name).is_dir(), "{name:?}");
        targets += 1;
    }
    assert_eq!(targets, 7);
}
