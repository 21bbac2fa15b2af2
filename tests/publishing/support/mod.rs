//! What every test needs: a service, reports, and the program started as an agent starts it.

#[cfg(unix)]
pub(crate) mod child;
pub(crate) mod holdings;
pub(crate) mod jobs;
pub(crate) mod one_result;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod relay;
mod reports;
mod suite;
mod task_run;

pub(crate) use reports::{Attempt, Case, Reports, escaped};
pub(crate) use suite::Suite;
pub(crate) use task_run::{Finished, PROGRAM, TaskRun};

use ado_stand_in::{Settings, StandIn};

/// A service with small pages, so that paging is always met.
pub(crate) fn service() -> StandIn {
    service_with(|_| ())
}

/// The same with other settings.
pub(crate) fn service_with(change: impl FnOnce(&mut Settings)) -> StandIn {
    let mut settings = Settings {
        page_size: 3,
        ..Settings::default()
    };
    change(&mut settings);
    StandIn::start(settings)
}

/// Every request body that was sent is one of Microsoft's swagger, where that is at hand.
pub(crate) fn assert_swagger(service: &StandIn) {
    if ado_stand_in::swagger_folder().is_none() {
        eprintln!("skipped: Microsoft's swagger is not at hand (../shared/reference/specs)");
    }
    assert_eq!(service.swagger_violations(), Vec::<String>::new());
}
