//! What a Katalon report says: suites, test cases, rows, attempts.
//!
//! Knows Katalon's files and words and nothing of Azure DevOps. [`find`] says which folders are
//! reports, the modules named after a file read that one file, [`join`] makes one [`Report`] of
//! what lies in a folder.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

pub mod binding;
mod bounded_json;
pub mod collection;
mod contents;
#[cfg(test)]
mod cost_tests;
mod failure;
pub mod find;
mod groovy;
pub mod har;
mod java_properties;
pub mod join;
pub mod junit;
pub mod log;
mod names;
pub mod plan;
pub mod profiles;
pub mod project;
pub mod properties;
#[cfg(test)]
mod property_tests;
pub mod query;
mod remains;
pub mod settings;
pub(crate) mod text;
mod times;
#[cfg(test)]
mod truth_tests;
pub mod unknown;
mod xml_tree;

/// The identity of a Katalon test case: its path in the project, `Test Cases/Login/Valid user`.
///
/// Identity is never masked or shortened here: the history of a test hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestCasePath(String);

impl TestCasePath {
    /// Takes the path as Katalon writes it, with the prefix `Test Cases/`.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part of the path, which people call the name of the test case.
    pub fn name(&self) -> &str {
        last_part(&self.0)
    }
}

/// The identity of a Katalon test suite: `Test Suites/Smoke`; for a test case that was run alone,
/// the path of the test case itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SuitePath(String);

impl SuitePath {
    /// Takes the path as Katalon writes it (JUnit's `testsuite@id`).
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part of the path: Katalon's name of the suite.
    pub fn name(&self) -> &str {
        last_part(&self.0)
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or(path)
}

/// How an execution ended, in Katalon's words. Ordered: of two rows the greater one is the worse
/// and decides, but see [`TestResult::status`] for rows that never ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Planned, never started.
    NotRun,
    /// Started and left aside by the script. Katalon's JUnit calls it PASSED; the log knows.
    Skipped,
    /// Every step that counts passed.
    Passed,
    /// Started, and nothing says how it ended.
    Incomplete,
    /// A verification failed.
    Failed,
    /// The script broke.
    Error,
}

impl Status {
    /// All statuses, in the order in which people list them.
    pub const ALL: [Status; 6] = [
        Status::Passed,
        Status::Failed,
        Status::Error,
        Status::Incomplete,
        Status::Skipped,
        Status::NotRun,
    ];

    /// Katalon's own spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Passed => "PASSED",
            Status::Failed => "FAILED",
            Status::Error => "ERROR",
            Status::Incomplete => "INCOMPLETE",
            Status::Skipped => "SKIPPED",
            Status::NotRun => "NOT_RUN",
        }
    }

    /// Reads Katalon's spelling, in any case; `None` for a word that is none of the six.
    pub fn parse(word: &str) -> Option<Status> {
        Status::ALL
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

/// Why an attempt did not pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong, without the stack trace. Lines as Katalon wrote them.
    pub message: String,
    /// The frames (`\tat …`, `Caused by: …`), empty if there are none.
    pub stack_trace: String,
    /// The step that failed; of an attempt that never ended, the one that was under way. `None` if
    /// the report names none.
    pub step: Option<Step>,
}

/// A step of a test case, and where in it the step stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// From the outermost step to this one, each with its number where it has one: `3. if (x)`,
    /// `2. click(a)`. A test case that was called stands for the step that called it. Never empty.
    pub place: Vec<String>,
    /// Line of the script that it stands in.
    pub line: Option<u32>,
    /// What it said when it failed.
    pub message: String,
    /// From its beginning to its failure.
    pub duration: Option<Duration>,
}

/// A file that belongs to an attempt and lies inside the report folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptFile {
    /// Where it lies on this disk.
    pub path: PathBuf,
    /// Its name as people should see it (`keyes-Login.png`).
    pub name: String,
    /// The number of the step that it was recorded in, `3.2`; empty if unknown.
    pub step: String,
}

/// One execution of a row: the first one, or a retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How it ended.
    pub status: Status,
    /// When it began; `None` if nothing says so.
    pub started: Option<Timestamp>,
    /// How long it took; `None` if unknown or impossible.
    pub duration: Option<Duration>,
    /// Why it did not pass.
    pub failure: Option<Failure>,
    /// Pictures taken during it, in order, without doubles.
    pub screenshots: Vec<AttemptFile>,
    /// Recordings of the screen.
    pub videos: Vec<AttemptFile>,
    /// Requests and answers of services, as HAR: a text that may hold secrets.
    pub requests: Vec<AttemptFile>,
}

/// A variable and the value that a test ran with.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variable {
    /// `username`, or `(Default) username`; never cut.
    pub name: String,
    /// The value; bullets if Katalon masked it.
    pub value: String,
    /// Whether Katalon takes it for a secret (11.0 and later).
    pub masked: bool,
}

