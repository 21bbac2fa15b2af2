//! Which folders the lines of `reportFolders` mean.
//!
//! A pattern is cut into path components, and the walk carries along how far each pattern has
//! come. So a folder costs a comparison or two however deep it lies, and the walk knows where
//! nothing meant can follow.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// The lines of `reportFolders`, understood.
#[derive(Clone, Debug)]
pub struct Patterns {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    number: usize,
    text: String,
    takes_out: bool,
    /// Whether it stands where it says (`/agent/…`) or below the search folder.
    absolute: bool,
    /// What the braces allow, one after the other.
    alternatives: Vec<Vec<Part>>,
}

/// One component of a pattern.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// `**`: any number of folders, also none.
    AnyFolders,
    /// A name with wildcards.
    Name(Pattern),
    /// A name as it is; `..` and the parts of a drive or share also come so.
    Exactly(String),
}

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: !cfg!(windows),
    require_literal_separator: true,
    // `*` also matches `.hidden`, as in Microsoft's tasks.
    require_literal_leading_dot: false,
};

/// More alternatives than anyone means; `{a,b}` twenty times over would be a million.
const MOST_ALTERNATIVES: usize = 1_000;

impl Patterns {
    /// Understands the lines, blank ones aside; the error says which line is wrong, and why.
    pub fn parse(lines: &[String]) -> Result<Patterns, String> {
        let mut parsed = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let text = line.trim();
            if text.is_empty() {
                continue;
            }
            let line = Line::parse(text, index + 1)
                .map_err(|reason| format!("line {} ('{text}'): {reason}", index + 1))?;
            parsed.push(line);
        }
        match parsed.first() {
            None => return Err("no pattern is given".to_owned()),
            Some(first) if first.takes_out => {
                return Err(format!(
                    "line {} ('{}'): '!' takes out what earlier lines took, and there is none",
                    first.number, first.text
                ));
            }
            Some(_) => {}
        }
        Ok(Patterns { lines: parsed })
    }

    /// Ties the patterns to a folder, which must be absolute.
    pub(super) fn below(&self, folder: &Path) -> Rules {
        let mut rules = Vec::new();
        for (line, source) in self.lines.iter().enumerate() {
            for alternative in &source.alternatives {
                let mut parts = Vec::new();
                if !source.absolute {
                    parts.extend(exact_parts(folder));
                }
                for part in alternative {
                    match part {
                        Part::Exactly(name) if name == ".." && !parts.is_empty() => {
                            parts.pop();
                        }
                        other => parts.push(other.clone()),
                    }
                }
                rules.push(Rule {
                    line,
                    takes_out: source.takes_out,
                    parts,
                });
            }
        }
        Rules { rules }
    }
}

impl Line {
    fn parse(line: &str, number: usize) -> Result<Line, String> {
        let (takes_out, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, line),
        };
        if text.is_empty() {
            return Err("nothing follows the '!'".to_owned());
        }
        let text = if cfg!(windows) {
            text.replace('\\', "/")
        } else {
            text.to_owned()
        };
        let absolute = Path::new(&text).has_root();
        let mut expanded = Vec::new();
        expand_braces(&text, &mut expanded)?;
        let alternatives = expanded
            .iter()
            .map(|alternative| parts(alternative))
            .collect::<Result<_, _>>()?;
        Ok(Line {
            number,
            text: line.to_owned(),
            takes_out,
            absolute,
            alternatives,
        })
    }
}

/// `a{b,c}d` as `abd` and `acd`; a brace in brackets (`[{]`) is a letter.
fn expand_braces(text: &str, expanded: &mut Vec<String>) -> Result<(), String> {
    let mut depth = 0_usize;
    let mut open = 0;
    let mut commas = Vec::new();
    let mut in_brackets = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' if !in_brackets => in_brackets = true,
            ']' if in_brackets => in_brackets = false,
            _ if in_brackets => {}
            '{' => {
                if depth == 0 {
                    open = at;
                }
                depth += 1;
            }
            ',' if depth == 1 => commas.push(at),
            '}' if depth == 1 => {
                let mut from = open + 1;
                for &to in commas.iter().chain([&at]) {
                    let one = format!("{}{}{}", &text[..open], &text[from..to], &text[at + 1..]);
                    expand_braces(&one, expanded)?;
                    from = to + 1;
                }
                return Ok(());
            }
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if depth > 0 {
        return Err("a '{' has no '}'".to_owned());
    }
    if expanded.len() >= MOST_ALTERNATIVES {
        return Err(format!(
            "the braces give more than {MOST_ALTERNATIVES} patterns"
        ));
    }
    expanded.push(text.to_owned());
    Ok(())
}

fn parts(pattern: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    for text in pattern.split('/') {
        let part = match text {
            "" | "." => continue,
            "**" => Part::AnyFolders,
            _ if text.contains("**") => {
                return Err("'**' must stand alone between two '/'".to_owned());
            }
            _ if text.contains(['*', '?', '[']) => {
                Part::Name(Pattern::new(text).map_err(|error| error.msg.to_owned())?)
            }
            _ => Part::Exactly(text.to_owned()),
        };
        // `**/**` means what `**` means.
        if part != Part::AnyFolders || parts.last() != Some(&Part::AnyFolders) {
            parts.push(part);
        }
    }
    Ok(parts)
}

