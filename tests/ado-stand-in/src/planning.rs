//! What a test puts into the test plans of the service: plans, suites, configurations, points, work items.
//!
//! A plan has a root suite, suites lie below each other, and a test point is a test case in a suite with a
//! configuration (contract §5). Plans and suites are work items as well, as in the service, so that their ids are
//! answered as what they are where somebody takes them for the ids of test cases.

mod changes;
mod holdings;
mod work_item;

pub(crate) use self::holdings::Holdings;
pub(crate) use self::work_item::AUTOMATION;
pub use self::work_item::WorkItem;

/// A test plan. Its root suite is made with it and has the next id.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its id.
    pub id: u64,
    /// Its name, which another plan may have too.
    pub name: String,
    /// Name of its project.
    pub project: String,
    /// `Active`, or `Inactive` once it is closed.
    pub state: String,
    /// Its area path; empty is that of the project.
    pub area: String,
    /// `testOutcomeSettings.syncOutcomeAcrossSuites`: an outcome that was set by hand goes to the points of the same
    /// case and configuration in the other suites too; automated results stay where they are (contract §1.4).
    pub synchronised: bool,
    /// The identity may not see it: it is answered like a plan that does not exist.
    pub hidden: bool,
}

impl Plan {
    /// An active plan in the project `Shop`.
    #[must_use]
    pub fn new(id: u64, name: &str) -> Plan {
        Plan {
            id,
            name: name.into(),
            project: "Shop".into(),
            state: "Active".into(),
            area: String::new(),
            synchronised: false,
            hidden: false,
        }
    }

    /// The same plan in another project.
    #[must_use]
    pub fn in_project(mut self, project: &str) -> Plan {
        self.project = project.into();
        self
    }

    /// The same plan, closed.
    #[must_use]
    pub fn closed(mut self) -> Plan {
        self.state = "Inactive".into();
        self
    }

    /// The same plan, out of the identity's sight.
    #[must_use]
    pub fn hidden(mut self) -> Plan {
        self.hidden = true;
        self
    }

    /// The same plan, which synchronises outcomes across suites.
    #[must_use]
    pub fn synchronised(mut self) -> Plan {
        self.synchronised = true;
        self
    }

    /// The id of its root suite.
    #[must_use]
    pub fn root_suite(&self) -> u64 {
        self.id + 1
    }

    pub(crate) fn is_active(&self) -> bool {
        self.state == "Active"
    }
}

/// A test suite.
#[derive(Debug, Clone)]
pub struct Suite {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The id of its plan.
    pub plan: u64,
    /// The suite above it; `None` is the plan's root suite.
    pub parent: Option<u64>,
    /// How its test cases come into it.
    pub kind: SuiteKind,
}

/// How test cases come into a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuiteKind {
    /// Somebody put them there.
    Static,
    /// They test the requirement with this id.
    Requirement(u64),
    /// A query finds them.
    Query(String),
}

impl Suite {
    /// A static suite directly below the root suite of that plan.
    #[must_use]
    pub fn new(id: u64, plan: u64, name: &str) -> Suite {
        Suite {
            id,
            name: name.into(),
            plan,
            parent: None,
            kind: SuiteKind::Static,
        }
    }

    /// The same suite below another one.
    #[must_use]
    pub fn below(mut self, parent: u64) -> Suite {
        self.parent = Some(parent);
        self
    }

    /// The same suite, made of a requirement.
    #[must_use]
    pub fn of_requirement(mut self, id: u64) -> Suite {
        self.kind = SuiteKind::Requirement(id);
        self
    }

    /// The same suite, made of a query.
    #[must_use]
    pub fn of_query(mut self, query: &str) -> Suite {
        self.kind = SuiteKind::Query(query.into());
        self
    }
}

/// A test configuration.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Name of its project.
    pub project: String,
    /// Not retired.
    pub active: bool,
    /// Given to new test cases of every suite.
    pub is_default: bool,
}

impl Configuration {
    /// An active configuration in the project `Shop`.
    #[must_use]
    pub fn new(id: u64, name: &str) -> Configuration {
        Configuration {
            id,
            name: name.into(),
            project: "Shop".into(),
            active: true,
            is_default: false,
        }
    }

    /// The same configuration in another project.
    #[must_use]
    pub fn in_project(mut self, project: &str) -> Configuration {
        self.project = project.into();
        self
    }

    /// The same configuration, retired.
    #[must_use]
    pub fn inactive(mut self) -> Configuration {
        self.active = false;
        self
    }

    /// The same configuration as a default.
    #[must_use]
    pub fn as_default(mut self) -> Configuration {
        self.is_default = true;
        self
    }
}

/// A test point: a test case in a suite with a configuration. Within their suite the test cases stand in the order
/// in which their first points were added.
#[derive(Debug, Clone)]
pub struct Point {
    /// Its id.
    pub id: u64,
    /// The id of its suite, which tells the plan.
    pub suite: u64,
    /// The id of its test case.
    pub case: u64,
    /// The id of its configuration.
    pub configuration: u64,
    /// Who is to run it.
    pub tester: Option<String>,
    /// Whether the configuration is still assigned to the test case.
    pub active: bool,
    /// The outcome that it had before any run of this service.
    pub outcome: Option<String>,
}

impl Point {
    /// An active point that was never run and has no tester.
    #[must_use]
    pub fn new(id: u64, suite: u64, case: u64, configuration: u64) -> Point {
        Point {
            id,
            suite,
            case,
            configuration,
            tester: None,
            active: true,
            outcome: None,
        }
    }

    /// The same point with a tester.
    #[must_use]
    pub fn tester(mut self, name: &str) -> Point {
        self.tester = Some(name.into());
        self
    }

    /// The same point, no longer assigned.
    #[must_use]
    pub fn inactive(mut self) -> Point {
        self.active = false;
        self
    }

    /// The same point, which ended so before.
    #[must_use]
    pub fn ended(mut self, outcome: &str) -> Point {
        self.outcome = Some(outcome.into());
        self
    }
}
