//! Finding reports among 200,000 files, against a bare walk of the same tree: `cargo bench --bench
//! finding`. Ratios, because seconds say little about another machine.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use katalon_ado::katalon::find::{Patterns, Search, find};

/// Runs of each; the median counts.
const RUNS: usize = 5;

fn main() -> std::io::Result<()> {
    // `cargo test --benches` starts this too, and has nothing to gain from it.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("katalon-ado-bench-{}", std::process::id()));
    let reports = build_tree(&folder)?;
    let floor = median(|| {
        walkdir::WalkDir::new(&folder)
            .into_iter()
            .filter(Result::is_ok)
            .count()
    });
    let mut out = std::io::stdout();
    writeln!(
        out,
        "bare walk of 207,000 entries: {} ms",
        floor.as_millis()
    )?;
    for (patterns, expected) in [
        (vec!["**"], reports),
        (vec!["**/JUnit_Report.xml"], reports),
        (vec!["**", "!**/node_modules/**"], reports),
        (vec!["Reports/**"], reports),
    ] {
        let lines: Vec<String> = patterns.iter().map(|&line| line.to_owned()).collect();
        let parsed = Patterns::parse(&lines).map_err(std::io::Error::other)?;
        let search = Search {
            folder: folder.clone(),
            patterns: parsed,
        };
        let mut found = 0;
        let time = median(|| {
            found = find(&search).folders.len();
            found
        });
        if found != expected {
            return Err(std::io::Error::other(format!(
                "{patterns:?} found {found}, not {expected}"
            )));
        }
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        writeln!(out, "{patterns:?}: {:.2} x the bare walk", ratio)?;
    }
    fs::remove_dir_all(&folder)
}

/// 1,000 report folders of 7 files, and a checkout of 200,000 files beside them, one half of it
/// below `node_modules`.
fn build_tree(folder: &Path) -> std::io::Result<usize> {
    for number in 0..1_000 {
        let report: PathBuf = folder.join(format!("Reports/2026_{number}/Web/Suite/2026_{number}"));
        fs::create_dir_all(&report)?;
        for name in [
            "JUnit_Report.xml",
            "execution0.log",
            "a.csv",
            "a.html",
            "1.png",
            "2.png",
        ] {
            fs::write(report.join(name), "")?;
        }
    }
    for half in ["src", "node_modules"] {
        for package in 0..1_000 {
            let package = folder.join(half).join(format!("package-{package}/lib"));
            fs::create_dir_all(&package)?;
            for file in 0..98 {
                fs::write(package.join(format!("file-{file}.js")), "")?;
            }
        }
    }
    Ok(1_000)
}

fn median(mut work: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(work());
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
