//! Follows a JUnit document event by event.

use std::time::Duration;

use quick_xml::events::{BytesStart, Event};

use super::super::binding;
use super::super::remains::told_by_json;
use super::super::text::{entity, unescape_xml};
use super::super::times::{WrittenTime, parse_seconds};
use super::super::unknown::Unknown;
use super::super::{Status, Variable};
use crate::problem::counted;

use super::{Junit, JunitCase, JunitSuite, LONGEST_TEXT, output};

/// Whether there is more to come.
pub(super) enum Go {
    On,
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Root,
    Suite,
    SuiteProperties,
    SuiteProperty,
    Case,
    CaseProperties,
    CaseProperty,
    Failure,
    Skipped,
    Output,
    /// Unknown, or known at another place.
    Other,
}

/// Deeper ones are no file of Katalon: suites stand in suites at most, and one level is all it writes.
const DEEPEST: usize = 64;

/// The same for elements that nobody knows: the XML reader keeps the name of each that is open.
const DEEPEST_UNKNOWN: usize = 10_000;

/// A longer name is no element's, and would be kept likewise.
const LONGEST_NAME: usize = 1_000;

/// So much is searched of what was broken off: there are the values of one test case.
const LONGEST_REMAINS: usize = 16 * 1024 * 1024;

/// Oddities that are named one by one; a file that is wrong throughout would fill the log.
const ODDITIES_NAMED: usize = 3;

/// What was read of the document, and where in it we are.
#[derive(Default)]
pub(super) struct Document {
    junit: Junit,
    open: Vec<Element>,
    /// Elements open inside an [`Element::Other`], and itself.
    ignored_depth: usize,
    root: String,
    /// The suite whose elements come now: an index, since suites may nest.
    open_suites: Vec<usize>,
    property_name: String,
    property_value: Option<String>,
    /// Text of the element that is open, if it is one whose text matters.
    text: String,
    cases_read: usize,
    odd_values: usize,
}

