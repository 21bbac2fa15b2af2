//! What `verify` found: each check, each permission, each test case, and what Katalon test cases have
//! no ID. The log's tables, the summary and the JSON document all tell this.

use serde::Serialize;

use crate::problem::Code;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Fine,
    /// Publishing would not do what the inputs ask for.
    Wrong,
    /// Worth knowing; it keeps nothing from working.
    Note,
    /// Nobody could tell.
    Untried,
}

impl State {
    /// In the words of the log.
    pub fn word(self) -> &'static str {
        match self {
            State::Fine => "ok",
            State::Wrong => "WRONG",
            State::Note => "note",
            State::Untried => "?",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in the words of the log.
    pub what: String,
    /// How it ended.
    pub state: State,
    /// What was found, or what is wrong.
    pub told: String,
    /// The code of what is wrong.
    pub code: Option<Code>,
}

/// A permission that `publish` would need with these inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Its name in Azure DevOps.
    pub name: &'static str,
    /// Where it is given.
    pub given: &'static str,
    /// Whether it is there.
    pub state: State,
    /// By what that was tried, or why it was not.
    pub how: String,
}

/// A test case of Azure DevOps that an ID of Katalon's side names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTestCase {
    /// The ID.
    pub id: u64,
    /// Its title; empty if it has no point.
    pub title: String,
    /// The Katalon test cases that name it.
    pub katalon: Vec<String>,
    /// The configurations of its points, each once.
    pub configurations: Vec<String>,
    /// The suites of its points, each once.
    pub suites: Vec<String>,
    /// How the check ended.
    pub state: State,
    /// What is wrong, or worth knowing; empty if nothing is.
    pub told: String,
}

/// All that was found.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// In the order in which things were looked at.
    pub checks: Vec<Check>,
    /// The permissions, those that were tried first.
    pub permissions: Vec<Permission>,
    /// By ID.
    pub test_cases: Vec<CheckedTestCase>,
    /// Katalon test cases that have no ID, as their paths.
    pub without_id: Vec<String>,
}

impl Verification {
    /// How many checks and permissions ended so. Test cases are one check, however many there are.
    pub fn count(&self, state: State) -> usize {
        let checks = self.checks.iter().map(|check| check.state);
        let permissions = self.permissions.iter().map(|one| one.state);
        checks
            .chain(permissions)
            .filter(|&other| other == state)
            .count()
    }
}
