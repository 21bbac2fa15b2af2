//! Finds values that are known, all of them in one pass over the text.

use std::collections::BTreeMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::MASK;
use super::stream::{Output, Stage, Window};

/// How far behind a value others are followed that touch it and each other; see
/// [`Literals::accepted`].
const CHAIN: usize = 4 * 1024;

/// So many bytes of forms may be looked for by a table that has every step in it.
const MOST_IN_TABLE: usize = 64 * 1024;

/// The longest escape that may stand beside a value: `\u00fc`.
const ESCAPE: usize = 8;

/// Known values in all their forms.
pub(super) struct Literals {
    matcher: AhoCorasick,
    /// What each form stands for.
    meanings: Vec<Meaning>,
    longest: usize,
    has_whole_words: bool,
}

/// What a form stands for.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    /// The name that it is counted by.
    pub(super) name: Arc<str>,
    /// Found only where no letter or digit stands on either side: test data is made of words that
    /// messages are made of, too.
    pub(super) is_whole_word: bool,
}

/// Forms, and what they stand for.
pub(super) type Forms = BTreeMap<String, Meaning>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    start: usize,
    end: usize,
    form: usize,
}

impl Literals {
    /// `None` if there are no forms; an error if there are too many to be looked for.
    pub(super) fn new(forms: &Forms) -> Result<Option<Self>, aho_corasick::BuildError> {
        if forms.is_empty() {
            return Ok(None);
        }
        // Of few forms it would make what is fastest, and takes a hundred bytes for each of theirs.
        let bytes: usize = forms.keys().map(String::len).sum();
        let kind = (bytes > MOST_IN_TABLE).then_some(AhoCorasickKind::ContiguousNFA);
        Ok(Some(Self {
            matcher: AhoCorasick::builder().kind(kind).build(forms.keys())?,
            meanings: forms.values().cloned().collect(),
            longest: forms.keys().map(String::len).max().unwrap_or(0),
            has_whole_words: forms.values().any(|meaning| meaning.is_whole_word),
        }))
    }

    /// Whether some are found only where they stand alone.
    pub(super) fn has_whole_words(&self) -> bool {
        self.has_whole_words
    }

    /// Every place of every form, by where it begins: secrets may overlap.
    fn candidates(&self, text: &[u8], from: usize) -> Vec<Span> {
        let found = self.matcher.find_overlapping_iter(&text[from..]);
        let mut spans: Vec<Span> = found
            .map(|found| Span {
                start: from + found.start(),
                end: from + found.end(),
                form: found.pattern().as_usize(),
            })
            .collect();
        spans.sort_unstable();
        spans
    }

    /// Those that stand alone, where they have to. A mask beside a value parts it from its neighbours as a blank does:
    /// else masking one value would leave another standing alone.
    fn accepted(&self, window: &Window<'_>, masked_until: Option<usize>) -> Vec<Span> {
        let text = window.text;
        let spans = self.candidates(text, window.from);
        if !self.has_whole_words || spans.is_empty() {
            return spans;
        }
        let mut by_end: Vec<usize> = (0..spans.len()).collect();
        by_end.sort_unstable_by_key(|&at| spans[at].end);
        let mut free: Vec<(bool, bool)> = spans
            .iter()
            .map(|span| {
                if !self.meanings[span.form].is_whole_word {
                    return (true, true);
                }
                let is_masked_before = masked_until.is_some_and(|until| span.start <= until);
                (
                    is_masked_before || ends_word(&text[..span.start]),
                    begins_no_word(&text[span.end..], window.is_end),
                )
            })
            .collect();
        let mut accepted = vec![false; spans.len()];
        let mut waiting: Vec<usize> = (0..spans.len()).collect();
        while let Some(at) = waiting.pop() {
            if accepted[at] || free[at] != (true, true) {
                continue;
            }
            accepted[at] = true;
            let Span { start, end, .. } = spans[at];
            // Those whose first letter has this one's mask before it …
            let first = spans.partition_point(|other| other.start <= start);
            for (other, span) in spans.iter().enumerate().skip(first) {
                if span.start > end {
                    break;
                }
                if !free[other].0 {
                    free[other].0 = true;
                    waiting.push(other);
                }
            }
            // … and those that have it behind their last one.
            let first = by_end.partition_point(|&other| spans[other].end < start);
            for &other in &by_end[first..] {
                if spans[other].end >= end {
                    break;
                }
                if !free[other].1 {
                    free[other].1 = true;
                    waiting.push(other);
                }
            }
        }
        let mut kept = accepted.into_iter();
        let mut spans = spans;
        spans.retain(|_| kept.next().unwrap_or(false));
        spans
    }
}

/// A text with the values masked; those that touch or overlap give one mask.
pub(super) struct MaskLiterals<L> {
    pub(super) literals: L,
    /// How far behind the used text its last mask reaches; `None` if text stands behind that.
    masked_behind: Option<usize>,
}

