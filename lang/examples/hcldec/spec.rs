//! The specification language: what a body is to hold, and what is made of it.

use std::collections::BTreeMap;

use infra_lang::ast::{Block, Body, Expr, File};
use infra_lang::diagnostic::{Code, Diagnostic};
use infra_lang::span::SourceMap;
use infra_lang::types::Type;

/// The code of what only this program reports; the suite looks at places, not at codes.
pub const CODE: Code = Code("E0000");

/// A specification file.
pub struct Specification {
    /// What expressions may refer to.
    pub variables: BTreeMap<String, Expr>,
    /// What is made of the whole file.
    pub root: Spec,
}

/// What is made of a body.
pub enum Spec {
    /// A constant.
    Literal(Expr),
    /// An object of these.
    Object(Vec<(String, Spec)>),
    /// An attribute's value.
    Attribute { name: String, ty: Type, required: bool },
    /// The body of the one block of a type.
    Block { kind: String, required: bool, inside: Box<Spec> },
    /// The bodies of all blocks of a type.
    BlockList { kind: String, inside: Box<Spec> },
    /// The bodies of all blocks of a type, by their labels.
    BlockMap { kind: String, labels: usize, inside: Box<Spec> },
}

/// Reads a specification.
pub fn specification(file: &File, sources: &SourceMap) -> Result<Specification, Vec<Diagnostic>> {
    let mut variables = BTreeMap::new();
    let mut root = None;
    for block in file.body.blocks() {
        if block.kind.as_str() == "variables" {
            let bound = block.body.attributes();
            variables.extend(bound.map(|bound| (bound.name.as_str().to_owned(), bound.value.clone())));
        } else {
            root = Some(spec(block, sources)?);
        }
    }
    let missing = || vec![Diagnostic::error(CODE, file.body.span, "there is no root block")];
    Ok(Specification { variables, root: root.ok_or_else(missing)? })
}

fn spec(block: &Block, sources: &SourceMap) -> Result<Spec, Vec<Diagnostic>> {
    let implied = block.labels.first().map(|label| label.text.clone());
    let text = |name: &str| block.body.attribute(name)?.value.as_string().map(str::to_owned);
    let required = block.body.attribute("required").is_some_and(|required| is_true(&required.value));
    let named = |attribute: &str| {
        let unnamed = || vec![Diagnostic::error(CODE, block.header, format!("`{attribute}` is missing"))];
        text(attribute).or_else(|| implied.clone()).ok_or_else(unnamed)
    };
    let inside = || nested(&block.body, sources).map(Box::new);
    Ok(match block.kind.as_str() {
        "object" => Spec::Object(fields(&block.body, sources)?),
        "literal" => Spec::Literal(
            block
                .body
                .attribute("value")
                .map(|value| value.value.clone())
                .ok_or_else(|| vec![Diagnostic::error(CODE, block.header, "`value` is missing")])?,
        ),
        "attr" => Spec::Attribute { name: named("name")?, ty: ty(block, sources)?, required },
        "block" => Spec::Block { kind: named("block_type")?, required, inside: inside()? },
        "block_list" => Spec::BlockList { kind: named("block_type")?, inside: inside()? },
        "block_map" => {
            Spec::BlockMap { kind: named("block_type")?, labels: labels(block), inside: inside()? }
        }
        other => {
            return Err(vec![Diagnostic::error(
                CODE,
                block.kind.span,
                format!("`{other}` is not understood"),
            )]);
        }
    })
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr.kind, infra_lang::ast::ExprKind::Bool(true))
}

fn fields(body: &Body, sources: &SourceMap) -> Result<Vec<(String, Spec)>, Vec<Diagnostic>> {
    let field = |block: &Block| {
        let name = block.labels.first().map(|label| label.text.clone());
        let unnamed = || vec![Diagnostic::error(CODE, block.header, "a field needs a name")];
        Ok((name.ok_or_else(unnamed)?, spec(block, sources)?))
    };
    body.blocks().map(field).collect()
}

/// The specification of a block's body: the one block in it.
fn nested(body: &Body, sources: &SourceMap) -> Result<Spec, Vec<Diagnostic>> {
    let missing = || vec![Diagnostic::error(CODE, body.span, "what is made of the block is missing")];
    spec(body.blocks().next().ok_or_else(missing)?, sources)
}

/// How many labels a block of a map has.
fn labels(block: &Block) -> usize {
    match block.body.attribute("labels").map(|labels| &labels.value.kind) {
        Some(infra_lang::ast::ExprKind::Tuple(names)) => names.len(),
        _ => 1,
    }
}

/// HCL's type expressions are spelt as the language's own.
fn ty(block: &Block, sources: &SourceMap) -> Result<Type, Vec<Diagnostic>> {
    let Some(attribute) = block.body.attribute("type") else { return Ok(Type::Any) };
    Type::parse(sources.text(attribute.value.span))
        .map_err(|error| vec![Diagnostic::error(CODE, attribute.value.span, error)])
}
