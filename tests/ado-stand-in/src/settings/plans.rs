//! What a test may decide about test plans and planned runs.

/// How the service treats test plans. Where the contract leaves something open, the value that is harder on a
/// publisher stands here, and the other one can be chosen.
#[derive(Debug, Clone)]
pub struct PlanSettings {
    /// The identity has a licence for test plans (contract §6.2).
    pub licensed: bool,
    /// The items of `POST test/points` name their plan and suite; else these stand in their address only
    /// (contract §5).
    pub points_name_plan: bool,
    /// So many test case ids may stand in one `POST test/points` (contract §5: unknown, 200 to 500).
    pub most_case_ids: usize,
    /// So many points may stand in the creation of a run; `None` is without limit, as far as is known
    /// (contract §1.4).
    pub most_points: Option<usize>,
    /// A planned run is not created with an inactive point.
    pub inactive_points_refused: bool,
    /// Points for which no result is made when a planned run is created, though it is answered as if all were there.
    pub points_without_result: Vec<u64>,
    /// An automated run is not created with a test case that is not Automated; the text is the message, which a
    /// server writes in its own language (contract §1.4: older servers, see [`crate::AUTOMATION_MISMATCH`]).
    pub automation_mismatch: Option<String>,
    /// A PATCH of a result replaces its `iterationDetails`; else it appends them, as it does with sub-results
    /// (contract §2.1: unproven).
    pub iterations_replaced: bool,
    /// A PATCH of a result that the run does not have is answered with 500 `Value cannot be null` (contract §1.4).
    pub unknown_result_is_null: bool,
    /// The outcome of a point is that of the run that was created last; else that of the result that was written
    /// last.
    pub newest_run_decides: bool,
}

impl Default for PlanSettings {
    fn default() -> PlanSettings {
        PlanSettings {
            licensed: true,
            points_name_plan: false,
            most_case_ids: 500,
            most_points: None,
            inactive_points_refused: false,
            points_without_result: Vec::new(),
            automation_mismatch: None,
            iterations_replaced: false,
            unknown_result_is_null: false,
            newest_run_decides: false,
        }
    }
}

/// How a server says in English that an automated run holds a test case that is not (contract §1.4).
pub const AUTOMATION_MISMATCH: &str = "Mismatch in automation status of test case and test run";
