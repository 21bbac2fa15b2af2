//! Looking at plans, suites, configurations and rules, and at every test case ID.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::permissions::VIEW_WORK_ITEMS;
use super::test_cases::{Judge, Named};
use super::{Checks, Ended, suggestion};
use crate::azure_devops::TestCaseId;
use crate::inputs::RanOn;
use crate::katalon::project::Project;
use crate::problem::{Code, Problem, code, counted as count};
use crate::verification::State;

use super::super::plan::looking::Looked;

/// Names of Katalon test cases that one line tells.
const MOST_NAMES: usize = 5;

impl Context<'_> {
    /// Looks at the plans, and at what the Katalon side names in them.
    pub(super) async fn look_at_plan(
        &self,
        checks: &mut Checks<'_>,
        named: &Named,
        projects: &[Project],
    ) -> Result<(), Ended> {
        let ids: Vec<TestCaseId> = named.by_id.keys().copied().collect();
        let suggests = self.invocation.suggest_mapping.is_some();
        let looked = self.look_at_plans(&ids, suggests).await?;
        let is_refused = |problem: &Problem| problem.code == code::PLAN_NOT_READABLE;
        let state = if looked.wrong.iter().any(is_refused) {
            State::Wrong
        } else {
            State::Fine
        };
        checks.tried.note(
            VIEW_WORK_ITEMS,
            state,
            "plans, suites, points and work items",
        );
        for problem in &looked.wrong {
            // Also of what Katalon's settings say: it would not work.
            checks.wrong(what(problem.code), problem.clone());
        }
        if looked.plans.is_empty() {
            return Ok(());
        }
        self.tell_plans(checks, &looked);
        self.tell_rules(checks, &looked);
        self.tell_ids(checks, named, &looked);
        if let Some(file) = &self.invocation.suggest_mapping {
            const WHAT: &str = "Mapping file";
            let suggestion = suggestion::suggest(projects, named, &looked.plans);
            match suggestion::write(file, &suggestion, self.secrets) {
                Ok(told) => checks.fine(WHAT, told),
                Err(problem) => checks.wrong(WHAT, problem),
            }
        }
        Ok(())
    }

    fn tell_plans(&self, checks: &mut Checks<'_>, looked: &Looked) {
        for plan in &looked.plans {
            let suites = plan.suites.ids().count();
            let told = match &plan.chosen {
                Some(chosen) => format!(
                    "{}; {} of {} chosen",
                    plan.shown(),
                    chosen.len(),
                    count(suites, "suite")
                ),
                None => format!("{}, {}", plan.shown(), count(suites, "suite")),
            };
            checks.fine("Test plan", told);
            for suite in plan.chosen.iter().flatten().collect::<BTreeSet<_>>() {
                let path = plan.suites.path(*suite).unwrap_or_default();
                checks.fine("Test suite", format!("'{path}' ({suite})"));
            }
        }
    }

    fn tell_rules(&self, checks: &mut Checks<'_>, looked: &Looked) {
        let rules = &self.invocation.inputs.configuration_mapping.value.rules;
        if rules.is_empty() {
            let all = &looked.configurations.0;
            let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
            checks.fine(
                "Configurations",
                format!("no rules: all count ({})", names.join(", ")),
            );
        }
        for rule in rules {
            let Some(id) = looked.of_rules.get(&rule.line) else {
                // Told as wrong already.
                continue;
            };
            let configuration = looked.configurations.0.iter().find(|one| one.id == *id);
            let Some(configuration) = configuration else {
                continue;
            };
            let told = format!(
                "'{}': configuration '{}' ({id})",
                rule.line, configuration.name
            );
            if configuration.is_active {
                checks.fine("Configuration rule", told);
            } else {
                // The warning is told where the rule was looked up.
                let told = format!("{told}, which is inactive");
                checks.add("Configuration rule", State::Note, told);
            }
        }
    }

    fn tell_ids(&self, checks: &mut Checks<'_>, named: &Named, looked: &Looked) {
        let inputs = &self.invocation.inputs;
        let rules = &inputs.configuration_mapping.value;
        let nothing = RanOn {
            os: &[],
            platform: &[],
            profile: "",
        };
        let mut configurations: Vec<_> = looked.of_rules.values().copied().map(Some).collect();
        configurations.sort_unstable();
        configurations.dedup();
        // Only rules of nothing but wildcards decide on everything.
        if rules.rule_for(nothing).is_none() {
            configurations.push(None);
        }
        let judge = Judge {
            looked,
            configurations,
            to_all_points: inputs.publish_to_all_test_points.value,
        };
        for (id, katalon) in &named.by_id {
            let (test_case, code) = judge.judge(*id, katalon);
            if let Some(code) = code {
                let advice = format!("Named by {}. Correct the ID, or the plan.", shown(katalon));
                let problem = Problem::error(code, test_case.told.clone(), advice);
                checks.verdict.decide(
                    self.pipeline,
                    crate::exit_code::ExitCode::Unmatched,
                    problem,
                );
            } else if katalon.len() > 1 {
                self.pipeline.issue(&Problem::warning(
                    code::ID_USED_TWICE,
                    format!(
                        "test case {id} stands for {}: {}",
                        count(katalon.len(), "Katalon test case"),
                        shown(katalon)
                    ),
                    "Their results share its points, which show the worst of one execution.",
                ));
            }
            checks.found.test_cases.push(test_case);
        }
        const WHAT: &str = "Test case IDs";
        let wrong = checks.found.test_cases.iter();
        let wrong = wrong.filter(|one| one.state == State::Wrong).count();
        let told = format!(
            "{} of {} would receive results",
            named.by_id.len() - wrong,
            count(named.by_id.len(), "ID")
        );
        match (wrong, named.by_id.is_empty()) {
            (0, false) => checks.fine(WHAT, told),
            (0, true) => checks.add(WHAT, State::Note, "there are none".to_owned()),
            _ => checks.add(WHAT, State::Wrong, told),
        }
        for (test_case, variable) in &named.by_variable {
            checks.add(
                "ID in a variable",
                State::Note,
                format!("'{test_case}': '{variable}' gives it when the test runs"),
            );
        }
        for path in &named.not_in_a_project {
            checks.note(
                "Mapping file",
                Problem::warning(
                    code::MAPPED_TEST_CASE_MISSING,
                    format!(
                        "the file of 'testCaseMapping' names '{path}', which no Katalon project has"
                    ),
                    "Correct the path, or take the line out.",
                ),
            );
        }
        if !named.without_id.is_empty() {
            checks.note(
                "Without an ID",
                Problem::warning(
                    code::WITHOUT_ID,
                    format!(
                        "{} of {} have no ID: {}",
                        named.without_id.len(),
                        count(named.test_cases, "Katalon test case"),
                        shown(&named.without_id)
                    ),
                    "Their results belong to the build alone.",
                ),
            );
            checks.found.without_id.clone_from(&named.without_id);
        }
    }
}

/// What a problem of the plan is about.
fn what(code: Code) -> &'static str {
    match code {
        code::NO_SUCH_SUITE => "Test suite",
        code::NO_SUCH_CONFIGURATION => "Configuration rule",
        _ => "Test plan",
    }
}

/// Some names, and the number of the others.
fn shown(names: &[String]) -> String {
    let some = names.iter().take(MOST_NAMES);
    let some: Vec<String> = some.map(|name| format!("'{name}'")).collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}
