//! Which names say that what stands behind them is secret.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

/// What the name of a variable holds if its value is secret, in any case.
pub(super) const WORDS: [&str; 12] = [
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

/// Headers whose values are secret, in lower case.
pub(super) const HEADERS: [&str; 5] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
];

/// Katalon cuts the keys of JUnit's `data_binding` and writes this in place of the rest.
pub(super) const CUT: &str = "...";

/// A cut name says something only if so much is left of the word.
const SHORTEST_BEGINNING: usize = 4;

/// The longest name of a report that texts are searched for …
const LONGEST_ADDED: usize = 100;

/// … and the most of them. Each costs something in every text, and reports may name any number.
const MOST_ADDED: usize = 1_000;

/// The names whose values are secret: by the words in them, by `secretNames`, and those that
/// Katalon itself masks.
#[derive(Clone, Debug, Default)]
pub struct SecretNames {
    /// Whole names in lower case.
    further: BTreeSet<String>,
    /// Those of them that texts are searched for.
    looked_for: BTreeSet<String>,
    /// Whole names in lower case.
    exempt: HashSet<String>,
    /// How many of these reports named.
    added: usize,
}

impl SecretNames {
    /// Reads the lines of `secretNames`; one that begins with `!` exempts a name. Of two lines for
    /// one name the later counts.
    pub fn new<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Self::default();
        for line in lines {
            let (is_exempt, name) = match line.trim().strip_prefix('!') {
                Some(name) => (true, name),
                None => (false, line),
            };
            let name = whole_name(name);
            if name.is_empty() {
                continue;
            }
            if is_exempt {
                names.further.remove(&name);
                names.looked_for.remove(&name);
                names.exempt.insert(name);
            } else {
                names.exempt.remove(&name);
                names.looked_for.insert(name.clone());
                names.further.insert(name);
            }
        }
        names
    }

    /// Adds a name that Katalon masks. Whether that was new.
    pub(super) fn add(&mut self, name: &str) -> bool {
        let name = whole_name(name);
        if name.is_empty() || self.exempt.contains(&name) || !self.further.insert(name.clone()) {
            return false;
        }
        if name.len() <= LONGEST_ADDED && self.added < MOST_ADDED {
            self.added += 1;
            self.looked_for.insert(name);
        }
        true
    }

    /// The names beside the words that texts are searched for, in lower case.
    pub(super) fn looked_for(&self) -> impl Iterator<Item = &str> {
        self.looked_for.iter().map(String::as_str)
    }

    /// Whether the name of a variable says that its value is secret.
    pub fn is_secret(&self, name: &str) -> bool {
        let name = whole_name(name);
        if self.is_exempt(&name) {
            return false;
        }
        WORDS.iter().any(|word| name.contains(word))
            || self.further.contains(&name)
            || name
                .strip_suffix(CUT)
                .is_some_and(|beginning| self.is_cut_secret(beginning))
    }

    /// The same for the name of a header, a member, a field or a parameter.
    pub(super) fn is_secret_in_text(&self, name: &str) -> bool {
        let name = whole_name(name);
        !self.is_exempt(&name) && (is_header(&name) || self.is_secret(&name))
    }

    /// Whether `!name` stands for it, or for its last part (`config.tokenUrl`).
    fn is_exempt(&self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or_default();
        self.exempt.contains(name) || (!last.is_empty() && self.exempt.contains(last))
    }

    /// A cut name is secret if its last word begins a secret one; that may stand at the end of a
    /// longer one, `userpassw...`.
    fn is_cut_secret(&self, beginning: &str) -> bool {
        let last = beginning
            .rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
            .next()
            .unwrap_or_default();
        // In their order a name stands before all that it begins.
        let behind = (Bound::Excluded(last), Bound::Unbounded);
        let next = self.further.range::<str, _>(behind).next();
        let begins_further =
            last.len() >= SHORTEST_BEGINNING && next.is_some_and(|name| name.starts_with(last));
        begins_further
            || (SHORTEST_BEGINNING..=last.len()).any(|length| {
                last.get(last.len() - length..)
                    .is_some_and(|end| WORDS.iter().any(|word| word.starts_with(end)))
            })
    }
}

/// Whether a secret name in lower case is that of a header: those above, and what begins as headers
/// of one's own do (`X-Auth-Token`).
pub(super) fn is_header(name: &str) -> bool {
    HEADERS.contains(&name)
        || (name.starts_with("x-") && WORDS.iter().any(|word| name.contains(word)))
}

/// A name as it is compared: in lower case, without the source of the data before it
/// (`(Default) password`) and without the object that holds all global variables.
pub(super) fn whole_name(name: &str) -> String {
    let name = name.trim();
    let name = match name.strip_prefix('(') {
        Some(rest) => rest.split_once(')').map_or(name, |(_, name)| name),
        None => name,
    };
    let name = name.trim().to_lowercase();
    match name.strip_prefix("globalvariable.") {
        Some(name) => name.to_owned(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_secret_by_a_word_in_it() {
        let names = SecretNames::default();
        for secret in ["loginPassword", "X-API-KEY", "G_ClientSecret", "(Data) pwd"] {
            assert!(names.is_secret(secret), "{secret}");
        }
        for plain in ["user", "cookie", "passage", ""] {
            assert!(!names.is_secret(plain), "{plain}");
        }
        assert!(names.is_secret_in_text("Set-Cookie"));
        assert!(!names.is_secret_in_text("cookieConsent"));
    }

    #[test]
    fn a_cut_name_is_secret_if_it_begins_a_secret_word() {
        let names = SecretNames::new(["customerNumber"]);
        for secret in [
            "(Default) passw...",
            "(Default) api_k...",
            "userCrede...",
            "(Default) custo...",
        ] {
            assert!(names.is_secret(secret), "{secret}");
        }
        for plain in [
            "(Default) pas...",
            "(Default) usern...",
            "tok...",
            "(Default) cus...",
        ] {
            assert!(!names.is_secret(plain), "{plain}");
        }
    }

    #[test]
    fn names_are_added_and_exempted_as_a_whole_and_the_later_line_counts() {
        let names = SecretNames::new(["PIN", "!tokenUrl", "!pin2", "pin2", "iban", "!IBAN"]);
        for (name, secret) in [
            ("pin", true),
            ("(Default) Pin", true),
            ("GlobalVariable.pin", true),
            ("pinCode", false),
            ("TOKENURL", false),
            ("config.tokenUrl", false),
            ("tokenUrl2", true),
            ("pin2", true),
            ("iban", false),
        ] {
            assert_eq!(names.is_secret(name), secret, "{name}");
        }
    }

    #[test]
    fn reports_may_name_any_number_and_texts_are_searched_for_some() {
        let mut names = SecretNames::new(["pin"]);
        let long = "n".repeat(LONGEST_ADDED + 1);
        assert!(names.add(&long));
        for number in 0..=MOST_ADDED {
            assert!(names.add(&format!("name{number}")));
        }
        assert!(names.is_secret(&long) && names.is_secret(&format!("name{MOST_ADDED}")));
        assert!(names.is_secret("(Default) name10...") && !names.is_secret("name1000..."));
        assert_eq!(names.looked_for().count(), MOST_ADDED + 1);
        assert!(names.looked_for().all(|name| name.len() <= LONGEST_ADDED));
    }

    #[test]
    fn what_katalon_masks_is_secret_unless_it_is_exempt() {
        let mut names = SecretNames::new(["!city"]);
        assert!(names.add("Street") && !names.add("street") && !names.add("city"));
        assert!(names.is_secret("street") && !names.is_secret("city"));
    }
}
