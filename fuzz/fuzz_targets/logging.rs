//! Any texts told in every way: the agent finds our own commands and no others.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../checks/logging.rs"]
mod check;

fuzz_target!(|bytes: &[u8]| check::check(bytes));