impl Variable {
    /// A text that was typed: the object, the text, and whether that is secret whatever the object
    /// is called; then it has no name.
    fn typed((object, value, masked): (String, String, bool)) -> Self {
        Self {
            name: if masked { String::new() } else { object },
            value,
            masked,
        }
    }
}

/// One execution of a test case within the suite execution, with its retries: a row of test data,
/// or one of several places of the test case in the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Variable and value (Groovy quotes removed), in order; empty if the row is not data-driven.
    pub bound_values: Vec<(String, String)>,
    /// Oldest first; never empty (a row that never ran holds one attempt that is `NotRun`).
    pub attempts: Vec<Attempt>,
}

impl Row {
    /// The status of the last attempt.
    pub fn status(&self) -> Status {
        self.attempts
            .last()
            .map_or(Status::NotRun, |attempt| attempt.status)
    }

    /// Passed at last, after an attempt that did not.
    pub fn is_flaky(&self) -> bool {
        self.status() == Status::Passed
            && self
                .attempts
                .iter()
                .any(|attempt| attempt.status != Status::Passed)
    }
}

/// What became of one test case in one suite execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// Which test case.
    pub test_case: TestCasePath,
    /// Its tags as the report has them (6.1.2 and later), without doubles; mostly none.
    pub tags: Vec<String>,
    /// Its executions in the order of the report; never empty.
    pub rows: Vec<Row>,
}

impl TestResult {
    /// The rows together: the worst decides. Rows that ran beside rows that never did make at
    /// least `Incomplete`; `NotRun` only if no row ran.
    pub fn status(&self) -> Status {
        let worst = self
            .rows
            .iter()
            .map(Row::status)
            .max()
            .unwrap_or(Status::NotRun);
        let some_never_ran = self.rows.iter().any(|row| row.status() == Status::NotRun);
        if some_never_ran && worst != Status::NotRun {
            worst.max(Status::Incomplete)
        } else {
            worst
        }
    }

    /// Passed, and at least one row needed a retry for it.
    pub fn is_flaky(&self) -> bool {
        self.status() == Status::Passed && self.rows.iter().any(Row::is_flaky)
    }

    /// The most attempts of any row; none if it never ran.
    pub fn attempts(&self) -> usize {
        let ran = |row: &Row| {
            let attempts = row.attempts.iter();
            attempts
                .filter(|attempt| attempt.status != Status::NotRun)
                .count()
        };
        self.rows.iter().map(ran).max().unwrap_or(0)
    }

    /// The attempt whose message tells why, and its row: the last attempt of the worst row. Where
    /// rows are missing, nothing worse happened than that they never ran, so the first of those
    /// tells.
    pub fn deciding_attempt(&self) -> (&Attempt, usize) {
        let worst = |row: &&Row| row.status();
        let mut deciding = self.rows.iter().max_by_key(worst).map(Row::status);
        if self.status() == Status::Incomplete && deciding != Some(Status::Incomplete) {
            deciding = Some(Status::NotRun);
        }
        let row = self
            .rows
            .iter()
            .position(|row| Some(row.status()) == deciding)
            .unwrap_or(0);
        // Rows and attempts are never empty.
        let attempts = &self.rows[row].attempts;
        (&attempts[attempts.len() - 1], row)
    }

    /// When its first attempt began.
    pub fn started(&self) -> Option<Timestamp> {
        self.all_attempts()
            .filter_map(|attempt| attempt.started)
            .min()
    }

    /// The sum over rows and attempts of what is known.
    pub fn duration(&self) -> Option<Duration> {
        self.all_attempts()
            .filter_map(|attempt| attempt.duration)
            .reduce(|a, b| a.saturating_add(b))
    }

    /// Every attempt of every row, in order.
    pub fn all_attempts(&self) -> impl Iterator<Item = &Attempt> + Clone {
        self.rows.iter().flat_map(|row| &row.attempts)
    }
}

/// How much a time found in a report can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSource {
    /// Epoch milliseconds of the log, or a timestamp with zone.
    Exact,
    /// A local time without zone, read in this machine's zone.
    LocalWithoutZone,
}

