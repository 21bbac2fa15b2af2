//! Kinds of values: how the text of an input becomes one, and what else would have been allowed.

use std::time::Duration;

/// What kind of text an input takes: decides its type in task.json and its place holder in help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Text,
    /// Entries, one a line.
    Lines,
    /// Things in Azure DevOps by ID or name, one a line; editors offer those that there are.
    Names,
    /// `true` or `false`.
    Bool,
    /// A whole number of seconds.
    Seconds,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any of these words, separated by commas or lines.
    AnyOf(&'static [&'static str]),
    /// A service connection: an agent hands its ID over.
    ServiceConnection,
}

/// Why a text is no value of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The part of the text that is wrong.
    pub part: String,
    /// What is wrong with it; lower case, without full stop.
    pub because: String,
    /// What is allowed, or what to try; sentences.
    pub advice: String,
}

/// The value of an input.
pub trait InputValue: Sized + PartialEq {
    /// What people type.
    const KIND: Kind;

    /// Reads a text that is trimmed and not empty. Tells everything that is wrong at once.
    fn parse(text: &str) -> Result<Self, Vec<Wrong>>;

    /// Reads the default of the table, which may be empty where the type knows "not given".
    fn parse_default(text: &str) -> Result<Self, Vec<Wrong>> {
        Self::parse(text)
    }

    /// The value on one line, for the log.
    fn shown(&self) -> String;
}

/// One thing that is wrong.
pub(super) fn wrong<T>(
    part: &str,
    because: impl Into<String>,
    advice: impl Into<String>,
) -> Result<T, Vec<Wrong>> {
    Err(vec![Wrong {
        part: part.to_owned(),
        because: because.into(),
        advice: advice.into(),
    }])
}

/// Entries of a multi-line input: trimmed, empty ones left out.
pub(super) fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Finds a word of a list in any case.
pub(super) fn find_word(words: &[&'static str], text: &str) -> Option<&'static str> {
    words
        .iter()
        .copied()
        .find(|word| word.eq_ignore_ascii_case(text.trim()))
}

/// `'a', 'b' or 'c'`.
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

impl InputValue for bool {
    const KIND: Kind = Kind::Bool;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        match find_word(&["true", "false"], text) {
            Some(word) => Ok(word == "true"),
            None => wrong(
                text,
                "it is neither true nor false",
                "Use 'true' or 'false'.",
            ),
        }
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

/// An ID that may be left out.
impl InputValue for Option<u32> {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        match text.parse() {
            Ok(0) | Err(_) => wrong(
                text,
                "it is no ID",
                "Write a whole number, such as '$(Build.BuildId)' of the other pipeline.",
            ),
            Ok(id) => Ok(Some(id)),
        }
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(None)
    }

    fn shown(&self) -> String {
        self.map(|id| id.to_string()).unwrap_or_default()
    }
}

/// A text that may be left out.
impl InputValue for Option<String> {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn shown(&self) -> String {
        self.clone().unwrap_or_default()
    }
}

/// The ID of a service connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointId(pub String);

/// A service connection that may be left out.
impl InputValue for Option<EndpointId> {
    const KIND: Kind = Kind::ServiceConnection;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let text = text.trim();
        Ok((!text.is_empty()).then(|| EndpointId(text.to_owned())))
    }

    fn shown(&self) -> String {
        self.as_ref().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// A time in whole seconds, at least `LEAST` and at most a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds<const LEAST: u32>(u32);

impl<const LEAST: u32> Seconds<LEAST> {
    /// A job never lasts longer on a hosted agent, and a wait never makes sense.
    const MOST: u32 = 24 * 60 * 60;

    /// As a time.
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.0))
    }
}

impl<const LEAST: u32> InputValue for Seconds<LEAST> {
    const KIND: Kind = Kind::Seconds;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        match text.parse::<u32>() {
            Ok(seconds) if (LEAST..=Self::MOST).contains(&seconds) => Ok(Self(seconds)),
            Ok(_) | Err(_) => wrong(
                text,
                "it is no number of seconds that is allowed",
                format!("Use a whole number from {LEAST} to {}.", Self::MOST),
            ),
        }
    }

    fn shown(&self) -> String {
        self.0.to_string()
    }
}

