//! Small XML files as a tree: those of a Katalon project, which Katalon writes without attributes.

use std::io::Read;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::text::{entity, read_whole};

/// Deeper ones are no file of Katalon; the deepest has five levels.
const DEEPEST: usize = 64;

/// Elements of one file: the largest suites have some ten thousand, and each takes many times the
/// bytes that it is written with.
const MOST_ELEMENTS: usize = 500_000;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// The text directly inside, without blanks at its ends.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The children of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of that name; empty if there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }
}

/// Reads the root element.
pub(crate) fn read(source: impl Read) -> Result<Element, String> {
    let text = read_whole(source).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_str(&text);
    reader.config_mut().allow_dangling_amp = true;
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    loop {
        let event = reader.read_event();
        // Counted only where something is wrong: a position is bytes, people have lines.
        let at_line = |position: u64| {
            let read = usize::try_from(position).unwrap_or(usize::MAX);
            let read = text.as_bytes().get(..read).unwrap_or(text.as_bytes());
            1 + memchr::memchr_iter(b'\n', read).count()
        };
        let event = event
            .map_err(|error| format!("line {}: {error}", at_line(reader.buffer_position())))?;
        match event {
            Event::Start(tag) => {
                if open.len() >= DEEPEST {
                    let line = at_line(reader.buffer_position());
                    return Err(format!("line {line}: more than {DEEPEST} levels"));
                }
                elements += 1;
                if elements > MOST_ELEMENTS {
                    return Err(format!("it has more than {MOST_ELEMENTS} elements"));
                }
                open.push(Element {
                    name: tag.name().into_inner().to_owned(),
                    ..Element::default()
                });
            }
            Event::End(_) => {
                let Some(mut element) = open.pop() else {
                    continue;
                };
                element.text = element.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Ok(element),
                }
            }
            Event::Text(part) => add(&mut open, &part),
            Event::CData(part) => add(&mut open, &part),
            Event::GeneralRef(name) => match entity(&name) {
                Some(letter) => add(&mut open, letter.encode_utf8(&mut [0; 4])),
                None => add(&mut open, &format!("&{};", &*name)),
            },
            Event::Eof if open.is_empty() => return Err("there is no element in it".to_owned()),
            Event::Eof => return Err("it ends before its last element does".to_owned()),
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_children_are_read_and_entities_are_not_expanded() {
        let xml = b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY big \"x\">]>\n<a> one &amp; <b/>\
            <b><![CDATA[<two>]]></b>&big;</a>";
        let root = read(xml.as_slice()).unwrap();
        assert_eq!(
            (root.name.as_str(), root.text.as_str()),
            ("a", "one & &big;")
        );
        assert_eq!(root.all("b").count(), 2);
        assert_eq!(root.children[1].text, "<two>");
        assert_eq!(root.text_of("b"), "");
    }

    #[test]
    fn what_is_no_document_says_why_and_where() {
        for (xml, expected) in [
            ("", "there is no element in it"),
            ("PROJCS[\"ETRS89\"]", "there is no element in it"),
            ("<a>\n<b>", "it ends before its last element does"),
        ] {
            assert_eq!(read(xml.as_bytes()).unwrap_err(), expected);
        }
        let error = read("<a>\n<b></c></a>".as_bytes()).unwrap_err();
        assert!(error.starts_with("line 2: "), "{error}");
        let wide = format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS));
        assert!(
            read(wide.as_bytes())
                .unwrap_err()
                .contains("500000 elements")
        );
        let deep = "<a>".repeat(100_000);
        assert!(read(deep.as_bytes()).unwrap_err().contains("64 levels"));
    }
}
