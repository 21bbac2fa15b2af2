//! The bodies that add and change results, and what must hold within one (contract §2.3).

use super::planned;
use crate::collection;
use crate::errors::{Handled, Refusal};
use crate::settings::Project;
use crate::shape::{self, ANY, CUSTOM_FIELD, IDENTITY, INT, Kind, REFERENCE, Shape};
use crate::state::State;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Most results in one request (contract §2.2), and most sub-results on one level (contract §2.3).
pub(super) const MOST: usize = 1000;
/// How deep sub-results may be nested; the service's own limit is unknown (contract §11.2).
const LEVELS: usize = 2;
/// Longest title of a result (contract §2.3).
const TITLE: usize = 256;
/// Longest name of an automated test.
const TEST_NAME: usize = 512;
/// Longest comment of a result.
const COMMENT: usize = 1000;
/// Longest name of a computer.
const COMPUTER: usize = 256;
/// Longest stack trace.
const STACK_TRACE: usize = 4000;
/// Where a server cuts an error message.
pub(super) const MESSAGE_ON_SERVER: usize = 4000;

pub(super) static OUTCOMES: &[&str] = &[
    "Unspecified",
    "None",
    "Passed",
    "Failed",
    "Inconclusive",
    "Timeout",
    "Aborted",
    "Blocked",
    "NotExecuted",
    "Warning",
    "Error",
    "NotApplicable",
    "Paused",
    "InProgress",
    "NotImpacted",
];
static STATES: &[&str] = &[
    "Unspecified",
    "Pending",
    "Queued",
    "InProgress",
    "Paused",
    "Completed",
];
static GROUP_TYPES: &[&str] = &["none", "rerun", "dataDriven", "orderedTest", "generic"];
static FAILURE_TYPES: &[&str] = &["Known Issue", "New Issue", "Regression", "Unknown", "None"];

static PARAMETER: Shape = &[
    ("parameterName", Kind::Name(ANY)),
    ("value", Kind::Text(ANY)),
    ("iterationId", Kind::Whole(1, INT)),
    ("actionPath", Kind::Text(ANY)),
    ("stepIdentifier", Kind::Text(ANY)),
];

static ACTION: Shape = &[
    ("actionPath", Kind::Name(ANY)),
    ("iterationId", Kind::Whole(1, INT)),
    ("stepIdentifier", Kind::Text(ANY)),
    ("outcome", Kind::Word(OUTCOMES, "TestOutcome")),
    ("errorMessage", Kind::Message),
    ("comment", Kind::Text(COMMENT)),
    ("durationInMs", Kind::Number),
    ("startedDate", Kind::Date),
    ("completedDate", Kind::Date),
];

static ITERATION: Shape = &[
    ("id", Kind::Whole(1, INT)),
    ("outcome", Kind::Word(OUTCOMES, "TestOutcome")),
    ("startedDate", Kind::Date),
    ("completedDate", Kind::Date),
    ("durationInMs", Kind::Number),
    ("errorMessage", Kind::Message),
    ("comment", Kind::Text(COMMENT)),
    ("parameters", Kind::List(&PARAMETER)),
    ("actionResults", Kind::List(&ACTION)),
];

/// A sub-result has no `state` and no title, and its duration is a whole number.
static SUB_RESULT: Shape = &[
    ("sequenceId", Kind::Whole(1, INT)),
    ("displayName", Kind::Text(ANY)),
    ("outcome", Kind::Word(OUTCOMES, "TestOutcome")),
    ("durationInMs", Kind::Whole(0, i64::MAX)),
    ("errorMessage", Kind::Message),
    ("stackTrace", Kind::TextOrNull(STACK_TRACE)),
    ("comment", Kind::TextOrNull(COMMENT)),
    ("startedDate", Kind::Date),
    ("completedDate", Kind::Date),
    ("computerName", Kind::Text(COMPUTER)),
    ("configuration", Kind::Object(&REFERENCE)),
    ("customFields", Kind::List(&CUSTOM_FIELD)),
    (
        "resultGroupType",
        Kind::Word(GROUP_TYPES, "ResultGroupType"),
    ),
    ("subResults", Kind::List(&SUB_RESULT)),
];

