//! The Katalon project, where no report lies in it to find it by.

use std::path::PathBuf;

use super::super::context::Context;
use super::super::reading::aside;
use super::Failed;
use crate::exit_code::ExitCode;
use crate::katalon::project::{self, Project};
use crate::problem::{Problem, code};
use crate::publish::cancelled;

impl Context<'_> {
    /// The project that was given, else the nearest above the search folder, else the only one
    /// below it; `None` if there is none, or several.
    pub(in super::super) async fn katalon_project(&self) -> Result<Option<Project>, Failed> {
        let given = self.invocation.katalon_project.clone();
        let search_folder = self.invocation.search_folder.clone();
        let finding = move || -> Result<Option<Project>, Vec<PathBuf>> {
            let found = match given.or_else(|| project::above(&search_folder)) {
                Some(folder) => vec![folder],
                None => project::below(&search_folder),
            };
            match found.as_slice() {
                [] => Ok(None),
                [only] => Ok(Some(project::read(only))),
                _ => Err(found),
            }
        };
        match aside(self.cancel, finding).await {
            None => Err(vec![(ExitCode::Cancelled, cancelled())]),
            Some(Ok(Some(project))) => {
                self.pipeline.line(&format!(
                    "Katalon project: {} ({} test cases) in {}",
                    project.name,
                    project.test_cases.len(),
                    project.folder.display()
                ));
                let problems = project.problems.iter();
                problems.for_each(|problem| self.pipeline.issue(problem));
                Ok(Some(project))
            }
            Some(Ok(None)) => {
                self.pipeline.line(&format!(
                    "No Katalon project in or above {}",
                    self.invocation.search_folder.display()
                ));
                Ok(None)
            }
            Some(Err(several)) => {
                let shown = several.iter().take(5);
                let shown: Vec<String> = shown
                    .map(|folder| format!("'{}'", folder.display()))
                    .collect();
                self.pipeline.issue(&Problem::warning(
                    code::WHICH_KATALON_PROJECT,
                    format!(
                        "there are several Katalon projects under the search folder: {}",
                        shown.join(", ")
                    ),
                    "Name the one that counts with 'katalonProject'; until then none does.",
                ));
                Ok(None)
            }
        }
    }
}
