//! Bodies as they arrive: whole, or in the chunks of `aws-chunked` with trailers after them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::checksum;
use crate::model::s3::Checksum;
use crate::wire::ApiError;

/// A body that was found to be what its sender says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The bytes, without chunks.
    pub body: Bytes,
    /// The checksum that came with it, if one did.
    pub checksum: Option<Checksum>,
}

/// Puts a body together, and checks it against what was sent along.
///
/// # Errors
/// `BadDigest`, `InvalidDigest`, `XAmzContentSHA256Mismatch`, `IncompleteBody`, `InvalidRequest`.
pub fn receive(headers: &HeaderMap, raw: &Bytes) -> Result<Received, ApiError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = header("x-amz-content-sha256").unwrap_or_default();
    let encoding = header("content-encoding").unwrap_or_default();
    let (body, trailers) = match signed.starts_with("STREAMING-") || encoding.contains("aws-chunked") {
        true => dechunk(raw).ok_or_else(incomplete)?,
        false => (raw.clone(), Vec::new()),
    };
    let length = header("x-amz-decoded-content-length").and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length != body.len()) {
        return Err(incomplete());
    }
    check_sha256(signed, &body)?;
    check_md5(header("content-md5"), &body)?;
    let said = |name: &str| {
        let trailer = trailers.iter().find(|(trailer, _)| trailer == name).map(|(_, value)| value.as_str());
        header(name).or(trailer)
    };
    let sums = checksum::ALGORITHMS.iter().filter_map(|(algorithm, length)| {
        said(&format!("{}{algorithm}", checksum::PREFIX)).map(|value| (algorithm, *length, value))
    });
    let sums: Vec<Checksum> = sums
        .map(|(algorithm, length, value)| checksum::check(algorithm, length, value, &body))
        .collect::<Result<_, _>>()?;
    check_promise(header("x-amz-sdk-checksum-algorithm"), &sums)?;
    Ok(Received { body, checksum: sums.into_iter().next() })
}

fn incomplete() -> ApiError {
    let message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
    ApiError::new("IncompleteBody", message)
}

/// The signature covers this digest, unless it names a way to do without.
fn check_sha256(signed: &str, body: &[u8]) -> Result<(), ApiError> {
    let is_digest = signed.len() == 64 && signed.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_digest && hex::encode(Sha256::digest(body)) != signed.to_ascii_lowercase() {
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return Err(ApiError::new("XAmzContentSHA256Mismatch", message));
    }
    Ok(())
}

fn check_md5(said: Option<&str>, body: &[u8]) -> Result<(), ApiError> {
    let Some(said) = said else { return Ok(()) };
    let digest = STANDARD.decode(said).ok().filter(|digest| digest.len() == 16);
    let invalid = || ApiError::new("InvalidDigest", "The Content-MD5 you specified was invalid.");
    if digest.ok_or_else(invalid)? != Md5::digest(body).to_vec() {
        let message = "The Content-MD5 you specified did not match what we received.";
        return Err(ApiError::new("BadDigest", message));
    }
    Ok(())
}

/// Who names an algorithm must send a checksum of it.
fn check_promise(algorithm: Option<&str>, sums: &[Checksum]) -> Result<(), ApiError> {
    let Some(algorithm) = algorithm.map(str::to_lowercase) else { return Ok(()) };
    if sums.iter().any(|sum| sum.algorithm == algorithm) {
        return Ok(());
    }
    let message = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.";
    Err(ApiError::new("InvalidRequest", message))
}

type Trailers = Vec<(String, String)>;

/// Puts chunks together: `SIZE[;chunk-signature=…]\r\nBYTES\r\n` each, the last of size 0 and with trailers after it.
/// `None` if they end before that, or are no chunks.
fn dechunk(raw: &Bytes) -> Option<(Bytes, Trailers)> {
    let (mut rest, mut body) = (&raw[..], Vec::new());
    loop {
        let (line, after) = split_line(rest)?;
        let size = line.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some((Bytes::from(body), trailers(after)));
        }
        body.extend_from_slice(after.get(..size)?);
        rest = after.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]))
}

