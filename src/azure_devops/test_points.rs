//! The calls for test points: where in a plan a test case is to be run.
//!
//! Two areas of the service tell them, in two forms. `test/points` knows the points of some test
//! cases in all plans of the project, and says least; `TestPoint` walks a suite with those below it.

use serde_json::{Value, json};

use super::call::Call;
use super::client::Client;
use super::reading::{Page, number, page, text};
use super::sent::Sent;
use super::version::{ApiVersion, Resource};
use super::{
    Outcome, TestCaseId, TestConfigurationId, TestPlanId, TestPointId, TestRunId, TestSuiteId,
};

/// Points are the second preview on servers before 2022.
const TEST_POINTS: Resource = Resource::SecondPreviewBelow(ApiVersion { major: 7, minor: 0 });

/// The first version in which a suite can be asked for the points of the suites below it. Older
/// servers leave those out without a word.
pub const WALKS_BELOW: ApiVersion = ApiVersion { major: 6, minor: 0 };

/// A test point as the service holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTestPoint {
    /// Its identity.
    pub id: TestPointId,
    /// The test case that it is about.
    pub test_case: TestCaseId,
    /// The title of that test case.
    pub title: String,
    /// The plan.
    pub plan: TestPlanId,
    /// The name of the plan; empty if the answer did not hold it.
    pub plan_name: String,
    /// The suite; `None` if the answer did not hold it.
    pub suite: Option<TestSuiteId>,
    /// The configuration that it is to be run in.
    pub configuration: TestConfigurationId,
    /// The name of that configuration.
    pub configuration_name: String,
    /// Who is to run it; empty if nobody was named.
    pub tester: String,
    /// How it ended last; `None` if it was never run, or is reset.
    pub outcome: Option<Outcome>,
    /// The run that it was last in; `None` if it was in none, or the answer did not hold it.
    pub last_run: Option<TestRunId>,
    /// The test case is automated; `None` if the answer did not hold it.
    pub is_automated: Option<bool>,
    /// What the service says of it; `None` if it does not. See [`StoredTestPoint::is_inactive`].
    pub is_active: Option<bool>,
}

impl StoredTestPoint {
    /// Whether it is out of use. The service also calls points not active that have been run since
    /// they were last reset, so only one that was never run is surely out of use.
    pub fn is_inactive(&self) -> bool {
        self.is_active == Some(false) && self.outcome.is_none()
    }
}

impl Client {
    /// The points of these test cases in all plans of the project, from position `skip` on. The
    /// service gives fewer than `top` at once where it pleases: an empty page ends the list.
    pub async fn points_of_test_cases(
        &self,
        project: &str,
        test_cases: &[TestCaseId],
        skip: usize,
        top: usize,
    ) -> Sent<Vec<StoredTestPoint>> {
        let call = Call::ask(vec![project, "_apis", "test", "points"])
            .with("$skip", skip)
            .with("$top", top)
            .of(TEST_POINTS);
        let ids: Vec<u64> = test_cases.iter().map(|id| id.0).collect();
        let body = json!({"pointsFilter": {"testcaseIds": ids}});
        self.fetch_for(call, &body, |reply| {
            let points = reply.body["points"].as_array();
            let points = points.ok_or("an answer without 'points'")?;
            points.iter().map(point_of_test_case).collect()
        })
        .await
    }

    /// The points of a suite and the suites below it; `next` goes on with the list. With `only`
    /// those of them.
    pub async fn points_of_suite(
        &self,
        project: &str,
        plan: TestPlanId,
        suite: TestSuiteId,
        only: &[TestPointId],
        next: Option<&str>,
    ) -> Sent<Page<StoredTestPoint>> {
        let ids = (plan.to_string(), suite.to_string());
        let path = vec![
            project,
            "_apis",
            "testplan",
            "Plans",
            &ids.0,
            "Suites",
            &ids.1,
            "TestPoint",
        ];
        let mut call = Call::get(path)
            .with("isRecursive", true)
            .with("includePointDetails", true)
            .going_on_with(next)
            .of(TEST_POINTS);
        if !only.is_empty() {
            let only: Vec<String> = only.iter().map(TestPointId::to_string).collect();
            call = call.with("testPointIds", only.join(","));
        }
        self.fetch(call, |reply| page(&reply, |item| point_of_plan(item, plan)))
            .await
    }
}

