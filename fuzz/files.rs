//! What holds for all bytes that may stand in a state, a plan or a journal. `cargo fuzz` looks for bytes for which it
//! does not; `engine/tests/corpus.rs` tries those worth keeping.
#![allow(dead_code, reason = "each user needs some of these")]

use infra_engine::repair::{Found, examine};
use infra_engine::{journal_file, plan_file, state_file};
use sha2::{Digest, Sha256};

/// Reading never panics, and what is read is written as it was.
pub fn state(bytes: &[u8]) {
    // Few bytes that come by chance carry the right digest; what was edited needs none.
    if let Ok(state) = state_file::read_edited(bytes) {
        let again = state_file::read(&state_file::write(&state));
        assert_eq!(again.as_ref(), Ok(&state), "it is written otherwise than it was read");
    }
    if let Ok(state) = state_file::read(bytes) {
        assert_eq!(state_file::read_edited(bytes), Ok(state));
    }
    repaired(Found { state: Ok(Some(bytes.to_vec())), backup: Some(bytes.to_vec()), journal: None });
}

/// Reading never panics, and what is read is written as it was. The bytes are those behind the digest.
pub fn plan(bytes: &[u8]) {
    let front = b"{\n  \"format\": \"infra.plan/2\",\n  \"digest\": \"";
    let file = [&front[..], digest(&[front, bytes]).as_bytes(), bytes].concat();
    if let Ok((plan, rehearsal)) = plan_file::read_rehearsed(&file)
        && let Ok(written) = plan_file::write_rehearsed(&plan, rehearsal.as_ref())
    {
        assert_eq!(plan_file::read_rehearsed(&written), Ok((plan, rehearsal)));
    }
    assert!(plan_file::read(bytes).is_err(), "it is read without a digest");
}

/// Reading never panics, and what comes before the damage is sound. The bytes are lines without their digests.
pub fn journal(bytes: &[u8]) {
    let mut last = String::new();
    let mut file = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        last = digest(&[last.as_bytes(), line])[..16].to_owned();
        file.extend([last.as_bytes(), b" ", line, b"\n"].concat());
    }
    for bytes in [bytes, &file] {
        let found = journal_file::extent(bytes);
        let sound = journal_file::extent(&bytes[..found.length]);
        assert_eq!(sound.journal, found.journal);
        assert_eq!(sound.damage, None);
        repaired(Found { state: Ok(None), backup: None, journal: Some(bytes.to_vec()) });
    }
}

fn digest(parts: &[&[u8]]) -> String {
    hex::encode(Sha256::digest(parts.concat()))
}

/// A repair leaves nothing to repair.
fn repaired(found: Found) {
    let Ok(repair) = examine(&found) else { return };
    if let Some(lines) = repair.journal_lines() {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert!(journal_file::read(text.as_bytes()).is_ok(), "{text}");
    }
}
