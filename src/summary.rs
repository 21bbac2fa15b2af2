//! The build's summary: a page of Markdown.
//!
//! Every text that is not ours becomes entities, so that neither Markdown nor HTML in it acts.

use crate::account::{Account, ReportAccount, ResultFate};
use crate::katalon::{Status, TestResult};
use crate::publish::dry::is_imagined_run;
use crate::secrets::Secrets;

/// The agent shows summaries up to about this size.
const LONGEST: usize = 900_000;

/// Runs that are listed.
const MOST_RUNS: usize = 200;

/// Characters of a message that are shown.
const LONGEST_MESSAGE: usize = 500;

/// The page; `note` stands below the totals and says what went wrong, if something did.
pub fn markdown(account: &Account, notes: &[String], secrets: &Secrets, dry_run: bool) -> String {
    let totals = account.totals();
    let tally = account.tally();
    let mut page = String::from("## Katalon test results\n\n");
    if dry_run {
        page.push_str("Dry run: nothing was sent.\n\n");
    }
    page.push_str(&format!(
        "{}\n\n**{}** tests: **{}** passed, **{}** failed, **{}** other, {} flaky. {} published, {} left out, {} missing.\n\n",
        bar(totals.passed, totals.failed, totals.other),
        totals.total,
        totals.passed,
        totals.failed,
        totals.other,
        totals.flaky,
        tally.published,
        tally.left_out,
        tally.missing,
    ));
    for note in notes {
        page.push_str(&format!("⚠️ {}\n\n", text(&secrets.mask(note))));
    }
    let runs: Vec<_> = account
        .runs
        .iter()
        .filter(|run| !is_imagined_run(run.id))
        .collect();
    if !runs.is_empty() {
        page.push_str("| Test run | Results | |\n| --- | --- | --- |\n");
        for run in runs.iter().take(MOST_RUNS) {
            let name = text(&secrets.mask(&run.name));
            let state = if run.found || run.would_send.is_some() {
                "was there before"
            } else {
                "published"
            };
            page.push_str(&format!(
                "| [{name}]({}) | {} | {state} |\n",
                link(&run.url),
                run.results
            ));
        }
        if runs.len() > MOST_RUNS {
            page.push_str(&format!(
                "\n… and {} more test runs\n",
                runs.len() - MOST_RUNS
            ));
        }
        page.push('\n');
    }
    let worth: Vec<(&ReportAccount, usize)> = account
        .reports
        .iter()
        .filter(|report| report.counts)
        .flat_map(|report| (0..report.report.results.len()).map(move |at| (report, at)))
        .filter(|(report, at)| is_worth_a_line(&report.report.results[*at]))
        .collect();
    let mut lines = 0;
    for (report, at) in &worth {
        let line = line(report, *at, secrets);
        if page.len() + line.len() > LONGEST {
            break;
        }
        if lines == 0 {
            page.push_str("| Test | Status | Message | Screenshots |\n| --- | --- | --- | --- |\n");
        }
        page.push_str(&line);
        lines += 1;
    }
    if lines < worth.len() {
        page.push_str(&format!(
            "\n… and {} more tests that did not pass\n",
            worth.len() - lines
        ));
    }
    page
}

fn is_worth_a_line(result: &TestResult) -> bool {
    match result.status() {
        Status::Failed | Status::Error | Status::Incomplete => true,
        Status::Passed | Status::Skipped | Status::NotRun => result.is_flaky(),
    }
}

fn line(account: &ReportAccount, at: usize, secrets: &Secrets) -> String {
    let result = &account.report.results[at];
    let shown = |raw: &str| text(&secrets.mask(raw));
    let status = if result.is_flaky() {
        "flaky".to_owned()
    } else {
        result.status().as_str().to_owned()
    };
    let message = result
        .all_attempts()
        .filter_map(|attempt| attempt.failure.as_ref())
        .last()
        .map(|failure| secrets.mask(&failure.message))
        .unwrap_or_default();
    let message: String = if message.chars().count() > LONGEST_MESSAGE {
        message.chars().take(LONGEST_MESSAGE).chain(['…']).collect()
    } else {
        message
    };
    let screenshots: Vec<String> = result
        .all_attempts()
        .flat_map(|attempt| &attempt.screenshots)
        .map(|screenshot| match screenshot.step.as_str() {
            "" => shown(&screenshot.name),
            step => format!("{} (step {step})", shown(&screenshot.name)),
        })
        .collect();
    let missing = match &account.fates[at] {
        ResultFate::Missing { why, .. } => format!("<br>not published: {}", shown(why)),
        ResultFate::Published(_) | ResultFate::LeftOut { .. } => String::new(),
    };
    format!(
        "| {}<br>{} | {status} | {}{missing} | {} |\n",
        shown(result.test_case.as_str()),
        shown(account.report.suite.as_str()),
        text(&message),
        screenshots.join("<br>"),
    )
}

/// A bar of forty squares, each colour at least one where there is any.
fn bar(passed: usize, failed: usize, other: usize) -> String {
    const WIDTH: usize = 40;
    let total = passed + failed + other;
    if total == 0 {
        return String::new();
    }
    let width = |count: usize| {
        if count == 0 {
            0
        } else {
            (count * WIDTH / total).max(1)
        }
    };
    let squares = [
        ("🟥", width(failed)),
        ("⬜", width(other)),
        ("🟩", width(passed)),
    ];
    squares
        .iter()
        .map(|(square, count)| square.repeat(*count))
        .collect()
}

/// Text in which nothing acts: neither Markdown, nor HTML, nor a table's bar, nor an address.
pub fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.trim().chars() {
        match c {
            '\n' => safe.push_str("<br>"),
            '\r' => {}
            c if c.is_control() => safe.push(' '),
            ' ' | '_' | ',' | ';' | '?' => safe.push(c),
            c if c.is_ascii_punctuation() => safe.push_str(&format!("&#{};", u32::from(c))),
            c => safe.push(c),
        }
    }
    safe
}

/// An address of ours as the target of a link: what could end the target is escaped.
fn link(url: &str) -> String {
    let mut safe = String::new();
    for c in url.chars() {
        match c {
            '(' | ')' | '<' | '>' | ' ' | '"' | '\'' | '|' | '\\' => {
                safe.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    if safe.starts_with("https://") || safe.starts_with("http://") {
        safe
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let hostile = "<script>|x|\n[a](https://evil.example)![p](q) `c` **b** # h";
        let safe = text(hostile);
        for sign in ["<script", "|", "](", "**", "`", "://", "# "] {
            assert!(!safe.contains(sign), "{sign} in {safe}");
        }
        assert!(safe.contains("<br>"));
    }

    #[test]
    fn a_link_leads_only_to_a_web_address() {
        assert_eq!(link("https://a/b c)|"), "https://a/b%20c%29%7C");
        assert_eq!(link("javascript:alert(1)"), "");
    }

    #[test]
    fn a_single_failure_among_thousands_shows() {
        let bar = bar(9_999, 1, 0);
        assert!(bar.starts_with('🟥') && bar.ends_with('🟩'));
    }
}
