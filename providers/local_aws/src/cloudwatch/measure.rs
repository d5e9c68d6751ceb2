//! Measurements come in, and which metrics there are (PutMetricData, ListMetrics).

use crate::model::metrics::{Metric, Sample};
use crate::model::{Model, Time};
use crate::wire::{ApiError, Data, Params};

use super::{page, queries};

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

/// Records measurements: all of the request, or none.
pub fn put(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let namespace = params.required("Namespace")?;
    if namespace.starts_with("AWS/") {
        return Err(invalid("The value AWS/ for parameter Namespace is invalid."));
    }
    let read = |datum: &Params| {
        let metric = Metric {
            namespace: namespace.to_owned(),
            name: datum.required("MetricName")?.to_owned(),
            dimensions: queries::dimensions(datum).collect(),
        };
        Ok((metric, moment(model.now, datum)?, datum.text("Unit").map(str::to_owned), sample(datum)?))
    };
    let data = params.list("MetricData").into_iter().map(read).collect::<Result<Vec<_>, ApiError>>()?;
    if data.is_empty() {
        return Err(ApiError::missing(crate::wire::Protocol::Query, "MetricData"));
    }
    for (metric, at, unit, sample) in data {
        model.cloudwatch.metrics.record(metric, at, unit, sample);
    }
    Ok(Data::body())
}

/// The minute or second of a measurement. It may be up to two weeks old, or two hours ahead.
fn moment(now: Time, datum: &Params) -> Result<Time, ApiError> {
    const OLDEST_MS: u64 = 14 * 86_400_000;
    const NEWEST_MS: u64 = 7_200_000;
    let at = datum.time("Timestamp")?.unwrap_or(now);
    if at.0 > now.0 + NEWEST_MS || at.0 + OLDEST_MS < now.0 {
        let said = "must specify a time no more than two weeks in the past and two hours in the future";
        return Err(invalid(format!("The parameter MetricData.member.1.Timestamp {said}.")));
    }
    let resolution = if datum.text("StorageResolution") == Some("1") { 1000 } else { 60_000 };
    Ok(Time(at.0 - at.0 % resolution))
}

fn sample(datum: &Params) -> Result<Sample, ApiError> {
    let values = datum.list("Values");
    let sample = match (datum.number("Value")?, datum.get("StatisticValues"), values.is_empty()) {
        (Some(value), None, true) => Some(Sample::one(value)),
        (None, Some(set), true) => Some(statistic_set(set)?),
        (None, None, false) => counted(&values, &datum.list("Counts"))?,
        _ => None,
    };
    let said = "Each metric datum needs exactly one of Value, StatisticValues and Values.";
    sample.ok_or_else(|| ApiError::new("InvalidParameterCombination", said))
}

fn statistic_set(set: &Params) -> Result<Sample, ApiError> {
    let member = |name: &str| {
        set.required(name)?;
        Ok(set.number(name)?.unwrap_or_default())
    };
    let (count, sum) = (member("SampleCount")?, member("Sum")?);
    Ok(Sample { count, sum, min: member("Minimum")?, max: member("Maximum")?, values: Vec::new() })
}

/// Values and how often each was measured, once unless the request says so.
fn counted(values: &[&Params], counts: &[&Params]) -> Result<Option<Sample>, ApiError> {
    if !counts.is_empty() && counts.len() != values.len() {
        return Err(ApiError::new(
            "InvalidParameterValue",
            "The parameters Values and Counts must be of the same size.",
        ));
    }
    let number = |one: &Params| {
        let number =
            one.value().and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
        number.ok_or_else(|| invalid("The parameters Values and Counts must be numbers."))
    };
    let counts = counts.iter().map(|count| number(count)).chain(std::iter::repeat(Ok(1.0)));
    let pairs = values.iter().zip(counts).map(|(value, count)| Ok((number(value)?, count?)));
    Ok(Sample::of(pairs.collect::<Result<Vec<_>, ApiError>>()?))
}

/// Metrics that have data, by namespace, name and dimensions.
pub fn list(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let filters = params.list("Dimensions");
    let fits = |metric: &&Metric| {
        let has = |name: &str, value: Option<&str>| {
            metric.dimensions.get(name).is_some_and(|is| value.is_none_or(|value| is == value))
        };
        params.text("Namespace").is_none_or(|namespace| metric.namespace == namespace)
            && params.text("MetricName").is_none_or(|name| metric.name == name)
            && filters.iter().all(|one| one.text("Name").is_none_or(|name| has(name, one.text("Value"))))
    };
    let found: Vec<&Metric> =
        model.cloudwatch.metrics.iter().map(|series| &series.metric).filter(fits).collect();
    let (page, next) = page(found, 500, params)?;
    let metrics = page.into_iter().map(told).collect();
    Ok(Data::body().with("Metrics", Data::List(metrics)).maybe("NextToken", next))
}

fn told(metric: &Metric) -> Data {
    let dimensions = metric.dimensions.iter();
    let dimensions = dimensions
        .map(|(name, value)| Data::body().with("Name", Data::text(name)).with("Value", Data::text(value)));
    Data::body()
        .with("Namespace", Data::text(&metric.namespace))
        .with("MetricName", Data::text(&metric.name))
        .with("Dimensions", Data::List(dimensions.collect()))
}
