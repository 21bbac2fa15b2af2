//! What the stand-in does with requests, shown with requests written by hand.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod support;

mod whole_road;
