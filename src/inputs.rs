//! What the user asked for: option, else task input, else Katalon's settings, else default.
//!
//! The inputs are declared in [`table`]; this module finds their texts and tells every one that
//! is wrong, named as the user wrote it, before anything is read. Katalon's settings are taken
//! later: which file counts is known when the reports are found.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use crate::agent::{Agent, Connection, ServiceConnection};
use crate::environment::Environment;
use crate::katalon::project;
use crate::problem::{Problem, code};

mod attachments;
mod choosing;
mod configuration_mapping;
mod katalon_settings;
mod manual;
mod mapping_file;
mod options;
mod outcomes;
mod output_test_suite;
mod report_folders;
mod secret_names;
mod status_mapping;
pub mod table;
mod test_case_id_pattern;
mod test_plan;
mod test_run;
mod title;
mod unknown;
mod value;

pub use attachments::AttachmentKinds;
pub use configuration_mapping::{ConfigurationMapping, ConfigurationRule, RanOn};
pub use katalon_settings::Taken;
pub use mapping_file::MappingFile;
pub use outcomes::Outcomes;
pub use report_folders::ReportFolders;
pub use secret_names::SecretNameLines;
pub use status_mapping::StatusMapping;
pub use table::{Inputs, Row, TABLE, readme_table};
pub use test_case_id_pattern::TestCaseIdPattern;
pub use test_plan::{IdOrName, TestPlans, TestSuites};
pub use test_run::TestRuns;
pub use title::{Placeholder, TitleTemplate};
pub use value::{
    AttachmentsFor, AutomationFields, Command, EndpointId, Format, InputValue, Kind, Listed,
    Seconds, TestRunPer, UnmatchedResults, WhenAlreadyPublished, Wrong,
};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody gave one.
    Default,
    /// A task input, or its variable.
    Input,
    /// An option of the command line.
    Option,
    /// Katalon's own settings.
    KatalonSetting,
}

impl Source {
    /// In the words of the log.
    pub fn word(self) -> &'static str {
        match self {
            Source::Default => "default",
            Source::Input => "input",
            Source::Option => "option",
            Source::KatalonSetting => "Katalon setting",
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

/// What was asked for.
#[derive(Debug)]
pub enum Request {
    /// Run a command.
    Run(Box<Invocation>),
    /// Print this text and end with success: help, or the version.
    Text(String),
}

/// A command with its inputs, all of them valid on their own.
#[derive(Debug)]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// The task's launcher has started the program: the step's result is set by a command.
    pub under_task: bool,
    /// What `list` shows; nothing of the other commands.
    pub listed: Option<ListRequest>,
    /// What stdout holds.
    pub format: Format,
    /// `--build-definition`: where `buildNumber` is looked for outside a pipeline, by ID.
    pub build_definition: Option<String>,
    /// `--suggest-mapping`: the file that `verify` writes; absolute if the working directory is.
    pub suggest_mapping: Option<PathBuf>,
    /// The inputs.
    pub inputs: Inputs,
    /// What the agent tells.
    pub agent: Agent,
    /// Where to publish: the inputs, and what the agent tells where they are silent. `None` for a
    /// dry run of somebody who has no connection yet.
    pub connection: Option<Connection>,
    /// The folder that report patterns begin at; absolute if the working directory is.
    pub search_folder: PathBuf,
    /// The folder that the input `katalonProject` names.
    pub katalon_project: Option<PathBuf>,
    /// What the file of the input `testCaseMapping` says.
    pub mapping_file: MappingFile,
    /// What looks wrong and does not keep the command from running.
    pub warnings: Vec<Problem>,
}

impl Invocation {
    /// The project of the test plan; empty without a connection.
    pub fn project(&self) -> &str {
        let connection = self.connection.as_ref();
        connection.map_or("", |connection| &connection.project)
    }
}

/// What `list` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// What it shows.
    pub what: Listed,
    /// Also what is closed.
    pub all: bool,
}

