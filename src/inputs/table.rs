//! Every input, declared once: name, type, default, help, commands.
//!
//! A row's identifier gives its names (`test_run_title`: `testRunTitle`, `--test-run-title`,
//! `INPUT_TESTRUNTITLE`), its type the parser and the words of a pick list, its doc comment the
//! help. To add an input is to add a row, and an entry to task.json that a test compares with it.

use super::attachments::AttachmentKinds;
use super::configuration_mapping::ConfigurationMapping;
use super::outcomes::Outcomes;
use super::report_folders::ReportFolders;
use super::secret_names::SecretNameLines;
use super::status_mapping::StatusMapping;
use super::test_case_id_pattern::TestCaseIdPattern;
use super::test_plan::{IdOrName, TestPlans, TestSuites};
use super::test_run::TestRuns;
use super::title::TitleTemplate;
use super::value::{
    AttachmentsFor, AutomationFields, Command, EndpointId, InputValue, Kind, Seconds, TestRunPer,
    UnmatchedResults, WhenAlreadyPublished,
};
use super::{Given, Reader, Source};
use crate::katalon::SuitePath;

/// What is known of an input without reading it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Name of the field of [`Inputs`].
    field: &'static str,
    /// What people type.
    pub kind: Kind,
    /// The default as people would type it; empty where the type knows "not given".
    pub default: &'static str,
    /// What stands for an empty default in texts for people (Markdown).
    pub default_in_words: Option<&'static str>,
    /// The key of Katalon's settings file that may supply the value.
    pub katalon_setting: Option<&'static str>,
    help: &'static str,
    /// The commands that read it. None: it chooses the command, and only `task` has it.
    pub commands: &'static [Command],
}

impl Row {
    /// The name of its field, which is also its name on the command line's side.
    pub(super) fn field(&self) -> &'static str {
        self.field
    }

    /// The name of the task input, and in messages: `testRunTitle`.
    pub fn name(&self) -> String {
        let mut parts = self.field.split('_');
        let mut name = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (first, rest) = part.split_at(part.len().min(1));
            name.push_str(&first.to_ascii_uppercase());
            name.push_str(rest);
        }
        name
    }

    /// The option without its hyphens: `test-run-title`.
    pub fn option(&self) -> String {
        self.field.replace('_', "-")
    }

    /// The variable in which an agent hands it over: `INPUT_TESTRUNTITLE`.
    pub fn variable(&self) -> String {
        format!("INPUT_{}", self.name().to_ascii_uppercase())
    }

    /// What it means: Markdown, on one line.
    pub fn help(&self) -> String {
        let lines: Vec<&str> = self.help.lines().map(str::trim).collect();
        lines.join(" ").trim().to_owned()
    }

    /// The default that task.json must have. Empty where a Katalon setting may supply the value:
    /// the agent fills defaults in, and then nobody could tell what was given.
    pub fn task_default(&self) -> &'static str {
        if self.katalon_setting.is_some() {
            ""
        } else {
            self.default
        }
    }

    /// The words that task.json must offer, in order; none where any text may be typed.
    pub fn task_options(&self) -> Vec<&'static str> {
        let words: &[&str] = match self.kind {
            Kind::OneOf(words) => words,
            // A box would send `false` where nothing was given.
            Kind::Bool if self.katalon_setting.is_some() => &["true", "false"],
            Kind::Text
            | Kind::Lines
            | Kind::Names
            | Kind::Bool
            | Kind::Seconds
            | Kind::AnyOf(_)
            | Kind::ServiceConnection => &[],
        };
        let not_given = (self.katalon_setting.is_some() && !words.is_empty()).then_some("");
        not_given.into_iter().chain(words.iter().copied()).collect()
    }

    /// Whether `command` reads it, or `task` on the way to that command. `verify` says what of
    /// publishing would not work, so it reads what `publish` reads.
    pub fn is_of(&self, command: Command, under_task: bool) -> bool {
        let command = if command == Command::Verify {
            Command::Publish
        } else {
            command
        };
        self.commands.contains(&command) || (under_task && self.commands.is_empty())
    }
}

macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

