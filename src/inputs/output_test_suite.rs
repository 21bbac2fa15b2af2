//! The input `outputTestSuite`: the Katalon test suite that is written.

use super::value::{InputValue, Kind, Wrong, wrong};
use crate::katalon::SuitePath;

/// What Katalon's paths of suites begin with; people leave it out.
const PREFIX: &str = "Test Suites/";

/// Characters that no file name may hold on Windows, where projects are opened too.
const NEVER: &[char] = &['<', '>', ':', '"', '|', '?', '*'];

/// A suite that may be left out.
impl InputValue for Option<SuitePath> {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        const ADVICE: &str = "Name a test suite of the Katalon project, such as \
                              'Test Suites/From Azure'.";
        let path = text.trim().replace('\\', "/");
        let path = match path.get(..PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => &path[PREFIX.len()..],
            Some(_) | None => path.as_str(),
        };
        let path = path.strip_suffix(".ts").unwrap_or(path);
        let is_name = |part: &str| {
            !part.trim().is_empty()
                && part.trim() == part
                // `.`, `..`, and what Windows cuts off.
                && !part.ends_with('.')
                && !part.contains(NEVER)
                && !part.chars().any(char::is_control)
        };
        if path.split('/').all(is_name) {
            Ok(Some(SuitePath::new(format!("{PREFIX}{path}"))))
        } else {
            wrong(text, "it is no path of a test suite", ADVICE)
        }
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(None)
    }

    fn shown(&self) -> String {
        let path = self.as_ref().map(SuitePath::as_str);
        path.unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_named_as_people_name_it_and_never_leads_out_of_its_folder() {
        for text in [
            "Test Suites/Azure/Tối nay",
            "test suites\\Azure\\Tối nay.ts",
            "Azure/Tối nay",
        ] {
            let suite = <Option<SuitePath>>::parse(text).unwrap().unwrap();
            assert_eq!(suite.as_str(), "Test Suites/Azure/Tối nay", "{text}");
        }
        for text in [
            "../x",
            "a/../b",
            "a//b",
            "/etc/x",
            "C:x",
            "a/ b",
            "Test Suites/",
            "a?",
        ] {
            assert!(<Option<SuitePath>>::parse(text).is_err(), "{text}");
        }
    }
}
