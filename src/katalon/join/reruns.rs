//! Joins the executions of a suite that Katalon repeated because tests had failed.
//!
//! Each of them has a folder of its own, beside the others. Joined too little, a test that passed
//! at last fails the build; joined too much, a failure is whitened by a pass that has nothing to
//! do with it. So everything has to agree, and in doubt nothing is joined:
//!
//! | what | must |
//! |---|---|
//! | session | be the same; layouts of 5.x and 6.x have none |
//! | suite, run configuration, profile, machine | be the same |
//! | beginning | lie behind the end of the earlier one |
//! | `retryCount` of the log | be lower |
//! | without two logs, or with logs of versions that write none: the cases | all be ones that had not passed |
//! | rows | find their partner, see [`super::pairing`] |

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::times::WrittenTime;
use super::super::{Report, Status, SuitePath, TestResult, TimeSource};
use super::folder::ReadReport;
use super::layout::Session;
use super::pairing::{Index, Pair, pair, take_in};
use crate::problem::{Problem, code, counted};

mod effort;
mod siblings;

use effort::{Effort, Pot};
use siblings::siblings;

/// Joins reports that are sorted by folder; also says what looks like a rerun and is not joined.
pub(super) fn join(reports: Vec<ReadReport>) -> (Vec<ReadReport>, Vec<Problem>) {
    let mut effort = Effort::default();
    let (mut joined, siblings) = siblings(reports);
    let mut notes = in_summaries(&joined, &mut effort);
    for mut executions in siblings {
        // A stable sort: what has no beginning stays in the order of the folders.
        executions.sort_by_key(|read| read.report.started.map(|(moment, _)| moment));
        let mut chains: Vec<Chain> = Vec::new();
        let mut pot = Pot::default();
        for read in executions {
            add(&mut chains, read, &mut notes, &mut pot, &mut effort);
        }
        joined.extend(chains.into_iter().map(|chain| chain.whole));
    }
    joined.sort_by(|a, b| a.report.folder.cmp(&b.report.folder));
    notes.extend(tell_given_up(effort.given_up));
    (joined, notes)
}

/// Says of executions that were not compared with all before them.
fn tell_given_up(given_up: usize) -> Option<Problem> {
    let executions = counted(given_up, "execution");
    (given_up > 0).then(|| {
        not_joined(
            &format!("each of {executions} may be a rerun"),
            "too many of their suites lie side by side to tell which repeats which",
        )
    })
}

fn rows(results: &[TestResult]) -> usize {
    results.iter().map(|result| result.rows.len()).sum()
}

/// What is looked at of a report to join it with another.
fn weight(report: &Report) -> usize {
    rows(&report.results) + report.variables.len() + report.files.len()
}

/// What the path of a report, or of a copy of it, says of its session.
fn session(read: &ReadReport) -> Option<Session> {
    let sessions = read
        .folders()
        .filter_map(|folder| Session::of(folder, &read.report.suite));
    sessions.max()
}

/// Suites that only a collection's JUnit tells of have no folders, and so no siblings: they are
/// executions of their own, and those that look like reruns are told.
fn in_summaries(reports: &[ReadReport], effort: &mut Effort) -> Vec<Problem> {
    let mut notes = Vec::new();
    let mut of_suite: HashMap<(&Path, &SuitePath), (Pot, Vec<Summarised<'_>>)> = HashMap::new();
    for later in reports {
        let report = &later.report;
        let facts = Facts::of(later);
        let key = (report.folder.as_path(), &report.suite);
        let (pot, before) = of_suite.entry(key).or_default();
        let rows = rows(&report.results);
        pot.grow(rows);
        let mut may_look = effort.allows(pot, before.len() * Effort::COMPARISON);
        let compared = if may_look { before.as_slice() } else { &[] };
        let looks_like = |earlier: &Summarised<'_>| {
            let results = &earlier.read.report.results;
            let may_follow = same_configuration(earlier.read, later) != Same::No
                && earlier
                    .facts
                    .until(&facts)
                    .is_none_or(|wait| !wait.is_negative());
            may_look = may_look && (!may_follow || effort.allows(pot, rows));
            may_follow
                && may_look
                && may_heal(
                    earlier.index.get_or_init(|| Index::of(results)),
                    results,
                    &report.results,
                )
        };
        let is_like = compared.iter().any(looks_like);
        effort.given_up += usize::from(!may_look);
        if is_like {
            notes.push(not_joined(
                &format!(
                    "suite '{}' of '{}', begun {}, may be a rerun of one before it",
                    report.suite.as_str(),
                    report.display_folder,
                    report
                        .junit_timestamp
                        .as_deref()
                        .unwrap_or("at an unknown time")
                ),
                "its folder is not at hand",
            ));
        }
        before.push(Summarised {
            read: later,
            facts,
            index: OnceCell::new(),
        });
    }
    notes
}

