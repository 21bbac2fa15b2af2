//! The fields of work items that this service knows, and what may stand in them.

use crate::errors::{Handled, Refusal};
use crate::planning::AUTOMATION;
use crate::text;
use serde_json::Value;

/// All of them, by reference name.
pub(super) const ALL: [&str; 18] = [
    "System.Id",
    "System.Rev",
    "System.WorkItemType",
    "System.Title",
    "System.State",
    "System.TeamProject",
    "System.AreaPath",
    "System.IterationPath",
    "System.Tags",
    "System.AssignedTo",
    "System.Description",
    "Microsoft.VSTS.Common.Priority",
    "Microsoft.VSTS.TCM.Steps",
    AUTOMATION[0],
    AUTOMATION[1],
    AUTOMATION[2],
    AUTOMATION[3],
    AUTOMATION[4],
];

/// Those that a change may name, with the names that people know them by.
const CHANGEABLE: [(&str, &str); 7] = [
    ("System.Title", "Title"),
    ("System.Tags", "Tags"),
    (AUTOMATION[0], "Automation status"),
    (AUTOMATION[1], "Automated test name"),
    (AUTOMATION[2], "Automated test storage"),
    (AUTOMATION[3], "Automated test type"),
    (AUTOMATION[4], "Automated test id"),
];

/// Longest text in a field (contract §5).
const TEXT: usize = 255;

/// The field with that name, as the service writes it.
pub(super) fn known(name: &str) -> Handled<&'static str> {
    let mut fields = ALL.into_iter();
    let field = fields.find(|field| field.eq_ignore_ascii_case(name));
    field.ok_or_else(|| {
        Refusal::new(
            400,
            "WorkItemTrackingFieldDefinitionNotFoundException",
            format!("TF51535: Cannot find field {name}."),
        )
    })
}

/// The text that a change puts into a field of a test case or of something else; empty where it clears the field.
pub(super) fn changed(
    name: &str,
    value: &Value,
    is_test_case: bool,
) -> Handled<(&'static str, String)> {
    let field = known(name)?;
    let spoken = CHANGEABLE
        .iter()
        .find(|(changeable, _)| *changeable == field);
    let Some((_, spoken)) = spoken else {
        return Err(rule(field, "ReadOnly"));
    };
    if AUTOMATION.contains(&field) && !is_test_case {
        return Err(Refusal::new(
            400,
            "WorkItemTrackingFieldDefinitionNotFoundException",
            format!("TF51535: Cannot find field {field}."),
        ));
    }
    let text = match value {
        Value::Null => "",
        Value::String(text) => text.as_str(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return Err(rule(spoken, "InvalidType"));
        }
    };
    if text.chars().any(char::is_control) {
        return Err(rule(spoken, "InvalidCharacters"));
    }
    if text::length(text) > TEXT && field != "System.Tags" {
        return Err(rule(spoken, "InvalidTooLong"));
    }
    let fits = match field {
        "System.Title" => !text.trim().is_empty(),
        name if name == AUTOMATION[0] => ["Automated", "Planned", "Not Automated"].contains(&text),
        name if name == AUTOMATION[4] => text.is_empty() || is_guid(text),
        _ => true,
    };
    if !fits {
        return Err(rule(spoken, "HasValues, LimitedToValues, InvalidNotEmpty"));
    }
    Ok((field, text.to_owned()))
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    let plain = text
        .bytes()
        .all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    plain && parts == [8, 4, 4, 4, 12]
}

fn rule(field: &str, code: &str) -> Refusal {
    Refusal::new(
        400,
        "RuleValidationException",
        format!("TF401320: Rule Error for field {field}. Error code: {code}."),
    )
}
