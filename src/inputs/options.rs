//! The command line: clap splits it into options, writes help and says "did you mean". What an
//! option's value means is left to the inputs.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches};

use super::manual;
use super::table::{Row, TABLE};
use super::value::{Command, InputValue, Kind, Listed};
use crate::problem::{Problem, code};

/// The option that names the organization or collection outside a pipeline.
pub(super) const ORGANIZATION: &str = "organization";

/// The option that says where a build number is looked for.
pub(super) const BUILD_DEFINITION: &str = "build-definition";
/// What `list` shows.
pub(super) const WHAT: &str = "what";
/// The option of `list` that shows closed plans too.
pub(super) const ALL: &str = "all";
/// The option that names the file that `verify` writes.
pub(super) const SUGGEST_MAPPING: &str = "suggest-mapping";

/// The option that says what stdout holds.
pub(super) const FORMAT: &str = "format";
/// The command that the task's launcher starts.
pub(super) const TASK: &str = "task";

const PROGRAM: &str = "katalon-ado";

/// What a command line came to.
pub(super) enum CommandLine {
    /// A command, `task` or one of [`Command`], and its options.
    Command(String, ArgMatches),
    /// Help or version were asked for.
    Text(String),
}

/// Splits a command line. Options that do not exist are told beside what remains without them,
/// so that the values of the others can be looked at too.
pub(super) fn split(args: &[String]) -> Result<(CommandLine, Vec<Problem>), Vec<Problem>> {
    let mut args = args.to_vec();
    let mut problems = Vec::new();
    loop {
        let command_line = std::iter::once(PROGRAM.to_owned()).chain(args.iter().cloned());
        match definition().try_get_matches_from(command_line) {
            Ok(mut matches) => {
                return match matches.remove_subcommand() {
                    Some((name, matches)) => {
                        problems.extend(given_twice(&matches));
                        Ok((CommandLine::Command(name, matches), problems))
                    }
                    None => {
                        problems.push(no_command());
                        Err(problems)
                    }
                };
            }
            Err(error) => match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion if problems.is_empty() => {
                    return Ok((CommandLine::Text(error.render().to_string()), problems));
                }
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return Err(problems),
                ErrorKind::MissingSubcommand
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                    problems.push(no_command());
                    return Err(problems);
                }
                kind => {
                    let unknown = text_of(&error, ContextKind::InvalidArg)
                        .filter(|_| kind == ErrorKind::UnknownArgument);
                    if let Some(unknown) = &unknown
                        && let Some(meant) = join_to_switch(&mut args, unknown)
                    {
                        let message = format!("unexpected argument '{unknown}' found");
                        problems.push(wrong(message, format!("Write '{meant}'.")));
                        continue;
                    }
                    problems.push(problem(&error));
                    if !unknown.is_some_and(|unknown| remove(&mut args, &unknown)) {
                        return Err(problems);
                    }
                }
            },
        }
    }
}

/// Whether JSON was asked for on a command line that cannot be split.
pub(super) fn asks_for_json(args: &[String]) -> bool {
    let is_json = |value: &str| value.trim().eq_ignore_ascii_case("json");
    args.iter()
        .any(|arg| arg.strip_prefix("--format=").is_some_and(is_json))
        || args
            .windows(2)
            .any(|pair| pair[0] == "--format" && is_json(&pair[1]))
}

/// The value of a switch stands behind `=`, so that the word behind a bare switch is never eaten.
/// Joins the two if that was meant, so that the value can be looked at too.
fn join_to_switch(args: &mut Vec<String>, unknown: &str) -> Option<String> {
    let is_switch = |arg: &String| {
        let option = arg.strip_prefix("--");
        option.is_some_and(|option| {
            TABLE
                .iter()
                .any(|row| row.kind == Kind::Bool && row.option() == option)
        })
    };
    let at = args
        .windows(2)
        .position(|pair| is_switch(&pair[0]) && pair[1] == unknown)?;
    let value = args.remove(at + 1);
    args[at] = format!("{}={value}", args[at]);
    Some(args[at].clone())
}

