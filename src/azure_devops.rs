//! What Azure DevOps stores: test runs, test results, attachments, and their identities.
//!
//! Knows nothing of Katalon. Facts about the service come from its REST reference and from
//! Microsoft's own publishers; limits stand with the constant they explain.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::secrets::{Clean, cut_name};

pub use reading::Page;

mod answer;
pub mod builds;
mod call;
pub mod client;
pub mod connection;
pub mod credential;
pub mod explain;
pub mod form;
pub mod past_results;
pub mod planned_runs;
mod progress;
pub mod projects;
mod reading;
pub mod sent;
mod spoken;
pub mod stored;
pub mod test_cases;
pub mod test_configurations;
pub mod test_plans;
pub mod test_points;
pub mod test_runs;
pub mod tls;
mod upload;
mod usage;
pub mod version;
pub mod work_items;

/// Results (with their sub-results) in one request; the service refuses 1,001.
pub const RESULTS_PER_REQUEST: usize = 1_000;

/// Bytes in one request of results: far below the 28 MB at which an IIS in front of a server cuts.
pub const BYTES_PER_REQUEST: usize = 8_000_000;

/// Sub-results of one result, on all levels together (the service's own limit is near 1,000).
pub const SUB_RESULTS_PER_RESULT: usize = 950;

/// Iterations of one result in a planned run, which count like sub-results.
pub const ITERATIONS_PER_RESULT: usize = SUB_RESULTS_PER_RESULT;

/// Length of a run's name, of a result's title, of a stage's, phase's and job's name.
pub const NAME_LIMIT: usize = 256;

/// Length of `automatedTestName`; a longer one makes the service refuse the whole request.
pub const TEST_NAME_LIMIT: usize = 512;

/// Length of a stack trace that is safe on all servers.
pub const STACK_TRACE_LIMIT: usize = 4_000;

/// Length of a result's comment.
pub const COMMENT_LIMIT: usize = 1_000;

/// Length of a run's comment; the service's own limit is not documented.
pub const RUN_COMMENT_LIMIT: usize = 500;

/// Length of an attachment's file name.
pub const FILE_NAME_LIMIT: usize = 200;

/// Length of an error message on Azure DevOps Services; servers cut at 4,000 without a word.
pub const MESSAGE_LIMIT_SERVICES: usize = 32_000;

/// Length of an error message on Azure DevOps Server.
pub const MESSAGE_LIMIT_SERVER: usize = 4_000;

/// The greatest file that can be attached: its base64 text may have 100 MB.
pub const ATTACHMENT_LIMIT: u64 = 75 * 1024 * 1024;

/// Identity of a test run, unique in a project collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestRunId(pub u64);

/// Identity of a result within its run; the service counts from 100000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestResultId(pub u64);

/// Identity of a sub-result within its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubResultId(pub u64);

/// Identity of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BuildId(pub u64);

/// Identity of a test plan, unique in a project collection (it is a work item).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestPlanId(pub u64);

/// Identity of a test suite, unique in a project collection (it is a work item).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestSuiteId(pub u64);

/// Identity of a test case, unique in a project collection (it is a work item).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestCaseId(pub u64);

/// Identity of a test configuration, unique in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestConfigurationId(pub u64);

/// Identity of a test point: a test case in a suite, to be run in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestPointId(pub u64);

impl BuildId {
    /// The form in which builds are looked for.
    pub fn uri(self) -> String {
        format!("vstfs:///Build/Build/{}", self.0)
    }
}

macro_rules! shown_as_number {
    ($($id:ident),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
shown_as_number!(
    TestRunId,
    TestResultId,
    SubResultId,
    BuildId,
    TestPlanId,
    TestSuiteId,
    TestCaseId,
    TestConfigurationId,
    TestPointId
);

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant),* }

        impl $name {
            /// All of them, as the service lists them.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The service's spelling.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => stringify!($variant)),* }
            }

            /// Reads the service's spelling, in any case (servers differ in it).
            pub fn parse(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(word))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// How a result ended (`TestOutcome`).
    Outcome {
        /// No value.
        Unspecified,
        /// Test has not been executed and nobody says why.
        None,
        /// Passed.
        Passed,
        /// Failed.
        Failed,
        /// Neither passed nor failed.
        Inconclusive,
        /// Ran into a time-out.
        Timeout,
        /// Was aborted.
        Aborted,
        /// Was blocked by something else.
        Blocked,
        /// Did not run.
        NotExecuted,
        /// Passed with a warning.
        Warning,
        /// Broke before it could tell.
        Error,
        /// Does not apply.
        NotApplicable,
        /// Is paused.
        Paused,
        /// Is running.
        InProgress,
        /// Left out by test impact analysis.
        NotImpacted,
    }
}

