//! What a request body may hold: names, types, lengths, words. One table for each kind of object.
//!
//! The service ignores what it does not know; here it is refused, because a misspelt name is otherwise found only
//! by the person who misses the data (contract §1.1).

use crate::errors::{Handled, Refusal};
use crate::text;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The fields of a kind of object.
pub(crate) type Shape = &'static [(&'static str, Kind)];

/// What a field may hold.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Text of at most so many UTF-16 units.
    Text(usize),
    /// The same, or `null`, which clears it.
    TextOrNull(usize),
    /// An error message: how long it may be depends on the kind of service.
    Message,
    /// The name of something, not empty, of at most so many UTF-16 units.
    Name(usize),
    /// True or false.
    Flag,
    /// A whole number within bounds.
    Whole(i64, i64),
    /// A number that is not negative.
    Number,
    /// An ISO 8601 date with a zone.
    Date,
    /// One of these words; the text is what the service calls the set.
    Word(&'static [&'static str], &'static str),
    /// Whole numbers.
    Wholes,
    /// A list of texts, none of them empty.
    Texts,
    /// Anything but `null`.
    Anything,
    /// Anything.
    Whatever,
    /// An object.
    Object(&'static Shape),
    /// A list of objects.
    List(&'static Shape),
}

/// A length that no contract limits.
pub(crate) const ANY: usize = usize::MAX;
/// The numbers of 32 bits that an id or a count may be.
pub(crate) const INT: i64 = i32::MAX as i64;
/// Dates before the end of 1970 are the zero of some clock (contract §2.3).
const FIRST_DATE: Timestamp = Timestamp::constant(365 * 24 * 3600, 0);
/// Longest error message on Services (contract §2.3).
pub(crate) const MESSAGE: usize = 32_000;

/// Refuses a body that is not an object of this shape, and hands out its fields.
pub(crate) fn object<'a>(
    shape: Shape,
    value: &'a Value,
    at: &str,
    hosted: bool,
) -> Handled<&'a Map<String, Value>> {
    let Some(fields) = value.as_object() else {
        return Err(Refusal::property(format!(
            "{} must be an object.",
            place(at)
        )));
    };
    for (name, value) in fields {
        let at = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        let Some((_, kind)) = shape.iter().find(|(known, _)| known == name) else {
            return Err(Refusal::property(format!("Unknown property '{at}'.")));
        };
        check(kind, value, &at, hosted)?;
    }
    Ok(fields)
}

fn place(at: &str) -> String {
    if at.is_empty() {
        "The body".into()
    } else {
        format!("'{at}'")
    }
}

fn check(kind: &Kind, value: &Value, at: &str, hosted: bool) -> Handled<()> {
    let wrong = |what: &str| Err(Refusal::property(format!("'{at}' must be {what}.")));
    match kind {
        Kind::TextOrNull(_) | Kind::Message if value.is_null() => Ok(()),
        Kind::Text(limit) | Kind::TextOrNull(limit) => limited(value, at, *limit),
        // A server cuts a long message and says nothing; that happens when it is stored.
        Kind::Message => limited(value, at, if hosted { MESSAGE } else { ANY }),
        Kind::Name(limit) => {
            if value.as_str().is_some_and(|name| name.trim().is_empty()) {
                return wrong("a name, not an empty text");
            }
            limited(value, at, *limit)
        }
        Kind::Flag if value.is_boolean() => Ok(()),
        Kind::Flag => wrong("true or false"),
        Kind::Whole(least, most) => match value.as_i64() {
            Some(number) if (*least..=*most).contains(&number) => Ok(()),
            _ => wrong(&format!("a whole number from {least} to {most}")),
        },
        Kind::Number => match value.as_f64() {
            Some(number) if number >= 0.0 => Ok(()),
            _ => wrong("a number that is not negative"),
        },
        Kind::Date => match value.as_str().and_then(text::date) {
            // Nobody ran a test then: the date was never set, or read from nothing.
            Some(date) if date < FIRST_DATE => wrong("a date of this age of the world"),
            Some(_) => Ok(()),
            None => wrong("an ISO 8601 date with a zone"),
        },
        Kind::Word(words, set) => match value.as_str() {
            Some(word) if words.contains(&word) => Ok(()),
            _ => Err(Refusal::argument(format!(
                "Invalid value specified\r\nParameter name: {set}"
            ))),
        },
        Kind::Wholes => match value.as_array() {
            Some(numbers) if numbers.iter().all(|number| number.as_u64().is_some()) => Ok(()),
            _ => wrong("a list of whole numbers"),
        },
        Kind::Texts => match value.as_array() {
            Some(texts)
                if texts
                    .iter()
                    .all(|text| text.as_str().is_some_and(|text| !text.is_empty())) =>
            {
                Ok(())
            }
            _ => wrong("a list of texts"),
        },
        Kind::Anything if value.is_null() => wrong("given"),
        Kind::Anything | Kind::Whatever => Ok(()),
        Kind::Object(shape) => object(shape, value, at, hosted).map(drop),
        Kind::List(shape) => {
            let Some(values) = value.as_array() else {
                return wrong("a list");
            };
            for (index, value) in values.iter().enumerate() {
                object(shape, value, &format!("{at}[{index}]"), hosted)?;
            }
            Ok(())
        }
    }
}

fn limited(value: &Value, at: &str, limit: usize) -> Handled<()> {
    let Some(value) = value.as_str() else {
        return Err(Refusal::property(format!("'{at}' must be text.")));
    };
    if value
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
    {
        return Err(Refusal::property(format!(
            "'{at}' holds a control character."
        )));
    }
    if text::length(value) > limit {
        return Err(Refusal::property(format!(
            "'{at}' is longer than {limit} characters."
        )));
    }
    Ok(())
}

/// Refuses two dates in the wrong order.
pub(crate) fn in_order(
    fields: &Map<String, Value>,
    start: &str,
    end: &str,
    at: &str,
) -> Handled<()> {
    let date = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .and_then(text::date)
    };
    match (date(start), date(end)) {
        (Some(started), Some(ended)) if ended < started => Err(Refusal::property(format!(
            "{}: Completed date should be greater than StartedDate",
            place(at)
        ))),
        _ => Ok(()),
    }
}

/// A reference to something by its id, which is text even where it is a number (contract §5).
pub(crate) static REFERENCE: Shape = &[
    ("id", Kind::Name(ANY)),
    ("name", Kind::Text(ANY)),
    ("url", Kind::Text(ANY)),
];

/// A person or a service account.
pub(crate) static IDENTITY: Shape = &[
    ("id", Kind::Name(ANY)),
    ("displayName", Kind::Name(ANY)),
    ("uniqueName", Kind::Name(ANY)),
];

/// A field that Microsoft's own publishers add.
pub(crate) static CUSTOM_FIELD: Shape =
    &[("fieldName", Kind::Name(ANY)), ("value", Kind::Anything)];
