//! What a record that cannot be read still tells of variables: good only to know what is secret.

use super::super::Variable;
use super::super::remains::told_by_json;
use super::super::text::unescape_xml;
use super::known::VARIABLES;
use crate::secrets::typed;

/// So much of a record is looked at: no list of variables is longer.
const LONGEST: usize = 4 * 1024 * 1024;

/// The variables that a record's bytes name, and the text that its step typed.
pub(super) fn variables(record: &[u8]) -> Vec<Variable> {
    let record = String::from_utf8_lossy(&record[..record.len().min(LONGEST)]);
    let mut variables = Vec::new();
    if let Some(at) = record.find(VARIABLES) {
        variables = told_by_json(&unescape_xml(&record[at..]));
    }
    // Messages are escaped twice.
    let message = unescape_xml(&record);
    let message = unescape_xml(&message);
    let told = typed::of_message(&message).map(|(object, text)| (object, text, false));
    let typed = typed::of_step(&message).into_iter().chain(told);
    variables.extend(typed.map(Variable::typed));
    variables
}
