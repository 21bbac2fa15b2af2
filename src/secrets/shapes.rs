//! Finds what is secret by what stands around it: users in addresses, headers, members of JSON,
//! fields of forms, parameters of addresses, entries of maps, typed text, bound values.
//!
//! A search for words that all of those contain leads to the few places that are looked at. What is
//! looked at is as it stands in the file, where the same JSON may be written plainly, escaped for
//! XML, or as a string of other JSON: see [`super::quotes`].

use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::MASK;
use super::around::{is_name_byte, name_before, quote_before, skip_blanks, starts_with_any};
use super::names::{self, SecretNames};
use super::quotes::Quote;
use super::search::Automaton;
use super::stream::{Output, Stage, Window};
use super::typed;
use super::values::{End, Until, ValueEnd};

mod maps;

/// The longest user information of an address: a bearer token has a few thousand bytes.
const LONGEST_USER: usize = 8 * 1024;

/// How far behind the word that led to it a value may begin.
const AHEAD: usize = LONGEST_USER + 256;

/// The longest end of a name behind the word in it.
const LONGEST_NAME_END: usize = 100;

/// The longest attributes of an element whose name is secret.
const LONGEST_ATTRIBUTES: usize = 256;

/// So much of a value tells whether there is one, and whether it is masked already.
const PEEK: usize = 64;

/// The longest iteration value that is compared with those that are known.
const LONGEST_ITERATION: usize = 4 * 1024;

/// In a message a header's value is masked only if it is as long as keys and tokens are.
const SHORTEST_CREDENTIALS: usize = 16;

/// In a page, where programs stand as well, only what can be nothing but a value is one.
const SHORTEST_IN_PAGE: usize = 8;

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// A message or a name: words for people, in which `password=Customer` may be one of them.
    Words,
    /// A log, a HAR, a CSV, a JUnit document, subtitles.
    Data,
    /// HTML, with programs in it that have to go on working.
    Page,
}

/// A word that leads to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// In a name, or a whole name.
    Name,
    /// The end of a name that Katalon cut.
    Cut,
    /// A keyword that types text; `true` for those whose text is always secret.
    Typing(bool),
    /// The message that such a keyword leaves.
    TextSet,
    /// The property of the log that holds a bound value without its name.
    Iteration,
    /// The list of cookies of a HAR …
    Cookies,
    /// … and the value of one.
    Value,
    /// The address of a server, with or without a user.
    Users,
    /// The same, percent-encoded.
    EncodedUsers,
}

/// Anchors beside the names.
const ANCHORS: [(&str, Anchor); 14] = [
    (names::CUT, Anchor::Cut),
    ("setText(", Anchor::Typing(false)),
    ("sendKeys(", Anchor::Typing(false)),
    ("setEncryptedText(", Anchor::Typing(true)),
    ("setMaskedText(", Anchor::Typing(true)),
    ("text '", Anchor::TextSet),
    ("text &apos;", Anchor::TextSet),
    ("text &amp;apos;", Anchor::TextSet),
    ("name=\"iteration\">", Anchor::Iteration),
    ("cookies", Anchor::Cookies),
    ("value", Anchor::Value),
    ("://", Anchor::Users),
    (":\\/\\/", Anchor::Users),
    ("%3a%2f%2f", Anchor::EncodedUsers),
];

/// What to look for.
pub(super) struct Shapes {
    matcher: Automaton,
    anchors: Vec<Anchor>,
    names: SecretNames,
    /// Bound values of every length, as they stand where they are bound.
    bound: HashSet<String>,
}

/// A value that is secret.
struct Found {
    name: String,
    start: usize,
    extent: Extent,
    /// Stands around the mask where the value had no quotes and JSON needs some.
    quote: Option<Quote>,
}

enum Extent {
    To(usize),
    Until(Until),
}

impl Found {
    fn until(name: &str, start: usize, until: Until) -> Self {
        Self {
            name: shown(name),
            start,
            extent: Extent::Until(until),
            quote: None,
        }
    }

    fn to(name: &str, start: usize, end: usize) -> Self {
        Self {
            name: shown(name),
            start,
            extent: Extent::To(end),
            quote: None,
        }
    }
}

/// A name as it is counted.
fn shown(name: &str) -> String {
    let name = name.trim();
    let name = name.rsplit_once(')').map_or(name, |(_, name)| name.trim());
    name.chars().take(60).collect()
}

