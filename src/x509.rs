//! What a certificate says of itself: whose it is, who issued it, for which names, and how long.
//!
//! For messages only. Whether it is to be trusted is decided by rustls, which keeps these texts to
//! itself. What cannot be read is left out: the bytes come from whoever answers.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// No name in a message is longer.
const LONGEST_NAME: usize = 200;

/// A certificate (RFC 5280).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: `CN=tfs.contoso.com, O=Contoso`.
    pub subject: String,
    /// Who issued it, likewise.
    pub issuer: String,
    /// Host names and addresses that it is for. Old ones have none: there the subject had to do.
    pub names: Vec<String>,
    /// When it begins to be valid.
    pub not_before: Option<Timestamp>,
    /// Until when it is valid.
    pub not_after: Option<Timestamp>,
    /// 3 for whatever was issued in this century; rustls reads no other.
    pub version: u8,
}

impl Certificate {
    /// Reads a certificate in DER; `None` if it is none.
    pub fn parse(der: &[u8]) -> Option<Self> {
        let certificate = Reader(der).next()?.inside(SEQUENCE)?;
        let mut fields = Reader(certificate).next()?.inside(SEQUENCE).map(Reader)?;
        let mut field = fields.next()?;
        let mut version = 1;
        if field.tag == CONTEXT_0 {
            let number = Reader(field.content).next()?.inside(INTEGER)?;
            version = number.last()?.checked_add(1)?;
            field = fields.next()?;
        }
        // The serial number, and the algorithm of the signature.
        field.inside(INTEGER)?;
        fields.next()?;
        let issuer = name(fields.next()?.inside(SEQUENCE)?);
        let mut validity = Reader(fields.next()?.inside(SEQUENCE)?);
        let (not_before, not_after) = (time(validity.next()?), time(validity.next()?));
        let subject = name(fields.next()?.inside(SEQUENCE)?);
        // The public key; then what is optional, of which the extensions are the last.
        fields.next()?;
        let extensions = fields.find(|field| field.tag == CONTEXT_3);
        Some(Self {
            subject,
            issuer,
            names: extensions
                .and_then(|field| Reader(field.content).next()?.inside(SEQUENCE))
                .map(alternative_names)
                .unwrap_or_default(),
            not_before,
            not_after,
            version,
        })
    }

    /// It was issued by itself.
    pub fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const BMP_STRING: u8 = 0x1e;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_3: u8 = 0xa3;
/// A host name, and an address, among alternative names.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// The parts of a name that people know one by, and their object IDs (2.5.4.x).
const NAME_PARTS: [(&[u8], &str); 3] = [
    (&[0x55, 0x04, 0x03], "CN"),
    (&[0x55, 0x04, 0x0b], "OU"),
    (&[0x55, 0x04, 0x0a], "O"),
];

/// 2.5.29.17.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// A value of DER: tag, length, content.
struct Field<'a> {
    tag: u8,
    content: &'a [u8],
}

impl<'a> Field<'a> {
    fn inside(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }
}

/// Values one after the other; ends at the first that is cut.
struct Reader<'a>(&'a [u8]);

impl<'a> Iterator for Reader<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            // So many bytes of length follow; four are more than any certificate has.
            let bytes = usize::from(first & 0x7f);
            if bytes > 4 {
                return None;
            }
            let (digits, behind) = rest.split_at_checked(bytes)?;
            length = digits
                .iter()
                .fold(0, |length, &digit| (length << 8) | usize::from(digit));
            rest = behind;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Field { tag, content })
    }
}

/// A distinguished name, as far as people know one by it; in the order of [`NAME_PARTS`].
fn name(parts: &[u8]) -> String {
    let parts: Vec<(&[u8], String)> = Reader(parts)
        .filter_map(|set| Reader(set.inside(SET)?).next()?.inside(SEQUENCE))
        .filter_map(|pair| {
            let mut pair = Reader(pair);
            let id = pair.next()?.inside(OBJECT_ID)?;
            Some((id, text(&pair.next()?)))
        })
        .collect();
    let known = NAME_PARTS.iter().flat_map(|(id, word)| {
        let of_id = parts.iter().filter(move |(other, _)| other == id);
        of_id.map(move |(_, text)| format!("{word}={text}"))
    });
    let name: Vec<String> = known.collect();
    shortened(&name.join(", "))
}

