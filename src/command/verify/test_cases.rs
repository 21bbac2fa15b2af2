//! The test case IDs that Katalon's side names, and whether results would reach a point by them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::plan::looking::Looked;
use crate::azure_devops::test_points::StoredTestPoint;
use crate::azure_devops::{TestCaseId, TestConfigurationId};
use crate::inputs::Invocation;
use crate::katalon::project::Project;
use crate::katalon::{Row, TestCasePath, TestResult};
use crate::mapping::plan::{Plan, configuration_name};
use crate::mapping::points::{Choice, Unreached, Wanted, Why};
use crate::mapping::unmatched::{Known, WorkItemKind};
use crate::mapping::{IdSources, Ids};
use crate::problem::{Code, code};
use crate::verification::{CheckedTestCase, State};

/// What Katalon's side names.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Each ID, with the Katalon test cases that name it.
    pub(super) by_id: BTreeMap<TestCaseId, Vec<String>>,
    /// The IDs of each Katalon test case that has some, by project and path.
    pub(super) ids: BTreeMap<(usize, TestCasePath), Vec<TestCaseId>>,
    /// The IDs of each Katalon test case that the mapping file alone names.
    pub(super) mapped: BTreeMap<TestCasePath, Vec<TestCaseId>>,
    /// Test cases whose ID a variable gives, and that variable.
    pub(super) by_variable: Vec<(String, String)>,
    /// Test cases without an ID.
    pub(super) without_id: Vec<String>,
    /// Test cases of the mapping file that no project has; empty where no project is at hand.
    pub(super) not_in_a_project: Vec<String>,
    /// All Katalon test cases of the projects.
    pub(super) test_cases: usize,
}

impl Named {
    /// Looks through the projects, and through what the mapping file names beside them.
    pub(super) fn of(projects: &[Project], invocation: &Invocation) -> Self {
        let mut named = Self::default();
        let mapping_file = &invocation.mapping_file;
        for (at, project) in projects.iter().enumerate() {
            let sources = IdSources {
                mapping_file,
                project: Some(project),
                pattern: invocation.inputs.test_case_id_pattern.value.as_ref(),
            };
            for path in project.test_cases.keys() {
                named.test_cases += 1;
                let shown = if projects.len() > 1 {
                    format!("{} ({})", path.as_str(), project.name)
                } else {
                    path.as_str().to_owned()
                };
                let ids = sources.ids(&never_run(path));
                if ids.ids.is_empty() && ids.unresolved.is_empty() {
                    named.without_id.push(shown.clone());
                }
                for (variable, _) in ids.unresolved {
                    named.by_variable.push((shown.clone(), variable));
                }
                for id in &ids.ids {
                    named.by_id.entry(*id).or_default().push(shown.clone());
                }
                if !ids.ids.is_empty() {
                    named.ids.insert((at, path.clone()), ids.ids);
                }
            }
        }
        for path in mapping_file.test_cases() {
            let is_at_hand = projects.iter().any(|one| one.test_cases.contains_key(path));
            if is_at_hand || mapping_file.ids(path).is_empty() {
                continue;
            }
            let ids: Vec<TestCaseId> = mapping_file
                .ids(path)
                .iter()
                .copied()
                .map(TestCaseId)
                .collect();
            for id in &ids {
                let of_id = named.by_id.entry(*id).or_default();
                of_id.push(path.as_str().to_owned());
            }
            named.mapped.insert(path.clone(), ids);
            if !projects.is_empty() {
                named.not_in_a_project.push(path.as_str().to_owned());
            }
        }
        named
    }
}

/// A result of a test case that binds no data: variables have their defaults.
fn never_run(path: &TestCasePath) -> TestResult {
    TestResult {
        test_case: path.clone(),
        tags: Vec::new(),
        rows: vec![Row {
            bound_values: Vec::new(),
            attempts: Vec::new(),
        }],
    }
}

/// What decides on an ID.
pub(super) struct Judge<'a> {
    pub(super) looked: &'a Looked,
    /// The configurations that rules may give to a result; `None` if it may match no rule.
    pub(super) configurations: Vec<Option<TestConfigurationId>>,
    /// Several points left all receive a result.
    pub(super) to_all_points: bool,
}

impl Judge<'_> {
    /// What an ID comes to, and the code of what is wrong with it.
    pub(super) fn judge(
        &self,
        id: TestCaseId,
        katalon: &[String],
    ) -> (CheckedTestCase, Option<Code>) {
        let points: Vec<(&Plan, &StoredTestPoint)> = self
            .looked
            .plans
            .iter()
            .flat_map(|plan| plan.points_of(id).map(move |point| (plan, point)))
            .collect();
        let title = points.iter().map(|(_, point)| point.title.as_str());
        let configurations = points.iter().map(|(_, point)| configuration_name(point));
        let suites = points.iter().filter_map(|(plan, point)| {
            let suite = point.suite?;
            Some(plan.suites.path(suite).unwrap_or_else(|| suite.to_string()))
        });
        let mut checked = CheckedTestCase {
            id: id.0,
            title: title.max().unwrap_or_default().to_owned(),
            katalon: katalon.to_vec(),
            configurations: configurations
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            suites: suites.collect::<BTreeSet<_>>().into_iter().collect(),
            state: State::Fine,
            told: String::new(),
        };
        let wrong = self.wrong(id);
        if let Some((_, told)) = &wrong {
            checked.state = State::Wrong;
            checked.told.clone_from(told);
        } else if katalon.len() > 1 {
            checked.state = State::Note;
            checked.told = "used twice".to_owned();
        }
        (checked, wrong.map(|(code, _)| code))
    }

    /// Why no result could reach a point by this ID, whatever it ran on.
    fn wrong(&self, id: TestCaseId) -> Option<(Code, String)> {
        let looked = self.looked;
        let known = Known {
            plans: &looked.plans,
            configurations: &looked.configurations,
            work_items: &looked.work_items,
            elsewhere: &std::collections::HashMap::new(),
            missing: &looked.missing,
        };
        let choice = Choice {
            plans: &looked.plans,
            configurations: &looked.configurations,
            to_all_points: self.to_all_points,
        };
        let is_test_case = match looked.work_items.get(&id) {
            Some(WorkItemKind::Unknown) => Err(code::NO_SUCH_TEST_CASE),
            Some(WorkItemKind::Other { .. }) => Err(code::NOT_A_TEST_CASE),
            Some(WorkItemKind::TestCase) | None => Ok(()),
        };
        let mut unreached: Vec<Unreached> = Vec::new();
        for configuration in &self.configurations {
            let matched = choice.matched(&Wanted {
                source: (0, 0),
                ids: Ids {
                    ids: vec![id],
                    unresolved: Vec::new(),
                },
                configuration: *configuration,
            });
            if !matched.targets.is_empty() && is_test_case.is_ok() {
                return None;
            }
            for one in matched.unreached {
                if !unreached.contains(&one) {
                    unreached.push(one);
                }
            }
        }
        let code = match is_test_case {
            Err(code) => code,
            Ok(()) if unreached.iter().all(|one| one.why == Why::NotInPlan) => code::NOT_IN_PLAN,
            Ok(()) => code::NO_POINT,
        };
        Some((
            code,
            known.test_case(id, &unreached.iter().collect::<Vec<_>>()),
        ))
    }
}
