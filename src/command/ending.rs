//! How the command ends: the problems that follow from the account, outputs, summary, JSON, counts.

use super::masking;
use super::verdict::Verdict;
use crate::account::Account;
use crate::exit_code::ExitCode;
use crate::inputs::{Format, Invocation, UnmatchedResults};
use crate::pipeline::{Pipeline, TaskResult};
use crate::problem::{Problem, Severity, code, counted as count};
use crate::publish::dry;
use crate::secrets::Secrets;
use crate::{json, summary};

/// Reasons that one problem tells.
const MOST_REASONS: usize = 3;

/// Everything that is said at the end, and the exit code.
pub(super) fn finish(
    account: &Account,
    invocation: &Invocation,
    pipeline: &Pipeline,
    mut verdict: Verdict,
    secrets: &Secrets,
) -> ExitCode {
    pipeline.section("Result");
    masking::tell_counts(pipeline, secrets);
    judge(account, invocation, pipeline, &mut verdict);
    set_outputs(pipeline, account, verdict.exit_code());
    upload_summary(invocation, pipeline, |notes| {
        summary::markdown(account, notes, secrets, invocation.inputs.dry_run.value)
    });
    pipeline.finish_issues();
    write_json(account, invocation, pipeline, verdict.exit_code());
    tell_counts(account, pipeline, invocation.inputs.dry_run.value);
    end(pipeline, &verdict, invocation.under_task)
}

/// The problems that follow from the account.
fn judge(account: &Account, invocation: &Invocation, pipeline: &Pipeline, verdict: &mut Verdict) {
    let inputs = &invocation.inputs;
    let publication = account.publication();
    let fails = inputs.fail_task_on_failure_to_publish_results.value;
    if publication != ExitCode::Done && !verdict.publication_is_told() {
        let tally = account.tally();
        let mut by_number: Vec<(&str, usize)> = account.missing().into_iter().collect();
        by_number.sort_by_key(|(_, results)| std::cmp::Reverse(*results));
        let mut reasons: Vec<String> = by_number
            .iter()
            .take(MOST_REASONS)
            .map(|(why, results)| format!("{}: {why}", count(*results, "result")))
            .collect();
        if by_number.len() > MOST_REASONS {
            let rest = by_number.len() - MOST_REASONS;
            reasons.push(format!("and {}", count(rest, "further reason")));
        }
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
    for (test_case, form, why) in &account.reduced {
        pipeline.issue(&Problem::warning(
            code::RESULT_REDUCED,
            format!(
                "the result of '{test_case}' is published {}: {why}",
                form.told()
            ),
            "Its report holds the rest.",
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
    judge_unmatched(account, invocation, pipeline, verdict);
    let failing = account.failing();
    if inputs.fail_task_on_failed_tests.value && !failing.is_empty() {
        let counts: Vec<String> = failing
            .iter()
            .rev()
            .map(|(status, count)| format!("{count} {}", status.as_str()))
            .collect();
        let published = if inputs.dry_run.value {
            "It is a dry run: nothing was published."
        } else if publication == ExitCode::Done {
            "All results are published."
        } else if account.tally().published > 0 {
            "Not all results are published."
        } else {
            "No results were published."
        };
        let problem = Problem::error(
            code::FAILED_TESTS,
            format!("tests did not pass: {}", counts.join(", ")),
            format!("'failTaskOnFailedTests' makes this fail the task. {published}"),
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

/// Results that should reach a test point and reach none.
fn judge_unmatched(
    account: &Account,
    invocation: &Invocation,
    pipeline: &Pipeline,
    verdict: &mut Verdict,
) {
    let unmatched: Vec<_> = account
        .unmatched()
        .filter(|(_, _, unmatched)| unmatched.fails)
        .collect();
    let Some((_, first, why)) = unmatched.first() else {
        return;
    };
    let message = format!(
        "{} of {} reach no test point, '{}' among them: {}",
        unmatched.len(),
        count(account.results_read(), "result"),
        first.test_case.as_str(),
        why.why
    );
    let advice = "The log and the summary say of each why.";
    match invocation.inputs.unmatched_results.value {
        UnmatchedResults::Fail => verdict.decide(
            pipeline,
            ExitCode::Unmatched,
            Problem::error(
                code::UNMATCHED_FAILS,
                message,
                format!("{advice} 'unmatchedResults: fail' makes this fail the task."),
            ),
        ),
        UnmatchedResults::Publish => pipeline.issue(&Problem::warning(
            code::UNMATCHED,
            message,
            format!("{advice} They belong to the build alone."),
        )),
        UnmatchedResults::Skip => pipeline.issue(&Problem::warning(
            code::UNMATCHED,
            message,
            format!("{advice} 'unmatchedResults: skip' leaves them out."),
        )),
    }
}

pub(super) fn set_outputs(pipeline: &Pipeline, account: &Account, exit_code: ExitCode) {
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

/// Shows a page on the build's summary; it is made of what went wrong so far.
pub(super) fn upload_summary(
    invocation: &Invocation,
    pipeline: &Pipeline,
    page: impl FnOnce(&[String]) -> String,
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
    let page = page(&notes);
    // The agent reads the file after the step, so each step of a job needs one of its own.
    let folder = folder.join(format!(
        "katalon-ado-{}-{}",
        std::process::id(),
        // In containers process ids repeat.
        jiff::Timestamp::now().as_millisecond()
    ));
    let file = folder.join(summary::FILE_NAME);
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, page));
    match written {
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
    let flaky = match account.totals().flaky {
        0 => String::new(),
        flaky => format!("; {flaky} passed only after a retry"),
    };
    pipeline.line(&format!(
        "{} read: {} {published}, {} left out, {} missing{flaky}",
        count(account.results_read(), "result"),
        tally.published,
        tally.left_out,
        tally.missing
    ));
}

/// The last line under a pipeline's task, and the exit code.
pub(super) fn end(pipeline: &Pipeline, verdict: &Verdict, under_task: bool) -> ExitCode {
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
