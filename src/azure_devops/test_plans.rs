//! The calls for test plans and their suites.

use serde_json::Value;

use super::call::Call;
use super::client::Client;
use super::reading::{Page, list, number, page, text};
use super::sent::Sent;
use super::version::{ApiVersion, Resource};
use super::{TestCaseId, TestPlanId, TestSuiteId};

/// Everything below `testplan` is a preview on servers before 2022.
pub(super) const TEST_PLANS: Resource = Resource::PreviewBelow(ApiVersion { major: 7, minor: 0 });

/// A test plan as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTestPlan {
    /// Its identity.
    pub id: TestPlanId,
    /// Its name, which another plan may have too.
    pub name: String,
    /// The suite that all others lie below; `None` where a list left it out.
    pub root_suite: Option<TestSuiteId>,
    /// Not closed.
    pub is_active: bool,
    /// An outcome is to show on the points of the same test case and configuration in all suites.
    pub synchronises_outcomes: bool,
}

/// A test suite as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTestSuite {
    /// Its identity.
    pub id: TestSuiteId,
    /// Its name; another suite may have it elsewhere in the plan.
    pub name: String,
    /// The suite that it lies in; `None` for the root suite.
    pub parent: Option<TestSuiteId>,
}

/// A suite that holds a test case, in whatever plan and project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteOfTestCase {
    /// The plan that it belongs to.
    pub plan: TestPlanId,
    /// The name of that plan.
    pub plan_name: String,
    /// The suite's name.
    pub name: String,
    /// The name of the project; empty if the answer did not hold it.
    pub project: String,
}

impl Client {
    /// One test plan.
    pub async fn test_plan(&self, project: &str, plan: TestPlanId) -> Sent<StoredTestPlan> {
        let id = plan.to_string();
        let path = vec![project, "_apis", "testplan", "plans", &id];
        self.fetch(Call::get(path).of(TEST_PLANS), |reply| {
            stored_plan(&reply.body)
        })
        .await
    }

    /// The test plans of a project, closed ones too; `next` goes on with the list.
    pub async fn test_plans(
        &self,
        project: &str,
        next: Option<&str>,
    ) -> Sent<Page<StoredTestPlan>> {
        let path = vec![project, "_apis", "testplan", "plans"];
        let call = Call::get(path)
            // Else whether a plan is closed would be left out.
            .with("includePlanDetails", true)
            .going_on_with(next)
            .of(TEST_PLANS);
        self.fetch(call, |reply| page(&reply, stored_plan)).await
    }

    /// The suites of a test plan, each with the one above it; `next` goes on with the list.
    pub async fn test_suites(
        &self,
        project: &str,
        plan: TestPlanId,
        next: Option<&str>,
    ) -> Sent<Page<StoredTestSuite>> {
        let id = plan.to_string();
        let path = vec![project, "_apis", "testplan", "Plans", &id, "suites"];
        let call = Call::get(path).going_on_with(next).of(TEST_PLANS);
        self.fetch(call, |reply| {
            let mut suites = Vec::new();
            for suite in list(&reply)? {
                take_suites(suite, None, &mut suites)?;
            }
            Ok(Page {
                items: suites,
                next: reply.continuation.clone(),
            })
        })
        .await
    }

    /// The suites that hold a test case, of all plans and projects that can be seen.
    pub async fn suites_of_test_case(&self, test_case: TestCaseId) -> Sent<Vec<SuiteOfTestCase>> {
        let call = Call::get(vec!["_apis", "testplan", "suites"])
            .with("testCaseId", test_case)
            .of(TEST_PLANS);
        self.fetch(call, |reply| {
            list(&reply)?
                .iter()
                .map(|suite| {
                    Ok(SuiteOfTestCase {
                        plan: TestPlanId(number(&suite["plan"], "id")?),
                        plan_name: text(&suite["plan"], "name"),
                        name: text(suite, "name"),
                        project: text(&suite["project"], "name"),
                    })
                })
                .collect()
        })
        .await
    }
}

impl<'a> Call<'a> {
    /// Asks for the part of a list that this token stands for; `None` for the first one.
    pub(super) fn going_on_with(self, next: Option<&str>) -> Self {
        match next {
            Some(token) => self.with("continuationToken", token),
            None => self,
        }
    }
}

fn stored_plan(item: &Value) -> Result<StoredTestPlan, String> {
    let settings = &item["testOutcomeSettings"];
    Ok(StoredTestPlan {
        id: TestPlanId(number(item, "id")?),
        name: text(item, "name"),
        root_suite: number(&item["rootSuite"], "id").ok().map(TestSuiteId),
        // A list without details says nothing, and then nothing is wrong with the plan.
        is_active: !text(item, "state").eq_ignore_ascii_case("Inactive"),
        synchronises_outcomes: settings["syncOutcomeAcrossSuites"] == true,
    })
}

/// Takes a suite and those that stand inside it: some servers nest them.
fn take_suites(
    item: &Value,
    above: Option<TestSuiteId>,
    suites: &mut Vec<StoredTestSuite>,
) -> Result<(), String> {
    let id = TestSuiteId(number(item, "id")?);
    let parent = number(&item["parentSuite"], "id").ok().map(TestSuiteId);
    suites.push(StoredTestSuite {
        id,
        name: text(item, "name"),
        parent: parent.or(above),
    });
    for child in item["children"].as_array().into_iter().flatten() {
        take_suites(child, Some(id), suites)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_closed_plan_is_one_that_says_so() {
        let plan = |state: Value| stored_plan(&json!({"id": "5", "state": state})).unwrap();
        assert!(!plan(json!("Inactive")).is_active);
        assert!(!plan(json!("inactive")).is_active);
        assert!(plan(json!("Active")).is_active && plan(Value::Null).is_active);
    }

    #[test]
    fn suites_are_read_flat_and_nested() {
        let mut suites = Vec::new();
        let nested = json!({"id": 1, "name": "Plan", "children": [
            {"id": 2, "name": "Web", "children": [{"id": "3", "name": "Login"}]},
        ]});
        take_suites(&nested, None, &mut suites).unwrap();
        let flat = json!({"id": 4, "name": "Api", "parentSuite": {"id": 1, "name": "Plan"}});
        take_suites(&flat, None, &mut suites).unwrap();
        let places: Vec<(u64, Option<u64>)> = suites
            .iter()
            .map(|suite| (suite.id.0, suite.parent.map(|parent| parent.0)))
            .collect();
        assert_eq!(
            places,
            [(1, None), (2, Some(1)), (3, Some(2)), (4, Some(1))]
        );
    }
}
