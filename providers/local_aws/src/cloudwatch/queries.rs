//! What is asked of metrics: a statistic of one, or arithmetic on several (`Metric`, `MetricDataQuery`).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::Time;
use crate::model::metrics::{Metric, Metrics};
use crate::wire::{ApiError, Params};

use super::expression::Expression;
use super::statistic::Statistic;

/// One query.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// A statistic of a metric.
    Reading(Reading),
    /// Arithmetic on other queries; `None` if it uses what is not modelled, so that it has no data.
    Math(Option<Expression>),
}

/// A statistic of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The metric.
    pub metric: Metric,
    /// The statistic.
    pub statistic: Statistic,
    /// Only measurements in this unit, if one is given.
    pub unit: Option<String>,
}

/// Queries that can refer to each other, by id.
#[derive(Clone, Debug, PartialEq)]
pub struct Queries {
    all: BTreeMap<String, Query>,
    /// The time that one figure stands for: the longest of all.
    pub period: Duration,
}

/// The id of a query that has none.
pub const ALONE: &str = "";

/// An expression may refer to another, and so on; not in circles.
const DEEPEST: usize = 10;

impl Queries {
    /// The one metric that an alarm, or a request for statistics, names at its top level.
    ///
    /// # Errors
    /// A refusal, if it names none, or a statistic that is not modelled.
    pub fn alone(params: &Params, statistic: &str) -> Result<Self, ApiError> {
        let reading = reading(params, params, statistic)?;
        let period = seconds(params.int("Period")?);
        Ok(Self { all: [(ALONE.to_owned(), Query::Reading(reading))].into(), period })
    }

    /// A list of `MetricDataQuery`.
    ///
    /// # Errors
    /// A refusal, if one is neither a metric nor an expression, or two have the same id.
    pub fn read(list: &[&Params]) -> Result<Self, ApiError> {
        let mut queries = Self { all: BTreeMap::new(), period: Duration::ZERO };
        for params in list {
            let id = params.required("Id")?.to_owned();
            let (query, period) = query(params)?;
            queries.period = queries.period.max(period);
            if queries.all.insert(id.clone(), query).is_some() {
                return Err(ApiError::validation(format!(
                    "The values for parameter id in MetricDataQueries are not unique: '{id}'"
                )));
            }
        }
        Ok(queries)
    }

    /// The figure of a query for `from..to`; `None` without data.
    pub fn value(&self, metrics: &Metrics, id: &str, from: Time, to: Time) -> Option<f64> {
        self.reckon(metrics, id, (from, to), DEEPEST)
    }

    fn reckon(&self, metrics: &Metrics, id: &str, time: (Time, Time), depth: usize) -> Option<f64> {
        let inner = depth.checked_sub(1)?;
        match self.all.get(id)? {
            Query::Reading(reading) => reading.value(metrics, time.0, time.1),
            Query::Math(expression) => {
                expression.as_ref()?.of(&|id: &str| self.reckon(metrics, id, time, inner))
            }
        }
    }
}

impl Reading {
    fn value(&self, metrics: &Metrics, from: Time, to: Time) -> Option<f64> {
        let sample = metrics.get(&self.metric)?.total(from, to, self.unit.as_deref())?;
        self.statistic.of(&sample)
    }
}

fn query(params: &Params) -> Result<(Query, Duration), ApiError> {
    if let Some(text) = params.text("Expression") {
        let period = params.int("Period")?.map_or(Duration::ZERO, |period| seconds(Some(period)));
        return Ok((Query::Math(Expression::parse(text)), period));
    }
    let missing = || ApiError::validation("Each metric query needs either MetricStat or Expression.");
    let stat = params.get("MetricStat").ok_or_else(missing)?;
    let metric = stat.get("Metric").ok_or_else(missing)?;
    let reading = reading(metric, stat, stat.required("Stat")?)?;
    Ok((Query::Reading(reading), seconds(stat.int("Period")?)))
}

fn reading(metric: &Params, settings: &Params, statistic: &str) -> Result<Reading, ApiError> {
    let unknown = || ApiError::validation(format!("The statistic '{statistic}' is not modelled."));
    Ok(Reading {
        metric: named(metric)?,
        statistic: Statistic::parse(statistic).ok_or_else(unknown)?,
        unit: settings.text("Unit").map(str::to_owned),
    })
}

/// The metric that `Namespace`, `MetricName` and `Dimensions` name.
///
/// # Errors
/// The refusal of a request that leaves one of the first two out.
pub fn named(params: &Params) -> Result<Metric, ApiError> {
    Ok(Metric {
        namespace: params.required("Namespace")?.to_owned(),
        name: params.required("MetricName")?.to_owned(),
        dimensions: dimensions(params).collect(),
    })
}

/// The dimensions of a request.
pub fn dimensions(params: &Params) -> impl Iterator<Item = (String, String)> {
    let pair =
        |one: &Params| Some((one.text("Name")?.to_owned(), one.text("Value").unwrap_or_default().to_owned()));
    params.list("Dimensions").into_iter().filter_map(pair)
}

fn seconds(period: Option<i64>) -> Duration {
    let usual = 60;
    Duration::from_secs(
        period.and_then(|period| u64::try_from(period).ok()).filter(|period| *period > 0).unwrap_or(usual),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metrics::Sample;
    use crate::wire::Protocol;

    #[test]
    fn queries_may_refer_to_each_other_but_not_in_circles() {
        let form = "Q.1.Id=m&Q.1.MetricStat.Metric.Namespace=App&Q.1.MetricStat.Metric.MetricName=Jobs&Q.1.MetricStat.Stat=Sum&Q.1.MetricStat.Period=60\
            &Q.2.Id=twice&Q.2.Expression=m%2Bm&Q.3.Id=more&Q.3.Expression=twice*10&Q.4.Id=round&Q.4.Expression=round%2B1";
        let queries = Queries::read(&Params::parse(Protocol::Query, form).list("Q")).expect("well-formed");
        let mut metrics = Metrics::default();
        metrics.record(Metric::new("App", "Jobs", &[]), Time(0), None, Sample::one(4.0));
        let value = |id| queries.value(&metrics, id, Time(0), Time(60_000));
        assert_eq!(
            ["m", "twice", "more", "round", "nobody"].map(value),
            [Some(4.0), Some(8.0), Some(80.0), None, None]
        );
    }
}
