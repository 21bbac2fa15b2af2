//! Which test cases of Azure DevOps a Katalon result stands for.
//!
//! | source | gives IDs of |
//! |---|---|
//! | the mapping file | the test case's path |
//! | the test case's `.tc` | the list of Katalon's integration; a `${variable}` in it has a value for each row |
//! | the pattern | path and tags |
//!
//! The first source that gives one wins; an ID given twice counts once.

use std::collections::HashSet;

use crate::azure_devops::TestCaseId;
use crate::inputs::{MappingFile, TestCaseIdPattern};
use crate::katalon::project::{IntegratedId, MOST_IDS, Project, TestCase};
use crate::katalon::{Row, TestCasePath, TestResult};

/// Bytes of a path or tag that the pattern is looked for in.
const LONGEST: usize = 16 * 1024;

/// What gives IDs.
#[derive(Clone, Copy, Debug)]
pub struct IdSources<'a> {
    /// The mapping file.
    pub mapping_file: &'a MappingFile,
    /// The Katalon project of the report; `None` if none is at hand.
    pub project: Option<&'a Project>,
    /// The pattern.
    pub pattern: Option<&'a TestCaseIdPattern>,
}

/// The IDs of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Without doubles, in order.
    pub ids: Vec<TestCaseId>,
    /// Variables that should have given one and did not, with what they held.
    pub unresolved: Vec<(String, String)>,
}

impl IdSources<'_> {
    /// The IDs of a result. Rows with IDs of their own are results of their own by now: see
    /// [`IdSources::split_rows`].
    pub fn ids(&self, result: &TestResult) -> Ids {
        let of_file = self.mapping_file.ids(&result.test_case);
        if !of_file.is_empty() {
            return Ids::of(of_file.iter().copied());
        }
        let test_case = self.test_case(result);
        if let Some(test_case) = test_case
            && !test_case.ids.is_empty()
        {
            return resolved(test_case, &result.rows);
        }
        let Some(pattern) = self.pattern else {
            return Ids::default();
        };
        let tags = test_case.into_iter().flat_map(|test_case| &test_case.tags);
        let texts = std::iter::once(result.test_case.as_str())
            .chain(tags.map(String::as_str))
            .chain(result.tags.iter().map(String::as_str));
        let texts = texts.map(|text| &text[..text.floor_char_boundary(LONGEST)]);
        let found = texts.flat_map(|text| pattern.found(text)).filter_map(id);
        let mut ids = Ids::of(found);
        ids.ids.truncate(MOST_IDS);
        ids
    }

    /// The IDs of a test case by itself, without a report of it: a variable has its default value.
    pub fn ids_of_test_case(&self, test_case: &TestCasePath) -> Vec<TestCaseId> {
        let row = Row {
            bound_values: Vec::new(),
            attempts: Vec::new(),
        };
        let result = TestResult {
            test_case: test_case.clone(),
            tags: Vec::new(),
            rows: vec![row],
        };
        self.ids(&result).ids
    }

    /// Makes a result of its own of each row whose test case has an ID in a variable: it is a test
    /// case of its own in Azure DevOps. The order of rows stays.
    pub fn split_rows(&self, results: &mut Vec<TestResult>) {
        if !results.iter().any(|result| self.is_split(result)) {
            return;
        }
        for result in std::mem::take(results) {
            if !self.is_split(&result) {
                results.push(result);
                continue;
            }
            let TestResult {
                test_case, rows, ..
            } = result;
            results.extend(rows.into_iter().map(|row| TestResult {
                test_case: test_case.clone(),
                // Where the '.tc' gives IDs nothing looks at tags, of which there may be many.
                tags: Vec::new(),
                rows: vec![row],
            }));
        }
    }

    fn is_split(&self, result: &TestResult) -> bool {
        let has_variable = |test_case: &TestCase| {
            let mut ids = test_case.ids.iter();
            ids.any(|id| matches!(id, IntegratedId::Variable(_)))
        };
        result.rows.len() > 1
            && self.mapping_file.ids(&result.test_case).is_empty()
            && self.test_case(result).is_some_and(has_variable)
    }

    fn test_case(&self, result: &TestResult) -> Option<&TestCase> {
        self.project?.test_cases.get(&result.test_case)
    }
}

