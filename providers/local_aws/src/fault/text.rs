//! Faults as they are read: the one form that command lines, tests and files share.

use std::str::FromStr;
use std::time::Duration;

use super::words::{ANSWER_WORDS, FATE_WORDS, SERVER_ERRORS, SUBJECTS, server_error, usual};
use super::{Answer, CallFault, Effect, Fate, Fault, Flaw, Heard, Mishap, Start, span};
use crate::wire::ApiError;

/// A text that is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{fault}` is not a fault: {reason}")]
pub struct ParseFaultError {
    fault: String,
    reason: String,
}

/// A fault in its parts, as they are written: `subject[:name][@when][~chance%]=what[*times]`.
struct Parts<'a> {
    subject: &'a str,
    name: Option<&'a str>,
    when: Option<&'a str>,
    chance: Option<&'a str>,
    what: &'a str,
    times: Option<&'a str>,
}

const FORM: &str = "it wants `SERVICE:ACTION=EFFECT`, `instance=FATE`, `image:PATTERN=FLAW`, `group:PATTERN=desired:N`, `hook:PATTERN=ANSWER`, `capacity=N` or `quota=N`";
const EFFECTS: &str = "throttle, lost, dropped, cut, twice, twice:first, delay:5s, stale:5s, 500, 502, 503, 504, or an error code such as ResourceContention";
const FATES: &str = "dies, stops, crashes or recovers";
const FLAWS: &str = "never-healthy, fails-checks, serves-5xx, dies-after:2m or boots:2m..4m";

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let refused = |reason| ParseFaultError { fault: text.to_owned(), reason };
        let parts = Parts::of(text.trim()).ok_or_else(|| refused(FORM.to_owned()))?;
        match SUBJECTS.contains(&parts.subject) {
            true => mishap(&parts).map_err(refused),
            false => call(&parts).map(Self::Call).map_err(refused),
        }
    }
}

impl TryFrom<String> for Fault {
    type Error = ParseFaultError;

    fn try_from(text: String) -> Result<Self, ParseFaultError> {
        text.parse()
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (target, what) = text.split_once('=')?;
        let (target, chance) = split_last(target, '~');
        let (target, when) = split_last(target, '@');
        let (subject, name) = match target.split_once(':') {
            Some((subject, name)) => (subject, Some(name)),
            None => (target, None),
        };
        let counts = |times: &str| times == "always" || times.parse::<u32>().is_ok();
        let (what, times) = match what.rsplit_once('*') {
            Some((what, times)) if counts(times) => (what, Some(times)),
            _ => (what, None),
        };
        let whole = !subject.is_empty() && !what.is_empty() && name != Some("");
        whole.then_some(Self { subject, name, when, chance, what, times })
    }

    /// So long from now; at once if nothing is said.
    fn after(&self) -> Result<Duration, String> {
        let Some(when) = self.when else { return Ok(Duration::ZERO) };
        span::parse(when).ok_or_else(|| format!("`{when}` is not a time from now on, such as 90s or 1m30s"))
    }

    /// Refuses what does not go with the subject: a chance, and `times` if so.
    fn refuse_extras(&self, times: bool) -> Result<(), String> {
        match (self.chance, self.times.filter(|_| times)) {
            (None, None) => Ok(()),
            (Some(chance), _) => Err(format!("`~{chance}` goes with requests only")),
            (_, Some(times)) => Err(format!("`*{times}` goes with requests and instances only")),
        }
    }
}

