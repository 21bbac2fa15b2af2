//! The forms in which one value stands in the files of a report.
//!
//! Katalon's log is XML whose messages were escaped for XML before (up to 6.x for Java as well), a
//! HAR is JSON that holds JSON, a CSV doubles quotes, addresses are percent-encoded.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The value itself and every escaped form of it, without doubles.
pub(super) fn of(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([value.to_owned()]);
    if value.chars().all(|c| c.is_ascii_alphanumeric()) {
        return forms;
    }
    let strings = strings(value);
    // A cell of a CSV.
    let cells = strings.iter().map(|string| string.replace('"', "\"\""));
    forms.extend(cells);
    for string in &strings {
        for once in xml(string) {
            // Katalon's log is escaped a second time, and by one hand.
            forms.extend(twice(&once));
            forms.insert(once);
        }
    }
    forms.extend(strings);
    forms.extend(addresses(value));
    forms.remove("");
    forms
}

/// The forms in which Katalon itself writes a value: as it is, in JSON, in XML, in XML within XML, in
/// an address.
pub(super) fn usual(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([
        value.to_owned(),
        json(value, true, false),
        percent_encoded(value.as_bytes(), UNESCAPED[0]),
    ]);
    for string in [value.to_owned(), json(value, false, false)] {
        let [least, _, all, ..] = xml_with(&string.replace('&', "&amp;").replace('<', "&lt;"));
        forms.extend(twice(&least));
        forms.extend(twice(&all));
        forms.extend([least, all, string]);
    }
    forms.remove("");
    forms
}

/// The value as strings of JSON and of programs have it.
fn strings(value: &str) -> BTreeSet<String> {
    let plain = json(value, false, false);
    // Gson escapes what could act in HTML, and so does .NET in its own way.
    let mut strings = BTreeSet::from([
        value.to_owned(),
        plain.replace('/', "\\/"),
        json(value, true, false),
        dotnet(value),
        plain.clone(),
    ]);
    if !value.is_ascii() {
        let ascii = json(value, false, true);
        strings.insert(lower_case_digits(&ascii, "\\u", 4));
        strings.insert(ascii);
    }
    // What is in a HAR as JSON within JSON.
    let nested: Vec<String> = strings
        .iter()
        .map(|string| json(string, false, false))
        .collect();
    strings.extend(nested);
    // Groovy's and Java's literals, in either quotes.
    let apostrophes = plain.replace("\\\"", "\"").replace('\'', "\\'");
    strings.insert(apostrophes.replace('$', "\\$"));
    strings.insert(apostrophes);
    strings.insert(plain.replace('$', "\\$"));
    strings.insert(plain.replace('\'', "\\'"));
    strings
}

/// The value as it stands in addresses and in forms, also in an address within another.
fn addresses(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    let utf8 = value.as_bytes().to_vec();
    let latin1: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
    for bytes in [Some(utf8), latin1].into_iter().flatten() {
        for unescaped in UNESCAPED {
            let url = percent_encoded(&bytes, unescaped);
            let twice = percent_encoded(url.as_bytes(), unescaped);
            for url in [url.replace("%20", "+"), twice, url] {
                forms.insert(lower_case_digits(&url, "%", 2));
                forms.insert(url);
            }
        }
    }
    forms
}

/// What the writers of addresses leave as it is: RFC 3986, forms of Java and of browsers,
/// JavaScript's `encodeURIComponent`, its `encodeURI`, and browsers in a query.
const UNESCAPED: [&[u8]; 5] = [
    b"-._~",
    b"-._*",
    b"-._~!*'()",
    b"-._~!*'();,/?:@&=+$#",
    b"-._~!*();,/?:@&=+$[]{}|\\^`",
];

/// A string between the quotes of JSON.
fn json(value: &str, for_html: bool, ascii_only: bool) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '<' | '>' | '&' | '=' | '\'' if for_html => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
            c if c.is_control() || (ascii_only && !c.is_ascii()) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escaped, "\\u{unit:04X}");
                }
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A string between the quotes of JSON, as `System.Text.Json` writes it.
fn dotnet(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if c.is_control() || !c.is_ascii() || "\"'&<>+`".contains(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escaped, "\\u{unit:04X}");
                }
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// As text and as attributes are written: quotes need no escape in the one, apostrophes mostly none
/// in either, and `>` in neither.
fn xml(text: &str) -> BTreeSet<String> {
    let least = text.replace('&', "&amp;").replace('<', "&lt;");
    let mut all = BTreeSet::from(xml_with(&least.replace('>', "&gt;")));
    if text.contains('>') {
        all.extend(xml_with(&least));
    }
    all
}

