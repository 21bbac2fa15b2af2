//! Groovy's maps as Groovy prints them, `[user:ann, password:x]`, and lines `password: x`.
//!
//! Neither has quotes, and much that is harmless looks alike: `[TokenFilter:42]` is a place in a
//! program, `[password:reset]` a tag, `Password: required` a sentence. So an entry counts where
//! others stand beside it, and one alone only where it is no tag, or its value is no word.

use std::ops::Range;

use super::super::around::is_name_byte;

/// The longest value that is followed to its end.
const LONGEST_VALUE: usize = 2 * 1024;

/// The same of one that is a map or a list itself.
const LONGEST_NESTED: usize = 256;

/// The longest key.
const LONGEST_KEY: usize = 64;

/// How far back the beginning of a map is looked for, and past how many maps that end before.
const LONGEST_BEFORE: usize = 256;
const MOST_BEFORE: usize = 4;

/// So many entries one after the other are those of a map, wherever it begins.
const ENTRIES_OF_A_MAP: usize = 6;

/// A shorter value may be a word that has a digit in it.
const SHORTEST_CREDENTIALS: usize = 6;

/// What ends a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndsBy {
    /// The next entry.
    Entry,
    /// The end of the map.
    Bracket,
}

/// Where ends of values were looked for: many names may stand before one end.
#[derive(Default)]
pub(super) struct Ends {
    scanned: Range<usize>,
    found: Option<EndsBy>,
}

impl Ends {
    /// The first end of a value that begins here.
    fn after(&mut self, text: &[u8], value: usize) -> Option<(usize, EndsBy)> {
        if value < self.scanned.start || value > self.scanned.end {
            self.scanned = value..value;
            self.found = None;
        }
        let most = text.len().min(value + LONGEST_VALUE);
        while self.found.is_none() && self.scanned.end < most {
            let at = self.scanned.end;
            if matches!(text[at], b'\n' | b'\r' | b'<') || ends_string(text, at) {
                return None;
            }
            self.found = ends_by(text, at);
            if self.found.is_none() {
                self.scanned.end += 1;
            }
        }
        self.found.map(|by| (self.scanned.end, by))
    }
}

/// Whether a string of JSON ends here: a map in it has no end then.
fn ends_string(text: &[u8], at: usize) -> bool {
    text[at] == b'"' && text.get(at + 1).is_some_and(|next| b",:}".contains(next))
}

/// What ends a value here. A bracket inside of one has more of the value behind it.
fn ends_by(text: &[u8], at: usize) -> Option<EndsBy> {
    match text[at] {
        b',' if text.get(at + 1) == Some(&b' ') && begins_entry(text, at + 2) => {
            Some(EndsBy::Entry)
        }
        b']' if !text.get(at + 1).copied().is_some_and(is_name_byte) => Some(EndsBy::Bracket),
        _ => None,
    }
}

/// Whether an entry begins here: a key, and a colon without a blank behind it.
fn begins_entry(text: &[u8], at: usize) -> bool {
    let rest = &text[at..];
    let is_key = |byte: u8| is_name_byte(byte) || byte == b' ';
    let key = rest.iter().take(LONGEST_KEY);
    let length = key.take_while(|&&byte| is_key(byte)).count();
    let first = rest.first().copied().unwrap_or_default();
    let begins_name = is_name_byte(first) && !first.is_ascii_digit();
    let colon = rest.get(length) == Some(&b':');
    let behind = rest.get(length + 1).copied().unwrap_or(b' ');
    begins_name && colon && !behind.is_ascii_whitespace() && behind != b':'
}

/// Whether an entry of a map is before the comma that stands here. Of a map that begins further away
/// two of them tell, unless `is_strict`.
fn has_entry_before(text: &[u8], comma: usize, is_strict: bool) -> bool {
    let least = comma.saturating_sub(LONGEST_BEFORE);
    let (mut depth, mut entries) = (0, 0);
    for at in (least..comma).rev() {
        match text[at] {
            b'\n' | b'\r' | b'<' | b'>' => return false,
            // Of a program, in which objects look alike.
            b'{' | b'}' | b'(' | b';' if is_strict => return false,
            b']' => depth += 1,
            b'[' if depth > 0 => depth -= 1,
            b'[' => return begins_entry(text, at + 1),
            b',' if depth == 0 && ends_by(text, at) == Some(EndsBy::Entry) => entries += 1,
            _ => {}
        }
        if depth > MOST_BEFORE {
            return false;
        }
        if entries == ENTRIES_OF_A_MAP {
            return !is_strict;
        }
    }
    !is_strict && least > 0 && entries > 1
}

