//! Where Azure DevOps is: the address of an organization or collection.

use std::fmt;

use reqwest::Url;

/// The address of an organization (Services) or collection (Server): `http` or `https`, without
/// user, query, fragment, and slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionUrl(String);

/// Why a text is no such address, and what to write instead.
pub(super) type NoUrl = (String, String);

impl CollectionUrl {
    /// Takes an address as people type or copy it: with user (`https://contoso@dev.azure.com/…`,
    /// as the *Clone* button gives it), with what follows the organization, with blanks.
    pub(super) fn parse(text: &str) -> Result<Self, NoUrl> {
        let text = text.trim();
        if !text.contains("://") {
            return Err((
                "it does not begin with 'https://'".to_owned(),
                format!("Write '{}'.", with_scheme(without_user(text))),
            ));
        }
        let mut url = Url::parse(text).map_err(|error| (error.to_string(), example()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err((
                format!("'{}' is neither http nor https", url.scheme()),
                example(),
            ));
        }
        // Neither can fail with a host, which both schemes must have.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        only_the_organization(&mut url)?;
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// Whether both are addresses of one collection, as far as addresses tell: Services have two
    /// for each organization, and case means nothing.
    pub fn is_same(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }

    fn canonical(&self) -> String {
        let old = Url::parse(&self.0).ok().and_then(|url| {
            let organization = url.host_str()?.strip_suffix(".visualstudio.com")?;
            Some(format!("https://dev.azure.com/{organization}"))
        });
        old.unwrap_or_else(|| self.0.clone()).to_lowercase()
    }

    /// The address one level up, which may be that of the collection where a person typed a project
    /// behind it; `None` on Services, where the path is known, and at the first level.
    pub fn parent(&self) -> Option<Self> {
        let mut url = Url::parse(&self.0).ok()?;
        let levels = url.path_segments()?.filter(|part| !part.is_empty()).count();
        if levels < 2 || self.is_services() {
            return None;
        }
        url.path_segments_mut().ok()?.pop_if_empty().pop();
        Some(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address, without slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is Azure DevOps Services, and not a Server of one's own.
    pub fn is_services(&self) -> bool {
        Url::parse(&self.0)
            .ok()
            .and_then(|url| url.host_str().map(is_services))
            .unwrap_or(false)
    }
}

impl fmt::Display for CollectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text of an address that may be shown: without user and password, readable or not.
pub(super) fn without_user(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, behind)| behind)
}

fn is_services(host: &str) -> bool {
    host == "dev.azure.com" || host.ends_with(".visualstudio.com")
}

/// On Services the path is known: what follows the organization (a project, `_git`) is left out,
/// and the host of the releases, which knows no test API, becomes the general one. On a Server
/// nothing tells collection and project apart, and only what is neither is left out.
fn only_the_organization(url: &mut Url) -> Result<(), NoUrl> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let general = host
        .strip_prefix("vsrm.")
        .map(str::to_owned)
        .unwrap_or_else(|| host.replace(".vsrm.visualstudio.com", ".visualstudio.com"));
    if !is_services(&general) {
        // Pages of people (`/_git/…`, `/_build`) begin with an underscore; no collection does.
        let path: Vec<&str> = url
            .path()
            .split('/')
            .take_while(|part| !part.starts_with('_'))
            .collect();
        let path = path.join("/");
        url.set_path(&path);
        return Ok(());
    }
    if general != host {
        url.set_host(Some(&general))
            .map_err(|error| (error.to_string(), example()))?;
    }
    let organization = if general == "dev.azure.com" {
        let first = url.path().split('/').find(|part| !part.is_empty());
        first
            .ok_or_else(|| ("it names no organization".to_owned(), example()))?
            .to_owned()
    } else {
        String::new()
    };
    url.set_path(&organization);
    Ok(())
}

fn with_scheme(text: &str) -> String {
    if text.is_empty() || text.contains(['.', '/', ':']) {
        format!("https://{text}")
    } else {
        format!("https://dev.azure.com/{text}")
    }
}

fn example() -> String {
    "Write it like 'https://dev.azure.com/contoso' or 'https://server/tfs/DefaultCollection'."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_people_type_it() {
        let table = [
            (
                "https://dev.azure.com/contoso/",
                "https://dev.azure.com/contoso",
            ),
            (
                " https://contoso@dev.azure.com/contoso/Shop/_git/x?a#b ",
                "https://dev.azure.com/contoso",
            ),
            (
                "HTTPS://DEV.AZURE.COM/Contoso",
                "https://dev.azure.com/Contoso",
            ),
            (
                "https://contoso.visualstudio.com/DefaultCollection",
                "https://contoso.visualstudio.com",
            ),
            (
                "https://vsrm.dev.azure.com/contoso/",
                "https://dev.azure.com/contoso",
            ),
            (
                "https://contoso.vsrm.visualstudio.com/",
                "https://contoso.visualstudio.com",
            ),
            (
                "http://tfs:8080/tfs/Default Collection//",
                "http://tfs:8080/tfs/Default%20Collection",
            ),
            ("https://me:secret@server/tfs/A", "https://server/tfs/A"),
            (
                "https://server/tfs/A/Shop/_git/x",
                "https://server/tfs/A/Shop",
            ),
            ("http://[fd00::1]:8080/A/", "http://[fd00::1]:8080/A"),
            (
                "http://127.0.0.1:4711/contoso/",
                "http://127.0.0.1:4711/contoso",
            ),
        ];
        for (typed, expected) in table {
            assert_eq!(CollectionUrl::parse(typed).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_one_that_is() {
        let advice = |text: &str| CollectionUrl::parse(text).unwrap_err().1;
        assert_eq!(advice("contoso"), "Write 'https://dev.azure.com/contoso'.");
        assert_eq!(
            advice("me:secret@dev.azure.com/contoso"),
            "Write 'https://dev.azure.com/contoso'."
        );
        for text in [
            "ssh://git@ssh.dev.azure.com/v3/a",
            "file:///etc",
            "https://",
            "https://dev.azure.com/",
        ] {
            assert!(CollectionUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_collection_may_have_several_addresses() {
        let same = |one: &str, other: &str| {
            let url = |text| CollectionUrl::parse(text).unwrap();
            url(one).is_same(&url(other))
        };
        assert!(same(
            "https://dev.azure.com/Contoso",
            "https://contoso.visualstudio.com/DefaultCollection/"
        ));
        assert!(same("https://TFS/tfs/a", "https://tfs/tfs/A/"));
        assert!(!same("https://tfs/tfs/a", "https://tfs/tfs/b"));
        assert!(!same("https://tfs/tfs/a", "http://tfs/tfs/a"));
    }

    #[test]
    fn one_level_up_there_may_be_the_collection() {
        let parent = |text: &str| {
            let parent = CollectionUrl::parse(text).unwrap().parent();
            parent.map(|url| url.as_str().to_owned())
        };
        assert_eq!(
            parent("https://tfs/tfs/Default Collection/Shop").as_deref(),
            Some("https://tfs/tfs/Default%20Collection")
        );
        assert_eq!(parent("https://tfs/A"), None);
        assert_eq!(parent("https://dev.azure.com/contoso"), None);
    }

    #[test]
    fn services_are_told_from_servers() {
        let services = |text: &str| CollectionUrl::parse(text).unwrap().is_services();
        assert!(services("https://dev.azure.com/contoso"));
        assert!(services("https://contoso.visualstudio.com"));
        assert!(!services("https://dev.azure.com.example/contoso"));
        assert!(!services("https://tfs/DefaultCollection"));
    }
}
