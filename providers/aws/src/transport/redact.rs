//! Secrets are taken out of what builds print, in every spelling they are likely to be printed in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands in a log where a secret stood.
const MASK: &str = "(sensitive)";

/// Shorter secrets are left: they would be found everywhere, and the holes they leave would tell them.
const SHORTEST: usize = 4;

/// Replaces known secrets in lines of text.
#[derive(Clone, Default)]
pub struct Redactor {
    /// All spellings, the longest first, so that none is half replaced.
    needles: Vec<String>,
}

impl Redactor {
    /// Knows these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles: Vec<String> = secrets.into_iter().flat_map(spellings).collect();
        needles.retain(|needle| needle.len() >= SHORTEST);
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        needles.dedup();
        Self { needles }
    }

    /// The line without them.
    pub fn clean(&self, line: &str) -> String {
        self.needles.iter().fold(line.to_owned(), |line, needle| match line.contains(needle.as_str()) {
            true => line.replace(needle.as_str(), MASK),
            false => line,
        })
    }
}

/// As itself, line by line, and as base64, JSON, a URL and a shell word have it.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let mut all = vec![
        secret.to_owned(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        json[1..json.len() - 1].to_owned(),
        url_encoded(secret),
        secret.replace('\'', "'\\''"),
    ];
    all.extend(secret.lines().map(str::to_owned));
    all
}

fn url_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let spell = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_spelling() {
        let redactor = Redactor::new(["s3cr3t'x \"/"]);
        let cases = [
            "token=s3cr3t'x \"/!",
            "czNjcjN0J3ggIi8",
            r#"{"token":"s3cr3t'x \"/"}"#,
            "https://example.com/?t=s3cr3t%27x%20%22%2F",
            r#"export T='s3cr3t'\''x "/'"#,
        ];
        for case in cases {
            let clean = redactor.clean(case);
            assert!(clean.contains(MASK) && !clean.contains("s3cr"), "{case} became {clean}");
        }
        assert_eq!(redactor.clean("nothing here"), "nothing here");
    }

    #[test]
    fn each_line_of_a_key_is_a_secret_and_short_words_are_not() {
        let redactor = Redactor::new(["-----BEGIN-----\nAAAAB3Nza\n", "abc"]);
        assert_eq!(redactor.clean("x AAAAB3Nza y abc"), "x (sensitive) y abc");
    }

    proptest::proptest! {
        #[test]
        fn no_secret_survives(secret in "[!-~]{4,20}", before in "[ -~]{0,10}", after in "[ -~]{0,10}") {
            let clean = Redactor::new([secret.as_str()]).clean(&format!("{before}{secret}{after}"));
            proptest::prop_assert!(!clean.replace(MASK, "\n").contains(&secret), "{}", clean);
        }
    }
}
