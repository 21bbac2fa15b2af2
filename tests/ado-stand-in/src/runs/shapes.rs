//! The bodies that create and change a run (contract §1.1 and §4).

use crate::shape::{ANY, CUSTOM_FIELD, IDENTITY, INT, Kind, REFERENCE, Shape};

/// Longest name of a run (contract §1.1).
const NAME: usize = 256;
/// Longest comment of a run. The service's own limit is unknown; publishers stay under this (contract §4).
const COMMENT: usize = 500;
/// Longest name of a stage, phase or job (contract §1.1).
const PIPELINE_NAME: usize = 256;

static STAGE: Shape = &[
    ("stageName", Kind::Name(PIPELINE_NAME)),
    ("attempt", Kind::Whole(1, INT)),
];
static PHASE: Shape = &[
    ("phaseName", Kind::Name(PIPELINE_NAME)),
    ("attempt", Kind::Whole(1, INT)),
];
static JOB: Shape = &[
    ("jobName", Kind::Name(PIPELINE_NAME)),
    ("attempt", Kind::Whole(1, INT)),
];

static PIPELINE: Shape = &[
    ("pipelineId", Kind::Whole(1, INT)),
    ("stageReference", Kind::Object(&STAGE)),
    ("phaseReference", Kind::Object(&PHASE)),
    ("jobReference", Kind::Object(&JOB)),
];

static BUILD_REFERENCE: Shape = &[
    ("id", Kind::Whole(1, INT)),
    ("number", Kind::Text(ANY)),
    ("uri", Kind::Text(ANY)),
    ("buildSystem", Kind::Text(ANY)),
    ("repositoryType", Kind::Text(ANY)),
    ("repositoryGuid", Kind::Text(ANY)),
    ("branchName", Kind::Text(ANY)),
    ("targetBranchName", Kind::Text(ANY)),
    ("sourceVersion", Kind::Text(ANY)),
    ("buildDefinitionId", Kind::Whole(1, INT)),
    ("flavor", Kind::Text(ANY)),
    ("platform", Kind::Text(ANY)),
    ("creationDate", Kind::Date),
    ("project", Kind::Object(&REFERENCE)),
];

static RELEASE: Shape = &[
    ("id", Kind::Whole(0, INT)),
    ("name", Kind::Text(ANY)),
    ("definitionId", Kind::Whole(0, INT)),
    ("environmentId", Kind::Whole(0, INT)),
    ("environmentName", Kind::Text(ANY)),
    ("environmentDefinitionId", Kind::Whole(0, INT)),
    ("environmentDefinitionName", Kind::Text(ANY)),
    ("attempt", Kind::Whole(0, INT)),
    ("creationDate", Kind::Date),
    ("environmentCreationDate", Kind::Date),
];

static FILTER: Shape = &[
    ("sourceFilter", Kind::Text(ANY)),
    ("testCaseFilter", Kind::Text(ANY)),
];

static OUTCOMES_OF_SUMMARY: &[&str] = &[
    "unspecified",
    "none",
    "passed",
    "failed",
    "inconclusive",
    "timeout",
    "aborted",
    "blocked",
    "notExecuted",
    "warning",
    "error",
    "notApplicable",
    "paused",
    "inProgress",
    "notImpacted",
];
static SUMMARY: Shape = &[
    (
        "testOutcome",
        Kind::Word(OUTCOMES_OF_SUMMARY, "TestOutcome"),
    ),
    ("resultCount", Kind::Whole(0, INT)),
    ("duration", Kind::Whole(0, i64::MAX)),
];

static TAG: Shape = &[("name", Kind::Name(29))];

static TYPES: &[&str] = &[
    "Unspecified",
    "Normal",
    "Blocking",
    "Web",
    "MtrRunInitiatedFromWeb",
    "RunWithDtlEnv",
    "NoConfigRun",
];

/// What creates a run.
pub(super) static CREATE: Shape = &[
    ("name", Kind::Name(NAME)),
    ("automated", Kind::Flag),
    (
        "state",
        Kind::Word(&["NotStarted", "InProgress", "Waiting"], "TestRunState"),
    ),
    ("build", Kind::Object(&REFERENCE)),
    ("buildReference", Kind::Object(&BUILD_REFERENCE)),
    ("buildFlavor", Kind::Text(ANY)),
    ("buildPlatform", Kind::Text(ANY)),
    ("buildDropLocation", Kind::Text(ANY)),
    ("startDate", Kind::Date),
    ("completeDate", Kind::Date),
    ("dueDate", Kind::Date),
    ("plan", Kind::Object(&REFERENCE)),
    ("pointIds", Kind::Wholes),
    ("configurationIds", Kind::Wholes),
    ("pipelineReference", Kind::Object(&PIPELINE)),
    ("releaseUri", Kind::Name(ANY)),
    ("releaseEnvironmentUri", Kind::Name(ANY)),
    ("releaseReference", Kind::Object(&RELEASE)),
    ("comment", Kind::Text(COMMENT)),
    ("iteration", Kind::Text(ANY)),
    ("owner", Kind::Object(&IDENTITY)),
    ("errorMessage", Kind::Text(ANY)),
    ("controller", Kind::Text(ANY)),
    ("sourceWorkflow", Kind::Text(ANY)),
    ("testEnvironmentId", Kind::Text(ANY)),
    ("testSettings", Kind::Object(&REFERENCE)),
    ("filter", Kind::Object(&FILTER)),
    ("runTimeout", Kind::Text(ANY)),
    ("type", Kind::Word(TYPES, "TestRunType")),
    ("runSummary", Kind::List(&SUMMARY)),
    ("customTestFields", Kind::List(&CUSTOM_FIELD)),
    ("tags", Kind::List(&TAG)),
];

static SUBSTATES: &[&str] = &[
    "none",
    "creatingEnvironment",
    "runningTests",
    "canceledByUser",
    "abortedBySystem",
    "timedOut",
    "pendingAnalysis",
    "analyzed",
    "cancellationInProgress",
];

/// What changes a run. The dates have other names than in [`CREATE`] (contract §1.1).
pub(super) static UPDATE: Shape = &[
    ("name", Kind::Name(NAME)),
    (
        "state",
        Kind::Word(
            &[
                "NotStarted",
                "InProgress",
                "Completed",
                "Aborted",
                "Waiting",
            ],
            "TestRunState",
        ),
    ),
    ("substate", Kind::Word(SUBSTATES, "TestRunSubstate")),
    ("build", Kind::Object(&REFERENCE)),
    ("buildFlavor", Kind::Text(ANY)),
    ("buildPlatform", Kind::Text(ANY)),
    ("buildDropLocation", Kind::Text(ANY)),
    ("startedDate", Kind::Date),
    ("completedDate", Kind::Date),
    ("dueDate", Kind::Date),
    ("comment", Kind::Text(COMMENT)),
    ("errorMessage", Kind::Text(ANY)),
    ("deleteInProgressResults", Kind::Flag),
    ("iteration", Kind::Text(ANY)),
    ("controller", Kind::Text(ANY)),
    ("sourceWorkflow", Kind::Text(ANY)),
    ("releaseUri", Kind::Name(ANY)),
    ("releaseEnvironmentUri", Kind::Name(ANY)),
    ("runSummary", Kind::List(&SUMMARY)),
    ("tags", Kind::List(&TAG)),
];
