//! Expressions that both implementations are to agree on. What the language decides otherwise on purpose is left out:
//! strings that calculate as numbers, and collections and conditionals without a common type.

use proptest::prelude::*;

/// An expression of any type.
pub fn any() -> impl Strategy<Value = String> {
    prop_oneof![number(), truth(), text(), numbers()]
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u32..1000).prop_map(|n| n.to_string()),
        (0u32..1000, 1u32..1000).prop_map(|(whole, part)| format!("{whole}.{part}")),
        (1u32..50, 0u32..9).prop_map(|(n, exponent)| format!("{n}e{exponent}")),
        Just("3.14159265358979323846264338327950288419716939937510582097494459".to_owned()),
    ]
}

fn number() -> BoxedStrategy<String> {
    let leaf = literal().boxed();
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator = proptest::sample::select(vec!["+", "-", "*"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), literal()).prop_map(|(a, b)| format!("({a}) / (1 + {b})")),
            (inner.clone(), literal()).prop_map(|(a, b)| format!("({a}) % (1 + {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} > {b} ? {c} : {a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}][1]")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("{{ x = {a}, \"y\" = {b} }}.x")),
        ]
    })
    .boxed()
}

fn truth() -> BoxedStrategy<String> {
    let comparison = proptest::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        (number(), comparison, number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
    ];
    let both = |inner: BoxedStrategy<String>| {
        let operator = proptest::sample::select(vec!["&&", "||"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) == ({b})")),
        ]
    };
    leaf.prop_recursive(3, 12, 2, both).boxed()
}

fn text() -> BoxedStrategy<String> {
    let word = "[a-z é\u{301}ü]{0,6}";
    prop_oneof![
        word.prop_map(|word| format!("\"{word}\"")),
        (word, number()).prop_map(|(word, n)| format!("\"{word}${{{n}}}{word}\"")),
        (word, truth())
            .prop_map(|(word, c)| format!("\"%{{ if {c} }} {word} %{{~ else }}no%{{ endif ~}} \"")),
        (word, numbers())
            .prop_map(|(word, ns)| format!("\"%{{ for i, n in {ns} ~}} {word}${{i}} %{{ endfor }}\"")),
        (word, word).prop_map(|(one, two)| format!("<<-END\n    {one}\n  ${{\"{two}\"}}\n      x\n  END\n")),
        word.prop_map(|word| format!("\"\\u00e9\\t{word}$${{x}}%%{{y}}\\\\\"")),
    ]
    .boxed()
}

fn numbers() -> BoxedStrategy<String> {
    let list = prop::collection::vec(literal(), 0..4).prop_map(|items| format!("[{}]", items.join(", ")));
    list.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ns| format!("[for n in {ns} : n + 1]")),
            inner.clone().prop_map(|ns| format!("[for i, n in {ns} : i if n > 100]")),
            inner.clone().prop_map(|ns| format!("{ns}[*]")),
            inner.clone().prop_map(|ns| format!("[for n in {ns} : {{ v = n }}].*.v")),
            inner.clone().prop_map(|ns| format!("[for n in {ns} : {{ v = n }}][*].v")),
        ]
    })
    .boxed()
}

/// The text with quantities in quotes.
pub fn quantities_quoted(text: &str) -> String {
    let quantity = regex::Regex::new(r#"(?m)(^|[\s(\[{,=:?<>&|+*/-])(\d+(?:\.\d+)?)(ms|s|min|m|h|d|w|B|kB|MB|GB|TB|KiB|MiB|GiB|TiB|%)($|[\s)\]},:])"#)
        .expect("a pattern");
    let outside = |line: &str| {
        let mut line = line.to_owned();
        // Neighbours share what separates them.
        for _ in 0..2 {
            line = quantity.replace_all(&line, "$1\"$2$3\"$4").into_owned();
        }
        line
    };
    text.lines()
        .map(
            |line| {
                if line.trim_start().starts_with('#') { format!("{line}\n") } else { outside(line) + "\n" }
            },
        )
        .collect()
}
