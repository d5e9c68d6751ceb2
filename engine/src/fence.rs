//! What is shared carries on its first line under which token of the lease it was written ([`crate::lease`]).
//!
//! A store that compares ETags compares contents. With token and number in it, each write has contents of its own: what
//! a holder still writes after its lease was taken over never fits, and nothing that is delayed on its way ever comes
//! to fit again.

use serde::{Deserialize, Serialize};

const FORMAT: &str = "infra.shared/1";

/// The first line of what is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The token of the lease it was written under.
    pub token: u64,
    /// The number of the write under that token, over all objects.
    pub write: u64,
}

#[derive(Serialize, Deserialize)]
struct LineV1 {
    format: String,
    fence: u64,
    write: u64,
}

/// Why bytes are not fenced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FenceError {
    /// The first line is none of ours.
    #[error("its first line is not one that `infra` has written")]
    Damaged,
    /// Another version of the program has written it.
    #[error("it has the format `{0}`, which this version does not know: use the one that wrote it")]
    Unknown(String),
}

/// Bytes as they are shared. Without any they stand for nothing being there.
pub fn wrap(fence: &Fence, body: &[u8]) -> Vec<u8> {
    let line = LineV1 { format: FORMAT.to_owned(), fence: fence.token, write: fence.write };
    let mut bytes = serde_json::to_vec(&line).expect("the line is plain data with text keys");
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes
}

/// The fence, and the bytes behind it.
///
/// # Errors
/// There is none.
pub fn unwrap(bytes: &[u8]) -> Result<(Fence, &[u8]), FenceError> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(FenceError::Damaged)?;
    let line: LineV1 = serde_json::from_slice(&bytes[..end]).map_err(|_| FenceError::Damaged)?;
    match line.format.as_str() {
        FORMAT => Ok((Fence { token: line.fence, write: line.write }, &bytes[end + 1..])),
        other if other.starts_with("infra.shared/") => Err(FenceError::Unknown(other.to_owned())),
        _ => Err(FenceError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_is_unwrapped() {
        let fence = Fence { token: 12, write: 3 };
        let bytes = wrap(&fence, b"one\ntwo");
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r#"
        {"format":"infra.shared/1","fence":12,"write":3}
        one
        two
        "#);
        assert_eq!(unwrap(&bytes), Ok((fence.clone(), b"one\ntwo".as_slice())));
        assert_eq!(unwrap(&wrap(&fence, b"")), Ok((fence, b"".as_slice())));
    }

    #[test]
    fn what_is_not_fenced_is_told() {
        let bytes = wrap(&Fence { token: 12, write: 3 }, b"one");
        for length in 0..48 {
            assert_eq!(unwrap(&bytes[..length]), Err(FenceError::Damaged), "{length}");
        }
        assert_eq!(unwrap(b"{\"format\": \"infra.state/1\"}\n"), Err(FenceError::Damaged));
        let newer = String::from_utf8_lossy(&bytes).replace("shared/1", "shared/2");
        assert_eq!(unwrap(newer.as_bytes()), Err(FenceError::Unknown("infra.shared/2".to_owned())));
    }
}