impl Shapes {
    pub(super) fn new(
        names: SecretNames,
        bound: HashSet<String>,
    ) -> Result<Self, aho_corasick::BuildError> {
        let mut words: Vec<&str> = names::WORDS.to_vec();
        words.extend(names::HEADERS);
        words.extend(names.looked_for());
        let mut anchors = vec![Anchor::Name; words.len()];
        for (word, anchor) in ANCHORS {
            words.push(word);
            anchors.push(anchor);
        }
        // Mostly there are no names but our own, and one search will do for all.
        static OURS: OnceLock<Automaton> = OnceLock::new();
        let has_only_ours = names.looked_for().next().is_none();
        let matcher = match OURS.get().filter(|_| has_only_ours) {
            Some(ours) => ours.clone(),
            None => {
                let mut builder = AhoCorasick::builder();
                let matcher = Automaton::new(builder.ascii_case_insensitive(true), &words)?;
                if has_only_ours {
                    OURS.get_or_init(|| matcher).clone()
                } else {
                    matcher
                }
            }
        };
        Ok(Self {
            matcher,
            anchors,
            names,
            bound,
        })
    }

    /// The anchors of a window, by where they begin.
    fn anchors(&self, window: &Window<'_>, from: usize) -> Vec<(usize, usize, Anchor)> {
        let mut anchors: Vec<(usize, usize, Anchor)> = Vec::new();
        for (word, place) in self.matcher.all(&window.text[from..]) {
            let anchor = self.anchors[word];
            let (start, end) = (from + place.start, from + place.end);
            // Of names that end in one place, and are parts of one word, all lead to the same value.
            let is_known = anchors.last().is_some_and(|&(longer, last, other)| {
                (last, other, anchor) == (end, Anchor::Name, Anchor::Name)
                    && window.text[longer.min(start)..start]
                        .iter()
                        .copied()
                        .all(is_name_byte)
            });
            if start < window.until && !is_known {
                anchors.push((start, end, anchor));
            }
        }
        // Of two that begin in one place the longer tells more.
        anchors.sort_unstable_by_key(|&(start, end, _)| (start, usize::MAX - end));
        anchors
    }

    fn found(
        &self,
        text: &[u8],
        (start, end, anchor): (usize, usize, Anchor),
        kind: TextKind,
        is_in_cookies: bool,
        scanned: &mut Scanned,
    ) -> Option<Found> {
        let found = match anchor {
            Anchor::Users => return users(text, end),
            Anchor::EncodedUsers => return encoded_users(text, end),
            Anchor::Name if kind == TextKind::Words => return self.credentials(text, start, end),
            _ if kind == TextKind::Words => return None,
            Anchor::Name | Anchor::Cut => self
                .quoted_name(text, start, end, scanned)
                .or_else(|| self.bare_name(text, start, end, kind, scanned))?,
            Anchor::Typing(always) => {
                let (object, value, quote) = typed::by_keyword(text, end)?;
                if !always && !self.names.is_secret(&object) {
                    return None;
                }
                let name = if object.is_empty() {
                    "encrypted text"
                } else {
                    &object
                };
                Found::until(name, value, Until::Closed(quote))
            }
            Anchor::TextSet => {
                let is_secret = |object: &str| self.names.is_secret(object);
                let (object, value) = typed::by_message(text, start, is_secret)?;
                Found::to(&object, value.start, value.end)
            }
            Anchor::Iteration => self.iteration(text, end)?,
            Anchor::Value if is_in_cookies => {
                let quote = Quote::at(text, end, true)?;
                let at = skip_blanks(text, end + quote.len());
                let at = text[at..]
                    .starts_with(b":")
                    .then(|| skip_blanks(text, at + 1))?;
                let quote = Quote::of_value(text, at)?;
                Found::until("cookie", at + quote.len(), Until::Closed(quote))
            }
            Anchor::Value | Anchor::Cookies => return None,
        };
        let is_fit = kind == TextKind::Data || is_of_page(text, start, &found);
        (is_fit && is_worth_masking(text, &found)).then_some(found)
    }

