//! Reads a `.tc` file: tags, variables, and which test cases of a test management it stands for.

use std::collections::HashSet;
use std::io::Read;

use super::super::groovy::groovy_value;
use super::super::xml_tree::{self, Element};

/// Katalon's name of the integration whose ids count here; other products may stand beside it.
const PRODUCT: &str = "Azure";

/// The property that holds its ids.
const IDS: &str = "azure.testcase.ids";

/// Test cases that one Katalon test case stands for: more are a mistake, and each is looked for in
/// every plan.
pub(crate) const MOST_IDS: usize = 1_000;

/// Variables that hold ids: each is looked for in every row.
const MOST_VARIABLES: usize = 20;

/// Words that are named one by one where they are no ids, and how much of each is shown.
const MOST_NAMED: usize = 10;
const SHOWN: usize = 80;

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
    let mut known = HashSet::new();
    for tag in root.text_of("tag").split(',').map(str::trim) {
        if !tag.is_empty() && known.insert(tag) {
            test_case.tags.push(tag.to_owned());
        }
    }
    let mut known = HashSet::new();
    let mut wrong = Vec::new();
    for text in root.all("integratedEntity").filter_map(ids_text) {
        let (ids, no_ids) = parse_ids(text);
        for id in ids {
            if known.insert(id.clone()) {
                test_case.ids.push(id);
            }
        }
        wrong.extend(no_ids);
        let all = test_case.ids_text.get_or_insert_default();
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(text);
    }
    let named = wrong.iter().take(MOST_NAMED);
    oddities.extend(named.map(|word| format!("'{}' is no id of a test case", shown(word))));
    if wrong.len() > MOST_NAMED {
        let others = wrong.len() - MOST_NAMED;
        oddities.push(format!("{others} more words are no ids of test cases"));
    }
    if test_case.ids.len() > MOST_IDS {
        oddities.push(format!(
            "it names {} test cases, and the first {MOST_IDS} count",
            test_case.ids.len()
        ));
        test_case.ids.truncate(MOST_IDS);
    }
    let is_variable = |id: &IntegratedId| matches!(id, IntegratedId::Variable(_));
    let variables = test_case.ids.iter().filter(|id| is_variable(id)).count();
    if variables > MOST_VARIABLES {
        oddities.push(format!(
            "its ids stand in {variables} variables, and the first {MOST_VARIABLES} count"
        ));
        let mut met = 0;
        test_case.ids.retain(|id| {
            met += usize::from(is_variable(id));
            !is_variable(id) || met <= MOST_VARIABLES
        });
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

/// The beginning of a word, which may be a whole file.
fn shown(word: &str) -> &str {
    word.char_indices()
        .nth(SHOWN)
        .and_then(|(end, _)| word.get(..end))
        .unwrap_or(word)
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
    fn more_ids_tags_and_words_than_anybody_means_are_counted() {
        let read_ids = |ids: &str, tags: &str| {
            let tc = format!(
                "<TestCaseEntity><tag>{tags}</tag><integratedEntity><productName>Azure\
                 </productName><properties><entry><key>azure.testcase.ids</key><value>{ids}\
                 </value></entry></properties></integratedEntity></TestCaseEntity>"
            );
            read(tc.as_bytes()).unwrap()
        };
        let list =
            |piece: &dyn Fn(usize) -> String| -> String { (1..=60_000).map(piece).collect() };
        let (test_case, oddities) =
            read_ids(&list(&|at| format!("{at},")), &list(&|at| format!("{at},")));
        assert_eq!((test_case.ids.len(), test_case.tags.len()), (1_000, 60_000));
        assert_eq!(
            oddities,
            ["it names 60000 test cases, and the first 1000 count"]
        );
        let (test_case, oddities) = read_ids("7, ${a}, ${b}", &"x".repeat(3));
        assert_eq!((test_case.ids.len(), oddities.len()), (3, 0));
        let variables: String = (0..30).map(|at| format!("${{v{at}}},")).collect();
        let (test_case, oddities) = read_ids(&format!("{variables}7"), "");
        assert_eq!(test_case.ids.len(), 21);
        assert_eq!(
            oddities,
            ["its ids stand in 30 variables, and the first 20 count"]
        );
        let words = format!("{} {}", "x".repeat(1_000), "y ".repeat(99));
        let (_, oddities) = read_ids(&words, "");
        assert_eq!(oddities.len(), 11);
        assert!(oddities[0].len() < 120);
        assert_eq!(oddities[10], "90 more words are no ids of test cases");
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
