//! Numbers and quantities as written.

use crate::number::Number;
use crate::value::{Dimension, Quantity};

/// Larger exponents name no quantity of this world, and would take long to read.
const MAX_EXPONENT: i32 = 9999;
/// More digits than a mantissa tells apart, many times over; reading millions would take long.
const MAX_DIGITS: usize = 9999;

/// A number as written. The parser has seen to it that it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberLiteral {
    text: String,
}

/// `30s`, `8GiB`, `80%`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityLiteral {
    /// The number before the unit.
    pub amount: NumberLiteral,
    /// The unit.
    pub unit: Unit,
}

/// The unit of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit(&'static UnitRow);

/// A spelling, its dimension, and how much of the base unit it is: multiply by `.2`, divide by `.3`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct UnitRow(&'static str, Dimension, i64, i64);

const UNITS: &[UnitRow] = &[
    UnitRow("ms", Dimension::Duration, 1, 1000),
    UnitRow("s", Dimension::Duration, 1, 1),
    UnitRow("m", Dimension::Duration, 60, 1),
    UnitRow("min", Dimension::Duration, 60, 1),
    UnitRow("h", Dimension::Duration, 3_600, 1),
    UnitRow("d", Dimension::Duration, 86_400, 1),
    UnitRow("w", Dimension::Duration, 604_800, 1),
    UnitRow("B", Dimension::Size, 1, 1),
    UnitRow("kB", Dimension::Size, 1_000, 1),
    UnitRow("MB", Dimension::Size, 1_000_000, 1),
    UnitRow("GB", Dimension::Size, 1_000_000_000, 1),
    UnitRow("TB", Dimension::Size, 1_000_000_000_000, 1),
    UnitRow("KiB", Dimension::Size, 1 << 10, 1),
    UnitRow("MiB", Dimension::Size, 1 << 20, 1),
    UnitRow("GiB", Dimension::Size, 1 << 30, 1),
    UnitRow("TiB", Dimension::Size, 1 << 40, 1),
    UnitRow("%", Dimension::Percent, 1, 1),
];

impl NumberLiteral {
    /// A number literal, if `text` is one of at most 9999 digits within 10^±9999.
    pub fn new(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let sensible = mantissa.len() <= MAX_DIGITS
            && [whole, fraction].into_iter().all(is_digits)
            && is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
            && exponent.parse::<i32>().is_ok_and(|exponent| exponent.abs() <= MAX_EXPONENT);
        sensible.then(|| Self { text: text.to_owned() })
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its value.
    pub fn value(&self) -> Number {
        self.text.parse().expect("checked in `new`")
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl QuantityLiteral {
    /// Its value in the base unit of its dimension.
    pub fn value(&self) -> Quantity {
        let UnitRow(_, dimension, factor, divisor) = *self.unit.0;
        let scaled = &self.amount.value() * &Number::from(factor);
        Quantity { dimension, amount: &scaled / &Number::from(divisor) }
    }
}

impl Unit {
    /// The unit of this spelling.
    pub fn new(text: &str) -> Option<Self> {
        UNITS.iter().find(|row| row.0 == text).map(Self)
    }

    /// Its spelling.
    pub fn as_str(self) -> &'static str {
        self.0.0
    }

    /// What it measures.
    pub fn dimension(self) -> Dimension {
        self.0.1
    }

    /// The spellings of all units.
    pub fn all() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|row| row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_in_the_base_unit_of_their_dimension() {
        let value = |amount: &str, unit: &str| {
            let amount = NumberLiteral::new(amount).expect("a number");
            QuantityLiteral { amount, unit: Unit::new(unit).expect("a unit") }.value()
        };
        let shown = |amount: &str, unit: &str| value(amount, unit).amount.to_string();
        assert_eq!(shown("1.5", "h"), "5400");
        assert_eq!(shown("500", "ms"), "0.5");
        assert_eq!(shown("8", "GiB"), "8589934592");
        assert_eq!(shown("8", "GB"), "8000000000");
        assert_eq!(value("80", "%"), Quantity { dimension: Dimension::Percent, amount: Number::from(80) });
    }

    #[test]
    fn numbers_beyond_reason_are_refused() {
        assert!(NumberLiteral::new("1e9999").is_some());
        assert!(NumberLiteral::new("1e-10000").is_none());
        assert!(NumberLiteral::new("1e99999999999999999999").is_none());
        assert!(NumberLiteral::new(&"1".repeat(9_999)).is_some());
        assert!(NumberLiteral::new(&"1".repeat(10_000)).is_none());
    }

    #[test]
    fn only_digits_make_a_number() {
        let number = |text: &str| NumberLiteral::new(text).map(|literal| literal.value().to_string());
        assert_eq!(number("1.5e+1").as_deref(), Some("15"));
        assert_eq!(number("007").as_deref(), Some("7"));
        for text in ["", ".", "1.", ".5", "1e", "e1", "1e+", "1e+-1", "+1", "1_000", "inf", "1.2.3"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
