//! Paths of test cases, as the files of a report have them.

/// A path without the ` - Iteration N` that 4.7 appends.
pub(crate) fn without_iteration(name: &str) -> &str {
    match name.rsplit_once(" - Iteration ") {
        Some((path, number))
            if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            path
        }
        _ => name,
    }
}
