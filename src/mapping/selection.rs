//! The other way round: which Katalon test cases stand for test cases and results of Azure DevOps.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use super::IdSources;
use crate::azure_devops::past_results::PastResult;
use crate::azure_devops::{AutomatedTestName, TestCaseId};
use crate::inputs::Outcomes;
use crate::katalon::TestCasePath;

/// What Katalon's paths of test cases begin with.
const PREFIX: &str = "Test Cases/";

/// The test cases of a Katalon project, found by what Azure DevOps calls them.
#[derive(Debug, Default)]
pub struct KatalonTestCases {
    of_id: BTreeMap<TestCaseId, BTreeSet<TestCasePath>>,
    of_name: HashMap<String, TestCasePath>,
    /// Named by the mapping file, and not there.
    absent: BTreeMap<TestCaseId, TestCasePath>,
    has_project: bool,
}

impl KatalonTestCases {
    /// Those of the project and of the mapping file; without a project whatever the mapping file
    /// names is there.
    pub fn new(sources: &IdSources<'_>) -> Self {
        let mut found = Self {
            has_project: sources.project.is_some(),
            ..Self::default()
        };
        let of_project: BTreeSet<&TestCasePath> = sources
            .project
            .into_iter()
            .flat_map(|project| project.test_cases.keys())
            .collect();
        let of_file = sources.mapping_file.test_cases();
        let all: BTreeSet<&TestCasePath> = of_project.iter().copied().chain(of_file).collect();
        for path in all {
            let is_there = !found.has_project || of_project.contains(path);
            for id in sources.ids_of_test_case(path) {
                if is_there {
                    found.of_id.entry(id).or_default().insert(path.clone());
                } else {
                    found.absent.insert(id, path.clone());
                }
            }
            if is_there {
                let name = AutomatedTestName::new(path.as_str()).as_str().to_owned();
                found.of_name.insert(name, path.clone());
            }
        }
        found
    }

    /// The Katalon test cases of a test case, by path.
    pub fn of(&self, id: TestCaseId) -> impl Iterator<Item = &TestCasePath> {
        self.of_id.get(&id).into_iter().flatten()
    }

    /// The Katalon test case that results of this name are of.
    fn named(&self, name: &str) -> Option<TestCasePath> {
        if let Some(path) = self.of_name.get(name) {
            return Some(path.clone());
        }
        (!self.has_project && name.starts_with(PREFIX)).then(|| TestCasePath::new(name))
    }

    /// Why there is none.
    fn why_none(&self, id: Option<TestCaseId>, name: &str) -> String {
        if let Some(path) = id.and_then(|id| self.absent.get(&id)) {
            return format!(
                "the mapping file names '{}', which is not in the Katalon project",
                path.as_str()
            );
        }
        if name.starts_with(PREFIX) {
            return format!("'{name}' is not in the Katalon project");
        }
        match (id, self.has_project) {
            (None, _) => "it names neither a test case nor one of Katalon".to_owned(),
            (Some(_), true) => {
                "no '.tc', no line of the mapping file and no match of the pattern gives its ID"
                    .to_owned()
            }
            (Some(_), false) => {
                "no Katalon project is at hand, and the mapping file does not give its ID"
                    .to_owned()
            }
        }
    }
}

/// A test case of Azure DevOps that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its identity.
    pub id: TestCaseId,
    /// Its title; empty if nobody told it.
    pub title: String,
}

/// A Katalon test case to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Its path.
    pub test_case: TestCasePath,
    /// The test cases that it stands for, as far as they are known.
    pub ids: Vec<TestCaseId>,
}

/// What no Katalon test case stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// The test case; `None` for a result that names none.
    pub id: Option<TestCaseId>,
    /// Its title; empty if nobody told it.
    pub title: String,
    /// Why, in words.
    pub why: String,
}

/// What is selected, each once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Katalon test cases to be run.
    pub test_cases: Vec<Selected>,
    /// What has none.
    pub unmapped: Vec<Unmapped>,
}