impl Ids {
    fn of(ids: impl Iterator<Item = u64>) -> Self {
        let mut known = HashSet::new();
        Self {
            ids: ids.map(TestCaseId).filter(|&id| known.insert(id)).collect(),
            unresolved: Vec::new(),
        }
    }
}

/// The ids of a `.tc`, variables resolved by the rows.
fn resolved(test_case: &TestCase, rows: &[Row]) -> Ids {
    let mut found = Vec::new();
    let mut unresolved = Vec::new();
    for given in &test_case.ids {
        let name = match given {
            IntegratedId::Number(number) => {
                found.push(*number);
                continue;
            }
            IntegratedId::Variable(name) => name,
        };
        for row in rows {
            let value = bound(row, name).or_else(|| by_default(test_case, name));
            let value = value.unwrap_or_default();
            // A variable may hold a list as well.
            let words = value.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
            let numbers: Vec<u64> = words.filter_map(id).take(MOST_IDS).collect();
            if numbers.is_empty() {
                unresolved.push((name.clone(), value.to_owned()));
            }
            found.extend(numbers);
        }
    }
    Ids {
        unresolved,
        ..Ids::of(found.into_iter())
    }
}

/// What a row was bound to under a name. Katalon writes `(Default) ado_id` for a variable of the
/// test case's default data, and cuts long names in JUnit: `(Default) ado_tes...`.
fn bound<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    let without_prefix = |key: &'r str| match key.strip_prefix('(') {
        Some(rest) => rest.split_once(") ").map_or(key, |(_, name)| name),
        None => key,
    };
    let value = |is_it: &dyn Fn(&str) -> bool| {
        let mut values = row.bound_values.iter();
        let found = values.find(|(key, _)| is_it(without_prefix(key)));
        found.map(|(_, value)| value.as_str())
    };
    value(&|key| key == name).or_else(|| {
        value(&|key| {
            let begin = key.strip_suffix("...");
            begin.is_some_and(|begin| !begin.is_empty() && name.starts_with(begin))
        })
    })
}

/// What the test case holds where no data is bound.
fn by_default<'t>(test_case: &'t TestCase, name: &str) -> Option<&'t str> {
    let mut variables = test_case.variables.iter();
    let variable = variables.find(|variable| variable.name == name)?;
    Some(variable.default_value.as_str())
}

