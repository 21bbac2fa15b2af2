//! What `select` and `list` cannot do without.

use super::ListRequest;
use super::table::Inputs;
use super::value::{Command, Listed};
use crate::problem::{Problem, code};

/// What is missing for the command.
pub(super) fn problems(
    command: Command,
    listed: Option<ListRequest>,
    inputs: &Inputs,
) -> Option<Problem> {
    let has_plan = !inputs.test_plan.value.named().is_empty();
    match (command, listed.map(|list| list.what)) {
        (Command::Select, _) if !has_plan && inputs.test_run.value.is_none() => {
            Some(Problem::error(
                code::NOTHING_TO_SELECT_FROM,
                "neither 'testPlan' nor 'testRun' is given, so nothing says which test cases are meant",
                "Give one of them; Katalon's settings are never asked for the plan.",
            ))
        }
        (Command::Select, _)
            if !has_plan
                && (inputs.test_configuration.value.is_some()
                    || !inputs.test_suites.value.0.is_empty()) =>
        {
            Some(Problem::error(
                code::NOTHING_TO_SELECT_FROM,
                "'testSuites' and 'testConfiguration' choose in a test plan, and 'testPlan' is not given",
                "Give 'testPlan', or leave them out.",
            ))
        }
        (Command::List, Some(Listed::Suites | Listed::TestCases)) if !has_plan => {
            Some(Problem::error(
                code::NOTHING_TO_SELECT_FROM,
                "nothing says of which test plan",
                "Give 'testPlan' (option '--test-plan'); 'list plans' shows those that there are.",
            ))
        }
        (Command::Select | Command::List | Command::Verify | Command::Publish, _) => None,
    }
}
