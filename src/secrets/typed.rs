//! Text that a test types into an object: Katalon's log tells it as a step and as a message.

use std::ops::Range;

use super::around::{is_name_byte, skip_blanks};
use super::quotes::Quote;

/// The longest path of an object.
const LONGEST_OBJECT: usize = 512;

/// The longest rest of what finds the object: its variables.
const LONGEST_ARGUMENT: usize = 512;

/// The longest typed text that a message is searched for.
const LONGEST_TEXT: usize = 2 * 1024;

/// The longest words between a typed text and its object.
const LONGEST_WORDS: usize = 48;

/// Quotes inside a typed text that are tried as its end.
const MOST_QUOTES: usize = 4;

/// What a keyword types: `findTestObject("Page/input_password"), "text")`, from behind the bracket
/// that begins its arguments. Gives the name of the object, or of the variable that holds it, where
/// the text begins, and its quote.
pub(super) fn by_keyword(text: &[u8], from: usize) -> Option<(String, usize, Quote)> {
    let at = skip_blanks(text, from);
    let word = text[at..]
        .iter()
        .take(100)
        .take_while(|&&byte| is_name_byte(byte))
        .count();
    let behind = at + word;
    let (object, behind) = match text.get(behind)? {
        b'(' => {
            let at = skip_blanks(text, behind + 1);
            let quote = Quote::at(text, at, true)?;
            let begin = at + quote.len();
            let end = quote.closes(text, begin, LONGEST_OBJECT)?;
            let behind = argument_end(text, end + quote.len())?;
            (name_of(&text[begin..end]), behind)
        }
        b',' => (name_of(&text[at..behind]), behind),
        _ => return None,
    };
    let at = skip_blanks(text, behind + 1);
    let quote = Quote::of_value(text, at)?;
    Some((object, at + quote.len(), quote))
}

/// The comma behind an argument of which one bracket is open.
fn argument_end(text: &[u8], from: usize) -> Option<usize> {
    let mut depth = 1_usize;
    let most = text.len().min(from + LONGEST_ARGUMENT);
    let mut at = from;
    while at < most {
        if b"\\\"'&%".contains(&text[at])
            && let Some(quote) = Quote::of_value(text, at)
        {
            at = quote.closes(text, at + quote.len(), LONGEST_TEXT)? + quote.len();
            continue;
        }
        match text[at] {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => return Some(at),
            b'\n' => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

/// What the message of such a keyword tells: `Text 'text' is set on object 'Page/input_password'`,
/// or `Unable to set text …`, from its word `text` on. Gives the name of the object and where the
/// text stands, if the object is asked for.
pub(super) fn by_message(
    text: &[u8],
    start: usize,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<(String, Range<usize>)> {
    let at = skip_blanks(text, start + "text".len());
    let quote = Quote::at(text, at, false)?;
    let begin = at + quote.len();
    let mut from = begin;
    // The text itself may hold such quotes.
    for _ in 0..MOST_QUOTES {
        let end = quote.closes(text, from, LONGEST_TEXT)?;
        let behind = end + quote.len();
        let most = text.len().min(behind + LONGEST_WORDS);
        if let Some(word) = memchr::memmem::find(&text[behind..most], b"object ") {
            let at = behind + word + "object ".len();
            let is_between = quote.closes(text, behind, word).is_none();
            if is_between && Quote::at(text, at, false) == Some(quote) {
                let object = at + quote.len();
                let close = quote.closes(text, object, LONGEST_OBJECT)?;
                let name = name_of(&text[object..close]);
                return is_wanted(&name).then_some((name, begin..end));
            }
        }
        from = behind;
    }
    None
}

/// The name of an object is the last part of its path.
fn name_of(path: &[u8]) -> String {
    let last = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    String::from_utf8_lossy(last).trim().to_owned()
}

/// Object and text of a step as the log's reader has it, `setText(findTestObject("Page/a"), "b")`,
/// and whether the text is secret whatever the object is called.
pub(crate) fn of_step(step: &str) -> Option<(String, String, bool)> {
    const KEYWORDS: [(&str, bool); 4] = [
        ("setText(", false),
        ("sendKeys(", false),
        ("setEncryptedText(", true),
        ("setMaskedText(", true),
    ];
    let (from, always) = KEYWORDS.iter().find_map(|(keyword, always)| {
        let at = step.find(keyword)?;
        Some((at + keyword.len(), *always))
    })?;
    let (object, begin, quote) = by_keyword(step.as_bytes(), from)?;
    let end = quote.closes(step.as_bytes(), begin, step.len())?;
    let text = crate::katalon::text::unescape_java(step.get(begin..end)?);
    Some((object, text.into_owned(), always))
}

/// Object and text of the message that such a step leaves.
pub(crate) fn of_message(message: &str) -> Option<(String, String)> {
    let at = memchr::memmem::find(message.as_bytes(), b"ext '")?.checked_sub(1)?;
    let (object, text) = by_message(message.as_bytes(), at, |_| true)?;
    Some((object, message.get(text)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_types_is_read() {
        for (step, object, typed) in [
            (
                r#"setText(findTestObject("Object Repository/Login, 2/input_pass\"word"), "a\"b")"#,
                "input_pass\\\"word",
                "a\"b",
            ),
            (
                r#"setEncryptedText(findTestObject('A/pwd', [("x") : "1, (2"]), 'abc==', FailureHandling.STOP)"#,
                "pwd",
                "abc==",
            ),
            (r#"WebUI.setEncryptedText(field, "abc")"#, "field", "abc"),
            (
                r#"setText(page.passwordField, "abc")"#,
                "page.passwordField",
                "abc",
            ),
            (
                r#"CustomKeywords.setText(findTestObject("p"), "x", 3)"#,
                "p",
                "x",
            ),
        ] {
            let (found, text, _) = of_step(step).unwrap();
            assert_eq!((found.as_str(), text.as_str()), (object, typed), "{step}");
        }
        for step in [
            "setText(findTestObject(\"p\"), password)",
            "click(a)",
            "setText(",
        ] {
            assert_eq!(of_step(step), None, "{step}");
        }
    }

    #[test]
    fn what_a_message_tells_is_read() {
        for (message, typed) in [
            ("Text 'it's' is set on object 'A/pwd'", "it's"),
            (
                "Unable to set text 'x' of object 'A/pwd' (Root cause: y)",
                "x",
            ),
            ("Text 'x' has been set to object 'A/pwd'", "x"),
        ] {
            let (object, text) = of_message(message).unwrap();
            assert_eq!((object.as_str(), text.as_str()), ("pwd", typed));
        }
        assert_eq!(
            of_message("Text ****** has been set on object 'A/pwd'"),
            None
        );
    }
}
