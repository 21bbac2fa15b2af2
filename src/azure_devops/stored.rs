//! Runs, results and attachments as the service holds them, and how they are read from its answers.

use jiff::Timestamp;
use serde_json::Value;

use super::reading::{number, text, time};
use super::{Outcome, RunState, SubResultId, TestPointId, TestResultId, TestRunId};

/// A run as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRun {
    /// Its identity.
    pub id: TestRunId,
    /// Where it is in its life.
    pub state: RunState,
    /// Shown in the Tests tab.
    pub name: String,
    /// `None` if the answer did not hold it.
    pub comment: Option<String>,
    /// Why it ended as it did; empty mostly.
    pub error_message: String,
    /// How many results it holds, as far as its statistics are up to date.
    pub total_tests: Option<u64>,
    /// When it was changed last.
    pub updated: Option<Timestamp>,
    /// Where people look at it.
    pub web_url: String,
}

/// A page of runs.
#[derive(Clone, Debug)]
pub struct RunsPage {
    /// The runs.
    pub runs: Vec<StoredRun>,
    /// Whether the list ends with this page.
    pub is_last: bool,
    /// What the next page is asked for by, where positions do not tell.
    pub next: Option<String>,
    /// The service's clock, else this machine's.
    pub now: Timestamp,
}

/// A result as the service holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredResult {
    /// Its identity in the run.
    pub id: TestResultId,
    /// Identity of the test, first half.
    pub automated_test_name: String,
    /// Identity of the test, second half.
    pub automated_test_storage: String,
    /// Machine that ran it.
    pub computer_name: String,
    /// How it ended, in the service's word.
    pub outcome: String,
    /// How long it took, in milliseconds.
    pub duration_in_ms: Option<f64>,
    /// Its sub-results, each followed by those below it. Empty unless asked for.
    pub sub_results: Vec<SubResultId>,
    /// The test point that it belongs to.
    pub point: Option<TestPointId>,
    /// Whether somebody has finished it; a planned run is made with results that wait.
    pub is_completed: bool,
    /// How many iterations it has. None unless asked for.
    pub iterations: usize,
}

/// What the service says of a result just added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedResult {
    /// Its identity in the run.
    pub id: TestResultId,
    /// Its sub-results, each followed by those below it.
    pub sub_results: Vec<SubResultId>,
}

/// An attachment as the service lists it; lists tell no sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAttachment {
    /// Its file name.
    pub name: String,
    /// Its comment, which holds our fingerprint.
    pub comment: String,
}

/// Reads a run.
pub(super) fn stored_run(item: &Value) -> Result<StoredRun, String> {
    Ok(StoredRun {
        id: TestRunId(number(item, "id")?),
        state: item["state"]
            .as_str()
            .and_then(RunState::parse)
            .unwrap_or(RunState::Unspecified),
        name: text(item, "name"),
        comment: item["comment"].as_str().map(str::to_owned),
        error_message: text(item, "errorMessage"),
        total_tests: number(item, "totalTests").ok(),
        updated: time(item, "lastUpdatedDate"),
        web_url: text(item, "webAccessUrl"),
    })
}

/// Reads a result.
pub(super) fn stored_result(item: &Value) -> Result<StoredResult, String> {
    Ok(StoredResult {
        id: TestResultId(number(item, "id")?),
        automated_test_name: text(item, "automatedTestName"),
        automated_test_storage: text(item, "automatedTestStorage"),
        computer_name: text(item, "computerName"),
        outcome: item["outcome"]
            .as_str()
            .map(|word| {
                Outcome::parse(word)
                    .map_or_else(|| word.to_owned(), |known| known.as_str().to_owned())
            })
            .unwrap_or_default(),
        duration_in_ms: item["durationInMs"].as_f64(),
        sub_results: sub_results(item),
        point: point(item),
        is_completed: is_completed(item),
        iterations: item["iterationDetails"].as_array().map_or(0, Vec::len),
    })
}

/// Ids of sub-results, each followed by those below it.
pub(super) fn sub_results(item: &Value) -> Vec<SubResultId> {
    let mut ids = Vec::new();
    for sub_result in item["subResults"].as_array().into_iter().flatten() {
        if let Ok(id) = number(sub_result, "id") {
            ids.push(SubResultId(id));
            ids.extend(sub_results(sub_result));
        }
    }
    ids
}

/// The point of a stored result.
fn point(item: &Value) -> Option<TestPointId> {
    number(&item["testPoint"], "id").ok().map(TestPointId)
}

/// Whether somebody has finished a result. Where the service does not say, an outcome tells it.
fn is_completed(item: &Value) -> bool {
    match item["state"].as_str() {
        Some(state) => state.eq_ignore_ascii_case("Completed"),
        None => item["outcome"].as_str().is_some_and(|outcome| {
            !["", "Unspecified", "None"]
                .iter()
                .any(|word| outcome.eq_ignore_ascii_case(word))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_read_as_numbers_and_as_strings() {
        let item = json!({"id": "100001", "subResults": [{"id": 1, "subResults": [{"id": "2"}]}, {"id": 3}]});
        let ids: Vec<u64> = sub_results(&item).iter().map(|id| id.0).collect();
        assert_eq!((number(&item, "id"), ids), (Ok(100_001), vec![1, 2, 3]));
        assert!(number(&json!({"id": -1}), "id").is_err());
    }

    #[test]
    fn a_result_that_waits_is_not_completed() {
        for (item, expected) in [
            (
                json!({"state": "Completed", "outcome": "NotExecuted"}),
                true,
            ),
            (json!({"state": "completed"}), true),
            (json!({"state": "Pending", "outcome": "Passed"}), false),
            (json!({"outcome": "Passed"}), true),
            (json!({"outcome": "Unspecified"}), false),
            (json!({}), false),
        ] {
            assert_eq!(is_completed(&item), expected, "{item}");
        }
    }

    #[test]
    fn a_point_is_named_by_a_number_or_a_text() {
        assert_eq!(
            point(&json!({"testPoint": {"id": "7"}})),
            Some(TestPointId(7))
        );
        assert_eq!(
            point(&json!({"testPoint": {"id": 7}})),
            Some(TestPointId(7))
        );
        assert_eq!(point(&json!({})), None);
    }
}
