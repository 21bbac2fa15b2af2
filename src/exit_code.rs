//! What the process ends with, and which code wins when several hold.

/// The exit codes. Their meaning never changes within a major version: pipelines branch on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Done.
    Done = 0,
    /// Everything is published, and `failTaskOnFailedTests` found tests that did not pass; also
    /// when this owner had published the report before.
    FailedTests = 1,
    /// Inputs are wrong: on their own, and then nothing was written; or for the server in what
    /// concerns the test plan, and then the results are in the build all the same.
    WrongInputs = 2,
    /// No report was found or a report cannot be read, and the inputs say that this fails.
    NoReports = 3,
    /// Azure DevOps refused or could not be reached: no result is in a finished run.
    NotPublished = 4,
    /// Some results are in a finished run and others are not; the log says which are missing.
    PartlyPublished = 5,
    /// Results reach no test point and `unmatchedResults` is `fail`, or a check found something.
    Unmatched = 6,
    /// Cancelled; open runs were set to `Aborted`. The number a shell gives for Ctrl-C (128 + 2).
    Cancelled = 130,
}

impl ExitCode {
    /// What decides first stands first: results that are missing in Azure DevOps weigh more than
    /// what the gates say of those that are there.
    pub const WORST_FIRST: [ExitCode; 8] = [
        ExitCode::Cancelled,
        ExitCode::WrongInputs,
        ExitCode::NotPublished,
        ExitCode::PartlyPublished,
        ExitCode::NoReports,
        ExitCode::Unmatched,
        ExitCode::FailedTests,
        ExitCode::Done,
    ];

    /// The number that the process ends with.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Of the codes that hold the one that counts; [`ExitCode::Done`] if none holds.
    pub fn worst_of(codes: impl IntoIterator<Item = ExitCode>) -> ExitCode {
        let place = |code: &ExitCode| Self::WORST_FIRST.iter().position(|other| other == code);
        codes.into_iter().min_by_key(place).unwrap_or(Self::Done)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_one_that_was_promised() {
        let numbers: Vec<u8> = ExitCode::WORST_FIRST
            .iter()
            .map(|code| code.number())
            .collect();
        assert_eq!(numbers, [130, 2, 4, 5, 3, 6, 1, 0]);
    }

    #[test]
    fn the_worst_code_counts_whatever_the_order() {
        use ExitCode::{Done, FailedTests, NoReports, NotPublished, PartlyPublished, Unmatched};
        assert_eq!(
            ExitCode::worst_of([FailedTests, PartlyPublished, Unmatched]),
            PartlyPublished
        );
        assert_eq!(ExitCode::worst_of([NoReports, NotPublished]), NotPublished);
        assert_eq!(ExitCode::worst_of([Done, FailedTests]), FailedTests);
        assert_eq!(ExitCode::worst_of([]), Done);
    }
}
