//! Expressions of any file through the ordinary check and evaluation: each becomes an output of a small project.

use std::collections::BTreeMap;

use infra_lang::ast::{Expr, ExprKind, File, ForResult, Item};
use infra_lang::desired::Content;
use infra_lang::diagnostic::Diagnostic;
use infra_lang::inputs::{FileError, Files, Inputs};
use infra_lang::schema::SchemaSet;
use infra_lang::span::FileId;
use infra_lang::value::Value;
use infra_lang::{Source, check, evaluate, parse, parse_expression};

/// Expressions that wait to be evaluated together.
pub struct Evaluation<'a> {
    variables: &'a BTreeMap<String, Expr>,
    expressions: Vec<Expr>,
}

impl<'a> Evaluation<'a> {
    /// Nothing yet; expressions may refer to `variables` by their bare names.
    pub fn new(variables: &'a BTreeMap<String, Expr>) -> Self {
        Self { variables, expressions: Vec::new() }
    }

    /// Adds an expression; the position of its value.
    pub fn add(&mut self, expr: &Expr) -> usize {
        self.expressions.push(expr.clone());
        self.expressions.len() - 1
    }

    /// The values of all expressions.
    pub fn values(&self) -> Result<Vec<Value>, Vec<Diagnostic>> {
        let bound = |expr: &Expr| self.variables.iter().fold(expr.clone(), bind);
        let outputs = self.expressions.iter().enumerate().map(|(at, expr)| output(at, bound(expr)));
        let mut file = tree("project \"conformance\" { region = \"us-east-1\" }\n");
        file.body.items.extend(outputs.flatten());
        let program = check(&[Source { directory: String::new(), file }], &SchemaSet::default())?;
        let inputs = Inputs {
            variables: BTreeMap::new(),
            files: &NoFiles,
            data: BTreeMap::new(),
            timestamp: "1970-01-01T00:00:00Z".to_owned(),
            account: None,
        };
        let desired = evaluate(&program, &inputs)?;
        let value = |at: usize| {
            let output = desired.outputs.get(name(at).as_str());
            output.and_then(|output| output.value.known().cloned()).unwrap_or(Value::Null)
        };
        Ok((0..self.expressions.len()).map(value).collect())
    }
}

fn name(at: usize) -> String {
    format!("o{at}")
}

/// Text of this program's own, as a tree; its places are never shown.
fn tree(text: &str) -> File {
    parse(FileId(0), text).0
}

fn output(at: usize, expr: Expr) -> Vec<Item> {
    let mut items = tree(&format!("output \"{}\" {{ value = null }}\n", name(at))).body.items;
    if let Some(Item::Block(block)) = items.first_mut()
        && let Some(Item::Attribute(attribute)) = block.body.items.first_mut()
    {
        attribute.value = expr;
    }
    items
}

/// `expr` where a name is bound: `[for name in [value] : expr][0]`.
fn bind(expr: Expr, (name, value): (&String, &Expr)) -> Expr {
    let text = format!("[for {name} in [null] : null][0]");
    let Ok(mut bound) = parse_expression(FileId(0), &text) else { return expr };
    if let ExprKind::Index(each, _) = &mut bound.kind
        && let ExprKind::For(each) = &mut each.kind
    {
        if let ExprKind::Tuple(items) = &mut each.collection.kind {
            *items = vec![value.clone()];
        }
        each.result = ForResult::Tuple(expr);
    }
    bound
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::Missing)
    }

    fn content(&self, _: &str, _: &[String]) -> Result<Content, FileError> {
        Err(FileError::Missing)
    }

    fn matching(&self, _: &str, _: &str) -> Result<Vec<String>, FileError> {
        Ok(Vec::new())
    }
}
