//! A test plan as far as results are concerned: its points, its suites, what was chosen of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::azure_devops::test_configurations::StoredTestConfiguration;
use crate::azure_devops::test_plans::{StoredTestPlan, StoredTestSuite};
use crate::azure_devops::test_points::StoredTestPoint;
use crate::azure_devops::{TestCaseId, TestConfigurationId, TestPlanId, TestSuiteId};
use crate::inputs::IdOrName;

/// Suites, configurations or points that one message lists.
const MOST_LISTED: usize = 10;

/// A test plan with the points of the test cases in question.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its identity.
    pub id: TestPlanId,
    /// Its name.
    pub name: String,
    /// The points of one test case and configuration count as one.
    pub synchronises_outcomes: bool,
    /// Its suites; empty where nobody asked for them.
    pub suites: Suites,
    /// The suites that results may go to, each with those below it; `None` for all.
    pub chosen: Option<HashSet<TestSuiteId>>,
    points: Vec<StoredTestPoint>,
    of_test_case: HashMap<TestCaseId, Vec<usize>>,
}

impl Plan {
    /// A plan with these points of it, of which some may have been read twice.
    pub fn new(plan: &StoredTestPlan, points: Vec<StoredTestPoint>) -> Self {
        let mut known = HashSet::new();
        let points: Vec<StoredTestPoint> = points
            .into_iter()
            .filter(|point| point.plan == plan.id && known.insert(point.id))
            .collect();
        let mut of_test_case: HashMap<TestCaseId, Vec<usize>> = HashMap::new();
        for (at, point) in points.iter().enumerate() {
            of_test_case.entry(point.test_case).or_default().push(at);
        }
        Self {
            id: plan.id,
            name: plan.name.clone(),
            synchronises_outcomes: plan.synchronises_outcomes,
            suites: Suites::default(),
            chosen: None,
            points,
            of_test_case,
        }
    }

    /// How people find it: name and ID.
    pub fn shown(&self) -> String {
        format!("test plan '{}' ({})", self.name, self.id)
    }

    /// The points of a test case, in the order of the service.
    pub fn points_of(&self, test_case: TestCaseId) -> impl Iterator<Item = &StoredTestPoint> {
        let positions = self.of_test_case.get(&test_case).into_iter().flatten();
        positions.map(|&at| &self.points[at])
    }

    /// All points, in the order of the service.
    pub fn points(&self) -> &[StoredTestPoint] {
        &self.points
    }

    /// Whether results may go to points in a suite. One that the service did not name is not among
    /// the chosen.
    pub fn is_chosen(&self, suite: Option<TestSuiteId>) -> bool {
        let is_among = |chosen: &HashSet<TestSuiteId>| suite.is_some_and(|id| chosen.contains(&id));
        self.chosen.as_ref().is_none_or(is_among)
    }

    /// A point as people find it: suite, configuration, tester.
    pub fn describe(&self, point: &StoredTestPoint) -> String {
        let suite = point.suite.map(|suite| match self.suites.path(suite) {
            Some(path) => format!("suite '{path}'"),
            None => format!("suite {suite}"),
        });
        let tester = match point.tester.as_str() {
            "" => "no tester".to_owned(),
            tester => format!("tester '{tester}'"),
        };
        let parts = [
            suite,
            Some(format!("configuration '{}'", configuration_name(point))),
            Some(tester),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("point {} ({})", point.id, parts.join(", "))
    }
}

/// The name of a point's configuration, else its ID.
pub fn configuration_name(point: &StoredTestPoint) -> String {
    if point.configuration_name.is_empty() {
        point.configuration.to_string()
    } else {
        point.configuration_name.clone()
    }
}

/// The suites of a plan.
#[derive(Clone, Debug, Default)]
pub struct Suites {
    by_id: BTreeMap<TestSuiteId, StoredTestSuite>,
    below: HashMap<TestSuiteId, Vec<TestSuiteId>>,
    /// Those that lie below no other.
    tops: Vec<TestSuiteId>,
}

/// Why nothing is known as the suite that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSuite {
    /// No suite has that ID, name or path.
    Unknown,
    /// A path of which the beginning is there.
    Beginning {
        /// The path as far as it leads.
        found: String,
        /// What is not there.
        missing: String,
        /// What is there instead.
        instead: Vec<String>,
    },
    /// Several suites have that name: path and ID.
    Several(Vec<String>),
}

