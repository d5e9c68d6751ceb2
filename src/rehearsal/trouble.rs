//! What is to go wrong in a rehearsal, as `--fail` takes it.
//!
//! ```text
//! STEP[@WHEN]=KIND[*TIMES]      when the step begins, such as attach@2=throttle or scale@30s=dies
//! a fault                       from the beginning, such as image:*=never-healthy; see `infra local inject`
//! ```
//!
//! `STEP` is the name of a step's operation, or a word of its title. `WHEN` is the number of one of its writes, or a
//! time from its beginning on.

use std::str::FromStr;

use infra_local_aws::fault::{Fault, Mishap, ParseFaultError, SUBJECTS};

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// When.
    pub cue: Cue,
    /// What.
    pub strike: Strike,
}

/// When something goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cue {
    /// From the beginning.
    Curtain,
    /// When a step begins that has this name, or this in its title; in lower case.
    Step(String),
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Strike {
    /// A fault of the model.
    Fault(Fault),
    /// A write of the step meets an effect.
    Write {
        /// In the words of faults, such as `throttle*3`.
        effect: String,
        /// Which write, counted from 1.
        number: u32,
    },
}

impl Cue {
    /// Whether a step of this name and title is meant, both in lower case.
    pub fn is_of(&self, name: &str, title: &str) -> bool {
        match self {
            Self::Curtain => false,
            Self::Step(word) => name == word || title.contains(word.as_str()),
        }
    }
}

impl Trouble {
    /// Whether it takes instances away that serve: then no floor can be kept.
    pub fn ends_instances(&self) -> bool {
        matches!(&self.strike, Strike::Fault(Fault::Mishap { what: Mishap::Instance { .. }, .. }))
    }
}

impl FromStr for Trouble {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (target, kind) = text.split_once('=').ok_or_else(|| format!("`{text}` lacks `=KIND`; {FORM}"))?;
        let subject = target.split(['@', '~']).next().unwrap_or_default();
        if subject.contains(':') || SUBJECTS.contains(&subject) {
            let fault = text.parse::<Fault>().map_err(|error| error.to_string())?;
            return Ok(Self { cue: Cue::Curtain, strike: Strike::Fault(fault) });
        }
        let (step, when) = match target.rsplit_once('@') {
            Some((step, when)) => (step, Some(when)),
            None => (target, None),
        };
        if step.is_empty() {
            return Err(format!("`{text}` names no step; {FORM}"));
        }
        let strike = strike(when, kind).map_err(|why| format!("`{text}`: {why}"))?;
        Ok(Self { cue: Cue::Step(step.to_lowercase()), strike })
    }
}

const FORM: &str =
    "write STEP[@WHEN]=KIND, such as attach@2=throttle, or a fault such as image:*=never-healthy";

/// A kind in the words of faults: of instances, images and capacity they happen by themselves, all others meet a write.
fn strike(when: Option<&str>, kind: &str) -> Result<Strike, String> {
    let word = kind.split(['*', ':']).next().unwrap_or_default();
    let by_itself = |subject: &str, what: &str| {
        let at = when.map(|when| format!("@{when}")).unwrap_or_default();
        format!("{subject}{at}={what}").parse().map(Strike::Fault).map_err(reason)
    };
    match word {
        "dies" | "stops" | "crashes" | "recovers" => by_itself("instance", kind),
        "never-healthy" | "fails-checks" | "serves-5xx" | "dies-after" | "boots" => {
            by_itself("image:*", kind)
        }
        "slow" => by_itself("image:*", "boots:5m..10m"),
        "no-capacity" => by_itself("capacity", "0"),
        "desired" => by_itself("group", kind),
        "hook-abandons" => by_itself("hook", "abandons"),
        _ => write(when, kind),
    }
}

/// Why a text is no fault, without the text: it is not what the user wrote.
fn reason(error: ParseFaultError) -> String {
    let told = error.to_string();
    told.split_once("is not a fault: ").map_or(told.clone(), |(_, reason)| reason.to_owned())
}

fn write(when: Option<&str>, kind: &str) -> Result<Strike, String> {
    let effect = if kind == "lost-answer" { "lost".to_owned() } else { kind.to_owned() };
    format!("*:*={effect}").parse::<Fault>().map_err(reason)?;
    let number = when
        .map_or(Ok(1), |when| when.parse::<u32>().map_err(|_| format!("`{when}` is no number of a write")))?;
    Ok(Strike::Write { effect, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match text.parse::<Trouble>() {
            Ok(Trouble { cue, strike: Strike::Fault(fault) }) => format!("{cue:?} {fault}"),
            Ok(Trouble { cue, strike }) => format!("{cue:?} {strike:?}"),
            Err(why) => why,
        }
    }

    #[test]
    fn steps_and_faults_are_told_apart() {
        let told = [
            "attach@2=throttle*3",
            "Attach=lost-answer",
            "scale@30s=dies",
            "scale=never-healthy",
            "scale=slow",
            "scale=no-capacity",
            "scale=hook-abandons",
            "bake=desired:9",
            "autoscaling:AttachLoadBalancers=500",
            "image:ami-1@1m=fails-checks",
            "attach",
            "attach@x=throttle",
            "=throttle",
            "attach=nonsense",
        ]
        .map(told);
        insta::assert_snapshot!(told.join("\n"), @r#"
        Step("attach") Write { effect: "throttle*3", number: 2 }
        Step("attach") Write { effect: "lost", number: 1 }
        Step("scale") instance@30s=dies
        Step("scale") image:*=never-healthy
        Step("scale") image:*=boots:5m..10m
        Step("scale") capacity=0
        Step("scale") hook=abandons
        Step("bake") group=desired:9
        Curtain autoscaling:AttachLoadBalancers=500
        Curtain image:ami-1@1m=fails-checks
        `attach` lacks `=KIND`; write STEP[@WHEN]=KIND, such as attach@2=throttle, or a fault such as image:*=never-healthy
        `attach@x=throttle`: `x` is no number of a write
        `=throttle` names no step; write STEP[@WHEN]=KIND, such as attach@2=throttle, or a fault such as image:*=never-healthy
        `attach=nonsense`: there is no effect `nonsense`; there are throttle, lost, dropped, cut, twice, twice:first, delay:5s, stale:5s, 500, 502, 503, 504, or an error code such as ResourceContention
        "#);
    }
}
