//! Which runs are made of what.

use std::collections::BTreeSet;

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

fn of_report(sources: &BTreeSet<Source>, report: usize) -> Vec<Source> {
    let of_report = sources.range((report, 0)..=(report, usize::MAX));
    of_report.copied().collect()
}
