//! The `project` block: known before anything else.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Eval, Evaluator, Scope, Stop, fail};
use crate::ast::{Block, Expr};
use crate::desired::{Backend, Project};
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::residual::Residual;
use crate::span::Span;
use crate::types::{Type, prelude};
use crate::value::Value;

/// The project, and the tags that go on whatever has tags.
pub(super) type Settings = (Project, BTreeMap<String, Residual>);

impl Evaluator<'_> {
    /// The project's settings, and its tags.
    pub(super) fn project(&self) -> Result<Rc<Settings>, Stop> {
        if let Some(known) = &self.memo.borrow().project {
            return known.clone();
        }
        // Whoever comes here again while it is being read is what it reads.
        self.memo.borrow_mut().project = Some(fail(ring(self.program.project.span)));
        let project = self.reported(self.read_project().map(Rc::new));
        self.memo.borrow_mut().project = Some(project.clone());
        project
    }

    fn read_project(&self) -> Result<Settings, Stop> {
        let settings = match self.settings() {
            Err(Stop::Undecided) if self.open => self.nameless(),
            settings => settings?,
        };
        Ok((settings, self.project_tags()?))
    }

    /// The settings without the tags.
    pub(super) fn settings(&self) -> Result<Project, Stop> {
        let block = &self.program.project;
        let region = block.region.as_ref().map(|expr| self.setting(expr, "region")).transpose()?.flatten();
        Ok(Project {
            name: block.name.clone(),
            region: region.ok_or(Stop::Reported)?,
            account: block
                .account
                .as_ref()
                .map(|expr| self.setting(expr, "account_id"))
                .transpose()?
                .flatten(),
            backend: self.backend(block.backend.as_ref())?,
            span: block.span,
        })
    }

    fn project_tags(&self) -> Result<BTreeMap<String, Residual>, Stop> {
        let block = &self.program.project;
        let tags = match &block.tags {
            Some(expr) => self.wanted(expr, &Type::map(Type::string()), &Scope::of(&[]))?,
            None => Value::Map(BTreeMap::new()).into(),
        };
        match (tags.is_sensitive(), tags.entries(), &block.tags) {
            (true, _, Some(expr)) => fail(Diagnostic::error(
                codes::SECRET,
                expr.span,
                "tags are shown, and one of these is sensitive",
            )),
            (_, Some(entries), Some(_)) if self.is_open(&tags) => Ok(entries),
            (_, None, Some(_)) if self.is_open(&tags) => Err(Stop::Undecided),
            (_, Some(_), Some(expr)) if tags.known().is_none() => fail(not_setting(expr)),
            (_, Some(entries), _) => Ok(entries),
            (_, None, Some(expr)) => fail(not_setting(expr)),
            (_, None, None) => Ok(BTreeMap::new()),
        }
    }

    /// A setting of a named string type, known from the configuration.
    fn setting(&self, expr: &Expr, ty: &str) -> Result<Option<String>, Stop> {
        let ty = prelude(ty).unwrap_or(Type::string()).nullable();
        match self.wanted(expr, &ty, &Scope::of(&[]))? {
            Residual::Known(Value::String(text)) => Ok(Some(text)),
            Residual::Known(Value::Null) => Ok(None),
            secret if secret.is_sensitive() => {
                fail(Diagnostic::error(codes::SECRET, expr.span, "a setting is shown, and this is sensitive"))
            }
            open if self.is_open(&open) => Err(Stop::Undecided),
            _ => fail(not_setting(expr)),
        }
    }

    fn backend(&self, block: Option<&Block>) -> Result<Backend, Stop> {
        let Some(block) = block else { return Ok(Backend::Local { path: "infra.state".to_owned() }) };
        let read = |name: &str| match block.body.attribute(name) {
            Some(attribute) => self.setting(&attribute.value, "string"),
            None => Ok(None),
        };
        match block.labels.first().map(|label| label.text.as_str()) {
            Some("s3") => Ok(Backend::S3 {
                bucket: read("bucket")?.ok_or(Stop::Reported)?,
                key: read("key")?.ok_or(Stop::Reported)?,
                region: read("region")?,
                kms_key_id: read("kms_key_id")?,
            }),
            _ => Ok(Backend::Local { path: read("path")?.unwrap_or_else(|| "infra.state".to_owned()) }),
        }
    }

    /// `project.NAME`.
    pub(super) fn project_setting(&self, name: &str) -> Eval {
        if name == "name" {
            return Ok(Value::string(self.program.project.name.as_str()).into());
        }
        if name == "tags" {
            return Ok(Residual::map(self.project()?.1.clone()));
        }
        let settings = self.settings()?;
        if name == "region" {
            return Ok(Value::string(settings.region).into());
        }
        // Who asks without credentials is told all that does not hang on the account.
        let account = settings.account.or_else(|| self.inputs.account.clone());
        account.map(|account| Value::string(account).into()).ok_or(Stop::Undecided)
    }
}

fn ring(span: Span) -> Diagnostic {
    let message = "the project's settings are made of an object that is named and tagged by them";
    Diagnostic::error(codes::CYCLE, span, message).hint("take the value from a variable or a local")
}

fn not_setting(expr: &Expr) -> Diagnostic {
    Diagnostic::error(codes::SETTING, expr.span, "settings must be known from the configuration alone")
        .hint("use literals, variables and functions of these")
}
