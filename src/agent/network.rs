//! Proxies: the one that the agent was configured with (`config.sh --proxyurl …`), else those of
//! the usual variables. The names of the agent's variables stand only in its source
//! (`Constants.cs`), what its list of exceptions means in `AgentWebProxy.cs`.

use std::net::IpAddr;

use regex::RegexBuilder;
use reqwest::Url;

use super::Secret;
use crate::environment::Environment;
use crate::problem::{Problem, code};

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address, without user and password; `http` or `https`.
    pub url: String,
    /// The user.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// Who names it, for messages: `the agent's proxy`.
    pub named_by: &'static str,
}

/// The proxies that there are, and what goes round them.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// The agent's; no variable counts beside it.
    agent: Option<Named>,
    /// Regular expressions of .NET; an address that matches one in any case goes round the agent's
    /// proxy.
    bypass: Vec<String>,
    for_http: Option<Named>,
    for_https: Option<Named>,
    /// `NO_PROXY`.
    exceptions: String,
}

/// A proxy, or why its address cannot be used.
type Named = Result<Proxy, String>;

impl Proxies {
    pub(super) fn told(environment: &Environment, problems: &mut Vec<Problem>) -> Self {
        let agent = environment.var("AGENT_PROXYURL").map(|text| {
            let proxy = parsed(text, "the agent's proxy")?;
            let user = environment.var("AGENT_PROXYUSERNAME").map(str::to_owned);
            let password = environment.var("SECRET_AGENT_PROXYPASSWORD");
            Ok(match user {
                Some(user) => Proxy {
                    user: Some(user),
                    password: password.map(Secret::new),
                    ..proxy
                },
                None => proxy,
            })
        });
        let first = |names: [&'static str; 4]| {
            names.into_iter().find_map(|name| {
                let text = environment.var(name)?;
                Some(parsed(text, name))
            })
        };
        let exceptions = environment.var("NO_PROXY").or(environment.var("no_proxy"));
        Self {
            bypass: if agent.is_some() {
                bypass(environment, problems)
            } else {
                Vec::new()
            },
            agent,
            for_http: first(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]),
            for_https: first(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            exceptions: exceptions.unwrap_or_default().to_owned(),
        }
    }

    /// The proxy for an address; there is only one address, so this is decided once. Also gives
    /// warnings.
    ///
    /// # Errors
    /// Says why the proxy that there is cannot be used.
    pub fn for_address(
        &self,
        address: &Url,
        warnings: &mut Vec<Problem>,
    ) -> Result<Option<&Proxy>, String> {
        let chosen = match &self.agent {
            Some(_) if self.is_bypassed(address, warnings) => None,
            Some(agent) => Some(agent),
            None => {
                let named = match address.scheme() {
                    "https" => &self.for_https,
                    _ => &self.for_http,
                };
                named
                    .as_ref()
                    .filter(|_| !is_excepted(&self.exceptions, address))
            }
        };
        chosen
            .map(|named| named.as_ref().map_err(String::clone))
            .transpose()
    }

    /// Every proxy that can be used: their passwords are secret.
    pub fn all(&self) -> impl Iterator<Item = &Proxy> {
        let named = [&self.agent, &self.for_http, &self.for_https];
        named
            .into_iter()
            .flatten()
            .filter_map(|named| named.as_ref().ok())
    }

    /// As the agent itself decides: what is on this machine never goes through the proxy, and the
    /// list is compared with scheme, host, and port if it is not the usual one.
    fn is_bypassed(&self, address: &Url, warnings: &mut Vec<Problem>) -> bool {
        let host = address.host_str().unwrap_or_default();
        let mut subject = format!("{}://{host}", address.scheme());
        if let Some(port) = address.port() {
            subject.push_str(&format!(":{port}"));
        }
        let mut bypassed = is_loopback(host);
        for pattern in &self.bypass {
            match RegexBuilder::new(pattern).case_insensitive(true).build() {
                Ok(regex) => bypassed |= regex.is_match(&subject),
                // Expressions of .NET may look around; those are named and not guessed.
                Err(_) => warnings.push(Problem::warning(
                    code::PROXY_BYPASS,
                    format!("the entry '{pattern}' of the agent's proxy bypass list cannot be used"),
                    "Write it as a regular expression without look-around; until then it bypasses nothing.",
                )),
            }
        }
        bypassed
    }
}

fn bypass(environment: &Environment, problems: &mut Vec<Problem>) -> Vec<String> {
    let Some(list) = environment.var("AGENT_PROXYBYPASSLIST") else {
        return Vec::new();
    };
    let entries: Vec<String> = match serde_json::from_str(list) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(Problem::warning(
                code::PROXY_BYPASS,
                format!("cannot read the agent's proxy bypass list: {error}"),
                "The proxy is used for every address. Configure the agent anew, or correct its file '.proxybypass'.",
            ));
            Vec::new()
        }
    };
    let entries = entries.iter().map(|entry| entry.trim().to_owned());
    entries.filter(|entry| !entry.is_empty()).collect()
}

