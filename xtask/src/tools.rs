//! Other programs: how they are started, and the two that are fetched into the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::target_folder;

/// The version of the packager. Pinned: what it writes is looked into.
const TFX: &str = "0.23.1";

/// The oldest Node that a task can meet: agents of Azure DevOps Server 2019 and 2020 bring it.
const OLDEST_NODE: &str = "10.24.1";

/// Runs a program to its end, its output shown; fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    println!("> {shown}");
    let status = command
        .status()
        .with_context(|| format!("cannot start '{shown}'"))?;
    if !status.success() {
        bail!("'{shown}' failed ({status})");
    }
    Ok(())
}

/// Runs a program to its end and gives its standard output; fails if it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start '{shown}'"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("'{shown}' failed ({}):\n{text}{errors}", output.status);
    }
    Ok(text)
}

/// Whether a program can be started at all.
pub(crate) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| {
        ["", ".exe", ".cmd"]
            .iter()
            .any(|ending| folder.join(format!("{program}{ending}")).is_file())
    })
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// The script of the real packager, fetched once.
pub(crate) fn tfx() -> Result<PathBuf> {
    let folder = from_npm("tfx-cli", TFX)?;
    Ok(folder.join("_build/tfx-cli.js"))
}

/// The oldest Node that a task can meet, fetched once.
pub(crate) fn oldest_node() -> Result<PathBuf> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let folder = from_npm(&format!("node-{system}-{processor}"), OLDEST_NODE)?;
    let node = folder.join(if cfg!(windows) {
        "bin/node.exe"
    } else {
        "bin/node"
    });
    output(Command::new(&node).arg("--version"))?;
    Ok(node)
}

/// Fetches a package into a folder of its own, unless it is there. Nothing of it is run.
fn from_npm(package: &str, version: &str) -> Result<PathBuf> {
    let folder = target_folder().join(format!("tools/{package}-{version}"));
    let installed = folder.join("node_modules").join(package);
    let whole = folder.join("whole");
    if !whole.is_file() {
        fs::create_dir_all(&folder)?;
        run(Command::new(npm())
            .args(["install", "--no-save", "--no-audit", "--no-fund"])
            .args(["--ignore-scripts", "--loglevel=error", "--prefix"])
            .arg(&folder)
            .arg(format!("{package}@{version}")))?;
        fs::write(whole, "")?;
    }
    if !installed.is_dir() {
        bail!(
            "{package}@{version} did not arrive in '{}'",
            folder.display()
        );
    }
    Ok(installed)
}

fn npm() -> &'static Path {
    Path::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}
