//! `publish`, stage by stage: connect, find, read, map, publish, account.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::agent::{Agent, Token};
use crate::azure_devops::client::Client;
use crate::azure_devops::connection::{self, ConnectedAs};
use crate::azure_devops::explain::{self, Asker};
use crate::azure_devops::sent::Sent;
use crate::cancel::Cancel;
use crate::exit_code::ExitCode;
use crate::inputs::{Format, Invocation, Stop};
use crate::katalon::find::{self, Search};
use crate::katalon::{Report, join};
use crate::mapping;
use crate::pipeline::{Pipeline, TaskResult};
use crate::problem::{Problem, Severity, code, counted as count};
use crate::publish::{ReadFailure, Waits, dry, read_until_answered};
use crate::secrets::Secrets;
use crate::{json, summary};

mod age;
mod build;
mod context;
mod session;
mod settings;
mod verdict;

use context::Context;
use session::Session;
use verdict::Verdict;

/// Stands at the end of what is said before anything was sent.
const NOTHING_PUBLISHED: &str = "Nothing was published.";

/// Tells every wrong input, and ends.
pub fn inputs_are_wrong(pipeline: &Pipeline, stop: &Stop, agent: &Agent) -> ExitCode {
    let mut verdict = Verdict::default();
    // A wrong input is repeated, and may hold a secret.
    let (secrets, _) = secrets_of(agent, agent.token.as_ref());
    mask_with(pipeline, &secrets);
    for problem in &stop.problems {
        match problem.severity {
            Severity::Warning => pipeline.issue(problem),
            Severity::Error => verdict.decide(pipeline, ExitCode::WrongInputs, problem.clone()),
        }
    }
    let account = Account::default();
    if stop.format == Format::Json {
        let statuses = <crate::inputs::StatusMapping as crate::inputs::InputValue>::parse_default(
            crate::inputs::StatusMapping::DEFAULT,
        );
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
    set_outputs(pipeline, &account, verdict.exit_code());
    end(pipeline, &verdict, stop.under_task)
}

/// Publishes the reports.
pub async fn publish(
    invocation: &Invocation,
    pipeline: &Pipeline,
    waits: Waits,
    cancel: &Cancel,
) -> ExitCode {
    let (agent, inputs) = (&invocation.agent, &invocation.inputs);
    let dry_run = inputs.dry_run.value;
    let mut verdict = Verdict::default();
    let mut secrets = job_secrets(invocation, pipeline);
    mask_with(pipeline, &secrets);
    tell_header(invocation, pipeline);
    invocation
        .warnings
        .iter()
        .for_each(|warning| pipeline.issue(warning));

    let connected = connect(invocation, pipeline, waits, cancel).await;
    if let Ok((client, as_whom)) = &connected {
        tell_server(client, as_whom, invocation, pipeline);
    }

    if cancel.is_wanted() {
        verdict.decide(pipeline, ExitCode::Cancelled, crate::publish::cancelled());
        let account = Account::default();
        set_outputs(pipeline, &account, verdict.exit_code());
        write_json(&account, invocation, pipeline, verdict.exit_code());
        tell_counts(&account, pipeline, dry_run);
        return end(pipeline, &verdict, invocation.under_task);
    }

    pipeline.section("Finding Katalon reports");
    let search = Search {
        folder: invocation.search_folder.clone(),
        patterns: inputs.report_folders.value.patterns.clone(),
    };
    let found = find::find(&search);
    found
        .problems
        .iter()
        .for_each(|problem| pipeline.issue(problem));
    pipeline.line(&format!(
        "{} in {} under '{}'",
        count(found.folders.len(), "report folder"),
        count(found.folders_searched, "folder"),
        search.folder.display()
    ));

    pipeline.section("Reading reports");
    let read = join::read_all(&found.folders, &found.collections);
    for report in &read.reports {
        learn_secrets(&mut secrets, report);
    }
    mask_with(pipeline, &secrets);
    for report in &read.reports {
        pipeline.line(&described(report));
    }
    read.problems
        .iter()
        .for_each(|problem| pipeline.issue(problem));
    let release_environment = agent
        .release
        .as_ref()
        .and_then(|release| release.environment_id.clone());
    let keys = read
        .reports
        .iter()
        .map(|report| mapping::report_key(report, release_environment.as_deref()).to_string());
    let mut account = Account::of(read.reports.clone(), keys.collect());
    let reports = &read.reports;
    let mut failed_connection = None;
    let mut only_stale = false;
    match connected {
        Ok((client, as_whom)) => {
            let context = Context {
                invocation,
                pipeline,
                client: &client,
                as_whom: &as_whom,
                waits,
                cancel,
                secrets: &secrets,
            };
            let mut session = Session {
                context,
                verdict: &mut verdict,
                account: &mut account,
            };
            only_stale = session
                .publish(reports, &read.unreadable, release_environment)
                .await;
        }
        Err(failure) => {
            let fails = inputs.fail_task_on_unreadable_reports.value;
            for unreadable in &read.unreadable {
                let problem = unreadable.problem.clone();
                verdict.gate(pipeline, fails, ExitCode::NoReports, problem);
            }
            failed_connection = Some(failure);
        }
    }
    if !only_stale && reports.iter().all(|report| report.results.is_empty()) {
        let fails = inputs.fail_task_on_missing_reports.value;
        let problem = no_report(&found, reports.len() + read.unreadable.len(), &search);
        verdict.gate(pipeline, fails, ExitCode::NoReports, problem);
    }
    if let Some((exit_code, problem)) = failed_connection {
        let fails = inputs.fail_task_on_failure_to_publish_results.value
            || exit_code != ExitCode::NotPublished;
        verdict.gate(pipeline, fails, exit_code, problem);
    }

    pipeline.section("Result");
    judge(&account, invocation, pipeline, &mut verdict);
    set_outputs(pipeline, &account, verdict.exit_code());
    write_summary(&account, invocation, pipeline, &secrets);
    pipeline.finish_issues();
    write_json(&account, invocation, pipeline, verdict.exit_code());
    tell_counts(&account, pipeline, dry_run);
    end(pipeline, &verdict, invocation.under_task)
}

fn project_of_runs(invocation: &Invocation) -> &str {
    let build = invocation.agent.build.as_ref();
    build
        .and_then(|build| build.project.as_deref())
        .unwrap_or(&invocation.connection.project)
}

/// Makes the connection and learns who answers, and who we are to it; else the exit code and why.
async fn connect(
    invocation: &Invocation,
    pipeline: &Pipeline,
    waits: Waits,
    cancel: &Cancel,
) -> Result<(Client, ConnectedAs), (ExitCode, Problem)> {
    let inputs = &invocation.inputs;
    let not_published = |problem| (ExitCode::NotPublished, problem);
    let timeout = inputs.request_timeout.value.duration();
    let (client, warnings) = connection::client(&invocation.agent, &invocation.connection, timeout)
        .map_err(not_published)?;
    warnings.iter().for_each(|warning| pipeline.issue(warning));
    let retry_for = inputs.retry_for.value.duration();
    let asked = read_until_answered(waits, retry_for, pipeline, cancel, || client.identity()).await;
    let asker = Asker {
        identity: "",
        project: project_of_runs(invocation),
        published: NOTHING_PUBLISHED,
    };
    match asked {
        Ok(Sent::Answered(Some(as_whom))) => Ok((client, as_whom)),
        Ok(Sent::Answered(None)) => Err(not_published(Problem::error(
            code::TOKEN_REFUSED,
            format!(
                "Azure DevOps did not accept the access token for '{}': we are nobody to it",
                client.collection()
            ),
            format!("It may have expired, or belong to another organization. {NOTHING_PUBLISHED}"),
        ))),
        Ok(Sent::Refused(refusal)) => {
            Err(not_published(explain::refusal(&client, &refusal, asker)))
        }
        Ok(Sent::NotSent(trouble) | Sent::Unknown(trouble))
        | Err(ReadFailure::Trouble(trouble)) => Err(not_published(explain::trouble(
            &client,
            &trouble,
            retry_for,
            NOTHING_PUBLISHED,
        ))),
        Err(ReadFailure::Cancelled) => Err((ExitCode::Cancelled, crate::publish::cancelled())),
    }
}

fn secrets_of(agent: &Agent, token: Option<&Token>) -> (Secrets, Vec<String>) {
    let variables = agent
        .secret_variables
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.expose()));
    let (mut secrets, too_short) = Secrets::of_job(variables, token.map(Token::expose));
    if let Some(token) = token {
        // `Basic` sends the token in another form, which is as good as the token.
        let header = token.authorization();
        secrets.learn(header.expose().rsplit(' ').next().unwrap_or_default());
    }
    (secrets, too_short)
}

