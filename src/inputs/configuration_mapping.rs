//! The input `configurationMapping`: which test configuration is meant by what a test ran on.

use std::collections::HashMap;

use super::test_plan::IdOrName;
use super::value::{InputValue, Kind, Wrong, entries};

/// Katalon's own word for "anything".
const ANY: &str = "--any--";

/// What a test ran on. Each part may be known by several names, any of which counts.
#[derive(Clone, Copy, Debug)]
pub struct RanOn<'a> {
    /// Operating system of the place where it ran, and the device.
    pub os: &'a [&'a str],
    /// Browser, and what Katalon was asked for.
    pub platform: &'a [&'a str],
    /// Execution profile.
    pub profile: &'a str,
}

/// Rules that say which test configuration a result belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigurationMapping {
    /// The rules in the order of their lines.
    pub rules: Vec<ConfigurationRule>,
}

/// One line: `os | browser or app | profile = configuration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationRule {
    /// The line as it was typed.
    pub line: String,
    /// OS, browser or app, profile; `None` for anything.
    parts: [Option<String>; 3],
    /// The test configuration.
    pub configuration: IdOrName,
}

impl ConfigurationMapping {
    /// The rule that decides: of those that match the one with the fewest wildcards, then the
    /// earliest. `None` if no rule matches: then nothing is known of configurations.
    pub fn rule_for(&self, ran_on: RanOn<'_>) -> Option<&ConfigurationRule> {
        let matching = self.rules.iter().filter(|rule| rule.matches(ran_on));
        // The first of equal ones, so that the earlier line wins.
        matching.min_by_key(|rule| rule.wildcards())
    }
}

impl ConfigurationRule {
    fn wildcards(&self) -> usize {
        self.parts.iter().filter(|part| part.is_none()).count()
    }

    fn matches(&self, ran_on: RanOn<'_>) -> bool {
        let [os, platform, profile] = &self.parts;
        let any = |part: &Option<String>, values: &[&str]| match part {
            None => true,
            Some(part) => values.iter().any(|value| begins_with_word(value, part)),
        };
        let is_mac = os
            .as_ref()
            .is_some_and(|os| os.eq_ignore_ascii_case("macOS"));
        (any(os, ran_on.os)
            // Java's name for it.
            || is_mac && ran_on.os.iter().any(|os| begins_with_word(os, "Mac OS X")))
            && any(platform, ran_on.platform)
            && any(profile, &[ran_on.profile])
    }
}

/// Whether a value is the part, or begins with it as a word: `Windows 11 64bit` with `windows`.
fn begins_with_word(value: &str, part: &str) -> bool {
    let mut rest = value.trim().chars();
    for expected in part.chars() {
        let Some(c) = rest.next() else { return false };
        if !c.to_lowercase().eq(expected.to_lowercase()) {
            return false;
        }
    }
    !rest.next().is_some_and(char::is_alphanumeric)
}

impl InputValue for ConfigurationMapping {
    const KIND: Kind = Kind::Lines;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let mut rules: Vec<ConfigurationRule> = Vec::new();
        let mut first_of: HashMap<[Option<String>; 3], IdOrName> = HashMap::new();
        let mut wrongs = Vec::new();
        for line in entries(text) {
            match parse_rule(line) {
                Ok(rule) => {
                    let earlier = first_of.entry(rule.parts.clone());
                    let earlier = earlier.or_insert_with(|| rule.configuration.clone());
                    match Some(earlier).filter(|earlier| **earlier != rule.configuration) {
                        Some(earlier) => wrongs.push(Wrong {
                            part: line.to_owned(),
                            because: format!(
                                "an earlier line gives the same the configuration '{}'",
                                earlier.as_str()
                            ),
                            advice: "Keep one of the two lines.".to_owned(),
                        }),
                        None => rules.push(rule),
                    }
                }
                Err(because) => wrongs.push(Wrong {
                    part: line.to_owned(),
                    because,
                    advice: "Write 'OS | browser or app | profile = configuration', such as \
                             'Windows | Chrome | * = Windows 11, Chrome', one a line."
                        .to_owned(),
                }),
            }
        }
        if wrongs.is_empty() {
            Ok(Self { rules })
        } else {
            Err(wrongs)
        }
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(Self::default())
    }

    fn shown(&self) -> String {
        let lines: Vec<&str> = self.rules.iter().map(|rule| rule.line.as_str()).collect();
        lines.join("; ")
    }
}