fn text(field: &Field<'_>) -> String {
    if field.tag == BMP_STRING {
        let units = field.content.chunks_exact(2);
        let units: Vec<u16> = units
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        return String::from_utf16_lossy(&units);
    }
    String::from_utf8_lossy(field.content).into_owned()
}

fn shortened(text: &str) -> String {
    let shown = text.chars().filter(|c| !c.is_control());
    shown.take(LONGEST_NAME).collect()
}

fn alternative_names(extensions: &[u8]) -> Vec<String> {
    let names = Reader(extensions).find_map(|extension| {
        let mut parts = Reader(extension.inside(SEQUENCE)?);
        if parts.next()?.inside(OBJECT_ID)? != ALTERNATIVE_NAMES {
            return None;
        }
        // Whether it is critical may stand between.
        let value = parts.find(|part| part.tag == OCTET_STRING)?;
        Reader(value.content).next()?.inside(SEQUENCE)
    });
    Reader(names.unwrap_or_default())
        .filter_map(|name| match name.tag {
            DNS_NAME => Some(shortened(&String::from_utf8_lossy(name.content))),
            IP_ADDRESS => {
                let v4 = <[u8; 4]>::try_from(name.content).map(|ip| Ipv4Addr::from(ip).to_string());
                let v6 =
                    <[u8; 16]>::try_from(name.content).map(|ip| Ipv6Addr::from(ip).to_string());
                v4.or(v6).ok()
            }
            _ => None,
        })
        .collect()
}

/// `260131120000Z`, or with four digits of the year.
fn time(field: Field<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(field.content).ok()?;
    let text = match field.tag {
        // Fifty years on either side of the millennium.
        UTC_TIME => {
            let century = if text.get(..2)? < "50" { "20" } else { "19" };
            format!("{century}{text}")
        }
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CertifiedIssuer, DnType, DnValue, KeyPair, date_time_ymd};

    use super::*;

    fn made() -> Vec<u8> {
        let mut params = CertificateParams::default();
        let name = &mut params.distinguished_name;
        name.push(DnType::CountryName, "DE");
        name.push(DnType::OrganizationName, "Contoso");
        name.push(DnType::CommonName, "Contoso Root");
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let names = ["tfs.contoso.com", "*.contoso.com", "10.0.0.7", "fd00::7"];
        let mut params = CertificateParams::new(names.map(str::to_owned)).unwrap();
        let wide = DnValue::BmpString("Größe".try_into().unwrap());
        params.distinguished_name.push(DnType::CommonName, wide);
        params.not_before = date_time_ymd(2025, 1, 31);
        params.not_after = date_time_ymd(2051, 2, 1);
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, &issuer).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_tells_whose_it_is_and_until_when() {
        let certificate = Certificate::parse(&made()).unwrap();
        assert_eq!(certificate.subject, "CN=Größe");
        assert_eq!(certificate.issuer, "CN=Contoso Root, O=Contoso");
        assert_eq!(
            certificate.names,
            ["tfs.contoso.com", "*.contoso.com", "10.0.0.7", "fd00::7"]
        );
        let day = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        assert_eq!(certificate.not_before, day("2025-01-31T00:00:00Z"));
        // From 2050 on years are written with four digits.
        assert_eq!(certificate.not_after, day("2051-02-01T00:00:00Z"));
        assert_eq!(certificate.version, 3);
        assert!(!certificate.is_self_signed());
    }

    #[test]
    fn damaged_bytes_are_read_without_a_panic() {
        let whole = made();
        for end in 0..whole.len() {
            // Whether it can still be read does not matter.
            let _ = Certificate::parse(&whole[..end]);
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            let _ = Certificate::parse(&damaged);
        }
        assert_eq!(Certificate::parse(b"-----BEGIN CERTIFICATE-----"), None);
        assert_eq!(Certificate::parse(&[]), None);
    }
}
