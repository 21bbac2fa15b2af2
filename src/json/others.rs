//! The documents of `select` and `list`.

use std::path::Path;

use serde_json::{Value, json};

use super::told;
use crate::exit_code::ExitCode;
use crate::mapping::selection::Selection;
use crate::problem::{Code, Severity};

/// The document of `select`. Its query is whole, also where an output variable cannot hold it.
pub fn select(
    selection: &Selection,
    query: &str,
    suite: Option<&Path>,
    exit_code: ExitCode,
    issues: &[(Severity, Code, String)],
) -> Value {
    let ids = |ids: &[crate::azure_devops::TestCaseId]| -> Vec<u64> {
        ids.iter().map(|id| id.0).collect()
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "command": "select",
        "exitCode": exit_code.number(),
        "testSuiteQuery": query,
        "testCaseCount": selection.test_cases.len(),
        "testCases": selection.test_cases.iter().map(|one| json!({
            "testCase": one.test_case.as_str(),
            "testCaseIds": ids(&one.ids),
        })).collect::<Vec<_>>(),
        "unmapped": selection.unmapped.iter().map(|one| json!({
            "id": one.id.map(|id| id.0),
            "title": one.title,
            "reason": one.why,
        })).collect::<Vec<_>>(),
        "outputTestSuite": suite.map(|file| file.display().to_string()),
        "warnings": told(issues, Severity::Warning),
        "errors": told(issues, Severity::Error),
    })
}

/// The document of `list`: what was asked for under its own name, such as `plans`.
pub fn list(
    items: Option<(&str, Vec<Value>)>,
    exit_code: ExitCode,
    issues: &[(Severity, Code, String)],
) -> Value {
    let mut document = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "command": "list",
        "exitCode": exit_code.number(),
        "warnings": told(issues, Severity::Warning),
        "errors": told(issues, Severity::Error),
    });
    if let Some((name, items)) = items {
        document[name] = items.into();
    }
    document
}