/// A suite that later ones are compared with.
struct Summarised<'r> {
    read: &'r ReadReport,
    facts: Facts,
    index: OnceCell<Index>,
}

fn not_joined(what: &str, reason: &str) -> Problem {
    Problem::warning(
        code::RERUN_NOT_JOINED,
        format!("{what} and counts as an execution of its own: {reason}"),
        "Failures that a rerun would have healed still count.",
    )
}

/// An execution and those that repeated it.
struct Chain {
    /// The first one, with the results of all.
    whole: ReadReport,
    last: Facts,
    /// What the path of the first one says.
    session: Option<Session>,
    /// Where its test cases stand among its results.
    index: Index,
    weight: usize,
}

impl Chain {
    fn of(whole: ReadReport, facts: Facts) -> Self {
        Self {
            session: session(&whole),
            index: Index::of(&whole.report.results),
            weight: weight(&whole.report),
            last: facts,
            whole,
        }
    }
}

/// What the next execution is compared with.
struct Facts {
    display_folder: String,
    has_log: bool,
    counts_no_retries: bool,
    retry_count: Option<u32>,
    /// When it began, if a log or a zone tells it exactly.
    exact: Option<Timestamp>,
    /// When it began, as it is written.
    written: Option<WrittenTime>,
    length: Option<SignedDuration>,
}

impl Facts {
    fn of(read: &ReadReport) -> Facts {
        let report = &read.report;
        let started = report.started;
        Facts {
            display_folder: report.display_folder.clone(),
            has_log: read.has_log,
            counts_no_retries: read.counts_no_retries,
            retry_count: report.retry_count,
            exact: started
                .filter(|(_, source)| *source == TimeSource::Exact)
                .map(|(moment, _)| moment),
            written: report
                .junit_timestamp
                .as_deref()
                .and_then(WrittenTime::parse),
            length: started
                .zip(report.ended)
                .map(|((started, _), ended)| ended.duration_since(started)),
        }
    }

    /// From the end of this one to the beginning of `later`, at most; `None` if their clocks cannot
    /// be compared.
    fn until(&self, later: &Facts) -> Option<SignedDuration> {
        let between_starts = match (self.exact, later.exact) {
            (Some(earlier), Some(later)) => later.duration_since(earlier),
            (Some(_), None) | (None, Some(_)) | (None, None) => {
                // Both read the clock on the wall of one machine.
                let on_the_wall = |facts: &Facts| match facts.written? {
                    WrittenTime::Local(local) => TimeZone::UTC.to_timestamp(local).ok(),
                    WrittenTime::Zoned(_) => None,
                };
                let seconds = on_the_wall(later)?.duration_since(on_the_wall(self)?);
                // Whole seconds: the later one may have begun almost a second later.
                seconds.checked_add(SignedDuration::from_millis(999))?
            }
        };
        between_starts.checked_sub(self.length?)
    }
}

/// What an execution is to a chain, as far as rows do not tell.
enum Tie {
    /// Perhaps a further attempt.
    Sure,
    /// The same; why it would not be taken for one.
    Doubted(String),
    /// An execution of its own.
    None,
}

/// What an execution is to a chain.
enum Verdict {
    /// A further attempt, with these partners.
    Rerun(Vec<Pair>),
    /// An execution of its own.
    Other,
    /// Perhaps a rerun; why it is not taken for one.
    Doubt(String),
    /// Nobody looked: that would take too long.
    GivenUp,
}

