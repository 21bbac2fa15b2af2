//! Names and values that JSON still tells which is damaged, or too long to be parsed.
//!
//! They are good for one thing: to know what is secret. A value that stands in half a line is as
//! secret as any other, and other files of the report hold it, too. Nothing else may hang on them:
//! what is damaged says neither which row a value is of nor that it is the last one.

use std::collections::HashSet;
use std::io::{self, Read};

use super::Variable;
use super::groovy::groovy_value;
use super::names::LONGEST_VARIABLE;
use super::text::unescape_java;

/// Of a longer file not even what is secret is known.
pub(super) const LONGEST: u64 = 256 * 1024 * 1024;

/// A longer value is none that stands in a message.
const LONGEST_VALUE: usize = 64 * 1024;

/// How far a value is followed in which quotes stand that nobody escaped.
const LONGEST_UNESCAPED: usize = 4 * 1024;

/// So much is looked at at once; of a longer line the pieces overlap by a name and its value.
const PIECE: usize = 1024 * 1024;
const OVERLAP: usize = LONGEST_VARIABLE + LONGEST_VALUE;

/// All that is kept: what is looked for later takes many times its length.
const MOST: usize = 16 * 1024 * 1024;

/// What each name and value costs beside its bytes.
const EACH: usize = 64;

/// Members of a planned case that are no variables.
const NO_VARIABLES: [&str; 4] = [
    "testCaseName",
    "testCaseId",
    "testCaseExecutionId",
    "iterationVariableName",
];

/// Names and values, each once.
#[derive(Debug, Default)]
pub(crate) struct Remains {
    are_groovy: bool,
    values: HashSet<(String, String)>,
    /// Names that Katalon masks.
    masked: HashSet<String>,
    bytes: usize,
    is_full: bool,
}

impl Remains {
    /// Of JSON whose values are as they are.
    pub(crate) fn of_json() -> Self {
        Self::default()
    }

    /// Of JSON whose values are Groovy source.
    pub(crate) fn of_groovy() -> Self {
        Self {
            are_groovy: true,
            ..Self::default()
        }
    }

    /// Whether there was more than can be kept.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// What was found, in an order of its own.
    pub(crate) fn variables(self) -> Vec<Variable> {
        let masked = self.masked;
        let variables = self.values.into_iter().map(|(name, value)| Variable {
            masked: masked.contains(&name),
            name,
            value,
        });
        let mut variables: Vec<Variable> = variables.collect();
        variables.sort();
        variables
    }

    /// Remembers that Katalon masks a variable of that name.
    pub(crate) fn add_masked(&mut self, name: &str) {
        if !self.masked.contains(name) && self.has_room(name.len()) {
            self.masked.insert(name.to_owned());
        }
    }

    /// Adds what a text tells.
    pub(crate) fn add(&mut self, text: &str) {
        // A list of variables has members `name` and `value`.
        let mut named = String::new();
        for line in text.split_inclusive('\n') {
            self.add_line(line, &mut named);
        }
    }

    /// Adds what a text of any length tells, of which so many bytes are read at most; whether that
    /// was all of it.
    pub(crate) fn add_all(&mut self, mut text: impl Read, most: u64) -> io::Result<bool> {
        let mut piece = Vec::new();
        let mut left = most;
        loop {
            let wanted = (PIECE as u64).min(left);
            let read = text.by_ref().take(wanted).read_to_end(&mut piece)?;
            left -= read as u64;
            let is_end = (read as u64) < wanted || left == 0;
            let end = match memchr::memrchr(b'\n', &piece) {
                Some(newline) if !is_end => newline + 1,
                Some(_) | None => piece.len(),
            };
            self.add(&String::from_utf8_lossy(&piece[..end]));
            if is_end {
                return Ok(left > 0 || text.read(&mut [0])? == 0);
            }
            // What stood in the middle of a line goes on.
            let is_cut = end == piece.len() && piece.last() != Some(&b'\n');
            piece.drain(..end - if is_cut { OVERLAP.min(end) } else { 0 });
        }
    }

