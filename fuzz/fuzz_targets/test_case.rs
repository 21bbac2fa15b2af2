//! Any bytes as a `.tc` file.

#![no_main]

use katalon_ado::katalon::project;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = project::read_test_case(bytes);
});
