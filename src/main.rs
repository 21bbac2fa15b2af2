//! The program: one call into the library, and the exit code.

fn main() {}
