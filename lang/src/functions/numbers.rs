//! Numbers.

use super::{Arguments, Function, Returned, values};
use crate::number::Number;
use crate::value::{Quantity, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    values("abs", "(number: number) -> number", "The number without its sign.", abs),
    values("ceil", "(number: number) -> int", "The smallest whole number not below it.", |a| {
        Ok(Value::Number(a.number(0)?.ceil()))
    }),
    values("floor", "(number: number) -> int", "The largest whole number not above it.", |a| {
        Ok(Value::Number(a.number(0)?.floor()))
    }),
    values("max", "(first: any, ...rest: any) -> any", "The largest number or quantity.", |a| {
        extreme(a, true)
    }),
    values("min", "(first: any, ...rest: any) -> any", "The smallest number or quantity.", |a| {
        extreme(a, false)
    }),
    values(
        "parseint",
        "(text: string, base: int(2, 36)) -> int",
        "The whole number written in a base.",
        parseint,
    ),
    values("sum", "(items: list(any)) -> any", "The sum of numbers, or of quantities of one kind.", sum),
];

fn abs(a: &Arguments) -> Returned {
    let number = a.number(0)?;
    Ok(Value::Number(if *number < Number::from(0) { -number } else { number.clone() }))
}

/// The amounts of numbers, or of quantities of one dimension, and how to make a value of an amount again.
fn amounts<'a>(items: &[&'a Value]) -> Result<(Vec<&'a Number>, impl Fn(Number) -> Value + use<'a>), String> {
    let dimension = match items.first() {
        Some(Value::Quantity(quantity)) => Some(quantity.dimension),
        _ => None,
    };
    let amount = |item: &&'a Value| match (*item, dimension) {
        (Value::Number(number), None) => Ok(number),
        (Value::Quantity(quantity), Some(dimension)) if quantity.dimension == dimension => {
            Ok(&quantity.amount)
        }
        (other, _) => Err(format!("{other} is not a number or quantity like the others")),
    };
    let amounts = items.iter().map(amount).collect::<Result<_, _>>()?;
    Ok((amounts, move |amount| match dimension {
        Some(dimension) => Value::Quantity(Quantity { dimension, amount }),
        None => Value::Number(amount),
    }))
}

fn extreme(a: &Arguments, largest: bool) -> Returned {
    let items: Vec<&Value> = a.rest(0).iter().collect();
    let (amounts, back) = amounts(&items)?;
    let extreme = if largest { amounts.into_iter().max() } else { amounts.into_iter().min() };
    extreme.cloned().map(back).ok_or_else(|| "there is nothing to choose from".to_owned())
}

fn sum(a: &Arguments) -> Returned {
    let items = a.items(0)?;
    let (amounts, back) = amounts(&items)?;
    Ok(back(amounts.into_iter().fold(Number::from(0), |sum, amount| &sum + amount)))
}

fn parseint(a: &Arguments) -> Returned {
    let (text, base) = (a.text(0)?, a.int(1)?);
    let radix = u32::try_from(base).map_err(|_| "the base is out of range".to_owned())?;
    let parsed = i64::from_str_radix(text, radix);
    parsed.map(Value::int).map_err(|_| format!("\"{text}\" is not a whole number in base {base}"))
}
