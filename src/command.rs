//! The commands. Here stands `publish`, stage by stage: connect, find, read, map, publish, account;
//! `select`, `verify` and `list` have modules of their own.

use crate::account::Account;
use crate::agent::Agent;
use crate::cancel::Cancel;
use crate::exit_code::ExitCode;
use crate::inputs::{Command, Format, InputValue, Invocation, StatusMapping, Stop};
use crate::json;
use crate::mapping::report_key;
use crate::pipeline::Pipeline;
use crate::problem::Severity;
use crate::publish::{Waits, cancelled};
use crate::secrets::Secrets;
use crate::verification::Verification;

mod age;
mod automation;
mod build;
mod connecting;
mod context;
mod ending;
mod header;
mod katalon_project;
mod list;
mod mapping;
mod masking;
mod offline;
mod plan;
mod reading;
mod runs;
mod select;
mod sending;
mod session;
mod settings;
mod shared_points;
mod verdict;
mod verify;

use context::{Context, Local};
use katalon_project::{SettingsReader, names_a_plan};
use plan::KatalonSide;
use session::Session;
use verdict::Verdict;

/// Stands at the end of what is said before anything was sent.
const NOTHING_PUBLISHED: &str = "Nothing was published.";

/// What stands there, whatever the command.
fn nothing_done(invocation: &Invocation) -> &'static str {
    match invocation.command {
        Command::Publish => NOTHING_PUBLISHED,
        Command::Select => "Nothing was selected.",
        // Nobody expects them to do anything.
        Command::Verify | Command::List => "",
    }
}

/// Runs the command that was asked for.
pub async fn run(
    invocation: &mut Invocation,
    pipeline: &Pipeline,
    waits: Waits,
    cancel: &Cancel,
) -> ExitCode {
    match invocation.command {
        Command::Publish => publish(invocation, pipeline, waits, cancel).await,
        Command::Select => select::select(invocation, pipeline, waits, cancel).await,
        Command::Verify => verify::verify(invocation, pipeline, waits, cancel).await,
        Command::List => list::list(invocation, pipeline, waits, cancel).await,
    }
}

/// Tells every wrong input, and ends.
pub fn inputs_are_wrong(pipeline: &Pipeline, stop: &Stop, agent: &Agent) -> ExitCode {
    let mut verdict = Verdict::default();
    // A wrong input is repeated, and may hold a secret.
    let mut secrets = Secrets::default();
    masking::learn_job(&mut secrets, agent, agent.token.as_ref());
    masking::mask_with(pipeline, &secrets);
    if agent.in_pipeline {
        header::tell_program(agent, pipeline);
    }
    for problem in &stop.problems {
        match problem.severity {
            Severity::Warning => pipeline.issue(problem),
            Severity::Error => verdict.decide(pipeline, ExitCode::WrongInputs, problem.clone()),
        }
    }
    match stop.command {
        Command::Publish | Command::Verify => {}
        Command::Select => {
            let done = select::Done::default();
            return select::ended(&done, stop.format, stop.under_task, pipeline, &verdict);
        }
        Command::List => {
            return list::ended(None, stop.format, pipeline, &verdict);
        }
    }
    let account = Account::default();
    if stop.format == Format::Json && stop.command == Command::Verify {
        let found = Verification::default();
        let code = verdict.exit_code();
        pipeline.json(&json::verify(&found, code, &pipeline.issues()));
    } else if stop.format == Format::Json {
        let statuses = StatusMapping::parse_default(StatusMapping::DEFAULT);
        if let Ok(statuses) = statuses {
            let code = verdict.exit_code();
            pipeline.json(&json::publish(
                &account,
                code,
                false,
                &statuses,
                &pipeline.issues(),
            ));
        }
    }
    ending::set_outputs(pipeline, &account, verdict.exit_code());
    ending::end(pipeline, &verdict, stop.under_task)
}

