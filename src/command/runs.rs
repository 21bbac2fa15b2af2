//! Which runs are made of what.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Matching, Source};
use crate::azure_devops::TestPlanId;
use crate::inputs::TestRunPer;
use crate::katalon::Report;
use crate::mapping::points::Target;
use crate::mapping::{self, Settings};
use crate::publish::desired::LookUp;

/// What runs are made of.
pub(super) struct Material<'a> {
    pub(super) reports: &'a [Report],
    pub(super) settings: Settings<'a>,
    /// Number of the build that is published to; empty without one.
    pub(super) build_number: &'a str,
    /// `None` without a test plan.
    pub(super) matching: Option<&'a Matching>,
}

/// A run to be made: of which reports, and what of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunOf {
    /// Positions of the reports.
    pub(super) reports: Vec<usize>,
    /// What of them.
    pub(super) what: What,
}

/// What of its reports a run holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Everything.
    All,
    /// What has points in this plan.
    OfPlan(TestPlanId),
    /// These results, which reach no point.
    Unmatched(BTreeSet<Source>),
}

impl RunOf {
    /// One run for each of its reports.
    pub(super) fn divided(&self) -> impl Iterator<Item = RunOf> {
        self.reports.iter().map(|&report| RunOf {
            reports: vec![report],
            what: self.what.clone(),
        })
    }
}

/// Runs of one project that are published together.
pub(super) struct Batch {
    pub(super) project: String,
    pub(super) look_up: LookUp,
    /// It is not the build's: the service takes neither build nor pipeline there.
    pub(super) is_another_project: bool,
    pub(super) runs: Vec<RunOf>,
}

impl Material<'_> {
    /// The runs without a plan, or of what reaches no point of one.
    pub(super) fn runs_of_build(
        &self,
        pending: &[usize],
        per: TestRunPer,
        unmatched: Option<&BTreeSet<Source>>,
    ) -> Vec<RunOf> {
        let holds = |report: &usize| match unmatched {
            None => true,
            Some(unmatched) => !of_report(unmatched, *report).is_empty(),
        };
        let pending: Vec<usize> = pending.iter().copied().filter(holds).collect();
        let groups = mapping::groups(self.reports, &pending, per).into_iter();
        groups
            .map(|reports| RunOf {
                what: match unmatched {
                    None => What::All,
                    Some(unmatched) => What::Unmatched(
                        reports
                            .iter()
                            .flat_map(|&report| of_report(unmatched, report))
                            .collect(),
                    ),
                },
                reports,
            })
            .collect()
    }

    /// The runs of a plan.
    pub(super) fn runs_of_plan(
        &self,
        plan: TestPlanId,
        pending: &[usize],
        per: TestRunPer,
    ) -> Vec<RunOf> {
        let has_some = |report: &usize| {
            let mut results = self.results(*report);
            results.any(|(_, targets)| targets.iter().any(|target| target.plan == plan))
        };
        let pending: Vec<usize> = pending.iter().copied().filter(has_some).collect();
        let groups = mapping::groups(self.reports, &pending, per).into_iter();
        groups
            .map(|reports| RunOf {
                reports,
                what: What::OfPlan(plan),
            })
            .collect()
    }

    /// Points on which runs meet whose executions differ, in words.
    pub(super) fn shared_points(&self, batches: &[Batch]) -> Vec<String> {
        let mut on_point: BTreeMap<Target, Vec<(usize, BTreeSet<String>)>> = BTreeMap::new();
        let runs = batches.iter().flat_map(|batch| &batch.runs);
        for (number, run) in runs.enumerate() {
            let What::OfPlan(plan) = run.what else {
                continue;
            };
            for &report in &run.reports {
                let execution = execution(&self.reports[report]);
                let targets = self.results(report).flat_map(|(_, targets)| targets);
                for &target in targets.filter(|target| target.plan == plan) {
                    let runs = on_point.entry(target).or_default();
                    match runs.last_mut() {
                        Some((last, executions)) if *last == number => {
                            executions.insert(execution.clone());
                        }
                        Some(_) | None => runs.push((number, [execution.clone()].into())),
                    }
                }
            }
        }
        let shared = on_point.into_iter().filter_map(|(target, runs)| {
            let all: BTreeSet<String> = runs
                .iter()
                .flat_map(|(_, executions)| executions.iter().cloned())
                .collect();
            let differ = runs.len() > 1 && all.len() > 1;
            differ.then(|| {
                let all: Vec<String> = all.into_iter().collect();
                format!(
                    "point {} of test case {}: {}",
                    target.point,
                    target.test_case,
                    all.join("; ")
                )
            })
        });
        shared.collect()
    }

    /// The results of a report with their points.
    pub(super) fn results(&self, report: usize) -> impl Iterator<Item = (Source, &[Target])> {
        (0..self.reports[report].results.len()).map(move |at| {
            let source = (report, at);
            let targets = self.matching.map_or(&[][..], |all| all.targets(source));
            (source, targets)
        })
    }

    /// The name of the plan that a run is of; empty without one.
    pub(super) fn plan_name(&self, run: &RunOf) -> &str {
        let What::OfPlan(id) = run.what else {
            return "";
        };
        let plans = self.matching.map_or(&[][..], |matching| &matching.plans);
        let plan = plans.iter().find(|plan| plan.id == id);
        plan.map_or("", |plan| &plan.name)
    }
}

/// What tells an execution of a suite from another one, as people say it.
fn execution(report: &Report) -> String {
    let browser = mapping::name_without_version(report.browser_or_device());
    let profile = match report.profile.as_str() {
        "" => String::new(),
        profile => format!("profile {profile}"),
    };
    let parts = [report.suite.as_str(), browser, &profile];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

fn of_report(sources: &BTreeSet<Source>, report: usize) -> Vec<Source> {
    let of_report = sources.range((report, 0)..=(report, usize::MAX));
    of_report.copied().collect()
}
