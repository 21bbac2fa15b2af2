//! Reads what is secret in a HAR: the requests and answers of one test of a service.
//!
//! A HAR holds the same value in several places: as a header, as a member of a body, as a parameter
//! of an address. Once it is known in one it can be found in all, and in messages too.

use std::collections::HashSet;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::bounded_json::Room;
use super::text::read_up_to;
use crate::secrets::SecretNames;

/// Larger ones are not read: Katalon writes one for each request.
pub const LARGEST: u64 = 32 * 1024 * 1024;

/// Cookies keep many harmless words, too; a session has a long value with digits in it.
const SHORTEST_COOKIE: usize = 8;

/// What a HAR holds that must not leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Har {
    /// Names and values.
    pub secrets: Vec<(String, String)>,
    /// Texts that stand in it as base64, where nothing can be masked.
    pub encoded: Vec<String>,
}

/// Reads the file; the error says what is wrong with it.
pub fn read(source: impl Read, names: &SecretNames) -> Result<Har, String> {
    let text = read_up_to(LARGEST, source).map_err(|error| error.to_string())?;
    let mut room = Room::default();
    room.take(&text)?;
    let document: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let mut reader = Reader {
        names,
        har: Har::default(),
        known: HashSet::new(),
        room,
        unread: None,
    };
    reader.value("", &document);
    reader.unread.map_or(Ok(reader.har), Err)
}

struct Reader<'a> {
    names: &'a SecretNames,
    har: Har,
    /// The secrets of `har`.
    known: HashSet<(String, String)>,
    /// What may still be parsed: bodies stand in bodies.
    room: Room,
    /// Why a body was not read, so that nobody knows what is secret in it.
    unread: Option<String>,
}