/// Options that are no list and stand more than once.
fn given_twice(matches: &ArgMatches) -> Vec<Problem> {
    let rows = TABLE.iter().filter(|row| match row.kind {
        Kind::Lines | Kind::Names | Kind::AnyOf(_) => false,
        Kind::Text | Kind::Bool | Kind::Seconds | Kind::OneOf(_) | Kind::ServiceConnection => true,
    });
    let of_rows = rows.map(|row| (row.field(), row.option()));
    let others = [ORGANIZATION, BUILD_DEFINITION, SUGGEST_MAPPING, FORMAT]
        .map(|name| (name, name.to_owned()));
    of_rows
        .chain(others)
        .filter(|(id, _)| {
            let uses = matches.try_get_many::<String>(id).ok().flatten();
            uses.is_some_and(|uses| uses.len() > 1)
        })
        .map(|(_, option)| {
            wrong(
                format!("option '--{option}' stands more than once"),
                "Give it once.".to_owned(),
            )
        })
        .collect()
}

/// Takes an unknown option out, with its value if that stands beside it, so that the rest of the
/// line can be looked at.
fn remove(args: &mut Vec<String>, unknown: &str) -> bool {
    let is_unknown = |arg: &String| {
        arg == unknown
            || arg
                .strip_prefix(unknown)
                .is_some_and(|rest| rest.starts_with('=') || !unknown.starts_with("--"))
    };
    let Some(at) = args.iter().position(is_unknown) else {
        return false;
    };
    let removed = args.remove(at);
    if removed.starts_with('-')
        && !removed.contains('=')
        && args.get(at).is_some_and(|next| !next.starts_with('-'))
    {
        args.remove(at);
    }
    true
}

fn definition() -> clap::Command {
    let publish = clap::Command::new(Command::Publish.word())
        .about("Finds Katalon reports and publishes them as test runs");
    let select = clap::Command::new(Command::Select.word())
        .about("Says which Katalon test cases to run, by a test plan or by test runs")
        .after_help(
            "It prints the text for Katalon's -testSuiteQuery. Name 'testPlan', 'testRun' or both.",
        );
    let kinds = match Listed::KIND {
        Kind::OneOf(words) => words,
        _ => &[],
    };
    let list = clap::Command::new(Command::List.word())
        .about("Shows what can be chosen in Azure DevOps, as a table")
        .arg(
            Arg::new(WHAT)
                .value_name("WHAT")
                .required(true)
                .value_parser(clap::builder::PossibleValuesParser::new(kinds))
                .help("What to show; suites and test cases need --test-plan"),
        )
        .arg(
            Arg::new(ALL)
                .long(ALL)
                .action(ArgAction::SetTrue)
                .help("Also plans that are closed"),
        );
    let verify = clap::Command::new(Command::Verify.word())
        .about("Says what of publishing would not work, and writes nothing to Azure DevOps")
        .after_help(manual::OF_VERIFY)
        .arg(
            Arg::new(SUGGEST_MAPPING)
                .long(SUGGEST_MAPPING)
                .action(ArgAction::Append)
                .value_name("FILE.csv")
                .help(
                    "Write a file for 'testCaseMapping': test cases of the plan and of Katalon \
                     with equal titles joined, the others side by side; never over another file",
                ),
        );
    let task = clap::Command::new(TASK)
        .about("Runs the command that the input 'command' names, as the pipeline task does")
        .after_help(
            "Standard input is to be held open: its end means cancel, so that a program whose \
             launcher was killed stops writing.",
        );
    let mut program = clap::Command::new(PROGRAM)
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .about("Publishes Katalon Studio test reports to Azure DevOps")
        .after_help(manual::OF_PROGRAM)
        .subcommand_required(true)
        .arg(
            Arg::new(FORMAT)
                .long(FORMAT)
                .action(ArgAction::Append)
                .value_name("text|json")
                .global(true)
                .help("What stdout holds: the log, or one JSON document [default: text]"),
        );
    for (command, of) in [
        (publish, Some(Command::Publish)),
        (select, Some(Command::Select)),
        (verify, Some(Command::Verify)),
        (list, Some(Command::List)),
        (task, None),
    ] {
        let rows = TABLE
            .iter()
            .filter(|row| of.is_none_or(|of| row.is_of(of, false)));
        let organization = Arg::new(ORGANIZATION)
            .long(ORGANIZATION)
            .action(ArgAction::Append)
            .value_name("URL")
            .help("Outside a pipeline, where Azure DevOps is [default: $AZURE_DEVOPS_ORG_URL]");
        let definition = Arg::new(BUILD_DEFINITION)
            .long(BUILD_DEFINITION)
            .action(ArgAction::Append)
            .value_name("ID")
            .help("Where 'buildNumber' and the builds of 'testRun: latest' are looked for [default: the running build's definition, else all]");
        let command = command.arg(organization);
        let command = match of {
            Some(Command::List) => command,
            Some(Command::Publish | Command::Select | Command::Verify) | None => {
                command.arg(definition)
            }
        };
        program = program.subcommand(command.args(rows.map(argument)));
    }
    program
}

