//! Which test points a Katalon result belongs on, or why on none.
//!
//! For each test case and plan, in this order, what is left of the points decides:
//!
//! | points | if none is left |
//! |---|---|
//! | of the test case in the plan | [`Why::NotInPlan`] |
//! | in the suites that were chosen | [`Why::NotInSuites`] |
//! | with the configuration of the rule that decides, if one does | [`Why::NoSuchConfiguration`] |
//! | in use, unless a rule names their configuration | [`Why::Inactive`] |
//! | one, or several that count as one, or all if so asked | [`Why::Several`] |
//!
//! Points are looked up by test case, so the time is linear in results and points.

use std::collections::{HashMap, HashSet};

use super::placement::Placement;
use super::plan::{Configurations, Plan, configuration_name};
use super::test_case_ids::Ids;
use crate::azure_devops::test_points::StoredTestPoint;
use crate::azure_devops::{TestCaseId, TestConfigurationId, TestPlanId, TestPointId, TestSuiteId};

/// What decides where results belong.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The plans.
    pub plans: &'a [Plan],
    /// The test configurations of their project.
    pub configurations: &'a Configurations,
    /// Several points left all receive the result.
    pub to_all_points: bool,
}

/// A Katalon result that looks for its points.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Report and Katalon result, by position.
    pub source: (usize, usize),
    /// The test cases that it stands for.
    pub ids: Ids,
    /// The configuration that a rule gives it; `None` if no rule matches.
    pub configuration: Option<TestConfigurationId>,
}

/// A point that receives a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The plan.
    pub plan: TestPlanId,
    /// The point.
    pub point: TestPointId,
    /// The test case of the point.
    pub test_case: TestCaseId,
}

/// A test case that reaches no point in a plan, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreached {
    /// The test case.
    pub test_case: TestCaseId,
    /// The plan.
    pub plan: TestPlanId,
    /// Why.
    pub why: Why,
}

/// Why a test case reaches no point in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The plan has no point of it.
    NotInPlan,
    /// Its points lie in other suites than the chosen ones: these.
    NotInSuites(Vec<TestSuiteId>),
    /// No point has the configuration that the rule gives.
    NoSuchConfiguration {
        /// That configuration.
        wanted: TestConfigurationId,
        /// The names of those that there are.
        there: Vec<String>,
    },
    /// Its points are out of use.
    Inactive(Vec<TestPointId>),
    /// Several points are left, and one cannot be told from the other.
    Several(Vec<TestPointId>),
}

/// What was found for a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The points that receive it, each once.
    pub targets: Vec<Target>,
    /// Test cases that reach no point in a plan.
    pub unreached: Vec<Unreached>,
}

impl Matched {
    /// What is worth a warning though the result reaches points: test cases that reach none in any
    /// plan, and plans in which it is not clear which point is meant.
    pub fn worth_a_warning(&self) -> impl Iterator<Item = &Unreached> {
        let reached: HashSet<TestCaseId> =
            self.targets.iter().map(|target| target.test_case).collect();
        self.unreached
            .iter()
            .filter(move |unreached| match unreached.why {
                Why::Several(_) => true,
                Why::NotInPlan
                | Why::NotInSuites(_)
                | Why::NoSuchConfiguration { .. }
                | Why::Inactive(_) => !reached.contains(&unreached.test_case),
            })
    }
}

impl Choice<'_> {
    /// The points of one result.
    pub fn matched(&self, wanted: &Wanted) -> Matched {
        let mut matched = Matched::default();
        for &test_case in &wanted.ids.ids {
            for plan in self.plans {
                match self.points(plan, test_case, wanted.configuration) {
                    Ok(points) => matched.targets.extend(points.iter().map(|point| Target {
                        plan: plan.id,
                        point: point.id,
                        test_case,
                    })),
                    Err(why) => matched.unreached.push(Unreached {
                        test_case,
                        plan: plan.id,
                        why,
                    }),
                }
            }
        }
        matched
    }

    fn points<'p>(
        &self,
        plan: &'p Plan,
        test_case: TestCaseId,
        configuration: Option<TestConfigurationId>,
    ) -> Result<Vec<&'p StoredTestPoint>, Why> {
        let of_test_case: Vec<&StoredTestPoint> = plan.points_of(test_case).collect();
        if of_test_case.is_empty() {
            return Err(Why::NotInPlan);
        }
        let in_suites = left(&of_test_case, |point| plan.is_chosen(point.suite));
        if in_suites.is_empty() {
            let suites = of_test_case.iter().filter_map(|point| point.suite);
            return Err(Why::NotInSuites(each_once(suites)));
        }
        let points = match configuration {
            Some(wanted) => {
                let points = left(&in_suites, |point| point.configuration == wanted);
                if points.is_empty() {
                    let there = in_suites.iter().map(|point| configuration_name(point));
                    let there = each_once(there);
                    return Err(Why::NoSuchConfiguration { wanted, there });
                }
                points
            }
            None => {
                let points = left(&in_suites, |point| {
                    !point.is_inactive() && !self.configurations.is_retired(point.configuration)
                });
                if points.is_empty() {
                    return Err(Why::Inactive(in_suites.iter().map(|one| one.id).collect()));
                }
                points
            }
        };
        let count = if plan.synchronises_outcomes {
            // Outcomes of one test case and configuration are one, in whatever suites it stands.
            each_once(points.iter().map(|point| point.configuration)).len()
        } else {
            points.len()
        };
        if count > 1 && !self.to_all_points {
            return Err(Why::Several(points.iter().map(|point| point.id).collect()));
        }
        Ok(points)
    }
}

