//! From a kind's struct to its schema.
//!
//! One struct per kind is the single source of truth: doc comments become the reference page, field attributes become
//! the static checks, and serde carries the same struct to and from the values of the language.
//!
//! `#[derive(Schema)]` goes with `#[kind(…)]`:
//!
//! | argument | meaning |
//! | --- | --- |
//! | `name = "vpc"` | the kind's name |
//! | `id = "regex"` | how its ids look |
//! | `tagged` | `tags` may be written |
//! | `handle = "id"` | the observed attribute that the whole object stands for |
//! | `naming(written("name"))` | named by the user, in these attributes |
//! | `naming(fixed(attribute = "name", limit = 64))` | named by a default of the project's |
//! | `naming(prefixed(attribute = "name", prefix = "name_prefix", limit = 32))` | named by us from a prefix |
//! | `rules(exactly_one("a", "b"), at_most_one(…), not_above("a", "b"))` | rules over several attributes |
//! | `lookup = Query` | the struct (a `Block`) that a `data` block of the kind is read as |
//! | `lookup_only` | it can only be looked up |
//!
//! `#[derive(Block)]` is for nested blocks, with `#[block(rules(…))]` if it has any. The fields of both take
//! `#[attribute(…)]`:
//!
//! | argument | meaning |
//! | --- | --- |
//! | `name = "self"` | its name, where Rust has no such field; serde needs its own `rename` |
//! | `ty = "set(id(subnet))"` | its type in the language's spelling; by default what the field's Rust type suggests |
//! | `required`, `default = 300`, `observed`, `observed_if_unset` | whether it must, may or cannot be written; by default it may |
//! | `immutable`, `sensitive`, `content`, `at_plan` | as in `infra_lang::schema::AttributeSchema` |
//! | `block`, `block(key = "lb_port")`, `block(key = "a, b")` | a nested block: one, if the field is no `Vec`, else many |
//! | `flatten` | the field's own attributes stand here, as with serde's `flatten` |
//! | `skip` | no attribute |

mod expand;
mod input;
mod rust_type;

use darling::FromDeriveInput;
use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Gives a struct `crate::schema::Schema`.
#[proc_macro_derive(Schema, attributes(kind, attribute))]
pub fn derive_schema(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let expanded = input::Kind::from_derive_input(&input).map(|kind| expand::schema(&kind));
    expanded.unwrap_or_else(darling::Error::write_errors).into()
}

/// Gives a struct `crate::schema::Block`.
#[proc_macro_derive(Block, attributes(block, attribute))]
pub fn derive_block(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let expanded = input::Nested::from_derive_input(&input).map(|nested| expand::block(&nested));
    expanded.unwrap_or_else(darling::Error::write_errors).into()
}
