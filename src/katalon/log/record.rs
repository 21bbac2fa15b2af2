//! Reads one record of a log.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::katalon::text::{entity, unescape_java, unescape_xml};

/// The fields of a `record` that matter here, unescaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Epoch milliseconds.
    pub(super) millis: Option<i64>,
    /// Counted through the run of the program that wrote it.
    pub(super) sequence: Option<u64>,
    /// `START`, `PASSED`, `RUN_DATA`, …
    pub(super) level: String,
    /// `startTest`, `logMessage`, …
    pub(super) method: String,
    /// The text.
    pub(super) message: String,
    /// 0 for the suite, 1 for its cases, more for cases called by cases.
    pub(super) nested_level: Option<u32>,
    /// Kind and name of what no known version writes: an element, an attribute; mostly empty.
    pub(super) unknown: Vec<(&'static str, String)>,
    /// Name and value, in order; a name may come twice.
    pub(super) properties: Vec<(String, String)>,
}

impl Record {
    /// The first property of that name, or nothing.
    pub(super) fn property(&self, name: &str) -> &str {
        self.properties
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value)
    }
}

/// Where the text that comes belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Millis,
    Sequence,
    Level,
    Method,
    Message,
    NestedLevel,
    EscapedJava,
    Property,
    Other,
}

/// Reads a record from its start tag to its end tag.
pub(super) fn parse(xml: &str) -> Result<Record, String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().allow_dangling_amp = true;
    let mut record = Record::default();
    let mut escaped_java = None;
    // Depth below `record`: `exception` holds a `message` of its own.
    let mut depth = 0_usize;
    let mut field = Field::Other;
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                depth += 1;
                if depth == 1 {
                    note_attributes(&mut record, &tag);
                }
                if depth == 2 {
                    text.clear();
                    let name = tag.name().into_inner();
                    field = field_of(name);
                    if field == Field::Other && !KNOWN.contains(&name) {
                        record.unknown.push(("element", name.to_owned()));
                    }
                    note_attributes(&mut record, &tag);
                    if field == Field::Property {
                        let name = tag
                            .try_get_attribute("name")
                            .map_err(|error| error.to_string())?
                            .map(|attribute| unescape_xml(&attribute.value).into_owned());
                        record
                            .properties
                            .push((name.unwrap_or_default(), String::new()));
                    }
                }
            }
            Event::End(_) => {
                if depth == 2 {
                    let text = std::mem::take(&mut text);
                    match field {
                        Field::Millis => record.millis = text.trim().parse().ok(),
                        Field::Sequence => record.sequence = text.trim().parse().ok(),
                        Field::Level => record.level = text.trim().to_owned(),
                        Field::Method => record.method = text.trim().to_owned(),
                        Field::Message => record.message = text,
                        Field::NestedLevel => record.nested_level = text.trim().parse().ok(),
                        Field::EscapedJava => escaped_java = Some(text.trim() == "true"),
                        Field::Property => {
                            if let Some((_, value)) = record.properties.last_mut() {
                                *value = text;
                            }
                        }
                        Field::Other => {}
                    }
                    field = Field::Other;
                }
                depth = depth.saturating_sub(1);
            }
            Event::Text(part) if depth == 2 && field != Field::Other => text.push_str(&part),
            Event::CData(part) if depth == 2 => text.push_str(&part),
            Event::GeneralRef(name) if depth == 2 => match entity(&name) {
                Some(letter) => text.push(letter),
                None => text.push_str(&format!("&{};", &*name)),
            },
            Event::Eof => break,
            Event::Text(_)
            | Event::CData(_)
            | Event::GeneralRef(_)
            | Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
    if record.level.is_empty() {
        return Err("it has no level".to_owned());
    }
    unescape(&mut record, escaped_java);
    Ok(record)
}

/// Notes attributes; only the names of properties are some.
fn note_attributes(record: &mut Record, tag: &BytesStart<'_>) {
    for attribute in tag.attributes().with_checks(false).filter_map(Result::ok) {
        let name = attribute.key.into_inner();
        if name != "name" {
            record.unknown.push(("attribute", name.to_owned()));
        }
    }
}

/// Undoes what the document's own escaping does not cover.
///
/// Messages are escaped for XML before they are written, so twice in all, properties once. Up to
/// 7.5 the record does not say whether it is escaped for Java as well: then it is.
fn unescape(record: &mut Record, escaped_java: Option<bool>) {
    let java = escaped_java.unwrap_or(true);
    let plain = |text: &mut String| {
        // Most texts have nothing to undo, and a log has hundreds of thousands.
        if java && text.contains('\\') {
            *text = unescape_java(text).into_owned();
        }
        if text.contains('\r') {
            *text = text.replace("\r\n", "\n");
        }
    };
    // For Java it was escaped first, so that is undone last.
    if let Cow::Owned(message) = unescape_xml(&record.message) {
        record.message = message;
    }
    plain(&mut record.message);
    for (_, value) in &mut record.properties {
        plain(value);
    }
}

/// Elements that are known and not needed, those of Java's own logging among them.
const KNOWN: [&str; 11] = [
    "date",
    "nanos",
    "logger",
    "class",
    "thread",
    "exception",
    "key",
    "catalog",
    "param",
    "contextClassLoader",
    "ndc",
];

fn field_of(tag: &str) -> Field {
    match tag {
        "millis" => Field::Millis,
        "sequence" => Field::Sequence,
        "level" => Field::Level,
        "method" => Field::Method,
        "message" => Field::Message,
        "nestedLevel" => Field::NestedLevel,
        "escapedJava" => Field::EscapedJava,
        "property" => Field::Property,
        _ => Field::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_escaped_twice_and_up_to_7_5_for_java_too() {
        let message = |message: &str, rest: &str| {
            let xml =
                format!("<record><level>INFO</level><message>{message}</message>{rest}</record>");
            parse(&xml).unwrap().message
        };
        let told = "<escapedJava>false</escapedJava>";
        assert_eq!(
            message("&amp;apos;a&amp;apos; C:\\new", told),
            "'a' C:\\new"
        );
        let old = "\\&amp;quot;C:\\\\new\\n\\tat\\&amp;quot;";
        assert_eq!(message(old, ""), "\"C:\\new\n\tat\"");
    }

    #[test]
    fn the_message_of_an_exception_is_not_that_of_the_record() {
        let xml = "<record><level>FAILED</level><message>own</message><exception>\
                   <message>inner</message></exception></record>";
        assert_eq!(parse(xml).unwrap().message, "own");
    }

    #[test]
    fn what_a_later_version_adds_is_noted() {
        let xml = "<record id=\"7\">\n<level kind=\"x\">INFO</level><records>no</records>\
                   <property name=\"a\">b</property></record>";
        let record = parse(xml).unwrap();
        assert_eq!(record.level, "INFO");
        let unknown: Vec<(&str, &str)> = record
            .unknown
            .iter()
            .map(|(kind, name)| (*kind, name.as_str()))
            .collect();
        assert_eq!(
            unknown,
            [
                ("attribute", "id"),
                ("attribute", "kind"),
                ("element", "records")
            ]
        );
        assert_eq!(record.property("a"), "b");
    }
}