/// The command cannot run: inputs are wrong (exit code 2).
#[derive(Debug)]
pub struct Stop {
    /// Everything that is wrong, and the warnings; never empty.
    pub problems: Vec<Problem>,
    /// What was to be done, as far as that could be read.
    pub command: Command,
    /// What stdout was to hold, as far as that could be read.
    pub format: Format,
    /// The task's launcher has started the program.
    pub under_task: bool,
}

/// Reads the command line, the inputs and what the agent tells in their place.
pub fn read(environment: &Environment) -> Result<Request, Stop> {
    let args = &environment.args;
    let (name, matches, problems) = match options::split(args) {
        Ok((options::CommandLine::Text(text), _)) => return Ok(Request::Text(text)),
        Ok((options::CommandLine::Command(name, matches), problems)) => (name, matches, problems),
        Err(problems) => {
            return Err(Stop {
                problems,
                command: args
                    .iter()
                    .find_map(|arg| Command::named(arg))
                    .unwrap_or(Command::Publish),
                format: if options::asks_for_json(args) {
                    Format::Json
                } else {
                    Format::Text
                },
                under_task: args.iter().any(|arg| arg == options::TASK),
            });
        }
    };
    let mut reader = Reader {
        environment,
        matches: &matches,
        command: Command::Publish,
        under_task: name == options::TASK,
        problems,
    };
    reader.command = reader.command_named(&name);
    let format = reader.format().unwrap_or(Format::Text);
    let listed = reader.listed();
    let mut inputs = Inputs::read(&mut reader);

    let build_definition =
        option_text(&matches, options::BUILD_DEFINITION).filter(|text| !text.is_empty());
    if let Some(inputs) = &inputs {
        let both = inputs.build_id.value.is_some() && inputs.build_number.value.is_some();
        if both {
            reader.problems.push(Problem::error(
                code::WRONG_INPUT,
                "'buildId' and 'buildNumber' both name the build to publish to",
                "Give one of them.",
            ));
        }
    }
    if let Some(inputs) = &inputs {
        let problems = choosing::problems(reader.command, listed, inputs);
        reader.problems.extend(problems);
    }
    let suggest_mapping = option_text(&matches, options::SUGGEST_MAPPING)
        .filter(|text| !text.is_empty())
        .map(|text| environment.current_dir.join(text));
    let mut mapping_file = None;
    let mut katalon_project = None;
    let search_folder = search_folder(inputs.as_ref(), environment);
    if let Some(inputs) = &inputs {
        let path = |text: &String| search_folder.join(text).components().collect::<PathBuf>();
        let file = inputs.test_case_mapping.value.as_ref().map(path);
        mapping_file = reader.opened("testCaseMapping", file.as_deref(), |path| {
            MappingFile::open(path).map_err(|cause| {
                (
                    cause,
                    "It is a CSV file, looked for below 'searchFolder'.".to_owned(),
                )
            })
        });
        let folder = inputs.katalon_project.value.as_ref().map(path);
        katalon_project = reader.opened("katalonProject", folder.as_deref(), |path| {
            project::folder_of(path).ok_or_else(|| {
                (
                    "no Katalon '.prj' lies there".to_owned(),
                    "Name the folder that holds it, below 'searchFolder'.".to_owned(),
                )
            })
        });
    }
    let organization = option_text(&matches, options::ORGANIZATION).filter(|text| !text.is_empty());
    let (agent, mut warnings) = Agent::read(environment, organization.as_deref());
    // The text, because a project that is wrong in itself is not missing.
    let mut project = reader.text_of("project");
    if let Some(inputs) = &mut inputs
        && inputs.use_katalon_settings.value
        && project.is_none()
        && agent.project.is_none()
        && !agent.in_pipeline
    {
        project = katalon_settings::integrated_project(katalon_project.as_deref(), &search_folder);
        if project.is_some() {
            inputs.project = Given {
                value: project.clone(),
                source: Source::KatalonSetting,
            };
        }
    }
    if listed.is_some_and(|list| list.what == Listed::Projects) {
        // They are what somebody wants to see who does not know one.
        project.get_or_insert_default();
    }
    let service_connection = reader
        .text_of("azureDevOpsConnection")
        .filter(|text| unresolved(text).is_none())
        .map(|id| ServiceConnection::read(environment, &id))
        .transpose();
    let connection = match service_connection {
        Ok(service_connection) => agent.connection(project.as_deref(), service_connection),
        Err(problem) => Err(vec![problem]),
    };
    let Reader {
        command,
        under_task,
        mut problems,
        ..
    } = reader;
    if under_task {
        warnings.extend(unknown::warnings(environment));
    }
    let oddities = mapping_file.iter().flat_map(MappingFile::oddities);
    warnings.extend(oddities.map(|oddity| {
        Problem::warning(
            code::MAPPING_FILE,
            format!("the file of 'testCaseMapping', {oddity}"),
            "The other IDs of the line count.",
        )
    }));
    let connection = match connection {
        Err(_)
            if inputs
                .as_ref()
                .is_some_and(|inputs| is_offline(inputs, &agent))
                && command == Command::Publish =>
        {
            Ok(None)
        }
        connection => connection.map(Some),
    };
    match (inputs, connection) {
        (Some(inputs), Ok(connection)) if problems.is_empty() => {
            Ok(Request::Run(Box::new(Invocation {
                command,
                under_task,
                listed,
                format,
                build_definition,
                suggest_mapping,
                search_folder,
                katalon_project,
                mapping_file: mapping_file.unwrap_or_default(),
                inputs,
                agent,
                connection,
                warnings,
            })))
        }
        (_, connection) => {
            problems.extend(connection.err().unwrap_or_default());
            // Warnings too: a misspelt name may be why another input is missing.
            problems.extend(warnings);
            Err(Stop {
                problems,
                command,
                format,
                under_task,
            })
        }
    }
}

