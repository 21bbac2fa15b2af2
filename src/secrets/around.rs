//! Small looks around a place in the bytes of a text.

use super::quotes::{LONGEST_QUOTE, Quote};

/// Blanks between a name and its value; more are no layout.
const MOST_BLANKS: usize = 256;

/// The longest beginning of a name before the word in it.
const LONGEST_NAME: usize = 120;

/// What a name is made of that stands without quotes.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.$".contains(&byte) || !byte.is_ascii()
}

/// The place behind blanks and ends of lines.
pub(super) fn skip_blanks(text: &[u8], from: usize) -> usize {
    let blanks = text.get(from..).unwrap_or_default().iter();
    from + blanks
        .take(MOST_BLANKS)
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}

/// The length of the beginning of the text that is one of these.
pub(super) fn starts_with_any(text: &[u8], all: &[&str]) -> Option<usize> {
    all.iter()
        .find(|one| text.starts_with(one.as_bytes()))
        .map(|one| one.len())
}

/// Where the name begins that a word stands in; one within quotes may hold blanks.
pub(super) fn name_before(text: &[u8], start: usize, is_quoted: bool) -> usize {
    let is_inside = |byte: u8| is_name_byte(byte) || (is_quoted && b" ()".contains(&byte));
    let before = text[..start].iter().rev().take(LONGEST_NAME);
    let begin = start - before.take_while(|&&byte| is_inside(byte)).count();
    begin + escape_end(&text[..begin], &text[begin..start])
}

/// How much of a name is no part of it but the rest of an escape before it: `\npassword`,
/// `%26password`, `\u0026password`.
fn escape_end(before: &[u8], name: &[u8]) -> usize {
    let is_hex = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
    match (before.last(), name) {
        (Some(b'\\'), [b'u', rest @ ..]) if rest.len() >= 4 && is_hex(&rest[..4]) => 5,
        (Some(b'\\'), [b'n' | b'r' | b't', ..]) => 1,
        (Some(b'%'), [a, b, ..]) if is_hex(&[*a, *b]) => 2,
        _ => 0,
    }
}

/// The quote that what begins here is enclosed by. Behind the escaped end of a line it is that of
/// the string which the line stands in.
pub(super) fn quote_before(text: &[u8], begin: usize) -> Option<Quote> {
    if let [before @ .., b'n' | b'r'] = &text[..begin] {
        let backslashes = before
            .iter()
            .rev()
            .take_while(|&&byte| byte == b'\\')
            .count();
        if backslashes > 0 {
            return Some(Quote::of_json(backslashes - 1));
        }
    }
    let most = begin.min(2 * LONGEST_QUOTE);
    // The longest: backslashes belong to it.
    (1..=most).rev().find_map(|length| {
        Quote::at(text, begin - length, false).filter(|quote| quote.len() == length)
    })
}
