//! Where to publish, and with which token: what the agent tells, else what was typed.

use super::collection_url::{self, CollectionUrl};
use super::{Agent, ClientIdentity, ServiceConnection, Token};
use crate::environment::Environment;
use crate::problem::{Problem, code};

/// What a command needs before its first request.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Where Azure DevOps is.
    pub collection_url: CollectionUrl,
    /// The project.
    pub project: String,
    /// The token. Without one every request would be refused: see [`Agent::no_token`].
    pub token: Option<Token>,
    /// The certificate by which this machine identifies itself.
    pub identity: Option<ClientIdentity>,
    /// A person typed the address, and may have typed a project behind the collection.
    pub is_typed: bool,
    /// A service connection says where and as whom.
    pub by_service_connection: bool,
    /// By its address the collection is another one than that of the running pipeline, so that
    /// nothing in it belongs to the running build.
    pub elsewhere: bool,
}

impl Agent {
    /// What is needed before the first request: `project` is the input, and a service connection
    /// replaces address and token of the pipeline. The client certificate is read here, so that all
    /// that is wrong is told at once. Whatever is missing is an input error, except the token.
    pub fn connection(
        &self,
        project: Option<&str>,
        service_connection: Option<ServiceConnection>,
    ) -> Result<Connection, Vec<Problem>> {
        let project = project.or(self.project.as_deref());
        let by_service_connection = service_connection.is_some();
        let (collection_url, token) = match service_connection {
            Some(ServiceConnection { url, token }) => (Ok(url), Some(token)),
            None => (self.collection_url.clone(), self.token.clone()),
        };
        let identity = self.client_certificate.as_ref().map(|files| files.load());
        match (collection_url, project, identity.transpose()) {
            (Ok(collection_url), Some(project), Ok(identity)) => Ok(Connection {
                identity,
                is_typed: by_service_connection || !self.in_pipeline,
                by_service_connection,
                elsewhere: match &self.collection_url {
                    Ok(own) => by_service_connection && !own.is_same(&collection_url),
                    Err(_) => by_service_connection,
                },
                collection_url,
                project: project.to_owned(),
                token,
            }),
            (collection_url, project, identity) => {
                let no_project = || {
                    Problem::error(
                        code::NO_PROJECT,
                        "no project is given, and no agent tells one",
                        "Set the input 'project' (option '--project').",
                    )
                };
                let missing = project.is_none().then(no_project);
                let told = [collection_url.err(), missing, identity.err()];
                Err(told.into_iter().flatten().collect())
            }
        }
    }

    /// What to say where [`Agent::token`] is absent: no input error, since a token is no input
    /// (exit code 4).
    pub fn no_token(&self) -> Problem {
        let advice = if self.in_pipeline {
            "In a script step add 'env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }'; the task needs nothing. Nothing was published."
        } else {
            "Set the variable AZURE_DEVOPS_EXT_PAT to a personal access token that may read and write test management. Nothing was published."
        };
        Problem::error(code::NO_TOKEN, "there is no access token", advice)
    }
}

/// The address that the agent tells; outside a pipeline rather the one that was typed. In a
/// pipeline a typed one is never used: the job's token would be sent there.
pub(super) fn collection_url(
    environment: &Environment,
    in_pipeline: bool,
    organization: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Result<CollectionUrl, Problem> {
    let variable = |name: &'static str| {
        environment
            .var(name)
            .map(|text| (format!("variable '{name}'"), text))
    };
    let option = organization
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| ("option '--organization'".to_owned(), text));
    let told = variable("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")
        .or_else(|| variable("SYSTEM_COLLECTIONURI"))
        // The last, because in a classic release on Services it is the host of the releases.
        .or_else(|| variable("ENDPOINT_URL_SYSTEMVSSCONNECTION"));
    if in_pipeline && option.is_some() {
        problems.push(Problem::warning(
            code::ORGANIZATION_NOT_USED,
            "option '--organization' is not used: in a pipeline the agent tells the address",
            "Leave it out.",
        ));
    }
    let found = if in_pipeline {
        told
    } else {
        option.or(told).or_else(|| variable("AZURE_DEVOPS_ORG_URL"))
    };
    let Some((name, text)) = found else {
        return Err(Problem::error(
            code::NO_COLLECTION_URL,
            "nothing tells which Azure DevOps to publish to",
            "Set the option '--organization' or the variable AZURE_DEVOPS_ORG_URL, such as 'https://dev.azure.com/contoso'.",
        ));
    };
    CollectionUrl::parse(text).map_err(|(because, advice)| {
        let shown = collection_url::without_user(text);
        Problem::error(
            code::WRONG_INPUT,
            format!("{name} cannot be '{shown}': {because}"),
            advice,
        )
    })
}

pub(super) fn token(environment: &Environment, in_pipeline: bool) -> Option<Token> {
    let job = environment
        .var("ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN")
        .map(str::to_owned)
        .or_else(|| token_of_endpoint(environment.var("ENDPOINT_AUTH_SYSTEMVSSCONNECTION")?))
        .or_else(|| environment.var("SYSTEM_ACCESSTOKEN").map(str::to_owned))
        .map(Token::job);
    // In a pipeline the variable of the CLI may be meant for another organization.
    let personal = || {
        environment
            .var("AZURE_DEVOPS_EXT_PAT")
            .filter(|_| !in_pipeline)
            .map(Token::personal)
    };
    job.or_else(personal)
}