/// An ID; the service counts in 31 bits.
fn id(text: &str) -> Option<u64> {
    let id = text.trim().parse::<i32>().ok()?;
    u64::try_from(id).ok().filter(|&id| id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::InputValue;
    use crate::katalon::project::TestCaseVariable;
    use crate::katalon::{Attempt, Status, TestCasePath};

    const PATH: &str = "Test Cases/Login/TC7 Valid user";

    fn row(bound: &[(&str, &str)]) -> Row {
        let attempt = Attempt {
            status: Status::Passed,
            started: None,
            duration: None,
            failure: None,
            screenshots: Vec::new(),
            videos: Vec::new(),
            requests: Vec::new(),
        };
        Row {
            bound_values: bound
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            attempts: vec![attempt],
        }
    }

    fn result(rows: Vec<Row>) -> TestResult {
        TestResult {
            test_case: TestCasePath::new(PATH),
            tags: vec!["TC8".to_owned(), "TC7".to_owned()],
            rows,
        }
    }

    fn project(ids: &[IntegratedId]) -> Project {
        let test_case = TestCase {
            tags: vec!["TC9".to_owned()],
            ids: ids.to_vec(),
            ids_text: None,
            variables: vec![TestCaseVariable {
                name: "ado_id".to_owned(),
                default_value: "50".to_owned(),
                masked: false,
            }],
        };
        Project {
            test_cases: [(TestCasePath::new(PATH), test_case)].into(),
            ..Project::default()
        }
    }

    fn variable() -> IntegratedId {
        IntegratedId::Variable("ado_id".to_owned())
    }

    fn numbers(ids: &Ids) -> Vec<u64> {
        ids.ids.iter().map(|id| id.0).collect()
    }

    #[test]
    fn a_test_case_by_itself_has_the_default_of_its_variable() {
        let ids_of = |ids: &[IntegratedId]| {
            let project = project(ids);
            let pattern = Option::<TestCaseIdPattern>::parse(r"TC(\d+)").unwrap();
            let sources = IdSources {
                mapping_file: &MappingFile::default(),
                project: Some(&project),
                pattern: pattern.as_ref(),
            };
            let ids = sources.ids_of_test_case(&TestCasePath::new(PATH));
            ids.into_iter().map(|id| id.0).collect::<Vec<u64>>()
        };
        assert_eq!(ids_of(&[IntegratedId::Number(3), variable()]), [3, 50]);
        // Path and tags of the `.tc`.
        assert_eq!(ids_of(&[]), [7, 9]);
    }

    #[test]
    fn the_first_source_that_gives_an_id_wins() {
        let file = std::env::temp_dir().join(format!("katalon-ado-ids-{}.csv", std::process::id()));
        let text = "katalonTestCase,azureTestCaseIds\nLogin/TC7 Valid user,\"1, 2, 1\"\n";
        std::fs::write(&file, text).unwrap();
        let full = MappingFile::open(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let empty = MappingFile::default();
        let pattern = Option::<TestCaseIdPattern>::parse(r"TC(\d+)").unwrap();
        let with_ids = project(&[IntegratedId::Number(3)]);
        let without = project(&[]);
        let ids = |mapping_file, project, pattern| {
            let sources = IdSources {
                mapping_file,
                project,
                pattern,
            };
            numbers(&sources.ids(&result(vec![row(&[])])))
        };
        assert_eq!(ids(&full, Some(&with_ids), pattern.as_ref()), [1, 2]);
        assert_eq!(ids(&empty, Some(&with_ids), pattern.as_ref()), [3]);
        assert_eq!(ids(&empty, Some(&without), pattern.as_ref()), [7, 9, 8]);
        assert_eq!(ids(&empty, None, pattern.as_ref()), [7, 8]);
        assert_eq!(ids(&empty, Some(&without), None), [0; 0]);
    }

    #[test]
    fn a_name_that_is_full_of_numbers_stands_for_no_more_than_anybody_means() {
        let pattern = Option::<TestCaseIdPattern>::parse(r"TC(\d+)").unwrap();
        let sources = IdSources {
            mapping_file: &MappingFile::default(),
            project: None,
            pattern: pattern.as_ref(),
        };
        let name: String = (1..=50_000).map(|id| format!("TC{id} ")).collect();
        let tags = (1..=50_000).map(|id| format!("TC{id}")).collect();
        let result = TestResult {
            test_case: TestCasePath::new(name),
            tags,
            rows: vec![row(&[])],
        };
        let ids = numbers(&sources.ids(&result));
        assert_eq!((ids.len(), ids[0], ids[999]), (1_000, 1, 1_000));
    }

    #[test]
    fn a_variable_has_the_value_of_the_row_under_each_of_its_names() {
        for (bound, expected) in [
            (vec![("ado_id", "41")], vec![41]),
            (vec![("(Default) ado_id", "41, 42")], vec![41, 42]),
            (vec![("(Default) ado_...", "41")], vec![41]),
            (vec![("other", "41")], vec![50]),
        ] {
            let ids = resolved(
                &project(&[variable()]).test_cases[&TestCasePath::new(PATH)],
                &[row(&bound)],
            );
            assert_eq!(numbers(&ids), expected, "{bound:?}");
        }
    }

    #[test]
    fn a_variable_without_a_number_is_told() {
        let project = project(&[IntegratedId::Number(5), variable()]);
        let test_case = &project.test_cases[&TestCasePath::new(PATH)];
        for value in ["", "n/a", "-3"] {
            let ids = resolved(test_case, &[row(&[("ado_id", value)])]);
            assert_eq!(numbers(&ids), [5]);
            assert_eq!(ids.unresolved, [("ado_id".to_owned(), value.to_owned())]);
        }
    }

    #[test]
    fn only_rows_that_a_variable_tells_apart_become_results() {
        let empty = MappingFile::default();
        let rows = || vec![row(&[("ado_id", "41")]), row(&[("ado_id", "42")])];
        for (ids, expected) in [(vec![variable()], 2), (vec![IntegratedId::Number(5)], 1)] {
            let project = project(&ids);
            let sources = IdSources {
                mapping_file: &empty,
                project: Some(&project),
                pattern: None,
            };
            let mut results = vec![result(rows())];
            sources.split_rows(&mut results);
            assert_eq!(results.len(), expected);
            assert_eq!(results.iter().flat_map(|result| &result.rows).count(), 2);
        }
    }
}
