//! Reads `testCaseBinding`: one JSON object a line, for each case and row that was planned.
//!
//! Katalon writes at most 1,000 lines. The values are Groovy source, `'ann'`, `42`.
//!
//! A line that is damaged, or stands behind all that is used, tells nothing of rows any more. What
//! is secret in it is so all the same: see [`super::remains`].

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Cursor, Read};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::Variable;
use super::bounded_json;
use super::groovy::groovy_value;
use super::names::without_iteration;
use super::remains::{LONGEST, Remains};
use super::text::{SMALL, TextReader};
use super::unknown::Unknown;

/// A planned case, or a planned row of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedCase {
    /// Path of the test case; empty if the line is damaged and does not say it. It holds its place
    /// all the same: rows are told apart by order.
    pub test_case: String,
    /// Variable and value, without Groovy's quotes, in the order of the file.
    pub bound_values: Vec<(String, String)>,
    /// Name of the variable whose value the log calls `iteration` (8.3 and later); mostly empty.
    pub iteration_variable: String,
    /// Variables whose values Katalon itself masks (11 and later).
    pub masked_variables: Vec<String>,
}

impl PlannedCase {
    /// The case, without what its row is bound to.
    pub fn without_values(&self) -> Self {
        Self {
            test_case: self.test_case.clone(),
            ..Self::default()
        }
    }
}

/// What the file says, and how many of its lines could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// In planned order.
    pub cases: Vec<PlannedCase>,
    /// The first line that is no JSON object with a test case, counted from 1; a run that was
    /// killed can leave half a line.
    pub first_bad_line: Option<usize>,
    /// The first line that is not used because the file is longer than any that Katalon writes,
    /// counted from 1: what was planned from there on is not known.
    pub first_unused_line: Option<usize>,
    /// Whether there is so much in damaged and unused lines that not even what is secret is known.
    pub has_unread: bool,
    /// Values of damaged and unused lines. They are of no row, and good only to know what is secret.
    pub other_variables: Vec<Variable>,
    /// What a later version of Katalon may have added.
    pub unknown: Unknown,
}

impl Binding {
    /// Whether any line says which test case it is of.
    pub fn names_a_case(&self) -> bool {
        self.cases.iter().any(|case| !case.test_case.is_empty())
    }
}

/// Reads the whole file.
pub fn read(source: impl Read) -> std::io::Result<Binding> {
    let mut source = TextReader::new(source);
    let mut bytes = Vec::new();
    source.by_ref().take(SMALL + 1).read_to_end(&mut bytes)?;
    let unused = if bytes.len() as u64 > SMALL {
        bytes.split_off(memchr::memrchr(b'\n', &bytes).map_or(0, |newline| newline + 1))
    } else {
        Vec::new()
    };
    let mut binding = Binding::default();
    let mut remains = Remains::of_groovy();
    // The reader gives nothing but UTF-8, so nothing is replaced here.
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = 0;
    for line in text.lines() {
        lines += 1;
        if line.trim().is_empty() {
            continue;
        }
        match planned_case(line, &mut binding.unknown) {
            Some(case) => binding.cases.push(case),
            None => {
                binding.first_bad_line.get_or_insert(lines);
                remains.add(line);
                if line.trim_start().starts_with('{') {
                    binding.cases.push(damaged_case(line));
                }
            }
        }
    }
    if !unused.is_empty() {
        binding.first_unused_line = Some(lines + 1);
        let rest = Cursor::new(unused).chain(source);
        binding.has_unread = !remains.add_all(rest, LONGEST - SMALL)?;
    }
    binding.has_unread |= remains.is_full();
    for name in binding.cases.iter().flat_map(|case| &case.masked_variables) {
        remains.add_masked(name);
    }
    binding.other_variables = remains.variables();
    Ok(binding)
}

/// What is left of a line that is no JSON: which test case it is of, if that part is whole.
fn damaged_case(line: &str) -> PlannedCase {
    let text = |member: &str| {
        let (_, rest) = line.split_once(member)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        values.next()?.ok()
    };
    let name = || text("\"testCaseName\":").map(|name| without_iteration(&name).to_owned());
    let path = text("\"testCaseId\":").filter(|id| !id.is_empty());
    PlannedCase {
        test_case: path.or_else(name).unwrap_or_default(),
        ..PlannedCase::default()
    }
}