    /// A name within quotes, with its value behind it.
    fn quoted_name(
        &self,
        text: &[u8],
        start: usize,
        end: usize,
        scanned: &mut Scanned,
    ) -> Option<Found> {
        let (quote, close) = scanned.closing_quote(text, end)?;
        let begin = name_before(text, start, true);
        let name = String::from_utf8_lossy(&text[begin..close]).into_owned();
        if !self.names.is_secret_in_text(&name) {
            return None;
        }
        let mut at = close + quote.len();
        // Katalon writes the keys of Groovy's maps as `("password") : `.
        if text.get(at) == Some(&b')') {
            at += 1;
        }
        let behind = skip_blanks(text, at);
        let rest = &text[behind..];
        match rest.first()? {
            b':' | b'=' => member_value(text, behind, &name, quote),
            // `{"name": "password", "value": "…"}`, as HAR and Katalon's variables have it.
            b',' => {
                let at = skip_blanks(text, behind + 1);
                let quote = Quote::at(text, at, true)?;
                let key = text[at + quote.len()..].strip_prefix(b"value")?;
                let at = text.len() - key.len();
                (Quote::at(text, at, true)? == quote).then_some(())?;
                let at = skip_blanks(text, at + quote.len());
                (text.get(at) == Some(&b':')).then_some(())?;
                member_value(text, at, &name, quote)
            }
            // `name="password" value="…"`
            b'v' | b'V' => {
                let is_value = rest.get(..5)?.eq_ignore_ascii_case(b"value");
                let at = skip_blanks(text, behind + 5);
                (is_value && text.get(at) == Some(&b'=')).then_some(())?;
                let at = skip_blanks(text, at + 1);
                let quote = Quote::of_value(text, at)?;
                Some(Found::until(&name, at + quote.len(), Until::Closed(quote)))
            }
            // `<property name="password">…</property>`
            b'>' if text[..begin.saturating_sub(quote.len())].ends_with(b"<property name=") => {
                Some(Found::until(&name, behind + 1, Until::Tag))
            }
            // A part of a form: the value stands behind an empty line.
            _ => {
                let value = skip_empty_line(text, at)?;
                Some(Found::until(&name, value, Until::Line(None)))
            }
        }
    }

    /// A name without quotes: a field, a parameter, a header, an element, a named argument.
    fn bare_name(
        &self,
        text: &[u8],
        start: usize,
        end: usize,
        kind: TextKind,
        scanned: &mut Scanned,
    ) -> Option<Found> {
        let close = scanned.name_end(text, end)?;
        // `user[password]=`
        let bracket = starts_with_any(&text[close..], &["]", "%5D", "%5d"]);
        let at = close + bracket.unwrap_or(0);
        // Most words lead to no value, and what follows tells so at once.
        let behind = skip_blanks(text, at);
        let first = *text.get(behind)?;
        if behind == at && !b":=%\\>&".contains(&first) {
            return None;
        }
        let begin = name_before(text, start, false);
        let opened = Tag::opened(before_prefix(text, begin));
        if behind > at && !b":=".contains(&first) && opened.is_none() {
            return None;
        }
        let name = String::from_utf8_lossy(&text[begin..close]).into_owned();
        if !self.names.is_secret_in_text(&name) {
            return None;
        }
        // In a page an element may have a name of its own, and much of the page in it.
        let may_be_element = behind == at || kind == TextKind::Data;
        if let Some(tag) = opened.filter(|_| may_be_element)
            && let Some(value) = tag.end(text, at)
        {
            return Some(Found::until(&name, value, Until::Tag));
        }
        let is_header = names::is_header(&names::whole_name(&name));
        let rest = &text[at..];
        for equals in ["%3D", "%3d", "\\u003d", "\\u003D"] {
            if rest.starts_with(equals.as_bytes()) {
                return Some(Found::until(&name, at + equals.len(), Until::Field));
            }
        }
        let sign = first;
        if !matches!(sign, b':' | b'=') {
            return None;
        }
        let signs = text[behind..]
            .iter()
            .take_while(|&&byte| byte == b'=')
            .count()
            .max(1);
        let at_value = behind + signs;
        let value = skip_blanks(text, at_value);
        if sign == b':' && is_header && behind == at {
            let quote = quote_before(text, begin);
            let is_enclosed = kind == TextKind::Page && quote.is_none();
            if let Some(quote) = Quote::of_value(text, value).filter(|_| is_enclosed) {
                return Some(Found::until(
                    &name,
                    value + quote.len(),
                    Until::Closed(quote),
                ));
            }
            return Some(Found::until(&name, value, Until::Line(quote)));
        }
        if let Some(quote) = Quote::of_value(text, value) {
            return Some(Found::until(
                &name,
                value + quote.len(),
                Until::Closed(quote),
            ));
        }
        if sign == b':' && behind == at && bracket.is_none() {
            let found = if value == at_value {
                let is_strict = kind == TextKind::Page;
                maps::entry(text, begin, value, is_strict, &mut scanned.ends)
            } else if kind == TextKind::Data && !text[at_value..value].contains(&b'\n') {
                maps::line(text, begin, value)
            } else {
                None
            };
            return found.map(|found| Found::to(&name, found.start, found.end));
        }
        let is_field = sign == b'=' && signs == 1 && behind == at && value == at_value;
        is_field.then(|| {
            let until = if is_header {
                Until::Entry
            } else {
                Until::Field
            };
            Found::until(&name, value, until)
        })
    }

