//! Finds for each row of a rerun the row that it repeats, and makes further attempts of it.
//!
//! | rows of one test case | paired |
//! |---|---|
//! | with bound values on both sides | by these; equal ones among each other as below |
//! | as many as had not passed | with those, by order |
//! | as many as there are at all | by order |
//! | any other number | not at all, and then nothing of the rerun is joined |

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::super::{Report, Row, Status, TestCasePath, TestResult, Variable, last_part};

/// Rows of equal values that are looked at for all rows of a rerun together. More are no test data.
const MOST_COMPARED: usize = 1_000_000;

/// Where test cases stand among the results of an execution.
#[derive(Debug)]
pub(super) struct Index(HashMap<TestCasePath, usize>);

impl Index {
    pub(super) fn of(results: &[TestResult]) -> Self {
        let mut index = HashMap::with_capacity(results.len());
        for (at, result) in results.iter().enumerate() {
            index.entry(result.test_case.clone()).or_insert(at);
        }
        Self(index)
    }

    /// The result of a test case among those that the index is of, and its position.
    pub(super) fn find<'r>(
        &self,
        results: &'r [TestResult],
        test_case: &TestCasePath,
    ) -> Option<(usize, &'r TestResult)> {
        let at = *self.0.get(test_case)?;
        Some((at, results.get(at)?))
    }
}

/// A row of the rerun and the one that it repeats, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// Result of the earlier execution.
    pub(super) result: usize,
    /// Row of that result.
    pub(super) row: usize,
    /// Result of the rerun.
    pub(super) rerun_result: usize,
    /// Row of that result.
    pub(super) rerun_row: usize,
}

/// Pairs every row of `later`; else the test case that does not fit.
pub(super) fn pair(
    index: &Index,
    earlier: &[TestResult],
    later: &[TestResult],
) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    for (rerun_result, result) in later.iter().enumerate() {
        let rows = index
            .find(earlier, &result.test_case)
            .and_then(|(at, other)| Some((at, partners(&other.rows, &result.rows)?)));
        let Some((index, partners)) = rows else {
            return Err(result.test_case.as_str().to_owned());
        };
        pairs.extend(partners.into_iter().map(|(row, rerun_row)| Pair {
            result: index,
            row,
            rerun_result,
            rerun_row,
        }));
    }
    Ok(pairs)
}

