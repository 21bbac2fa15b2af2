//! What should exist in Azure DevOps when the work is done.

use std::collections::{BTreeMap, BTreeSet};

use super::marker::{Marker, Owner, ReportKey};
use crate::azure_devops::{
    BuildId, NewAttachment, NewTestResult, NewTestRun, TestPlanId, TestPointId,
};

/// The runs of one project that should exist, and whose they are.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Who makes them.
    pub owner: Owner,
    /// Publish even what is in a finished run already.
    pub again: bool,
    /// By what earlier runs are found.
    pub look_up: LookUp,
    /// The runs: those given, and behind them what was taken out of these.
    pub runs: Vec<DesiredRun>,
    /// For each run what it holds of which of the runs given.
    parts: Vec<Part>,
    /// The order in which runs are made and completed.
    order: Vec<usize>,
}

/// By what earlier runs are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// By the build that they belong to.
    Build(BuildId),
    /// By the plan that they belong to, where they have no build: those of the last seven days.
    Plan(TestPlanId),
    /// By nothing: runs without build and plan cannot be found.
    None,
}

/// Results of one of the runs given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which run.
    pub run: usize,
    /// Which of its results, by position.
    pub results: Vec<usize>,
}

impl Desired {
    /// These runs. Those of plans come first, in the order in which their reports ended, so that
    /// the newest result of a point is its last.
    pub fn new(owner: Owner, again: bool, look_up: LookUp, runs: Vec<DesiredRun>) -> Self {
        let parts = runs.iter().enumerate().map(|(run, desired)| Part {
            run,
            results: (0..desired.results.len()).collect(),
        });
        let mut order: Vec<usize> = (0..runs.len()).collect();
        order.sort_by_key(|&at| {
            let run = &runs[at].run;
            match run.plan {
                Some(_) => (false, run.completed),
                None => (true, None),
            }
        });
        Self {
            owner,
            again,
            look_up,
            parts: parts.collect(),
            order,
            runs,
        }
    }

    /// Whether earlier runs can be found at all.
    pub fn can_look(&self) -> bool {
        self.look_up != LookUp::None
    }

    /// What a run holds, of which of the runs given.
    pub fn part(&self, run: usize) -> &Part {
        &self.parts[run]
    }

    /// The order in which runs are made and completed.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Takes results out of a run and makes a run of its own of them, which comes right after it.
    /// Gives its position. What hangs on the run hangs on both.
    pub(super) fn take_out(&mut self, run: usize, results: &BTreeSet<usize>) -> usize {
        let new = self.runs.len();
        let (taken, left) = self.runs[run].split(results);
        self.runs[run] = left;
        self.runs.push(taken);
        let part = &mut self.parts[run];
        let (taken, left): (Vec<_>, Vec<_>) = part
            .results
            .iter()
            .enumerate()
            .partition(|(at, _)| results.contains(at));
        let of = |part: Vec<(usize, &usize)>| part.into_iter().map(|(_, result)| *result).collect();
        let (run_given, taken, left) = (part.run, of(taken), of(left));
        part.results = left;
        self.parts.push(Part {
            run: run_given,
            results: taken,
        });
        let place = self.order.iter().position(|&at| at == run);
        self.order
            .insert(place.map_or(self.order.len(), |place| place + 1), new);
        new
    }
}

/// A run with everything that should be in it.
#[derive(Clone, Debug)]
pub struct DesiredRun {
    /// The reports that it holds.
    pub keys: Vec<ReportKey>,
    /// The run itself; its comment ends with the mark.
    pub run: NewTestRun,
    /// Its results, in the order in which they are sent.
    pub results: Vec<NewTestResult>,
    /// In a planned run the test point of each result; empty in others.
    pub points: Vec<TestPointId>,
    /// Its files.
    pub attachments: Vec<DesiredAttachment>,
    /// It holds only some results of its reports, so another run with its keys may hold others.
    pub is_part: bool,
}

impl DesiredRun {
    /// Splits it in two: these results, and the others.
    fn split(&self, results: &BTreeSet<usize>) -> (DesiredRun, DesiredRun) {
        let part = |wanted: &dyn Fn(usize) -> bool| {
            let kept: Vec<usize> = (0..self.results.len()).filter(|&at| wanted(at)).collect();
            let new_position: BTreeMap<usize, usize> = kept
                .iter()
                .enumerate()
                .map(|(new, &old)| (old, new))
                .collect();
            let attachments = self.attachments.iter().filter_map(|attachment| {
                let target = match attachment.target {
                    Target::Run => Target::Run,
                    Target::Result(at) => Target::Result(*new_position.get(&at)?),
                    Target::SubResult(at, sub_result) => {
                        Target::SubResult(*new_position.get(&at)?, sub_result)
                    }
                };
                Some(DesiredAttachment {
                    target,
                    attachment: attachment.attachment.clone(),
                })
            });
            DesiredRun {
                keys: self.keys.clone(),
                run: self.run.clone(),
                results: kept.iter().map(|&at| self.results[at].clone()).collect(),
                points: kept
                    .iter()
                    .filter_map(|&at| self.points.get(at).copied())
                    .collect(),
                attachments: attachments.collect(),
                is_part: true,
            }
        };
        (
            part(&|at| results.contains(&at)),
            part(&|at| !results.contains(&at)),
        )
    }

    /// The mark of the run.
    pub fn marker(&self, owner: &Owner) -> Marker {
        Marker {
            owner: owner.clone(),
            keys: self.keys.clone(),
        }
    }
}

/// A file, and where it should hang.
#[derive(Clone, Debug)]
pub struct DesiredAttachment {
    /// What it hangs on.
    pub target: Target,
    /// The file.
    pub attachment: NewAttachment,
}

/// What an attachment hangs on, by position: ids are known only later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// The run.
    Run,
    /// The result at this position.
    Result(usize),
    /// A sub-result of the result at this position; the second number counts its sub-results, each
    /// followed by those below it.
    SubResult(usize, usize),
}

impl Target {
    /// The position of the result that it hangs on.
    pub fn result(self) -> Option<usize> {
        match self {
            Target::Run => None,
            Target::Result(result) | Target::SubResult(result, _) => Some(result),
        }
    }
}

#[cfg(test)]
mod tests;