    /// In a message: what stands behind the scheme of an `Authorization` header, if it is as long
    /// as a key or a token.
    fn credentials(&self, text: &[u8], start: usize, end: usize) -> Option<Found> {
        let begin = name_before(text, start, false);
        let name = String::from_utf8_lossy(&text[begin..end]).to_lowercase();
        if !names::is_header(&name) || !name.ends_with("authorization") {
            return None;
        }
        let mut at = end;
        if let Some(quote) = Quote::at(text, at, true) {
            at += quote.len();
        }
        at = skip_blanks(text, at);
        if !matches!(text.get(at)?, b':' | b'=') {
            return None;
        }
        at = skip_blanks(text, at + 1);
        if let Some(quote) = Quote::of_value(text, at) {
            at += quote.len();
        }
        let scheme = text[at..]
            .iter()
            .take(20)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let blank = at + scheme;
        if scheme == 0 || text.get(blank) != Some(&b' ') {
            return None;
        }
        let value = skip_blanks(text, blank);
        let found = Found::until(&name, value, Until::Word);
        (peek(text, &found).len() >= SHORTEST_CREDENTIALS && is_worth_masking(text, &found))
            .then_some(found)
    }

    fn iteration(&self, text: &[u8], start: usize) -> Option<Found> {
        let most = text.len().min(start + LONGEST_ITERATION);
        let length = memchr::memchr(b'<', &text[start..most])?;
        let written = std::str::from_utf8(&text[start..start + length]).ok()?;
        let value = crate::katalon::text::unescape_xml(written);
        self.bound
            .contains(&*value)
            .then(|| Found::to("iteration", start, start + length))
    }
}

/// Where a window was searched in vain: many words that lead to values may follow each other, and
/// what is behind them is looked at only once.
#[derive(Default)]
struct Scanned {
    /// Here is nothing but what names are made of.
    name: Range<usize>,
    /// Here no quote ends a name, and nothing says that none will.
    no_quote: Range<usize>,
    /// Here no value of a map ends.
    ends: maps::Ends,
}

impl Scanned {
    /// The end of a name without quotes; `None` if it is none, being too long.
    fn name_end(&mut self, text: &[u8], end: usize) -> Option<usize> {
        let most = text.len().min(end + LONGEST_NAME_END);
        let run = run_from(&self.name, end);
        let more = text[run.end..most.max(run.end)].iter();
        let more = more.take_while(|&&byte| is_name_byte(byte)).count();
        self.name = run.start..run.end + more;
        (self.name.end < end + LONGEST_NAME_END).then_some(self.name.end)
    }

    /// The quote that ends a name, and where it begins.
    fn closing_quote(&mut self, text: &[u8], end: usize) -> Option<(Quote, usize)> {
        let most = text.len().min(end + LONGEST_NAME_END);
        self.no_quote = run_from(&self.no_quote, end);
        for at in self.no_quote.end..most {
            if let Some(quote) = Quote::at(text, at, true) {
                return Some((quote, at));
            }
            if b"\n\r<>{}[]:=,;&%\\".contains(&text[at]) {
                return None;
            }
            self.no_quote.end = at + 1;
        }
        None
    }
}

/// The run that a place lies in, or an empty one that begins there.
fn run_from(known: &Range<usize>, at: usize) -> Range<usize> {
    if known.start <= at && at <= known.end {
        known.clone()
    } else {
        at..at
    }
}

/// What stands behind the sign between a quoted name and its value.
fn member_value(text: &[u8], sign: usize, name: &str, quote: Quote) -> Option<Found> {
    let signs = text[sign..]
        .iter()
        .take_while(|byte| b":=>".contains(byte))
        .count();
    let at = skip_blanks(text, sign + signs);
    if let Some(quote) = Quote::of_value(text, at) {
        return Some(Found::until(name, at + quote.len(), Until::Closed(quote)));
    }
    let until = match text.get(at)? {
        b'[' | b'{' => Until::Bracket(quote),
        b'0'..=b'9' | b'-' => Until::Number,
        // `null`, `true`, a variable.
        _ => return None,
    };
    let mut found = Found::until(name, at, until);
    found.quote = Some(quote);
    Some(found)
}

