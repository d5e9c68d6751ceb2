//! What is inside images, which the model cannot look at: how long their application takes to come up, and how it
//! is from then on.

use serde::{Deserialize, Serialize};

use super::{Model, Random, Time};
use crate::ec2::pattern_matches;
use crate::timing::Delay;

/// How instances of an image turn out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// `running` until the port opens; without it, what the time model says for all images.
    #[serde(default)]
    pub boot: Option<Delay>,
    /// What then listens.
    pub app: App,
}

/// An application, as a load balancer and its clients meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum App {
    /// Passes checks and answers.
    Healthy,
    /// Its port never opens.
    NeverListens,
    /// Its port opens, but it answers nothing well: a TCP check passes, an HTTP check fails.
    ListensButFails,
    /// Passes every check, and answers requests with 5xx.
    PassesButServes5xx,
    /// Healthy for so long after its port has opened; then the port is closed.
    DiesAfter(Delay),
}

/// A behaviour, and the images that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Compared with an image's id and name; `*` stands for any text, `?` for any character.
    pub images: String,
    /// What such an image does.
    pub behaviour: Behaviour,
}

/// How an application is at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// The machine is not there, or is down: nobody answers.
    #[default]
    Down,
    /// Nothing listens; connections are refused.
    Closed,
    /// The port is open; HTTP checks fail, and requests get 5xx.
    Failing,
    /// All checks pass, and requests get 5xx.
    Faulty,
    /// All checks pass, and requests are answered.
    Well,
}

impl Condition {
    /// Whether something listens.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Down | Self::Closed)
    }
}

/// How an application was, is and, as things stand, will be: each entry holds from its moment to the next. Before
/// the first, the machine is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Life(Vec<(Time, Condition)>);

impl Life {
    /// From a moment on it is `condition`, and whatever was to come after that moment is not.
    pub fn turn(&mut self, from: Time, condition: Condition) {
        self.0.retain(|(moment, _)| *moment < from);
        if self.0.last().is_none_or(|(_, before)| *before != condition) {
            self.0.push((from, condition));
        }
    }

    /// How it is at a moment.
    pub fn at(&self, moment: Time) -> Condition {
        let passed = self.0.partition_point(|(from, _)| *from <= moment);
        passed.checked_sub(1).map_or(Condition::Down, |last| self.0[last].1)
    }

    /// The changes, in order.
    pub fn changes(&self) -> &[(Time, Condition)] {
        &self.0
    }

    /// When, as things stand, it listens next or has begun to; `None` if it does not.
    pub fn opens(&self) -> Option<Time> {
        let (from, condition) = self.0.last()?;
        let begun = self.0.iter().rev().take_while(|(_, condition)| condition.is_open()).last();
        condition.is_open().then(|| begun.map_or(*from, |(from, _)| *from))
    }

    /// The first moment in `from..=to` at which nothing listens.
    pub fn closes(&self, from: Time, to: Time) -> Option<Time> {
        if !self.at(from).is_open() {
            return Some(from);
        }
        let after = self.0.partition_point(|(moment, _)| *moment <= from);
        let mut later = self.0[after..].iter().take_while(|(moment, _)| *moment <= to);
        later.find(|(_, condition)| !condition.is_open()).map(|(moment, _)| *moment)
    }
}

impl Behaviour {
    /// What an application that boots from `running` on will be like; draws its moments from `random`.
    pub fn begin(&self, life: &mut Life, running: Time, boot: Delay, random: &mut Random) {
        let opens = running + random.delay(self.boot.unwrap_or(boot));
        match self.app {
            App::NeverListens => {}
            App::Healthy => life.turn(opens, Condition::Well),
            App::ListensButFails => life.turn(opens, Condition::Failing),
            App::PassesButServes5xx => life.turn(opens, Condition::Faulty),
            App::DiesAfter(span) => {
                life.turn(opens, Condition::Well);
                life.turn(opens + random.delay(span), Condition::Closed);
            }
        }
    }
}

/// The behaviour of an image: that of the first rule which fits its id or name.
pub fn of(model: &Model, image: &str) -> Option<Behaviour> {
    let name = model.ec2.images.get(image).map(|image| image.name.as_str());
    let fits = |rule: &&Rule| {
        pattern_matches(&rule.images, image) || name.is_some_and(|name| pattern_matches(&rule.images, name))
    };
    model.behaviours.iter().find(fits).map(|rule| rule.behaviour)
}

#[cfg(test)]
mod tests {
    use super::Condition::{Closed, Down, Failing, Well};
    use super::*;

    fn life(changes: &[(u64, Condition)]) -> Life {
        let mut life = Life::default();
        for (from, condition) in changes {
            life.turn(Time(*from), *condition);
        }
        life
    }

    #[test]
    fn a_life_says_how_it_is_at_each_moment() {
        let life = life(&[(10, Failing), (20, Well), (30, Closed)]);
        let seen: Vec<Condition> = [9, 10, 19, 20, 30].map(|moment| life.at(Time(moment))).into();
        assert_eq!(seen, [Down, Failing, Failing, Well, Closed]);
        assert_eq!(life.closes(Time(10), Time(29)), None);
        assert_eq!(life.closes(Time(10), Time(30)), Some(Time(30)));
        assert_eq!(life.closes(Time(5), Time(30)), Some(Time(5)));
        assert_eq!(life.opens(), None);
    }

    #[test]
    fn a_turn_takes_back_what_was_to_come() {
        let mut life = life(&[(10, Well), (30, Closed)]);
        life.turn(Time(20), Well);
        assert_eq!(life.changes(), [(Time(10), Well)]);
        assert_eq!(life.opens(), Some(Time(10)));
        life.turn(Time(20), Closed);
        life.turn(Time(40), Well);
        assert_eq!((life.at(Time(25)), life.opens()), (Closed, Some(Time(40))));
    }

    #[test]
    fn each_application_lives_its_own_life() {
        let exactly = |seconds| Delay::secs(seconds, seconds);
        let cases = [
            (App::Healthy, vec![(Time(60_000), Well)]),
            (App::NeverListens, vec![]),
            (App::ListensButFails, vec![(Time(60_000), Failing)]),
            (App::PassesButServes5xx, vec![(Time(60_000), Condition::Faulty)]),
            (App::DiesAfter(exactly(5)), vec![(Time(60_000), Well), (Time(65_000), Closed)]),
        ];
        for (app, expected) in cases {
            let mut life = Life::default();
            let behaviour = Behaviour { boot: None, app };
            behaviour.begin(&mut life, Time(0), exactly(60), &mut Random::new(1));
            assert_eq!(life.changes(), expected, "{app:?}");
        }
    }
}
