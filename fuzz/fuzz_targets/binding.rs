//! Any bytes as a `testCaseBinding`.

#![no_main]

use katalon_ado::katalon::binding;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = binding::read(bytes);
});