    fn add_line(&mut self, line: &str, named: &mut String) {
        let mut scanned = 0;
        let mut at = 0;
        while let Some(quote) = next_quote(line, at) {
            at = quote + 1;
            let Some((key, value)) = key_at(line, quote) else {
                // Whatever was cut off before: some quote begins a key again.
                continue;
            };
            at = value;
            match line.as_bytes().get(value) {
                Some(b'"') => {
                    let Some((text, end)) = self.string_at(line, value) else {
                        continue;
                    };
                    at = end;
                    if key == "name" {
                        named.clear();
                        if text.len() <= LONGEST_VARIABLE {
                            named.push_str(&text);
                        }
                    }
                    self.add_value(&key, named, &text);
                    if let Some(close) = unescaped_end(line, end, &mut scanned) {
                        let text = self.text_of(&line[value + 1..close]);
                        self.add_value(&key, named, &text);
                    }
                }
                Some(b'[') => {
                    while let Some((item, end)) = self.string_at(line, skip_blanks(line, at + 1)) {
                        at = skip_blanks(line, end);
                        if key == "maskedVariableNames" {
                            self.add_masked(&item);
                        } else {
                            self.add_value(&key, named, &item);
                        }
                        if line.as_bytes().get(at) != Some(&b',') {
                            break;
                        }
                    }
                }
                Some(_) | None => match word_at(line, value) {
                    Some("true") if key == "masked" && !named.is_empty() => self.add_masked(named),
                    Some("true" | "false" | "null") | None => {}
                    Some(number) => self.add_value(&key, named, number),
                },
            }
        }
    }

    /// The text of the string that begins with this quote, and what stands behind it. One that is
    /// cut is none, unless the Groovy in it has its own end: half a secret is a word of messages,
    /// and hides nothing.
    fn string_at(&self, line: &str, quote: usize) -> Option<(String, usize)> {
        let rest = line.get(quote..)?.strip_prefix('"')?;
        if let Some(end) = next_quote(line, quote + 1) {
            return Some((self.text_of(&line[quote + 1..end]), end + 1));
        }
        let literal = decoded(rest.trim_end());
        let value = groovy_value(&literal);
        let before_end = literal.bytes().rev().skip(1);
        let is_escaped = before_end.take_while(|&byte| byte == b'\\').count() % 2 == 1;
        let has_end = self.are_groovy && value.len() < literal.len() && !is_escaped;
        has_end.then(|| (value.into_owned(), line.len()))
    }

    fn text_of(&self, raw: &str) -> String {
        let text = decoded(raw);
        if self.are_groovy {
            groovy_value(&text).into_owned()
        } else {
            text
        }
    }

    fn add_value(&mut self, key: &str, named: &str, value: &str) {
        let is_none = value.is_empty() || value.len() > LONGEST_VALUE;
        if is_none || self.is_full || NO_VARIABLES.contains(&key) {
            return;
        }
        let named = (key == "value" && !named.is_empty()).then_some(named);
        for name in [key].into_iter().chain(named) {
            let value = (name.to_owned(), value.to_owned());
            if !self.values.contains(&value) && self.has_room(value.0.len() + value.1.len()) {
                self.values.insert(value);
            }
        }
    }

    fn has_room(&mut self, more: usize) -> bool {
        if self.bytes + more + EACH > MOST {
            self.is_full = true;
            return false;
        }
        self.bytes += more + EACH;
        true
    }
}

/// What JSON in a text tells whose values are as they are.
pub(crate) fn told_by_json(text: &str) -> Vec<Variable> {
    let mut remains = Remains::of_json();
    remains.add(text);
    remains.variables()
}

/// The next quote that is not escaped.
fn next_quote(line: &str, from: usize) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut quotes = memchr::memchr_iter(b'"', bytes.get(from..)?).map(|at| from + at);
    quotes.find(|&at| {
        let before = bytes[..at].iter().rev().take(LONGEST_VARIABLE);
        before.take_while(|&&byte| byte == b'\\').count() % 2 == 0
    })
}

/// The key that begins with this quote, and where its value begins.
fn key_at(line: &str, quote: usize) -> Option<(String, usize)> {
    let begin = quote + 1;
    let end = next_quote(line, begin).filter(|end| end - begin <= LONGEST_VARIABLE)?;
    let colon = skip_blanks(line, end + 1);
    (line.as_bytes().get(colon) == Some(&b':'))
        .then(|| (decoded(&line[begin..end]), skip_blanks(line, colon + 1)))
}

