//! The reference page of each builtin function shows an example that is true.

use infra_lang::functions::{example, functions};

use crate::case::Case;

/// The files that examples read.
const FILES: &str =
    "\n#: file motd.txt\nhello\n#: file greeting.tmpl\nHello ${name}!\n#: file conf/a.conf\na\n";

#[test]
fn every_function_has_an_example_that_is_true() {
    let mut wrong = String::new();
    for function in functions() {
        let name = function.name;
        let example = example(name).unwrap_or_else(|| panic!("{name} has no example"));
        let project = "project \"shop\" { region = \"us-east-1\" }\n";
        let output = format!(
            "output \"x\" {{\n  value     = {}\n  sensitive = {}\n}}\n",
            example.expression,
            name == "sensitive"
        );
        let found = Case::read(&format!("{project}{output}{FILES}")).evaluated();
        let (_, found) = found.split_once("output.x = ").unwrap_or(("", &found));
        let found = found.split_whitespace().collect::<Vec<_>>().join(" ");
        if found != example.result {
            wrong += &format!("{name}|{found}\n");
        }
        assert!(example.expression.contains(&format!("{name}(")), "{name} does not stand in its example");
    }
    assert!(wrong.is_empty(), "these are otherwise:\n{wrong}");
}
