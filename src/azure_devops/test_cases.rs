//! The call for the test cases of a suite, in the order in which people put them there.

use serde_json::Value;

use super::call::Call;
use super::client::Client;
use super::reading::{Page, number, page, text};
use super::sent::Sent;
use super::version::{ApiVersion, Resource};
use super::work_items::field;
use super::{TestCaseId, TestConfigurationId, TestPlanId, TestSuiteId};

/// Test cases are the second preview on servers before 2022.
const TEST_CASES: Resource = Resource::SecondPreviewBelow(ApiVersion { major: 7, minor: 0 });

/// The first version in which a suite can be asked for the test cases of the suites below it. Older
/// servers leave those out without a word.
pub const CASES_BELOW: ApiVersion = ApiVersion { major: 7, minor: 0 };

/// A test case in a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTestCase {
    /// Its identity.
    pub id: TestCaseId,
    /// Its title.
    pub title: String,
    /// The suite that it stands in.
    pub suite: TestSuiteId,
    /// Its place there; `None` if the answer did not hold it.
    pub order: Option<u64>,
    /// The configurations that it is to be run in there: ID and name.
    pub configurations: Vec<(TestConfigurationId, String)>,
}

impl Client {
    /// The test cases of a suite and, where `below`, of the suites below it; `next` goes on with the
    /// list.
    pub async fn test_cases_of_suite(
        &self,
        project: &str,
        plan: TestPlanId,
        suite: TestSuiteId,
        below: bool,
        next: Option<&str>,
    ) -> Sent<Page<StoredTestCase>> {
        let ids = (plan.to_string(), suite.to_string());
        let path = vec![
            project, "_apis", "testplan", "Plans", &ids.0, "Suites", &ids.1, "TestCase",
        ];
        let mut call = Call::get(path)
            // Without a name seven fields come with each.
            .with("witFields", field::TITLE)
            .going_on_with(next)
            .of(TEST_CASES);
        if below {
            call = call.with("isRecursive", true);
        }
        self.fetch(call, |reply| {
            page(&reply, |item| test_case_of_suite(item, suite))
        })
        .await
    }
}

/// A test case; an answer that names no suite is about the one that was asked for.
fn test_case_of_suite(item: &Value, asked: TestSuiteId) -> Result<StoredTestCase, String> {
    let points = item["pointAssignments"].as_array();
    let points = points.into_iter().flatten();
    let configurations = points.filter_map(|point| {
        let id = number(point, "configurationId").ok()?;
        Some((TestConfigurationId(id), text(point, "configurationName")))
    });
    Ok(StoredTestCase {
        id: TestCaseId(number(&item["workItem"], "id")?),
        title: text(&item["workItem"], "name"),
        suite: number(&item["testSuite"], "id").map_or(asked, TestSuiteId),
        order: number(item, "order").ok(),
        configurations: configurations.collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_test_case_is_read_with_its_points() {
        let item = json!({
            "order": 2, "workItem": {"id": 41, "name": "Log in"}, "testSuite": {"id": 521},
            "pointAssignments": [{"id": 1, "configurationId": 3, "configurationName": "Linux"}],
        });
        let read = test_case_of_suite(&item, TestSuiteId(9)).unwrap();
        assert_eq!(
            (read.id, read.suite, read.order),
            (TestCaseId(41), TestSuiteId(521), Some(2))
        );
        let linux = (TestConfigurationId(3), "Linux".to_owned());
        assert_eq!(read.configurations, [linux]);
        let bare = json!({"workItem": {"id": "42"}});
        let read = test_case_of_suite(&bare, TestSuiteId(9)).unwrap();
        assert_eq!(
            (read.suite, read.order, read.title.as_str()),
            (TestSuiteId(9), None, "")
        );
        assert!(test_case_of_suite(&json!({"workItem": {}}), TestSuiteId(9)).is_err());
    }
}
