//! What must hold for every text and every secret, tried with thousands that a generator makes of
//! pieces which are likely to meet badly.

use std::io::Read;

use super::stream::Counts;
use super::*;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    fn pieces(&mut self, all: &[&str], most: usize) -> String {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.one_of(all)).collect()
    }
}

const LETTERS: [&str; 12] = [
    "a", "b", "ab", "ba", "1", "12", "-", "\"", "&", "ü", " ", "\\",
];

const PIECES: [&str; 44] = [
    "a",
    "b",
    "ab",
    "ba",
    "1",
    "-",
    "\"",
    "&",
    "ü",
    " ",
    "\n",
    "\\",
    "password",
    "token",
    "pwd",
    "Cookie",
    "Authorization",
    "cookies",
    "name",
    "value",
    "Bearer ",
    ":",
    "=",
    ",",
    "[",
    "]",
    "{",
    "}",
    "\\\"",
    "&quot;",
    "&amp;quot;",
    "\"\"",
    "'",
    "://",
    "@",
    "/",
    "<",
    ">",
    "...",
    "\\n",
    "%3D",
    "setText(findTestObject(\"pwd\"), ",
    "Text '",
    "' is set on object 'pwd'",
];

/// Secrets of the job and test data, some of them made of the same pieces.
fn secrets(dice: &mut Dice) -> (Secrets, Vec<String>, Vec<String>) {
    let mut secrets = Secrets::default();
    let (mut job, mut test_data) = (Vec::new(), Vec::new());
    for _ in 0..dice.below(3) {
        let value = dice.pieces(&LETTERS, 6).trim().to_owned();
        if secrets.learn_job([("JOB", value.as_str())]).is_empty() && !value.is_empty() {
            job.push(value);
        }
    }
    for _ in 0..dice.below(4) {
        let value = dice.pieces(&LETTERS, 8);
        secrets.learn_test_data("password", &value);
        if is_long_enough(&value, SHORTEST_TEST_DATA, SHORTEST_TEST_DATA_DIGITS) {
            test_data.push(value);
        }
    }
    (secrets, job, test_data)
}

fn text(dice: &mut Dice, job: &[String], test_data: &[String]) -> String {
    let known: Vec<&str> = job.iter().chain(test_data).map(String::as_str).collect();
    let mut text = String::new();
    for _ in 0..dice.below(40) {
        let is_known = dice.below(4) == 0 && !known.is_empty();
        text.push_str(if is_known {
            dice.one_of(&known)
        } else {
            dice.one_of(&PIECES)
        });
    }
    text
}

/// Whether a value stands somewhere in a text without a letter or digit beside it.
fn stands_alone(text: &str, value: &str) -> bool {
    (0..text.len())
        .filter(|&at| text.is_char_boundary(at))
        .any(|at| {
            let Some(behind) = text[at..].strip_prefix(value) else {
                return false;
            };
            let before = text[..at].chars().next_back();
            let behind = behind.chars().next();
            !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
        })
}

#[test]
fn no_secret_of_the_job_and_no_test_data_that_stands_alone_is_left() {
    for seed in 0..500 {
        let mut dice = Dice(seed);
        let (secrets, job, test_data) = secrets(&mut dice);
        let text = text(&mut dice, &job, &test_data);
        let masks = secrets.masks().unwrap();
        for kind in [TextKind::Words, TextKind::Data, TextKind::Page] {
            let masked = masks.text(&text, kind, &mut Counts::new());
            for secret in &job {
                assert!(
                    !masked.contains(secret.as_str()),
                    "{seed}: {secret:?} in {masked:?}"
                );
            }
            for secret in &test_data {
                assert!(
                    !stands_alone(&masked, secret),
                    "{seed}: {secret:?} in {masked:?} of {text:?}"
                );
            }
        }
    }
}

#[test]
fn how_a_text_is_read_makes_no_difference() {
    for seed in 0..120 {
        let mut dice = Dice(seed);
        let (secrets, job, test_data) = secrets(&mut dice);
        let mut long = String::new();
        while long.len() < 40_000 {
            long.push_str(&text(&mut dice, &job, &test_data));
            if dice.below(20) == 0 {
                long.push_str(&dice.pieces(&["x", "y "], 3_000));
            }
        }
        let masks = secrets.masks().unwrap();
        let kind = if dice.below(2) == 0 {
            TextKind::Data
        } else {
            TextKind::Page
        };
        let mut expected = Counts::new();
        let whole = masks.text(&long, kind, &mut expected);
        let decided = 1 + dice.below(3_000);
        let mut reader = masks.reader_by(long.as_bytes(), kind, decided).unwrap();
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        assert_eq!(reader.counts(), expected, "{seed}");
        if read != whole {
            let differs = read
                .bytes()
                .zip(whole.bytes())
                .take_while(|(a, b)| a == b)
                .count();
            let from = differs.saturating_sub(60);
            panic!(
                "{seed}, by {decided}: differs at {differs}: {:?} and not {:?}",
                String::from_utf8_lossy(&read.as_bytes()[from..read.len().min(differs + 60)]),
                String::from_utf8_lossy(&whole.as_bytes()[from..whole.len().min(differs + 60)]),
            );
        }
    }
}

#[test]
fn text_without_secrets_stays_byte_for_byte() {
    const HARMLESS: [&str; 16] = [
        "a",
        "b",
        "ü",
        " ",
        "\n",
        "\\",
        "{",
        "}",
        "\"",
        "user",
        ":",
        "=",
        ",",
        "<",
        "100,00 €",
        "...",
    ];
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let mut secrets = Secrets::default();
        secrets.learn_job([("JOB", "zzzzz")]);
        secrets.learn_token("yyyyyyyy");
        secrets.learn_test_data("password", "xxxxxx");
        let text = dice.pieces(&HARMLESS, 80);
        let masks = secrets.masks().unwrap();
        for kind in [TextKind::Words, TextKind::Data, TextKind::Page] {
            let mut counts = Counts::new();
            assert_eq!(masks.text(&text, kind, &mut counts), text);
            assert!(counts.is_empty());
        }
    }
}
