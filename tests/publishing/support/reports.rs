//! Report folders made for one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Suite;

/// A test case in a suite execution.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) path: String,
    pub(crate) status: &'static str,
    pub(crate) message: String,
    pub(crate) output: String,
    pub(crate) seconds: f64,
    pub(crate) bound: Vec<(String, String)>,
    pub(crate) step: String,
    pub(crate) pictures: Vec<String>,
    pub(crate) earlier: Vec<Attempt>,
}

/// An earlier attempt: only a log tells of it.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) status: &'static str,
    pub(crate) message: String,
    pub(crate) pictures: Vec<String>,
}

impl Case {
    /// A case below `Test Cases/` that ended so; it takes a second.
    pub(crate) fn ended(name: &str, status: &'static str, message: &str) -> Self {
        Self {
            path: format!("Test Cases/{name}"),
            status,
            message: message.to_owned(),
            output: String::new(),
            seconds: 1.0,
            bound: Vec::new(),
            step: String::new(),
            pictures: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// A case that passed.
    pub(crate) fn passed(name: &str) -> Self {
        Self::ended(name, "PASSED", "")
    }

    /// A case that failed.
    pub(crate) fn failed(name: &str, message: &str) -> Self {
        Self::ended(name, "FAILED", message)
    }

    /// Lines of the case's `system-out`.
    pub(crate) fn output(mut self, output: &str) -> Self {
        self.output = output.to_owned();
        self
    }

    /// How long it took.
    pub(crate) fn took(mut self, seconds: f64) -> Self {
        self.seconds = seconds;
        self
    }

    /// A variable that it was run with.
    pub(crate) fn bound(mut self, variable: &str, value: &str) -> Self {
        self.bound.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// A step of the log, which fails where the case does.
    pub(crate) fn step(mut self, step: &str) -> Self {
        self.step = step.to_owned();
        self
    }

    /// A picture that the log records, by this path.
    pub(crate) fn picture(mut self, recorded: &str) -> Self {
        self.pictures.push(recorded.to_owned());
        self
    }

    /// An attempt before, with the pictures that the log records for it.
    pub(crate) fn after(mut self, status: &'static str, message: &str, pictures: &[&str]) -> Self {
        self.earlier.push(Attempt {
            status,
            message: message.to_owned(),
            pictures: pictures.iter().map(|&picture| picture.to_owned()).collect(),
        });
        self
    }
}

/// A folder with reports, and beside it the agent's temporary folder: both are removed at the end
/// of the test.
pub(crate) struct Reports {
    folder: PathBuf,
}

impl Reports {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("katalon-ado-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(temp_beside(&folder)).unwrap();
        Self { folder }
    }

    /// A copy of a folder of `tests/reports`, so that nothing is written there.
    pub(crate) fn like(situation: &str) -> Self {
        let reports = Self::new();
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
        copy(&kept.join(situation), &reports.folder);
        reports
    }

    /// One suite execution without a log: `Reports/20250811_101500/<suite>/20260811_101500`.
    pub(crate) fn with_suite(self, suite: &str, cases: &[Case]) -> Self {
        self.add_suite(suite, cases);
        self
    }

    /// Adds one more; gives its folder.
    pub(crate) fn add_suite(&self, suite: &str, cases: &[Case]) -> PathBuf {
        self.add(&Suite::new(suite, cases))
    }

    /// Adds a suite execution; gives its folder.
    pub(crate) fn add(&self, suite: &Suite) -> PathBuf {
        suite.write(&self.folder)
    }

    /// The same, for a report that needs nothing else.
    pub(crate) fn with(self, suite: &Suite) -> Self {
        self.add(suite);
        self
    }

    /// Where the reports are.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The agent's temporary folder.
    pub(crate) fn temp(&self) -> PathBuf {
        temp_beside(&self.folder)
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = std::fs::remove_dir_all(self.temp());
    }
}

/// The agent's temporary folder of a job that finds its reports in that folder.
pub(super) fn temp_beside(reports: &Path) -> PathBuf {
    reports.with_extension("temp")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Text as it stands in XML, also in an attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\n', "&#xa;")
}
