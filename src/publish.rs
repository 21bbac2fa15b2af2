//! Publishing: what should exist, what is seen to exist, the next request, until nothing is missing.

mod decide;
pub mod desired;
pub mod filling;
mod learn;
pub mod marker;
mod matching;
pub mod seen;
#[cfg(test)]
mod simulation;
pub mod step;
