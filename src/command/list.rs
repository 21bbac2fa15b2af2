//! `list`: what can be chosen in Azure DevOps, as a table or as JSON.

use serde_json::{Value, json};

use super::connecting;
use super::context::Context;
use super::plan::lists::Items;
use super::select::Failed;
use super::select::plan_cases::PlanCases;
use super::verdict::Verdict;
use super::{header, masking};
use crate::cancel::Cancel;
use crate::exit_code::ExitCode;
use crate::files::Refused;
use crate::inputs::{Format, Invocation, ListRequest, Listed};
use crate::json;
use crate::mapping::IdSources;
use crate::mapping::selection::KatalonTestCases;
use crate::pipeline::Pipeline;
use crate::problem::counted as count;
use crate::publish::Waits;
use crate::table::{Table, Tone};

/// What is shown: for people, and for programs under the name of the list.
pub(super) struct Shown {
    table: Table,
    name: &'static str,
    items: Vec<Value>,
}

/// Lists.
pub(super) async fn list(
    invocation: &Invocation,
    pipeline: &Pipeline,
    waits: Waits,
    cancel: &Cancel,
) -> ExitCode {
    let mut verdict = Verdict::default();
    let secrets = masking::job_secrets(invocation, pipeline);
    masking::mask_with(pipeline, &secrets);
    header::tell_program(&invocation.agent, pipeline);
    let warnings = invocation.warnings.iter();
    warnings.for_each(|warning| pipeline.issue(warning));
    let mut shown = None;
    if let (Some(connection), Some(request)) = (&invocation.connection, invocation.listed) {
        let connected = connecting::connect(invocation, connection, pipeline, waits, cancel).await;
        match connected {
            Ok((client, as_whom)) => {
                pipeline.line(&format!("Server: {}", client.collection()));
                pipeline.line(&format!("Identity: {}", as_whom.name));
                let context = Context {
                    invocation,
                    pipeline,
                    client: &client,
                    as_whom: &as_whom,
                    waits,
                    cancel,
                    secrets: &secrets,
                    refused: &Refused::new(),
                };
                match context.list(request).await {
                    Ok(found) => shown = Some(found),
                    Err(failed) => {
                        for (exit_code, problem) in failed {
                            verdict.decide(pipeline, exit_code, problem);
                        }
                    }
                }
            }
            Err((exit_code, problem)) => verdict.decide(pipeline, exit_code, problem),
        }
    }
    ended(shown, invocation.format, pipeline, &verdict)
}

/// Everything that is said at the end.
pub(super) fn ended(
    shown: Option<Shown>,
    format: Format,
    pipeline: &Pipeline,
    verdict: &Verdict,
) -> ExitCode {
    let exit_code = verdict.exit_code();
    pipeline.finish_issues();
    match (format, shown) {
        (Format::Json, shown) => {
            let items = shown.map(|shown| (shown.name, shown.items));
            pipeline.json(&json::list(items, exit_code, &pipeline.issues()));
        }
        (Format::Text, Some(shown)) => {
            pipeline.line("");
            pipeline.table(&shown.table);
            pipeline.line(&count(shown.items.len(), "row"));
        }
        (Format::Text, None) => {}
    }
    exit_code
}

