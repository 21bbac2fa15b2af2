//! Whatever is told, the agent finds our own commands and no others: shared by the fuzzer and by
//! `cargo test`.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use katalon_ado::pipeline::{Mode, Pipeline, TaskResult};
use katalon_ado::problem::{Code, Problem};
use katalon_ado::table::{Table, Tone};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("nobody panics in between")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A command as the agent reads it: name, properties, data.
#[derive(Debug, PartialEq, Eq)]
struct Command {
    name: String,
    properties: Vec<(String, String)>,
    data: String,
}

/// The bytes are texts with zeros between them, which are told in every way there is.
pub(crate) fn check(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let texts: Vec<&str> = input.split('\0').take(8).collect();
    let page = Page::default();
    let mode = Mode {
        in_pipeline: true,
        debug: true,
        ..Mode::default()
    };
    let pipeline = Pipeline::new(Box::new(page.clone()), Box::new(page.clone()), mode);
    let mut expected = 0;
    for pair in texts.windows(2).chain([&[texts[0], texts[0]][..]]) {
        let [one, two] = pair else { continue };
        pipeline.section(one);
        pipeline.line(one);
        pipeline.line(two);
        pipeline.debug(two);
        let mut table = Table::new(&["#", "##"]);
        table.row(Tone::Plain, [(*one).to_owned(), (*two).to_owned()]);
        pipeline.table(&table);
        pipeline.progress(one);
        pipeline.set_output(one, two);
        pipeline.set_output_list(two, pair.iter().copied());
        pipeline.upload_summary(Path::new(*one));
        pipeline.complete(TaskResult::Failed, two);
        expected += 4;
    }
    pipeline.issue(&Problem::warning(Code("KADO009"), texts[0], input.as_ref()));
    expected += 1;
    let document = serde_json::json!({ "a": input, "b": texts });
    pipeline.json(&document);
    let written = page.0.lock().expect("nobody panics in between").clone();
    let written = String::from_utf8(written).expect("text stays text");
    let mut found = Vec::new();
    // The agent reads lines, and a lone carriage return ends one.
    for line in written.split([
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ]) {
        found.extend(command(line));
    }
    // A very long output is left empty, with a warning of its own.
    let ours = |command: &&Command| command.name != "task.logissue";
    assert_eq!(found.iter().filter(ours).count(), expected - 1, "{found:?}");
    for command in &found {
        let Command {
            name,
            properties,
            data,
        } = command;
        let known = [
            "task.setvariable",
            "task.uploadsummary",
            "task.complete",
            "task.logissue",
        ];
        assert!(known.contains(&name.as_str()), "{command:?}");
        let keys: Vec<&str> = properties.iter().map(|(key, _)| key.as_str()).collect();
        let right: &[&str] = match name.as_str() {
            "task.setvariable" => &["variable", "isoutput"],
            "task.complete" => &["result"],
            "task.logissue" => &["type", "code"],
            _ => &[],
        };
        assert_eq!(keys, right, "{command:?}");
        assert!(command_in(data).is_none(), "{command:?}");
    }
}

/// The command that the agent finds in a line, wherever it begins.
fn command(line: &str) -> Option<Command> {
    let line = visible(line);
    let at = command_in(&line)?;
    let rest = &line[at + "##vso[".len()..];
    let (head, data) = rest.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let properties = properties
        .split(';')
        .filter_map(|property| property.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    Some(Command {
        name: name.to_owned(),
        properties,
        data: data.to_owned(),
    })
}

/// Where a command begins, also one that is none of ours: `##vso` in any case, and `##[` that is no
/// heading of ours.
fn command_in(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    let colour = lower
        .match_indices("##[")
        .find(|(at, _)| {
            let ours = ["##[section]", "##[debug]"];
            !(*at == 0 && ours.iter().any(|own| lower.starts_with(own)))
        })
        .map(|(at, _)| at);
    assert_eq!(colour, None, "{line:?}");
    lower.find("##vso")
}

/// What the agent's search, which follows the rules of a language, takes notice of.
fn visible(line: &str) -> String {
    line.chars().filter(|&c| !is_passed_over(c)).collect()
}

fn is_passed_over(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2
            | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}
