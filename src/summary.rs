//! The build's summary: a page of Markdown, on the tab *Extensions* of the build.
//!
//! The page uses headings, tables and links only, and no HTML, which some versions of Azure DevOps
//! show as it is written. Every text that is not ours is made inert first. Azure DevOps puts the
//! name of the file above it.

use std::collections::BTreeMap;

use crate::account::{Account, ReportAccount, ResultFate, RunAccount};
use crate::katalon::{Status, TestResult};
use crate::mapping;
use crate::problem::counted;
use crate::publish::dry::is_imagined_run;
use crate::secrets::Secrets;

mod inert;
mod verification;

use inert::{link, text};
pub use verification::of_verification;

/// The name of the page, which Azure DevOps shows as its heading.
pub const FILE_NAME: &str = "Katalon test results.md";

/// Bytes of the page; the agent takes no more than 1 MB.
const LONGEST: usize = 900_000;

/// Runs, reasons and notes that are listed, each.
const MOST_LINES: usize = 200;

/// Characters of a message or a name that are shown.
const LONGEST_TEXT: usize = 500;

/// Squares of the bar.
const WIDTH: usize = 40;

/// The page; `notes` say what went wrong, if something did.
pub fn markdown(account: &Account, notes: &[String], secrets: &Secrets, dry_run: bool) -> String {
    let page = Page { account, secrets };
    let mut markdown = String::new();
    if dry_run {
        markdown.push_str("**Dry run: nothing was sent.**\n\n");
    }
    markdown.push_str(&page.totals(dry_run));
    markdown.push_str(&page.notes(notes));
    markdown.push_str(&page.runs());
    markdown.push_str(&page.not_published());
    markdown.push_str(&page.unmatched());
    let room = LONGEST.saturating_sub(markdown.len());
    markdown.push_str(&page.tests(room));
    markdown
}

struct Page<'a> {
    account: &'a Account,
    secrets: &'a Secrets,
}

impl Page<'_> {
    /// Text from outside: masked, not too long, inert.
    fn shown(&self, raw: &str) -> String {
        shortened(&self.secrets.mask(raw.trim()))
    }

    /// The bar, and the counts that it is made of.
    fn totals(&self, dry_run: bool) -> String {
        let counts = self.account.by_status();
        let totals = self.account.totals();
        let told = |statuses: &[Status]| {
            let told = statuses
                .iter()
                .filter_map(|status| Some(format!("{} {}", counts.get(status)?, status.as_str())));
            let told: Vec<String> = told.map(|words| text(&words)).collect();
            if told.is_empty() {
                String::new()
            } else {
                format!(" ({})", told.join(", "))
            }
        };
        let flaky = match totals.flaky {
            0 => String::new(),
            flaky => format!(" ({flaky} only after a retry)"),
        };
        let tally = self.account.tally();
        let published = if dry_run {
            "would be published"
        } else {
            "published"
        };
        let bar = match bar(totals.passed, totals.failed, totals.other) {
            bar if bar.is_empty() => bar,
            bar => format!("{bar}\n\n"),
        };
        format!(
            "{bar}**{}**: **{}** passed{flaky}, **{}** failed{}, **{}** other{}\n\n\
             {} read: {} {published}, {} left out, {} missing\n\n",
            counted(totals.total, "test"),
            totals.passed,
            totals.failed,
            told(if counts.contains_key(&Status::Error) {
                &[Status::Failed, Status::Error]
            } else {
                &[]
            }),
            totals.other,
            told(&[Status::Incomplete, Status::Skipped, Status::NotRun]),
            counted(self.account.results_read(), "result"),
            tally.published,
            tally.left_out,
            tally.missing,
        )
    }

    fn notes(&self, notes: &[String]) -> String {
        note_lines(notes, |raw| self.shown(raw))
    }

    /// The runs that hold the results, or would.
    fn runs(&self) -> String {
        let lines = self.account.runs.iter().map(|run| {
            let name = self.shown(run.name.as_str());
            let name = match link(&run.url) {
                url if url.is_empty() || is_imagined_run(run.id) => name,
                url => format!("[{name}]({url})"),
            };
            format!("| {name} | {} | {} |\n", run.results, state(run))
        });
        listed(
            "### Test runs\n\n| Test run | Results | |\n| --- | ---: | --- |\n",
            lines.collect(),
            "more test runs",
        )
    }

    /// What is in no run of this step, by reason.
    fn not_published(&self) -> String {
        let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for fate in self.account.reports.iter().flat_map(|report| &report.fates) {
            let reason = match fate {
                ResultFate::Published(_) => continue,
                ResultFate::LeftOut { why, .. } => ("left out", why.as_str()),
                ResultFate::Missing { why, .. } => ("missing", why.as_str()),
            };
            *reasons.entry(reason).or_default() += 1;
        }
        let lines = reasons.into_iter().rev().map(|((what, why), results)| {
            format!("| {results} | {what} | {} |\n", self.shown(why))
        });
        listed(
            "### Not published by this step\n\n| Results | | Why |\n| ---: | --- | --- |\n",
            lines.collect(),
            "more reasons",
        )
    }

    /// Results that reach no test point, with why; those off the plan on purpose last.
    fn unmatched(&self) -> String {
        let mut unmatched: Vec<_> = self.account.unmatched().collect();
        unmatched.sort_by_key(|(_, _, unmatched)| !unmatched.fails);
        let lines = unmatched.into_iter().map(|(report, result, unmatched)| {
            format!(
                "| {} | {} | {} |\n",
                self.shown(result.test_case.as_str()),
                self.shown(&unmatched.why),
                self.shown(report.suite.as_str()),
            )
        });
        listed(
            "### Without a test point\n\n| Test case | Why | Suite |\n| --- | --- | --- |\n",
            lines.collect(),
            "more tests without a test point",
        )
    }

    /// Tests that did not pass, or only after a retry: the worse first, since the page may be full
    /// before its end.
    fn tests(&self, room: usize) -> String {
        let mut worth: Vec<(&ReportAccount, &TestResult)> = Vec::new();
        for report in self.account.reports.iter().filter(|report| report.counts) {
            let results = report.report.results.iter();
            worth.extend(
                results
                    .filter(|result| is_worth_a_line(result))
                    .map(|result| (report, result)),
            );
        }
        worth.sort_by_key(|(_, result)| std::cmp::Reverse(result.status()));
        if worth.is_empty() {
            return String::new();
        }
        let mut table = String::from(
            "### Tests that did not pass, or only after a retry\n\n\
             | Test case | Status | Message | Screenshots | Suite |\n| --- | --- | --- | --- | --- |\n",
        );
        let mut lines = 0;
        for (report, result) in &worth {
            let line = self.test(report, result);
            if table.len() + line.len() > room {
                break;
            }
            table.push_str(&line);
            lines += 1;
        }
        if lines < worth.len() {
            table.push_str(&format!(
                "\n… and {} more of these tests\n",
                worth.len() - lines
            ));
        }
        table
    }

    fn test(&self, report: &ReportAccount, result: &TestResult) -> String {
        let status = if result.is_flaky() {
            "flaky"
        } else {
            result.status().as_str()
        };
        let screenshots = result
            .all_attempts()
            .flat_map(|attempt| &attempt.screenshots);
        let screenshots: Vec<String> = screenshots
            .map(|file| match file.step.as_str() {
                "" => self.shown(&file.name),
                step => format!("{} (step {step})", self.shown(&file.name)),
            })
            .collect();
        format!(
            "| {} | {} | {} | {} | {} |\n",
            self.shown(result.test_case.as_str()),
            text(status),
            self.message(result),
            screenshots.join(", "),
            self.shown(report.report.suite.as_str()),
        )
    }

    /// Why a test did not pass; of a flaky one why it did not at first.
    fn message(&self, result: &TestResult) -> String {
        let (deciding, row) = result.deciding_attempt();
        let first_failed = || {
            result
                .all_attempts()
                .find(|attempt| attempt.status != Status::Passed)
        };
        let told = if result.is_flaky() {
            first_failed().unwrap_or(deciding)
        } else {
            deciding
        };
        let failure = told.failure.as_ref();
        let message = match failure.map(|failure| failure.message.trim()) {
            None | Some("") => mapping::without_message(told.status),
            Some(message) => message,
        };
        if result.rows.len() > 1 && !result.is_flaky() {
            self.shown(&format!("Row {}: {message}", row + 1))
        } else {
            self.shown(message)
        }
    }
}

