//! Every expression that stands in another.

use super::{Entry, Expr, ExprKind, File, For, ForResult, Item, Key, Part};

impl Expr {
    /// Calls `visit` with each expression directly within this one, in the order written.
    pub fn for_each_child<'e>(&'e self, visit: &mut impl FnMut(&'e Self)) {
        match &self.kind {
            ExprKind::Invalid | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => {}
            ExprKind::Quantity(_) | ExprKind::String(_) | ExprKind::Name(_) | ExprKind::Element => {}
            ExprKind::Template(parts) => for_each_in_parts(parts, visit),
            ExprKind::Wrapped(_, inner) | ExprKind::Unary(_, inner) | ExprKind::Attribute(inner, _) => {
                visit(inner)
            }
            ExprKind::Tuple(elements) => elements.iter().for_each(visit),
            ExprKind::Object(entries) => entries.iter().for_each(|entry| entry.for_each_child(visit)),
            ExprKind::For(each) => each.for_each_child(visit),
            ExprKind::Conditional(parts) => {
                [&parts.condition, &parts.yes, &parts.no].into_iter().for_each(visit)
            }
            ExprKind::Binary(parts) => [&parts.left, &parts.right].into_iter().for_each(visit),
            ExprKind::Call(call) => call.arguments.iter().for_each(visit),
            ExprKind::Index(object, index) => [object, index].into_iter().for_each(|child| visit(child)),
            ExprKind::Splat(splat) => [&splat.source, &splat.each].into_iter().for_each(visit),
        }
    }
}

impl Entry {
    fn for_each_child<'e>(&'e self, visit: &mut impl FnMut(&'e Expr)) {
        if let Key::Expr(key) = &self.key {
            visit(key);
        }
        visit(&self.value);
    }
}

impl For {
    fn for_each_child<'e>(&'e self, visit: &mut impl FnMut(&'e Expr)) {
        visit(&self.collection);
        match &self.result {
            ForResult::Tuple(result) => visit(result),
            ForResult::Object { key, value, .. } => [key, value].into_iter().for_each(&mut *visit),
        }
        self.condition.iter().for_each(visit);
    }
}

fn for_each_in_parts<'e>(parts: &'e [Part], visit: &mut impl FnMut(&'e Expr)) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Interpolation(expr) => visit(expr),
            Part::If(part) => {
                visit(&part.condition);
                for_each_in_parts(&part.yes, &mut *visit);
                for_each_in_parts(&part.no, &mut *visit);
            }
            Part::For(part) => {
                visit(&part.collection);
                for_each_in_parts(&part.body, &mut *visit);
            }
        }
    }
}

impl File {
    /// Calls `visit` with the value of each attribute, at any depth of blocks.
    pub fn for_each_value<'e>(&'e self, visit: &mut impl FnMut(&'e Expr)) {
        let mut bodies = vec![&self.body];
        while let Some(body) = bodies.pop() {
            for item in &body.items {
                match item {
                    Item::Attribute(attribute) => visit(&attribute.value),
                    Item::Block(block) => bodies.push(&block.body),
                }
            }
        }
    }
}
