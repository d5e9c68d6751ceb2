//! Key pairs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::filter::{Field, select};
use super::kind::KEY_PAIR;
use super::tag;
use crate::model::Model;
use crate::model::ec2::{KeyPair, KeyPairId};
use crate::wire::{ApiError, Node, Params};

/// ImportKeyPair: an OpenSSH public key, RSA or ED25519.
pub fn import_key_pair(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = free_name(model, params)?;
    let line = public_key(params.required("PublicKeyMaterial")?)?;
    let (kind, blob) = parse(&line)
        .ok_or_else(|| ApiError::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format"))?;
    let fingerprint = fingerprint(kind, &blob);
    let kind = if kind == "ssh-rsa" { "rsa" } else { "ed25519" };
    let key = add(model, name, kind, fingerprint, line, params)?;
    Ok(tag::tag_set(&model.ec2, key.id.as_str(), answer(&key)))
}

/// CreateKeyPair. The private half has the form of one but is random: nothing in the model could be logged in
/// to.
pub fn create_key_pair(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = free_name(model, params)?;
    let kind = match params.text("KeyType").unwrap_or("rsa") {
        kind @ ("rsa" | "ed25519") => kind,
        other => {
            let reason = format!("Value ({other}) for parameter KeyType is invalid.");
            return Err(ApiError::new("InvalidParameterValue", reason));
        }
    };
    let secret = model.random.hex(1200);
    let (public, fingerprint) = made_up(kind, &secret);
    let key = add(model, name, kind, fingerprint, public, params)?;
    let body = answer(&key).field("keyMaterial", pem(kind, &secret));
    Ok(tag::tag_set(&model.ec2, key.id.as_str(), body))
}

fn free_name(model: &Model, params: &Params) -> Result<String, ApiError> {
    let name = params.required("KeyName")?;
    if name.len() > 255 || !name.is_ascii() {
        let reason = format!(
            "Value ({name}) for parameter KeyName is invalid. Up to 255 ASCII characters are allowed."
        );
        return Err(ApiError::new("InvalidParameterValue", reason));
    }
    if model.ec2.key_pairs.contains_key(name) {
        return Err(ApiError::new("InvalidKeyPair.Duplicate", "The keypair already exists"));
    }
    Ok(name.to_owned())
}

fn add(
    model: &mut Model,
    name: String,
    kind: &str,
    fingerprint: String,
    public_key: String,
    params: &Params,
) -> Result<KeyPair, ApiError> {
    tag::specifications(params)?;
    let id = KeyPairId::new(&mut model.random);
    let created = model.now;
    let key = KeyPair {
        id: id.clone(),
        name: name.clone(),
        fingerprint,
        kind: kind.to_owned(),
        public_key,
        created,
    };
    model.ec2.key_pairs.insert(name, key.clone());
    tag::put_specified(model, KEY_PAIR, id.as_str(), params)?;
    Ok(key)
}

fn answer(key: &KeyPair) -> Node {
    Node::body()
        .field("keyName", &key.name)
        .field("keyFingerprint", &key.fingerprint)
        .field("keyPairId", &key.id)
}

/// The line of an authorized-keys file, out of the base64 that the protocol puts around it.
fn public_key(material: &str) -> Result<String, ApiError> {
    let decoded = STANDARD.decode(material).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded
        .map(|line| line.trim().to_owned())
        .ok_or_else(|| ApiError::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format"))
}

/// Type and wire form of an OpenSSH line; `None` for anything else.
fn parse(line: &str) -> Option<(&str, Vec<u8>)> {
    let mut words = line.split_whitespace();
    let (kind, data) = (words.next()?, words.next()?);
    let blob = STANDARD.decode(data).ok()?;
    // The wire form begins with its own type, after its length in four bytes.
    let inner = blob.get(4..4 + kind.len())?;
    (["ssh-rsa", "ssh-ed25519"].contains(&kind) && inner == kind.as_bytes()).then_some((kind, blob))
}

/// As AWS shows it: MD5 in pairs for RSA, SHA-256 in base64 for ED25519.
fn fingerprint(kind: &str, blob: &[u8]) -> String {
    if kind == "ssh-rsa" {
        pairs(&Md5::digest(blob))
    } else {
        STANDARD_NO_PAD.encode(Sha256::digest(blob)) + "="
    }
}

fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn made_up(kind: &str, secret: &str) -> (String, String) {
    let name = if kind == "rsa" { "ssh-rsa" } else { "ssh-ed25519" };
    let length = u8::try_from(name.len()).unwrap_or(0);
    let mut blob = vec![0, 0, 0, length];
    blob.extend(name.bytes());
    blob.extend(Sha256::digest(secret.as_bytes()));
    let fingerprint =
        if kind == "rsa" { pairs(&Sha256::digest(secret)[..20]) } else { fingerprint(name, &blob) };
    (format!("{name} {}", STANDARD.encode(blob)), fingerprint)
}

fn pem(kind: &str, secret: &str) -> String {
    let title = if kind == "rsa" { "RSA PRIVATE KEY" } else { "OPENSSH PRIVATE KEY" };
    let text = STANDARD.encode(secret);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).filter_map(|at| text.get(at..(at + 64).min(text.len()))).collect();
    format!("-----BEGIN {title}-----\n{}\n-----END {title}-----", lines.join("\n"))
}

/// DeleteKeyPair, by name or id. Deleting what is not there succeeds.
pub fn delete_key_pair(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let (name, id) = (params.text("KeyName"), params.text("KeyPairId"));
    if name.is_none() && id.is_none() {
        return Err(ApiError::new(
            "MissingParameter",
            "The request must contain the parameter keyName or keyPairId",
        ));
    }
    let doomed = model
        .ec2
        .key_pairs
        .values()
        .find(|key| Some(key.name.as_str()) == name || Some(key.id.as_str()) == id);
    let Some(key) = doomed.cloned() else { return Ok(Node::body().field("return", true)) };
    model.ec2.key_pairs.remove(&key.name);
    model.ec2.tags.remove(key.id.as_str());
    Ok(Node::body().field("return", true).field("keyPairId", key.id))
}

const FIELDS: &[Field<KeyPair>] = &[
    ("key-name", |_, key| vec![key.name.clone()]),
    ("key-pair-id", |_, key| vec![key.id.to_string()]),
    ("fingerprint", |_, key| vec![key.fingerprint.clone()]),
];

/// DescribeKeyPairs.
pub fn describe_key_pairs(model: &Model, params: &Params) -> Result<Node, ApiError> {
    let keys = &model.ec2.key_pairs;
    let mut asked = Vec::new();
    for name in params.texts("KeyName") {
        asked.push(keys.get(name).ok_or_else(|| {
            ApiError::new("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist"))
        })?);
    }
    for id in params.texts("KeyPairId") {
        KEY_PAIR.check(id)?;
        asked.push(keys.values().find(|key| key.id.as_str() == id).ok_or_else(|| KEY_PAIR.not_found(id))?);
    }
    if params.list("KeyName").is_empty() && params.list("KeyPairId").is_empty() {
        asked = keys.values().collect();
    }
    let with_key = params.bool("IncludePublicKey")? == Some(true);
    let chosen = select(model, params, asked, FIELDS, |key| key.id.as_str())?;
    Ok(Node::body().items(
        "keySet",
        chosen.into_iter().map(|key| {
            let body = answer(key).field("keyType", &key.kind).field("createTime", key.created);
            tag::tag_set(
                &model.ec2,
                key.id.as_str(),
                body.maybe("publicKey", with_key.then_some(&key.public_key)),
            )
        }),
    ))
}
