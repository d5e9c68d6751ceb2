//! What an alarm makes of its datapoints (CloudWatch, "alarm evaluation" and "configuring how CloudWatch alarms treat
//! missing data").

use crate::model::cloudwatch::StateValue;

/// What a datapoint that is missing counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It does not count.
    Missing,
    /// The alarm stays as it is.
    Ignore,
    /// Beyond the threshold.
    Breaching,
    /// Within the threshold.
    NotBreaching,
}

impl Treatment {
    /// Reads a value of `TreatMissingData`; `None` if it is not one.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "missing" => Some(Self::Missing),
            "ignore" => Some(Self::Ignore),
            "breaching" => Some(Self::Breaching),
            "notBreaching" => Some(Self::NotBreaching),
            _ => None,
        }
    }
}

/// How an alarm compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Comparison {
    /// Reads a value of `ComparisonOperator`; `None` if it is not one, or compares with a band.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "GreaterThanOrEqualToThreshold" => Some(Self::GreaterOrEqual),
            "GreaterThanThreshold" => Some(Self::Greater),
            "LessThanThreshold" => Some(Self::Less),
            "LessThanOrEqualToThreshold" => Some(Self::LessOrEqual),
            _ => None,
        }
    }

    /// Whether the value is beyond the threshold.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterOrEqual => value >= threshold,
            Self::Greater => value > threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }

    /// As the reason of a state says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }
}

/// How many datapoints beyond those it needs an alarm looks at. AWS says that the number depends on the period; its
/// examples have two.
pub const FURTHER: usize = 2;

/// The new state, from whether each datapoint breaches, the oldest first; `None` if the alarm stays as it is.
///
/// The points are `periods` and [`FURTHER`] more. As many as there are of the latest `periods` known ones count;
/// missing ones stand in for the rest only.
pub fn decide(
    points: &[Option<bool>],
    periods: usize,
    needed: usize,
    missing: Treatment,
) -> Option<StateValue> {
    let known: Vec<bool> = points.iter().rev().flatten().copied().take(periods).collect();
    let breaches = known.iter().filter(|breach| **breach).count();
    let absent = periods.saturating_sub(known.len());
    let settled = |breaches| if breaches >= needed { StateValue::Alarm } else { StateValue::Ok };
    match missing {
        _ if absent == 0 => Some(settled(breaches)),
        Treatment::Breaching => Some(settled(breaches + absent)),
        Treatment::NotBreaching => Some(settled(breaches)),
        _ if breaches >= needed || known.contains(&false) => Some(settled(breaches)),
        Treatment::Ignore => None,
        Treatment::Missing if is_old(points, needed) => Some(StateValue::Alarm),
        Treatment::Missing => Some(StateValue::InsufficientData),
    }
}

/// Whether the oldest breach was at least `needed` periods ago. All that is known since breaches, too.
fn is_old(points: &[Option<bool>], needed: usize) -> bool {
    let oldest = points.iter().position(|point| *point == Some(true));
    oldest.is_some_and(|place| points.len() - place >= needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `0` within, `X` beyond, `-` missing: one character each, the oldest first.
    fn states(points: &str, periods: usize, needed: usize) -> String {
        let points: Vec<Option<bool>> = points
            .chars()
            .map(|point| match point {
                '0' => Some(false),
                'X' => Some(true),
                _ => None,
            })
            .collect();
        let treatments = ["missing", "ignore", "breaching", "notBreaching"];
        let state = |word: &str| {
            let missing = Treatment::parse(word).expect("a literal word");
            decide(&points, periods, needed, missing).map_or("retain", StateValue::word)
        };
        treatments.map(state).join(" ")
    }

    /// The examples of the CloudWatch user guide.
    #[test]
    fn missing_data_is_treated_as_the_guide_says() {
        for (points, wanted) in [
            ("0-X-X", "OK OK OK OK"),
            ("0----", "OK OK OK OK"),
            ("-----", "INSUFFICIENT_DATA retain ALARM OK"),
            ("0XX-X", "ALARM ALARM ALARM ALARM"),
            ("----X", "INSUFFICIENT_DATA retain ALARM OK"),
            ("--X--", "ALARM retain ALARM OK"),
            ("X----", "ALARM retain ALARM OK"),
        ] {
            assert_eq!(states(points, 3, 3), wanted, "3 of 3: {points}");
        }
        for (points, wanted) in [
            ("0-X-X", "ALARM ALARM ALARM ALARM"),
            ("00X0X", "ALARM ALARM ALARM ALARM"),
            ("0-X--", "OK OK ALARM OK"),
            ("----0", "OK OK ALARM OK"),
            ("----X", "INSUFFICIENT_DATA retain ALARM OK"),
            ("---X-", "ALARM retain ALARM OK"),
        ] {
            assert_eq!(states(points, 3, 2), wanted, "2 of 3: {points}");
        }
    }
}
