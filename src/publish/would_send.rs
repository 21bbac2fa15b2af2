//! What a dry run would send: gathered step by step, and told as a table for each run.

use std::collections::{BTreeMap, BTreeSet};

use super::desired::DesiredRun;
use crate::azure_devops::{GroupType, NewTestResult, Outcome, TestPlanId, TestPointId};
use crate::problem::counted;

/// Wider columns would push the others off the screen; a longer text sticks out of its own.
const WIDEST: usize = 100;

/// What one run would be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WouldSend {
    /// The plan of a planned run.
    pub plan: Option<TestPlanId>,
    /// Results, in the order in which they would be sent.
    pub results: Vec<PlannedResult>,
    /// Files that would hang on the run itself.
    pub files: Vec<String>,
}

/// A result that would be sent, or that would get files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedResult {
    /// It would be sent; else it is there, and lacks files.
    pub is_new: bool,
    /// Identity of the test, second half: the suite.
    pub suite: String,
    /// Identity of the test, first half.
    pub test_case: String,
    /// What people see.
    pub title: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The test point that it would be a result of.
    pub point: Option<TestPointId>,
    /// Its sub-results on the first level, or its iterations, and what they are.
    pub sub_results: Option<(usize, GroupType)>,
    /// Files that would hang on it, or on its sub-results.
    pub files: Vec<String>,
}

/// Positions of what was sent in imagination, by run.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    runs: BTreeMap<usize, (BTreeSet<usize>, BTreeSet<usize>)>,
}

impl Gathered {
    pub(super) fn results(&mut self, run: usize, results: &[usize]) {
        self.runs.entry(run).or_default().0.extend(results);
    }

    pub(super) fn attachments(&mut self, run: usize, attachments: impl Iterator<Item = usize>) {
        self.runs.entry(run).or_default().1.extend(attachments);
    }

    /// What was gathered for a run.
    pub(super) fn of(&self, run: usize, desired: &DesiredRun) -> WouldSend {
        let Some((results, attachments)) = self.runs.get(&run) else {
            return WouldSend::default();
        };
        of_positions(desired, results, attachments)
    }
}

impl WouldSend {
    /// Everything that should be in a run.
    pub fn whole(run: &DesiredRun) -> Self {
        let all = |length: usize| (0..length).collect();
        of_positions(run, &all(run.results.len()), &all(run.attachments.len()))
    }

    /// Results and files in numbers.
    pub fn counts(&self) -> String {
        let of_results = self.results.iter().map(|result| result.files.len());
        let new = self.results.iter().filter(|result| result.is_new);
        format!(
            "{} and {}",
            counted(new.count(), "result"),
            counted(self.files.len() + of_results.sum::<usize>(), "attachment")
        )
    }

    /// The table, as lines of the log. Columns in which nothing stands are left out, and the suite
    /// where it is the same for all.
    pub fn table(&self) -> Vec<String> {
        let suites: BTreeSet<&str> = self.results.iter().map(|result| &*result.suite).collect();
        let heads = [
            "Outcome",
            "Point",
            "Title",
            "",
            "Test case",
            "Suite",
            "Files",
        ];
        let mut rows = vec![heads.map(str::to_owned)];
        rows.extend(self.results.iter().map(|result| {
            [
                result.outcome.as_str().to_owned(),
                result
                    .point
                    .map_or_else(String::new, |point| point.to_string()),
                result.title.clone(),
                result.sub_results.map_or_else(String::new, held),
                result.test_case.clone(),
                if suites.len() > 1 {
                    result.suite.clone()
                } else {
                    String::new()
                },
                result.files.join(", "),
            ]
        }));
        let width = |column: usize| {
            let lengths = rows.iter().skip(1).map(|row| row[column].chars().count());
            match lengths.max() {
                None | Some(0) => 0,
                Some(longest) => longest.max(heads[column].len()).min(WIDEST),
            }
        };
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        let shown = |row: &[String; 7]| {
            let cells = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
            let cells: Vec<String> = cells
                .map(|(cell, &width)| format!("{cell:width$}"))
                .collect();
            format!("  {}", cells.join("  ")).trim_end().to_owned()
        };
        let mut lines = Vec::new();
        if !self.results.is_empty() {
            lines.extend(rows.iter().map(shown));
        }
        if !self.files.is_empty() {
            lines.push(format!("  Files of the run: {}", self.files.join(", ")));
        }
        lines
    }
}

