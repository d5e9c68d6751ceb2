//! Formatting, and regular expressions.

use std::collections::BTreeMap;

use regex::{Captures, Regex};

use super::strings::{fits, text};
use super::{Arguments, Function, Returned, values};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    values(
        "format",
        "(format: string, ...arguments: any) -> string",
        "The format with `%s`, `%d`, `%f`, `%q`, `%v`, `%x`, `%05d`, `%.2f`, `%-10s`, `%%` replaced.",
        |a| text(format(a.text(0)?, &a.rest(1).iter().collect::<Vec<_>>())?),
    ),
    values(
        "formatlist",
        "(format: string, ...arguments: any) -> list(string)",
        "`format` for each element of the lists, side by side.",
        formatlist,
    ),
    values(
        "regex",
        "(pattern: string, text: string) -> any",
        "The first match: a string, or its groups as a list, or its named groups as an object.",
        |a| {
            let pattern = compile(a.text(0)?)?;
            let found = pattern.captures(a.text(1)?);
            found
                .map(|found| matched(&pattern, &found))
                .ok_or_else(|| "the pattern does not match".to_owned())
        },
    ),
    values(
        "regexall",
        "(pattern: string, text: string) -> list(any)",
        "All matches, each as `regex` gives it.",
        |a| {
            let pattern = compile(a.text(0)?)?;
            Ok(Value::List(
                pattern.captures_iter(a.text(1)?).map(|found| matched(&pattern, &found)).collect(),
            ))
        },
    ),
    values(
        "replace",
        "(text: string, part: string, by: string) -> string",
        "The text with the part replaced; a part between slashes is a pattern, whose groups are `$1` or `${name}`.",
        replace,
    ),
];

fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("the pattern is wrong: {}", last_line(&error.to_string())))
}

fn last_line(message: &str) -> &str {
    message.lines().last().unwrap_or_default().trim_start_matches("error: ")
}

fn matched(pattern: &Regex, found: &Captures<'_>) -> Value {
    let group = |at: usize| found.get(at).map_or(Value::Null, |group| Value::string(group.as_str()));
    let named: BTreeMap<String, Value> = pattern
        .capture_names()
        .enumerate()
        .filter_map(|(at, name)| Some((name?.to_owned(), group(at))))
        .collect();
    match found.len() {
        1 => group(0),
        _ if !named.is_empty() => Value::Map(named),
        groups => Value::List((1..groups).map(group).collect()),
    }
}

fn replace(a: &Arguments) -> Returned {
    let (whole, part, by) = (a.text(0)?, a.text(1)?, a.text(2)?);
    match part.strip_prefix('/').and_then(|part| part.strip_suffix('/')) {
        Some(pattern) => text(compile(pattern)?.replace_all(whole, by)),
        None => {
            fits(by.len().saturating_mul(whole.matches(part).count()))?;
            text(whole.replace(part, by))
        }
    }
}

/// The element at a position of a list or set; a single value is every element of itself.
fn cell(argument: &Value, at: usize) -> &Value {
    match argument {
        Value::List(items) => items.get(at).unwrap_or(&Value::Null),
        Value::Set(items) => items.iter().nth(at).unwrap_or(&Value::Null),
        single => single,
    }
}

fn formatlist(a: &Arguments) -> Returned {
    let arguments = a.rest(1);
    let lengths = arguments.iter().filter_map(|argument| match argument {
        Value::List(items) => Some(items.len()),
        Value::Set(items) => Some(items.len()),
        _ => None,
    });
    let length = lengths.clone().min().unwrap_or(1);
    if lengths.max().is_some_and(|longest| longest != length) {
        return Err("the lists are of different lengths".to_owned());
    }
    let row = |at: usize| {
        let cells: Vec<&Value> = arguments.iter().map(|argument| cell(argument, at)).collect();
        format(a.text(0)?, &cells).map(Value::String)
    };
    Ok(Value::List((0..length).map(row).collect::<Result<_, String>>()?))
}

