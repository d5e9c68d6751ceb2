use infra_lang::residual::Residual;
use serde_json::json;

use super::*;

fn said(json: serde_json::Value) -> String {
    let values: Values = serde_json::from_value(json).expect("attributes");
    let attributes = values.into_iter().map(|(name, value)| (name, Residual::Known(value))).collect();
    let problems = MetricAlarms.problems(&attributes);
    problems.into_iter().map(|(name, said)| format!("{name}: {said}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_alarm_says_what_it_measures_and_compares_with() {
    insta::assert_snapshot!(said(json!({
        "metric_name": "Latency", "namespace": "AWS/ELB", "evaluation_periods": 2, "datapoints_to_alarm": 3,
        "period": { "$seconds": 45 },
    })), @r"
    comparison_operator: there is nothing to compare with: write `threshold`
    metric_name: an alarm on one metric needs `statistic` or `extended_statistic`
    period: a period is 10s, 20s, 30s or whole minutes, not 45s
    datapoints_to_alarm: 3 of 2 periods can never be
    ");
    insta::assert_snapshot!(said(json!({
        "threshold": 1, "metric_query": [{ "id": "a", "expression": "b" }, { "id": "b", "expression": "c" }],
    })), @"metric_query: exactly one query is watched, and here 2 are: write `return_data = false` in the others");
}

#[test]
fn what_cloudwatch_tells_is_what_was_asked_for() {
    let wanted = MetricAlarm {
        alarm_name: "busy".to_owned(),
        comparison_operator: "GreaterThanThreshold".to_owned(),
        evaluation_periods: 2,
        threshold: Some(0.1),
        treat_missing_data: "missing".to_owned(),
        metric_query: vec![MetricQuery {
            id: "m".to_owned(),
            metric: Some(Metric {
                metric_name: "Latency".to_owned(),
                period: 60,
                stat: "p99".to_owned(),
                dimensions: [("LoadBalancerName".to_owned(), "web".to_owned())].into(),
                ..Metric::default()
            }),
            ..MetricQuery::default()
        }],
        alarm_actions: ["arn:aws:sns:us-east-1:123456789012:ops".to_owned()].into(),
        id: Some("busy".to_owned()),
        ..MetricAlarm::default()
    };
    let sent = convert::request(&wanted).build().expect("a request");
    let described = aws_sdk_cloudwatch::types::MetricAlarm::builder()
        .set_alarm_name(sent.alarm_name)
        .set_comparison_operator(sent.comparison_operator)
        .set_evaluation_periods(sent.evaluation_periods)
        .set_threshold(sent.threshold)
        .set_metrics(sent.metrics)
        .set_alarm_actions(sent.alarm_actions)
        .actions_enabled(false)
        .build();
    assert_eq!(convert::told(&described), wanted);
}