impl NoSuite {
    /// In words that follow the name that was looked for.
    pub fn words(&self) -> String {
        match self {
            NoSuite::Unknown => "there is no test suite with that ID, name or path".to_owned(),
            NoSuite::Beginning {
                found,
                missing,
                instead,
            } if instead.is_empty() => {
                format!("'{found}' is there, but no suite lies below it, so no '{missing}'")
            }
            NoSuite::Beginning {
                found,
                missing,
                instead,
            } => format!(
                "'{found}' is there, but not '{missing}' below it; below it lie {}",
                listed(instead)
            ),
            NoSuite::Several(suites) => {
                format!("several test suites have that name: {}", suites.join(", "))
            }
        }
    }
}

impl Suites {
    /// Suites as the service lists them.
    pub fn new(suites: Vec<StoredTestSuite>) -> Self {
        let mut by_id = BTreeMap::new();
        let mut below: HashMap<TestSuiteId, Vec<TestSuiteId>> = HashMap::new();
        let mut tops = Vec::new();
        for suite in suites {
            if by_id.contains_key(&suite.id) {
                continue;
            }
            match suite.parent {
                Some(parent) => below.entry(parent).or_default().push(suite.id),
                None => tops.push(suite.id),
            }
            by_id.insert(suite.id, suite);
        }
        Self { by_id, below, tops }
    }

    /// All suites in the order of the plan, each followed by those below it, with its level from 0.
    pub fn in_order(&self) -> Vec<(&StoredTestSuite, usize)> {
        let mut found = Vec::new();
        let mut known = HashSet::new();
        let mut waiting: Vec<(TestSuiteId, usize)> = Vec::new();
        // What hangs on nothing, be it in circles, comes at the end.
        let all = self.tops.iter().chain(self.by_id.keys());
        for &top in all {
            waiting.push((top, 0));
            while let Some((id, level)) = waiting.pop() {
                if let Some(suite) = self.by_id.get(&id)
                    && known.insert(id)
                {
                    found.push((suite, level));
                    let below = self.below.get(&id).into_iter().flatten();
                    waiting.extend(below.rev().map(|&below| (below, level + 1)));
                }
            }
        }
        found
    }

    /// All of them, by ID.
    pub fn ids(&self) -> impl Iterator<Item = TestSuiteId> {
        self.by_id.keys().copied()
    }

    /// Whether none was read.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// A suite's path below the root suite, `Web/Login`; the root suite's is its name.
    pub fn path(&self, suite: TestSuiteId) -> Option<String> {
        let mut names = vec![self.by_id.get(&suite)?.name.as_str()];
        let mut above = self.parent(suite);
        // A tree that goes round in circles would else never end.
        while let Some(id) = above
            && names.len() <= self.by_id.len()
        {
            above = self.parent(id);
            if above.is_some()
                && let Some(suite) = self.by_id.get(&id)
            {
                names.push(&suite.name);
            }
        }
        names.reverse();
        Some(names.join("/"))
    }

    fn parent(&self, suite: TestSuiteId) -> Option<TestSuiteId> {
        self.by_id.get(&suite)?.parent
    }

    /// The suite that somebody names by ID, name, or path below the root suite; the path may begin
    /// with the root suite's own name.
    ///
    /// # Errors
    /// Says what is there instead.
    pub fn find(&self, named: &IdOrName) -> Result<TestSuiteId, NoSuite> {
        if let Some(id) = named.id().map(TestSuiteId)
            && self.by_id.contains_key(&id)
        {
            return Ok(id);
        }
        let text = named.as_str();
        let is_root = |suite: &StoredTestSuite| suite.parent.is_none();
        let roots: Vec<&StoredTestSuite> =
            self.by_id.values().filter(|suite| is_root(suite)).collect();
        let below_root = |text: &str| {
            let mut roots = roots.iter();
            roots.find_map(|root| {
                let rest = text.strip_prefix(root.name.as_str())?.strip_prefix('/')?;
                Some(rest.to_owned())
            })
        };
        let without_root = below_root(text);
        let is_it = |suite: &&StoredTestSuite| {
            let has_path = |wanted: &str| {
                !is_root(suite) && self.path(suite.id).is_some_and(|path| path == wanted)
            };
            suite.name == text
                || (text.contains('/')
                    && (has_path(text) || without_root.as_deref().is_some_and(has_path)))
        };
        let found: Vec<&StoredTestSuite> = self.by_id.values().filter(is_it).collect();
        match found.as_slice() {
            [suite] => Ok(suite.id),
            // A suite may be called as the root suite is.
            [] => Err(match (self.beginning(text), without_root) {
                (NoSuite::Unknown, Some(rest)) => self.beginning(&rest),
                (why, _) => why,
            }),
            several => {
                let shown = |suite: &&StoredTestSuite| {
                    let path = self.path(suite.id).unwrap_or_default();
                    format!("'{path}' ({})", suite.id)
                };
                Err(NoSuite::Several(several.iter().map(shown).collect()))
            }
        }
    }

