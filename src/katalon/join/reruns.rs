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
use std::collections::{BTreeMap, HashMap, HashSet};
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

/// Joins reports that are sorted by folder; also says what looks like a rerun and is not joined.
pub(super) fn join(reports: Vec<ReadReport>) -> (Vec<ReadReport>, Vec<Problem>) {
    let mut effort = Effort::default();
    let (mut joined, siblings) = siblings(reports);
    let mut notes = in_summaries(&joined, &mut effort);
    for mut executions in siblings {
        // A stable sort: what has no beginning stays in the order of the folders.
        executions.sort_by_key(|read| read.report.started.map(|(moment, _)| moment));
        let mut chains: Vec<Chain> = Vec::new();
        for read in executions {
            add(&mut chains, read, &mut notes, &mut effort);
        }
        joined.extend(chains.into_iter().map(|chain| chain.whole));
    }
    joined.sort_by(|a, b| a.report.folder.cmp(&b.report.folder));
    notes.extend(effort.told());
    (joined, notes)
}

/// What may still be done to find out which execution repeats which. Each is compared with all
/// before it, and thousands that lie side by side are made to be slow.
struct Effort {
    left: usize,
    /// Executions that were not compared with all before them.
    given_up: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            left: Self::MOST,
            given_up: 0,
        }
    }
}

impl Effort {
    /// Rows looked at: three thousand executions of a suite side by side need a tenth of it.
    const MOST: usize = 50_000_000;

    /// What comparing two executions costs beside their rows.
    const COMPARISON: usize = 10;

    /// Whether that much may be done.
    fn allows(&mut self, cost: usize) -> bool {
        let left = self.left.checked_sub(cost);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    fn told(&self) -> Option<Problem> {
        let executions = counted(self.given_up, "execution");
        (self.given_up > 0).then(|| {
            not_joined(
                &format!("each of {executions} may be a rerun"),
                "too many of their suites lie side by side to tell which repeats which",
            )
        })
    }
}

fn rows(results: &[TestResult]) -> usize {
    results.iter().map(|result| result.rows.len()).sum()
}

/// What is looked at of a report to join it with another.
fn weight(report: &Report) -> usize {
    rows(&report.results) + report.variables.len() + report.files.len()
}

/// Executions of one suite that lie beside each other, perhaps only as copies, in the order of
/// their folders; before them what lies beside nothing.
fn siblings(reports: Vec<ReadReport>) -> (Vec<ReadReport>, Vec<Vec<ReadReport>>) {
    let mut groups = Groups::default();
    let mut alone: HashSet<usize> = HashSet::new();
    let mut first_in: HashMap<(&SuitePath, &Path), usize> = HashMap::new();
    for (at, read) in reports.iter().enumerate() {
        groups.add(at);
        let suite = &read.report.suite;
        let beside = read
            .folders()
            .filter(|folder| Session::of(folder, suite).is_some())
            .filter_map(Path::parent);
        let mut lies_beside = false;
        for folder in beside {
            lies_beside = true;
            let first = *first_in.entry((suite, folder)).or_insert(at);
            groups.unite(first, at);
        }
        if !lies_beside {
            alone.insert(at);
        }
    }
    let mut last_of: HashMap<usize, usize> = HashMap::new();
    for at in 0..reports.len() {
        last_of.insert(groups.group(at), at);
    }
    let mut joined = Vec::with_capacity(reports.len());
    let mut siblings: BTreeMap<usize, Vec<ReadReport>> = BTreeMap::new();
    for (at, read) in reports.into_iter().enumerate() {
        if alone.contains(&at) {
            joined.push(read);
        } else {
            let last = last_of.get(&groups.group(at)).copied().unwrap_or(at);
            siblings.entry(last).or_default().push(read);
        }
    }
    (joined, siblings.into_values().collect())
}

/// Things in groups that may become one.
#[derive(Default)]
struct Groups {
    /// Of each thing one before it in its group, or itself.
    above: Vec<usize>,
}

impl Groups {
    /// Adds the next thing, in a group of its own.
    fn add(&mut self, thing: usize) {
        self.above.push(thing);
    }

