//! Finds the folders below the search folder that are Katalon reports.
//!
//! Walks without following links, so that a link in a circle is no circle and nothing is found
//! twice. Looks at names only; what the files say is for the modules named after them.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::plan::PLAN;
use crate::problem::{Problem, code};

mod part;
mod patterns;
mod rules;

pub use patterns::Patterns;

/// Where to look, and which folders are meant.
#[derive(Clone, Debug)]
pub struct Search {
    /// The folder that patterns are relative to.
    pub folder: PathBuf,
    /// The folders that are meant.
    pub patterns: Patterns,
}

/// A folder with files of Katalon in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportFolder {
    /// Where it lies on this disk.
    pub path: PathBuf,
    /// Relative to the search folder, with `/`; the whole path if it lies elsewhere, `.` for the
    /// search folder itself.
    pub display: String,
}

/// What a search came to.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The report folders, by path.
    pub folders: Vec<ReportFolder>,
    /// Folders of collections, whether they are reports as well or not, by path.
    pub collections: Vec<ReportFolder>,
    /// Folders of sessions that hold the plan of the session (11.4 and later), by path.
    pub plans: Vec<ReportFolder>,
    /// How many folders were opened; "nothing found" means more with it.
    pub folders_searched: usize,
    /// Folders that could not be opened.
    pub problems: Vec<Problem>,
}

/// Finds the report folders that are meant.
pub fn find(search: &Search) -> Found {
    let mut found = Found::default();
    let folder = match std::path::absolute(&search.folder) {
        Ok(folder) => without_dots(&folder),
        Err(error) => {
            found.problems.push(cannot_open(&search.folder, &error));
            return found;
        }
    };
    if !folder.is_dir() {
        found.problems.push(no_search_folder(&folder));
    }
    let rules = search.patterns.below(&folder);
    let mut waiting: Vec<(PathBuf, rules::Progress)> = Vec::new();
    for root in rules.roots() {
        // A pattern may name a single file, or what is not there this time.
        let root = if root.is_file() {
            root.parent().map(Path::to_owned).unwrap_or(root)
        } else {
            root
        };
        if root.is_dir() {
            let progress = rules.at(&root);
            waiting.push((root, progress));
        }
    }
    let mut names = Vec::new();
    while let Some((path, progress)) = waiting.pop() {
        found.folders_searched += 1;
        names.clear();
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) => {
                found.problems.push(cannot_open(&path, &error));
                continue;
            }
        };
        for entry in entries {
            let (entry, kind) = match entry.and_then(|entry| Ok((entry.file_type()?, entry))) {
                Ok((kind, entry)) => (entry, kind),
                Err(error) => {
                    found.problems.push(cannot_open(&path, &error));
                    continue;
                }
            };
            let name = entry.file_name();
            if !kind.is_dir() {
                names.push(name);
                continue;
            }
            let next = rules.step(&progress, &name.to_string_lossy());
            if rules.is_worth_opening(&next) {
                waiting.push((entry.path(), next));
            }
        }
        let holds = names
            .iter()
            .filter_map(|name| name.to_str())
            .fold(Holds::default(), Holds::with);
        if !holds.is_report() && !holds.collection && !holds.plan {
            continue;
        }
        let names: Vec<String> = names
            .iter()
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        let meant = rules.meant(&progress, &names);
        let meant = meant.into_iter().fold(Holds::default(), Holds::with);
        let report_folder = ReportFolder {
            display: display(&folder, &path),
            path,
        };
        if meant.is_report() {
            found.folders.push(report_folder.clone());
        }
        if meant.collection {
            found.collections.push(report_folder.clone());
        }
        if meant.plan {
            found.plans.push(report_folder);
        }
    }
    for folders in [&mut found.folders, &mut found.collections, &mut found.plans] {
        folders.sort();
        folders.dedup();
    }
    found
}

/// What the names of a folder's files say about it.
#[derive(Clone, Copy, Debug, Default)]
struct Holds {
    junit: bool,
    log: bool,
    properties: bool,
    binding: bool,
    collection: bool,
    plan: bool,
}

impl Holds {
    fn with(mut self, name: &str) -> Self {
        self.junit |= name == JUNIT;
        self.log |= log_number(name).is_some();
        self.properties |= name == PROPERTIES;
        self.binding |= name == BINDING;
        self.collection |= is_collection_file(name);
        self.plan |= name == PLAN;
        self
    }

    fn is_report(self) -> bool {
        self.junit || self.log || (self.properties && self.binding)
    }
}

pub(super) const JUNIT: &str = "JUnit_Report.xml";
pub(super) const PROPERTIES: &str = "execution.properties";
pub(super) const BINDING: &str = "testCaseBinding";

/// The number in `execution0.log`; other logs are not Katalon's.
pub(super) fn log_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("execution")?.strip_suffix(".log")?;
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten()
}

/// `20240101_101500.rp`, or since 11.0 `collection.json`.
pub(super) fn is_collection_file(name: &str) -> bool {
    name == "collection.json" || (name.len() > 3 && name.ends_with(".rp"))
}

