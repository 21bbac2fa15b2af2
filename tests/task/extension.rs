//! vss-extension.json and what it names.

use std::path::Path;

use serde_json::{Value, json};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manifest() -> Value {
    let text = std::fs::read_to_string(top().join("vss-extension.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Width and height, as the file's own head tells them.
fn size_of_png(file: &str) -> (u32, u32) {
    let bytes = std::fs::read(top().join(file)).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n", "{file}");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn crate_and_extension_have_one_version() {
    assert_eq!(manifest()["version"], env!("CARGO_PKG_VERSION"));
    let xtask = std::fs::read_to_string(top().join("xtask/Cargo.toml")).unwrap();
    let version = format!("\nversion = \"{}\"\n", env!("CARGO_PKG_VERSION"));
    assert!(xtask.contains(&version));
}

#[test]
fn the_extension_asks_for_no_scopes_and_brings_the_task_alone() {
    let manifest = manifest();
    assert_eq!(manifest["id"], "katalon-azure-devops");
    assert_eq!(manifest["scopes"], Value::Null);
    assert_eq!(
        manifest["publisher"],
        Value::Null,
        "it is given at packaging"
    );
    assert_eq!(
        manifest["targets"],
        json!([{ "id": "Microsoft.VisualStudio.Services" }])
    );
    let contributions = manifest["contributions"].as_array().unwrap();
    assert_eq!(contributions.len(), 1);
    assert_eq!(contributions[0]["type"], "ms.vss-distributed-task.task");
    assert_eq!(contributions[0]["properties"]["name"], "task");
}

#[test]
fn what_the_extension_names_is_there() {
    let manifest = manifest();
    let files = manifest["files"].as_array().unwrap().iter();
    let named = files.map(|file| &file["path"]).chain([
        &manifest["icons"]["default"],
        &manifest["content"]["details"]["path"],
        &manifest["content"]["license"]["path"],
    ]);
    for path in named {
        let path = path.as_str().unwrap();
        assert!(top().join(path).is_file(), "{path}");
    }
}

#[test]
fn the_icons_have_the_sizes_that_are_asked_for() {
    assert_eq!(size_of_png("task/icon.png"), (32, 32));
    assert_eq!(size_of_png("extension/icon.png"), (128, 128));
}
