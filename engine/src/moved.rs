//! `moved` blocks: what the state has under one address is known by another from now on. Nothing is asked of AWS.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use infra_lang::address::{Address, ModuleStep};
use infra_lang::desired::{Move, Place};
use infra_lang::span::Span;

use crate::state::{Record, State};

/// From where to where each object of the state has moved.
pub type Moves = BTreeMap<Address, Address>;

/// A state whose objects have their new addresses.
#[derive(Debug, Clone)]
pub struct Moved<'a> {
    /// The state.
    pub state: Cow<'a, State>,
    /// What has moved.
    pub moves: Moves,
    /// What could not.
    pub conflicts: Vec<Conflict>,
}

/// Two objects of the state that one address would have to hold; both stay where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The object that was to move.
    pub from: Address,
    /// The one that is in its way: there already, or to move there too.
    pub other: Address,
    /// The address.
    pub to: Address,
    /// Where the block stands that names the address.
    pub span: Span,
}

/// Moves the objects of a state, each to the end of its chain of moves. What is no longer at its old address has been
/// moved before.
pub fn follow<'a>(state: &'a State, moves: &[Move]) -> Moved<'a> {
    let ends: BTreeMap<&Address, (Address, Span)> =
        state.records.keys().filter_map(|from| Some((from, end(from, moves)?))).collect();
    let mut found = Moves::new();
    let mut conflicts = Vec::new();
    for (from, (to, span)) in &ends {
        let stands = state.records.contains_key(to) && !ends.contains_key(to);
        let rival = || ends.iter().find(|(other, (end, _))| other != &from && end == to);
        let other = if stands { Some(to) } else { rival().map(|(other, _)| *other) };
        match other.cloned() {
            None => drop(found.insert((*from).clone(), to.clone())),
            Some(other) => {
                conflicts.push(Conflict { from: (*from).clone(), other, to: to.clone(), span: *span });
            }
        }
    }
    Moved { state: rename(state, &found), moves: found, conflicts }
}

/// The state with these objects under their new addresses, also where others depend on them.
pub fn rename<'a>(state: &'a State, moves: &Moves) -> Cow<'a, State> {
    if moves.is_empty() {
        return Cow::Borrowed(state);
    }
    let new = |address: &Address| moves.get(address).unwrap_or(address).clone();
    let renamed = |(address, record): (&Address, &Record)| {
        let dependencies = record.dependencies.iter().map(new).collect();
        (new(address), Record { dependencies, ..record.clone() })
    };
    let records = state.records.iter().map(renamed).collect();
    Cow::Owned(State { records, ..state.clone() })
}

/// Where an object is after all moves.
pub(crate) fn end_of(from: &Address, moves: &[Move]) -> Address {
    end(from, moves).map_or_else(|| from.clone(), |(to, _)| to)
}

/// Where an object is after all moves, and the block that brings it there; nothing if it stays.
fn end(from: &Address, moves: &[Move]) -> Option<(Address, Span)> {
    let mut seen = BTreeSet::from([from.clone()]);
    let mut at = None;
    loop {
        let here = at.as_ref().map_or(from, |(address, _)| address);
        let next = moves.iter().find_map(|step| Some((moved(here, &step.from, &step.to)?, step.span)));
        match next {
            // A ring of moves leads nowhere.
            Some((address, _)) if !seen.insert(address.clone()) => return at,
            Some(next) => at = Some(next),
            None => return at,
        }
    }
}

/// Where one move brings an object; nothing if the move is not about it.
pub(crate) fn moved(address: &Address, from: &Place, to: &Place) -> Option<Address> {
    match (from, to) {
        (Place::Object(from), Place::Object(to)) => {
            let key = moved_key(address.key.as_ref(), from.key.as_ref(), to.key.as_ref())?;
            is_same_block(address, from).then(|| Address { key, ..to.clone() })
        }
        (Place::Module(from), Place::Module(to)) => {
            let module = moved_module(&address.module, from, to)?;
            Some(Address { module, ..address.clone() })
        }
        (Place::Object(_), Place::Module(_)) | (Place::Module(_), Place::Object(_)) => None,
    }
}

/// A whole block keeps its keys; where only one side has a key, the one instance without or with that key moves.
fn moved_key(key: Option<&String>, from: Option<&String>, to: Option<&String>) -> Option<Option<String>> {
    let whole = from.is_none() && to.is_none();
    (whole || key == from).then(|| if whole { key.cloned() } else { to.cloned() })
}

fn moved_module(module: &[ModuleStep], from: &[ModuleStep], to: &[ModuleStep]) -> Option<Vec<ModuleStep>> {
    let (from_last, from_outer) = from.split_last()?;
    let (to_last, to_outer) = to.split_last()?;
    let inner = module.strip_prefix(from_outer)?;
    let (step, rest) = inner.split_first().filter(|(step, _)| step.name == from_last.name)?;
    let key = moved_key(step.key.as_ref(), from_last.key.as_ref(), to_last.key.as_ref())?;
    let last = ModuleStep { name: to_last.name.clone(), key };
    Some(to_outer.iter().chain([&last]).chain(rest).cloned().collect())
}

