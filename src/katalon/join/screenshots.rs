//! Finds recorded pictures, videos and requests inside the report folder.
//!
//! Paths were recorded on the machine that ran the tests: a bare name, a path below the folder,
//! or an absolute path there, on Windows with doubled backslashes. None of them may lead to a
//! file outside the folder, whoever wrote it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::AttemptFile;
use super::super::contents::{Contents, DEEPEST, Leads};
use super::super::log::Recorded;

/// Names told in a warning; the rest is counted.
const NAMED: usize = 3;

/// The files of the attempts of one report, and what could not be found of them.
pub(super) struct Screenshots<'a> {
    contents: &'a Contents,
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
    pub(super) fn new(contents: &'a Contents) -> Self {
        Self {
            contents,
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
        let mut known: HashSet<PathBuf> = HashSet::new();
        for (path, step) in recorded {
            if let Some(file) = self.find(path, step)
                && known.insert(file.path.clone())
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
    fn relative(&self, parts: &[&str], name: &str) -> Option<String> {
        let files = self.contents.files_below();
        let whole = (0..parts.len())
            .skip(parts.len().saturating_sub(DEEPEST))
            .filter_map(|from| parts.get(from..))
            .map(|trailing| trailing.join("/"))
            .find(|path| files.has(path));
        whole.or_else(|| files.only_one_named(name).map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_paths_are_found_inside_the_folder_or_not_at_all() {
        let top = crate::scratch::Scratch::new("screenshots");
        let folder = top.join("report");
        for file in [
            "1.png",
            "keyes/k a.png",
            "keyes/1.png",
            "a/x.png",
            "b/x.png",
            "c/y.png",
        ] {
            top.put(&format!("report/{file}"), "");
        }
        let outside = top.put("outside.png", "");
        let contents = Contents::of(&folder).unwrap();
        let mut screenshots = Screenshots::new(&contents);
        let outside = outside.display().to_string();
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
    }
}
