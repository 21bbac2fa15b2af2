//! Packages the extension, and checks what was packaged: `cargo xtask package`, `cargo xtask check`.

#![expect(
    clippy::print_stdout,
    reason = "what a developer starts by hand talks to a terminal"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

mod check;
mod cross;
mod foreign;
mod manifest;
mod package;
mod targets;
mod tools;
mod vsix;

use package::Wanted;

const USAGE: &str = "\
cargo xtask package [--publisher NAME] [--targets all|PLATFORM,…] [--with FOLDER]
    builds the static program of this machine's platform (or of those named, such as darwin-arm64;
    'all': every one that can be built on Linux), takes others from FOLDER/PLATFORM, puts them into
    task/bin, and makes out/*.vsix
cargo xtask check
    checks the programs in task/bin and the package of them, and says aloud what it skips";

/// Who publishes a package that nobody gave a publisher for: enough to look at it.
const NOBODY: &str = "katalon-ado";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["package", options @ ..] => {
            let mut wanted = Wanted {
                publisher: NOBODY,
                targets: None,
                with: None,
            };
            let mut options = options.iter();
            while let Some(&option) = options.next() {
                match (option, options.next().copied()) {
                    ("--publisher", Some(name)) => wanted.publisher = name,
                    ("--targets", Some(names)) => wanted.targets = Some(names),
                    ("--with", Some(folder)) => wanted.with = Some(folder),
                    _ => bail!("unknown option '{option}'\n{USAGE}"),
                }
            }
            package::package(&wanted)
        }
        ["check"] => check::check(),
        _ => bail!("\n{USAGE}"),
    }
}

/// The folder of the workspace.
fn top() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Where Cargo and this program put what can be made again.
fn target_folder() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => top().join(folder),
        None => top().join("target"),
    }
}
