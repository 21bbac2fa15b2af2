//! Why a Katalon result reaches no test point, in words that a tester understands.

use std::collections::HashMap;

use super::plan::{Configurations, Plan, listed};
use super::points::{Unreached, Why};
use crate::azure_devops::{TestCaseId, TestPlanId, TestPointId};
use crate::katalon::Status;

/// Test cases that one message tells of.
const MOST_TEST_CASES: usize = 50;

/// Plans and suites that are not there, of which one message tells.
const MOST_MISSING: usize = 5;

/// Points that one message lists.
const MOST_POINTS: usize = 10;

/// Why a result reaches no test point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was not run: a point keeps its last outcome.
    NotRun,
    /// `statusMapping` keeps results with this status off the plan.
    KeptOff(Status),
    /// No plan could be read: why, in the words of the problem.
    NoPlan(String),
    /// The rule that decides on its configuration names none that exists: the rule's line.
    NoSuchConfiguration(String),
    /// Nothing gives it the ID of a test case.
    NoId {
        /// What was looked at, in the order in which it counts.
        looked_at: Vec<&'static str>,
    },
    /// The ID stands in a variable, whose value for this row is no number.
    NoNumber {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
    },
    /// None of its test cases reaches a point.
    Unreached(Vec<Unreached>),
    /// The service refused the point when the run was made: its words.
    Refused(String),
}

impl Reason {
    /// Whether `unmatchedResults: fail` counts it. What is off the plan on purpose does not fail.
    pub fn fails(&self) -> bool {
        !matches!(self, Reason::NotRun | Reason::KeptOff(_))
    }
}

/// What a work item is that somebody took for a test case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkItemKind {
    /// A test case.
    TestCase,
    /// It does not exist, was deleted, or may not be seen: the service answers all three alike.
    Unknown,
    /// Something else: its type and title.
    Other {
        /// `Bug`.
        kind: String,
        /// Its title.
        title: String,
    },
}

/// What is known beside the points.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The plans.
    pub plans: &'a [Plan],
    /// The test configurations of their project.
    pub configurations: &'a Configurations,
    /// What the work items are whose IDs reach no plan; those that nobody asked for are left out.
    pub work_items: &'a HashMap<TestCaseId, WorkItemKind>,
    /// Where test cases stand that are in none of the plans, as people find it.
    pub elsewhere: &'a HashMap<TestCaseId, Vec<String>>,
    /// Plans and suites that were named and are not there, in words; they may be why.
    pub missing: &'a [String],
}

/// Plans and suites that are not there, in words: the first of them, since each result says so that
/// reaches no point.
pub fn all_missing(missing: &[String]) -> String {
    let shown = missing.get(..MOST_MISSING).unwrap_or(missing).join("; ");
    match missing.len().saturating_sub(MOST_MISSING) {
        0 => shown,
        others => format!("{shown}; and {others} more"),
    }
}

