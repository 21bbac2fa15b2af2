//! What a test may decide about the service before it starts, or change while it runs.

mod plans;

pub use self::plans::{AUTOMATION_MISMATCH, PlanSettings};

/// How the service is set up. Every field has a value that suits most tests.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The virtual path of the collection, decoded: `contoso`, `tfs/Default Collection`.
    pub collection: String,
    /// The projects of the collection.
    pub projects: Vec<Project>,
    /// The builds that runs may refer to.
    pub builds: Vec<Build>,
    /// The token that is accepted.
    pub token: String,
    /// How the token may be sent.
    pub token_kind: TokenKind,
    /// A user name and password that are accepted as `Basic` too.
    pub user: Option<(String, String)>,
    /// Whom the token belongs to.
    pub identity: String,
    /// The permissions the identity does not hold, by the service's names: `View test runs`, `Create test runs`,
    /// `Delete test runs`, `View builds`, `View work items in this node`, `Edit work items in this node`. A build
    /// service lacks `Delete test runs` from the start (contract §4).
    pub denied: Vec<String>,
    /// How a request without a valid token is refused.
    pub refusal: SignIn,
    /// `connectionData` answers without a valid token too, and names the anonymous identity (contract §5).
    pub anonymous_connection_data: bool,
    /// Azure DevOps Services, not a server. Decides `deploymentType` and what becomes of long error messages.
    pub hosted: bool,
    /// The newest REST API version that is understood.
    pub max_api_version: (u32, u32),
    /// A version that is too new is refused with 401, as one server of 2019 is said to do (contract §1.3).
    pub too_new_is_401: bool,
    /// Messages are in a language that nobody here reads. Codes such as TF400813 stay, and so do numbers, in
    /// another order.
    pub foreign_messages: bool,
    /// No page of any list is longer than this, whatever `$top` asks for.
    pub page_size: usize,
    /// From its second page on, a `$skip` list repeats the last item of the page before, as happens when data
    /// changes while somebody reads (contract §5).
    pub pages_overlap: bool,
    /// The state in which a run comes back from its creation and is listed until somebody changes it; `None` is
    /// the state that was sent.
    pub created_state: Option<String>,
    /// Longer comments of runs are silently cut to so many characters on creation.
    pub run_comment_cut: Option<usize>,
    /// Counters and statistics of runs have not caught up yet, and `postProcessState` says so (contract §2.3).
    pub counters_lag: bool,
    /// Answers look like those of Server 2020: ids as text, `resultGroupType` with a capital letter, no
    /// `runStatistics` in runs (contract §2.3). States and outcomes begin with a small letter (contract §10.3).
    pub replies_of_2020: bool,
    /// Results with one of these titles are refused, as the service now and then refuses data for a reason of
    /// its own (contract §2.2).
    pub refused_titles: Vec<String>,
    /// How test plans and planned runs are treated.
    pub plans: PlanSettings,
    /// Results that hold one of these texts anywhere are refused, likewise.
    pub refused_texts: Vec<String>,
    /// The service breaks over results that hold one of these texts anywhere: 500, and nothing is kept.
    pub breaks_over: Vec<String>,
    /// The largest body, in bytes, of any request but an attachment.
    pub body_limit: usize,
    /// Bodies are kept for [`crate::Service::requests`] up to so many bytes each: by default all but large
    /// attachments, whole.
    pub kept_body: usize,
    /// How many seconds the clock of the service is ahead of this machine's.
    pub clock_ahead: i64,
    /// Speak TLS, with a certificate of a private authority made for this server.
    pub tls: bool,
    /// With TLS: what the server's certificate is like.
    pub certificate: ServerCertificate,
    /// With TLS: demand a client certificate of that authority.
    pub client_certificate: bool,
    /// How many bytes the system keeps for a connection that is not read from: a small number makes a slow reader
    /// felt by who sends. `None` is the system's own, megabytes on one machine.
    pub receive_buffer: Option<usize>,
    /// Listen on `::1` instead of 127.0.0.1.
    pub ipv6: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            collection: "contoso".into(),
            projects: vec![Project::new("Shop", "5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10")],
            builds: vec![Build::new(71, "Shop")],
            token: "stand-in-token".into(),
            token_kind: TokenKind::Job,
            user: None,
            identity: "Shop Build Service (contoso)".into(),
            denied: vec!["Delete test runs".into()],
            refusal: SignIn::Redirect,
            anonymous_connection_data: false,
            hosted: true,
            max_api_version: (7, 1),
            too_new_is_401: false,
            foreign_messages: false,
            page_size: 100,
            pages_overlap: false,
            created_state: None,
            run_comment_cut: None,
            counters_lag: false,
            replies_of_2020: false,
            refused_titles: Vec::new(),
            plans: PlanSettings::default(),
            refused_texts: Vec::new(),
            breaks_over: Vec::new(),
            body_limit: 28 * 1024 * 1024,
            kept_body: 32 * 1024 * 1024,
            clock_ahead: 0,
            tls: false,
            certificate: ServerCertificate::default(),
            client_certificate: false,
            receive_buffer: None,
            ipv6: false,
        }
    }
}

