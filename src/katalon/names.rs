//! Names as the files of a report have them.

/// The longest name of a variable: a longer one is none, and would be repeated with each value.
pub(crate) const LONGEST_VARIABLE: usize = 1024;

/// The path of a test case without the ` - Iteration N` that 4.7 appends.
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