/// Declares an enum whose variants are the words of a pick list.
macro_rules! pick_list {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $($(#[doc = $help:literal])+ $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $help])+ $variant,)+
        }

        impl $name {
            /// The word that people type.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl InputValue for $name {
            const KIND: Kind = Kind::OneOf(&[$($word),+]);

            fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
                match find_word(&[$($word),+], text) {
                    $(Some($word) => Ok(Self::$variant),)+
                    _ => wrong(
                        text,
                        "it is not on the list",
                        format!("Use {}.", one_of(&[$($word),+])),
                    ),
                }
            }

            fn shown(&self) -> String {
                self.word().to_owned()
            }
        }
    };
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Finds reports and publishes them.
    Publish,
    /// Says which Katalon test cases to run.
    Select,
    /// Says what of publishing would not work.
    Verify,
    /// Shows what can be chosen; for the command line alone.
    List,
}

impl Command {
    /// The commands that the task offers.
    const OF_THE_TASK: &[&str] = &["publish", "select", "verify"];

    /// The word that people type.
    pub fn word(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Select => "select",
            Self::Verify => "verify",
            Self::List => "list",
        }
    }

    /// The command of that name on a command line.
    pub(super) fn named(word: &str) -> Option<Self> {
        let all = [Self::Publish, Self::Select, Self::Verify, Self::List];
        all.into_iter().find(|command| command.word() == word)
    }
}

impl InputValue for Command {
    const KIND: Kind = Kind::OneOf(Self::OF_THE_TASK);

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        match find_word(Self::OF_THE_TASK, text).and_then(Self::named) {
            Some(command) => Ok(command),
            None => wrong(
                text,
                "it is not on the list",
                format!("Use {}.", one_of(Self::OF_THE_TASK)),
            ),
        }
    }

    fn shown(&self) -> String {
        self.word().to_owned()
    }
}

pick_list! {
    /// What `list` shows.
    pub enum Listed {
        /// The projects of the collection.
        Projects = "projects",
        /// The test plans of a project.
        Plans = "plans",
        /// The test suites of plans, as trees.
        Suites = "suites",
        /// The test configurations of a project.
        Configurations = "configurations",
        /// The test cases of plans.
        TestCases = "testcases",
    }
}

pick_list! {
    /// What stdout holds.
    pub enum Format {
        /// The log, for people.
        Text = "text",
        /// One JSON document; the log goes to stderr.
        Json = "json",
    }
}

pick_list! {
    /// Which results and reports have their files attached.
    pub enum AttachmentsFor {
        /// Pictures of results that did not pass or are flaky; files of reports with such a result.
        Failed = "failed",
        /// All.
        All = "all",
    }
}

pick_list! {
    /// What a test run holds.
    pub enum TestRunPer {
        /// One execution of a suite.
        Suite = "suite",
        /// The suites that a collection executed together.
        Collection = "collection",
        /// All reports, up to a limit.
        Build = "build",
    }
}

pick_list! {
    /// What becomes of results that reach no test point.
    pub enum UnmatchedResults {
        /// They are published in a run of the build without plan.
        Publish = "publish",
        /// They are left out.
        Skip = "skip",
        /// As `publish`, and the task fails.
        Fail = "fail",
    }
}

pick_list! {
    /// What becomes of the fields by which Azure DevOps knows that a test case is automated.
    pub enum AutomationFields {
        /// No work item is touched.
        Keep = "keep",
        /// Each field is set only where it is empty.
        Fill = "fill",
        /// Each field is set.
        Override = "override",
    }
}

pick_list! {
    /// What becomes of a report that is in a finished run already.
    pub enum WhenAlreadyPublished {
        /// It is left out.
        Skip = "skip",
        /// It is published once more.
        Publish = "publish",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_come_in_any_case() {
        assert_eq!(bool::parse("TRUE"), Ok(true));
        assert_eq!(bool::parse("False"), Ok(false));
        for text in ["yes", "1", "truee"] {
            assert_eq!(bool::parse(text).unwrap_err()[0].part, text);
        }
    }

    #[test]
    fn seconds_are_whole_and_at_most_a_day() {
        assert_eq!(
            Seconds::<1>::parse("100").unwrap().duration(),
            Duration::from_secs(100)
        );
        assert!(Seconds::<0>::parse("0").is_ok());
        for text in ["0", "-1", "1.5", "100s", "86401", "99999999999999999999"] {
            assert!(Seconds::<1>::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_word_that_is_not_on_the_list_is_answered_with_the_list() {
        assert_eq!(
            WhenAlreadyPublished::parse("Publish"),
            Ok(WhenAlreadyPublished::Publish)
        );
        let wrong = AttachmentsFor::parse("some").unwrap_err();
        assert_eq!(wrong[0].advice, "Use 'failed' or 'all'.");
    }
}
