//! Secrets are taken out of what builds print and clouds answer, in every spelling they are likely to have there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use infra_lang::value::Value;

/// What stands in a text where a secret stood.
const MASK: &str = "(sensitive)";

/// Shorter secrets are left: they would be found everywhere, and the holes they leave would tell them.
const SHORTEST: usize = 4;

/// Replaces known secrets in text.
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

    /// Knows every text and number in these values, labelled or not.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut words = Vec::new();
        secrets.into_iter().for_each(|secret| gather(secret, &mut words));
        Self::new(words.iter().map(String::as_str))
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// The text without them.
    pub fn clean(&self, text: &str) -> String {
        self.needles.iter().fold(text.to_owned(), |text, needle| match text.contains(needle.as_str()) {
            true => text.replace(needle.as_str(), MASK),
            false => text,
        })
    }
}

fn gather(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Number(number) => words.push(number.to_string()),
        Value::List(items) => items.iter().for_each(|item| gather(item, words)),
        Value::Set(items) => items.iter().for_each(|item| gather(item, words)),
        Value::Map(entries) => entries.values().for_each(|value| gather(value, words)),
        Value::Sensitive(inner) => gather(inner, words),
        Value::Null | Value::Bool(_) | Value::Quantity(_) | Value::Sealed(_) => {}
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

    #[test]
    fn texts_and_numbers_anywhere_in_a_value_are_secrets() {
        let inner = Value::Map([("a".to_owned(), Value::string("hunter22"))].into());
        let value = Value::Sensitive(Box::new(Value::List(vec![inner, Value::int(48213)])));
        assert_eq!(Redactor::of([&value]).clean("hunter22:48213:443"), "(sensitive):(sensitive):443");
    }

    proptest::proptest! {
        #[test]
        fn no_secret_survives(secret in "[!-~]{4,20}", before in "[ -~]{0,10}", after in "[ -~]{0,10}") {
            let clean = Redactor::new([secret.as_str()]).clean(&format!("{before}{secret}{after}"));
            proptest::prop_assert!(!clean.replace(MASK, "\n").contains(&secret), "{}", clean);
        }
    }
}
