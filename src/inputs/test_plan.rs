//! The inputs `testPlan` and `testSuites`: things in Azure DevOps, named as people name them.

use super::value::{InputValue, Kind, Wrong, entries};

/// The word for "no test plan, whatever Katalon's settings say".
const NONE: &str = "none";

/// Something in Azure DevOps by its ID or its name. Digits are an ID first; names of digits exist.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdOrName(String);

impl IdOrName {
    /// Takes the text as it was typed; blanks around it do not count.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text, which is the name if it is no ID.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ID, if the text may be one. The service counts in 31 bits.
    pub fn id(&self) -> Option<u64> {
        let id = self.0.parse::<i32>().ok()?;
        // `+5` is a number to Rust, and a name to everybody else.
        let is_digits = self.0.bytes().all(|byte| byte.is_ascii_digit());
        u64::try_from(id).ok().filter(|&id| id > 0 && is_digits)
    }
}

/// Test plans that results are published to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestPlans {
    /// Nobody named one. Katalon's settings may.
    NotGiven,
    /// Somebody said that there is none.
    NoPlan,
    /// These, without doubles.
    Named(Vec<IdOrName>),
}

impl TestPlans {
    /// The plans that were named.
    pub fn named(&self) -> &[IdOrName] {
        match self {
            TestPlans::Named(plans) => plans,
            TestPlans::NotGiven | TestPlans::NoPlan => &[],
        }
    }
}

impl InputValue for TestPlans {
    const KIND: Kind = Kind::Names;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let plans = ids_and_names(text);
        let none = plans
            .iter()
            .find(|plan| plan.as_str().eq_ignore_ascii_case(NONE));
        match none {
            Some(_) if plans.len() == 1 => Ok(TestPlans::NoPlan),
            Some(none) => Err(vec![Wrong {
                part: none.as_str().to_owned(),
                because: "test plans stand beside it".to_owned(),
                advice: "Use 'none' alone, or leave it out.".to_owned(),
            }]),
            None => Ok(TestPlans::Named(plans)),
        }
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(TestPlans::NotGiven)
    }

    fn shown(&self) -> String {
        match self {
            TestPlans::NotGiven => String::new(),
            TestPlans::NoPlan => NONE.to_owned(),
            TestPlans::Named(plans) => shown(plans),
        }
    }
}

/// Test suites that results are published to, with those below them; none for the whole plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestSuites(pub Vec<IdOrName>);

impl InputValue for TestSuites {
    const KIND: Kind = Kind::Names;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        Ok(Self(ids_and_names(text)))
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(Self::default())
    }

    fn shown(&self) -> String {
        shown(&self.0)
    }
}

/// Something that may be left out.
impl InputValue for Option<IdOrName> {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        Ok(Some(IdOrName::new(text)).filter(|named| !named.as_str().is_empty()))
    }

    fn parse_default(_: &str) -> Result<Self, Vec<Wrong>> {
        Ok(None)
    }

    fn shown(&self) -> String {
        let named = self.as_ref().map(IdOrName::as_str);
        named.unwrap_or_default().to_owned()
    }
}

/// Names one a line; a line of nothing but numbers and commas is split, as pick lists join IDs.
fn ids_and_names(text: &str) -> Vec<IdOrName> {
    let mut named: Vec<IdOrName> = Vec::new();
    for line in entries(text) {
        let is_numbers = line
            .chars()
            .all(|c| c.is_ascii_digit() || c == ',' || c.is_whitespace());
        let parts: Vec<&str> = if is_numbers {
            line.split(',').collect()
        } else {
            vec![line]
        };
        for part in parts {
            let part = IdOrName::new(part);
            if !part.as_str().is_empty() && !named.contains(&part) {
                named.push(part);
            }
        }
    }
    named
}

fn shown(named: &[IdOrName]) -> String {
    let named: Vec<&str> = named.iter().map(IdOrName::as_str).collect();
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(text: &str) -> Vec<String> {
        let plans = TestPlans::parse(text).unwrap();
        let named = plans.named().iter();
        named.map(|plan| plan.as_str().to_owned()).collect()
    }

    #[test]
    fn numbers_are_split_at_commas_and_names_are_not() {
        assert_eq!(plans("512, 640,512\r\n7"), ["512", "640", "7"]);
        assert_eq!(plans("Release 4, web\n 17 \n"), ["Release 4, web", "17"]);
    }

    #[test]
    fn only_digits_are_an_id() {
        let id = |text: &str| IdOrName::new(text).id();
        assert_eq!(id(" 512 "), Some(512));
        for name in ["0", "-5", "+5", "5a", "Sprint 5", "99999999999"] {
            assert_eq!(id(name), None, "{name}");
        }
    }

    #[test]
    fn no_plan_stands_alone() {
        assert_eq!(TestPlans::parse("None").unwrap(), TestPlans::NoPlan);
        let wrongs = TestPlans::parse("512\nnone").unwrap_err();
        assert_eq!(wrongs[0].part, "none");
        assert_eq!(TestPlans::parse_default(""), Ok(TestPlans::NotGiven));
    }
}