/// The value of an entry whose name stands at `name` and whose value begins at `value`, if it is one
/// of a map. `is_strict`: only where other entries stand beside it.
pub(super) fn entry(
    text: &[u8],
    name: usize,
    value: usize,
    is_strict: bool,
    ends: &mut Ends,
) -> Option<Range<usize>> {
    let (is_first, has_before) = match &text[..name] {
        [.., b'['] => (true, false),
        [.., b',', b' '] => (false, has_entry_before(text, name - 2, is_strict)),
        _ => return None,
    };
    if !is_first && !has_before {
        return None;
    }
    let first = *text.get(value)?;
    let (end, by) = if first == b'[' {
        let end = nested_end(text, value)?;
        (end, text.get(end).and_then(|_| ends_by(text, end))?)
    } else {
        ends.after(text, value)?
    };
    if end == value {
        return None;
    }
    let has_others = has_before || by == EndsBy::Entry;
    let is_one = has_others || !is_strict && is_no_tag(text, name, value..end);
    // `http://` and `::` are no values.
    let is_value = first != b':' && !text[value..end].starts_with(b"//");
    (is_one && is_value).then_some(value..end)
}

/// Behind the bracket that closes the one that stands here.
fn nested_end(text: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let most = text.len().min(from + LONGEST_NESTED);
    for (at, byte) in text[..most].iter().enumerate().skip(from) {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return Some(at + 1),
            b']' => depth -= 1,
            b'\n' | b'\r' | b'<' => return None,
            _ => {}
        }
    }
    None
}

/// Whether the only entry of a map is no tag, no place in a program and no port.
fn is_no_tag(text: &[u8], name: usize, value: Range<usize>) -> bool {
    let written = &text[value.clone()];
    if looks_like_credentials(written) {
        return true;
    }
    let is_place = text[name].is_ascii_uppercase() || written.iter().all(u8::is_ascii_digit);
    // `[password:reset] was begun`
    let behind = &text[value.end..];
    let is_tag = behind.len() > 2 && behind[1] == b' ' && behind[2] != b' ';
    // `list[token:end]`
    let is_index = matches!(text[..name], [.., before, b'['] if is_name_byte(before));
    !is_place && !is_tag && !is_index
}

/// Letters and digits in one, as no word has them and many a password does.
fn looks_like_credentials(value: &[u8]) -> bool {
    value.len() >= SHORTEST_CREDENTIALS
        && !value.contains(&b' ')
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
}

