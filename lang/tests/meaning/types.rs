//! What fits by its type fits by its value, and what is converted once is not changed by converting it again.

use infra_lang::types::{Fit, Type, convert_value, fit, type_of, unify};
use infra_lang::value::Value;
use proptest::prelude::*;

use crate::kinds::schemas;

fn ty() -> impl Strategy<Value = Type> {
    let leaf = prop::sample::select(vec![
        "bool",
        "string",
        "number",
        "int",
        "duration",
        "size",
        "percent",
        "any",
        "int(0, 10)",
        "port",
        "cidr4",
        "arn",
        "enum(\"a\", \"b\")",
        "id(vpc)",
        "id(elb)",
        "duration(5s, 1h)",
        "string(\"[a-z]+\")",
    ]);
    let leaf = leaf.prop_map(|text| Type::parse(text).expect("a type"));
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            inner.clone().prop_map(Type::nullable),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Type::OneOf),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Type::tuple),
            inner.prop_map(|ty| {
                let text = format!("object({{ a = {ty}, b = optional({ty}) }})");
                Type::parse(&text).expect("a type")
            }),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-5_i64..70_000).prop_map(Value::int),
        prop::sample::select(vec!["a", "b", "c", "", "10.0.0.0/8", "vpc-1", "80", "30s", "true"])
            .prop_map(Value::string),
        (0_i64..4000).prop_map(Value::seconds),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            prop::collection::btree_set(inner.clone(), 0..3).prop_map(Value::Set),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn types_are_read_as_they_are_shown(ty in ty()) {
        prop_assert_eq!(Type::parse(&ty.to_string()), Ok(ty));
    }

    #[test]
    fn converted_values_are_of_the_type(value in value(), ty in ty()) {
        if let Ok(converted) = convert_value(&value, &ty, &schemas()) {
            prop_assert_eq!(convert_value(&converted, &ty, &schemas()), Ok(converted));
        }
    }

    #[test]
    fn what_fits_by_its_type_fits_by_its_value(value in value(), narrow in ty(), wide in ty()) {
        let Ok(value) = convert_value(&value, &narrow, &schemas()) else { return Ok(()) };
        let converted = convert_value(&value, &wide, &schemas());
        match fit(&narrow, &wide) {
            Fit::Yes => prop_assert!(converted.is_ok(), "{value}: {narrow} fits {wide}, but {}", converted.expect_err("an error")),
            Fit::No => prop_assert!(converted.is_err() || is_empty(&value), "{value}: {narrow} does not fit {wide}"),
            Fit::Check => {}
        }
    }

    #[test]
    fn both_sides_fit_their_common_type(a in value(), b in value()) {
        let (a, b) = (type_of(&a), type_of(&b));
        if let Ok(common) = unify(&a, &b) {
            prop_assert!(fit(&a, &common) == Fit::Yes || a == Type::Any, "{a} in {common}");
            prop_assert!(fit(&b, &common) == Fit::Yes || b == Type::Any, "{b} in {common}");
        }
    }
}

/// Nothing tells the type of the elements of an empty collection, nor what a text that looks like another type is.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::List(items) => items.iter().all(is_empty),
        Value::Set(items) => items.iter().all(is_empty),
        Value::Map(entries) => entries.values().all(is_empty),
        Value::String(_) | Value::Null => true,
        _ => false,
    }
}