/// Reads the address of a proxy, which may bear its user: that would else stand in every message.
fn parsed(text: &str, named_by: &'static str) -> Named {
    // Without a scheme it is http, as curl has it.
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let mut url = Url::parse(&with_scheme)
        // Not repeated: what cannot be read as an address may hold a password.
        .map_err(|error| format!("{named_by} is no address of a proxy: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "{named_by} is a proxy of the kind '{}', and only http and https are known here",
            url.scheme()
        ));
    }
    let user = Some(url.username()).filter(|user| !user.is_empty());
    let user = user.map(decoded);
    let password = url.password().map(decoded).map(Secret::new);
    // Neither can fail with a host, which both schemes must have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Proxy {
        url: url.as_str().trim_end_matches('/').to_owned(),
        user,
        password,
        named_by,
    })
}

/// With each `%41` as the letter that it stands for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| first == b'%');
        let hex = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The host as an address of a network; those of version 6 stand in brackets in a URL.
fn ip(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || ip(host).is_some_and(|ip| ip.is_loopback())
}

/// Whether `NO_PROXY` names the host: `*`, a domain with all below it, an address, a network
/// (`10.0.0.0/8`); with a port only that one.
fn is_excepted(exceptions: &str, address: &Url) -> bool {
    let host = address.host_str().unwrap_or_default().to_ascii_lowercase();
    let port = address.port_or_known_default();
    exceptions
        .split([',', ' '])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            if entry == "*" {
                return true;
            }
            if let Some(own) = ip(&host) {
                return match entry.split_once('/') {
                    Some((network, bits)) => is_in_network(own, network, bits),
                    None => ip(entry) == Some(own),
                } || entry
                    .rsplit_once(':')
                    .is_some_and(|(of, at)| ip(of) == Some(own) && at.parse().ok() == port);
            }
            let (domain, at) = match entry.rsplit_once(':') {
                Some((domain, at)) => (domain, Some(at)),
                None => (entry, None),
            };
            let domain = domain.to_ascii_lowercase();
            let domain = domain.trim_start_matches('*').trim_start_matches('.');
            let is_below = host
                .strip_suffix(domain)
                .is_some_and(|above| above.is_empty() || above.ends_with('.'));
            !domain.is_empty() && is_below && at.is_none_or(|at| at.parse().ok() == port)
        })
}

