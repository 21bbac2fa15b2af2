//! What the sources must not do, so that what SECURITY.md says stays true.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::path::{Path, PathBuf};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands before a module, or the rest of a file, that is there for tests alone.
const FOR_TESTS: &str = "\n#[cfg(test)]\n";

/// The sources with their names as `src/…`, without their tests.
fn sources() -> Vec<(String, String)> {
    let entries = walkdir::WalkDir::new(top().join("src")).into_iter();
    let files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    assert!(files.len() > 50);
    let mut for_tests: Vec<PathBuf> = Vec::new();
    let mut sources: Vec<(PathBuf, String)> = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut parts = text.split(FOR_TESTS);
        let mut code = parts.next().unwrap().to_owned();
        for part in parts {
            // A module in a file of its own; what follows it is no test.
            let declared = part.split_once('\n').and_then(|(line, rest)| {
                let name = line.strip_suffix(';')?.strip_prefix("mod ")?;
                Some((name, rest))
            });
            let Some((name, rest)) = declared else {
                break;
            };
            let is_top = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
            let folder = if is_top {
                path.parent().unwrap().to_owned()
            } else {
                path.with_extension("")
            };
            for_tests.push(folder.join(name));
            code.push('\n');
            code.push_str(rest);
        }
        sources.push((path, code));
    }
    assert!(for_tests.contains(&top().join("src/katalon/property_tests")));
    let is_for_tests = |path: &Path| {
        let module = path.with_extension("");
        for_tests.iter().any(|folder| module.starts_with(folder))
    };
    sources.retain(|(path, _)| !is_for_tests(path));
    sources
        .into_iter()
        .map(|(path, code)| {
            let name = path.strip_prefix(top()).unwrap().to_string_lossy();
            (name.replace('\\', "/"), code)
        })
        .collect()
}

/// The sources that hold one of the texts.
fn holding(texts: &[&str]) -> Vec<String> {
    let holds = |code: &str| texts.iter().any(|text| code.contains(text));
    let mut names: Vec<String> = sources()
        .into_iter()
        .filter(|(_, code)| holds(code))
        .map(|(name, _)| name)
        .collect();
    names.sort();
    names
}

#[test]
fn no_other_program_is_started() {
    assert_eq!(holding(&["process::Command"]), [""; 0]);
}

#[test]
fn one_module_reads_the_environment() {
    assert_eq!(holding(&["env::var", "env::vars"]), ["src/environment.rs"]);
}

#[test]
fn files_are_written_only_where_security_says_so() {
    let writes = [
        "fs::write",
        "File::create",
        "OpenOptions::new",
        "create_dir",
    ];
    // The summary; what `select` and `verify` are asked to write.
    assert_eq!(
        holding(&writes),
        [
            "src/command/ending.rs",
            "src/command/select/output.rs",
            "src/command/verify/suggestion.rs",
            "src/katalon/project/written_suite.rs",
        ]
    );
    let removes = ["remove_file", "remove_dir", "fs::rename", "fs::copy"];
    // A suite is written beside its place and put there as a whole.
    assert_eq!(holding(&removes), ["src/katalon/project/written_suite.rs"]);
}

#[test]
fn files_of_reports_and_projects_are_opened_by_one_module() {
    let opens = [
        " File::open",
        "(File::open",
        "File::options",
        "fs::read(",
        "fs::read_to_string",
    ];
    assert_eq!(
        holding(&opens),
        [
            // What the agent names, and what the system says of itself.
            "src/agent/client_certificate.rs",
            "src/azure_devops/tls.rs",
            "src/environment.rs",
            "src/opening.rs",
        ]
    );
}

#[test]
fn the_token_is_exposed_only_where_it_is_sent_and_masked() {
    // In the header of requests, in the list of what is masked, in the proxy's header.
    let exposing = holding(&[".expose()"]);
    for name in &exposing {
        let is_known = [
            "src/agent/secret.rs",
            "src/azure_devops/connection.rs",
            "src/command/masking.rs",
        ]
        .contains(&name.as_str());
        assert!(is_known, "{name}");
    }
    assert_eq!(exposing.len(), 3);
}

#[test]
fn the_launcher_has_no_dependencies() {
    let launcher = std::fs::read_to_string(top().join("task/index.js")).unwrap();
    let required: Vec<&str> = launcher
        .split("require(")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap().trim_matches(['\'', '"']))
        .collect();
    assert!(!required.is_empty());
    for module in required {
        assert!(
            ["child_process", "fs", "os", "path"].contains(&module),
            "{module}"
        );
    }
    assert!(!top().join("task/package.json").exists());
}

#[test]
fn unsafe_code_is_forbidden_and_the_versions_are_locked() {
    let manifest = std::fs::read_to_string(top().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    for member in [".", "tests/ado-stand-in", "xtask"] {
        let manifest = std::fs::read_to_string(top().join(member).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{member}");
    }
    assert!(top().join("Cargo.lock").is_file());
}

/// The crates that `deny.toml` bans.
fn banned() -> Vec<String> {
    let deny = std::fs::read_to_string(top().join("deny.toml")).unwrap();
    let (_, bans) = deny.split_once("\ndeny = [").unwrap();
    let bans = bans.split("\n]").next().unwrap().lines();
    let crates = bans.filter_map(|line| line.trim().strip_prefix("{ crate = \""));
    crates
        .map(|line| line.split('"').next().unwrap().to_owned())
        .collect()
}

/// Those of them that a `Cargo.lock` names.
fn banned_in(lock: &str) -> Vec<String> {
    let mut banned = banned();
    banned.retain(|name| lock.contains(&format!("\nname = \"{name}\"\n")));
    banned
}

#[test]
fn no_dependency_is_banned_also_where_cargo_deny_is_not_there() {
    assert_eq!(banned(), ["openssl-sys", "native-tls"]);
    let lock = std::fs::read_to_string(top().join("Cargo.lock")).unwrap();
    assert_eq!(banned_in(&lock), [""; 0]);
    let other = format!("{lock}\n[[package]]\nname = \"native-tls\"\nversion = \"0.2.0\"\n");
    assert_eq!(banned_in(&other), ["native-tls"]);
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let mut sources = lock
        .lines()
        .filter_map(|line| line.strip_prefix("source = "));
    assert!(sources.all(|source| source.trim_matches('"') == registry));
}
