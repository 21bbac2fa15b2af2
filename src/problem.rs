//! What went wrong or looks wrong, in words that a tester can act on.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Worth knowing; the task can still succeed.
    Warning,
    /// Decides, or may decide, the exit code.
    Error,
}

/// A stable code that people can search for; each is a heading of TROUBLESHOOTING.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The codes. The first digit follows the exit code that the problem belongs to; 0 for warnings.
pub mod code {
    use super::Code;

    /// A file of a report is damaged, or says something that cannot be; the rest is used.
    pub const DAMAGED_FILE: Code = Code("KADO001");
    /// The same report was found twice.
    pub const SAME_REPORT_TWICE: Code = Code("KADO002");
    /// A recorded file is gone, or lies outside the report folder.
    pub const FILE_LEFT_OUT: Code = Code("KADO003");
    /// A folder or file could not be opened.
    pub const CANNOT_OPEN: Code = Code("KADO004");
    /// A report holds no result.
    pub const EMPTY_REPORT: Code = Code("KADO005");
    /// Files of another run lie in a report folder.
    pub const FOREIGN_FILE: Code = Code("KADO006");
    /// Set-up, tear-down or a listener of a suite failed; no test case is to blame.
    pub const SUITE_HOOK_FAILED: Code = Code("KADO007");
    /// A report looks like a rerun of another and is not sure to be one.
    pub const RERUN_NOT_JOINED: Code = Code("KADO008");
    /// A file of a Katalon project is broken, or says something that cannot be.
    pub const PROJECT_FILE: Code = Code("KADO009");
    /// Reports hold what this version does not know.
    pub const UNKNOWN_IN_REPORT: Code = Code("KADO029");
    /// The file that says which test case a Katalon test case stands for holds what is no ID.
    pub const MAPPING_FILE: Code = Code("KADO053");
    /// Katalon's settings for Azure DevOps are left alone.
    pub const KATALON_SETTINGS_NOT_USED: Code = Code("KADO054");
    /// A value of Katalon's settings cannot be used.
    pub const KATALON_SETTING: Code = Code("KADO055");
    /// Katalon may submit the same results itself.
    pub const KATALON_SUBMITS_ITSELF: Code = Code("KADO056");
    /// It is not clear which Katalon project a report belongs to.
    pub const WHICH_KATALON_PROJECT: Code = Code("KADO057");
    /// Results reach no test point.
    pub const UNMATCHED: Code = Code("KADO058");
    /// A test case of a result that reaches other points reaches none.
    pub const ID_REACHES_NOTHING: Code = Code("KADO059");
    /// A rule names a test configuration that is retired.
    pub const INACTIVE_CONFIGURATION: Code = Code("KADO060");
    /// One test point receives results of executions that differ.
    pub const SHARED_POINT: Code = Code("KADO061");
    /// Automation fields of test cases could not be set.
    pub const AUTOMATION_FIELDS: Code = Code("KADO062");
    /// One test case of Azure DevOps stands for several Katalon test cases.
    pub const ID_USED_TWICE: Code = Code("KADO090");
    /// The mapping file names a Katalon test case that no Katalon project has.
    pub const MAPPED_TEST_CASE_MISSING: Code = Code("KADO091");
    /// Katalon test cases have no ID.
    pub const WITHOUT_ID: Code = Code("KADO092");
    /// No Katalon project was found to check.
    pub const NO_KATALON_PROJECT: Code = Code("KADO093");
    /// A report folder cannot be read at all.
    pub const UNREADABLE_REPORT: Code = Code("KADO302");

    /// An output variable would be too long for the steps that follow.
    pub const OUTPUT_TOO_LONG: Code = Code("KADO020");
    /// A task input does not exist.
    pub const UNKNOWN_INPUT: Code = Code("KADO021");
    /// `--organization` was given in a pipeline, where the agent tells the address.
    pub const ORGANIZATION_NOT_USED: Code = Code("KADO022");
    /// The list of addresses that go round the agent's proxy cannot be read or used.
    pub const PROXY_BYPASS: Code = Code("KADO023");
    /// No command, an unknown one, or an option that does not exist.
    pub const WRONG_COMMAND_LINE: Code = Code("KADO201");
    /// An input is none of what is allowed.
    pub const WRONG_INPUT: Code = Code("KADO202");
    /// An input holds a variable that the pipeline does not define.
    pub const UNRESOLVED_VARIABLE: Code = Code("KADO203");
    /// Nothing tells which Azure DevOps to publish to.
    pub const NO_COLLECTION_URL: Code = Code("KADO204");
    /// No project is given or told.
    pub const NO_PROJECT: Code = Code("KADO205");
    /// A service connection is not there, or cannot be used.
    pub const SERVICE_CONNECTION: Code = Code("KADO208");
    /// The agent's client certificate, or its key, cannot be used.
    pub const CLIENT_CERTIFICATE: Code = Code("KADO209");
    /// The server is older than what this program can speak to.
    pub const SERVER_TOO_OLD: Code = Code("KADO417");
    /// There is no access token.
    pub const NO_TOKEN: Code = Code("KADO420");

