//! Which strings a string type takes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::{Ipv4Net, Ipv6Net};
use regex::Regex;

use super::Text;
use crate::schema::SchemaSet;

thread_local! {
    /// Compiled patterns: the same few are matched for every value of a configuration.
    static COMPILED: RefCell<HashMap<String, Option<Regex>>> = RefCell::default();
}

/// Whether all of `text` matches the regular expression; a wrong expression matches nothing.
pub(crate) fn pattern_matches(pattern: &str, text: &str) -> bool {
    COMPILED.with_borrow_mut(|compiled| {
        let whole = || Regex::new(&format!("^(?:{pattern})$")).ok();
        let regex = compiled.entry(pattern.to_owned()).or_insert_with(whole);
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    })
}

/// Checks `text` against a string type; the error says what would do, and a value that is likely meant.
pub(super) fn accept(wanted: &Text, text: &str, schemas: &SchemaSet) -> Result<(), (String, Option<String>)> {
    match wanted {
        Text::Any => Ok(()),
        Text::Enum(names) if names.iter().any(|name| name == text) => Ok(()),
        Text::Enum(names) => {
            let near = crate::diagnostic::nearest(text, names.iter().map(String::as_str));
            let near = near
                .or_else(|| names.iter().map(String::as_str).find(|name| name.eq_ignore_ascii_case(text)));
            Err((format!("`\"{text}\"` is not one of {}", list(names)), near.map(str::to_owned)))
        }
        Text::Pattern { name, pattern } => pattern_accepts(name.as_deref(), pattern, text),
        Text::Id(kind) => match schemas.kind(kind.as_str()) {
            Some(schema) if !id_matches(&schema.id_pattern, text) => {
                Err((format!("`\"{text}\"` is not the id of {} `{kind}`", article(kind.as_str())), None))
            }
            _ => Ok(()),
        },
    }
}

fn id_matches(pattern: &str, text: &str) -> bool {
    pattern.is_empty() || pattern_matches(pattern, text)
}

fn pattern_accepts(name: Option<&str>, pattern: &str, text: &str) -> Result<(), (String, Option<String>)> {
    let shaped = pattern_matches(pattern, text) && name.is_none_or(|name| value_in_range(name, text));
    match name {
        _ if shaped => Ok(()),
        Some(name) => Err((format!("`\"{text}\"` is not {} `{name}`{}", article(name), example(name)), None)),
        None => Err((format!("`\"{text}\"` does not match `{pattern}`"), None)),
    }
}

/// What a regular expression says badly: octets up to 255, prefix lengths up to 32.
fn value_in_range(name: &str, text: &str) -> bool {
    match name {
        "cidr4" => text.parse::<Ipv4Net>().is_ok(),
        "cidr6" => text.parse::<Ipv6Net>().is_ok(),
        "cidr" => text.parse::<ipnet::IpNet>().is_ok(),
        "ip" => text.parse::<IpAddr>().is_ok(),
        _ => true,
    }
}

fn example(name: &str) -> &'static str {
    match name {
        "cidr" | "cidr4" => ", such as \"10.0.0.0/16\"",
        "cidr6" => ", such as \"2001:db8::/32\"",
        "ip" => ", such as \"10.0.0.1\"",
        "arn" => ", such as \"arn:aws:sns:us-east-1:123456789012:alerts\"",
        "instance_type" => ", such as \"t3.small\"",
        "region" => ", such as \"us-east-1\"",
        "zone" => ", such as \"us-east-1a\"",
        "account_id" => ", such as \"123456789012\"",
        _ => "",
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`\"{name}\"`")).collect::<Vec<_>>().join(", ")
}
