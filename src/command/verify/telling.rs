//! What `verify` says at the end: tables, outputs, summary, JSON.

use super::super::ending;
use super::super::verdict::Verdict;
use crate::account::Account;
use crate::exit_code::ExitCode;
use crate::inputs::{Format, Invocation};
use crate::pipeline::Pipeline;
use crate::secrets::Secrets;
use crate::table::{Table, Tone};
use crate::verification::{State, Verification};
use crate::{json, summary};

/// Tells everything that was found, and the exit code.
pub(super) fn finish(
    found: &Verification,
    invocation: &Invocation,
    pipeline: &Pipeline,
    verdict: &Verdict,
    secrets: &Secrets,
) -> ExitCode {
    let exit_code = verdict.exit_code();
    if !found.test_cases.is_empty() {
        pipeline.section("Test case IDs");
        pipeline.table(&test_cases(found));
    }
    pipeline.section("Permissions");
    pipeline.table(&permissions(found));
    pipeline.section("Result");
    pipeline.table(&checks(found));
    ending::set_outputs(pipeline, &Account::default(), exit_code);
    ending::upload_summary(invocation, pipeline, |notes| {
        summary::of_verification(found, notes, secrets)
    });
    pipeline.finish_issues();
    if invocation.format == Format::Json {
        pipeline.json(&json::verify(found, exit_code, &pipeline.issues()));
    }
    let verdict_in_words = match exit_code {
        ExitCode::Done => "Nothing speaks against publishing",
        ExitCode::Unmatched => "Publishing would not do all that is asked for",
        ExitCode::FailedTests
        | ExitCode::WrongInputs
        | ExitCode::NoReports
        | ExitCode::NotPublished
        | ExitCode::PartlyPublished
        | ExitCode::Cancelled => "Not everything could be looked at",
    };
    pipeline.line(&format!(
        "{verdict_in_words}: {} ok, {} wrong, {} to note, {} not tried",
        found.count(State::Fine),
        found.count(State::Wrong),
        found.count(State::Note),
        found.count(State::Untried)
    ));
    ending::end(pipeline, verdict, invocation.under_task)
}

fn tone(state: State) -> Tone {
    match state {
        State::Fine => Tone::Good,
        State::Wrong => Tone::Bad,
        State::Note => Tone::Attention,
        State::Untried => Tone::Plain,
    }
}

fn checks(found: &Verification) -> Table {
    let mut table = Table::new(&["", "What", "Found"]);
    for check in &found.checks {
        let told = match check.code {
            Some(code) => format!("{code}: {}", check.told),
            None => check.told.clone(),
        };
        table.row(
            tone(check.state),
            [check.state.word().to_owned(), check.what.clone(), told],
        );
    }
    table
}

fn permissions(found: &Verification) -> Table {
    let mut table = Table::new(&["", "Permission", "Given at", "Tried by"]);
    for one in &found.permissions {
        table.row(
            tone(one.state),
            [
                one.state.word().to_owned(),
                one.name.to_owned(),
                one.given.to_owned(),
                one.how.clone(),
            ],
        );
    }
    table
}

fn test_cases(found: &Verification) -> Table {
    let mut table = Table::new(&[
        "",
        "ID",
        "Title",
        "Katalon test case",
        "Configurations",
        "Suites",
        "",
    ]);
    for one in &found.test_cases {
        table.row(
            tone(one.state),
            [
                one.state.word().to_owned(),
                one.id.to_string(),
                one.title.clone(),
                one.katalon.join(", "),
                one.configurations.join(", "),
                one.suites.join(", "),
                one.told.clone(),
            ],
        );
    }
    table
}
