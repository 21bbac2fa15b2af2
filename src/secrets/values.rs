//! Where a value ends whose name says that it is secret.

use super::quotes::{LONGEST_QUOTE, Quote};

/// A value made of many parts is not followed further: what has no end would hide all that follows.
const LONGEST_NESTED: usize = 64 * 1024;

/// What ends a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The quote that closes it.
    Closed(Quote),
    /// The end of a line, of whatever kind: a header. Where it begins within quotes, their end too.
    Line(Option<Quote>),
    /// What parts fields of a form and parameters of an address.
    Field,
    /// What parts the entries of a map that Java printed.
    Entry,
    /// A blank, a quote, or what parts things.
    Word,
    /// A tag.
    Tag,
    /// What is no digit of a number.
    Number,
    /// The bracket that closes it, strings in this quote apart.
    Bracket(Quote),
}

/// Looks for the end of a value that may be longer than what is at hand.
#[derive(Clone, Debug)]
pub(super) struct ValueEnd {
    until: Until,
    backslashes: usize,
    depth: usize,
    is_in_string: bool,
    length: usize,
}

/// Where a value ends, as far as the text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There.
    At(usize),
    /// Further on; to be looked for from there.
    After(usize),
}

impl ValueEnd {
    pub(super) fn new(until: Until) -> Self {
        Self {
            until,
            backslashes: 0,
            depth: 0,
            is_in_string: false,
            length: 0,
        }
    }

    /// Looks from there on.
    pub(super) fn find(&mut self, text: &[u8], from: usize, is_end: bool) -> End {
        let mut at = from;
        while at < text.len() {
            // What ends it may be cut off by the end of the window.
            if !is_end && text.len() - at < LONGEST_QUOTE {
                let run = self.backslashes.min(at - from);
                self.backslashes -= run;
                return End::After(at - run);
            }
            if let Some(end) = self.ends_at(text, at, is_end) {
                return End::At(end.max(from));
            }
            if text[at] == b'\\' {
                self.backslashes += 1;
            } else {
                self.backslashes = 0;
            }
            self.length += 1;
            at += 1;
        }
        if is_end { End::At(at) } else { End::After(at) }
    }

    fn ends_at(&mut self, text: &[u8], at: usize, is_end: bool) -> Option<usize> {
        let rest = &text[at..];
        let byte = rest[0];
        let here = |is_end: bool| is_end.then_some(at);
        match self.until {
            Until::Closed(quote) => {
                if quote.is_closed_at(text, at, self.backslashes) {
                    return Some(at - quote.backslashes().min(self.backslashes));
                }
                here(matches!(byte, b'\n' | b'\r') || (quote.is_of_xml() && byte == b'<'))
            }
            Until::Line(quote) => {
                if let Some(quote) = quote
                    && quote.is_closed_at(text, at, self.backslashes)
                {
                    return Some(at - quote.backslashes().min(self.backslashes));
                }
                here(ends_line(rest) || begins_tag(rest))
            }
            Until::Field => here(
                matches!(byte, b'&' | b'"' | b'\'' | b'<' | b'#' | b'\\' | b'|')
                    || byte.is_ascii_whitespace()
                    || starts_with_any(rest, &["%26", "%22", "%27"])
                    || (is_separator(byte) && begins_nothing(&rest[1..], is_end)),
            ),
            Until::Entry => here(
                matches!(byte, b'}' | b']' | b'"' | b'<')
                    || (byte == b',' && begins_nothing(&rest[1..], is_end))
                    || starts_with_any(rest, &["&quot;", "&amp;quot;"])
                    || ends_line(rest),
            ),
            Until::Word => here(
                matches!(
                    byte,
                    b'&' | b'"' | b'\'' | b'<' | b'\\' | b',' | b'}' | b']' | b')'
                ) || byte.is_ascii_whitespace(),
            ),
            Until::Tag => here(begins_tag(rest)),
            Until::Number => here(!byte.is_ascii_digit() && !b"+-.eE".contains(&byte)),
            Until::Bracket(quote) => self.closes_bracket(quote, text, at),
        }
    }