words! {
    /// Where a run is in its life (`TestRunState`).
    RunState {
        /// What a fresh run may come back as.
        Unspecified,
        /// Made, not begun.
        NotStarted,
        /// Being filled.
        InProgress,
        /// Ended.
        Completed,
        /// Waiting for an agent.
        Waiting,
        /// Given up.
        Aborted,
        /// Ended, with a failure that nobody looked at yet.
        NeedsInvestigation,
    }
}

/// What a state means for a publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Results may be added.
    Open,
    /// Ended with its results.
    Finished,
    /// Given up.
    Aborted,
}

impl RunState {
    /// Finished are `Completed` and `NeedsInvestigation`; what is neither that nor aborted is open.
    pub fn life(self) -> Life {
        match self {
            RunState::Completed | RunState::NeedsInvestigation => Life::Finished,
            RunState::Aborted => Life::Aborted,
            RunState::Unspecified
            | RunState::NotStarted
            | RunState::InProgress
            | RunState::Waiting => Life::Open,
        }
    }
}

/// Identity of a test over all runs, first half. Never masked: history hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct AutomatedTestName(String);

/// Identity of a test over all runs, second half: what holds the test.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct AutomatedTestStorage(String);

impl AutomatedTestName {
    /// Takes a name; a too long one is cut so that it stays its own.
    pub fn new(name: &str) -> Self {
        Self::within(name, TEST_NAME_LIMIT)
    }

    /// The same where less room is.
    pub fn within(name: &str, limit: usize) -> Self {
        Self(cut_name(&without_controls(name), limit))
    }

    /// The name as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AutomatedTestStorage {
    /// Takes a name; a too long one is cut so that it stays its own.
    pub fn new(name: &str) -> Self {
        Self(cut_name(&without_controls(name), NAME_LIMIT))
    }

    /// The name as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn without_controls(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
}

/// A run to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTestRun {
    /// Shown in the Tests tab.
    pub name: Clean,
    /// Ends with the marker by which the run is found again.
    pub comment: Clean,
    /// The build that it belongs to.
    pub build: Option<BuildId>,
    /// Branch that a pull request wants to merge into.
    pub target_branch: Option<Clean>,
    /// Shown and filtered by in the Tests tab; empty for none.
    pub platform: Clean,
    /// Shown and filtered by in the Tests tab; empty for none.
    pub configuration: Clean,
    /// When the first test began.
    pub started: Option<Timestamp>,
    /// When the last test ended.
    pub completed: Option<Timestamp>,
    /// Stage, phase and job of the build.
    pub pipeline: Option<PipelineReference>,
    /// Release and environment of a classic release, as URIs.
    pub release: Option<(Clean, Clean)>,
    /// The plan of a planned run.
    pub plan: Option<TestPlanId>,
    /// A run that is not automated stays out of the Tests tab; some servers take a planned one only
    /// so while a test case in it is not automated.
    pub automated: bool,
}

/// Stage, phase and job, each with its attempt; a part without a name is left out, because the
/// service refuses a reference that names nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineReference {
    /// Name and attempt of the stage.
    pub stage: Option<(Clean, u32)>,
    /// Name and attempt of the phase (the job of the YAML).
    pub phase: Option<(Clean, u32)>,
    /// Name and attempt of the job (`__default` but in a matrix).
    pub job: Option<(Clean, u32)>,
}

/// How the sub-results of a result hang together (`ResultGroupType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupType {
    /// One sub-result for each row of data.
    DataDriven,
    /// One sub-result for each attempt.
    Rerun,
}

