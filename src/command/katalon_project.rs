//! Which Katalon project the reports belong to, and what its settings say of inputs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::NOTHING_PUBLISHED;
use super::reading::aside;
use crate::azure_devops::client::Client;
use crate::azure_devops::explain;
use crate::azure_devops::sent::Sent;
use crate::cancel::Cancel;
use crate::exit_code::ExitCode;
use crate::inputs::{Invocation, TestPlans};
use crate::katalon::Report;
use crate::katalon::profiles::Profile;
use crate::katalon::project::{self, Project};
use crate::katalon::settings::Settings;
use crate::pipeline::Pipeline;
use crate::problem::{Problem, code};
use crate::publish::{ReadFailure, Waits, cancelled, read_until_answered};

/// The Katalon projects of the reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KatalonProjects {
    /// Their folders, each once, in the order of the reports.
    folders: Vec<PathBuf>,
    /// Which of them a report belongs to; `None` if that is not clear.
    of_report: Vec<Option<usize>>,
    /// Several projects, of which none lies above some report.
    unclear: Option<Problem>,
}

impl KatalonProjects {
    /// The one that was given, else for each report the nearest above it, else the only one below
    /// the search folder.
    fn find(given: Option<&Path>, search_folder: &Path, reports: &[PathBuf]) -> Self {
        let mut found = Self::default();
        if let Some(given) = given {
            found.folders.push(given.to_owned());
            found.of_report = vec![Some(0); reports.len()];
            return found;
        }
        let mut above = project::Above::default();
        let mut places: HashMap<PathBuf, usize> = HashMap::new();
        let mut below: Option<Vec<PathBuf>> = None;
        for report in reports {
            let parent = report.parent().unwrap_or(report);
            let folder = above.of(parent).or_else(|| {
                let below = below.get_or_insert_with(|| project::below(search_folder));
                match below.as_slice() {
                    [] => None,
                    [only] => Some(only.clone()),
                    several => {
                        found
                            .unclear
                            .get_or_insert_with(|| unclear(report, several));
                        None
                    }
                }
            });
            let folders = &mut found.folders;
            let place = folder.map(|folder| {
                *places.entry(folder).or_insert_with_key(|folder| {
                    folders.push(folder.clone());
                    folders.len() - 1
                })
            });
            found.of_report.push(place);
        }
        found
    }

    /// Those that `publish` could take IDs from, wherever reports will lie: the one that was given,
    /// else all below the search folder, else the nearest above it.
    fn without_reports(given: Option<&Path>, search_folder: &Path) -> Self {
        let folders = match given {
            Some(given) => vec![given.to_owned()],
            None => match project::below(search_folder) {
                below if below.is_empty() => project::above(search_folder).into_iter().collect(),
                below => below,
            },
        };
        Self {
            folders,
            ..Self::default()
        }
    }

    /// Reads them whole; `None` if somebody cancels. Warnings are those of all.
    pub(super) async fn read(&self, pipeline: &Pipeline, cancel: &Cancel) -> Option<Vec<Project>> {
        let folders = self.folders.clone();
        let reading = move || folders.iter().map(|folder| project::read(folder)).collect();
        let projects: Vec<Project> = aside(cancel, reading).await?;
        let problems = projects.iter().flat_map(|project| &project.problems);
        let problems = problems.chain(&self.unclear);
        problems.for_each(|problem| pipeline.issue(problem));
        Some(projects)
    }

    /// Reads their execution profiles alone, for what is secret in them; `None` if somebody cancels.
    pub(super) async fn profiles(
        &self,
        pipeline: &Pipeline,
        cancel: &Cancel,
    ) -> Option<Vec<Profile>> {
        let folders = self.folders.clone();
        let mut problems = Vec::new();
        let reading = move || {
            let folders = folders.iter();
            let read = folders.flat_map(|folder| project::profiles(folder, &mut problems));
            (read.collect(), problems)
        };
        let (profiles, problems): (Vec<Profile>, Vec<Problem>) = aside(cancel, reading).await?;
        problems.iter().for_each(|problem| pipeline.issue(problem));
        Some(profiles)
    }

