//! Text that nothing reads as a command any more.
//!
//! The agent scans each line of both streams: `##vso[` acts wherever it stands in a line and
//! `##[` colours it. Its search is culture-sensitive, so characters without width inside the
//! prefix do not hide it. All functions here are pure.

/// The text as lines, each without any command; at least one line.
pub(super) fn lines(text: &str) -> Vec<String> {
    // CR LF first, so that it stays one line ending.
    text.replace("\r\n", "\n")
        .split(ends_line)
        .map(|line| without_prefix(&without_controls(line)))
        .collect()
}

/// The text behind the `]` of a logging command, as `Command.cs` of the agent decodes it.
pub(super) fn data(text: &str) -> String {
    escape_percent(&lines(text).join("\n")).replace('\n', "%0A")
}

/// The value of a property of a logging command.
pub(super) fn property(text: &str) -> String {
    data(text).replace(']', "%5D").replace(';', "%3B")
}

/// JSON that means the same and holds no two `#` beside each other and no line ending within a
/// string: stdout is scanned there too.
pub(super) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let next_visible = || rest.clone().find(|&next| !has_no_width(next));
        match c {
            // Neither stands outside of strings, so an escape is always allowed.
            '#' if next_visible() == Some('#') => safe.push_str("\\u0023"),
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// What a terminal, the agent or a browser may take for the end of a line.
fn ends_line(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Without the control characters that end no line and are no tab.
pub(super) fn without_hidden(text: &str) -> String {
    text.chars()
        .filter(|&c| c == '\t' || ends_line(c) || !c.is_control())
        .collect()
}

/// Control characters are dropped before the search for prefixes: `#`, escape, `#` would else
/// become one afterwards.
fn without_controls(line: &str) -> String {
    line.chars()
        .filter(|&c| c == '\t' || !c.is_control())
        .collect()
}

/// Parts the two `#` of every prefix by a visible character.
fn without_prefix(line: &str) -> String {
    if !line.contains('#') {
        return line.to_owned();
    }
    let mut safe = String::with_capacity(line.len() + 1);
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        // Looked for at a `#` alone: what has no width may come in millions, and hides nothing before.
        let prefix = if c == '#' { prefix(rest) } else { None };
        if let Some((word, after)) = prefix {
            safe.push_str("#_#");
            safe.push_str(&word);
            rest = after;
        } else {
            safe.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    safe
}

/// If a prefix begins here: what stands behind its two `#`, and the rest of the line.
///
/// `##vso` without a bracket counts too (the agent warns of commands that it cannot read), and
/// so does another case (cheaper than to rely on it).
fn prefix(text: &str) -> Option<(String, &str)> {
    let (_, rest) = visible(text).filter(|&(c, _)| c == '#')?;
    let (_, rest) = visible(rest).filter(|&(c, _)| c == '#')?;
    let (first, mut after) = visible(rest)?;
    let mut word = String::from(first);
    if first == '[' {
        return Some((word, after));
    }
    if !first.eq_ignore_ascii_case(&'v') {
        return None;
    }
    for expected in ['s', 'o'] {
        let (c, behind) = visible(after).filter(|(c, _)| c.eq_ignore_ascii_case(&expected))?;
        word.push(c);
        after = behind;
    }
    Some((word, after))
}

/// The first character that has a width, and what follows it.
fn visible(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    let c = chars.find(|&c| !has_no_width(c))?;
    Some((c, chars.as_str()))
}

/// Characters that a culture-sensitive search passes over: controls, the format characters (Cf)
/// and what else Unicode lists as `Default_Ignorable_Code_Point`.
fn has_no_width(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2
            | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// `%` → `%AZP25`, but only where the agent would else decode something: old agents do not know
/// `%AZP25` and would show it behind every percentage.
fn escape_percent(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, behind) = (&rest[..at], &rest[at + 1..]);
        escaped.push_str(before);
        let is_decoded = ["0D", "0A", "3B", "5D", "AZP25"]
            .iter()
            .any(|code| behind.starts_with(code));
        escaped.push_str(if is_decoded { "%AZP25" } else { "%" });
        rest = behind;
    }
    escaped.push_str(rest);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &[&str] = &[
        "##vso[task.complete result=Succeeded;]done",
        "a name ##vso[task.setvariable variable=PATH]x",
        "##[error]not one",
        "###vso[x]",
        "####[x]",
        "##VSO[x]",
        "##vso task.complete",
        "#\u{200b}#vso[x]",
        "##\u{200b}v\u{feff}s\u{ad}o\u{2060}[x]",
        "#\0#v\0so[x]",
        "#\u{1b}#vso[x]",
        "##\u{e0001}[x]",
        "#\u{fe0f}#vso[x]",
        "harmless\r##vso[x]",
        "harmless\n\r\n##vso[x]",
        "harmless\u{85}##vso[x]\u{2028}##vso[x]\u{2029}##vso[x]\u{b}##vso[x]\u{c}##[x]",
        "##\nvso[x]",
        "##\r[x]",
        "#_##vso[#_##vso[",
        "##vso##vso[x]",
        "##vs##vso[x]",
        "##\u{200b}##vso[x]",
        "##vso[##vso[##vso[",
        "#\u{202e}#\u{202e}[x]",
    ];

    /// What the agent's search sees: nothing that has no width, in any case.
    fn as_the_agent_sees(text: &str) -> String {
        text.chars()
            .filter(|&c| !has_no_width(c))
            .collect::<String>()
            .to_lowercase()
    }

    fn assert_harmless(line: &str, from: &str) {
        let seen = as_the_agent_sees(line);
        assert!(
            !seen.contains("##vso") && !seen.contains("##["),
            "{from:?} became {line:?}"
        );
    }

    #[test]
    fn no_text_acts_as_a_command() {
        for text in HOSTILE {
            for line in lines(text) {
                assert_harmless(&line, text);
                assert!(!line.contains(ends_line), "{line:?}");
            }
            assert_harmless(&data(text), text);
            assert!(!data(text).contains(ends_line));
            assert!(!property(text).contains([']', ';']));
        }
    }

    #[test]
    fn a_text_of_characters_without_width_costs_no_more_than_its_length() {
        let text = format!("#{}##vso[x]", "\u{200b}".repeat(200_000));
        let [line] = &lines(&text)[..] else {
            panic!("one line");
        };
        assert_harmless(line, "without width");
    }

    #[test]
    fn two_texts_put_together_in_every_place_are_harmless_too() {
        for text in HOSTILE {
            for (at, _) in text.char_indices() {
                for between in ["#", "##", "\u{200b}", "\0", "[", "vso[", "\r"] {
                    let (before, behind) = text.split_at(at);
                    let joined = format!("{before}{between}{behind}");
                    for line in lines(&joined) {
                        assert_harmless(&line, &joined);
                    }
                }
            }
        }
    }

    #[test]
    fn to_neutralise_twice_changes_nothing_more() {
        for text in HOSTILE {
            let once = lines(text);
            assert_eq!(lines(&once.join("\n")), once);
        }
    }

    #[test]
    fn harmless_text_stays_as_it_is() {
        for text in [
            "",
            "Issue #41 of ## headings ###",
            "C# and F#",
            "100 % of 12 tests; [x]",
            "a\tb",
            "👩\u{200d}💻 и Ünïcode # \u{200b}",
            "#vso[x]",
            "## vso[x]",
        ] {
            assert_eq!(lines(text), [text]);
            assert_eq!(data(text), text);
        }
    }

    #[test]
    fn the_parted_prefix_stays_readable() {
        assert_eq!(lines("a ##vso[x]y"), ["a #_#vso[x]y"]);
        assert_eq!(lines("##\u{200b}[error]"), ["#_#[error]"]);
        assert_eq!(lines("a\r\nb\rc"), ["a", "b", "c"]);
    }

    #[test]
    fn a_command_is_escaped_as_the_agent_decodes_it() {
        assert_eq!(data("50 % of\r\n2"), "50 % of%0A2");
        assert_eq!(
            data("%0A %0D %AZP25 %3B %20"),
            "%AZP250A %AZP250D %AZP25AZP25 %AZP253B %20"
        );
        assert_eq!(data("%%0A"), "%%AZP250A");
        assert_eq!(data("%\n0A"), "%%0A0A");
        assert_eq!(property("a;b]c%5D"), "a%3Bb%5Dc%AZP255D");
    }

    #[test]
    fn json_means_the_same_and_holds_no_command() {
        for text in HOSTILE {
            let value = serde_json::json!({ "name": text, "#": "C:\\#a##" });
            let written = json(&value.to_string());
            assert_harmless(&written, text);
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&written).unwrap(),
                value
            );
        }
    }
}