fn argument(row: &Row) -> Arg {
    let value_name = match row.kind {
        Kind::Text => "TEXT".to_owned(),
        Kind::Lines => "LINE".to_owned(),
        Kind::Names => "ID|NAME".to_owned(),
        Kind::Bool => "true|false".to_owned(),
        Kind::Seconds => "SECONDS".to_owned(),
        Kind::OneOf(words) => words.join("|"),
        Kind::AnyOf(_) => "LIST".to_owned(),
        Kind::ServiceConnection => "ID".to_owned(),
    };
    let argument = Arg::new(row.field())
        .long(row.option())
        .value_name(value_name)
        // In a list each use is a further line; elsewhere a second one is told beside what else
        // is wrong, and not instead of it.
        .action(ArgAction::Append)
        .help(help(row));
    match row.kind {
        Kind::Bool => argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Kind::Lines
        | Kind::Names
        | Kind::AnyOf(_)
        | Kind::Text
        | Kind::Seconds
        | Kind::OneOf(_)
        | Kind::ServiceConnection => argument,
    }
}

fn help(row: &Row) -> StyledStr {
    let default = match (row.default_in_words, row.default) {
        (Some(words), _) => words.replace('`', ""),
        (None, "") => return StyledStr::from(row.help()),
        (None, default) => default.replace('\n', ", "),
    };
    StyledStr::from(format!("{} [default: {default}]", row.help()))
}

fn no_command() -> Problem {
    let advice = format!("Use '{PROGRAM} publish'; '{PROGRAM} --help' lists what there is.");
    wrong("no command is given".to_owned(), advice)
}

fn wrong(message: String, advice: String) -> Problem {
    Problem::error(code::WRONG_COMMAND_LINE, message, advice)
}

/// clap's own words: the first line of its message, and what it suggests.
fn problem(error: &clap::Error) -> Problem {
    let text = error.render().to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let suggestion = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ]
    .into_iter()
    .find_map(|kind| text_of(error, kind));
    let is_token = text_of(error, ContextKind::InvalidArg).is_some_and(|option| {
        let option = option.to_ascii_lowercase();
        ["token", "pat", "password"].iter().any(|word| {
            option
                .trim_start_matches('-')
                .split('-')
                .any(|part| part == *word)
        })
    });
    let advice = match suggestion {
        _ if is_token => {
            "A token is never an option, since others can read command lines: set the variable AZURE_DEVOPS_EXT_PAT.".to_owned()
        }
        Some(word) => format!("Did you mean '{word}'?"),
        None => format!("'{PROGRAM} --help' and '{PROGRAM} publish --help' list what there is."),
    };
    wrong(message.to_owned(), advice)
}