/// One execution of a test suite, as its report folder tells it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The folder on this disk.
    pub folder: PathBuf,
    /// The folder as people know it: relative to the search folder, with `/`.
    pub display_folder: String,
    /// Which suite.
    pub suite: SuitePath,
    /// The collection that it was executed in (`Test Suites/All`), if one tells so.
    pub collection: Option<String>,
    /// The folder of that execution of the collection, if its own report is at hand: the same
    /// collection executed twice is two.
    pub collection_folder: Option<PathBuf>,
    /// `hostname` of JUnit, `user - machine`; empty if unknown.
    pub host: String,
    /// `Chrome 101.0.4951.67`; empty for API suites.
    pub browser: String,
    /// Name of the mobile device; empty if there is none.
    pub device: String,
    /// OS of the place where the tests ran: `remoteOS` where there is one, else that of the mobile
    /// device (`Android 14`), else `os`.
    pub os: String,
    /// Execution profile; empty if unknown.
    pub profile: String,
    /// The run configuration that was asked for, `Chrome`; not the browser or device that was got.
    /// Empty if unknown, or if the suite needs neither.
    pub run_configuration: String,
    /// How often the suite may still be executed again, as the log's first `startSuite` says.
    pub retry_count: Option<u32>,
    /// Version of Katalon Studio, `8.3.0.208`; empty if unknown.
    pub katalon_version: String,
    /// When the suite began.
    pub started: Option<(Timestamp, TimeSource)>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The text of JUnit's `testsuite@timestamp`; part of the report's key.
    pub junit_timestamp: Option<String>,
    /// Milliseconds of the log's first `startSuite`; part of the report's key where there is no JUnit.
    pub log_start_millis: Option<i64>,
    /// JUnit is there and names no case INCOMPLETE, or the log has `endSuite`.
    pub finished: bool,
    /// One for each test case, in the order of their first execution.
    pub results: Vec<TestResult>,
    /// Files that belong to the report as a whole, those of its reruns behind its own.
    pub files: Vec<ReportFile>,
    /// Every value that a file of the report says a test ran with, without doubles: bound, of
    /// called test cases, global, typed (named after the object; without a name if it is secret in
    /// any case). Not for showing, but because some of them are secret.
    pub variables: Vec<Variable>,
    /// Displays of the folders of later executions whose results are further attempts here, in
    /// the order in which they ran. Times and host above are those of the first execution, but
    /// [`Report::ended`] is that of the last.
    pub reruns: Vec<String>,
    /// How many executions at hand look like this one in all that its key is made of, and began
    /// earlier in the same second; hardly ever any. Part of the report's key.
    pub twins: usize,
}

impl Report {
    /// The part of [`Report::host`] behind the user: the machine.
    pub fn machine(&self) -> &str {
        self.host.rsplit(" - ").next().unwrap_or("")
    }

    /// Browser, else device: what tells two executions of a suite apart.
    pub fn browser_or_device(&self) -> &str {
        if self.browser.is_empty() {
            &self.device
        } else {
            &self.browser
        }
    }
}

/// What a file of a report folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// `execution*.log`, `console*.log`.
    Log,
    /// Katalon's HTML report; with retries it lies above the folder.
    Html,
    /// Katalon's PDF report; with `-reportFolder` it lies beside the folder.
    Pdf,
    /// Katalon's CSV report.
    Csv,
    /// `JUnit_Report.xml`.
    Junit,
}

/// A file of the report as a whole (screenshots stand with their attempt).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// What it is.
    pub kind: FileKind,
    /// Where it lies on this disk.
    pub path: PathBuf,
    /// Its name as people should see it; that of a rerun begins with its folder,
    /// `20250811_105510 execution0.log`.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(statuses: &[Status]) -> Row {
        let attempts = statuses
            .iter()
            .map(|&status| Attempt {
                status,
                started: None,
                duration: None,
                failure: None,
                screenshots: Vec::new(),
                videos: Vec::new(),
                requests: Vec::new(),
            })
            .collect();
        Row {
            bound_values: Vec::new(),
            attempts,
        }
    }

    fn result(rows: &[&[Status]]) -> TestResult {
        TestResult {
            test_case: TestCasePath::new("Test Cases/A"),
            tags: Vec::new(),
            rows: rows.iter().map(|statuses| row(statuses)).collect(),
        }
    }

    #[test]
    fn the_worst_row_decides() {
        use Status::{Error, Failed, Incomplete, NotRun, Passed, Skipped};
        let table: [(&[&[Status]], Status); 8] = [
            (&[&[Passed], &[Failed], &[Passed]], Failed),
            (&[&[Failed], &[Error]], Error),
            (&[&[Incomplete], &[Failed]], Failed),
            (&[&[Passed], &[Incomplete]], Incomplete),
            (&[&[Skipped], &[Passed]], Passed),
            (&[&[Passed], &[NotRun]], Incomplete),
            (&[&[Skipped], &[NotRun]], Incomplete),
            (&[&[NotRun], &[NotRun]], NotRun),
        ];
        for (rows, expected) in table {
            assert_eq!(result(rows).status(), expected, "{rows:?}");
        }
    }

    #[test]
    fn the_last_attempt_decides_and_an_earlier_failure_makes_it_flaky() {
        let passed_at_last = result(&[&[Status::Failed, Status::Passed], &[Status::Passed]]);
        assert_eq!(passed_at_last.status(), Status::Passed);
        assert!(passed_at_last.is_flaky());
        assert_eq!(passed_at_last.attempts(), 2);
        assert!(!result(&[&[Status::Failed, Status::Failed]]).is_flaky());
        assert!(!result(&[&[Status::Failed, Status::Passed], &[Status::Failed]]).is_flaky());
    }

    #[test]
    fn names_are_the_last_part_of_a_path() {
        assert_eq!(
            TestCasePath::new("Test Cases/Login/Valid user").name(),
            "Valid user"
        );
        assert_eq!(SuitePath::new("Smoke").name(), "Smoke");
    }
}
