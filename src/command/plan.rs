//! Test plans: reading them, and deciding which result belongs on which points, or why on none.

use std::collections::{BTreeSet, HashMap};

use super::context::Context;
use super::katalon_project::KatalonProjects;
use crate::azure_devops::test_plans::StoredTestPlan;
use crate::azure_devops::{Outcome, TestCaseId, TestConfigurationId, TestPlanId};
use crate::cancel::Cancel;
use crate::exit_code::ExitCode;
use crate::inputs::Invocation;
use crate::katalon::project::Project;
use crate::katalon::{Report, Status, TestResult};
use crate::mapping::plan::{Configurations, Plan};
use crate::mapping::points::{Unreached, Why};
use crate::mapping::unmatched::{Known, Reason};
use crate::mapping::{IdSources, Ids, outcome_on_point};
use crate::pipeline::Pipeline;
use crate::problem::{Problem, code, counted as count};

mod deciding;
mod explaining;
pub(super) mod lists;
pub(super) mod looking;
mod matching;
pub(super) mod naming;
mod points;

use deciding::{Decided, Decider};
use explaining::Found;
use lists::Unread;
pub(super) use matching::{Matching, Place, Source, Unmatched};
use naming::Wrong;

/// Katalon's side: what gives results their IDs.
pub(super) struct KatalonSide {
    of_report: KatalonProjects,
    projects: Vec<Project>,
}

impl KatalonSide {
    /// Reads the projects; `None` if somebody cancels.
    pub(super) async fn read(
        of_report: &KatalonProjects,
        pipeline: &Pipeline,
        cancel: &Cancel,
    ) -> Option<Self> {
        Some(Self {
            of_report: of_report.clone(),
            projects: of_report.read(pipeline, cancel).await?,
        })
    }

    /// Makes results of rows that are test cases of their own.
    pub(super) fn split_rows(&self, reports: &mut [Report], invocation: &Invocation) {
        for (at, report) in reports.iter_mut().enumerate() {
            self.sources(at, invocation).split_rows(&mut report.results);
        }
    }

    /// The Katalon project of a report.
    pub(super) fn project(&self, report: usize) -> Option<&Project> {
        let at = self.of_report.of_report(report)?;
        self.projects.get(at)
    }

    /// What gives the results of a report their IDs.
    fn sources<'s>(&'s self, report: usize, invocation: &'s Invocation) -> IdSources<'s> {
        IdSources {
            mapping_file: &invocation.mapping_file,
            project: self.project(report),
            pattern: invocation.inputs.test_case_id_pattern.value.as_ref(),
        }
    }
}

/// What was read of Azure DevOps.
#[derive(Default)]
struct Read {
    plans: Vec<Plan>,
    configurations: Configurations,
    /// The configuration of each rule that names one that exists, by the rule's line.
    of_rules: HashMap<String, TestConfigurationId>,
}

