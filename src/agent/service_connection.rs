//! A service connection: another address, with credentials of its own, that the agent hands to
//! this job because an input names it.
//!
//! Its type is `externaltfs` ("Azure Repos/Team Foundation Server"). The agent names its variables
//! after the ID of the connection, in lower case, which on Windows means nothing.

use serde_json::Value;

use super::Token;
use super::collection_url::{CollectionUrl, without_user};
use crate::environment::Environment;
use crate::problem::{Problem, code};

/// Where a service connection leads, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceConnection {
    /// Its address, as a person typed it once.
    pub url: CollectionUrl,
    /// Its credentials.
    pub token: Token,
}

impl ServiceConnection {
    /// Reads what the agent tells of the service connection with this ID.
    ///
    /// # Errors
    /// An input error: the connection is not there, or cannot be used.
    pub fn read(environment: &Environment, id: &str) -> Result<Self, Problem> {
        let told = Told::of(environment, id);
        let refused = |what: String, advice: &str| {
            Problem::error(
                code::SERVICE_CONNECTION,
                format!("service connection '{id}' {what}"),
                advice,
            )
        };
        let Some(address) = environment.var_in_any_case(&format!("ENDPOINT_URL_{id}")) else {
            return Err(refused(
                "is none that this job was given".to_owned(),
                "Check its name, and that this pipeline may use it (Project settings > Service connections). Builds of pull requests from a fork are given none. Leave the input empty to publish to this pipeline's own project.",
            ));
        };
        let token = match told.scheme().as_deref() {
            Some(scheme) if scheme.eq_ignore_ascii_case("Token") => {
                told.parameter("apitoken").map(Token::personal)
            }
            Some(scheme) if scheme.eq_ignore_ascii_case("UsernamePassword") => {
                let user = told.parameter("username").unwrap_or_default();
                told.parameter("password")
                    .map(|password| Token::user(user, password))
            }
            scheme => {
                let scheme = scheme.unwrap_or_default();
                return Err(refused(
                    format!("has the authentication scheme '{scheme}', which cannot be used here"),
                    "Make one of the type 'Azure Repos/Team Foundation Server' with token based ('Token') or basic ('UsernamePassword') authentication.",
                ));
            }
        };
        let token = token.ok_or_else(|| {
            refused(
                "holds neither token nor password".to_owned(),
                "Edit it and enter them again (Project settings > Service connections).",
            )
        })?;
        let url = CollectionUrl::parse(address).map_err(|(because, advice)| {
            let shown = without_user(address);
            refused(format!("leads to '{shown}': {because}"), &advice)
        })?;
        Ok(Self { url, token })
    }
}

/// What stands in the variables of one service connection: value by value, or all in a JSON document.
struct Told<'a> {
    environment: &'a Environment,
    id: &'a str,
    document: Value,
}

impl<'a> Told<'a> {
    fn of(environment: &'a Environment, id: &'a str) -> Self {
        let document = environment
            .var_in_any_case(&format!("ENDPOINT_AUTH_{id}"))
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        Self {
            environment,
            id,
            document,
        }
    }

    fn scheme(&self) -> Option<String> {
        self.environment
            .var_in_any_case(&format!("ENDPOINT_AUTH_SCHEME_{}", self.id))
            .or_else(|| self.document["scheme"].as_str())
            .map(str::to_owned)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let variable = format!("ENDPOINT_AUTH_PARAMETER_{}_{name}", self.id);
        let in_document = || {
            self.document["parameters"]
                .as_object()?
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))?
                .1
                .as_str()
        };
        self.environment
            .var_in_any_case(&variable)
            .or_else(in_document)
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::super::TokenKind;
    use super::*;

    const ID: &str = "0b1c2d3e-0000-4111-8222-333344445555";

    fn read(vars: &[(&str, &str)], id: &str) -> Result<ServiceConnection, Problem> {
        let environment = Environment {
            vars: vars
                .iter()
                .map(|&(name, value)| (name.replace("ID", ID), value.to_owned()))
                .collect(),
            ..Environment::default()
        };
        ServiceConnection::read(&environment, id)
    }

    const URL: (&str, &str) = ("ENDPOINT_URL_ID", "https://tfs.contoso.com/tfs/A/");

    #[test]
    fn a_token_is_read_from_variables_and_from_the_document() {
        let variables = [
            URL,
            ("ENDPOINT_AUTH_SCHEME_ID", "Token"),
            ("ENDPOINT_AUTH_PARAMETER_ID_APITOKEN", " abc "),
        ];
        let document = [
            URL,
            (
                "ENDPOINT_AUTH_ID",
                r#"{"parameters":{"apitoken":"abc"},"scheme":"Token"}"#,
            ),
        ];
        for vars in [&variables[..], &document[..]] {
            for id in [ID.to_owned(), ID.to_uppercase()] {
                let connection = read(vars, &id).unwrap();
                assert_eq!(connection.url.as_str(), "https://tfs.contoso.com/tfs/A");
                assert_eq!(connection.token.kind(), TokenKind::Personal);
                assert_eq!(connection.token.expose(), "abc");
            }
        }
    }

    #[test]
    fn windows_knows_the_variables_in_upper_case() {
        let id = ID.to_uppercase();
        let names = [
            format!("ENDPOINT_URL_{id}"),
            format!("ENDPOINT_AUTH_SCHEME_{id}"),
            format!("ENDPOINT_AUTH_PARAMETER_{id}_APITOKEN"),
        ];
        let vars = [
            (names[0].as_str(), URL.1),
            (&names[1], "token"),
            (&names[2], "abc"),
        ];
        assert_eq!(read(&vars, ID).unwrap().token.expose(), "abc");
    }

    #[test]
    fn user_and_password_are_sent_together() {
        let connection = read(
            &[
                URL,
                ("ENDPOINT_AUTH_SCHEME_ID", "UsernamePassword"),
                ("ENDPOINT_AUTH_PARAMETER_ID_USERNAME", r"CONTOSO\me"),
                ("ENDPOINT_AUTH_PARAMETER_ID_PASSWORD", "a:b"),
            ],
            ID,
        );
        let token = connection.unwrap().token;
        assert_eq!(token.kind(), TokenKind::User);
        // CONTOSO\me:a:b
        assert_eq!(token.authorization().expose(), "Basic Q09OVE9TT1xtZTphOmI=");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let message = |vars: &[(&str, &str)]| read(vars, ID).unwrap_err().message;
        assert!(message(&[]).ends_with("is none that this job was given"));
        let oauth = [URL, ("ENDPOINT_AUTH_SCHEME_ID", "OAuth2")];
        assert!(
            message(&oauth).contains("scheme 'OAuth2'"),
            "{}",
            message(&oauth)
        );
        assert!(message(&[URL]).contains("scheme ''"));
        let empty = [URL, ("ENDPOINT_AUTH_SCHEME_ID", "Token")];
        assert!(message(&empty).ends_with("holds neither token nor password"));
        let wrong = [
            ("ENDPOINT_URL_ID", "ftp://me:hunter2@server/a"),
            ("ENDPOINT_AUTH_SCHEME_ID", "Token"),
            ("ENDPOINT_AUTH_PARAMETER_ID_APITOKEN", "abc"),
        ];
        assert!(message(&wrong).contains("leads to 'server/a': 'ftp' is"));
    }
}
