//! Secrets at rest: a keyed hash, enough to see that one has changed and nothing more.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use infra_lang::address::Address;
use infra_lang::desired::Desired;
use infra_lang::residual::{Residual, Values};
use infra_lang::value::Value;
use sha2::Sha256;

use crate::plan::Plan;

mod places;

use places::{in_plan, in_residual};

/// The key that a state's secrets are sealed with: 32 random bytes, kept with the state.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey(pub [u8; 32]);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// The value with every secret in it sealed: HMAC-SHA256 over its JSON, in hexadecimal.
pub fn seal(value: &Value, key: &SealKey) -> Value {
    rebuilt(value, &mut |secret| Value::Sealed(hash(secret, key)))
}

/// [`seal`] for attributes.
pub fn seal_values(values: &Values, key: &SealKey) -> Values {
    values.iter().map(|(name, value)| (name.clone(), seal(value, key))).collect()
}

/// [`seal`] for a value that may wait. Whatever is known inside a secret that waits is sealed too.
pub fn seal_residual(residual: &Residual, key: &SealKey) -> Residual {
    match in_residual(residual, false, &mut |value, hidden| Ok::<_, Infallible>(sealed(value, hidden, key))) {
        Ok(residual) => residual,
        Err(never) => match never {},
    }
}

/// The plan as it may be written to a file.
pub fn seal_plan(plan: &Plan, key: &SealKey) -> Plan {
    match in_plan(plan, &mut |_, value, hidden| Ok::<_, Infallible>(sealed(value, hidden, key))) {
        Ok(plan) => plan,
        Err(never) => match never {},
    }
}

fn sealed(value: &Value, hidden: bool, key: &SealKey) -> Value {
    match value {
        Value::Sealed(_) => value.clone(),
        bare if hidden => Value::Sealed(hash(bare, key)),
        value => seal(value, key),
    }
}

/// The value without any label of secrecy.
pub(crate) fn bared(value: &Value) -> Value {
    rebuilt(value, &mut |secret| bared(secret))
}

/// The value with each labelled part replaced; the outermost label counts.
fn rebuilt(value: &Value, replace: &mut dyn FnMut(&Value) -> Value) -> Value {
    match value {
        Value::Sensitive(secret) => replace(secret),
        Value::List(items) => Value::List(items.iter().map(|item| rebuilt(item, replace)).collect()),
        Value::Set(items) => Value::Set(items.iter().map(|item| rebuilt(item, replace)).collect()),
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.clone(), rebuilt(value, replace))).collect())
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Quantity(_)
        | Value::Sealed(_) => value.clone(),
    }
}

fn hash(value: &Value, key: &SealKey) -> String {
    let text = serde_json::to_vec(&bared(value)).expect("a value without labels can be written");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
    mac.update(&text);
    hex::encode(mac.finalize().into_bytes())
}

/// All secrets of a plan that is not sealed, as [`unseal`] wants them.
pub fn secrets_of(plan: &Plan) -> Vec<Value> {
    let mut secrets = Vec::new();
    let collected =
        in_plan(plan, &mut |_, value, hidden| Ok::<_, Infallible>(collect(value, hidden, &mut secrets)));
    match collected {
        Ok(_) => secrets,
        Err(never) => match never {},
    }
}

/// All secrets of an evaluation, as [`unseal`] wants them, and those they were made of.
pub fn secrets_in(desired: &Desired) -> Vec<Value> {
    let attributes = desired.objects.values().flat_map(|object| object.attributes.values());
    let arguments = desired.lookups.values().flat_map(|lookup| lookup.arguments.values());
    let outputs = desired.outputs.values().map(|output| &output.value);
    let open = desired.objects.values().flat_map(|object| &object.conditions);
    let open = open.chain(desired.outputs.values().flat_map(|output| &output.conditions));
    let open = open.flat_map(|it| [&it.condition, &it.message]);
    let checks = desired.checks.iter().flat_map(|it| [&it.condition, &it.message]);
    let given = desired.secrets.iter().chain(desired.ephemeral.values());
    let mut secrets: Vec<Value> = given.map(|secret| Value::Sensitive(Box::new(bared(secret)))).collect();
    for residual in attributes.chain(arguments).chain(outputs).chain(open).chain(checks) {
        let visited = in_residual(residual, false, &mut |value, hidden| {
            Ok::<_, Infallible>(collect(value, hidden, &mut secrets))
        });
        match visited {
            Ok(_) => {}
            Err(never) => match never {},
        }
    }
    secrets
}

fn collect(value: &Value, hidden: bool, secrets: &mut Vec<Value>) -> Value {
    if hidden {
        secrets.push(Value::Sensitive(Box::new(bared(value))));
        return value.clone();
    }
    rebuilt(value, &mut |secret| {
        secrets.push(Value::Sensitive(Box::new(bared(secret))));
        Value::Null
    });
    value.clone()
}

