//! Which result belongs on which points, and how that is told.

use std::collections::BTreeMap;

use super::super::context::Context;
use crate::account::{self, PlanPlace};
use crate::azure_devops::TestCaseId;
use crate::azure_devops::test_points::StoredTestPoint;
use crate::katalon::Report;
use crate::mapping::plan::Plan;
use crate::mapping::points::Target;
use crate::problem::{Problem, counted as count};

/// Report and Katalon result, by position.
pub(in crate::command) type Source = (usize, usize);

/// Which result belongs on which points.
#[derive(Debug, Default)]
pub(in crate::command) struct Matching {
    /// The plans that could be read.
    pub(in crate::command) plans: Vec<Plan>,
    /// Each result, with its place.
    pub(in crate::command) places: BTreeMap<Source, Place>,
    /// Inputs that are wrong for the server, each once.
    pub(in crate::command) wrong: Vec<Problem>,
}

/// Where a result belongs.
#[derive(Debug, Default)]
pub(in crate::command) struct Place {
    /// Its test cases.
    pub(in crate::command) test_cases: Vec<TestCaseId>,
    /// Its points; empty if it reaches none.
    pub(in crate::command) targets: Vec<Target>,
    /// Why it reaches none.
    pub(in crate::command) unmatched: Option<Unmatched>,
}

/// A result that reaches no point.
#[derive(Clone, Debug)]
pub(in crate::command) struct Unmatched {
    /// Why, in words.
    pub(in crate::command) why: String,
    /// `unmatchedResults: fail` counts it.
    pub(in crate::command) fails: bool,
    /// An input is wrong, so nobody knows: it goes to the build whatever `unmatchedResults` says.
    pub(in crate::command) goes_to_the_build: bool,
}

impl Place {
    /// As the account keeps it.
    pub(in crate::command) fn in_account(&self) -> PlanPlace {
        PlanPlace {
            test_cases: self.test_cases.clone(),
            points: self.targets.iter().map(|target| target.point).collect(),
            unmatched: self.unmatched.as_ref().map(|unmatched| account::Unmatched {
                why: unmatched.why.clone(),
                fails: unmatched.fails,
            }),
        }
    }
}

impl Matching {
    /// Results that reach no point, with why.
    pub(in crate::command) fn unmatched(&self) -> impl Iterator<Item = (Source, &Unmatched)> {
        let places = self.places.iter();
        places.filter_map(|(source, place)| Some((*source, place.unmatched.as_ref()?)))
    }

    /// Tells where each result goes: what reaches no point always, the others in a dry run and
    /// under `system.debug`.
    pub(in crate::command) fn tell(&self, reports: &[Report], context: Context<'_>) {
        let Context {
            pipeline,
            invocation,
            ..
        } = context;
        for ((report, at), place) in &self.places {
            let report = &reports[*report];
            let result = &report.results[*at];
            let name = format!("{} ({})", result.test_case.as_str(), report.suite.as_str());
            if let Some(unmatched) = &place.unmatched {
                pipeline.line(&format!("{name}: no test point: {}", unmatched.why));
                continue;
            }
            let points: Vec<String> = place.targets.iter().map(|one| self.shown(one)).collect();
            let line = format!("{name}: {}", points.join("; "));
            if invocation.inputs.dry_run.value {
                pipeline.line(&line);
            } else {
                pipeline.debug(&line);
            }
        }
        let reach = self.places.len() - self.unmatched().count();
        pipeline.line(&format!(
            "{reach} of {} reach test points",
            count(self.places.len(), "result")
        ));
    }

    fn shown(&self, target: &Target) -> String {
        let plan = self.plans.iter().find(|plan| plan.id == target.plan);
        match (plan, self.point(target)) {
            (Some(plan), Some(point)) => format!(
                "test case {}, {}, {}",
                target.test_case,
                plan.describe(point),
                plan.shown()
            ),
            (None | Some(_), _) => format!("point {}", target.point),
        }
    }

    /// The point of a target as the service told it.
    pub(in crate::command) fn point(&self, target: &Target) -> Option<&StoredTestPoint> {
        let plan = self.plans.iter().find(|plan| plan.id == target.plan)?;
        let mut points = plan.points_of(target.test_case);
        points.find(|point| point.id == target.point)
    }

    /// The points of a result.
    pub(in crate::command) fn targets(&self, source: Source) -> &[Target] {
        let place = self.places.get(&source);
        place.map_or(&[], |place| place.targets.as_slice())
    }
}