fn job_secrets(invocation: &Invocation, pipeline: &Pipeline) -> Secrets {
    let token = invocation.connection.token.as_ref();
    let (secrets, too_short) = secrets_of(&invocation.agent, token);
    if !too_short.is_empty() {
        pipeline.issue(&Problem::warning(
            code::SHORT_SECRET,
            format!(
                "secret variables too short to be masked: {}",
                too_short.join(", ")
            ),
            "Values of fewer than three characters, or fewer than six digits, stay as they are.",
        ));
    }
    secrets
}

/// Test data that is secret by its variable's name must not leave in any text.
fn learn_secrets(secrets: &mut Secrets, report: &Report) {
    let rows = report.results.iter().flat_map(|result| &result.rows);
    for (variable, value) in rows.flat_map(|row| &row.bound_values) {
        secrets.learn_test_data(variable, value);
    }
    for variable in &report.variables {
        if variable.masked {
            secrets.learn_masked_test_data(&variable.value);
        } else {
            secrets.learn_test_data(&variable.name, &variable.value);
        }
    }
}

fn mask_with(pipeline: &Pipeline, secrets: &Secrets) {
    let secrets = secrets.clone();
    pipeline.set_mask(Box::new(move |text| secrets.mask(text)));
}

fn tell_header(invocation: &Invocation, pipeline: &Pipeline) {
    let agent = &invocation.agent;
    pipeline.line(&format!(
        "katalon-ado {} ({}-{})",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    ));
    if let Some(version) = &agent.agent_version {
        let name = agent.agent_name.as_deref().unwrap_or("without a name");
        pipeline.line(&format!("Agent: {name}, version {version}"));
    }
    for (name, value, source) in invocation.inputs.not_default() {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        pipeline.line(&format!("{name} = {value} ({})", source.word()));
    }
}