/// A sealed value that none of the given secrets opens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret in {} is not the one the plan was made with", place(.address.as_ref(), .attribute))]
pub struct UnsealError {
    /// The object it is in; none for an output or a check.
    pub address: Option<Address>,
    /// The attribute, or the whole name of an output or a check.
    pub attribute: String,
}

fn place(address: Option<&Address>, attribute: &str) -> String {
    match address {
        Some(address) => format!("`{address}.{attribute}`"),
        None => format!("`{attribute}`"),
    }
}

/// The plan with its secrets put back; `secrets` are the sensitive values of this run, in any order.
pub fn unseal(
    plan: &Plan,
    key: &SealKey,
    secrets: impl IntoIterator<Item = Value>,
) -> Result<Plan, UnsealError> {
    let mut known = BTreeMap::new();
    for secret in secrets {
        let mut parts = Vec::new();
        collect(&secret, false, &mut parts);
        known.extend(parts.into_iter().map(|part| (hash(&part, key), bared(&part))));
    }
    in_plan(plan, &mut |place, value, hidden| {
        opened(value, hidden, &known)
            .ok_or_else(|| UnsealError { address: place.address.cloned(), attribute: place.name.to_owned() })
    })
}

fn opened(value: &Value, hidden: bool, known: &BTreeMap<String, Value>) -> Option<Value> {
    let all = |items: &mut dyn Iterator<Item = &Value>| {
        items.map(|item| opened(item, hidden, known)).collect::<Option<Vec<_>>>()
    };
    Some(match value {
        Value::Sealed(hash) if hidden => known.get(hash)?.clone(),
        Value::Sealed(hash) => Value::Sensitive(Box::new(known.get(hash)?.clone())),
        Value::List(items) => Value::List(all(&mut items.iter())?),
        Value::Set(items) => Value::Set(all(&mut items.iter())?.into_iter().collect()),
        Value::Map(entries) => {
            let entries =
                entries.iter().map(|(key, value)| Some((key.clone(), opened(value, hidden, known)?)));
            Value::Map(entries.collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

/// Shows each known value of a residual to `visit`, except those inside a secret that waits.
pub(crate) fn each_known(residual: &Residual, visit: &mut dyn FnMut(&Value)) {
    let visited = in_residual(residual, false, &mut |value, hidden| {
        if !hidden {
            visit(value);
        }
        Ok::<_, Infallible>(value.clone())
    });
    match visited {
        Ok(_) => {}
        Err(never) => match never {},
    }
}

/// The first place of a plan where a secret stands in the clear.
pub(crate) fn unsealed(plan: &Plan) -> Option<UnsealError> {
    let found = in_plan(plan, &mut |place, value, hidden| {
        let mut secrets = Vec::new();
        collect(value, hidden && !matches!(value, Value::Sealed(_)), &mut secrets);
        match secrets.is_empty() {
            true => Ok(value.clone()),
            false => Err(UnsealError { address: place.address.cloned(), attribute: place.name.to_owned() }),
        }
    });
    found.err()
}

/// The first place of a plan where a secret is still sealed, so that it cannot be carried out.
pub(crate) fn still_sealed(plan: &Plan) -> Option<UnsealError> {
    unseal(plan, &SealKey([0; 32]), []).err()
}

#[cfg(test)]
mod tests {
    use infra_lang::residual::Reference;

    use super::*;

    const KEY: SealKey = SealKey([1; 32]);

    fn secret(text: &str) -> Value {
        Value::Sensitive(Box::new(Value::string(text)))
    }

    #[test]
    fn a_sealed_secret_shows_a_change_and_nothing_else() {
        let list = |text| Value::List(vec![Value::string("plain"), secret(text)]);
        assert_eq!(seal(&list("one"), &KEY), seal(&list("one"), &KEY));
        assert_ne!(seal(&list("one"), &KEY), seal(&list("two"), &KEY));
        assert_ne!(seal(&list("one"), &KEY), seal(&list("one"), &SealKey([2; 32])));
        let text = serde_json::to_string(&seal(&list("one"), &KEY)).expect("it may be written");
        assert!(text.contains("plain") && !text.contains("one"), "{text}");
        assert_eq!(seal(&seal(&list("one"), &KEY), &KEY), seal(&list("one"), &KEY));
    }

    #[test]
    fn what_is_known_inside_a_secret_that_waits_is_sealed() {
        let reference = Reference { object: Address::managed("box", "a"), attribute: "id".into() };
        let parts = vec![Residual::Known(Value::string("hunter2")), Residual::Attribute(reference)];
        let waiting = Residual::Sensitive(Box::new(Residual::Call("join".to_owned(), parts)));
        let text = serde_json::to_string(&seal_residual(&waiting, &KEY)).expect("it may be written");
        assert!(text.contains("$sealed") && !text.contains("hunter2"), "{text}");
    }
}
