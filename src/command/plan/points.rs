//! Reading the points of test cases: few test cases by their IDs, many by one walk over the plan.

use std::collections::HashMap;

use super::super::context::Context;
use super::lists::{Items, Unread};
use crate::azure_devops::sent::Sent;
use crate::azure_devops::test_plans::StoredTestPlan;
use crate::azure_devops::test_points::{StoredTestPoint, WALKS_BELOW};
use crate::azure_devops::{Page, TestCaseId, TestPlanId, TestPointId, TestSuiteId};
use crate::mapping::plan::Suites;

/// Test cases asked for at once. How many the service takes is not documented; where it refuses,
/// half as many are asked for.
const TEST_CASES_PER_REQUEST: usize = 200;

/// More test cases than these, and a walk over the plan takes fewer requests.
const FEW: usize = 200;

/// Points of a page; the service may give fewer.
const POINTS_PER_PAGE: usize = 200;

/// Points asked for by their ids at once: they stand in the address.
const POINTS_PER_ADDRESS: usize = 100;

const POINTS: Items = Items::called("test point");

impl Context<'_> {
    /// The points of these test cases in each plan; a walk brings others as well.
    pub(super) async fn points(
        &self,
        plans: &[StoredTestPlan],
        test_cases: &[TestCaseId],
    ) -> Result<HashMap<TestPlanId, Vec<StoredTestPoint>>, Unread> {
        let mut of_plan = HashMap::new();
        if test_cases.is_empty() {
            return Ok(of_plan);
        }
        // An old server leaves the suites below out, and says nothing.
        let can_walk = self.client.version() >= WALKS_BELOW;
        let by_id = |plan: &StoredTestPlan| !can_walk || plan.root_suite.is_none();
        let mut asked = None;
        for plan in plans {
            let points = match plan.root_suite {
                Some(root) if can_walk && test_cases.len() > FEW => {
                    let ask = |next: Option<String>| self.walk(plan.id, root, &[], next);
                    self.list_by_token(POINTS, ask, |point| point.id).await?
                }
                Some(_) | None => {
                    let all = match &mut asked {
                        Some(all) => all,
                        None => asked.insert(self.points_by_id(test_cases).await?),
                    };
                    let of_plan = all.iter().filter(|point| point.plan == plan.id);
                    let points: Vec<StoredTestPoint> = of_plan.cloned().collect();
                    if by_id(plan) {
                        points
                    } else {
                        self.with_details(plan, points).await?
                    }
                }
            };
            of_plan.insert(plan.id, points);
        }
        Ok(of_plan)
    }

    /// Every point of a plan.
    pub(super) async fn all_points(
        &self,
        plan: &StoredTestPlan,
        suites: &Suites,
    ) -> Result<Vec<StoredTestPoint>, Unread> {
        // An old server tells the points of one suite only, so each is asked.
        let suites: Vec<TestSuiteId> = match plan.root_suite {
            Some(root) if self.client.version() >= WALKS_BELOW => vec![root],
            Some(_) | None => suites.ids().collect(),
        };
        let mut points = Vec::new();
        for suite in suites {
            let ask = |next: Option<String>| self.walk(plan.id, suite, &[], next);
            points.extend(
                self.list_by_token(POINTS.after(points.len()), ask, |point| point.id)
                    .await?,
            );
        }
        Ok(points)
    }

    /// A page of the points of a suite and those below it.
    pub(in super::super) async fn walk(
        &self,
        plan: TestPlanId,
        root: TestSuiteId,
        only: &[TestPointId],
        next: Option<String>,
    ) -> Sent<Page<StoredTestPoint>> {
        let project = self.plan_project();
        self.client
            .points_of_suite(project, plan, root, only, next.as_deref())
            .await
    }

    /// The points of test cases in all plans of the project.
    async fn points_by_id(
        &self,
        test_cases: &[TestCaseId],
    ) -> Result<Vec<StoredTestPoint>, Unread> {
        let (client, project) = (self.client, self.plan_project());
        let mut points = Vec::new();
        let mut rest = test_cases;
        let mut at_once = TEST_CASES_PER_REQUEST;
        while !rest.is_empty() {
            let (slice, behind) = rest.split_at(at_once.min(rest.len()));
            let ask = |skip| client.points_of_test_cases(project, slice, skip, POINTS_PER_PAGE);
            match self
                .list_by_position(POINTS.after(points.len()), ask, |point| point.id)
                .await
            {
                Ok(of_slice) => {
                    points.extend(of_slice);
                    rest = behind;
                }
                Err(Unread::Refused(refusal))
                    if matches!(refusal.status, 400 | 413) && slice.len() > 1 =>
                {
                    at_once = slice.len() / 2;
                }
                Err(unread) => return Err(unread),
            }
        }
        Ok(points)
    }

    /// The same points with what only the plan tells: whether they are in use.
    async fn with_details(
        &self,
        plan: &StoredTestPlan,
        points: Vec<StoredTestPoint>,
    ) -> Result<Vec<StoredTestPoint>, Unread> {
        let Some(root) = plan.root_suite else {
            return Ok(points);
        };
        let ids: Vec<TestPointId> = points.iter().map(|point| point.id).collect();
        let mut detailed: HashMap<TestPointId, StoredTestPoint> = HashMap::new();
        for some in ids.chunks(POINTS_PER_ADDRESS) {
            let ask = |next: Option<String>| self.walk(plan.id, root, some, next);
            let read = self
                .list_by_token(POINTS.after(detailed.len()), ask, |point| point.id)
                .await?;
            detailed.extend(read.into_iter().map(|point| (point.id, point)));
        }
        let known = points.into_iter();
        Ok(known
            .map(|point| detailed.remove(&point.id).unwrap_or(point))
            .collect())
    }
}
