//! Automata that look for many words at once, made so that words which somebody chose to be costly
//! cost neither more time than they are long nor more memory than there is.

use std::iter;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, BuildError, Match};

/// So many bytes of words may be looked for by a table that has every step in it: of few words the
/// builder would make what is fastest, and takes a hundred bytes for each of theirs.
const MOST_IN_TABLE: usize = 64 * 1024;

/// The longest word in such a table, which takes the square of its length to make where a word
/// repeats itself.
const LONGEST_IN_TABLE: usize = 256;

/// So many words may end in one place of a text.
const MOST_NESTED: usize = 64;

/// So many bytes of words at most, times the most that end in one place: every state of an automaton
/// holds all of those, in a dozen bytes each.
const MOST_STORED: usize = 64 * 1024 * 1024;

/// Of fewer words the order of the states makes no difference.
const MANY_WORDS: usize = 4 * 1024;

/// In no text: it is no UTF-8.
const NOWHERE: u8 = 0xFF;

/// Finds all words in one pass over a text.
#[derive(Clone)]
pub(super) struct Automaton {
    searcher: AhoCorasick,
    /// Words of ours before those that are looked for.
    before: usize,
}

impl Automaton {
    /// Makes one for these words.
    pub(super) fn new<W: AsRef<[u8]>>(
        builder: &mut AhoCorasickBuilder,
        words: impl IntoIterator<Item = W> + Clone,
    ) -> Result<Self, BuildError> {
        let (mut count, mut bytes, mut longest) = (0, 0, 0);
        for word in words.clone() {
            let length = word.as_ref().len();
            count += 1;
            bytes += length;
            longest = longest.max(length);
        }
        let fits_table = bytes <= MOST_IN_TABLE && longest <= LONGEST_IN_TABLE;
        let kind = (!fits_table).then_some(AhoCorasickKind::ContiguousNFA);
        builder.kind(kind);
        if count < MANY_WORDS {
            return Ok(Self {
                searcher: builder.build(words)?,
                before: 0,
            });
        }
        // The states that end a word are put before all others, one by one in the place of whatever
        // is there. Where that ends a word as well, what is moved away is moved again and again, and
        // to find out where it went takes the square of the number of words. So there is one word
        // before them which has as many states that end none.
        let room = iter::once(vec![NOWHERE; count + 1]);
        let words = words.into_iter().map(|word| word.as_ref().to_vec());
        Ok(Self {
            searcher: builder.build(room.chain(words))?,
            before: 1,
        })
    }

    /// Every place of every word, by where it ends: which word, and where.
    pub(super) fn all<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (usize, Range<usize>)> {
        let found = self.searcher.find_overlapping_iter(text);
        found.filter_map(|found| self.word(found))
    }

    /// Places that do not overlap, one behind the other.
    pub(super) fn parts<'t>(
        &'t self,
        text: &'t str,
    ) -> impl Iterator<Item = (usize, Range<usize>)> {
        let found = self.searcher.find_iter(text);
        found.filter_map(|found| self.word(found))
    }

    fn word(&self, found: Match) -> Option<(usize, Range<usize>)> {
        let word = found.pattern().as_usize().checked_sub(self.before)?;
        Some((word, found.range()))
    }
}

/// Whether an automaton that tells every place of each word would be too large: words that end with
/// others that end with others, as `ccc`, `cc` and `c` do, make it grow like the square of their
/// length.
pub(super) fn is_too_nested<'a>(words: impl Iterator<Item = &'a str>) -> bool {
    let mut words: Vec<&str> = words.collect();
    let bytes: usize = words.iter().map(|word| word.len()).sum();
    // Read from its end, a word stands behind all that it ends with.
    words.sort_unstable_by(|a, b| a.bytes().rev().cmp(b.bytes().rev()));
    let mut ends: Vec<&str> = Vec::new();
    let mut most = 0;
    for word in words {
        while ends.last().is_some_and(|end| !word.ends_with(end)) {
            ends.pop();
        }
        ends.push(word);
        most = most.max(ends.len());
    }
    most > MOST_NESTED || bytes.saturating_mul(most) > MOST_STORED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(words: &[&str]) -> Automaton {
        Automaton::new(&mut AhoCorasick::builder(), words).unwrap()
    }

    #[test]
    fn words_that_repeat_themselves_take_no_longer_to_prepare() {
        // The square of this would take hours.
        let word = "x".repeat(4 * 1024 * 1024);
        let text = format!("y{word}");
        let automaton = prepared(&[&word]);
        let places: Vec<_> = automaton.all(text.as_bytes()).collect();
        assert_eq!(places, [(0, 1..text.len())]);
        let word = &word[..MOST_IN_TABLE];
        assert_eq!(prepared(&[word]).all(b"x").count(), 0);
    }

    #[test]
    fn many_words_take_no_longer_to_prepare_and_are_told_apart() {
        // Nearly every state ends a word. The square of this would take many minutes.
        for count in [MANY_WORDS - 1, MANY_WORDS, 400_000] {
            let words: Vec<String> = (0..count).map(|number| format!("w{number}")).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let automaton = prepared(&words);
            let places: Vec<_> = automaton.all(b"a w123 \xFF\xFF").collect();
            assert_eq!(places, [(1, 2..4), (12, 2..5), (123, 2..6)]);
            assert_eq!(automaton.parts("w1").next(), Some((1, 0..2)));
        }
    }

    #[test]
    fn words_that_end_with_each_other_are_counted() {
        let nested = |count: usize| -> Vec<String> {
            (0..count)
                .map(|number| format!("{}c", "ab".repeat(number)))
                .flat_map(|word| [format!("{word}d"), word])
                .collect()
        };
        let is_too_nested = |words: &[String]| is_too_nested(words.iter().map(String::as_str));
        assert!(!is_too_nested(&nested(MOST_NESTED)));
        assert!(is_too_nested(&nested(MOST_NESTED + 1)));
        // Fewer of them, if they are long.
        let mut words = nested(10);
        words.push("y".repeat(MOST_STORED / 20));
        assert!(!is_too_nested(&words));
        words.push("z".repeat(MOST_STORED / 10));
        assert!(is_too_nested(&words));
        assert!(!is_too_nested(&[]));
    }
}