/// `3 rows`, `2 attempts`.
fn held((count, group): (usize, GroupType)) -> String {
    counted(
        count,
        match group {
            GroupType::DataDriven => "row",
            GroupType::Rerun => "attempt",
        },
    )
}

fn of_positions(
    run: &DesiredRun,
    results: &BTreeSet<usize>,
    attachments: &BTreeSet<usize>,
) -> WouldSend {
    let mut files: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
    for &at in attachments {
        let attachment = &run.attachments[at];
        let names = files.entry(attachment.target.result()).or_default();
        names.push(attachment.attachment.name.as_str().to_owned());
    }
    let files_of_run = files.remove(&None).unwrap_or_default();
    let with_files = files.keys().flatten();
    let all: BTreeSet<usize> = results.iter().chain(with_files).copied().collect();
    let planned = all.into_iter().map(|at| {
        let files = files.remove(&Some(at)).unwrap_or_default();
        let point = run.points.get(at).copied();
        planned(&run.results[at], point, results.contains(&at), files)
    });
    WouldSend {
        plan: run.run.plan,
        results: planned.collect(),
        files: files_of_run,
    }
}

fn planned(
    result: &NewTestResult,
    point: Option<TestPointId>,
    is_new: bool,
    files: Vec<String>,
) -> PlannedResult {
    let sub_results = result
        .result_group_type
        .map(|group| (result.sub_results.len(), group));
    let rows = match result.iteration_details.len() {
        0 => None,
        rows => Some((rows, GroupType::DataDriven)),
    };
    PlannedResult {
        is_new,
        suite: result.automated_test_storage.as_str().to_owned(),
        test_case: result.automated_test_name.as_str().to_owned(),
        title: result.test_case_title.as_str().to_owned(),
        outcome: result.outcome,
        point,
        sub_results: sub_results.or(rows),
        files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(title: &str, files: &[&str]) -> PlannedResult {
        PlannedResult {
            is_new: true,
            suite: "Test Suites/S".to_owned(),
            test_case: format!("Test Cases/{title}"),
            title: title.to_owned(),
            outcome: Outcome::Passed,
            point: None,
            sub_results: None,
            files: files.iter().map(|&file| file.to_owned()).collect(),
        }
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be_and_empty_ones_left_out() {
        let long = "x".repeat(WIDEST + 20);
        let would_send = WouldSend {
            plan: None,
            results: vec![result("A", &[]), result(&long, &["1.png", "2.png"])],
            files: Vec::new(),
        };
        let lines = would_send.table();
        let head = format!(
            "  {:7}  {:100}  {:100}  Files",
            "Outcome", "Title", "Test case"
        );
        assert_eq!(lines[0], head);
        assert_eq!(
            lines[1],
            format!("  {:7}  {:100}  Test Cases/A", "Passed", "A")
        );
        assert_eq!(
            lines[2],
            format!("  Passed   {long}  Test Cases/{long}  1.png, 2.png")
        );
    }

    #[test]
    fn suites_are_told_where_there_are_several() {
        let mut other = result("B", &[]);
        other.suite = "Test Suites/T".to_owned();
        other.sub_results = Some((3, GroupType::DataDriven));
        let would_send = WouldSend {
            plan: None,
            results: vec![result("A", &[]), other],
            files: vec!["a.log".to_owned()],
        };
        assert_eq!(
            would_send.table(),
            [
                "  Outcome  Title          Test case     Suite",
                "  Passed   A              Test Cases/A  Test Suites/S",
                "  Passed   B      3 rows  Test Cases/B  Test Suites/T",
                "  Files of the run: a.log",
            ]
        );
        assert_eq!(would_send.counts(), "2 results and 1 attachment");
    }

    #[test]
    fn results_of_a_plan_are_told_with_their_points() {
        let mut on_point = result("A", &[]);
        on_point.point = Some(TestPointId(4100));
        on_point.title = String::new();
        on_point.sub_results = Some((2, GroupType::DataDriven));
        let would_send = WouldSend {
            plan: Some(TestPlanId(510)),
            results: vec![on_point],
            files: Vec::new(),
        };
        assert_eq!(
            would_send.table(),
            [
                "  Outcome  Point          Test case",
                "  Passed   4100   2 rows  Test Cases/A",
            ]
        );
    }
}
