//! JSON of which no text makes much more in memory than it has bytes: each object takes some
//! hundred, and seven letters make one.

use serde::Deserialize;
use serde::de::Error as _;

/// Objects of one text. The largest files of Katalon have some hundred.
const MOST_OBJECTS: usize = 200_000;

/// Values of one text: members, items, and the brackets around them.
const MOST_VALUES: usize = 2_000_000;

/// Parses a text, unless it holds more than anybody writes.
///
/// # Errors
/// Says what is wrong with it.
pub(crate) fn from_str<'a, T: Deserialize<'a>>(json: &'a str) -> serde_json::Result<T> {
    Room::default()
        .take(json)
        .map_err(serde_json::Error::custom)?;
    serde_json::from_str(json)
}

/// What texts that belong together may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    objects: usize,
    values: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            objects: MOST_OBJECTS,
            values: MOST_VALUES,
        }
    }
}

impl Room {
    /// Takes the room that one of them needs.
    ///
    /// # Errors
    /// There is none left; in words.
    pub(crate) fn take(&mut self, json: &str) -> Result<(), String> {
        let (objects, values) = held(json);
        let objects = self.objects.checked_sub(objects);
        let values = self.values.checked_sub(values);
        let (Some(objects), Some(values)) = (objects, values) else {
            return Err(format!(
                "it holds more than {MOST_OBJECTS} objects or {MOST_VALUES} values"
            ));
        };
        (self.objects, self.values) = (objects, values);
        Ok(())
    }
}

/// How many objects and values a text holds: as many as there are signs that begin one. In text that
/// is no JSON it may be any number.
fn held(json: &str) -> (usize, usize) {
    let (mut objects, mut values) = (0, 0);
    let mut in_string = false;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match (in_string, byte) {
            (true, b'\\') => {
                bytes.next();
            }
            (_, b'"') => in_string = !in_string,
            (false, b'{') => {
                objects += 1;
                values += 1;
            }
            (false, b'[' | b',') => values += 1,
            _ => {}
        }
    }
    (objects, values)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_stands_in_strings_is_no_object() {
        assert_eq!(held(r#"{"a{\"[": [1, {"b": "\\"}], "c": ",,"}"#), (2, 5));
        assert_eq!(held(r#""\"{"#), (0, 0));
    }

    #[test]
    fn more_than_anybody_writes_is_refused_before_it_takes_memory() {
        let objects = |count: usize| format!("[{}0]", "{},".repeat(count));
        assert!(from_str::<Value>(&objects(MOST_OBJECTS)).is_ok());
        for json in [
            objects(MOST_OBJECTS + 1),
            format!("[{}0]", "0,".repeat(MOST_VALUES)),
        ] {
            let error = from_str::<Value>(&json).unwrap_err().to_string();
            assert!(error.contains("more than 200000 objects"), "{error}");
        }
        let mut room = Room::default();
        assert!(room.take(&objects(MOST_OBJECTS)).is_ok());
        assert!(room.take("{}").is_err());
    }
}
