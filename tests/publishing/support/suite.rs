//! One suite execution of a test, written to disk as Katalon writes it: JUnit, log, plan.

use std::path::{Path, PathBuf};

use super::{Case, escaped};

/// 2025-08-11T10:15:02Z, when every suite begins that says nothing else.
const START: i64 = 1_754_907_302_000;

/// A suite execution.
#[derive(Clone)]
pub(crate) struct Suite {
    path: String,
    cases: Vec<Case>,
    planned: Vec<String>,
    folder: String,
    timestamp: String,
    start_millis: i64,
    host: String,
    os: String,
    browser: String,
    profile: String,
    has_junit: bool,
    has_log: bool,
    log_ends: bool,
    setup_failure: String,
}

impl Suite {
    /// `Test Suites/<name>` with JUnit alone; each case is a `testcase` of its own.
    pub(crate) fn new(name: &str, cases: &[Case]) -> Self {
        let timestamp = "2025-08-11T10:15:02.000Z".to_owned();
        Self {
            path: format!("Test Suites/{name}"),
            cases: cases.to_vec(),
            planned: Vec::new(),
            folder: format!("Reports/20250811_101500/{name}/20250811_101502"),
            timestamp,
            start_millis: START,
            host: "tester - AGENT-7".to_owned(),
            os: "Windows 11 64bit".to_owned(),
            browser: "Chrome 139.0.1".to_owned(),
            profile: String::new(),
            has_junit: true,
            has_log: false,
            log_ends: true,
            setup_failure: String::new(),
        }
    }

    /// With `execution0.log` beside JUnit.
    pub(crate) fn with_log(mut self) -> Self {
        self.has_log = true;
        self
    }

    /// Killed: no JUnit, and a log that stops after the last case that was started.
    pub(crate) fn killed(mut self) -> Self {
        self.has_junit = false;
        self.has_log = true;
        self.log_ends = false;
        self
    }

    /// Cases that the suite was to run beside those that it did.
    pub(crate) fn planned(mut self, names: &[&str]) -> Self {
        self.planned = names
            .iter()
            .map(|name| format!("Test Cases/{name}"))
            .collect();
        self
    }

    /// The report's folder, below that of the test.
    pub(crate) fn in_folder(mut self, folder: &str) -> Self {
        self.folder = folder.to_owned();
        self
    }

    /// JUnit's `timestamp`, as it stands there; the log, if there is one, is moved along by
    /// `start_millis`.
    pub(crate) fn at(mut self, timestamp: &str, start_millis: i64) -> Self {
        self.timestamp = timestamp.to_owned();
        self.start_millis = start_millis;
        self
    }

    /// Another browser.
    pub(crate) fn browser(mut self, browser: &str) -> Self {
        self.browser = browser.to_owned();
        self
    }

    /// Another operating system.
    pub(crate) fn os(mut self, os: &str) -> Self {
        self.os = os.to_owned();
        self
    }

    /// Another machine: `user - machine`.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    /// An execution profile.
    pub(crate) fn profile(mut self, profile: &str) -> Self {
        self.profile = profile.to_owned();
        self
    }

    /// A failure before the first test case.
    pub(crate) fn setup_failed(mut self, message: &str) -> Self {
        self.setup_failure = message.to_owned();
        self
    }

    /// Writes it below `root`; gives its folder.
    pub(super) fn write(&self, root: &Path) -> PathBuf {
        let folder = root.join(&self.folder);
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        if self.has_junit {
            write("JUnit_Report.xml", &self.junit());
        }
        if self.has_log {
            write("execution0.log", &self.log());
        }
        if !self.profile.is_empty() {
            let properties = serde_json::json!({
                "execution": {"general": {"executionProfile": self.profile}},
                "id": self.path,
            });
            write("execution.properties", &properties.to_string());
        }
        let plan = self.plan();
        if !plan.is_empty() {
            write("testCaseBinding", &plan);
        }
        folder
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    fn junit(&self) -> String {
        let count = |status: &str| {
            let of_status = self.cases.iter().filter(|case| case.status == status);
            of_status.count()
        };
        let (failures, errors) = (count("FAILED"), count("ERROR"));
        let seconds: f64 = self.cases.iter().map(|case| case.seconds).sum();
        let name = escaped(self.name());
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"{name}\" time=\"{seconds}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n\
             <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds}\" skipped=\"0\" timestamp=\"{timestamp}\" hostname=\"{host}\" id=\"{id}\">\n\
             <properties><property name=\"os\" value=\"{os}\"/><property name=\"browser\" value=\"{browser}\"/><property name=\"katalonVersion\" value=\"10.3.1.0\"/></properties>\n",
            tests = self.cases.len(),
            timestamp = escaped(&self.timestamp),
            host = escaped(&self.host),
            id = escaped(&self.path),
            os = escaped(&self.os),
            browser = escaped(&self.browser),
        );
        for case in &self.cases {
            let path = escaped(&case.path);
            let problem = match case.status {
                // Katalon's JUnit calls a skipped case passed.
                "PASSED" | "SKIPPED" | "INCOMPLETE" | "NOT_RUN" => String::new(),
                "ERROR" => format!(
                    "<error type=\"ERROR\" message=\"{}\"/>",
                    escaped(&case.message)
                ),
                status => format!(
                    "<failure type=\"{status}\" message=\"{}\"/>",
                    escaped(&case.message)
                ),
            };
            xml.push_str(&format!(
                "<testcase name=\"{path}\" time=\"{:.3}\" classname=\"{path}\" status=\"{}\">{problem}<system-out><![CDATA[{}]]></system-out><system-err><![CDATA[]]></system-err></testcase>\n",
                case.seconds, case.status, case.output,
            ));
        }
        xml.push_str("<system-out><![CDATA[]]></system-out><system-err><![CDATA[]]></system-err></testsuite>\n</testsuites>\n");
        xml
    }