impl Selection {
    /// Test cases of a plan, in its order.
    pub fn of_plan(wanted: &[Wanted], katalon: &KatalonTestCases) -> Self {
        let mut selecting = Selecting::default();
        for one in wanted {
            let paths: Vec<TestCasePath> = katalon.of(one.id).cloned().collect();
            selecting.take(Some(one.id), &one.title, paths, || {
                katalon.why_none(Some(one.id), "")
            });
        }
        selecting.selection
    }

    /// Test cases of results that ended so. With a plan those that are in it, too, in its order;
    /// else in the order of runs and results.
    pub fn of_results(
        results: &[PastResult],
        outcomes: &Outcomes,
        plan: Option<&[Wanted]>,
        katalon: &KatalonTestCases,
    ) -> Self {
        let places = plan.map(|plan| Places::new(plan, katalon));
        let mut chosen: Vec<(usize, &PastResult, Vec<TestCasePath>)> = Vec::new();
        for result in newest(results) {
            if !outcomes.hold(result.outcome) {
                continue;
            }
            let paths = match katalon.named(&result.automated_test_name) {
                Some(path) => vec![path],
                None => {
                    let ids = result.test_case.into_iter();
                    ids.flat_map(|id| katalon.of(id).cloned()).collect()
                }
            };
            let place = match &places {
                None => Some(0),
                Some(places) => places.of(result.test_case, &paths),
            };
            if let Some(place) = place {
                chosen.push((place, result, paths));
            }
        }
        chosen.sort_by_key(|(place, result, _)| (*place, result.run.0, result.id.0));
        let mut selecting = Selecting::default();
        for (_, result, paths) in chosen {
            let name = &result.automated_test_name;
            let title = if result.title.is_empty() {
                name
            } else {
                &result.title
            };
            selecting.take(result.test_case, title, paths, || {
                katalon.why_none(result.test_case, name)
            });
        }
        selecting.selection
    }
}

/// Where test cases stand in a plan.
struct Places<'a> {
    of_id: HashMap<TestCaseId, usize>,
    of_path: HashMap<&'a TestCasePath, usize>,
}

impl<'a> Places<'a> {
    fn new(plan: &[Wanted], katalon: &'a KatalonTestCases) -> Self {
        let mut places = Self {
            of_id: HashMap::new(),
            of_path: HashMap::new(),
        };
        for (place, wanted) in plan.iter().enumerate() {
            places.of_id.entry(wanted.id).or_insert(place);
            for path in katalon.of(wanted.id) {
                places.of_path.entry(path).or_insert(place);
            }
        }
        places
    }

    fn of(&self, id: Option<TestCaseId>, paths: &[TestCasePath]) -> Option<usize> {
        let by_id = id.and_then(|id| self.of_id.get(&id));
        let by_path = || paths.iter().filter_map(|path| self.of_path.get(path)).min();
        by_id.or_else(by_path).copied()
    }
}

/// A selection that grows.
#[derive(Default)]
struct Selecting {
    selection: Selection,
    known: HashMap<TestCasePath, usize>,
    told: BTreeSet<(Option<TestCaseId>, String)>,
}

impl Selecting {
    fn take(
        &mut self,
        id: Option<TestCaseId>,
        title: &str,
        paths: Vec<TestCasePath>,
        why: impl FnOnce() -> String,
    ) {
        if paths.is_empty() {
            // One test case without its titles, which differ where somebody changed it.
            let name = if id.is_some() { "" } else { title };
            if self.told.insert((id, name.to_owned())) {
                self.selection.unmapped.push(Unmapped {
                    id,
                    title: title.to_owned(),
                    why: why(),
                });
            }
            return;
        }
        for path in paths {
            let all = &mut self.selection.test_cases;
            let at = *self.known.entry(path).or_insert_with_key(|path| {
                all.push(Selected {
                    test_case: path.clone(),
                    ids: Vec::new(),
                });
                all.len() - 1
            });
            if let (Some(selected), Some(id)) = (all.get_mut(at), id)
                && !selected.ids.contains(&id)
            {
                selected.ids.push(id);
            }
        }
    }
}

