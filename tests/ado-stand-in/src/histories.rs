//! What became of the test points of a plan, as tests look at it.

use crate::Service;
use crate::runs::planned::point_of;
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};

/// A test point with everything that was published onto it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointHistory {
    /// The id of the point.
    pub point: u64,
    /// The id of its suite.
    pub suite: u64,
    /// The id of its test case.
    pub case: u64,
    /// The id of its configuration.
    pub configuration: u64,
    /// The outcome that the plan shows; `Unspecified` where there is none, or where the point is being run.
    pub outcome: String,
    /// `Ready`, `InProgress` or `Completed`.
    pub state: String,
    /// The results that name the point, by run and id.
    pub results: Vec<PointResult>,
}

impl PointHistory {
    /// The runs and outcomes of its results, in that order.
    #[must_use]
    pub fn outcomes(&self) -> Vec<(u64, &str)> {
        let results = self.results.iter();
        results
            .map(|result| (result.run, result.outcome.as_str()))
            .collect()
    }
}

/// A result of a test point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointResult {
    /// The id of its run.
    pub run: u64,
    /// The state that the run is read in.
    pub run_state: String,
    /// Its own id.
    pub result: u64,
    /// Its own state: `Pending` until somebody has finished it.
    pub state: String,
    /// Its outcome.
    pub outcome: String,
}

impl Service {
    /// The points of a plan, by id, with the results that were published onto them.
    #[must_use]
    pub fn point_histories(&self, plan: u64) -> Vec<PointHistory> {
        histories(&self.state(), plan)
    }

    /// Why not every point of the plan has its results exactly once: two results of one run, results that wait for
    /// ever, runs that are still open, and every mistake (see [`Service::mistakes`]). Runs that were aborted do not
    /// count. Empty where all is well.
    #[must_use]
    pub fn plan_violations(&self, plan: u64) -> Vec<String> {
        let state = self.state();
        let mut violations = state.mistakes.clone();
        let mut open = BTreeSet::new();
        for history in histories(&state, plan) {
            let mut numbers: BTreeMap<u64, usize> = BTreeMap::new();
            for result in &history.results {
                match result.run_state.as_str() {
                    "Aborted" => continue,
                    "Completed" | "NeedsInvestigation" if result.state != "Completed" => {
                        violations.push(format!(
                            "point {}: result {} of run {} waits for ever",
                            history.point, result.result, result.run
                        ));
                    }
                    "Completed" | "NeedsInvestigation" => (),
                    _ => drop(open.insert(result.run)),
                }
                *numbers.entry(result.run).or_default() += 1;
            }
            for (run, number) in numbers {
                if number > 1 {
                    violations.push(format!(
                        "point {}: {number} results in run {run}",
                        history.point
                    ));
                }
            }
        }
        violations.extend(open.iter().map(|run| format!("run {run} is still open")));
        violations
    }
}

fn histories(state: &State, plan: u64) -> Vec<PointHistory> {
    let mut results: BTreeMap<u64, Vec<PointResult>> = BTreeMap::new();
    for run in state.runs.values() {
        let run_state = state.state_of(run);
        for result in run.results.values() {
            let Some(point) = point_of(&result.fields) else {
                continue;
            };
            results.entry(point).or_default().push(PointResult {
                run: run.id,
                run_state: run_state.clone(),
                result: result.id,
                state: result.text("state").into(),
                outcome: result.text("outcome").into(),
            });
        }
    }
    let points = state.holdings.points.values().filter(|point| {
        let own = state.holdings.plan_of(point.suite);
        own.is_some_and(|own| own.id == plan)
    });
    let histories = points.map(|point| {
        let standing = state.standing(point);
        PointHistory {
            point: point.id,
            suite: point.suite,
            case: point.case,
            configuration: point.configuration,
            outcome: standing.outcome.into(),
            state: standing.state().into(),
            results: results.remove(&point.id).unwrap_or_default(),
        }
    });
    histories.collect()
}
