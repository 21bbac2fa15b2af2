//! Deciding where a result belongs, by its IDs and what was read of the plans.

use super::super::context::Context;
use super::{Read, Source};
use crate::azure_devops::TestCaseId;
use crate::inputs::RanOn;
use crate::katalon::{Report, TestResult};
use crate::mapping::points::{Choice, Matched, Unreached, Wanted};
use crate::mapping::unmatched::{Reason, all_missing};
use crate::mapping::{IdSources, Ids};

/// Decides where results belong, by what was read.
pub(super) struct Decider<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) read: &'a Read,
    /// Plans and suites that are not there, in words.
    pub(super) missing: &'a [String],
}

impl Decider<'_> {
    /// Where one result belongs.
    pub(super) fn decide(
        &self,
        source: Source,
        report: &Report,
        result: &TestResult,
        ids: Ids,
        sources: &IdSources<'_>,
    ) -> Decided {
        let (read, inputs) = (self.read, &self.context.invocation.inputs);
        let mut decided = Decided {
            source,
            test_cases: ids.ids.clone(),
            unresolved: ids.unresolved.clone(),
            matched: Matched::default(),
            reason: None,
        };
        if read.plans.is_empty() {
            decided.reason = Some(Reason::NoPlan(all_missing(self.missing)));
            return decided;
        }
        decided.reason = self.context.kept_off(result);
        if decided.reason.is_some() {
            return decided;
        }
        if ids.ids.is_empty() {
            decided.reason = Some(match ids.unresolved.into_iter().next() {
                Some((variable, value)) => Reason::NoNumber { variable, value },
                None => Reason::NoId {
                    looked_at: looked_at(sources),
                },
            });
            return decided;
        }
        let rules = &inputs.configuration_mapping.value;
        let rule = rules.rule_for(RanOn {
            os: &[&report.os, &report.device],
            platform: &[&report.browser, &report.run_configuration],
            profile: &report.profile,
        });
        let configuration = match rule.map(|rule| read.of_rules.get(&rule.line).ok_or(rule)) {
            None => None,
            Some(Ok(configuration)) => Some(*configuration),
            Some(Err(rule)) => {
                decided.reason = Some(Reason::NoSuchConfiguration(rule.line.clone()));
                return decided;
            }
        };
        let choice = Choice {
            plans: &read.plans,
            configurations: &read.configurations,
            to_all_points: inputs.publish_to_all_test_points.value,
        };
        decided.matched = choice.matched(&Wanted {
            source,
            ids,
            configuration,
        });
        if decided.matched.targets.is_empty() {
            decided.reason = Some(Reason::Unreached(decided.matched.unreached.clone()));
        }
        decided
    }
}

/// What was decided on a result.
pub(super) struct Decided {
    pub(super) source: Source,
    pub(super) test_cases: Vec<TestCaseId>,
    pub(super) unresolved: Vec<(String, String)>,
    pub(super) matched: Matched,
    pub(super) reason: Option<Reason>,
}

impl Decided {
    /// What of it is told: all of a result that reaches nothing, else what is worth a warning.
    pub(super) fn told(&self) -> Vec<&Unreached> {
        if self.matched.targets.is_empty() {
            self.matched.unreached.iter().collect()
        } else {
            self.matched.worth_a_warning().collect()
        }
    }
}

/// Where an ID was looked for, in the order in which it counts.
fn looked_at(sources: &IdSources<'_>) -> Vec<&'static str> {
    [
        (!sources.mapping_file.is_empty(), "the mapping file"),
        (sources.project.is_some(), "its '.tc'"),
        (
            sources.pattern.is_some(),
            "its path and tags ('testCaseIdPattern')",
        ),
    ]
    .into_iter()
    .filter_map(|(is_there, what)| is_there.then_some(what))
    .collect()
}
