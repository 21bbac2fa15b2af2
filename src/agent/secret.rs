//! Texts that are never printed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A text that prints as stars. Not serialisable; only [`Secret::expose`] gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Who a token speaks for, which decides how it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The job, for as long as it runs: `Bearer`.
    Job,
    /// A person: `Basic`, with an empty user name.
    Personal,
}

/// An access token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    kind: TokenKind,
    secret: Secret,
}

impl Token {
    /// A token of the given kind.
    pub fn new(kind: TokenKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            secret: Secret::new(text),
        }
    }

    /// Who it speaks for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The token itself: for masking.
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// The value of the header `Authorization`, as secret as the token.
    pub fn authorization(&self) -> Secret {
        let token = self.expose();
        Secret::new(match self.kind {
            TokenKind::Job => format!("Bearer {token}"),
            TokenKind::Personal => format!("Basic {}", STANDARD.encode(format!(":{token}"))),
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} token ***", self.kind)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.secret, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_printed_as_stars() {
        for kind in [TokenKind::Job, TokenKind::Personal] {
            let token = Token::new(kind, "hunter2");
            let authorization = token.authorization();
            let text = format!("{token} {token:?} {token:#?} {authorization} {authorization:#?}");
            assert!(!text.contains("hunter2"), "{text}");
            assert!(!text.contains(&STANDARD.encode(":hunter2")), "{text}");
        }
    }

    #[test]
    fn a_job_is_a_bearer_and_a_person_has_a_password() {
        let header = |kind| Token::new(kind, "abc").authorization().expose().to_owned();
        assert_eq!(header(TokenKind::Job), "Bearer abc");
        assert_eq!(header(TokenKind::Personal), "Basic OmFiYw==");
    }
}