/// A result to be added to a run, or what is known of the one that a planned run has been made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTestResult {
    /// Shown in lists; empty in a planned run, which shows the title of the work item.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub test_case_title: Clean,
    /// Identity, first half.
    pub automated_test_name: AutomatedTestName,
    /// Identity, second half.
    pub automated_test_storage: AutomatedTestStorage,
    /// What kind of automation.
    pub automated_test_type: Clean,
    /// How it ended.
    pub outcome: Outcome,
    /// Machine that ran it; empty if unknown.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub computer_name: Clean,
    /// UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_date: Option<Timestamp>,
    /// UTC, never before the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_date: Option<Timestamp>,
    /// How long it took.
    #[serde(
        rename = "durationInMs",
        serialize_with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub duration: Option<Duration>,
    /// Why it did not pass.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub error_message: Clean,
    /// Where it did not pass.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub stack_trace: Clean,
    /// Free text.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub comment: Clean,
    /// How the sub-results hang together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_group_type: Option<GroupType>,
    /// Rows or attempts. None in a planned run, whose page does not show them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_results: Vec<NewSubResult>,
    /// Rows in a planned run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub iteration_details: Vec<NewIteration>,
}

impl NewTestResult {
    /// Itself, its sub-results on all levels and its iterations: what counts towards
    /// [`RESULTS_PER_REQUEST`].
    pub fn weight(&self) -> usize {
        let sub_results = self.sub_results.iter().map(NewSubResult::weight);
        1 + sub_results.sum::<usize>() + self.iteration_details.len()
    }
}

/// A row of a result in a planned run (`TestIterationDetailsModel`), without steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewIteration {
    /// Counts from 1.
    pub id: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_date: Option<Timestamp>,
    /// UTC, never before the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_date: Option<Timestamp>,
    /// How long it took.
    #[serde(
        rename = "durationInMs",
        serialize_with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub duration: Option<Duration>,
    /// Why it did not pass.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub error_message: Clean,
    /// Which row it is.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub comment: Clean,
}

/// A row or an attempt below a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSubResult {
    /// Counts from 1.
    pub sequence_id: u32,
    /// Shown in the tree.
    pub display_name: Clean,
    /// How it ended.
    pub outcome: Outcome,
    /// UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_date: Option<Timestamp>,
    /// UTC, never before the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_date: Option<Timestamp>,
    /// How long it took; here the service takes whole milliseconds only.
    #[serde(
        rename = "durationInMs",
        serialize_with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub duration: Option<Duration>,
    /// Why it did not pass.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub error_message: Clean,
    /// Where it did not pass.
    #[serde(skip_serializing_if = "Clean::is_empty")]
    pub stack_trace: Clean,
    /// How the level below hangs together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_group_type: Option<GroupType>,
    /// The level below; there is none below that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_results: Vec<NewSubResult>,
}

impl NewSubResult {
    fn weight(&self) -> usize {
        1 + self.sub_results.len()
    }
}

fn milliseconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let milliseconds = duration.unwrap_or_default().as_millis();
    serializer.serialize_u64(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}

/// A file to be attached to a run, a result or a sub-result.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// Shown, and the name of the file when it is downloaded.
    pub name: Clean,
    /// What the file holds.
    pub content: Content,
    /// Recognises it among others of the same name: `katalon-ado <8 hex of SHA-256> <bytes>`.
    pub fingerprint: String,
}

impl NewAttachment {
    /// The fingerprint of `length` bytes with this SHA-256.
    pub fn fingerprint_of(digest: &[u8], length: u64) -> String {
        let hex: String = digest
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("katalon-ado {hex} {length}")
    }
}

/// Where the bytes of an attachment come from.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text that was masked, in memory.
    Text(Arc<Clean>),
    /// What is read, masked or zipped while it is sent.
    Made {
        /// Makes it.
        source: Arc<dyn Made>,
        /// Its length in bytes when the fingerprint was taken; of another length it is not sent.
        length: u64,
    },
}

/// Makes bytes, each time the same: an attachment may have to be sent more than once.
pub trait Made: fmt::Debug + Send + Sync {
    /// The bytes, from the beginning.
    fn read(&self) -> io::Result<Box<dyn Read + Send + Sync>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_is_completed_or_needs_investigation_and_nothing_else() {
        let finished: Vec<_> = RunState::ALL
            .iter()
            .filter(|state| state.life() == Life::Finished)
            .collect();
        assert_eq!(
            finished,
            [&RunState::Completed, &RunState::NeedsInvestigation]
        );
        assert_eq!(
            RunState::parse("needsinvestigation"),
            Some(RunState::NeedsInvestigation)
        );
    }

    #[test]
    fn long_test_names_stay_apart() {
        let name =
            |end: &str| AutomatedTestName::new(&format!("{}{end}", "Test Cases/".repeat(80)));
        assert_ne!(name("a"), name("b"));
        assert_eq!(name("a").as_str().encode_utf16().count(), TEST_NAME_LIMIT);
    }
}
