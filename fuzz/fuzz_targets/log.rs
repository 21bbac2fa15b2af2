//! Any bytes as an `execution0.log`, and the same bytes cut off: a run that was killed.

#![no_main]

use katalon_ado::katalon::log;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(whole) = log::read(bytes) else { return };
    let half = &bytes[..bytes.len() / 2];
    let Ok(part) = log::read(half) else { return };
    let runs = |log: &log::Log| {
        let mut executions = log.executions.clone();
        for run in &log.earlier_runs {
            executions.extend(run.executions.clone());
        }
        executions
    };
    // What has ended in the whole log cannot have ended more often in half of it, nor better.
    let (whole, part) = (runs(&whole), runs(&part));
    assert!(part.len() <= whole.len());
    let went_well = |one: &&log::Execution| {
        one.has_ended && matches!(one.status.as_deref(), Some("PASSED" | "SKIPPED"))
    };
    for one in part.iter().filter(went_well) {
        assert!(whole.iter().any(|other| {
            (&other.test_case, other.started, &other.status)
                == (&one.test_case, one.started, &one.status)
        }));
    }
});