macro_rules! inputs {
    ($(
        $(#[doc = $help:literal])+
        $field:ident: $type:ty = $default:expr
            $(, in words $in_words:literal)?
            $(, katalon $setting:literal)?
            , for [$($command:ident),*];
    )+) => {
        /// Every input of the task, read and checked.
        #[derive(Clone, Debug)]
        pub struct Inputs {
            $($(#[doc = $help])+ pub $field: Given<$type>,)+
        }

        /// Every input, in the order of the README.
        pub const TABLE: &[Row] = &[$(Row {
            field: stringify!($field),
            kind: <$type as InputValue>::KIND,
            default: $default,
            default_in_words: optional!($($in_words)?),
            katalon_setting: optional!($($setting)?),
            help: concat!($($help, "\n"),+),
            commands: &[$(Command::$command),*],
        }),+];

        impl Inputs {
            /// Reads every input before it gives up over one, so that all problems are told.
            pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
                let mut rows = TABLE.iter();
                $(let $field = rows.next().and_then(|row| reader.take::<$type>(row));)+
                Some(Self { $($field: $field?,)+ })
            }

            /// Name, value and source of every input that is not its default. The agent hands
            /// in all defaults of task.json, so it is the value that counts.
            pub fn not_default(&self) -> Vec<(String, String, Source)> {
                let mut rows = TABLE.iter();
                let mut given = Vec::new();
                $(if let Some(row) = rows.next()
                    && <$type>::parse_default(row.default).as_ref() != Ok(&self.$field.value)
                {
                    given.push((row.name(), self.$field.value.shown(), self.$field.source));
                })+
                given
            }
        }
    };
}

inputs! {
    /// What the task does.
    command: Command = "publish", for [];

    /// Where Katalon's reports are: patterns, one per line, in order; a line that begins with `!`
    /// takes out what earlier lines took. Relative to `searchFolder`, or absolute. `*`, `?`,
    /// `**`, `[…]` and `{a,b}` mean what they mean elsewhere in pipelines. A pattern may name
    /// report folders, folders above them, or files in them.
    report_folders: ReportFolders = "**", for [Publish];

    /// The folder that `reportFolders` begins at, and that the mapping file and the Katalon project
    /// are looked for in.
    search_folder: Option<String> = "",
        in words "`$(System.DefaultWorkingDirectory)`, else the current folder",
        for [Publish, Select, List];

    /// A service connection of the type *Azure Repos/Team Foundation Server* to publish by, with a
    /// token or with user and password. Where it leads to another organization or collection than
    /// that of the pipeline, runs without a test plan go to `project` there, and to no build.
    azure_dev_ops_connection: Option<EndpointId> = "",
        in words "the organization or collection of the pipeline, as its build service",
        for [Publish, Select, List];

    /// The project in Azure DevOps that the test plan is in, by name or ID. Runs without a test
    /// plan go to the build's own project, unless a service connection leads elsewhere.
    project: Option<String> = "",
        in words "`$(System.TeamProject)`; outside a pipeline the project in Katalon's settings",
        for [Publish, Select, List];

    /// The folder of the Katalon project, whose `.tc` files say which test case of Azure DevOps a
    /// Katalon test case stands for, and whose settings are read.
    katalon_project: Option<String> = "",
        in words "the nearest folder above each report that holds a `.prj`, else the only one \
                  under `searchFolder`",
        for [Publish, Select, List];

    /// Let Katalon's own Azure DevOps settings supply what is not given here: test plan, title,
    /// attachments, mappings. They count only if Katalon's integration is on, and set up for the
    /// same project.
    use_katalon_settings: bool = "true", for [Publish];

    /// The test plan whose points receive the results, by ID or exact name; several, one per line;
    /// `none` for no test plan, whatever Katalon's settings say. `select` takes the test cases of
    /// these points, and never asks Katalon's settings.
    test_plan: TestPlans = "",
        in words "none: results belong to the build only",
        katalon "submitOptions.testPlans",
        for [Publish, Select, List];

    /// Only points in these test suites and the suites below them: ID, name, or path (`Web/Login`),
    /// one per line.
    test_suites: TestSuites = "", in words "the whole plan", for [Publish, Select, List];

    /// A CSV file that says which test cases of Azure DevOps a Katalon test case stands for, with
    /// the header `katalonTestCase,azureTestCaseIds`; relative to `searchFolder`. It counts before
    /// `.tc` files.
    test_case_mapping: Option<String> = "", for [Publish, Select, List];

    /// A regular expression whose first group is the ID of a test case, looked for in path and
    /// tags of a Katalon test case that has no ID in the mapping file or its `.tc`: `TC(\d+)`.
    test_case_id_pattern: Option<TestCaseIdPattern> = "", for [Publish, Select, List];

    /// Which test configuration is meant by what a test ran on:
    /// `OS | browser or app | profile = configuration`, one rule per line, `*` for any. Only points
    /// of that configuration receive the result; where no rule matches, all do.
    configuration_mapping: ConfigurationMapping = "",
        katalon "testConfigurationMappings",
        for [Publish];

    /// Where several points are left for a test case: `false` publishes to none of them and names
    /// them, `true` publishes to all.
    publish_to_all_test_points: bool = "false",
        katalon "submitOptions.enableSubmitMultiTestPoints",
        for [Publish];

    /// What becomes of results that reach no point of the test plan: `publish` them in a run of
    /// the build without plan, `skip` them, or `fail`: as `publish`, and exit code 6.
    unmatched_results: UnmatchedResults = "publish", for [Publish];

    /// What becomes of the automation fields of the matched test cases: `keep` touches no work
    /// item, `fill` sets each field that is empty, `override` sets all.
    automation_fields: AutomationFields = "keep", for [Publish];

    /// What a test run holds: `suite` one execution of a suite, `collection` the suites that a
    /// collection executed together, `build` everything, up to 40 reports in a run.
    test_run_per: TestRunPer = "suite", for [Publish];

    /// What the test run is called. Placeholders: `{suite}`, `{suitePath}`, `{collection}`,
    /// `{profile}`, `{browser}` (name without version), `{os}`, `{build}` (number of the build),
    /// `{plan}`, `{date}` (start, `yyyy-MM-dd HH:mm`).
    test_run_title: Option<TitleTemplate> = "",
        in words "`{suite}`, `{collection}` or `{build}`, as `testRunPer` says",
        katalon "submitOptions.testRunName",
        for [Publish];

    /// The ID of another build of the same project to publish to. Runs are then not linked to a
    /// stage, phase or job, and no report is too old.
    build_id: Option<u32> = "", in words "the running build", for [Publish];

    /// The number of another build to publish to, of the running build's definition.
    build_number: Option<String> = "", in words "the running build", for [Publish];

    /// The platform shown for the test run.
    build_platform: Option<String> = "", in words "the report's OS", for [Publish];

    /// The configuration shown for the test run, such as `Release`.
    build_configuration: Option<String> = "", for [Publish];

    /// What a Katalon status becomes in Azure DevOps: `STATUS=Outcome`, one per line. Lines given
    /// here replace only those rows. In runs without a test plan ERROR is `Failed` unless a line
    /// says otherwise, because the Tests tab does not count `Error` as failed; the message then
    /// begins with `Error: `. `none` keeps a result off the test plan, where it would hide a point's
    /// last outcome; there it is the default of NOT_RUN.
    status_mapping: StatusMapping = StatusMapping::DEFAULT,
        katalon "executionStatusMappings",
        for [Publish];

    /// Which files are attached: any of `log`, `screenshots`, `html`, `pdf`, `csv`, `junit`, `videos`,
    /// `har`, separated by commas or lines; `all`, or `none`. Pictures, videos and PDF cannot be
    /// masked.
    attachments: AttachmentKinds = "log,screenshots,html,csv",
        katalon "submitOptions.attachFileTypes",
        for [Publish];

    /// `failed`: screenshots, videos and HAR only of results that failed, broke, never ended or are flaky, and
    /// files only of reports with such a result. `all`: of all.
    attachments_for: AttachmentsFor = "failed",
        katalon "submitOptions.attachmentSendingType",
        for [Publish];

    /// Replace by `***`, in everything that is sent or written, values of test data whose variable's
    /// name says that they are secret (`password`, `token`, …), users in addresses, and passwords,
    /// tokens and cookies in logs and HAR files. The job's secret variables and the access token
    /// are masked in any case.
    mask_test_data: bool = "true", for [Publish];

    /// Names of further variables whose values are secret, one per line; `!name` exempts one.
    secret_names: SecretNameLines = "", for [Publish];

    /// Leave out reports that ended more than ten minutes before the build started: they lay in
    /// the checkout, or on a self-hosted agent.
    skip_stale_reports: bool = "true", for [Publish];

    /// What becomes of a report that a finished test run of this build holds already: `skip`
    /// leaves it out, `publish` publishes it once more, each time.
    when_already_published: WhenAlreadyPublished = "skip", for [Publish];

    /// Fail the task when tests failed, broke or never ended (exit code 1).
    fail_task_on_failed_tests: bool = "false", for [Publish];

    /// Fail the task when no report is found, or none with a result (exit code 3).
    fail_task_on_missing_reports: bool = "true", for [Publish];

    /// Fail the task when a report folder cannot be read at all; the others are published first
    /// (exit code 3).
    fail_task_on_unreadable_reports: bool = "true", for [Publish];

    /// Fail the task when results could not be published (exit codes 4 and 5); `false` makes
    /// that a warning.
    fail_task_on_failure_to_publish_results: bool = "true", for [Publish];

    /// Do everything up to the first write, print what would be sent, and send nothing.
    dry_run: bool = "false", for [Publish];

    /// Only points with this test configuration, by ID or name.
    test_configuration: Option<IdOrName> = "", in words "all configurations", for [Select];

    /// The test cases of these test runs: the ID of one; `latest`, all that this task finished for
    /// the newest other build of this definition and branch that has any; `current`, those of this
    /// build. With a test plan as well, those in both.
    test_run: Option<TestRuns> = "", in words "none: the test cases of the plan", for [Select];

    /// Only points, or results where `testRun` is given, with these outcomes, separated by commas
    /// or lines: `Failed,Error,Aborted` runs again what failed, `None` what was never run. Of
    /// several results of one test case the newest counts.
    outcomes: Outcomes = "", in words "all", for [Select];

    /// Write a Katalon test suite with those test cases into the Katalon project, such as
    /// `Test Suites/From Azure`. A suite of that name that this task did not write is left alone.
    output_test_suite: Option<SuitePath> = "", in words "no suite is written", for [Select];

    /// Fail the task when no Katalon test case is found for a test case of Azure DevOps (exit
    /// code 6); `false` makes that a warning.
    fail_on_unmapped_test_cases: bool = "false", for [Select];

    /// Seconds without a byte sent or received after which a request is given up.
    request_timeout: Seconds<1> = "100", for [Publish, Select, List];

    /// Seconds without progress after which the task gives up; `0` tries everything once.
    retry_for: Seconds<0> = "300", for [Publish, Select, List];
}

/// The inputs of a command as a Markdown table, for the README; without those of `publish`, which
/// stand in a table of their own.
pub fn readme_table(command: Command) -> String {
    let mut table = String::from("| Input | Default | Meaning |\n| --- | --- | --- |\n");
    for row in TABLE
        .iter()
        .filter(|row| row.commands.contains(&command))
        .filter(|row| command == Command::Publish || !row.commands.contains(&Command::Publish))
    {
        let default = match (row.default_in_words, row.default) {
            (Some(words), _) => words.to_owned(),
            (None, "") => "empty".to_owned(),
            (None, default) => default
                .lines()
                .map(|line| format!("`{line}`"))
                .collect::<Vec<_>>()
                .join("<br>"),
        };
        let cells =
            [format!("`{}`", row.name()), default, row.help()].map(|cell| cell.replace('|', "\\|"));
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_gives_all_three_names() {
        let row = TABLE
            .iter()
            .find(|row| row.field == "fail_task_on_failure_to_publish_results")
            .unwrap();
        assert_eq!(row.name(), "failTaskOnFailureToPublishResults");
        assert_eq!(row.option(), "fail-task-on-failure-to-publish-results");
        assert_eq!(row.variable(), "INPUT_FAILTASKONFAILURETOPUBLISHRESULTS");
    }

    #[test]
    fn what_katalon_may_supply_has_no_default_in_the_task() {
        for row in TABLE.iter().filter(|row| row.katalon_setting.is_some()) {
            assert_eq!(row.task_default(), "", "{}", row.name());
            let options = row.task_options();
            assert!(options.is_empty() || options[0].is_empty(), "{options:?}");
        }
    }

    #[test]
    fn the_readme_table_has_a_line_for_each_input_of_publish() {
        let table = readme_table(Command::Publish);
        let of_publish = |row: &&Row| row.commands.contains(&Command::Publish);
        let rows = TABLE.iter().filter(of_publish).count();
        assert_eq!(table.lines().count(), 2 + rows);
        let of_select = readme_table(Command::Select);
        // All but the one that chooses the command.
        assert_eq!(of_select.lines().count(), 2 + TABLE.len() - 1 - rows);
        assert!(table.contains("| `reportFolders` | `**` | Where Katalon's reports are: "));
        assert!(table.contains("| `buildConfiguration` | empty | "));
        assert!(table.contains("`PASSED=Passed`<br>`FAILED=Failed`<br>"));
        assert!(!table.contains("`command`"));
        for line in table.lines() {
            assert_eq!(line.matches(" | ").count(), 2, "{line}");
        }
    }

    #[test]
    fn every_help_is_a_sentence() {
        for row in TABLE {
            assert!(row.help().ends_with(['.', '`', ')']), "{}", row.help());
            assert!(!row.help().contains("  "), "{}", row.help());
        }
    }
}
