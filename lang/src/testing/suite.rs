//! A test file with the sources of what it tests, and the programs that its tests run.

use super::{Test, TestFile};
use crate::address::ModuleStep;
use crate::ast::{Attribute, Block, Body, Expr, ExprKind, File, Ident, Item, Label};
use crate::check::check_for;
use crate::constant::constant;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::inputs::{Given, Inputs};
use crate::name::Identifier;
use crate::program::{Program, Source};
use crate::schema::SchemaSet;
use crate::span::{FileId, Span};
use crate::tool::Tool;

/// Where a module is tested that says nothing of a project.
const REGION: &str = "us-east-1";

/// A test file and what it tests.
#[derive(Debug, Clone)]
pub struct Suite {
    /// What the file says.
    pub file: TestFile,
    /// The sources of what is tested, and of all modules it calls.
    pub sources: Vec<Source>,
    /// The directory tested: empty for a project, else a module's.
    pub directory: String,
    /// The test file.
    pub id: FileId,
    /// The tool that runs.
    pub tool: Tool,
}

impl Suite {
    /// Checks what is tested, for itself: what is wrong with it is no test's fault.
    ///
    /// # Errors
    /// All independent errors.
    pub fn check(&self, schemas: &SchemaSet) -> Result<(), Vec<Diagnostic>> {
        if self.directory.is_empty()
            && let Some(block) = self.file.around.first()
        {
            let message = format!("`{}` does not belong in the test of a project", block.kind);
            let error = Diagnostic::error(codes::TEST, block.header, message);
            return Err(vec![
                error.hint("a project is tested as it stands; only a module is called with more"),
            ]);
        }
        self.program(None, schemas).map(drop)
    }

    /// The program that a test runs; without a test, the same without a call of the module tested.
    pub(super) fn program(
        &self,
        test: Option<&Test>,
        schemas: &SchemaSet,
    ) -> Result<Program, Vec<Diagnostic>> {
        if self.directory.is_empty() {
            return check_for(&self.sources, schemas, &self.tool);
        }
        let mut blocks = self.file.around.clone();
        let place = test.map_or(Span::new(self.id, 0, 0), |test| test.span);
        if !blocks.iter().any(|block| block.kind.as_str() == "project") {
            let region = attribute("region", text(REGION, place), place);
            blocks.push(block("project", "test", vec![region], place));
        }
        blocks.extend(test.map(|test| self.call(test)));
        let items = blocks.into_iter().map(Item::Block).collect();
        let root = File { body: Body { items, span: place, complete: true } };
        let mut sources = self.sources.clone();
        sources.push(Source { directory: String::new(), file: root });
        check_for(&sources, schemas, &self.tool)
    }

    /// Where the declarations that are tested live.
    pub(super) fn path(&self) -> Vec<ModuleStep> {
        if self.directory.is_empty() {
            return Vec::new();
        }
        vec![ModuleStep { name: Identifier::new(self.label()), key: None }]
    }

    /// The call's label is the directory's name, so that default names read well.
    fn label(&self) -> String {
        let name = self.directory.rsplit(['/', ':']).next().unwrap_or_default();
        let fits = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        match name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(fits) {
            true => name.to_owned(),
            false => "tested".to_owned(),
        }
    }

    /// The call of the module tested, with the test's variables as arguments.
    fn call(&self, test: &Test) -> Block {
        let source = match self.directory.strip_prefix("std:") {
            Some(name) => format!("std/{name}"),
            None => format!("./{}", self.directory),
        };
        let mut attributes = vec![attribute("source", text(&source, test.span), test.span)];
        attributes.extend(latest(&test.variables).into_iter().cloned());
        block("module", &self.label(), attributes, test.span)
    }
}

/// The variables of a project under test.
pub(super) fn given(test: &Test, inputs: &mut Inputs<'_>) -> Result<(), Vec<Diagnostic>> {
    let mut errors = Vec::new();
    for variable in latest(&test.variables) {
        match constant(&variable.value) {
            Ok(value) => {
                let given = Given::Value { value, span: variable.value.span };
                inputs.variables.insert(variable.name.name.clone(), given);
            }
            Err(error) => errors.extend(error),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Of several of one name, the last.
fn latest(variables: &[Attribute]) -> Vec<&Attribute> {
    let later =
        |at: usize, name: &Ident| variables[at + 1..].iter().any(|other| other.name.name == name.name);
    variables.iter().enumerate().filter(|(at, one)| !later(*at, &one.name)).map(|(_, one)| one).collect()
}

fn text(text: &str, span: Span) -> Expr {
    Expr { kind: ExprKind::String(text.to_owned()), span }
}

fn attribute(name: &str, value: Expr, span: Span) -> Attribute {
    Attribute { name: Ident { name: Identifier::new(name), span }, value, span }
}

fn block(kind: &str, label: &str, attributes: Vec<Attribute>, span: Span) -> Block {
    let items = attributes.into_iter().map(Item::Attribute).collect();
    Block {
        kind: Ident { name: Identifier::new(kind), span },
        labels: vec![Label { text: label.to_owned(), quoted: true, computed: false, span }],
        body: Body { items, span, complete: true },
        header: span,
        span,
    }
}
