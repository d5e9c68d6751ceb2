//! Changes of the state by hand: nothing is asked of AWS, and nothing in it is touched. Each is decided here, on a state
//! in memory; whoever calls says what would change, keeps a copy and saves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use infra_lang::address::{Address, Mode};
use infra_lang::desired::{Move, Place};
use infra_lang::span::{FileId, Span};

use crate::id::RemoteId;
use crate::moved::{self, covers};
use crate::state::{Physical, Record, State};

/// What becomes of one address when a state takes the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Its objects have another address.
    Moved {
        /// So far.
        from: Address,
        /// From now on.
        to: Address,
        /// Its objects, the current one first.
        ids: Vec<RemoteId>,
    },
    /// It is known from now on.
    Added {
        /// Which.
        address: Address,
        /// Its objects, the current one first.
        ids: Vec<RemoteId>,
    },
    /// It is no longer known; its objects go on existing.
    Forgotten {
        /// Which.
        address: Address,
        /// Its objects, the current one first.
        ids: Vec<RemoteId>,
    },
    /// What is known of it differs.
    Changed {
        /// Which.
        address: Address,
        /// What differs, in words.
        what: Vec<String>,
    },
}

/// Why a state cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// There is nothing at a place.
    #[error("{0} is not in the state")]
    Nothing(String),
    /// What is looked up is not kept in a state.
    #[error("{0} is only looked up, and not in any state")]
    LookedUp(String),
    /// An object cannot become a module, nor one of another kind.
    #[error("{from} cannot become {to}: {why}")]
    OtherForm {
        /// What was to move.
        from: String,
        /// Where to.
        to: String,
        /// What speaks against it.
        why: &'static str,
    },
    /// The place is taken, or two would have it.
    #[error("{from} cannot become {to}: {other} {}", if .other == .to { "is there already" } else { "would become it too" })]
    Taken {
        /// What was to move.
        from: String,
        /// Where to.
        to: String,
        /// What is in its way.
        other: String,
    },
    /// It is protected.
    #[error("{0} is protected, and so is not forgotten")]
    Protected(String),
    /// The other state has another history.
    #[error("it has another history than the state that is there (lineage {pushed}, not {found})")]
    Lineage {
        /// Of the state that was to come.
        pushed: String,
        /// Of the state that is there.
        found: String,
    },
    /// The state that is there is newer.
    #[error("it is older than the state that is there (serial {pushed}, not {found} or more)")]
    Older {
        /// Of the state that was to come.
        pushed: u64,
        /// Of the state that is there.
        found: u64,
    },
    /// It is of another project, account or region.
    #[error("it is of {what} {pushed}, not {found}")]
    Elsewhere {
        /// `project`, `account` or `region`.
        what: &'static str,
        /// Of the state that was to come.
        pushed: String,
        /// Of the project.
        found: String,
    },
}

impl Objection {
    /// Whether somebody who knows what they do may insist.
    pub fn yields_to_force(&self) -> bool {
        matches!(self, Self::Protected(_) | Self::Lineage { .. } | Self::Older { .. })
    }
}

/// The state with what is at one place at another, also where others depend on it.
///
/// # Errors
/// There is nothing there, the place is taken, or one is no place for the other.
pub fn relocate(state: &State, from: &Place, to: &Place) -> Result<State, Objection> {
    same_form(from, to)?;
    let span = Span::new(FileId(0), 0, 0);
    let moves = [Move { from: from.clone(), to: to.clone(), span }];
    let moved = moved::follow(state, &moves);
    if let Some(conflict) = moved.conflicts.into_iter().next() {
        let moved::Conflict { from, other, to, .. } = conflict;
        let (from, to, other) = (from.to_string(), to.to_string(), other.to_string());
        return Err(Objection::Taken { from, to, other });
    }
    match moved.moves.is_empty() {
        true => Err(Objection::Nothing(from.to_string())),
        false => Ok(moved.state.into_owned()),
    }
}

fn same_form(from: &Place, to: &Place) -> Result<(), Objection> {
    let other = |why| Err(Objection::OtherForm { from: from.to_string(), to: to.to_string(), why });
    match (from, to) {
        (Place::Object(one), Place::Object(two)) => {
            match [one, two].iter().find(|it| it.mode == Mode::Data) {
                Some(data) => Err(Objection::LookedUp(data.to_string())),
                None if one.kind != two.kind => other("they are of different kinds"),
                None => Ok(()),
            }
        }
        (Place::Module(_), Place::Module(_)) => Ok(()),
        _ => other("one is an object and the other a module"),
    }
}