impl Context<'_> {
    async fn list(&self, request: ListRequest) -> Result<Shown, Failed> {
        match request.what {
            Listed::Projects => self.list_projects().await,
            Listed::Plans => self.list_plans(request.all).await,
            Listed::Suites => self.list_suites().await,
            Listed::Configurations => self.list_configurations().await,
            Listed::TestCases => self.list_test_cases().await,
        }
    }

    async fn list_projects(&self) -> Result<Shown, Failed> {
        let client = self.client;
        let projects = self
            .list_by_position(
                Items::called("project"),
                |skip| client.projects(skip),
                |project| project.id.clone(),
            )
            .await;
        let mut projects = projects.map_err(|unread| self.unread(unread))?;
        projects.sort_by_key(|project| project.name.to_lowercase());
        let mut table = Table::new(&["Project", "ID"]);
        let mut items = Vec::new();
        for project in projects {
            items.push(json!({"id": project.id, "name": project.name}));
            table.row(Tone::Plain, [project.name, project.id]);
        }
        Ok(Shown {
            table,
            name: "projects",
            items,
        })
    }

    async fn list_plans(&self, closed_too: bool) -> Result<Shown, Failed> {
        let (client, project) = (self.client, self.plan_project());
        let ask =
            |next: Option<String>| async move { client.test_plans(project, next.as_deref()).await };
        let plans = self
            .list_by_token(Items::called("test plan"), ask, |plan| plan.id)
            .await;
        let plans = plans.map_err(|unread| self.unread(unread))?;
        let closed = plans.iter().filter(|plan| !plan.is_active).count();
        let mut table = Table::new(&["ID", "State", "Test plan"]);
        let mut items = Vec::new();
        let shown = plans
            .into_iter()
            .filter(|plan| closed_too || plan.is_active);
        for plan in shown {
            let state = if plan.is_active { "active" } else { "closed" };
            items.push(json!({
                "id": plan.id.0,
                "name": plan.name,
                "state": state,
                "rootSuite": plan.root_suite.map(|suite| suite.0),
            }));
            table.row(
                Tone::Plain,
                [plan.id.to_string(), state.to_owned(), plan.name],
            );
        }
        if closed > 0 && !closed_too {
            let closed = count(closed, "closed plan");
            self.pipeline
                .line(&format!("{closed} left out; --all shows them"));
        }
        Ok(Shown {
            table,
            name: "plans",
            items,
        })
    }

    async fn list_suites(&self) -> Result<Shown, Failed> {
        let mut table = Table::new(&["ID", "Test suite"]);
        let mut items = Vec::new();
        for plan in self.plans_with_suites().await? {
            let least = plan.suites_in_order();
            let least = least.iter().map(|(_, level)| *level).min().unwrap_or(0);
            let shown = plan.suites_in_order();
            let levels: std::collections::HashMap<_, _> = shown.into_iter().collect();
            for (suite, _) in plan.suites.in_order() {
                let Some(level) = levels.get(&suite.id) else {
                    continue;
                };
                items.push(json!({
                    "id": suite.id.0,
                    "name": suite.name,
                    "path": plan.suites.path(suite.id),
                    "parent": suite.parent.map(|parent| parent.0),
                    "plan": plan.plan.id.0,
                }));
                let indent = "  ".repeat(level - least);
                table.row(
                    Tone::Plain,
                    [suite.id.to_string(), format!("{indent}{}", suite.name)],
                );
            }
        }
        Ok(Shown {
            table,
            name: "suites",
            items,
        })
    }

    async fn list_configurations(&self) -> Result<Shown, Failed> {
        let configurations = self.configurations().await;
        let configurations = configurations.map_err(|unread| self.unread(unread))?;
        let mut table = Table::new(&["ID", "State", "Default", "Test configuration"]);
        let mut items = Vec::new();
        for one in configurations.0 {
            let state = if one.is_active { "active" } else { "inactive" };
            items.push(json!({
                "id": one.id.0,
                "name": one.name,
                "state": state,
                "isDefault": one.is_default,
            }));
            let default = if one.is_default { "yes" } else { "" };
            table.row(
                Tone::Plain,
                [
                    one.id.to_string(),
                    state.to_owned(),
                    default.to_owned(),
                    one.name,
                ],
            );
        }
        Ok(Shown {
            table,
            name: "configurations",
            items,
        })
    }

    async fn list_test_cases(&self) -> Result<Shown, Failed> {
        let project = self.katalon_project().await?;
        let katalon = KatalonTestCases::new(&IdSources {
            mapping_file: &self.invocation.mapping_file,
            project: project.as_ref(),
            pattern: self.invocation.inputs.test_case_id_pattern.value.as_ref(),
        });
        let mut table = Table::new(&["ID", "Title", "Suites", "Configurations", "Katalon"]);
        let mut items = Vec::new();
        for plan in self.read_plan_cases().await? {
            for one in in_plan(&plan) {
                let paths = katalon.of(one.id);
                let paths: Vec<&str> = paths.map(|path| path.as_str()).collect();
                table.row(
                    Tone::Plain,
                    [
                        one.id.to_string(),
                        one.title.to_owned(),
                        one.suites.join("; "),
                        one.configurations.join("; "),
                        if paths.is_empty() {
                            "none".to_owned()
                        } else {
                            paths.join("; ")
                        },
                    ],
                );
                items.push(json!({
                    "id": one.id.0,
                    "title": one.title,
                    "plan": plan.plan.id.0,
                    "suites": one.suites,
                    "configurations": one.configurations,
                    "katalonTestCases": paths,
                }));
            }
        }
        Ok(Shown {
            table,
            name: "testCases",
            items,
        })
    }
}

/// A test case with all its places in a plan.
struct InPlan<'a> {
    id: crate::azure_devops::TestCaseId,
    title: &'a str,
    suites: Vec<String>,
    configurations: Vec<&'a str>,
}

/// The test cases of a plan, each once, where it stands first.
fn in_plan(plan: &PlanCases) -> Vec<InPlan<'_>> {
    let mut found: Vec<InPlan<'_>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for one in &plan.test_cases {
        let at = *places.entry(one.id).or_insert_with(|| {
            found.push(InPlan {
                id: one.id,
                title: &one.title,
                suites: Vec::new(),
                configurations: Vec::new(),
            });
            found.len() - 1
        });
        let Some(entry) = found.get_mut(at) else {
            continue;
        };
        let suite = plan.suites.path(one.suite);
        entry
            .suites
            .push(suite.unwrap_or_else(|| one.suite.to_string()));
        for (_, name) in &one.configurations {
            if !entry.configurations.contains(&name.as_str()) {
                entry.configurations.push(name);
            }
        }
    }
    found
}
