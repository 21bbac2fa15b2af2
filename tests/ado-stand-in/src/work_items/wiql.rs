//! The part of WIQL that this service understands: `SELECT … FROM WorkItems WHERE … ORDER BY …` with `AND`, `OR`,
//! `NOT`, parentheses, comparisons, `IN`, `CONTAINS`, and the macro `@project`. Everything else is refused.

use super::fields;
use crate::errors::{Handled, Refusal};
use crate::planning::WorkItem;
use serde_json::Value;
use std::cmp::Ordering;

/// A query, read.
pub(super) struct Query {
    /// The fields after `SELECT`.
    pub(super) columns: Vec<&'static str>,
    condition: Option<Condition>,
    /// The fields after `ORDER BY`, and whether they descend.
    order: Vec<(&'static str, bool)>,
}

enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Is(&'static str, Operator, Vec<String>),
}

#[derive(Clone, Copy)]
enum Operator {
    Equal,
    Less,
    Greater,
    In,
    Contains,
}

impl Query {
    /// Reads a query; `project` is what `@project` stands for.
    pub(super) fn read(text: &str, project: Option<&str>) -> Handled<Query> {
        let mut reader = Reader {
            words: words(text)?,
            at: 0,
            project,
        };
        reader.expect("select")?;
        let mut columns = vec![reader.field()?];
        while reader.accept(",") {
            columns.push(reader.field()?);
        }
        reader.expect("from")?;
        reader.expect("workitems")?;
        let condition = if reader.accept("where") {
            Some(reader.any()?)
        } else {
            None
        };
        let mut order = Vec::new();
        if reader.accept("order") {
            reader.expect("by")?;
            loop {
                let field = reader.field()?;
                let descends = reader.accept("desc");
                if !descends {
                    reader.accept("asc");
                }
                order.push((field, descends));
                if !reader.accept(",") {
                    break;
                }
            }
        }
        match reader.next() {
            None => Ok(Query {
                columns,
                condition,
                order,
            }),
            Some(word) => Err(wrong(&format!(
                "Expecting the end of the query, not {word:?}"
            ))),
        }
    }

    pub(super) fn matches(&self, item: &WorkItem) -> bool {
        let condition = self.condition.as_ref();
        condition.is_none_or(|condition| condition.holds(item))
    }

    pub(super) fn sort(&self, items: &mut [&WorkItem]) {
        items.sort_by(|one, other| {
            for (field, descends) in &self.order {
                let order = compare(&text(one, field), &text(other, field));
                let order = if *descends { order.reverse() } else { order };
                if order != Ordering::Equal {
                    return order;
                }
            }
            Ordering::Equal
        });
    }
}

impl Condition {
    fn holds(&self, item: &WorkItem) -> bool {
        match self {
            Condition::All(parts) => parts.iter().all(|part| part.holds(item)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(item)),
            Condition::Not(part) => !part.holds(item),
            Condition::Is(field, operator, values) => {
                let text = text(item, field);
                let mut values = values.iter();
                values.any(|value| match operator {
                    Operator::Equal | Operator::In => compare(&text, value) == Ordering::Equal,
                    Operator::Less => compare(&text, value) == Ordering::Less,
                    Operator::Greater => compare(&text, value) == Ordering::Greater,
                    Operator::Contains => text.to_lowercase().contains(&value.to_lowercase()),
                })
            }
        }
    }
}

/// The text in a field; empty where there is none.
fn text(item: &WorkItem, field: &str) -> String {
    match item.value(field) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

/// Numbers by their size, everything else as text in any case.
fn compare(one: &str, other: &str) -> Ordering {
    match (one.parse::<i64>(), other.parse::<i64>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => one.to_lowercase().cmp(&other.to_lowercase()),
    }
}

#[derive(Debug, Clone)]
enum Word {
    /// A keyword, a number, an operator, a macro, or the name of a field.
    Plain(String),
    /// A text in quotes.
    Quoted(String),
}

fn words(query: &str) -> Handled<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => {
                let (text, length) = quoted(rest, first)?;
                words.push(Word::Quoted(text));
                length
            }
            '[' => {
                let end = rest.find(']').ok_or_else(|| wrong("Missing ]"))?;
                words.push(Word::Plain(rest[1..end].trim().to_owned()));
                end + 1
            }
            '<' | '>' | '=' => {
                let length = rest.find(|c| !"<>=".contains(c)).unwrap_or(rest.len());
                words.push(Word::Plain(rest[..length].to_owned()));
                length
            }
            '(' | ')' | ',' => {
                words.push(Word::Plain(first.to_string()));
                1
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || "()<>=,'\"[]".contains(c);
                let length = rest.find(ends).unwrap_or(rest.len());
                if length == 0 {
                    return Err(wrong(&format!("Unexpected {first}")));
                }
                words.push(Word::Plain(rest[..length].to_owned()));
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(words)
}

/// A text in quotes, in which a doubled quote is one, and how much of the query it takes.
fn quoted(rest: &str, quote: char) -> Handled<(String, usize)> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != quote {
            text.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Ok((text, at + 1));
        }
    }
    Err(wrong("Missing quote"))
}

