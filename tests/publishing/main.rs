//! The program driven from outside: what Azure DevOps holds afterwards, what the log says, and the
//! exit code.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod support;

mod attachments;
mod bad_results;
mod budget;
mod canaries;
mod cancel;
mod connection;
mod disk;
mod dry_run;
mod examples;
mod examples_of_publishing;
mod fault_matrix;
mod first_publication;
mod gates;
mod hostile_files;
mod hostile_sizes;
mod hostile_text;
mod inputs;
mod interrupted;
mod json_document;
mod katalon_settings;
mod limits;
mod list;
mod lost_answers;
mod pipeline_output;
mod plan_faults;
mod plan_fields;
mod plan_points;
mod plan_projects;
mod plan_readme;
mod plan_results;
mod planned_elsewhere;
mod planned_results;
mod planned_runs;
mod proxies;
mod publishing_once;
mod random_faults;
mod secure_connection;
mod select;
mod servers;
mod service_connection;
mod several_jobs;
mod silence;
mod stale_reports;
mod test_run_per;
mod test_runs;
mod verify;
mod verify_reads;
mod verify_rows;
mod waiting;
mod what_arrives;
mod which_build;
