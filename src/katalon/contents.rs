//! What lies in a report folder, and the door to it: nothing outside is ever opened.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::find::{JUNIT, log_number};
use super::{FileKind, ReportFile};
use crate::opening::SeenFile;

/// Levels below the report folder where files are looked for; Katalon makes one (`keyes/`,
/// `videos/`) or two (`requests/main/`).
pub(crate) const DEEPEST: usize = 4;

/// The files of a report folder, those of its subfolders apart.
#[derive(Debug)]
pub(crate) struct Contents {
    folder: PathBuf,
    /// Where the folder really lies; links are judged by it.
    real_folder: PathBuf,
    /// Names, sorted.
    names: Vec<String>,
    /// A JUnit of several suites makes several reports of the folder, which all look for the same.
    below: OnceCell<FilesBelow>,
    of_report: OnceCell<(Vec<ReportFile>, usize)>,
}

/// The files of a report folder and its subfolders, found by what records name them.
#[derive(Debug, Default)]
pub(crate) struct FilesBelow {
    /// Relative paths, with `/`.
    paths: HashSet<String>,
    /// Those of each base name: the first, and whether there is no other.
    by_name: HashMap<String, (String, bool)>,
}

impl FilesBelow {
    fn of(folder: &Path) -> FilesBelow {
        let mut files = FilesBelow::default();
        // What cannot be opened is missing, and told as that.
        let entries = WalkDir::new(folder)
            .max_depth(DEEPEST)
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
            let path = parts.join("/");
            if let Some(name) = parts.last() {
                files
                    .by_name
                    .entry(name.clone())
                    .and_modify(|(_, is_only_one)| *is_only_one = false)
                    .or_insert_with(|| (path.clone(), true));
                files.paths.insert(path);
            }
        }
        files
    }

    /// Whether there is a file of that relative path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// The relative path of the file of that base name, if there is one alone.
    pub(crate) fn only_one_named(&self, name: &str) -> Option<&str> {
        let (path, is_only_one) = self.by_name.get(name)?;
        is_only_one.then_some(path)
    }
}

/// Where a path inside the folder leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To a file inside.
    Inside(PathBuf),
    /// To a file outside, by a link.
    Outside,
    /// To nothing, or to something that is no file.
    Nowhere,
}

impl Contents {
    pub(crate) fn of(folder: &Path) -> io::Result<Contents> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(Contents {
            folder: folder.to_owned(),
            real_folder: fs::canonicalize(folder)?,
            names,
            below: OnceCell::new(),
            of_report: OnceCell::new(),
        })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names
            .binary_search_by(|own| own.as_str().cmp(name))
            .is_ok()
    }

    /// Katalon's logs, the oldest first: the highest number is the oldest.
    pub(crate) fn logs(&self) -> Vec<&str> {
        let mut logs: Vec<(u32, &str)> = self
            .names
            .iter()
            .filter_map(|name| Some((log_number(name)?, name.as_str())))
            .collect();
        logs.sort_by(|a, b| b.cmp(a));
        logs.into_iter().map(|(_, name)| name).collect()
    }

    /// Where a relative path leads, links followed.
    pub(crate) fn leads(&self, relative: &str) -> Leads {
        let path = self.folder.join(relative);
        // A file that is no link lies where it lies; `..` is for the caller to refuse.
        match fs::canonicalize(&path) {
            Ok(real) if !real.is_file() => Leads::Nowhere,
            Ok(real) if real.starts_with(&self.real_folder) => Leads::Inside(path),
            Ok(_) => Leads::Outside,
            Err(_) => Leads::Nowhere,
        }
    }

    /// Opens a file of the folder.
    pub(crate) fn open(&self, name: &str) -> io::Result<File> {
        match self.leads(name) {
            Leads::Inside(path) => self.open_inside(&path),
            Leads::Outside => Err(leads_out()),
            // The error of the system says more than we know; a pipe or the like is never opened.
            Leads::Nowhere => {
                fs::metadata(self.folder.join(name))?;
                Err(io::Error::other("it is no file"))
            }
        }
    }

    /// The files of the folder and its subfolders; read when they are first asked for.
    pub(crate) fn files_below(&self) -> &FilesBelow {
        self.below.get_or_init(|| FilesBelow::of(&self.folder))
    }

    /// Opens the file that a path leads to, and no other that somebody puts there meanwhile.
    fn open_inside(&self, path: &Path) -> io::Result<File> {
        let real = fs::canonicalize(path)?;
        let (seen, _) = SeenFile::look(&real)?;
        // A folder on the way may have become a link since. What was looked at lies inside, and what
        // is read is what was looked at.
        if fs::canonicalize(&real)? != real || !real.starts_with(&self.real_folder) {
            return Err(leads_out());
        }
        seen.open()
    }

    /// The folder's files that belong to the report as a whole, by name; and how many were left
    /// out because they are links that lead out of it. Looked for once.
    pub(crate) fn report_files(&self) -> &(Vec<ReportFile>, usize) {
        self.of_report.get_or_init(|| self.find_report_files())
    }

    fn find_report_files(&self) -> (Vec<ReportFile>, usize) {
        let mut files = Vec::new();
        let mut refused = 0;
        for name in &self.names {
            let Some(kind) = kind_of(name) else { continue };
            match self.leads(name) {
                Leads::Inside(path) => files.push(ReportFile {
                    kind,
                    path,
                    name: name.clone(),
                }),
                Leads::Outside => refused += 1,
                Leads::Nowhere => {}
            }
        }
        files.extend(self.around());
        (files, refused)
    }

    /// The HTML above the folder, which Katalon writes for all attempts of a suite (11.4), and the
    /// PDF beside it, which `-reportFolder` gives: the only files outside that are ever read, and
    /// only where they are files and no links.
    fn around(&self) -> Vec<ReportFile> {
        let name = |path: &Path| {
            let name = path.file_name().map(|name| name.to_string_lossy());
            name.map(|name| name.into_owned()).unwrap_or_default()
        };
        let Some(above) = self.folder.parent() else {
            return Vec::new();
        };
        [
            (FileKind::Html, format!("{}.html", name(above))),
            (FileKind::Pdf, format!("{}.pdf", name(&self.folder))),
        ]
        .into_iter()
        .filter_map(|(kind, name)| {
            let path = above.join(&name);
            let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
            is_file.then_some(ReportFile { kind, path, name })
        })
        .collect()
    }
}

