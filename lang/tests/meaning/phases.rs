//! The guarantee: if checking finds nothing late, no plan stops because a value is not known yet, whatever AWS answers.

use std::collections::BTreeMap;

use infra_lang::desired::Desired;
use infra_lang::diagnostic::Diagnostic;
use infra_lang::inputs::Inputs;
use infra_lang::residual::Values;
use infra_lang::schema::STEPS;
use infra_lang::span::SourceMap;
use infra_lang::value::Value;
use infra_lang::{Program, Source, check, evaluate, references};
use proptest::prelude::*;

use crate::files::Memory;
use crate::kinds::schemas;

/// Objects, lookups and functions that the programs speak of.
const AROUND: &str = r#"
project "p" { region = "us-east-1" }
variable "v" { default = "v" }
vpc "a" { cidr_block = "10.0.0.0/16" }
vpc "b" {
  for_each   = { x = "10.1.0.0/16", y = "10.2.0.0/16" }
  cidr_block = each.value
}
subnet "zoned" {
  vpc_id            = vpc.a
  cidr_block        = vpc.a.cidr_block
  availability_zone = "us-east-1a"
}
variable "zone" {
  type    = zone
  default = null
}
vpc "w" {
  when       = var.v == "v"
  cidr_block = "10.3.0.0/16"
}
subnet "maybe" {
  vpc_id            = vpc.a
  cidr_block        = "10.0.1.0/24"
  availability_zone = var.zone
}
security_group "s" { name = "s" }
security_group "t" {}
data "vpc" "d" { default = true }
data "vpc" "late" { id = vpc.a.id }
data "subnets" "s" { vpc_id = data.vpc.d }
data "subnets" "late" { vpc_id = vpc.a }
function "pair" {
  params = { a = string, b = string }
  result = { first = a, second = "${b}!" }
}
function "sized" {
  params = { all = set(string), by = map(string) }
  result = { for k, v in by : k => v if contains(all, v) }
}
"#;

/// A child module: it shapes what it is given.
const MODULE: &str = r#"
variable "list" { type = list(string) }
variable "map" { type = map(string) }
variable "set" { type = set(string) }
output "keys" { value = keys(var.map) }
output "list" { value = [for x in var.list : upper(x)] }
output "map" { value = { for k, v in var.map : k => "${v}." } }
output "set" { value = [for x in var.set : x] }
output "one" { value = { text = var.map["a"], both = join(",", var.list) } }
"#;

/// Writes a program by choices made elsewhere; when these run out, it writes the shortest there is.
struct Writer<'a> {
    choices: std::slice::Iter<'a, u8>,
    bound: Vec<&'static str>,
    locals: usize,
    depth: usize,
}

/// Expressions nest no deeper than this: the parser's limit is not what is tested.
const DEEPEST: usize = 8;

