//! Reads a `.tc` file: tags, variables, and which test cases of a test management it stands for.

use std::io::Read;

use super::super::binding::groovy_value;
use super::super::xml_tree::{self, Element};

/// Katalon's name of the integration whose ids count here; other products may stand beside it.
const PRODUCT: &str = "Azure";

/// The property that holds its ids.
const IDS: &str = "azure.testcase.ids";

/// What a `.tc` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCase {
    /// Tags, in order, without doubles.
    pub tags: Vec<String>,
    /// The test cases that it stands for, in order, without doubles.
    pub ids: Vec<IntegratedId>,
    /// The text that the ids were read from; `None` without an integration.
    pub ids_text: Option<String>,
    /// Its variables.
    pub variables: Vec<TestCaseVariable>,
}

/// A test case of the test management.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IntegratedId {
    /// Its id.
    Number(u64),
    /// `${name}`: each row of test data has an id of its own in the variable of that name.
    Variable(String),
}

/// A variable of a test case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCaseVariable {
    /// Its name.
    pub name: String,
    /// Its default, without Groovy's quotes.
    pub default_value: String,
    /// Whether Katalon takes it for a secret.
    pub masked: bool,
}

/// Reads the file; also says which of its ids are none.
pub fn read(source: impl Read) -> Result<(TestCase, Vec<String>), String> {
    let root = xml_tree::read(source)?;
    if root.name != "TestCaseEntity" {
        return Err(format!("it is no test case but a '{}'", root.name));
    }
    let mut test_case = TestCase::default();
    let mut oddities = Vec::new();
    for tag in root.text_of("tag").split(',').map(str::trim) {
        if !tag.is_empty() && !test_case.tags.iter().any(|known| known == tag) {
            test_case.tags.push(tag.to_owned());
        }
    }
    for text in root.all("integratedEntity").filter_map(ids_text) {
        let (ids, wrong) = parse_ids(text);
        for id in ids {
            if !test_case.ids.contains(&id) {
                test_case.ids.push(id);
            }
        }
        oddities.extend(
            wrong
                .into_iter()
                .map(|word| format!("'{word}' is no id of a test case")),
        );
        let all = test_case.ids_text.get_or_insert_default();
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(text);
    }
    let variables = root.all("variable").map(|variable| TestCaseVariable {
        name: variable.text_of("name").to_owned(),
        default_value: groovy_value(variable.text_of("defaultValue")).into_owned(),
        masked: variable.text_of("masked") == "true",
    });
    test_case.variables = variables
        .filter(|variable| !variable.name.is_empty())
        .collect();
    Ok((test_case, oddities))
}

fn ids_text(entity: &Element) -> Option<&str> {
    if !entity.text_of("productName").eq_ignore_ascii_case(PRODUCT) {
        return None;
    }
    let properties = entity.child("properties")?;
    let ids = properties
        .all("entry")
        .find(|entry| entry.text_of("key") == IDS)?;
    Some(ids.text_of("value"))
}

/// The ids of a list, and what in it is none.
fn parse_ids(text: &str) -> (Vec<IntegratedId>, Vec<&str>) {
    let mut ids = Vec::new();
    let mut wrong = Vec::new();
    let words = text
        .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
        .filter(|word| !word.is_empty());
    for word in words {
        let variable = word
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'))
            .filter(|name| !name.is_empty());
        // Ids of test managements are counted in 31 bits.
        let number = word
            .parse::<i32>()
            .ok()
            .and_then(|id| u64::try_from(id).ok());
        match (variable, number) {
            (Some(name), _) => ids.push(IntegratedId::Variable(name.to_owned())),
            (None, Some(number)) if number > 0 => ids.push(IntegratedId::Number(number)),
            (None, Some(_) | None) => wrong.push(word),
        }
    }
    (ids, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use IntegratedId::{Number, Variable};

    #[test]
    fn ids_are_lists_as_people_type_them() {
        let variable = |name: &str| Variable(name.to_owned());
        for (text, ids, wrong) in [
            ("1866", vec![Number(1866)], vec![]),
            (
                "41007 ,41008;9",
                vec![Number(41007), Number(41008), Number(9)],
                vec![],
            ),
            ("${ado_id}, 7", vec![variable("ado_id"), Number(7)], vec![]),
            ("", vec![], vec![]),
            ("TC-12, 0, ${}", vec![], vec!["TC-12", "0", "${}"]),
            ("2147483647", vec![Number(2_147_483_647)], vec![]),
            ("2147483648", vec![], vec!["2147483648"]),
        ] {
            assert_eq!(parse_ids(text), (ids, wrong), "{text}");
        }
    }

    #[test]
    fn ids_of_other_products_are_not_ours_and_what_is_no_test_case_says_so() {
        let entity = |product: &str, key: &str, value: &str| {
            format!(
                "<integratedEntity><productName>{product}</productName><properties><entry>\
                 <key>{key}</key><value>{value}</value></entry></properties></integratedEntity>"
            )
        };
        let tc = format!(
            "<TestCaseEntity><tag>smoke, login,smoke</tag>{}{}{}<variable>\
             <defaultValue>'s3'</defaultValue><masked>true</masked><name>pin</name></variable>\
             <somethingNew/></TestCaseEntity>",
            entity("TESTOPS", "integratedValue", "{\"id\": 1}"),
            entity("Azure", "azure.testcase.ids", "5, 5"),
            entity("Azure", "azure.testcase.ids", "6 x"),
        );
        let (test_case, oddities) = read(tc.as_bytes()).unwrap();
        assert_eq!(test_case.ids, [Number(5), Number(6)]);
        assert_eq!(test_case.ids_text.as_deref(), Some("5, 5, 6 x"));
        assert_eq!(test_case.tags, ["smoke", "login"]);
        assert_eq!(oddities, ["'x' is no id of a test case"]);
        let pin = &test_case.variables[0];
        assert_eq!((pin.default_value.as_str(), pin.masked), ("s3", true));
        assert!(
            read(b"<Other/>".as_slice())
                .unwrap_err()
                .contains("no test case")
        );
    }
}
