//! Finds recorded pictures, videos and requests inside the report folder.
//!
//! Paths were recorded on the machine that ran the tests: a bare name, a path below the folder,
//! or an absolute path there, on Windows with doubled backslashes. None of them may lead to a
//! file outside the folder, whoever wrote it.

use std::collections::HashMap;
use std::path::Path;

use walkdir::WalkDir;

use super::super::AttemptFile;
use super::super::contents::{Contents, Leads};
use super::super::log::Recorded;

/// Levels below the report folder where files are looked for; Katalon makes one (`keyes/`,
/// `videos/`) or two (`requests/main/`).
const DEEPEST: usize = 4;

/// Names told in a warning; the rest is counted.
const NAMED: usize = 3;

/// The files of the attempts of one report, and what could not be found of them.
pub(super) struct Screenshots<'a> {
    contents: &'a Contents,
    folder: &'a Path,
    /// Base name to relative paths, with `/`; made when the first picture is asked for.
    by_name: Option<HashMap<String, Vec<String>>>,
    missing: Told,
    refused: Told,
}

#[derive(Default)]
struct Told {
    count: usize,
    first: Vec<String>,
}

impl Told {
    fn add(&mut self, recorded: &str) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(format!("'{recorded}'"));
        }
    }

    fn sentence(&self) -> Option<String> {
        let rest = self.count.checked_sub(self.first.len())?;
        let names = self.first.join(", ");
        match (self.count, rest) {
            (0, _) => None,
            (_, 0) => Some(names),
            _ => Some(format!("{names} and {rest} more")),
        }
    }
}

impl<'a> Screenshots<'a> {
    pub(super) fn new(contents: &'a Contents, folder: &'a Path) -> Self {
        Self {
            contents,
            folder,
            by_name: None,
            missing: Told::default(),
            refused: Told::default(),
        }
    }

    /// The videos or requests that are there. What is missing is not told: Katalon itself deletes
    /// videos of tests that passed, and most people attach neither.
    pub(super) fn find_if_there(&mut self, recorded: &[Recorded]) -> Vec<AttemptFile> {
        let told = std::mem::take(&mut self.missing);
        let found = self.find_all(recorded);
        self.missing = told;
        found
    }

    /// The files that are there, in order, without doubles.
    pub(super) fn find_all(&mut self, recorded: &[Recorded]) -> Vec<AttemptFile> {
        let recorded = recorded.iter();
        self.find_each(recorded.map(|one| (one.path.as_str(), one.step.as_str())))
    }

    /// The same for paths of which no step is known.
    pub(super) fn find_paths(&mut self, paths: &[String]) -> Vec<AttemptFile> {
        self.find_each(paths.iter().map(|path| (path.as_str(), "")))
    }