/// One `%…` of a format: flags, width, precision and verb.
#[derive(Default)]
struct Verb {
    left: bool,
    zero: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

fn format(pattern: &str, arguments: &[&Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = pattern.chars().peekable();
    let mut arguments_left = arguments.iter();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let verb = read_verb(&mut rest);
        match rest.next() {
            Some('%') => out.push('%'),
            Some(letter) => {
                let argument =
                    arguments_left.next().ok_or_else(|| format!("there is no argument for `%{letter}`"))?;
                out.push_str(&pad(&verb, spell(&verb, letter, argument)?));
            }
            None => return Err("the format ends in the middle of a `%`".to_owned()),
        }
    }
    match arguments_left.len() {
        0 => Ok(out),
        left => Err(format!("{left} of the arguments are not used by the format")),
    }
}

fn read_verb(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Verb {
    let mut verb = Verb::default();
    while let Some(flag) = rest.next_if(|c| matches!(c, '-' | '0' | '+' | ' ' | '#')) {
        verb.left |= flag == '-';
        verb.zero |= flag == '0';
        verb.plus |= flag == '+';
    }
    verb.width = read_digits(rest);
    if rest.next_if_eq(&'.').is_some() {
        verb.precision = Some(read_digits(rest));
    }
    verb
}

/// A width or precision; beyond a thousand it is a slip and counts as a thousand.
fn read_digits(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> usize {
    let mut number = 0;
    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
        rest.next();
        number = (number * 10 + digit as usize).min(1000);
    }
    number
}

fn pad(verb: &Verb, text: String) -> String {
    let missing = verb.width.saturating_sub(text.chars().count());
    match (verb.left, verb.zero) {
        (true, _) => text + &" ".repeat(missing),
        (false, true) => match text.strip_prefix('-') {
            Some(digits) => format!("-{}{digits}", "0".repeat(missing)),
            None => "0".repeat(missing) + &text,
        },
        (false, false) => " ".repeat(missing) + &text,
    }
}

fn spell(verb: &Verb, letter: char, argument: &Value) -> Result<String, String> {
    let cut = |text: String| match verb.precision {
        Some(length) => text.chars().take(length).collect(),
        None => text,
    };
    match (letter, argument) {
        ('s' | 'v', Value::String(text)) => Ok(cut(text.clone())),
        ('s', Value::Number(_) | Value::Bool(_) | Value::Quantity(_)) => Ok(cut(argument.to_string())),
        ('v', Value::Null | Value::Number(_) | Value::Bool(_) | Value::Quantity(_)) => {
            Ok(argument.to_string())
        }
        ('v', _) => super::encoding::to_json(argument).map(|json| json.to_string()),
        ('q', Value::String(text)) => Ok(crate::value::Quoted(text).to_string()),
        ('t', Value::Bool(value)) => Ok(value.to_string()),
        ('d', Value::Number(number)) if number.is_integer() => Ok(signed(verb, number.to_string())),
        ('x' | 'X' | 'o' | 'b', Value::Number(number)) => {
            let whole = number.to_i64().ok_or_else(|| format!("{number} is not a whole number in range"))?;
            Ok(match letter {
                'x' => format!("{whole:x}"),
                'X' => format!("{whole:X}"),
                'o' => format!("{whole:o}"),
                _ => format!("{whole:b}"),
            })
        }
        ('f', Value::Number(number)) => {
            Ok(signed(verb, format!("{:.*}", verb.precision.unwrap_or(6), number.to_f64())))
        }
        ('e', Value::Number(number)) => {
            Ok(signed(verb, format!("{:.*e}", verb.precision.unwrap_or(6), number.to_f64())))
        }
        ('g', Value::Number(number)) => Ok(signed(verb, number.to_string())),
        _ => Err(format!("`%{letter}` does not fit its argument")),
    }
}

fn signed(verb: &Verb, digits: String) -> String {
    if verb.plus && !digits.starts_with('-') { format!("+{digits}") } else { digits }
}
