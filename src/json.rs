//! The JSON document of each command. Fields keep their meaning within a major version.

use serde_json::{Value, json};

use crate::account::{Account, ReportAccount, ResultFate};
use crate::azure_devops::TestRunId;
use crate::exit_code::ExitCode;
use crate::inputs::StatusMapping;
use crate::katalon::Status;
use crate::mapping;
use crate::problem::{Code, Severity};
use crate::publish::dry;
use crate::publish::would_send::WouldSend;

mod others;
mod verification;

pub use others::{list, select};
pub use verification::verify;

/// The document of `publish`.
pub fn publish(
    account: &Account,
    exit_code: ExitCode,
    dry_run: bool,
    statuses: &StatusMapping,
    issues: &[(Severity, Code, String)],
) -> Value {
    let totals = account.totals();
    let tally = account.tally();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "command": "publish",
        "exitCode": exit_code.number(),
        "dryRun": dry_run,
        "totals": {
            "total": totals.total,
            "passed": totals.passed,
            "failed": totals.failed,
            "other": totals.other,
            "flaky": totals.flaky,
            "byStatus": by_status(account),
            "read": account.results_read(),
            "published": tally.published,
            "leftOut": tally.left_out,
            "missing": tally.missing,
            "publishedResults": account.published_results(),
        },
        "reports": account.reports.iter().map(report).collect::<Vec<_>>(),
        "runs": account.runs.iter().map(|run| json!({
            "id": shown(run.id),
            "url": shown(run.id).map(|_| &run.url),
            "name": run.name,
            "plan": run.plan.map(|plan| plan.0),
            "state": if run.would_send.is_some() { "planned" } else { "finished" },
            "results": run.results,
            "wouldSend": run.would_send.as_ref().map(would_send),
        })).collect::<Vec<_>>(),
        "results": account.reports.iter().flat_map(|report| results(report, statuses)).collect::<Vec<_>>(),
        "unmatched": account.unmatched().map(|(report, result, unmatched)| json!({
            "testCase": result.test_case.as_str(),
            "suite": report.suite.as_str(),
            "reason": unmatched.why,
        })).collect::<Vec<_>>(),
        "missingAttachments": account.missing_attachments.iter().map(|(name, reason)| {
            json!({"name": name, "reason": reason})
        }).collect::<Vec<_>>(),
        "warnings": told(issues, Severity::Warning),
        "errors": told(issues, Severity::Error),
    })
}

/// The problems of one kind.
fn told(issues: &[(Severity, Code, String)], severity: Severity) -> Vec<Value> {
    let of_kind = issues.iter().filter(|(kind, ..)| *kind == severity);
    of_kind
        .map(|(_, code, text)| json!({"code": code.0, "message": text}))
        .collect()
}

fn shown(id: TestRunId) -> Option<u64> {
    (!dry::is_imagined_run(id)).then_some(id.0)
}

/// What `other` is made of, too.
fn by_status(account: &Account) -> Value {
    let counts = account.by_status();
    Status::ALL
        .into_iter()
        .map(|status| (status.as_str(), counts.get(&status).copied().unwrap_or(0)))
        .collect()
}

/// The table of a dry run.
fn would_send(would_send: &WouldSend) -> Value {
    let results = would_send.results.iter().map(|result| {
        json!({
            "isNew": result.is_new,
            "testCase": result.test_case,
            "suite": result.suite,
            "title": result.title,
            "outcome": result.outcome.as_str(),
            "pointId": result.point.map(|point| point.0),
            "subResults": result.sub_results.map_or(0, |(count, _)| count),
            "files": result.files,
        })
    });
    json!({"results": results.collect::<Vec<_>>(), "files": would_send.files})
}

fn report(account: &ReportAccount) -> Value {
    json!({
        "folder": account.report.display_folder,
        "reruns": account.report.reruns,
        "suite": account.report.suite.as_str(),
        "key": account.key,
        "finished": account.report.finished,
        "results": account.report.results.len(),
    })
}

fn results(account: &ReportAccount, statuses: &StatusMapping) -> Vec<Value> {
    let results = account.report.results.iter().zip(&account.fates);
    results
        .zip(&account.places)
        .map(|((result, fate), place)| {
            let status = result.status();
            let run = match fate {
                ResultFate::Published(run) => shown(*run),
                ResultFate::LeftOut { run, .. } => run.and_then(shown),
                ResultFate::Missing { .. } => None,
            };
            let screenshots = result
                .all_attempts()
                .flat_map(|attempt| &attempt.screenshots);
            json!({
                "testCase": result.test_case.as_str(),
                "suite": account.report.suite.as_str(),
                "status": status.as_str(),
                "outcome": mapping::outcome(status, statuses).as_str(),
                "attempts": result.attempts(),
                "rows": result.rows.len(),
                "durationMs": result.duration().map(|duration| duration.as_millis() as u64),
                "runId": run,
                "testCaseIds": place.test_cases.iter().map(|id| id.0).collect::<Vec<_>>(),
                "pointIds": place.points.iter().map(|id| id.0).collect::<Vec<_>>(),
                "screenshots": screenshots.map(|screenshot| &screenshot.name).collect::<Vec<_>>(),
            })
        })
        .collect()
}
