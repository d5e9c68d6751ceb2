//! Calls of builtin functions, and what some of them demand.

use super::Looker;
use super::builtins;
use super::known::{Phase, When, Why};
use super::scope::Scope;
use super::tree::{Tree, union_all};
use super::typed::typed;
use crate::ast::{Call, Expr};
use crate::check::declarations::Names;
use crate::functions::function;
use crate::span::Span;
use crate::types::read_type;

impl<'a> Looker<'a, '_> {
    pub(super) fn call(&mut self, call: &'a Call, span: Span, scope: &Scope) -> Tree {
        let called = self.function(call);
        match (call.name.as_str(), called) {
            (_, Some((home, function))) => {
                let arguments = self.arguments(call, scope);
                let result = self.user_call(home, function, &arguments, call);
                result.through(&format!("{}(…)", call.name), span)
            }
            ("try", None) => self.attempt(call, scope),
            ("can", None) => {
                let (_, read) = self.reading(|looker| looker.arguments(call, scope));
                Tree::Leaf(chosen(read, call, span))
            }
            ("convert", None) => self.convert(call, scope),
            ("templatefile", None) => self.template_file(call, scope),
            (name, None) => {
                let arguments = self.arguments(call, scope);
                self.builtin(name, &arguments, call, span)
            }
        }
    }

    /// The arguments; behind `...` any of the elements stands for all, whose number must be known.
    pub(super) fn arguments(&mut self, call: &'a Call, scope: &Scope) -> Vec<Tree> {
        let mut arguments: Vec<Tree> =
            call.arguments.iter().map(|argument| self.tree(argument, scope)).collect();
        if let (Some(_), Some(last), Some(expr)) = (call.expand, arguments.last_mut(), call.arguments.last())
        {
            let shape = last.shape();
            *last = last.contents();
            self.demand_at_plan(&shape, expr.span, "the number of arguments");
        }
        arguments
    }

    fn builtin(&mut self, name: &str, arguments: &[Tree], call: &'a Call, span: Span) -> Tree {
        if name == "plantimestamp" {
            let (what, reason) = ("plantimestamp()".to_owned(), "is known at plan".to_owned());
            return Tree::Leaf(When::late(Phase::Plan, Why::Source { what, reason, span, object: None }));
        }
        if function(name).is_some_and(|function| function.reads()) {
            return self.read_by(name, arguments, call);
        }
        if call.expand.is_some() {
            // Which element is which argument is not told.
            let any = union_all(arguments);
            return match name {
                "concat" | "merge" => builtins::result(name, &[any], None),
                _ => Tree::Leaf(any.all()),
            };
        }
        let key = call.arguments.get(1).and_then(Expr::as_string);
        builtins::result(name, arguments, key)
    }

    /// A function that reads files needs all it is told at plan.
    fn read_by(&mut self, name: &str, arguments: &[Tree], call: &'a Call) -> Tree {
        let mut all = When::CONFIG;
        for (argument, expr) in arguments.iter().zip(&call.arguments) {
            let when = argument.all();
            if self.demand_at_plan(&when, expr.span, &format!("what `{name}` reads")) {
                all = all.and(&when);
            }
        }
        Tree::Leaf(all)
    }

    /// Which argument of `try` is taken is known when what they read is, but never later than at plan: what waits
    /// then is taken.
    fn attempt(&mut self, call: &'a Call, scope: &Scope) -> Tree {
        let (arguments, read) = self.reading(|looker| looker.arguments(call, scope));
        union_all(&arguments).delayed(&chosen(read, call, call.name.span))
    }

    fn convert(&mut self, call: &'a Call, scope: &Scope) -> Tree {
        let [value, wanted] = call.arguments.as_slice() else { return Tree::CONFIG };
        let names = Names {
            types: &self.module.types,
            libraries: &self.module.libraries,
            modules: self.run.modules,
            schemas: self.run.schemas,
        };
        let wanted = read_type(wanted, &names);
        let value = self.tree(value, scope);
        wanted.map_or(value.clone(), |wanted| typed(&value, &wanted))
    }

    fn template_file(&mut self, call: &'a Call, scope: &Scope) -> Tree {
        let arguments = self.arguments(call, scope);
        let ([path, variables], [path_expr, variables_expr]) =
            (arguments.as_slice(), call.arguments.as_slice())
        else {
            return Tree::CONFIG;
        };
        let (path, shape) = (path.all(), variables.shape());
        let known = self.demand_at_plan(&path, path_expr.span, "the path of a template");
        let named = self.demand_at_plan(&shape, variables_expr.span, "the names that a template sees");
        if known && named { Tree::Leaf(path.and(&variables.all())) } else { Tree::CONFIG }
    }
}

/// When it is known which expression can be evaluated, if so much was read for them.
fn chosen(read: Phase, call: &Call, span: Span) -> When {
    match read {
        Phase::Config => When::CONFIG,
        _ => {
            let (what, reason) = (format!("{}(…)", call.name), "is decided at plan".to_owned());
            When::late(Phase::Plan, Why::Source { what, reason, span, object: None })
        }
    }
}
