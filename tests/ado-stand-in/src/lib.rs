//! A stand-in for the parts of Azure DevOps that a publisher of test results meets.
//!
//! It speaks real HTTP on 127.0.0.1, remembers runs, results and attachments, and is stricter than kind: it
//! refuses what the service refuses, in the service's words, and some of what the service lets pass in silence,
//! such as a misspelt field. It was written from the description of the wire alone and shares no type with any
//! client, so that a mistake cannot be made on both sides at once.
//!
//! ```
//! let service = ado_stand_in::StandIn::start(ado_stand_in::Settings::default());
//! assert!(service.collection_url().ends_with("/contoso/"));
//! assert!(service.runs().is_empty());
//! ```

mod answer;
mod attachments;
mod builds;
mod collection;

mod errors;
mod faults;
mod histories;
mod http;
mod outgoing;
mod page;
mod planning;
mod proxy;
mod replies;
mod results;
mod routes;
mod runs;
mod servers;
mod service;
mod settings;
mod shape;
mod state;
mod swagger;
mod test_plans;
mod text;
mod tls;
mod version;
mod views;
mod work_items;

pub use faults::{Fault, Match, Meanwhile, Rule};
pub use histories::{PointHistory, PointResult};
pub use planning::{Configuration, Plan, Point, Suite, SuiteKind, WorkItem};
pub use proxy::{ForwardingProxy, RefusingProxy};
pub use servers::Server;
pub use service::{Recorded, Service, StandIn};
pub use settings::{
    AUTOMATION_MISMATCH, Build, PlanSettings, Project, ServerCertificate, Settings, SignIn,
    TimelineRecord, TokenKind,
};
pub use swagger::swagger_folder;

/// Compiles and runs the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
