//! What the inputs name, found in Azure DevOps: plans, suites, configurations; and what is wrong
//! with those that are not there.

use std::collections::HashMap;

use super::super::context::Context;
use super::lists::{Items, Unread};
use crate::azure_devops::explain;
use crate::azure_devops::sent::{Refusal, RefusalKind};
use crate::azure_devops::test_plans::StoredTestPlan;
use crate::azure_devops::{TestConfigurationId, TestPlanId};
use crate::exit_code::ExitCode;
use crate::inputs::{ConfigurationMapping, IdOrName, Source};
use crate::mapping::plan::{Configurations, Plan, Suites};
use crate::problem::{Code, Problem, Severity, code};

/// Stands behind every wrong input of this kind.
const GOES_TO_THE_BUILD: &str = "The results that it concerns go to the build.";

/// Problems of inputs that are wrong for the server, and where these inputs come from.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    /// Every problem; one of an input that somebody gave is an error.
    pub(super) problems: Vec<Problem>,
    /// Plans and suites that are not there, in words, for the results that may belong there.
    pub(super) missing: Vec<String>,
}

impl Wrong {
    fn note(&mut self, source: Source, code: Code, message: String, advice: &str) {
        // Nobody can be blamed for what Katalon's settings say.
        let severity = match source {
            Source::KatalonSetting => Severity::Warning,
            Source::Default | Source::Input | Source::Option => Severity::Error,
        };
        self.problems.push(Problem {
            severity,
            code,
            message,
            advice: format!("{advice} {GOES_TO_THE_BUILD}"),
        });
    }

    fn missing(&mut self, source: Source, code: Code, message: String, advice: &str) {
        self.missing.push(message.clone());
        self.note(source, code, message, advice);
    }
}