fn is_in_network(own: IpAddr, network: &str, bits: &str) -> bool {
    let (Some(network), Ok(bits)) = (ip(network), bits.parse::<u32>()) else {
        return false;
    };
    match (own, network) {
        (IpAddr::V4(own), IpAddr::V4(network)) if bits <= 32 => {
            let differing = own.to_bits() ^ network.to_bits();
            differing.leading_zeros() >= bits
        }
        (IpAddr::V6(own), IpAddr::V6(network)) if bits <= 128 => {
            let differing = own.to_bits() ^ network.to_bits();
            differing.leading_zeros() >= bits
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(vars: &[(&str, &str)]) -> (Proxies, Vec<Problem>) {
        let environment = Environment {
            vars: vars
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Environment::default()
        };
        let mut problems = Vec::new();
        let proxies = Proxies::told(&environment, &mut problems);
        (proxies, problems)
    }

    fn used(vars: &[(&str, &str)], address: &str) -> Option<String> {
        let (proxies, _) = proxies(vars);
        let address = Url::parse(address).unwrap();
        let proxy = proxies.for_address(&address, &mut Vec::new()).unwrap();
        proxy.map(|proxy| proxy.url.clone())
    }

    const ADDRESS: &str = "https://tfs.contoso.com/tfs/A/";

    #[test]
    fn the_proxys_password_is_read_and_never_shown() {
        let (told, problems) = proxies(&[
            ("AGENT_PROXYURL", "http://proxy:8080"),
            ("AGENT_PROXYUSERNAME", "me"),
            ("SECRET_AGENT_PROXYPASSWORD", "hunter2"),
        ]);
        assert!(problems.is_empty());
        assert!(!format!("{told:?}").contains("hunter2"));
        let proxy = told.all().next().unwrap();
        assert_eq!(proxy.password.as_ref().unwrap().expose(), "hunter2");
        let (told, _) = proxies(&[("HTTPS_PROXY", "http://a%40b:hunter%20two@proxy:8080")]);
        let proxy = told.all().next().unwrap();
        assert_eq!(proxy.url, "http://proxy:8080");
        assert_eq!(proxy.user.as_deref(), Some("a@b"));
        assert_eq!(proxy.password.as_ref().unwrap().expose(), "hunter two");
    }

    #[test]
    fn the_agents_proxy_comes_before_the_variables() {
        let https = ("HTTPS_PROXY", "proxy-of-https:1");
        let http = ("http_proxy", "http://proxy-of-http:2/");
        let all = ("ALL_PROXY", "http://proxy-of-all:3");
        let agent = ("AGENT_PROXYURL", "http://agent:4");
        let url = |text: &str| Some(text.to_owned());
        assert_eq!(
            used(&[https, http, all, agent], ADDRESS),
            url("http://agent:4")
        );
        assert_eq!(
            used(&[https, http, all], ADDRESS),
            url("http://proxy-of-https:1")
        );
        assert_eq!(
            used(&[https, http, all], "http://a/"),
            url("http://proxy-of-http:2")
        );
        assert_eq!(used(&[http, all], ADDRESS), url("http://proxy-of-all:3"));
        assert_eq!(used(&[http], ADDRESS), None);
        // Where the agent's list lets the address pass, no variable counts either.
        let list = ("AGENT_PROXYBYPASSLIST", r#"["contoso"]"#);
        assert_eq!(used(&[https, agent, list], ADDRESS), None);
    }

    #[test]
    fn the_agents_list_is_compared_as_the_agent_does() {
        let agent = ("AGENT_PROXYURL", "http://agent");
        let goes_round = |entry: &str, address: &str| {
            let list = serde_json::to_string(&[entry]).unwrap();
            used(&[agent, ("AGENT_PROXYBYPASSLIST", &list)], address).is_none()
        };
        assert!(goes_round(r"CONTOSO\.com$", ADDRESS));
        assert!(goes_round(" ^https://tfs ", ADDRESS));
        assert!(!goes_round(
            r"contoso\.com$",
            "https://tfs.contoso.com:8443/"
        ));
        assert!(goes_round(r":8443$", "https://tfs.contoso.com:8443/"));
        assert!(!goes_round("/tfs/A", ADDRESS));
        assert!(!goes_round(" ", ADDRESS));
        for here in ["http://localhost:1/", "http://127.0.0.1/", "http://[::1]/"] {
            assert_eq!(used(&[agent], here), None, "{here}");
        }
    }

    #[test]
    fn what_cannot_be_used_of_the_list_is_named() {
        let agent = ("AGENT_PROXYURL", "http://p");
        let list = ("AGENT_PROXYBYPASSLIST", r#"["(?<!a)b", "*.c", "contoso"]"#);
        let (told, _) = proxies(&[agent, list]);
        let mut warnings = Vec::new();
        let address = Url::parse(ADDRESS).unwrap();
        assert_eq!(told.for_address(&address, &mut warnings), Ok(None));
        assert_eq!(warnings.len(), 2);
        assert!(warnings[0].message.contains("'(?<!a)b'"));
        let (told, problems) = proxies(&[agent, ("AGENT_PROXYBYPASSLIST", "*.a")]);
        assert_eq!(told.all().count(), 1);
        assert_eq!(problems[0].code, code::PROXY_BYPASS);
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_told_without_its_password() {
        for (text, words) in [
            ("socks5://me:hunter2@p", "kind 'socks5'"),
            ("http://me:hunter2@p:x", "no address"),
        ] {
            let (told, _) = proxies(&[("HTTPS_PROXY", text)]);
            let address = Url::parse(ADDRESS).unwrap();
            let cause = told.for_address(&address, &mut Vec::new()).unwrap_err();
            assert!(
                cause.starts_with("HTTPS_PROXY is ") && cause.contains(words),
                "{cause}"
            );
            assert!(!cause.contains("hunter2"));
        }
    }

    #[test]
    fn no_proxy_names_hosts_domains_networks_and_ports() {
        let table = [
            ("*", ADDRESS, true),
            ("other, Contoso.com", ADDRESS, true),
            (".contoso.com", ADDRESS, true),
            ("*.contoso.com", ADDRESS, true),
            ("toso.com", ADDRESS, false),
            ("tfs.contoso.com:443", ADDRESS, true),
            ("tfs.contoso.com:8443", ADDRESS, false),
            ("10.0.0.0/8", "http://10.1.2.3/", true),
            ("10.0.0.0/8", "http://11.1.2.3/", false),
            ("10.1.2.3", "http://10.1.2.3:8080/", true),
            ("10.1.2.3:8080", "http://10.1.2.3:8080/", true),
            ("0.0.0.0/0", "http://10.1.2.3/", true),
            ("fd00::/8", "http://[fd00::1]/", true),
            ("fd00::1", "http://[fd00::1]/", true),
            ("10.0.0.0/8", "http://[fd00::1]/", false),
            (" , .", ADDRESS, false),
        ];
        for (exceptions, address, expected) in table {
            let url = Url::parse(address).unwrap();
            assert_eq!(
                is_excepted(exceptions, &url),
                expected,
                "{exceptions} {address}"
            );
        }
    }
}
