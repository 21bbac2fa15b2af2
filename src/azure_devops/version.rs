//! Versions of the REST API: which one a server speaks, and how a resource is asked for in it.
//!
//! It is never the product's name that decides, but what the server itself says (`spoken.rs`).

use std::fmt;

/// A version of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    /// `7` of `7.1`.
    pub major: u8,
    /// `1` of `7.1`.
    pub minor: u8,
}

/// The newest version that this program speaks: that of Services, and of Server 2022.1.
pub const NEWEST: ApiVersion = ApiVersion { major: 7, minor: 1 };

/// The oldest one: that of Server 2019. Before, results had no sub-results.
pub const OLDEST: ApiVersion = ApiVersion { major: 5, minor: 0 };

/// From this version on (Server 2020) a run names stage, phase and job.
pub(super) const KNOWS_PIPELINE_REFERENCE: ApiVersion = ApiVersion { major: 6, minor: 0 };

impl ApiVersion {
    /// Reads `7.1`; what follows a hyphen, as in `7.1-preview.3`, counts for nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = text.split('-').next().unwrap_or_default();
        let (major, minor) = number.trim().split_once('.')?;
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// How a resource is asked for in a version in which it is a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// Released in every version.
    Released,
    /// A preview below this version.
    PreviewBelow(ApiVersion),
    /// The same, in the second form that it had by then.
    SecondPreviewBelow(ApiVersion),
    /// Always a preview.
    Preview,
    /// Asked for in this version, whatever the server's newest is.
    Always(ApiVersion),
    /// Asked for without a version.
    Unversioned,
}

impl Resource {
    /// The value of `api-version`, if there is one.
    pub(super) fn version(self, version: ApiVersion) -> Option<String> {
        let preview = match self {
            Resource::Unversioned => return None,
            Resource::Always(version) => return Some(version.to_string()),
            Resource::Released => "",
            Resource::PreviewBelow(released) | Resource::SecondPreviewBelow(released)
                if version >= released =>
            {
                ""
            }
            Resource::PreviewBelow(_) | Resource::Preview => "-preview.1",
            Resource::SecondPreviewBelow(_) => "-preview.2",
        };
        Some(format!("{version}{preview}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEVEN: ApiVersion = ApiVersion { major: 7, minor: 0 };

    #[test]
    fn a_preview_is_asked_for_with_its_revision_until_it_is_released() {
        let six = ApiVersion { major: 6, minor: 0 };
        let resource = Resource::SecondPreviewBelow(SEVEN);
        assert_eq!(resource.version(six).as_deref(), Some("6.0-preview.2"));
        assert_eq!(resource.version(SEVEN).as_deref(), Some("7.0"));
        assert_eq!(
            Resource::Preview.version(six).as_deref(),
            Some("6.0-preview.1")
        );
        assert_eq!(Resource::Unversioned.version(six), None);
    }
}
