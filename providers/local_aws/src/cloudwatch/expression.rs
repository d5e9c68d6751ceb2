//! Metric math: `(m2 + m3) / m1 * 100`.
//!
//! Numbers, ids, the four operations and parentheses are modelled. What else AWS knows (functions such as `IF` and
//! `RATE`, arrays, comparisons) gives no data, so that an alarm on it stays at `INSUFFICIENT_DATA`.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// What another query gives.
    Id(String),
    /// Two operands and the operation between them.
    Binary(Box<Expression>, char, Box<Expression>),
}

/// Deeper than any that is written by hand, shallow enough for recursion.
const DEEPEST: usize = 64;

impl Expression {
    /// Reads an expression; `None` if it is not one, or not a modelled one.
    pub fn parse(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, depth: 0 };
        let expression = parser.sum()?;
        parser.tokens.is_empty().then_some(expression)
    }

    /// The figure, with `value` telling what ids stand for. `None` if one has no data, or where a division by zero
    /// leaves none.
    pub fn of(&self, value: &impl Fn(&str) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Id(id) => value(id),
            Self::Binary(left, operation, right) => {
                let (left, right) = (left.of(value)?, right.of(value)?);
                let figure = match operation {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                };
                figure.is_finite().then_some(figure)
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Id(String),
    Sign(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let length =
            if in_word(first) { rest.find(|c| !in_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(length);
        tokens.push(match first {
            '0'..='9' | '.' => Token::Number(word.parse().ok()?),
            '+' | '-' | '*' | '/' | '(' | ')' => Token::Sign(first),
            _ if first.is_ascii_lowercase() => Token::Id(word.to_owned()),
            _ => return None,
        });
        rest = after.trim_start();
    }
    Some(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    depth: usize,
}

impl Parser<'_> {
    fn sum(&mut self) -> Option<Expression> {
        self.chain(&['+', '-'], Self::product)
    }

    fn product(&mut self) -> Option<Expression> {
        self.chain(&['*', '/'], Self::operand)
    }

    fn chain(
        &mut self,
        signs: &[char],
        part: impl Fn(&mut Self) -> Option<Expression>,
    ) -> Option<Expression> {
        let mut left = part(self)?;
        while let Some(sign) = self.take(signs) {
            left = Expression::Binary(Box::new(left), sign, Box::new(part(self)?));
        }
        Some(left)
    }

    fn operand(&mut self) -> Option<Expression> {
        if self.take(&['-']).is_some() {
            let negated = self.nested(Self::operand)?;
            return Some(Expression::Binary(Box::new(Expression::Number(0.0)), '-', Box::new(negated)));
        }
        if self.take(&['(']).is_some() {
            let inner = self.nested(Self::sum)?;
            return self.take(&[')']).map(|_| inner);
        }
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        match first {
            Token::Number(number) => Some(Expression::Number(*number)),
            Token::Id(id) => Some(Expression::Id(id.clone())),
            Token::Sign(_) => None,
        }
    }

    fn nested(&mut self, part: impl Fn(&mut Self) -> Option<Expression>) -> Option<Expression> {
        self.depth += 1;
        let inner = if self.depth < DEEPEST { part(self) } else { None };
        self.depth -= 1;
        inner
    }

    fn take(&mut self, signs: &[char]) -> Option<char> {
        let (first, rest) = self.tokens.split_first()?;
        match first {
            Token::Sign(sign) if signs.contains(sign) => {
                self.tokens = rest;
                Some(*sign)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_operations_bind_as_usual() {
        let value = |id: &str| match id {
            "m1" => Some(200.0),
            "errors" => Some(3.0),
            "zero" => Some(0.0),
            _ => None,
        };
        for (text, figure) in [
            ("errors / m1 * 100", Some(1.5)),
            ("100*(errors+1)/m1", Some(2.0)),
            ("m1 - errors - 1", Some(196.0)),
            ("-errors * -2.5", Some(7.5)),
            ("m1 / zero", None),
            ("m1 + nobody", None),
            ("m1 +", None),
            ("(m1", None),
            ("m1 m1", None),
            ("IF(m1 > 3, 1, 0)", None),
            ("SUM(METRICS())", None),
            ("", None),
        ] {
            let found = Expression::parse(text).and_then(|expression| expression.of(&value));
            assert_eq!(found, figure, "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        assert_eq!(Expression::parse(&"(".repeat(20_000)), None);
        assert_eq!(Expression::parse(&"-".repeat(20_000)), None);
    }
}
