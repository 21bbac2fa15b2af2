//! What must not leave, and the only way for free text to leave.
//!
//! [`Clean`] is text that may be sent: it can be made here only, from text in which [`Secrets`]
//! has replaced what is secret, or from words of our own. Wire types hold `Clean` for free text,
//! so that an unmasked message is a matter for the compiler. Files are masked while they are read
//! ([`Secrets::masked`]).
//!
//! Two things are replaced, one after the other: known values, those of the job wherever they stand
//! and test data where it stands alone ([`literals`]), and what is secret by what stands around it
//! ([`shapes`]).

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

mod around;
mod clean;
mod forms;
mod literals;
mod masked;
mod names;
mod quotes;
mod search;
mod shapes;
mod stream;
pub(crate) mod typed;
mod values;

pub use clean::{Clean, cut_name, hex_digest};
pub use masked::Masked;
pub use names::SecretNames;
pub use shapes::TextKind;

use literals::{Forms, Meaning};
use masked::Masks;
use stream::Counts;

/// What stands in place of a secret.
const MASK: &str = "***";

/// Shorter secret variables are not looked for: every second word would be masked.
const SHORTEST: usize = 3;

/// Digits alone are not looked for below this length: counts and times would be masked.
const SHORTEST_DIGITS: usize = 6;

/// Test data is masked in running text from this length on.
const SHORTEST_TEST_DATA: usize = 6;

/// Test data of digits alone is masked in running text from this length on.
const SHORTEST_TEST_DATA_DIGITS: usize = 8;

/// A longer value is looked for in its usual forms: hundreds of megabytes at a time would be made of
/// it.
const LONGEST_IN_ALL_FORMS: usize = 16 * 1024;

/// A longer form is looked for in pieces of this length, wherever they stand: no message has so much
/// of it by chance, and what is looked for determines how much of a text must be at hand.
const LONGEST_FORM: usize = 32 * 1024;

/// Bytes of paths that are kept as they are, those of tens of thousands of tests; in further ones what
/// is secret elsewhere is masked as well.
const MOST_KEPT: usize = 4 * 1024 * 1024;

/// The name under which the access token is counted.
const TOKEN: &str = "access token";

/// The same for text that Katalon encrypted before it was typed.
const TYPED: &str = "encrypted text";

/// The values that are replaced, and the names that say so of others.
#[derive(Clone)]
pub struct Secrets {
    names: SecretNames,
    mask_test_data: bool,
    /// Every form of the job's secrets and of test data.
    known: Forms,
    /// The same of test data that is too short to be looked for in running text.
    short: Forms,
    /// Test data as it was bound, however short.
    bound: HashSet<String>,
    /// Paths of tests and suites, which stay as they are wherever they are shown.
    kept: BTreeSet<String>,
    kept_bytes: usize,
    /// Bytes of all forms.
    bytes: usize,
    limits: Limits,
    amount: Amount,
    /// What finds it all; made when it is first needed. `None` if there is too much of it.
    masks: OnceLock<Option<Arc<Masks>>>,
    counted: Arc<Mutex<Counted>>,
}

/// How much test data is looked for, in bytes of forms. A report can bind more than any machine could
/// look for.
#[derive(Clone, Copy)]
struct Limits {
    /// Up to here in every form that there is, behind it in the usual ones.
    all_forms: usize,
    /// Up to here at all.
    most: usize,
}

/// Tens of thousands of values each. What looks for them takes up to fifty times as much memory.
const LIMITS: Limits = Limits {
    all_forms: 8 * 1024 * 1024,
    most: 16 * 1024 * 1024,
};

/// Whether there is more test data than can be looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amount {
    /// There is not.
    #[default]
    Usual,
    /// The last of it is looked for in its usual forms only.
    Much,
    /// There is: no text of a report leaves, but for identities and what the log says of it.
    TooMuch,
}

/// What was masked in all that may be sent.
#[derive(Default)]
struct Counted {
    counts: Counts,
    /// Texts that were counted: the same text is often prepared more than once.
    texts: HashSet<u64>,
}

