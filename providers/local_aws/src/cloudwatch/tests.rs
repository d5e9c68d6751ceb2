mod alarms;
mod metrics;
mod rows;
mod vended;

use bytes::Bytes;
use http::Request;

use crate::handle::LocalAws;
use crate::testing::{START, at, call, fast, field, fields, outcome};
use crate::wire::{Data, Params, cbor};

const CPU: &str = "Namespace=AWS/EC2&MetricName=CPUUtilization&Statistic=Average&Period=60&Threshold=80.5&ComparisonOperator=GreaterThanThreshold&EvaluationPeriods=2";

fn query(local: &LocalAws, form: &str) -> (u16, String) {
    call(local, START, "monitoring", form)
}

/// Sends a request as today's SDKs do: status, the header with the code, and the members of the answer.
fn rpc(local: &LocalAws, operation: &str, body: &Data) -> (u16, Option<String>, Params) {
    let path = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
    let scope = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/monitoring/aws4_request, Signature=0";
    let request = Request::post(path)
        .header("authorization", scope)
        .header("smithy-protocol", "rpc-v2-cbor")
        .body(Bytes::from(cbor::write(body)))
        .expect("a literal request");
    let answer = local.handle(START, &request);
    assert_eq!(
        answer.headers().get("smithy-protocol").map(|said| said.as_bytes()),
        Some(&b"rpc-v2-cbor"[..])
    );
    let code =
        answer.headers().get("x-amzn-query-error").and_then(|code| code.to_str().ok()).map(str::to_owned);
    (answer.status().as_u16(), code, cbor::read(answer.body()).expect("CBOR"))
}

fn names(list: &[&str]) -> Data {
    Data::body().with("AlarmNames", Data::List(list.iter().copied().map(Data::text).collect()))
}

#[test]
fn an_alarm_is_told_in_the_protocol_it_is_asked_in() {
    let local = fast();
    let form = format!(
        "Action=PutMetricAlarm&AlarmName=busy&{CPU}&Dimensions.member.1.Name=a.b&Dimensions.member.1.Value=1"
    );
    assert_eq!(outcome(&query(&local, &form)), "200");
    let (status, _, told) = rpc(&local, "DescribeAlarms", &names(&["busy", "nobody"]));
    let alarm = told.list("MetricAlarms")[0];
    let shown = ["AlarmName", "Threshold", "Period", "StateValue"].map(|name| alarm.text(name));
    assert_eq!(status, 200);
    assert_eq!(shown, [Some("busy"), Some("80.5"), Some("60"), Some("INSUFFICIENT_DATA")]);
    assert_eq!(alarm.list("Dimensions")[0].text("Name"), Some("a.b"));
    let (_, told) = query(&local, "Action=DescribeAlarms");
    let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:busy";
    assert_eq!((field(&told, "AlarmArn"), field(&told, "Threshold")), (Some(arn), Some("80.5")));
}

#[test]
fn refusals_carry_their_code_in_both_protocols() {
    let local = fast();
    let (status, code, told) = rpc(&local, "DeleteAlarms", &names(&["nobody"]));
    let said = Some("ResourceNotFound;Sender".to_owned());
    assert_eq!((status, code, told.text("__type")), (404, said, Some("ResourceNotFound")));
    assert_eq!(outcome(&query(&local, "Action=DeleteAlarms&AlarmNames.member.1=x")), "ResourceNotFound 404");
    assert_eq!(rpc(&local, "Nonsense", &Data::body()).0, 400);
}

