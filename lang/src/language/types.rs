//! Types, simple, compound and of the prelude.

use super::TypePage;

/// All types, the simple ones first, then those made of others, then the prelude.
pub fn types() -> &'static [TypePage] {
    TYPES
}

const fn page(name: &'static str, form: &'static str, doc: &'static str) -> TypePage {
    TypePage { name, form, doc }
}

const TYPES: &[TypePage] = &[
    page("bool", "bool", "`true` or `false`."),
    page(
        "string",
        "string, string(\"regex\")",
        "Text, all of which the regular expression must match if there is one.",
    ),
    page(
        "number",
        "number, number(lo, hi)",
        "A decimal number of any size, between bounds if there are some; `null` is no bound.",
    ),
    page("int", "int, int(lo, hi)", "A whole number, between bounds if there are some; `null` is no bound."),
    page(
        "duration",
        "duration, duration(lo, hi)",
        "A time such as `500ms`, `30s`, `5m`, `12h`, `7d` or `2w`. A bare number has the unit of the place it stands at, usually seconds.",
    ),
    page(
        "size",
        "size, size(lo, hi)",
        "An amount of data such as `8GiB` or `500MB`. A bare number has the unit of the place it stands at, usually GiB.",
    ),
    page("percent", "percent, percent(lo, hi)", "A share such as `80%`. `ratio(80%)` is the number 0.8."),
    page("any", "any", "Any value. What is read from it is not checked before it is used."),
    page(
        "list",
        "list(T), list(T, min, max)",
        "Values of one type in an order, so many of them if bounds are given.",
    ),
    page("set", "set(T)", "Values of one type, none twice, without an order of their own."),
    page("map", "map(T)", "Values of one type by keys, which are strings."),
    page("tuple", "tuple([T, U])", "A list with a type for each position."),
    page(
        "object",
        "object({ name = T, other = optional(U, default) })",
        "Values by name, each with a type of its own. Other names than these are refused.",
    ),
    page(
        "optional",
        "optional(T), optional(T, default)",
        "A field of an object that may be left out; without a default it then reads as null.",
    ),
    page("enum", "enum(\"a\", \"b\")", "One of these strings."),
    page(
        "nullable",
        "nullable(T)",
        "A value of the type, or null. Its fields are read only where it is known not to be null.",
    ),
    page("sensitive", "sensitive(T)", "A secret: it is shown nowhere, and files hold a keyed hash of it."),
    page("one_of", "one_of(T, U)", "A value of any of these types."),
    page(
        "id",
        "id(KIND)",
        "The id of an object of that kind: a reference to the object, or a literal that looks like such an id.",
    ),
    page("account_id", "account_id", "The twelve digits of an AWS account."),
    page("arn", "arn", "The name of something anywhere in AWS: `arn:aws:…`."),
    page("cidr", "cidr", "A block of addresses of either version: `10.0.0.0/16`, `2001:db8::/32`."),
    page("cidr4", "cidr4", "A block of IPv4 addresses: `10.0.0.0/16`."),
    page("cidr6", "cidr6", "A block of IPv6 addresses: `2001:db8::/32`."),
    page("hostname", "hostname", "A name of the DNS: `www.example.com`."),
    page("instance_type", "instance_type", "The type of an EC2 instance: `m5.large`."),
    page("ip", "ip", "An address of either version: `10.0.0.4`."),
    page("path", "path", "A path of a file, from the module's directory."),
    page("port", "port", "A TCP or UDP port: a whole number from 1 to 65535."),
    page("region", "region", "A region of AWS: `eu-central-1`."),
    page("url", "url", "An address of the web: `https://example.com/`."),
    page("zone", "zone", "An availability zone: `eu-central-1a`."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PRELUDE;

    #[test]
    fn the_prelude_is_documented() {
        for name in PRELUDE {
            assert!(TYPES.iter().any(|page| page.name == *name), "{name}");
        }
    }
}
