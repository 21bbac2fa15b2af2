//! What must hold of any text and any secrets: shared by the fuzzer and by `cargo test`.

use std::io::Read;

use katalon_ado::secrets::{SecretNames, Secrets, TextKind};

/// Gives a few bytes at a time, as a slow disk may.
struct Pieces<'a>(&'a [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(7).min(target.len());
        target[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// The bytes are a secret of the job, two values of test data and a text, with zeros between them;
/// the first byte says what kind of text.
pub(crate) fn check(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else {
        return;
    };
    let input = String::from_utf8_lossy(rest);
    let mut parts = input.splitn(4, '\0');
    let mut next = || parts.next().unwrap_or_default();
    let (job, first, second, text) = (next().trim(), next(), next(), next());
    // Longer secrets show nothing more, and have hundreds of forms.
    if [job, first, second].iter().any(|secret| secret.len() > 16) {
        return;
    }
    // A zero among the first bytes of a file says UTF-16, and a mark belongs to no text.
    if text.contains(['\0', '\u{feff}']) || job.contains('\u{feff}') {
        return;
    }
    let mut secrets = Secrets::new(SecretNames::default(), true);
    let is_looked_for = secrets.learn_job([("JOB", job)]).is_empty() && !job.is_empty();
    for value in [first, second] {
        secrets.learn_test_data("password", value);
    }
    let kind = match kind % 3 {
        0 => TextKind::Words,
        1 => TextKind::Data,
        _ => TextKind::Page,
    };
    let masked = read(&secrets, text.as_bytes(), kind);
    let pieces = read(&secrets, Pieces(text.as_bytes()), kind);
    assert_eq!(masked, pieces, "how it is read makes no difference");
    if kind == TextKind::Words {
        assert_eq!(masked, secrets.mask(text));
    }
    if is_looked_for && !job.contains('*') {
        assert!(!masked.contains(job), "{job:?} is in {masked:?}");
    }
    for value in [first, second] {
        let digits = value.chars().all(|c| c.is_ascii_digit());
        let shortest = if digits { 8 } else { 6 };
        if value.chars().count() >= shortest && !value.contains('*') {
            assert!(!stands_alone(&masked, value), "{value:?} is in {masked:?}");
        }
    }
    // Among stars nobody can tell which are a mask.
    if ![job, first, second, text]
        .iter()
        .any(|part| part.contains('*'))
    {
        assert_touches_nothing_else(&masked, text, kind);
    }
    if has_no_secret(text, &[job, first, second]) {
        assert_eq!(masked, text, "nothing in it is secret");
    }
    let off = Secrets::new(SecretNames::default(), false);
    assert_eq!(read(&off, Pieces(text.as_bytes()), kind), text);
}

/// What is not masked is as it was, from the first byte to the last. In data a mask may have got
/// quotes that the value had not.
fn assert_touches_nothing_else(masked: &str, text: &str, kind: TextKind) {
    let pieces: Vec<&str> = masked.split("***").collect();
    let last = pieces.len() - 1;
    let mut rest = text;
    for (number, piece) in pieces.into_iter().enumerate() {
        let mut piece = piece;
        let quotes = |c: char| c == '\\' || c == '"';
        if kind == TextKind::Data && number < last {
            piece = piece.trim_end_matches(quotes);
        }
        if kind == TextKind::Data && number > 0 {
            piece = piece.trim_start_matches(quotes);
        }
        let at = match number {
            0 => rest.starts_with(piece).then_some(0),
            _ if number == last => rest.ends_with(piece).then(|| rest.len() - piece.len()),
            _ => rest.find(piece),
        };
        assert!(at.is_some(), "{piece:?} of {masked:?} is not in {text:?}");
        let end = at.unwrap_or(0) + piece.len();
        assert!(
            number < last || last > 0 || end == text.len(),
            "{masked:?} ends early"
        );
        rest = &rest[end..];
    }
}

/// Words and blanks alone, none of which is a part of a secret: no name has a sign behind it.
fn has_no_secret(text: &str, secrets: &[&str]) -> bool {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    is_plain
        && words.all(|word| {
            let mut secrets = secrets.iter();
            secrets.all(|secret| !secret.contains(word) && !(word.contains(secret.trim())))
        })
}

fn read(secrets: &Secrets, source: impl Read, kind: TextKind) -> String {
    let mut masked = String::new();
    if let Ok(mut reader) = secrets.masked(source, kind) {
        reader.read_to_string(&mut masked).expect("text stays text");
    }
    masked
}

fn stands_alone(text: &str, value: &str) -> bool {
    text.char_indices().any(|(at, _)| {
        let Some(behind) = text[at..].strip_prefix(value) else {
            return false;
        };
        let before = text[..at].chars().next_back();
        let behind = behind.chars().next();
        !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
    })
}
