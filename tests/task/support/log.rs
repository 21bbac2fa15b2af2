//! A log as the agent reads it: line by line, each looked through for a logging command.

use std::collections::BTreeMap;

/// A logging command that the agent found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggingCommand {
    /// `task.complete`.
    pub(crate) name: String,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) data: String,
}

impl LoggingCommand {
    /// A property; empty if it is not there.
    pub(crate) fn property(&self, name: &str) -> &str {
        self.properties.get(name).map_or("", String::as_str)
    }
}

/// Every command in the output, in order.
pub(crate) fn commands(output: &str) -> Vec<LoggingCommand> {
    // .NET ends a line at a lone carriage return too.
    output
        .split(['\n', '\r'])
        .filter_map(command_in_line)
        .collect()
}

/// A command may stand anywhere in a line. The search is culture-sensitive: it takes no notice of
/// characters that have no width.
fn command_in_line(line: &str) -> Option<LoggingCommand> {
    let visible: String = line.chars().filter(|&c| !is_ignored(c)).collect();
    let (_, behind) = visible.split_once("##vso[")?;
    let (head, data) = behind.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    if name.split('.').count() != 2 {
        return None;
    }
    let properties = properties
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), unescaped(value)))
        .collect();
    Some(LoggingCommand {
        name: name.to_owned(),
        properties,
        data: unescaped(data),
    })
}

fn is_ignored(c: char) -> bool {
    matches!(c,
        '\0' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn unescaped(text: &str) -> String {
    text.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%3B", ";")
        .replace("%5D", "]")
        .replace("%AZP25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stands_anywhere_in_a_line() {
        let found = commands("a\nb ##vso[task.complete result=Failed;]c%3Bd%AZP250A\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "task.complete");
        assert_eq!(found[0].property("result"), "Failed");
        assert_eq!(found[0].data, "c;d%0A");
    }

    #[test]
    fn characters_without_width_and_a_lone_carriage_return_hide_no_command() {
        let found =
            commands("50 %\r#\u{200b}#v\u{ad}so[task.setvariable variable=a;isoutput=true]1");
        assert_eq!(found[0].name, "task.setvariable");
        assert_eq!(found[0].property("variable"), "a");
        assert_eq!(found[0].data, "1");
    }

    #[test]
    fn what_is_not_whole_is_no_command() {
        for line in [
            "##vso[task.complete",
            "#_#vso[task.complete]",
            "##vso[task]",
            "##VSO[a.b]",
        ] {
            assert_eq!(commands(line), [], "{line}");
        }
    }
}