/// The value of a line `password: x`, if that is all of it and no word.
pub(super) fn line(text: &[u8], name: usize, value: usize) -> Option<Range<usize>> {
    let before = text[..name].iter().rev().take(LONGEST_KEY);
    let indent = before
        .take_while(|&&byte| matches!(byte, b' ' | b'\t'))
        .count();
    let begins_line = match &text[..name - indent] {
        [] | [.., b'\n'] => true,
        [.., b'\n', b'-'] | [b'-'] => indent == 1,
        _ => false,
    };
    let most = text.len().min(value + LONGEST_VALUE);
    let rest = &text[value..most];
    let length = rest
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .or((most == text.len()).then_some(rest.len()))?;
    let written = rest[..length].trim_ascii_end();
    let is_word = written.iter().any(|byte| b" \t<\"'".contains(byte));
    (begins_line && !is_word && looks_like_credentials(written))
        .then(|| value..value + written.len())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use crate::secrets::{Secrets, TextKind};

    fn masked(text: &str, kind: TextKind) -> String {
        let mut masked = String::new();
        let secrets = Secrets::default();
        let mut reader = secrets.masked(text.as_bytes(), kind).unwrap();
        reader.read_to_string(&mut masked).unwrap();
        masked
    }

    #[test]
    fn secret_entries_of_maps_are_masked() {
        let far = format!("[{}token:t1]", "key:value, ".repeat(40));
        let far_masked = far.replace("t1", "***");
        for (text, expected) in [
            ("[username:ann, password:x]", "[username:ann, password:***]"),
            (
                "[password:a, b]c, user:ann] d",
                "[password:***, user:ann] d",
            ),
            ("[pwd:x y, user:u, token:]", "[pwd:***, user:u, token:]"),
            (
                "login with [user:ann, pwd:a, b, token:c] done",
                "login with [user:ann, pwd:***, token:***] done",
            ),
            // Nested.
            (
                "[user:[name:ann, password:x], id:1]",
                "[user:[name:ann, password:***], id:1]",
            ),
            (
                "[[user:a, pwd:b], [user:c, pwd:d]]",
                "[[user:a, pwd:***], [user:c, pwd:***]]",
            ),
            (
                "[a:[1, 2], credentials:[user:ann, key:[1]], b:2]",
                "[a:[1, 2], credentials:***, b:2]",
            ),
            ("[user:[a:1], password:x]", "[user:[a:1], password:***]"),
            // In XML, CSV and JSON.
            (
                "<message>[user:u, token:a&amp;b]</message>",
                "<message>[user:u, token:***]</message>",
            ),
            (
                "1,\"[user:u, token:a\"\"b]\",2",
                "1,\"[user:u, token:***]\",2",
            ),
            (
                r#"{"text":"[user:u, pwd:a]"}"#,
                r#"{"text":"[user:u, pwd:***]"}"#,
            ),
            // Alone.
            ("Data: [password:x]", "Data: [password:***]"),
            ("run([password:x])", "run([password:***])"),
            ("[password:Sommer2026] was used", "[password:***] was used"),
            ("[passcode:123456a]", "[passcode:***]"),
            (&far, &far_masked),
        ] {
            assert_eq!(masked(text, TextKind::Data), expected);
            assert_eq!(masked(expected, TextKind::Data), expected);
        }
        let page = r#"{"m":"[user:u, pwd:a] and [pwd:b]"}"#;
        let expected = r#"{"m":"[user:u, pwd:***] and [pwd:b]"}"#;
        assert_eq!(masked(page, TextKind::Page), expected);
    }

    #[test]
    fn it_makes_no_difference_where_a_window_ends() {
        let text = [
            "[username:ann, password:a, b]c, user:ann] and [pwd:[a:1], x:y]",
            "[[user:a, pwd:b], [user:c, pwd:d]] password: Sommer2026",
            "password: Sommer2026",
            "  token: ab12cd34",
            "[token:refresh] b, token:x] [token:[token:[token:a, token:b, token:c]",
        ]
        .join("\n");
        let text = format!("{text} {}{text}", "key:value, token:x, ".repeat(60));
        let whole = masked(&text, TextKind::Data);
        let secrets = Secrets::default();
        let masks = secrets.masks().unwrap();
        for decided in 1..100 {
            let mut masked = String::new();
            let mut reader = masks
                .reader_by(text.as_bytes(), TextKind::Data, decided)
                .unwrap();
            reader.read_to_string(&mut masked).unwrap();
            assert_eq!(masked, whole, "windows of {decided}");
        }
    }

    #[test]
    fn what_only_looks_like_an_entry_stays() {
        for text in [
            "[token: none] [password: required]",
            "[TokenFilter:42] [TokenFilter.java:128] [PasswordCheck:run]",
            "[token-service:8080] started on [::1] and [http://token.example.com:80]",
            "[password:reset] was begun; npm run [token:refresh] now",
            "[Ljava.lang.String;@1a2b, [token, [INFO] token:x, y",
            "input[type:password] a[token:end] list[token:5]",
            "10:15:02 [main] INFO a - name:string, token:string, age:int",
            "[a] b, token:x] c [b, token:x, d]",
            "[line 3:15, mismatched input, token:x",
            r#"{"m":"[user:ann, token:x","b":[1],"c":2}"#,
            "[user:null, password:null, token:true]",
            "[user:ann], password:x, id:y",
            "[token:]",
            "see [Secrets::find] and [token://x]",
            "[user:ann, password:x\n]",
            "[user:ann, password:***]",
        ] {
            assert_eq!(masked(text, TextKind::Data), text);
        }
        for text in [
            "[user:ann, password:x]",
            "Data: [password:Sommer2026]",
            "password: Sommer2026",
        ] {
            assert_eq!(masked(text, TextKind::Words), text);
        }
        let script =
            "<script>$.ajax({a:b, c:d, e:f, g:h, i:j, k:l, m:n, token:csrf, o:p});</script>";
        assert_eq!(masked(script, TextKind::Page), script);
    }

    #[test]
    fn lines_of_a_secret_name_and_one_value_are_masked() {
        for (text, expected) in [
            (
                "user: ann\npassword: Sommer2026\nx: y",
                "user: ann\npassword: ***\nx: y",
            ),
            (
                "a:\n  token: ab12cd34 \r\n- pwd: 1a2b3c",
                "a:\n  token: *** \r\n- pwd: ***",
            ),
        ] {
            assert_eq!(masked(text, TextKind::Data), expected);
        }
        for text in [
            "Password: required field",
            "Password: required\nToken: expired\ntoken: none",
            "The password: Sommer2026",
            "password:\nSommer2026",
            "passcode: 123456",
            "password: Sommer2026 was refused",
            "the-token: a1b2c3d4</p>",
        ] {
            assert_eq!(masked(text, TextKind::Data), text);
        }
        let page = "password: Sommer2026";
        assert_eq!(masked(page, TextKind::Page), page);
    }
}
