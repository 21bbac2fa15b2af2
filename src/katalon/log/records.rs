//! Finds the records of a log and reads each on its own.
//!
//! The document as a whole is never parsed: a cut attribute would swallow everything behind it.
//! A record ends where its end tag is; where another begins first, it was cut.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use memchr::memmem::Finder;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::Damage;
use crate::katalon::text::{TextReader, entity, unescape_java, unescape_xml};

/// The fields of a `record` that matter here, unescaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Epoch milliseconds.
    pub millis: Option<i64>,
    /// `START`, `PASSED`, `RUN_DATA`, …
    pub level: String,
    /// `startTest`, `logMessage`, …
    pub method: String,
    /// The text.
    pub message: String,
    /// 0 for the suite, 1 for its cases, more for cases called by cases.
    pub nested_level: Option<u32>,
    /// The first element that no known version writes; mostly empty.
    pub unknown_element: String,
    /// Name and value, in order; a name may come twice.
    pub properties: Vec<(String, String)>,
}

impl Record {
    /// The first property of that name, or nothing.
    pub fn property(&self, name: &str) -> &str {
        self.properties
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value)
    }
}

const START: &[u8] = b"<record>";
const END: &[u8] = b"</record>";

/// The longest record that is waited for: what has no end by then is damage, not a record.
const LONGEST: usize = 64 * 1024 * 1024;

/// The records of a log, in order.
pub struct Records<R> {
    source: TextReader<R>,
    /// Begins at the last place that may belong to a record.
    buffer: Vec<u8>,
    /// How far `buffer` has been used.
    used: usize,
    /// The line of `buffer[0]`.
    line: u64,
    tags: Tags,
    damaged: usize,
    is_cut: bool,
    first_damage: Option<(u64, String)>,
}

enum Found {
    /// Bytes of the buffer, from `<record>` to the end of `</record>`.
    Whole(usize, usize),
    /// Bytes of a record that another one begins in.
    Cut(usize, usize),
    /// Nothing whole in the buffer; nothing before this is needed any more.
    NotYet(usize),
}

impl<R: Read> Records<R> {
    /// Begins at the beginning of the log.
    pub fn new(source: R) -> Self {
        Self {
            source: TextReader::new(source),
            buffer: Vec::new(),
            used: 0,
            line: 1,
            tags: Tags {
                start: Finder::new(START),
                end: Finder::new(END),
            },
            damaged: 0,
            is_cut: false,
            first_damage: None,
        }
    }

