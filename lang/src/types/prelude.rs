//! The named types that are always in scope: refinements of shape, not the live catalogue.

use super::{Bounds, Text, Type};
use crate::number::Number;

/// The names of the prelude, for suggestions.
pub const PRELUDE: &[&str] = &[
    "account_id",
    "arn",
    "cidr",
    "cidr4",
    "cidr6",
    "hostname",
    "instance_type",
    "ip",
    "path",
    "port",
    "region",
    "url",
    "zone",
];

/// The type behind a name of the prelude.
pub fn prelude(name: &str) -> Option<Type> {
    let pattern = match name {
        "port" => {
            let bounds = Bounds { min: Some(Number::from(1)), max: Some(Number::from(65_535)) };
            return Some(Type::Number { integer: true, bounds });
        }
        "cidr4" => r"[0-9.]+/[0-9]+",
        "cidr6" => r"[0-9A-Fa-f:.]+/[0-9]+",
        "cidr" => r"[0-9A-Fa-f:.]+/[0-9]+",
        "ip" => r"[0-9A-Fa-f:.]+",
        "hostname" => r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?",
        "url" => r"[a-z][a-z0-9+.-]*://\S+",
        "path" => r"[^\x00]+",
        "arn" => r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:.+",
        "instance_type" => r"[a-z][a-z0-9-]*\.[a-z0-9-]+",
        "region" => r"[a-z]{2}(-[a-z]+)+-[0-9]+",
        "zone" => r"[a-z]{2}(-[a-z]+)+-[0-9]+(-[a-z]+-[0-9]+)?[a-z]",
        "account_id" => r"[0-9]{12}",
        _ => return None,
    };
    Some(Type::String(Text::Pattern { name: Some(name.to_owned()), pattern: pattern.to_owned() }))
}
