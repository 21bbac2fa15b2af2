//! The call for results of earlier runs, whoever made them: which test case, and how it ended.

use jiff::Timestamp;
use serde_json::Value;

use super::call::Call;
use super::client::Client;
use super::reading::{list, number, text, time};
use super::sent::Sent;
use super::{Outcome, TestCaseId, TestResultId, TestRunId};

/// Results asked for at once: the service gives no more.
const RESULTS_PER_PAGE: usize = 1_000;

/// A result of an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastResult {
    /// The run that it belongs to.
    pub run: TestRunId,
    /// Its identity in the run.
    pub id: TestResultId,
    /// What people call it.
    pub title: String,
    /// The test case; `None` in runs without a test plan, mostly.
    pub test_case: Option<TestCaseId>,
    /// The name of the test; empty if it was run by hand.
    pub automated_test_name: String,
    /// How it ended; `None` if it has not, or in a word that nobody knows.
    pub outcome: Option<Outcome>,
    /// When it ended.
    pub completed: Option<Timestamp>,
}

impl Client {
    /// Results of a run from position `skip` on; an empty page ends the list.
    pub async fn past_results(
        &self,
        project: &str,
        run: TestRunId,
        skip: usize,
    ) -> Sent<Vec<PastResult>> {
        let id = run.to_string();
        let call = Call::get(vec![project, "_apis", "test", "Runs", &id, "results"])
            .with("detailsToInclude", "none")
            .with("$skip", skip)
            .with("$top", RESULTS_PER_PAGE);
        self.fetch(call, |reply| {
            let results = list(&reply)?.iter();
            results.map(|item| past_result(item, run)).collect()
        })
        .await
    }
}

fn past_result(item: &Value, run: TestRunId) -> Result<PastResult, String> {
    let test_case = number(&item["testCase"], "id").ok().filter(|&id| id > 0);
    let title = match text(item, "testCaseTitle") {
        title if title.is_empty() => text(&item["testCase"], "name"),
        title => title,
    };
    Ok(PastResult {
        run,
        id: TestResultId(number(item, "id")?),
        title,
        test_case: test_case.map(TestCaseId),
        automated_test_name: text(item, "automatedTestName"),
        outcome: item["outcome"].as_str().and_then(Outcome::parse),
        completed: time(item, "completedDate"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_without_a_test_case_has_none() {
        let read = |item: &Value| past_result(item, TestRunId(7)).unwrap();
        let own = read(
            &json!({"id": 100_000, "automatedTestName": "Test Cases/A", "outcome": "failed",
            "testCaseTitle": "A", "testCase": {"id": "0"}, "completedDate": "0001-01-01T00:00:00Z"}),
        );
        assert_eq!(
            (own.test_case, own.outcome, own.completed),
            (None, Some(Outcome::Failed), None)
        );
        let planned = read(&json!({"id": 100_001, "testCase": {"id": "41", "name": "Log in"}}));
        assert_eq!(
            (planned.test_case, planned.title.as_str()),
            (Some(TestCaseId(41)), "Log in")
        );
        assert_eq!(planned.outcome, None);
    }
}