/// Adds an execution to the one chain that it repeats, or begins a chain with it.
fn add(
    chains: &mut Vec<Chain>,
    read: ReadReport,
    notes: &mut Vec<Problem>,
    pot: &mut Pot,
    effort: &mut Effort,
) {
    let facts = Facts::of(&read);
    let weight = weight(&read.report);
    pot.grow(weight);
    let mut given_up = !effort.allows(pot, chains.len() * Effort::COMPARISON);
    let mut partners: Vec<(usize, Vec<Pair>)> = Vec::new();
    let mut doubt: Option<(usize, String)> = None;
    let mut doubted: Vec<(usize, String)> = Vec::new();
    let compared = if given_up { &[] } else { chains.as_slice() };
    for (index, chain) in compared.iter().enumerate() {
        let verdict = match tie(chain, &read, &facts) {
            Tie::None => Verdict::Other,
            Tie::Doubted(reason) => {
                doubted.push((index, reason));
                Verdict::Other
            }
            Tie::Sure if effort.allows(pot, chain.weight + weight) => {
                verdict(chain, &read, &facts, None)
            }
            Tie::Sure => Verdict::GivenUp,
        };
        match verdict {
            Verdict::Rerun(pairs) => partners.push((index, pairs)),
            Verdict::Other => {}
            Verdict::Doubt(reason) => doubt = Some((index, reason)),
            Verdict::GivenUp => {
                given_up = true;
                break;
            }
        }
    }
    if given_up {
        effort.given_up += 1;
        chains.push(Chain::of(read, facts));
        return;
    }
    if partners.len() > 1 {
        // Nobody repeats what passed.
        partners.retain(|(index, _)| {
            let results = chains
                .get(*index)
                .map_or(&[][..], |chain| &chain.whole.report.results);
            results.iter().any(|one| one.status() != Status::Passed)
        });
    }
    let may_repeat_several = partners.len() > 1;
    if may_repeat_several {
        let count = partners.len();
        let reason = format!("it may repeat any of {count} executions");
        doubt = partners.first().map(|(index, _)| (*index, reason));
    } else if let Some((index, pairs)) = partners.pop()
        && let Some(chain) = chains.get_mut(index)
    {
        take_in(&mut chain.whole.report, read.report, &pairs, &chain.index);
        chain.last = facts;
        return;
    }
    // Only the latest doubt is told, so the rows of the others need not be looked at.
    if !may_repeat_several {
        let after = doubt.as_ref().map_or(0, |(index, _)| index + 1);
        for (index, reason) in doubted.into_iter().rev() {
            let Some(chain) = chains.get(index).filter(|_| index >= after) else {
                break;
            };
            if !effort.allows(pot, chain.weight + weight) {
                effort.given_up += 1;
                break;
            }
            if let Verdict::Doubt(reason) = verdict(chain, &read, &facts, Some(reason)) {
                doubt = Some((index, reason));
                break;
            }
        }
    }
    if let Some((index, reason)) = doubt
        && let Some(chain) = chains.get(index)
    {
        let (later, earlier) = (&facts.display_folder, &chain.last.display_folder);
        let what = format!("report '{later}' may be a rerun of '{earlier}'");
        notes.push(not_joined(&what, &reason));
    }
    chains.push(Chain::of(read, facts));
}

/// Katalon repeats at once. Where nothing but the retry count ties two executions together, one
/// of another day is not the answer to this one.
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 60 * 60);

/// Whether both logs count the retries that are left, so that they tell which repeats which.
fn by_count(earlier: &Facts, later: &Facts) -> bool {
    let never_counted = earlier.counts_no_retries && later.counts_no_retries;
    earlier.has_log && later.has_log && !never_counted
}

/// Compares all but the rows.
fn tie(chain: &Chain, later: &ReadReport, later_facts: &Facts) -> Tie {
    let (earlier, whole) = (&chain.last, &chain.whole);
    let Some(session) = chain.session else {
        return Tie::None;
    };
    // Whatever folder somebody put them in: before 7 there were no sessions.
    if has_no_sessions(&whole.report.katalon_version) {
        return Tie::None;
    }
    let by_count = by_count(earlier, later_facts);
    if !by_count
        && session
            == (Session::Holder {
                named_by_time: false,
            })
    {
        return Tie::None;
    }
    let mut doubt = None;
    let mut doubted = |reason: &str| {
        doubt.get_or_insert_with(|| reason.to_owned());
    };
    for (what, same) in [
        ("run configuration", same_configuration(whole, later)),
        (
            "profile",
            Same::of(&whole.report.profile, &later.report.profile),
        ),
    ] {
        match same {
            Same::Yes => {}
            Same::No => return Tie::None,
            Same::BothUnknown if !by_count => {}
            Same::BothUnknown | Same::OneUnknown => doubted(&format!("its {what} is not known")),
        }
    }
    if Same::of(whole.report.machine(), later.report.machine()) == Same::No {
        return Tie::None;
    }
    match earlier.until(later_facts) {
        Some(wait) if wait.is_negative() => return Tie::None,
        Some(wait)
            if wait > SignedDuration::from_secs(LONGEST_WAIT.as_secs().cast_signed())
                && session != Session::Named =>
        {
            doubted("it began hours after the other had ended");
        }
        Some(_) => {}
        None => doubted("the times of both do not tell which came first"),
    }
    if by_count {
        match (earlier.retry_count, later_facts.retry_count) {
            (Some(before), Some(now)) if now < before => {}
            (Some(_), Some(_)) => return Tie::None,
            (Some(_), None) | (None, Some(_)) | (None, None) => {
                doubted("its log does not say how many retries were left");
            }
        }
    }
    doubt.map_or(Tie::Sure, Tie::Doubted)
}