/// What was met of something, be it unknown: that may be any.
struct Met<T> {
    unknown: bool,
    known: HashSet<T>,
}

impl<T> Default for Met<T> {
    fn default() -> Self {
        Self {
            unknown: false,
            known: HashSet::new(),
        }
    }
}

impl<T: Eq + Hash> Met<T> {
    /// Whether this one may have been met.
    fn has(&self, one: Option<T>) -> bool {
        let known = match one {
            Some(one) => self.known.contains(&one),
            None => !self.known.is_empty(),
        };
        known || self.unknown
    }

    fn add(&mut self, one: Option<T>) {
        match one {
            Some(one) => {
                self.known.insert(one);
            }
            None => self.unknown = true,
        }
    }
}

/// The newest result of each test case. Rows of test data that are test cases of their own have one
/// name and several IDs; what names no test case may be any of that name.
fn newest(results: &[PastResult]) -> Vec<&PastResult> {
    let mut newest_first: Vec<&PastResult> = results.iter().collect();
    newest_first.sort_by_key(|result| Reverse((result.completed, result.run.0, result.id.0)));
    let mut of_name: HashMap<&str, Met<TestCaseId>> = HashMap::new();
    let mut of_id: HashMap<TestCaseId, Met<&str>> = HashMap::new();
    newest_first.retain(|result| {
        let (name, id) = (result.automated_test_name.as_str(), result.test_case);
        let title = result.title.as_str();
        let key = match (name, id) {
            ("", None) => title,
            (name, _) => name,
        };
        // Two Katalon test cases may stand for one test case.
        let own_name = Some(name).filter(|name| !name.is_empty());
        let same_name = !key.is_empty() && of_name.get(key).is_some_and(|met| met.has(id));
        let same_id = id
            .and_then(|id| of_id.get(&id))
            .is_some_and(|met| met.has(own_name));
        if same_name || same_id {
            return false;
        }
        of_name.entry(key).or_default().add(id);
        if let Some(id) = id {
            of_id.entry(id).or_default().add(own_name);
        }
        true
    });
    newest_first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure_devops::{Outcome, TestResultId, TestRunId};
    use crate::inputs::{InputValue, MappingFile};
    use crate::katalon::project::{IntegratedId, Project, TestCase};

    fn project(cases: &[(&str, u64)]) -> Project {
        let mut project = Project::default();
        for (name, id) in cases {
            let test_case = TestCase {
                ids: vec![IntegratedId::Number(*id)],
                ..TestCase::default()
            };
            let path = TestCasePath::new(format!("{PREFIX}{name}"));
            project.test_cases.insert(path, test_case);
        }
        project
    }

    fn katalon(project: Option<&Project>) -> KatalonTestCases {
        KatalonTestCases::new(&IdSources {
            mapping_file: &MappingFile::default(),
            project,
            pattern: None,
        })
    }

    /// A result of that run, which ended in that second.
    fn result(run: u64, second: i64, id: Option<u64>, name: &str, outcome: Outcome) -> PastResult {
        PastResult {
            run: TestRunId(run),
            id: TestResultId(100_000 + u64::try_from(second).unwrap()),
            title: format!("Title of {name}"),
            test_case: id.map(TestCaseId),
            automated_test_name: name.to_owned(),
            outcome: Some(outcome),
            completed: jiff::Timestamp::from_second(second).ok(),
        }
    }

    fn paths(selection: &Selection) -> Vec<&str> {
        let test_cases = selection.test_cases.iter();
        test_cases.map(|one| one.test_case.as_str()).collect()
    }

    fn failed() -> Outcomes {
        Outcomes::parse("Failed").unwrap()
    }

    #[test]
    fn a_plans_order_is_kept_each_stands_once_and_what_has_none_is_named() {
        let project = project(&[("B", 41), ("A", 42), ("C", 42)]);
        let wanted = [41, 43, 42, 41].map(|id| Wanted {
            id: TestCaseId(id),
            title: format!("Case {id}"),
        });
        let selection = Selection::of_plan(&wanted, &katalon(Some(&project)));
        assert_eq!(
            paths(&selection),
            ["Test Cases/B", "Test Cases/A", "Test Cases/C"]
        );
        assert_eq!(selection.unmapped.len(), 1);
        assert_eq!(selection.unmapped[0].title, "Case 43");
        assert_eq!(selection.test_cases[0].ids, [TestCaseId(41)]);
    }

    #[test]
    fn of_several_results_of_one_test_case_the_newest_counts() {
        let of = |results: &[PastResult]| {
            let selection = Selection::of_results(results, &failed(), None, &katalon(None));
            paths(&selection).len()
        };
        let a = "Test Cases/A";
        let (bad, good) = (Outcome::Failed, Outcome::Passed);
        assert_eq!(
            of(&[result(1, 5, None, a, bad), result(2, 9, None, a, good)]),
            0
        );
        // The number of a run says nothing where the time does.
        assert_eq!(
            of(&[result(1, 9, None, a, bad), result(2, 5, None, a, good)]),
            1
        );
        // One of a plan, and one of the build.
        assert_eq!(
            of(&[result(1, 5, Some(41), a, bad), result(2, 9, None, a, good)]),
            0
        );
        // Rows that are test cases of their own.
        let rows = [
            result(1, 5, Some(41), a, bad),
            result(1, 6, Some(42), a, good),
        ];
        assert_eq!(of(&rows), 1);
        // Somebody ran it by hand meanwhile.
        assert_eq!(
            of(&[
                result(1, 5, Some(41), a, bad),
                result(2, 9, Some(41), "", good)
            ]),
            0
        );
        // Two Katalon test cases of one test case.
        let b = "Test Cases/B";
        assert_eq!(
            of(&[
                result(1, 5, Some(41), a, bad),
                result(1, 6, Some(41), b, good)
            ]),
            1
        );
    }

    #[test]
    fn many_test_cases_may_have_results_of_one_name() {
        let many = 0..60_000_u64;
        let results: Vec<PastResult> = many
            .map(|id| result(1, 1, Some(id), "Test Cases/A", Outcome::Failed))
            .collect();
        assert_eq!(newest(&results).len(), 60_000);
    }

    #[test]
    fn results_are_found_by_name_then_by_their_test_case_and_else_are_named() {
        let project = project(&[("A", 41), ("B", 42)]);
        let results = [
            result(1, 1, None, "Test Cases/B", Outcome::Failed),
            result(1, 2, Some(41), "Shop.Tests.Login", Outcome::Failed),
            result(1, 3, None, "Shop.Tests.Other", Outcome::Failed),
            result(1, 4, None, "Test Cases/Gone", Outcome::Failed),
            result(1, 5, Some(77), "", Outcome::Failed),
        ];
        let selection = Selection::of_results(
            &results,
            &Outcomes::default(),
            None,
            &katalon(Some(&project)),
        );
        assert_eq!(paths(&selection), ["Test Cases/B", "Test Cases/A"]);
        let why: Vec<&str> = selection
            .unmapped
            .iter()
            .map(|one| one.why.as_str())
            .collect();
        assert_eq!(
            why,
            [
                "it names neither a test case nor one of Katalon",
                "'Test Cases/Gone' is not in the Katalon project",
                "no '.tc', no line of the mapping file and no match of the pattern gives its ID",
            ]
        );
    }

    #[test]
    fn with_a_plan_only_what_is_in_both_counts_in_the_plans_order() {
        let project = project(&[("A", 41), ("B", 42), ("C", 43)]);
        let plan = [42, 41].map(|id| Wanted {
            id: TestCaseId(id),
            title: String::new(),
        });
        let results = [
            result(1, 1, None, "Test Cases/A", Outcome::Failed),
            result(1, 2, Some(42), "", Outcome::Failed),
            result(1, 3, None, "Test Cases/C", Outcome::Failed),
        ];
        let selection =
            Selection::of_results(&results, &failed(), Some(&plan), &katalon(Some(&project)));
        assert_eq!(paths(&selection), ["Test Cases/B", "Test Cases/A"]);
        assert_eq!(selection.unmapped, []);
    }
}
