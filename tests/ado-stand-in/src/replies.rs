//! Answers in the form of older servers.

use crate::answer::Answer;
use serde_json::Value;

/// The answer as Server 2020 gives it (contract §2.3): ids as text, `resultGroupType` with a capital letter,
/// counters instead of `runStatistics`. Words of states and outcomes begin with a small letter: their casing differs
/// either way (contract §10.3).
pub(crate) fn of_server_2020(mut answer: Answer) -> Answer {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) {
        age(&mut body);
        answer.body = body.to_string().into();
    }
    answer
}

fn age(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(age),
        Value::Object(fields) => {
            // In `Statistics` they are the answer itself and stay.
            if fields.contains_key("totalTests") {
                fields.remove("runStatistics");
            }
            for (name, value) in fields {
                match (name.as_str(), &*value) {
                    ("id", Value::Number(id)) => *value = id.to_string().into(),
                    ("resultGroupType", Value::String(word)) => {
                        *value = beginning(word, |first| first.to_ascii_uppercase()).into();
                    }
                    ("state" | "outcome", Value::String(word)) => {
                        *value = beginning(word, |first| first.to_ascii_lowercase()).into();
                    }
                    _ => age(value),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

fn beginning(word: &str, change: impl Fn(char) -> char) -> String {
    let mut characters = word.chars();
    let first = characters.next();
    first.map(change).into_iter().chain(characters).collect()
}
