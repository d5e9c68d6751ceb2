//! Syntax, `E01xx`.

use super::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[];
