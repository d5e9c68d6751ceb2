//! Metrics go in and out.

use super::*;

fn put(local: &LocalAws, seconds: u64, rest: &str) -> String {
    let form = format!("Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName=Jobs&{rest}");
    outcome(&call(local, at(seconds), "monitoring", &form))
}

const VALUE: &str = "MetricData.member.1.Value";

#[test]
fn measurements_are_summed_up_by_the_minute() {
    let local = fast();
    for (seconds, value) in [(1, 4), (59, 8), (61, 2), (240, 9)] {
        assert_eq!(put(&local, seconds, &format!("{VALUE}={value}&MetricData.member.1.Unit=Count")), "200");
    }
    assert_eq!(
        put(&local, 241, &format!("{VALUE}=100&MetricData.member.1.Timestamp=2026-11-21T07:02:30Z")),
        "200"
    );
    let statistics = "Action=GetMetricStatistics&Namespace=App&MetricName=Jobs&StartTime=2026-11-21T07:00:00Z&EndTime=2026-11-21T07:04:00Z&Statistics.member.1=Sum&Statistics.member.2=SampleCount&ExtendedStatistics.member.1=p90";
    let (_, told) = call(&local, at(300), "monitoring", &format!("{statistics}&Period=60"));
    assert_eq!(fields(&told, "Timestamp").len(), 3);
    assert_eq!(fields(&told, "Sum"), ["12", "2", "100"]);
    assert_eq!(fields(&told, "value"), ["8", "2", "100"]);
    let (_, told) = call(&local, at(300), "monitoring", &format!("{statistics}&Period=120&Unit=Count"));
    assert_eq!((fields(&told, "Sum"), fields(&told, "SampleCount")), (vec!["14"], vec!["3"]));
    let (_, told) = query(&local, "Action=ListMetrics&Namespace=App");
    assert_eq!(fields(&told, "MetricName"), ["Jobs"]);
}

#[test]
fn a_measurement_is_one_value_a_set_or_several() {
    let local = fast();
    let set = "StatisticValues.SampleCount=4&MetricData.member.1.StatisticValues.Sum=10&MetricData.member.1.StatisticValues.Minimum=1&MetricData.member.1.StatisticValues.Maximum=4";
    for (rest, wanted) in [
        ("MetricData.member.1.Value=1".to_owned(), "200"),
        (format!("MetricData.member.1.{set}"), "200"),
        ("MetricData.member.1.Values.member.1=3&MetricData.member.1.Counts.member.1=5".to_owned(), "200"),
        ("MetricData.member.1.Values.member.1=3&MetricData.member.1.Counts.member.2=5&MetricData.member.1.Counts.member.1=1".to_owned(), "InvalidParameterValue 400"),
        (String::new(), "InvalidParameterCombination 400"),
        ("MetricData.member.1.Value=1&MetricData.member.1.Values.member.1=3".to_owned(), "InvalidParameterCombination 400"),
        ("MetricData.member.1.Value=1&MetricData.member.1.Timestamp=2026-10-01T00:00:00Z".to_owned(), "InvalidParameterValue 400"),
        ("MetricData.member.1.Value=1&Namespace=AWS/EC2".to_owned(), "InvalidParameterValue 400"),
    ] {
        assert_eq!(put(&local, 1, &rest), wanted, "{rest}");
    }
}

#[test]
fn figures_of_several_metrics_are_reckoned_and_told_in_cbor() {
    let local = fast();
    for (name, value) in [("Errors", 3), ("Requests", 200)] {
        let form = format!(
            "Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName={name}&{VALUE}={value}"
        );
        assert_eq!(outcome(&query(&local, &form)), "200");
    }
    let stat = |id: &str, name: &str| {
        let metric = Data::body().with("Namespace", Data::text("App")).with("MetricName", Data::text(name));
        let stat =
            Data::body().with("Metric", metric).with("Period", Data::Int(60)).with("Stat", Data::text("Sum"));
        Data::body().with("Id", Data::text(id)).with("MetricStat", stat).with("ReturnData", Data::Bool(false))
    };
    let share = Data::body().with("Id", Data::text("share")).with("Expression", Data::text("e / r * 100"));
    let sent = Data::body()
        .with("MetricDataQueries", Data::List(vec![stat("e", "Errors"), stat("r", "Requests"), share]))
        .with("StartTime", Data::Time(at(0)))
        .with("EndTime", Data::Time(at(60)));
    let (status, _, told) = rpc(&local, "GetMetricData", &sent);
    let results = told.list("MetricDataResults");
    assert_eq!((status, results.len()), (200, 1));
    assert_eq!((results[0].text("Id"), results[0].texts("Values")), (Some("share"), vec!["1.5"]));
}
