//! Publishes Katalon Studio test reports to Azure DevOps.

pub mod agent;
pub mod azure_devops;
pub mod environment;
pub mod exit_code;
pub mod files;
pub mod inputs;
pub mod katalon;
pub mod mapping;
pub mod pipeline;
pub mod problem;
pub mod publish;
pub mod secrets;