/// Positions of an earlier row and the row that repeats it.
fn partners(earlier: &[Row], later: &[Row]) -> Option<Vec<(usize, usize)>> {
    let all: Vec<usize> = (0..earlier.len()).collect();
    let repeated: Vec<usize> = (0..later.len()).collect();
    let with_values = |rows: &[Row]| rows.iter().all(|row| !row.bound_values.is_empty());
    if !with_values(earlier) || !with_values(later) {
        return by_order(earlier, &all, &repeated);
    }
    type Values<'a> = &'a [(String, String)];
    let mut groups: Vec<(Values<'_>, Vec<usize>)> = Vec::new();
    let mut group_of: HashMap<Values<'_>, usize> = HashMap::new();
    for (index, row) in later.iter().enumerate() {
        let values = row.bound_values.as_slice();
        let group = *group_of.entry(values).or_insert(groups.len());
        match groups.get_mut(group) {
            Some((_, repeated)) => repeated.push(index),
            None => groups.push((values, vec![index])),
        }
    }
    // Names may be cut, values are not.
    let mut of_values: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
    for (index, row) in earlier.iter().enumerate() {
        let index_of = of_values.entry(values_of(&row.bound_values)).or_default();
        index_of.push(index);
    }
    let mut pairs = Vec::new();
    let mut compared = 0;
    for (values, repeated) in groups {
        let candidates = of_values.get(&values_of(values));
        let candidates = candidates.map_or(&[][..], Vec::as_slice);
        compared += candidates.len();
        if compared > MOST_COMPARED {
            return None;
        }
        let equal: Vec<usize> = candidates
            .iter()
            .copied()
            .filter(|&index| {
                let row = earlier.get(index);
                row.is_some_and(|row| are_equal(&row.bound_values, values))
            })
            .collect();
        pairs.extend(by_order(earlier, &equal, &repeated)?);
    }
    pairs.sort_unstable_by_key(|&(_, rerun_row)| rerun_row);
    Some(pairs)
}

fn values_of(bound: &[(String, String)]) -> Vec<&str> {
    bound.iter().map(|(_, value)| value.as_str()).collect()
}

/// Whether two rows are bound to the same values. JUnit cuts long names, while the log has them
/// whole: `(Default) usern...`.
fn are_equal(a: &[(String, String)], b: &[(String, String)]) -> bool {
    let may_be = |cut: &str, whole: &str| {
        let begin = cut.strip_suffix("...");
        begin.is_some_and(|begin| whole.starts_with(begin))
    };
    a.len() == b.len()
        && a.iter().zip(b).all(|((name, value), (other, same))| {
            value == same && (name == other || may_be(name, other) || may_be(other, name))
        })
}

fn by_order(
    earlier: &[Row],
    candidates: &[usize],
    repeated: &[usize],
) -> Option<Vec<(usize, usize)>> {
    let had_not_passed: Vec<usize> = candidates
        .iter()
        .copied()
        .filter(|&index| {
            earlier
                .get(index)
                .is_some_and(|row| row.status() != Status::Passed)
        })
        .collect();
    let partners = if had_not_passed.len() == repeated.len() {
        &had_not_passed
    } else if candidates.len() == repeated.len() {
        candidates
    } else {
        return None;
    };
    Some(
        partners
            .iter()
            .copied()
            .zip(repeated.iter().copied())
            .collect(),
    )
}

/// Makes further attempts of the rows of `later`, and of its files files of `report`.
pub(super) fn take_in(report: &mut Report, later: Report, pairs: &[Pair], index: &Index) {
    for pair in pairs {
        let rerun = later
            .results
            .get(pair.rerun_result)
            .and_then(|result| result.rows.get(pair.rerun_row));
        let row = report
            .results
            .get_mut(pair.result)
            .and_then(|result| result.rows.get_mut(pair.row));
        let (Some(rerun), Some(row)) = (rerun, row) else {
            continue;
        };
        // What was planned and never reached is no attempt.
        let reached = |attempt: &&super::super::Attempt| attempt.status != Status::NotRun;
        if rerun.status() == Status::NotRun {
            continue;
        }
        if row.status() == Status::NotRun {
            row.attempts.clear();
        }
        row.attempts
            .extend(rerun.attempts.iter().filter(reached).cloned());
        if row.bound_values.is_empty() {
            row.bound_values.clone_from(&rerun.bound_values);
        }
    }
    for result in later.results {
        let first = index.0.get(&result.test_case);
        if let Some(first) = first.and_then(|&at| report.results.get_mut(at))
            && !result.tags.is_empty()
        {
            let known: HashSet<&String> = first.tags.iter().collect();
            let new = result.tags.into_iter();
            let new: Vec<String> = new.filter(|tag| !known.contains(tag)).collect();
            first.tags.extend(new);
        }
    }
    let folder = last_part(&later.display_folder);
    let known: HashSet<PathBuf> = report.files.iter().map(|file| file.path.clone()).collect();
    for mut file in later.files {
        if !known.contains(&file.path) {
            file.name = format!("{folder} {}", file.name);
            report.files.push(file);
        }
    }
    let known: HashSet<&Variable> = report.variables.iter().collect();
    let new = later.variables.into_iter();
    let new: Vec<Variable> = new.filter(|variable| !known.contains(variable)).collect();
    report.variables.extend(new);
    report.ended = report.ended.max(later.ended);
    report.finished &= later.finished;
    report.reruns.push(later.display_folder);
}

#[cfg(test)]
mod tests {
    use super::super::super::{Attempt, TestCasePath};
    use super::super::same::tests::started;
    use super::*;

    /// A row by its value (empty: without) and whether it passed.
    fn row(value: &str, passed: bool) -> Row {
        let values = [("user".to_owned(), value.to_owned())];
        Row {
            bound_values: values
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            attempts: vec![Attempt {
                status: if passed {
                    Status::Passed
                } else {
                    Status::Failed
                },
                started: None,
                duration: None,
                failure: None,
                screenshots: Vec::new(),
                videos: Vec::new(),
                requests: Vec::new(),
            }],
        }
    }

    fn partners_of(earlier: &[(&str, bool)], later: &[&str]) -> Option<Vec<usize>> {
        let earlier: Vec<Row> = earlier
            .iter()
            .map(|&(value, passed)| row(value, passed))
            .collect();
        let later: Vec<Row> = later.iter().map(|value| row(value, true)).collect();
        let pairs = partners(&earlier, &later)?;
        Some(pairs.into_iter().map(|(row, _)| row).collect())
    }

    #[test]
    fn rows_find_their_partner_by_value_else_by_order_else_not_at_all() {
        let (passed, failed) = (true, false);
        let ann_failed = [("ann", failed), ("bob", passed), ("eve", failed)];
        assert_eq!(partners_of(&ann_failed, &["eve", "ann"]), Some(vec![2, 0]));
        assert_eq!(partners_of(&ann_failed, &["bob"]), Some(vec![1]));
        assert_eq!(partners_of(&ann_failed, &["mia"]), None);
        let twins = [("ann", passed), ("ann", failed)];
        assert_eq!(partners_of(&twins, &["ann"]), Some(vec![1]));
        assert_eq!(partners_of(&twins, &["ann", "ann"]), Some(vec![0, 1]));
        let nameless = [("", passed), ("", failed), ("", failed)];
        assert_eq!(partners_of(&nameless, &["", ""]), Some(vec![1, 2]));
        assert_eq!(partners_of(&nameless, &["", "", ""]), Some(vec![0, 1, 2]));
        assert_eq!(partners_of(&nameless, &[""]), None);
        // Values on one side alone are none.
        assert_eq!(partners_of(&nameless, &["ann", "bob"]), Some(vec![1, 2]));
    }

    #[test]
    fn a_row_that_neither_execution_reached_is_still_one_that_never_ran() {
        let never = Row {
            bound_values: Vec::new(),
            attempts: vec![Attempt {
                status: Status::NotRun,
                ..row("", false).attempts.remove(0)
            }],
        };
        for (later, attempts) in [
            (never.clone(), vec![Status::NotRun]),
            (row("", true), vec![Status::Passed]),
        ] {
            let report = |row: Row| Report {
                results: vec![TestResult {
                    test_case: TestCasePath::new("Test Cases/A"),
                    tags: Vec::new(),
                    rows: vec![row],
                }],
                ..started(None, None).report
            };
            let (mut first, later) = (report(never.clone()), report(later));
            let index = Index::of(&first.results);
            let pairs = pair(&index, &first.results, &later.results).unwrap();
            take_in(&mut first, later, &pairs, &index);
            let row = &first.results[0].rows[0];
            let statuses = row.attempts.iter().map(|attempt| attempt.status);
            assert_eq!(statuses.collect::<Vec<_>>(), attempts);
        }
    }

    #[test]
    fn names_that_junit_has_cut_are_the_same() {
        let bound = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let whole = bound("(Default) username", "ann");
        assert!(are_equal(&bound("(Default) usern...", "ann"), &whole));
        assert!(are_equal(&whole, &bound("(Default) usern...", "ann")));
        assert!(!are_equal(&bound("(Default) passw...", "ann"), &whole));
        assert!(!are_equal(&bound("(Default) username", "bob"), &whole));
    }

    #[test]
    fn a_test_case_that_was_not_there_before_fits_nowhere() {
        let result = |path: &str| TestResult {
            test_case: TestCasePath::new(path),
            tags: Vec::new(),
            rows: vec![row("", false)],
        };
        let earlier = [result("Test Cases/A"), result("Test Cases/B")];
        let index = Index::of(&earlier);
        let pairs = pair(&index, &earlier, &[result("Test Cases/B")]).unwrap();
        assert_eq!((pairs[0].result, pairs[0].rerun_result), (1, 0));
        assert_eq!(
            pair(&index, &earlier, &[result("Test Cases/C")]),
            Err("Test Cases/C".to_owned())
        );
    }
}
