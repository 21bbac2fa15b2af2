//! Any bytes as an `execution0.log`, and the same bytes cut off: a run that was killed.

#![no_main]

use katalon_ado::katalon::log;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(whole) = log::read(bytes) else { return };
    // What has ended in the whole log cannot have ended more often in half of it.
    let half = &bytes[..bytes.len() / 2];
    if let Ok(part) = log::read(half)
        && whole.earlier_runs.is_empty()
        && part.earlier_runs.is_empty()
    {
        assert!(part.executions.len() <= whole.executions.len());
    }
});
