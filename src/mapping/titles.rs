//! Names of runs and titles of results that differ where they would be equal.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::inputs::{Placeholder, TitleTemplate};
use crate::katalon::{Report, TestResult};

/// The names of the runs of the reports, in order. Where several would be equal they get what tells
/// them apart: browser or device, profile, then start.
pub fn run_titles(
    reports: &[&Report],
    template: &TitleTemplate,
    build_number: &str,
    zone: &TimeZone,
) -> Vec<String> {
    let mut titles: Vec<String> = reports
        .iter()
        .map(|report| filled(report, template, build_number, zone))
        .collect();
    let details: [&dyn Fn(&Report) -> String; 3] = [
        &|report| report.browser_or_device().to_owned(),
        &|report| report.profile.clone(),
        &|report| start(report, zone, "%Y-%m-%d %H:%M:%S"),
    ];
    for detail in details {
        for group in equal_titles(&titles) {
            let told: Vec<String> = group.iter().map(|&at| detail(reports[at])).collect();
            // A detail that all share tells nothing apart.
            if told.iter().all(|text| *text == told[0]) {
                continue;
            }
            for (&at, text) in group.iter().zip(&told) {
                if !text.is_empty() {
                    titles[at] = format!("{} ({text})", titles[at]);
                }
            }
        }
    }
    for group in equal_titles(&titles) {
        for (number, at) in group.into_iter().enumerate().skip(1) {
            titles[at] = format!("{} ({})", titles[at], number + 1);
        }
    }
    titles
}

/// Positions of titles that stand more than once.
fn equal_titles(titles: &[String]) -> Vec<Vec<usize>> {
    let mut positions: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, title) in titles.iter().enumerate() {
        positions.entry(title).or_default().push(at);
    }
    let mut groups: Vec<Vec<usize>> = positions
        .into_values()
        .filter(|group| group.len() > 1)
        .collect();
    groups.sort();
    groups
}

fn filled(
    report: &Report,
    template: &TitleTemplate,
    build_number: &str,
    zone: &TimeZone,
) -> String {
    let title = template.fill(|placeholder| match placeholder {
        Placeholder::Suite => report.suite.name().to_owned(),
        Placeholder::SuitePath => report.suite.as_str().to_owned(),
        Placeholder::Collection => report
            .collection
            .as_deref()
            .and_then(|path| path.rsplit('/').next())
            .unwrap_or_default()
            .to_owned(),
        Placeholder::Profile => report.profile.clone(),
        Placeholder::Browser => name_without_version(report.browser_or_device()).to_owned(),
        Placeholder::Os => report.os.clone(),
        Placeholder::Build => build_number.to_owned(),
        Placeholder::Date => start(report, zone, "%Y-%m-%d %H:%M"),
    });
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    // A run needs a name, whatever the template left of it.
    if title.is_empty() {
        report.suite.name().to_owned()
    } else {
        title
    }
}

/// `Chrome` of `Chrome 101.0.4951.67`.
fn name_without_version(browser: &str) -> &str {
    let version = browser
        .rfind(' ')
        .filter(|&at| browser[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    version.map_or(browser, |at| &browser[..at])
}

fn start(report: &Report, zone: &TimeZone, format: &str) -> String {
    report
        .started
        .map(|(started, _)| zone.to_datetime(started).strftime(format).to_string())
        .unwrap_or_default()
}

/// The titles of results: the last part of the path, from the part where they differ if two share it.
pub(super) fn result_titles(results: &[TestResult]) -> Vec<&str> {
    let mut parts: Vec<usize> = vec![1; results.len()];
    loop {
        let titles: Vec<&str> = results
            .iter()
            .zip(&parts)
            .map(|(result, &parts)| last_parts(result.test_case.as_str(), parts))
            .collect();
        let mut count: HashMap<&str, usize> = HashMap::new();
        for title in &titles {
            *count.entry(title).or_default() += 1;
        }
        let mut longer = false;
        for (at, title) in titles.iter().enumerate() {
            if count[title] > 1 && title.len() < results[at].test_case.as_str().len() {
                parts[at] += 1;
                longer = true;
            }
        }
        if !longer {
            return titles;
        }
    }
}

fn last_parts(path: &str, parts: usize) -> &str {
    let path = path.trim_end_matches('/');
    let mut at = path.len();
    for _ in 0..parts {
        match path[..at].rfind('/') {
            Some(slash) => at = slash,
            None => return path,
        }
    }
    &path[at + 1..]
}