    /// One line a planned execution, if any has bound values or more were planned than ran.
    fn plan(&self) -> String {
        let is_bound = self.cases.iter().any(|case| !case.bound.is_empty());
        if !is_bound && self.planned.is_empty() {
            return String::new();
        }
        let line = |path: &str, bound: &[(String, String)]| {
            let values = bound.iter().map(|(variable, value)| {
                let value = format!("'{value}'");
                (variable.clone(), serde_json::Value::String(value))
            });
            let values: serde_json::Map<_, _> = values.collect();
            let line = serde_json::json!({
                "testCaseName": path,
                "testCaseId": path,
                "iterationVariableName": "",
                "bindedValues": values,
            });
            format!("{line}\n")
        };
        let ran = self.cases.iter().map(|case| line(&case.path, &case.bound));
        let others = self.planned.iter().map(|path| line(path, &[]));
        ran.chain(others).collect()
    }

    fn log(&self) -> String {
        let mut log = Log {
            text: "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<!DOCTYPE log SYSTEM \"logger.dtd\">\n<log>\n".to_owned(),
            millis: self.start_millis,
        };
        let suite = [
            ("name", self.name()),
            ("id", &self.path),
            ("retryCount", "0"),
        ];
        let started = format!("Start Test Suite : {}", self.path);
        log.record("START", "startSuite", 0, &started, &suite);
        for (name, value) in [
            ("hostName", self.host.as_str()),
            ("os", &self.os),
            ("katalonVersion", "10.3.1.0"),
            ("browser", &self.browser),
        ] {
            let text = format!("{name} = {value}");
            log.record("RUN_DATA", "logMessage", 0, &text, &[(name, value)]);
        }
        if !self.setup_failure.is_empty() {
            log.record("FAILED", "logMessage", 0, &self.setup_failure, &[]);
        }
        for case in &self.cases {
            log.case(case);
        }
        if self.log_ends {
            let ended = format!("End Test Suite : {}", self.path);
            log.record("END", "endSuite", 0, &ended, &[]);
            log.text.push_str("</log>\n");
        }
        log.text
    }
}

/// A log while it is written: time goes on with each record.
struct Log {
    text: String,
    millis: i64,
}

impl Log {
    /// All attempts of a case: the earlier ones, then the one that JUnit tells of.
    fn case(&mut self, case: &Case) {
        let last = super::Attempt {
            status: case.status,
            message: case.message.clone(),
            pictures: case.pictures.clone(),
        };
        let attempts = case.earlier.iter().chain(std::iter::once(&last));
        for (number, attempt) in attempts.enumerate() {
            let millis = (case.seconds * 1000.0) as i64;
            self.attempt(case, number, attempt, millis);
        }
    }

    fn attempt(&mut self, case: &Case, number: usize, attempt: &super::Attempt, millis: i64) {
        let path = case.path.as_str();
        let number = number.to_string();
        let started = self.millis;
        let about = [("name", path), ("id", path), ("currentRetryCount", &number)];
        let text = format!("Start Test Case : {path}");
        self.record("START", "startTest", 1, &text, &about);
        let level = match attempt.status {
            "FAILED" | "ERROR" => attempt.status,
            _ => "PASSED",
        };
        if !case.step.is_empty() || !attempt.pictures.is_empty() {
            let step = if case.step.is_empty() {
                "takeScreenshot()"
            } else {
                &case.step
            };
            let text = format!("Start action : {step}");
            self.record("START", "startKeyword", 1, &text, &[("stepIndex", "1")]);
            for picture in &attempt.pictures {
                let attached = [("attachment", picture.as_str())];
                self.record(level, "logMessage", 1, "a step", &attached);
            }
            if attempt.pictures.is_empty() {
                self.record(level, "logMessage", 1, "a step", &[]);
            }
            let text = format!("End action : {step}");
            self.record("END", "endKeyword", 1, &text, &[]);
        }
        if attempt.status == "INCOMPLETE" {
            return;
        }
        let (nested, text) = match attempt.status {
            "FAILED" | "ERROR" => (0, format!("{path} FAILED.\nReason:\n{}\n", attempt.message)),
            // Katalon says no more of a case that its script left aside.
            "SKIPPED" => (1, String::new()),
            _ => (1, path.to_owned()),
        };
        self.record(attempt.status, "logMessage", nested, &text, &[]);
        self.millis = started + millis;
        let text = format!("End Test Case : {path}");
        self.record("END", "endTest", 0, &text, &[]);
    }

    fn record(
        &mut self,
        level: &str,
        method: &str,
        nested: u32,
        message: &str,
        properties: &[(&str, &str)],
    ) {
        // Texts are escaped once more than XML asks for.
        let message = escaped(&escaped(message).replace("&#xa;", "\n")).replace("&#xa;", "\n");
        self.text.push_str(&format!(
            "<record>\n  <millis>{}</millis>\n  <level>{level}</level>\n  <method>{method}</method>\n  \
             <message>{message}</message>\n  <nestedLevel>{nested}</nestedLevel>\n  <escapedJava>false</escapedJava>\n",
            self.millis
        ));
        for (name, value) in properties {
            let value = escaped(value);
            self.text
                .push_str(&format!("  <property name=\"{name}\">{value}</property>\n"));
        }
        self.text.push_str("</record>\n");
    }
}
