//! The test cases of a plan, in the order in which people put them there.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::context::Context;
use super::super::plan::lists::Items;
use super::Failed;
use crate::azure_devops::test_cases::{CASES_BELOW, StoredTestCase};
use crate::azure_devops::test_plans::StoredTestPlan;
use crate::azure_devops::test_points::WALKS_BELOW;
use crate::azure_devops::work_items::{WORK_ITEMS_PER_REQUEST, field};
use crate::azure_devops::{TestCaseId, TestConfigurationId, TestSuiteId};
use crate::exit_code::ExitCode;
use crate::mapping::plan::Suites;
use crate::mapping::selection::{Unmapped, Wanted};
use crate::problem::{Problem, code, counted as count};

/// A plan with the test cases of the suites that were chosen, in its order.
#[derive(Debug)]
pub(in super::super) struct PlanCases {
    pub(in super::super) plan: StoredTestPlan,
    pub(in super::super) suites: Suites,
    pub(in super::super) test_cases: Vec<StoredTestCase>,
    tops: Vec<TestSuiteId>,
}

impl Context<'_> {
    /// The test cases of the plans that the inputs name: those with a point that counts.
    pub(super) async fn cases_of_plans(&self, by_points: bool) -> Result<Vec<Wanted>, Failed> {
        let configuration = self.configuration().await?;
        let mut wanted = Vec::new();
        let mut known = HashSet::new();
        for cases in self.read_plan_cases().await? {
            let counting = if by_points {
                Some(self.counting_points(&cases, configuration).await?)
            } else {
                None
            };
            let before = wanted.len();
            for one in &cases.test_cases {
                let mut configurations = one.configurations.iter();
                let has_point =
                    configurations.any(|(id, _)| configuration.is_none_or(|c| c == *id));
                let counts = counting.as_ref().is_none_or(|counting| {
                    counting.contains(&(Some(one.suite), one.id))
                        || counting.contains(&(None, one.id))
                });
                if has_point && counts && known.insert(one.id) {
                    wanted.push(Wanted {
                        id: one.id,
                        title: one.title.clone(),
                    });
                }
            }
            self.pipeline.line(&format!(
                "Test plan '{}' ({}): {} selected",
                cases.plan.name,
                cases.plan.id,
                count(wanted.len() - before, "test case")
            ));
        }
        Ok(wanted)
    }

    /// The test cases of the plans that the inputs name, each plan once, and of the suites that they
    /// choose.
    pub(in super::super) async fn read_plan_cases(&self) -> Result<Vec<PlanCases>, Failed> {
        let mut read = self.plans_with_suites().await?;
        for cases in &mut read {
            cases.test_cases = self.cases_in_order(cases).await?;
        }
        Ok(read)
    }

    /// The plans that the inputs name, with their suites and without their test cases. Everything
    /// that is not there is told at once.
    pub(in super::super) async fn plans_with_suites(&self) -> Result<Vec<PlanCases>, Failed> {
        let inputs = &self.invocation.inputs;
        let mut plans: Vec<StoredTestPlan> = Vec::new();
        let mut failed: Failed = Vec::new();
        let mut all = None;
        for named in inputs.test_plan.value.named() {
            let found = self.plan(named, &mut all).await;
            match found.map_err(|unread| self.unread(unread))? {
                Ok(plan) if plans.iter().any(|known| known.id == plan.id) => {}
                Ok(plan) => plans.push(plan),
                Err(message) => failed.push(wrong(code::NO_SUCH_PLAN, message, "'testPlan'")),
            }
        }
        if !failed.is_empty() {
            return Err(failed);
        }
        let mut read = Vec::new();
        for plan in plans {
            let suites = self.suites(plan.id).await;
            let suites = suites.map_err(|unread| self.unread(unread))?;
            let tops = match plan.root_suite {
                Some(root) => vec![root],
                None => {
                    let tops = suites.in_order().into_iter();
                    tops.filter(|(_, level)| *level == 0)
                        .map(|(suite, _)| suite.id)
                        .collect()
                }
            };
            read.push(PlanCases {
                plan,
                suites,
                test_cases: Vec::new(),
                tops,
            });
        }
        self.choose_tops(&mut read)?;
        Ok(read)
    }

    /// Keeps the suites that `testSuites` names. One that no plan has is wrong.
    fn choose_tops(&self, read: &mut [PlanCases]) -> Result<(), Failed> {
        let named = &self.invocation.inputs.test_suites.value.0;
        if named.is_empty() {
            return Ok(());
        }
        let mut failed: Failed = Vec::new();
        let mut chosen: Vec<Vec<TestSuiteId>> = vec![Vec::new(); read.len()];
        for named in named {
            let mut words = Vec::new();
            for (cases, chosen) in read.iter().zip(&mut chosen) {
                match cases.suites.find(named) {
                    Ok(suite) => chosen.push(suite),
                    Err(why) => words.push(format!(
                        "in test plan '{}' ({}): {}",
                        cases.plan.name,
                        cases.plan.id,
                        why.words()
                    )),
                }
            }
            if words.len() == read.len() {
                let message = format!("test suite '{}', {}", named.as_str(), words.join("; "));
                failed.push(wrong(code::NO_SUCH_SUITE, message, "'testSuites'"));
            }
        }
        for (cases, chosen) in read.iter_mut().zip(chosen) {
            cases.tops = chosen;
        }
        if failed.is_empty() {
            Ok(())
        } else {
            Err(failed)
        }
    }

    /// The configuration that `testConfiguration` names.
    async fn configuration(&self) -> Result<Option<TestConfigurationId>, Failed> {
        let Some(named) = &self.invocation.inputs.test_configuration.value else {
            return Ok(None);
        };
        let all = self.configurations().await;
        let all = all.map_err(|unread| self.unread(unread))?;
        match all.find(named) {
            Ok(found) => Ok(Some(found.id)),
            Err(why) => {
                let message = format!("test configuration '{}': {why}", named.as_str());
                let name = "'testConfiguration'";
                Err(vec![wrong(code::NO_SUCH_CONFIGURATION, message, name)])
            }
        }
    }

    /// The test cases of the chosen suites, in the order of the plan.
    async fn cases_in_order(&self, cases: &PlanCases) -> Result<Vec<StoredTestCase>, Failed> {
        let (client, project, plan) = (self.client, self.plan_project(), cases.plan.id);
        // An old server leaves the suites below out, and says nothing.
        let below = client.version() >= CASES_BELOW;
        let mut found = Vec::new();
        for suite in cases.asked(below) {
            let ask = |next: Option<String>| async move {
                client
                    .test_cases_of_suite(project, plan, suite, below, next.as_deref())
                    .await
            };
            let of_suite = self
                .list_by_token(Items::called("test case").after(found.len()), ask, |one| {
                    (one.suite, one.id)
                })
                .await;
            found.extend(of_suite.map_err(|unread| self.unread(unread))?);
        }
        let order = cases.suites.in_order().into_iter().enumerate();
        let order: HashMap<TestSuiteId, usize> =
            order.map(|(at, (suite, _))| (suite.id, at)).collect();
        let place = |one: &StoredTestCase| order.get(&one.suite).copied();
        // Stable, so that where nothing tells the order the service's own is kept.
        found.sort_by_key(|one| (place(one).is_none(), place(one), one.order));
        let mut known = HashSet::new();
        found.retain(|one| known.insert((one.suite, one.id)));
        Ok(found)
    }

    /// Suite and test case of each point that ended as asked; without the suite where the service
    /// does not name it.
    async fn counting_points(
        &self,
        cases: &PlanCases,
        configuration: Option<TestConfigurationId>,
    ) -> Result<HashSet<(Option<TestSuiteId>, TestCaseId)>, Failed> {
        let outcomes = &self.invocation.inputs.outcomes.value;
        let below = self.client.version() >= WALKS_BELOW;
        let mut counting = HashSet::new();
        let mut read = 0;
        for suite in cases.asked(below) {
            let ask = |next: Option<String>| self.walk(cases.plan.id, suite, &[], next);
            let points = self
                .list_by_token(Items::called("test point").after(read), ask, |point| {
                    point.id
                })
                .await;
            let points = points.map_err(|unread| self.unread(unread))?;
            read += points.len();
            for point in points {
                let is_configured = configuration.is_none_or(|id| id == point.configuration);
                if is_configured && !point.is_inactive() && outcomes.hold(point.outcome) {
                    counting.insert((point.suite, point.test_case));
                }
            }
        }
        Ok(counting)
    }

    /// Reads the titles of test cases that came without one; what is deleted has none.
    pub(super) async fn find_titles(&self, unmapped: &mut [Unmapped]) -> Result<(), Failed> {
        let without: BTreeSet<u64> = unmapped
            .iter()
            .filter(|one| one.title.is_empty())
            .filter_map(|one| Some(one.id?.0))
            .collect();
        let without: Vec<u64> = without.into_iter().collect();
        let (client, project) = (self.client, self.plan_project());
        for ids in without.chunks(WORK_ITEMS_PER_REQUEST) {
            let ask = || client.work_items(project, ids, &[field::TITLE]);
            let items = self.answer(ask).await;
            for item in items.map_err(|unread| self.unread(unread))? {
                let of_item = |one: &&mut Unmapped| {
                    one.title.is_empty() && one.id == Some(TestCaseId(item.id))
                };
                for one in unmapped.iter_mut().filter(of_item) {
                    item.field(field::TITLE).clone_into(&mut one.title);
                }
            }
        }
        Ok(())
    }
}

impl PlanCases {
    /// The suites to ask for: with `below` the chosen ones, else those below them, too.
    fn asked(&self, below: bool) -> Vec<TestSuiteId> {
        if below {
            return self.tops.clone();
        }
        let all = self.suites.with_those_below(&self.tops);
        let order = self.suites.in_order().into_iter();
        let order = order.map(|(suite, _)| suite.id);
        order.filter(|suite| all.contains(suite)).collect()
    }

    /// The chosen suites and those below them, in the order of the plan, with their levels.
    pub(in super::super) fn suites_in_order(&self) -> Vec<(TestSuiteId, usize)> {
        let all = self.suites.with_those_below(&self.tops);
        let order = self.suites.in_order().into_iter();
        let order = order.map(|(suite, level)| (suite.id, level));
        order.filter(|(suite, _)| all.contains(suite)).collect()
    }
}

fn wrong(code: crate::problem::Code, message: String, input: &str) -> (ExitCode, Problem) {
    let problem = Problem::error(code, message, format!("Correct {input}."));
    (ExitCode::WrongInputs, problem)
}
