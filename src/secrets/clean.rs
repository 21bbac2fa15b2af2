//! Text that may be sent, and how it is cut to the limits of the service.

use serde::Serialize;

use super::is_refused_control;

/// Free text that may be sent: nothing secret is in it, and no control character.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Clean(String);

impl Clean {
    /// The name of a test or a suite, or a part of its path: identity, which is never masked.
    pub fn identity(text: &str) -> Self {
        Self(text.chars().filter(|&c| !is_refused_control(c)).collect())
    }

    /// Text in which nothing is secret any more. Only this module's parent makes such text.
    pub(super) fn masked(text: String) -> Self {
        Self(text)
    }

    /// Words of our own.
    pub fn own(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// A number, which is never secret.
    pub fn number(number: usize) -> Self {
        Self(number.to_string())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its length as the service counts: UTF-16 code units.
    pub fn len(&self) -> usize {
        self.0.encode_utf16().count()
    }

    /// `self` and `more`, one after the other.
    #[must_use]
    pub fn and(mut self, more: &Clean) -> Self {
        self.0.push_str(&more.0);
        self
    }

    /// The pieces with a separator of our own between them, empty ones left out.
    pub fn join<'a>(pieces: impl IntoIterator<Item = &'a Clean>, separator: &'static str) -> Self {
        let pieces: Vec<&str> = pieces
            .into_iter()
            .map(|piece| piece.0.as_str())
            .filter(|piece| !piece.is_empty())
            .collect();
        Self(pieces.join(separator))
    }

    /// Without line breaks and blanks at the ends; line breaks inside become blanks.
    #[must_use]
    pub fn one_line(&self) -> Self {
        Self(self.0.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The text as a name of at most `limit` UTF-16 code units. A longer one ends in `…` and eight
    /// hex digits of its hash, so that two long names stay two.
    #[must_use]
    pub fn as_name(self, limit: usize) -> Self {
        Self(cut_name(&self.0, limit))
    }

    /// The text as a note of at most `limit` UTF-16 code units: what is left out stands elsewhere.
    #[must_use]
    pub fn as_note(self, limit: usize) -> Self {
        self.cut(limit, "… (cut)").0
    }

    /// The text as a message of at most `limit` UTF-16 code units, and whether it was cut. A cut
    /// one says so in its last line.
    #[must_use]
    pub fn as_message(self, limit: usize) -> (Self, bool) {
        self.cut(limit, "\n… (cut; the whole text is attached)")
    }

    fn cut(self, limit: usize, said: &str) -> (Self, bool) {
        if self.len() <= limit {
            return (self, false);
        }
        let room = limit.saturating_sub(said.encode_utf16().count());
        (Self(first_units(&self.0, room).to_owned() + said), true)
    }

    /// The beginning of the text, of at most `limit` UTF-16 code units; a shortened one ends in `…`.
    #[must_use]
    pub fn shortened(self, limit: usize) -> Self {
        if self.len() <= limit {
            return self;
        }
        let beginning = first_units(&self.0, limit.saturating_sub(1));
        Self(format!("{}…", beginning.trim_end()))
    }

    /// The text as a name of a file: what Windows or the service refuses becomes `_`.
    #[must_use]
    pub fn as_file_name(self, limit: usize) -> Self {
        let name: String = self
            .0
            .chars()
            .map(|c| {
                if c.is_control() || "\\/:*?\"<>|".contains(c) {
                    '_'
                } else {
                    c
                }
            })
            .collect();
        let name = name.trim().to_owned();
        if name.encode_utf16().count() <= limit {
            return Self(name);
        }
        // The ending says what the file is, so it survives the cut.
        match name.rsplit_once('.') {
            Some((stem, ending)) if ending.len() <= 10 => Self(format!(
                "{}.{ending}",
                cut_name(stem, limit.saturating_sub(ending.len() + 1))
            )),
            _ => Self(cut_name(&name, limit)),
        }
    }
}

/// [`Clean::as_name`] for text that is identity and therefore not masked.
pub fn cut_name(name: &str, limit: usize) -> String {
    if name.encode_utf16().count() <= limit {
        return name.to_owned();
    }
    let hash = hex_digest(name.as_bytes(), 8);
    format!("{}…{hash}", first_units(name, limit.saturating_sub(9)))
}

/// The first hex digits of SHA-256 over `bytes`.
pub fn hex_digest(bytes: &[u8], digits: usize) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut hex: String = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    hex.truncate(digits);
    hex
}

/// The longest beginning of `text` that has at most `limit` UTF-16 code units.
fn first_units(text: &str, limit: usize) -> &str {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > limit {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Secrets;

    #[test]
    fn two_long_names_stay_two() {
        let a = Secrets::default()
            .clean(&format!("{}a", "x".repeat(300)))
            .as_name(256);
        let b = Secrets::default()
            .clean(&format!("{}b", "x".repeat(300)))
            .as_name(256);
        assert_eq!(a.len(), 256);
        assert_ne!(a, b);
    }

    #[test]
    fn a_cut_counts_as_the_service_counts_and_says_so() {
        let (message, cut) = Secrets::default().clean(&"😀".repeat(100)).as_message(100);
        assert!(cut && message.len() <= 100);
        assert!(message.as_str().ends_with("attached)"));
    }

    #[test]
    fn a_file_name_keeps_its_ending() {
        let name = Secrets::default()
            .clean(&format!("{}:?.png", "y".repeat(300)))
            .as_file_name(100);
        assert_eq!(name.len(), 100);
        assert!(name.as_str().ends_with(".png"));
        assert_eq!(
            Secrets::default()
                .clean("a/b:c.png")
                .as_file_name(100)
                .as_str(),
            "a_b_c.png"
        );
    }
}
