//! The table in the README names tests that exist.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_readme_names_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = HashSet::new();
    for entry in fs::read_dir(folder.join("tests/service")).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        let lines: Vec<&str> = source.lines().collect();
        for pair in lines.windows(2) {
            if pair[0] == "#[test]"
                && let Some(name) = pair[1]
                    .strip_prefix("fn ")
                    .and_then(|rest| rest.split('(').next())
            {
                tests.insert(name.to_owned());
            }
        }
    }
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut named = 0;
    for line in readme
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('§'))
    {
        let last = line.trim_end_matches('|').rsplit('|').next().unwrap();
        for name in last.split('`').skip(1).step_by(2) {
            named += 1;
            assert!(
                tests.contains(name),
                "README.md names a test that does not exist: {name}"
            );
        }
        assert!(last.contains('`'), "no test is named for: {line}");
    }
    assert!(named > 50, "the table was not found");
}