/// The state without what is at these places, also where others depend on it.
///
/// # Errors
/// There is nothing at one of them, or something protected, unless `force` is given.
pub fn forget(state: &State, places: &[Place], force: bool) -> Result<State, Objection> {
    for place in places {
        if !state.records.keys().any(|address| covers(place, address)) {
            return Err(Objection::Nothing(place.to_string()));
        }
    }
    let goes = |address: &Address| places.iter().any(|place| covers(place, address));
    let protected = state.records.iter().find(|(address, record)| record.protected && goes(address));
    if let Some((address, _)) = protected.filter(|_| !force) {
        return Err(Objection::Protected(address.to_string()));
    }
    let mut left = state.clone();
    left.records.retain(|address, _| !goes(address));
    for record in left.records.values_mut() {
        record.dependencies.retain(|address| !goes(address));
    }
    Ok(left)
}

/// Where a state belongs.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    /// The project's name.
    pub project: &'a str,
    /// The account, if it is known.
    pub account: Option<&'a str>,
    /// The region.
    pub region: &'a str,
}

/// The state that is to take the place of the `found` one, with a serial above both.
///
/// # Errors
/// It is of another project, account or region; or it has another history or is older, unless `force` is given.
pub fn replace(
    found: Option<&State>,
    pushed: State,
    home: &Home<'_>,
    force: bool,
) -> Result<State, Objection> {
    let account = found.map(|found| found.account.as_str()).or(home.account);
    let places = [
        ("project", &pushed.project, Some(home.project)),
        ("account", &pushed.account, account),
        ("region", &pushed.region, Some(home.region)),
    ];
    for (what, pushed, found) in places {
        if let Some(found) = found.filter(|found| found != pushed) {
            return Err(Objection::Elsewhere { what, pushed: pushed.clone(), found: found.to_owned() });
        }
    }
    let Some(found) = found else { return Ok(pushed) };
    if !force && pushed.lineage != found.lineage {
        return Err(Objection::Lineage { pushed: pushed.lineage, found: found.lineage.clone() });
    }
    if !force && pushed.serial < found.serial {
        return Err(Objection::Older { pushed: pushed.serial, found: found.serial });
    }
    let serial = pushed.serial.max(found.serial);
    Ok(State { serial, ..pushed })
}

/// What becomes of each address when `after` takes the place of `before`. Objects that are at another address in it
/// have moved.
pub fn differences(before: &State, after: &State) -> Vec<Difference> {
    let gone: BTreeMap<&Address, Vec<RemoteId>> = missing(before, after);
    let come: BTreeMap<&Address, Vec<RemoteId>> = missing(after, before);
    let same = |from: &Address, ids: &[RemoteId]| {
        come.iter().find(|(to, there)| to.kind == from.kind && *there == ids).map(|(to, _)| *to)
    };
    let mut arrived = BTreeSet::new();
    let mut found = Vec::new();
    for (from, ids) in &gone {
        let (from, ids) = ((*from).clone(), ids.clone());
        match same(&from, &ids) {
            Some(to) => {
                arrived.insert(to);
                found.push(Difference::Moved { from, to: to.clone(), ids });
            }
            None => found.push(Difference::Forgotten { address: from, ids }),
        }
    }
    let new = come.iter().filter(|(address, _)| !arrived.contains(*address));
    found.extend(
        new.map(|(address, ids)| Difference::Added { address: (*address).clone(), ids: ids.clone() }),
    );
    let renamed = found.iter().filter_map(|difference| match difference {
        Difference::Moved { from, to, .. } => Some((from.clone(), to.clone())),
        _ => None,
    });
    let followed = moved::rename(before, &renamed.collect()).into_owned();
    let both = followed
        .records
        .iter()
        .filter_map(|(address, one)| Some((address, one, after.records.get(address)?)));
    found.extend(both.filter_map(|(address, one, other)| changed(address, one, other)));
    found
}

/// The records of one state that the other has no record for.
fn missing<'a>(one: &'a State, other: &State) -> BTreeMap<&'a Address, Vec<RemoteId>> {
    let missing = one.records.iter().filter(|(address, _)| !other.records.contains_key(*address));
    missing.map(|(address, record)| (address, ids(record))).collect()
}

/// The ids of a record's objects, the current one first.
pub fn ids(record: &Record) -> Vec<RemoteId> {
    record.objects().map(|object| object.id.clone()).collect()
}

