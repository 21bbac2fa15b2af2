//! What must not leave, and the only way for free text to leave.
//!
//! [`Clean`] is text that may be sent: it can be made here only, from text in which [`Secrets`]
//! has replaced what is secret, or from words of our own. Wire types hold `Clean` for free text,
//! so that an unmasked message is a matter for the compiler.

use std::fmt;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

mod clean;

pub use clean::{Clean, cut_name, hex_digest};

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

/// What the name of a variable holds if its value is secret, in any case.
const SECRET_NAMES: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "credential",
    "authorization",
];

/// The values that are replaced wherever they stand.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Every form in which a secret may stand in a text: plain, and as XML, JSON and URLs escape it.
    forms: Vec<Form>,
    /// Finds all forms at once; made when it is first needed.
    matcher: OnceLock<Option<AhoCorasick>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    text: String,
    /// Found only where no letter or digit stands on either side: test data is made of words that
    /// messages are made of, too.
    whole_word: bool,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} forms)", self.forms.len())
    }
}

impl Secrets {
    /// The job's secret variables (name and value) and its access token. Also gives the names of
    /// the variables that are too short to be looked for.
    pub fn of_job<'a>(
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
        token: Option<&str>,
    ) -> (Self, Vec<String>) {
        let mut secrets = Self::default();
        let mut too_short = Vec::new();
        for (name, value) in variables {
            let value = value.trim();
            if !is_long_enough(value, SHORTEST, SHORTEST_DIGITS) {
                if !value.is_empty() {
                    too_short.push(name.to_owned());
                }
                continue;
            }
            secrets.add(value, false);
            // One of several lines appears line by line in messages as well.
            for line in value.lines().map(str::trim).filter(|line| *line != value) {
                if is_long_enough(line, SHORTEST, SHORTEST_DIGITS) {
                    secrets.add(line, false);
                }
            }
        }
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            secrets.add(token, false);
        }
        too_short.dedup();
        (secrets, too_short)
    }

    /// Learns a value that is secret wherever it stands.
    pub fn learn(&mut self, value: &str) {
        if !value.is_empty() {
            self.add(value, false);
        }
    }

    /// Learns a value that is bound to a variable of the tests, if the variable's name says that
    /// it is secret. Very short values are masked where they are bound, and nowhere else.
    pub fn learn_test_data(&mut self, variable: &str, value: &str) {
        let long_enough = is_long_enough(value, SHORTEST_TEST_DATA, SHORTEST_TEST_DATA_DIGITS);
        if is_secret_name(variable) && long_enough {
            self.add(value, true);
        }
    }

    /// Learns a value that Katalon itself masks, whatever its variable is called.
    pub fn learn_masked_test_data(&mut self, value: &str) {
        let is_masked_already = value.chars().all(|c| matches!(c, '*' | '\u{2022}'));
        let long_enough = is_long_enough(value, SHORTEST_TEST_DATA, SHORTEST_TEST_DATA_DIGITS);
        if long_enough && !is_masked_already {
            self.add(value, true);
        }
    }

    /// A bound value as it may be shown beside its variable.
    pub fn bound_value(&self, variable: &str, value: &str) -> Clean {
        if is_secret_name(variable) && !value.is_empty() {
            Clean::own(MASK)
        } else {
            self.clean(value)
        }
    }

    fn add(&mut self, value: &str, whole_word: bool) {
        let json = serde_json::to_string(value).unwrap_or_default();
        // Only the quotes around it: one that the value ends in belongs to it.
        let json = json
            .strip_prefix('"')
            .and_then(|json| json.strip_suffix('"'))
            .unwrap_or_default()
            .to_owned();
        let xml = value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&apos;");
        let twice = xml.replace('&', "&amp;");
        let url = percent_encoded(value);
        let url_lower = lower_case_escapes(&url);
        for text in [value.to_owned(), json, xml, twice, url, url_lower] {
            let form = Form { text, whole_word };
            if !form.text.is_empty() && !self.forms.contains(&form) {
                self.forms.push(form);
                self.matcher = OnceLock::new();
            }
        }
    }

    /// The text with every secret replaced by `***`. Secrets that touch or overlap give one mask.
    pub fn mask(&self, text: &str) -> String {
        let matcher = self.matcher.get_or_init(|| {
            let forms = self.forms.iter().map(|form| &form.text);
            // It fails for gigabytes of patterns only; then nothing is shown at all.
            AhoCorasick::new(forms)
                .ok()
                .filter(|_| !self.forms.is_empty())
        });
        // All forms in one pass over the text, and every place of each: secrets may overlap.
        let mut spans: Vec<(usize, usize)> = match matcher {
            Some(matcher) => matcher
                .find_overlapping_iter(text)
                .map(|found| (found.pattern().as_usize(), found.start(), found.end()))
                .filter(|&(form, start, end)| {
                    !self.forms[form].whole_word || stands_alone(text, start, end)
                })
                .map(|(_, start, end)| (start, end))
                .collect(),
            None if self.forms.is_empty() => Vec::new(),
            None => return MASK.to_owned(),
        };
        spans.extend(user_information(text));
        if spans.is_empty() {
            return text.to_owned();
        }
        spans.sort_unstable();
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for (start, stop) in spans {
            if start > end || (start == 0 && end == 0) {
                masked.push_str(&text[end..start]);
                masked.push_str(MASK);
            }
            end = end.max(stop);
        }
        masked.push_str(&text[end..]);
        masked
    }

    /// Text that may be sent: masked, without the control characters that the service refuses.
    pub fn clean(&self, text: &str) -> Clean {
        // Dropped first: a control character in the middle of a secret would hide it from the mask.
        let text: String = text.chars().filter(|&c| !is_refused_control(c)).collect();
        Clean::masked(self.mask(&text))
    }
}