    /// Which of the projects a report belongs to.
    pub(super) fn of_report(&self, report: usize) -> Option<usize> {
        self.of_report.get(report).copied().flatten()
    }
}

fn unclear(report: &Path, several: &[PathBuf]) -> Problem {
    const MOST: usize = 5;
    let shown = several.iter().take(MOST);
    let shown: Vec<String> = shown
        .map(|folder| format!("'{}'", folder.display()))
        .collect();
    Problem::warning(
        code::WHICH_KATALON_PROJECT,
        format!(
            "report '{}' lies in no Katalon project, and there are several under the search \
             folder: {}",
            report.display(),
            shown.join(", ")
        ),
        "Name the one that counts with 'katalonProject'; until then its '.tc' files give no IDs.",
    )
}

/// Finds the Katalon projects of the reports; `None` if somebody cancels.
pub(super) async fn find(
    invocation: &Invocation,
    reports: &[Report],
    cancel: &Cancel,
) -> Option<KatalonProjects> {
    let given = invocation.katalon_project.clone();
    let search_folder = invocation.search_folder.clone();
    let reports: Vec<PathBuf> = reports.iter().map(|report| report.folder.clone()).collect();
    aside(cancel, move || {
        KatalonProjects::find(given.as_deref(), &search_folder, &reports)
    })
    .await
}

/// Finds the Katalon projects where no report is at hand; `None` if somebody cancels.
pub(super) async fn find_without_reports(
    invocation: &Invocation,
    cancel: &Cancel,
) -> Option<KatalonProjects> {
    let given = invocation.katalon_project.clone();
    let search_folder = invocation.search_folder.clone();
    aside(cancel, move || {
        KatalonProjects::without_reports(given.as_deref(), &search_folder)
    })
    .await
}

/// What reading the settings needs.
pub(super) struct SettingsReader<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) client: &'a Client,
    pub(super) waits: Waits,
    pub(super) cancel: &'a Cancel,
}

