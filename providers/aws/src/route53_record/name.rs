//! Names of DNS records: how people write them, how Route53 tells them, and the ids made of them.

use std::fmt;

/// One spelling of a name: lower case, without the dot at the end, and with `*` for Route53's `\052`.
pub(crate) fn canonical(name: &str) -> String {
    let lower = name.trim_end_matches('.').to_lowercase();
    let mut parts = lower.split('\\');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + &unescaped(part))
}

/// What follows a backslash: three octal digits are a character.
fn unescaped(part: &str) -> String {
    let escape = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
    match escape {
        Some(byte) if byte.is_ascii() => format!("{}{}", char::from(byte), &part[3..]),
        _ => format!("\\{part}"),
    }
}

/// The full name of a record written in full or within the zone.
pub(crate) fn full(name: &str, zone: &str) -> String {
    let (name, zone) = (canonical(name), canonical(zone));
    match name == zone || name.ends_with(&format!(".{zone}")) {
        true => name,
        false if name.is_empty() => zone,
        false => format!("{name}.{zone}"),
    }
}

/// Whether what somebody wrote may be this full name.
pub(crate) fn is_spelling_of(written: &str, full: &str) -> bool {
    let written = canonical(written);
    written == full || full.starts_with(&format!("{written}."))
}

/// What a record is known by: `ZONE/NAME/TYPE[/SET]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordId {
    /// The id of the zone.
    pub(crate) zone: String,
    /// The full name, canonical.
    pub(crate) name: String,
    /// The type, such as `A`.
    pub(crate) kind: String,
    /// The set identifier, of a record with a routing policy.
    pub(crate) set: Option<String>,
}

impl RecordId {
    /// Reads what `Display` writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '/');
        let (zone, name, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let set = parts.next().map(str::to_owned);
        Some(Self { zone: zone.to_owned(), name: canonical(name), kind: kind.to_uppercase(), set })
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.zone, self.name, self.kind)?;
        self.set.iter().try_for_each(|set| write!(f, "/{set}"))
    }
}

/// Whether a DNS name that an alias leads to is this one; Route53 and consoles add `dualstack.`.
pub(crate) fn is_same_target(one: &str, other: &str) -> bool {
    let bare = |name: &str| {
        let name = canonical(name);
        name.strip_prefix("dualstack.").map_or(name.clone(), str::to_owned)
    };
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_are_one() {
        for (told, expected) in [
            ("WWW.Example.com.", "www.example.com"),
            ("\\052.example.com.", "*.example.com"),
            ("a\\040b.example.com", "a b.example.com"),
            ("a\\zb.example.com", "a\\zb.example.com"),
        ] {
            assert_eq!(canonical(told), expected);
        }
    }

    #[test]
    fn a_name_within_the_zone_is_completed() {
        for (name, expected) in [
            ("www", "www.example.com"),
            ("www.example.com", "www.example.com"),
            ("example.com.", "example.com"),
            ("", "example.com"),
            ("badexample.com", "badexample.com.example.com"),
        ] {
            assert_eq!(full(name, "example.com."), expected, "{name}");
        }
    }

    #[test]
    fn ids_are_read_back() {
        for text in ["Z1/example.com/A", "Z1/*.example.com/A", "Z1/www.example.com/CNAME/blue/1"] {
            assert_eq!(RecordId::parse(text).expect(text).to_string(), text);
        }
        assert_eq!(RecordId::parse("Z1/example.com"), None);
    }

    #[test]
    fn both_spellings_of_an_alias_target_are_one() {
        assert!(is_same_target(
            "dualstack.web-1.us-east-1.elb.amazonaws.com.",
            "Web-1.us-east-1.elb.amazonaws.com"
        ));
        assert!(!is_same_target("web-2.us-east-1.elb.amazonaws.com", "web-1.us-east-1.elb.amazonaws.com"));
    }
}