/// Whether a dry run does without a connection: outside of pipelines, where neither an address nor
/// a token is configured, and no input needs a look at the service.
fn is_offline(inputs: &Inputs, agent: &Agent) -> bool {
    let nowhere =
        matches!(&agent.collection_url, Err(problem) if problem.code == code::NO_COLLECTION_URL);
    let names_a_build = inputs.build_id.value.is_some() || inputs.build_number.value.is_some();
    let names_a_plan = !inputs.test_plan.value.named().is_empty();
    let is_configured =
        !nowhere || agent.token.is_some() || inputs.azure_dev_ops_connection.value.is_some();
    inputs.dry_run.value && !agent.in_pipeline && !is_configured && !names_a_build && !names_a_plan
}

fn search_folder(inputs: Option<&Inputs>, environment: &Environment) -> PathBuf {
    let folder = inputs
        .and_then(|inputs| inputs.search_folder.value.as_deref())
        .or_else(|| environment.var("SYSTEM_DEFAULTWORKINGDIRECTORY"))
        .unwrap_or(".");
    let folder = environment.current_dir.join(Path::new(folder));
    // Leaves out each `.`, which would else stand in the middle of every path of the log.
    folder.components().collect()
}

/// Finds the text of each input and collects what is wrong.
struct Reader<'a> {
    environment: &'a Environment,
    matches: &'a ArgMatches,
    command: Command,
    under_task: bool,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The command to run. A wrong name in the input `command` is told when that is read.
    fn command_named(&self, name: &str) -> Command {
        let chosen = TABLE
            .iter()
            .find(|row| self.under_task && row.commands.is_empty())
            .and_then(|row| self.text(row));
        let command = match chosen {
            Some((text, _)) => Command::parse(&text).ok(),
            None => Command::named(name),
        };
        command.unwrap_or(Command::Publish)
    }

    /// What `list` is asked for.
    fn listed(&self) -> Option<ListRequest> {
        let what = self.matches.try_get_one::<String>(options::WHAT).ok()??;
        let all = self.matches.try_get_one::<bool>(options::ALL).ok();
        Some(ListRequest {
            what: Listed::parse(what).ok()?,
            all: all.flatten().copied().unwrap_or(false),
        })
    }

    fn format(&mut self) -> Option<Format> {
        let text = option_text(self.matches, options::FORMAT).filter(|text| !text.is_empty())?;
        let name = format!("option '--{}'", options::FORMAT);
        self.checked(&name, &text, Format::parse)
    }

    /// The value of an input; `None` after problems were noted.
    fn take<T: InputValue>(&mut self, row: &Row) -> Option<Given<T>> {
        if row.is_of(self.command, self.under_task)
            && let Some((text, source)) = self.text(row)
            && !text.is_empty()
        {
            let name = self.name(row, source);
            let value = self.checked(&name, &text, T::parse)?;
            return Some(Given { value, source });
        }
        let name = format!("default of '{}'", row.name());
        let value = self.checked(&name, row.default, T::parse_default)?;
        Some(Given {
            value,
            source: Source::Default,
        })
    }

    /// The text of an input, trimmed. An option that is empty asks for the default; a variable
    /// that is empty was not given.
    fn text(&self, row: &Row) -> Option<(String, Source)> {
        if let Some(text) = option_text(self.matches, row.field()) {
            return Some((text, Source::Option));
        }
        let text = self.environment.var(&row.variable())?;
        Some((text.to_owned(), Source::Input))
    }

    /// The text of the input with this name, if it was given.
    fn text_of(&self, name: &str) -> Option<String> {
        let row = TABLE.iter().find(|row| row.name() == name)?;
        let (text, _) = self.text(row)?;
        (!text.is_empty()).then_some(text)
    }

    /// What lies at the path of an input, if one was given.
    fn opened<T>(
        &mut self,
        name: &str,
        path: Option<&Path>,
        open: impl FnOnce(&Path) -> Result<T, (String, String)>,
    ) -> Option<T> {
        let path = path?;
        let row = TABLE.iter().find(|row| row.name() == name)?;
        let (_, source) = self.text(row)?;
        let name = self.name(row, source);
        self.checked(&name, &path.display().to_string(), |shown| {
            open(path).map_err(|(because, advice)| {
                vec![Wrong {
                    part: shown.to_owned(),
                    because,
                    advice,
                }]
            })
        })
    }

    /// The input as the user wrote it.
    fn name(&self, row: &Row, source: Source) -> String {
        match source {
            Source::Option => format!("option '--{}'", row.option()),
            Source::Input if self.under_task => format!("task input '{}'", row.name()),
            Source::Input => format!("variable '{}'", row.variable()),
            Source::Default | Source::KatalonSetting => format!("'{}'", row.name()),
        }
    }

    fn checked<T>(
        &mut self,
        name: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Vec<Wrong>>,
    ) -> Option<T> {
        if let Some(variable) = unresolved(text) {
            self.problems.push(Problem::error(
                code::UNRESOLVED_VARIABLE,
                format!("{name} holds '$({variable})': no variable '{variable}' is defined"),
                format!(
                    "Define '{variable}', or correct its name; a secret variable of a group must be linked to the pipeline."
                ),
            ));
            return None;
        }
        match parse(text) {
            Ok(value) => Some(value),
            Err(wrongs) => {
                self.problems.extend(wrongs.into_iter().map(|wrong| {
                    Problem::error(
                        code::WRONG_INPUT,
                        format!("{name} cannot be '{}': {}", wrong.part, wrong.because),
                        wrong.advice,
                    )
                }));
                None
            }
        }
    }
}

