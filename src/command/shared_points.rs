//! Points on which executions meet that differ: a point shows its newest result alone, so a pass in
//! one browser hides the failure in another.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::plan::lists::Unread;
use super::runs::{Batch, Material, What};
use crate::azure_devops::TestRunId;
use crate::azure_devops::stored::StoredRun;
use crate::katalon::Report;
use crate::mapping;
use crate::mapping::points::Target;
use crate::problem::{Problem, code, counted as count};
use crate::publish::marker::Marker;

/// Runs of other jobs that are looked at. Those of this build are the newest.
const MOST_RUNS: usize = 3;

impl Context<'_> {
    /// Warns of points on which runs of this step meet, or one of them and a run of another job of
    /// this build.
    pub(super) async fn warn_of_shared_points(&self, batches: &[Batch], material: &Material<'_>) {
        let mut shared = material.shared_points(batches);
        if shared.is_empty() {
            shared = self.shared_with_other_jobs(material).await;
        }
        let Some(first) = shared.first() else {
            return;
        };
        let others = match shared.len() - 1 {
            0 => String::new(),
            others => format!(", and {} more", count(others, "point")),
        };
        self.pipeline.issue(&Problem::warning(
            code::SHARED_POINT,
            format!("different executions have results on one test point: {first}{others}"),
            "The point shows the last one alone, so a pass may hide a failure. Give the test case a \
             point for each configuration, and tell them apart with 'configurationMapping'.",
        ));
    }

    /// Points whose last result another job of this build published, from another execution.
    async fn shared_with_other_jobs(&self, material: &Material<'_>) -> Vec<String> {
        let (Some(build), Some(matching)) = (material.settings.build, material.matching) else {
            return Vec::new();
        };
        let mut of_run: BTreeMap<TestRunId, Vec<(&Target, usize)>> = BTreeMap::new();
        for (&(report, _), place) in &matching.places {
            for target in &place.targets {
                if let Some(run) = matching.point(target).and_then(|point| point.last_run) {
                    of_run.entry(run).or_default().push((target, report));
                }
            }
        }
        let mut shared = Vec::new();
        let (client, project) = (self.client, self.plan_project());
        for (run, targets) in of_run.into_iter().rev().take(MOST_RUNS) {
            // It warns and decides nothing, so what cannot be read is left alone.
            let (run, of_build) = match self.answer(|| client.run_with_build(project, run)).await {
                Ok(read) => read,
                // Somebody may have deleted this one.
                Err(Unread::Refused(_)) => continue,
                Err(Unread::Ended(..)) => break,
            };
            let marker = run.comment.as_deref().and_then(Marker::parse);
            let is_others = marker.is_some_and(|marker| marker.owner != material.settings.owner);
            if of_build != Some(build) || !is_others {
                continue;
            }
            for (target, report) in targets {
                let report = &material.reports[report];
                if differs(&run, report) {
                    shared.push(format!(
                        "point {} of test case {}: {}; and test run {} '{}' of another job",
                        target.point,
                        target.test_case,
                        execution(report),
                        run.id,
                        run.name
                    ));
                }
            }
        }
        shared
    }
}

/// Whether a run of ours holds another execution than this one, as its comment tells.
fn differs(run: &StoredRun, report: &Report) -> bool {
    let comment = run.comment.as_deref().unwrap_or_default();
    let holds = |text: &str| text.is_empty() || comment.contains(text);
    let browser = mapping::name_without_version(report.browser_or_device());
    let profile = match report.profile.as_str() {
        "" => String::new(),
        profile => format!("profile {profile}"),
    };
    !holds(browser) || !holds(&profile)
}

impl Material<'_> {
    /// Points on which runs meet whose executions differ, in words.
    fn shared_points(&self, batches: &[Batch]) -> Vec<String> {
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