/// A masked text, not too long, inert.
fn shortened(masked: &str) -> String {
    match masked.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", text(&masked[..end])),
        None => text(masked),
    }
}

/// What went wrong, a line each.
fn note_lines(notes: &[String], shown: impl Fn(&str) -> String) -> String {
    let lines = notes.iter().map(|note| format!("- ⚠️ {}\n", shown(note)));
    listed("", lines.collect(), "more problems")
}

/// Lines below their head, as many as may be, and the number of the others; nothing if there are
/// none.
fn listed(head: &str, lines: Vec<String>, others: &str) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut list = format!("{head}{}", lines[..lines.len().min(MOST_LINES)].concat());
    if lines.len() > MOST_LINES {
        list.push_str(&format!("\n… and {} {others}\n", lines.len() - MOST_LINES));
    }
    list.push('\n');
    list
}

fn state(run: &RunAccount) -> &'static str {
    match (run.found, run.would_send.is_some()) {
        (true, _) => "was there before",
        (false, true) if is_imagined_run(run.id) => "would be made",
        (false, true) => "would be filled up",
        (false, false) if run.incomplete => "published, without what was refused",
        (false, false) => "published",
    }
}

fn is_worth_a_line(result: &TestResult) -> bool {
    match result.status() {
        Status::Failed | Status::Error | Status::Incomplete => true,
        Status::Passed | Status::Skipped | Status::NotRun => result.is_flaky(),
    }
}

/// A bar of forty squares, each colour at least one where there is any.
fn bar(passed: usize, failed: usize, other: usize) -> String {
    let total = passed + failed + other;
    if total == 0 {
        return String::new();
    }
    let mut widths = [failed, other, passed].map(|count| {
        let width = count * WIDTH / total;
        width.max(usize::from(count > 0))
    });
    // What rounding left or took is the largest one's.
    let sum: usize = widths.iter().sum();
    if let Some(largest) = widths.iter_mut().max() {
        *largest = (*largest + WIDTH).saturating_sub(sum);
    }
    let squares = ["🟥", "⬜", "🟩"].iter().zip(widths);
    squares
        .map(|(square, width)| square.repeat(width))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_failure_among_thousands_shows() {
        let bar = bar(9_999, 1, 0);
        assert!(bar.starts_with('🟥') && bar.ends_with('🟩'));
    }

    #[test]
    fn a_bar_is_always_as_long() {
        for (passed, failed, other) in [(1, 1, 1), (7, 2, 3), (10_000, 1, 1), (0, 0, 5), (2, 1, 0)]
        {
            assert_eq!(bar(passed, failed, other).chars().count(), WIDTH);
        }
        assert_eq!(bar(0, 0, 0), "");
    }
}