/// The name of a path's component as patterns spell it; the root has none.
fn component_name(component: Component<'_>) -> Option<String> {
    match component {
        Component::Prefix(_) | Component::Normal(_) | Component::ParentDir => {
            Some(component.as_os_str().to_string_lossy().into_owned())
        }
        Component::RootDir | Component::CurDir => None,
    }
}

/// The path without `.` and `..`, by its text alone: links are for the file system to follow.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                plain.push(component)
            }
        }
    }
    plain
}

fn display(search_folder: &Path, path: &Path) -> String {
    let shown = path.strip_prefix(search_folder).unwrap_or(path);
    let mut parts = Vec::new();
    for component in shown.components() {
        match component {
            // `/` stands between the parts, so the root is an empty first one.
            Component::RootDir => {
                if parts.is_empty() {
                    parts.push(String::new());
                }
            }
            _ => parts.push(component.as_os_str().to_string_lossy().into_owned()),
        }
    }
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

fn no_search_folder(folder: &Path) -> Problem {
    Problem::warning(
        code::CANNOT_OPEN,
        format!("the search folder '{}' is no folder", folder.display()),
        "Check 'searchFolder', and that the step before it wrote there.",
    )
}

fn cannot_open(path: &Path, error: &io::Error) -> Problem {
    Problem::warning(
        code::CANNOT_OPEN,
        format!("cannot open folder '{}': {error}", path.display()),
        "Reports in it are not found. Check the rights of the user that the agent runs as.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    /// A folder that is searched.
    struct Searched(Scratch);

    impl Searched {
        fn new(name: &str, files: &[&str]) -> Searched {
            let scratch = Scratch::new(&format!("find-{name}"));
            for file in files {
                scratch.put(file, "");
            }
            Searched(scratch)
        }

        fn find(&self, lines: &[&str]) -> Found {
            let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
            find(&Search {
                folder: self.0.path().to_owned(),
                patterns: Patterns::parse(&lines).unwrap(),
            })
        }
    }

    fn displays(found: &Found) -> Vec<&str> {
        let folders = found.folders.iter();
        folders.map(|folder| folder.display.as_str()).collect()
    }

    #[test]
    fn a_folder_is_a_report_by_the_names_of_its_files() {
        let scratch = Searched::new(
            "kinds",
            &[
                "by junit/JUnit_Report.xml",
                "by log/execution0.log",
                "by plan/execution.properties",
                "by plan/testCaseBinding",
                "no/execution.properties",
                "no/too/console0.log",
                "no/too/executionX.log",
                "collection/20240101_101500.rp",
                "session/plan.jsonl",
            ],
        );
        let found = scratch.find(&["**"]);
        assert_eq!(displays(&found), ["by junit", "by log", "by plan"]);
        assert_eq!(found.collections[0].display, "collection");
        assert_eq!(found.plans[0].display, "session");
        assert_eq!(found.folders_searched, 8);
        assert!(found.problems.is_empty());
    }

    #[test]
    fn results_are_ordered_by_path_and_the_search_folder_may_be_a_report() {
        let scratch = Searched::new(
            "order",
            &[
                "JUnit_Report.xml",
                "b/JUnit_Report.xml",
                "a/x/JUnit_Report.xml",
                "a/JUnit_Report.xml",
            ],
        );
        assert_eq!(displays(&scratch.find(&["**"])), [".", "a", "a/x", "b"]);
        assert_eq!(displays(&scratch.find(&["a", "b"])), ["a", "a/x", "b"]);
        assert_eq!(displays(&scratch.find(&["a/x/JUnit_Report.xml"])), ["a/x"]);
        let elsewhere = scratch.0.join("b").display().to_string();
        assert_eq!(displays(&scratch.find(&[&elsewhere])), ["b"]);
    }

    #[test]
    fn a_missing_search_folder_is_told() {
        let scratch = Searched::new("missing", &[]);
        let found = find(&Search {
            folder: scratch.0.join("nowhere"),
            patterns: Patterns::parse(&["**".to_owned()]).unwrap(),
        });
        assert!(found.problems[0].message.contains("nowhere' is no folder"));
        assert_eq!(found.folders_searched, 0);
    }

    #[test]
    fn wildcards_in_the_name_of_the_search_folder_are_letters() {
        let scratch = Searched::new("letters", &["a [1]/b/JUnit_Report.xml"]);
        let found = find(&Search {
            folder: scratch.0.join("a [1]/./b/.."),
            patterns: Patterns::parse(&["*".to_owned()]).unwrap(),
        });
        assert_eq!(displays(&found), ["b"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let scratch = Searched::new("links", &["a/JUnit_Report.xml"]);
        std::os::unix::fs::symlink(scratch.0.path(), scratch.0.join("a/circle")).unwrap();
        assert_eq!(displays(&scratch.find(&["**"])), ["a"]);
    }
}
