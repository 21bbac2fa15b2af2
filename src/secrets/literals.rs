//! Finds values that are known, all of them in one pass over the text.

use std::collections::BTreeMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, BuildError};

use super::MASK;
use super::search::Automaton;
use super::stream::{Output, Stage, Window};

/// How far behind a value others are followed that touch it and each other; see
/// [`Literals::accepted`].
const CHAIN: usize = 4 * 1024;

/// The longest escape that may stand beside a value: `\u00fc`.
const ESCAPE: usize = 8;

/// Where more values end, the longest is masked whether it stands alone or not: the forms of one value
/// are fewer, and to follow any number of them would take any amount of memory.
const MOST_AT_ONE_PLACE: usize = 8;

/// Known values in all their forms.
pub(super) struct Literals {
    matcher: Automaton,
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

/// A place of a form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    start: usize,
    end: usize,
    form: usize,
    /// Whether it is masked only if it stands alone.
    is_whole_word: bool,
}

impl Literals {
    /// `None` if there are no forms; an error if there are too many to be looked for.
    pub(super) fn new<'a>(
        forms: impl Iterator<Item = (&'a String, &'a Meaning)> + Clone,
    ) -> Result<Option<Self>, BuildError> {
        let meanings: Vec<Meaning> = forms.clone().map(|(_, meaning)| meaning.clone()).collect();
        if meanings.is_empty() {
            return Ok(None);
        }
        let forms = forms.map(|(form, _)| form);
        Ok(Some(Self {
            longest: forms.clone().map(String::len).max().unwrap_or(0),
            matcher: Automaton::new(&mut AhoCorasick::builder(), forms)?,
            has_whole_words: meanings.iter().any(|meaning| meaning.is_whole_word),
            meanings,
        }))
    }

    /// Whether some are found only where they stand alone.
    pub(super) fn has_whole_words(&self) -> bool {
        self.has_whole_words
    }

    /// Every place of every form, by where it begins: secrets may overlap. Without those that lie at
    /// the end of one which is masked in any case.
    fn candidates(&self, text: &[u8], from: usize) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        // Where those begin that end where the last one does.
        let mut group = 0;
        for (form, place) in self.matcher.all(&text[from..]) {
            let span = Span {
                start: from + place.start,
                end: from + place.end,
                form,
                is_whole_word: self.meanings[form].is_whole_word,
            };
            if spans.last().is_some_and(|last| last.end != span.end) {
                keep_needed(&mut spans, group);
                group = spans.len();
            }
            // Of more than are looked at one by one only the longest counts.
            if spans.len() - group <= MOST_AT_ONE_PLACE {
                spans.push(span);
                let last = spans.len() - 1;
                if span.start < spans[group].start {
                    spans.swap(group, last);
                }
            } else if span.start < spans[group].start {
                spans[group] = span;
            }
        }
        keep_needed(&mut spans, group);
        spans.sort_unstable();
        spans
    }

    /// Those that stand alone, where they have to. A mask beside a value parts it from its neighbours
    /// as a blank does: else masking one value would leave another standing alone.
    fn accepted(&self, window: &Window<'_>, masked_until: Option<usize>) -> Vec<Span> {
        let text = window.text;
        let mut spans = self.candidates(text, window.from);
        if !self.has_whole_words || spans.is_empty() {
            return spans;
        }
        let mut by_end: Vec<usize> = (0..spans.len()).collect();
        by_end.sort_unstable_by_key(|&at| spans[at].end);
        let mut free: Vec<(bool, bool)> = spans
            .iter()
            .map(|span| {
                if !span.is_whole_word {
                    return (true, true);
                }
                let is_masked_before = masked_until.is_some_and(|until| span.start <= until);
                (
                    is_masked_before || ends_word(&text[..span.start]),
                    begins_no_word(&text[span.end..], window.is_end),
                )
            })
            .collect();
        let mut unfree_before = Remaining::of(spans.len());
        let mut unfree_behind = Remaining::of(spans.len());
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
            unfree_before.take_from(first, |other| {
                let is_beside = spans[other].start <= end;
                if is_beside && !free[other].0 {
                    free[other].0 = true;
                    waiting.push(other);
                }
                is_beside
            });
            // … and those that have it behind their last one.
            let first = by_end.partition_point(|&other| spans[other].end < start);
            unfree_behind.take_from(first, |other| {
                let other = by_end[other];
                let is_beside = spans[other].end < end;
                if is_beside && !free[other].1 {
                    free[other].1 = true;
                    waiting.push(other);
                }
                is_beside
            });
        }
        let mut kept = accepted.into_iter();
        spans.retain(|_| kept.next().unwrap_or(false));
        spans
    }
}

