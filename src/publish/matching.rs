//! Which stored result is which of ours, after an answer was lost.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};

use crate::azure_devops::NewTestResult;
use crate::azure_devops::stored::{AddedResult, StoredResult};

/// Finds each of our results among those stored, which are ordered by id: by storage, name,
/// machine, outcome and duration together, equal ones by their number. What we did not send
/// matches anything. Also gives how many stored ones are none of ours.
pub(super) fn match_results<R: Borrow<NewTestResult>>(
    ours: &[R],
    stored: &[StoredResult],
) -> (Vec<Option<AddedResult>>, usize) {
    let mut unclaimed: HashMap<Identity<'_>, VecDeque<&StoredResult>> = HashMap::new();
    for result in stored {
        let identity = (
            result.automated_test_storage.as_str(),
            result.automated_test_name.as_str(),
            result.outcome.as_str(),
        );
        unclaimed.entry(identity).or_default().push_back(result);
    }
    let mut found = vec![None; ours.len()];
    // Those that say more choose first, so that one without duration takes what is left. The number
    // of sub-results only helps to choose, since not every server lists them. Last come results
    // that a killed try may have sent without machine and duration.
    let mut order: Vec<usize> = (0..ours.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(says(ours[at].borrow())));
    let choices: [Alike; 3] = [is_same_with_sub_results, is_same, may_be_same];
    for is_alike in choices {
        for &at in &order {
            let result = ours[at].borrow();
            if found[at].is_some() {
                continue;
            }
            let identity = (
                result.automated_test_storage.as_str(),
                result.automated_test_name.as_str(),
                result.outcome.as_str(),
            );
            let Some(candidates) = unclaimed.get_mut(&identity) else {
                continue;
            };
            let fits = |candidate: &&StoredResult| is_alike(result, candidate);
            if let Some(position) = candidates.iter().position(fits)
                && let Some(candidate) = candidates.remove(position)
            {
                found[at] = Some(AddedResult {
                    id: candidate.id,
                    sub_results: candidate.sub_results.clone(),
                });
            }
        }
    }
    let strangers = unclaimed.values().map(VecDeque::len).sum();
    (found, strangers)
}

/// Storage, name and outcome.
type Identity<'a> = (&'a str, &'a str, &'a str);

/// Whether a stored result may be this one of ours.
type Alike = fn(&NewTestResult, &StoredResult) -> bool;

/// How much of what tells it from others a result says.
fn says(result: &NewTestResult) -> usize {
    usize::from(result.duration.is_some()) + usize::from(!result.computer_name.is_empty())
}

fn is_same_with_sub_results(ours: &NewTestResult, stored: &StoredResult) -> bool {
    is_same(ours, stored) && ours.weight() == 1 + stored.sub_results.len()
}

fn is_same(ours: &NewTestResult, stored: &StoredResult) -> bool {
    let same_machine =
        ours.computer_name.is_empty() || ours.computer_name.as_str() == stored.computer_name;
    let same_duration = match (ours.duration, stored.duration_in_ms) {
        (Some(ours), Some(stored)) => (ours.as_millis() as f64 - stored).abs() < 1.0,
        (Some(_), None) => false,
        (None, _) => true,
    };
    same_machine && same_duration
}

/// The same, of one that was stored without machine and duration.
fn may_be_same(ours: &NewTestResult, stored: &StoredResult) -> bool {
    let says_nothing = stored.duration_in_ms.is_none_or(|stored| stored == 0.0);
    is_same(ours, stored) || (stored.computer_name.is_empty() && says_nothing)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::azure_devops::{AutomatedTestName, AutomatedTestStorage, Outcome, TestResultId};
    use crate::secrets::Clean;

    fn ours(name: &str, milliseconds: Option<u64>) -> NewTestResult {
        NewTestResult {
            test_case_title: Clean::own("title"),
            automated_test_name: AutomatedTestName::new(name),
            automated_test_storage: AutomatedTestStorage::new("Test Suites/S"),
            automated_test_type: Clean::own("Katalon"),
            outcome: Outcome::Passed,
            computer_name: Clean::own("machine"),
            started_date: None,
            completed_date: None,
            duration: milliseconds.map(Duration::from_millis),
            error_message: Clean::default(),
            stack_trace: Clean::default(),
            comment: Clean::default(),
            result_group_type: None,
            sub_results: Vec::new(),
            iteration_details: Vec::new(),
        }
    }

    fn stored(id: u64, name: &str, milliseconds: f64) -> StoredResult {
        StoredResult {
            id: TestResultId(id),
            automated_test_name: name.to_owned(),
            automated_test_storage: "Test Suites/S".to_owned(),
            computer_name: "machine".to_owned(),
            outcome: "Passed".to_owned(),
            duration_in_ms: Some(milliseconds),
            sub_results: Vec::new(),
            point: None,
            is_completed: true,
            iterations: 0,
        }
    }

    fn ids(found: &[Option<AddedResult>]) -> Vec<Option<u64>> {
        found
            .iter()
            .map(|found| found.as_ref().map(|found| found.id.0))
            .collect()
    }

    #[test]
    fn equal_results_are_told_apart_by_their_number() {
        let all = [ours("A", Some(1)), ours("A", Some(1)), ours("B", Some(1))];
        let (found, strangers) = match_results(&all, &[stored(1, "A", 1.0), stored(2, "B", 1.0)]);
        assert_eq!((ids(&found), strangers), (vec![Some(1), None, Some(2)], 0));
    }

    #[test]
    fn one_without_duration_takes_what_the_others_leave() {
        let all = [ours("A", None), ours("A", Some(5))];
        let (found, _) = match_results(&all, &[stored(1, "A", 5.0), stored(2, "A", 0.0)]);
        assert_eq!(ids(&found), [Some(2), Some(1)]);
    }

    #[test]
    fn a_result_stored_twice_is_a_stranger() {
        let (_, strangers) = match_results(
            &[ours("A", Some(1))],
            &[stored(1, "A", 1.0), stored(2, "A", 1.0)],
        );
        assert_eq!(strangers, 1);
    }
}