#[test]
fn an_alarm_has_to_make_sense() {
    let local = fast();
    for (was, is) in [
        ("&Threshold=80.5", ""),
        ("Period=60", "Period=45"),
        ("EvaluationPeriods=2", "EvaluationPeriods=2000"),
        ("Statistic=Average", "Statistic=Average&ExtendedStatistic=p99"),
        ("EvaluationPeriods=2", "EvaluationPeriods=2&DatapointsToAlarm=3"),
        ("MetricName=CPUUtilization", "MetricName=CPUUtilization&Metrics.member.1.Id=a"),
        ("EvaluationPeriods=2", "EvaluationPeriods=2&OKActions.member.1=mail"),
    ] {
        let form = format!("Action=PutMetricAlarm&AlarmName=busy&{}", CPU.replace(was, is));
        assert_eq!(outcome(&query(&local, &form)), "ValidationError 400", "{was} -> {is}");
    }
}

#[test]
fn an_alarm_keeps_its_tags_when_it_is_put_again() {
    let local = fast();
    let put = |tag: &str| {
        let form = format!(
            "Action=PutMetricAlarm&AlarmName=busy&{CPU}&Tags.member.1.Key=a&Tags.member.1.Value={tag}"
        );
        assert_eq!(outcome(&query(&local, &form)), "200");
    };
    put("1");
    put("2");
    let arn = "ResourceARN=arn:aws:cloudwatch:us-east-1:123456789012:alarm:busy";
    let tags = || fields(&query(&local, &format!("Action=ListTagsForResource&{arn}")).1, "Value").join(" ");
    assert_eq!(tags(), "1");
    query(&local, &format!("Action=TagResource&{arn}&Tags.member.1.Key=b&Tags.member.1.Value=2"));
    query(&local, &format!("Action=UntagResource&{arn}&TagKeys.member.1=a"));
    assert_eq!(tags(), "2");
    let strange = query(&local, "Action=ListTagsForResource&ResourceARN=arn:x");
    assert_eq!(outcome(&strange), "ResourceNotFoundException 404");
}

/// Sends a request as boto3 and the AWS CLI do: status, the header with the code, and the body.
fn boto(local: &LocalAws, operation: &str, body: Vec<u8>, encoding: &str) -> (u16, Option<String>, String) {
    let scope = "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/monitoring/aws4_request, Signature=0";
    let request = Request::post("/")
        .header("authorization", scope)
        .header("content-type", "application/x-amz-json-1.0")
        .header("content-encoding", encoding)
        .header("x-amz-target", format!("GraniteServiceVersion20100801.{operation}"))
        .body(Bytes::from(body))
        .expect("a literal request");
    let answer = local.handle(START, &request);
    let code = answer.headers().get("x-amzn-query-error").and_then(|code| code.to_str().ok());
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    (answer.status().as_u16(), code.map(str::to_owned), body)
}

#[test]
fn json_is_spoken_too() {
    let local = fast();
    let put =
        br#"{"Namespace":"App","MetricData":[{"MetricName":"Jobs","Value":4.5,"Timestamp":1795244400}]}"#;
    assert_eq!(boto(&local, "PutMetricData", put.to_vec(), "").0, 200);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, put).expect("a vector takes everything");
    let packed = packed.finish().expect("a vector takes everything");
    assert_eq!(boto(&local, "PutMetricData", packed.clone(), "gzip").0, 200);
    assert_eq!(boto(&local, "PutMetricData", packed[..20].to_vec(), "gzip").0, 400);
    let get = br#"{"Namespace":"App","MetricName":"Jobs","StartTime":1795244400,"EndTime":1795244460,"Period":60,"Statistics":["Sum"]}"#;
    let (status, _, told) = boto(&local, "GetMetricStatistics", get.to_vec(), "");
    assert_eq!(status, 200);
    insta::assert_snapshot!(told, @r#"{"Datapoints":[{"Sum":9.0,"Timestamp":1795244400.0,"Unit":"None"}],"Label":"Jobs"}"#);
    let (status, code, told) = boto(&local, "DeleteAlarms", br#"{"AlarmNames":["x"]}"#.to_vec(), "");
    assert_eq!((status, code.as_deref()), (404, Some("ResourceNotFound;Sender")));
    assert!(told.contains(r#""__type":"ResourceNotFound""#), "{told}");
}
