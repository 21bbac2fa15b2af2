//! Reads a Katalon project: what its test cases are called in a test management, what its suites
//! hold, its profiles and its integration settings.
//!
//! A project is source code that people edit and merge, so each file is read on its own, and one
//! that is broken is named and costs nothing but itself.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::profiles::{self, Profile};
use super::settings::{self, Settings};
use super::{SuitePath, TestCasePath, xml_tree};
use crate::opening;
use crate::problem::{Problem, code};

mod test_case;
mod test_suite;
mod written_suite;

pub(crate) use test_case::MOST_IDS;
pub use test_case::{IntegratedId, TestCase, TestCaseVariable, read as read_test_case};
pub use test_suite::{Member, SuiteContent, TestCaseLink, TestSuite, read as read_test_suite};
pub use written_suite::{NotWritten, write_suite};

/// Where Katalon keeps the settings of its integration.
const SETTINGS: &str = "settings/external/com.kms.katalon.integration.azure.properties";

/// A Katalon project.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The folder that holds the `.prj`.
    pub folder: PathBuf,
    /// Its name, as the `.prj` has it.
    pub name: String,
    /// All test cases, by path.
    pub test_cases: BTreeMap<TestCasePath, TestCase>,
    /// All test suites and collections, by path.
    pub test_suites: BTreeMap<SuitePath, TestSuite>,
    /// Execution profiles, by file name.
    pub profiles: Vec<Profile>,
    /// Settings of Katalon's own integration; `None` without such a file.
    pub settings: Option<Settings>,
    /// Files that could not be read, and values that cannot be.
    pub problems: Vec<Problem>,
}

/// The folder of the project that a path names: the folder itself, or that of the `.prj`.
pub fn folder_of(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_file() { path.parent()? } else { path };
    project_file(folder).map(|_| folder.to_owned())
}

/// The nearest folder that holds a Katalon `.prj`: the given one, or one above it.
pub fn above(folder: &Path) -> Option<PathBuf> {
    Above::default().of(folder)
}

/// Finds the projects that folders lie in. Folders have others above them in common, which may be
/// long to list, so each is looked at once.
#[derive(Debug, Default)]
pub struct Above {
    holds_project: HashMap<PathBuf, bool>,
}

impl Above {
    /// The nearest folder that holds a Katalon `.prj`: the given one, or one above it.
    pub fn of(&mut self, folder: &Path) -> Option<PathBuf> {
        let mut above = folder.ancestors();
        let found = above.find(|folder| match self.holds_project.get(*folder) {
            Some(holds) => *holds,
            None => {
                let holds = project_file(folder).is_some();
                self.holds_project.insert(folder.to_path_buf(), holds);
                holds
            }
        });
        found.map(Path::to_owned)
    }
}

/// The folders that hold a Katalon `.prj`, below a folder or itself, by path. Links are not
/// followed, and a project inside a project is none of its own.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let walk = WalkDir::new(folder).into_iter();
    let mut found: Vec<PathBuf> = walk
        .filter_entry(is_worth_opening)
        // What cannot be opened is told by the search for reports, which looks there as well.
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && has_extension(entry.path(), "prj"))
        .filter_map(|entry| entry.path().parent().map(Path::to_owned))
        .collect();
    found.sort();
    found.dedup();
    found.retain(|folder| project_file(folder).is_some());
    // Sorted by parts of the path, so that those inside a project stand right behind it.
    let mut outermost: Vec<PathBuf> = Vec::new();
    for folder in found {
        let last = outermost.last();
        if !last.is_some_and(|known| folder.starts_with(known)) {
            outermost.push(folder);
        }
    }
    outermost
}

/// The execution profiles of a project.
pub fn profiles(folder: &Path, problems: &mut Vec<Problem>) -> Vec<Profile> {
    let mut profiles = Vec::new();
    for (path, name) in files(folder, "Profiles", "glbl", problems) {
        let read = open(&path).and_then(profiles::read);
        let profile = taken(&name, read, problems).or_else(|| {
            // What is secret in it is so all the same.
            let variables = profiles::remains(open(&path).ok()?);
            (!variables.is_empty()).then(|| Profile {
                variables,
                ..Profile::default()
            })
        });
        profiles.extend(profile);
    }
    profiles
}

/// Hundred thousands of files in which nobody keeps a project.
fn is_worth_opening(entry: &DirEntry) -> bool {
    let is_needless = entry.file_type().is_dir()
        && (entry.file_name() == "node_modules" || entry.file_name() == ".git");
    !is_needless
}