impl Counted {
    fn add(&mut self, text: u64, counts: Counts) {
        if self.texts.insert(text) {
            for (name, count) in counts {
                *self.counts.entry(name).or_default() += count;
            }
        }
    }
}

fn hash(text: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Default for Secrets {
    fn default() -> Self {
        Self::new(SecretNames::default(), true)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forms = self.known.len() + self.short.len();
        write!(f, "Secrets({forms} forms)")
    }
}

impl Secrets {
    /// Nothing is known yet; `mask_test_data: false` leaves everything but the job's secrets as it
    /// is.
    pub fn new(names: SecretNames, mask_test_data: bool) -> Self {
        Self {
            names,
            mask_test_data,
            known: Forms::new(),
            short: Forms::new(),
            bound: HashSet::new(),
            kept: BTreeSet::new(),
            kept_bytes: 0,
            bytes: 0,
            limits: LIMITS,
            amount: Amount::Usual,
            masks: OnceLock::new(),
            counted: Arc::default(),
        }
    }

    /// Learns the job's secret variables (name and value). Gives the names of those that are too
    /// short to be looked for.
    pub fn learn_job<'a>(
        &mut self,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Vec<String> {
        let mut too_short = Vec::new();
        for (name, value) in variables {
            let value = value.trim();
            if !is_long_enough(value, SHORTEST, SHORTEST_DIGITS) {
                if !value.is_empty() {
                    too_short.push(name.to_owned());
                }
                continue;
            }
            self.add(name, value, false);
            // One of several lines appears line by line in messages as well.
            for line in value.lines().map(str::trim).filter(|line| *line != value) {
                if is_long_enough(line, SHORTEST, SHORTEST_DIGITS) {
                    self.add(name, line, false);
                }
            }
        }
        too_short.dedup();
        too_short
    }

    /// Learns an access token, or another form in which it travels.
    pub fn learn_token(&mut self, token: &str) {
        self.learn_password(TOKEN, token);
    }

    /// Learns another value that is secret wherever it stands, whatever its length.
    pub fn learn_password(&mut self, name: &str, password: &str) {
        if !password.is_empty() {
            self.add(name, password, false);
        }
    }

    /// The names that say that a value is secret.
    pub fn names(&self) -> &SecretNames {
        &self.names
    }

    /// Learns a value that is bound to a variable of the tests, if the variable's name says that
    /// it is secret.
    pub fn learn_test_data(&mut self, variable: &str, value: &str) {
        if self.names.is_secret(variable) {
            self.learn_secret(variable, value);
        }
    }

    /// Learns a value that Katalon itself masks or encrypts, whatever its variable is called, unless
    /// that was exempted; it may have none.
    pub fn learn_masked_test_data(&mut self, variable: &str, value: &str) {
        if self.names.add(variable) {
            self.masks = OnceLock::new();
        }
        if variable.is_empty() {
            self.learn_secret(TYPED, value);
        } else if self.names.is_secret(variable) {
            self.learn_secret(variable, value);
        }
    }

    /// Keeps the path of a test or a suite as it is in all that is shown: it is identity, and a word
    /// of it may be somebody's password. Only what begins as Katalon's paths do: a report could else
    /// name a part of a secret as one, and show the secret so.
    pub fn keep(&mut self, path: &str) {
        let is_path = ["Test Cases/", "Test Suites/"]
            .iter()
            .any(|folder| path.len() > folder.len() && path.starts_with(folder));
        let has_room = self.kept_bytes + path.len() <= MOST_KEPT;
        if is_path && has_room && self.kept.insert(path.to_owned()) {
            self.kept_bytes += path.len();
            self.masks = OnceLock::new();
        }
    }

    /// Learns a value of which it is known that it is secret. A very short one is masked where it
    /// is bound, and nowhere else.
    pub fn learn_secret(&mut self, name: &str, value: &str) {
        let is_masked_already = value.chars().all(|c| matches!(c, '*' | '\u{2022}'));
        if !self.mask_test_data || is_masked_already || !self.bound.insert(value.to_owned()) {
            return;
        }
        self.masks = OnceLock::new();
        self.learn_text(name, value);
        // Messages have it without the blanks around it, line by line where it has several, and a
        // number of a sheet without its exponent.
        let trimmed = value.trim();
        let lines = trimmed.lines().map(str::trim);
        let number = without_exponent(trimmed);
        for other in lines.chain([trimmed]).chain(number.as_deref()) {
            if other != value {
                self.learn_text(name, other);
            }
        }
    }

    /// Looks for a text wherever it stands alone, if it is long enough.
    fn learn_text(&mut self, name: &str, value: &str) {
        if is_long_enough(value, SHORTEST_TEST_DATA, SHORTEST_TEST_DATA_DIGITS) {
            self.add(name, value, true);
        } else if value.chars().count() >= SHORTEST && !self.short.contains_key(value) {
            if self.bytes + value.len() > self.limits.most {
                self.amount = Amount::TooMuch;
                return;
            }
            self.bytes += value.len();
            let name = Arc::from(name);
            let meaning = Meaning {
                name,
                is_whole_word: true,
            };
            self.short.insert(value.to_owned(), meaning);
        }
    }

    /// Adds every form of a value. One that is there already keeps its name, and one of the job is
    /// looked for everywhere, whatever else it may be.
    fn add(&mut self, name: &str, value: &str, is_whole_word: bool) {
        self.masks = OnceLock::new();
        let has_room = !is_whole_word
            || self.bytes < self.limits.all_forms && value.len() <= LONGEST_IN_ALL_FORMS;
        let has_none = |more: usize| is_whole_word && self.bytes + more > self.limits.most;
        if has_none(value.len()) {
            self.amount = Amount::TooMuch;
            return;
        }
        let forms = if has_room {
            forms::of(value)
        } else {
            self.amount = self.amount.max(Amount::Much);
            forms::usual(value)
        };
        if has_none(forms.iter().map(String::len).sum()) {
            self.amount = Amount::TooMuch;
            return;
        }
        let name: Arc<str> = Arc::from(name);
        for form in forms {
            if form.len() <= LONGEST_FORM {
                self.add_form(&name, form, is_whole_word);
            } else {
                for piece in pieces(&form) {
                    self.add_form(&name, piece.to_owned(), false);
                }
            }
        }
    }

    fn add_form(&mut self, name: &Arc<str>, form: String, is_whole_word: bool) {
        let length = form.len();
        let known = self.known.entry(form).or_insert_with(|| {
            self.bytes += length;
            Meaning {
                name: Arc::clone(name),
                is_whole_word,
            }
        });
        known.is_whole_word &= is_whole_word;
    }

    /// Whether there is more test data than can be looked for.
    pub fn amount(&self) -> Amount {
        match self.complete_masks() {
            Some(_) => self.amount,
            None => Amount::TooMuch,
        }
    }

    /// A bound value as it may be shown beside its variable.
    pub fn bound_value(&self, variable: &str, value: &str) -> Clean {
        let is_secret = self.mask_test_data && self.names.is_secret(variable);
        if is_secret && !value.is_empty() {
            let counts = Counts::from([(variable.to_owned(), 1)]);
            self.count((variable, value), counts);
            Clean::own(MASK)
        } else {
            self.clean(value)
        }
    }

    /// The text with every secret replaced by `***`, paths that are kept apart. Secrets that touch or
    /// overlap give one mask.
    pub fn mask(&self, text: &str) -> String {
        match self.masks() {
            Some(masks) => masks.shown(text),
            None => MASK.to_owned(),
        }
    }

    /// A text as it would be masked in a file.
    pub fn mask_data(&self, text: &str) -> String {
        match self.complete_masks() {
            Some(masks) => masks.text(text, TextKind::Data, &mut Counts::new()),
            None => MASK.to_owned(),
        }
    }

    /// Text that may be sent: masked, without the control characters that the service refuses.
    pub fn clean(&self, text: &str) -> Clean {
        self.clean_by(text, |masks, text, counts| {
            masks.text(text, TextKind::Words, counts)
        })
    }

    /// The name of a file that may be sent. Katalon puts bound values into some.
    pub fn clean_file_name(&self, name: &str) -> Clean {
        self.clean_by(name, Masks::name)
    }

    fn clean_by(&self, text: &str, by: impl Fn(&Masks, &str, &mut Counts) -> String) -> Clean {
        // Dropped first: a control character in the middle of a secret would hide it from the mask.
        let text: String = text.chars().filter(|&c| !is_refused_control(c)).collect();
        let Some(masks) = self.complete_masks() else {
            return Clean::own(MASK);
        };
        let mut counts = Counts::new();
        let masked = by(masks, &text, &mut counts);
        self.count(&text, counts);
        Clean::masked(masked)
    }

    /// A reader that gives the text of a file with everything secret masked, whatever its length
    /// and its encoding: bytes of UTF-16 would hide every secret.
    ///
    /// # Errors
    /// What reading the first bytes came to.
    pub fn masked<R: Read>(&self, source: R, kind: TextKind) -> io::Result<Masked<R>> {
        self.searchable()?.reader(source, kind)
    }

    /// The same for a file of which it is counted what was masked in it, when it has been read to its
    /// end; once, however often that is. `path` tells it from others.
    ///
    /// # Errors
    /// What reading the first bytes came to.
    pub fn masked_file<R: Read>(
        &self,
        path: &Path,
        file: R,
        kind: TextKind,
    ) -> io::Result<Masked<R>> {
        let masked = self.masked(file, kind)?;
        Ok(masked.counted(hash(path), Arc::clone(&self.counted)))
    }

    /// How often something was masked in what may be sent, by the name that says it is secret. The
    /// same text is counted once.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.counted().counts.clone()
    }

    fn count(&self, text: impl Hash, counts: Counts) {
        if !counts.is_empty() {
            self.counted().add(hash(text), counts);
        }
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn searchable(&self) -> io::Result<&Arc<Masks>> {
        self.complete_masks()
            .ok_or_else(|| io::Error::other("there are more secrets than can be looked for"))
    }

    /// What finds all that is known; `None` if not even that can be looked for: then nothing is shown
    /// at all.
    fn masks(&self) -> Option<&Arc<Masks>> {
        let masks = self
            .masks
            .get_or_init(|| Masks::of(self).ok().map(Arc::new));
        masks.as_ref()
    }

    /// What finds everything; `None` if there is too much of it.
    fn complete_masks(&self) -> Option<&Arc<Masks>> {
        let is_complete = |masks: &&Arc<Masks>| !masks.is_incomplete;
        self.masks()
            .filter(is_complete)
            .filter(|_| self.amount != Amount::TooMuch)
    }

    /// The same secrets for somebody else, sharing what finds them.
    #[must_use]
    pub fn shared(&self) -> Self {
        self.masks();
        self.clone()
    }
}

/// The pieces of a long form, of which the last one may overlap the one before.
fn pieces(form: &str) -> impl Iterator<Item = &str> {
    let starts = (0..form.len()).step_by(LONGEST_FORM);
    starts.map(|start| {
        let start = start.min(form.len().saturating_sub(LONGEST_FORM));
        let (mut start, mut end) = (start, start + LONGEST_FORM);
        while !form.is_char_boundary(start) {
            start -= 1;
        }
        while !form.is_char_boundary(end) {
            end += 1;
        }
        &form[start..end]
    })
}

fn is_long_enough(value: &str, shortest: usize, shortest_digits: usize) -> bool {
    let length = value.chars().count();
    let digits_alone = value.chars().all(|c| c.is_ascii_digit());
    length
        >= if digits_alone {
            shortest_digits
        } else {
            shortest
        }
}

/// `7570877202` for `7.570877202E9`, as Katalon writes a number that it read from a sheet.
fn without_exponent(value: &str) -> Option<String> {
    let (digits, exponent) = value.split_once('E')?;
    let (whole, fraction) = digits.split_once('.')?;
    let exponent: usize = exponent.parse().ok()?;
    let fraction = fraction.trim_end_matches('0');
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = whole.len() == 1 && is_digits(whole) && is_digits(fraction);
    // No sheet holds more digits.
    let zeros = exponent
        .checked_sub(fraction.len())
        .filter(|_| exponent < 20)?;
    is_whole.then(|| format!("{whole}{fraction}{}", "0".repeat(zeros)))
}

fn is_refused_control(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
