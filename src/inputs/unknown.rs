//! Task inputs that do not exist: the agent passes what somebody typed, and says nothing.

use super::table::{Row, TABLE};
use crate::environment::Environment;
use crate::problem::{Problem, code};

/// Inputs of `PublishTestResults@2` that have another name here, or none.
const MICROSOFT: &[(&str, &str)] = &[
    (
        "testResultsFiles",
        "Use 'reportFolders': it takes patterns of folders and of files, such as '**/JUnit_Report.xml'.",
    ),
    (
        "testResultsFormat",
        "Leave it out: what is read are Katalon's own reports.",
    ),
    (
        "testRunner",
        "Leave it out: what is read are Katalon's own reports.",
    ),
    (
        "mergeTestResults",
        "Use 'testRunPer': 'build' makes one test run of all reports, 'collection' one of each collection.",
    ),
    (
        "publishRunAttachments",
        "Use 'attachments': 'none' attaches nothing.",
    ),
    (
        "failTaskOnMissingResultsFile",
        "Use 'failTaskOnMissingReports', which is true unless you say otherwise.",
    ),
];

/// A warning for each `INPUT_…` with a value that is no input of the task. Inputs of other
/// commands are known too: the agent hands in the defaults of all.
pub(super) fn warnings(environment: &Environment) -> Vec<Problem> {
    let names: Vec<String> = TABLE.iter().map(Row::name).collect();
    environment
        .vars
        .keys()
        .filter(|variable| environment.var(variable).is_some())
        .filter_map(|variable| variable.strip_prefix("INPUT_"))
        .filter(|given| !names.iter().any(|name| name.eq_ignore_ascii_case(given)))
        .map(|given| warning(given, &names))
        .collect()
}

fn warning(given: &str, names: &[String]) -> Problem {
    let of_microsoft = MICROSOFT
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(given));
    let (name, advice) = match of_microsoft {
        Some(&(name, advice)) => (name.to_owned(), advice.to_owned()),
        None => {
            let advice = nearest(given, names)
                .map_or_else(String::new, |name| format!("Did you mean '{name}'?"));
            // Agents hand names over in upper case, so that is all that is known.
            (given.to_ascii_lowercase(), advice)
        }
    };
    Problem::warning(
        code::UNKNOWN_INPUT,
        format!("task input '{name}' does not exist here and is not read"),
        advice,
    )
}

/// The name with the fewest letters to change, in any case.
fn nearest<'a>(given: &str, names: &'a [String]) -> Option<&'a str> {
    let given = given.to_ascii_lowercase();
    names
        .iter()
        .min_by_key(|name| distance(&given, &name.to_ascii_lowercase()))
        .map(String::as_str)
}

/// Letters to insert, remove or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        let mut left = i + 1;
        for ((&to, &diagonal), &above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(from != to))
                .min(above + 1)
                .min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(variable: &str) -> Vec<String> {
        let environment = Environment {
            vars: [(variable.to_owned(), "x".to_owned())].into(),
            ..Environment::default()
        };
        warnings(&environment)
            .into_iter()
            .map(|problem| problem.advice)
            .collect()
    }

    #[test]
    fn the_nearest_input_is_named() {
        assert_eq!(
            advice("INPUT_REPORTFOLDER"),
            ["Did you mean 'reportFolders'?"]
        );
        assert_eq!(advice("INPUT_RUNTITLE"), ["Did you mean 'testRunTitle'?"]);
    }

    #[test]
    fn inputs_of_microsofts_task_are_answered_with_what_to_use() {
        for (name, answer) in MICROSOFT {
            let variable = format!("INPUT_{}", name.to_uppercase());
            assert_eq!(advice(&variable), [*answer]);
        }
    }

    #[test]
    fn known_inputs_and_empty_variables_are_no_warning() {
        assert!(advice("INPUT_COMMAND").is_empty());
        assert!(advice("INPUT_DRYRUN").is_empty());
        let environment = Environment {
            vars: [("INPUT_OTHER".to_owned(), " ".to_owned())].into(),
            ..Environment::default()
        };
        assert!(warnings(&environment).is_empty());
    }

    #[test]
    fn the_distance_counts_changed_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