/// Of the places from `group` on, which end together, keeps those that make a difference.
fn keep_needed(spans: &mut Vec<Span>, group: usize) {
    let ends_together = &mut spans[group..];
    let needed = if ends_together.len() > MOST_AT_ONE_PLACE {
        ends_together[0].is_whole_word = false;
        1
    } else {
        ends_together.sort_unstable();
        let anywhere = ends_together.iter().position(|span| !span.is_whole_word);
        anywhere.map_or(ends_together.len(), |at| at + 1)
    };
    spans.truncate(group + needed);
}

/// Places that have not been visited, so that no place is visited twice.
struct Remaining {
    /// For each place itself, or one behind it before which none remains.
    next: Vec<usize>,
}

impl Remaining {
    fn of(count: usize) -> Self {
        Self {
            next: (0..=count).collect(),
        }
    }

    /// Takes one after the other, from there on, until one is refused.
    fn take_from(&mut self, first: usize, mut take: impl FnMut(usize) -> bool) {
        let end = self.next.len() - 1;
        let mut at = self.first(first);
        while at < end && take(at) {
            self.next[at] = at + 1;
            at = self.first(at + 1);
        }
    }

    fn first(&mut self, mut at: usize) -> usize {
        while self.next[at] != at {
            self.next[at] = self.next[self.next[at]];
            at = self.next[at];
        }
        at
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
        let literals = Arc::new(Literals::new(forms.iter()).unwrap().unwrap());
        let text = format!("{}Sommer2026hunter2 b", "a ".repeat(20));
        for decided in 1..60 {
            let stage = MaskLiterals::new(Arc::clone(&literals));
            let mut masked = String::new();
            let mut reader = Staged::new(text.as_bytes(), stage, decided);
            reader.read_to_string(&mut masked).unwrap();
            assert!(masked.ends_with("a *** b"), "windows of {decided}");
        }
    }

    /// What the search does, done in the slowest way.
    fn masked_slowly(text: &str, words: &[String]) -> String {
        let mut masked = vec![false; text.len()];
        loop {
            let before = masked.clone();
            for (start, _) in text.char_indices() {
                for word in words.iter().filter(|word| text[start..].starts_with(*word)) {
                    let end = start + word.len();
                    let is_free_before = (start > 0 && masked[start - 1])
                        || !last_char(&text.as_bytes()[..start]).is_some_and(char::is_alphanumeric);
                    let is_free_behind = masked.get(end) == Some(&true)
                        || begins_no_word(&text.as_bytes()[end..], true);
                    if is_free_before && is_free_behind {
                        masked[start..end].fill(true);
                    }
                }
            }
            if masked == before {
                break;
            }
        }
        let mut result = String::new();
        for (at, c) in text.char_indices() {
            match (masked[at], at > 0 && masked[at - 1]) {
                (true, true) => {}
                (true, false) => result.push_str(MASK),
                (false, _) => result.push(c),
            }
        }
        result
    }

    fn literals(words: &[String]) -> Literals {
        let meaning = Meaning {
            name: Arc::from("password"),
            is_whole_word: true,
        };
        let words = words.iter().map(|word| (word.clone(), meaning.clone()));
        let forms: Forms = words.collect();
        Literals::new(forms.iter()).unwrap().unwrap()
    }

    fn masked(text: &str, words: &[String]) -> String {
        let stage = MaskLiterals::new(Arc::new(literals(words)));
        let masked = super::super::stream::whole(stage, text.as_bytes(), &mut BTreeMap::new());
        String::from_utf8(masked).unwrap()
    }

    #[test]
    fn words_that_overlap_part_each_other_from_what_is_beside_them() {
        // Every text of eight letters, with words that end in each other, begin in each other, touch.
        let words = ["ab", "a b", "b", "bba", "a", "ba b"].map(str::to_owned);
        for number in 0..3_usize.pow(8) {
            let letter = |place: u32| ['a', 'b', ' '][number / 3_usize.pow(place) % 3];
            let text: String = (0..8).map(letter).collect();
            for words in [&words[..], &words[1..2], &words[..4], &words[3..]] {
                assert_eq!(
                    masked(&text, words),
                    masked_slowly(&text, words),
                    "{text:?}, {words:?}"
                );
            }
        }
    }

    #[test]
    fn any_number_of_values_that_end_in_one_place_takes_no_more_than_a_few() {
        let words: Vec<String> = (6..60).map(|length| "x".repeat(length)).collect();
        let text = format!("y{} z", "x".repeat(3_000));
        let places = literals(&words).candidates(text.as_bytes(), 0).len();
        assert!(places < text.len() + 100, "{places}");
        assert_eq!(masked(&text, &words), "y*** z");
        // A few of them are looked at one by one.
        assert_eq!(masked("yxxxxxxx", &words), "yxxxxxxx");
        assert_eq!(masked("y-xxxxxxx", &words), "y-***");
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
