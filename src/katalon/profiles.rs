//! Reads an execution profile, `Profiles/*.glbl`: global variables and their values, among them
//! addresses and passwords.

use std::io::Read;

use super::Variable;
use super::groovy::groovy_value;
use super::names::LONGEST_VARIABLE;
use super::text::{read_whole, unescape_xml};
use super::xml_tree;

/// An execution profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its name, `staging`; empty if the file cannot be read.
    pub name: String,
    /// Its global variables, values without Groovy's quotes.
    pub variables: Vec<Variable>,
}

/// Reads the file.
pub fn read(source: impl Read) -> Result<Profile, String> {
    let root = xml_tree::read(source)?;
    if root.name != "GlobalVariableEntities" {
        return Err(format!("it is no profile but a '{}'", root.name));
    }
    let variables = root.all("GlobalVariableEntity").map(|variable| Variable {
        name: variable.text_of("name").to_owned(),
        value: groovy_value(variable.text_of("initValue")).into_owned(),
        masked: variable.text_of("masked") == "true",
    });
    Ok(Profile {
        name: root.text_of("name").to_owned(),
        variables: variables
            .filter(|variable| !variable.name.is_empty())
            .collect(),
    })
}

/// A merge has two sides or three, and two variables may run together where a tag is damaged.
const MOST_SIDES: usize = 8;

/// The variables that a profile still tells that cannot be read, such as one with marks of a merge:
/// good only to know what is secret.
pub fn remains(source: impl Read) -> Vec<Variable> {
    // That it cannot be read was told.
    let text = read_whole(source).unwrap_or_default();
    let entities = text.split("<GlobalVariableEntity>").skip(1);
    entities
        .flat_map(|entity| {
            let masked = texts(entity, "masked").any(|text| text == "true");
            // Of two sides of a merge each has one, and nothing tells which belong together.
            let values = texts(entity, "initValue").filter(|value| !value.is_empty());
            let values: Vec<String> = values.take(MOST_SIDES).collect();
            let names = texts(entity, "name");
            let names = names.filter(|name| !name.is_empty() && name.len() <= LONGEST_VARIABLE);
            names.take(MOST_SIDES).flat_map(move |name| {
                let variable = |value: &String| Variable {
                    name: name.clone(),
                    value: groovy_value(value).into_owned(),
                    masked,
                };
                values.iter().map(variable).collect::<Vec<_>>()
            })
        })
        .collect()
}

/// The texts of the elements of that name.
fn texts(xml: &str, name: &str) -> impl Iterator<Item = String> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once(&start)?;
        let (text, behind) = behind.split_once(&end)?;
        rest = behind;
        Some(unescape_xml(text.trim()).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_with_marks_of_a_merge_still_tells_its_values() {
        let glbl = "<GlobalVariableEntities><name>staging</name>\n<GlobalVariableEntity>\n\
            <<<<<<< HEAD\n<initValue>'first &amp; one'</initValue>\n=======\n\
            <initValue>'second'</initValue>\n>>>>>>> other\n<name>G_Password</name>\n\
            </GlobalVariableEntity><GlobalVariableEntity><initValue>'x'</initValue>\
            <masked>true</masked><name>pin</name></GlobalVariableEntity>\
            <GlobalVariableEntity><initValue>'y'</initValue><name>G_Tok";
        assert!(read(glbl.as_bytes()).is_err());
        let told = remains(glbl.as_bytes());
        let told: Vec<(&str, &str, bool)> = told
            .iter()
            .map(|one| (one.name.as_str(), one.value.as_str(), one.masked))
            .collect();
        assert_eq!(
            told,
            [
                ("G_Password", "first & one", false),
                ("G_Password", "second", false),
                ("pin", "x", true)
            ]
        );
    }

    #[test]
    fn global_variables_are_read_without_quotes() {
        let glbl = b"<GlobalVariableEntities><name>staging</name><defaultProfile>false\
            </defaultProfile><GlobalVariableEntity><initValue>'https://shop'</initValue>\
            <name>G_Url</name></GlobalVariableEntity><GlobalVariableEntity>\
            <initValue>30</initValue><name>G_Timeout</name></GlobalVariableEntity>\
            </GlobalVariableEntities>";
        let profile = read(glbl.as_slice()).unwrap();
        assert_eq!(profile.name, "staging");
        let variables: Vec<(&str, &str)> = profile
            .variables
            .iter()
            .map(|variable| (variable.name.as_str(), variable.value.as_str()))
            .collect();
        assert_eq!(variables, [("G_Url", "https://shop"), ("G_Timeout", "30")]);
        assert!(read(b"<Other/>".as_slice()).is_err());
    }
}
