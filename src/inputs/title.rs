//! The input `testRunTitle`: text with placeholders.

use super::value::{InputValue, Kind, Wrong, one_of};

/// What a title can hold, filled in for each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// The suite's name: the last part of its path.
    Suite,
    /// The suite's path.
    SuitePath,
    /// The collection that the suite was executed in.
    Collection,
    /// The execution profile.
    Profile,
    /// The browser's name without its version.
    Browser,
    /// The system on which the tests ran.
    Os,
    /// The number of the build that is published to.
    Build,
    /// The name of the test plan.
    Plan,
    /// When the suite began, `yyyy-MM-dd HH:mm` in the report's local time.
    Date,
}

impl Placeholder {
    const ALL: [(Placeholder, &'static str); 9] = [
        (Placeholder::Suite, "{suite}"),
        (Placeholder::SuitePath, "{suitePath}"),
        (Placeholder::Collection, "{collection}"),
        (Placeholder::Profile, "{profile}"),
        (Placeholder::Browser, "{browser}"),
        (Placeholder::Os, "{os}"),
        (Placeholder::Build, "{build}"),
        (Placeholder::Plan, "{plan}"),
        (Placeholder::Date, "{date}"),
    ];
}

/// A title with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitleTemplate {
    parts: Vec<Part>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
}

impl TitleTemplate {
    /// Nothing but one placeholder.
    pub fn only(placeholder: Placeholder) -> Self {
        let word = Placeholder::ALL
            .iter()
            .find(|(known, _)| *known == placeholder);
        Self {
            parts: vec![Part::Placeholder(placeholder)],
            text: word.map_or("", |(_, word)| word).to_owned(),
        }
    }

    /// A title as it is: braces in it mean nothing.
    pub fn literal(text: &str) -> Self {
        Self {
            parts: vec![Part::Text(text.to_owned())],
            text: text.to_owned(),
        }
    }

    /// The title with every placeholder replaced by what `value` says of it. What it says is
    /// taken as it is: braces in the name of a suite mean nothing.
    pub fn fill(&self, mut value: impl FnMut(Placeholder) -> String) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Placeholder(placeholder) => value(*placeholder),
            })
            .collect()
    }

    /// Whether the title differs where this placeholder does.
    pub fn holds(&self, placeholder: Placeholder) -> bool {
        self.parts.contains(&Part::Placeholder(placeholder))
    }
}

impl InputValue for TitleTemplate {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let mut parts = Vec::new();
        let mut wrongs = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from_brace) = rest.split_at(open);
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let end = from_brace.find('}').map_or(from_brace.len(), |at| at + 1);
            let (word, behind) = from_brace.split_at(end);
            match Placeholder::ALL
                .iter()
                .find(|(_, known)| known.eq_ignore_ascii_case(word))
            {
                Some(&(placeholder, _)) => parts.push(Part::Placeholder(placeholder)),
                None => wrongs.push(Wrong {
                    part: text.to_owned(),
                    because: format!("'{word}' is no placeholder"),
                    advice: format!("Use {}.", one_of(&Placeholder::ALL.map(|(_, word)| word))),
                }),
            }
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if wrongs.is_empty() {
            Ok(Self {
                parts,
                text: text.to_owned(),
            })
        } else {
            Err(wrongs)
        }
    }

    fn shown(&self) -> String {
        self.text.clone()
    }
}

/// A title that is not given follows from what a run holds.
impl InputValue for Option<TitleTemplate> {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        TitleTemplate::parse(text).map(Some)
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(None)
    }

    fn shown(&self) -> String {
        self.as_ref().map(InputValue::shown).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let title = TitleTemplate::parse("{suite} on {Browser} ({os})}").unwrap();
        let filled = title.fill(|placeholder| match placeholder {
            Placeholder::Suite => "{os}".to_owned(),
            other => format!("{other:?}"),
        });
        assert_eq!(filled, "{os} on Browser (Os)}");
        assert!(title.holds(Placeholder::Suite));
        assert!(!title.holds(Placeholder::Date));
    }

    #[test]
    fn every_unknown_placeholder_is_told() {
        let wrongs = TitleTemplate::parse("{suit} {} {suite} {build").unwrap_err();
        let because: Vec<&str> = wrongs.iter().map(|wrong| wrong.because.as_str()).collect();
        assert_eq!(
            because,
            [
                "'{suit}' is no placeholder",
                "'{}' is no placeholder",
                "'{build' is no placeholder"
            ]
        );
        assert!(wrongs[0].advice.contains("'{suitePath}'"));
    }

    #[test]
    fn a_title_without_placeholder_is_a_title() {
        let title = TitleTemplate::parse("Nightly").unwrap();
        assert_eq!(title.fill(|_| String::new()), "Nightly");
        let title = TitleTemplate::literal("{suite}");
        assert_eq!(title.fill(|_| String::new()), "{suite}");
        assert_eq!(title.shown(), "{suite}");
    }
}
