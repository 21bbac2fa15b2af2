//! Any bytes as a `JUnit_Report.xml`.

#![no_main]

use katalon_ado::katalon::junit;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = junit::read(bytes);
});