struct Reader<'a> {
    words: Vec<Word>,
    at: usize,
    project: Option<&'a str>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Word> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    /// Whether this keyword comes next; it is read then.
    fn accept(&mut self, keyword: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Plain(word)) if word.eq_ignore_ascii_case(keyword));
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, keyword: &str) -> Handled<()> {
        if self.accept(keyword) {
            return Ok(());
        }
        let found = self.words.get(self.at);
        Err(wrong(&format!("Expecting {keyword}, not {found:?}")))
    }

    fn field(&mut self) -> Handled<&'static str> {
        match self.next() {
            Some(Word::Plain(name)) => fields::known(&name).map_err(|_| {
                wrong(&format!(
                    "TF51005: The query references a field that does not exist. The error is caused by «[{name}]»"
                ))
            }),
            other => Err(wrong(&format!("Expecting the name of a field, not {other:?}"))),
        }
    }

    fn any(&mut self) -> Handled<Condition> {
        let mut parts = vec![self.all()?];
        while self.accept("or") {
            parts.push(self.all()?);
        }
        Ok(Condition::Any(parts))
    }

    fn all(&mut self) -> Handled<Condition> {
        let mut parts = vec![self.part()?];
        while self.accept("and") {
            parts.push(self.part()?);
        }
        Ok(Condition::All(parts))
    }

    fn part(&mut self) -> Handled<Condition> {
        if self.accept("not") {
            return Ok(Condition::Not(Box::new(self.part()?)));
        }
        if self.accept("(") {
            let condition = self.any()?;
            self.expect(")")?;
            return Ok(condition);
        }
        let field = self.field()?;
        let negated = self.accept("not");
        let (operator, opposite) = self.operator()?;
        let mut values = Vec::new();
        if matches!(operator, Operator::In) {
            self.expect("(")?;
            values.push(self.value()?);
            while self.accept(",") {
                values.push(self.value()?);
            }
            self.expect(")")?;
        } else {
            values.push(self.value()?);
        }
        let condition = Condition::Is(field, operator, values);
        Ok(if negated != opposite {
            Condition::Not(Box::new(condition))
        } else {
            condition
        })
    }

    /// An operator, and whether its opposite is meant.
    fn operator(&mut self) -> Handled<(Operator, bool)> {
        for (word, operator, opposite) in [
            ("=", Operator::Equal, false),
            ("<>", Operator::Equal, true),
            ("<", Operator::Less, false),
            (">=", Operator::Less, true),
            (">", Operator::Greater, false),
            ("<=", Operator::Greater, true),
            ("in", Operator::In, false),
            ("contains", Operator::Contains, false),
        ] {
            if self.accept(word) {
                return Ok((operator, opposite));
            }
        }
        let found = self.words.get(self.at);
        Err(wrong(&format!("Expecting an operator, not {found:?}")))
    }

    fn value(&mut self) -> Handled<String> {
        match self.next() {
            Some(Word::Quoted(text)) => Ok(text),
            Some(Word::Plain(word)) if word.eq_ignore_ascii_case("@project") => {
                let project = self.project.map(str::to_owned);
                project.ok_or_else(|| {
                    wrong("The macro @project is known only in the address of a project")
                })
            }
            Some(Word::Plain(word)) if word.parse::<i64>().is_ok() => Ok(word),
            other => Err(wrong(&format!("Expecting a value, not {other:?}"))),
        }
    }
}

fn wrong(what: &str) -> Refusal {
    Refusal::new(400, "WorkItemTrackingQueryException", format!("{what}."))
}
