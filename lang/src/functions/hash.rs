//! Hashes of texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Function, values};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    values("base64sha256", "(text: string) -> string", "The SHA-256 of a text, in base64.", |a| {
        Ok(Value::string(STANDARD.encode(Sha256::digest(a.text(0)?))))
    }),
    values("md5", "(text: string) -> string", "The MD5 of a text, in hexadecimal; not for security.", |a| {
        Ok(hexadecimal::<Md5>(a.text(0)?))
    }),
    values(
        "sha1",
        "(text: string) -> string",
        "The SHA-1 of a text, in hexadecimal; not for security.",
        |a| Ok(hexadecimal::<Sha1>(a.text(0)?)),
    ),
    values("sha256", "(text: string) -> string", "The SHA-256 of a text, in hexadecimal.", |a| {
        Ok(hexadecimal::<Sha256>(a.text(0)?))
    }),
    values("sha512", "(text: string) -> string", "The SHA-512 of a text, in hexadecimal.", |a| {
        Ok(hexadecimal::<Sha512>(a.text(0)?))
    }),
];

fn hexadecimal<D: Digest>(text: &str) -> Value {
    Value::string(hex::encode(D::digest(text)))
}
