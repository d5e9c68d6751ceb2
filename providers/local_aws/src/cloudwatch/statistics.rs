//! Measurements go out (GetMetricStatistics, GetMetricData).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::metrics::{Sample, Series};
use crate::model::{Model, Time};
use crate::wire::{ApiError, Data, Params};

use super::queries::{self, Queries};
use super::statistic::Statistic;

/// The most datapoints that one request may ask for.
const MOST: u64 = 1440;

/// Whole periods of the time that a request asks for.
struct Span {
    start: u64,
    end: u64,
    period: u64,
}

impl Span {
    /// `period` in seconds.
    fn read(params: &Params, period: u64) -> Result<Self, ApiError> {
        let bound = |name: &str| {
            params.required(name)?;
            Ok(params.time(name)?.unwrap_or_default().0)
        };
        let (start, end, period) = (bound("StartTime")?, bound("EndTime")?, period.saturating_mul(1000));
        if start >= end {
            let said = "The parameter StartTime must be less than the parameter EndTime.";
            return Err(ApiError::new("InvalidParameterValue", said));
        }
        if (end - start) / period > MOST {
            let said = format!(
                "You have requested up to {} datapoints, which exceeds the limit of {MOST}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
                (end - start) / period
            );
            return Err(ApiError::new("InvalidParameterCombination", said));
        }
        Ok(Self { start: start - start % period, end, period })
    }

    /// The beginning and the end of each period.
    fn periods(&self) -> impl Iterator<Item = (Time, Time)> {
        let starts = (self.start..self.end).step_by(usize::try_from(self.period).unwrap_or(usize::MAX));
        starts.map(|start| (Time(start), Time(start + self.period)))
    }
}

/// Several statistics of one metric.
pub fn of_one(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let metric = queries::named(params)?;
    params.required("Period")?;
    let period =
        params.int("Period")?.and_then(|period| u64::try_from(period).ok()).filter(|period| *period > 0);
    let wrong = || ApiError::new("InvalidParameterValue", "The parameter Period must be a positive number.");
    let span = Span::read(params, period.ok_or_else(wrong)?)?;
    let wanted = [params.texts("Statistics"), params.texts("ExtendedStatistics")].concat();
    let wanted = wanted.into_iter().map(|word| {
        let unknown = || ApiError::validation(format!("The statistic '{word}' is not modelled."));
        Statistic::parse(word).map(|statistic| (word, statistic)).ok_or_else(unknown)
    });
    let wanted = wanted.collect::<Result<Vec<_>, ApiError>>()?;
    if wanted.is_empty() {
        let said = "Must specify either Statistics or ExtendedStatistics";
        return Err(ApiError::new("InvalidParameterCombination", said));
    }
    let series = model.cloudwatch.metrics.get(&metric);
    let points = span.periods().filter_map(|period| point(series?, period, params.text("Unit"), &wanted));
    Ok(Data::body().with("Label", Data::text(&metric.name)).with("Datapoints", Data::List(points.collect())))
}

fn point(
    series: &Series,
    (from, to): (Time, Time),
    unit: Option<&str>,
    wanted: &[(&str, Statistic)],
) -> Option<Data> {
    let sample = series.total(from, to, unit)?;
    let unit = series.between(from, to).find_map(|(_, point)| point.unit.clone());
    let mut told = Data::body()
        .with("Timestamp", Data::Time(from))
        .with("Unit", Data::Text(unit.unwrap_or_else(|| "None".to_owned())));
    for (word, statistic) in wanted {
        told = match plain(word) {
            Some(name) => told.maybe(name, statistic.of(&sample).map(Data::Number)),
            None => told,
        };
    }
    let percentiles = percentiles(&sample, wanted);
    Some(told.maybe("ExtendedStatistics", (!percentiles.is_empty()).then_some(Data::Entries(percentiles))))
}

fn plain(word: &str) -> Option<&'static str> {
    ["SampleCount", "Average", "Sum", "Minimum", "Maximum"].into_iter().find(|name| *name == word)
}

fn percentiles(sample: &Sample, wanted: &[(&str, Statistic)]) -> BTreeMap<String, Data> {
    let extended = wanted.iter().filter(|(word, _)| plain(word).is_none());
    extended.filter_map(|(word, one)| Some(((*word).to_owned(), Data::Number(one.of(sample)?)))).collect()
}

/// Figures of several metrics, and arithmetic on them. All are told in the longest of their periods.
pub fn of_many(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let list = params.list("MetricDataQueries");
    let queries = Queries::read(&list)?;
    let span = Span::read(params, queries.period.max(Duration::from_secs(1)).as_secs())?;
    let shown = list.iter().filter(|query| query.text("ReturnData") != Some("false"));
    let results = shown.filter_map(|query| {
        let id = query.text("Id")?;
        let points = span
            .periods()
            .filter_map(|(from, to)| Some((from, queries.value(&model.cloudwatch.metrics, id, from, to)?)));
        let mut points: Vec<(Time, f64)> = points.collect();
        if params.text("ScanBy") != Some("TimestampAscending") {
            points.reverse();
        }
        Some(result(query, id, &points))
    });
    Ok(Data::body()
        .with("MetricDataResults", Data::List(results.collect()))
        .with("Messages", Data::List(Vec::new())))
}

fn result(query: &Params, id: &str, points: &[(Time, f64)]) -> Data {
    let label = query.text("Label").or_else(|| query.text("MetricStat.Metric.MetricName")).unwrap_or(id);
    Data::body()
        .with("Id", Data::text(id))
        .with("Label", Data::text(label))
        .with("StatusCode", Data::text("Complete"))
        .with("Timestamps", Data::List(points.iter().map(|(at, _)| Data::Time(*at)).collect()))
        .with("Values", Data::List(points.iter().map(|(_, value)| Data::Number(*value)).collect()))
}