/// Compares the rows of two executions that are tied together, perhaps with a doubt.
fn verdict(
    chain: &Chain,
    later: &ReadReport,
    later_facts: &Facts,
    doubt: Option<String>,
) -> Verdict {
    let earlier = &chain.last;
    let by_count = by_count(earlier, later_facts);
    let are_counted = earlier.retry_count.is_some() && later_facts.retry_count.is_some();
    let results = &chain.whole.report.results;
    if by_count && !are_counted && !may_heal(&chain.index, results, &later.report.results) {
        return Verdict::Other;
    }
    let pairs = match pair(&chain.index, results, &later.report.results) {
        Ok(pairs) => pairs,
        Err(_) if !by_count && !may_heal(&chain.index, results, &later.report.results) => {
            return Verdict::Other;
        }
        Err(path) => {
            return Verdict::Doubt(format!("its rows of '{path}' fit no rows of the other"));
        }
    };
    let had_passed = |pair: &Pair| {
        let row = results
            .get(pair.result)
            .and_then(|result| result.rows.get(pair.row));
        row.is_none_or(|row| row.status() == Status::Passed)
    };
    if !by_count && (pairs.is_empty() || pairs.iter().any(had_passed)) {
        return Verdict::Other;
    }
    match doubt {
        Some(reason) => Verdict::Doubt(reason),
        None => Verdict::Rerun(pairs),
    }
}

/// Whether a version of Katalon, `6.3.0.1`, writes reports without a session.
fn has_no_sessions(version: &str) -> bool {
    let major = version.split('.').next().unwrap_or_default();
    major.parse::<u32>().is_ok_and(|major| major < 7)
}