/// Behind two ends of lines, if those stand here.
fn skip_empty_line(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    for _ in 0..2 {
        if let Some(length) = starts_with_any(&text[at..], &["\r", "\\r", "&#13;", "&#xd;"]) {
            at += length;
        }
        at += starts_with_any(&text[at..], &["\n", "\\n", "&#10;", "&#xa;"])?;
    }
    Some(at)
}

/// How a tag is written.
#[derive(Clone, Copy)]
struct Tag {
    ends: [&'static str; 2],
}

impl Tag {
    /// The tag that begins where this text ends.
    fn opened(before: &[u8]) -> Option<Self> {
        const WAYS: [(&str, [&str; 2]); 5] = [
            ("<", [">", "<"]),
            ("&lt;", ["&gt;", "&lt;"]),
            ("&amp;lt;", ["&amp;gt;", "&amp;lt;"]),
            ("\\u003c", ["\\u003e", "\\u003c"]),
            ("\\u003C", ["\\u003E", "\\u003C"]),
        ];
        let mut ways = WAYS.iter();
        let (_, ends) = ways.find(|(begin, _)| before.ends_with(begin.as_bytes()))?;
        Some(Self { ends: *ends })
    }

    /// Behind the end of the tag, past its attributes; `None` if the element is empty.
    fn end(self, text: &[u8], name_end: usize) -> Option<usize> {
        let [end, another] = self.ends;
        let rest = text.get(name_end..)?;
        if rest.starts_with(end.as_bytes()) {
            return Some(name_end + end.len());
        }
        rest.first().filter(|first| first.is_ascii_whitespace())?;
        let most = text.len().min(name_end + LONGEST_ATTRIBUTES);
        let attributes = &text[name_end..most];
        let length = memchr::memmem::find(attributes, end.as_bytes())?;
        let attributes = &attributes[..length];
        let is_tag = memchr::memmem::find(attributes, another.as_bytes()).is_none();
        (is_tag && !attributes.ends_with(b"/")).then(|| name_end + length + end.len())
    }
}

/// What stands before a name and the prefix of its namespace.
fn before_prefix(text: &[u8], begin: usize) -> &[u8] {
    let before = &text[..begin];
    match before.strip_suffix(b":") {
        Some(prefixed) => &text[..name_before(text, prefixed.len(), false)],
        None => before,
    }
}

fn users(text: &[u8], start: usize) -> Option<Found> {
    let most = text.len().min(start + LONGEST_USER);
    let authority = &text[start..most];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/\\\"'<>?#&,;()[]{}|".contains(byte);
    let authority = &authority[..authority.iter().position(ends).unwrap_or(authority.len())];
    let user = memchr::memrchr(b'@', authority).filter(|&user| user > 0)?;
    let found = Found::to("user of an address", start, start + user);
    is_worth_masking(text, &found).then_some(found)
}

fn encoded_users(text: &[u8], start: usize) -> Option<Found> {
    let most = text.len().min(start + LONGEST_USER);
    let is_end = |at: usize| {
        let rest = &text[at..];
        !(rest[0].is_ascii_alphanumeric() || b"%-._~+*!".contains(&rest[0]))
            || (rest[0] == b'%'
                && ["%2f", "%3f", "%23", "%20", "%22", "%26"]
                    .iter()
                    .any(|end| rest.len() >= 3 && rest[..3].eq_ignore_ascii_case(end.as_bytes())))
    };
    let end = (start..most).find(|&at| is_end(at)).unwrap_or(most);
    let user = memchr::memmem::rfind(&text[start..end], b"%40").filter(|&user| user > 0)?;
    let found = Found::to("user of an address", start, start + user);
    is_worth_masking(text, &found).then_some(found)
}

/// The beginning of a value.
fn peek<'a>(text: &'a [u8], found: &Found) -> &'a [u8] {
    let most = text.len().min(found.start + PEEK);
    let end = match found.extent {
        Extent::To(end) => end.min(most),
        Extent::Until(until) => match ValueEnd::new(until).find(&text[..most], found.start, true) {
            End::At(end) | End::After(end) => end,
        },
    };
    &text[found.start.min(end)..end]
}

