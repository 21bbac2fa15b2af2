//! Any bytes as the settings of Katalon's integration.

#![no_main]

use katalon_ado::katalon::settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = settings::read(bytes);
});