/// The end of a string behind what seemed to be it, if quotes stand in it that nobody escaped: behind
/// the end of one stands nothing but what parts members. No end is before `scanned`.
fn unescaped_end(line: &str, end: usize, scanned: &mut usize) -> Option<usize> {
    let parts_members = |at: usize| {
        let next = line.as_bytes().get(skip_blanks(line, at));
        next.is_none_or(|next| b",]}".contains(next))
    };
    // Only the comma may be lost.
    let next = skip_blanks(line, end);
    let begins_key = line.as_bytes().get(next) == Some(&b'"') && key_at(line, next).is_some();
    if parts_members(end) || begins_key {
        return None;
    }
    *scanned = end.max(*scanned);
    while let Some(close) = next_quote(line, *scanned) {
        if close > end + LONGEST_UNESCAPED {
            break;
        }
        if parts_members(close + 1) {
            return Some(close);
        }
        *scanned = close + 1;
    }
    None
}

/// A number, `true`, `false` or `null` that has an end.
fn word_at(line: &str, at: usize) -> Option<&str> {
    let rest = line.get(at..)?;
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let end = rest.bytes().position(|byte| !is_of_word(&byte))?;
    let word = &rest[..end];
    let is_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    (is_number || matches!(word, "true" | "false" | "null")).then_some(word)
}

fn decoded(raw: &str) -> String {
    if raw.contains('\\') {
        unescape_java(raw).into_owned()
    } else {
        raw.to_owned()
    }
}