fn planned_case(line: &str, unknown: &mut Unknown) -> Option<PlannedCase> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Line {
        #[serde(default)]
        test_case_name: String,
        #[serde(default, rename = "testCaseExecutionId")]
        _execution_id: IgnoredAny,
        #[serde(default)]
        test_case_id: String,
        #[serde(default)]
        binded_values: Option<InOrder>,
        #[serde(default)]
        iteration_variable_name: Option<String>,
        #[serde(default)]
        masked_variable_names: Option<Vec<String>>,
        #[serde(flatten)]
        others: BTreeMap<String, IgnoredAny>,
    }
    let line: Line = bounded_json::from_str(line).ok()?;
    for name in line.others.keys() {
        unknown.add("member", name, "testCaseBinding");
    }
    let bound_values = line
        .binded_values
        .map_or_else(Vec::new, |InOrder(members)| members)
        .into_iter()
        .map(|(name, value)| (name, groovy_value(&plain(&value)).into_owned()))
        .collect();
    let test_case = match line.test_case_id {
        id if id.is_empty() => without_iteration(&line.test_case_name).to_owned(),
        id => id,
    };
    (!test_case.is_empty()).then_some(PlannedCase {
        test_case,
        bound_values,
        iteration_variable: line.iteration_variable_name.unwrap_or_default(),
        masked_variables: line.masked_variable_names.unwrap_or_default(),
    })
}

/// The members of a JSON object whose values are no Groovy (JUnit's `data_binding`); `None` if the
/// text is none.
pub(crate) fn plain_values(json: &str) -> Option<Vec<(String, String)>> {
    let InOrder(members) = bounded_json::from_str(json.trim()).ok()?;
    let members = members.into_iter().map(|(name, value)| {
        let value = plain(&value);
        (name, value)
    });
    Some(members.collect())
}

