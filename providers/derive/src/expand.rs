//! The code that builds a schema.

use darling::util::Override;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Attribute, Expr, Lit, Meta};

use crate::input::{BlockOptions, Field, Fields, Kind, Naming, Nested, Rules};
use crate::rust_type::{nested, spelling};

/// `impl Schema` of a kind.
pub(crate) fn schema(kind: &Kind) -> TokenStream {
    let (ident, name, id, handle) = (&kind.ident, &kind.name, &kind.id, &kind.handle);
    let doc = doc(&kind.attrs);
    let attributes = attributes(&kind.data);
    let naming = naming(&kind.naming);
    let rules = rules(&kind.rules);
    let (tagged, lookup_only) = (kind.tagged.is_present(), kind.lookup_only.is_present());
    let lookup = match &kind.lookup {
        Some(path) => quote!(<#path as crate::schema::Block>::block().attributes),
        None => quote!(::std::vec::Vec::new()),
    };
    quote! {
        impl crate::schema::Schema for #ident {
            fn schema() -> ::infra_lang::schema::KindSchema {
                crate::schema::completed(::infra_lang::schema::KindSchema {
                    name: ::infra_lang::name::KindName::new(#name),
                    doc: ::std::string::String::from(#doc),
                    attributes: #attributes,
                    rules: #rules,
                    naming: #naming,
                    tagged: #tagged,
                    handle: ::infra_lang::name::AttributeName::new(#handle),
                    steps: ::std::vec::Vec::new(),
                    lookup: #lookup,
                    lookup_only: #lookup_only,
                    id_pattern: ::std::string::String::from(#id),
                })
            }
        }
    }
}

/// `impl Block` of a nested block.
pub(crate) fn block(nested: &Nested) -> TokenStream {
    let ident = &nested.ident;
    let attributes = attributes(&nested.data);
    let rules = rules(&nested.rules);
    quote! {
        impl crate::schema::Block for #ident {
            fn block() -> ::infra_lang::schema::BlockSchema {
                ::infra_lang::schema::BlockSchema {
                    attributes: #attributes,
                    key: ::std::vec::Vec::new(),
                    single: true,
                    rules: #rules,
                }
            }
        }
    }
}

/// A `Vec<AttributeSchema>`.
fn attributes(fields: &Fields) -> TokenStream {
    let fields = fields.as_ref().take_struct().map(|fields| fields.fields).unwrap_or_default();
    let pushes = fields.into_iter().filter(|field| !field.skip.is_present()).map(|field| {
        let ty = &field.ty;
        match field.flatten.is_present() {
            true => quote!(attributes.extend(<#ty as crate::schema::Block>::block().attributes);),
            false => {
                let attribute = attribute(field);
                quote!(attributes.push(#attribute);)
            }
        }
    });
    quote!({
        let mut attributes = ::std::vec::Vec::new();
        #(#pushes)*
        attributes
    })
}

fn attribute(field: &Field) -> TokenStream {
    let own = || field.ident.as_ref().map(|ident| ident.unraw().to_string());
    let name = field.name.clone().or_else(own).unwrap_or_default();
    let doc = doc(&field.attrs);
    let (immutable, sensitive, content) =
        (field.immutable.is_present(), field.sensitive.is_present(), field.content.is_present());
    let at_plan = field.at_plan.is_present();
    let shape = shape(field);
    let presence = presence(field);
    quote!({
        let (ty, block) = #shape;
        ::infra_lang::schema::AttributeSchema {
            name: ::infra_lang::name::AttributeName::new(#name),
            doc: ::std::string::String::from(#doc),
            presence: #presence,
            ty,
            immutable: #immutable,
            sensitive: #sensitive,
            content: #content,
            at_plan: #at_plan,
            block,
        }
    })
}

/// The type, and the block's schema if it is one.
fn shape(field: &Field) -> TokenStream {
    if let Some(options) = &field.block {
        let key = match options {
            Override::Explicit(BlockOptions { key }) => {
                names(key.split(',').map(str::trim).filter(|name| !name.is_empty()))
            }
            Override::Inherit => names(std::iter::empty()),
        };
        let (ty, repeated) = nested(&field.ty);
        return quote!(crate::schema::nested(<#ty as crate::schema::Block>::block(), #key, #repeated));
    }
    match field.spelling.clone().or_else(|| spelling(&field.ty)) {
        Some(text) => quote!((crate::schema::ty(#text), ::std::option::Option::None)),
        None => {
            let error = syn::Error::new_spanned(
                &field.ty,
                "write its type in the language: `#[attribute(ty = \"…\")]`",
            );
            error.to_compile_error()
        }
    }
}

fn presence(field: &Field) -> TokenStream {
    let path = quote!(::infra_lang::schema::Presence);
    match &field.default {
        Some(default) => quote!(#path::Default(crate::codec::typed(::serde_json::json!(#default), &ty))),
        None if field.required.is_present() => quote!(#path::Required),
        None if field.observed.is_present() => quote!(#path::Observed),
        None if field.observed_if_unset.is_present() => quote!(#path::ObservedIfUnset),
        None => quote!(#path::Optional),
    }
}

fn naming(naming: &Naming) -> TokenStream {
    let path = quote!(::infra_lang::schema::Naming);
    let name = |text: &String| quote!(::infra_lang::name::AttributeName::new(#text));
    match naming {
        Naming::None => quote!(#path::None),
        Naming::Written(words) => {
            let words = words.0.iter().map(name);
            quote!(#path::Written(::std::vec![#(#words),*]))
        }
        Naming::Fixed { attribute, limit } => {
            let attribute = name(attribute);
            quote!(#path::Fixed { attribute: #attribute, limit: #limit })
        }
        Naming::Prefixed { attribute, prefix, limit } => {
            let (attribute, prefix) = (name(attribute), name(prefix));
            quote!(#path::Prefixed { attribute: #attribute, prefix: #prefix, limit: #limit })
        }
    }
}

fn rules(rules: &Rules) -> TokenStream {
    let path = quote!(::infra_lang::schema::Rule);
    let rules = rules.0.iter().map(|rule| match (rule.which.to_string().as_str(), rule.names.as_slice()) {
        ("exactly_one", all) => {
            let all = names(all.iter().map(String::as_str));
            quote!(#path::ExactlyOne(#all))
        }
        ("at_most_one", all) => {
            let all = names(all.iter().map(String::as_str));
            quote!(#path::AtMostOne(#all))
        }
        ("not_above", [low, high]) => quote!(#path::NotAbove(
            ::infra_lang::name::AttributeName::new(#low),
            ::infra_lang::name::AttributeName::new(#high)
        )),
        _ => syn::Error::new_spanned(
            &rule.which,
            "rules are `exactly_one`, `at_most_one`, `not_above(\"low\", \"high\")`",
        )
        .to_compile_error(),
    });
    quote!(::std::vec![#(#rules),*])
}

/// A `Vec<AttributeName>`.
fn names<'a>(all: impl Iterator<Item = &'a str>) -> TokenStream {
    quote!(::std::vec![#(::infra_lang::name::AttributeName::new(#all)),*])
}

/// The doc comment, without the space after each `///`.
fn doc(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect();
    lines.join("\n").trim().to_owned()
}