/// The `.prj` of a folder and the project's name. Maps have files of that name too, which are no
/// XML.
fn project_file(folder: &Path) -> Option<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| has_extension(path, "prj") && path.is_file())
        .collect();
    paths.sort();
    paths.into_iter().find_map(|path| {
        let root = xml_tree::read(opening::open_named(&path).ok()?).ok()?;
        let is_katalon = matches!(root.name.as_str(), "Project" | "ProjectEntity");
        is_katalon.then(|| (path, root.text_of("name").to_owned()))
    })
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|own| own.eq_ignore_ascii_case(extension))
}

/// Reads the project of a folder. Never fails: what is wrong is part of the answer.
pub fn read(folder: &Path) -> Project {
    let mut project = Project {
        folder: folder.to_owned(),
        ..Project::default()
    };
    match project_file(folder) {
        Some((_, name)) => project.name = name,
        None => project.problems.push(Problem::warning(
            code::PROJECT_FILE,
            format!("folder '{}' holds no Katalon '.prj'", folder.display()),
            "Check 'katalonProject'.",
        )),
    }
    for (path, name) in files(folder, "Test Cases", "tc", &mut project.problems) {
        let read = open(&path).and_then(read_test_case);
        if let Some((test_case, oddities)) = taken(&name, read, &mut project.problems) {
            for oddity in oddities {
                project.problems.push(wrong(&name, &oddity));
            }
            let path = TestCasePath::new(without_extension(&name));
            project.test_cases.insert(path, test_case);
        }
    }
    for (path, name) in files(folder, "Test Suites", "ts", &mut project.problems) {
        let read = open(&path).and_then(read_test_suite);
        if let Some(test_suite) = taken(&name, read, &mut project.problems) {
            let path = SuitePath::new(without_extension(&name));
            project.test_suites.insert(path, test_suite);
        }
    }
    project.profiles = profiles(folder, &mut project.problems);
    let (settings, problems) = read_settings(folder);
    project.settings = settings;
    project.problems.extend(problems);
    project
}

/// The settings of Katalon's own integration, and what is wrong with them; `None` without such a file.
pub fn read_settings(folder: &Path) -> (Option<Settings>, Vec<Problem>) {
    let mut problems = Vec::new();
    let path = folder.join(SETTINGS);
    if fs::symlink_metadata(&path).is_err() {
        return (None, problems);
    }
    let read = open(&path).and_then(settings::read);
    let Some((settings, oddities)) = taken(SETTINGS, read, &mut problems) else {
        return (None, problems);
    };
    for oddity in oddities {
        problems.push(wrong(SETTINGS, &oddity));
    }
    (Some(settings), problems)
}

/// The files of one kind below a folder of the project: where they lie, and their names relative
/// to the project, with `/`. Links are left out: they may lead anywhere.
fn files(
    project: &Path,
    folder: &str,
    extension: &str,
    problems: &mut Vec<Problem>,
) -> Vec<(PathBuf, String)> {
    let folder = project.join(folder);
    if !folder.is_dir() {
        return Vec::new();
    }
    let mut files = Vec::new();
    for entry in WalkDir::new(&folder).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() && has_extension(entry.path(), extension) => {
                let relative = entry.path().strip_prefix(project).unwrap_or(entry.path());
                let parts: Vec<_> = relative
                    .iter()
                    .map(|part| part.to_string_lossy().into_owned())
                    .collect();
                files.push((entry.path().to_owned(), parts.join("/")));
            }
            Ok(_) => {}
            Err(error) => problems.push(Problem::warning(
                code::CANNOT_OPEN,
                format!("cannot open '{}': {error}", folder.display()),
                "Test cases and suites in it are not known.",
            )),
        }
    }
    files
}

fn open(path: &Path) -> Result<File, String> {
    opening::open(path).map_err(|error| error.to_string())
}

fn without_extension(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(path, _)| path)
}

fn taken<T>(name: &str, read: Result<T, String>, problems: &mut Vec<Problem>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(cause) => {
            problems.push(wrong(name, &cause));
            None
        }
    }
}

fn wrong(name: &str, cause: &str) -> Problem {
    Problem::warning(
        code::PROJECT_FILE,
        format!("Katalon project, '{name}': {cause}"),
        "The rest of the project was read.",
    )
}

#[cfg(test)]
mod tests;
