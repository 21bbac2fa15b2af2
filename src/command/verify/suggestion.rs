//! `--suggest-mapping`: a file for `testCaseMapping`.
//!
//! | row | has |
//! |---|---|
//! | a Katalon test case that has IDs, be it in the mapping file alone | these |
//! | a Katalon test case whose name is the title of one test case of the plan, and of no other Katalon test case | the ID of that one |
//! | any other Katalon test case | no ID |
//! | a test case of the plan that none of them names | no path: somebody may write one |
//!
//! Nothing is guessed: a name that is there twice joins nothing. Same input, same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use csv::WriterBuilder;

use super::test_cases::Named;
use crate::azure_devops::TestCaseId;
use crate::katalon::TestCasePath;
use crate::katalon::project::Project;
use crate::mapping::plan::Plan;
use crate::opening;
use crate::problem::{Problem, code, counted as count};
use crate::secrets::Secrets;

/// What the reader of the file looks for; the third column is for people.
const HEADER: [&str; 3] = ["katalonTestCase", "azureTestCaseIds", "azureTitle"];

/// Spreadsheets take a file without it for one in the encoding of their country.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What spreadsheets take for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The rows of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Suggestion {
    /// Path, IDs, title; path or IDs may be empty.
    rows: Vec<(String, Vec<TestCaseId>, String)>,
    /// Rows that were joined by their titles.
    joined: usize,
}

/// Joins what has equal titles.
pub(super) fn suggest(projects: &[Project], named: &Named, plans: &[Plan]) -> Suggestion {
    let mut titles: BTreeMap<TestCaseId, &str> = BTreeMap::new();
    for point in plans.iter().flat_map(Plan::points) {
        titles.entry(point.test_case).or_insert(point.title.trim());
    }
    let mut of_title: BTreeMap<&str, Vec<TestCaseId>> = BTreeMap::new();
    for (id, title) in &titles {
        if !named.by_id.contains_key(id) && !title.is_empty() {
            of_title.entry(title).or_default().push(*id);
        }
    }
    let mapped = named.mapped.iter();
    let mut paths: BTreeMap<&TestCasePath, Vec<TestCaseId>> =
        mapped.map(|(path, ids)| (path, ids.clone())).collect();
    for (at, project) in projects.iter().enumerate() {
        for path in project.test_cases.keys() {
            let ids = named.ids.get(&(at, path.clone())).cloned();
            let of_path = paths.entry(path).or_default();
            for id in ids.unwrap_or_default() {
                if !of_path.contains(&id) {
                    of_path.push(id);
                }
            }
        }
    }
    let mut of_name: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths.keys() {
        *of_name.entry(path.name().trim()).or_default() += 1;
    }
    let by_variable: BTreeSet<&str> = named
        .by_variable
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    let mut suggestion = Suggestion::default();
    let mut used: BTreeSet<TestCaseId> = named.by_id.keys().copied().collect();
    for (path, mut ids) in paths {
        let name = path.name().trim();
        // Where a variable gives the ID, one in this file would take its place.
        let is_open = ids.is_empty() && !by_variable.contains(path.as_str());
        if let Some([only]) = of_title.get(name).map(Vec::as_slice)
            && is_open
            && of_name.get(name) == Some(&1)
        {
            ids.push(*only);
            suggestion.joined += 1;
        }
        used.extend(&ids);
        let shown: Vec<&str> = ids
            .iter()
            .filter_map(|id| titles.get(id).copied())
            .collect();
        let shown = shown.join("; ");
        suggestion.rows.push((path.as_str().to_owned(), ids, shown));
    }
    for (id, title) in titles {
        if !used.contains(&id) {
            let row = (String::new(), vec![id], title.to_owned());
            suggestion.rows.push(row);
        }
    }
    suggestion
}

/// Writes the file, never over another one; what was written, in words.
pub(super) fn write(
    file: &Path,
    suggestion: &Suggestion,
    secrets: &Secrets,
) -> Result<String, Problem> {
    let not_written = |cause: String, advice: &str| {
        Problem::error(
            code::NO_SUGGESTION,
            format!(
                "the mapping file '{}' is not written: {cause}",
                file.display()
            ),
            advice,
        )
    };
    let text = suggestion
        .text(secrets)
        .map_err(|error| not_written(error.to_string(), ""))?;
    let told = format!(
        "'{}': {}, {} joined by title",
        file.display(),
        count(suggestion.rows.len(), "row"),
        suggestion.joined
    );
    let created = OpenOptions::new().write(true).create_new(true).open(file);
    match created {
        Ok(mut created) => {
            let written = created.write_all(&text).and_then(|()| created.flush());
            written
                .map_err(|error| not_written(error.to_string(), "Correct '--suggest-mapping'."))?;
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // What is there already may stay there.
            if !holds(file, &text) {
                return Err(not_written(
                    "another file is there".to_owned(),
                    "Name a new file, or take that one away: somebody may have worked on it.",
                ));
            }
        }
        Err(error) => {
            return Err(not_written(
                error.to_string(),
                "Correct '--suggest-mapping'.",
            ));
        }
    }
    Ok(told)
}

/// Whether a file holds this text, and nothing else.
fn holds(file: &Path, text: &[u8]) -> bool {
    let mut there = Vec::new();
    let most = text.len() as u64 + 1;
    let read = opening::open_named(file).and_then(|file| file.take(most).read_to_end(&mut there));
    read.is_ok() && there == text
}

impl Suggestion {
    fn text(&self, secrets: &Secrets) -> Result<Vec<u8>, csv::Error> {
        let mut writer = WriterBuilder::new().from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
        writer.write_record(HEADER)?;
        for (path, ids, title) in &self.rows {
            let ids: Vec<String> = ids.iter().map(TestCaseId::to_string).collect();
            let title = secrets.mask(title);
            let title = if title.starts_with(FORMULA) {
                format!("'{title}")
            } else {
                title
            };
            writer.write_record([path.as_str(), &ids.join(" "), &title])?;
        }
        writer
            .into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))
    }
}