impl Context<'_> {
    /// The project of the test plan.
    pub(in super::super) fn plan_project(&self) -> &str {
        self.invocation.project()
    }

    /// The plans that the input names, each once; those that cannot be had are told.
    pub(super) async fn plans(
        &self,
        wrong: &mut Wrong,
    ) -> Result<Vec<StoredTestPlan>, (ExitCode, Problem)> {
        let given = &self.invocation.inputs.test_plan;
        let mut plans: Vec<StoredTestPlan> = Vec::new();
        let mut all: Option<Vec<StoredTestPlan>> = None;
        for named in given.value.named() {
            match self.plan(named, &mut all).await {
                Ok(Ok(plan)) if plans.iter().any(|known| known.id == plan.id) => {}
                Ok(Ok(plan)) if !plan.is_active => wrong.missing(
                    given.source,
                    code::PLAN_CLOSED,
                    format!("test plan '{}' ({}) is closed", plan.name, plan.id),
                    "Open it again in Azure DevOps (State 'Active'), or name another one.",
                ),
                Ok(Ok(plan)) => plans.push(plan),
                Ok(Err(message)) => wrong.missing(
                    given.source,
                    code::NO_SUCH_PLAN,
                    message,
                    "Correct 'testPlan'.",
                ),
                Err(Unread::Refused(refusal)) => {
                    if self.note_about_the_plan(&refusal, wrong) {
                        // Whatever keeps one plan from being read keeps all.
                        break;
                    }
                    return Err(self.not_read(&refusal));
                }
                Err(Unread::Ended(exit_code, problem)) => return Err((exit_code, problem)),
            }
        }
        Ok(plans)
    }

    /// One plan; in words why there is none.
    pub(in super::super) async fn plan(
        &self,
        named: &IdOrName,
        all: &mut Option<Vec<StoredTestPlan>>,
    ) -> Result<Result<StoredTestPlan, String>, Unread> {
        let (client, project) = (self.client, self.plan_project());
        if let Some(id) = named.id().map(TestPlanId) {
            match self.answer(|| client.test_plan(project, id)).await {
                Ok(plan) => return Ok(Ok(plan)),
                Err(Unread::Refused(refusal)) if is_not_there(&refusal) => {
                    self.pipeline.debug(&refusal.message);
                }
                Err(unread) => return Err(unread),
            }
        }
        let plans = match all {
            Some(plans) => plans,
            None => {
                let ask = |next: Option<String>| async move {
                    client.test_plans(project, next.as_deref()).await
                };
                all.insert(
                    self.list_by_token(Items::called("test plan"), ask, |plan| plan.id)
                        .await?,
                )
            }
        };
        let text = named.as_str();
        let found: Vec<&StoredTestPlan> = plans
            .iter()
            .filter(|plan| plan.name.trim() == text)
            .collect();
        match found.as_slice() {
            [] => Ok(Err(no_such_plan(named, plans, project))),
            [plan] => {
                // A list may leave out what the plan itself tells.
                let id = plan.id;
                self.answer(|| client.test_plan(project, id)).await.map(Ok)
            }
            several => {
                let shown = several.iter().map(|plan| {
                    let closed = if plan.is_active { "" } else { ", closed" };
                    format!("{}{closed}", plan.id)
                });
                let shown: Vec<String> = shown.collect();
                Ok(Err(format!(
                    "{} test plans in project '{project}' have the name '{text}', with the IDs {}",
                    several.len(),
                    shown.join("; ")
                )))
            }
        }
    }

    /// A refusal that is about the plan and its project and about nothing else: code, message,
    /// advice.
    pub(in super::super) fn about_the_plan(
        &self,
        refusal: &Refusal,
    ) -> Option<(Code, String, String)> {
        let (project, identity) = (self.plan_project(), &self.as_whom.name);
        if refusal.kind != RefusalKind::Status {
            return None;
        }
        if refusal.is_project_missing() {
            return Some((
                code::NO_PROJECT_OF_PLAN,
                format!(
                    "cannot find project '{project}' of the test plan: it does not exist, or \
                     '{identity}' may not see it"
                ),
                "Correct 'project'; check whether the job authorization scope is limited to the \
                 current project."
                    .to_owned(),
            ));
        }
        (refusal.status == 403).then(|| {
            let activity = match refusal.activity_id.as_str() {
                "" => String::new(),
                id => format!(" (activity {id})"),
            };
            (
                code::PLAN_NOT_READABLE,
                format!(
                    "'{identity}' may not read test plans in project '{project}': {} was answered \
                     with 403: {}{activity}",
                    refusal.request, refusal.message
                ),
                "Give it 'View work items in this node' on the plan's area path and 'View test \
                 runs'; a personal access token needs the scope Test Management and a licence for \
                 test plans."
                    .to_owned(),
            )
        })
    }

    /// Notes a refusal that is about the plan; false if it is about something else.
    pub(super) fn note_about_the_plan(&self, refusal: &Refusal, wrong: &mut Wrong) -> bool {
        let Some((code, message, advice)) = self.about_the_plan(refusal) else {
            return false;
        };
        let source = self.invocation.inputs.test_plan.source;
        wrong.missing(source, code, message, &advice);
        true
    }

    /// A refusal that ends everything.
    pub(in super::super) fn not_read(&self, refusal: &Refusal) -> (ExitCode, Problem) {
        let asker = explain::Asker {
            project: self.plan_project(),
            ..self.asker()
        };
        (
            ExitCode::NotPublished,
            explain::refusal(self.client, refusal, asker),
        )
    }

    /// The suites that the input names, for each plan those that it has. A suite that no plan has
    /// is told.
    pub(super) fn choose_suites(&self, plans: &mut [Plan], wrong: &mut Wrong) {
        let given = &self.invocation.inputs.test_suites;
        if given.value.0.is_empty() || plans.is_empty() {
            return;
        }
        let mut chosen = vec![Vec::new(); plans.len()];
        for named in &given.value.0 {
            let mut words = Vec::new();
            let mut is_found = false;
            for (at, plan) in plans.iter().enumerate() {
                match plan.suites.find(named) {
                    Ok(suite) => {
                        chosen[at].push(suite);
                        is_found = true;
                    }
                    Err(why) => words.push(format!("in {}: {}", plan.shown(), why.words())),
                }
            }
            if !is_found {
                wrong.missing(
                    given.source,
                    code::NO_SUCH_SUITE,
                    format!("test suite '{}', {}", named.as_str(), words.join("; ")),
                    "Correct 'testSuites': an ID, a name that is there once, or a path such as \
                     'Web/Login'.",
                );
            }
        }
        for (plan, chosen) in plans.iter_mut().zip(chosen) {
            plan.chosen = Some(plan.suites.with_those_below(&chosen));
        }
    }

    /// The configurations that the rules name, by the rule's line.
    pub(super) fn configurations_of_rules(
        &self,
        configurations: &Configurations,
        wrong: &mut Wrong,
    ) -> HashMap<String, TestConfigurationId> {
        let given = &self.invocation.inputs.configuration_mapping;
        let ConfigurationMapping { rules } = &given.value;
        let mut found = HashMap::new();
        let mut told: Vec<&IdOrName> = Vec::new();
        for rule in rules {
            let is_new = !told.contains(&&rule.configuration);
            told.push(&rule.configuration);
            match configurations.find(&rule.configuration) {
                Ok(one) => {
                    if !one.is_active && is_new {
                        self.pipeline.issue(&Problem::warning(
                            code::INACTIVE_CONFIGURATION,
                            format!(
                                "the test configuration '{}' ({}) of the rule '{}' is inactive",
                                one.name, one.id, rule.line
                            ),
                            "Its points receive results all the same. Name another one, or make \
                             it active again.",
                        ));
                    }
                    found.insert(rule.line.clone(), one.id);
                }
                Err(_) if !is_new => {}
                Err(why) => wrong.note(
                    given.source,
                    code::NO_SUCH_CONFIGURATION,
                    format!(
                        "the rule '{}' of 'configurationMapping' names '{}': {why}",
                        rule.line,
                        rule.configuration.as_str()
                    ),
                    "Correct the rule.",
                ),
            }
        }
        found
    }

    /// The suites of a plan.
    pub(in super::super) async fn suites(&self, plan: TestPlanId) -> Result<Suites, Unread> {
        let (client, project) = (self.client, self.plan_project());
        let ask = |next: Option<String>| async move {
            client.test_suites(project, plan, next.as_deref()).await
        };
        let suites = self
            .list_by_token(Items::called("test suite"), ask, |suite| suite.id)
            .await?;
        Ok(Suites::new(suites))
    }

    /// The test configurations of the project.
    pub(in super::super) async fn configurations(&self) -> Result<Configurations, Unread> {
        let (client, project) = (self.client, self.plan_project());
        let ask = |next: Option<String>| async move {
            client.test_configurations(project, next.as_deref()).await
        };
        let configurations = self
            .list_by_token(Items::called("test configuration"), ask, |one| one.id)
            .await?;
        Ok(Configurations(configurations))
    }
}

/// The service has no such thing; another address would say so without the name of an error.
pub(in super::super) fn is_not_there(refusal: &Refusal) -> bool {
    refusal.kind == RefusalKind::Status
        && refusal.status == 404
        && !refusal.is_project_missing()
        && !refusal.type_key.is_empty()
}

fn no_such_plan(named: &IdOrName, plans: &[StoredTestPlan], project: &str) -> String {
    let text = named.as_str();
    let what = match named.id() {
        Some(_) => format!("there is no test plan with the ID or name '{text}'"),
        None => format!("there is no test plan '{text}'"),
    };
    // Of a name in other letters it is quickly said how it is spelt.
    let lower = text.to_lowercase();
    let like = plans
        .iter()
        .find(|plan| plan.name.trim().to_lowercase() == lower);
    let spelt = like.map_or(String::new(), |plan| {
        format!("; it is spelt '{}'", plan.name)
    });
    format!("{what} in project '{project}', or it cannot be seen{spelt}")
}
