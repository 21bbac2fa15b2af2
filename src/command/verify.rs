//! `verify`: looks at everything that `publish` would need, and says what would not work. It writes
//! nothing to Azure DevOps: its requests are those by which `publish` reads.
//!
//! | looked at | by |
//! |---|---|
//! | connection, identity | the request that `publish` begins with |
//! | Katalon projects, settings | files |
//! | project, build, permissions to read | one request each |
//! | plans, suites, configurations, rules | the lists that `publish` reads |
//! | test case IDs | their points, and the work items, many in a request |
//!
//! Where a check cannot be carried out (no answer, a cancel), the rest is not tried.

use super::context::Context;
use super::katalon_project::{self, SettingsReader, names_a_plan};
use super::verdict::Verdict;
use super::{connecting, header, masking};
use crate::azure_devops::client::Client;
use crate::azure_devops::connection::ConnectedAs;
use crate::cancel::Cancel;
use crate::exit_code::ExitCode;
use crate::files::Refused;
use crate::inputs::Invocation;
use crate::katalon::project::Project;
use crate::pipeline::Pipeline;
use crate::problem::{Problem, Severity, code, counted as count};
use crate::publish::{Waits, cancelled};
use crate::secrets::Secrets;
use crate::verification::{Check, State, Verification};

mod permissions;
mod plan;
mod suggestion;
mod telling;
mod test_cases;

use permissions::Tried;
use test_cases::Named;

/// What ends the looking: a check that could not be carried out.
type Ended = (ExitCode, Problem);

/// Checks everything, and writes nothing.
pub(super) async fn verify(
    invocation: &mut Invocation,
    pipeline: &Pipeline,
    waits: Waits,
    cancel: &Cancel,
) -> ExitCode {
    let secrets = masking::job_secrets(invocation, pipeline);
    masking::mask_with(pipeline, &secrets);
    header::tell_program(&invocation.agent, pipeline);
    header::tell_inputs(invocation, pipeline);
    invocation
        .warnings
        .iter()
        .for_each(|warning| pipeline.issue(warning));
    let mut checks = Checks {
        pipeline,
        verdict: Verdict::default(),
        found: Verification::default(),
        tried: Tried::default(),
    };
    let looking = look(&mut checks, invocation, waits, cancel, &secrets).await;
    if let Err((exit_code, problem)) = looking {
        checks.verdict.decide(pipeline, exit_code, problem);
    }
    checks.found.permissions = checks.tried.permissions(invocation);
    telling::finish(
        &checks.found,
        invocation,
        pipeline,
        &checks.verdict,
        &secrets,
    )
}

/// What was found so far.
struct Checks<'a> {
    pipeline: &'a Pipeline,
    verdict: Verdict,
    found: Verification,
    tried: Tried,
}

impl Checks<'_> {
    fn add(&mut self, what: &str, state: State, told: String) {
        self.found.checks.push(Check {
            what: what.to_owned(),
            state,
            told,
            code: None,
        });
    }

    fn fine(&mut self, what: &str, told: impl Into<String>) {
        self.add(what, State::Fine, told.into());
    }

    /// Something is wrong, and exit code 6 says so.
    fn wrong(&mut self, what: &str, problem: Problem) {
        self.row_of(what, State::Wrong, &problem);
        self.verdict
            .decide(self.pipeline, ExitCode::Unmatched, problem);
    }

    /// Something is worth a warning.
    fn note(&mut self, what: &str, problem: Problem) {
        self.row_of(what, State::Note, &problem);
        self.pipeline.issue(&Problem {
            severity: Severity::Warning,
            ..problem
        });
    }

    fn row_of(&mut self, what: &str, state: State, problem: &Problem) {
        self.found.checks.push(Check {
            what: what.to_owned(),
            state,
            told: problem.message.clone(),
            code: Some(problem.code),
        });
    }
}