impl Known<'_> {
    /// A reason in words: lower case, without full stop.
    pub fn words(&self, reason: &Reason) -> String {
        match reason {
            Reason::NotRun => {
                "not run: the point keeps its last outcome ('statusMapping' could say otherwise)"
                    .to_owned()
            }
            Reason::KeptOff(status) => format!(
                "kept off the plan: 'statusMapping' maps {} to 'none'",
                status.as_str()
            ),
            Reason::NoPlan(why) => why.clone(),
            Reason::NoSuchConfiguration(line) => format!(
                "the rule '{line}' decides on it, and its test configuration does not exist"
            ),
            Reason::NoId { looked_at } if looked_at.is_empty() => {
                "no test case ID: there is neither a mapping file nor a Katalon project nor a \
                 pattern that could give one"
                    .to_owned()
            }
            Reason::NoId { looked_at } => {
                format!("no test case ID, looked for in {}", looked_at.join(", "))
            }
            Reason::NoNumber { variable, value } if value.is_empty() => format!(
                "the test case ID stands in the variable '{variable}', which has no value in this row"
            ),
            Reason::NoNumber { variable, value } => format!(
                "the test case ID stands in the variable '{variable}', whose value in this row is \
                 no number: '{value}'"
            ),
            Reason::Unreached(unreached) => {
                // Each plan is told of a test case, one behind the other.
                let of_each = unreached.chunk_by(|a, b| a.test_case == b.test_case);
                let number = of_each.clone().count();
                let told = of_each.take(MOST_TEST_CASES).filter_map(|of_one| {
                    let id = of_one.first()?.test_case;
                    Some(self.test_case(id, &of_one.iter().collect::<Vec<_>>()))
                });
                let mut told = told.collect::<Vec<_>>().join("; ");
                if number > MOST_TEST_CASES {
                    told = format!("{told}; and {} more", number - MOST_TEST_CASES);
                }
                if !self.missing.is_empty() {
                    told = format!("{told}; and {}", all_missing(self.missing));
                }
                told
            }
            Reason::Refused(why) => format!("Azure DevOps refused its test point: {why}"),
        }
    }

    /// Why one test case reaches no point.
    pub fn test_case(&self, id: TestCaseId, unreached: &[&Unreached]) -> String {
        match self.work_items.get(&id) {
            Some(WorkItemKind::Unknown) => {
                return format!(
                    "test case {id} does not exist, was deleted, or cannot be seen by this identity"
                );
            }
            Some(WorkItemKind::Other { kind, title }) => {
                return format!("work item {id} is no test case but a {kind}: '{title}'");
            }
            Some(WorkItemKind::TestCase) | None => {}
        }
        let is_nowhere = unreached.iter().all(|one| one.why == Why::NotInPlan);
        if is_nowhere && !unreached.is_empty() {
            let plans = unreached.iter().map(|one| self.plan_shown(one.plan));
            let plans: Vec<String> = plans.collect();
            let elsewhere = match self.elsewhere.get(&id) {
                Some(places) if !places.is_empty() => format!("; it is in {}", places.join(", ")),
                Some(_) => "; it is in no test plan".to_owned(),
                None => String::new(),
            };
            return format!("test case {id} is not in {}{elsewhere}", plans.join(" or "));
        }
        let told: Vec<String> = unreached
            .iter()
            // Where it is in one plan, nobody misses it in the others.
            .filter(|one| one.why != Why::NotInPlan)
            .map(|one| self.why(one))
            .collect();
        told.join("; ")
    }

    fn why(&self, unreached: &Unreached) -> String {
        let Unreached {
            test_case,
            plan: id,
            why,
        } = unreached;
        let shown = self.plan_shown(*id);
        let plan = self.plans.iter().find(|plan| plan.id == *id);
        match why {
            Why::NotInPlan => format!("test case {test_case} is not in {shown}"),
            Why::NotInSuites(suites) => {
                let paths = suites.iter().map(|suite| {
                    let path = plan.and_then(|plan| plan.suites.path(*suite));
                    path.unwrap_or_else(|| suite.to_string())
                });
                let paths: Vec<String> = paths.collect();
                format!(
                    "test case {test_case} is in {shown}, but not in the test suites that \
                     'testSuites' names; it is in {}",
                    listed(&paths)
                )
            }
            Why::NoSuchConfiguration { wanted, there } => {
                let mut all = self.configurations.0.iter();
                let name = all.find(|one| one.id == *wanted);
                let name = name.map_or_else(|| wanted.to_string(), |one| one.name.clone());
                format!(
                    "test case {test_case} has no point with the configuration '{name}' in \
                     {shown}; there are {}",
                    listed(there)
                )
            }
            Why::Inactive(points) => format!(
                "test case {test_case} has no active point in {shown}; inactive: {}",
                self.points(plan, *test_case, points)
            ),
            Why::Several(points) => format!(
                "test case {test_case} has several points in {shown}, and nothing says which one \
                 is meant: {}",
                self.points(plan, *test_case, points)
            ),
        }
    }

    fn points(&self, plan: Option<&Plan>, test_case: TestCaseId, ids: &[TestPointId]) -> String {
        let Some(plan) = plan else {
            return String::new();
        };
        let points = plan.points_of(test_case);
        let points = points.filter(|point| ids.contains(&point.id));
        let shown: Vec<String> = points
            .take(MOST_POINTS)
            .map(|point| plan.describe(point))
            .collect();
        match ids.len().saturating_sub(shown.len()) {
            0 => shown.join(", "),
            others => format!("{} and {others} more", shown.join(", ")),
        }
    }

    fn plan_shown(&self, id: TestPlanId) -> String {
        let plan = self.plans.iter().find(|plan| plan.id == id);
        plan.map_or_else(|| format!("test plan {id}"), Plan::shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure_devops::test_configurations::StoredTestConfiguration;
    use crate::azure_devops::test_plans::{StoredTestPlan, StoredTestSuite};
    use crate::azure_devops::test_points::StoredTestPoint;
    use crate::azure_devops::{TestConfigurationId, TestSuiteId};
    use crate::mapping::plan::Suites;

    fn plan() -> Plan {
        let stored = StoredTestPlan {
            id: TestPlanId(5),
            name: "Release 4".to_owned(),
            root_suite: None,
            is_active: true,
            synchronises_outcomes: false,
        };
        let point = |id, configuration: &str, tester: &str| StoredTestPoint {
            id: TestPointId(id),
            test_case: TestCaseId(41),
            title: String::new(),
            plan: TestPlanId(5),
            plan_name: String::new(),
            suite: Some(TestSuiteId(7)),
            configuration: TestConfigurationId(id),
            configuration_name: configuration.to_owned(),
            tester: tester.to_owned(),
            outcome: None,
            last_run: None,
            is_automated: None,
            is_active: None,
        };
        let mut plan = Plan::new(&stored, vec![point(1, "Windows", "Ann"), point(2, "", "")]);
        let suite = |id, name: &str, parent: Option<u64>| StoredTestSuite {
            id: TestSuiteId(id),
            name: name.to_owned(),
            parent: parent.map(TestSuiteId),
        };
        plan.suites = Suites::new(vec![suite(6, "Release 4", None), suite(7, "Web", Some(6))]);
        plan
    }

    /// What is told of test case 41 for each reason in turn.
    fn told(whys: Vec<Why>, work_item: Option<WorkItemKind>, elsewhere: Option<&[&str]>) -> String {
        let windows = StoredTestConfiguration {
            id: TestConfigurationId(3),
            name: "Windows 11".to_owned(),
            is_active: true,
            is_default: false,
        };
        let id = TestCaseId(41);
        let work_items = work_item.map(|kind| (id, kind)).into_iter().collect();
        let elsewhere = elsewhere
            .map(|places| (id, places.iter().map(|&place| place.to_owned()).collect()))
            .into_iter()
            .collect();
        let known = Known {
            plans: &[plan()],
            configurations: &Configurations(vec![windows]),
            work_items: &work_items,
            elsewhere: &elsewhere,
            missing: &[],
        };
        let unreached = whys.into_iter().map(|why| Unreached {
            test_case: id,
            plan: TestPlanId(5),
            why,
        });
        known.words(&Reason::Unreached(unreached.collect()))
    }

    #[test]
    fn a_reason_names_what_is_there_instead() {
        assert_eq!(
            told(vec![Why::NotInSuites(vec![TestSuiteId(7)])], None, None),
            "test case 41 is in test plan 'Release 4' (5), but not in the test suites that \
             'testSuites' names; it is in 'Web'"
        );
        let why = Why::NoSuchConfiguration {
            wanted: TestConfigurationId(3),
            there: vec!["Linux".to_owned()],
        };
        assert_eq!(
            told(vec![why], None, None),
            "test case 41 has no point with the configuration 'Windows 11' in test plan \
             'Release 4' (5); there are 'Linux'"
        );
        assert_eq!(
            told(
                vec![Why::Several(vec![TestPointId(1), TestPointId(2)])],
                None,
                None
            ),
            "test case 41 has several points in test plan 'Release 4' (5), and nothing says which \
             one is meant: point 1 (suite 'Web', configuration 'Windows', tester 'Ann'), \
             point 2 (suite 'Web', configuration '2', no tester)"
        );
    }

    #[test]
    fn of_many_plans_that_are_not_there_the_first_are_told() {
        let missing: Vec<String> = (1..=7).map(|id| format!("no plan {id}")).collect();
        assert!(all_missing(&missing).ends_with("no plan 5; and 2 more"));
        assert_eq!(all_missing(&missing[..2]), "no plan 1; no plan 2");
    }

    #[test]
    fn of_many_test_cases_the_first_are_told() {
        let unreached = (1..=60).map(|id| Unreached {
            test_case: TestCaseId(id),
            plan: TestPlanId(5),
            why: Why::NotInPlan,
        });
        let known = Known {
            plans: &[plan()],
            configurations: &Configurations(Vec::new()),
            work_items: &HashMap::new(),
            elsewhere: &HashMap::new(),
            missing: &[],
        };
        let told = known.words(&Reason::Unreached(unreached.collect()));
        assert!(told.contains("test case 50 is not in"), "{told}");
        assert!(told.ends_with("; and 10 more"), "{told}");
    }

    #[test]
    fn an_id_that_is_in_no_plan_is_told_as_what_it_is() {
        let not_in_plan = || vec![Why::NotInPlan];
        let bug = WorkItemKind::Other {
            kind: "Bug".to_owned(),
            title: "Crash".to_owned(),
        };
        for (work_item, elsewhere, expected) in [
            (
                Some(WorkItemKind::Unknown),
                None,
                "test case 41 does not exist, was deleted, or cannot be seen by this identity",
            ),
            (
                Some(bug),
                None,
                "work item 41 is no test case but a Bug: 'Crash'",
            ),
            (
                Some(WorkItemKind::TestCase),
                Some(&["test plan 'Old' (9)"][..]),
                "test case 41 is not in test plan 'Release 4' (5); it is in test plan 'Old' (9)",
            ),
            (
                Some(WorkItemKind::TestCase),
                Some(&[]),
                "test case 41 is not in test plan 'Release 4' (5); it is in no test plan",
            ),
            (
                None,
                None,
                "test case 41 is not in test plan 'Release 4' (5)",
            ),
        ] {
            assert_eq!(told(not_in_plan(), work_item, elsewhere), expected);
        }
    }

    #[test]
    fn what_is_off_the_plan_on_purpose_does_not_fail() {
        assert!(!Reason::NotRun.fails() && !Reason::KeptOff(Status::Skipped).fails());
        assert!(Reason::NoPlan(String::new()).fails());
        assert!(Reason::Unreached(Vec::new()).fails());
    }
}
