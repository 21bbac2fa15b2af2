//! `cargo xtask package`: programs into the task, the task into a VSIX.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::targets::{self, Target};
use crate::tools::{self, output};
use crate::{cross, manifest, target_folder, top, vsix};

/// Azure DevOps Server 2019 takes 25 MiB; a lack of room should be seen before that.
const LARGEST: u64 = 20_000_000;

/// What the package is made of, besides the programs.
const FILES: [&str; 6] = [
    "LICENSE",
    "extension/icon.png",
    "extension/overview.md",
    "task/icon.png",
    "task/index.js",
    "task/task.json",
];

/// What is wanted in the package, and in whose name.
pub(crate) struct Wanted<'a> {
    /// Who publishes it.
    pub(crate) publisher: &'a str,
    /// `all`, platforms with commas between them, or none: this machine's.
    pub(crate) targets: Option<&'a str>,
    /// A folder with programs that were built elsewhere, each in a folder named by its platform.
    pub(crate) with: Option<&'a str>,
}

/// Builds, stages and packages.
pub(crate) fn package(wanted: &Wanted<'_>) -> Result<()> {
    manifest::check_versions()?;
    targets::clear()?;
    match wanted.targets {
        None => Target::of_this_machine()?.build()?,
        Some("all") => cross::build_all()?,
        Some(platforms) => {
            for platform in platforms.split(',') {
                Target::of(platform)?.build()?;
            }
        }
    }
    if let Some(folder) = wanted.with {
        targets::take(Path::new(folder))?;
    }
    let package = pack(wanted.publisher, &targets::staged(), &top().join("out"))?;
    println!("{}", described(&package)?);
    Ok(())
}

/// Makes the package of what is staged.
pub(crate) fn pack(publisher: &str, targets: &[Target], out: &Path) -> Result<PathBuf> {
    let stage = target_folder().join("extension");
    let _ = fs::remove_dir_all(&stage);
    let programs: Vec<String> = targets
        .iter()
        .map(|target| format!("task/bin/{}/{}", target.platform, target.file_name()))
        .collect();
    for file in FILES
        .iter()
        .copied()
        .chain(programs.iter().map(String::as_str))
    {
        let copy = stage.join(file);
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(top().join(file), copy).with_context(|| format!("no {file}"))?;
    }
    let manifest = manifest::manifest(publisher, targets)?;
    fs::write(stage.join("vss-extension.json"), format!("{manifest:#}"))?;

    let made = stage.join("out");
    output(
        Command::new("node")
            .arg(tools::tfx()?)
            .args([
                "extension",
                "create",
                "--manifest-globs",
                "vss-extension.json",
            ])
            .args(["--output-path", "out", "--no-prompt", "--json"])
            .current_dir(&stage),
    )?;
    let packages: Vec<PathBuf> = fs::read_dir(&made)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    let [made] = packages.as_slice() else {
        bail!("the packager made {} files", packages.len());
    };
    fs::create_dir_all(out)?;
    let package = out.join(made.file_name().unwrap_or_default());
    vsix::repack(made, &package)?;
    let size = fs::metadata(&package)?.len();
    if size > LARGEST {
        bail!(
            "'{}' has {size} bytes, more than {LARGEST}",
            package.display()
        );
    }
    Ok(package)
}

/// A line about a package: where, how large, which.
fn described(package: &Path) -> Result<String> {
    let bytes = fs::read(package)?;
    Ok(format!(
        "{}: {} bytes, SHA-256 {}",
        package.display(),
        bytes.len(),
        vsix::sha256(&bytes)
    ))
}
