//! The text of Katalon's `-testSuiteQuery`: which test cases a dynamic test suite is made of.
//!
//! Katalon's own provider takes `ids=(Test Cases/A,Test Cases/B)` and knows no escapes, so a path
//! with one of its signs cannot be asked for.

use super::TestCasePath;

/// Signs that end a path or the list, and quotes, which the command line takes away.
const SIGNS: &[char] = &[',', '(', ')', '"'];

/// The query for these test cases, in order; empty without any.
///
/// # Errors
/// The test cases whose paths it cannot hold.
pub fn query<'a>(test_cases: &[&'a TestCasePath]) -> Result<String, Vec<&'a TestCasePath>> {
    let cannot = |path: &&&TestCasePath| {
        let path = path.as_str();
        path.contains(SIGNS) || path.contains(char::is_control) || path.trim() != path
    };
    let never: Vec<&TestCasePath> = test_cases.iter().filter(cannot).copied().collect();
    if !never.is_empty() {
        return Err(never);
    }
    if test_cases.is_empty() {
        return Ok(String::new());
    }
    let paths: Vec<&str> = test_cases.iter().map(|path| path.as_str()).collect();
    Ok(format!("ids=({})", paths.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_signs_of_the_syntax_are_named_and_letters_of_all_languages_are_none() {
        let path = |name: &str| TestCasePath::new(format!("Test Cases/{name}"));
        let (plain, foreign) = (path("A b"), path("Đăng nhập/Người dùng hợp lệ"));
        assert_eq!(
            query(&[&plain, &foreign]).unwrap(),
            "ids=(Test Cases/A b,Test Cases/Đăng nhập/Người dùng hợp lệ)"
        );
        assert_eq!(query(&[]).unwrap(), "");
        for name in ["a,b", "a (b)", "a)", "say \"a\"", "a\nb", "a "] {
            let wrong = path(name);
            assert_eq!(query(&[&plain, &wrong]).unwrap_err(), [&wrong], "{name}");
        }
    }
}
