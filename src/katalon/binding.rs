//! Reads `testCaseBinding`: one JSON object a line, for each case and row that was planned.
//!
//! Katalon writes at most 1,000 lines. The values are Groovy source, `'ann'`, `42`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::junit::without_iteration;
use super::text::{read_whole, unescape_java};
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

/// What the file says, and how many of its lines could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// In planned order.
    pub cases: Vec<PlannedCase>,
    /// The first line that is no JSON object with a test case, counted from 1; a run that was
    /// killed can leave half a line.
    pub first_bad_line: Option<usize>,
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
    let text = read_whole(source)?;
    let mut binding = Binding::default();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match planned_case(line, &mut binding.unknown) {
            Some(case) => binding.cases.push(case),
            None => {
                binding.first_bad_line.get_or_insert(index + 1);
                if line.trim_start().starts_with('{') {
                    binding.cases.push(damaged_case(line));
                }
            }
        }
    }
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
    let line: Line = serde_json::from_str(line).ok()?;
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

/// The members of a JSON object whose values are no Groovy (JUnit's `data_binding`); empty if the
/// text is none.
pub(crate) fn plain_values(json: &str) -> Vec<(String, String)> {
    let InOrder(members) = serde_json::from_str(json.trim()).unwrap_or_default();
    members
        .into_iter()
        .map(|(name, value)| {
            let value = plain(&value);
            (name, value)
        })
        .collect()
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

/// A Groovy literal as the value it stands for; anything that is no quoted string as it is.
pub(crate) fn groovy_value(literal: &str) -> Cow<'_, str> {
    for quote in ["'''", "\"\"\"", "'", "\""] {
        let inner = literal
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return unescape_java(inner);
        }
    }
    literal.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_their_groovy_quotes_and_nothing_else() {
        for (literal, value) in [
            ("'ann'", "ann"),
            ("' with blanks '", " with blanks "),
            ("'it\\'s'", "it's"),
            ("\"x\"", "x"),
            ("'''a'b'''", "a'b"),
            ("''", ""),
            ("'", "'"),
            ("7.570877202E9", "7.570877202E9"),
            ("findTestData('a')", "findTestData('a')"),
        ] {
            assert_eq!(groovy_value(literal), value, "{literal}");
        }
    }

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
