//! What a module offers, as reference pages and tests are told.

use infra_lang::interface::Interface;
use infra_lang::span::SourceMap;
use infra_lang::{Source, check};

use crate::kinds::schemas;

const MODULE: &str = r#"
project "shop" { region = "us-east-1" }
variable "name" {
  type        = string
  description = "What it is called."
}
variable "sizes" { default = { min = 1 } }
variable "token" {
  type      = nullable(string)
  default   = null
  ephemeral = true
}
types { pair = tuple([string, int]) }
function "greeting" {
  description = "Says hello."
  params      = { to = string, times = int }
  result      = join(" ", [for n in [to] : "hello ${to}"])
}
output "names" {
  value       = [var.name]
  type        = list(string)
  description = "All names."
}
output "secret" {
  value     = sensitive(1)
  type      = int
  sensitive = true
}
"#;

fn told(interface: &Interface) -> String {
    let mut text = String::new();
    for input in &interface.variables {
        let Some(default) = &input.default else {
            text += &format!("var.{}: {}, required, {:?}\n", input.name, input.ty, input.description);
            continue;
        };
        text += &format!("var.{}: {} = {default}, ephemeral {}\n", input.name, input.ty, input.ephemeral);
    }
    for output in &interface.outputs {
        text += &format!(
            "{}: {}, secret {}, {:?}\n",
            output.name, output.ty, output.sensitive, output.description
        );
    }
    for function in &interface.functions {
        let params: Vec<String> = function.params.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        let description = function.description.as_deref().unwrap_or_default();
        text += &format!("{}({}): {} {description}\n", function.name, params.join(", "), function.result);
    }
    interface.types.iter().fold(text, |text, (name, ty)| text + &format!("type {name} = {ty}\n"))
}

#[test]
fn a_module_tells_what_it_offers() {
    let mut map = SourceMap::default();
    let (file, errors) = infra_lang::parse(map.add("main.infra", MODULE), MODULE);
    assert!(errors.is_empty(), "{errors:?}");
    let sources = [Source { directory: String::new(), file }];
    let program = check(&sources, &schemas()).unwrap_or_else(|errors| panic!("{errors:?}"));
    insta::assert_snapshot!(told(&program.interface("").expect("the root")), @r#"
    var.name: string, required, Some("What it is called.")
    var.sizes: object({ min = number }) = { min = 1 }, ephemeral false
    var.token: nullable(string) = null, ephemeral true
    names: list(string), secret false, Some("All names.")
    secret: sensitive(int), secret true, None
    greeting(to: string, times: int): string Says hello.
    type pair = tuple([string, int])
    "#);
    assert_eq!(program.interface("net"), None);
}
