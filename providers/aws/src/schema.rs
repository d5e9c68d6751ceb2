//! From structs to schemas: what the derive macros of `infra-derive` call.

use infra_lang::name::AttributeName;
use infra_lang::schema::{AttributeSchema, BlockSchema, KindSchema, Presence};
use infra_lang::types::{Field, Text, Type};

/// A struct that a kind's attributes are read into; derived.
pub(crate) trait Schema {
    /// The kind's schema, built anew: keep it in a `LazyLock`.
    fn schema() -> KindSchema;
}

/// A struct that a nested block, or a lookup's arguments, are read into; derived.
pub(crate) trait Block {
    /// What the block may hold.
    fn block() -> BlockSchema;
}

/// The type of that spelling.
pub(crate) fn ty(text: &str) -> Type {
    // A test builds every schema, so a misspelt type never leaves this crate.
    Type::parse(text).unwrap_or(Type::Any)
}

/// A nested block's type and schema: an object, or with `repeated` a list of them matched by `key`.
pub(crate) fn nested(
    block: BlockSchema,
    key: Vec<AttributeName>,
    repeated: bool,
) -> (Type, Option<BlockSchema>) {
    let object = Type::object(block.attributes.iter().map(field));
    let ty = if repeated { Type::list(object) } else { object };
    (ty, Some(BlockSchema { key, single: !repeated, ..block }))
}

fn field(attribute: &AttributeSchema) -> (String, Field) {
    let (optional, default) = match &attribute.presence {
        Presence::Required => (false, None),
        Presence::Default(value) => (true, Some(value.clone())),
        Presence::Optional | Presence::ObservedIfUnset | Presence::Observed => (true, None),
    };
    (attribute.name.as_str().to_owned(), Field { ty: attribute.ty.clone(), optional, default })
}

/// A kind's schema with what every kind has: `tags` if it takes any, and `id`.
pub(crate) fn completed(mut schema: KindSchema) -> KindSchema {
    if schema.tagged && schema.attribute("tags").is_none() {
        let doc = "Tags; the project's are added, and its own win.";
        schema.attributes.push(plain("tags", doc, Type::map(Type::string()), Presence::Optional));
    }
    if schema.attribute("id").is_none() && !schema.lookup_only {
        let id = Type::String(Text::Id(schema.name.clone()));
        schema.attributes.push(plain("id", "What AWS knows it by.", id, Presence::Observed));
    }
    schema
}

fn plain(name: &str, doc: &str, ty: Type, presence: Presence) -> AttributeSchema {
    AttributeSchema {
        name: AttributeName::new(name),
        doc: doc.to_owned(),
        ty,
        presence,
        immutable: false,
        sensitive: false,
        content: false,
        at_plan: false,
        block: None,
    }
}
