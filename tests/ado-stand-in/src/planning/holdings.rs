//! What is stored of plans and work items, with the ways to find it quickly: a plan may hold 20,000 points.

use super::{Configuration, Plan, Point, Suite, WorkItem};
use std::collections::{BTreeMap, BTreeSet, HashSet};

#[derive(Debug, Default)]
pub(crate) struct Holdings {
    pub(crate) plans: BTreeMap<u64, Plan>,
    pub(crate) suites: BTreeMap<u64, Suite>,
    pub(crate) configurations: BTreeMap<u64, Configuration>,
    pub(crate) points: BTreeMap<u64, Point>,
    pub(crate) work_items: BTreeMap<u64, WorkItem>,
    /// Which points a suite holds, in the order in which they were added.
    of_suite: BTreeMap<u64, Vec<u64>>,
    /// Which test cases a suite holds, in its order: that of their first points.
    cases: BTreeMap<u64, Vec<u64>>,
    /// Which points a test case has, by id.
    of_case: BTreeMap<u64, BTreeSet<u64>>,
    /// The executions of a point, by run and result; the one that decides its outcome comes last.
    executions: BTreeMap<u64, Vec<(u64, u64)>>,
}

impl Holdings {
    pub(crate) fn add_plan(&mut self, plan: Plan) {
        let root = Suite::new(plan.root_suite(), plan.id, &plan.name);
        self.add_document(plan.id, "Test Plan", &plan.name, &plan.project);
        self.plans.insert(plan.id, plan);
        self.add_suite(root);
    }

    pub(crate) fn add_suite(&mut self, mut suite: Suite) {
        let plan = self.plans.get(&suite.plan);
        let root = plan.map(Plan::root_suite);
        if root == Some(suite.id) {
            suite.parent = None;
        } else {
            suite.parent = suite.parent.or(root);
        }
        let project = plan.map(|plan| plan.project.clone()).unwrap_or_default();
        self.add_document(suite.id, "Test Suite", &suite.name, &project);
        self.suites.insert(suite.id, suite);
    }

    /// Plans and suites are work items too.
    fn add_document(&mut self, id: u64, kind: &str, name: &str, project: &str) {
        let item = WorkItem::new(id, kind, name).in_project(project);
        self.work_items.insert(id, item);
    }

    /// Adds a point, and its test case where nobody has described it.
    pub(crate) fn add_point(&mut self, point: Point) {
        let project = self
            .plan_of(point.suite)
            .map(|plan| plan.project.clone())
            .unwrap_or_default();
        self.work_items.entry(point.case).or_insert_with(|| {
            WorkItem::test_case(point.case, &format!("Test case {}", point.case))
                .in_project(&project)
        });
        self.remove_point(point.id);
        if !self.holds(point.suite, point.case) {
            self.cases.entry(point.suite).or_default().push(point.case);
        }
        self.of_suite.entry(point.suite).or_default().push(point.id);
        self.of_case.entry(point.case).or_default().insert(point.id);
        self.points.insert(point.id, point);
    }

    pub(crate) fn remove_point(&mut self, id: u64) -> bool {
        let Some(point) = self.points.remove(&id) else {
            return false;
        };
        if let Some(points) = self.of_suite.get_mut(&point.suite) {
            points.retain(|other| *other != id);
        }
        if let Some(points) = self.of_case.get_mut(&point.case) {
            points.remove(&id);
        }
        if !self.holds(point.suite, point.case)
            && let Some(cases) = self.cases.get_mut(&point.suite)
        {
            cases.retain(|case| *case != point.case);
        }
        true
    }

    /// Changes a point and finds it by what it is now.
    pub(crate) fn edit_point(&mut self, id: u64, change: impl FnOnce(&mut Point)) -> bool {
        let Some(mut point) = self.points.get(&id).cloned() else {
            return false;
        };
        let before = (point.suite, point.case);
        change(&mut point);
        point.id = id;
        if before == (point.suite, point.case) {
            self.points.insert(id, point);
        } else {
            self.add_point(point);
        }
        true
    }

    /// Whether a point is to be seen: with a test case in the recycle bin it is gone from its plan.
    pub(crate) fn shows(&self, point: &Point) -> bool {
        let case = self.work_items.get(&point.case);
        case.is_some_and(|case| !case.deleted)
    }

    /// The plan that a suite belongs to.
    pub(crate) fn plan_of(&self, suite: u64) -> Option<&Plan> {
        self.plans.get(&self.suites.get(&suite)?.plan)
    }

    /// The points of a suite, in the order in which they were added.
    pub(crate) fn points_of_suite(&self, suite: u64) -> impl Iterator<Item = &Point> {
        let ids = self.of_suite.get(&suite).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.points.get(id))
    }

    /// Whether a suite holds a test case.
    fn holds(&self, suite: u64, case: u64) -> bool {
        self.points_of_case(case).any(|point| point.suite == suite)
    }

    /// The test cases of a suite, in its order.
    pub(crate) fn cases_of_suite(&self, suite: u64) -> &[u64] {
        self.cases.get(&suite).map_or(&[], Vec::as_slice)
    }

    /// The points of a test case in every plan, by id.
    pub(crate) fn points_of_case(&self, case: u64) -> impl Iterator<Item = &Point> {
        let ids = self.of_case.get(&case).into_iter().flatten();
        ids.filter_map(|id| self.points.get(id))
    }

    /// The suites directly below one, by id.
    pub(crate) fn children(&self, suite: u64) -> Vec<&Suite> {
        let suites = self.suites.values();
        suites.filter(|child| child.parent == Some(suite)).collect()
    }

    /// A suite and all below it, each before what lies below it.
    pub(crate) fn with_descendants(&self, suite: u64) -> Vec<u64> {
        let mut below: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for child in self.suites.values() {
            if let Some(parent) = child.parent {
                below.entry(parent).or_default().push(child.id);
            }
        }
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut waiting = vec![suite];
        while let Some(id) = waiting.pop() {
            // Suites that a test has put below each other would go round for ever.
            if seen.insert(id) {
                found.push(id);
                waiting.extend(below.get(&id).into_iter().flatten().rev());
            }
        }
        found
    }

    /// The points of the same test case and configuration in the other suites of a plan that synchronises outcomes.
    pub(crate) fn twins(&self, point: u64) -> Vec<u64> {
        let Some(point) = self.points.get(&point) else {
            return Vec::new();
        };
        let Some(plan) = self.plan_of(point.suite).filter(|plan| plan.synchronised) else {
            return Vec::new();
        };
        let others = self.points_of_case(point.case).filter(|other| {
            let own = self.plan_of(other.suite);
            other.id != point.id
                && other.configuration == point.configuration
                && own.is_some_and(|own| own.id == plan.id)
        });
        others.map(|other| other.id).collect()
    }

    /// Notes that a point is executed by this result, or that the result was written again: the newest write
    /// decides.
    pub(crate) fn executed(&mut self, point: u64, run: u64, result: u64, newest_write: bool) {
        let executions = self.executions.entry(point).or_default();
        match executions.iter().position(|one| *one == (run, result)) {
            Some(at) if newest_write => {
                executions.remove(at);
                executions.push((run, result));
            }
            Some(_) => (),
            None => executions.push((run, result)),
        }
    }

    /// The executions of a point; the one that decides comes last. Runs may have been deleted since.
    pub(crate) fn executions(&self, point: u64) -> &[(u64, u64)] {
        self.executions.get(&point).map_or(&[], Vec::as_slice)
    }
}