/// What the certificate of a server is like.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    /// The host names and addresses it is for; none is a certificate of the old kind, with a subject alone.
    pub names: Vec<String>,
    /// From when and until when it is valid, in days from now.
    pub days: (i64, i64),
    /// It is issued by itself, and not by the authority.
    pub by_itself: bool,
    /// It is issued by a second authority, which the first one issued, and whose certificate is sent along or not.
    pub intermediate: Option<bool>,
}

impl Default for ServerCertificate {
    fn default() -> ServerCertificate {
        ServerCertificate {
            names: ["127.0.0.1", "localhost", "::1"].map(String::from).into(),
            days: (-1, 30),
            by_itself: false,
            intermediate: None,
        }
    }
}

/// A team project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Its GUID.
    pub id: String,
    /// The identity may not see it: it is answered like a project that does not exist.
    pub hidden: bool,
}

impl Project {
    /// A project that the identity may see.
    #[must_use]
    pub fn new(name: &str, id: &str) -> Project {
        Project {
            name: name.into(),
            id: id.into(),
            hidden: false,
        }
    }
}

/// A build.
#[derive(Debug, Clone)]
pub struct Build {
    /// Its id, as in `BUILD_BUILDID`.
    pub id: u64,
    /// Its number, as in `BUILD_BUILDNUMBER`.
    pub number: String,
    /// Name of its project.
    pub project: String,
    /// Id of its definition.
    pub definition: u64,
    /// Name of its definition.
    pub definition_name: String,
    /// The branch it was made of.
    pub branch: String,
    /// When it started, ISO 8601; `None` while it waits.
    pub start_time: Option<String>,
    /// What its timeline holds.
    pub timeline: Vec<TimelineRecord>,
}

impl Build {
    /// A build with that id in that project, made by definition 5 from `refs/heads/main`.
    #[must_use]
    pub fn new(id: u64, project: &str) -> Build {
        Build {
            id,
            number: format!("20261125.{id}"),
            project: project.into(),
            definition: 5,
            definition_name: "Shop tests".into(),
            branch: "refs/heads/main".into(),
            start_time: Some("2026-11-25T08:00:00Z".into()),
            timeline: Vec::new(),
        }
    }
}

/// One record of a build's timeline.
#[derive(Debug, Clone)]
pub struct TimelineRecord {
    /// `Stage`, `Phase`, `Job` or `Task`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The agent it ran on; only jobs and tasks have one.
    pub worker_name: Option<String>,
    /// When it started, ISO 8601.
    pub start_time: Option<String>,
    /// When it ended, ISO 8601; `None` while it runs.
    pub finish_time: Option<String>,
}

/// How a token may be sent (contract §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// The token of a job: as `Bearer`, and as `Basic` with an empty user.
    Job,
    /// A personal access token: as `Basic` with an empty user only.
    Personal,
}

/// How a request without a valid token is refused (contract §6.1 and §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// 401 where the request has `X-TFS-FedAuthRedirect: Suppress`, else 302 to the sign-in page.
    Redirect,
    /// The sign-in page itself: 203 and HTML.
    Page,
}
