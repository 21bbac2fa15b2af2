//! Names of runs and titles of results that differ where they would be equal.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::inputs::{Placeholder, TitleTemplate};
use crate::katalon::{Report, TestCasePath};

/// What a title is made of.
#[derive(Clone, Debug)]
pub struct TitleOf<'a> {
    /// The reports of the run.
    pub reports: Vec<&'a Report>,
    /// The name of its test plan; empty for a run without plan.
    pub plan: &'a str,
}

/// What is told of a run.
type Detail<'a> = dyn Fn(&TitleOf<'_>) -> String + 'a;

/// The names of runs, in order. Where several would be equal they get what tells them apart: the
/// test plan, browser or device, profile, then start.
pub fn run_titles(
    runs: &[TitleOf<'_>],
    template: &TitleTemplate,
    build_number: &str,
    zone: &TimeZone,
) -> Vec<String> {
    let mut titles: Vec<String> = runs
        .iter()
        .map(|run| filled(run, template, build_number, zone))
        .collect();
    let details: [&Detail<'_>; 4] = [
        &|run| run.plan.to_owned(),
        &|run| each(&run.reports, |report| report.browser_or_device().to_owned()),
        &|run| each(&run.reports, |report| report.profile.clone()),
        &|run| start(&run.reports, zone, "%Y-%m-%d %H:%M:%S"),
    ];
    for detail in details {
        for group in equal_titles(&titles) {
            let told: Vec<String> = group.iter().map(|&at| detail(&runs[at])).collect();
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

/// What the reports of a run say, each word once, in their order.
fn each(reports: &[&Report], told: impl Fn(&Report) -> String) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in reports.iter().map(|report| told(report)) {
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}

fn filled(
    run: &TitleOf<'_>,
    template: &TitleTemplate,
    build_number: &str,
    zone: &TimeZone,
) -> String {
    let reports = run.reports.as_slice();
    let suites = || each(reports, |report| report.suite.name().to_owned());
    let title = template.fill(|placeholder| match placeholder {
        Placeholder::Suite => suites(),
        Placeholder::SuitePath => each(reports, |report| report.suite.as_str().to_owned()),
        Placeholder::Collection => each(reports, |report| {
            let path = report.collection.as_deref().unwrap_or_default();
            path.rsplit('/').next().unwrap_or_default().to_owned()
        }),
        Placeholder::Profile => each(reports, |report| report.profile.clone()),
        Placeholder::Browser => each(reports, |report| {
            name_without_version(report.browser_or_device()).to_owned()
        }),
        Placeholder::Os => each(reports, |report| report.os.clone()),
        Placeholder::Build => build_number.to_owned(),
        Placeholder::Plan => run.plan.to_owned(),
        Placeholder::Date => start(reports, zone, "%Y-%m-%d %H:%M"),
    });
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    // A run needs a name, whatever the template left of it: a suite outside any collection, say.
    if title.is_empty() { suites() } else { title }
}

/// `Chrome` of `Chrome 101.0.4951.67`.
pub fn name_without_version(browser: &str) -> &str {
    let is_version = |word: &str| word.chars().all(|c| c.is_ascii_digit() || c == '.');
    match browser.rsplit_once(' ') {
        Some((name, last)) if !last.is_empty() && is_version(last) => name,
        Some(_) | None => browser,
    }
}

/// When the first of the reports began.
fn start(reports: &[&Report], zone: &TimeZone, format: &str) -> String {
    reports
        .iter()
        .filter_map(|report| Some(report.started?.0))
        .min()
        .map(|started| zone.to_datetime(started).strftime(format).to_string())
        .unwrap_or_default()
}

/// The titles of results: the last part of the path, from the part where they differ if two share it.
pub(super) fn result_titles(paths: &[&TestCasePath]) -> Vec<String> {
    // Sorted from the end, those that share most stand side by side. Results of one test case in
    // several suites share the whole path, and need no more for it.
    let mut sorted: Vec<&TestCasePath> = paths.to_vec();
    sorted.sort_unstable_by(|a, b| from_end(a).cmp(from_end(b)).then_with(|| a.cmp(b)));
    sorted.dedup();
    let mut shared: HashMap<&TestCasePath, usize> = HashMap::new();
    for pair in sorted.windows(2) {
        let parts = from_end(pair[0]).zip(from_end(pair[1]));
        let parts = parts.take_while(|(a, b)| a == b).count();
        for path in pair {
            let most = shared.entry(path).or_default();
            *most = parts.max(*most);
        }
    }
    let title = |path: &&TestCasePath| {
        let shared = shared.get(path).copied().unwrap_or_default();
        last_parts(path.as_str(), shared + 1).to_owned()
    };
    paths.iter().map(title).collect()
}

/// The parts of a path, the last one first.
fn from_end(path: &TestCasePath) -> impl Iterator<Item = &str> {
    path.as_str().trim_end_matches('/').rsplit('/')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_grow_only_where_two_would_be_equal() {
        let paths = [
            "Test Cases/A/Login/Valid",
            "Test Cases/B/Login/Valid",
            "Test Cases/Other",
        ];
        let paths = paths.map(TestCasePath::new);
        let titles = result_titles(&paths.iter().collect::<Vec<_>>());
        assert_eq!(titles, ["A/Login/Valid", "B/Login/Valid", "Other"]);
    }

    #[test]
    fn one_test_case_in_two_suites_keeps_its_name() {
        let path = TestCasePath::new("Test Cases/A/Valid");
        assert_eq!(result_titles(&[&path, &path]), ["Valid", "Valid"]);
        assert_eq!(result_titles(&[&TestCasePath::new("Test Cases/A/")]), ["A"]);
    }

    #[test]
    fn a_title_is_the_whole_path_where_another_ends_with_it() {
        let paths = ["A/Valid", "Valid", "B/A/Valid", "/Valid", "Valid/"].map(TestCasePath::new);
        let titles = result_titles(&paths.iter().collect::<Vec<_>>());
        assert_eq!(titles, ["A/Valid", "Valid", "B/A/Valid", "/Valid", "Valid"]);
    }

    #[test]
    fn deep_paths_that_differ_in_their_first_part_cost_no_more_than_their_length() {
        let deep = |first: &str| TestCasePath::new(format!("{first}/{}z", "a/".repeat(200_000)));
        let paths = [deep("x"), deep("y")];
        let titles = result_titles(&paths.iter().collect::<Vec<_>>());
        assert_eq!(titles, paths.map(|path| path.as_str().to_owned()));
    }

    #[test]
    fn a_browser_is_named_without_its_version() {
        assert_eq!(name_without_version("Chrome 101.0.4951.67"), "Chrome");
        assert_eq!(name_without_version("Edge Chromium 144"), "Edge Chromium");
        assert_eq!(
            name_without_version("Pixel 7 (Android 14)"),
            "Pixel 7 (Android 14)"
        );
    }
}
