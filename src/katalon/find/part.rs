//! The components that a pattern is made of.

use std::path::Path;

use glob::{MatchOptions, Pattern};

use super::component_name;

/// One component of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// `**`: any number of folders, also none.
    AnyFolders,
    /// A name with wildcards.
    Name(Pattern),
    /// A name as it is; `..` and the parts of a drive or share also come so.
    Exactly(String),
}

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: !cfg!(windows),
    require_literal_separator: true,
    // `*` also matches `.hidden`, as in Microsoft's tasks.
    require_literal_leading_dot: false,
};

/// The components of a pattern, or what is wrong with it.
pub(super) fn parts(pattern: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    for text in pattern.split('/') {
        let part = match text {
            "" | "." => continue,
            "**" => Part::AnyFolders,
            _ if text.contains(['*', '?', '[']) => {
                // `**.xml` means `*.xml`, as in Microsoft's tasks.
                let mut text = text.to_owned();
                while text.contains("**") {
                    text = text.replace("**", "*");
                }
                Part::Name(Pattern::new(&text).map_err(|error| error.msg.to_owned())?)
            }
            _ => Part::Exactly(text.to_owned()),
        };
        // `**/**` means what `**` means.
        if part != Part::AnyFolders || parts.last() != Some(&Part::AnyFolders) {
            parts.push(part);
        }
    }
    Ok(parts)
}

/// The components of a path that is meant as it is.
pub(super) fn exact_parts(folder: &Path) -> impl Iterator<Item = Part> {
    folder
        .components()
        .filter_map(component_name)
        .map(Part::Exactly)
}

impl Part {
    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Part::AnyFolders => true,
            Part::Name(pattern) => pattern.matches_with(name, OPTIONS),
            Part::Exactly(own) => {
                own == name || (cfg!(windows) && own.to_lowercase() == name.to_lowercase())
            }
        }
    }
}
