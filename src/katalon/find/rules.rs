//! Which folders are meant, asked along a walk.
//!
//! Patterns are cut into path components, and the walk carries along how far each has come. So a
//! folder costs a comparison or two however deep it lies, and the walk knows where nothing meant
//! can follow.

use std::path::{Path, PathBuf};

use super::component_name;
use super::part::Part;

/// Patterns tied to a folder: from the root of the file system on.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

/// One pattern, tied to a folder.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Which line it comes from; of two lines the later one counts.
    pub(super) line: usize,
    pub(super) takes_out: bool,
    /// From the root of the file system on.
    pub(super) parts: Vec<Part>,
}

/// How far each rule has come on the way to a folder.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// For each rule the parts that may come next; empty where it can match no more.
    next: Vec<Vec<usize>>,
    /// The last line that names this folder or one above it.
    decided_by: Option<(usize, bool)>,
}

impl Rules {
    /// The rules in the order of their lines.
    pub(super) fn new(rules: Vec<Rule>) -> Rules {
        Rules { rules }
    }

    /// The folders where the walk has to begin: the fixed beginnings of what is to be taken.
    pub(super) fn roots(&self) -> Vec<PathBuf> {
        let mut roots: Vec<PathBuf> = self
            .rules
            .iter()
            .filter(|rule| !rule.takes_out)
            .map(Rule::fixed_beginning)
            .collect();
        roots.sort();
        roots.dedup();
        let all = roots.clone();
        // One that lies below another is met on the way.
        roots.retain(|root| {
            !all.iter()
                .any(|other| other != root && root.starts_with(other))
        });
        roots
    }

    /// The progress at a folder given by its whole path.
    pub(super) fn at(&self, folder: &Path) -> Progress {
        let mut progress = Progress {
            next: self.rules.iter().map(|rule| rule.from(0)).collect(),
            decided_by: None,
        };
        self.decide(&mut progress);
        for name in folder.components().filter_map(component_name) {
            progress = self.step(&progress, &name);
        }
        progress
    }

    /// The progress one folder further down.
    pub(super) fn step(&self, above: &Progress, name: &str) -> Progress {
        let next = self
            .rules
            .iter()
            .zip(&above.next)
            .map(|(rule, positions)| rule.step(positions, name))
            .collect();
        let mut progress = Progress {
            next,
            decided_by: above.decided_by,
        };
        self.decide(&mut progress);
        progress
    }

    fn decide(&self, progress: &mut Progress) {
        for (rule, positions) in self.rules.iter().zip(&progress.next) {
            let is_later = progress
                .decided_by
                .is_none_or(|(line, _)| line <= rule.line);
            if is_later && rule.is_done(positions) {
                progress.decided_by = Some((rule.line, rule.takes_out));
            }
        }
    }

    /// Whether this folder, or something below it, may be meant.
    pub(super) fn is_worth_opening(&self, progress: &Progress) -> bool {
        let is_taken = progress.decided_by.is_some_and(|(_, takes_out)| !takes_out);
        // A line that takes something out can be overruled only by one that follows it.
        let from = progress.decided_by.map_or(0, |(line, _)| line);
        is_taken
            || self
                .rules
                .iter()
                .zip(&progress.next)
                .any(|(rule, positions)| {
                    !rule.takes_out && rule.line >= from && !positions.is_empty()
                })
    }

    /// Which of the files of a folder are meant: a pattern that names the folder, one above it,
    /// or any file in it means all; one that takes out means the files it names.
    pub(super) fn meant<'a>(&self, folder: &Progress, files: &'a [String]) -> Vec<&'a str> {
        let is_taken = folder.decided_by.is_some_and(|(_, takes_out)| !takes_out);
        let mut meant = vec![is_taken; files.len()];
        let mut line = folder.decided_by.map_or(0, |(line, _)| line + 1);
        if folder.decided_by.is_some() && !self.names_files_after(folder, line) {
            return if is_taken {
                files.iter().map(String::as_str).collect()
            } else {
                Vec::new()
            };
        }
        let last = self.rules.last().map_or(0, |rule| rule.line);
        while line <= last {
            let of_line = || {
                self.rules
                    .iter()
                    .zip(&folder.next)
                    .filter(move |(rule, _)| rule.line == line)
            };
            let names = |file: &String| {
                of_line().any(|(rule, positions)| rule.is_done(&rule.step(positions, file)))
            };
            let takes_out = of_line().any(|(rule, _)| rule.takes_out);
            if takes_out {
                for (meant, file) in meant.iter_mut().zip(files) {
                    *meant &= !names(file);
                }
            } else if files.iter().any(names) {
                meant.fill(true);
            }
            line += 1;
        }
        files
            .iter()
            .zip(meant)
            .filter(|(_, meant)| *meant)
            .map(|(file, _)| file.as_str())
            .collect()
    }

    fn names_files_after(&self, folder: &Progress, line: usize) -> bool {
        self.rules
            .iter()
            .zip(&folder.next)
            .any(|(rule, positions)| rule.line >= line && !positions.is_empty())
    }
}