    /// Attachments did not reach Azure DevOps; the results did.
    pub const MISSING_ATTACHMENTS: Code = Code("KADO010");
    /// A file is not attached: too large, or not readable.
    pub const FILE_NOT_ATTACHED: Code = Code("KADO011");
    /// A finished run shows an earlier state of a report.
    pub const EARLIER_STATE: Code = Code("KADO012");
    /// A run was ended, deleted or spoiled meanwhile, and is published anew.
    pub const BEGUN_ANEW: Code = Code("KADO014");
    /// A run could not be set to `Aborted`.
    pub const RUN_LEFT_OPEN: Code = Code("KADO015");
    /// The agent is configured to trust any certificate.
    pub const CERTIFICATES_NOT_VALIDATED: Code = Code("KADO016");
    /// A secret variable is too short to be masked.
    pub const SHORT_SECRET: Code = Code("KADO017");
    /// There is more secret test data than can be looked for in every form.
    pub const MUCH_TO_MASK: Code = Code("KADO018");
    /// Whether old reports are of this build is not known.
    pub const AGE_UNKNOWN: Code = Code("KADO019");
    /// The service did not keep the mark of a run.
    pub const MARK_LOST: Code = Code("KADO026");
    /// A completed run could not be read back.
    pub const NOT_READ_BACK: Code = Code("KADO027");
    /// A collection executed a suite of which no report is at hand.
    pub const SUITE_MISSING: Code = Code("KADO028");
    /// A result was published without a part that Azure DevOps refused.
    pub const RESULT_REDUCED: Code = Code("KADO040");
    /// An attachment is there twice.
    pub const ATTACHED_TWICE: Code = Code("KADO041");
    /// The summary could not be written.
    pub const NO_SUMMARY: Code = Code("KADO025");
    /// No Katalon test case was found for some test cases.
    pub const UNMAPPED: Code = Code("KADO080");
    /// No test case is selected.
    pub const NOTHING_SELECTED: Code = Code("KADO081");
    /// Katalon's query cannot hold the test cases that are selected.
    pub const QUERY_LEFT_EMPTY: Code = Code("KADO082");
    /// Files with what was selected could not be written.
    pub const NO_FILE_OF_TEST_CASES: Code = Code("KADO083");
    /// A planned run was made as one that is not automated.
    pub const RUN_NOT_AUTOMATED: Code = Code("KADO070");
    /// Tests failed, and the task is to fail then.
    pub const FAILED_TESTS: Code = Code("KADO101");
    /// The build that is published to does not exist.
    pub const NO_SUCH_BUILD: Code = Code("KADO206");
    /// The project of runs without plan does not exist or is not visible.
    pub const NO_SUCH_PROJECT: Code = Code("KADO207");
    /// The test plan does not exist, is not visible, or its name is that of several.
    pub const NO_SUCH_PLAN: Code = Code("KADO210");
    /// The test plan is closed.
    pub const PLAN_CLOSED: Code = Code("KADO211");
    /// Test plans may not be read.
    pub const PLAN_NOT_READABLE: Code = Code("KADO212");
    /// The project of the test plan does not exist or is not visible.
    pub const NO_PROJECT_OF_PLAN: Code = Code("KADO213");
    /// A test suite does not exist, or its name is that of several.
    pub const NO_SUCH_SUITE: Code = Code("KADO214");
    /// A test configuration does not exist, or its name is that of several.
    pub const NO_SUCH_CONFIGURATION: Code = Code("KADO215");
    /// Nothing says which test cases are meant.
    pub const NOTHING_TO_SELECT_FROM: Code = Code("KADO220");
    /// There is no such test run, or no build to take runs of.
    pub const NO_SUCH_RUN: Code = Code("KADO221");
    /// The Katalon test suite cannot be written.
    pub const SUITE_NOT_WRITTEN: Code = Code("KADO222");
    /// Inputs that are wrong for the server in what concerns the test plan: results are published
    /// all the same.
    pub const OF_THE_PLAN: &[Code] = &[
        NO_SUCH_PLAN,
        PLAN_CLOSED,
        PLAN_NOT_READABLE,
        NO_PROJECT_OF_PLAN,
        NO_SUCH_SUITE,
        NO_SUCH_CONFIGURATION,
    ];
    /// A permission to read is missing.
    pub const MAY_NOT_READ: Code = Code("KADO607");
    /// A test case does not exist, or cannot be seen.
    pub const NO_SUCH_TEST_CASE: Code = Code("KADO608");
    /// An ID is that of a work item that is no test case.
    pub const NOT_A_TEST_CASE: Code = Code("KADO609");
    /// A test case is in none of the test plans.
    pub const NOT_IN_PLAN: Code = Code("KADO610");
    /// A test case has no point that a result could reach.
    pub const NO_POINT: Code = Code("KADO611");
    /// The mapping file that was asked for could not be written.
    pub const NO_SUGGESTION: Code = Code("KADO612");
    /// Results reach no test point, and the inputs say that this fails.
    pub const UNMATCHED_FAILS: Code = Code("KADO601");
    /// No Katalon test case was found for some test cases, and the inputs say that this fails.
    pub const UNMAPPED_FAILS: Code = Code("KADO604");
    /// No Katalon report was found.
    pub const NO_REPORT: Code = Code("KADO301");
    /// Every report found is older than the build.
    pub const ONLY_STALE_REPORTS: Code = Code("KADO303");
    /// Azure DevOps did not accept the access token.
    pub const TOKEN_REFUSED: Code = Code("KADO401");
    /// A permission is missing.
    pub const PERMISSION_MISSING: Code = Code("KADO403");
    /// The address is none of Azure DevOps, or of another server.
    pub const WRONG_ADDRESS: Code = Code("KADO404");
    /// No connection could be made.
    pub const NO_CONNECTION: Code = Code("KADO405");
    /// The proxy refused, or could not be reached.
    pub const PROXY_REFUSED: Code = Code("KADO407");
    /// The server's certificate is not trusted, or TLS failed.
    pub const TLS_FAILED: Code = Code("KADO408");
    /// Azure DevOps did not answer, or was busy, for too long.
    pub const GAVE_UP: Code = Code("KADO409");
    /// An answer sends us to another address.
    pub const REDIRECTED: Code = Code("KADO410");
    /// Azure DevOps refused a request.
    pub const REQUEST_REFUSED: Code = Code("KADO411");
    /// Some certificates of the agent's CA file cannot be read.
    pub const AUTHORITIES_LEFT_OUT: Code = Code("KADO050");
    /// CA file or proxy cannot be used.
    pub const CONNECTION_SETTINGS: Code = Code("KADO412");
    /// Some results are not in a finished run.
    pub const RESULTS_MISSING: Code = Code("KADO501");
    /// Azure DevOps refused single results.
    pub const RESULTS_REFUSED: Code = Code("KADO502");
    /// Results were read and not accounted for: our own mistake.
    pub const DO_NOT_ADD_UP: Code = Code("KADO599");
    /// The command was cancelled.
    pub const CANCELLED: Code = Code("KADO130");

    // What the task's launcher says in the program's place (`task/index.js`).
    /// The task holds no program for this platform, or somebody removed it.
    pub const PROGRAM_MISSING: Code = Code("KADO901");
    /// The system cannot or may not start the program.
    pub const PROGRAM_NOT_STARTED: Code = Code("KADO902");
    /// A signal ended the program, or it ended with a code that is none of its own.
    pub const PROGRAM_KILLED: Code = Code("KADO903");
    /// The program was told a second time to end, and left the rest.
    pub const ENDED_AT_ONCE: Code = Code("KADO904");
}

/// A count with its noun, `1 file`, `3 files`; the noun is one whose plural takes an s.
pub fn counted(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// One problem: what could not be done, and what to try.
///
/// `message` is lower case and without a full stop, so that it can follow a colon; `advice` is a
/// sentence, or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Its stable code.
    pub code: Code,
    /// What could not be done: the cause, as the machine gave it.
    pub message: String,
    /// What to try.
    pub advice: String,
}

impl Problem {
    /// A warning.
    pub fn warning(code: Code, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            code,
            message: message.into(),
            advice: advice.into(),
        }
    }

    /// An error.
    pub fn error(code: Code, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            advice: advice.into(),
        }
    }
}