    /// How far a path leads.
    fn beginning(&self, path: &str) -> NoSuite {
        let roots: Vec<TestSuiteId> = self
            .by_id
            .values()
            .filter(|suite| suite.parent.is_none())
            .map(|suite| suite.id)
            .collect();
        let mut level = self.children(&roots);
        let mut found: Vec<&str> = Vec::new();
        for part in path.split('/') {
            let next: Vec<TestSuiteId> = level
                .iter()
                .filter(|suite| suite.name == part)
                .map(|suite| suite.id)
                .collect();
            if next.is_empty() {
                if found.is_empty() {
                    return NoSuite::Unknown;
                }
                return NoSuite::Beginning {
                    found: found.join("/"),
                    missing: part.to_owned(),
                    instead: level.iter().map(|suite| suite.name.clone()).collect(),
                };
            }
            found.push(part);
            level = self.children(&next);
        }
        NoSuite::Unknown
    }

    fn children(&self, suites: &[TestSuiteId]) -> Vec<&StoredTestSuite> {
        let ids = suites.iter().filter_map(|suite| self.below.get(suite));
        ids.flatten().filter_map(|id| self.by_id.get(id)).collect()
    }

    /// These suites and all below them.
    pub fn with_those_below(&self, suites: &[TestSuiteId]) -> HashSet<TestSuiteId> {
        let mut found = HashSet::new();
        let mut waiting = suites.to_vec();
        while let Some(suite) = waiting.pop() {
            if found.insert(suite) {
                waiting.extend(self.below.get(&suite).into_iter().flatten());
            }
        }
        found
    }
}

/// `'a', 'b', 'c'`, and how many others there are.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(MOST_LISTED)
        .map(|name| format!("'{name}'"))
        .collect();
    match names.len().checked_sub(MOST_LISTED) {
        None | Some(0) => shown.join(", "),
        Some(others) => format!("{} and {others} more", shown.join(", ")),
    }
}

/// The test configurations of a project.
#[derive(Clone, Debug, Default)]
pub struct Configurations(pub Vec<StoredTestConfiguration>);

impl Configurations {
    /// The configuration that somebody names by ID or name.
    ///
    /// # Errors
    /// Says what is there instead.
    pub fn find(&self, named: &IdOrName) -> Result<&StoredTestConfiguration, String> {
        let by_id = named.id().map(TestConfigurationId);
        if let Some(found) = self.0.iter().find(|one| Some(one.id) == by_id) {
            return Ok(found);
        }
        let has_name = |one: &&StoredTestConfiguration| one.name.trim() == named.as_str();
        let found: Vec<&StoredTestConfiguration> = self.0.iter().filter(has_name).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                let names: Vec<String> = self.0.iter().map(|one| one.name.clone()).collect();
                Err(if names.is_empty() {
                    "there is no test configuration at all".to_owned()
                } else {
                    format!(
                        "there is no such test configuration; there are {}",
                        listed(&names)
                    )
                })
            }
            several => {
                let ids: Vec<String> = several.iter().map(|one| one.id.to_string()).collect();
                Err(format!(
                    "several test configurations have that name, with the IDs {}",
                    ids.join(", ")
                ))
            }
        }
    }

    /// Whether a configuration is retired. One that is not in the list is not known to be.
    pub fn is_retired(&self, id: TestConfigurationId) -> bool {
        self.0.iter().any(|one| one.id == id && !one.is_active)
    }
}

#[cfg(test)]
mod tests;