/// An option's text, its uses joined as lines. An option that the command does not have was not
/// given either.
fn option_text(matches: &ArgMatches, id: &str) -> Option<String> {
    let uses: Vec<&str> = matches
        .try_get_many::<String>(id)
        .ok()??
        .map(String::as_str)
        .collect();
    Some(uses.join("\n").trim().to_owned())
}

/// The name of a macro `$(name)` that the agent left as it was, because it knows no such
/// variable.
fn unresolved(text: &str) -> Option<&str> {
    text.split("$(").skip(1).find_map(|behind| {
        let (name, _) = behind.split_once(')')?;
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "._- :".contains(c));
        is_name.then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every agent tells.
    const TOLD: [(&str, &str); 2] = [
        ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/contoso/"),
        ("SYSTEM_TEAMPROJECT", "Shop"),
    ];

    fn environment(args: &[&str], vars: &[(&str, &str)]) -> Environment {
        Environment {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            vars: TOLD
                .iter()
                .chain(vars)
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            current_dir: PathBuf::from("/here"),
            ..Environment::default()
        }
    }

    fn run(args: &[&str], vars: &[(&str, &str)]) -> Invocation {
        match read(&environment(args, vars)) {
            Ok(Request::Run(invocation)) => *invocation,
            other => panic!("{other:?}"),
        }
    }

    fn problems(args: &[&str], vars: &[(&str, &str)]) -> Vec<String> {
        read(&environment(args, vars))
            .unwrap_err()
            .problems
            .into_iter()
            .map(|problem| problem.message)
            .collect()
    }

    #[test]
    fn every_default_is_valid() {
        let invocation = run(&["publish"], &[]);
        assert_eq!(invocation.command, Command::Publish);
        assert!(invocation.inputs.not_default().is_empty());
        assert_eq!(invocation.inputs.report_folders.value.lines, ["**"]);
        assert!(invocation.inputs.skip_stale_reports.value);
        assert!(!invocation.inputs.dry_run.value);
        assert_eq!(invocation.format, Format::Text);
        assert!(!invocation.under_task);
    }

    #[test]
    fn an_option_beats_the_task_input_and_an_empty_input_is_not_given() {
        let vars = [
            ("INPUT_TESTRUNTITLE", "from the task"),
            ("INPUT_DRYRUN", " True "),
            ("INPUT_PROJECT", "  "),
        ];
        let inputs = run(&["task", "--test-run-title", " typed "], &vars).inputs;
        assert_eq!(inputs.test_run_title.source, Source::Option);
        assert_eq!(inputs.test_run_title.value.shown(), "typed");
        assert_eq!(inputs.dry_run.source, Source::Input);
        assert!(inputs.dry_run.value);
        assert_eq!(inputs.project.source, Source::Default);
        assert_eq!(inputs.project.value, None);
        assert_eq!(
            inputs.not_default(),
            [
                (
                    "testRunTitle".to_owned(),
                    "typed".to_owned(),
                    Source::Option
                ),
                ("dryRun".to_owned(), "true".to_owned(), Source::Input),
            ]
        );
    }

    #[test]
    fn an_empty_option_asks_for_the_default() {
        let vars = [("INPUT_TESTRUNTITLE", "from the task")];
        let inputs = run(&["publish", "--test-run-title="], &vars).inputs;
        assert_eq!(inputs.test_run_title.value, None);
        assert_eq!(inputs.test_run_title.source, Source::Default);
    }

    #[test]
    fn a_switch_alone_means_true_and_may_say_false() {
        assert!(run(&["publish", "--dry-run"], &[]).inputs.dry_run.value);
        let vars = [("INPUT_DRYRUN", "true")];
        let inputs = run(&["publish", "--dry-run=FALSE"], &vars).inputs;
        assert!(!inputs.dry_run.value);
    }

    #[test]
    fn a_list_has_an_entry_for_each_use_of_its_option() {
        let args = ["publish", "--report-folders", "a\nb", "--report-folders=!c"];
        let inputs = run(&args, &[]).inputs;
        assert_eq!(inputs.report_folders.value.lines, ["a", "b", "!c"]);
    }

    #[test]
    fn all_wrong_inputs_are_told_each_as_the_user_wrote_it() {
        let vars = [
            ("INPUT_TESTRUNTITLE", "{suit}"),
            ("INPUT_REQUESTTIMEOUT", "soon"),
            ("INPUT_ATTACHMENTS", "log,movies"),
            ("INPUT_STATUSMAPPING", "PASSED=Great"),
            ("INPUT_REPORTFOLDERS", "$(Build.Reports)/**"),
        ];
        let args = ["task", "--dry-run=maybe", "--format", "xml"];
        assert_eq!(
            problems(&args, &vars),
            [
                "option '--format' cannot be 'xml': it is not on the list",
                "task input 'reportFolders' holds '$(Build.Reports)': no variable 'Build.Reports' is defined",
                "task input 'testRunTitle' cannot be '{suit}': '{suit}' is no placeholder",
                "task input 'statusMapping' cannot be 'PASSED=Great': 'Great' is no outcome of Azure DevOps",
                "task input 'attachments' cannot be 'movies': it is no kind of attachment",
                "option '--dry-run' cannot be 'maybe': it is neither true nor false",
                "task input 'requestTimeout' cannot be 'soon': it is no number of seconds that is allowed",
            ]
        );
    }

    #[test]
    fn a_wrong_option_does_not_hide_a_wrong_value_nor_what_is_missing() {
        let mut environment = environment(&["publish", "--nope", "x", "--dry-run=maybe"], &[]);
        environment.vars.clear();
        let problems = read(&environment).unwrap_err().problems;
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(
            codes,
            [
                code::WRONG_COMMAND_LINE,
                code::WRONG_INPUT,
                code::NO_COLLECTION_URL,
                code::NO_PROJECT
            ]
        );
    }

    #[test]
    fn the_project_is_the_input_else_the_agents() {
        let project = |args: &[&str]| run(args, &[]).connection.unwrap().project;
        assert_eq!(project(&["publish"]), "Shop");
        assert_eq!(project(&["publish", "--project", "Other"]), "Other");
    }

    #[test]
    fn a_project_that_is_wrong_in_itself_is_not_missing_too() {
        let mut environment = environment(&["task"], &[("INPUT_PROJECT", "$(project)")]);
        environment.vars.remove("SYSTEM_TEAMPROJECT");
        let problems = read(&environment).unwrap_err().problems;
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code, code::UNRESOLVED_VARIABLE);
    }

    #[test]
    fn outside_the_task_the_variable_is_named() {
        assert_eq!(
            problems(&["publish"], &[("INPUT_DRYRUN", "2")]),
            ["variable 'INPUT_DRYRUN' cannot be '2': it is neither true nor false"]
        );
    }

    #[test]
    fn the_task_runs_the_command_that_its_input_names() {
        let invocation = run(&["task"], &[("INPUT_COMMAND", "Publish")]);
        assert_eq!(invocation.command, Command::Publish);
        assert!(invocation.under_task);
        assert_eq!(
            problems(&["task"], &[("INPUT_COMMAND", "list")]),
            ["task input 'command' cannot be 'list': it is not on the list"]
        );
        let select = [("INPUT_COMMAND", "Select"), ("INPUT_TESTPLAN", "5")];
        assert_eq!(run(&["task"], &select).command, Command::Select);
        // Only the task is told its command so.
        let publish = run(&["publish"], &select);
        assert_eq!(publish.command, Command::Publish);
    }

    #[test]
    fn an_unknown_task_input_is_a_warning_under_the_task_only() {
        let vars = [("INPUT_TESTRESULTSFILES", "**/*.xml")];
        assert_eq!(run(&["task"], &vars).warnings.len(), 1);
        assert!(run(&["publish"], &vars).warnings.is_empty());
    }

    #[test]
    fn a_stop_knows_the_format_even_where_the_command_line_is_broken() {
        let stop = |args: &[&str]| read(&environment(args, &[])).unwrap_err();
        assert_eq!(stop(&["publsh", "--format=JSON"]).format, Format::Json);
        assert_eq!(stop(&["--format", "json"]).format, Format::Json);
        assert_eq!(
            run(&["--format", "Json", "publish"], &[]).format,
            Format::Json
        );
        assert_eq!(stop(&[]).format, Format::Text);
        let json = stop(&["publish", "--format", "json", "--dry-run=x"]);
        assert_eq!(json.format, Format::Json);
        assert!(stop(&["task", "--nothing"]).under_task);
    }

    #[test]
    fn a_macro_is_unresolved_only_if_it_names_a_variable() {
        assert_eq!(unresolved("a/$(plan)/b"), Some("plan"));
        assert_eq!(unresolved("$(1) $(Build.BuildId)"), Some("Build.BuildId"));
        for text in ["$(", "$()", "$(1)", "(a)", "$a", "$(a"] {
            assert_eq!(unresolved(text), None, "{text}");
        }
    }

    #[test]
    fn the_search_folder_is_the_input_else_the_agents_else_the_current_one() {
        let agents = ("SYSTEM_DEFAULTWORKINGDIRECTORY", "/agent/s");
        let folder = |args: &[&str], vars: &[(&str, &str)]| run(args, vars).search_folder;
        assert_eq!(folder(&["publish"], &[]), Path::new("/here"));
        assert_eq!(folder(&["publish"], &[agents]), Path::new("/agent/s"));
        let args = ["publish", "--search-folder", "./Reports/"];
        assert_eq!(folder(&args, &[agents]), Path::new("/here/Reports"));
    }

    #[test]
    fn the_project_of_katalons_settings_counts_outside_a_pipeline_where_nothing_else_does() {
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/shop");
        let read_in = |vars: &[(&str, &str)]| {
            let environment = Environment {
                args: ["publish", "--organization", "https://dev.azure.com/contoso"]
                    .map(str::to_owned)
                    .to_vec(),
                vars: vars
                    .iter()
                    .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                current_dir: shop.join("Reports"),
                ..Environment::default()
            };
            match read(&environment) {
                Ok(Request::Run(invocation)) => Ok(*invocation),
                Ok(Request::Text(_)) => panic!("{vars:?}"),
                Err(stop) => Err(stop.problems[0].code),
            }
        };
        let invocation = read_in(&[]).unwrap();
        assert_eq!(invocation.project(), "Shop");
        assert_eq!(invocation.inputs.project.source, Source::KatalonSetting);
        assert_eq!(
            read_in(&[("INPUT_PROJECT", "Other")]).unwrap().project(),
            "Other"
        );
        let off = [("INPUT_USEKATALONSETTINGS", "false")];
        assert_eq!(read_in(&off).unwrap_err(), code::NO_PROJECT);
    }

    #[test]
    fn files_that_inputs_name_are_opened_before_anything_else() {
        let vars = [
            (
                "INPUT_SEARCHFOLDER",
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/projects"),
            ),
            ("INPUT_KATALONPROJECT", "shop"),
        ];
        let project = run(&["publish"], &vars).katalon_project.unwrap();
        assert!(project.ends_with("tests/projects/shop"), "{project:?}");
        let vars = [
            ("INPUT_KATALONPROJECT", "nowhere"),
            ("INPUT_TESTCASEMAPPING", "nowhere.csv"),
        ];
        let told = problems(&["task"], &vars);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].starts_with("task input 'testCaseMapping' cannot be '"),
            "{told:?}"
        );
        assert!(
            told[1].ends_with("no Katalon '.prj' lies there"),
            "{told:?}"
        );
    }

    #[test]
    fn what_belongs_to_the_command_line_alone_is_no_input() {
        let vars = [
            ("INPUT_ORGANIZATION", "https://a"),
            ("INPUT_FORMAT", "json"),
        ];
        let invocation = run(&["task"], &vars);
        assert_eq!(invocation.format, Format::Text);
        assert_eq!(invocation.warnings.len(), 2);
        let invocation = run(&["publish", "--organization", "https://b/"], &vars);
        let connection = invocation.connection.unwrap();
        assert_eq!(connection.collection_url.as_str(), "https://b");
    }
}