/// Whether a place is, or holds, an object.
pub(crate) fn covers(place: &Place, address: &Address) -> bool {
    let any = |wanted: Option<&String>, key: Option<&String>| wanted.is_none() || wanted == key;
    match place {
        Place::Object(wanted) => {
            is_same_block(address, wanted) && any(wanted.key.as_ref(), address.key.as_ref())
        }
        Place::Module(steps) => steps.split_last().is_some_and(|(last, outer)| {
            let inner = address.module.strip_prefix(outer).and_then(<[ModuleStep]>::first);
            inner.is_some_and(|step| step.name == last.name && any(last.key.as_ref(), step.key.as_ref()))
        }),
    }
}

fn is_same_block(one: &Address, other: &Address) -> bool {
    (&one.module, one.mode, &one.kind, &one.name) == (&other.module, other.mode, &other.kind, &other.name)
}

#[cfg(test)]
mod tests {
    use infra_lang::span::FileId;

    use super::*;
    use crate::seal::SealKey;

    fn place(text: &str) -> Place {
        // A module is written like an object of it.
        match text.strip_suffix(".*") {
            Some(module) => {
                Place::Module(Address::parse(&format!("{module}.x.x")).expect("an address").module)
            }
            None => Place::Object(Address::parse(text).expect("an address")),
        }
    }

    /// `box.a -> box.b, …` of a state with these objects, each depending on the one before.
    fn outcome(records: &str, moves: &str) -> String {
        let mut state = State::new("l", SealKey([0; 32]), "p", "1", "r");
        let mut before: Option<Address> = None;
        for word in records.split_whitespace() {
            let address = Address::parse(word).expect("an address");
            let dependencies = before.replace(address.clone()).into_iter().collect();
            state
                .records
                .insert(address.clone(), Record { dependencies, ..Record::empty(address.kind.clone()) });
        }
        let moves: Vec<Move> = moves
            .split(',')
            .filter_map(|one| one.split_once("->"))
            .map(|(from, to)| Move {
                from: place(from.trim()),
                to: place(to.trim()),
                span: Span::new(FileId(0), 0, 0),
            })
            .collect();
        let moved = follow(&state, &moves);
        let line = |(address, record): (&Address, &Record)| match record.dependencies.first() {
            Some(other) => format!("{address} after {other}"),
            None => address.to_string(),
        };
        let conflict = |c: &Conflict| format!("conflict: {} and {} at {}", c.from, c.other, c.to);
        let records = moved.state.records.iter().map(line);
        records.chain(moved.conflicts.iter().map(conflict)).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn blocks_instances_and_modules_move_with_their_keys() {
        let one = |records, moves| outcome(records, moves);
        assert_eq!(one("box.a box.c", "box.a -> box.b"), "box.b; box.c after box.b");
        assert_eq!(
            one(r#"box.a["k"] box.a["l"]"#, "box.a -> box.b"),
            r#"box.b["k"]; box.b["l"] after box.b["k"]"#
        );
        assert_eq!(
            one(r#"box.a box.a["l"]"#, r#"box.a -> box.a["k"]"#),
            r#"box.a["k"]; box.a["l"] after box.a["k"]"#
        );
        assert_eq!(one(r#"box.a["k"]"#, r#"box.a["k"] -> module.m.box.a"#), "module.m.box.a");
        assert_eq!(
            one(r#"module.m["k"].module.n.box.a"#, "module.m.* -> module.o.module.p.*"),
            r#"module.o.module.p["k"].module.n.box.a"#
        );
        assert_eq!(one("module.m.box.a", r#"module.m.* -> module.m["k"].*"#), r#"module.m["k"].box.a"#);
        assert_eq!(one("slot.a", "box.a -> box.b"), "slot.a");
    }

    #[test]
    fn chains_are_gone_to_their_end_at_once() {
        let chain = "box.a -> box.b, box.b -> box.c, module.m.box.d -> box.a";
        assert_eq!(outcome("module.m.box.d", chain), "box.c");
        assert_eq!(outcome("box.c", chain), "box.c");
        assert_eq!(outcome("box.a", "box.a -> box.b, box.b -> box.a"), "box.b");
    }

    #[test]
    fn two_objects_cannot_have_one_address() {
        assert_eq!(
            outcome("box.a box.b", "box.a -> box.b"),
            "box.a; box.b after box.a; conflict: box.a and box.b at box.b"
        );
        assert_eq!(
            outcome("box.a box.b", "box.a -> box.b, box.b -> box.c"),
            "box.a; box.b after box.a; conflict: box.a and box.b at box.c; conflict: box.b and box.a at box.c"
        );
    }

    #[test]
    fn a_place_covers_what_is_in_it() {
        let covers = |text: &str, address: &str| covers(&place(text), &Address::parse(address).expect("one"));
        assert!(covers("box.a", r#"box.a["k"]"#) && covers(r#"box.a["k"]"#, r#"box.a["k"]"#));
        assert!(!covers(r#"box.a["k"]"#, "box.a") && !covers("box.a", "box.b"));
        assert!(covers("module.m.*", r#"module.m["k"].module.n.box.a"#));
        assert!(!covers(r#"module.m["k"].*"#, "module.m.box.a") && !covers("module.m.*", "box.a"));
    }
}