impl<L> MaskLiterals<L> {
    pub(super) fn new(literals: L) -> Self {
        Self {
            literals,
            masked_behind: None,
        }
    }
}

impl<L: AsRef<Literals>> Stage for MaskLiterals<L> {
    fn behind(&self) -> usize {
        let literals = self.literals.as_ref();
        let chain = if literals.has_whole_words { CHAIN } else { 0 };
        literals.longest + chain + ESCAPE
    }

    fn step(&mut self, window: &Window<'_>, output: &mut Output) -> usize {
        let literals = self.literals.as_ref();
        let Window { text, until, .. } = *window;
        let mut masked = self.masked_behind.map(|behind| window.from + behind);
        let mut used = masked.unwrap_or(window.from);
        for span in literals.accepted(window, masked) {
            if span.start >= until {
                break;
            }
            if masked.is_none_or(|masked| span.start > masked) {
                output.text.extend_from_slice(&text[used..span.start]);
                output.text.extend_from_slice(MASK.as_bytes());
                output.count(&literals.meanings[span.form].name);
            }
            used = used.max(span.end);
            masked = Some(used);
        }
        if used < until {
            output.text.extend_from_slice(&text[used..until]);
            masked = None;
        }
        self.masked_behind = masked.map(|masked| masked - until);
        until
    }
}

/// Whether no letter or digit is the last of a text. The end of an escape is none, whatever it is
/// made of: in `\nSommer2026` and `%20Sommer2026` the word stands alone.
fn ends_word(before: &[u8]) -> bool {
    let Some(&last) = before.last() else {
        return true;
    };
    if last.is_ascii() && !last.is_ascii_alphanumeric() {
        return true;
    }
    let ends_with = |mark: &[u8], digits: usize| {
        let at = before.len().checked_sub(mark.len() + digits)?;
        let (found, hex) = before[at..].split_at(mark.len());
        let is_escape = found == mark && hex.iter().all(u8::is_ascii_hexdigit);
        is_escape.then(|| {
            std::str::from_utf8(hex)
                .ok()
                .and_then(|hex| u32::from_str_radix(hex, 16).ok())
                .and_then(char::from_u32)
                .is_none_or(|c| !c.is_alphanumeric() || !c.is_ascii() && digits == 2)
        })
    };
    if let Some(is_no_letter) = ends_with(b"\\u", 4).or_else(|| ends_with(b"%", 2)) {
        return is_no_letter;
    }
    if let [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] = before {
        return true;
    }
    !last_char(before).is_some_and(char::is_alphanumeric)
}

fn begins_no_word(behind: &[u8], is_end: bool) -> bool {
    match behind.first() {
        None => is_end,
        Some(first) if first.is_ascii() => !first.is_ascii_alphanumeric(),
        Some(_) => {
            let most = behind.len().min(4);
            let first = (1..=most).find_map(|end| std::str::from_utf8(&behind[..end]).ok());
            !first
                .and_then(|text| text.chars().next())
                .is_some_and(char::is_alphanumeric)
        }
    }
}

fn last_char(text: &[u8]) -> Option<char> {
    let from = text.len().saturating_sub(4);
    (from..text.len())
        .find_map(|start| std::str::from_utf8(&text[start..]).ok())?
        .chars()
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_parts_a_value_from_its_neighbours_is_seen_wherever_a_window_ends() {
        use std::io::Read;

        use super::super::stream::Staged;

        let meaning = |is_whole_word| Meaning {
            name: Arc::from("password"),
            is_whole_word,
        };
        let forms = Forms::from([
            ("Sommer2026".to_owned(), meaning(true)),
            ("hunter2".to_owned(), meaning(false)),
        ]);
        let literals = Arc::new(Literals::new(&forms).unwrap().unwrap());
        let text = format!("{}Sommer2026hunter2 b", "a ".repeat(20));
        for decided in 1..60 {
            let stage = MaskLiterals::new(Arc::clone(&literals));
            let mut masked = String::new();
            let mut reader = Staged::new(text.as_bytes(), stage, decided);
            reader.read_to_string(&mut masked).unwrap();
            assert!(masked.ends_with("a *** b"), "windows of {decided}");
        }
    }

    #[test]
    fn escapes_beside_a_word_are_no_part_of_it() {
        for before in [
            "", " ", "a\\n", "\\u0027", "%20", "&quot;", "=", "%C3", "\u{e9}!",
        ] {
            assert!(ends_word(before.as_bytes()), "{before}");
        }
        for before in ["a", "7", "ü", "\\u0061", "%41", "n"] {
            assert!(!ends_word(before.as_bytes()), "{before}");
        }
        assert!(begins_no_word("…".as_bytes(), false) && begins_no_word(b"", true));
        assert!(!begins_no_word("ü".as_bytes(), true) && !begins_no_word(b"", false));
    }
}
