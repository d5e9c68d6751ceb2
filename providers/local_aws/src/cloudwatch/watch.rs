//! What an alarm watches, read from the request that put it.

use std::time::Duration;

use crate::model::Time;
use crate::model::cloudwatch::StateValue;
use crate::model::metrics::Metrics;
use crate::wire::{ApiError, Params};

use super::queries::{ALONE, Queries};
use super::verdict::{Comparison, FURTHER, Treatment, decide};

/// What an alarm watches.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// What it asks for.
    queries: Queries,
    /// Which of the queries it compares.
    shown: String,
    /// How.
    comparison: Comparison,
    /// With what.
    pub threshold: f64,
    /// How many of the latest datapoints count.
    periods: usize,
    /// How many of them make an alarm.
    needed: usize,
    /// What counts where there is none.
    missing: Treatment,
}

/// A datapoint: when its period began, and the figure if there is one.
pub type Datapoint = (Time, Option<f64>);

/// What an evaluation came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The new state.
    pub state: StateValue,
    /// In AWS's words.
    pub reason: String,
    /// The same as JSON.
    pub data: String,
}

impl Watch {
    /// Reads what PutMetricAlarm said.
    ///
    /// # Errors
    /// A refusal of what makes no sense, or is not modelled.
    pub fn read(params: &Params) -> Result<Self, ApiError> {
        let (queries, shown) = queries(params)?;
        let periods = count(params, "EvaluationPeriods")?.unwrap_or(1);
        let operator = params.required("ComparisonOperator")?;
        let unknown =
            || ApiError::validation(format!("The comparison operator '{operator}' is not modelled."));
        let missing = params.text("TreatMissingData").unwrap_or("missing");
        let strange =
            || ApiError::validation(format!("The value '{missing}' of TreatMissingData is not valid."));
        let needed = count(params, "DatapointsToAlarm")?.unwrap_or(periods);
        if needed > periods {
            let said = "The parameter DatapointsToAlarm must be between 1 and EvaluationPeriods.";
            return Err(ApiError::validation(said));
        }
        let threshold = params.number("Threshold")?;
        let none =
            || ApiError::validation("At least one of Threshold or ThresholdMetricId must be specified.");
        Ok(Self {
            queries,
            shown,
            comparison: Comparison::parse(operator).ok_or_else(unknown)?,
            threshold: threshold.ok_or_else(none)?,
            periods,
            needed,
            missing: Treatment::parse(missing).ok_or_else(strange)?,
        })
    }

    /// The time a datapoint stands for.
    pub fn period(&self) -> Duration {
        self.queries.period
    }

    /// How far it looks back.
    pub fn reach(&self) -> Duration {
        self.period() * u32::try_from(self.periods + FURTHER).unwrap_or(u32::MAX)
    }

    /// The datapoints up to `now`, the oldest first.
    pub fn datapoints(&self, metrics: &Metrics, now: Time) -> Vec<Datapoint> {
        let back = |n: usize| {
            Time(now.0.saturating_sub((self.period() * u32::try_from(n).unwrap_or(u32::MAX)).as_millis() as u64))
        };
        let all = (1..=self.periods + FURTHER).rev();
        all.map(|n| (back(n), self.queries.value(metrics, &self.shown, back(n), back(n - 1)))).collect()
    }

    /// What the datapoints come to; `None` if the alarm stays as it is.
    pub fn judge(&self, points: &[Datapoint], now: Time) -> Option<Finding> {
        let breaches = |value: f64| self.comparison.breaches(value, self.threshold);
        let seen: Vec<Option<bool>> = points.iter().map(|(_, value)| value.map(breaches)).collect();
        let state = decide(&seen, self.periods, self.needed, self.missing)?;
        let latest: Vec<(Time, f64)> = self.latest(points).collect();
        Some(Finding { state, reason: self.reason(state, &latest), data: self.data(&latest, now) })
    }

    /// The datapoints that count, the newest first.
    pub fn latest(&self, points: &[Datapoint]) -> impl Iterator<Item = (Time, f64)> {
        let known = points.iter().rev().filter_map(|(at, value)| value.map(|value| (*at, value)));
        known.take(self.periods)
    }