    fn find_each<'r>(
        &mut self,
        recorded: impl Iterator<Item = (&'r str, &'r str)>,
    ) -> Vec<AttemptFile> {
        let mut found: Vec<AttemptFile> = Vec::new();
        for (path, step) in recorded {
            if let Some(file) = self.find(path, step)
                && !found.iter().any(|known| known.path == file.path)
            {
                found.push(file);
            }
        }
        found
    }

    /// How many were missing, and the first names.
    pub(super) fn missing(&self) -> Option<(usize, String)> {
        Some((self.missing.count, self.missing.sentence()?))
    }

    /// How many would have led out of the folder, and the first names.
    pub(super) fn refused(&self) -> Option<(usize, String)> {
        Some((self.refused.count, self.refused.sentence()?))
    }

    fn find(&mut self, recorded: &str, step: &str) -> Option<AttemptFile> {
        let plain = recorded.trim().replace('\\', "/");
        let parts: Vec<&str> = plain
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let Some(&name) = parts.last() else {
            self.missing.add(recorded);
            return None;
        };
        if parts.contains(&"..") {
            self.refused.add(recorded);
            return None;
        }
        let Some(relative) = self.relative(&parts, name) else {
            // It is where it was recorded, and that is not here. A share of another machine is not
            // even asked for: Windows would sign in there.
            let path = Path::new(recorded);
            let is_of_a_share = plain.starts_with("//");
            if !is_of_a_share && path.is_absolute() && path.exists() {
                self.refused.add(recorded);
            } else {
                self.missing.add(recorded);
            }
            return None;
        };
        match self.contents.leads(&relative) {
            Leads::Inside(path) => Some(AttemptFile {
                path,
                name: name.to_owned(),
                step: step.to_owned(),
            }),
            Leads::Outside => {
                self.refused.add(recorded);
                None
            }
            Leads::Nowhere => {
                self.missing.add(recorded);
                None
            }
        }
    }

    /// The file of the folder that agrees with the most trailing parts of the recorded path. Of
    /// several that agree in the name alone none is it.
    fn relative(&mut self, parts: &[&str], name: &str) -> Option<String> {
        let folder = self.folder;
        let by_name = self.by_name.get_or_insert_with(|| files_by_name(folder));
        let candidates = by_name.get(name)?;
        let agreement = |candidate: &str| {
            let own = candidate.rsplit('/');
            own.zip(parts.iter().rev())
                .take_while(|(own, recorded)| own == *recorded)
                .count()
        };
        let whole = |candidate: &&String| agreement(candidate) == candidate.split('/').count();
        candidates
            .iter()
            .filter(whole)
            .max_by_key(|candidate| agreement(candidate))
            .or_else(|| candidates.first().filter(|_| candidates.len() == 1))
            .cloned()
    }
}

fn files_by_name(folder: &Path) -> HashMap<String, Vec<String>> {
    let mut by_name: HashMap<String, Vec<String>> = HashMap::new();
    // What cannot be opened is missing, and told as that.
    let entries = WalkDir::new(folder)
        .max_depth(DEEPEST)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_type().is_dir());
    for entry in entries {
        let Ok(relative) = entry.path().strip_prefix(folder) else {
            continue;
        };
        let parts: Vec<_> = relative
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if let Some(name) = parts.last() {
            by_name
                .entry(name.clone())
                .or_default()
                .push(parts.join("/"));
        }
    }
    by_name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn recorded_paths_are_found_inside_the_folder_or_not_at_all() {
        let own = format!("katalon-ado-screenshots-{}", std::process::id());
        let top = std::env::temp_dir().join(own);
        let _ = fs::remove_dir_all(&top);
        let folder = top.join("report");
        for file in [
            "1.png",
            "keyes/k a.png",
            "keyes/1.png",
            "a/x.png",
            "b/x.png",
            "c/y.png",
        ] {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(top.join("outside.png"), "").unwrap();
        let contents = Contents::of(&folder).unwrap();
        let mut screenshots = Screenshots::new(&contents, &folder);
        let outside = top.join("outside.png").display().to_string();
        for (recorded, expected) in [
            ("1.png", Some("1.png")),
            ("keyes/k a.png", Some("keyes/k a.png")),
            (
                r"C:\\Users\\me\\Reports\\1\\keyes\\k a.png",
                Some("keyes/k a.png"),
            ),
            (r"C:\Users\me\Reports\1\1.png", Some("1.png")),
            ("/home/me/keyes/1.png", Some("keyes/1.png")),
            ("/home/me/y.png", Some("c/y.png")),
            ("/home/me/x.png", None),
            ("../outside.png", None),
            ("keyes/../../outside.png", None),
            (&outside, None),
            ("gone.png", None),
            ("", None),
        ] {
            let found = screenshots
                .find(recorded, "")
                .map(|screenshot| screenshot.path);
            assert_eq!(found, expected.map(|path| folder.join(path)), "{recorded}");
        }
        assert_eq!(screenshots.refused.count, 3);
        assert_eq!(
            screenshots.missing().unwrap().1,
            "'/home/me/x.png', 'gone.png', ''"
        );
        let doubles = ["1.png".to_owned(), "./1.png".to_owned()];
        assert_eq!(screenshots.find_paths(&doubles).len(), 1);
        fs::remove_dir_all(&top).unwrap();
    }
}
