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
    /// A person, by user name and password: `Basic`. Servers only, and not all of them.
    User,
}

/// An access token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    kind: TokenKind,
    user: String,
    secret: Secret,
}

impl Token {
    /// The token of the job.
    pub fn job(text: impl Into<String>) -> Self {
        Self {
            kind: TokenKind::Job,
            user: String::new(),
            secret: Secret::new(text),
        }
    }

    /// The personal access token of somebody.
    pub fn personal(text: impl Into<String>) -> Self {
        Self {
            kind: TokenKind::Personal,
            ..Self::job(text)
        }
    }

    /// Somebody's user name and password.
    pub fn user(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            kind: TokenKind::User,
            user: user.into(),
            ..Self::job(password)
        }
    }

    /// Who it speaks for.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The token or password itself: for masking.
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// The value of the header `Authorization`, as secret as the token.
    pub fn authorization(&self) -> Secret {
        let (user, token) = (&self.user, self.expose());
        Secret::new(match self.kind {
            TokenKind::Job => format!("Bearer {token}"),
            TokenKind::Personal | TokenKind::User => {
                format!("Basic {}", STANDARD.encode(format!("{user}:{token}")))
            }
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
        for token in [
            Token::job("hunter2"),
            Token::personal("hunter2"),
            Token::user("", "hunter2"),
        ] {
            let authorization = token.authorization();
            let text = format!("{token} {token:?} {token:#?} {authorization} {authorization:#?}");
            assert!(!text.contains("hunter2"), "{text}");
            assert!(!text.contains(&STANDARD.encode(":hunter2")), "{text}");
        }
    }

    #[test]
    fn a_job_is_a_bearer_and_a_person_has_a_password() {
        let header = |token: Token| token.authorization().expose().to_owned();
        assert_eq!(header(Token::job("abc")), "Bearer abc");
        assert_eq!(header(Token::personal("abc")), "Basic OmFiYw==");
        assert_eq!(header(Token::user("me", "abc")), "Basic bWU6YWJj");
    }
}
