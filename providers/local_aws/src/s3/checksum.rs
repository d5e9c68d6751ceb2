//! Checksums of bodies, as headers and trailers carry them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::model::s3::Checksum;
use crate::wire::ApiError;

/// What precedes an algorithm in the names of headers and trailers.
pub const PREFIX: &str = "x-amz-checksum-";

/// What S3 computes by itself if a client sends no checksum.
pub const DEFAULT: &str = "crc64nvme";

const CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
const CRC64: Crc<u64> = Crc::<u64>::new(&CRC_64_NVME);

/// The algorithms by their name in headers, and the bytes of their values.
pub const ALGORITHMS: [(&str, usize); 5] =
    [("crc32", 4), ("crc32c", 4), ("crc64nvme", 8), ("sha1", 20), ("sha256", 32)];

/// The checksum of a body, in base64; of an unknown algorithm, none.
pub fn compute(algorithm: &str, body: &[u8]) -> Option<String> {
    let sum = match algorithm {
        "crc32" => CRC32.checksum(body).to_be_bytes().to_vec(),
        "crc32c" => CRC32C.checksum(body).to_be_bytes().to_vec(),
        "crc64nvme" => CRC64.checksum(body).to_be_bytes().to_vec(),
        "sha1" => Sha1::digest(body).to_vec(),
        "sha256" => Sha256::digest(body).to_vec(),
        _ => return None,
    };
    Some(STANDARD.encode(sum))
}

/// A checksum of a body by one of [`ALGORITHMS`].
pub fn of(algorithm: &str, body: &[u8]) -> Checksum {
    let value = compute(algorithm, body).unwrap_or_default();
    Checksum { algorithm: algorithm.to_owned(), value }
}

/// Checks a body against a value that came with it.
///
/// # Errors
/// `InvalidRequest` if the value is none of the algorithm's; `BadDigest` if it is another body's.
pub fn check(algorithm: &str, length: usize, value: &str, body: &[u8]) -> Result<Checksum, ApiError> {
    if STANDARD.decode(value).map(|bytes| bytes.len()) != Ok(length) {
        let message = format!("Value for {PREFIX}{algorithm} header is invalid.");
        return Err(ApiError::new("InvalidRequest", message));
    }
    let computed = of(algorithm, body);
    if computed.value != value {
        let name = algorithm.to_uppercase();
        let message = format!("The {name} you specified did not match the calculated checksum.");
        return Err(ApiError::new("BadDigest", message));
    }
    Ok(computed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the algorithms' catalogues.
    #[test]
    fn the_check_values_are_met() {
        let hex = |algorithm| {
            compute(algorithm, b"123456789").and_then(|text| STANDARD.decode(text).ok()).map(hex::encode)
        };
        let known = [
            ("crc32", "cbf43926"),
            ("crc32c", "e3069283"),
            ("crc64nvme", "ae8b14860a799888"),
            ("sha1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            ("sha256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ];
        for (algorithm, sum) in known {
            assert_eq!(hex(algorithm).as_deref(), Some(sum), "{algorithm}");
        }
        assert_eq!(compute("md4", b""), None);
    }
}