impl Rule {
    fn fixed_beginning(&self) -> PathBuf {
        let mut path = if cfg!(windows) {
            PathBuf::new()
        } else {
            PathBuf::from("/")
        };
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                // `C:` alone would be the current folder of that drive.
                Part::Exactly(name) if cfg!(windows) && index == 0 => {
                    path.push(format!("{name}\\"))
                }
                Part::Exactly(name) => path.push(name),
                Part::AnyFolders | Part::Name(_) => break,
            }
        }
        path
    }

    /// The positions reached with `position`: `**` may also be skipped.
    fn from(&self, position: usize) -> Vec<usize> {
        if self.parts.get(position) == Some(&Part::AnyFolders) {
            vec![position, position + 1]
        } else {
            vec![position]
        }
    }

    fn step(&self, positions: &[usize], name: &str) -> Vec<usize> {
        let mut next = Vec::new();
        for &position in positions {
            let reached = match self.parts.get(position) {
                Some(Part::AnyFolders) => self.from(position),
                Some(part) if part.matches(name) => self.from(position + 1),
                Some(_) | None => continue,
            };
            for position in reached {
                if !next.contains(&position) {
                    next.push(position);
                }
            }
        }
        next
    }

    fn is_done(&self, positions: &[usize]) -> bool {
        positions.contains(&self.parts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Patterns;
    use super::*;

    fn patterns(lines: &[&str]) -> Result<Patterns, String> {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        Patterns::parse(&lines)
    }

    /// Whether a folder with one file, both given as one path, is meant.
    fn means(lines: &[&str], path: &str) -> bool {
        let rules = patterns(lines).unwrap().below(Path::new("/build"));
        let (folder, file) = path.rsplit_once('/').unwrap();
        let progress = rules.at(Path::new(folder));
        let meant = !rules.meant(&progress, &[file.to_owned()]).is_empty();
        if meant {
            // What is meant is never pruned on the way.
            let mut way = PathBuf::from(folder);
            while way.starts_with("/build") {
                assert!(rules.is_worth_opening(&rules.at(&way)), "{way:?}");
                way.pop();
            }
        }
        meant
    }

    #[test]
    fn a_pattern_names_the_folder_one_above_it_or_a_file_in_it() {
        let path = "/build/Reports/20240101_101500/Smoke/20240101_101501/JUnit_Report.xml";
        for pattern in [
            "**",
            "Reports",
            "Reports/**",
            "./Reports/",
            "Reports/*",
            "Reports/*/Smoke",
            "Reports/2024*/Smoke/*",
            "**/Smoke/**",
            "**/JUnit_Report.xml",
            "**/JUnit**.xml",
            "Reports/20240101_10150[0-9]/{Smoke,Regression}",
            "{Reports/20240101_101500,Other}/Smoke",
            "/build/Reports",
            "../build/Reports",
        ] {
            assert!(means(&[pattern], path), "{pattern}");
        }
        for pattern in ["Report", "**/smoke/x", "*/Smoke", "/Reports", "**/*.pdf"] {
            assert!(!means(&[pattern], path), "{pattern}");
        }
    }

    #[test]
    fn later_lines_take_out_and_take_in_again() {
        let lines = ["**", "!**/node_modules", "**/node_modules/ours"];
        assert!(means(&lines, "/build/a/JUnit_Report.xml"));
        assert!(!means(&lines, "/build/node_modules/b/JUnit_Report.xml"));
        assert!(means(&lines, "/build/node_modules/ours/JUnit_Report.xml"));
        assert!(!means(&["**", "!Reports/old/**"], "/build/Reports/old/a/x"));
        assert!(means(&["Reports", "!Other"], "/build/Reports/x"));
    }

    #[test]
    fn a_line_that_takes_out_files_leaves_the_others() {
        let lines = ["**", "!**/*.log"];
        assert!(means(&lines, "/build/a/JUnit_Report.xml"));
        assert!(!means(&lines, "/build/a/execution0.log"));
    }

    #[test]
    fn what_cannot_hold_anything_meant_is_not_opened() {
        let rules = patterns(&["Reports/*/Smoke", "!**/node_modules"])
            .unwrap()
            .below(Path::new("/build"));
        for (folder, worth) in [
            ("/build", true),
            ("/build/Reports", true),
            ("/build/Reports/1", true),
            ("/build/Reports/1/Smoke/deep/below", true),
            ("/build/Reports/1/Other", false),
            ("/build/src", false),
            ("/build/node_modules", false),
            ("/build/Reports/1/Smoke/node_modules", false),
        ] {
            let progress = rules.at(Path::new(folder));
            assert_eq!(rules.is_worth_opening(&progress), worth, "{folder}");
        }
        assert_eq!(rules.roots(), [PathBuf::from("/build/Reports")]);
    }
}
