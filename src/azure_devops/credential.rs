//! What requests are signed with, in the words of messages.

use crate::agent::TokenKind;

/// What requests are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Who it speaks for.
    pub kind: TokenKind,
    /// A service connection holds it.
    pub by_service_connection: bool,
}

impl Credential {
    /// As it is called in a message.
    pub fn word(self) -> &'static str {
        match (self.kind, self.by_service_connection) {
            (TokenKind::User, _) => "user and password of the service connection",
            (_, true) => "the access token of the service connection",
            (_, false) => "the access token",
        }
    }

    /// What to try where it is not accepted.
    pub(super) fn advice(self) -> &'static str {
        match (self.kind, self.by_service_connection) {
            (TokenKind::User, _) => {
                "They may be wrong, or the server takes none: then give the service connection a personal access token."
            }
            (_, true) => {
                "It may have expired, or belong to another organization: give the service connection a new one."
            }
            (TokenKind::Job | TokenKind::Personal, false) => {
                "It may have expired, or belong to another organization."
            }
        }
    }

    /// Where a permission is given, beside the page that names it.
    pub(super) fn scope(self) -> &'static str {
        match self.kind {
            TokenKind::Personal => {
                ", and to the access token the scope Test Management (Read & write)"
            }
            TokenKind::Job | TokenKind::User => "",
        }
    }
}
