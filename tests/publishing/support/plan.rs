//! The Katalon project that reports lie in.

use std::path::Path;

use super::Reports;

/// Makes a Katalon project of the folder that the reports lie in.
pub(crate) fn katalon_project(reports: &Reports) -> &Path {
    let folder = reports.path();
    let project = "<Project><name>Shop tests</name></Project>";
    std::fs::write(folder.join("Shop tests.prj"), project).unwrap();
    folder
}

/// The project of the service, as Katalon's settings name it.
pub(crate) const SHOP: &str = r#"{"id":"5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10","name":"Shop"}"#;

/// A line of Katalon's settings that holds JSON: a JSON text, escaped as properties are.
pub(crate) fn setting(key: &str, json: &str) -> String {
    let text = serde_json::Value::from(json).to_string();
    let text = text.replace('\\', "\\\\").replace(':', "\\:");
    format!("{key}={text}")
}

/// Writes Katalon's settings: raw lines of its properties file.
pub(crate) fn settings(reports: &Reports, lines: &[&str]) {
    let folder = katalon_project(reports).join("settings/external");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("com.kms.katalon.integration.azure.properties");
    std::fs::write(file, lines.join("\n")).unwrap();
}
