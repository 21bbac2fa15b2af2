//! Looks at what stands between the records of a log: head and end of the document, or damage.

use memchr::memmem;

/// Bytes that are kept of what stands between two records; damage shows in its first lines.
const KEPT: usize = 4096;

/// What stands between two records, without the blanks at its beginning.
#[derive(Debug, Default)]
pub(super) struct Between {
    text: Vec<u8>,
    line: u64,
}

impl Between {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    /// The line of its first letter.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn begins_at(&mut self, line: u64) {
        self.line = line;
    }

    pub(super) fn add(&mut self, more: &[u8]) {
        let room = KEPT.saturating_sub(self.text.len());
        self.text.extend_from_slice(&more[..more.len().min(room)]);
    }

    fn has(&self, what: &str) -> bool {
        memmem::find(&self.text, what.as_bytes()).is_some()
    }

    /// Git writes them where it cannot merge two files.
    fn has_marks(&self) -> bool {
        let marks = ["<<<<<<< ", "=======\n", "=======\r\n", ">>>>>>> "];
        marks.iter().any(|mark| self.has(mark))
    }

    /// A document begins here, with its declaration or without.
    fn begins_document(&self) -> bool {
        self.has("<?xml") || self.has("<log>")
    }

    /// It holds nothing but the parts of a head that are there, each once and in their order.
    fn is_head(&self) -> bool {
        let mut rest = trimmed(&self.text);
        for (begin, end) in [("<?xml", "?>"), ("<!DOCTYPE", ">"), ("<log", ">")] {
            if rest.starts_with(begin.as_bytes()) {
                let Some(at) = memmem::find(rest, end.as_bytes()) else {
                    return false;
                };
                rest = trimmed(&rest[at + end.len()..]);
            }
        }
        rest.is_empty()
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

const END: &[u8] = b"</log>";

/// The documents of a log, as far as they have been read.
#[derive(Debug, Default)]
pub(super) struct Document {
    count: usize,
    has_records: bool,
    is_closed: bool,
    is_merged: bool,
}

impl Document {
    /// How many have begun.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether nothing but blanks stands behind the last end tag.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether marks of a merge were met.
    pub(super) fn is_merged(&self) -> bool {
        self.is_merged
    }

    /// A record begins behind `between`: what is wrong with that text.
    pub(super) fn record_begins(&mut self, between: &Between) -> Option<&'static str> {
        self.is_merged |= between.has_marks();
        let is_first = !self.has_records;
        self.has_records = true;
        self.is_closed = false;
        if is_first {
            self.count = 1;
            return (!between.is_head()).then(|| what(between));
        }
        if between.begins_document() {
            self.count += 1;
        }
        (!between.is_blank()).then(|| what(between))
    }

    /// A record was cut and is lost: a document may begin in what is left of it.
    pub(super) fn lost(&mut self, record: &[u8]) {
        if memmem::find(record, b"<?xml").is_some() || memmem::find(record, b"<log>").is_some() {
            self.count += 1;
        }
    }

    /// The log ends behind `between`: what is wrong with that text.
    pub(super) fn ends(&mut self, between: &Between) -> Option<&'static str> {
        self.is_merged |= between.has_marks();
        let rest = trimmed(&between.text);
        if !self.has_records {
            // A log that ended before its first record is short, not damaged.
            return None;
        }
        self.is_closed = rest.starts_with(END);
        let behind = trimmed(rest.strip_prefix(END).unwrap_or(rest));
        // An end tag that was cut.
        if behind.is_empty() || !self.is_closed && END.starts_with(rest) {
            return None;
        }
        if between.begins_document() {
            self.count += 1;
            self.is_closed = rest.ends_with(END);
        }
        Some(what(between))
    }
}

fn what(between: &Between) -> &'static str {
    if between.has_marks() {
        "marks of a merge stand in it"
    } else if between.begins_document() {
        "another document begins in it"
    } else if between.has("<!DOCTYPE") {
        "a document type stands in it"
    } else if trimmed(&between.text) == END {
        "records stand behind its end"
    } else {
        "text stands in it that is no record"
    }
}
