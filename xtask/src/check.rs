//! `cargo xtask check`: what needs more than Rust and Node. What cannot be done on this machine is
//! said aloud.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::foreign::{self, Ran};
use crate::targets::{self, Target};
use crate::tools::{self, is_there, output, run};
use crate::{NOBODY, manifest, package, target_folder, top, vsix};

/// The variables by which the tests know what to try (see `tests/task/main.rs`).
const TASK: &str = "KATALON_ADO_TASK";
const NODE: &str = "KATALON_ADO_NODE";

/// Tests of the task that a plain `cargo test` leaves out.
const ON_THIS_MACHINE: &str = "packaged::";

/// Checks what `cargo xtask package` made.
pub(crate) fn check() -> Result<()> {
    let version = manifest::check_versions()?;
    let staged = targets::staged();
    if staged.is_empty() {
        bail!("there is no program in task/bin: run 'cargo xtask package' first");
    }
    let mut skipped = Vec::new();
    for target in &staged {
        target.check_is_whole(&target.staged())?;
        println!("ok: {} stands alone", target.platform);
    }
    let here = Target::of_this_machine()?;
    let says = output(Command::new(here.staged()).arg("--version"))?;
    if says.trim() != format!("katalon-ado {version}") {
        bail!("the program in task/bin is another: {}", says.trim());
    }

    let package = check_is_reproducible(&staged)?;
    let task = unpacked(&package)?;
    println!("ok: {} unpacks", package.display());

    tests(&task, None, &[])?;
    println!("ok: the task out of the package, under the Node of this machine");
    match tools::oldest_node() {
        Ok(node) => {
            tests(&task, Some(&node), &[])?;
            println!("ok: the task out of the package, under the oldest Node");
        }
        Err(error) => skipped.push(format!("the oldest Node: {error:#}")),
    }
    if is_root() && is_there("chroot") && is_there("unshare") {
        tests(&task, None, &[ON_THIS_MACHINE, "--ignored"])?;
        println!("ok: in an empty root, and from a folder that is mounted read-only");
    } else {
        skipped.push(
            "an empty root and a read-only mount: they need root, chroot and unshare".to_owned(),
        );
    }
    for target in staged
        .iter()
        .filter(|target| target.platform != here.platform)
    {
        match foreign::check(*target)? {
            Ran::Well => println!("ok: {} publishes", target.platform),
            Ran::NotAtAll(why) => skipped.push(format!("{}: {why}", target.platform)),
        }
    }
    check_dependencies(&mut skipped)?;
    skipped.push("Windows and macOS themselves: nothing here runs their agents".to_owned());

    for what in &skipped {
        println!("skipped: {what}");
    }
    println!("checked, with {} skipped", skipped.len());
    Ok(())
}

/// Holds the dependencies to `deny.toml`: licences, bans, sources, and known weaknesses where the
/// list of those can be had.
fn check_dependencies(skipped: &mut Vec<String>) -> Result<()> {
    if !is_there("cargo-deny") {
        skipped.push(
            "licences, bans and advisories of dependencies: 'cargo install cargo-deny --locked'"
                .to_owned(),
        );
        return Ok(());
    }
    let deny = |what: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(top())
            .args([
                "deny",
                "--locked",
                "--log-level=error",
                "check",
                "--hide-inclusion-graph",
            ])
            .args(what);
        cargo
    };
    run(&mut deny(&["bans", "licenses", "sources"])).context("dependencies")?;
    println!("ok: licences, bans and sources of dependencies");
    match output(&mut deny(&["advisories"])) {
        Ok(_) => println!("ok: no known weakness in a dependency"),
        // Without a network nobody knows; anything else is one.
        Err(error) if format!("{error:#}").contains("failed to fetch advisory database") => {
            skipped.push("advisories of dependencies: their list cannot be fetched".to_owned());
        }
        Err(error) => return Err(error).context("advisories of dependencies"),
    }
    Ok(())
}

/// Packs again what is staged, twice: both must have one hash, and so must the package of `out`
/// where it has the same name.
fn check_is_reproducible(staged: &[Target]) -> Result<PathBuf> {
    let folder = target_folder().join("checked");
    let hash = |name: &str| -> Result<(PathBuf, String)> {
        let package = package::pack(NOBODY, staged, &folder.join(name))?;
        let hash = vsix::sha256(&fs::read(&package)?);
        Ok((package, hash))
    };
    let (first, hash_of_first) = hash("first")?;
    let (_, hash_of_second) = hash("second")?;
    if hash_of_first != hash_of_second {
        bail!("two packages of the same files differ");
    }
    let made = top()
        .join("out")
        .join(first.file_name().unwrap_or_default());
    if made.is_file() && vsix::sha256(&fs::read(&made)?) != hash_of_first {
        bail!(
            "'{}' is not what task/bin holds: run 'cargo xtask package' again",
            made.display()
        );
    }
    println!("ok: the same files make the same package, SHA-256 {hash_of_first}");
    Ok(first)
}

/// The task's folder, as an agent gets it.
fn unpacked(package: &Path) -> Result<PathBuf> {
    let folder = target_folder().join("checked/task");
    let _ = fs::remove_dir_all(&folder);
    vsix::unpack(package, "task/", &folder)?;
    Ok(folder)
}

/// Runs the tests of the task with that task and that Node.
fn tests(task: &Path, node: Option<&Path>, arguments: &[&str]) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(top())
        .args([
            "test",
            "--quiet",
            "--locked",
            "--package",
            "katalon-ado",
            "--test",
            "task",
            "--",
        ])
        .args(arguments)
        .env(TASK, task);
    if let Some(node) = node {
        cargo.env(NODE, node);
    }
    run(&mut cargo).context("the tests of the task")
}

/// The tests of the task; arguments for them may follow.
pub(crate) fn cargo_test() -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(top())
        .args(["test", "--quiet", "--locked", "--package", "katalon-ado"])
        .args(["--test", "task", "--"]);
    cargo
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