impl SettingsReader<'_> {
    /// Takes from the settings of the reports' projects what nobody gave. Where several projects
    /// disagree, or the settings are of another project in Azure DevOps, nothing is taken.
    ///
    /// # Errors
    /// The project could not be asked for: then nobody knows where results belong.
    pub(super) async fn take(
        &self,
        invocation: &mut Invocation,
        projects: &KatalonProjects,
    ) -> Result<(), (ExitCode, Problem)> {
        if !invocation.inputs.use_katalon_settings.value {
            return Ok(());
        }
        let mut read = projects.folders.iter().filter_map(|folder| {
            let (settings, problems) = project::read_settings(folder);
            // Where the integration is off, what is wrong with its settings is nobody's concern.
            let settings = settings.filter(|settings| settings.is_enabled)?;
            Some((folder, settings, problems))
        });
        let Some((folder, settings, problems)) = read.next() else {
            return Ok(());
        };
        if let Some((other, ..)) = read.find(|(_, other, _)| *other != settings) {
            self.pipeline.issue(&Problem::warning(
                code::KATALON_SETTINGS_NOT_USED,
                format!(
                    "Katalon's settings are not used: the projects '{}' and '{}' say different \
                     things",
                    folder.display(),
                    other.display()
                ),
                "Name the one that counts with 'katalonProject', or set 'useKatalonSettings: false'.",
            ));
            return Ok(());
        }
        if let Some(because) = self.speaks_against(invocation, &settings).await? {
            self.pipeline.issue(&Problem::warning(
                code::KATALON_SETTINGS_NOT_USED,
                format!(
                    "Katalon's settings in '{}' are not used: {because}",
                    folder.display()
                ),
                "Give the inputs that they would supply, or set 'useKatalonSettings: false'.",
            ));
            return Ok(());
        }
        problems
            .iter()
            .for_each(|problem| self.pipeline.issue(problem));
        let taken = invocation.inputs.take(&settings);
        for (name, value, key) in &taken.values {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            self.pipeline
                .line(&format!("{name} = {value} (Katalon setting '{key}')"));
        }
        taken
            .problems
            .iter()
            .for_each(|problem| self.pipeline.issue(problem));
        if settings.submits_itself == Some(true) {
            self.pipeline.issue(&Problem::warning(
                code::KATALON_SUBMITS_ITSELF,
                "Katalon's own integration is set to submit test runs, so the same results may \
                 be in Azure DevOps twice",
                "Switch off 'Automatically submit test run' in Katalon's project settings.",
            ));
        }
        Ok(())
    }

    /// Why the settings are not those of the project that we are connected to.
    async fn speaks_against(
        &self,
        invocation: &Invocation,
        settings: &Settings,
    ) -> Result<Option<String>, (ExitCode, Problem)> {
        let Some(integrated) = settings.project.as_ref().filter(|one| !one.id.is_empty()) else {
            return Ok(Some("they name no project of Azure DevOps".to_owned()));
        };
        let project = invocation.project();
        let retry_for = invocation.inputs.retry_for.value.duration();
        let ask = || self.client.project(project);
        let asked = read_until_answered(
            self.waits,
            retry_for,
            self.client,
            self.pipeline,
            self.cancel,
            ask,
        );
        match asked.await {
            Ok(Sent::Answered(stored)) if stored.id.eq_ignore_ascii_case(&integrated.id) => {
                Ok(None)
            }
            Ok(Sent::Answered(_)) => Ok(Some(format!(
                "they are of the project '{}' ({}), and this is '{project}'",
                integrated.name, integrated.id
            ))),
            // Whatever is asked of this project next is refused likewise, and told then.
            Ok(Sent::Refused(refusal)) => Ok(Some(format!(
                "project '{project}' cannot be read: {}",
                refusal.message
            ))),
            Ok(Sent::NotSent(trouble) | Sent::Unknown(trouble))
            | Err(ReadFailure::Trouble(trouble)) => Err((
                ExitCode::NotPublished,
                explain::trouble(self.client, &trouble, retry_for, NOTHING_PUBLISHED),
            )),
            Err(ReadFailure::Cancelled) => Err((ExitCode::Cancelled, cancelled())),
        }
    }
}

/// Whether results go to test plans, and so Katalon's test cases have to be known.
pub(super) fn names_a_plan(invocation: &Invocation) -> bool {
    match &invocation.inputs.test_plan.value {
        TestPlans::Named(plans) => !plans.is_empty(),
        TestPlans::NotGiven | TestPlans::NoPlan => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_project_above_a_report_counts_then_the_only_one_below() {
        let folder = std::env::temp_dir().join(format!("katalon-ado-prj-{}", std::process::id()));
        let write = |name: &str| {
            let file = folder.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "<Project><name>x</name></Project>").unwrap();
        };
        write("a/a.prj");
        let inside = folder.join("a/Reports/20250811_101500/Smoke/20250811_101502");
        let outside = folder.join("results/Smoke/20250811_101502");
        let reports = [inside, outside];
        let of = |given: Option<&Path>| KatalonProjects::find(given, &folder, &reports);
        let one = of(None);
        assert_eq!(one.folders, [folder.join("a")]);
        assert_eq!(one.of_report, [Some(0), Some(0)]);
        write("b/b.prj");
        let two = of(None);
        assert_eq!(two.of_report, [Some(0), None]);
        assert!(two.unclear.unwrap().message.contains("several"));
        let given = of(Some(&folder.join("b")));
        assert_eq!(given.folders, [folder.join("b")]);
        assert_eq!(given.of_report, [Some(0), Some(0)]);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
