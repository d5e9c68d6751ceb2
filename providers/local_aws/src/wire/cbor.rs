//! CBOR, as Smithy's RPC v2 uses it (<https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>).

use std::convert::Infallible;

use minicbor::data::{IanaTag, Type};
use minicbor::decode::Error as DecodeError;
use minicbor::encode::Error as EncodeError;
use minicbor::{Decoder, Encoder};

use super::{Data, Params, Protocol};

/// Deeper than any AWS request, shallow enough for recursion.
const DEEPEST: usize = 24;

/// Reads a request's body; an empty one has no members.
///
/// # Errors
/// It is not CBOR, or holds what no request of AWS does.
pub fn read(body: &[u8]) -> Result<Params, DecodeError> {
    match body {
        [] => Ok(Params::empty(Protocol::Cbor)),
        body => value(&mut Decoder::new(body), DEEPEST),
    }
}

fn value(decoder: &mut Decoder<'_>, depth: usize) -> Result<Params, DecodeError> {
    if depth == 0 {
        return Err(DecodeError::message("it nests too deep"));
    }
    let text = |text: String| Ok(Params::leaf(Protocol::Cbor, text));
    match decoder.datatype()? {
        Type::Bool => text(decoder.bool()?.to_string()),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => text(decoder.u64()?.to_string()),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => text(decoder.i64()?.to_string()),
        Type::F16 | Type::F32 | Type::F64 => text(decoder.f64()?.to_string()),
        Type::String => text(decoder.str()?.to_owned()),
        Type::StringIndef => {
            let parts: Result<Vec<&str>, _> = decoder.str_iter()?.collect();
            text(parts?.concat())
        }
        Type::Tag => {
            decoder.tag()?;
            value(decoder, depth - 1)
        }
        Type::Array | Type::ArrayIndef => list(decoder, depth - 1),
        Type::Map | Type::MapIndef => members(decoder, depth - 1),
        other => Err(DecodeError::type_mismatch(other)),
    }
}

/// A list, as the query protocol has it: its elements stand under their numbers.
fn list(decoder: &mut Decoder<'_>, depth: usize) -> Result<Params, DecodeError> {
    let length = decoder.array()?;
    let mut params = Params::empty(Protocol::Cbor);
    let mut at = 0;
    while more(decoder, length, at)? {
        at += 1;
        params.insert(at.to_string(), value(decoder, depth)?);
    }
    Ok(params)
}

fn members(decoder: &mut Decoder<'_>, depth: usize) -> Result<Params, DecodeError> {
    let length = decoder.map()?;
    let mut params = Params::empty(Protocol::Cbor);
    let mut at = 0;
    while more(decoder, length, at)? {
        at += 1;
        let name = decoder.str()?.to_owned();
        match decoder.datatype()? {
            Type::Null | Type::Undefined => decoder.skip()?,
            _ => params.insert(name, value(decoder, depth)?),
        }
    }
    Ok(params)
}

/// Whether a list or map of that length, or of one that is not told, has another element.
fn more(decoder: &mut Decoder<'_>, length: Option<u64>, read: u64) -> Result<bool, DecodeError> {
    match length {
        Some(length) => Ok(read < length),
        None if decoder.datatype()? == Type::Break => decoder.skip().map(|()| false),
        None => Ok(true),
    }
}

/// Writes an answer's body.
pub fn write(data: &Data) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    match put(&mut encoder, data) {
        Ok(()) => encoder.into_writer(),
        // A vector takes everything.
        Err(_) => Vec::new(),
    }
}

fn put(encoder: &mut Encoder<Vec<u8>>, data: &Data) -> Result<(), EncodeError<Infallible>> {
    match data {
        Data::Text(text) => encoder.str(text)?.ok(),
        Data::Int(number) => encoder.i64(*number)?.ok(),
        Data::Number(number) => encoder.f64(*number)?.ok(),
        Data::Bool(switch) => encoder.bool(*switch)?.ok(),
        // Seconds; a double holds milliseconds for a long time to come.
        Data::Time(moment) => encoder.tag(IanaTag::Timestamp)?.f64(moment.0 as f64 / 1000.0)?.ok(),
        Data::List(items) => {
            encoder.array(items.len() as u64)?;
            items.iter().try_for_each(|item| put(encoder, item))
        }
        Data::Map(members) => {
            encoder.map(members.len() as u64)?;
            members.iter().try_for_each(|(name, value)| put(encoder.str(name)?, value))
        }
        Data::Entries(entries) => {
            encoder.map(entries.len() as u64)?;
            entries.iter().try_for_each(|(key, value)| put(encoder.str(key)?, value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn a_body_is_read_as_the_query_protocol_reads_its_form() {
        let dimension = |name: &str| Data::body().with("Name", Data::text(name));
        let sent = Data::body()
            .with("AlarmName", Data::text("busy"))
            .with("Threshold", Data::Number(0.5))
            .with("Period", Data::Int(60))
            .with("ActionsEnabled", Data::Bool(true))
            .with("Dimensions", Data::List(vec![dimension("a.b"), dimension("c")]))
            .with("OKActions", Data::List(Vec::new()));
        let read = read(&write(&sent)).expect("our own CBOR");
        let form = "AlarmName=busy&Threshold=0.5&Period=60&ActionsEnabled=true&Dimensions.1.Name=a.b&Dimensions.2.Name=c&OKActions=";
        let wanted = Params::parse(Protocol::Cbor, form);
        for name in ["AlarmName", "Threshold", "Period", "ActionsEnabled", "Dimensions"] {
            assert_eq!(read.get(name), wanted.get(name), "{name}");
        }
        assert!(read.get("OKActions").is_some() && read.texts("OKActions").is_empty());
    }

    #[test]
    fn lengths_may_be_left_open() {
        let mut encoder = Encoder::new(Vec::new());
        let sent =
            encoder.begin_map().and_then(|map| map.str("AlarmNames")?.begin_array()?.str("a")?.end()?.end());
        assert!(sent.is_ok());
        let read = read(encoder.writer()).expect("well-formed");
        assert_eq!(read.texts("AlarmNames"), ["a"]);
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for body in [&b"\xa1"[..], b"\x9f", b"Action=DescribeAlarms", &[0x81; 100_000], b"\xa1\x01\x01"] {
            assert!(read(body).is_err(), "{body:?}");
        }
        assert!(read(b"").is_ok_and(|params| params.is_empty()));
    }

    #[test]
    fn a_moment_is_tagged() {
        assert_eq!(write(&Data::Time(Time(1_500)))[..2], [0xc1, 0xfb]);
    }
}