fn trailers(mut rest: &[u8]) -> Trailers {
    let mut found = Vec::new();
    while let Some((line, after)) = split_line(rest) {
        found.extend(
            line.split_once(':').map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())),
        );
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn outcome(headers: &[(&'static str, &str)], body: &str) -> String {
        let named = headers.iter().map(|(name, value)| (name.parse(), value.parse()));
        let map: HeaderMap = named.filter_map(|(name, value)| Some((name.ok()?, value.ok()?))).collect();
        match receive(&map, &Bytes::copy_from_slice(body.as_bytes())) {
            Ok(Received { body, checksum }) => {
                let sum = checksum.map(|sum| format!(" {}={}", sum.algorithm, sum.value));
                format!("{}{}", String::from_utf8_lossy(&body), sum.unwrap_or_default())
            }
            Err(error) => error.code,
        }
    }

    /// Headers, body, outcome.
    type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

    const CHUNKED: (&str, &str) = ("content-encoding", "aws-chunked");

    proptest! {
        /// Wherever a body is cut, the chunks make it up again; cut short, they are refused.
        #[test]
        fn chunks_make_up_the_body(parts in proptest::collection::vec("[a-z\r\n;0]{1,9}", 0..6), cut in 1_usize..9) {
            let mut chunks: String =
                parts.iter().map(|part| format!("{:x};chunk-signature=0\r\n{part}\r\n", part.len())).collect();
            let whole = dechunk(&Bytes::from(format!("{chunks}0\r\n\r\n")));
            prop_assert_eq!(whole, Some((Bytes::from(parts.concat()), Vec::new())));
            chunks.truncate(chunks.len().saturating_sub(cut));
            prop_assert_eq!(dechunk(&Bytes::from(chunks)), None);
        }
    }

    #[test]
    fn bodies_are_put_together_and_checked() {
        let table: [Case; 19] = [
            (&[], "hello", "hello"),
            (&[("x-amz-checksum-crc32", "NhCmhg==")], "hello", "hello crc32=NhCmhg=="),
            (&[("x-amz-checksum-crc32", "NhCmhg==")], "hallo", "BadDigest"),
            (&[("x-amz-checksum-crc32", "NhCm")], "hello", "InvalidRequest"),
            (&[("x-amz-checksum-crc32", "?")], "hello", "InvalidRequest"),
            (&[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], "hello", "hello"),
            (&[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], "hallo", "BadDigest"),
            (&[("content-md5", "XUFA")], "hello", "InvalidDigest"),
            (&[("x-amz-sdk-checksum-algorithm", "CRC32")], "hello", "InvalidRequest"),
            (
                &[("x-amz-sdk-checksum-algorithm", "CRC32"), ("x-amz-checksum-crc32", "NhCmhg==")],
                "hello",
                "hello crc32=NhCmhg==",
            ),
            (&[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], "hello", "hello"),
            (
                &[(
                    "x-amz-content-sha256",
                    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                )],
                "hallo",
                "XAmzContentSHA256Mismatch",
            ),
            (&[CHUNKED], "3\r\nhel\r\n2;chunk-signature=0\r\nlo\r\n0\r\n\r\n", "hello"),
            (
                &[CHUNKED, ("x-amz-trailer", "x-amz-checksum-crc32")],
                "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
                "hello crc32=NhCmhg==",
            ),
            (&[CHUNKED], "5\r\nhallo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "BadDigest"),
            (&[CHUNKED, ("x-amz-decoded-content-length", "6")], "5\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
            (&[CHUNKED], "5\r\nhello\r\n", "IncompleteBody"),
            (&[CHUNKED], "ffffffffffffffff\r\nhello\r\n", "IncompleteBody"),
            (&[("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")], "0\r\n\r\n", ""),
        ];
        for (headers, body, wanted) in table {
            assert_eq!(outcome(headers, body), wanted, "{headers:?} {body:?}");
        }
    }
}