fn left<'p>(
    points: &[&'p StoredTestPoint],
    is_left: impl Fn(&StoredTestPoint) -> bool,
) -> Vec<&'p StoredTestPoint> {
    let left = points.iter().copied();
    left.filter(|point| is_left(point)).collect()
}

/// Few things, each once, in order.
fn each_once<T: PartialEq>(things: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for thing in things {
        if !once.contains(&thing) {
            once.push(thing);
        }
    }
    once
}

/// What of the targets belongs into one run: each point of the plan once, in the order of the
/// results, with every result that names it.
pub fn placements<'t>(
    plan: TestPlanId,
    results: impl Iterator<Item = ((usize, usize), &'t [Target])>,
) -> Vec<Placement> {
    let mut placements: Vec<Placement> = Vec::new();
    let mut place_of: HashMap<TestPointId, usize> = HashMap::new();
    for (source, targets) in results {
        for target in targets.iter().filter(|target| target.plan == plan) {
            let at = *place_of.entry(target.point).or_insert(placements.len());
            if at == placements.len() {
                placements.push(Placement {
                    point: target.point,
                    test_case: target.test_case,
                    sources: Vec::new(),
                });
            }
            if placements[at].sources.last() != Some(&source) {
                placements[at].sources.push(source);
            }
        }
    }
    placements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure_devops::test_configurations::StoredTestConfiguration;
    use crate::azure_devops::test_plans::StoredTestPlan;

    const PLAN: TestPlanId = TestPlanId(5);

    fn point(id: u64, test_case: u64, suite: u64, configuration: u64) -> StoredTestPoint {
        StoredTestPoint {
            id: TestPointId(id),
            test_case: TestCaseId(test_case),
            title: String::new(),
            plan: PLAN,
            plan_name: String::new(),
            suite: Some(TestSuiteId(suite)),
            configuration: TestConfigurationId(configuration),
            configuration_name: format!("configuration {configuration}"),
            tester: String::new(),
            outcome: None,
            last_run: None,
            is_automated: None,
            is_active: Some(true),
        }
    }

    fn plan(points: Vec<StoredTestPoint>) -> Plan {
        let stored = StoredTestPlan {
            id: PLAN,
            name: "Release 4".to_owned(),
            root_suite: None,
            is_active: true,
            synchronises_outcomes: false,
        };
        Plan::new(&stored, points)
    }

    fn wanted(ids: &[u64], configuration: Option<u64>) -> Wanted {
        Wanted {
            source: (0, 0),
            ids: Ids {
                ids: ids.iter().map(|&id| TestCaseId(id)).collect(),
                unresolved: Vec::new(),
            },
            configuration: configuration.map(TestConfigurationId),
        }
    }

    /// The points that a result with ID 41 reaches, or why none.
    fn found(plan: Plan, configuration: Option<u64>, to_all_points: bool) -> Result<Vec<u64>, Why> {
        let retired = StoredTestConfiguration {
            id: TestConfigurationId(9),
            name: "Old".to_owned(),
            is_active: false,
            is_default: false,
        };
        let choice = Choice {
            plans: &[plan],
            configurations: &Configurations(vec![retired]),
            to_all_points,
        };
        let mut matched = choice.matched(&wanted(&[41], configuration));
        match matched.unreached.pop() {
            Some(unreached) => Err(unreached.why),
            None => Ok(matched
                .targets
                .iter()
                .map(|target| target.point.0)
                .collect()),
        }
    }

    #[test]
    fn the_suites_that_were_chosen_come_first() {
        let points = || vec![point(1, 41, 2, 7), point(2, 41, 3, 7), point(3, 42, 2, 7)];
        let with_chosen = |suite: u64| {
            let mut plan = plan(points());
            plan.chosen = Some([TestSuiteId(suite)].into());
            plan
        };
        assert_eq!(found(with_chosen(3), None, false), Ok(vec![2]));
        let elsewhere = vec![TestSuiteId(2), TestSuiteId(3)];
        assert_eq!(
            found(with_chosen(4), None, false),
            Err(Why::NotInSuites(elsewhere))
        );
        assert_eq!(
            found(plan(vec![point(3, 42, 2, 7)]), None, false),
            Err(Why::NotInPlan)
        );
    }

    #[test]
    fn the_configuration_of_the_rule_is_the_only_one() {
        let points = || vec![point(1, 41, 2, 7), point(2, 41, 2, 8)];
        assert_eq!(found(plan(points()), Some(8), false), Ok(vec![2]));
        assert_eq!(
            found(plan(points()), Some(9), false),
            Err(Why::NoSuchConfiguration {
                wanted: TestConfigurationId(9),
                there: vec!["configuration 7".to_owned(), "configuration 8".to_owned()],
            })
        );
    }

    #[test]
    fn several_points_are_none_or_all_as_asked() {
        let points = || vec![point(1, 41, 2, 7), point(2, 41, 2, 8)];
        let ids = vec![TestPointId(1), TestPointId(2)];
        assert_eq!(found(plan(points()), None, false), Err(Why::Several(ids)));
        assert_eq!(found(plan(points()), None, true), Ok(vec![1, 2]));
    }

    #[test]
    fn points_of_one_configuration_are_one_where_outcomes_are_synchronised() {
        let synchronised = |points| {
            let mut plan = plan(points);
            plan.synchronises_outcomes = true;
            plan
        };
        let twins = vec![point(1, 41, 2, 7), point(2, 41, 3, 7)];
        assert_eq!(
            found(synchronised(twins.clone()), None, false),
            Ok(vec![1, 2])
        );
        let mut different = twins;
        different.push(point(3, 41, 3, 8));
        assert!(matches!(
            found(synchronised(different), None, false),
            Err(Why::Several(_))
        ));
    }

    #[test]
    fn points_out_of_use_are_left_alone_unless_a_rule_names_their_configuration() {
        let inactive = StoredTestPoint {
            is_active: Some(false),
            ..point(1, 41, 2, 7)
        };
        let both = vec![inactive.clone(), point(2, 41, 2, 8)];
        assert_eq!(found(plan(both), None, false), Ok(vec![2]));
        let alone = || plan(vec![inactive.clone()]);
        let why = Why::Inactive(vec![TestPointId(1)]);
        assert_eq!(found(alone(), None, false), Err(why));
        assert_eq!(found(alone(), Some(7), false), Ok(vec![1]));
        // So is a point of a configuration that is retired.
        let retired = || plan(vec![point(1, 41, 2, 9)]);
        assert!(matches!(
            found(retired(), None, true),
            Err(Why::Inactive(_))
        ));
        assert_eq!(found(retired(), Some(9), false), Ok(vec![1]));
    }

    #[test]
    fn points_of_other_plans_and_points_read_twice_do_not_count() {
        let other = StoredTestPoint {
            plan: TestPlanId(6),
            ..point(2, 41, 2, 7)
        };
        let points = vec![point(1, 41, 2, 7), other, point(1, 41, 2, 7)];
        assert_eq!(found(plan(points), None, false), Ok(vec![1]));
    }

    #[test]
    fn each_plan_is_asked_and_each_id() {
        let mut second = plan(vec![point(9, 41, 2, 7)]);
        second.id = TestPlanId(6);
        let plans = [plan(vec![point(1, 41, 2, 7), point(2, 42, 2, 7)]), second];
        let choice = Choice {
            plans: &plans,
            configurations: &Configurations::default(),
            to_all_points: false,
        };
        let matched = choice.matched(&wanted(&[41, 42, 43], None));
        let reached: Vec<(u64, u64)> = matched
            .targets
            .iter()
            .map(|target| (target.plan.0, target.point.0))
            .collect();
        assert_eq!(reached, [(5, 1), (6, 9), (5, 2)]);
        let warned: Vec<(u64, u64)> = matched
            .worth_a_warning()
            .map(|unreached| (unreached.test_case.0, unreached.plan.0))
            .collect();
        assert_eq!(warned, [(43, 5), (43, 6)]);
    }

    #[test]
    fn results_on_one_point_share_a_placement() {
        let target = |plan, point| Target {
            plan: TestPlanId(plan),
            point: TestPointId(point),
            test_case: TestCaseId(41),
        };
        let first = [target(5, 1), target(5, 1), target(6, 3)];
        let second = [target(5, 2), target(5, 1)];
        let results = [((0, 0), &first[..]), ((0, 1), &second[..])];
        let placed: Vec<(u64, Vec<(usize, usize)>)> = placements(PLAN, results.into_iter())
            .into_iter()
            .map(|placement| (placement.point.0, placement.sources))
            .collect();
        assert_eq!(placed, [(1, vec![(0, 0), (0, 1)]), (2, vec![(0, 1)])]);
    }
}
