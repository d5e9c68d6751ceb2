//! What a build takes from its task. Pure.

use std::collections::BTreeMap;

use infra_lang::residual::Values;
use infra_lang::schema::STEPS;
use infra_lang::value::Value;

use super::Ami;
use super::steps::{Named, Step};

/// The scripts of a test as steps.
pub(super) fn scripts(named: Named) -> Vec<Named> {
    let Step::Test(test) = named.step else { return Vec::new() };
    let all = test.shell.into_iter().filter(|shell| shell.common.when).enumerate();
    all.map(|(n, shell)| Named { name: format!("{}.shell[{n}]", named.name), step: Step::Shell(shell) })
        .collect()
}

/// The settings with those that a layer has from its base: they stand among the inputs of its identity.
pub(super) fn inherited(ami: Ami, inputs: &BTreeMap<String, String>) -> Ami {
    let input = |name: &str| inputs.get(name).and_then(|text| serde_json::from_str::<String>(text).ok());
    Ami {
        ssh_user: ami.ssh_user.or_else(|| input("ssh_user")),
        architecture: ami.architecture.or_else(|| input("architecture")),
        ..ami
    }
}

/// Every secret text in the steps.
pub(super) fn secrets(desired: &Values) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(steps) = desired.get(STEPS) {
        gather(steps, false, &mut found);
    }
    found
}

fn gather(value: &Value, secret: bool, found: &mut Vec<String>) {
    match value {
        Value::Sensitive(inner) => gather(inner, true, found),
        Value::String(text) if secret => found.push(text.clone()),
        Value::List(items) => items.iter().for_each(|item| gather(item, secret, found)),
        Value::Set(items) => items.iter().for_each(|item| gather(item, secret, found)),
        Value::Map(entries) => entries.values().for_each(|value| gather(value, secret, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_has_its_bases_user_unless_it_has_one() {
        let inputs = BTreeMap::from([("ssh_user".to_owned(), "\"admin\"".to_owned())]);
        assert_eq!(inherited(Ami::default(), &inputs).ssh_user.as_deref(), Some("admin"));
        let own = Ami { ssh_user: Some("ubuntu".into()), ..Ami::default() };
        assert_eq!(inherited(own, &inputs).ssh_user.as_deref(), Some("ubuntu"));
    }

    #[test]
    fn secrets_are_found_however_deep_they_are() {
        let secret = |text: &str| Value::Sensitive(Box::new(Value::string(text)));
        let env =
            Value::Map(BTreeMap::from([("A".into(), secret("one")), ("B".into(), Value::string("open"))]));
        let whole =
            Value::Sensitive(Box::new(Value::Map(BTreeMap::from([("C".into(), Value::string("two"))]))));
        let step = |env: Value| Value::Map(BTreeMap::from([("env".to_owned(), env)]));
        let steps = Value::List(vec![step(env), step(whole)]);
        assert_eq!(secrets(&Values::from([(STEPS.into(), steps)])), ["one", "two"]);
    }
}
