//! Which version of the REST API a server speaks, read from its refusals and its own list.
//!
//! A version that is too new is refused with the newest one that the server speaks, in the language
//! of the server; and `OPTIONS` on an area lists its resources with their versions, which is what
//! Microsoft's own clients ask first.

use serde_json::Value;

use super::sent::Refusal;
use super::version::ApiVersion;

/// What a refusal says about versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// This is the newest version that the server speaks.
    Newest(ApiVersion),
    /// The version may be what it is about; `OPTIONS` tells.
    Ask,
    /// It is about something else.
    Nothing,
}

/// What a refusal says about versions, after a request in version `asked`. The message is in the
/// language of the server, so the kind of error decides and of the message only the numbers are
/// read, in whatever order they stand: the version asked for, and the newest there is.
///
/// `is_first`: no request was answered yet. Then 401 may be about the version, too: a server of
/// 2019 has been seen to say so.
pub(super) fn hint(refusal: &Refusal, asked: ApiVersion, is_first: bool) -> Hint {
    if refusal.status == 401 && is_first {
        return Hint::Ask;
    }
    if refusal.status != 400 {
        return Hint::Nothing;
    }
    if refusal.type_key.contains("VersionOutOfRange") {
        let numbers = refusal
            .message
            .split(|c: char| !c.is_ascii_digit() && c != '.');
        return numbers
            .filter_map(|word| ApiVersion::parse(word.trim_matches('.')))
            .filter(|version| *version < asked)
            .max()
            .map_or(Hint::Ask, Hint::Newest);
    }
    if refusal.type_key.contains("PreviewVersion") {
        return Hint::Ask;
    }
    Hint::Nothing
}

/// The newest version in which runs are released, as `OPTIONS` on the area `test` lists it.
pub(super) fn listed(locations: &Value) -> Option<ApiVersion> {
    let runs = locations["value"].as_array()?.iter().find(|location| {
        let name = location["resourceName"].as_str();
        name.is_some_and(|name| name.eq_ignore_ascii_case("runs"))
    })?;
    // `0.0` is not released at all.
    ["releasedVersion", "maxVersion"]
        .iter()
        .filter_map(|field| ApiVersion::parse(runs[field].as_str()?))
        .find(|version| version.major > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::azure_devops::sent::RefusalKind;
    use crate::azure_devops::version::NEWEST;

    fn refusal(status: u16, type_key: &str, message: &str) -> Refusal {
        Refusal {
            request: String::new(),
            status,
            type_key: type_key.to_owned(),
            message: message.to_owned(),
            activity_id: String::new(),
            kind: RefusalKind::Status,
        }
    }

    const SEVEN: ApiVersion = ApiVersion { major: 7, minor: 0 };

    #[test]
    fn the_newest_version_is_read_from_a_message_in_any_language() {
        for message in [
            "The requested REST API version of 7.1 is out of range for this server. The latest REST API version this server supports is 7.0.",
            "Die angeforderte REST-API-Version 7.1 liegt außerhalb des Bereichs. Die neueste Version ist 7.0.",
            "このサーバーがサポートする最新バージョンは 7.0 です。要求された 7.1 は範囲外です。",
        ] {
            let refusal = refusal(400, "VssVersionOutOfRangeException", message);
            assert_eq!(hint(&refusal, NEWEST, true), Hint::Newest(SEVEN));
        }
    }

    #[test]
    fn a_message_without_the_number_and_a_preview_are_asked_about() {
        for (type_key, message) in [
            (
                "VssVersionOutOfRangeException",
                "Die Version 7.1 ist zu neu.",
            ),
            (
                "VssInvalidPreviewVersionException",
                "7.1 is under preview: \"7.1-preview\"",
            ),
        ] {
            assert_eq!(
                hint(&refusal(400, type_key, message), NEWEST, false),
                Hint::Ask
            );
        }
        let unauthorized = refusal(401, "", "");
        assert_eq!(hint(&unauthorized, NEWEST, true), Hint::Ask);
        assert_eq!(hint(&unauthorized, NEWEST, false), Hint::Nothing);
        let other = refusal(400, "ArgumentException", "7.0");
        assert_eq!(hint(&other, NEWEST, true), Hint::Nothing);
    }

    #[test]
    fn a_list_of_resources_tells_in_which_version_runs_are_released() {
        let list = |released: &str| {
            json!({"value": [
                {"resourceName": "Points", "releasedVersion": "9.0", "maxVersion": "9.0"},
                {"resourceName": "Runs", "releasedVersion": released, "maxVersion": "7.2"},
            ]})
        };
        assert_eq!(listed(&list("7.0")), Some(SEVEN));
        assert_eq!(
            listed(&list("0.0")),
            Some(ApiVersion { major: 7, minor: 2 })
        );
        assert_eq!(listed(&json!({"value": []})), None);
        assert_eq!(listed(&json!("<html>")), None);
    }
}
