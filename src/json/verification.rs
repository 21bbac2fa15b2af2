//! The JSON document of `verify`.

use serde_json::{Value, json};

use super::told;
use crate::exit_code::ExitCode;
use crate::problem::{Code, Severity};
use crate::verification::Verification;

/// The document.
pub fn verify(
    found: &Verification,
    exit_code: ExitCode,
    issues: &[(Severity, Code, String)],
) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "command": "verify",
        "exitCode": exit_code.number(),
        "checks": found.checks.iter().map(|check| json!({
            "check": check.what,
            "state": check.state,
            "code": check.code.map(|code| code.0),
            "message": check.told,
        })).collect::<Vec<_>>(),
        "permissions": found.permissions.iter().map(|one| json!({
            "permission": one.name,
            "givenAt": one.given,
            "state": one.state,
            "triedBy": one.how,
        })).collect::<Vec<_>>(),
        "testCases": found.test_cases.iter().map(|one| json!({
            "id": one.id,
            "title": one.title,
            "katalonTestCases": one.katalon,
            "configurations": one.configurations,
            "suites": one.suites,
            "state": one.state,
            "message": one.told,
        })).collect::<Vec<_>>(),
        "withoutId": found.without_id,
        "warnings": told(issues, Severity::Warning),
        "errors": told(issues, Severity::Error),
    })
}
