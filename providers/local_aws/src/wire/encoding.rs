//! Bodies that come packed: SDKs do that with the large ones of PutMetricData.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::GzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::ApiError;

/// Larger than any request of AWS's services that are modelled.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The body as it was before it was packed.
///
/// # Errors
/// It is not what its header says, or is too large.
pub fn unpacked<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Cow<'a, [u8]>, ApiError> {
    if headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding != "gzip") {
        return Ok(Cow::Borrowed(body));
    }
    let mut plain = Vec::new();
    let read = GzDecoder::new(body).take(LARGEST + 1).read_to_end(&mut plain);
    match read {
        Ok(_) if plain.len() as u64 <= LARGEST => Ok(Cow::Owned(plain)),
        Ok(_) => Err(ApiError::new("RequestEntityTooLarge", "The body is too large").with_status(413)),
        Err(error) => Err(ApiError::new("MalformedInput", format!("The body is not gzip: {error}"))),
    }
}