/// `{"parameters":{"AccessToken":"…"},"scheme":"OAuth"}`
fn token_of_endpoint(json: &str) -> Option<String> {
    let endpoint: serde_json::Value = serde_json::from_str(json).ok()?;
    let token = endpoint
        .pointer("/parameters/AccessToken")?
        .as_str()?
        .trim();
    (!token.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::TokenKind;
    use super::*;

    fn environment(vars: &[(&str, &str)]) -> Environment {
        Environment {
            vars: vars
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Environment::default()
        }
    }

    fn agent(vars: &[(&str, &str)]) -> Agent {
        Agent::read(&environment(vars), None).0
    }

    const SERVICES: (&str, &str) = (
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
        "https://dev.azure.com/contoso/",
    );

    fn url(vars: &[(&str, &str)], organization: Option<&str>) -> String {
        let (agent, _) = Agent::read(&environment(vars), organization);
        agent.collection_url.unwrap().to_string()
    }

    #[test]
    fn the_agents_address_is_used_in_the_order_that_was_promised() {
        let all = [
            ("TF_BUILD", "True"),
            SERVICES,
            ("SYSTEM_COLLECTIONURI", "https://second/"),
            ("ENDPOINT_URL_SYSTEMVSSCONNECTION", "https://third/"),
        ];
        assert_eq!(url(&all, None), "https://dev.azure.com/contoso");
        assert_eq!(url(&[all[0], all[2], all[3]], None), "https://second");
        assert_eq!(url(&[all[0], all[3]], None), "https://third");
    }

    #[test]
    fn outside_a_pipeline_the_option_beats_the_variable() {
        let variable = [("AZURE_DEVOPS_ORG_URL", "https://variable/tfs")];
        assert_eq!(
            url(&variable, Some("https://option/tfs")),
            "https://option/tfs"
        );
        assert_eq!(url(&variable, Some(" ")), "https://variable/tfs");
    }

    #[test]
    fn in_a_pipeline_no_token_goes_to_a_typed_address() {
        let vars = [
            ("TF_BUILD", "True"),
            SERVICES,
            ("AZURE_DEVOPS_ORG_URL", "https://evil"),
        ];
        let (agent, problems) = Agent::read(&environment(&vars), Some("https://evil"));
        assert_eq!(
            agent.collection_url.unwrap().as_str(),
            "https://dev.azure.com/contoso"
        );
        assert_eq!(problems[0].code, code::ORGANIZATION_NOT_USED);
        let (agent, _) = Agent::read(&environment(&vars[..1]), Some("https://evil"));
        assert_eq!(
            agent.collection_url.unwrap_err().code,
            code::NO_COLLECTION_URL
        );
    }

    #[test]
    fn address_and_project_are_told_as_missing_together() {
        let problems = agent(&[]).connection(None, None).unwrap_err();
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, [code::NO_COLLECTION_URL, code::NO_PROJECT]);
    }

    #[test]
    fn a_wrong_address_is_shown_without_its_password() {
        let (agent, _) = Agent::read(&environment(&[]), Some("ftp://me:hunter2@server/a"));
        let problem = agent.connection(Some("Shop"), None).unwrap_err().remove(0);
        assert_eq!(
            problem.message,
            "option '--organization' cannot be 'server/a': 'ftp' is neither http nor https"
        );
    }

    #[test]
    fn a_missing_token_is_no_input_error() {
        let connection = agent(&[SERVICES]).connection(Some("Shop"), None).unwrap();
        assert_eq!(connection.token, None);
        assert_eq!(connection.project, "Shop");
        assert_eq!(agent(&[]).no_token().code, code::NO_TOKEN);
    }

    #[test]
    fn a_service_connection_replaces_address_and_token() {
        let connection = |own: &[(&str, &str)], url: &str| {
            let service_connection = ServiceConnection {
                url: CollectionUrl::parse(url).unwrap(),
                token: Token::personal("other"),
            };
            agent(own)
                .connection(Some("Shop"), Some(service_connection))
                .unwrap()
        };
        let own = [SERVICES, ("SYSTEM_ACCESSTOKEN", "own")];
        let other = connection(&own, "https://tfs/tfs/A");
        assert_eq!(other.collection_url.as_str(), "https://tfs/tfs/A");
        assert_eq!(other.token.unwrap().expose(), "other");
        assert!(other.elsewhere && other.is_typed);
        for same in [
            "https://dev.azure.com/Contoso/",
            "https://contoso.visualstudio.com/Shop",
        ] {
            assert!(!connection(&own, same).elsewhere, "{same}");
        }
        // Where the pipeline's own address is not known, no build is known to be there.
        assert!(connection(&[], "https://tfs/tfs/A").elsewhere);
    }

    #[test]
    fn the_token_is_the_jobs_else_outside_a_pipeline_a_persons() {
        let json = r#"{"parameters":{"AccessToken":"second"},"scheme":"OAuth"}"#;
        let all = [
            (
                "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
                "first",
            ),
            ("ENDPOINT_AUTH_SYSTEMVSSCONNECTION", json),
            ("SYSTEM_ACCESSTOKEN", "third"),
            ("AZURE_DEVOPS_EXT_PAT", "fourth"),
        ];
        for (at, expected) in ["first", "second", "third"].into_iter().enumerate() {
            let token = agent(&all[at..]).token.unwrap();
            assert_eq!((token.kind(), token.expose()), (TokenKind::Job, expected));
        }
        let token = agent(&all[3..]).token.unwrap();
        assert_eq!(
            (token.kind(), token.expose()),
            (TokenKind::Personal, "fourth")
        );
        assert_eq!(agent(&[("TF_BUILD", "True"), all[3]]).token, None);
    }
}
