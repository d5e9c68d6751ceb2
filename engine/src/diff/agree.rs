//! Whether AWS, or what was last applied, says what is wanted, down into nested blocks.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::schema::{AttributeSchema, BlockSchema, Presence};
use infra_lang::types::Type;
use infra_lang::value::Value;

type Entries = BTreeMap<String, Value>;

/// Whether a value says nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Set(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => false,
    }
}

/// Whether two values were written alike: sets in any order, keyed blocks by their keys, a field that says nothing
/// as if it were left out.
pub(super) fn equal(schema: &AttributeSchema, one: &Value, other: &Value) -> bool {
    canonical(schema, one) == canonical(schema, other)
}

fn canonical(schema: &AttributeSchema, value: &Value) -> Value {
    match &schema.block {
        Some(block) if block.single => canonical_block(block, value),
        Some(block) => {
            Value::List(ordered(block, value).into_iter().map(|entry| canonical_block(block, entry)).collect())
        }
        None if is_empty(value) => Value::Null,
        None => match schema.ty.core() {
            Type::Set(_) => Value::Set(items(value).into_iter().cloned().collect()),
            _ => value.clone(),
        },
    }
}

fn canonical_block(block: &BlockSchema, value: &Value) -> Value {
    let Value::Map(entries) = value else { return value.clone() };
    let field = |name: &str| block.attributes.iter().find(|field| field.name == *name);
    let entries = entries.iter().filter(|(_, value)| !is_empty(value)).map(|(name, value)| {
        (name.clone(), field(name).map_or_else(|| value.clone(), |field| canonical(field, value)))
    });
    Value::Map(entries.collect())
}

/// Whether AWS says what is wanted. Of a block, a field that AWS does not tell is compared with what was `applied`;
/// one that is not written counts only if it was applied before.
pub(super) fn agree(schema: &AttributeSchema, wanted: &Value, live: &Value, applied: Option<&Value>) -> bool {
    match &schema.block {
        Some(block) if block.single => block_agrees(block, wanted, live, applied),
        Some(block) => blocks_agree(block, wanted, live, applied),
        None => equal(schema, wanted, live),
    }
}

/// The elements of a list or set; a single value is its own.
fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(items) => items.iter().collect(),
        Value::Set(items) => items.iter().collect::<BTreeSet<_>>().into_iter().collect(),
        Value::Null => Vec::new(),
        single => vec![single],
    }
}

fn blocks_agree(block: &BlockSchema, wanted: &Value, live: &Value, applied: Option<&Value>) -> bool {
    let (wanted, live) = (ordered(block, wanted), ordered(block, live));
    let applied = applied.map(|applied| ordered(block, applied)).unwrap_or_default();
    let before = |wanted: &Value, at: usize| match block.key.is_empty() {
        true => applied.get(at).copied(),
        false => applied.iter().copied().find(|applied| key_of(block, applied) == key_of(block, wanted)),
    };
    let mut pairs = wanted.iter().zip(&live).enumerate();
    wanted.len() == live.len()
        && pairs.all(|(at, (wanted, live))| block_agrees(block, wanted, live, before(wanted, at)))
}

/// The blocks of a list, by key where they have one.
fn ordered<'a>(block: &BlockSchema, value: &'a Value) -> Vec<&'a Value> {
    let mut blocks = items(value);
    if !block.key.is_empty() {
        blocks.sort_by_cached_key(|entry| key_of(block, entry));
    }
    blocks
}

fn key_of(block: &BlockSchema, value: &Value) -> Vec<Option<Value>> {
    let Value::Map(entries) = value else { return Vec::new() };
    block.key.iter().map(|name| entries.get(name.as_str()).filter(|value| !is_empty(value)).cloned()).collect()
}

fn block_agrees(block: &BlockSchema, wanted: &Value, live: &Value, applied: Option<&Value>) -> bool {
    let (Value::Map(wanted), Value::Map(live)) = (wanted, live) else { return wanted == live };
    let applied = match applied {
        Some(Value::Map(applied)) => Some(applied),
        _ => None,
    };
    block.attributes.iter().all(|field| field_agrees(field, wanted, live, applied))
}

fn field_agrees(field: &AttributeSchema, wanted: &Entries, live: &Entries, applied: Option<&Entries>) -> bool {
    let entry = |entries: &Entries| entries.get(field.name.as_str()).filter(|value| !is_empty(value)).cloned();
    let before = applied.and_then(entry);
    match (entry(wanted), live.get(field.name.as_str())) {
        (Some(wanted), Some(live)) => agree(field, &wanted, live, before.as_ref()),
        // A secret inside a block is compared sealed, with the whole attribute.
        (Some(wanted), None) => {
            before.is_some_and(|before| before.is_sensitive() || equal(field, &wanted, &before))
        }
        (None, Some(live)) => left_to_aws(field) || before.is_none() || is_empty(live),
        (None, None) => true,
    }
}

fn left_to_aws(field: &AttributeSchema) -> bool {
    matches!(field.presence, Presence::Observed | Presence::ObservedIfUnset)
}
