//! The mark by which a run is found again: `katalon-ado:<owner>:<key>[,<key>…]` at the end of the
//! run's comment, from its creation on.

use std::fmt;

use crate::secrets::{Clean, hex_digest};

/// What the mark begins with.
const BEGINNING: &str = "katalon-ado:";

/// Who makes a run: eight hex digits over build, stage, phase, job (outside a pipeline: machine and
/// search folder). A later try of the same job is the same owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner(String);

impl Owner {
    /// Takes the eight digits.
    pub fn new(digits: impl Into<String>) -> Self {
        Self(digits.into())
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which report: four hex digits for the suite execution, six for what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportKey(String);

impl ReportKey {
    /// `execution` tells the suite execution apart from others (suite, machine, browser, start,
    /// plan, release environment); `state` is everything that may still change (cases, statuses,
    /// times).
    pub fn new<'a>(execution: &[&str], state: impl IntoIterator<Item = &'a str>) -> Self {
        let execution = joined(execution.iter().copied());
        let whole = format!("{execution}\n{}", joined(state));
        Self(format!(
            "{}{}",
            hex_digest(execution.as_bytes(), 4),
            hex_digest(whole.as_bytes(), 6)
        ))
    }

    /// Whether both are of one suite execution, perhaps at different times.
    pub fn is_same_execution(&self, other: &ReportKey) -> bool {
        self.0.get(..4) == other.0.get(..4)
    }
}

/// Joins parts so that no two different lists give one text.
fn joined<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(&format!("{}:{part}\n", part.len()));
    }
    text
}

impl fmt::Display for ReportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The mark of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Who made it.
    pub owner: Owner,
    /// The reports that it holds.
    pub keys: Vec<ReportKey>,
}

impl Marker {
    /// The text to put at the end of a comment; hex digits and our own words, so nothing secret.
    pub fn text(&self) -> Clean {
        let mut text = Clean::own(BEGINNING)
            .and(&hex(&self.owner.0))
            .and(&Clean::own(":"));
        for (at, key) in self.keys.iter().enumerate() {
            if at > 0 {
                text = text.and(&Clean::own(","));
            }
            text = text.and(&hex(&key.0));
        }
        text
    }

    /// Finds the mark at the end of a comment.
    pub fn parse(comment: &str) -> Option<Marker> {
        let at = comment.rfind(BEGINNING)?;
        let (owner, keys) = comment[at + BEGINNING.len()..].trim_end().split_once(':')?;
        let is_hex = |text: &str, digits| {
            text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let keys: Vec<ReportKey> = keys
            .split(',')
            .map(|key| ReportKey(key.to_owned()))
            .collect();
        (is_hex(owner, 8) && keys.iter().all(|key| is_hex(&key.0, 10))).then(|| Marker {
            owner: Owner(owner.to_owned()),
            keys,
        })
    }
}

/// Hex digits as text that may be sent.
fn hex(digits: &str) -> Clean {
    const DIGITS: [&str; 16] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f",
    ];
    digits
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .fold(Clean::default(), |text, digit| {
            text.and(&Clean::own(DIGITS[digit as usize]))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(execution: &[&str], state: &[&str]) -> ReportKey {
        ReportKey::new(execution, state.iter().copied())
    }

    #[test]
    fn a_mark_is_read_back_from_the_end_of_a_comment() {
        let marker = Marker {
            owner: Owner::new("0123abcd"),
            keys: vec![
                key(&["Test Suites/A"], &["x"]),
                key(&["Test Suites/B"], &["x"]),
            ],
        };
        let comment = format!(
            "katalon-ado:deadbeef:aaaaaaaaaa is not it. {}",
            marker.text().as_str()
        );
        assert_eq!(Marker::parse(&comment), Some(marker));
        assert_eq!(Marker::parse("katalon-ado:deadbeef:aaaaaaaaa"), None);
        assert_eq!(Marker::parse("nothing"), None);
    }

    #[test]
    fn a_report_that_changed_keeps_the_first_four_digits() {
        let (before, after) = (
            key(&["S", "host"], &["A PASSED"]),
            key(&["S", "host"], &["A FAILED"]),
        );
        assert_ne!(before, after);
        assert!(before.is_same_execution(&after));
        assert!(!before.is_same_execution(&key(&["S", "other"], &["A PASSED"])));
        assert_ne!(key(&["ab", "c"], &[]), key(&["a", "bc"], &[]));
    }
}