/// A JSON object in the order in which it is written: people recognise a row by its first value.
#[derive(Default)]
struct InOrder(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for InOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = InOrder;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(InOrder(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_later_versions_add_is_read() {
        let line = r#"{"testCaseId":"Test Cases/A","iterationVariableName":"user","bindedValues":null,"testCaseExecutionId":"6f1d","maskedVariableNames":["pin"]}"#;
        let binding = read(line.as_bytes()).unwrap();
        assert_eq!(binding.cases[0].iteration_variable, "user");
        assert_eq!(binding.cases[0].masked_variables, ["pin"]);
    }

    #[test]
    fn what_no_version_writes_is_noted() {
        let line = r#"{"testCaseName":"Test Cases/A","testCaseId":"Test Cases/A","shard":[1]}"#;
        let binding = read(line.as_bytes()).unwrap();
        assert_eq!(binding.cases.len(), 1);
        assert_eq!(binding.unknown.named(), "member 'shard' of testCaseBinding");
    }

    #[test]
    fn the_id_is_the_path_and_the_name_with_its_iteration_is_not() {
        let text = r#"{"testCaseName":"Test Cases/A - Iteration 1","testCaseId":"Test Cases/A","bindedValues":{"z":"\u0027x\u0027","a":"1"}}
{"testCaseName":"Test Cases/B","testCaseId":"Test Cases/B","iterationVariableName":""}

{"testCaseName":"Test Ca"#;
        let binding = read(text.as_bytes()).unwrap();
        assert_eq!(binding.first_bad_line, Some(4));
        assert_eq!(binding.cases.len(), 3);
        assert_eq!(binding.cases[2], PlannedCase::default());
        assert_eq!(binding.cases[0].test_case, "Test Cases/A");
        assert_eq!(binding.cases[1].bound_values, []);
        let names: Vec<&str> = binding.cases[0]
            .bound_values
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["z", "a"]);
        let nameless = br#"{"testCaseName":"Test Cases/A - Iteration 1"}"#;
        let binding = read(nameless.as_slice()).unwrap();
        assert_eq!(binding.cases[0].test_case, "Test Cases/A");
    }

    #[test]
    fn a_damaged_line_tells_what_is_secret_and_nothing_of_its_row() {
        let whole = r#"{"testCaseId":"Test Cases/A","bindedValues":{"user":"'ann'"},"maskedVariableNames":["pin"]}"#;
        for (line, variables) in [
            (
                r#"{"testCaseId":"Test Cases/A","bindedValues":{"user":"'eve'","password":"'x y'","pi"#,
                &[("password", "x y", false), ("user", "eve", false)][..],
            ),
            (
                r#"{"testCaseId":"Test Cases/A","testCaseId":"Test Cases/B","bindedValues":{"pin":12}}"#,
                &[("pin", "12", true)],
            ),
            (
                r#"{"testCaseId":"Test Cases/A","bindedValues":[{"name":"a","value":"'b'"}]}"#,
                &[
                    ("a", "b", false),
                    ("name", "a", false),
                    ("value", "b", false),
                ],
            ),
            (
                r#"Cases/A","bindedValues":{"token":"'t'"}}"#,
                &[("token", "t", false)],
            ),
        ] {
            let binding = read(format!("{whole}\n{line}").as_bytes()).unwrap();
            let told: Vec<(&str, &str, bool)> = binding
                .other_variables
                .iter()
                .map(|one| (one.name.as_str(), one.value.as_str(), one.masked))
                .collect();
            assert_eq!(told, variables, "{line}");
            assert_eq!(binding.first_bad_line, Some(2), "{line}");
            assert!(!binding.has_unread);
            for case in &binding.cases[1..] {
                assert_eq!(case.bound_values, [], "{line}");
            }
        }
    }

    #[test]
    fn of_a_file_that_is_too_long_whole_lines_are_used_and_secrets_known() {
        let line = |row: usize, filler: usize| {
            format!(
                "{{\"testCaseId\":\"Test Cases/A\",\"bindedValues\":{{\"filler\":\"{}\",\
                 \"password\":\"'secret {row}'\"}}}}\n",
                "x".repeat(filler)
            )
        };
        let mega = 1024 * 1024;
        let short: String = (0..3).map(|row| line(row, 5 * mega)).collect();
        let binding = read(short.as_bytes()).unwrap();
        assert_eq!((binding.cases.len(), binding.first_unused_line), (3, None));
        let long: String = (0..6).map(|row| line(row, 5 * mega)).collect();
        let binding = read(long.as_bytes()).unwrap();
        assert_eq!(
            (binding.cases.len(), binding.first_unused_line),
            (3, Some(4))
        );
        assert_eq!((binding.first_bad_line, binding.has_unread), (None, false));
        let told = binding.other_variables.iter().map(|one| one.value.as_str());
        assert_eq!(
            told.collect::<Vec<_>>(),
            ["secret 3", "secret 4", "secret 5"]
        );
        // One line alone.
        let binding = read(line(1, 17 * mega).as_bytes()).unwrap();
        assert_eq!(
            (binding.cases.len(), binding.first_unused_line),
            (0, Some(1))
        );
        assert_eq!(binding.other_variables[0].value, "secret 1");
    }

    #[test]
    fn a_file_that_never_ends_is_left_where_nothing_of_it_can_be_known() {
        let binding = read(std::io::repeat(b' ')).unwrap();
        assert!(binding.has_unread && binding.first_unused_line == Some(1));
    }

    #[test]
    fn a_damaged_line_keeps_its_place_and_the_path_that_it_still_says() {
        for (line, paths) in [
            (
                r#"{"testCaseName":"Test Cases/A - Iteration 2","testCa"#,
                &["Test Cases/A"][..],
            ),
            (
                r#"{"testCaseName":"x","testCaseId":"Test Cases/\u0041","bindedValues":{"user":"'a"#,
                &["Test Cases/A"],
            ),
            (r#"{"testCaseName":"Test Cas"#, &[""]),
            ("{}", &[""]),
            ("<<<<<<< HEAD", &[]),
            ("[1]", &[]),
        ] {
            let binding = read(line.as_bytes()).unwrap();
            let cases = binding.cases.iter().map(|case| case.test_case.as_str());
            assert_eq!(cases.collect::<Vec<_>>(), paths, "{line}");
            assert_eq!(binding.first_bad_line, Some(1), "{line}");
        }
    }
}