fn leads_out() -> io::Error {
    io::Error::other("it is a link that leads out of the report folder")
}

fn kind_of(name: &str) -> Option<FileKind> {
    if name == JUNIT {
        return Some(FileKind::Junit);
    }
    let lower = name.to_ascii_lowercase();
    let (stem, extension) = lower.rsplit_once('.')?;
    match extension {
        "log" if stem.starts_with("execution") || stem.starts_with("console") => {
            Some(FileKind::Log)
        }
        "html" => Some(FileKind::Html),
        "pdf" => Some(FileKind::Pdf),
        "csv" => Some(FileKind::Csv),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_report_are_told_by_their_names() {
        for (name, kind) in [
            ("JUnit_Report.xml", Some(FileKind::Junit)),
            ("execution0.log", Some(FileKind::Log)),
            ("console0.log", Some(FileKind::Log)),
            ("appium.log", None),
            ("20240101_101500-1363887958.html", Some(FileKind::Html)),
            ("20240101_101500.PDF", Some(FileKind::Pdf)),
            ("20240101_101500.csv", Some(FileKind::Csv)),
            ("execution0.log.lck", None),
            ("1644393873237.png", None),
        ] {
            assert_eq!(kind_of(name), kind, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_refused() {
        let folder = crate::scratch::Scratch::new("contents");
        let report = folder.join("report");
        fs::create_dir_all(&report).unwrap();
        fs::write(folder.join("secret.csv"), "x").unwrap();
        fs::write(folder.join("report.pdf"), "x").unwrap();
        let html = format!("{}.html", folder.path().file_name().unwrap().display());
        std::os::unix::fs::symlink(folder.join("secret.csv"), folder.join(html)).unwrap();
        fs::write(report.join("own.csv"), "x").unwrap();
        std::os::unix::fs::symlink(folder.join("secret.csv"), report.join("out.csv")).unwrap();
        std::os::unix::fs::symlink(report.join("own.csv"), report.join("in.csv")).unwrap();
        let contents = Contents::of(&report).unwrap();
        assert_eq!(contents.leads("out.csv"), Leads::Outside);
        assert_eq!(contents.leads("gone.csv"), Leads::Nowhere);
        assert!(contents.open("out.csv").is_err());
        assert!(contents.open("own.csv").is_ok());
        let (files, refused) = contents.find_report_files();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["in.csv", "own.csv", "report.pdf"]);
        assert_eq!(refused, 1);
    }
}
