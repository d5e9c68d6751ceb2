//! The state as a file: JSON with sorted keys, so that the same state is the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::Address;
use infra_lang::name::{Identifier, KindName};
use infra_lang::residual::Values;
use infra_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::change::Identity;
use crate::format::{Format, FormatError};
use crate::id::RemoteId;
use crate::seal::{SealKey, seal, seal_values};
use crate::state::{Physical, Record, State};

const FORMAT: Format = Format { name: "infra.state/2", before: Some("infra.state/1") };

/// Why bytes are no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateFileError {
    /// There is nothing in it.
    #[error("the state is empty")]
    Empty,
    /// It cannot be read.
    #[error("the state is damaged: {0}")]
    Damaged(String),
    /// Another version of the program has written it.
    #[error(
        "the state has the format `{0}`, which this version does not know: use the version that wrote it"
    )]
    Unknown(String),
    /// It is something else.
    #[error("this is not a state file")]
    NotAState,
}

impl From<FormatError> for StateFileError {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Empty => Self::Empty,
            FormatError::Damaged(why) => Self::Damaged(why),
            FormatError::Unknown(format) => Self::Unknown(format),
            FormatError::Other => Self::NotAState,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct StateV2 {
    lineage: String,
    serial: u64,
    project: String,
    account: String,
    region: String,
    key: String,
    records: BTreeMap<Address, RecordV1>,
    outputs: BTreeMap<Identifier, Value>,
}

#[derive(Serialize, Deserialize)]
struct RecordV1 {
    kind: KindName,
    current: Option<PhysicalV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former: Vec<PhysicalV1>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    dependencies: BTreeSet<Address>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    protected: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Values>,
}

/// One physical object; plan files hold it in the same form.
#[derive(Serialize, Deserialize)]
pub(crate) struct PhysicalV1 {
    id: RemoteId,
    applied: Values,
    observed: Values,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,
}

/// The state as bytes. Should a secret stand in it unsealed, it is sealed here.
pub fn write(state: &State) -> Vec<u8> {
    let outputs = state.outputs.iter().map(|(name, value)| (name.clone(), seal(value, &state.key)));
    let records =
        state.records.iter().map(|(address, record)| (address.clone(), RecordV1::new(record, &state.key)));
    let file = StateV2 {
        lineage: state.lineage.clone(),
        serial: state.serial,
        project: state.project.clone(),
        account: state.account.clone(),
        region: state.region.clone(),
        key: hex::encode(state.key.0),
        records: records.collect(),
        outputs: outputs.collect(),
    };
    FORMAT.write(&file).expect("sealed values can be written")
}

/// Reads what [`write()`] writes.
pub fn read(bytes: &[u8]) -> Result<State, StateFileError> {
    FORMAT.read::<StateV2>(bytes)?.state()
}

/// Reads a state that somebody has edited on purpose: the line of its digest is taken out. With that line it must be
/// as it was written.
pub fn read_edited(bytes: &[u8]) -> Result<State, StateFileError> {
    FORMAT.read_edited::<StateV2>(bytes)?.state()
}

/// What a state seems to say whose digest is wrong: for showing, never for planning.
pub(crate) fn glimpse(bytes: &[u8]) -> Option<State> {
    serde_json::from_slice::<StateV2>(bytes).ok()?.state().ok()
}

impl StateV2 {
    fn state(self) -> Result<State, StateFileError> {
        let key = hex::decode(&self.key).ok().and_then(|key| key.try_into().ok());
        let key =
            key.ok_or_else(|| StateFileError::Damaged("the key is not 64 hexadecimal digits".to_owned()))?;
        Ok(State {
            lineage: self.lineage,
            serial: self.serial,
            project: self.project,
            account: self.account,
            region: self.region,
            key: SealKey(key),
            records: self.records.into_iter().map(|(address, record)| (address, record.into())).collect(),
            outputs: self.outputs,
        })
    }
}

impl RecordV1 {
    fn new(record: &Record, key: &SealKey) -> Self {
        let physical = |object: &Physical| PhysicalV1 {
            id: object.id.clone(),
            applied: seal_values(&object.applied, key),
            observed: seal_values(&object.observed, key),
            identity: object.identity.clone(),
        };
        Self {
            kind: record.kind.clone(),
            current: record.current.as_ref().map(physical),
            former: record.former.iter().map(physical).collect(),
            dependencies: record.dependencies.clone(),
            protected: record.protected,
            previous: record.previous.as_ref().map(|values| seal_values(values, key)),
        }
    }
}

impl From<RecordV1> for Record {
    fn from(record: RecordV1) -> Self {
        Self {
            kind: record.kind,
            current: record.current.map(Physical::from),
            former: record.former.into_iter().map(Physical::from).collect(),
            dependencies: record.dependencies,
            protected: record.protected,
            previous: record.previous,
        }
    }
}

impl From<Physical> for PhysicalV1 {
    fn from(object: Physical) -> Self {
        let Physical { id, applied, observed, identity } = object;
        Self { id, applied, observed, identity }
    }
}

impl From<PhysicalV1> for Physical {
    fn from(object: PhysicalV1) -> Self {
        let PhysicalV1 { id, applied, observed, identity } = object;
        Self { id, applied, observed, identity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let secret = Value::Sensitive(Box::new(Value::string("hunter2")));
        let object = Physical {
            id: "vpc-1".into(),
            applied: Values::from([
                ("cidr_block".into(), Value::string("10.0.0.0/16")),
                ("secret".into(), secret),
            ]),
            observed: Values::from([("id".into(), Value::string("vpc-1"))]),
            identity: None,
        };
        let record = Record { current: Some(object), ..Record::empty("vpc".into()) };
        let state = State::new("f".repeat(32), SealKey([1; 32]), "shop", "123456789012", "eu-west-1").next();
        State { records: BTreeMap::from([(Address::managed("vpc", "main"), record)]), ..state }
    }

    #[test]
    fn the_file() {
        let text = String::from_utf8(write(&state())).expect("JSON is UTF-8");
        insta::assert_snapshot!(text, @r#"
        {
          "format": "infra.state/2",
          "digest": "736c0d43a30de66481ac7095c385e069b59efddc48b933fa71004bc281fe6841",
          "lineage": "ffffffffffffffffffffffffffffffff",
          "serial": 1,
          "project": "shop",
          "account": "123456789012",
          "region": "eu-west-1",
          "key": "0101010101010101010101010101010101010101010101010101010101010101",
          "records": {
            "vpc.main": {
              "kind": "vpc",
              "current": {
                "id": "vpc-1",
                "applied": {
                  "cidr_block": "10.0.0.0/16",
                  "secret": {
                    "$sealed": "95db9172b0f4e4ec6de4166ce2f9a39b5066051b7563878c8ffed2addc5905fd"
                  }
                },
                "observed": {
                  "id": "vpc-1"
                }
              }
            }
          },
          "outputs": {}
        }
        "#);
        assert_eq!(write(&read(text.as_bytes()).expect("it is a state")), text.as_bytes());
    }

    #[test]
    fn what_is_no_state_is_told_apart() {
        let text = String::from_utf8(write(&state())).expect("JSON is UTF-8");
        let damaged =
            |text: &str| matches!(read(text.as_bytes()).expect_err("no state"), StateFileError::Damaged(_));
        assert_eq!(read(b" \n"), Err(StateFileError::Empty));
        assert_eq!(read(b"{}"), Err(StateFileError::NotAState));
        assert_eq!(read(b"{\"format\": \"infra.plan/1\"}"), Err(StateFileError::NotAState));
        let newer = text.replace("infra.state/2", "infra.state/3");
        assert_eq!(read(newer.as_bytes()), Err(StateFileError::Unknown("infra.state/3".to_owned())));
        assert!(damaged(&text[..text.len() / 2]));
        assert!(damaged(&text.replace("01010", "xyz")));
        assert!(damaged(&text.replace("vpc-1", "vpc-2")));
    }

    /// The text without the line of its digest.
    fn without_digest(text: &str) -> String {
        text.lines().filter(|line| !line.contains("\"digest\"")).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn an_edited_state_is_taken_without_its_digest_and_only_so() {
        let text = String::from_utf8(write(&state())).expect("JSON is UTF-8");
        let edited = text.replace("vpc-1", "vpc-2");
        assert!(read_edited(edited.as_bytes()).is_err());
        let edited = without_digest(&edited);
        assert!(read(edited.as_bytes()).is_err());
        let state = read_edited(edited.as_bytes()).expect("it was edited on purpose");
        let ids = state.records.values().flat_map(Record::objects).map(|object| object.id.to_string());
        assert_eq!(ids.collect::<Vec<_>>(), ["vpc-2"]);
        assert_eq!(read_edited(text.as_bytes()), read(text.as_bytes()));
    }

    #[test]
    fn a_state_of_before_there_were_digests_is_read() {
        let text = String::from_utf8(write(&state())).expect("JSON is UTF-8");
        let older = without_digest(&text).replace("infra.state/2", "infra.state/1");
        assert_eq!(read(older.as_bytes()), read(text.as_bytes()));
        // The newer format with only its number changed.
        assert!(read(text.replace("infra.state/2", "infra.state/1").as_bytes()).is_err());
    }
}