/// What has been escaped, escaped again: the quotes that are left with the rest or not at all, and
/// `>` likewise.
fn twice(once: &str) -> [String; 4] {
    let open = once.replace('&', "&amp;").replace('<', "&lt;");
    let least = open.replace('>', "&gt;");
    let quotes = |text: &str| text.replace('"', "&quot;").replace('\'', "&apos;");
    [quotes(&open), quotes(&least), open, least]
}

fn xml_with(least: &str) -> [String; 7] {
    let quotes = least.replace('"', "&quot;");
    let all = quotes.replace('\'', "&apos;");
    let by_number = least.replace('"', "&#34;").replace('\'', "&#39;");
    let html = quotes.replace('\'', "&#39;");
    let by_hex = quotes.replace('\'', "&#x27;");
    let mut lines = String::with_capacity(all.len());
    for c in all.chars() {
        match c {
            '\n' | '\r' | '\t' => {
                let _ = write!(lines, "&#x{:x};", u32::from(c));
            }
            c => lines.push(c),
        }
    }
    [
        least.to_owned(),
        quotes,
        all,
        by_number,
        html,
        by_hex,
        lines,
    ]
}

fn percent_encoded(bytes: &[u8], unescaped: &[u8]) -> String {
    let mut encoded = String::new();
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || unescaped.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The same with the hexadecimal digits behind each `mark` in lower case.
fn lower_case_digits(text: &str, mark: &str, digits: usize) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(mark) {
        let (before, behind) = rest.split_at(at + mark.len());
        lower.push_str(before);
        let end = digits.min(behind.len());
        match behind.get(..end) {
            Some(hex) => {
                lower.push_str(&hex.to_ascii_lowercase());
                rest = &behind[end..];
            }
            None => rest = behind,
        }
    }
    lower.push_str(rest);
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_have_one_form() {
        assert_eq!(of("Sommer2026").len(), 1);
    }

    #[test]
    fn signs_that_need_no_escape_may_have_none() {
        let forms = of("a>'b\"<");
        for form in [
            "a>'b&quot;&lt;",
            "a&gt;'b\"&lt;",
            "a>'b&amp;quot;&amp;lt;",
            "a&gt;'b&amp;quot;&amp;lt;",
        ] {
            assert!(forms.contains(form), "{form}");
        }
    }

    #[test]
    fn every_escape_of_katalons_files_is_there() {
        let forms = of("p&s \"w\"/'ü\\");
        for form in [
            "p&s \"w\"/'ü\\",
            "p&amp;s \"w\"/'ü\\",
            "p&amp;s &quot;w&quot;/&apos;ü\\",
            "p&amp;amp;s &amp;quot;w&amp;quot;/&amp;apos;ü\\",
            "p&amp;s &#34;w&#34;/&#39;ü\\",
            "p&s \\\"w\\\"/'ü\\\\",
            "p&s \\\\\\\"w\\\\\\\"/'ü\\\\\\\\",
            "p&s \\\"w\\\"\\/'ü\\\\",
            "p\\u0026s \\\"w\\\"/\\u0027ü\\\\",
            "p&s \\\"w\\\"/'\\u00FC\\\\",
            "p&s \\\"w\\\"/'\\u00fc\\\\",
            "p&s \"\"w\"\"/'ü\\",
            "p&amp;s \\&quot;w\\&quot;/&apos;ü\\\\",
            "p%26s%20%22w%22%2F%27%C3%BC%5C",
            "p%26s+%22w%22%2f%27%c3%bc%5c",
            "p%26s+%22w%22%2F%27%FC%5C",
            "p&amp;s &quot;w&quot;/&#x27;ü\\",
            // JSON of .NET and of what writes ASCII alone, in a HAR as well.
            "p\\u0026s \\u0022w\\u0022/\\u0027\\u00FC\\\\",
            "p\\\\u0026s \\\\u0022w\\\\u0022/\\\\u0027\\\\u00FC\\\\\\\\",
            "p&s \\\\\\\"w\\\\\\\"/'\\\\u00fc\\\\\\\\",
            // Groovy in both quotes.
            "p&s \"w\"/\\'ü\\\\",
            // An address within an address, and addresses that browsers write.
            "p%2526s%2520%2522w%2522%252F%2527%25C3%25BC%255C",
            "p&s%20%22w%22/'%C3%BC%5C",
            "p%26s%20%22w%22%2F'%C3%BC%5C",
        ] {
            assert!(forms.contains(form), "{form}");
        }
    }
}