/// Looks at one thing after the other.
///
/// # Errors
/// A check could not be carried out; what was found before it stands.
async fn look(
    checks: &mut Checks<'_>,
    invocation: &mut Invocation,
    waits: Waits,
    cancel: &Cancel,
    secrets: &Secrets,
) -> Result<(), Ended> {
    let pipeline = checks.pipeline;
    pipeline.section("Looking at the connection");
    let (client, as_whom) = connect(checks, invocation, waits, cancel).await?;

    pipeline.section("Looking at the Katalon project");
    let projects = katalon_project::find_without_reports(invocation, cancel)
        .await
        .ok_or((ExitCode::Cancelled, cancelled()))?;
    let settings = SettingsReader {
        pipeline,
        client: &client,
        waits,
        cancel,
    };
    settings.take(invocation, &projects).await?;
    let read = projects.read(pipeline, cancel).await;
    let projects = read.ok_or((ExitCode::Cancelled, cancelled()))?;
    look_at_projects(checks, &projects, invocation);

    let refused = Refused::default();
    let context = Context {
        invocation,
        pipeline,
        client: &client,
        as_whom: &as_whom,
        waits,
        cancel,
        secrets,
        // Nothing is attached.
        refused: &refused,
    };
    pipeline.section("Looking at Azure DevOps");
    if !context.look_at_project(checks).await? {
        return Ok(());
    }
    context.look_at_build(checks).await?;
    let named = Named::of(&projects, invocation);
    if names_a_plan(invocation) {
        context.look_at_plan(checks, &named, &projects).await
    } else {
        checks.add(
            "Test plan",
            State::Note,
            "none is named: results belong to the build only, and IDs of test cases count for \
             nothing"
                .to_owned(),
        );
        if invocation.suggest_mapping.is_some() {
            checks.wrong(
                "Mapping file",
                Problem::error(
                    code::NO_SUGGESTION,
                    "no mapping can be suggested without a test plan",
                    "Name one with 'testPlan'.",
                ),
            );
        }
        Ok(())
    }
}

async fn connect(
    checks: &mut Checks<'_>,
    invocation: &Invocation,
    waits: Waits,
    cancel: &Cancel,
) -> Result<(Client, ConnectedAs), Ended> {
    let pipeline = checks.pipeline;
    let Some(connection) = &invocation.connection else {
        // The inputs are refused before without one.
        return Err((ExitCode::Cancelled, cancelled()));
    };
    let connected = connecting::connect(invocation, connection, pipeline, waits, cancel).await;
    let (client, as_whom) = match connected {
        Ok(connected) => connected,
        Err((exit_code, problem)) => {
            if exit_code != ExitCode::Cancelled {
                checks.row_of("Connection", State::Wrong, &problem);
            }
            return Err((exit_code, problem));
        }
    };
    header::tell_server(&client, &as_whom, invocation, pipeline);
    let kind = if as_whom.is_services {
        "Services"
    } else {
        "Server"
    };
    let version = client.version();
    checks.fine(
        "Connection",
        format!("{} ({kind}, REST API {version})", client.collection()),
    );
    checks.fine("Identity", as_whom.name.clone());
    Ok((client, as_whom))
}

fn look_at_projects(checks: &mut Checks<'_>, projects: &[Project], invocation: &Invocation) {
    const WHAT: &str = "Katalon project";
    for project in projects {
        checks.fine(
            WHAT,
            format!(
                "'{}' in '{}', {}",
                project.name,
                project.folder.display(),
                count(project.test_cases.len(), "test case")
            ),
        );
    }
    if projects.is_empty() && names_a_plan(invocation) {
        checks.note(
            WHAT,
            Problem::warning(
                code::NO_KATALON_PROJECT,
                format!(
                    "no Katalon project lies in, below or above '{}'",
                    invocation.search_folder.display()
                ),
                "Its '.tc' files give test cases their IDs: name its folder with \
                 'katalonProject', unless 'testCaseMapping' gives all.",
            ),
        );
    }
}