/// Where addresses name a user (`https://token:…@host`): cloud runs write a bearer token so into the
/// address of their driver.
fn user_information(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.match_indices(':').filter_map(|(at, _)| {
        let behind = &text[at + 1..];
        // JSON may escape the slashes.
        let slashes = ["//", "\\/\\/"]
            .into_iter()
            .find(|slashes| behind.starts_with(slashes))?;
        let start = at + 1 + slashes.len();
        let rest = &text[start..];
        let ends = |c: char| c.is_whitespace() || "/\\\"'<>?#&,;()[]{}|".contains(c);
        let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let user = authority.rfind('@').filter(|&user| user > 0)?;
        Some((start, start + user))
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

/// Whether neither side of a span touches a letter or a digit.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|text| text.chars().next_back());
    let after = text.get(end..).and_then(|text| text.chars().next());
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// Whether the name of a variable says that its value is secret.
///
/// Katalon cuts the keys of JUnit's `data_binding` (`(Default) passw...`): a cut name is secret if
/// its last word begins such a word, four letters at least.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    if SECRET_NAMES.iter().any(|secret| name.contains(secret)) {
        return true;
    }
    let Some(cut) = name.strip_suffix("...") else {
        return false;
    };
    let last_word = cut
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
        .next()
        .unwrap_or_default();
    (4..=last_word.len()).any(|length| {
        // The word may stand at the end of a longer one: `userpassw...`.
        last_word
            .get(last_word.len() - length..)
            .is_some_and(|end| SECRET_NAMES.iter().any(|secret| secret.starts_with(end)))
    })
}

fn is_refused_control(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn percent_encoded(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn lower_case_escapes(url: &str) -> String {
    let mut lower = String::with_capacity(url.len());
    let mut left_of_escape = 0;
    for c in url.chars() {
        if c == '%' {
            left_of_escape = 3;
        }
        lower.push(if left_of_escape > 0 {
            c.to_ascii_lowercase()
        } else {
            c
        });
        left_of_escape = i32::max(0, left_of_escape - 1);
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        Secrets::of_job(values.iter().map(|value| ("NAME", *value)), None).0
    }

    #[test]
    fn what_katalon_masks_is_masked_whatever_it_is_called() {
        let mut secrets = Secrets::default();
        for value in ["blue horse", "short", "********"] {
            secrets.learn_masked_test_data(value);
        }
        let text = "a blue horse is short ********";
        assert_eq!(secrets.mask(text), "a *** is short ********");
    }

    #[test]
    fn a_secret_is_masked_in_every_form() {
        let secrets = secrets(&["p&ss \"w\"/x"]);
        for text in [
            "p&ss \"w\"/x",
            "p&amp;ss &quot;w&quot;/x",
            "p&ss \\\"w\\\"/x",
            "p%26ss%20%22w%22%2Fx",
            "p%26ss%20%22w%22%2fx",
        ] {
            assert_eq!(secrets.mask(&format!("a {text} b")), "a *** b");
        }
    }

    #[test]
    fn overlapping_secrets_leave_no_tail() {
        let secrets = secrets(&["hunter2", "hunter2-prod", "aba"]);
        assert_eq!(secrets.mask("x hunter2-prod y"), "x *** y");
        assert_eq!(secrets.mask("ababa!"), "***!");
        assert_eq!(secrets.mask("hunter2"), "***");
    }

    #[test]
    fn the_token_is_masked_and_never_shown_by_debug() {
        let (secrets, _) = Secrets::of_job([], Some("tok-123"));
        assert_eq!(secrets.mask("Bearer tok-123"), "Bearer ***");
        assert!(!format!("{secrets:?}").contains("tok"));
    }

    #[test]
    fn short_secrets_are_named_and_not_looked_for() {
        let (secrets, short) =
            Secrets::of_job([("PIN", "12345"), ("AB", "ab"), ("LONG", "123456")], None);
        assert_eq!(short, ["PIN", "AB"]);
        assert_eq!(secrets.mask("12345 ab 123456"), "12345 ab ***");
    }

    #[test]
    fn users_of_addresses_are_masked_without_being_known() {
        let secrets = Secrets::default();
        for (text, expected) in [
            (
                r#"value="https://token:eyJ.x-y_z@cloud.example.com/wd""#,
                r#"value="https://***@cloud.example.com/wd""#,
            ),
            (
                "http://user@host and ftp://a:b@c.",
                "http://***@host and ftp://***@c.",
            ),
            (
                "https://host/path?mail=a@b.c",
                "https://host/path?mail=a@b.c",
            ),
            ("mail a//b@c, see http://x", "mail a//b@c, see http://x"),
            ("https://@host", "https://@host"),
            (r"https:\/\/a:b@c\/d", r"https:\/\/***@c\/d"),
        ] {
            assert_eq!(secrets.mask(text), expected);
        }
    }

    #[test]
    fn test_data_is_masked_where_its_name_says_so_and_it_stands_alone() {
        let mut secrets = Secrets::default();
        secrets.learn_test_data("loginPassword", "Sommer2026");
        secrets.learn_test_data("(Default) passw...", "12345678");
        secrets.learn_test_data("password", "abc");
        secrets.learn_test_data("user", "anna.schmidt");
        assert_eq!(
            secrets.mask("'Sommer2026' Sommer20266 12345678 abc anna.schmidt"),
            "'***' Sommer20266 *** abc anna.schmidt"
        );
        assert_eq!(secrets.bound_value("password", "abc").as_str(), "***");
        assert_eq!(secrets.bound_value("user", "anna").as_str(), "anna");
    }

    #[test]
    fn a_cut_name_is_secret_if_it_begins_a_secret_word() {
        for secret in [
            "(Default) passw...",
            "(Default) api_k...",
            "userCrede...",
            "X-API-KEY",
        ] {
            assert!(is_secret_name(secret), "{secret}");
        }
        for plain in [
            "(Default) pas...",
            "(Default) usern...",
            "passage",
            "tok...",
        ] {
            assert!(!is_secret_name(plain), "{plain}");
        }
    }

    #[test]
    fn control_characters_are_dropped_and_lines_kept() {
        assert_eq!(
            Secrets::default()
                .clean("a\0b\u{1b}[31m\r\n\tc\u{85}")
                .as_str(),
            "ab[31m\r\n\tc"
        );
    }
}
