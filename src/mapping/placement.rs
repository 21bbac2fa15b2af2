//! Where a Katalon result belongs in a test plan.

use crate::azure_devops::{TestCaseId, TestPointId};

/// Katalon results on a test point: what one result of a planned run is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The point, which receives exactly one result in a run.
    pub point: TestPointId,
    /// The test case of the point.
    pub test_case: TestCaseId,
    /// Report and Katalon result, by position. Several if several Katalon tests name one test case:
    /// then the worst of them decides, and each is told.
    pub sources: Vec<(usize, usize)>,
}
