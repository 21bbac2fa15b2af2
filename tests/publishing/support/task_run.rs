//! Starts the program as an agent starts a task: nothing in its environment but what is set here.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ado_stand_in::{Settings, StandIn};
use katalon_ado::environment::Environment;
use katalon_ado::publish::Waits;
use serde_json::Value;

use super::reports::temp_beside;

/// The real program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_katalon-ado");

/// A start of the program.
#[derive(Clone)]
pub(crate) struct TaskRun {
    args: Vec<String>,
    vars: BTreeMap<String, String>,
    folder: PathBuf,
}

/// How it ended.
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Waits for the end of a child.
    pub(crate) fn of(mut child: Child) -> Self {
        // The end of standard input would mean cancel.
        let input = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(input);
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The value of an output variable; fails if it was not set exactly once.
    pub(crate) fn output(&self, name: &str) -> String {
        let prefix = format!("##vso[task.setvariable variable={name};isoutput=true;]");
        let found: Vec<&str> = self
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix))
            .collect();
        assert_eq!(found.len(), 1, "output variable {name} in\n{}", self.stdout);
        found[0].to_owned()
    }

    /// The codes of all issues of a kind (`error`, `warning`), in order.
    pub(crate) fn issues(&self, kind: &str) -> Vec<String> {
        let prefix = format!("##vso[task.logissue type={kind};code=");
        let lines = self
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix));
        lines
            .map(|line| line.split(';').next().unwrap().to_owned())
            .collect()
    }

    /// Fails unless the log holds the text.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        assert!(
            self.stdout.contains(text),
            "'{text}' is not in\n{}",
            self.stdout
        );
    }
}

impl Finished {
    /// Fails if the log holds the text.
    #[track_caller]
    pub(crate) fn lacks(&self, text: &str) {
        assert!(
            !self.everything().contains(text),
            "'{text}' is in\n{}",
            self.everything()
        );
    }

    /// Both streams.
    pub(crate) fn everything(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The document that stdout holds, and nothing beside it.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{error} in\n{}", self.stdout);
        })
    }

    /// What the summary's file holds; fails if none was named.
    #[track_caller]
    pub(crate) fn summary(&self) -> String {
        let everything = self.everything();
        let mut lines = everything.lines();
        let file = lines.find_map(|line| line.strip_prefix("##vso[task.uploadsummary]"));
        std::fs::read_to_string(file.unwrap()).unwrap()
    }
}

impl TaskRun {
    /// The task in a YAML pipeline's build 71 of project Shop, with reports below `folder`,
    /// which is that of a [`super::Reports`].
    pub(crate) fn new(service: &StandIn, folder: &Path) -> Self {
        let temp = temp_beside(folder);
        let mut run = Self {
            args: vec!["task".to_owned()],
            vars: BTreeMap::new(),
            folder: folder.to_owned(),
        };
        for (name, value) in [
            ("TF_BUILD", "True"),
            (
                "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
                &service.collection_url(),
            ),
            (
                "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
                &Settings::default().token,
            ),
            ("SYSTEM_TEAMPROJECT", "Shop"),
            ("SYSTEM_HOSTTYPE", "build"),
            ("BUILD_BUILDID", "71"),
            ("BUILD_BUILDNUMBER", "20260901.3"),
            ("BUILD_BUILDURI", "vstfs:///Build/Build/71"),
            ("SYSTEM_STAGENAME", "Test"),
            ("SYSTEM_STAGEATTEMPT", "1"),
            ("SYSTEM_PHASENAME", "Katalon"),
            ("SYSTEM_PHASEATTEMPT", "1"),
            ("SYSTEM_JOBNAME", "__default"),
            ("SYSTEM_JOBATTEMPT", "1"),
            ("AGENT_NAME", "Agent 1"),
            ("AGENT_VERSION", "4.260.0"),
            (
                "SYSTEM_DEFAULTWORKINGDIRECTORY",
                &folder.display().to_string(),
            ),
            ("AGENT_TEMPDIRECTORY", &temp.display().to_string()),
            // Fixtures are of other days.
            ("INPUT_SKIPSTALEREPORTS", "false"),
            ("TZ", "UTC"),
        ] {
            run = run.var(name, value);
        }
        run
    }

    /// Sets a variable; an empty value removes it.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            self.vars.remove(name);
        } else {
            self.vars.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Sets a task input.
    pub(crate) fn input(self, name: &str, value: &str) -> Self {
        self.var(&format!("INPUT_{}", name.to_uppercase()), value)
    }

    /// Replaces the arguments.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(|&arg| arg.to_owned()).collect();
        self
    }

    /// Runs the real program as a process of its own.
    pub(crate) fn run(&self) -> Finished {
        Finished::of(self.start())
    }

    /// Starts the real program and leaves it running.
    pub(crate) fn start(&self) -> Child {
        self.command(Path::new(PROGRAM)).spawn().unwrap()
    }

    /// The real program, or a copy of it, ready to be started.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .args(&self.args)
            .env_clear()
            .envs(&self.vars)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program in this process with short waits, for tests in which it has to wait.
    /// Without `task`: there standard input, which is the test's own, would be watched.
    pub(crate) fn run_impatiently(&self) -> Finished {
        self.run_here(false)
    }

    /// The same, as if somebody looked at its output in a terminal, outside a pipeline.
    pub(crate) fn run_at_a_terminal(&self) -> Finished {
        self.clone().var("TF_BUILD", "").run_here(true)
    }

    fn run_here(&self, at_a_terminal: bool) -> Finished {
        let out = Captured::default();
        let err = Captured::default();
        let args = match self.args.split_first() {
            Some((first, rest)) if first == "task" => [&["publish".to_owned()], rest].concat(),
            _ => self.args.clone(),
        };
        let environment = Environment {
            args,
            vars: self.vars.clone(),
            current_dir: self.folder.clone(),
            out_is_terminal: at_a_terminal,
            err_is_terminal: at_a_terminal,
            terminal_columns: None,
        };
        let streams = katalon_ado::Streams {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
        };
        let waits = Waits {
            late: Duration::from_millis(30),
            other: Duration::from_millis(30),
            backoff: Duration::from_millis(5),
            closing: Duration::from_millis(500),
        };
        let code = katalon_ado::run(&environment, streams, waits);
        Finished {
            code: i32::from(code.number()),
            stdout: out.text(),
            stderr: err.text(),
        }
    }
}

/// What was written.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
