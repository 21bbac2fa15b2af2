//! The manifest that the packager reads: the one at the top, with publisher, version and programs.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::targets::Target;
use crate::top;

/// The version of the crate, which is that of task and extension too.
pub(crate) fn version() -> Result<String> {
    let manifest = fs::read_to_string(top().join("Cargo.toml"))?;
    let package = manifest.split("\n[").next().unwrap_or_default();
    let version = package
        .lines()
        .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    Ok(version.context("Cargo.toml names no version")?.to_owned())
}

/// Fails unless crate, task and extension have one version.
pub(crate) fn check_versions() -> Result<String> {
    let version = version()?;
    let task = read("task/task.json")?;
    let numbers = ["Major", "Minor", "Patch"].map(|part| task["version"][part].to_string());
    let extension = read("vss-extension.json")?;
    let found = [
        ("task/task.json", numbers.join(".")),
        (
            "vss-extension.json",
            extension["version"].as_str().unwrap_or_default().to_owned(),
        ),
    ];
    for (file, other) in found {
        if other != version {
            bail!("Cargo.toml is at version {version}, {file} at {other}");
        }
    }
    Ok(version)
}

/// The manifest for these programs. Each has its type named: the packager would ask another program
/// for it, whose answer changes from version to version.
pub(crate) fn manifest(publisher: &str, targets: &[Target]) -> Result<Value> {
    let mut manifest = read("vss-extension.json")?;
    manifest["publisher"] = json!(publisher);
    let files = manifest["files"]
        .as_array_mut()
        .context("vss-extension.json lists no files")?;
    for target in targets {
        let path = format!("task/bin/{}/{}", target.platform, target.file_name());
        files.push(json!({ "path": path, "contentType": "application/octet-stream" }));
    }
    Ok(manifest)
}

fn read(file: &str) -> Result<Value> {
    let text = fs::read_to_string(top().join(file)).with_context(|| format!("no {file}"))?;
    serde_json::from_str(&text).with_context(|| format!("{file} is no JSON"))
}
