//! Publishing the runs, project by project.

use std::collections::BTreeSet;

use super::mapping::{map, titles};
use super::plan::Source;
use super::runs::{Batch, Material, RunOf};
use super::session::Session;
use crate::azure_devops::{TestPlanId, TestRunId};
use crate::freshness::Age;
use crate::inputs::{UnmatchedResults, WhenAlreadyPublished};
use crate::mapping::{Origin, Settings};
use crate::problem::counted as count;
use crate::publish::desired::{Desired, DesiredRun, LookUp};
use crate::publish::fate::Fate;
use crate::publish::{Publisher, RunFate, cancelled};

/// What sending came to.
#[derive(Default)]
struct SentRuns {
    /// Runs to be made in place of others.
    divided: Vec<RunOf>,
    /// Results of which the service refuses a point.
    refused: BTreeSet<Source>,
}

impl Session<'_> {
    /// Publishes batch by batch. What the service refuses a point follows in a run of the build.
    pub(super) async fn publish_all(
        &mut self,
        batches: Vec<Batch>,
        material: &Material<'_>,
        age: &Age<'_>,
    ) {
        let inputs = &self.context.invocation.inputs;
        let all: Vec<&RunOf> = batches.iter().flat_map(|batch| &batch.runs).collect();
        let local = self.context.local();
        let mut of_all = titles(local, &all, material);
        let mut is_first = !all.is_empty();
        let mut refused = BTreeSet::new();
        for mut batch in batches {
            let mut of_batch: Vec<String> = of_all.drain(..batch.runs.len()).collect();
            // A run of which some reports are published already is made anew in single ones. And
            // where there is nothing to publish, an earlier try may still have left a run open.
            loop {
                let settings = if batch.is_another_project {
                    material.settings.in_another_project()
                } else {
                    material.settings.clone()
                };
                let mapped = map(local, &batch.runs, &of_batch, &settings, material);
                let Some(runs) = mapped.await else {
                    self.stopped(cancelled());
                    return;
                };
                if std::mem::take(&mut is_first) {
                    self.context.pipeline.section(if inputs.dry_run.value {
                        "Dry run: what would be sent"
                    } else {
                        "Publishing"
                    });
                }
                let Some(sent) = self.send(&batch, runs, &settings, material, age).await else {
                    return;
                };
                refused.extend(sent.refused);
                if sent.divided.is_empty() {
                    break;
                }
                batch.runs = sent.divided;
                of_batch = titles(local, &batch.runs.iter().collect::<Vec<_>>(), material);
            }
        }
        refused.retain(|source| self.account.is_unmatched(*source));
        if refused.is_empty() {
            return;
        }
        if inputs.unmatched_results.value == UnmatchedResults::Skip {
            for source in refused {
                self.account
                    .leave_result_out(source, "it reaches no test point");
            }
            return;
        }
        let reports: BTreeSet<usize> = refused.iter().map(|(report, _)| *report).collect();
        let reports: Vec<usize> = reports.into_iter().collect();
        let runs = material.runs_of_build(&reports, inputs.test_run_per.value, Some(&refused));
        Box::pin(self.publish_all(vec![self.batch_of_build(runs, material)], material, age)).await;
    }

    /// The runs to be made, project by project. Those of plans come first, so that the results
    /// that reach no point are known when the others are there.
    pub(super) async fn batches(
        &mut self,
        pending: &[usize],
        material: &Material<'_>,
    ) -> Vec<Batch> {
        let inputs = &self.context.invocation.inputs;
        let per = inputs.test_run_per.value;
        let Some(matching) = material.matching else {
            return vec![self.batch_of_build(material.runs_of_build(pending, per, None), material)];
        };
        let to_build: BTreeSet<Source> = matching
            .unmatched()
            .filter(|(_, unmatched)| {
                unmatched.goes_to_the_build
                    || inputs.unmatched_results.value != UnmatchedResults::Skip
            })
            .map(|(source, _)| source)
            .collect();
        for (source, unmatched) in matching.unmatched() {
            if !to_build.contains(&source) {
                self.account.leave_result_out(source, &unmatched.why);
            }
        }
        let of_build = material.runs_of_build(pending, per, Some(&to_build));
        let of_plans = matching.plans.iter().map(|plan| {
            let runs = material.runs_of_plan(plan.id, pending, per);
            (plan.id, runs)
        });
        let of_plans: Vec<(TestPlanId, Vec<RunOf>)> =
            of_plans.filter(|(_, runs)| !runs.is_empty()).collect();
        let project = self.context.invocation.project();
        let is_same = of_plans.is_empty() || self.context.plan_is_at_the_build().await;
        let mut batches = Vec::new();
        if is_same && material.settings.build.is_some() {
            // One look finds the runs of plans, too.
            let runs = of_plans.into_iter().flat_map(|(_, runs)| runs);
            batches.push(self.batch_of_build(runs.chain(of_build).collect(), material));
            return batches;
        }
        if !is_same && !of_plans.is_empty() {
            self.context.pipeline.line(&format!(
                "The test plan is in project '{project}' and the build in '{}': Azure DevOps links \
                 no test run to a build of another project, so the runs of the plan have none.",
                self.context.project()
            ));
        }
        batches.extend(of_plans.into_iter().map(|(plan, runs)| Batch {
            project: project.to_owned(),
            look_up: LookUp::Plan(plan),
            is_another_project: !is_same,
            runs,
        }));
        if !of_build.is_empty() || material.settings.build.is_some() {
            batches.push(self.batch_of_build(of_build, material));
        }
        batches
    }

    fn batch_of_build(&self, runs: Vec<RunOf>, material: &Material<'_>) -> Batch {
        Batch {
            project: self.context.project().to_owned(),
            look_up: material.settings.build.map_or(LookUp::None, LookUp::Build),
            is_another_project: false,
            runs,
        }
    }

    /// Publishes the runs of a batch; `None` if that ended before everything was there.
    async fn send(
        &mut self,
        batch: &Batch,
        runs: Vec<(DesiredRun, Origin)>,
        settings: &Settings<'_>,
        material: &Material<'_>,
        age: &Age<'_>,
    ) -> Option<SentRuns> {
        let context = self.context;
        let reports = material.reports;
        let inputs = &context.invocation.inputs;
        let (runs, origins): (Vec<DesiredRun>, Vec<Origin>) = runs.into_iter().unzip();
        let again = inputs.when_already_published.value == WhenAlreadyPublished::Publish;
        let mut desired = Desired::new(settings.owner.clone(), again, batch.look_up, runs);
        if !desired.can_look() {
            context.pipeline.line(
                "There is no build to look runs up by: what was published before is published again.",
            );
        }
        let publisher = Publisher {
            client: context.client,
            pipeline: context.pipeline,
            project: &batch.project,
            dry_run: inputs.dry_run.value,
            waits: context.waits,
            retry_for: inputs.retry_for.value.duration(),
            cancel: context.cancel,
            secrets: context.secrets,
            identity: &context.as_whom.name,
        };
        let published = publisher.publish(&mut desired).await;
        let url = |id: TestRunId| match published.urls.get(&id) {
            Some(url) => url.clone(),
            None => context.url_of_run(&batch.project, id),
        };
        let mut sent = SentRuns::default();
        for of_run in published.fates(&desired) {
            let RunFate {
                part,
                run,
                fate,
                would_send,
            } = of_run;
            let origin = &origins[part.run].part(&part.results);
            match &fate {
                Fate::Divided => {
                    for divided in batch.runs[part.run].divided() {
                        if !sent.divided.contains(&divided) {
                            sent.divided.push(divided);
                        }
                    }
                }
                Fate::PointRefused { reason } => {
                    let why = format!("Azure DevOps refused its test point: {reason}");
                    for (sources, point) in origin.sources.iter().zip(&run.points) {
                        for &source in sources {
                            self.account.refuse_point(source, *point, &why);
                            sent.refused.insert(source);
                        }
                    }
                }
                Fate::Published { .. }
                | Fate::AlreadyPublished { .. }
                | Fate::StillHeld { .. }
                | Fate::Missing { .. } => {}
            }
            // What merely lies on a shared agent is nobody's; what a re-run replaced is past.
            let counts = |report: usize, ours: bool| {
                let report = &reports[report];
                (ours || age.is_downloaded(report)) && !age.is_replaced(report, reports)
            };
            self.account
                .book(run, origin, &fate, would_send.cloned(), url, counts);
            if !inputs.dry_run.value || !matches!(fate, Fate::Published { .. }) {
                self.tell_run(run, &fate, url);
            }
        }
        if let Some(problem) = published.stopped {
            self.stopped(problem);
            return None;
        }
        Some(sent)
    }

    fn tell_run(&self, run: &DesiredRun, fate: &Fate, url: impl Fn(TestRunId) -> String) {
        let name = run.run.name.as_str();
        let results = count(run.results.len(), "result");
        self.context.pipeline.line(&match fate {
            Fate::Published { id, refused, .. } => {
                let stored = run.results.len() - refused.len();
                format!("'{name}': {stored} of {results} in test run {id}: {}", url(*id))
            }
            Fate::AlreadyPublished { id, .. } => format!(
                "'{name}': already published in test run {id} ({}); 'whenAlreadyPublished: publish' publishes it once more",
                url(*id)
            ),
            Fate::StillHeld { by } => {
                format!("'{name}': another job is still publishing it, in test run {by}")
            }
            Fate::Missing { reason } => format!("'{name}': {results} not published: {reason}"),
            Fate::Divided => format!("'{name}': to be published in several runs"),
            Fate::PointRefused { reason } => {
                format!("'{name}': {results} without a test point: {reason}")
            }
        });
    }
}
