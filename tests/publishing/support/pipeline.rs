//! The pipelines of `examples/pipelines` and of the README, read as far as they use the language: the
//! steps with values, `|` and `>-`.

use std::path::{Path, PathBuf};

/// Words that a step begins with.
const KINDS: [&str; 5] = ["task", "script", "checkout", "download", "publish"];

/// Where the examples lie.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pipelines")
}

/// The text of an example.
pub(crate) fn example(name: &str) -> String {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    text.replace("\r\n", "\n")
}

/// A step of a pipeline.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// The word that it begins with; `task` is always ours.
    pub(crate) kind: String,
    /// The command line of a script.
    pub(crate) script: String,
    pub(crate) name: String,
    pub(crate) condition: String,
    pub(crate) continues: bool,
    pub(crate) inputs: Vec<(String, String)>,
}

impl Step {
    /// A line of its script, or of its last input.
    fn go_on(&mut self, line: &str, joined_by: char) {
        let value = match self.inputs.last_mut() {
            Some((_, value)) => value,
            None => &mut self.script,
        };
        if !value.is_empty() {
            value.push(joined_by);
        }
        value.push_str(line);
    }
}

/// The steps, in order, of all jobs.
pub(crate) fn steps(yaml: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // Where the hyphen of the step stands whose lines these are.
    let mut hyphen: Option<usize> = None;
    // A value whose lines follow: how far its name is indented, and how they are joined.
    let mut block: Option<(usize, char)> = None;
    for line in yaml.lines() {
        let indent = line.len() - line.trim_start().len();
        let text = line.split(" #").next().unwrap().trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some((of_name, joined_by)) = block {
            if indent > of_name {
                steps.last_mut().unwrap().go_on(text, joined_by);
                continue;
            }
            block = None;
        }
        let begins = text.strip_prefix("- ").filter(|text| {
            let kind = text.split(':').next().unwrap();
            KINDS.contains(&kind)
        });
        if begins.is_some() {
            steps.push(Step::default());
            hyphen = Some(indent);
        }
        let Some(at) = hyphen.filter(|&at| begins.is_some() || indent > at) else {
            // Of the pipeline around.
            hyphen = None;
            continue;
        };
        let of_name = if begins.is_some() { at + 2 } else { indent };
        let (name, value) = begins.unwrap_or(text).split_once(':').unwrap();
        let value = match value.trim() {
            "|" => {
                block = Some((of_name, '\n'));
                ""
            }
            ">-" => {
                block = Some((of_name, ' '));
                ""
            }
            value => value,
        };
        let step = steps.last_mut().unwrap();
        if of_name > at + 2 {
            step.inputs.push((name.to_owned(), value.to_owned()));
            continue;
        }
        if begins.is_some() {
            name.clone_into(&mut step.kind);
        }
        match name {
            "task" => assert_eq!(value, "KatalonAzureDevOps@1"),
            "script" => value.clone_into(&mut step.script),
            "name" => value.clone_into(&mut step.name),
            "condition" => value.clone_into(&mut step.condition),
            "continueOnError" => step.continues = value == "true",
            "displayName" | "inputs" | "checkout" | "download" | "publish" | "artifact"
            | "patterns" => {}
            other => panic!("'{other}' is not known here"),
        }
    }
    steps
}

/// The inputs of each step of our task, in order.
pub(crate) fn tasks(yaml: &str) -> Vec<Vec<(String, String)>> {
    let steps = steps(yaml).into_iter();
    let ours = steps.filter(|step| step.kind == "task");
    ours.map(|step| step.inputs).collect()
}
