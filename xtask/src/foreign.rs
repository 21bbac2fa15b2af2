//! Starts programs for other platforms, where something on this machine pretends to be one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::check::cargo_test;
use crate::target_folder;
use crate::targets::Target;
use crate::tools::{is_there, run};

/// Whether a program could be tried.
pub(crate) enum Ran {
    /// It publishes, and ends when it is cancelled.
    Well,
    /// Why it was not tried.
    NotAtAll(&'static str),
}

/// Lets a program for another platform publish to the stand-in.
pub(crate) fn check(target: Target) -> Result<Ran> {
    match target.platform {
        "linux-arm64" => {
            let runner = Path::new("qemu-aarch64-static");
            if !is_there("qemu-aarch64-static") {
                return Ok(Ran::NotAtAll(
                    "qemu-aarch64-static (qemu-user-static) is missing",
                ));
            }
            tests(&target.staged(), runner, None)
        }
        "win32-x64" => under_wine(target),
        _ => Ok(Ran::NotAtAll("nothing here runs it")),
    }
}

/// A library that Windows has and Wine 8 has not; for the check alone, never shipped.
const RANDOM: &str = "#include <windows.h>\n\
    BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);\n\
    __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)\n\
    { return SystemFunction036(data, (ULONG)length); }\n";

fn under_wine(target: Target) -> Result<Ran> {
    let Some(wine) = wine() else {
        return Ok(Ran::NotAtAll("wine64 is missing"));
    };
    if !is_there("x86_64-w64-mingw32-gcc") {
        return Ok(Ran::NotAtAll("x86_64-w64-mingw32-gcc is missing"));
    }
    let folder = target_folder().join("checked/windows");
    fs::create_dir_all(&folder)?;
    let program = folder.join(target.file_name());
    fs::copy(target.staged(), &program)?;
    fs::write(folder.join("random.c"), RANDOM)?;
    run(Command::new("x86_64-w64-mingw32-gcc")
        .args([
            "-shared",
            "-o",
            "bcryptprimitives.dll",
            "random.c",
            "-ladvapi32",
        ])
        .current_dir(&folder))?;
    tests(&program, &wine, Some(&folder.join("prefix")))
}

fn tests(program: &Path, runner: &Path, wine_prefix: Option<&Path>) -> Result<Ran> {
    let mut cargo = cargo_test();
    cargo
        .args(["foreign::", "--ignored"])
        .env("KATALON_ADO_PROGRAM", program)
        .env("KATALON_ADO_RUNNER", runner);
    if let Some(prefix) = wine_prefix {
        cargo.env("WINEPREFIX", prefix).env("WINEDEBUG", "-all");
        // Once and alone: the tests would make it side by side.
        run(Command::new(runner)
            .args(["wineboot", "--init"])
            .env("WINEPREFIX", prefix)
            .env("WINEDEBUG", "-all")
            .env_remove("DISPLAY"))?;
    }
    run(&mut cargo)?;
    Ok(Ran::Well)
}

fn wine() -> Option<PathBuf> {
    // Debian keeps it off the path where nothing else of Wine is installed.
    let candidates = ["wine64", "wine"].into_iter().filter(|name| is_there(name));
    let beside = Path::new("/usr/lib/wine/wine64");
    candidates
        .map(PathBuf::from)
        .next()
        .or_else(|| beside.is_file().then(|| beside.to_owned()))
}
