//! What the path of a report folder says: which session it is of, and which suite.
//!
//! | layout | session |
//! |---|---|
//! | `Reports/<session>/<suite path>/<time>`, 7.x and later | the folder named by a time above the suite path |
//! | `report/<time>`, by `-reportFolder` | the folder that holds it |
//! | `Reports/<suite path>/<time>`, up to 6.x | none |

use std::path::Path;

use super::super::SuitePath;
use super::super::find::ReportFolder;

/// What the path of every test case begins with.
pub(super) const TEST_CASES: &str = "Test Cases/";

/// What the path of every test suite begins with.
const TEST_SUITES: &str = "Test Suites/";

/// Where the executions lie that one start of Katalon made.
///
/// Ordered: of two the greater one says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Session {
    /// In the folder above, where `-reportFolder` wrote neither session nor suite path.
    Holder { named_by_time: bool },
    /// In a folder named by a time, above the suite path.
    Named,
}

impl Session {
    /// The session of a report folder; `None` in layouts that have none.
    pub(super) fn of(folder: &Path, suite: &SuitePath) -> Option<Session> {
        let holder = folder.parent()?;
        let suite = suite.as_str();
        let path = suite
            .strip_prefix(TEST_SUITES)
            .or_else(|| suite.strip_prefix(TEST_CASES))
            .unwrap_or(suite);
        let mut above = holder;
        let mut in_suite_path = true;
        for part in path.rsplit('/') {
            in_suite_path &= name(above).to_lowercase() == part.to_lowercase();
            above = above.parent().unwrap_or(Path::new(""));
        }
        if in_suite_path {
            return is_time(&name(above)).then_some(Session::Named);
        }
        is_time(&name(folder)).then(|| Session::Holder {
            named_by_time: is_time(&name(holder)),
        })
    }
}

/// The suite as the path of its report folder has it, where no file names it; empty if the path is
/// none of Katalon's. `names_case` tells whether a test case of that path was executed: one that
/// was run alone stands where the suite would.
pub(super) fn suite_by_folder(folder: &ReportFolder, names_case: &dyn Fn(&str) -> bool) -> String {
    if !is_time(&name(&folder.path)) {
        return String::new();
    }
    let mut parts = Vec::new();
    for above in folder.path.ancestors().skip(1) {
        let name = name(above);
        if is_time(&name) || name.eq_ignore_ascii_case("reports") {
            parts.reverse();
            let path = parts.join("/");
            let of_case = format!("{TEST_CASES}{path}");
            return match path.as_str() {
                "" => String::new(),
                _ if names_case(&of_case) => of_case,
                path => format!("{TEST_SUITES}{path}"),
            };
        }
        parts.push(name);
    }
    String::new()
}

/// The suite path of a location in a Katalon project, `Reports/<session>/<suite path>/<time>`; up to
/// 6.x there is no session. Empty if there is none.
pub(super) fn suite_of_location(location: &str) -> String {
    let parts: Vec<&str> = location.split('/').collect();
    let begin = if parts.get(1).is_some_and(|part| is_time(part)) {
        2
    } else {
        1
    };
    let suite = parts.get(begin..parts.len().saturating_sub(1));
    suite.unwrap_or_default().join("/")
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// `20240101_101500`, in downloads with a number behind it.
fn is_time(name: &str) -> bool {
    let bytes = name.as_bytes();
    let digits = |range| {
        bytes
            .get(range)
            .is_some_and(|part: &[u8]| part.iter().all(u8::is_ascii_digit))
    };
    digits(0..8)
        && bytes.get(8) == Some(&b'_')
        && digits(9..15)
        && matches!(bytes.get(15), None | Some(b'_'))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_session_is_a_folder_named_by_a_time_above_the_suite_path() {
        let holder = |named_by_time| Some(Session::Holder { named_by_time });
        for (folder, expected) in [
            (
                "/w/Reports/20250811_105459/Web/Cart/20250811_105500",
                Some(Session::Named),
            ),
            (
                "/w/Reports/20250811_105459/web/cart/20250811_105500",
                Some(Session::Named),
            ),
            ("/w/20250811_105459/Web/Cart/rerun1", Some(Session::Named)),
            (
                "/w/Downloaded From Katalon TestOps/20250811_105459_12/Web/Cart/20250811_105500",
                Some(Session::Named),
            ),
            // 5.x and 6.x: any two runs of the suite lie side by side.
            ("/w/Reports/Web/Cart/20250811_105500", None),
            ("/w/report/20250811_105500", holder(false)),
            ("/w/20250811_105459/20250811_105500", holder(true)),
            ("/w/report/copied out", None),
            ("/20250811_105500", holder(false)),
        ] {
            let suite = SuitePath::new("Test Suites/Web/Cart");
            assert_eq!(Session::of(Path::new(folder), &suite), expected, "{folder}");
        }
    }

    #[test]
    fn names_are_times_or_not() {
        for (name, expected) in [
            ("20250811_105459", true),
            ("20250811_105459_77", true),
            ("20250811-105459", false),
            ("20250811_10545", false),
            ("20250811_1054590", false),
            ("Smoke", false),
        ] {
            assert_eq!(is_time(name), expected, "{name}");
        }
    }

    #[test]
    fn a_location_names_its_suite_in_every_version() {
        for (location, suite) in [
            (
                "Reports/20250811_105459/Web/Cart/20250811_105500",
                "Web/Cart",
            ),
            ("Reports/Web/Cart/20180811_105500", "Web/Cart"),
            ("Reports/20250811_105500", ""),
            ("", ""),
        ] {
            assert_eq!(suite_of_location(location), suite, "{location}");
        }
    }

    #[test]
    fn a_suite_that_no_file_names_is_known_by_its_folder() {
        for (path, suite) in [
            (
                "/w/Reports/20250811_105459/Web/Cart/20250811_105500",
                "Test Suites/Web/Cart",
            ),
            (
                "/w/Reports/Web/Cart/20250811_105500",
                "Test Suites/Web/Cart",
            ),
            (
                "/w/Reports/20250811_105459/Login/20250811_105500",
                "Test Cases/Login",
            ),
            ("/w/Reports/20250811_105459/20250811_105500", ""),
            ("/w/report/20250811_105500", ""),
            ("/w/Reports/20250811_105459/Web/Cart/copy", ""),
        ] {
            let folder = ReportFolder {
                path: PathBuf::from(path),
                display: String::new(),
            };
            let known = suite_by_folder(&folder, &|path| path == "Test Cases/Login");
            assert_eq!(known, suite, "{path}");
        }
    }
}