fn parse_rule(line: &str) -> Result<ConfigurationRule, String> {
    // Names of configurations may hold '=', those of systems and browsers do not.
    let Some((left, configuration)) = line.split_once('=') else {
        return Err("it has no '='".to_owned());
    };
    let configuration = IdOrName::new(configuration);
    if configuration.as_str().is_empty() {
        return Err("it names no configuration".to_owned());
    }
    let given: Vec<&str> = left.split('|').map(str::trim).collect();
    let mut parts = [None, None, None];
    if given.len() > parts.len() {
        return Err(format!("it has {} parts before '='", given.len()));
    }
    // Parts that are left out match everything.
    for (part, text) in parts.iter_mut().zip(given) {
        let is_any = text.is_empty() || text == "*" || text.eq_ignore_ascii_case(ANY);
        *part = (!is_any).then(|| text.to_owned());
    }
    Ok(ConfigurationRule {
        line: line.to_owned(),
        parts,
        configuration,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(rules: &str, os: &str, browser: &str, profile: &str) -> Option<String> {
        let mapping = ConfigurationMapping::parse(rules).unwrap();
        let ran_on = RanOn {
            os: &[os],
            platform: &[browser],
            profile,
        };
        let rule = mapping.rule_for(ran_on)?;
        Some(rule.configuration.as_str().to_owned())
    }

    #[test]
    fn a_part_matches_whole_words_from_the_beginning_in_any_case() {
        for (part, value, matches) in [
            ("Windows", "Windows 11 64bit", true),
            ("windows 11", "Windows 11 64bit", true),
            ("Windows 1", "Windows 11 64bit", false),
            ("11", "Windows 11 64bit", false),
            ("Windows 11 64bit", "Windows 11 64bit", true),
            ("Windows Server", "Windows", false),
            ("Chrome", "Chrome (headless)", true),
            ("ÖSTERREICH", "österreich-test", true),
        ] {
            assert_eq!(begins_with_word(value, part), matches, "{part} of {value}");
        }
    }

    #[test]
    fn more_parts_win_then_the_earlier_line() {
        let rules = "* | * | * = 1\n\
                     Windows | --Any-- | = 2\n\
                     * | Chrome | * = 3\n\
                     Windows | Chrome | * = 4\n\
                     Windows | Chrome | staging = Windows = Chrome";
        for (os, browser, profile, expected) in [
            ("Linux", "Firefox 1", "", "1"),
            ("Windows 10", "Firefox 1", "", "2"),
            ("Linux", "Chrome 139", "", "3"),
            ("Windows 10", "Chrome 139", "default", "4"),
            ("Windows 10", "Chrome 139", "staging", "Windows = Chrome"),
        ] {
            let decided = decided(rules, os, browser, profile);
            assert_eq!(
                decided.as_deref(),
                Some(expected),
                "{os} {browser} {profile}"
            );
        }
        assert_eq!(
            decided("Windows = 1\n* | Chrome = 2", "Windows", "Chrome", "").unwrap(),
            "1"
        );
    }

    #[test]
    fn mac_os_has_two_names_and_no_match_is_no_decision() {
        let rules = "macOS | * | * = 12";
        assert_eq!(decided(rules, "Mac OS X 13.4", "", "").unwrap(), "12");
        assert_eq!(decided(rules, "macOS 14", "", "").unwrap(), "12");
        assert_eq!(decided(rules, "Machine", "", ""), None);
    }

    #[test]
    fn every_wrong_line_is_told() {
        let wrongs =
            ConfigurationMapping::parse("Windows\na|b|c|d=1\n|*|=\nWindows=1\nWindows|*=2")
                .unwrap_err();
        let because: Vec<&str> = wrongs.iter().map(|wrong| wrong.because.as_str()).collect();
        assert_eq!(
            because,
            [
                "it has no '='",
                "it has 4 parts before '='",
                "it names no configuration",
                "an earlier line gives the same the configuration '1'",
            ]
        );
    }
}
