//! Numbers with a 512-bit binary mantissa, as HCL has them.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::str::FromStr;

use dashu_float::round::mode::HalfEven;
use dashu_float::{DBig, FBig};

/// Bits of mantissa, HCL's (go-cty's) own.
const PRECISION: usize = 512;
/// The largest power of two that results are scaled by, and the inverse of the smallest.
const MAX_EXPONENT: usize = 40_000;

/// A number of the language.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(FBig<HalfEven, 2>);

impl Number {
    fn rounded(value: FBig<HalfEven, 2>) -> Self {
        Self(value.with_precision(PRECISION).value())
    }

    /// The whole number it is, if it is one that fits.
    pub fn to_i64(&self) -> Option<i64> {
        i64::try_from(self.0.to_int_exact()?).ok()
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().value()
    }

    /// Whether it has no fraction.
    pub fn is_integer(&self) -> bool {
        self.0.to_int_exact().is_some()
    }

    /// Whether it is 0, or within about 10^±12000: what is beyond measures nothing, and its digits fill the memory.
    pub fn is_workable(&self) -> bool {
        self.0.repr().exponent().unsigned_abs() <= MAX_EXPONENT
    }

    /// Whether it is 0, by which nothing divides.
    pub fn is_zero(&self) -> bool {
        *self == Self::from(0)
    }

    /// The largest whole number not above it.
    pub fn floor(&self) -> Self {
        Self(self.0.floor())
    }

    /// The smallest whole number not below it.
    pub fn ceil(&self) -> Self {
        Self(self.0.ceil())
    }
}

/// Exactness is what callers ask about, and dashu answers it only through a rounding.
trait ToIntExact {
    fn to_int_exact(&self) -> Option<dashu_int::IBig>;
}

impl ToIntExact for FBig<HalfEven, 2> {
    fn to_int_exact(&self) -> Option<dashu_int::IBig> {
        match self.to_int() {
            dashu_float::round::Rounded::Exact(value) => Some(value),
            dashu_float::round::Rounded::Inexact(..) => None,
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::rounded(FBig::from(value))
    }
}

/// Text that is no decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number")]
pub struct ParseNumberError(String);

impl FromStr for Number {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decimal = DBig::from_str(text).map_err(|_| ParseNumberError(text.to_owned()))?;
        Ok(Self(decimal.with_rounding::<HalfEven>().with_base_and_precision::<2>(PRECISION).value()))
    }
}

macro_rules! arithmetic {
    ($($operation:ident::$method:ident),*) => {$(
        impl $operation for &Number {
            type Output = Number;
            fn $method(self, other: Self) -> Number {
                Number::rounded((&self.0).$method(&other.0))
            }
        }
    )*};
}

// The caller refuses division by zero first: it alone knows the place.
arithmetic!(Add::add, Sub::sub, Mul::mul, Div::div);

impl Rem for &Number {
    type Output = Number;

    /// What is left of dividing towards zero, with the sign of `self`: HCL's own steps, so that results agree.
    fn rem(self, other: Self) -> Number {
        let whole = Number((self / other).0.trunc());
        self - &(&whole * other)
    }
}

impl Neg for &Number {
    type Output = Number;
    fn neg(self) -> Number {
        Number(-self.0.clone())
    }
}

impl fmt::Display for Number {
    /// Whole numbers exactly, others with as few digits as tell them from every other number, as HCL has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_int_exact() {
            Some(whole) => write!(f, "{whole}"),
            None => f.write_str(&self.shortest()),
        }
    }
}

impl Number {
    /// 512 bits tell numbers of 153 decimal digits apart, and 156 digits tell all of theirs apart.
    fn shortest(&self) -> String {
        let text = |digits: usize| {
            let text = self.0.clone().with_base_and_precision::<10>(digits).value().to_string();
            if text.contains('.') { text.trim_end_matches('0').to_owned() } else { text }
        };
        let same = |text: &String| text.parse().is_ok_and(|read: Self| read == *self);
        (153..156).map(text).find(same).unwrap_or_else(|| text(156))
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().expect("a number")
    }

    #[test]
    fn arithmetic_keeps_what_doubles_lose() {
        assert_eq!(&number("9007199254740993") + &number("1"), number("9007199254740994"));
        assert_eq!(number("0.5").to_string(), "0.5");
        assert_eq!(number("1e3").to_string(), "1000");
        assert_eq!(number("2.5").floor(), number("2"));
        assert_eq!((&number("7") / &number("2")).to_string(), "3.5");
        assert_eq!(&number("7") % &number("4"), number("3"));
        assert_eq!(&number("-7") % &number("4"), number("-3"));
        assert_eq!(number("80").to_i64(), Some(80));
        assert_eq!(number("0.1").to_i64(), None);
    }

    #[test]
    fn text_tells_numbers_apart() {
        let rest = &number("11") % &number("5.1");
        assert_ne!(rest, number("0.8"));
        assert_eq!(number(&rest.to_string()), rest);
        assert_eq!(number("0.1").to_string(), "0.1");
    }
}
