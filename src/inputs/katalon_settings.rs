//! What Katalon's own settings say of inputs that nobody gave.
//!
//! Values are taken by the rules of the input itself: what those refuse is a warning, and the rest
//! is taken. What Katalon writes into every new project is nobody's choice and counts as not given.

use std::path::Path;

use super::configuration_mapping::ConfigurationMapping;
use super::test_plan::{IdOrName, TestPlans};
use super::title::TitleTemplate;
use super::value::AttachmentsFor;
use super::{Given, InputValue, Inputs, Source, StatusMapping, TABLE};
use crate::katalon::project;
use crate::katalon::settings::Settings;
use crate::problem::{Problem, code};

/// The name that Katalon gives the runs of every new project.
const DEFAULT_RUN_NAME: &str = "Run by Katalon Studio";

/// The outcomes of every new project.
const DEFAULT_STATUSES: [(&str, &str); 5] = [
    ("PASSED", "Passed"),
    ("FAILED", "Failed"),
    ("INCOMPLETE", "Aborted"),
    ("ERROR", "Error"),
    ("SKIPPED", "NotExecuted"),
];

/// What was taken.
#[derive(Debug, Default)]
pub struct Taken {
    /// Name of the input, the value, and the key of the setting.
    pub values: Vec<(String, String, &'static str)>,
    /// What is wrong with others.
    pub problems: Vec<Problem>,
}

impl Inputs {
    /// Takes from Katalon's settings what nobody gave.
    pub fn take(&mut self, settings: &Settings) -> Taken {
        let mut taken = Taken::default();
        taken.whole("testPlan", &mut self.test_plan, plans(settings));
        let title = settings.test_run_name.as_deref();
        // Katalon knows no placeholders: braces in its name are braces.
        let title = title.filter(|name| *name != DEFAULT_RUN_NAME);
        let title = title.map(|name| Some(TitleTemplate::literal(name)));
        taken.whole("testRunTitle", &mut self.test_run_title, title);
        let statuses = settings.statuses.iter().filter(|(status, outcome)| {
            !DEFAULT_STATUSES.contains(&(status.as_str(), outcome.as_str()))
        });
        let statuses = statuses.map(|(status, outcome)| format!("{status}={outcome}"));
        taken.lines::<StatusMapping>("statusMapping", &mut self.status_mapping, statuses);
        let rules = settings.configurations.iter().map(|rule| {
            let any = |part: &str| if part.is_empty() { "*" } else { part }.to_owned();
            format!(
                "{} | {} | {} = {}",
                any(&rule.os),
                any(&rule.platform),
                any(&rule.profile),
                rule.configuration
            )
        });
        taken.lines::<ConfigurationMapping>(
            "configurationMapping",
            &mut self.configuration_mapping,
            rules,
        );
        // Off is what every new project has.
        let to_all = settings.all_test_points.filter(|&to_all| to_all);
        taken.whole(
            "publishToAllTestPoints",
            &mut self.publish_to_all_test_points,
            to_all,
        );
        let kinds = if settings.attaches == Some(false) {
            vec!["none".to_owned()]
        } else {
            settings
                .attachment_kinds
                .iter()
                .map(|kind| word(kind))
                .collect()
        };
        taken.lines("attachments", &mut self.attachments, kinds.into_iter());
        let of_all = settings.attaches_always.filter(|&always| always);
        let of_all = of_all.map(|_| AttachmentsFor::All);
        taken.whole("attachmentsFor", &mut self.attachments_for, of_all);
        taken
    }
}

fn plans(settings: &Settings) -> Option<TestPlans> {
    let plans = settings.test_plans.iter();
    let plans: Vec<IdOrName> = plans
        .map(|plan| IdOrName::new(&plan.id.to_string()))
        .collect();
    (!plans.is_empty()).then_some(TestPlans::Named(plans))
}

/// The word of the input for Katalon's kind of file.
fn word(kind: &str) -> String {
    match kind.to_ascii_uppercase().as_str() {
        "PNG" => "screenshots".to_owned(),
        _ => kind.to_ascii_lowercase(),
    }
}

impl Taken {
    fn whole<T: InputValue>(&mut self, name: &str, given: &mut Given<T>, value: Option<T>) {
        let Some(value) = value.filter(|_| given.source == Source::Default) else {
            return;
        };
        self.values
            .push((name.to_owned(), value.shown(), setting(name)));
        *given = Given {
            value,
            source: Source::KatalonSetting,
        };
    }

    /// Takes each line that the input takes together with those before it.
    fn lines<T: InputValue>(
        &mut self,
        name: &str,
        given: &mut Given<T>,
        lines: impl Iterator<Item = String>,
    ) {
        if given.source != Source::Default {
            return;
        }
        let mut text = String::new();
        let mut value = None;
        for line in lines {
            let longer = format!("{text}\n{line}");
            match T::parse(longer.trim()) {
                Ok(parsed) => {
                    text = longer;
                    value = Some(parsed);
                }
                Err(wrongs) => self.problems.extend(wrongs.into_iter().map(|wrong| {
                    Problem::warning(
                        code::KATALON_SETTING,
                        format!(
                            "Katalon setting '{}' cannot be '{}': {}",
                            setting(name),
                            wrong.part,
                            wrong.because
                        ),
                        format!("It is left out. The input '{name}' can say it instead."),
                    )
                })),
            }
        }
        self.whole(name, given, value);
    }
}

/// The key of the setting that may supply an input.
fn setting(name: &str) -> &'static str {
    let row = TABLE.iter().find(|row| row.name() == name);
    row.and_then(|row| row.katalon_setting).unwrap_or_default()
}