    /// The first thing of a group.
    fn group(&mut self, thing: usize) -> usize {
        let mut at = thing;
        while let Some(&above) = self.above.get(at)
            && above != at
        {
            // The way becomes shorter each time.
            let further = self.above.get(above).copied().unwrap_or(above);
            if let Some(own) = self.above.get_mut(at) {
                *own = further;
            }
            at = further;
        }
        at
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.group(a), self.group(b));
        if let Some(above) = self.above.get_mut(a.max(b)) {
            *above = a.min(b);
        }
    }
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
    let mut of_suite: HashMap<(&Path, &SuitePath), Vec<Summarised<'_>>> = HashMap::new();
    for later in reports {
        let report = &later.report;
        let facts = Facts::of(later);
        let before = of_suite.entry((&report.folder, &report.suite)).or_default();
        let cost = Effort::COMPARISON + rows(&report.results);
        let may_look = effort.allows(before.len().saturating_mul(cost));
        effort.given_up += usize::from(!may_look);
        let looks_like = |earlier: &Summarised<'_>| {
            let results = &earlier.read.report.results;
            same_configuration(earlier.read, later) != Same::No
                && earlier
                    .facts
                    .until(&facts)
                    .is_none_or(|wait| !wait.is_negative())
                && may_heal(
                    earlier.index.get_or_init(|| Index::of(results)),
                    results,
                    &report.results,
                )
        };
        if may_look && before.iter().any(looks_like) {
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
fn add(chains: &mut Vec<Chain>, read: ReadReport, notes: &mut Vec<Problem>, effort: &mut Effort) {
    let facts = Facts::of(&read);
    let mut partners: Vec<(usize, Vec<Pair>)> = Vec::new();
    let mut doubt: Option<(usize, String)> = None;
    for (index, chain) in chains.iter().enumerate() {
        match verdict(chain, &read, &facts, effort) {
            Verdict::Rerun(pairs) => partners.push((index, pairs)),
            Verdict::Other => {}
            Verdict::Doubt(reason) => doubt = Some((index, reason)),
            Verdict::GivenUp => {
                effort.given_up += 1;
                chains.push(Chain::of(read, facts));
                return;
            }
        }
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
    if partners.len() > 1 {
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

fn verdict(chain: &Chain, later: &ReadReport, later_facts: &Facts, effort: &mut Effort) -> Verdict {
    if !effort.allows(Effort::COMPARISON) {
        return Verdict::GivenUp;
    }
    let (earlier, whole) = (&chain.last, &chain.whole);
    let Some(session) = chain.session else {
        return Verdict::Other;
    };
    // Whatever folder somebody put them in: before 7 there were no sessions.
    if has_no_sessions(&whole.report.katalon_version) {
        return Verdict::Other;
    }
    let never_counted = earlier.counts_no_retries && later_facts.counts_no_retries;
    let by_count = earlier.has_log && later_facts.has_log && !never_counted;
    if !by_count
        && session
            == (Session::Holder {
                named_by_time: false,
            })
    {
        return Verdict::Other;
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
            Same::No => return Verdict::Other,
            Same::BothUnknown if !by_count => {}
            Same::BothUnknown | Same::OneUnknown => doubted(&format!("its {what} is not known")),
        }
    }
    if Same::of(whole.report.machine(), later.report.machine()) == Same::No {
        return Verdict::Other;
    }
    match earlier.until(later_facts) {
        Some(wait) if wait.is_negative() => return Verdict::Other,
        Some(wait)
            if wait > SignedDuration::from_secs(LONGEST_WAIT.as_secs().cast_signed())
                && session != Session::Named =>
        {
            doubted("it began hours after the other had ended");
        }
        Some(_) => {}
        None => doubted("the times of both do not tell which came first"),
    }
    if !effort.allows(chain.weight + weight(&later.report)) {
        return Verdict::GivenUp;
    }
    if by_count {
        match (earlier.retry_count, later_facts.retry_count) {
            (Some(before), Some(now)) if now < before => {}
            (Some(_), Some(_)) => return Verdict::Other,
            (Some(_), None) | (None, Some(_)) | (None, None) => {
                if !may_heal(&chain.index, &whole.report.results, &later.report.results) {
                    return Verdict::Other;
                }
                doubted("its log does not say how many retries were left");
            }
        }
    }
    let results = &whole.report.results;
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
            let verdict = verdict(&chain, &later, &facts, &mut Effort::default());
            assert_eq!(matches!(verdict, Verdict::Rerun(_)), is_rerun, "{at}");
        }
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
        let verdict = verdict(&chain, &later, &facts, &mut Effort::default());
        assert!(matches!(verdict, Verdict::Doubt(_)));
    }

    #[test]
    fn a_browser_is_the_same_in_another_version() {
        assert_eq!(browser_name("Edge Chromium 144.0.1"), "Edge Chromium");
        assert_eq!(browser_name("Chrome"), "Chrome");
        assert_eq!(browser_name("Safari Preview"), "Safari Preview");
    }
}