impl Writer<'_> {
    fn choose(&mut self, of: usize) -> usize {
        if self.depth > DEEPEST {
            return 0;
        }
        self.choices.next().map_or(0, |choice| usize::from(*choice) % of)
    }

    /// Something in something, but not without end.
    fn deeper(&mut self, write: fn(&mut Self) -> String) -> String {
        self.depth += 1;
        let text = write(self);
        self.depth -= 1;
        text
    }

    fn text(&mut self) -> String {
        self.deeper(Self::any_text)
    }

    fn any_text(&mut self) -> String {
        match self.choose(34) {
            0..=2 => "\"a\"".to_owned(),
            3 => "var.v".to_owned(),
            4 => "vpc.a.id".to_owned(),
            5 => "vpc.a.cidr_block".to_owned(),
            6 => "data.vpc.d.id".to_owned(),
            7 => "data.subnets.s.ids[0]".to_owned(),
            8 => "subnet.zoned.availability_zone".to_owned(),
            9 => "coalesce(data.vpc.late.cidr_block, \"b\")".to_owned(),
            10 => "project.account".to_owned(),
            11 | 12 => self.bound.last().map_or("\"c\"", |name| name).to_owned(),
            13 => format!("\"${{{}}}-${{{}}}\"", self.text(), self.text()),
            14 => format!("({} ? {} : {})", self.condition(), self.text(), self.text()),
            15 => format!("lookup({}, \"a\", {})", self.map(), self.text()),
            16 => format!("element(concat({}, [\"z\"]), 0)", self.list()),
            17 => format!("try({}[\"a\"], {})", self.map(), self.text()),
            18 => format!("tostring(fileexists({}))", self.text()),
            19 => format!("pair({}, {}).second", self.text(), self.text()),
            20 => format!("tostring(length({}))", self.list()),
            21 => format!("module.m.one.{}", ["text", "both"][self.choose(2)]),
            22 => format!("{{ a = {}, b = {} }}.{}", self.text(), self.text(), ["a", "b"][self.choose(2)]),
            23 => format!("[{}, {}][{}]", self.text(), self.text(), self.choose(2)),
            24 => "[for v in vpc.b : v.cidr_block][0]".to_owned(),
            25 => "try(vpc.w.cidr_block, \"w\")".to_owned(),
            26 => "coalesce(one(vpc.w[*].id), \"w\")".to_owned(),
            27 => "subnet.maybe.availability_zone".to_owned(),
            28 => format!("security_group.{}.name", ["s", "t"][self.choose(2)]),
            29 => format!(
                "module.n[\"{}\"].one.{}",
                ["x", "y"][self.choose(2)],
                ["text", "both"][self.choose(2)]
            ),
            30 => format!("[for k, m in module.n : m.{}.text][0]", "one"),
            31 => format!("inherit({}, {{ a = {} }}).a", self.map(), self.text()),
            32 => format!("(data.vpc.d == vpc.a ? {} : {})", self.text(), self.text()),
            _ => format!("join(\",\", {})", self.list()),
        }
    }

    fn condition(&mut self) -> String {
        self.deeper(Self::any_condition)
    }

    fn any_condition(&mut self) -> String {
        match self.choose(7) {
            0 => format!("{} == \"a\"", self.text()),
            1 => format!("length({}) > 1", self.map()),
            2 => format!("contains({}, {})", self.list(), self.text()),
            3 => format!("can({}[\"a\"])", self.map()),
            4 => format!("{} && {}", self.condition(), self.condition()),
            5 => format!("alltrue([for x in {} : x != \"q\"])", self.list()),
            _ => format!("{} != null", self.list()),
        }
    }

    fn list(&mut self) -> String {
        self.deeper(Self::any_list)
    }

    fn any_list(&mut self) -> String {
        match self.choose(24) {
            0..=2 => format!("[{}, {}]", self.text(), self.text()),
            3 => "data.subnets.s.ids".to_owned(),
            4 => "data.subnets.late.ids".to_owned(),
            5 => "values(vpc.b)[*].id".to_owned(),
            6 => "values(vpc.b)[*].cidr_block".to_owned(),
            7 => format!("keys({})", self.map()),
            8 => format!("values({})", self.map()),
            9 | 10 => self.looped(),
            11 => format!("concat({}, {})", self.list(), self.list()),
            12 => format!("distinct({})", self.list()),
            13 => format!("flatten([{}, {}])", self.list(), self.list()),
            14 => format!("compact({})", self.list()),
            15 => format!("reverse({})", self.list()),
            16 => format!("tolist(toset({}))", self.list()),
            17 => format!("slice(concat({}, [\"z\"]), 0, 1)", self.list()),
            18 => format!("({} ? {} : {})", self.condition(), self.list(), self.list()),
            19 => format!("concat([{}, {}]...)", self.list(), self.list()),
            20 => format!("module.m.{}", ["keys", "list", "set"][self.choose(3)]),
            21 if self.locals > 0 => format!("local.l{}", self.choose(self.locals)),
            22 => format!("try({}, [\"t\"])", self.list()),
            _ => format!("sort({})", self.list()),
        }
    }

    fn looped(&mut self) -> String {
        let collection = self.list();
        let name = ["x", "y", "z"][self.bound.len() % 3];
        self.bound.push(name);
        let (body, condition) = (self.text(), self.condition());
        self.bound.pop();
        match self.choose(2) {
            0 => format!("[for {name} in {collection} : {body}]"),
            _ => format!("[for {name} in {collection} : {body} if {condition}]"),
        }
    }

    fn map(&mut self) -> String {
        self.deeper(Self::any_map)
    }

    fn any_map(&mut self) -> String {
        match self.choose(18) {
            0..=3 => format!("{{ a = {}, b = {} }}", self.text(), self.text()),
            4 => format!("{{ ({}) = {} }}", self.text(), self.text()),
            5 => format!("{{ for k, v in {} : k => \"${{v}}-${{{}}}\" }}", self.map(), self.text()),
            6 => format!("{{ for i, v in {} : \"${{i}}\" => v }}", self.list()),
            7 => format!("{{ for v in {} : v => {}... }}", self.list(), self.text()),
            8 => format!("merge({}, {})", self.map(), self.map()),
            9 => format!("zipmap([\"a\", {}], [{}, {}])", self.text(), self.text(), self.text()),
            10 => format!("inherit({}, {})", self.map(), self.map()),
            11 => format!("({} ? {} : {})", self.condition(), self.map(), self.map()),
            12 => format!("pair({}, {})", self.text(), self.text()),
            13 => format!("sized({}, {})", self.list(), self.map()),
            14 => "module.m.map".to_owned(),
            15 => "{ for k, v in vpc.b : k => v.cidr_block }".to_owned(),
            16 if self.locals > 0 => format!("local.m{}", self.choose(self.locals)),
            _ => format!("tomap({{ a = {} }})", self.text()),
        }
    }

    /// A block that wants something known at plan.
    fn demand(&mut self, at: usize) -> String {
        let body = "vpc_id = vpc.a\n  cidr_block = \"10.0.0.0/24\"";
        match self.choose(6) {
            0 => format!("subnet \"d{at}\" {{\n  for_each = {}\n  {body}\n}}\n", self.map()),
            1 => format!("subnet \"d{at}\" {{\n  for_each = toset({})\n  {body}\n}}\n", self.list()),
            2 => format!("subnet \"d{at}\" {{\n  when = {}\n  {body}\n}}\n", self.condition()),
            3 => format!(
                "data \"subnets\" \"q{at}\" {{\n  vpc_id = {}\n}}\nsubnet \"d{at}\" {{\n  for_each = toset(data.subnets.q{at}.ids)\n  {body}\n}}\n",
                self.text()
            ),
            4 => format!(
                "ami \"d{at}\" {{\n  base = \"ami-1\"\n  shell {{\n    when = {}\n    inline = {}\n    env = {}\n  }}\n}}\n",
                self.condition(),
                self.list(),
                self.map()
            ),
            _ => format!(
                "subnet \"d{at}\" {{\n  {body}\n  lifecycle {{ prevent_destroy = {} }}\n}}\n",
                self.condition()
            ),
        }
    }

    fn program(&mut self) -> String {
        let mut text = AROUND.to_owned();
        text += &format!(
            "module \"m\" {{\n  source = \"./m\"\n  list = {}\n  map = {}\n  set = {}\n}}\n",
            "[vpc.a.id, \"b\"]",
            ["{ a = vpc.a.id }", "{ a = data.vpc.d.id, b = \"c\" }"][self.choose(2)],
            ["[\"s\"]", "data.subnets.s.ids", "[vpc.a.id]"][self.choose(3)],
        );
        text += &format!(
            "module \"n\" {{\n  source = \"./m\"\n  for_each = {{ x = {}, y = \"y\" }}\n  list = [each.key]\n  map = {{ a = each.value }}\n  set = [\"s\"]\n}}\n",
            ["vpc.a.id", "\"x\"", "data.vpc.d.id"][self.choose(3)]
        );
        for at in 0..3 {
            text += &format!("locals {{\n  l{at} = {}\n  m{at} = {}\n}}\n", self.list(), self.map());
            self.locals = at + 1;
        }
        for at in 0..3 {
            text += &self.demand(at);
        }
        text
    }
}

