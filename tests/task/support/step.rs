//! What an agent makes of a step: its result and outputs, from exit codes and logging commands.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::log::{self, LoggingCommand};
use super::task_folder::TaskFolder;

/// What the agent shows of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StepResult {
    Succeeded,
    SucceededWithIssues,
    Failed,
    Canceled,
}

/// A step that has ended.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) result: StepResult,
    /// Exit code of each attempt; none where a signal ended it.
    pub(crate) exit_codes: Vec<Option<i32>>,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summaries: Vec<PathBuf>,
    /// Commands that the agent did not carry out, and says so in a warning of its own.
    pub(crate) refused: Vec<String>,
    pub(crate) commands: Vec<LoggingCommand>,
    pub(crate) log: String,
}

impl Step {
    /// What `task.complete` said, in order: its result and its text.
    pub(crate) fn completions(&self) -> Vec<(&str, &str)> {
        let all = self.commands.iter();
        all.filter(|command| command.name == "task.complete")
            .map(|command| (command.property("result"), command.data.as_str()))
            .collect()
    }

    /// The codes of the errors shown.
    pub(crate) fn errors(&self) -> Vec<&str> {
        let all = self.commands.iter();
        all.filter(|command| command.name == "task.logissue" && command.property("type") == "error")
            .map(|command| command.property("code"))
            .collect()
    }
}

/// The definition that the agent has read.
pub(crate) fn definition(task: &TaskFolder) -> Value {
    let text = std::fs::read_to_string(task.path().join("task.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What becomes known of a step, attempt by attempt.
pub(super) struct Ledger {
    restricted: bool,
    settable: Vec<String>,
    told: Option<StepResult>,
    step: Step,
    exit_codes: Vec<Option<i32>>,
}

impl Ledger {
    pub(super) fn new(task: &TaskFolder, restricted: bool) -> Self {
        let definition = definition(task);
        let settable = &definition["restrictions"]["settableVariables"]["allowed"];
        let settable = settable.as_array().unwrap().iter();
        Self {
            restricted,
            settable: settable
                .map(|name| name.as_str().unwrap().to_owned())
                .collect(),
            told: None,
            step: Step {
                result: StepResult::Succeeded,
                exit_codes: Vec::new(),
                outputs: BTreeMap::new(),
                summaries: Vec::new(),
                refused: Vec::new(),
                commands: Vec::new(),
                log: String::new(),
            },
            exit_codes: Vec::new(),
        }
    }

    pub(super) fn attempt(&mut self, exit_code: Option<i32>, log: &str) {
        self.exit_codes.push(exit_code);
        self.step.log.push_str(log);
        for command in log::commands(log) {
            self.carry_out(&command);
            self.step.commands.push(command);
        }
    }

    fn carry_out(&mut self, command: &LoggingCommand) {
        // What `restricted` lets through.
        let harmless = [
            "task.logdetail",
            "task.logissue",
            "task.complete",
            "task.setprogress",
            "task.setsecret",
            "task.setvariable",
            "task.debug",
            "task.settaskvariable",
            "task.prependpath",
        ];
        if self.restricted && !harmless.contains(&command.name.as_str()) {
            return self.step.refused.push(command.name.clone());
        }
        match command.name.as_str() {
            "task.complete" => {
                let result = match command.property("result") {
                    "Succeeded" => StepResult::Succeeded,
                    "SucceededWithIssues" => StepResult::SucceededWithIssues,
                    "Failed" => StepResult::Failed,
                    "Canceled" => StepResult::Canceled,
                    other => panic!("no result of the agent's: '{other}'"),
                };
                self.told = self.told.max(Some(result));
            }
            "task.setvariable" => {
                let name = command.property("variable").to_owned();
                if self.settable.contains(&name) {
                    self.step.outputs.insert(name, command.data.clone());
                } else {
                    self.step.refused.push(format!("task.setvariable {name}"));
                }
            }
            "task.uploadsummary" => {
                // The path is looked at with the line, the file is read after the step.
                let file = PathBuf::from(&command.data);
                assert!(file.is_absolute() && file.is_file(), "{}", file.display());
                self.step.summaries.push(file);
            }
            "task.logissue" | "task.debug" => {}
            other => panic!("the task uses no such command: {other}"),
        }
    }

    /// Attempts so far.
    pub(super) fn attempts(&self) -> usize {
        self.exit_codes.len()
    }

    fn exited_well(&self) -> bool {
        self.exit_codes.last() == Some(&Some(0))
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.exited_well() || self.told == Some(StepResult::Failed)
    }

    /// A told result is forgiven, but not where there was an exit code beside it.
    pub(super) fn before_retry(&mut self) {
        if self.exited_well() {
            self.told = None;
        }
    }

    pub(super) fn step(mut self) -> Step {
        self.step.result = if self.exited_well() {
            self.told.unwrap_or(StepResult::Succeeded)
        } else {
            self.told.max(Some(StepResult::Failed)).unwrap()
        };
        self.step.exit_codes = self.exit_codes;
        self.step
    }
}