/// What stands before the last `mark`, and what after it.
fn split_last(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.rsplit_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn call(parts: &Parts<'_>) -> Result<CallFault, String> {
    let action = parts.name.ok_or_else(|| FORM.to_owned())?;
    known(parts.subject)?;
    let per_mille = parts.chance.map(chance).transpose()?;
    let times = match (parts.times, per_mille) {
        (Some("always"), _) | (None, Some(_)) => None,
        (Some(times), _) => Some(number(times)?),
        (None, None) => Some(1),
    };
    if times == Some(0) {
        return Err("`*0` is never; it wants at least 1".to_owned());
    }
    let (service, action) = (parts.subject.to_owned(), action.to_owned());
    let (start, effect) = (start(parts.when)?, effect(parts.what)?);
    Ok(CallFault { service, action, start, per_mille, times, effect })
}

/// A pattern must fit some service, or the fault would never strike.
fn known(pattern: &str) -> Result<(), String> {
    let names = crate::service::Service::ALL.map(crate::service::Service::name);
    if names.iter().any(|name| crate::ec2::pattern_matches(pattern, name)) {
        return Ok(());
    }
    Err(format!("there is no service `{pattern}`; there are {}, and `*` for any", names.join(", ")))
}

fn start(when: Option<&str>) -> Result<Start, String> {
    let Some(when) = when else { return Ok(Start::Request(1)) };
    match when.parse() {
        Ok(0) => Err("requests count from 1".to_owned()),
        Ok(request) => Ok(Start::Request(request)),
        Err(_) => span::parse(when).map(Start::After).ok_or_else(|| {
            format!("`{when}` is neither the number of a request nor a time such as 90s or 1m30s")
        }),
    }
}

/// `5%`, `0.5%`: to the tenth.
fn chance(text: &str) -> Result<u16, String> {
    let percent = text.strip_suffix('%').and_then(|percent| percent.parse::<f64>().ok());
    let percent = percent.filter(|percent| *percent > 0.0 && *percent <= 100.0);
    let per_mille = percent.and_then(|percent| format!("{:.0}", percent * 10.0).parse().ok());
    per_mille
        .filter(|per_mille| *per_mille > 0)
        .ok_or_else(|| format!("`~{text}` is not a percentage such as ~5% or ~0.5%"))
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

fn effect(text: &str) -> Result<Effect, String> {
    let spanned =
        |text: &str| span::parse(text).ok_or_else(|| format!("`{text}` is not a time such as 5s or 1m30s"));
    match text.split_once(':').unwrap_or((text, "")) {
        ("throttle", "") => Ok(Effect::Throttle),
        ("lost", "") => Ok(Effect::LoseAnswer),
        ("dropped", "") => Ok(Effect::Drop),
        ("cut", "") => Ok(Effect::Cut),
        ("twice", "") => Ok(Effect::Twice(Heard::Second)),
        ("twice", "first") => Ok(Effect::Twice(Heard::First)),
        ("delay", span) => spanned(span).map(Effect::Delay),
        ("stale", span) => spanned(span).map(Effect::Stale),
        (code, message) => refusal(code, message).map(Effect::Refuse),
    }
}

/// `CODE[/STATUS][:MESSAGE]`, or the number of a status by itself.
fn refusal(code: &str, message: &str) -> Result<ApiError, String> {
    if let Some(error) = SERVER_ERRORS.iter().find(|known| known.0 == code) {
        return Ok(server_error(error));
    }
    let (code, status) = split_last(code, '/');
    if !code.starts_with(|first: char| first.is_ascii_uppercase()) {
        return Err(format!("there is no effect `{code}`; there are {EFFECTS}"));
    }
    let usual = usual(code);
    let status = match status.map(|status| status.parse()) {
        None => usual.status,
        Some(Ok(status)) if (400..600).contains(&status) => status,
        Some(_) => return Err("a refusal's status is from 400 to 599".to_owned()),
    };
    let message = if message.is_empty() { usual.message } else { message.to_owned() };
    Ok(ApiError { code: code.to_owned(), message, status })
}

fn mishap(parts: &Parts<'_>) -> Result<Fault, String> {
    parts.refuse_extras(parts.subject != "instance")?;
    let name = parts.name.map(str::to_owned);
    let any = || name.clone().unwrap_or_else(|| "*".to_owned());
    let what = match parts.subject {
        "instance" => {
            let count = parts.times.map(number).transpose()?.unwrap_or(1);
            Mishap::Instance { pattern: any(), fate: fate(parts.what)?, count }
        }
        "image" => {
            let pattern = name
                .clone()
                .ok_or("it wants a pattern for the image's id or name: image:web-*=never-healthy")?;
            Mishap::Image { pattern, flaw: flaw(parts.what)? }
        }
        "group" => Mishap::Group { pattern: any(), desired: desired(parts.what)? },
        "hook" => Mishap::Hook { pattern: any(), answer: answer(parts.what)? },
        "capacity" => Mishap::Capacity { of: name, left: number(parts.what)? },
        _ => Mishap::Quota(number(parts.what)?),
    };
    Ok(Fault::Mishap { after: parts.after()?, what })
}

fn fate(text: &str) -> Result<Fate, String> {
    let found = FATE_WORDS.iter().find(|(word, _)| *word == text).map(|(_, fate)| *fate);
    found.ok_or_else(|| format!("an instance does not meet `{text}`; it {FATES}"))
}

fn flaw(text: &str) -> Result<Flaw, String> {
    let spanned = |text: &str| {
        span::parse_delay(text).ok_or_else(|| format!("`{text}` is not a time such as 2m, or 2m..4m"))
    };
    match text.split_once(':').unwrap_or((text, "")) {
        ("never-healthy", "") => Ok(Flaw::NeverHealthy),
        ("fails-checks", "") => Ok(Flaw::FailsChecks),
        ("serves-5xx", "") => Ok(Flaw::Serves5xx),
        ("dies-after", span) => spanned(span).map(Flaw::DiesAfter),
        ("boots", span) => spanned(span).map(Flaw::Boots),
        _ => Err(format!("an image has no flaw `{text}`; there are {FLAWS}")),
    }
}

fn answer(text: &str) -> Result<Answer, String> {
    let found = ANSWER_WORDS.iter().find(|(word, _)| *word == text).map(|(_, answer)| *answer);
    found.ok_or_else(|| {
        format!("nobody answers `{text}` to a hook; whoever waits abandons, continues or is silent")
    })
}

fn desired(text: &str) -> Result<u64, String> {
    let size = text.strip_prefix("desired:").ok_or_else(|| "a group wants `desired:N`".to_owned())?;
    number(size)
}