fn changed(address: &Address, one: &Record, other: &Record) -> Option<Difference> {
    let id =
        |record: &Record| record.current.as_ref().map_or("none".to_owned(), |object| object.id.to_string());
    let mut what = Vec::new();
    if id(one) != id(other) {
        what.push(format!("id {} → {}", id(one), id(other)));
    }
    if one.former.iter().map(|it| &it.id).ne(other.former.iter().map(|it| &it.id)) {
        what.push("older objects".to_owned());
    }
    if one.protected != other.protected {
        what.push(if other.protected { "protected" } else { "no longer protected" }.to_owned());
    }
    if one.dependencies != other.dependencies {
        what.push("what it refers to".to_owned());
    }
    let values = |get: fn(&Physical) -> &infra_lang::residual::Values| {
        let of =
            |record: &Record| record.current.as_ref().map(|object| get(object).clone()).unwrap_or_default();
        let (one, other) = (of(one), of(other));
        let names: BTreeSet<_> = one.keys().chain(other.keys()).cloned().collect();
        names
            .into_iter()
            .filter(|name| one.get(name) != other.get(name))
            .map(|name| format!("`{name}`"))
            .collect()
    };
    let applied: Vec<String> = values(|object| &object.applied);
    let observed: Vec<String> = values(|object| &object.observed);
    what.extend((!applied.is_empty()).then(|| format!("applied {}", applied.join(", "))));
    what.extend((!observed.is_empty()).then(|| format!("observed {}", observed.join(", "))));
    if what.is_empty() && one != other {
        what.push("the way back".to_owned());
    }
    (!what.is_empty()).then(|| Difference::Changed { address: address.clone(), what })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |ids: &[RemoteId]| ids.iter().map(RemoteId::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Moved { from, to, ids } => write!(f, "{from} → {to} ({})", list(ids)),
            Self::Added { address, ids } | Self::Forgotten { address, ids } => {
                write!(f, "{address} ({})", list(ids))
            }
            Self::Changed { address, what } => write!(f, "{address}: {}", what.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::SealKey;

    /// `vpc.a=vpc-1 subnet.b=subnet-1<vpc.a elb.c=web!`: objects with their ids, what they refer to, whether protected.
    fn state(text: &str) -> State {
        let mut state =
            State::new("l".repeat(32), SealKey([7; 32]), "shop", "123456789012", "eu-west-1").next();
        for word in text.split_whitespace() {
            let (address, rest) = word.split_once('=').expect("an id");
            let (id, refers) = rest.split_once('<').unwrap_or((rest, ""));
            let address = Address::parse(address).expect("an address");
            let refers = refers.split('<').filter_map(Address::parse);
            let object = Physical {
                id: id.trim_end_matches('!').into(),
                applied: Default::default(),
                observed: Default::default(),
                identity: None,
            };
            let record = Record {
                current: Some(object),
                dependencies: refers.collect(),
                protected: id.ends_with('!'),
                ..Record::empty(address.kind.clone())
            };
            state.records.insert(address, record);
        }
        state
    }

    fn place(text: &str) -> Place {
        Place::parse(text).expect("a place")
    }

    fn told(before: &State, after: Result<State, Objection>) -> String {
        match after {
            Ok(after) => differences(before, &after).iter().map(sign).collect(),
            Err(objection) => objection.to_string(),
        }
    }

    fn sign(difference: &Difference) -> String {
        let sign = match difference {
            Difference::Moved { .. } => "↪",
            Difference::Added { .. } => "+",
            Difference::Forgotten { .. } => "✗",
            Difference::Changed { .. } => "~",
        };
        format!("{sign} {difference}\n")
    }

    const WEB: &str = r#"vpc.main=vpc-1 subnet.a["x"]=subnet-1<vpc.main subnet.a["y"]=subnet-2<vpc.main
        module.m["k"].elb.web=web<vpc.main elb.site=site!"#;

    fn mv(from: &str, to: &str) -> String {
        let before = state(WEB);
        told(&before, relocate(&before, &place(from), &place(to)))
    }

    #[test]
    fn what_moves_takes_along_who_depends_on_it() {
        insta::assert_snapshot!(mv("vpc.main", "vpc.net"), @"↪ vpc.main → vpc.net (vpc-1)");
        let moved = relocate(&state(WEB), &place("vpc.main"), &place("vpc.net")).expect("it moves");
        let refers = &moved.records[&Address::parse(r#"subnet.a["x"]"#).expect("an address")].dependencies;
        assert_eq!(*refers, BTreeSet::from([Address::managed("vpc", "net")]));
    }

    #[test]
    fn whole_blocks_instances_and_modules_move() {
        insta::assert_snapshot!(mv("subnet.a", "subnet.public"), @r#"
        ↪ subnet.a["x"] → subnet.public["x"] (subnet-1)
        ↪ subnet.a["y"] → subnet.public["y"] (subnet-2)
        "#);
        insta::assert_snapshot!(mv(r#"subnet.a["x"]"#, r#"subnet.a["z"]"#), @r#"↪ subnet.a["x"] → subnet.a["z"] (subnet-1)"#);
        insta::assert_snapshot!(mv("elb.site", r#"module.m["k"].elb.site"#), @r#"↪ elb.site → module.m["k"].elb.site (site)"#);
        insta::assert_snapshot!(mv(r#"module.m["k"]"#, "module.n"), @r#"↪ module.m["k"].elb.web → module.n.elb.web (web)"#);
    }

    #[test]
    fn what_cannot_move_says_why() {
        insta::assert_snapshot!(mv("vpc.other", "vpc.net"), @"vpc.other is not in the state");
        insta::assert_snapshot!(mv("elb.site", r#"module.m["k"].elb.web"#), @r#"elb.site cannot become module.m["k"].elb.web: module.m["k"].elb.web is there already"#);
        insta::assert_snapshot!(mv("elb.site", "vpc.site"), @"elb.site cannot become vpc.site: they are of different kinds");
        insta::assert_snapshot!(mv("elb.site", "module.m"), @"elb.site cannot become module.m: one is an object and the other a module");
        insta::assert_snapshot!(mv("data.vpc.main", "vpc.main"), @"data.vpc.main is only looked up, and not in any state");
    }

    #[test]
    fn what_is_forgotten_is_no_longer_referred_to() {
        let before = state(WEB);
        let rm = |places: &[&str], force: bool| {
            let places: Vec<Place> = places.iter().map(|text| place(text)).collect();
            told(&before, forget(&before, &places, force))
        };
        insta::assert_snapshot!(rm(&["vpc.main", "module.m"], false), @r#"
        ✗ vpc.main (vpc-1)
        ✗ module.m["k"].elb.web (web)
        ~ subnet.a["x"]: what it refers to
        ~ subnet.a["y"]: what it refers to
        "#);
        insta::assert_snapshot!(rm(&["vpc.main", "elb.x"], false), @"elb.x is not in the state");
        insta::assert_snapshot!(rm(&["elb.site"], false), @"elb.site is protected, and so is not forgotten");
        insta::assert_snapshot!(rm(&["elb.site"], true), @"✗ elb.site (site)");
    }

    #[test]
    fn what_is_pushed_belongs_there_and_is_no_older() {
        let home = Home { project: "shop", account: None, region: "eu-west-1" };
        let found = state("vpc.main=vpc-1").next();
        let push = |pushed: State, force: bool| told(&found, replace(Some(&found), pushed, &home, force));
        let newer = || state("vpc.main=vpc-2 elb.web=web").next();
        insta::assert_snapshot!(push(newer(), false), @r"
        + elb.web (web)
        ~ vpc.main: id vpc-1 → vpc-2
        ");
        let other = || State { lineage: "m".repeat(32), ..newer() };
        insta::assert_snapshot!(push(other(), false), @"it has another history than the state that is there (lineage mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm, not llllllllllllllllllllllllllllllll)");
        insta::assert_snapshot!(push(state(""), false), @"it is older than the state that is there (serial 1, not 2 or more)");
        insta::assert_snapshot!(push(state(""), true), @"✗ vpc.main (vpc-1)");
        assert_eq!(replace(Some(&found), state(""), &home, true).map(|state| state.serial), Ok(2));
        for force in [false, true] {
            let account = State { account: "2".repeat(12), ..newer() };
            insta::allow_duplicates! {
                insta::assert_snapshot!(push(account, force), @"it is of account 222222222222, not 123456789012");
                insta::assert_snapshot!(push(State { region: "us-east-1".into(), ..newer() }, force), @"it is of region us-east-1, not eu-west-1");
                insta::assert_snapshot!(push(State { project: "blog".into(), ..newer() }, force), @"it is of project blog, not shop");
            }
        }
    }
}
