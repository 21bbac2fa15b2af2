//! What the records of a log are known to hold, and what a later version of Katalon has added.

use super::super::unknown::Unknown;
use super::record::Record;

/// The property that holds a JSON list of [`Variable`](super::super::Variable).
pub(super) const VARIABLES: &str = "executionBindingVariables";

/// Levels that a version of Katalon is known to write.
const LEVELS: [&str; 13] = [
    "START",
    "END",
    "PASSED",
    "FAILED",
    "ERROR",
    "WARNING",
    "INFO",
    "NOT_RUN",
    "RUN_DATA",
    "INCOMPLETE",
    "ABORTED",
    "SKIPPED",
    "DEBUG",
];

/// Properties that a version of Katalon is known to write where a suite or a test case begins or
/// ends; those of BDD all begin alike. (Of messages they are not looked at: anybody may log some.)
const PROPERTIES: [&str; 25] = [
    "name",
    "description",
    "id",
    "source",
    "tag",
    "isOptional",
    "isDebugOnly",
    "iteration",
    "currentRetryCount",
    "remainingRetryCount",
    "rerunTestFailImmediately",
    "retryCount",
    "stopImmediately",
    "devicePlatform",
    "origin",
    "uuid",
    "keywordsUsage",
    "executedKeywords",
    VARIABLES,
    "applitools",
    "selfHealingApplied",
    "aiSelfHealingApplied",
    "stepIndex",
    "startLine",
    "attachment",
];

/// Whether a version of Katalon is known to write that level.
pub(super) fn is_level(level: &str) -> bool {
    LEVELS.contains(&level)
}

/// Notes whatever in a record no version is known to write.
pub(super) fn note(record: &Record, unknown: &mut Unknown) {
    if !is_level(&record.level) {
        unknown.add("level", &record.level, "the log");
    }
    for (kind, name) in &record.unknown {
        unknown.add(kind, name, "the log");
    }
    let method = record.method.as_str();
    if ["startSuite", "endSuite", "startTest", "endTest"].contains(&method) {
        for (name, _) in &record.properties {
            if !PROPERTIES.contains(&name.as_str()) && !name.starts_with("BDD_") {
                unknown.add("property", name, method);
            }
        }
    }
}