/// Whether there is a value, and one that nobody masked yet.
fn is_worth_masking(text: &[u8], found: &Found) -> bool {
    let value = peek(text, found);
    let text = String::from_utf8_lossy(value);
    let is_masked = text.chars().all(|c| matches!(c, '*' | '\u{2022}'));
    !is_masked && !matches!(&*text, "null" | "undefined" | "true" | "false")
}

/// Whether it may be masked in a page without breaking its programs: what stands within quotes, and
/// parameters of addresses.
fn is_of_page(text: &[u8], start: usize, found: &Found) -> bool {
    match found.extent {
        Extent::To(_) | Extent::Until(Until::Closed(_) | Until::Line(Some(_)) | Until::Tag) => {
            found.quote.is_none()
        }
        Extent::Until(Until::Field) => {
            let begin = name_before(text, start, false);
            let is_parameter = match &text[..begin] {
                [.., b'?'] => true,
                [.., before, b'&'] => *before != b'&',
                before => before.ends_with(b"&amp;"),
            };
            let value = peek(text, found);
            is_parameter
                && value.len() >= SHORTEST_IN_PAGE
                && value.iter().any(u8::is_ascii_digit)
                && value
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%+/=".contains(byte))
        }
        Extent::Until(_) => false,
    }
}

/// A text with those values masked.
pub(super) struct MaskShapes<S> {
    pub(super) shapes: S,
    kind: TextKind,
    /// The value that the used text ends in.
    open: Option<ValueEnd>,
    is_in_cookies: bool,
}

impl<S> MaskShapes<S> {
    pub(super) fn new(shapes: S, kind: TextKind) -> Self {
        Self {
            shapes,
            kind,
            open: None,
            is_in_cookies: false,
        }
    }

    fn pass(&mut self, text: &[u8], output: &mut Output) {
        if self.is_in_cookies && memchr::memchr(b']', text).is_some() {
            self.is_in_cookies = false;
        }
        output.text.extend_from_slice(text);
    }
}

impl<S: AsRef<Shapes>> Stage for MaskShapes<S> {
    fn behind(&self) -> usize {
        AHEAD
    }

    fn step(&mut self, window: &Window<'_>, output: &mut Output) -> usize {
        let text = window.text;
        let mut used = window.from;
        if let Some(mut open) = self.open.take() {
            match open.find(text, used, window.is_end) {
                End::At(end) => used = end,
                End::After(next) => {
                    self.open = Some(open);
                    return next;
                }
            }
        }
        let mut scanned = Scanned::default();
        for anchor in self.shapes.as_ref().anchors(window, used) {
            let (start, end, kind) = anchor;
            if start < used {
                continue;
            }
            if self.is_in_cookies {
                self.pass(&text[used..start], output);
                used = start;
            }
            if kind == Anchor::Cookies && self.kind != TextKind::Words {
                if let Some(list) = list_of_cookies(text, end) {
                    self.pass(&text[used..list], output);
                    used = list;
                    self.is_in_cookies = true;
                }
                continue;
            }
            let shapes = self.shapes.as_ref();
            let is_in_cookies = self.is_in_cookies;
            let found = shapes.found(text, anchor, self.kind, is_in_cookies, &mut scanned);
            let Some(found) = found else {
                continue;
            };
            self.pass(&text[used..found.start], output);
            if let Some(quote) = found.quote {
                quote.write(&mut output.text);
            }
            output.text.extend_from_slice(MASK.as_bytes());
            if let Some(quote) = found.quote {
                quote.write(&mut output.text);
            }
            output.count(&found.name);
            match found.extent {
                Extent::To(end) => used = end,
                Extent::Until(until) => {
                    let mut open = ValueEnd::new(until);
                    match open.find(text, found.start, window.is_end) {
                        End::At(end) => used = end,
                        End::After(next) => {
                            self.open = Some(open);
                            return next;
                        }
                    }
                }
            }
        }
        if used < window.until {
            self.pass(&text[used..window.until], output);
            used = window.until;
        }
        used
    }
}

/// Where the list of cookies begins, if this is the key of one.
fn list_of_cookies(text: &[u8], end: usize) -> Option<usize> {
    let quote = Quote::at(text, end, true)?;
    let at = skip_blanks(text, end + quote.len());
    let at = text[at..]
        .starts_with(b":")
        .then(|| skip_blanks(text, at + 1))?;
    text[at..].starts_with(b"[").then_some(at + 1)
}
