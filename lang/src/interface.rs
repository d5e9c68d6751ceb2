//! What a module offers to whoever uses it: its inputs, results, functions and types, as plain data for reference
//! pages and tests.

use crate::ast::Expr;
use crate::constant::constant;
use crate::name::Identifier;
use crate::program::{Module, Program};
use crate::span::Span;
use crate::types::Type;

/// The interface of the module in one directory, each list in the order of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The variables.
    pub variables: Vec<Input>,
    /// The outputs.
    pub outputs: Vec<Outcome>,
    /// The functions, with their signatures.
    pub functions: Vec<Function>,
    /// The named types.
    pub types: Vec<(String, Type)>,
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: Identifier,
    /// Its type: the one written, or its default's.
    pub ty: Type,
    /// Its default, in the language's spelling; none if it must be given.
    pub default: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether its value is a secret.
    pub sensitive: bool,
    /// Whether nothing of its value is kept.
    pub ephemeral: bool,
    /// Where the block stands.
    pub span: Span,
}

impl Input {
    /// Whether it must be given.
    pub fn is_required(&self) -> bool {
        self.default.is_none()
    }
}

/// An output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub name: Identifier,
    /// Its type: the one written, or its value's.
    pub ty: Type,
    /// What it is.
    pub description: Option<String>,
    /// Whether its value is a secret.
    pub sensitive: bool,
    /// Where the block stands.
    pub span: Span,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: Identifier,
    /// Its parameters, in order.
    pub params: Vec<(Identifier, Type)>,
    /// The type of its result.
    pub result: Type,
    /// What it does.
    pub description: Option<String>,
    /// Where the block stands.
    pub span: Span,
}

impl Program {
    /// The interface of the module or library in a directory, empty for the root; `None` if there is none.
    pub fn interface(&self, directory: &str) -> Option<Interface> {
        let module = self.modules.get(directory)?;
        let (outputs, results) = (self.outputs.get(directory)?, self.results.get(directory)?);
        let outcomes = module.outputs.iter().map(|(name, output)| Outcome {
            name: name.clone(),
            ty: outputs.field(name.as_str()).map_or(Type::Any, |field| field.ty.clone()),
            description: output.description.clone(),
            sensitive: output.sensitive,
            span: output.span,
        });
        let functions = module.functions.iter().map(|(name, function)| Function {
            name: name.clone(),
            params: function.params.clone(),
            result: results.get(name).cloned().unwrap_or(Type::Any),
            description: function.description.clone(),
            span: function.span,
        });
        Some(Interface {
            variables: inputs(module),
            outputs: outcomes.collect(),
            functions: functions.collect(),
            types: module.types.iter().map(|(name, ty)| (name.clone(), ty.clone())).collect(),
        })
    }
}

fn inputs(module: &Module) -> Vec<Input> {
    let input = |(name, variable): (&Identifier, &crate::program::Variable)| Input {
        name: name.clone(),
        ty: variable.ty.clone().unwrap_or(Type::Any),
        default: variable.default.as_ref().map(spelled),
        description: variable.description.clone(),
        sensitive: variable.sensitive,
        ephemeral: variable.ephemeral,
        span: variable.span,
    };
    module.variables.iter().map(input).collect()
}

/// A default as it may be written. A checked program's are constants.
fn spelled(default: &Expr) -> String {
    constant(default).map_or_else(|_| String::new(), |value| value.to_string())
}
