//! Looking at test plans for `verify`, which has no results to place.

use std::collections::HashMap;

use super::super::context::Context;
use super::Read;
use super::lists::Unread;
use super::naming::Wrong;
use crate::azure_devops::{TestCaseId, TestConfigurationId};
use crate::exit_code::ExitCode;
use crate::mapping::plan::{Configurations, Plan};
use crate::mapping::unmatched::WorkItemKind;
use crate::problem::Problem;

/// What was seen of the plans that the inputs name.
pub(in super::super) struct Looked {
    /// The plans, with their suites and the points of the test cases in question.
    pub(in super::super) plans: Vec<Plan>,
    /// The configurations of their project.
    pub(in super::super) configurations: Configurations,
    /// The configuration of each rule that names one that exists, by the rule's line.
    pub(in super::super) of_rules: HashMap<String, TestConfigurationId>,
    /// What the work items are; those that nobody could ask for are left out.
    pub(in super::super) work_items: HashMap<TestCaseId, WorkItemKind>,
    /// Inputs that are wrong for the server.
    pub(in super::super) wrong: Vec<Problem>,
    /// Plans and suites that are not there, in words.
    pub(in super::super) missing: Vec<String>,
}

impl Context<'_> {
    /// Looks at the plans that the inputs name; with `all` at every point of them, else at those of
    /// these test cases.
    pub(in super::super) async fn look_at_plans(
        &self,
        test_cases: &[TestCaseId],
        all: bool,
    ) -> Result<Looked, (ExitCode, Problem)> {
        let mut wrong = Wrong::default();
        let read = self.read_for_a_look(test_cases, all, &mut wrong).await;
        let mut read = match read {
            Err(Unread::Ended(exit_code, problem)) => return Err((exit_code, problem)),
            read => self.unless_about_the_plan(read, &mut wrong)?,
        };
        self.choose_suites(&mut read.plans, &mut wrong);
        let work_items = if read.plans.is_empty() {
            HashMap::new()
        } else {
            self.kinds(test_cases).await?
        };
        Ok(Looked {
            plans: read.plans,
            configurations: read.configurations,
            of_rules: read.of_rules,
            work_items,
            wrong: wrong.problems,
            missing: wrong.missing,
        })
    }

    async fn read_for_a_look(
        &self,
        test_cases: &[TestCaseId],
        all: bool,
        wrong: &mut Wrong,
    ) -> Result<Read, Unread> {
        let ended = |(exit_code, problem)| Unread::Ended(exit_code, problem);
        let stored = self.plans(wrong).await.map_err(ended)?;
        let of_nothing: &[TestCaseId] = &[];
        let test_cases = if all { of_nothing } else { test_cases };
        let mut read = self.read_plans(&stored, test_cases, wrong).await?;
        for (stored, plan) in stored.iter().zip(&mut read.plans) {
            let suites = match std::mem::take(&mut plan.suites) {
                suites if suites.is_empty() => self.suites(stored.id).await?,
                suites => suites,
            };
            if all {
                *plan = Plan::new(stored, self.all_points(stored, &suites).await?);
            }
            plan.suites = suites;
        }
        Ok(read)
    }
}
