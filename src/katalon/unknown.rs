//! Remembers what a file holds that this version does not know: a later Katalon wrote it.
//!
//! Nothing of it is lost silently, and nothing else is lost because of it.

use std::collections::BTreeSet;

/// Things that are named; a file that is made of unknown ones would fill the log.
const NAMED: usize = 10;

/// Letters of a name that are shown.
const SHOWN: usize = 40;

/// `element 'flow'`, `attribute 'shard' of testcase`, `status 'BLOCKED'`, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown(BTreeSet<String>);

impl Unknown {
    /// Adds a thing of that kind.
    pub(crate) fn add(&mut self, kind: &str, name: &str, place: &str) {
        if self.0.len() >= NAMED {
            return;
        }
        let name: String = name.chars().take(SHOWN).collect();
        let of = if place.is_empty() { "" } else { " of " };
        self.0.insert(format!("{kind} '{name}'{of}{place}"));
    }

    /// Adds those of another file.
    pub(crate) fn extend(&mut self, other: &Unknown) {
        for thing in &other.0 {
            if self.0.len() < NAMED {
                self.0.insert(thing.clone());
            }
        }
    }

    /// All of them in a row; empty if there are none.
    pub(crate) fn named(&self) -> String {
        let things: Vec<&str> = self.0.iter().map(String::as_str).collect();
        things.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_named_once_and_not_without_end() {
        let mut unknown = Unknown::default();
        assert_eq!(unknown.named(), "");
        unknown.add("status", "BLOCKED", "");
        unknown.add("status", "BLOCKED", "");
        unknown.add("attribute", &"x".repeat(100), "testcase");
        let cut = "x".repeat(SHOWN);
        let expected = format!("attribute '{cut}' of testcase, status 'BLOCKED'");
        assert_eq!(unknown.named(), expected);
        for number in 0..100 {
            unknown.add("level", &number.to_string(), "");
        }
        assert_eq!(unknown.0.len(), NAMED);
    }
}