fn text_of(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(args: &[&str]) -> Vec<String> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let (Ok((_, problems)) | Err(problems)) = split(&args);
        problems
            .into_iter()
            .map(|problem| format!("{} {}", problem.message, problem.advice))
            .collect()
    }

    fn text(args: &[&str]) -> String {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        match split(&args) {
            Ok((CommandLine::Text(text), _)) => text,
            Ok((CommandLine::Command(..), _)) | Err(_) => String::new(),
        }
    }

    #[test]
    fn the_definition_is_one_that_clap_accepts() {
        definition().debug_assert();
    }

    #[test]
    fn help_and_version_are_texts() {
        assert_eq!(
            text(&["--version"]),
            format!("katalon-ado {}\n", env!("CARGO_PKG_VERSION"))
        );
        assert!(text(&["--help"]).contains("publish"));
        let help = text(&["publish", "--help"]);
        for row in TABLE
            .iter()
            .filter(|row| row.is_of(Command::Publish, false))
        {
            assert!(help.contains(&format!("--{}", row.option())), "{help}");
        }
        assert!(!help.contains("--command"));
        assert_eq!(text(&["help", "publish"]), help);
        let verify = text(&["verify", "--help"]);
        assert!(verify.contains("--test-plan") && verify.contains("--suggest-mapping"));
        assert!(!help.contains("--suggest-mapping"));
        assert!(text(&["task", "--help"]).contains("--command"));
    }

    #[test]
    fn a_wrong_option_is_answered_with_the_nearest_one() {
        assert_eq!(
            messages(&["publish", "--report-folder", "x"]),
            ["unexpected argument '--report-folder' found Did you mean '--report-folders'?"]
        );
        assert_eq!(
            messages(&["publsh"]),
            ["unrecognized subcommand 'publsh' Did you mean 'publish'?"]
        );
    }

    #[test]
    fn every_wrong_option_is_told() {
        let all = messages(&["publish", "--aaa", "x", "--bbb=y", "-z", "--dry-run", "ccc"]);
        assert_eq!(all.len(), 4, "{all:?}");
    }

    #[test]
    fn the_value_of_a_switch_stands_behind_the_equals_sign() {
        let args = ["publish", "--dry-run", "maybe", "--retry-for", "7"];
        assert_eq!(
            messages(&args),
            ["unexpected argument 'maybe' found Write '--dry-run=maybe'."]
        );
        let args = args.map(str::to_owned);
        let Ok((CommandLine::Command(_, matches), _)) = split(&args) else {
            panic!("the rest of the line is read");
        };
        let value = |id| matches.get_one::<String>(id).unwrap().as_str();
        assert_eq!((value("dry_run"), value("retry_for")), ("maybe", "7"));
    }

    #[test]
    fn a_token_is_no_option_and_is_not_repeated() {
        for args in [
            ["publish", "--token=hunter2"],
            ["--access-token", "hunter2"],
        ] {
            let told = messages(&args).join(" ");
            assert!(told.contains("AZURE_DEVOPS_EXT_PAT"), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn an_option_is_never_the_value_of_the_one_before() {
        assert!(!messages(&["publish", "--test-run-title", "--dry-run"]).is_empty());
    }

    #[test]
    fn no_command_is_an_error() {
        assert!(messages(&[])[0].starts_with("no command is given"));
        assert!(messages(&["--format", "json"])[0].starts_with("no command is given"));
    }

    #[test]
    fn an_option_given_twice_is_an_error_unless_it_is_a_list() {
        for twice in [
            ["publish", "--project=a", "--project=b"],
            ["publish", "--dry-run", "--dry-run"],
            ["publish", "--format=json", "--format=text"],
        ] {
            assert_eq!(messages(&twice).len(), 1, "{twice:?}");
        }
        assert!(messages(&["publish", "--report-folders=a", "--report-folders=b"]).is_empty());
    }
}
