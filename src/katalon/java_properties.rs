//! Reads Java's properties files, as far as Katalon writes them.

/// Key and value of each line, in order; a key may come twice.
pub(crate) fn read(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = line.to_owned();
        // A line whose end is escaped goes on in the next one. Each is looked at by itself: what
        // ends the one before it is a whole number of escapes.
        let mut goes_on = ends_escaped(line);
        while goes_on {
            logical.pop();
            let Some(next) = lines.next() else { break };
            let next = next.trim_start();
            logical.push_str(next);
            goes_on = ends_escaped(next);
        }
        let (key, value) = split(&logical);
        pairs.push((unescape(key), unescape(value)));
    }
    pairs
}

fn ends_escaped(line: &str) -> bool {
    let backslashes = line.bytes().rev().take_while(|&byte| byte == b'\\').count();
    backslashes % 2 == 1
}

/// At the first `=`, `:` or blank that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.char_indices().find(|&(_, c)| {
        let ends = !escaped && (matches!(c, '=' | ':') || c.is_whitespace());
        escaped = c == '\\' && !escaped;
        ends
    });
    let Some((end, _)) = end else {
        return (line, "");
    };
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, value.trim_start())
}

fn unescape(text: &str) -> String {
    // UTF-16, because a letter outside the basic plane is written as two escapes.
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut letters = text.chars();
    let mut buffer = [0; 2];
    while let Some(letter) = letters.next() {
        let letter = if letter == '\\' {
            match letters.next() {
                Some('u') => {
                    let digits = letters.as_str().get(..4);
                    if let Some(unit) = digits.and_then(|hex| u16::from_str_radix(hex, 16).ok()) {
                        units.push(unit);
                        letters = letters.as_str().get(4..).unwrap_or_default().chars();
                        continue;
                    }
                    'u'
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => continue,
            }
        } else {
            letter
        };
        units.extend_from_slice(letter.encode_utf16(&mut buffer));
    }
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_read_as_java_does() {
        for (line, key, value) in [
            ("a=b", "a", "b"),
            ("  a : b c ", "a", "b c "),
            ("a b", "a", "b"),
            (r"a\=b=c", "a=b", "c"),
            (r#"url="https\://x\=1""#, "url", "\"https://x=1\""),
            (r#"json="[\\n \\"a\\"]""#, "json", r#""[\n \"a\"]""#),
            (r"u=\u0041\uD83D\uDE00\u00g", "u", "A\u{1F600}u00g"),
            ("a=b\\\n   c", "a", "bc"),
            (r"a=b\\", "a", r"b\"),
            ("a", "a", ""),
            ("a=\\", "a", ""),
        ] {
            assert_eq!(read(line), [(key.to_owned(), value.to_owned())], "{line}");
        }
        // Each line ends in an escape of its own and one of the line's end.
        let long = format!("a={}b", "\\\\\\\n".repeat(200_000));
        let value = format!("{}b", "\\".repeat(200_000));
        assert_eq!(read(&long), [("a".to_owned(), value)]);
        assert_eq!(read("#Wed Aug 11\n! x\n\n   \n"), []);
    }
}
