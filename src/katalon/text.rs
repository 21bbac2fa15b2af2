//! How bytes of Katalon's files become text, and how text is escaped in them.
//!
//! A report was written on another machine, copied by git, zipped, opened in editors: what its
//! declaration says about the encoding decides nothing here, the bytes do.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

/// Bytes read at a time; records and tags are mostly smaller.
const CHUNK: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// UTF-8; a byte that does not fit is taken as Windows-1252, so that a file in that encoding
    /// and one with a few stray bytes are both read without losing a letter.
    Utf8OrWindows1252,
    Utf16 {
        little_endian: bool,
    },
}

/// A reader that gives UTF-8 whatever lies beneath, without a byte order mark, and knows the line
/// that its consumer has come to.
pub(crate) struct TextReader<R> {
    inner: R,
    encoding: Option<Encoding>,
    raw: Vec<u8>,
    text: Vec<u8>,
    taken: usize,
    lines_taken: u64,
    at_end: bool,
}

impl<R: Read> TextReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            encoding: None,
            raw: Vec::new(),
            text: Vec::new(),
            taken: 0,
            lines_taken: 0,
            at_end: false,
        }
    }

    /// The line, counted from 1, of the next byte to be consumed.
    pub(crate) fn line(&self) -> u64 {
        self.lines_taken + 1
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.taken = 0;
        while self.text.is_empty() && !self.at_end {
            let old_len = self.raw.len();
            self.raw.resize(old_len + CHUNK, 0);
            let read = match self.inner.read(&mut self.raw[old_len..]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    self.raw.truncate(old_len);
                    continue;
                }
                Err(error) => {
                    self.raw.truncate(old_len);
                    return Err(error);
                }
            };
            self.raw.truncate(old_len + read);
            self.at_end = read == 0;
            let encoding = match self.encoding {
                Some(encoding) => encoding,
                // Four bytes tell the encoding; a pipe may give them one by one.
                None if self.raw.len() < 4 && !self.at_end => continue,
                None => {
                    let (encoding, mark) = recognise(&self.raw);
                    self.raw.drain(..mark);
                    *self.encoding.insert(encoding)
                }
            };
            match encoding {
                Encoding::Utf8OrWindows1252 => {
                    take_utf8(&mut self.raw, &mut self.text, self.at_end);
                }
                Encoding::Utf16 { little_endian } => {
                    take_utf16(&mut self.raw, &mut self.text, little_endian, self.at_end);
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for TextReader<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(target.len());
        target[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for TextReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken >= self.text.len() {
            self.refill()?;
        }
        Ok(&self.text[self.taken..])
    }

    fn consume(&mut self, amount: usize) {
        let end = (self.taken + amount).min(self.text.len());
        let newlines = memchr::memchr_iter(b'\n', &self.text[self.taken..end]).count();
        self.lines_taken += newlines as u64;
        self.taken = end;
    }
}

/// No small file of Katalon comes near it, and what is made of one takes many times its length.
pub(crate) const SMALL: u64 = 16 * 1024 * 1024;

/// Text of a whole small file; a larger one is an error.
pub(crate) fn read_whole(inner: impl Read) -> io::Result<String> {
    read_up_to(SMALL, inner)
}

/// Text of a whole file that has at most so many bytes; a larger one is an error.
pub(crate) fn read_up_to(most: u64, inner: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    TextReader::new(inner)
        .take(most + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let most = most / (1024 * 1024);
        return Err(io::Error::other(format!("it has more than {most} MB")));
    }
    // The reader gives nothing but UTF-8, so nothing is replaced here.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The encoding, and how many bytes its mark takes.
fn recognise(start: &[u8]) -> (Encoding, usize) {
    let utf16 = |little_endian| Encoding::Utf16 { little_endian };
    match start {
        [0xEF, 0xBB, 0xBF, ..] => (Encoding::Utf8OrWindows1252, 3),
        [0xFF, 0xFE, ..] => (utf16(true), 2),
        [0xFE, 0xFF, ..] => (utf16(false), 2),
        // Katalon's files begin with `<` or `{`: ASCII, so a zero beside it is half a letter.
        [first, 0, ..] if *first != 0 => (utf16(true), 0),
        [0, second, ..] if *second != 0 => (utf16(false), 0),
        _ => (Encoding::Utf8OrWindows1252, 0),
    }
}

/// Moves what is complete from `raw` to `text`; a letter cut by the end of the chunk stays.
fn take_utf8(raw: &mut Vec<u8>, text: &mut Vec<u8>, at_end: bool) {
    let mut done = 0;
    while done < raw.len() {
        match std::str::from_utf8(&raw[done..]) {
            Ok(_) => {
                text.extend_from_slice(&raw[done..]);
                done = raw.len();
            }
            Err(error) => {
                let good = done + error.valid_up_to();
                text.extend_from_slice(&raw[done..good]);
                done = good;
                match error.error_len() {
                    None if !at_end => break,
                    bad => {
                        let bad = bad.unwrap_or(raw.len() - done);
                        for &byte in &raw[done..done + bad] {
                            push_char(text, windows_1252(byte));
                        }
                        done += bad;
                    }
                }
            }
        }
    }
    raw.drain(..done);
}

fn take_utf16(raw: &mut Vec<u8>, text: &mut Vec<u8>, little_endian: bool, at_end: bool) {
    let mut units: Vec<u16> = raw
        .chunks_exact(2)
        .map(|pair| {
            let pair = [pair[0], pair[1]];
            if little_endian {
                u16::from_le_bytes(pair)
            } else {
                u16::from_be_bytes(pair)
            }
        })
        .collect();
    // The first half of a surrogate pair waits for the second.
    let ends_in_half = units
        .last()
        .is_some_and(|unit| (0xD800..0xDC00).contains(unit));
    if ends_in_half && !at_end {
        units.pop();
    }
    for letter in char::decode_utf16(units.iter().copied()) {
        push_char(text, letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    raw.drain(..units.len() * 2);
}

fn push_char(text: &mut Vec<u8>, letter: char) {
    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The letter of a byte in Windows-1252, which is Latin-1 but for 0x80 to 0x9F.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// Undoes XML's five entities and character references, once.
///
/// An entity that XML does not know stays as it is written: a document's own entities are never
/// expanded, and an ampersand that somebody forgot to escape is no reason to lose a report.
/// Newlines stay, also in attributes: Katalon writes stack traces there.
pub(crate) fn unescape_xml(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else {
        return Cow::Borrowed(text);
    };
    let mut result = String::with_capacity(text.len());
    result.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(at) = rest.find('&') {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest reference, `&#1114111;`, has ten letters; zeros may lead.
        let end = rest.bytes().take(16).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            Some((end, letter)) => {
                result.push(letter);
                rest = &rest[end + 1..];
            }
            None => {
                result.push('&');
                rest = &rest[1..];
            }
        }
    }
    result.push_str(rest);
    Cow::Owned(result)
}

/// What stands between `&` and `;` as a letter.
pub(crate) fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}

/// Undoes the escapes of a Java string literal, as logs up to 6.x have them.
///
/// Not every log says whether it is escaped. Text with a backslash that begins no escape
/// (`C:\Users`) is not, and stays as it is.
pub(crate) fn unescape_java(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('\\') else {
        return Cow::Borrowed(text);
    };
    let mut result = String::with_capacity(text.len());
    result.push_str(&text[..first]);
    // Letters beyond U+FFFF come as two escapes, so code units are gathered first.
    let mut units: Vec<u16> = Vec::new();
    let mut rest = &text[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let unit = escape
            .strip_prefix('u')
            .and_then(|hex| hex.get(..4))
            .and_then(|hex| u16::from_str_radix(hex, 16).ok());
        if let Some(unit) = unit {
            units.push(unit);
            rest = &escape[5..];
        } else {
            push_units(&mut result, &mut units);
            let Some(escaped) = escape.chars().next() else {
                return Cow::Borrowed(text);
            };
            result.push(match escaped {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                // Groovy knows the last one, too.
                '\\' | '"' | '\'' | '/' | '$' => escaped,
                _ => return Cow::Borrowed(text),
            });
            rest = &escape[escaped.len_utf8()..];
        }
        let plain = rest.find('\\').unwrap_or(rest.len());
        if plain > 0 {
            push_units(&mut result, &mut units);
            result.push_str(&rest[..plain]);
            rest = &rest[plain..];
        }
    }
    push_units(&mut result, &mut units);
    Cow::Owned(result)
}

fn push_units(result: &mut String, units: &mut Vec<u16>) {
    for letter in char::decode_utf16(units.drain(..)) {
        result.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        read_whole(bytes).unwrap()
    }

    /// Gives one byte at a time, as a slow pipe may.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1).min(target.len());
            target[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn every_encoding_that_occurs_gives_the_same_text() {
        let text = "<a>Kiểm thử Größe 🎉</a>\n";
        let with_mark = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked_little = [b"\xFF\xFE".as_slice(), &little].concat();
        let marked_big = [b"\xFE\xFF".as_slice(), &big].concat();
        for bytes in [
            text.as_bytes(),
            &with_mark,
            &little,
            &big,
            &marked_little,
            &marked_big,
        ] {
            assert_eq!(read(bytes), text);
            assert_eq!(read_whole(Drops(bytes)).unwrap(), text);
        }
    }

    #[test]
    fn a_file_that_never_ends_is_an_error_before_memory_does() {
        let error = read_whole(io::repeat(b' ')).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 16 MB");
    }

    #[test]
    fn bytes_that_are_no_utf8_are_windows_1252() {
        assert_eq!(read(b"Gr\xF6\xDFe \x80 5"), "Größe € 5");
        assert_eq!(read(b"cut \xE2\x82"), "cut â‚");
        assert_eq!(read(b""), "");
        assert_eq!(read(b"x"), "x");
    }

    #[test]
    fn letters_on_the_border_of_a_chunk_stay_whole() {
        let text = format!("{}ử{}", "x".repeat(CHUNK - 1), "y".repeat(CHUNK));
        assert_eq!(read(text.as_bytes()), text);
    }

    #[test]
    fn the_line_is_that_of_the_next_byte() {
        let mut reader = TextReader::new(b"one\ntwo\nthree".as_slice());
        assert_eq!(reader.line(), 1);
        reader.fill_buf().unwrap();
        reader.consume(5);
        assert_eq!(reader.line(), 2);
        reader.consume(3);
        assert_eq!(reader.line(), 3);
    }

    #[test]
    fn xml_is_undone_once_and_unknown_entities_stay() {
        for (escaped, plain) in [
            ("a &lt; b &amp;&amp; c", "a < b && c"),
            ("&amp;apos;", "&apos;"),
            ("line&#xa;next&#10;last", "line\nnext\nlast"),
            (
                "&nbsp; & &; &#xD800; &#; ü&amp;ü",
                "&nbsp; & &; &#xD800; &#; ü&ü",
            ),
            ("raw\n\tat", "raw\n\tat"),
        ] {
            assert_eq!(unescape_xml(escaped), plain);
        }
    }

    #[test]
    fn java_escapes_are_undone() {
        for (escaped, plain) in [
            (
                r#"C:\\Users\\me \"x\"\r\n\tat"#,
                "C:\\Users\\me \"x\"\r\n\tat",
            ),
            (r"Ki\u1EC3m \uD83C\uDF89!", "Kiểm 🎉!"),
            (r"a\/b", "a/b"),
            (r"C:\Users\new", r"C:\Users\new"),
            (r"\u12", r"\u12"),
            (r"ends with \", r"ends with \"),
        ] {
            assert_eq!(unescape_java(escaped), plain);
        }
    }
}
