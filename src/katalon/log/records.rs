//! Finds the records of a log and reads each on its own.
//!
//! The document as a whole is never parsed: a cut attribute would swallow everything behind it.
//! A record ends where its end tag is; where another begins first, it was cut. What stands between
//! the records is looked at by [`super::between`].

use std::io::{self, BufRead, Read};

use memchr::memmem::Finder;

use super::Damage;
use super::between::{Between, Document};
use super::lost;
use super::record::{Record, parse};
use crate::katalon::Variable;
use crate::katalon::text::TextReader;

/// The beginning of the start tag; a later version may give it attributes.
const START: &[u8] = b"<record";
const END: &[u8] = b"</record>";

/// The longest record that is waited for: what has no end by then is damage, not a record.
const LONGEST: usize = 64 * 1024 * 1024;

/// The records of a log, in order.
pub(super) struct Records<R> {
    source: TextReader<R>,
    /// Begins at the last place that may belong to a record.
    buffer: Vec<u8>,
    /// How far `buffer` has been used.
    used: usize,
    /// How far lines have been counted: place in `buffer`, and its line. A place in the midst of a
    /// long buffer is asked for often.
    counted: (usize, u64),
    tags: Tags,
    /// How many records were read.
    read: usize,
    between: Between,
    document: Document,
    damaged: usize,
    strays: usize,
    is_cut: bool,
    first_damage: Option<(u64, String)>,
    /// What the records that cannot be read still tell.
    variables: Vec<Variable>,
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
    pub(super) fn new(source: R) -> Self {
        Self {
            source: TextReader::new(source),
            buffer: Vec::new(),
            used: 0,
            counted: (0, 1),
            tags: Tags {
                start: Finder::new(START),
                end: Finder::new(END),
            },
            read: 0,
            between: Between::default(),
            document: Document::default(),
            damaged: 0,
            strays: 0,
            is_cut: false,
            first_damage: None,
            variables: Vec::new(),
        }
    }

