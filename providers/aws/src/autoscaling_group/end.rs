//! How a group ends: nobody is killed. It shrinks to nothing, its instances drain and run their hooks, then it goes.

use super::act::Act;
use super::blue_green::resize;
use super::group::Group;
use super::phase::Next;

/// The process without which no instance ends.
const TERMINATE: &str = "Terminate";

/// Ends the instances of a group.
pub(crate) fn empty(group: &Group) -> Next {
    let name = || group.name.clone();
    let protected: Vec<String> = group.members.iter().filter(|m| m.protected).map(|m| m.id.clone()).collect();
    if !protected.is_empty() {
        return Next::Act(Act::Unprotect { group: name(), instances: protected });
    }
    if !group.members.is_empty() && group.suspended.contains_key(TERMINATE) {
        return Next::Act(Act::Resume { group: name(), processes: vec![TERMINATE.to_owned()] });
    }
    if (group.min, group.max, group.desired) != (0, 0, 0) {
        return resize(group, Some(0), Some(0), Some(0));
    }
    match group.members.len() {
        0 => Next::Done,
        1 => Next::Wait("1 instance to end".to_owned()),
        left => Next::Wait(format!("{left} instances to end")),
    }
}

/// Ends a group and its instances.
pub(crate) fn remove(group: Option<&Group>) -> Next {
    match group {
        None => Next::Done,
        Some(group) if group.deleting => Next::Wait("the group to be gone".to_owned()),
        Some(group) => match empty(group) {
            Next::Done => Next::Act(Act::Delete { group: group.name.clone() }),
            other => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling_group::group::Member;

    fn group(size: i32, members: usize) -> Group {
        let member = |n| Member { id: format!("i-{n}"), ready: true, ..Member::default() };
        Group {
            name: "web-1".into(),
            min: size,
            max: size,
            desired: size,
            members: (0..members).map(member).collect(),
            ..Group::default()
        }
    }

    #[test]
    fn a_group_shrinks_before_it_goes() {
        assert_eq!(remove(Some(&group(2, 2))), resize(&group(2, 2), Some(0), Some(0), Some(0)));
        assert_eq!(remove(Some(&group(0, 2))), Next::Wait("2 instances to end".into()));
        assert_eq!(remove(Some(&group(0, 0))), Next::Act(Act::Delete { group: "web-1".into() }));
        let deleting = Group { deleting: true, ..group(0, 0) };
        assert_eq!(remove(Some(&deleting)), Next::Wait("the group to be gone".into()));
        assert_eq!(remove(None), Next::Done);
    }

    #[test]
    fn what_keeps_instances_from_ending_is_taken_away() {
        let mut guarded = group(1, 1);
        guarded.members[0].protected = true;
        let unprotect = Act::Unprotect { group: "web-1".into(), instances: vec!["i-0".into()] };
        assert_eq!(empty(&guarded), Next::Act(unprotect));
        let mut held = group(0, 1);
        held.suspended.insert("Terminate".into(), "User suspended at …".into());
        assert_eq!(
            empty(&held),
            Next::Act(Act::Resume { group: "web-1".into(), processes: vec!["Terminate".into()] })
        );
    }
}