/// Publishes the reports.
async fn publish(
    invocation: &mut Invocation,
    pipeline: &Pipeline,
    waits: Waits,
    cancel: &Cancel,
) -> ExitCode {
    let mut verdict = Verdict::default();
    let mut secrets = masking::job_secrets(invocation, pipeline);
    masking::mask_with(pipeline, &secrets);
    header::tell_program(&invocation.agent, pipeline);
    header::tell_inputs(invocation, pipeline);
    invocation
        .warnings
        .iter()
        .for_each(|warning| pipeline.issue(warning));

    let mut connected = match &invocation.connection {
        Some(connection) => {
            let connecting = connecting::connect(invocation, connection, pipeline, waits, cancel);
            Some(connecting.await)
        }
        None => None,
    };
    if let Some(Ok((client, as_whom))) = &connected {
        header::tell_server(client, as_whom, invocation, pipeline);
    }
    let reading = match connected {
        Some(Err((ExitCode::Cancelled, _))) => None,
        Some(Ok(_) | Err(_)) | None => reading::find_and_read(invocation, pipeline, cancel).await,
    };
    let Some(mut reading) = reading else {
        verdict.decide(pipeline, ExitCode::Cancelled, cancelled());
        return ending::finish(&Account::default(), invocation, pipeline, verdict, &secrets);
    };

    let reports = &reading.read.reports;
    for report in reports {
        masking::learn_secrets(&mut secrets, report);
        secrets.keep(report.suite.as_str());
        let results = report.results.iter();
        results.for_each(|result| secrets.keep(result.test_case.as_str()));
    }
    let projects = katalon_project::find(invocation, reports, cancel).await;
    if let Some(projects) = &projects
        && invocation.inputs.mask_test_data.value
        && let Some(profiles) = projects.profiles(pipeline, cancel).await
    {
        let profiles = profiles.iter();
        profiles.for_each(|profile| masking::learn_profile(&mut secrets, profile));
    }
    let refused = masking::learn_requests(&mut secrets, reports, invocation, cancel).await;
    masking::mask_with(pipeline, &secrets);
    masking::tell_amount(pipeline, &secrets);
    reports
        .iter()
        .for_each(|report| pipeline.line(&reading::described(report)));
    reading
        .read
        .problems
        .iter()
        .for_each(|problem| pipeline.issue(problem));

    if let (Some(Ok((client, _))), Some(projects)) = (&connected, &projects) {
        let settings = SettingsReader {
            pipeline,
            client,
            waits,
            cancel,
        };
        if let Err(failure) = settings.take(invocation, projects).await {
            connected = Some(Err(failure));
        }
    }
    let invocation = &*invocation;
    let inputs = &invocation.inputs;
    let katalon = match &projects {
        Some(projects) if names_a_plan(invocation) => {
            KatalonSide::read(projects, pipeline, cancel).await
        }
        Some(_) | None => None,
    };
    if let Some(katalon) = &katalon {
        katalon.split_rows(&mut reading.read.reports, invocation);
    } else if names_a_plan(invocation) && matches!(connected, Some(Ok(_))) {
        // Without the projects nobody knows where results belong.
        connected = Some(Err((ExitCode::Cancelled, cancelled())));
    }
    let reports = &reading.read.reports;

    let release_environment = invocation.agent.release_environment();
    let key = |report| report_key(report, None, release_environment).to_string();
    let mut account = Account::of(reports.clone(), reports.iter().map(key).collect());
    let unreadable = &reading.read.unreadable;
    let (only_stale, failure) = match connected {
        Some(Ok((client, as_whom))) => {
            let context = Context {
                invocation,
                pipeline,
                client: &client,
                as_whom: &as_whom,
                waits,
                cancel,
                secrets: &secrets,
                refused: &refused,
            };
            let mut session = Session {
                context,
                verdict: &mut verdict,
                account: &mut account,
            };
            let publishing = session.publish(reports, unreadable, katalon.as_ref());
            (publishing.await, None)
        }
        without => {
            let fails = inputs.fail_task_on_unreadable_reports.value;
            for report in unreadable {
                verdict.gate(pipeline, fails, ExitCode::NoReports, report.problem.clone());
            }
            let local = Local {
                invocation,
                pipeline,
                cancel,
                secrets: &secrets,
                refused: &refused,
            };
            let failure = match without {
                Some(failed) => failed.err(),
                None => match offline::tell(local, reports, &mut account).await {
                    Some(()) => None,
                    None => Some((ExitCode::Cancelled, cancelled())),
                },
            };
            (false, failure)
        }
    };
    if !only_stale && reports.iter().all(|report| report.results.is_empty()) {
        let fails = inputs.fail_task_on_missing_reports.value;
        verdict.gate(pipeline, fails, ExitCode::NoReports, reading.nothing());
    }
    if let Some((exit_code, problem)) = failure {
        let fails = inputs.fail_task_on_failure_to_publish_results.value
            || exit_code != ExitCode::NotPublished;
        verdict.gate(pipeline, fails, exit_code, problem);
    }
    ending::finish(&account, invocation, pipeline, verdict, &secrets)
}

/// Runs without a test plan go to the build's own project; `is_elsewhere`, in another collection
/// than that of the pipeline, there is none.
fn project_of_runs(invocation: &Invocation, is_elsewhere: bool) -> &str {
    let build = invocation.agent.build.as_ref();
    build
        .filter(|_| !is_elsewhere)
        .and_then(|build| build.project.as_deref())
        .or_else(|| Some(invocation.connection.as_ref()?.project.as_str()))
        .unwrap_or_default()
}