/// Whether every test case of `later` is one of `earlier` that had not passed.
fn may_heal(index: &Index, earlier: &[TestResult], later: &[TestResult]) -> bool {
    !later.is_empty()
        && later.iter().all(|result| {
            let other = index.find(earlier, &result.test_case);
            other.is_some_and(|(_, other)| other.status() != Status::Passed)
        })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Same {
    Yes,
    No,
    BothUnknown,
    OneUnknown,
}

impl Same {
    fn of(a: &str, b: &str) -> Same {
        match (a.is_empty(), b.is_empty()) {
            (true, true) => Same::BothUnknown,
            (false, false) if a == b => Same::Yes,
            (false, false) => Same::No,
            (true, false) | (false, true) => Same::OneUnknown,
        }
    }
}

/// Whether both were to run on the same browser or device.
///
/// What was asked for decides: of any phone another one may be got. Two browsers are two all the
/// same, whatever the configuration is called.
fn same_configuration(a: &ReadReport, b: &ReadReport) -> Same {
    let got = |read: &ReadReport| browser_name(&read.report.browser).to_owned();
    if Same::of(&got(a), &got(b)) == Same::No {
        return Same::No;
    }
    let asked = Same::of(&a.report.run_configuration, &b.report.run_configuration);
    match asked {
        Same::Yes | Same::No | Same::OneUnknown => asked,
        Same::BothUnknown if a.needs_no_driver && b.needs_no_driver => Same::Yes,
        Same::BothUnknown => {
            let of_both = |read: &ReadReport| read.report.browser_or_device().to_owned();
            Same::of(&of_both(a), &of_both(b))
        }
    }
}

/// `Edge Chromium` of `Edge Chromium 144.0`.
fn browser_name(browser: &str) -> &str {
    match browser.rsplit_once(' ') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        Some(_) | None => browser,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::super::{Attempt, Row, TestCasePath};
    use super::super::same::tests::started;
    use super::*;

    /// An execution of ten seconds with one test case, begun so many seconds after the first.
    fn execution(seconds: i64, retry_count: u32, status: Status) -> ReadReport {
        let mut read = started(None, Some(1_754_902_500_000 + seconds * 1_000));
        let report = &mut read.report;
        report.folder = PathBuf::from(format!("/w/20250811_105459/S/{seconds}"));
        report.browser = "Chrome 138.0".to_owned();
        report.run_configuration = "Chrome".to_owned();
        report.profile = "default".to_owned();
        report.retry_count = Some(retry_count);
        report.ended = report.started.map(|(began, _)| began + LENGTH);
        report.results = vec![TestResult {
            test_case: TestCasePath::new("Test Cases/A"),
            tags: Vec::new(),
            rows: vec![Row {
                bound_values: Vec::new(),
                attempts: vec![Attempt {
                    status,
                    started: None,
                    duration: None,
                    failure: None,
                    screenshots: Vec::new(),
                    videos: Vec::new(),
                    requests: Vec::new(),
                }],
            }],
        }];
        read
    }

    const LENGTH: SignedDuration = SignedDuration::from_secs(10);

    #[test]
    fn each_thing_that_differs_keeps_an_execution_from_being_a_rerun() {
        type Change = fn(&mut ReadReport);
        let changes: [(Change, bool); 8] = [
            (|_| (), true),
            (
                |later| later.report.browser = "Chrome 139.0".to_owned(),
                true,
            ),
            (
                |later| later.report.browser = "Firefox 141.0".to_owned(),
                false,
            ),
            (
                |later| later.report.host = "ann - other-pc".to_owned(),
                false,
            ),
            (|later| later.report.host = "bob - pc".to_owned(), true),
            (|later| later.report.profile = "staging".to_owned(), false),
            (|later| later.report.retry_count = Some(1), false),
            (
                |later| later.report.started = execution(9, 0, Status::Passed).report.started,
                false,
            ),
        ];
        for (at, (change, is_rerun)) in changes.into_iter().enumerate() {
            let whole = execution(0, 1, Status::Failed);
            let facts = Facts::of(&whole);
            let chain = Chain::of(whole, facts);
            let mut later = execution(20, 0, Status::Passed);
            change(&mut later);
            let facts = Facts::of(&later);
            let is_tied = matches!(tie(&chain, &later, &facts), Tie::Sure);
            let fits = matches!(verdict(&chain, &later, &facts, None), Verdict::Rerun(_));
            assert_eq!((is_tied, fits), (is_rerun, true), "{at}");
        }
    }

    /// The same with a hundred rows, in a folder that is kept from build to build, an hour for each.
    fn kept(hour: i64, retry_count: u32, status: Status) -> ReadReport {
        let mut read = execution(hour * 3_600, retry_count, status);
        let folder = format!("/w/report/20250811_105500_{hour:06}");
        read.report.folder = PathBuf::from(folder);
        for result in &mut read.report.results {
            let row = result.rows.first().cloned().unwrap();
            result.rows = vec![row; 100];
        }
        read
    }

    #[test]
    fn the_rerun_of_today_is_joined_beside_thousands_of_earlier_executions() {
        let mut reports: Vec<ReadReport> = (0..2_000)
            .map(|hour| kept(hour, 1, Status::Passed))
            .collect();
        reports.push(kept(2_000, 1, Status::Failed));
        reports.push(kept(2_001, 0, Status::Passed));
        let (joined, notes) = join(reports);
        assert_eq!((joined.len(), notes.len()), (2_001, 0));
        let last = joined.last().unwrap();
        assert_eq!(last.report.results[0].rows[99].attempts.len(), 2);
    }

    #[test]
    fn with_logs_a_profile_that_neither_knows_is_a_doubt() {
        let unknown = |mut read: ReadReport| {
            read.report.profile.clear();
            read
        };
        let whole = unknown(execution(0, 1, Status::Failed));
        let facts = Facts::of(&whole);
        let chain = Chain::of(whole, facts);
        let later = unknown(execution(20, 0, Status::Passed));
        let facts = Facts::of(&later);
        let Tie::Doubted(reason) = tie(&chain, &later, &facts) else {
            panic!();
        };
        let verdict = verdict(&chain, &later, &facts, Some(reason));
        assert!(matches!(verdict, Verdict::Doubt(_)));
    }

    #[test]
    fn a_rerun_is_joined_though_others_took_all_that_may_be_done() {
        let mut spent = Effort {
            left: 0,
            given_up: 0,
        };
        let (mut chains, mut notes, mut pot) = (Vec::new(), Vec::new(), Pot::default());
        for (at, status) in [Status::Passed, Status::Passed, Status::Failed]
            .iter()
            .enumerate()
        {
            let hour = i64::try_from(at).unwrap();
            let first = kept(hour, 1, *status);
            add(&mut chains, first, &mut notes, &mut pot, &mut spent);
        }
        let rerun = kept(3, 0, Status::Passed);
        add(&mut chains, rerun, &mut notes, &mut pot, &mut spent);
        assert_eq!((chains.len(), notes.len(), spent.given_up), (3, 0, 0));
    }

    #[test]
    fn a_browser_is_the_same_in_another_version() {
        assert_eq!(browser_name("Edge Chromium 144.0.1"), "Edge Chromium");
        assert_eq!(browser_name("Chrome"), "Chrome");
        assert_eq!(browser_name("Safari Preview"), "Safari Preview");
    }
}
