//! The task as an agent has it: its definition, its launcher, and both together with the program.
//!
//! `KATALON_ADO_TASK` names the folder of a task to try instead of the one made of this working
//! copy, and `KATALON_ADO_NODE` another Node than the one on the path: `cargo xtask check` sets
//! them to the task out of the VSIX, and to the oldest Node that a task can meet.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod support;

mod definition;
mod extension;
#[cfg(target_os = "linux")]
mod foreign;
#[cfg(unix)]
mod launcher;
#[cfg(target_os = "linux")]
mod packaged;
#[cfg(unix)]
mod under_an_agent;
