//! The input `testCaseIdPattern`: where the ID of a test case stands in a path or a tag.

use regex::Regex;

use super::value::{InputValue, Kind, Wrong, wrong};

/// A regular expression whose first group is an ID.
#[derive(Clone, Debug)]
pub struct TestCaseIdPattern(Regex);

impl TestCaseIdPattern {
    /// What the first group of every match holds, in order.
    pub fn found<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let matches = self.0.captures_iter(text);
        matches.filter_map(|found| Some(found.get(1)?.as_str()))
    }
}

impl PartialEq for TestCaseIdPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl InputValue for Option<TestCaseIdPattern> {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let advice = "Put brackets around the ID, such as '\\[(\\d+)\\]' for 'Login [41001]'.";
        match Regex::new(text) {
            // Group 0 is the whole match.
            Ok(pattern) if pattern.captures_len() > 1 => Ok(Some(TestCaseIdPattern(pattern))),
            Ok(_) => wrong(
                text,
                "it has no group, so nothing says which part is the ID",
                advice,
            ),
            Err(error) => {
                let because = error.to_string();
                let because = because.lines().last().unwrap_or_default();
                let because = because.strip_prefix("error: ").unwrap_or(because);
                wrong(
                    text,
                    format!("it is no regular expression: {because}"),
                    format!("{advice} Look-around and back-references are not known."),
                )
            }
        }
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(None)
    }

    fn shown(&self) -> String {
        self.as_ref()
            .map(|pattern| pattern.0.as_str().to_owned())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pattern = Option<TestCaseIdPattern>;

    #[test]
    fn the_first_group_of_every_match_counts() {
        let pattern = Pattern::parse(r"(?i)tc(\d+)").unwrap().unwrap();
        let found: Vec<&str> = pattern.found("Test Cases/TC12 and tc7").collect();
        assert_eq!(found, ["12", "7"]);
    }

    #[test]
    fn a_pattern_that_can_give_no_id_is_wrong() {
        let because = |text: &str| Pattern::parse(text).unwrap_err().remove(0).because;
        assert!(because(r"TC\d+").contains("no group"));
        assert!(because(r"(?:TC)\d+").contains("no group"));
        assert_eq!(
            because(r"TC(\d+"),
            "it is no regular expression: unclosed group"
        );
    }
}