impl Reader<'_> {
    fn value(&mut self, key: &str, value: &Value) {
        match value {
            Value::Object(members) => self.object(members),
            Value::Array(values) if key == "cookies" => {
                for cookie in values {
                    self.cookie(cookie["value"].as_str().unwrap_or_default());
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.value(key, value)),
            Value::String(text) => self.text(key, text),
            Value::Number(number) => self.named(key, &number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn object(&mut self, members: &Map<String, Value>) {
        let text = |key: &str| members.get(key).and_then(Value::as_str).unwrap_or_default();
        if !text("name").is_empty() {
            self.named(text("name"), text("value"));
        }
        if text("encoding") == "base64" {
            let mime = text("mimeType").to_ascii_lowercase();
            let is_text = ["text", "json", "xml", "form", "script"];
            if is_text.iter().any(|kind| mime.contains(kind))
                && let Ok(bytes) = STANDARD.decode(text("text"))
            {
                let body = String::from_utf8_lossy(&bytes).into_owned();
                self.body(&body);
                self.har.encoded.push(body);
            }
        }
        for (key, value) in members {
            self.value(key, value);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        match key {
            "text" => self.body(text),
            "url" | "redirectURL" => {
                if let Some((_, query)) = text.split_once('?') {
                    self.fields(query);
                }
            }
            _ => self.named(key, text),
        }
    }

    /// A body: JSON, or the fields of a form.
    fn body(&mut self, text: &str) {
        if text.trim_start().starts_with(['{', '[']) {
            match self.room.take(text) {
                Ok(()) => {
                    if let Ok(body) = serde_json::from_str::<Value>(text) {
                        self.value("", &body);
                    }
                }
                Err(cause) => self.unread = Some(cause),
            }
        } else {
            self.fields(text);
        }
    }

    fn fields(&mut self, text: &str) {
        for field in text.split(['&', '#']) {
            if let Some((name, value)) = field.split_once('=') {
                self.named(&decoded(name), &decoded(value));
            }
        }
    }

    fn named(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "cookie" | "set-cookie" => {
                for part in value.split([';', ',', '\n']) {
                    if let Some((name, value)) = part.split_once('=')
                        && !is_attribute(name.trim())
                    {
                        self.cookie(value.trim());
                    }
                }
            }
            // `bearer` is no secret, and a word of many messages.
            "token_type" | "tokentype" => {}
            "authorization" | "proxy-authorization" => {
                let credentials = value.rsplit(' ').next().unwrap_or_default();
                self.secret(name, credentials);
                if let Ok(user) = STANDARD.decode(credentials)
                    && let Ok(user) = String::from_utf8(user)
                    && let Some((_, password)) = user.split_once(':')
                {
                    self.secret(name, password);
                }
            }
            _ if self.names.is_secret(name) => self.secret(name, value),
            _ => {}
        }
    }

    fn cookie(&mut self, value: &str) {
        let is_session =
            value.len() >= SHORTEST_COOKIE && value.bytes().any(|byte| byte.is_ascii_digit());
        if is_session {
            self.secret("cookie", value);
        }
    }

    fn secret(&mut self, name: &str, value: &str) {
        let secret = (name.to_owned(), value.to_owned());
        if !value.is_empty() && self.known.insert(secret.clone()) {
            self.har.secrets.push(secret);
        }
    }
}

/// Whether this says something about a cookie and is none: a host or a number of seconds is no
/// secret.
fn is_attribute(name: &str) -> bool {
    let attributes = ["domain", "path", "expires", "max-age", "version", "comment"];
    attributes
        .iter()
        .any(|attribute| name.eq_ignore_ascii_case(attribute))
}

/// A name or value of a form or an address, decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| behind.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(if byte == b'+' { b' ' } else { byte });
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(har: &str) -> Vec<(String, String)> {
        let names = SecretNames::default();
        read(har.as_bytes(), &names).unwrap().secrets
    }

    #[test]
    fn secrets_are_found_in_headers_cookies_bodies_and_addresses() {
        let har = serde_json::json!({"log": {"entries": [{
            "request": {
                "url": "https://h/login?access_token=url%20token&x=1#a",
                "headers": [
                    {"name": "Authorization", "value": "Bearer header-token"},
                    {"name": "cookie", "value": "sid=session-0; theme=darkness"},
                    {"name": "Proxy-Authorization", "value": "Basic YW5uOmJhc2ljLXdvcmQ="},
                    {"name": "Set-Cookie", "value": "sid=session-0; Domain=shop1.example.com; Max-Age=31536000"},
                    {"name": "Accept", "value": "*/*"},
                ],
                "queryString": [{"name": "apiKey", "value": "query-key"}],
                "postData": {
                    "text": "user=u&password=form+word",
                    "params": [{"name": "passcode", "value": "1234"}],
                },
            },
            "response": {
                "cookies": [{"name": "sid", "value": "session-1"}, {"name": "t", "value": "dark"}],
                "content": {"text": "{\"a\":[{\"token\":\"body-token\",\"token_type\":\"bearer\",\"pwd\":77}]}"},
            },
        }]}});
        let mut found = secrets(&har.to_string());
        found.sort();
        let expected = [
            ("Authorization", "header-token"),
            ("Proxy-Authorization", "YW5uOmJhc2ljLXdvcmQ="),
            ("Proxy-Authorization", "basic-word"),
            ("access_token", "url token"),
            ("apiKey", "query-key"),
            ("cookie", "session-0"),
            ("cookie", "session-1"),
            ("passcode", "1234"),
            ("password", "form word"),
            ("pwd", "77"),
            ("token", "body-token"),
        ];
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn of_bodies_that_hold_more_than_anybody_sends_nothing_is_known() {
        let names = SecretNames::default();
        let body = format!("[{}0]", "{\"a\":1},".repeat(150_000));
        let har = |bodies: usize| {
            let one = serde_json::json!({"postData": {"text": body}});
            serde_json::json!({"entries": vec![one; bodies]}).to_string()
        };
        assert!(read(har(1).as_bytes(), &names).is_ok());
        let refused = read(har(2).as_bytes(), &names).unwrap_err();
        assert!(refused.contains("more than 200000 objects"), "{refused}");
        let itself = read(format!("[{body},{body}]").as_bytes(), &names);
        assert_eq!(itself.unwrap_err(), refused);
    }

    #[test]
    fn many_secrets_are_known_once_each() {
        let fields: String = (0..80_000)
            .map(|at| format!("password={}&", at % 40_000))
            .collect();
        let har = serde_json::json!({"postData": {"text": fields}});
        assert_eq!(secrets(&har.to_string()).len(), 40_000);
    }

    #[test]
    fn a_body_in_base64_is_read_and_given_as_well() {
        let har = r#"{"content":{"mimeType":"application/json","encoding":"base64",
            "text":"eyJwd2QiOiJnZWhlaW0ifQ=="}}"#;
        let har = read(har.as_bytes(), &SecretNames::default()).unwrap();
        assert_eq!(har.secrets, [("pwd".to_owned(), "geheim".to_owned())]);
        assert_eq!(har.encoded, [r#"{"pwd":"geheim"}"#]);
    }

    #[test]
    fn what_is_no_har_or_too_deep_is_an_error() {
        let names = SecretNames::default();
        assert!(read(b"{\"log\":".as_slice(), &names).is_err());
        let deep = "[".repeat(100_000);
        assert!(
            read(deep.as_bytes(), &names)
                .unwrap_err()
                .contains("recursion")
        );
        let endless = std::io::repeat(b' ');
        assert!(
            read(endless, &names)
                .unwrap_err()
                .contains("more than 32 MB")
        );
    }
}