fn exact_parts(folder: &Path) -> impl Iterator<Item = Part> {
    folder
        .components()
        .filter_map(component_name)
        .map(Part::Exactly)
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

impl Part {
    fn matches(&self, name: &str) -> bool {
        match self {
            Part::AnyFolders => true,
            Part::Name(pattern) => pattern.matches_with(name, OPTIONS),
            Part::Exactly(own) => {
                own == name || (cfg!(windows) && own.to_lowercase() == name.to_lowercase())
            }
        }
    }
}

/// Patterns tied to a folder: from the root of the file system on.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    line: usize,
    takes_out: bool,
    parts: Vec<Part>,
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
    use super::*;

    fn patterns(lines: &[&str]) -> Result<Patterns, String> {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        Patterns::parse(&lines)
    }

    /// Whether a folder with one file, both given as one path, is meant.
    fn means(lines: &[&str], path: &str) -> bool {
        let rules = patterns(lines).unwrap().below(Path::new("/work"));
        let (folder, file) = path.rsplit_once('/').unwrap();
        let progress = rules.at(Path::new(folder));
        let meant = !rules.meant(&progress, &[file.to_owned()]).is_empty();
        if meant {
            // What is meant is never pruned on the way.
            let mut way = PathBuf::from(folder);
            while way.starts_with("/work") {
                assert!(rules.is_worth_opening(&rules.at(&way)), "{way:?}");
                way.pop();
            }
        }
        meant
    }

    #[test]
    fn a_pattern_names_the_folder_one_above_it_or_a_file_in_it() {
        let path = "/work/Reports/20240101_101500/Smoke/20240101_101501/JUnit_Report.xml";
        for pattern in [
            "**",
            "Reports",
            "Reports/**",
            "./Reports/",
            "Reports/*/Smoke",
            "Reports/2024*/Smoke/*",
            "**/Smoke/**",
            "**/JUnit_Report.xml",
            "Reports/20240101_10150[0-9]/{Smoke,Regression}",
            "{Reports/20240101_101500,Other}/Smoke",
            "/work/Reports",
            "../work/Reports",
        ] {
            assert!(means(&[pattern], path), "{pattern}");
        }
        for pattern in [
            "Report",
            "Reports/*",
            "**/smoke/x",
            "*/Smoke",
            "/Reports",
            "**/*.pdf",
        ] {
            let expected = pattern == "Reports/*";
            assert_eq!(means(&[pattern], path), expected, "{pattern}");
        }
    }

    #[test]
    fn later_lines_take_out_and_take_in_again() {
        let lines = ["**", "!**/node_modules", "**/node_modules/ours"];
        assert!(means(&lines, "/work/a/JUnit_Report.xml"));
        assert!(!means(&lines, "/work/node_modules/b/JUnit_Report.xml"));
        assert!(means(&lines, "/work/node_modules/ours/JUnit_Report.xml"));
        assert!(!means(&["**", "!Reports/old/**"], "/work/Reports/old/a/x"));
        assert!(means(&["Reports", "!Other"], "/work/Reports/x"));
    }

    #[test]
    fn a_line_that_takes_out_files_leaves_the_others() {
        let lines = ["**", "!**/*.log"];
        assert!(means(&lines, "/work/a/JUnit_Report.xml"));
        assert!(!means(&lines, "/work/a/execution0.log"));
    }

    #[test]
    fn what_cannot_hold_anything_meant_is_not_opened() {
        let rules = patterns(&["Reports/*/Smoke", "!**/node_modules"])
            .unwrap()
            .below(Path::new("/work"));
        for (folder, worth) in [
            ("/work", true),
            ("/work/Reports", true),
            ("/work/Reports/1", true),
            ("/work/Reports/1/Smoke/deep/below", true),
            ("/work/Reports/1/Other", false),
            ("/work/src", false),
            ("/work/node_modules", false),
            ("/work/Reports/1/Smoke/node_modules", false),
        ] {
            let progress = rules.at(Path::new(folder));
            assert_eq!(rules.is_worth_opening(&progress), worth, "{folder}");
        }
        assert_eq!(rules.roots(), [PathBuf::from("/work/Reports")]);
    }

    #[test]
    fn a_wrong_line_is_named_with_its_reason() {
        for (lines, part) in [
            (&["Reports", "a{b"][..], "line 2 ('a{b'): a '{' has no '}'"),
            (&["a**"], "line 1 ('a**'): '**' must stand alone"),
            (&["[x"], "line 1 ('[x'): "),
            (&["!a"], "line 1 ('!a'): '!' takes out"),
            (&["", " "], "no pattern is given"),
            (&["**", "!"], "line 2 ('!'): nothing follows"),
        ] {
            let error = patterns(lines).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        let bomb = "{a,b}".repeat(20);
        assert!(patterns(&[&bomb]).unwrap_err().contains("more than 1000"));
    }
}
