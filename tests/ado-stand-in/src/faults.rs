//! What can be made to go wrong, and with which request.

use crate::Service;
use crate::answer::Request;
use crate::text;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A fault, and the requests it happens to. The first rule that matches a request decides; one that is used up
/// matches no more.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which requests.
    pub on: Match,
    /// What happens.
    pub fault: Fault,
}

impl Rule {
    /// The fault happens once, to the first request with this method whose path matches the pattern.
    #[must_use]
    pub fn once(method: &str, path: &str, fault: Fault) -> Rule {
        Rule {
            on: Match {
                method: Some(method.into()),
                path: path.into(),
                skip: 0,
                times: Some(1),
            },
            fault,
        }
    }

    /// The fault happens to every such request.
    #[must_use]
    pub fn always(method: &str, path: &str, fault: Fault) -> Rule {
        Rule::once(method, path, fault).times(None)
    }

    /// The fault happens first to the nth such request, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: usize) -> Rule {
        self.on.skip = nth.saturating_sub(1);
        self
    }

    /// The fault happens so many times; `None` is without end.
    #[must_use]
    pub fn times(mut self, times: impl Into<Option<usize>>) -> Rule {
        self.on.times = times.into();
        self
    }
}

/// Which requests a fault happens to.
#[derive(Debug, Clone)]
pub struct Match {
    /// The method; `None` is any.
    pub method: Option<String>,
    /// Text that stands somewhere in the decoded path, in any case. `*` stands for any text, and a `$` at the end
    /// for the end of the path. A pattern with a `?` is compared with path and query together.
    pub path: String,
    /// So many requests that match are let through first.
    pub skip: usize,
    /// So many are met; `None` is every one.
    pub times: Option<usize>,
}

/// What goes wrong.
#[derive(Clone)]
pub enum Fault {
    /// Another answer than the service's own.
    Status {
        /// The status code.
        code: u16,
        /// Headers of the answer, such as `Retry-After`.
        headers: Vec<(String, String)>,
        /// The body; `None` is an error in the service's form that suits the code.
        body: Option<String>,
        /// The request is carried out all the same.
        handled: bool,
    },
    /// The request is read, not carried out, and the connection is reset.
    ResetBefore,
    /// The request is carried out, and the connection is reset without an answer.
    ResetAfter,
    /// The connection is reset at once, and the request carried out only then.
    HandledLate {
        /// How long after the reset.
        delay: Duration,
    },
    /// The request is carried out at once and answered late.
    Slow {
        /// How late.
        delay: Duration,
    },
    /// The request is carried out, and the body of the answer comes in pieces.
    SlowBody {
        /// The size of a piece.
        bytes: usize,
        /// The pause before each piece.
        interval: Duration,
    },
    /// The request is carried out, the answer ends early and the connection is closed.
    Truncated {
        /// So many bytes of the body are sent.
        bytes: usize,
    },
    /// The request is not carried out and answered with the sign-in page: 203 and HTML.
    SignInPage,
    /// The request is not carried out and sent elsewhere: 302.
    Redirect {
        /// Where to.
        location: String,
    },
    /// The request is read, not carried out, and the connection stays open in silence.
    NeverAnswer,
    /// Of the request only the head is read, and the connection stays open in silence: an upload gets stuck.
    NeverRead,
    /// The body of the request is read in pieces of whatever size the network brings, then the request is carried
    /// out: an upload is slow and healthy.
    SlowRead {
        /// The pause before each piece.
        pause: Duration,
    },
    /// The request is carried out, and its answer, if it is a success, has these headers too.
    HeadersOnSuccess(Vec<(String, String)>),
    /// Something else happens to the service just before the request is carried out: somebody ends or deletes the
    /// run, a permission is taken away.
    Meanwhile(Meanwhile),
}

/// What [`Fault::Meanwhile`] does.
pub type Meanwhile = Arc<dyn Fn(&Service) + Send + Sync>;

impl Fault {
    /// That status, in the service's form, without carrying out the request.
    #[must_use]
    pub fn status(code: u16) -> Fault {
        Fault::Status {
            code,
            headers: Vec::new(),
            body: None,
            handled: false,
        }
    }

    /// That status with a `Retry-After` of so many seconds, without carrying out the request.
    #[must_use]
    pub fn retry_after(code: u16, seconds: u64) -> Fault {
        Fault::Status {
            code,
            headers: vec![("Retry-After".into(), seconds.to_string())],
            body: None,
            handled: false,
        }
    }

    /// That status, though the request was carried out.
    #[must_use]
    pub fn status_after(code: u16) -> Fault {
        Fault::Status {
            code,
            headers: Vec::new(),
            body: None,
            handled: true,
        }
    }

    /// See [`Fault::Meanwhile`].
    #[must_use]
    pub fn meanwhile(what: impl Fn(&Service) + Send + Sync + 'static) -> Fault {
        Fault::Meanwhile(Arc::new(what))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Fault::Status { code, handled, .. } => {
                return write!(out, "Status {{ code: {code}, handled: {handled} }}");
            }
            Fault::ResetBefore => "ResetBefore",
            Fault::ResetAfter => "ResetAfter",
            Fault::HandledLate { .. } => "HandledLate",
            Fault::Slow { .. } => "Slow",
            Fault::SlowBody { .. } => "SlowBody",
            Fault::Truncated { .. } => "Truncated",
            Fault::SignInPage => "SignInPage",
            Fault::Redirect { .. } => "Redirect",
            Fault::NeverAnswer => "NeverAnswer",
            Fault::NeverRead => "NeverRead",
            Fault::SlowRead { .. } => "SlowRead",
            Fault::HeadersOnSuccess(_) => "HeadersOnSuccess",
            Fault::Meanwhile(_) => "Meanwhile",
        };
        out.write_str(name)
    }
}

/// The rules of a service, used up as they happen.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<Rule>);

impl Script {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.0.push(rule);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that happens to this request, counting it.
    pub(crate) fn next(&mut self, request: &Request) -> Option<Fault> {
        for rule in &mut self.0 {
            if rule.on.times == Some(0) || !matches(&rule.on, request) {
                continue;
            }
            if rule.on.skip > 0 {
                rule.on.skip -= 1;
                continue;
            }
            if let Some(times) = &mut rule.on.times {
                *times -= 1;
            }
            return Some(rule.fault.clone());
        }
        None
    }
}

fn matches(on: &Match, request: &Request) -> bool {
    if let Some(method) = &on.method
        && !method.eq_ignore_ascii_case(&request.method)
    {
        return false;
    }
    let mut subject = text::percent_decoded(&request.path);
    if on.path.contains('?') {
        subject.push('?');
        subject.push_str(&text::percent_decoded(&request.query));
    }
    found(&on.path.to_lowercase(), &subject.to_lowercase())
}

/// Whether the pieces between the `*` stand in the subject one after the other.
fn found(pattern: &str, subject: &str) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let pieces: Vec<&str> = pattern.split('*').collect();
    let Some((last, earlier)) = pieces.split_last() else {
        return true;
    };
    let mut rest = subject;
    for piece in earlier {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    if to_the_end {
        rest.ends_with(last)
    } else {
        rest.contains(last)
    }
}

#[cfg(test)]
mod tests {
    use super::found;

    #[test]
    fn a_pattern_may_stand_anywhere_hold_stars_and_be_tied_to_the_end() {
        let path = "/contoso/shop/_apis/test/runs/1/results/100000/attachments";
        assert!(found("/results", path));
        assert!(!found("/results$", path));
        assert!(found("/runs/*/attachments$", path));
        assert!(!found("/runs/*/statistics", path));
        assert!(found("", path));
    }
}
