//! Programs for other platforms, built on Linux for x64.
//!
//! Where rustup cannot fetch what they need, Debian's compiler brings the source of the standard library, which Cargo then builds for the
//! platform; zig links for musl, and MinGW for Windows. Everything is unpacked into the target
//! folder: the packages of Debian and those installed by hand do not go together.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::targets::Target;
use crate::tools::{is_there, output, run};
use crate::{target_folder, top};

/// Linux with musl: static whatever the machine's own C library is.
const TARGETS: [Target; 3] = [
    Target::new("x86_64-unknown-linux-musl", "linux-x64"),
    Target::new("aarch64-unknown-linux-musl", "linux-arm64"),
    Target::new("x86_64-pc-windows-gnu", "win32-x64"),
];

/// Debian's compiler, the libraries it was built with, and the source of the standard library.
const PACKAGES: [&str; 5] = [
    "rustc-web",
    "libstd-rust-web-1.96",
    "libstd-rust-web-dev",
    "libllvm22",
    "rust-web-src",
];

/// The linker for musl, and what lets Cargo use it.
const ZIG: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.0"];

/// The linker for Windows, and the package that brings it.
const MINGW: &str = "x86_64-w64-mingw32-gcc";
const MINGW_PACKAGE: &str = "gcc-mingw-w64-x86-64-posix";

/// Builds and stages every program that can be built here.
pub(crate) fn build_all() -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("'--targets all' needs Linux for x64; elsewhere name the platforms of this machine");
    }
    if !is_there(MINGW) {
        bail!("'{MINGW}' is missing: apt-get install {MINGW_PACKAGE}");
    }
    let compiler = if own_compiler_knows_all() {
        None
    } else {
        Some(compiler()?)
    };
    let zig = zig()?;
    for target in TARGETS {
        let mut cargo = if target.platform.starts_with("linux") {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(zig.join("bin")).chain(std::env::split_paths(&path));
            let mut cargo = Command::new(zig.join("bin/cargo-zigbuild"));
            cargo
                .arg("zigbuild")
                .env("PYTHONPATH", &zig)
                .env("PATH", std::env::join_paths(folders)?);
            cargo
        } else {
            let mut cargo = Command::new("cargo");
            cargo.arg("build");
            cargo
        };
        // A target folder of its own: another compiler would build everything anew each time.
        let built = target_folder().join("cross");
        cargo
            .current_dir(top())
            .args(["--release", "--locked", "--bin", "katalon-ado"])
            .args(["--target", target.triple])
            .env("CARGO_TARGET_DIR", &built)
            .env("CARGO_ENCODED_RUSTFLAGS", target.flags().join("\u{1f}"));
        if let Some(compiler) = &compiler {
            cargo
                .args(["-Z", "build-std=std,panic_abort"])
                .env("RUSTC", compiler)
                .env("RUSTC_BOOTSTRAP", "1");
        }
        run(&mut cargo)?;
        target.stage(&built.join(target.triple).join("release"))?;
    }
    Ok(())
}

/// Whether the standard library for every target is there, or rustup can fetch it: then nothing of
/// Debian is needed.
fn own_compiler_knows_all() -> bool {
    let triples = TARGETS.map(|target| target.triple);
    is_there("rustup")
        && output(Command::new("rustup").args(["target", "add"]).args(triples)).is_ok()
}

/// Debian's compiler with what it lacks for the targets above; fetched once.
fn compiler() -> Result<PathBuf> {
    let folder = target_folder().join("tools/debian-rust");
    let compiler = folder.join("rustc");
    if compiler.is_file() {
        return Ok(compiler);
    }
    let packages = folder.join("packages");
    fs::create_dir_all(&packages)?;
    run(Command::new("apt-get")
        .arg("download")
        .args(PACKAGES)
        .current_dir(&packages))
    .context("run 'apt-get update' if the packages are not known")?;
    for package in fs::read_dir(&packages)? {
        run(Command::new("dpkg")
            .arg("-x")
            .arg(package?.path())
            .arg(&folder))?;
    }
    complete(&folder)?;
    Ok(compiler)
}

fn complete(folder: &Path) -> Result<()> {
    let library = folder.join("usr/lib/rustlib");
    let sources = fs::read_dir(folder.join("usr/src"))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.join("library").is_dir())
        .context("the source of the standard library did not arrive")?;
    fs::create_dir_all(library.join("src"))?;
    link(&sources, &library.join("src/rust"))?;

    // What strips the program is looked for beside the compiler; ours serves too.
    let own = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let host = "lib/rustlib/x86_64-unknown-linux-gnu/bin";
    let bin = folder.join("usr").join(host);
    fs::create_dir_all(&bin)?;
    link(
        &Path::new(own.trim()).join(host).join("rust-objcopy"),
        &bin.join("rust-objcopy"),
    )?;

    // Zig brings these objects itself, but they are looked for.
    for target in TARGETS
        .iter()
        .filter(|target| target.platform.starts_with("linux"))
    {
        let objects = library.join(target.triple).join("lib/self-contained");
        fs::create_dir_all(&objects)?;
        for name in [
            "crt1",
            "crti",
            "crtn",
            "crtbegin",
            "crtbeginS",
            "crtbeginT",
            "crtend",
            "crtendS",
            "rcrt1",
            "Scrt1",
        ] {
            fs::write(objects.join(format!("{name}.o")), "")?;
        }
    }

    let script = folder.join("script");
    let libraries = folder.join("usr/lib/x86_64-linux-gnu");
    fs::write(
        &script,
        format!(
            "#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n",
            libraries.display(),
            folder.join("usr/bin/rustc").display()
        ),
    )?;
    run(Command::new("chmod").arg("755").arg(&script))?;
    let windows = library.join("x86_64-pc-windows-gnu/lib");
    fs::create_dir_all(&windows)?;
    for name in ["rsbegin", "rsend"] {
        let source = sources.join(format!("library/rtstartup/{name}.rs"));
        run(Command::new(&script)
            .args(["--crate-type", "lib", "--emit=obj"])
            .args(["--target", "x86_64-pc-windows-gnu", "-o"])
            .arg(windows.join(format!("{name}.o")))
            .arg(source)
            .env("RUSTC_BOOTSTRAP", "1"))?;
    }
    // The last step: its name says that all the others were done.
    fs::rename(script, folder.join("rustc"))?;
    Ok(())
}

fn link(to: &Path, from: &Path) -> Result<()> {
    run(Command::new("ln").arg("-sfn").arg(to).arg(from))
}

/// Zig and its driver, fetched once.
fn zig() -> Result<PathBuf> {
    let folder = target_folder().join("tools/zig");
    if !folder.join("bin/cargo-zigbuild").is_file() {
        run(Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--no-deps"])
            .arg("--target")
            .arg(&folder)
            .args(ZIG))?;
    }
    Ok(folder)
}
