//! Publishes Katalon Studio test reports to Azure DevOps.

pub mod katalon;
pub mod problem;