    fn closes_bracket(&mut self, quote: Quote, text: &[u8], at: usize) -> Option<usize> {
        if quote.is_closed_at(text, at, self.backslashes) {
            self.is_in_string = !self.is_in_string;
        } else if !self.is_in_string {
            match text[at] {
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        let is_cut = self.length >= LONGEST_NESTED || (quote.is_of_xml() && text[at] == b'<');
        is_cut.then_some(at)
    }
}

/// The end of a line, also one that is escaped.
fn ends_line(rest: &[u8]) -> bool {
    matches!(rest[0], b'\n' | b'\r')
        || starts_with_any(
            rest,
            &[
                "\\n", "\\r", "&#10;", "&#13;", "&#xa;", "&#xd;", "&#xA;", "&#xD;", "%0A", "%0D",
                "%0a", "%0d",
            ],
        )
}

fn begins_tag(rest: &[u8]) -> bool {
    rest[0] == b'<' || starts_with_any(rest, &["&lt;", "&amp;lt;", "\\u003c", "\\u003C"])
}

fn starts_with_any(rest: &[u8], all: &[&str]) -> bool {
    all.iter().any(|one| rest.starts_with(one.as_bytes()))
}

/// Signs that part things only where nothing follows that belongs to the value.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b')' | b']' | b'}')
}

fn begins_nothing(rest: &[u8], is_end: bool) -> bool {
    match rest.first() {
        None => is_end,
        Some(&byte) => {
            byte.is_ascii_whitespace()
                || is_separator(byte)
                || matches!(byte, b'"' | b'\'' | b'<' | b'&' | b'\\')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value at the beginning of the text, looked for in pieces of every size.
    fn value(until: Until, text: &str) -> &str {
        let whole = ValueEnd::new(until).find(text.as_bytes(), 0, true);
        let End::At(end) = whole else {
            panic!("{text}")
        };
        for size in 1..text.len() + 20 {
            let mut search = ValueEnd::new(until);
            let (mut from, mut at_hand) = (0, 0);
            let found = loop {
                at_hand = text.len().min(at_hand + size);
                let is_end = at_hand == text.len();
                match search.find(&text.as_bytes()[..at_hand], from, is_end) {
                    End::At(found) => break found,
                    End::After(next) => from = next,
                }
            };
            assert_eq!(found, end, "{text} in pieces of {size}");
        }
        &text[..end]
    }

    #[test]
    fn each_kind_of_value_has_its_end() {
        let quote = |text: &str| Quote::at(text.as_bytes(), 0, false).unwrap();
        let plain = quote("\"");
        for (until, text, expected) in [
            (Until::Closed(plain), r#"a\"b\\" rest"#, r#"a\"b\\"#),
            (Until::Closed(plain), "a\nb\"", "a"),
            (
                Until::Closed(quote("\\\"")),
                r#"a\\\"b\" rest"#,
                r#"a\\\"b"#,
            ),
            (Until::Closed(quote("&quot;")), "a<b&quot;", "a"),
            (Until::Line(None), "Basic a, b\r\nX: y", "Basic a, b"),
            (Until::Line(None), "a\\r\\nX: y", "a"),
            (Until::Line(None), "a&lt;/b", "a"),
            (Until::Line(Some(plain)), "a\" b", "a"),
            (Until::Field, "a,b;c)d&x=1", "a,b;c)d"),
            (Until::Field, "a, b", "a"),
            (Until::Field, "a}", "a"),
            (Until::Field, "a%26x%3D1", "a"),
            (Until::Entry, "Bearer a=, X=y}", "Bearer a="),
            (Until::Entry, "Bearer a}", "Bearer a"),
            (Until::Word, "abc, d", "abc"),
            (Until::Tag, "a b\nc</p>", "a b\nc"),
            (Until::Tag, "a&amp;lt;/p", "a"),
            (Until::Number, "-1.5e3,", "-1.5e3"),
            (
                Until::Bracket(plain),
                r#"["a]\"", {"b": [1]}], 2"#,
                r#"["a]\"", {"b": [1]}]"#,
            ),
        ] {
            assert_eq!(value(until, text), expected, "{until:?} {text}");
        }
    }

    #[test]
    fn what_has_no_end_hides_no_more_than_it_may() {
        let text = "[".repeat(LONGEST_NESTED * 2);
        let quote = Quote::at(b"\"", 0, false).unwrap();
        assert_eq!(value_end(Until::Bracket(quote), &text), LONGEST_NESTED);
    }

    fn value_end(until: Until, text: &str) -> usize {
        match ValueEnd::new(until).find(text.as_bytes(), 0, true) {
            End::At(end) | End::After(end) => end,
        }
    }
}
