//! Reads `plan.jsonl`, which 11.4 writes for a whole session: what it was going to execute.
//!
//! A tree of suites, their attempts and their test cases, each as one JSON object. Which member
//! holds the children of a node is not settled, so they are looked for wherever they are; what
//! tells a suite's attempt is the folder that it was to write.

use std::io::Read;

use serde_json::Value;

use super::bounded_json;
use super::text::read_whole;

/// Its name; it lies in the folder of the session.
pub(crate) const PLAN: &str = "plan.jsonl";

/// Deeper ones are no plan; serde itself stops at 128.
const DEEPEST: usize = 64;

/// A suite that was going to be executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedSuite {
    /// `Test Suites/Smoke`.
    pub suite: String,
    /// The report folders that its attempts were to write, on the machine that ran them, with `/`.
    pub folders: Vec<String>,
}

/// Reads the whole file; also says which lines are none.
pub fn read(source: impl Read) -> std::io::Result<(Vec<PlannedSuite>, Vec<String>)> {
    let text = read_whole(source)?;
    let mut suites = Vec::new();
    let mut wrong = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match bounded_json::from_str::<Value>(line) {
            Ok(node) => walk(&node, 0, &mut suites),
            Err(error) => {
                // Its own place counts lines within the line.
                let cause = error.to_string();
                let cause = cause
                    .rsplit_once(" at line ")
                    .map_or(cause.as_str(), |(cause, _)| cause);
                wrong.push(format!(
                    "line {}, column {}: {cause}",
                    index + 1,
                    error.column()
                ));
            }
        }
    }
    Ok((suites, wrong))
}

fn walk(node: &Value, depth: usize, suites: &mut Vec<PlannedSuite>) {
    if depth > DEEPEST {
        return;
    }
    if let Some(suite) = node.get("entityId").and_then(Value::as_str)
        && suite.starts_with("Test Suites/")
    {
        let mut folders = Vec::new();
        collect_folders(node, depth, true, &mut folders);
        // A collection has none of its own: its suites have.
        if !folders.is_empty() {
            suites.push(PlannedSuite {
                suite: suite.to_owned(),
                folders,
            });
            return;
        }
    }
    for child in children(node) {
        walk(child, depth + 1, suites);
    }
}

/// The folders of a suite's attempts: those below it that are of no other suite.
fn collect_folders(node: &Value, depth: usize, is_suite: bool, folders: &mut Vec<String>) {
    let names_another = node
        .get("entityId")
        .and_then(Value::as_str)
        .is_some_and(|id| id.starts_with("Test Suites/"));
    let folder = node.get("executionDirPath").and_then(Value::as_str);
    // An attempt may repeat whose it is; what has no folder is another suite.
    if depth > DEEPEST || names_another && !is_suite && folder.is_none() {
        return;
    }
    if let Some(folder) = folder {
        folders.push(folder.replace('\\', "/"));
    }
    for child in children(node) {
        collect_folders(child, depth + 1, false, folders);
    }
}

fn children(node: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match node {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Box::new(std::iter::empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suites(text: &str) -> Vec<(String, Vec<String>)> {
        let (suites, wrong) = read(text.as_bytes()).unwrap();
        assert_eq!(wrong, [""; 0]);
        let pairs = suites.into_iter().map(|one| (one.suite, one.folders));
        pairs.collect()
    }

    #[test]
    fn suites_are_found_wherever_the_tree_keeps_its_children() {
        let attempt = |index: u32, folder: &str| {
            format!(
                r#"{{"type":"TEST_SUITE_ATTEMPT","attemptIndex":{index},"executionDirPath":"{folder}","children":[{{"type":"TEST_CASE","entityId":"Test Cases/X","id":"6f1d"}}]}}"#
            )
        };
        let one = format!(
            r#"{{"sessionId":"20260731_095328","type":"TEST_SUITE","entityId":"Test Suites/A","maxRetryCount":1,"attempts":[{},{}]}}"#,
            attempt(0, r"C:\\w\\Reports\\s\\A\\1"),
            attempt(1, "/w/Reports/s/A/2"),
        );
        let folders = vec![
            "C:/w/Reports/s/A/1".to_owned(),
            "/w/Reports/s/A/2".to_owned(),
        ];
        let expected = [("Test Suites/A".to_owned(), folders)];
        assert_eq!(suites(&one), expected);
        let all = format!(r#"{{"entityId":"Test Suites/All","nodes":{{"x":[{one}]}}}}"#);
        assert_eq!(suites(&all), expected);
        assert_eq!(suites("{\"entityId\":\"Test Suites/All\"}\n\n"), []);
    }

    #[test]
    fn what_is_no_json_is_named_with_its_line() {
        let (suites, wrong) = read(&b"\n{\"entityId\":"[..]).unwrap();
        assert_eq!(suites, []);
        assert_eq!(wrong, ["line 2, column 12: EOF while parsing a value"]);
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(deep.as_bytes()).unwrap().1.len(), 1);
    }
}
