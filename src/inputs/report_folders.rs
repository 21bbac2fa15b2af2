//! The input `reportFolders`: patterns, understood before anything is read.

use super::value::{InputValue, Kind, Wrong, entries, wrong};
use crate::katalon::find::Patterns;

/// The patterns as they were typed, and what they mean.
#[derive(Clone, Debug)]
pub struct ReportFolders {
    /// The lines, trimmed, without empty ones.
    pub lines: Vec<String>,
    /// What they mean.
    pub patterns: Patterns,
}

impl PartialEq for ReportFolders {
    fn eq(&self, other: &Self) -> bool {
        self.lines == other.lines
    }
}

impl InputValue for ReportFolders {
    const KIND: Kind = Kind::Lines;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let lines: Vec<String> = entries(text).map(str::to_owned).collect();
        match Patterns::parse(&lines) {
            Ok(patterns) => Ok(Self { lines, patterns }),
            Err(because) => wrong(
                text,
                because,
                "Write one pattern a line, such as 'Reports/**' or '!**/Self-healing/**'.",
            ),
        }
    }

    fn shown(&self) -> String {
        self.lines.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_means_nothing_is_told_with_its_line() {
        let wrongs = ReportFolders::parse("Reports/**\n[a").unwrap_err();
        assert!(wrongs[0].because.contains("line 2"), "{wrongs:?}");
        assert_eq!(ReportFolders::parse(" a \n\n!b").unwrap().shown(), "a, !b");
    }
}