/// A point as `test/points` writes it: plan and suite may stand in its address alone.
fn point_of_test_case(item: &Value) -> Result<StoredTestPoint, String> {
    let plan = number(&item["testPlan"], "id")
        .ok()
        .or_else(|| in_address(item, "plans"))
        .ok_or_else(|| format!("a test point that names no plan: {}", text(item, "url")))?;
    let suite = number(&item["suite"], "id")
        .ok()
        .or_else(|| in_address(item, "suites"));
    Ok(StoredTestPoint {
        id: TestPointId(number(item, "id")?),
        test_case: TestCaseId(number(&item["testCase"], "id")?),
        title: text(&item["testCase"], "name"),
        plan: TestPlanId(plan),
        plan_name: text(&item["testPlan"], "name"),
        suite: suite.map(TestSuiteId),
        configuration: TestConfigurationId(number(&item["configuration"], "id")?),
        configuration_name: text(&item["configuration"], "name"),
        tester: text(&item["assignedTo"], "displayName"),
        outcome: outcome(item),
        last_run: run(&item["lastTestRun"], "id"),
        is_automated: item["automated"].as_bool(),
        is_active: None,
    })
}

/// A point as `TestPoint` writes it; the plan is the one that was asked for.
fn point_of_plan(item: &Value, plan: TestPlanId) -> Result<StoredTestPoint, String> {
    Ok(StoredTestPoint {
        id: TestPointId(number(item, "id")?),
        test_case: TestCaseId(number(&item["testCaseReference"], "id")?),
        title: text(&item["testCaseReference"], "name"),
        plan,
        plan_name: text(&item["testPlan"], "name"),
        suite: number(&item["testSuite"], "id").ok().map(TestSuiteId),
        configuration: TestConfigurationId(number(&item["configuration"], "id")?),
        configuration_name: text(&item["configuration"], "name"),
        tester: text(&item["tester"], "displayName"),
        outcome: outcome(&item["results"]),
        last_run: run(&item["results"], "lastTestRunId"),
        is_automated: item["isAutomated"].as_bool(),
        is_active: item["isActive"].as_bool(),
    })
}

/// The number behind a word of the point's address: `…/Plans/5/Suites/6/Points/7`. A project, too,
/// may be called `Plans`, so the last such word counts.
fn in_address(item: &Value, word: &str) -> Option<u64> {
    let parts: Vec<&str> = item["url"].as_str()?.split(['/', '?']).collect();
    let at = parts
        .iter()
        .rposition(|part| part.eq_ignore_ascii_case(word))?;
    parts.get(at + 1)?.parse().ok()
}

/// A run; the service writes 0 for none.
fn run(item: &Value, field: &str) -> Option<TestRunId> {
    let id = number(item, field).ok()?;
    (id > 0).then_some(TestRunId(id))
}

/// How it ended; the service's words for "not yet" are no outcome.
fn outcome(item: &Value) -> Option<Outcome> {
    let outcome = Outcome::parse(item["outcome"].as_str()?)?;
    (outcome != Outcome::Unspecified && outcome != Outcome::None).then_some(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_and_suite_are_read_from_the_address_where_nothing_else_names_them() {
        let item = json!({
            "id": 7,
            "url": "https://dev.azure.com/c/Plans/_apis/test/Plans/5/Suites/6/Points/7",
            "testCase": {"id": "41"}, "configuration": {"id": "2", "name": "Windows 10"},
            "outcome": "unspecified",
        });
        let point = point_of_test_case(&item).unwrap();
        assert_eq!(
            (point.plan, point.suite, point.outcome),
            (TestPlanId(5), Some(TestSuiteId(6)), None)
        );
        let mut named = item.clone();
        named["testPlan"] = json!({"id": "8", "name": "Release 4"});
        assert_eq!(point_of_test_case(&named).unwrap().plan, TestPlanId(8));
        named["testPlan"] = Value::Null;
        named["url"] = Value::Null;
        assert!(point_of_test_case(&named).is_err());
    }

    #[test]
    fn a_point_that_was_run_is_not_out_of_use_because_it_is_called_not_active() {
        let point = |active: Value, outcome: &str| {
            let item = json!({
                "id": 7, "testCaseReference": {"id": 41}, "configuration": {"id": 2},
                "isActive": active, "results": {"outcome": outcome},
            });
            point_of_plan(&item, TestPlanId(5)).unwrap().is_inactive()
        };
        assert!(point(json!(false), "unspecified"));
        assert!(!point(json!(false), "passed"));
        assert!(!point(json!(true), "none"));
        assert!(!point(Value::Null, "none"));
    }
}
