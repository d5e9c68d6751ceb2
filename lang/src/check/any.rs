//! Reading from values of which nothing is known.

use super::Checker;
use super::narrow::Path;
use crate::ast::Expr;
use crate::diagnostic::Diagnostic;
use crate::explain::codes;
use crate::types::Type;

impl Checker<'_> {
    /// Warns that something is read from a value of type `any`. Of several reads in a row the first is enough.
    pub(super) fn read_any(&mut self, ty: &Type, of: &Expr, whole: &Expr) {
        if *ty.core() != Type::Any {
            return;
        }
        self.any_reads.insert(whole.span);
        if self.any_reads.contains(&of.bare().span) {
            return;
        }
        let (subject, value) = match Path::of(of) {
            Some(path) => (format!("`{path}`"), path.to_string()),
            None => ("this".to_owned(), "…".to_owned()),
        };
        let message =
            format!("{subject} may be anything, so that a slip in what is read from it is found late");
        let warning = Diagnostic::warning(codes::ANY_READ, whole.span, message);
        self.report(
            warning.hint(format!("say what it is, `convert({value}, object({{ … }}))`, or use `try`")),
        );
    }

    /// What `look` gives, without warnings of what it reads: it is told what to expect, or what to do otherwise.
    pub(super) fn knowingly<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.errors.len();
        let found = look(self);
        let fresh = self.errors.split_off(before);
        self.errors.extend(fresh.into_iter().filter(|error| error.code != codes::ANY_READ));
        found
    }
}
