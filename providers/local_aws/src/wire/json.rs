//! JSON, as `awsJson1_0` uses it (<https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>).

use serde_json::{Map, Number, Value};

use super::{Data, Params, Protocol};

/// Reads a request's body; an empty one has no members. JSON that nests deeper than any request does is not read
/// (`serde_json`'s own limit).
///
/// # Errors
/// It is not JSON, or not an object.
pub fn read(body: &[u8]) -> Result<Params, serde_json::Error> {
    match body {
        [] => Ok(Params::empty(Protocol::Json)),
        body => {
            serde_json::from_slice::<Map<String, Value>>(body).map(|members| params(&Value::Object(members)))
        }
    }
}

/// Lists are as in the query protocol: their elements stand under their numbers. What is `null` was not sent.
fn params(value: &Value) -> Params {
    let mut read = Params::empty(Protocol::Json);
    match value {
        Value::Null => {}
        Value::Bool(switch) => return Params::leaf(Protocol::Json, switch.to_string()),
        Value::Number(number) => return Params::leaf(Protocol::Json, number.to_string()),
        Value::String(text) => return Params::leaf(Protocol::Json, text.clone()),
        Value::Array(items) => {
            (1..).zip(items).for_each(|(n, item): (usize, _)| read.insert(n.to_string(), params(item)));
        }
        Value::Object(members) => {
            let sent = members.iter().filter(|(_, member)| !member.is_null());
            sent.for_each(|(name, member)| read.insert(name.clone(), params(member)));
        }
    }
    read
}

/// Writes an answer's body.
pub fn write(data: &Data) -> Vec<u8> {
    value(data).to_string().into_bytes()
}

fn value(data: &Data) -> Value {
    let number = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
    match data {
        Data::Text(text) => Value::String(text.clone()),
        Data::Int(whole) => Value::Number((*whole).into()),
        Data::Number(given) => number(*given),
        Data::Bool(switch) => Value::Bool(*switch),
        // Seconds; a double holds milliseconds for a long time to come.
        Data::Time(moment) => number(moment.0 as f64 / 1000.0),
        Data::List(items) => Value::Array(items.iter().map(value).collect()),
        Data::Map(members) => {
            Value::Object(members.iter().map(|(name, member)| ((*name).to_owned(), value(member))).collect())
        }
        Data::Entries(entries) => {
            Value::Object(entries.iter().map(|(key, entry)| (key.clone(), value(entry))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn a_body_is_read_as_the_query_protocol_reads_its_form() {
        let sent = r#"{"AlarmName": "busy", "Threshold": 0.5, "Period": 60, "ActionsEnabled": true, "Unit": null,
            "Dimensions": [{"Name": "a.b"}, {"Name": "c"}], "OKActions": []}"#;
        let read = read(sent.as_bytes()).expect("it is JSON");
        let form = "AlarmName=busy&Threshold=0.5&Period=60&ActionsEnabled=true&Dimensions.1.Name=a.b&Dimensions.2.Name=c&OKActions=";
        let wanted = Params::parse(Protocol::Json, form);
        for name in ["AlarmName", "Threshold", "Period", "ActionsEnabled", "Dimensions", "Unit"] {
            assert_eq!(read.get(name), wanted.get(name), "{name}");
        }
        assert!(read.get("OKActions").is_some() && read.texts("OKActions").is_empty());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in [&b"[1]"[..], b"{", b"\"x\"", b"{\"a\":", &[b'['; 100_000], b"\xff"] {
            assert!(read(body).is_err(), "{:?}", &body[..body.len().min(8)]);
        }
        assert!(read(b"").is_ok_and(|params| params.is_empty()));
    }

    #[test]
    fn answers_are_plain_json() {
        let said = Data::body()
            .with("At", Data::Time(Time(1_500)))
            .with("Values", Data::List(vec![Data::Int(1), Data::Number(0.5), Data::Bool(true)]))
            .with("By", Data::Entries([("p99".to_owned(), Data::text("x"))].into()));
        assert_eq!(
            String::from_utf8_lossy(&write(&said)),
            r#"{"At":1.5,"By":{"p99":"x"},"Values":[1,0.5,true]}"#
        );
    }
}