impl Context<'_> {
    /// Reads the plans that the inputs name, and places each pending result.
    pub(super) async fn place_results(
        &self,
        reports: &[Report],
        pending: &[usize],
        katalon: &KatalonSide,
    ) -> Result<Matching, (ExitCode, Problem)> {
        let mut wrong = Wrong::default();
        let mut results: Vec<(Source, &TestResult, Ids)> = Vec::new();
        for &report in pending {
            let sources = katalon.sources(report, self.invocation);
            for (at, result) in reports[report].results.iter().enumerate() {
                results.push(((report, at), result, sources.ids(result)));
            }
        }
        let stored = self.plans(&mut wrong).await?;
        let test_cases: BTreeSet<TestCaseId> = results
            .iter()
            // What stays off the plan needs no points.
            .filter(|(_, result, _)| self.kept_off(result).is_none())
            .flat_map(|(_, _, ids)| ids.ids.iter().copied())
            .collect();
        let test_cases: Vec<TestCaseId> = test_cases.into_iter().collect();
        let read = self.read_plans(&stored, &test_cases, &mut wrong).await;
        let mut read = self.unless_about_the_plan(read, &mut wrong)?;
        self.choose_suites(&mut read.plans, &mut wrong);
        let decider = Decider {
            context: self,
            read: &read,
            missing: &wrong.missing,
        };
        let decided: Vec<Decided> = results
            .into_iter()
            .map(|(source, result, ids)| {
                let sources = katalon.sources(source.0, self.invocation);
                decider.decide(source, &reports[source.0], result, ids, &sources)
            })
            .collect();
        let found = self.find_out(&mut read.plans, &decided).await?;
        let known = Known {
            plans: &read.plans,
            configurations: &read.configurations,
            work_items: &found.work_items,
            elsewhere: &found.elsewhere,
            missing: &wrong.missing,
        };
        let mut matching = Matching::default();
        for decided in decided {
            self.warn(&decided, reports, &known);
            let unmatched = decided.reason.map(|reason| Unmatched {
                why: known.words(&reason),
                fails: reason.fails(),
                goes_to_the_build: match reason {
                    Reason::NoPlan(_) | Reason::NoSuchConfiguration(_) => true,
                    Reason::Unreached(_) => !wrong.missing.is_empty(),
                    Reason::NotRun
                    | Reason::KeptOff(_)
                    | Reason::NoId { .. }
                    | Reason::NoNumber { .. }
                    | Reason::Refused(_) => false,
                },
            });
            let place = Place {
                test_cases: decided.test_cases,
                targets: decided.matched.targets,
                unmatched,
            };
            matching.places.insert(decided.source, place);
        }
        matching.plans = read.plans;
        matching.wrong = wrong.problems;
        Ok(matching)
    }

    /// What was read; nothing, and a wrong input, where the service refused it over the plan.
    fn unless_about_the_plan(
        &self,
        read: Result<Read, Unread>,
        wrong: &mut Wrong,
    ) -> Result<Read, (ExitCode, Problem)> {
        match read {
            Ok(read) => Ok(read),
            Err(Unread::Ended(exit_code, problem)) => Err((exit_code, problem)),
            Err(Unread::Refused(refusal)) => {
                if !self.note_about_the_plan(&refusal, wrong) {
                    return Err(self.not_read(&refusal));
                }
                Ok(Read::default())
            }
        }
    }

    /// Suites only where they choose; else they are read when a reason has to name one.
    async fn read_plans(
        &self,
        stored: &[StoredTestPlan],
        test_cases: &[TestCaseId],
        wrong: &mut Wrong,
    ) -> Result<Read, Unread> {
        let mut read = Read::default();
        let has_rules = !self
            .invocation
            .inputs
            .configuration_mapping
            .value
            .rules
            .is_empty();
        if stored.is_empty() {
            // Rules that are wrong are told in the same round as the plan that is not there.
            if has_rules && let Ok(configurations) = self.configurations().await {
                self.configurations_of_rules(&configurations, wrong);
            }
            return Ok(read);
        }
        read.configurations = self.configurations().await?;
        read.of_rules = self.configurations_of_rules(&read.configurations, wrong);
        let mut points = self.points(stored, test_cases).await?;
        let chooses = !self.invocation.inputs.test_suites.value.0.is_empty();
        for plan in stored {
            let of_plan = points.remove(&plan.id).unwrap_or_default();
            let mut plan = Plan::new(plan, of_plan);
            if chooses {
                plan.suites = self.suites(plan.id).await?;
            }
            read.plans.push(plan);
        }
        Ok(read)
    }

    /// Why a result is kept off the plan whatever its test case.
    fn kept_off(&self, result: &TestResult) -> Option<Reason> {
        let statuses = &self.invocation.inputs.status_mapping.value;
        let status = result.status();
        if outcome_on_point(status, statuses) != Outcome::None {
            return None;
        }
        Some(match (status, statuses.given(status)) {
            (Status::NotRun, None) => Reason::NotRun,
            (status, _) => Reason::KeptOff(status),
        })
    }

    /// Reads what the reasons have to name: suites of points, and test cases that are in no plan.
    async fn find_out(
        &self,
        plans: &mut [Plan],
        decided: &[Decided],
    ) -> Result<Found, (ExitCode, Problem)> {
        let unreached = || decided.iter().flat_map(Decided::told);
        let names_suites: BTreeSet<TestPlanId> = unreached()
            .filter(|one| match one.why {
                Why::NotInSuites(_) | Why::Inactive(_) | Why::Several(_) => true,
                Why::NotInPlan | Why::NoSuchConfiguration { .. } => false,
            })
            .map(|one| one.plan)
            .collect();
        for plan in plans.iter_mut() {
            if plan.suites.is_empty() && names_suites.contains(&plan.id) {
                match self.suites(plan.id).await {
                    Ok(suites) => plan.suites = suites,
                    Err(Unread::Refused(refusal)) => self.pipeline.debug(&refusal.message),
                    Err(Unread::Ended(exit_code, problem)) => return Err((exit_code, problem)),
                }
            }
        }
        let is_in_some = |id: TestCaseId| {
            let mut plans = plans.iter();
            plans.any(|plan| plan.points_of(id).next().is_some())
        };
        let nowhere: BTreeSet<TestCaseId> = unreached()
            .filter(|one| one.why == Why::NotInPlan)
            .map(|one| one.test_case)
            .filter(|&id| !is_in_some(id))
            .collect();
        let nowhere: Vec<TestCaseId> = nowhere.into_iter().collect();
        self.explain(&nowhere).await
    }

    /// Warns of what a result misses though it reaches points.
    fn warn(&self, decided: &Decided, reports: &[Report], known: &Known<'_>) {
        if decided.matched.targets.is_empty() {
            return;
        }
        let (report, at) = decided.source;
        let test_case = reports[report].results[at].test_case.as_str();
        let mut told: Vec<String> = Vec::new();
        let mut seen: BTreeSet<TestCaseId> = BTreeSet::new();
        let worth: Vec<&Unreached> = decided.matched.worth_a_warning().collect();
        for unreached in &worth {
            if seen.insert(unreached.test_case) {
                let of_test_case = worth
                    .iter()
                    .filter(|one| one.test_case == unreached.test_case);
                let of_test_case: Vec<&Unreached> = of_test_case.copied().collect();
                told.push(known.test_case(unreached.test_case, &of_test_case));
            }
        }
        for (variable, value) in &decided.unresolved {
            told.push(known.words(&Reason::NoNumber {
                variable: variable.clone(),
                value: value.clone(),
            }));
        }
        if !told.is_empty() {
            self.pipeline.issue(&Problem::warning(
                code::ID_REACHES_NOTHING,
                format!(
                    "'{test_case}' reaches {}, but not all that it should: {}",
                    count(decided.matched.targets.len(), "test point"),
                    told.join("; ")
                ),
                "",
            ));
        }
    }
}