    /// The next record that can be read; `None` at the end of the log.
    ///
    /// (Not an `Iterator`: an error of the disk ends it for good.)
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            match self.tags.find(&self.buffer[self.used..]) {
                Found::Whole(start, end) => {
                    self.skip(start);
                    self.record_begins();
                    let slice = self.used..self.used + end - start;
                    // The source gives UTF-8 alone, and a tag is no place to cut a letter.
                    let read = match std::str::from_utf8(&self.buffer[slice]) {
                        Ok(xml) => parse(xml),
                        Err(error) => Err(error.to_string()),
                    };
                    match read {
                        Ok(record) => {
                            self.used += end - start;
                            self.read += 1;
                            return Ok(Some(record));
                        }
                        Err(cause) => self.damaged(cause),
                    }
                    self.lost(end - start);
                    self.used += end - start;
                }
                Found::Cut(start, next) => {
                    self.skip(start);
                    self.record_begins();
                    self.damaged("another record begins before its end".to_owned());
                    let lost = &self.buffer[self.used..self.used + next - start];
                    self.document.lost(lost);
                    self.lost(next - start);
                    self.used += next - start;
                }
                Found::NotYet(needless) => {
                    self.skip(needless);
                    if self.buffer.len() - self.used > LONGEST {
                        self.record_begins();
                        self.damaged("it has no end".to_owned());
                        self.lost(self.buffer.len() - self.used);
                        self.used += START.len();
                        continue;
                    }
                    if !self.read_more()? {
                        self.end();
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// How many records were read.
    pub(super) fn read(&self) -> usize {
        self.read
    }

    /// How many documents begin in the text; more than one were glued together.
    pub(super) fn documents(&self) -> usize {
        self.document.count()
    }

    /// Whether the last document has its end tag.
    pub(super) fn is_closed(&self) -> bool {
        self.document.is_closed()
    }

    /// Whether marks of a merge stand in it.
    pub(super) fn is_merged(&self) -> bool {
        self.document.is_merged()
    }

    /// Whether the end of the log stands inside a record.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The line that the reader has come to, counted from 1.
    pub(super) fn line(&mut self) -> u64 {
        let (from, line) = self.counted;
        let line = line + newlines(&self.buffer[from..self.used]);
        self.counted = (self.used, line);
        line
    }

    /// What could not be read so far.
    pub(super) fn damage(&self) -> Option<Damage> {
        let (line, cause) = self.first_damage.clone()?;
        Some(Damage {
            records: self.damaged,
            strays: self.strays,
            part: 0,
            line,
            cause,
        })
    }

    /// Counts a record that cannot be read, and begins here.
    fn damaged(&mut self, cause: String) {
        self.damaged += 1;
        if self.first_damage.is_none() {
            self.first_damage = Some((self.line(), cause));
        }
    }

    /// Keeps what so many bytes of a lost record still tell.
    fn lost(&mut self, count: usize) {
        let record = &self.buffer[self.used..self.used + count];
        self.variables.extend(lost::variables(record));
    }

    /// The variables that lost records name, and texts that they typed, since the last call.
    pub(super) fn take_variables(&mut self) -> Vec<Variable> {
        std::mem::take(&mut self.variables)
    }

    /// Goes on behind bytes that are no record.
    fn skip(&mut self, count: usize) {
        let skipped = self.used..self.used + count;
        let blank = self.buffer[skipped.clone()].iter();
        let blank = blank.take_while(|byte| byte.is_ascii_whitespace()).count();
        if blank < count && self.between.is_blank() {
            let line = self.line() + newlines(&self.buffer[skipped.clone()][..blank]);
            self.between.begins_at(line);
        }
        self.between.add(&self.buffer[skipped][blank..]);
        self.used += count;
    }

    /// Judges what stood before a record.
    fn record_begins(&mut self) {
        let between = std::mem::take(&mut self.between);
        if let Some(cause) = self.document.record_begins(&between) {
            self.stray(between.line(), cause);
        }
    }

    /// Judges what stands behind the last record.
    fn end(&mut self) {
        let rest = self.buffer.len() - self.used;
        // A record that the end of the file cuts is no stray text: so ends the log of a run that
        // was killed.
        self.is_cut = self.tags.begins_in(&self.buffer[self.used..]);
        if self.is_cut {
            self.lost(rest);
        } else {
            self.skip(rest);
        }
        let between = std::mem::take(&mut self.between);
        if let Some(cause) = self.document.ends(&between) {
            self.stray(between.line(), cause);
        }
        self.used = self.buffer.len();
    }

    fn stray(&mut self, line: u64, cause: &str) {
        self.strays += 1;
        if self.first_damage.is_none() {
            self.first_damage = Some((line, cause.to_owned()));
        }
    }

    fn read_more(&mut self) -> io::Result<bool> {
        let line = self.line();
        self.buffer.drain(..self.used);
        self.used = 0;
        self.counted = (0, line);
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
        let Some(start) = self.next_start(bytes) else {
            // Half a start tag may stand at the end.
            return Found::NotYet(bytes.len().saturating_sub(START.len()));
        };
        let inside = start + START.len();
        // Where another record begins before the end, this one was cut.
        let next = self.next_start(&bytes[inside..]);
        let until = next.map_or(bytes.len(), |next| inside + next);
        match (self.end.find(&bytes[inside..until]), next) {
            (Some(end), _) => Found::Whole(start, inside + end + END.len()),
            (None, Some(next)) => Found::Cut(start, inside + next),
            (None, None) => Found::NotYet(start),
        }
    }

    /// Where the next start tag begins whose name is no longer one.
    fn next_start(&self, bytes: &[u8]) -> Option<usize> {
        let mut from = 0;
        loop {
            let at = from + self.start.find(&bytes[from..])?;
            match bytes.get(at + START.len()) {
                Some(next) if *next == b'>' || next.is_ascii_whitespace() => return Some(at),
                Some(_) => from = at + START.len(),
                None => return None,
            }
        }
    }

    /// Whether a record begins in the last bytes of a log; its tag may be cut as well.
    fn begins_in(&self, bytes: &[u8]) -> bool {
        let last = bytes.iter().rposition(|&byte| byte == b'<');
        let half = last.and_then(|last| bytes.get(last..));
        self.next_start(bytes).is_some()
            || half.is_some_and(|half| half.len() > 1 && START.starts_with(half))
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
        for (damage, damaged, cause) in [
            ("<<<<<<< HEAD\n=======\n", 0, "marks of a merge stand in it"),
            (cut_attribute, 1, ""),
            (cut_short, 1, "another record begins before its end"),
            (glued, 0, "another document begins in it"),
            ("</log>\n", 0, "records stand behind its end"),
            (
                "<!DOCTYPE log SYSTEM \"logger.dtd\">\n",
                0,
                "a document type stands in it",
            ),
            (
                "age>x</message></record>",
                0,
                "text stands in it that is no record",
            ),
            (cut_cdata, 1, ""),
            ("<record></record>", 1, "it has no level"),
        ] {
            let text = format!("<log>\n{}{damage}{}</log>", record("one"), record("two"));
            let (messages, told) = read(text.as_bytes());
            assert_eq!(messages, ["one", "two"], "{damage}");
            let told = told.unwrap();
            assert_eq!(
                (told.records, told.strays),
                (damaged, 1 - damaged),
                "{damage}"
            );
            assert_eq!(told.line, 5, "{damage}");
            assert!(cause.is_empty() || told.cause == cause, "{}", told.cause);
        }
    }

    #[test]
    fn a_log_without_damage_has_none_whatever_its_head_and_end_are() {
        let doctype = "<!DOCTYPE log SYSTEM \"logger.dtd\">";
        for (head, end, closed) in [
            ("", "", false),
            ("<log>", "</log>\n", true),
            ("<?xml version=\"1.0\"?>\n<log>", "</lo", false),
            (
                &format!("<?xml version=\"1.0\"?>\n{doctype}\n<log>\n"),
                "</log>",
                true,
            ),
        ] {
            let text = format!("{head}{}{end}", record("one"));
            let mut records = Records::new(text.as_bytes());
            while records.next().unwrap().is_some() {}
            assert_eq!(records.damage(), None, "{text}");
            assert_eq!((records.is_closed(), records.is_cut()), (closed, false));
            assert_eq!((records.read(), records.documents()), (1, 1), "{text}");
        }
        for cut in ["<record><level>IN", "<record>", "<rec", "<record"] {
            let text = format!("<log>{}{cut}", record("one"));
            let mut records = Records::new(text.as_bytes());
            while records.next().unwrap().is_some() {}
            assert_eq!((records.damage(), records.is_cut()), (None, true), "{cut}");
        }
    }

    #[test]
    fn records_longer_than_a_chunk_are_whole() {
        let long = "x".repeat(300_000);
        let text = format!("{}{}", record(&long), record("two"));
        assert_eq!(read(text.as_bytes()).0, [long, "two".to_owned()]);
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