impl Document {
    /// Takes the next event, which begins on that line; the error says why it cannot be.
    pub(super) fn take(&mut self, event: Event<'_>, line: u64) -> Result<Go, String> {
        match event {
            Event::Start(tag) => self.start(&tag, line)?,
            Event::End(_) => self.end(),
            Event::Text(text) => self.add_text(&text)?,
            Event::CData(text) => self.add_text(&text)?,
            Event::GeneralRef(name) => match entity(&name) {
                Some(letter) => self.add_text(letter.encode_utf8(&mut [0; 4]))?,
                // Not expanded, whatever a DTD says it means.
                None => self.add_text(&format!("&{};", &*name))?,
            },
            Event::Eof if !self.open.is_empty() => {
                return Err("the file ends before its last element does".to_owned());
            }
            Event::Eof if self.root.is_empty() => return Err("the file is empty".to_owned()),
            Event::Eof => return Ok(Go::Finished),
            // Never met: the reader was told to give start and end instead.
            Event::Empty(_) => {}
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        Ok(Go::On)
    }

    fn start(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), String> {
        if tag.name().into_inner().len() > LONGEST_NAME {
            return Err("the name of an element is too long".to_owned());
        }
        if self.ignored_depth > 0 {
            self.ignored_depth += 1;
            return if self.ignored_depth > DEEPEST_UNKNOWN {
                Err(format!("more than {DEEPEST_UNKNOWN} levels"))
            } else {
                Ok(())
            };
        }
        if self.open.len() >= DEEPEST {
            return Err(format!("more than {DEEPEST} levels"));
        }
        let name = tag.local_name().into_inner().to_owned();
        let parent = self.open.last().copied();
        let element = match (parent, name.as_str()) {
            (None, "testsuites") => Element::Root,
            (None | Some(Element::Root | Element::Suite), "testsuite") => Element::Suite,
            (None, other) => {
                let other: String = other.chars().take(40).collect();
                return Err(format!("<{other}> is no JUnit report"));
            }
            (Some(Element::Suite), "properties") => Element::SuiteProperties,
            (Some(Element::SuiteProperties), "property") => Element::SuiteProperty,
            (Some(Element::Suite), "testcase") => Element::Case,
            (Some(Element::Case), "properties") => Element::CaseProperties,
            (Some(Element::CaseProperties), "property") => Element::CaseProperty,
            (Some(Element::Case), "failure" | "error") => Element::Failure,
            (Some(Element::Case), "skipped") => Element::Skipped,
            (Some(Element::Case), "system-out") => Element::Output,
            (Some(_), _) => Element::Other,
        };
        if parent.is_none() {
            self.root.clone_from(&name);
            self.know_root(tag)?;
        }
        match element {
            Element::Suite => self.start_suite(tag, line)?,
            Element::Case => self.start_case(tag, line)?,
            Element::SuiteProperty | Element::CaseProperty => self.start_property(tag)?,
            Element::Failure => self.start_failure(tag)?,
            Element::Skipped => {
                // No version up to 11.4 writes it. What is skipped has not passed.
                if let Some(case) = self.case()
                    && matches!(Status::parse(&case.status), Some(Status::Passed) | None)
                {
                    Status::Skipped.as_str().clone_into(&mut case.status);
                }
            }
            Element::Output => self.text.clear(),
            Element::Other => {
                if !KNOWN_ELEMENTS.contains(&name.as_str()) {
                    self.junit.unknown.add("element", &name, "JUnit");
                }
                self.ignored_depth = 1;
                return Ok(());
            }
            Element::Root | Element::SuiteProperties | Element::CaseProperties => {}
        }
        self.open.push(element);
        Ok(())
    }

    fn know_root(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        let mut unknown = Unknown::default();
        if self.root == "testsuites" {
            each_attribute(tag, |name, _| {
                note_attribute(&mut unknown, name, "testsuites")
            })?;
        }
        self.junit.unknown.extend(&unknown);
        Ok(())
    }

    fn start_suite(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), String> {
        self.open_suites.push(self.junit.suites.len());
        self.junit.suites.push(JunitSuite::default());
        let mut suite = JunitSuite::default();
        let mut time = None;
        let mut unknown = Unknown::default();
        each_attribute(tag, |name, value| match name {
            "id" => suite.id = value,
            "name" => suite.name = value,
            "hostname" => suite.hostname = value,
            "timestamp" => suite.timestamp = Some(value),
            "time" => time = Some(value),
            other => note_attribute(&mut unknown, other, "testsuite"),
        })?;
        self.junit.unknown.extend(&unknown);
        if let Some(open) = self.suite() {
            *open = suite;
        }
        let timestamp = self.suite().and_then(|suite| suite.timestamp.clone());
        if let Some(timestamp) = timestamp
            && WrittenTime::parse(&timestamp).is_none()
        {
            self.odd(line, "timestamp", "timestamp", &timestamp);
        }
        if let Some(time) = time {
            let duration = self.duration(line, &time);
            if let Some(suite) = self.suite() {
                suite.time = duration;
            }
        }
        Ok(())
    }

    fn start_case(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), String> {
        let mut case = JunitCase::default();
        let mut time = None;
        let mut unknown = Unknown::default();
        each_attribute(tag, |name, value| match name {
            "name" => case.name = value,
            "classname" => case.classname = value,
            "status" => case.status = value,
            "tag" => case.tag = value,
            "time" => time = Some(value),
            other => note_attribute(&mut unknown, other, "testcase"),
        })?;
        if !case.status.trim().is_empty() && Status::parse(&case.status).is_none() {
            unknown.add("status", &case.status, "");
        }
        self.junit.unknown.extend(&unknown);
        if let Some(suite) = self.suite() {
            suite.cases.push(case);
        }
        self.open.push(Element::Case);
        let duration = time.and_then(|time| self.duration(line, &time));
        self.open.pop();
        if let Some(case) = self.case() {
            case.time = duration;
        }
        Ok(())
    }

    fn start_property(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        self.text.clear();
        self.property_name.clear();
        self.property_value = None;
        let mut unknown = Unknown::default();
        each_attribute(tag, |name, value| match name {
            "name" => self.property_name = value,
            "value" => self.property_value = Some(value),
            other => unknown.add("attribute", other, "property"),
        })?;
        self.junit.unknown.extend(&unknown);
        Ok(())
    }

    fn start_failure(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        self.text.clear();
        let mut message = None;
        let mut unknown = Unknown::default();
        each_attribute(tag, |name, value| match name {
            "message" => message = Some(value),
            "type" => {}
            other => unknown.add("attribute", other, "failure"),
        })?;
        self.junit.unknown.extend(&unknown);
        // Katalon writes one; of several the first is what ended the test.
        if let Some(case) = self.case()
            && case.message.is_none()
        {
            case.message = message;
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.ignored_depth > 0 {
            self.ignored_depth -= 1;
            return;
        }
        match self.open.pop() {
            Some(Element::Suite) => {
                self.open_suites.pop();
            }
            Some(Element::Case) => self.cases_read += 1,
            Some(Element::SuiteProperty) => {
                let name = std::mem::take(&mut self.property_name);
                let value = self.take_property_value();
                if let Some(suite) = self.suite()
                    && !value.is_empty()
                {
                    suite.properties.insert(name, value);
                }
            }
            Some(Element::CaseProperty) => {
                let value = self.take_property_value();
                if self.property_name != "data_binding" {
                    let name = &self.property_name;
                    self.junit.unknown.add("property", name, "testcase");
                } else if let Some(case) = self.case() {
                    match binding::plain_values(&value) {
                        Some(values) => case.data_binding = values,
                        None => case.other_variables.extend(told_by_json(&value)),
                    }
                }
            }
            Some(Element::Failure) => {
                let body = std::mem::take(&mut self.text);
                if let Some(case) = self.case() {
                    let says_nothing = case.message.as_deref().is_none_or(str::is_empty);
                    if says_nothing && !body.trim().is_empty() {
                        case.message = Some(body.trim().to_owned());
                    }
                }
            }
            Some(Element::Output) => {
                let output = std::mem::take(&mut self.text);
                if let Some(case) = self.case() {
                    output::read(&output, case);
                }
            }
            Some(
                Element::Root
                | Element::SuiteProperties
                | Element::CaseProperties
                | Element::Skipped
                | Element::Other,
            )
            | None => {}
        }
    }

    fn take_property_value(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.property_value
            .take()
            .unwrap_or_else(|| text.trim().to_owned())
    }

    fn add_text(&mut self, text: &str) -> Result<(), String> {
        let matters = matches!(
            self.open.last(),
            Some(
                Element::SuiteProperty | Element::CaseProperty | Element::Failure | Element::Output
            )
        );
        if matters && self.ignored_depth == 0 {
            // Each piece is bounded by the reader; an element may have any number of them.
            if self.text.len() + text.len() > LONGEST_TEXT {
                return Err("the text of an element is too long".to_owned());
            }
            self.text.push_str(text);
        }
        Ok(())
    }

    fn suite(&mut self) -> Option<&mut JunitSuite> {
        let index = *self.open_suites.last()?;
        self.junit.suites.get_mut(index)
    }

    fn case(&mut self) -> Option<&mut JunitCase> {
        self.suite()?.cases.last_mut()
    }

    fn duration(&mut self, line: u64, text: &str) -> Option<Duration> {
        let duration = parse_seconds(text);
        // Nothing written is nothing known, and nothing to complain about.
        if duration.is_none() && !text.trim().is_empty() {
            self.odd(line, "time", "duration", text);
        }
        duration
    }

    fn odd(&mut self, line: u64, attribute: &str, what: &str, value: &str) {
        self.odd_values += 1;
        if self.odd_values <= ODDITIES_NAMED {
            let value: String = value.chars().take(60).collect();
            self.junit.oddities.push(format!(
                "line {line}, at {}/@{attribute}: invalid {what} \"{value}\"",
                self.place()
            ));
        }
    }

    /// Test cases that were read to their end.
    pub(super) fn cases_read(&self) -> usize {
        self.cases_read
    }

    /// The variables of all that was read, and of the event that was broken off: its bytes, as they
    /// stand in the file.
    pub(super) fn variables(&mut self, broken_off: &[u8]) -> Vec<Variable> {
        let mut variables = Vec::new();
        let suites = self.junit.suites.iter_mut();
        for case in suites.flat_map(|suite| &mut suite.cases) {
            variables.append(&mut case.other_variables);
            let bound = std::mem::take(&mut case.data_binding).into_iter();
            variables.extend(bound.map(|(name, value)| Variable {
                name,
                value,
                masked: false,
            }));
        }
        let broken_off = &broken_off[..broken_off.len().min(LONGEST_REMAINS)];
        for text in [
            self.text.as_str(),
            &unescape_xml(&String::from_utf8_lossy(broken_off)),
        ] {
            variables.extend(told_by_json(text));
        }
        variables
    }

    /// What was read.
    pub(super) fn finish(mut self) -> Junit {
        if self.odd_values > ODDITIES_NAMED {
            let rest = self.odd_values - ODDITIES_NAMED;
            self.junit
                .oddities
                .push(format!("{} more", counted(rest, "invalid value")));
        }
        self.junit
    }

    /// The element that is open, as a path.
    pub(super) fn place(&self) -> String {
        let mut place = self.root.clone();
        // Katalon nests none; somebody else's file may nest thousands.
        for (depth, &index) in self.open_suites.iter().take(4).enumerate() {
            if depth > 0 || self.root != "testsuite" {
                place.push_str("/testsuite");
            }
            let name = self.junit.suites.get(index).map_or("", |suite| &suite.name);
            place.push_str(&format!("[{index}](\"{name}\")"));
        }
        if self.open.contains(&Element::Case)
            && let Some(suite) = self
                .open_suites
                .last()
                .and_then(|&index| self.junit.suites.get(index))
        {
            let index = suite.cases.len().saturating_sub(1);
            place.push_str(&format!("/testcase[{index}]"));
        }
        place
    }
}

/// Elements that Katalon is known to write, of which nothing is needed.
const KNOWN_ELEMENTS: [&str; 2] = ["system-out", "system-err"];

/// Attributes that Katalon is known to write, of which nothing is needed: its counters.
const KNOWN_ATTRIBUTES: [&str; 11] = [
    "name",
    "time",
    "tests",
    "failures",
    "errors",
    "skips",
    "skipped",
    "passed",
    "incompleted",
    "status",
    "tag",
];

fn note_attribute(unknown: &mut Unknown, name: &str, element: &str) {
    // A collection's root counts its suites in attributes that all begin alike.
    let counts_suites = element == "testsuites" && name.starts_with("testsuites");
    let is_of_xml = name.starts_with("xmlns") || name.starts_with("xsi:");
    if !KNOWN_ATTRIBUTES.contains(&name) && !counts_suites && !is_of_xml {
        unknown.add("attribute", name, element);
    }
}

fn each_attribute(tag: &BytesStart<'_>, mut take: impl FnMut(&str, String)) -> Result<(), String> {
    // Unchecked: an attribute given twice is odd, but nothing is lost by it.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        // Not the reader's own unescaping: it turns the newlines of a stack trace into blanks.
        let value = unescape_xml(&attribute.value).replace("\r\n", "\n");
        take(attribute.key.into_inner(), value);
    }
    Ok(())
}
