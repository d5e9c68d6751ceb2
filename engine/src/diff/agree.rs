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
        Some(block) => Value::List(
            ordered(block, value).into_iter().map(|entry| canonical_block(block, entry)).collect(),
        ),
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

/// What AWS says, with each block that is as wanted told as it is written: what is left differs, and nothing else does.
pub(super) fn told_as_written(
    schema: &AttributeSchema,
    wanted: &Value,
    live: &Value,
    applied: Option<&Value>,
) -> Value {
    let Some(block) = schema.block.as_ref().filter(|block| !block.single) else { return live.clone() };
    let all = ordered(block, wanted);
    let applied = applied.map(|applied| ordered(block, applied)).unwrap_or_default();
    let told = ordered(block, live).into_iter().map(|live| {
        let before = applied.iter().copied().find(|applied| key_of(block, applied) == key_of(block, live));
        let wanted = all.iter().find(|wanted| block_agrees(block, wanted, live, before));
        wanted.map_or_else(|| canonical_block(block, live), |wanted| (*wanted).clone())
    });
    Value::List(told.collect())
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
    block
        .key
        .iter()
        .map(|name| entries.get(name.as_str()).filter(|value| !is_empty(value)).cloned())
        .collect()
}

fn block_agrees(block: &BlockSchema, wanted: &Value, live: &Value, applied: Option<&Value>) -> bool {
    let (Value::Map(wanted), Value::Map(live)) = (wanted, live) else { return wanted == live };
    let applied = match applied {
        Some(Value::Map(applied)) => Some(applied),
        _ => None,
    };
    block.attributes.iter().all(|field| field_agrees(field, wanted, live, applied))
}

fn field_agrees(
    field: &AttributeSchema,
    wanted: &Entries,
    live: &Entries,
    applied: Option<&Entries>,
) -> bool {
    let entry =
        |entries: &Entries| entries.get(field.name.as_str()).filter(|value| !is_empty(value)).cloned();
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

#[cfg(test)]
mod tests {
    use infra_lang::name::AttributeName;
    use infra_lang::types::Text;

    use super::*;

    fn field(name: &str, ty: Type, presence: Presence, block: Option<BlockSchema>) -> AttributeSchema {
        AttributeSchema {
            name: AttributeName::new(name),
            doc: String::new(),
            ty,
            presence,
            immutable: false,
            sensitive: false,
            content: false,
            at_plan: false,
            block,
        }
    }

    /// `listener { port protocol certificate chosen }`, keyed by port.
    fn listeners() -> AttributeSchema {
        let text = || Type::String(Text::Any);
        let attributes = vec![
            field("port", Type::number(), Presence::Required, None),
            field("protocol", text(), Presence::Optional, None),
            field("peers", Type::Set(Box::new(text())), Presence::Optional, None),
            field("chosen", text(), Presence::ObservedIfUnset, None),
        ];
        let object = Type::object([]);
        let block = BlockSchema { attributes, key: vec!["port".into()], single: false, rules: Vec::new() };
        field("listener", Type::List(Box::new(object), Default::default()), Presence::Required, Some(block))
    }

    /// `80 protocol=http, 443` as a list of blocks.
    fn blocks(text: &str) -> Value {
        let block = |text: &str| {
            let (port, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
            let mut entries = Entries::from([("port".to_owned(), Value::int(port.parse().expect("a port")))]);
            for (name, value) in rest.split_whitespace().filter_map(|word| word.split_once('=')) {
                let value = match name {
                    "peers" => Value::List(value.split('|').map(Value::string).collect()),
                    _ => Value::string(value),
                };
                entries.insert(name.to_owned(), value);
            }
            Value::Map(entries)
        };
        Value::List(text.split(',').map(block).collect())
    }

    fn agrees(wanted: &str, live: &str, applied: &str) -> bool {
        agree(&listeners(), &blocks(wanted), &blocks(live), Some(&blocks(applied)))
    }

    #[test]
    fn the_order_of_keyed_blocks_and_of_sets_does_not_count() {
        assert!(agrees("80, 443 peers=a|b", "443 peers=b|a, 80", "80"));
        assert!(equal(&listeners(), &blocks("80, 443 peers=a|b"), &blocks("443 peers=b|a, 80")));
        assert!(!agrees("80", "80, 443", "80"));
        assert!(!agrees("80", "443", "80"));
    }

    #[test]
    fn what_aws_adds_does_not_count_and_what_was_taken_out_does() {
        assert!(agrees("80", "80 protocol=http chosen=x", "80"));
        assert!(!agrees("80", "80 protocol=http", "80 protocol=http"));
        assert!(agrees("80", "80 chosen=x", "80 chosen=x"));
        assert!(!agrees("80 protocol=tcp", "80 protocol=http", "80 protocol=tcp"));
    }

    #[test]
    fn only_what_differs_is_told_apart() {
        let told = |wanted: &str, live: &str| {
            told_as_written(&listeners(), &blocks(wanted), &blocks(live), Some(&blocks(wanted)))
        };
        assert_eq!(told("80", "443 chosen=y, 80 chosen=x"), blocks("80, 443 chosen=y"));
        assert_eq!(told("80 protocol=tcp", "80 protocol=http"), blocks("80 protocol=http"));
    }

    #[test]
    fn what_aws_does_not_tell_is_compared_with_what_was_applied() {
        assert!(agrees("80 protocol=tcp", "80", "80 protocol=tcp"));
        assert!(!agrees("80 protocol=tcp", "80", "80 protocol=http"));
        assert!(!agrees("80 protocol=tcp", "80", "80"));
    }
}
