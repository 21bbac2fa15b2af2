//! Reads an execution profile, `Profiles/*.glbl`: global variables and their values, among them
//! addresses and passwords.

use std::io::Read;

use super::Variable;
use super::groovy::groovy_value;
use super::xml_tree;

/// An execution profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its name, `staging`.
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

#[cfg(test)]
mod tests {
    use super::*;

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
