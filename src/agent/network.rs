//! What the agent was configured with (`config.sh --proxyurl … --sslclientcert …`): proxy and
//! client certificate. The names of the variables stand only in its source (`Constants.cs`).

use std::path::PathBuf;

use reqwest::Url;

use super::Secret;
use crate::environment::Environment;
use crate::problem::{Problem, code};

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address, without user and password.
    pub url: String,
    /// The user.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// Regular expressions of .NET; an address that matches one in any case goes round the proxy.
    pub bypass: Vec<String>,
}

/// The files of a client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM).
    pub key: Option<PathBuf>,
    /// Both together (PKCS#12).
    pub archive: Option<PathBuf>,
    /// What the key is encrypted with.
    pub password: Option<Secret>,
}

pub(super) fn proxy(environment: &Environment, problems: &mut Vec<Problem>) -> Option<Proxy> {
    let text = environment.var("AGENT_PROXYURL")?;
    let mut proxy = Proxy {
        url: text.to_owned(),
        user: environment.var("AGENT_PROXYUSERNAME").map(str::to_owned),
        password: environment
            .var("SECRET_AGENT_PROXYPASSWORD")
            .map(Secret::new),
        bypass: Vec::new(),
    };
    // An address may bear its user, which would else stand in every message that names it.
    if let Ok(mut url) = Url::parse(text)
        && !url.username().is_empty()
        && proxy.user.is_none()
    {
        proxy.user = Some(url.username().to_owned());
        proxy.password = url.password().map(Secret::new).or(proxy.password);
        let _ = url.set_username("");
        let _ = url.set_password(None);
        proxy.url = url.to_string();
    }
    if let Some(list) = environment.var("AGENT_PROXYBYPASSLIST") {
        match serde_json::from_str(list) {
            Ok(bypass) => proxy.bypass = bypass,
            Err(error) => problems.push(Problem::warning(
                code::PROXY_BYPASS,
                format!("cannot read the agent's proxy bypass list: {error}"),
                "The proxy is used for every address. Configure the agent anew, or correct its file '.proxybypass'.",
            )),
        }
    }
    Some(proxy)
}

pub(super) fn client_certificate(environment: &Environment) -> Option<ClientCertificate> {
    let path = |name: &str| environment.var(name).map(PathBuf::from);
    Some(ClientCertificate {
        certificate: path("AGENT_CLIENTCERT")?,
        key: path("AGENT_CLIENTCERTKEY"),
        archive: path("AGENT_CLIENTCERTARCHIVE"),
        password: environment
            .var("SECRET_AGENT_CLIENTCERTPASSWORD")
            .map(Secret::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Agent;

    fn environment(vars: &[(&str, &str)]) -> Environment {
        Environment {
            vars: vars
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Environment::default()
        }
    }

    #[test]
    fn the_proxys_password_is_read_and_never_shown() {
        let (agent, problems) = Agent::read(
            &environment(&[
                ("AGENT_PROXYURL", "http://proxy:8080"),
                ("AGENT_PROXYUSERNAME", "me"),
                ("SECRET_AGENT_PROXYPASSWORD", "hunter2"),
                ("AGENT_PROXYBYPASSLIST", r#"["\\.internal$"]"#),
            ]),
            None,
        );
        let proxy = agent.proxy.clone().unwrap();
        assert_eq!(proxy.bypass, [r"\.internal$"]);
        assert_eq!(proxy.password.unwrap().expose(), "hunter2");
        assert!(problems.is_empty());
        assert!(!format!("{agent:?}").contains("hunter2"));
        let in_address = [("AGENT_PROXYURL", "http://me:hunter2@proxy:8080")];
        let (agent, _) = Agent::read(&environment(&in_address), None);
        assert!(!format!("{agent:?}").contains("hunter2"));
        assert_eq!(agent.proxy.unwrap().url, "http://proxy:8080/");
    }

    #[test]
    fn a_bypass_list_that_cannot_be_read_is_a_warning() {
        let vars = [
            ("AGENT_PROXYURL", "http://p"),
            ("AGENT_PROXYBYPASSLIST", "*.a"),
        ];
        let (agent, problems) = Agent::read(&environment(&vars), None);
        assert!(agent.proxy.is_some());
        assert_eq!(problems[0].code, code::PROXY_BYPASS);
    }
}
