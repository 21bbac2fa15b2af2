//! Which REST API versions a resource understands (contract §1.3).

use crate::answer::Request;
use crate::errors::{Handled, Refusal};
use crate::settings::Settings;

/// A major and a minor number.
pub(crate) type Version = (u32, u32);

/// From when on a resource is released; before, only its previews are to be had.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Release {
    /// In every version that the server knows, but for 7.2, which is a preview everywhere.
    Always,
    /// From this version on; before, there is a preview of this revision.
    From(Version, u32),
    /// In no version after this one.
    Until(Version),
    /// Never.
    Never,
}

impl Release {
    pub(crate) fn contains(self, version: Version) -> bool {
        match self {
            Release::Always => version < (7, 2),
            Release::From(first, _) => version >= first && version < (7, 2),
            Release::Until(last) => version <= last,
            Release::Never => false,
        }
    }
}

/// The version that was agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) version: Version,
    /// As it stands in the content type of the answer.
    pub(crate) text: String,
}

/// The version for a request, which stands in the query or in `Accept`.
pub(crate) fn agreed(request: &Request, release: Release, settings: &Settings) -> Handled<Agreed> {
    let newest = settings.max_api_version;
    let Some(asked) = request
        .parameter("api-version")
        .or_else(|| in_accept(request))
    else {
        if request.method == "GET" || request.method == "OPTIONS" {
            let text = format!("{}.{}", newest.0, newest.1);
            return Ok(Agreed {
                version: newest,
                text,
            });
        }
        return Err(Refusal::new(
            400,
            "VssVersionNotSpecifiedException",
            format!(
                "No api-version was supplied for the \"{}\" request. The version must be supplied either as part of the Accept header (e.g. \"application/json; api-version=1.0\") or as a query parameter (e.g. \"?api-version=1.0\").",
                request.method
            ),
        ));
    };
    let Some((version, preview, revision)) = parsed(&asked) else {
        return Err(Refusal::argument(format!(
            "The api-version '{asked}' is not a version number."
        )));
    };
    if version > newest && settings.too_new_is_401 {
        return Err(Refusal::unauthorized(
            "TF400813: The user '' is not authorized to access this resource.",
        ));
    }
    if version > newest {
        return Err(Refusal::new(
            400,
            "VssVersionOutOfRangeException",
            format!(
                "The requested REST API version of {asked} is out of range for this server. The latest REST API version this server supports is {}.{}.",
                newest.0, newest.1
            ),
        ));
    }
    if matches!(release, Release::Until(last) if version > last) {
        return Err(Refusal::new(
            400,
            "VssVersionNotSupportedException",
            format!("The resource is not described in version \"{asked}\"."),
        ));
    }
    if !preview && !release.contains(version) {
        return Err(Refusal::new(
            400,
            "VssInvalidPreviewVersionException",
            format!(
                "The requested version \"{asked}\" of the resource is under preview. The -preview flag must be supplied in the api-version for such requests. For example: \"{}.{}-preview\"",
                version.0, version.1
            ),
        ));
    }
    if let (Release::From(first, known), Some(revision)) = (release, revision)
        && version < first
        && revision != known
    {
        // An older revision has another form, which nobody has described.
        return Err(Refusal::new(
            400,
            "VssInvalidPreviewVersionException",
            format!(
                "The requested version \"{asked}\" of the resource is not known. The preview of this resource is \"{}.{}-preview.{known}\".",
                version.0, version.1
            ),
        ));
    }
    Ok(Agreed {
        version,
        text: asked,
    })
}

fn in_accept(request: &Request) -> Option<String> {
    let parameters = request.header("accept")?.split([';', ',']);
    let mut pairs = parameters.filter_map(|parameter| parameter.trim().split_once('='));
    let (_, version) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("api-version"))?;
    Some(version.trim_matches('"').to_owned())
}

/// `7.1`, `7.1-preview`, `7.1-preview.3`: the version, whether a preview is meant, and its revision.
fn parsed(text: &str) -> Option<(Version, bool, Option<u32>)> {
    let (number, preview, revision) = match text.split_once("-preview") {
        None => (text, false, None),
        Some((number, "")) => (number, true, None),
        Some((number, revision)) => {
            let revision = revision.strip_prefix('.')?.parse().ok()?;
            (number, true, Some(revision))
        }
    };
    let (major, minor) = number.split_once('.')?;
    let version = (major.parse().ok()?, minor.parse().ok()?);
    Some((version, preview, revision))
}
