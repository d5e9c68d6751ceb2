//! What resolving a residual gives is what evaluating the same expression on known values would have given.

use std::collections::BTreeMap;

use infra_lang::address::Address;
use infra_lang::inputs::Inputs;
use infra_lang::name::AttributeName;
use infra_lang::residual::{Reference, Residual, Unresolved};
use infra_lang::span::SourceMap;
use infra_lang::value::Value;
use infra_lang::{Source, check, evaluate, references, resolve, simplify};
use proptest::prelude::*;

use crate::files::Memory;
use crate::kinds::schemas;

/// The output `x` of a program.
fn output(text: &str) -> Residual {
    let mut map = SourceMap::default();
    let (file, errors) = infra_lang::parse::parse(map.add("main.infra", text), text);
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    let sources = [Source { directory: String::new(), file }];
    let program = check(&sources, &schemas()).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    let inputs = Inputs {
        variables: BTreeMap::new(),
        files: &Memory::default(),
        data: BTreeMap::new(),
        timestamp: String::new(),
        account: None,
    };
    let desired = evaluate(&program, &inputs).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    desired.outputs["x"].value.clone()
}

/// An expression over `$`, a string, of any depth.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("$".to_owned()), Just("\"k\"".to_owned()), Just("upper($)".to_owned())];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("\"${{{a}}}-${{{b}}}\"")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("join(\",\", [{a}, {b}])")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} == {b} ? {c} : {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!(
                "join(\"\", [for x in split(\"e\", {a}) : \"${{x}}${{{b}}}\" if x != {b}])"
            )),
            inner.clone().prop_map(|a| format!("values({{ a = {a}, b = 1 }})[0]")),
            inner.prop_map(|a| format!(
                "keys({{ for i, x in split(\"e\", {a}) : \"${{i}}${{x}}\" => i }})[0]"
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn resolving_is_evaluating_later(expression in expression(), known in "[a-e]{1,6}") {
        let project = "project \"p\" { region = \"us-east-1\" }\n";
        let elb = "elb \"web\" {\n  availability_zones = [\"us-east-1a\"]\n  listener = []\n  health_check = { target = \"TCP:80\" }\n}\n";
        let program = |of: &str| format!("{project}{elb}locals {{ known = \"{known}\" }}\noutput \"x\" {{ value = {} }}\n", expression.replace('$', "\u{1}").replace("\u{1}{", "${").replace('\u{1}', of));
        let lookup = |reference: &Reference| {
            assert_eq!(reference.to_string(), "elb.web.dns_name");
            Some(Value::string(&known))
        };
        let waiting = output(&program("elb.web.dns_name"));
        let expected = output(&program("local.known"));
        prop_assert_eq!(resolve(&waiting, &lookup).map(Residual::Known), Ok(expected));
        let nothing = simplify(&waiting, &|_| None);
        prop_assert_eq!(&nothing, &waiting);
        let json = serde_json::to_string(&waiting).expect("it holds no secret");
        prop_assert_eq!(serde_json::from_str::<Residual>(&json).expect("it was written"), waiting);
    }
}

#[test]
fn what_is_not_known_is_named() {
    let reference =
        Reference { object: Address::managed("elb", "web"), attribute: AttributeName::new("dns_name") };
    let waiting = Residual::Call("upper".to_owned(), vec![Residual::Attribute(reference.clone())]);
    assert_eq!(resolve(&waiting, &|_| None), Err(Unresolved::Unknown(reference.clone())));
    assert_eq!(references(&waiting).into_iter().collect::<Vec<_>>(), [reference]);
    let failing = Residual::Call("tonumber".to_owned(), vec![Residual::Known(Value::string("x"))]);
    let error = resolve(&failing, &|_| None).expect_err("`x` is no number");
    insta::assert_snapshot!(error, @"`tonumber`: a number is wanted, not the string `\"x\"`");
}