    fn reason(&self, state: StateValue, latest: &[(Time, f64)]) -> String {
        let unknown = self.periods - latest.len();
        if state == StateValue::InsufficientData {
            let were = if unknown == 1 { "datapoint was" } else { "datapoints were" };
            return format!("Insufficient Data: {unknown} {were} unknown.");
        }
        if latest.is_empty() {
            let treated = if state == StateValue::Alarm { "Breaching" } else { "NonBreaching" };
            return format!(
                "Threshold Crossed: no datapoints were received for {unknown} period{} and {unknown} missing datapoint{} treated as [{treated}].",
                if unknown == 1 { "" } else { "s" },
                if unknown == 1 { " was" } else { "s were" },
            );
        }
        self.crossed(state, latest)
    }

    fn crossed(&self, state: StateValue, latest: &[(Time, f64)]) -> String {
        let alarm = state == StateValue::Alarm;
        let beyond = |value: f64| self.comparison.breaches(value, self.threshold) == alarm;
        let told: Vec<String> = latest
            .iter()
            .filter(|(_, value)| beyond(*value))
            .map(|(at, value)| format!("{value:?} ({})", at.short()))
            .collect();
        let needed = if alarm { self.needed } else { self.periods - self.needed + 1 };
        format!(
            "Threshold Crossed: {} out of the last {} datapoints [{}] {} {}{} the threshold ({:?}) (minimum {needed} datapoint{} for {} transition).",
            told.len(),
            self.periods,
            told.join(", "),
            if told.len() == 1 { "was" } else { "were" },
            if alarm { "" } else { "not " },
            self.comparison.words(),
            self.threshold,
            if needed == 1 { "" } else { "s" },
            if alarm { "OK -> ALARM" } else { "ALARM -> OK" },
        )
    }

    fn data(&self, latest: &[(Time, f64)], now: Time) -> String {
        let values: Vec<f64> = latest.iter().rev().map(|(_, value)| *value).collect();
        serde_json::json!({
            "version": "1.0",
            "queryDate": now.stamp(),
            "period": self.period().as_secs(),
            "recentDatapoints": values,
            "threshold": self.threshold,
        })
        .to_string()
    }
}

/// One metric, or several queries of which one is watched.
fn queries(params: &Params) -> Result<(Queries, String), ApiError> {
    let list = params.list("Metrics");
    match (params.text("MetricName").is_some(), list.is_empty()) {
        (true, true) => Ok((single(params)?, ALONE.to_owned())),
        (false, false) => {
            let watched: Vec<&Params> =
                list.iter().copied().filter(|query| query.text("ReturnData") != Some("false")).collect();
            match watched[..] {
                [one] => Ok((Queries::read(&list)?, one.required("Id")?.to_owned())),
                _ => Err(ApiError::validation("Exactly one element of the metrics list should return data.")),
            }
        }
        _ => Err(ApiError::validation("Exactly one of MetricName and Metrics must be specified.")),
    }
}

/// An evaluation looks at a day at most, at a week with periods of an hour and more.
fn single(params: &Params) -> Result<Queries, ApiError> {
    let statistic = match (params.text("Statistic"), params.text("ExtendedStatistic")) {
        (Some(one), None) | (None, Some(one)) => one,
        _ => {
            let said = "Exactly one of Statistic and ExtendedStatistic must be specified.";
            return Err(ApiError::validation(said));
        }
    };
    let period = params.int("Period")?.unwrap_or_default();
    if !(matches!(period, 10 | 20 | 30) || (period > 0 && period % 60 == 0)) {
        return Err(ApiError::validation("Period must be 10, 20, 30 or a multiple of 60."));
    }
    let (periods, longest) =
        (params.int("EvaluationPeriods")?.unwrap_or(1), if period < 3600 { 86_400 } else { 604_800 });
    if period.saturating_mul(periods) > longest {
        return Err(ApiError::validation(format!(
            "Metrics cannot be checked across more than {longest} seconds (EvaluationPeriods * Period must be <= {longest})."
        )));
    }
    Queries::alone(params, statistic)
}

/// A number of datapoints.
fn count(params: &Params, name: &str) -> Result<Option<usize>, ApiError> {
    let refused = || ApiError::validation(format!("{name} must be between 1 and 10080."));
    let read = |number| usize::try_from(number).ok().filter(|number| (1..=10_080).contains(number));
    params.int(name)?.map(|number| read(number).ok_or_else(refused)).transpose()
}
