//! The platforms that there are programs for, and how each is built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tools::{output, run};
use crate::{target_folder, top};

/// A platform: Rust's name for it, and Node's, by which the launcher finds the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) triple: &'static str,
    pub(crate) platform: &'static str,
}

/// Every platform that a program can be built for on such a machine, without a cross compiler.
const NATIVE: [Target; 6] = [
    Target::new("x86_64-unknown-linux-gnu", "linux-x64"),
    Target::new("aarch64-unknown-linux-gnu", "linux-arm64"),
    Target::new("x86_64-pc-windows-msvc", "win32-x64"),
    Target::new("x86_64-pc-windows-gnu", "win32-x64"),
    Target::new("x86_64-apple-darwin", "darwin-x64"),
    Target::new("aarch64-apple-darwin", "darwin-arm64"),
];

impl Target {
    pub(crate) const fn new(triple: &'static str, platform: &'static str) -> Self {
        Self { triple, platform }
    }

    /// This machine's.
    pub(crate) fn of_this_machine() -> Result<Self> {
        let about = output(Command::new("rustc").arg("-vV"))?;
        let triple = about
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .context("rustc does not tell its host")?;
        let known = NATIVE.into_iter().find(|target| target.triple == triple);
        known.with_context(|| format!("no program is made for '{triple}'"))
    }

    /// The one that goes by that name in Node. On Windows Rust has two; the first is Microsoft's.
    pub(crate) fn of(platform: &str) -> Result<Self> {
        let known = NATIVE
            .into_iter()
            .find(|target| target.platform == platform);
        known.with_context(|| format!("no program is made for '{platform}'"))
    }

    /// The name of the program's file.
    pub(crate) fn file_name(self) -> &'static str {
        if self.platform.starts_with("win32") {
            "katalon-ado.exe"
        } else {
            "katalon-ado"
        }
    }

    /// Where the task has the program.
    pub(crate) fn staged(self) -> PathBuf {
        let bin = top().join("task/bin");
        bin.join(self.platform).join(self.file_name())
    }

    /// Builds the program and puts it into the task.
    pub(crate) fn build(self) -> Result<()> {
        let mut cargo = Command::new("cargo");
        // With `--target`, the flags reach the program and not what runs while it is built.
        cargo
            .current_dir(top())
            .args(["build", "--release", "--locked", "--bin", "katalon-ado"])
            .args(["--target", self.triple])
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags().join("\u{1f}"));
        run(&mut cargo)?;
        self.stage(&target_folder().join(self.triple).join("release"))
    }

    /// Flags for the compiler: nothing else is needed to run the program, and it does not tell on
    /// which machine it was built.
    pub(crate) fn flags(self) -> Vec<String> {
        let mut flags: Vec<String> = private_folders()
            .into_iter()
            .map(|(folder, name)| format!("--remap-path-prefix={folder}={name}"))
            .collect();
        if !self.platform.starts_with("darwin") {
            flags.extend(["-C".to_owned(), "target-feature=+crt-static".to_owned()]);
        }
        flags
    }

    /// Puts the program that was built into a folder into the task.
    pub(crate) fn stage(self, folder: &Path) -> Result<()> {
        let built = folder.join(self.file_name());
        let staged = self.staged();
        if let Some(folder) = staged.parent() {
            fs::create_dir_all(folder)?;
        }
        // Removed first: one that runs cannot be written over.
        let _ = fs::remove_file(&staged);
        fs::copy(&built, &staged)
            .with_context(|| format!("'{}' was not built", built.display()))?;
        self.check_is_whole(&staged)
    }

    /// A program must not name folders of the machine that it was built on; one for Linux must
    /// run without anything else on the machine.
    pub(crate) fn check_is_whole(self, program: &Path) -> Result<()> {
        let content = fs::read(program)?;
        for (folder, _) in private_folders() {
            let folder = folder.as_bytes();
            if content.windows(folder.len()).any(|part| part == folder) {
                bail!("'{}' names folders of this machine", program.display());
            }
        }
        if !self.platform.starts_with("linux") {
            return Ok(());
        }
        let headers = output(Command::new("readelf").arg("-lW").arg(program))?;
        let dynamic = output(Command::new("readelf").arg("-dW").arg(program))?;
        if !headers.contains("LOAD") {
            bail!("'{}' is no program", program.display());
        }
        if headers.contains("INTERP") || dynamic.contains("NEEDED") {
            bail!("'{}' is not static", program.display());
        }
        Ok(())
    }
}

/// Folders that stand in a program where nothing is done about it, and what stands there instead.
fn private_folders() -> Vec<(String, &'static str)> {
    let cargo = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| {
            let home = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" })?;
            Some(PathBuf::from(home).join(".cargo"))
        });
    let mut folders = vec![(top(), "katalon-ado"), (target_folder(), "target")];
    folders.extend(cargo.map(|folder| (folder, "cargo")));
    folders
        .into_iter()
        .map(|(folder, name)| (folder.display().to_string(), name))
        .collect()
}

/// Takes away programs of earlier builds: they may be of another version.
pub(crate) fn clear() -> Result<()> {
    let bin = top().join("task/bin");
    if bin.is_dir() {
        fs::remove_dir_all(bin)?;
    }
    Ok(())
}

/// Puts programs that were built elsewhere into the task.
pub(crate) fn take(folder: &Path) -> Result<()> {
    let mut taken = 0;
    for target in NATIVE {
        let from = folder.join(target.platform);
        if !target.staged().is_file() && from.join(target.file_name()).is_file() {
            target.stage(&from)?;
            taken += 1;
        }
    }
    if taken == 0 {
        bail!("no program that was missing is in '{}'", folder.display());
    }
    Ok(())
}

/// The platforms that the task has programs for.
pub(crate) fn staged() -> Vec<Target> {
    let all = NATIVE.into_iter();
    let mut found: Vec<Target> = Vec::new();
    for target in all {
        let known = found.iter().any(|other| other.platform == target.platform);
        if !known && target.staged().is_file() {
            found.push(target);
        }
    }
    found
}
