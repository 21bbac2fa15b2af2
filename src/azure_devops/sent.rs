//! What a request can come to: answered, refused, not sent, unknown.

use std::time::Duration;

use super::tls::TlsFault;
use super::version::ApiVersion;

/// What a request came to.
#[derive(Debug)]
pub enum Sent<T> {
    /// The service did it and said so.
    Answered(T),
    /// The service refused it; nothing was changed and repeating it is useless.
    Refused(Refusal),
    /// Nothing was changed; it may be repeated.
    NotSent(Trouble),
    /// It may have been done, or may still be: look before repeating it.
    Unknown(Trouble),
}

impl<T> Sent<T> {
    /// The same with a part of the answer.
    pub fn part<U>(self, part: impl FnOnce(T) -> U) -> Sent<U> {
        match self {
            Sent::Answered(answer) => Sent::Answered(part(answer)),
            Sent::Refused(refusal) => Sent::Refused(refusal),
            Sent::NotSent(trouble) => Sent::NotSent(trouble),
            Sent::Unknown(trouble) => Sent::Unknown(trouble),
        }
    }

    /// Reads an answer. One that cannot be read is trouble: of a read, it may be repeated; of a
    /// write, nobody knows what was done.
    pub(super) fn map<U>(
        self,
        access: Access,
        request: &str,
        read: impl FnOnce(T) -> Result<U, String>,
    ) -> Sent<U> {
        match self {
            Sent::Answered(answer) => match read(answer) {
                Ok(value) => Sent::Answered(value),
                Err(cause) => access.trouble(Trouble {
                    request: request.to_owned(),
                    cause,
                    kind: TroubleKind::Answer,
                    retry_after: None,
                }),
            },
            Sent::Refused(refusal) => Sent::Refused(refusal),
            Sent::NotSent(trouble) => Sent::NotSent(trouble),
            Sent::Unknown(trouble) => Sent::Unknown(trouble),
        }
    }
}

/// A refusal, in the service's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Method and path.
    pub request: String,
    /// HTTP status; 0 if the request could not be made here.
    pub status: u16,
    /// The service's name for the kind of error (`typeKey`), empty if it gave none.
    pub type_key: String,
    /// The service's message, or the beginning of what came instead.
    pub message: String,
    /// By which Microsoft's support finds the request; empty if there is none.
    pub activity_id: String,
    /// What kind of refusal it is, where the status alone does not tell.
    pub kind: RefusalKind,
}

impl Refusal {
    /// A request that cannot be made here, and never will be.
    pub(super) fn of_our_own(request: String, cause: String) -> Self {
        Self {
            request,
            status: 0,
            type_key: String::new(),
            message: cause,
            activity_id: String::new(),
            kind: RefusalKind::Status,
        }
    }

    /// Whether the project is not there, or not to be seen. The codes stand in the message in every
    /// language.
    pub fn is_project_missing(&self) -> bool {
        self.type_key.contains("ProjectDoesNotExist")
            || self.message.contains("TF200016")
            || self.message.contains("VS800075")
    }
}

/// Refusals that need words of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// As the status says.
    Status,
    /// A sign-in page came instead of an answer: the token was not accepted.
    SignIn,
    /// The answer sends us to another address; the token does not go there.
    Redirect,
    /// The proxy refused, not the service.
    Proxy,
    /// The server speaks no version that this program does, this being its newest one.
    TooOld(ApiVersion),
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Method and path.
    pub request: String,
    /// The cause, as the machine gave it.
    pub cause: String,
    /// What kind of trouble.
    pub kind: TroubleKind,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
}

/// Kinds of trouble that need words of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// No connection: name, address, refused.
    Connect,
    /// The certificate, or the protocol.
    Tls(TlsFault),
    /// The proxy cannot be reached, or does not let us through.
    Proxy,
    /// The proxy wants a user and password, or others.
    ProxyPassword,
    /// No byte moved for `requestTimeout`.
    Silent,
    /// The connection broke.
    Cut,
    /// The service is busy (409, 429, 503).
    Busy,
    /// The service broke (408, other 5xx).
    Server,
    /// An answer that cannot be read.
    Answer,
}

impl TroubleKind {
    /// Whether trying again changes nothing: certificates and passwords stay what they are.
    pub fn is_final(self) -> bool {
        matches!(self, TroubleKind::Tls(_) | TroubleKind::ProxyPassword)
    }
}

/// Whether a request changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Access {
    /// A request that was on its way: a read may be repeated, a write must be looked for.
    pub(super) fn trouble<T>(self, trouble: Trouble) -> Sent<T> {
        match self {
            Access::Read => Sent::NotSent(trouble),
            Access::Write => Sent::Unknown(trouble),
        }
    }
}
