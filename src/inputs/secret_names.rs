//! The input `secretNames`: further names of variables whose values are secret.

use super::value::{InputValue, Kind, Wrong, entries, wrong};
use crate::secrets::SecretNames;

/// The lines as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretNameLines(Vec<String>);

impl SecretNameLines {
    /// What they mean.
    pub fn names(&self) -> SecretNames {
        SecretNames::new(self.0.iter().map(String::as_str))
    }
}

impl InputValue for SecretNameLines {
    const KIND: Kind = Kind::Lines;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let is_nameless = |line: &&str| line.trim_start_matches('!').trim().is_empty();
        match entries(text).find(is_nameless) {
            Some(line) => wrong(
                line,
                "it names no variable",
                "Write one name a line, such as 'customerNumber'; '!tokenUrl' exempts one.",
            ),
            None => Ok(Self(entries(text).map(str::to_owned).collect())),
        }
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(Self::default())
    }

    fn shown(&self) -> String {
        self.0.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_one_a_line_and_an_exclamation_mark_exempts() {
        let lines = SecretNameLines::parse("iban\r\n\n !tokenUrl ").unwrap();
        assert_eq!(lines.shown(), "iban, !tokenUrl");
        assert!(lines.names().is_secret("iban"));
        assert!(!lines.names().is_secret("tokenUrl"));
        assert_eq!(SecretNameLines::parse("a\n! ").unwrap_err()[0].part, "!");
    }
}
