//! The input `statusMapping`: what a Katalon status becomes.

use std::collections::BTreeMap;

use super::value::{InputValue, Kind, Wrong, entries, find_word, one_of};
use crate::azure_devops::Outcome;
use crate::katalon::Status;

/// The words of Azure DevOps for how a result ended.
fn outcomes() -> Vec<&'static str> {
    Outcome::ALL
        .iter()
        .map(|outcome| outcome.as_str())
        .collect()
}

/// What each Katalon status becomes. Outcomes are Azure DevOps' own words; `None` keeps a result
/// off a plan (Katalon's settings and the input's `none` mean the same).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMapping {
    rows: BTreeMap<Status, MappedTo>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MappedTo {
    outcome: &'static str,
    is_given: bool,
}

impl StatusMapping {
    /// The rows that hold where nobody gave others. Runs without plan, and test points, have
    /// defaults of their own for ERROR and NOT_RUN: see [`StatusMapping::given`].
    pub const DEFAULT: &'static str = "PASSED=Passed\nFAILED=Failed\nERROR=Error\n\
        INCOMPLETE=Aborted\nSKIPPED=NotExecuted\nNOT_RUN=NotExecuted";

    /// The outcome for a status. `None` if no row names the status, which the default rules out.
    pub fn outcome(&self, status: Status) -> Option<&'static str> {
        self.rows.get(&status).map(|row| row.outcome)
    }

    /// The outcome, if somebody gave the row: defaults that depend on the run yield to it.
    pub fn given(&self, status: Status) -> Option<&'static str> {
        self.rows
            .get(&status)
            .filter(|row| row.is_given)
            .map(|row| row.outcome)
    }
}

impl InputValue for StatusMapping {
    const KIND: Kind = Kind::Lines;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let mut rows = parse_rows(Self::DEFAULT, false)?;
        rows.extend(parse_rows(text, true)?);
        Ok(Self { rows })
    }

    fn parse_default(text: &str) -> Result<Self, Vec<Wrong>> {
        Ok(Self {
            rows: parse_rows(text, false)?,
        })
    }

    fn shown(&self) -> String {
        let given: Vec<String> = Status::ALL
            .into_iter()
            .filter_map(|status| Some(format!("{}={}", status.as_str(), self.given(status)?)))
            .collect();
        given.join(", ")
    }
}

fn parse_rows(text: &str, is_given: bool) -> Result<BTreeMap<Status, MappedTo>, Vec<Wrong>> {
    let mut rows: BTreeMap<Status, MappedTo> = BTreeMap::new();
    let mut wrongs = Vec::new();
    for line in entries(text) {
        match parse_row(line) {
            Err((because, advice)) => wrongs.push(Wrong {
                part: line.to_owned(),
                because,
                advice,
            }),
            Ok((status, outcome)) => {
                let earlier = rows.insert(status, MappedTo { outcome, is_given });
                if let Some(earlier) = earlier
                    && earlier.outcome != outcome
                {
                    wrongs.push(Wrong {
                        part: line.to_owned(),
                        because: format!(
                            "an earlier line maps {} to {}",
                            status.as_str(),
                            earlier.outcome
                        ),
                        advice: "Keep one of the two lines.".to_owned(),
                    });
                }
            }
        }
    }
    if wrongs.is_empty() {
        Ok(rows)
    } else {
        Err(wrongs)
    }
}

fn parse_row(line: &str) -> Result<(Status, &'static str), (String, String)> {
    let Some((status, outcome)) = line.split_once('=') else {
        return Err((
            "it has no '='".to_owned(),
            "Write a Katalon status and an outcome, such as 'SKIPPED=NotExecuted', one a line."
                .to_owned(),
        ));
    };
    let (status, outcome) = (status.trim(), outcome.trim());
    let known = Status::parse(status).ok_or_else(|| {
        (
            format!("'{status}' is no Katalon status"),
            format!("Use {}.", one_of(&Status::ALL.map(Status::as_str))),
        )
    })?;
    let outcome = find_word(&outcomes(), outcome).ok_or_else(|| {
        (
            format!("'{outcome}' is no outcome of Azure DevOps"),
            format!("Use {}.", one_of(&outcomes())),
        )
    })?;
    Ok((known, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_lines_replace_only_their_rows() {
        let mapping = StatusMapping::parse("error = failed\nSKIPPED=none").unwrap();
        assert_eq!(mapping.outcome(Status::Error), Some("Failed"));
        assert_eq!(mapping.outcome(Status::Skipped), Some("None"));
        assert_eq!(mapping.outcome(Status::Incomplete), Some("Aborted"));
        assert_eq!(mapping.given(Status::Error), Some("Failed"));
        assert_eq!(mapping.given(Status::Incomplete), None);
        assert_eq!(mapping.shown(), "ERROR=Failed, SKIPPED=None");
    }

    #[test]
    fn the_default_names_every_status_and_gives_none() {
        let mapping = StatusMapping::parse_default(StatusMapping::DEFAULT).unwrap();
        for status in Status::ALL {
            assert!(mapping.outcome(status).is_some());
            assert_eq!(mapping.given(status), None);
        }
    }

    #[test]
    fn a_default_row_that_is_written_out_counts_as_given() {
        let mapping = StatusMapping::parse("ERROR=Error").unwrap();
        assert_eq!(mapping.given(Status::Error), Some("Error"));
    }

    #[test]
    fn every_wrong_line_is_told() {
        let text = "PASSED\nBROKEN=Failed\nFAILED=Bad\nERROR=Error\nERROR=Failed\nERROR=";
        let wrongs = StatusMapping::parse(text).unwrap_err();
        let because: Vec<&str> = wrongs.iter().map(|wrong| wrong.because.as_str()).collect();
        assert_eq!(
            because,
            [
                "it has no '='",
                "'BROKEN' is no Katalon status",
                "'Bad' is no outcome of Azure DevOps",
                "an earlier line maps ERROR to Error",
                "'' is no outcome of Azure DevOps",
            ]
        );
    }
}
