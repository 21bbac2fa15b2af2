//! Writes a `.ts` file: a test suite of test cases, as Katalon Studio itself writes one.
//!
//! The elements, their order and their indentation are those of real suites; a test compares them.
//! The same test cases give the same bytes, so that the file can be kept in a repository.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::xml_tree;
use super::super::{SuitePath, TestCasePath};
use crate::opening;
use crate::secrets::hex_digest;

/// Stands in the suite's description: only a suite that has it is written over.
const MARK: &str = "Written by katalon-ado select, and written anew each time. Changes are lost.";

/// Why a suite was not written.
#[derive(Debug)]
pub enum NotWritten {
    /// There is something of that name that this program did not write.
    NotOurs(PathBuf),
    /// It could not be written.
    Failed(PathBuf, io::Error),
}

/// Writes the suite into a project; gives its file.
///
/// # Errors
/// Says what is in the way.
pub fn write_suite(
    project: &Path,
    suite: &SuitePath,
    test_cases: &[&TestCasePath],
) -> Result<PathBuf, NotWritten> {
    let file = project.join(format!("{}.ts", suite.as_str()));
    let failed = |error| NotWritten::Failed(file.clone(), error);
    let folder = file.parent().unwrap_or(project);
    fs::create_dir_all(folder).map_err(failed)?;
    // A link in the project would lead the file out of it.
    let inside = fs::canonicalize(folder).map_err(failed)?;
    if !inside.starts_with(fs::canonicalize(project).map_err(failed)?) {
        return Err(NotWritten::NotOurs(file));
    }
    match fs::symlink_metadata(&file) {
        Ok(found) if !found.is_file() || !is_ours(&file) => return Err(NotWritten::NotOurs(file)),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    // Whoever is stopped half-way leaves the old suite or the new one, and no half of one.
    let beside = file.with_extension(format!("ts.{}.new", std::process::id()));
    fs::write(&beside, document(suite, test_cases)).map_err(failed)?;
    if let Err(error) = fs::rename(&beside, &file) {
        let _ = fs::remove_file(&beside);
        return Err(failed(error));
    }
    Ok(file)
}

/// Whether this program wrote a file.
fn is_ours(file: &Path) -> bool {
    let read = opening::open(file)
        .ok()
        .and_then(|file| xml_tree::read(file).ok());
    read.is_some_and(|root| {
        root.name == "TestSuiteEntity" && root.text_of("description").starts_with(MARK)
    })
}

/// The whole file.
fn document(suite: &SuitePath, test_cases: &[&TestCasePath]) -> String {
    let path = suite.as_str();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<TestSuiteEntity>\n");
    for (name, text) in [
        ("description", MARK),
        ("name", suite.name()),
        ("tag", ""),
        ("isRerun", "false"),
        ("mailRecipient", ""),
        ("numberOfRerun", "0"),
        ("pageLoadTimeout", "30"),
        ("pageLoadTimeoutDefault", "true"),
        ("rerunFailedTestCasesOnly", "false"),
        ("rerunImmediately", "false"),
        ("testSuiteGuid", &guid(&[path])),
    ] {
        element(&mut xml, 1, name, text);
    }
    for test_case in test_cases {
        xml.push_str("   <testCaseLink>\n");
        for (name, text) in [
            ("guid", guid(&[path, test_case.as_str()]).as_str()),
            ("isReuseDriver", "false"),
            ("isRun", "true"),
            ("testCaseId", test_case.as_str()),
            ("usingDataBindingAtTestSuiteLevel", "true"),
        ] {
            element(&mut xml, 2, name, text);
        }
        xml.push_str("   </testCaseLink>\n");
    }
    xml.push_str("</TestSuiteEntity>\n");
    xml
}

fn element(xml: &mut String, level: usize, name: &str, text: &str) {
    let indent = "   ".repeat(level);
    xml.push_str(&format!("{indent}<{name}>{}</{name}>\n", escaped(text)));
}

/// Text as it stands between tags; what no XML can hold is left out.
fn escaped(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// A GUID that stands for these names: of version 8 (RFC 9562), which is for digests of one's own.
fn guid(names: &[&str]) -> String {
    let digits = hex_digest(names.join("\n").as_bytes(), 32);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (first, second, third) = (part(0, 8), part(8, 12), part(13, 16));
    format!(
        "{first}-{second}-8{third}-8{}-{}",
        part(17, 20),
        part(20, 32)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::truth_tests::samples;
    use super::super::{SuiteContent, read_test_suite};
    use super::*;
    use crate::katalon::xml_tree::Element;

    fn path(name: &str) -> TestCasePath {
        TestCasePath::new(format!("Test Cases/{name}"))
    }

    fn suite() -> SuitePath {
        SuitePath::new("Test Suites/Azure/Tối nay")
    }

    #[test]
    fn any_name_is_read_back_as_it_was_and_the_same_names_give_the_same_bytes() {
        let names = ["A, b", "(c)", "say \"d\" & <e>", "Đăng nhập/Người dùng"].map(path);
        let names: Vec<&TestCasePath> = names.iter().collect();
        let text = document(&suite(), &names);
        assert_eq!(text, document(&suite(), &names));
        let SuiteContent::TestCases(links) = read_test_suite(text.as_bytes()).unwrap().content
        else {
            panic!("{text}");
        };
        let read: Vec<&str> = links.iter().map(|link| link.test_case.as_str()).collect();
        let given: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        assert_eq!(read, given);
        assert!(links.iter().all(|link| link.runs && !link.has_test_data));
        let guids: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.trim().split("uid>").nth(1))
            .collect();
        assert_eq!(guids.len(), 1 + names.len(), "{text}");
        for guid in guids {
            let guid = guid
                .trim_end_matches("</g")
                .trim_end_matches("</testSuiteG");
            let lengths: Vec<usize> = guid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{guid}");
        }
        assert_ne!(document(&SuitePath::new("Test Suites/B"), &names), text);
    }

    #[test]
    fn a_suite_that_somebody_else_wrote_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("katalon-ado-ts-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (a, b) = (path("A"), path("B"));
        let file = write_suite(&folder, &suite(), &[&a]).unwrap();
        let first = fs::read_to_string(&file).unwrap();
        write_suite(&folder, &suite(), &[&b]).unwrap();
        assert_ne!(fs::read_to_string(&file).unwrap(), first);
        let theirs = first.replace(MARK, "Mine");
        fs::write(&file, &theirs).unwrap();
        let refused = write_suite(&folder, &suite(), &[&b]);
        assert!(
            matches!(refused, Err(NotWritten::NotOurs(_))),
            "{refused:?}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), theirs);
        // Nothing half-written stays beside it.
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    /// The names of elements, in order, one below the other.
    fn names(element: &Element) -> Vec<&str> {
        element
            .children
            .iter()
            .map(|child| child.name.as_str())
            .collect()
    }

    #[test]
    fn a_suite_has_the_elements_of_a_real_one() {
        let Some(samples) = samples() else {
            println!("skipped: there is no folder of real reports beside the repository");
            return;
        };
        let folder = samples.join("katalon-project/Test Suites");
        let text = fs::read_to_string(folder.join("New Test Case Suite.ts")).unwrap();
        let real = xml_tree::read(text.as_bytes()).unwrap();
        let links = ["New Test Case", "Crash_test", "Spare/Never run yet"].map(path);
        let links: Vec<&TestCasePath> = links.iter().collect();
        let suite = SuitePath::new("Test Suites/New Test Case Suite");
        let own_text = document(&suite, &links);
        let own = xml_tree::read(own_text.as_bytes()).unwrap();
        assert_eq!((&own.name, names(&own)), (&real.name, names(&real)));
        // What this suite chose for itself.
        let chosen = [
            "description",
            "numberOfRerun",
            "rerunImmediately",
            "testSuiteGuid",
        ];
        for (own, real) in own.children.iter().zip(&real.children) {
            if own.name != "testCaseLink" {
                assert!(
                    chosen.contains(&own.name.as_str()) || own == real,
                    "{own:?} {real:?}"
                );
                continue;
            }
            assert_eq!(names(own), names(real));
            for (own, real) in own.children.iter().zip(&real.children) {
                let chosen = ["guid", "isRun"].contains(&own.name.as_str());
                assert!(chosen || own == real, "{own:?} {real:?}");
            }
        }
        // Line by line they differ in nothing but those texts.
        let shape = |text: &str| -> Vec<String> {
            let lines = text.lines();
            lines
                .map(|line| line.split('>').next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(shape(&own_text), shape(&text));
        assert!(text.ends_with("</TestSuiteEntity>\n"));
    }
}