fn skip_blanks(line: &str, from: usize) -> usize {
    let rest = line.as_bytes().get(from..).unwrap_or_default().iter();
    from + rest.take_while(|byte| byte.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(mut remains: Remains, text: &str) -> Vec<(String, String)> {
        remains.add(text);
        let variables = remains.variables().into_iter();
        variables.map(|one| (one.name, one.value)).collect()
    }

    fn pairs(text: &str) -> Vec<(String, String)> {
        told(Remains::of_groovy(), text)
    }

    const LINE: &str = r#"{"testCaseName":"Test Cases/A","testCaseId":"Test Cases/A","iterationVariableName":"","bindedValues":{"user":"\u0027ann\u0027","password":"\u0027Som\\\u0027mer\u0027","pwd":7.5E9,"tokens":["a1","b2"],"none":null,"secret":"\"x\\\"y\""}}"#;

    const ALL: [(&str, &str); 6] = [
        ("password", "Som'mer"),
        ("pwd", "7.5E9"),
        ("secret", "x\"y"),
        ("tokens", "a1"),
        ("tokens", "b2"),
        ("user", "ann"),
    ];

    fn expect(pairs: &[(String, String)], expected: &[(&str, &str)], text: &str) {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (&**n, &**v)).collect();
        assert_eq!(pairs, expected, "{text}");
    }

    #[test]
    fn of_a_cut_line_everything_before_and_behind_is_known_and_no_half_of_anything() {
        expect(&pairs(LINE), &ALL, LINE);
        for cut in (0..LINE.len()).filter(|&cut| LINE.is_char_boundary(cut)) {
            let (before, behind) = LINE.split_at(cut);
            let both = [pairs(before), pairs(behind)].concat();
            for (name, value) in &both {
                let is_whole = ALL.contains(&(name.as_str(), value.as_str()));
                let is_half_name = ALL
                    .iter()
                    .any(|(whole, known)| whole.ends_with(name.as_str()) && known == value);
                assert!(
                    is_whole || is_half_name,
                    "{name} = {value} of {before}|{behind}"
                );
            }
            let mut missing: Vec<&str> = ALL
                .iter()
                .filter(|(name, value)| !both.iter().any(|(n, v)| n == name && v == value))
                .map(|(name, _)| *name)
                .collect();
            missing.dedup();
            assert!(missing.len() <= 1, "{before}|{behind}");
        }
    }

    #[test]
    fn what_damage_makes_of_json_is_read_as_far_as_it_goes() {
        for (text, expected) in [
            // Unescaped quotes, a lost comma, doubled members, a merge.
            (
                r#"{"password":"\u0027a"b1234\u0027","x":"1"}"#,
                &[("password", "'a"), ("password", "a\"b1234"), ("x", "1")][..],
            ),
            (
                r#"{"a":"'1'""password":"'x'"}"#,
                &[("a", "1"), ("password", "x")],
            ),
            (r#""pwd":"'1'","pwd":"'2'""#, &[("pwd", "1"), ("pwd", "2")]),
            ("<<<<<<< HEAD", &[]),
            (r#"{"password": }, "token" : "'t'" }"#, &[("token", "t")]),
            // Cut.
            (r#"{"password":"'Somm"#, &[]),
            (r#"{"password":"'Sommer'"#, &[("password", "Sommer")]),
            (r#"{"pwd":1234"#, &[]),
            (r#"{"pwd":1234}"#, &[("pwd", "1234")]),
            (r#"ssword":"'x'","token":"'t'"#, &[("token", "t")]),
            // Not those of a line itself.
            (r#"{"testCaseName":"Test Cases/A","testCaseId":["#, &[]),
        ] {
            expect(&pairs(text), expected, text);
        }
    }

    #[test]
    fn a_list_of_variables_and_what_katalon_masks_is_known() {
        let mut remains = Remains::of_json();
        remains.add(r#"[{"name":"pin","value":"'12'","masked":true},{"name":"pwd","value":7},{"name":"cut","value":"x"#);
        remains.add(r#"{"maskedVariableNames":["city","a"],"bindedValues":{"city":"Rome""#);
        let variables = remains.variables();
        let variables: Vec<(&str, &str, bool)> = variables
            .iter()
            .map(|one| (one.name.as_str(), one.value.as_str(), one.masked))
            .collect();
        assert_eq!(
            variables,
            [
                ("city", "Rome", true),
                ("name", "cut", false),
                ("name", "pin", false),
                ("name", "pwd", false),
                ("pin", "'12'", true),
                ("pwd", "7", false),
                ("value", "'12'", false),
                ("value", "7", false)
            ]
        );
    }

    #[test]
    fn a_text_of_any_length_is_read_piece_by_piece() {
        let filler = format!("\"long\":\"{}\",", "x".repeat(PIECE - 20));
        let line = format!("{{{filler}\"a\":\"'1'\",{filler}\"b\":\"'2'\",{filler}\"ü\":\"'ü'\"}}");
        let text = format!(
            "{line}\n{{\"c\":\"'3'\"}}\n{}",
            "\"d\":\"'4'\"\n".repeat(200_000)
        );
        let mut remains = Remains::of_groovy();
        assert!(remains.add_all(text.as_bytes(), u64::MAX).unwrap());
        assert!(!remains.is_full());
        let names: Vec<String> = remains
            .variables()
            .into_iter()
            .map(|one| one.name)
            .collect();
        assert_eq!(names, ["a", "b", "c", "d", "ü"]);
        for (most, is_all) in [(text.len(), true), (text.len() - 1, false)] {
            let all = Remains::of_groovy().add_all(text.as_bytes(), most as u64);
            assert_eq!(all.unwrap(), is_all);
        }
    }

    #[test]
    fn a_name_that_is_none_is_not_repeated_with_each_value() {
        let name = "n".repeat(LONGEST_VARIABLE + 1);
        let text = format!("{{\"name\":\"a\",\"name\":\"{name}\",\"value\":\"1\"");
        let told = told(Remains::of_json(), &text);
        let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["name", "name", "value"]);
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let mut remains = Remains::of_json();
        let value = "x".repeat(LONGEST_VALUE - 10);
        for number in 0..300 {
            remains.add(&format!("\"a\":\"{number:06}{value}\","));
        }
        assert!(remains.is_full() && remains.bytes <= MOST);
        assert!(remains.variables().len() > 200);
        let longer = format!("\"a\":\"{}\"", "x".repeat(LONGEST_VALUE + 1));
        assert_eq!(told(Remains::of_json(), &longer), []);
    }
}
