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
    /// There is no access token.
    pub const NO_TOKEN: Code = Code("KADO420");
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
