//! What the attributes on a struct and its fields say.

use darling::ast::{Data, NestedMeta};
use darling::util::{Flag, Ignored, Override};
use darling::{FromDeriveInput, FromField, FromMeta};
use syn::{Attribute, Expr, Ident, LitStr, Path, Type};

/// The fields of a struct; enums are refused.
pub(crate) type Fields = Data<Ignored, Field>;

/// A struct with `#[derive(Schema)]`.
#[derive(FromDeriveInput)]
#[darling(attributes(kind), supports(struct_named), forward_attrs(doc))]
pub(crate) struct Kind {
    pub(crate) ident: Ident,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) data: Fields,
    pub(crate) name: String,
    #[darling(default)]
    pub(crate) id: String,
    #[darling(default)]
    pub(crate) naming: Naming,
    #[darling(default = "default_handle")]
    pub(crate) handle: String,
    #[darling(default)]
    pub(crate) rules: Rules,
    pub(crate) lookup: Option<Path>,
    pub(crate) lookup_only: Flag,
    pub(crate) tagged: Flag,
}

fn default_handle() -> String {
    "id".to_owned()
}

/// A struct with `#[derive(Block)]`.
#[derive(FromDeriveInput)]
#[darling(attributes(block), supports(struct_named))]
pub(crate) struct Nested {
    pub(crate) ident: Ident,
    pub(crate) data: Fields,
    #[darling(default)]
    pub(crate) rules: Rules,
}

/// One field.
#[derive(FromField)]
#[darling(attributes(attribute), forward_attrs(doc))]
pub(crate) struct Field {
    pub(crate) ident: Option<Ident>,
    pub(crate) ty: Type,
    pub(crate) attrs: Vec<Attribute>,
    #[darling(default, rename = "ty")]
    pub(crate) spelling: Option<String>,
    #[darling(default)]
    pub(crate) name: Option<String>,
    pub(crate) required: Flag,
    pub(crate) immutable: Flag,
    pub(crate) sensitive: Flag,
    pub(crate) content: Flag,
    pub(crate) at_plan: Flag,
    pub(crate) observed: Flag,
    pub(crate) observed_if_unset: Flag,
    pub(crate) skip: Flag,
    pub(crate) flatten: Flag,
    #[darling(default, with = default_value)]
    pub(crate) default: Option<Expr>,
    #[darling(default)]
    pub(crate) block: Option<Override<BlockOptions>>,
}

/// A default is any literal; a string stays a string.
fn default_value(meta: &syn::Meta) -> darling::Result<Option<Expr>> {
    darling::util::parse_expr::preserve_str_literal(meta).map(Some)
}

/// `block(key = "…")`.
#[derive(FromMeta, Default)]
pub(crate) struct BlockOptions {
    /// The names of the natural key, with commas between them.
    #[darling(default)]
    pub(crate) key: String,
}

/// `naming(…)`.
#[derive(FromMeta, Default)]
pub(crate) enum Naming {
    /// No generated name.
    #[default]
    None,
    /// The user writes it, in these.
    Written(Words),
    /// By default `PROJECT-LABEL[-KEY]`.
    Fixed { attribute: String, limit: usize },
    /// A prefix that we complete.
    Prefixed { attribute: String, prefix: String, limit: usize },
}

/// Strings in parentheses.
pub(crate) struct Words(pub(crate) Vec<String>);

impl FromMeta for Words {
    fn from_list(items: &[NestedMeta]) -> darling::Result<Self> {
        items.iter().map(String::from_nested_meta).collect::<darling::Result<_>>().map(Self)
    }
}

/// `rules(…)`, in their order.
#[derive(Default)]
pub(crate) struct Rules(pub(crate) Vec<Rule>);

/// One rule: which, and the names of the attributes.
pub(crate) struct Rule {
    pub(crate) which: Ident,
    pub(crate) names: Vec<String>,
}

impl FromMeta for Rules {
    fn from_list(items: &[NestedMeta]) -> darling::Result<Self> {
        items.iter().map(rule).collect::<darling::Result<_>>().map(Self)
    }
}

fn rule(item: &NestedMeta) -> darling::Result<Rule> {
    let NestedMeta::Meta(syn::Meta::List(list)) = item else {
        return Err(darling::Error::custom("a rule reads `exactly_one(\"a\", \"b\")`").with_span(item));
    };
    let names =
        list.parse_args_with(syn::punctuated::Punctuated::<LitStr, syn::Token![,]>::parse_terminated)?;
    let which = list.path.require_ident()?.clone();
    Ok(Rule { which, names: names.iter().map(LitStr::value).collect() })
}
