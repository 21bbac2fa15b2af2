//! Quotes as they stand in the files of a report: escaped for JSON, XML, CSV or an address, once or
//! several times.

/// The ways to write a quote, backslashes before it apart. A cell of a CSV doubles it.
const MARKS: [&str; 18] = [
    "\"\"",
    "\"",
    "'",
    "&quot;",
    "&apos;",
    "&#34;",
    "&#39;",
    "&#x22;",
    "&#x27;",
    "&amp;quot;",
    "&amp;apos;",
    "&amp;#34;",
    "&amp;#39;",
    "&amp;amp;quot;",
    "u0022",
    "u0027",
    "%22",
    "%27",
];

const DOUBLED: &str = "\"\"";

/// The longest way to write one; backslashes apart.
pub(super) const LONGEST_QUOTE: usize = 16;

/// Deeper escapes are no quotes any more.
const MOST_BACKSLASHES: usize = 31;

/// A quote as it is written in one place of a text; the one that closes is written likewise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    mark: &'static str,
    backslashes: usize,
}

impl Quote {
    /// The quote that stands here, if one does. Two ordinary ones are the ends of an empty string,
    /// unless `may_be_doubled`.
    pub(super) fn at(text: &[u8], at: usize, may_be_doubled: bool) -> Option<Quote> {
        let backslashes = backslashes(&text[at..]);
        let rest = &text[at + backslashes..];
        // Most places hold none, and this is asked for each of them.
        if !matches!(rest.first()?, b'"' | b'\'' | b'&' | b'%' | b'u') {
            return None;
        }
        let mark = MARKS.iter().copied().find(|mark| {
            rest.starts_with(mark.as_bytes()) && (*mark != DOUBLED || may_be_doubled)
        })?;
        let needs_backslash = mark.starts_with('u');
        let is_quote = backslashes <= MOST_BACKSLASHES && (!needs_backslash || backslashes > 0);
        is_quote.then_some(Quote { mark, backslashes })
    }

    /// The quote that opens a value. Two ordinary ones are an empty string, if nothing follows that
    /// would be its text: else they are one of a CSV.
    pub(super) fn of_value(text: &[u8], at: usize) -> Option<Quote> {
        let begins_text = |byte: &u8| !byte.is_ascii_whitespace() && !b",;)]}&<>".contains(byte);
        let is_doubled = text.get(at..)?.starts_with(DOUBLED.as_bytes())
            && text.get(at + DOUBLED.len()).is_some_and(begins_text);
        Quote::at(text, at, is_doubled)
    }

    /// The quote of JSON behind so many backslashes.
    pub(super) fn of_json(backslashes: usize) -> Quote {
        Quote {
            mark: "\"",
            backslashes,
        }
    }

    /// How many bytes it takes.
    pub(super) fn len(self) -> usize {
        self.backslashes + self.mark.len()
    }

    /// Its backslashes.
    pub(super) fn backslashes(self) -> usize {
        self.backslashes
    }

    /// Itself.
    pub(super) fn write(self, to: &mut Vec<u8>) {
        to.resize(to.len() + self.backslashes, b'\\');
        to.extend_from_slice(self.mark.as_bytes());
    }

    /// Whether a text that it encloses ends here, behind so many backslashes.
    pub(super) fn is_closed_at(self, text: &[u8], at: usize, backslashes: usize) -> bool {
        let rest = &text[at..];
        // A single one ends a cell of a CSV, and with it what is in it.
        let found = rest.starts_with(self.mark.as_bytes())
            || (self.mark == DOUBLED && rest.first() == Some(&b'"'));
        if !found {
            return false;
        }
        if self.mark.starts_with('u') {
            return backslashes == self.backslashes;
        }
        // Each level of escapes doubles the backslashes and adds one for the quote: an escaped
        // quote inside has more of them, and so has a backslash that the value ends with.
        backslashes % (2 * (self.backslashes + 1)) == self.backslashes
    }

    /// Whether it is written by means of XML, so that a tag ends what it encloses.
    pub(super) fn is_of_xml(self) -> bool {
        self.mark.starts_with('&')
    }

    /// The end of the text that begins here, if it is within `limit` bytes.
    pub(super) fn closes(self, text: &[u8], from: usize, limit: usize) -> Option<usize> {
        let until = text.len().min(from.saturating_add(limit));
        let mut at = from;
        while at < until {
            let first = self.mark.as_bytes()[0];
            at += memchr::memchr2(first, b'\n', &text[at..until])?;
            let before = text[from..at].iter().rev();
            let backslashes = before.take_while(|&&byte| byte == b'\\').count();
            if self.is_closed_at(text, at, backslashes) {
                return Some(at - self.backslashes.min(backslashes));
            }
            if text[at] == b'\n' {
                return None;
            }
            at += 1;
        }
        None
    }
}

fn backslashes(text: &[u8]) -> usize {
    text.iter()
        .take(MOST_BACKSLASHES + 1)
        .take_while(|&&byte| byte == b'\\')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_closed_by_one_that_is_written_alike() {
        for (text, inside) in [
            (r#""a\"b" c"#, r#"a\"b"#),
            (r#""a\\" c"#, r"a\\"),
            (r#"\"a\\\"b\" c"#, r#"a\\\"b"#),
            (r#"\"a\\\\\" c"#, r"a\\\\"),
            ("&quot;a\"b&quot;", "a\"b"),
            (r"&quot;a\&quot;b&quot;", r"a\&quot;b"),
            (r#"\&amp;quot;a'b\&amp;quot;"#, "a'b"),
            (r"\u0027a\u0027", "a"),
            ("\"\"a\"\",", "a"),
            ("\"\"a\",", "a"),
            ("%22a%22", "a"),
            ("''", ""),
        ] {
            let quote = Quote::at(text.as_bytes(), 0, text.starts_with("\"\"a")).unwrap();
            let end = quote.closes(text.as_bytes(), quote.len(), 100);
            assert_eq!(&text[quote.len()..end.unwrap()], inside, "{text}");
        }
        for open in ["\"a", "\"a\nb\"", "\"a\\\""] {
            let quote = Quote::at(open.as_bytes(), 0, false).unwrap();
            assert_eq!(quote.closes(open.as_bytes(), 1, 100), None, "{open}");
        }
        assert_eq!(Quote::at(b"u0022", 0, false), None);
        assert_eq!(Quote::at(b"x\"", 0, false), None);
    }
}