/// A result, new or changed.
pub(super) static RESULT: Shape = &[
    ("id", Kind::Whole(1, INT)),
    ("state", Kind::Word(STATES, "TestResultState")),
    ("outcome", Kind::Word(OUTCOMES, "TestOutcome")),
    ("testCaseTitle", Kind::Name(TITLE)),
    ("automatedTestName", Kind::Text(TEST_NAME)),
    ("automatedTestStorage", Kind::Text(ANY)),
    ("automatedTestType", Kind::Text(ANY)),
    ("automatedTestId", Kind::Text(ANY)),
    ("automatedTestTypeId", Kind::Text(ANY)),
    ("durationInMs", Kind::Number),
    ("startedDate", Kind::Date),
    ("completedDate", Kind::Date),
    ("errorMessage", Kind::Message),
    ("stackTrace", Kind::TextOrNull(STACK_TRACE)),
    ("comment", Kind::TextOrNull(COMMENT)),
    ("computerName", Kind::Text(COMPUTER)),
    ("priority", Kind::Whole(0, 255)),
    ("failureType", Kind::Word(FAILURE_TYPES, "FailureType")),
    ("resolutionState", Kind::Text(ANY)),
    ("resolutionStateId", Kind::Whole(0, INT)),
    ("testCase", Kind::Object(&REFERENCE)),
    ("testPoint", Kind::Object(&REFERENCE)),
    ("testPlan", Kind::Object(&REFERENCE)),
    ("testSuite", Kind::Object(&REFERENCE)),
    ("configuration", Kind::Object(&REFERENCE)),
    ("area", Kind::Object(&REFERENCE)),
    ("project", Kind::Object(&REFERENCE)),
    ("testCaseRevision", Kind::Whole(1, INT)),
    ("owner", Kind::Object(&IDENTITY)),
    ("runBy", Kind::Object(&IDENTITY)),
    ("associatedBugs", Kind::List(&REFERENCE)),
    ("customFields", Kind::List(&CUSTOM_FIELD)),
    (
        "resultGroupType",
        Kind::Word(GROUP_TYPES, "ResultGroupType"),
    ),
    ("subResults", Kind::List(&SUB_RESULT)),
    ("iterationDetails", Kind::List(&ITERATION)),
];

/// Refuses a result whose fields are fine by themselves and wrong together.
pub(super) fn check_result(
    state: &State,
    project: &Project,
    fields: &Map<String, Value>,
    at: &str,
) -> Handled<()> {
    shape::in_order(fields, "startedDate", "completedDate", at)?;
    check_sub_results(fields, at, 1)?;
    check_custom_fields(fields, at)?;
    for name in ["owner", "runBy"] {
        if let Some(identity) = fields.get(name) {
            collection::known_identity(state, identity, &format!("{at}.{name}"))?;
        }
    }
    planned::check_references(state, project, fields)?;
    let mut numbers = HashSet::new();
    for iteration in fields
        .get("iterationDetails")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if !iteration["id"]
            .as_u64()
            .is_some_and(|id| numbers.insert(id))
        {
            return Err(Refusal::property(format!(
                "{at}: each iteration needs an id of its own."
            )));
        }
    }
    Ok(())
}

fn check_sub_results(fields: &Map<String, Value>, at: &str, level: usize) -> Handled<()> {
    let Some(sub_results) = fields.get("subResults").and_then(Value::as_array) else {
        return Ok(());
    };
    if sub_results.is_empty() {
        return Ok(());
    }
    if level > LEVELS {
        return Err(Refusal::rule(format!(
            "{at}: sub-results can be nested {LEVELS} levels deep at most."
        )));
    }
    if sub_results.len() > MOST {
        return Err(Refusal::rule(format!(
            "{at}: more than {MOST} sub-results on one level."
        )));
    }
    if matches!(
        fields.get("resultGroupType").and_then(Value::as_str),
        None | Some("none")
    ) {
        return Err(Refusal::rule(format!(
            "{at}: sub-results need a resultGroupType."
        )));
    }
    let mut numbers = HashSet::new();
    for (index, sub_result) in sub_results.iter().enumerate() {
        let at = format!("{at}.subResults[{index}]");
        if !sub_result["sequenceId"]
            .as_u64()
            .is_some_and(|number| numbers.insert(number))
        {
            return Err(Refusal::property(format!(
                "{at}: each sub-result needs a sequenceId of its own."
            )));
        }
        if let Some(fields) = sub_result.as_object() {
            shape::in_order(fields, "startedDate", "completedDate", &at)?;
            check_custom_fields(fields, &at)?;
            check_sub_results(fields, &at, level + 1)?;
        }
    }
    Ok(())
}

/// Only the two fields that Microsoft's own publishers send are known to work (contract §2.3).
fn check_custom_fields(fields: &Map<String, Value>, at: &str) -> Handled<()> {
    for field in fields
        .get("customFields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let fits = match field["fieldName"].as_str() {
            Some("AttemptId") => field["value"].is_u64(),
            Some("IsTestResultFlaky") => field["value"].is_boolean(),
            _ => false,
        };
        if !fits {
            return Err(Refusal::property(format!(
                "{at}: unknown custom field {field}."
            )));
        }
    }
    Ok(())
}
