//! Faults as they are written; the other way is [`text`](super::text).

use std::fmt;

use super::words::{ANSWER_WORDS, FATE_WORDS, SERVER_ERRORS, server_error, usual};
use super::{CallFault, Effect, Fault, Flaw, Heard, Mishap, Start, span};
use crate::wire::ApiError;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => call.fmt(f),
            Self::Mishap { after, what } => {
                let at = if after.is_zero() { String::new() } else { format!("@{}", span::print(*after)) };
                print(what, &at, f)
            }
        }
    }
}

impl fmt::Display for CallFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.action)?;
        match self.start {
            Start::Request(1) => {}
            Start::Request(number) => write!(f, "@{number}")?,
            Start::After(wait) => write!(f, "@{}", span::print(wait))?,
        }
        if let Some(per_mille) = self.per_mille {
            write!(f, "~{}%", f64::from(per_mille) / 10.0)?;
        }
        write!(f, "={}", self.effect)?;
        match (self.times, self.per_mille) {
            (None, Some(_)) | (Some(1), None) => Ok(()),
            (None, None) => f.write_str("*always"),
            (Some(times), _) => write!(f, "*{times}"),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttle => f.write_str("throttle"),
            Self::LoseAnswer => f.write_str("lost"),
            Self::Drop => f.write_str("dropped"),
            Self::Cut => f.write_str("cut"),
            Self::Twice(Heard::Second) => f.write_str("twice"),
            Self::Twice(Heard::First) => f.write_str("twice:first"),
            Self::Delay(wait) => write!(f, "delay:{}", span::print(*wait)),
            Self::Stale(lag) => write!(f, "stale:{}", span::print(*lag)),
            Self::Refuse(error) => print_refusal(error, f),
        }
    }
}

fn print_refusal(error: &ApiError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some((status, ..)) = SERVER_ERRORS.iter().find(|known| server_error(known) == *error) {
        return f.write_str(status);
    }
    let usual = usual(&error.code);
    f.write_str(&error.code)?;
    if error.status != usual.status {
        write!(f, "/{}", error.status)?;
    }
    if error.message == usual.message { Ok(()) } else { write!(f, ":{}", error.message) }
}

fn print(what: &Mishap, at: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let named = |pattern: &str| if pattern == "*" { String::new() } else { format!(":{pattern}") };
    match what {
        Mishap::Instance { pattern, fate, count } => {
            let word = FATE_WORDS.iter().find(|(_, known)| known == fate).map_or("dies", |(word, _)| word);
            let times = if *count == 1 { String::new() } else { format!("*{count}") };
            write!(f, "instance{}{at}={word}{times}", named(pattern))
        }
        Mishap::Image { pattern, flaw } => write!(f, "image:{pattern}{at}={flaw}"),
        Mishap::Group { pattern, desired } => write!(f, "group{}{at}=desired:{desired}", named(pattern)),
        Mishap::Hook { pattern, answer } => {
            let word =
                ANSWER_WORDS.iter().find(|(_, known)| known == answer).map_or("silent", |(word, _)| word);
            write!(f, "hook{}{at}={word}", named(pattern))
        }
        Mishap::Capacity { of, left } => {
            write!(f, "capacity{}{at}={left}", of.as_deref().map(named).unwrap_or_default())
        }
        Mishap::Quota(most) => write!(f, "quota{at}={most}"),
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverHealthy => f.write_str("never-healthy"),
            Self::FailsChecks => f.write_str("fails-checks"),
            Self::Serves5xx => f.write_str("serves-5xx"),
            Self::DiesAfter(span) => write!(f, "dies-after:{}", span::print_delay(*span)),
            Self::Boots(span) => write!(f, "boots:{}", span::print_delay(*span)),
        }
    }
}
