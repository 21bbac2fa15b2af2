//! Reads what the folder of a test suite collection says: `<time>.rp`, and since 11.0
//! `collection.json`.

use std::io::Read;
use std::path::{Component, Path};

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::bounded_json;
use super::text::{TextReader, entity, read_whole};

/// Which collection, and which reports belong to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collection {
    /// `Test Suites/All`; empty in versions before 7.
    pub id: String,
    /// The executions of its suites; reruns are listed as further ones.
    pub items: Vec<CollectionItem>,
}

/// One suite execution of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionItem {
    /// The report folder, relative to the Katalon project, with `/`. It may be gone.
    pub location: String,
    /// Execution profile.
    pub profile: String,
    /// Run configuration, `Chrome`.
    pub run_configuration: String,
}

impl CollectionItem {
    /// Whether the location leads downwards only, so that it can be looked for.
    pub(crate) fn is_plain(&self) -> bool {
        let mut parts = Path::new(&self.location).components();
        parts.all(|part| matches!(part, Component::Normal(_)))
    }
}

/// Reads a `.rp` file.
pub fn read_rp(source: impl Read) -> Result<Collection, String> {
    let text = read_whole(source).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_reader(TextReader::new(text.as_bytes()));
    let mut buffer = Vec::new();
    let mut collection = Collection::default();
    let mut text = String::new();
    let mut depth = 0_usize;
    loop {
        buffer.clear();
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| format!("line {}: {error}", reader.get_ref().line()))?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                text.clear();
                if tag.name().into_inner() == "ReportItemDescription" {
                    collection.items.push(CollectionItem::default());
                }
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                let text = std::mem::take(&mut text).trim().to_owned();
                let item = collection.items.last_mut();
                match (tag.name().into_inner(), item) {
                    ("testSuiteCollectionId", _) => collection.id = text,
                    ("reportLocation", Some(item)) => item.location = in_project(&text),
                    ("profileName", Some(item)) => item.profile = text,
                    ("runConfigurationId", Some(item)) => item.run_configuration = text,
                    _ => {}
                }
            }
            Event::Text(part) => text.push_str(&part),
            Event::CData(part) => text.push_str(&part),
            Event::GeneralRef(name) => match entity(&name) {
                Some(letter) => text.push(letter),
                None => text.push_str(&format!("&{};", &*name)),
            },
            Event::Eof if depth > 0 => {
                return Err("the file ends before its last element does".to_owned());
            }
            Event::Eof => return Ok(collection),
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// A location within the Katalon project, should somebody have written where the project lay.
fn in_project(location: &str) -> String {
    let location = location.replace('\\', "/");
    match location.split_once("/Reports/") {
        Some((_, below)) => format!("Reports/{below}"),
        None => location,
    }
}

/// Reads a `collection.json`, which names the collection and not its reports.
pub fn read_json(source: impl Read) -> Result<Collection, String> {
    let text = read_whole(source).map_err(|error| error.to_string())?;
    let json: Value = bounded_json::from_str(&text).map_err(|error| error.to_string())?;
    let id = json.get("id").and_then(Value::as_str).unwrap_or_default();
    Ok(Collection {
        id: id.trim().to_owned(),
        items: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rp_names_the_collection_and_its_reports() {
        let rp = b"<?xml version=\"1.0\"?><ReportCollectionEntity><description></description>
            <name>20240101_101500</name><reportItemDescriptions><ReportItemDescription>
            <reportLocation>Reports/20240101_101500/A &amp; B/20240101_101501</reportLocation>
            <runConfigDescription><profileName>staging</profileName>
            <runConfigurationId>Chrome</runConfigurationId></runConfigDescription>
            </ReportItemDescription></reportItemDescriptions>
            <testSuiteCollectionId>Test Suites/All</testSuiteCollectionId></ReportCollectionEntity>";
        let collection = read_rp(rp.as_slice()).unwrap();
        assert_eq!(collection.id, "Test Suites/All");
        let item = &collection.items[0];
        assert_eq!(
            item.location,
            "Reports/20240101_101500/A & B/20240101_101501"
        );
        assert_eq!(item.profile, "staging");
        assert_eq!(item.run_configuration, "Chrome");
        assert!(read_rp(&rp[..100]).is_err());
    }

    #[test]
    fn a_location_begins_in_the_project() {
        for (location, expected) in [
            ("Reports/a/b", "Reports/a/b"),
            ("Reports\\a\\b", "Reports/a/b"),
            ("C:\\ci\\shop\\Reports\\a\\b", "Reports/a/b"),
            ("elsewhere/a", "elsewhere/a"),
        ] {
            assert_eq!(in_project(location), expected);
        }
    }

    #[test]
    fn a_collection_json_names_the_collection() {
        let json = br#"{"id":"Test Suites/All","name":"All","totalPassedTestCases":"2"}"#;
        assert_eq!(read_json(json.as_slice()).unwrap().id, "Test Suites/All");
        assert!(read_json(b"{".as_slice()).is_err());
    }
}
