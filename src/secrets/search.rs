//! Automata that look for many words at once, made so that words which somebody chose to be costly
//! cost neither more time than they are long nor more memory than there is.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, BuildError};

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

/// Makes an automaton for these words.
pub(super) fn automaton<W: AsRef<[u8]>>(
    builder: &mut AhoCorasickBuilder,
    words: impl IntoIterator<Item = W> + Clone,
) -> Result<AhoCorasick, BuildError> {
    let lengths = words.clone().into_iter().map(|word| word.as_ref().len());
    let (all, longest) = lengths.fold((0, 0), |(all, longest), length| {
        (all + length, longest.max(length))
    });
    let fits_table = all <= MOST_IN_TABLE && longest <= LONGEST_IN_TABLE;
    let kind = (!fits_table).then_some(AhoCorasickKind::ContiguousNFA);
    builder.kind(kind).build(words)
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

    #[test]
    fn words_that_repeat_themselves_take_no_longer_to_prepare() {
        // The square of this would take hours.
        let word = "x".repeat(4 * 1024 * 1024);
        let found = automaton(&mut AhoCorasick::builder(), [&word])
            .unwrap()
            .find(&format!("y{word}"));
        assert_eq!(found.unwrap().start(), 1);
        let word = &word[..MOST_IN_TABLE];
        assert!(automaton(&mut AhoCorasick::builder(), [word]).is_ok());
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