fn checked(text: &str) -> Result<Program, Vec<Diagnostic>> {
    let mut map = SourceMap::default();
    let mut source = |directory: &str, text: &str| {
        let (file, errors) = infra_lang::parse::parse(map.add(directory, text), text);
        assert!(errors.is_empty(), "{errors:?}\n{text}");
        Source { directory: directory.to_owned(), file }
    };
    check(&[source("", text), source("m", MODULE)], &schemas())
}

/// Evaluates, answers what can be asked, and evaluates again until nothing is open that can be asked at plan.
fn planned(program: &Program, ids: &[&str]) -> Result<Desired, Vec<Diagnostic>> {
    let answer = |name: &str, value: Value| (name.into(), value);
    let files = Memory::default();
    let mut inputs = Inputs {
        variables: BTreeMap::new(),
        files: &files,
        data: BTreeMap::new(),
        timestamp: "2026-11-21T08:00:00Z".to_owned(),
        account: Some("123456789012".to_owned()),
    };
    loop {
        let desired = evaluate(program, &inputs)?;
        let open = desired.lookups.values().find(|lookup| {
            let waits = lookup.arguments.values().any(|argument| argument.known().is_none());
            lookup.answer.is_none() && lookup.depends_on.is_empty() && !waits
        });
        let Some(lookup) = open else { return Ok(desired) };
        let ids = ids.iter().map(|id| Value::string(*id)).collect();
        let values = Values::from([
            answer("id", Value::string("vpc-1")),
            answer("cidr_block", Value::string("10.9.0.0/16")),
            answer("ids", Value::List(ids)),
        ]);
        inputs.data.insert(lookup.address.clone(), values);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_passes_the_check_is_known_in_time(
        choices in prop::collection::vec(any::<u8>(), 0..160),
        ids in prop::sample::select(vec![&[][..], &["subnet-1"], &["subnet-1", "subnet-2"]]),
    ) {
        let mut writer = Writer { choices: choices.iter(), bound: Vec::new(), locals: 0, depth: 0 };
        let text = writer.program();
        let Ok(program) = checked(&text) else { return Ok(()) };
        match planned(&program, ids) {
            Ok(desired) => {
                let images = desired.objects.values().filter_map(|object| object.attributes.get(STEPS));
                prop_assert!(images.flat_map(references).next().is_none(), "{text}");
            }
            Err(errors) => {
                let late = errors.iter().find(|error| error.code.0.starts_with("E04"));
                let said = late.map_or(String::new(), |error| error.message.clone());
                prop_assert!(late.is_none(), "{said}\n{text}");
            }
        }
    }
}