fn tell_server(
    client: &Client,
    as_whom: &ConnectedAs,
    invocation: &Invocation,
    pipeline: &Pipeline,
) {
    let version = client.version();
    let kind = if as_whom.is_services {
        "Azure DevOps Services"
    } else {
        "Azure DevOps Server"
    };
    pipeline.line(&format!(
        "Server: {} ({kind}, REST API {}.{})",
        client.collection(),
        version.major,
        version.minor
    ));
    pipeline.line(&format!("Identity: {}", as_whom.name));
    pipeline.line(&format!("Project: {}", project_of_runs(invocation)));
    pipeline.line(
        &match (&invocation.agent.build, &invocation.agent.release) {
            (Some(build), None) => format!("Build: {} (ID {})", build.number, build.id),
            (Some(build), Some(release)) => {
                format!(
                    "Release: {}, of build {} (ID {})",
                    release.uri, build.number, build.id
                )
            }
            (None, Some(release)) => format!("Release: {}, without build", release.uri),
            (None, None) => "Build: none".to_owned(),
        },
    );
}

/// One line for a report.
fn described(report: &Report) -> String {
    let mut counts: BTreeMap<crate::katalon::Status, usize> = BTreeMap::new();
    for result in &report.results {
        *counts.entry(result.status()).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .rev()
        .map(|(status, count)| format!("{count} {}", status.as_str()))
        .collect();
    let finished = if report.finished {
        ""
    } else {
        ", never finished"
    };
    format!(
        "{}: {}, {} ({}){finished}",
        report.display_folder,
        report.suite.as_str(),
        count(report.results.len(), "result"),
        counts.join(", ")
    )
}

fn no_report(found: &find::Found, folders: usize, search: &Search) -> Problem {
    let folder = search.folder.display();
    if folders > 0 {
        return Problem::error(
            code::NO_REPORT,
            format!(
                "no Katalon report with a result found under '{folder}': {} without any",
                count(folders, "report")
            ),
            "Check that the test suite is not empty, and that Katalon was not stopped before it began.",
        );
    }
    Problem::error(
        code::NO_REPORT,
        format!(
            "no Katalon report found under '{folder}' ({} searched for JUnit_Report.xml, execution*.log or testCaseBinding)",
            count(found.folders_searched, "folder")
        ),
        "Check 'searchFolder' and 'reportFolders', and that Katalon ran before this step.",
    )
}

/// The problems that follow from the account.
fn judge(account: &Account, invocation: &Invocation, pipeline: &Pipeline, verdict: &mut Verdict) {
    let inputs = &invocation.inputs;
    let publication = account.publication();
    let fails = inputs.fail_task_on_failure_to_publish_results.value;
    if publication != ExitCode::Done && !verdict.publication_is_told() {
        let tally = account.tally();
        let reasons: Vec<String> = account
            .missing()
            .into_iter()
            .map(|(why, results)| format!("{}: {why}", count(results, "result")))
            .collect();
        let problem = if tally.missing == 0 {
            let runs = account.runs.iter().filter(|run| run.incomplete);
            let runs: Vec<String> = runs.map(|run| run.id.to_string()).collect();
            Problem::error(
                code::RESULTS_REFUSED,
                format!(
                    "test run {} lacks results that Azure DevOps refused when it was published",
                    runs.join(", ")
                ),
                "Its error message counts them; 'whenAlreadyPublished: publish' tries again.",
            )
        } else {
            Problem::error(
                code::RESULTS_MISSING,
                format!(
                    "{} of {} are in no finished test run: {}",
                    tally.missing,
                    count(account.results_read(), "result"),
                    reasons.join("; ")
                ),
                "Run the step again: it publishes what is missing.",
            )
        };
        verdict.gate(pipeline, fails, publication, problem);
    }
    for (test_case, why) in &account.refused {
        pipeline.issue(&Problem::warning(
            code::RESULTS_REFUSED,
            format!("the result of '{test_case}' was refused: {why}"),
            "",
        ));
    }
    if let Some((first, why)) = account.missing_attachments.first() {
        pipeline.issue(&Problem::warning(
            code::MISSING_ATTACHMENTS,
            format!(
                "{} did not reach Azure DevOps, '{first}' among them: {why}",
                count(account.missing_attachments.len(), "attachment")
            ),
            "The results did.",
        ));
    }
    let failing = account.failing();
    if inputs.fail_task_on_failed_tests.value && !failing.is_empty() {
        let counts: Vec<String> = failing
            .iter()
            .rev()
            .map(|(status, count)| format!("{count} {}", status.as_str()))
            .collect();
        let problem = Problem::error(
            code::FAILED_TESTS,
            format!("tests did not pass: {}", counts.join(", ")),
            "'failTaskOnFailedTests' makes this fail the task.",
        );
        verdict.decide(pipeline, ExitCode::FailedTests, problem);
    }
    let tally = account.tally();
    if tally.published + tally.left_out + tally.missing != account.results_read() {
        let problem = Problem::error(
            code::DO_NOT_ADD_UP,
            format!(
                "{} were read, and not all are accounted for; this is a bug in the task",
                count(account.results_read(), "result")
            ),
            "Please report it with this log.",
        );
        verdict.decide(pipeline, ExitCode::PartlyPublished, problem);
    }
}

fn set_outputs(pipeline: &Pipeline, account: &Account, exit_code: ExitCode) {
    let totals = account.totals();
    let runs = account
        .runs
        .iter()
        .filter(|run| !dry::is_imagined_run(run.id));
    let ids: Vec<String> = runs.clone().map(|run| run.id.to_string()).collect();
    pipeline.set_output("testRunIds", &ids.join(","));
    pipeline.set_output_list("testRunUrls", runs.map(|run| run.url.as_str()));
    for (name, number) in [
        ("totalTests", totals.total),
        ("passedTests", totals.passed),
        ("failedTests", totals.failed),
        ("otherTests", totals.other),
        ("flakyTests", totals.flaky),
        ("publishedResults", account.published_results()),
        ("exitCode", usize::from(exit_code.number())),
    ] {
        pipeline.set_output(name, &number.to_string());
    }
}

fn write_json(
    account: &Account,
    invocation: &Invocation,
    pipeline: &Pipeline,
    exit_code: ExitCode,
) {
    if invocation.format == Format::Json {
        let inputs = &invocation.inputs;
        let (dry_run, statuses) = (inputs.dry_run.value, &inputs.status_mapping.value);
        let document = json::publish(account, exit_code, dry_run, statuses, &pipeline.issues());
        pipeline.json(&document);
    }
}

fn write_summary(
    account: &Account,
    invocation: &Invocation,
    pipeline: &Pipeline,
    secrets: &Secrets,
) {
    let Some(folder) = invocation
        .agent
        .temp_dir
        .as_ref()
        .filter(|_| invocation.agent.in_pipeline)
    else {
        return;
    };
    // What no test case can show stands there, too.
    let worth_a_note =
        |severity, told| severity == Severity::Error || told == code::SUITE_HOOK_FAILED;
    let notes: Vec<String> = pipeline
        .issues()
        .into_iter()
        .filter(|(severity, told, _)| worth_a_note(*severity, *told))
        .map(|(_, code, text)| format!("{code}: {text}"))
        .collect();
    let page = summary::markdown(account, &notes, secrets, invocation.inputs.dry_run.value);
    // The agent reads the file after the step, so each step of a job needs one of its own.
    let file = folder.join(format!("katalon-ado-{}.md", std::process::id()));
    match std::fs::write(&file, page) {
        Ok(()) => pipeline.upload_summary(&file),
        Err(error) => pipeline.issue(&Problem::warning(
            code::NO_SUMMARY,
            format!(
                "the summary could not be written to '{}': {error}",
                file.display()
            ),
            "",
        )),
    }
}

fn tell_counts(account: &Account, pipeline: &Pipeline, dry_run: bool) {
    let tally = account.tally();
    let published = if dry_run {
        "would be published"
    } else {
        "published"
    };
    pipeline.line(&format!(
        "{} read: {} {published}, {} left out, {} missing",
        count(account.results_read(), "result"),
        tally.published,
        tally.left_out,
        tally.missing
    ));
}

/// The last line under a pipeline's task, and the exit code.
fn end(pipeline: &Pipeline, verdict: &Verdict, under_task: bool) -> ExitCode {
    let exit_code = verdict.exit_code();
    if under_task {
        match exit_code {
            ExitCode::Done => {}
            ExitCode::Cancelled => pipeline.complete(TaskResult::Canceled, &verdict.message()),
            ExitCode::FailedTests
            | ExitCode::WrongInputs
            | ExitCode::NoReports
            | ExitCode::NotPublished
            | ExitCode::PartlyPublished
            | ExitCode::Unmatched => pipeline.complete(TaskResult::Failed, &verdict.message()),
        }
    }
    exit_code
}
