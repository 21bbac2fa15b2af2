//! The files of a report folder.

use super::super::Variable;
use super::super::binding::Binding;
use super::super::junit::Junit;
use super::super::log::Log;
use super::super::properties::Properties;

/// Files of a folder, read or not.
pub(super) struct Files {
    pub(super) junit: Option<Result<Junit, String>>,
    pub(super) log: Option<Result<Log, String>>,
    pub(super) binding: Binding,
    pub(super) properties: Properties,
    /// What JUnit and properties that cannot be read still tell of variables.
    pub(super) other_variables: Vec<Variable>,
}
