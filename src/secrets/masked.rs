//! Text of a file with everything secret masked, read piece by piece.

use std::io::{self, Chain, Cursor, Read};
use std::sync::{Arc, Mutex, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};

use super::literals::{Literals, MaskLiterals};
use super::search::{Automaton, is_too_nested};
use super::shapes::{MaskShapes, Shapes, TextKind};
use super::stream::{Counts, DECIDED, Staged, whole};
use super::{Counted, MASK, Secrets};
use crate::katalon::text::TextReader;

/// What is looked for, ready for the search. Known values come first, so that one of several parts
/// is not taken apart by the shapes in it; they are looked for once more in the end, because test data
/// may stand alone only when the shapes beside it are masked.
#[derive(Clone, Default)]
pub(super) struct Masks {
    known: Option<Arc<Literals>>,
    shapes: Option<Arc<Shapes>>,
    /// Bound values that are too short to be looked for in running text.
    short: Option<Arc<Literals>>,
    kept: Option<Automaton>,
    /// Whether test data is not among what is known, because it cannot all be looked for.
    pub(super) is_incomplete: bool,
}

type Known<R> = Staged<TextReader<Chain<Cursor<Vec<u8>>, R>>, Option<MaskLiterals<Arc<Literals>>>>;
type Shaped<R> = Staged<Known<R>, Option<MaskShapes<Arc<Shapes>>>>;
type Again<R> = Staged<Shaped<R>, Option<MaskLiterals<Arc<Literals>>>>;

/// A reader that gives the text of another, as UTF-8, with everything secret masked. Text without
/// secrets comes out byte for byte, and so much memory is used whatever its length.
pub struct Masked<R> {
    text: Again<R>,
    /// What is left of the byte order mark, which belongs to the file and to no text.
    mark: &'static [u8],
    /// Where it is counted what was masked, and under which number.
    counted: Option<(u64, Arc<Mutex<Counted>>)>,
}

const MARK: &[u8] = b"\xEF\xBB\xBF";

impl Masks {
    /// An error if there are more secrets than can be looked for.
    pub(super) fn of(secrets: &Secrets) -> Result<Self, aho_corasick::BuildError> {
        let shapes = if secrets.mask_test_data {
            let shapes = Shapes::new(secrets.names.clone(), secrets.bound.clone())?;
            Some(Arc::new(shapes))
        } else {
            None
        };
        let kept = if secrets.kept.is_empty() {
            None
        } else {
            let mut builder = AhoCorasick::builder();
            builder.match_kind(MatchKind::LeftmostLongest);
            Some(Automaton::new(&mut builder, &secrets.kept)?)
        };
        let forms = secrets.known.keys().map(String::as_str);
        let is_incomplete = is_too_nested(forms);
        let known = secrets.known.iter();
        let known = known.filter(|(_, meaning)| !is_incomplete || !meaning.is_whole_word);
        Ok(Self {
            kept,
            known: Literals::new(known)?.map(Arc::new),
            shapes,
            short: Literals::new(secrets.short.iter())?.map(Arc::new),
            is_incomplete,
        })
    }

    /// Known values for the second search; without shapes it finds nothing new.
    fn known_again(&self) -> Option<Arc<Literals>> {
        let known = self.known.clone()?;
        (self.shapes.is_some() && known.has_whole_words()).then_some(known)
    }

    /// A text in memory.
    pub(super) fn text(&self, text: &str, kind: TextKind, counts: &mut Counts) -> String {
        let shapes = self.shapes.clone();
        let mut bytes = whole(
            self.known.clone().map(MaskLiterals::new),
            text.as_bytes(),
            counts,
        );
        bytes = whole(
            shapes.map(|shapes| MaskShapes::new(shapes, kind)),
            &bytes,
            counts,
        );
        bytes = whole(self.known_again().map(MaskLiterals::new), &bytes, counts);
        // Only whole letters were replaced.
        String::from_utf8(bytes).unwrap_or_else(|_| MASK.to_owned())
    }

    /// A text that is shown, with what is kept in it as it is.
    pub(super) fn shown(&self, text: &str) -> String {
        let masked = |text: &str| self.text(text, TextKind::Words, &mut Counts::new());
        let Some(kept) = &self.kept else {
            return masked(text);
        };
        let mut shown = String::with_capacity(text.len());
        let mut end = 0;
        for (_, path) in kept.parts(text) {
            shown.push_str(&masked(&text[end..path.start]));
            shown.push_str(&text[path.clone()]);
            end = path.end;
        }
        shown.push_str(&masked(&text[end..]));
        shown
    }

    /// A name that may hold a bound value, however short.
    pub(super) fn name(&self, text: &str, counts: &mut Counts) -> String {
        let text = self.text(text, TextKind::Words, counts);
        let bytes = whole(
            self.short.clone().map(MaskLiterals::new),
            text.as_bytes(),
            counts,
        );
        String::from_utf8(bytes).unwrap_or_else(|_| MASK.to_owned())
    }

    pub(super) fn reader<R: Read>(&self, source: R, kind: TextKind) -> io::Result<Masked<R>> {
        self.reader_by(source, kind, DECIDED)
    }

    /// With windows of another size, which makes no difference to what comes out.
    pub(super) fn reader_by<R: Read>(
        &self,
        mut source: R,
        kind: TextKind,
        decided: usize,
    ) -> io::Result<Masked<R>> {
        let mut beginning = Vec::with_capacity(MARK.len());
        source
            .by_ref()
            .take(MARK.len() as u64)
            .read_to_end(&mut beginning)?;
        let mark = if beginning == MARK { MARK } else { b"" };
        let text = TextReader::new(Cursor::new(beginning).chain(source));
        let known = self.known.clone().map(MaskLiterals::new);
        let shapes = self.shapes.clone();
        let shapes = shapes.map(|shapes| MaskShapes::new(shapes, kind));
        let again = self.known_again().map(MaskLiterals::new);
        let known = Staged::new(text, known, decided);
        let shaped = Staged::new(known, shapes, decided);
        let text = Staged::new(shaped, again, decided);
        Ok(Masked {
            text,
            mark,
            counted: None,
        })
    }
}

impl<R: Read> Masked<R> {
    /// Counts at the end what was masked.
    pub(super) fn counted(mut self, number: u64, counted: Arc<Mutex<Counted>>) -> Self {
        self.counted = Some((number, counted));
        self
    }

    /// How often something was masked in what was read so far, by name.
    pub(super) fn counts(&self) -> Counts {
        let mut all = self.text.counts().clone();
        let shaped = self.text.source.counts().iter();
        let known = self.text.source.source.counts().iter();
        for (name, count) in shaped.chain(known) {
            *all.entry(name.clone()).or_default() += count;
        }
        all
    }
}

impl<R: Read> Read for Masked<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if !self.mark.is_empty() {
            return self.mark.read(target);
        }
        let read = self.text.read(target)?;
        if read == 0
            && !target.is_empty()
            && let Some((number, counted)) = self.counted.take()
        {
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            counted.add(number, self.counts());
        }
        Ok(read)
    }
}
