//! Understands the lines of `reportFolders`: what a pattern is made of.

use std::path::Path;

use super::part::{Part, exact_parts, parts};
use super::rules::{Rule, Rules};

/// The lines of `reportFolders`, understood.
#[derive(Clone, Debug)]
pub struct Patterns {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    takes_out: bool,
    /// Whether it stands where it says (`/agent/…`) or below the search folder.
    absolute: bool,
    /// What the braces allow, one after the other.
    alternatives: Vec<Vec<Part>>,
}

/// More alternatives than anyone means; `{a,b}` twenty times over would be a million.
const MOST_ALTERNATIVES: usize = 1_000;

impl Patterns {
    /// Understands the lines, blank ones aside; the error says which line is wrong, and why.
    pub fn parse(lines: &[String]) -> Result<Patterns, String> {
        let mut parsed = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let text = line.trim();
            if text.is_empty() {
                continue;
            }
            let line = Line::parse(text)
                .map_err(|reason| format!("line {} ('{text}'): {reason}", index + 1))?;
            parsed.push(line);
        }
        if parsed.is_empty() {
            return Err("no pattern is given".to_owned());
        }
        if parsed.iter().all(|line: &Line| line.takes_out) {
            return Err("every line takes something out ('!'), and none takes anything".to_owned());
        }
        Ok(Patterns { lines: parsed })
    }

    /// Ties the patterns to a folder, which must be absolute.
    pub(super) fn below(&self, folder: &Path) -> Rules {
        let mut rules = Vec::new();
        for (line, source) in self.lines.iter().enumerate() {
            for alternative in &source.alternatives {
                let mut parts = Vec::new();
                if !source.absolute {
                    parts.extend(exact_parts(folder));
                }
                for part in alternative {
                    match part {
                        Part::Exactly(name) if name == ".." && !parts.is_empty() => {
                            parts.pop();
                        }
                        other => parts.push(other.clone()),
                    }
                }
                rules.push(Rule {
                    line,
                    takes_out: source.takes_out,
                    parts,
                });
            }
        }
        Rules::new(rules)
    }
}

impl Line {
    fn parse(line: &str) -> Result<Line, String> {
        let (takes_out, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, line),
        };
        if text.is_empty() {
            return Err("nothing follows the '!'".to_owned());
        }
        let text = if cfg!(windows) {
            text.replace('\\', "/")
        } else {
            text.to_owned()
        };
        let absolute = Path::new(&text).has_root();
        let mut expanded = Vec::new();
        expand_braces(&text, &mut expanded)?;
        let alternatives = expanded
            .iter()
            .map(|alternative| parts(alternative))
            .collect::<Result<_, _>>()?;
        Ok(Line {
            takes_out,
            absolute,
            alternatives,
        })
    }
}

/// `a{b,c}d` as `abd` and `acd`; a brace in brackets (`[{]`) is a letter.
fn expand_braces(text: &str, expanded: &mut Vec<String>) -> Result<(), String> {
    let mut depth = 0_usize;
    let mut open = 0;
    let mut commas = Vec::new();
    let mut in_brackets = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' if !in_brackets => in_brackets = true,
            ']' if in_brackets => in_brackets = false,
            _ if in_brackets => {}
            '{' => {
                if depth == 0 {
                    open = at;
                }
                depth += 1;
            }
            ',' if depth == 1 => commas.push(at),
            '}' if depth == 1 => {
                let mut from = open + 1;
                for &to in commas.iter().chain([&at]) {
                    let one = format!("{}{}{}", &text[..open], &text[from..to], &text[at + 1..]);
                    expand_braces(&one, expanded)?;
                    from = to + 1;
                }
                return Ok(());
            }
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if depth > 0 {
        return Err("a '{' has no '}'".to_owned());
    }
    if expanded.len() >= MOST_ALTERNATIVES {
        return Err(format!(
            "the braces give more than {MOST_ALTERNATIVES} patterns"
        ));
    }
    expanded.push(text.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(lines: &[&str]) -> Result<Patterns, String> {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        Patterns::parse(&lines)
    }

    #[test]
    fn a_wrong_line_is_named_with_its_reason() {
        for (lines, part) in [
            (&["Reports", "a{b"][..], "line 2 ('a{b'): a '{' has no '}'"),
            (&["[x"], "line 1 ('[x'): "),
            (&["!a", "!b"], "every line takes something out"),
            (&["", " "], "no pattern is given"),
            (&["**", "!"], "line 2 ('!'): nothing follows"),
        ] {
            let error = patterns(lines).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        let bomb = "{a,b}".repeat(20);
        assert!(patterns(&[&bomb]).unwrap_err().contains("more than 1000"));
    }
}
