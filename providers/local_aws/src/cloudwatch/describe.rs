//! Describing alarms (DescribeAlarms, DescribeAlarmsForMetric).

use crate::model::Model;
use crate::model::cloudwatch::Alarm;
use crate::wire::{ApiError, Data, Params};

use super::page;
use super::queries;

/// Members that a request and the answer have in common, by their type.
const TEXTS: [&str; 8] = [
    "AlarmDescription",
    "ComparisonOperator",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Unit",
    "TreatMissingData",
];
const NUMBERS: [&str; 3] = ["EvaluationPeriods", "DatapointsToAlarm", "Period"];

/// Alarms, in the order of their names.
pub fn alarms(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let (names, types) = (params.texts("AlarmNames"), params.texts("AlarmTypes"));
    let prefix = params.text("AlarmNamePrefix").unwrap_or_default();
    let action = params.text("ActionPrefix");
    let fits = |alarm: &&Alarm| {
        (names.is_empty() || names.contains(&alarm.name.as_str()))
            && alarm.name.starts_with(prefix)
            && action.is_none_or(|prefix| alarm.actions.values().flatten().any(|arn| arn.starts_with(prefix)))
            && params.text("StateValue").is_none_or(|state| state == alarm.state.value.word())
            && (types.is_empty() || types.contains(&"MetricAlarm"))
    };
    let found: Vec<&Alarm> = model.cloudwatch.alarms.values().filter(fits).collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 100);
    let (page, next) = page(found, size, params)?;
    let page: Result<Vec<Data>, ApiError> = page.into_iter().map(description).collect();
    Ok(Data::body()
        .with("MetricAlarms", Data::List(page?))
        .with("CompositeAlarms", Data::List(Vec::new()))
        .maybe("NextToken", next))
}

/// The alarms on one metric, as exactly as the request names it (DescribeAlarmsForMetric).
pub fn for_metric(model: &mut Model, params: &Params) -> Result<Data, ApiError> {
    let metric = queries::named(params)?;
    let same = |alarm: &&Alarm| {
        queries::named(&alarm.params).is_ok_and(|watched| watched == metric)
            && ["Statistic", "ExtendedStatistic", "Period", "Unit"]
                .iter()
                .all(|name| params.text(name).is_none_or(|value| alarm.params.text(name) == Some(value)))
    };
    let found: Result<Vec<Data>, ApiError> =
        model.cloudwatch.alarms.values().filter(same).map(description).collect();
    Ok(Data::body().with("MetricAlarms", Data::List(found?)))
}

fn description(alarm: &Alarm) -> Result<Data, ApiError> {
    let params = &alarm.params;
    let mut told = Data::body()
        .with("AlarmName", Data::text(&alarm.name))
        .with("AlarmArn", Data::text(&alarm.arn))
        .with("AlarmConfigurationUpdatedTimestamp", Data::Time(alarm.updated))
        .with("StateUpdatedTimestamp", Data::Time(alarm.state.updated))
        .with("StateTransitionedTimestamp", Data::Time(alarm.state.transitioned))
        .with("StateValue", Data::text(alarm.state.value.word()))
        .with("StateReason", Data::text(&alarm.state.reason))
        .maybe("StateReasonData", alarm.state.data.as_ref().map(Data::text))
        .with("ActionsEnabled", Data::Bool(params.bool("ActionsEnabled")?.unwrap_or(true)))
        .with("AlarmActions", actions(alarm, "AlarmActions"))
        .with("OKActions", actions(alarm, "OKActions"))
        .with("InsufficientDataActions", actions(alarm, "InsufficientDataActions"))
        .with("Dimensions", dimensions(params))
        .maybe("Threshold", params.number("Threshold")?.map(Data::Number));
    for name in TEXTS {
        told = told.maybe(name, params.text(name).map(Data::text));
    }
    for name in NUMBERS {
        told = told.maybe(name, params.int(name)?.map(Data::Int));
    }
    let queries: Result<Vec<Data>, ApiError> = params.list("Metrics").into_iter().map(query).collect();
    let queries = queries?;
    Ok(told.maybe("Metrics", (!queries.is_empty()).then_some(Data::List(queries))))
}

fn actions(alarm: &Alarm, list: &str) -> Data {
    Data::List(alarm.actions.get(list).into_iter().flatten().map(Data::text).collect())
}

fn dimensions(params: &Params) -> Data {
    let pairs = params.list("Dimensions").into_iter().map(|one| {
        let text = |name: &str| one.text(name).map(Data::text);
        Data::body().maybe("Name", text("Name")).maybe("Value", text("Value"))
    });
    Data::List(pairs.collect())
}

fn query(params: &Params) -> Result<Data, ApiError> {
    let text = |name: &str| params.text(name).map(Data::text);
    let stat = params.get("MetricStat").map(stat).transpose()?;
    Ok(Data::body()
        .maybe("Id", text("Id"))
        .maybe("Expression", text("Expression"))
        .maybe("Label", text("Label"))
        .maybe("ReturnData", params.bool("ReturnData")?.map(Data::Bool))
        .maybe("Period", params.int("Period")?.map(Data::Int))
        .maybe("MetricStat", stat))
}

fn stat(params: &Params) -> Result<Data, ApiError> {
    let text = |name: &str| params.text(name).map(Data::text);
    let metric = params.get("Metric").map(|metric| {
        Data::body()
            .maybe("MetricName", metric.text("MetricName").map(Data::text))
            .maybe("Namespace", metric.text("Namespace").map(Data::text))
            .with("Dimensions", dimensions(metric))
    });
    Ok(Data::body()
        .maybe("Metric", metric)
        .maybe("Period", params.int("Period")?.map(Data::Int))
        .maybe("Stat", text("Stat"))
        .maybe("Unit", text("Unit")))
}
