//! Between an alarm's struct and the shapes of CloudWatch.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmInputBuilder;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as DescribedMetric, MetricAlarm as Described, MetricDataQuery, MetricStat,
};

use super::{Metric, MetricAlarm, MetricQuery};

/// The call that makes the alarm, or overwrites the one of that name.
pub(super) fn request(wanted: &MetricAlarm) -> PutMetricAlarmInputBuilder {
    let list = |all: &BTreeSet<String>| (!all.is_empty()).then(|| all.iter().cloned().collect());
    let queries: Vec<MetricDataQuery> = wanted.metric_query.iter().map(query).collect();
    PutMetricAlarmInputBuilder::default()
        .alarm_name(&wanted.alarm_name)
        .comparison_operator(wanted.comparison_operator.as_str().into())
        .evaluation_periods(wanted.evaluation_periods)
        .set_datapoints_to_alarm(wanted.datapoints_to_alarm)
        .set_threshold(wanted.threshold)
        .set_metric_name(wanted.metric_name.clone())
        .set_namespace(wanted.namespace.clone())
        .set_unit(wanted.unit.as_deref().map(Into::into))
        .set_period(wanted.period)
        .set_statistic(wanted.statistic.as_deref().map(Into::into))
        .set_extended_statistic(wanted.extended_statistic.clone())
        .set_dimensions(dimensions(&wanted.dimensions))
        .set_metrics((!queries.is_empty()).then_some(queries))
        .treat_missing_data(&wanted.treat_missing_data)
        .set_alarm_description(wanted.alarm_description.clone())
        .actions_enabled(wanted.actions_enabled)
        .set_alarm_actions(list(&wanted.alarm_actions))
        .set_ok_actions(list(&wanted.ok_actions))
        .set_insufficient_data_actions(list(&wanted.insufficient_data_actions))
}

fn dimensions(wanted: &BTreeMap<String, String>) -> Option<Vec<Dimension>> {
    let dimension = |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
    (!wanted.is_empty()).then(|| wanted.iter().map(dimension).collect())
}

fn query(wanted: &MetricQuery) -> MetricDataQuery {
    MetricDataQuery::builder()
        .id(&wanted.id)
        .set_expression(wanted.expression.clone())
        .set_label(wanted.label.clone())
        .set_return_data(wanted.return_data)
        .set_metric_stat(wanted.metric.as_ref().map(stat))
        .build()
}

fn stat(wanted: &Metric) -> MetricStat {
    let metric = DescribedMetric::builder()
        .metric_name(&wanted.metric_name)
        .set_namespace(wanted.namespace.clone())
        .set_dimensions(dimensions(&wanted.dimensions))
        .build();
    MetricStat::builder()
        .metric(metric)
        .period(wanted.period)
        .stat(&wanted.stat)
        .set_unit(wanted.unit.as_deref().map(Into::into))
        .build()
}

/// What `DescribeAlarms` tells of it.
pub(super) fn told(described: &Described) -> MetricAlarm {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    MetricAlarm {
        alarm_name: described.alarm_name().unwrap_or_default().to_owned(),
        comparison_operator: described
            .comparison_operator()
            .map(|operator| operator.as_str().to_owned())
            .unwrap_or_default(),
        evaluation_periods: described.evaluation_periods().unwrap_or_default(),
        datapoints_to_alarm: described.datapoints_to_alarm(),
        threshold: described.threshold(),
        metric_name: text(described.metric_name()),
        namespace: text(described.namespace()),
        unit: text(described.unit().map(|unit| unit.as_str())),
        period: described.period(),
        statistic: text(described.statistic().map(|statistic| statistic.as_str())),
        extended_statistic: text(described.extended_statistic()),
        dimensions: told_dimensions(described.dimensions()),
        metric_query: described.metrics().iter().map(told_query).collect(),
        treat_missing_data: text(described.treat_missing_data()).unwrap_or_else(|| "missing".to_owned()),
        alarm_description: text(described.alarm_description()),
        actions_enabled: described.actions_enabled().unwrap_or(true),
        alarm_actions: described.alarm_actions().iter().cloned().collect(),
        ok_actions: described.ok_actions().iter().cloned().collect(),
        insufficient_data_actions: described.insufficient_data_actions().iter().cloned().collect(),
        arn: text(described.alarm_arn()),
        tags: BTreeMap::new(),
        id: text(described.alarm_name()),
    }
}

fn told_dimensions(described: &[Dimension]) -> BTreeMap<String, String> {
    let pairs = described.iter().filter_map(|one| Some((one.name()?.to_owned(), one.value()?.to_owned())));
    pairs.collect()
}

fn told_query(described: &MetricDataQuery) -> MetricQuery {
    MetricQuery {
        id: described.id().unwrap_or_default().to_owned(),
        expression: described.expression().map(str::to_owned),
        label: described.label().map(str::to_owned),
        return_data: described.return_data(),
        metric: described.metric_stat().map(told_stat),
    }
}

fn told_stat(described: &MetricStat) -> Metric {
    let metric = described.metric();
    Metric {
        metric_name: metric.and_then(|metric| metric.metric_name()).unwrap_or_default().to_owned(),
        namespace: metric.and_then(|metric| metric.namespace()).map(str::to_owned),
        period: described.period().unwrap_or_default(),
        stat: described.stat().unwrap_or_default().to_owned(),
        unit: described.unit().map(|unit| unit.as_str().to_owned()),
        dimensions: told_dimensions(metric.map(|metric| metric.dimensions()).unwrap_or_default()),
    }
}