/// The project in Azure DevOps that the settings name, where nothing else does: those of the
/// Katalon project that was given, else of the one around the search folder, else of the only one
/// below it.
pub(super) fn integrated_project(given: Option<&Path>, search_folder: &Path) -> Option<String> {
    let around = || project::above(search_folder);
    let only_one = || match project::below(search_folder).as_slice() {
        [project] => Some(project.clone()),
        [] | [_, ..] => None,
    };
    let folder = given
        .map(Path::to_owned)
        .or_else(around)
        .or_else(only_one)?;
    let (settings, _) = project::read_settings(&folder);
    let settings = settings.filter(|settings| settings.is_enabled)?;
    Some(settings.project?.name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::inputs::{Request, read};
    use crate::katalon::FileKind;
    use crate::katalon::settings::{ConfigurationRule, TestPlan};

    fn inputs(given: &[(&str, &str)]) -> Inputs {
        let mut environment = Environment {
            args: vec!["publish".to_owned()],
            ..Environment::default()
        };
        let told = [
            ("TF_BUILD", "True"),
            ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/contoso/"),
            ("SYSTEM_TEAMPROJECT", "Shop"),
        ];
        for (name, value) in told.iter().chain(given) {
            environment
                .vars
                .insert((*name).to_owned(), (*value).to_owned());
        }
        match read(&environment) {
            Ok(Request::Run(invocation)) => invocation.inputs,
            other => panic!("{other:?}"),
        }
    }

    fn settings() -> Settings {
        Settings {
            test_plans: vec![TestPlan {
                id: 512,
                name: "Regression".to_owned(),
            }],
            statuses: [
                ("PASSED", "Passed"),
                ("SKIPPED", "NotApplicable"),
                ("ERROR", "Bad"),
            ]
            .map(|(status, outcome)| (status.to_owned(), outcome.to_owned()))
            .to_vec(),
            configurations: vec![ConfigurationRule {
                os: "Windows".to_owned(),
                platform: "--Any--".to_owned(),
                profile: String::new(),
                configuration: 12,
            }],
            test_run_name: Some("Nightly {suite}".to_owned()),
            all_test_points: Some(true),
            attaches: Some(true),
            attaches_always: Some(true),
            attachment_kinds: vec!["LOG".to_owned(), "PNG".to_owned(), "DOC".to_owned()],
            ..Settings::default()
        }
    }

    #[test]
    fn settings_supply_what_nobody_gave() {
        let mut inputs = inputs(&[]);
        let taken = inputs.take(&settings());
        let values: Vec<(&str, &str)> = taken
            .values
            .iter()
            .map(|(name, value, _)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            values,
            [
                ("testPlan", "512"),
                ("testRunTitle", "Nightly {suite}"),
                ("statusMapping", "SKIPPED=NotApplicable"),
                ("configurationMapping", "Windows | --Any-- | * = 12"),
                ("publishToAllTestPoints", "true"),
                ("attachments", "screenshots,log"),
                ("attachmentsFor", "all"),
            ]
        );
        let keys = taken.values.iter().map(|(_, _, key)| *key);
        assert!(keys.clone().all(|key| !key.is_empty()), "{taken:?}");
        assert!(inputs.attachments.value.files.contains(&FileKind::Log));
        let wrong: Vec<&str> = taken
            .problems
            .iter()
            .map(|one| one.message.as_str())
            .collect();
        assert_eq!(
            wrong,
            [
                "Katalon setting 'executionStatusMappings' cannot be 'ERROR=Bad': 'Bad' is no \
                 outcome of Azure DevOps",
                "Katalon setting 'submitOptions.attachFileTypes' cannot be 'doc': it is no kind \
                 of attachment",
            ]
        );
    }

    #[test]
    fn what_was_given_wins_and_nothing_is_said_of_it() {
        let mut inputs = inputs(&[
            ("INPUT_TESTPLAN", "none"),
            ("INPUT_TESTRUNTITLE", "{suite}"),
            ("INPUT_STATUSMAPPING", "PASSED=Passed"),
            ("INPUT_CONFIGURATIONMAPPING", "* = 5"),
            ("INPUT_PUBLISHTOALLTESTPOINTS", "false"),
            ("INPUT_ATTACHMENTS", "none"),
            ("INPUT_ATTACHMENTSFOR", "failed"),
        ]);
        let taken = inputs.take(&settings());
        assert!(
            taken.values.is_empty() && taken.problems.is_empty(),
            "{taken:?}"
        );
        assert_eq!(inputs.test_plan.value, TestPlans::NoPlan);
    }

    #[test]
    fn what_katalon_writes_into_every_project_is_no_choice() {
        let fresh = Settings {
            statuses: DEFAULT_STATUSES
                .map(|(status, outcome)| (status.to_owned(), outcome.to_owned()))
                .to_vec(),
            test_run_name: Some(DEFAULT_RUN_NAME.to_owned()),
            all_test_points: Some(false),
            attaches: Some(true),
            attaches_always: Some(false),
            submits_itself: Some(true),
            ..Settings::default()
        };
        assert!(inputs(&[]).take(&fresh).values.is_empty());
        let without_files = Settings {
            attaches: Some(false),
            ..fresh
        };
        let taken = inputs(&[]).take(&without_files);
        assert_eq!(taken.values[0].1, "none");
    }
}
