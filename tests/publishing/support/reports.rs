//! Report folders made for one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A case of a JUnit report.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) path: String,
    pub(crate) status: &'static str,
    pub(crate) message: String,
    pub(crate) output: String,
}

impl Case {
    /// A case below `Test Cases/` that passed.
    pub(crate) fn passed(name: &str) -> Self {
        Self {
            path: format!("Test Cases/{name}"),
            status: "PASSED",
            message: String::new(),
            output: String::new(),
        }
    }

    /// A case that failed.
    pub(crate) fn failed(name: &str, message: &str) -> Self {
        Self {
            status: "FAILED",
            message: message.to_owned(),
            ..Self::passed(name)
        }
    }

    /// Lines of the case's `system-out`.
    pub(crate) fn output(mut self, output: &str) -> Self {
        self.output = output.to_owned();
        self
    }
}

/// A folder with reports that is removed at the end of the test.
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
        Self { folder }
    }

    /// One suite execution without a log: `Reports/20260811_101500/<suite>/20260811_101500`.
    pub(crate) fn with_suite(self, suite: &str, cases: &[Case]) -> Self {
        self.add_suite(suite, cases);
        self
    }

    /// Adds one more; gives its folder.
    pub(crate) fn add_suite(&self, suite: &str, cases: &[Case]) -> PathBuf {
        let folder = self
            .folder
            .join("Reports/20260811_101500")
            .join(suite)
            .join("20260811_101500");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("JUnit_Report.xml"), junit(suite, cases)).unwrap();
        folder
    }

    /// Where the reports are.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn junit(suite: &str, cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| case.status == "FAILED").count();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{0}\" time=\"{1}.5\" tests=\"{1}\" failures=\"{failures}\" errors=\"0\">\n\
         <testsuite name=\"{0}\" tests=\"{1}\" failures=\"{failures}\" errors=\"0\" time=\"{1}.5\" skipped=\"0\" timestamp=\"2026-08-11T10:15:02.000Z\" hostname=\"tester - AGENT-7\" id=\"Test Suites/{0}\">\n\
         <properties><property name=\"os\" value=\"Windows 11 64bit\"/><property name=\"browser\" value=\"Chrome 139.0.1\"/><property name=\"katalonVersion\" value=\"10.3.1.0\"/></properties>\n",
        escaped(suite),
        cases.len(),
    );
    for case in cases {
        let path = escaped(&case.path);
        let failure = match case.status {
            "PASSED" => String::new(),
            status => format!(
                "<failure type=\"{status}\" message=\"{}\"/>",
                escaped(&case.message)
            ),
        };
        xml.push_str(&format!(
            "<testcase name=\"{path}\" time=\"1.000\" classname=\"{path}\" status=\"{}\">{failure}<system-out><![CDATA[{}]]></system-out><system-err><![CDATA[]]></system-err></testcase>\n",
            case.status, case.output,
        ));
    }
    xml.push_str("<system-out><![CDATA[]]></system-out><system-err><![CDATA[]]></system-err></testsuite>\n</testsuites>\n");
    xml
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\n', "&#xa;")
}
