//! How many instances at a time: numbers, or shares of a group's size.

use infra_lang::residual::Values;
use infra_lang::value::{Dimension, Value};

/// A number of instances, or a share of a size in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Portion {
    /// So many.
    Count(i32),
    /// So many percent.
    Percent(f64),
}

impl Portion {
    /// So many instances of a group of `size`, rounded up, and at least one.
    pub(crate) fn of(self, size: i32) -> i32 {
        let instances = match self {
            Self::Count(count) => count,
            Self::Percent(percent) => share(size, percent),
        };
        instances.max(1)
    }

    /// A number or a percentage; nothing for anything else.
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(count) => i32::try_from(count.to_i64()?).ok().map(Self::Count),
            Value::Quantity(quantity) if quantity.dimension == Dimension::Percent => {
                Some(Self::Percent(quantity.amount.to_f64()))
            }
            _ => None,
        }
    }
}

/// `percent` of a size, rounded up.
pub(crate) fn share(size: i32, percent: f64) -> i32 {
    // Sizes are small numbers, exact in a double.
    (f64::from(size) * percent / 100.0).ceil() as i32
}

/// How fast a group rolls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace {
    /// Instances above the desired size.
    pub(crate) surge: Portion,
    /// Instances replaced at once; as many as `surge` if nothing is said.
    pub(crate) batch: Option<Portion>,
}

impl Default for Pace {
    /// A tenth of the group.
    fn default() -> Self {
        Self { surge: Portion::Percent(10.0), batch: None }
    }
}

impl Pace {
    /// The pace that the fields of a `swap` block say.
    pub(crate) fn read(fields: &Values) -> Self {
        let portion = |name| fields.get(name).and_then(Portion::read);
        Self { surge: portion("surge").unwrap_or(Self::default().surge), batch: portion("batch") }
    }

    /// How many instances of a group of `size` are replaced at once, with so many above its size.
    pub(crate) fn at_once(self, size: i32, surge: i32) -> i32 {
        self.batch.map_or(surge, |batch| batch.of(size)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_up_and_never_nothing() {
        for (portion, size, expected) in [
            (Portion::Count(3), 10, 3),
            (Portion::Percent(10.0), 10, 1),
            (Portion::Percent(10.0), 11, 2),
            (Portion::Percent(7.0), 100, 7),
            (Portion::Percent(0.0), 10, 1),
            (Portion::Percent(50.0), 0, 1),
        ] {
            assert_eq!(portion.of(size), expected, "{portion:?} of {size}");
        }
    }

    #[test]
    fn a_number_is_not_a_percentage() {
        let fields = serde_json::json!({ "surge": { "$percent": 20 }, "batch": 2 });
        let fields: Values = serde_json::from_value(fields).expect("fields");
        let pace = Pace::read(&fields);
        assert_eq!(pace, Pace { surge: Portion::Percent(20.0), batch: Some(Portion::Count(2)) });
        assert_eq!(pace.at_once(10, 2), 2);
        assert_eq!(Pace::read(&Values::new()).at_once(10, 1), 1);
    }
}
