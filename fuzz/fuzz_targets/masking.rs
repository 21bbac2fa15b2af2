//! Any secrets and any text: nothing secret is left, and nothing else is touched.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../checks/masking.rs"]
mod check;

fuzz_target!(|bytes: &[u8]| check::check(bytes));
