//! What the command ends with: the exit codes that hold, and the problem behind each.

use crate::exit_code::ExitCode;
use crate::pipeline::Pipeline;
use crate::problem::{Problem, Severity, code};

/// The exit codes that hold so far.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    decided: Vec<(ExitCode, Problem)>,
    /// Codes whose problem was told as a warning.
    forgiven: Vec<ExitCode>,
}

impl Verdict {
    /// An exit code holds; its problem is told as an error.
    pub(super) fn decide(&mut self, pipeline: &Pipeline, exit_code: ExitCode, problem: Problem) {
        let problem = Problem {
            severity: Severity::Error,
            ..problem
        };
        pipeline.issue(&problem);
        self.decided.push((exit_code, problem));
    }

    /// An exit code holds if the inputs say that this fails; else the problem is a warning.
    pub(super) fn gate(
        &mut self,
        pipeline: &Pipeline,
        fails: bool,
        exit_code: ExitCode,
        problem: Problem,
    ) {
        if fails {
            self.decide(pipeline, exit_code, problem);
        } else {
            pipeline.issue(&Problem {
                severity: Severity::Warning,
                ..problem
            });
            self.forgiven.push(exit_code);
        }
    }

    /// Whether it was said, as an error or as a warning, why results are not published.
    pub(super) fn publication_is_told(&self) -> bool {
        let decided = self.decided.iter();
        decided
            .filter(|(_, problem)| !code::OF_THE_PLAN.contains(&problem.code))
            .map(|(exit_code, _)| exit_code)
            .chain(&self.forgiven)
            .any(|exit_code| match exit_code {
                ExitCode::NotPublished
                | ExitCode::PartlyPublished
                | ExitCode::Cancelled
                | ExitCode::WrongInputs => true,
                ExitCode::Done
                | ExitCode::FailedTests
                | ExitCode::NoReports
                | ExitCode::Unmatched => false,
            })
    }

    /// The exit code that counts.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::worst_of(self.decided.iter().map(|(exit_code, _)| *exit_code))
    }

    /// The problem that decided the exit code, and how many others there are.
    pub(super) fn message(&self) -> String {
        let exit_code = self.exit_code();
        let deciding = self
            .decided
            .iter()
            .find(|(decided, _)| *decided == exit_code);
        let Some((_, problem)) = deciding else {
            return String::new();
        };
        let others = match self.decided.len() - 1 {
            0 => String::new(),
            1 => " (and one more error)".to_owned(),
            others => format!(" (and {others} more errors)"),
        };
        format!("{}: {}{others}", problem.code, problem.message)
    }
}
