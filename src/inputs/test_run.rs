//! The input `testRun`: whose results are taken.

use super::value::{InputValue, Kind, Wrong, wrong};

const LATEST: &str = "latest";
const CURRENT: &str = "current";

/// Test runs whose results are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestRuns {
    /// The one with this ID.
    Id(u64),
    /// Those of the newest other build of the same definition and branch that has any.
    Latest,
    /// Those of the running build.
    Current,
}

impl InputValue for Option<TestRuns> {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let text = text.trim();
        if text.eq_ignore_ascii_case(LATEST) {
            return Ok(Some(TestRuns::Latest));
        }
        if text.eq_ignore_ascii_case(CURRENT) {
            return Ok(Some(TestRuns::Current));
        }
        // The service counts in 31 bits.
        let id = text
            .parse::<i32>()
            .ok()
            .and_then(|id| u64::try_from(id).ok());
        match id {
            Some(id) if id > 0 => Ok(Some(TestRuns::Id(id))),
            Some(_) | None => wrong(
                text,
                "it is no ID of a test run",
                "Use the ID of one test run, 'latest' or 'current'.",
            ),
        }
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(None)
    }

    fn shown(&self) -> String {
        match self {
            None => String::new(),
            Some(TestRuns::Id(id)) => id.to_string(),
            Some(TestRuns::Latest) => LATEST.to_owned(),
            Some(TestRuns::Current) => CURRENT.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_id_or_one_of_two_words() {
        let parse = |text| <Option<TestRuns>>::parse(text);
        assert_eq!(parse("17"), Ok(Some(TestRuns::Id(17))));
        assert_eq!(parse("Latest"), Ok(Some(TestRuns::Latest)));
        assert_eq!(parse("current"), Ok(Some(TestRuns::Current)));
        for text in ["0", "-1", "newest", "17,18", "2147483648"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
