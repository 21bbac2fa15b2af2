//! The input `outcomes`: which points or results count.

use std::collections::BTreeSet;

use super::value::{InputValue, Kind, Wrong, find_word, one_of};
use crate::azure_devops::Outcome;

const WORDS: &[&str] = &[
    "Passed",
    "Failed",
    "Error",
    "Aborted",
    "NotExecuted",
    "Blocked",
    "Inconclusive",
    "Timeout",
    "Warning",
    "NotApplicable",
    "Paused",
    "InProgress",
    "NotImpacted",
    NONE,
    "Unspecified",
];

/// The word for a point that was never run, or was reset.
const NONE: &str = "None";

/// Outcomes that count; without any all do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes(BTreeSet<&'static str>);

impl Outcomes {
    /// Whether every outcome counts.
    pub fn are_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a point or result that ended so counts; `None` where it has not.
    pub fn hold(&self, outcome: Option<Outcome>) -> bool {
        let word = match outcome {
            None | Some(Outcome::None | Outcome::Unspecified) => NONE,
            Some(outcome) => outcome.as_str(),
        };
        self.are_all() || self.0.contains(word)
    }
}

impl InputValue for Outcomes {
    const KIND: Kind = Kind::AnyOf(WORDS);

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let mut outcomes = Self::default();
        let mut wrongs = Vec::new();
        let words = text.split(['\n', '\r', ',']).map(str::trim);
        for word in words.filter(|word| !word.is_empty()) {
            match find_word(WORDS, word) {
                // The service has two words for "not yet".
                Some("Unspecified") => {
                    outcomes.0.insert(NONE);
                }
                Some(known) => {
                    outcomes.0.insert(known);
                }
                None => wrongs.push(Wrong {
                    part: word.to_owned(),
                    because: "it is no outcome of Azure DevOps".to_owned(),
                    advice: format!("Use any of {}.", one_of(WORDS)),
                }),
            }
        }
        if wrongs.is_empty() {
            Ok(outcomes)
        } else {
            Err(wrongs)
        }
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(Self::default())
    }

    fn shown(&self) -> String {
        let words: Vec<&str> = self.0.iter().copied().collect();
        words.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_of_the_service_is_a_word() {
        for outcome in Outcome::ALL {
            assert!(find_word(WORDS, outcome.as_str()).is_some(), "{outcome:?}");
        }
        assert_eq!(WORDS.len(), Outcome::ALL.len());
    }

    #[test]
    fn only_what_was_named_counts_and_without_a_name_all_does() {
        let failed = Outcomes::parse("failed, Error\nABORTED").unwrap();
        assert!(failed.hold(Some(Outcome::Failed)) && failed.hold(Some(Outcome::Aborted)));
        assert!(!failed.hold(Some(Outcome::Passed)) && !failed.hold(None));
        let not_yet = Outcomes::parse("Unspecified").unwrap();
        assert!(not_yet.hold(None) && not_yet.hold(Some(Outcome::None)));
        let all = Outcomes::default();
        assert!(all.hold(None) && all.hold(Some(Outcome::Passed)));
        assert_eq!(
            Outcomes::parse("Failed,Broken").unwrap_err()[0].part,
            "Broken"
        );
    }
}