    /// The next record that can be read; `None` at the end of the log.
    ///
    /// (Not an `Iterator`: an error of the disk ends it for good.)
    #[expect(
        clippy::should_implement_trait,
        reason = "an error ends it, which an iterator would not say"
    )]
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            match self.tags.find(&self.buffer[self.used..]) {
                Found::Whole(start, end) => {
                    let slice = self.used + start..self.used + end;
                    // The source gives UTF-8 alone, and a tag is no place to cut a letter.
                    let read = match std::str::from_utf8(&self.buffer[slice]) {
                        Ok(xml) => parse(xml),
                        Err(error) => Err(error.to_string()),
                    };
                    match read {
                        Ok(record) => {
                            self.used += end;
                            return Ok(Some(record));
                        }
                        Err(cause) => self.damaged(start, cause),
                    }
                    self.used += end;
                }
                Found::Cut(start, next) => {
                    self.damaged(start, "another record begins before its end".to_owned());
                    self.used += next;
                }
                Found::NotYet(needless) => {
                    self.used += needless;
                    if self.buffer.len() - self.used > LONGEST {
                        self.damaged(0, "it has no end".to_owned());
                        self.used += START.len();
                        continue;
                    }
                    if !self.read_more()? {
                        // A record that the end of the file cuts is no damage: so ends the log
                        // of a run that was killed.
                        self.is_cut = self.tags.start.find(&self.buffer[self.used..]).is_some();
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Whether the end of the log stands inside a record.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// What could not be read so far.
    pub fn damage(&self) -> Option<Damage> {
        let (line, cause) = self.first_damage.clone()?;
        Some(Damage {
            records: self.damaged,
            line,
            cause,
        })
    }

    fn damaged(&mut self, start: usize, cause: String) {
        self.damaged += 1;
        if self.first_damage.is_none() {
            let before = &self.buffer[..self.used + start];
            let line = self.line + newlines(before);
            self.first_damage = Some((line, cause));
        }
    }

    fn read_more(&mut self) -> io::Result<bool> {
        self.line += newlines(&self.buffer[..self.used]);
        self.buffer.drain(..self.used);
        self.used = 0;
        // As much again as waits already: a long record is searched for its end a few times,
        // not once a chunk.
        let before = self.buffer.len();
        loop {
            let more = self.source.fill_buf()?;
            let count = more.len();
            self.buffer.extend_from_slice(more);
            self.source.consume(count);
            if count == 0 || self.buffer.len() >= before * 2 {
                return Ok(self.buffer.len() > before);
            }
        }
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Searchers for the two tags, made once.
struct Tags {
    start: Finder<'static>,
    end: Finder<'static>,
}

impl Tags {
    fn find(&self, bytes: &[u8]) -> Found {
        let Some(start) = self.start.find(bytes) else {
            // Half a start tag may stand at the end.
            return Found::NotYet(bytes.len().saturating_sub(START.len() - 1));
        };
        let inside = start + START.len();
        // Where another record begins before the end, this one was cut.
        let next = self.start.find(&bytes[inside..]);
        let until = next.map_or(bytes.len(), |next| inside + next);
        match (self.end.find(&bytes[inside..until]), next) {
            (Some(end), _) => Found::Whole(start, inside + end + END.len()),
            (None, Some(next)) => Found::Cut(start, inside + next),
            (None, None) => Found::NotYet(start),
        }
    }
}

/// Where the text that comes belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Millis,
    Level,
    Method,
    Message,
    NestedLevel,
    EscapedJava,
    Property,
    Other,
}

fn parse(xml: &str) -> Result<Record, String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().allow_dangling_amp = true;
    let mut record = Record::default();
    let mut escaped_java = None;
    // Depth below `record`: `exception` holds a `message` of its own.
    let mut depth = 0_usize;
    let mut field = Field::Other;
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                depth += 1;
                if depth == 2 {
                    text.clear();
                    let name = tag.name().into_inner();
                    field = field_of(name);
                    if field == Field::Other
                        && record.unknown_element.is_empty()
                        && !KNOWN.contains(&name)
                    {
                        name.clone_into(&mut record.unknown_element);
                    }
                    if field == Field::Property {
                        let name = tag
                            .try_get_attribute("name")
                            .map_err(|error| error.to_string())?
                            .map(|attribute| unescape_xml(&attribute.value).into_owned());
                        record
                            .properties
                            .push((name.unwrap_or_default(), String::new()));
                    }
                }
            }
            Event::End(_) => {
                if depth == 2 {
                    let text = std::mem::take(&mut text);
                    match field {
                        Field::Millis => record.millis = text.trim().parse().ok(),
                        Field::Level => record.level = text.trim().to_owned(),
                        Field::Method => record.method = text.trim().to_owned(),
                        Field::Message => record.message = text,
                        Field::NestedLevel => record.nested_level = text.trim().parse().ok(),
                        Field::EscapedJava => escaped_java = Some(text.trim() == "true"),
                        Field::Property => {
                            if let Some((_, value)) = record.properties.last_mut() {
                                *value = text;
                            }
                        }
                        Field::Other => {}
                    }
                    field = Field::Other;
                }
                depth = depth.saturating_sub(1);
            }
            Event::Text(part) if depth == 2 && field != Field::Other => text.push_str(&part),
            Event::CData(part) if depth == 2 => text.push_str(&part),
            Event::GeneralRef(name) if depth == 2 => match entity(&name) {
                Some(letter) => text.push(letter),
                None => text.push_str(&format!("&{};", &*name)),
            },
            Event::Eof => break,
            Event::Text(_)
            | Event::CData(_)
            | Event::GeneralRef(_)
            | Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
    if record.level.is_empty() {
        return Err("it has no level".to_owned());
    }
    unescape(&mut record, escaped_java);
    Ok(record)
}

/// Undoes what the document's own escaping does not cover.
///
/// Messages are escaped for XML before they are written, so twice in all, properties once. Up to
/// 7.5 the record does not say whether it is escaped for Java as well: then it is.
fn unescape(record: &mut Record, escaped_java: Option<bool>) {
    let java = escaped_java.unwrap_or(true);
    let plain = |text: &mut String| {
        // Most texts have nothing to undo, and a log has hundreds of thousands.
        if java && text.contains('\\') {
            *text = unescape_java(text).into_owned();
        }
        if text.contains('\r') {
            *text = text.replace("\r\n", "\n");
        }
    };
    // For Java it was escaped first, so that is undone last.
    if let Cow::Owned(message) = unescape_xml(&record.message) {
        record.message = message;
    }
    plain(&mut record.message);
    for (_, value) in &mut record.properties {
        plain(value);
    }
}

/// Elements that are known and not needed, those of Java's own logging among them.
const KNOWN: [&str; 12] = [
    "date",
    "nanos",
    "sequence",
    "logger",
    "class",
    "thread",
    "exception",
    "key",
    "catalog",
    "param",
    "contextClassLoader",
    "ndc",
];

fn field_of(tag: &str) -> Field {
    match tag {
        "millis" => Field::Millis,
        "level" => Field::Level,
        "method" => Field::Method,
        "message" => Field::Message,
        "nestedLevel" => Field::NestedLevel,
        "escapedJava" => Field::EscapedJava,
        "property" => Field::Property,
        _ => Field::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(message: &str) -> String {
        format!(
            "<record>\n<millis>1</millis><level>INFO</level><message>{message}</message>\n\
             <escapedJava>false</escapedJava></record>\n"
        )
    }

    fn read(text: &[u8]) -> (Vec<String>, Option<Damage>) {
        let mut records = Records::new(text);
        let mut messages = Vec::new();
        while let Some(record) = records.next().unwrap() {
            messages.push(record.message);
        }
        (messages, records.damage())
    }

    #[test]
    fn only_the_damaged_record_is_lost() {
        let cut_attribute = "<record>\n<level>INFO</level><property name=\"a</record>\n";
        let cut_short = "<record>\n<level>INFO</level><mess";
        let glued = "</log><?xml version=\"1.0\"?>\n<!DOCTYPE log SYSTEM \"logger.dtd\">\n<log>";
        let cut_cdata = "<record>\n<level>INFO</level><message><![CDATA[x</message></record>\n";
        for (damage, damaged) in [
            ("<<<<<<< HEAD\n=======\n", 0),
            (cut_attribute, 1),
            (cut_short, 1),
            (glued, 0),
            (cut_cdata, 1),
            ("<record></record>", 1),
        ] {
            let text = format!("<log>\n{}{damage}{}", record("one"), record("two"));
            let (messages, told) = read(text.as_bytes());
            assert_eq!(messages, ["one", "two"], "{damage}");
            assert_eq!(told.as_ref().map_or(0, |told| told.records), damaged);
            if let Some(told) = told {
                assert_eq!(told.line, 5, "{damage}");
            }
        }
    }

    #[test]
    fn a_record_cut_by_the_end_is_no_damage() {
        let text = format!("<log>{}<record><level>IN", record("one"));
        assert_eq!(read(text.as_bytes()), (vec!["one".to_owned()], None));
    }

    #[test]
    fn records_longer_than_a_chunk_are_whole() {
        let long = "x".repeat(300_000);
        let text = format!("{}{}", record(&long), record("two"));
        assert_eq!(read(text.as_bytes()).0, [long, "two".to_owned()]);
    }

    #[test]
    fn messages_are_escaped_twice_and_up_to_7_5_for_java_too() {
        let (messages, _) = read(record("&amp;apos;a&amp;apos; C:\\new").as_bytes());
        assert_eq!(messages, ["'a' C:\\new"]);
        let old = record("\\&amp;quot;C:\\\\new\\n\\tat\\&amp;quot;")
            .replace("<escapedJava>false</escapedJava>", "");
        assert_eq!(read(old.as_bytes()).0, ["\"C:\\new\n\tat\""]);
    }

    #[test]
    fn the_message_of_an_exception_is_not_that_of_the_record() {
        let text = "<record><level>FAILED</level><message>own</message><exception>\
                    <message>inner</message></exception></record>";
        assert_eq!(read(text.as_bytes()).0, ["own"]);
    }

    #[test]
    fn a_byte_that_is_no_utf8_loses_nothing() {
        let text = [record("one").as_bytes(), &record("x").into_bytes()].concat();
        let text: Vec<u8> = text
            .into_iter()
            .map(|byte| if byte == b'x' { 0xFC } else { byte })
            .collect();
        assert_eq!(read(&text).0, ["one", "ü"]);
    }
}
