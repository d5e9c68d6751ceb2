//! The data of a launch template version, turned from request parameters into an answer.
//!
//! AWS's names follow a rule: the first letter becomes small, a list ends in `Set`. The exceptions are
//! listed.

use crate::wire::{Node, Params, Protocol};

/// Lists whose name in answers does not follow the rule.
const LIST_NAMES: &[(&str, &str)] = &[
    ("ElasticInferenceAccelerator", "elasticInferenceAcceleratorSet"),
    ("Ipv6Addresses", "ipv6AddressesSet"),
    ("LicenseSpecification", "licenseSet"),
    ("PrivateIpAddresses", "privateIpAddressesSet"),
];

/// Groups of a network card, whose elements have a name of their own.
const CARD_GROUPS: &str = "SecurityGroupId";

/// The parameters that such an answer was made from.
pub fn params(data: &Node) -> Params {
    if data.children().is_empty() {
        return Params::leaf(Protocol::Ec2, data.text().to_owned());
    }
    let mut params = Params::empty(Protocol::Ec2);
    for child in data.children() {
        let name = child.name();
        match parameter_list(name) {
            Some(list) if !child.children().is_empty() => params.insert(list, numbered(child)),
            Some(_) => {}
            None => params.insert(first_great(name), self::params(child)),
        }
    }
    params
}

fn numbered(list: &Node) -> Params {
    let mut params = Params::empty(Protocol::Ec2);
    for (number, element) in (1..).zip(list.children()) {
        params.insert(format!("{number}"), self::params(element));
    }
    params
}

/// The parameter whose list has this name in answers.
fn parameter_list(name: &str) -> Option<String> {
    let exception = LIST_NAMES.iter().find(|(_, answer)| *answer == name);
    match (exception, name) {
        (Some((parameter, _)), _) => Some((*parameter).to_owned()),
        (None, "groupSet") => Some(CARD_GROUPS.to_owned()),
        (None, _) => name.strip_suffix("Set").map(first_great),
    }
}

fn first_great(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Everything that was sent, under the names of answers.
pub(super) fn node(data: &Params) -> Node {
    data.names().fold(Node::body(), |node, name| match data.get(name) {
        Some(part) if is_list(part) => node.items(list_name(name), data.list(name).into_iter().map(element)),
        Some(part) => node.child(first_small(name), element(part)),
        None => node,
    })
}

fn element(part: &Params) -> Node {
    match part.value() {
        Some(text) => Node::value(text),
        None if part.get(CARD_GROUPS).is_some() => card(part),
        None => node(part),
    }
}

fn card(part: &Params) -> Node {
    let groups = part.texts(CARD_GROUPS).into_iter().map(Node::value);
    node(&part.without(CARD_GROUPS)).list("groupSet", "groupId", groups)
}

fn is_list(part: &Params) -> bool {
    let mut names = part.names().peekable();
    names.peek().is_some() && names.all(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
}

fn list_name(name: &str) -> String {
    let exception = LIST_NAMES.iter().find(|(parameter, _)| *parameter == name);
    exception.map_or_else(|| format!("{}Set", first_small(name)), |(_, answer)| (*answer).to_owned())
}

fn first_small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
