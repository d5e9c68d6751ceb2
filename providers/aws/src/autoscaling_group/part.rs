//! The ids of what belongs to a group and has none of AWS's: `GROUP/NAME`.

use infra_engine::id::RemoteId;
use infra_lang::residual::Values;
use infra_lang::value::Value;

/// The id of a group's hook or scheduled action.
pub(crate) fn id(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

/// The group and the name. A group may have a slash in its name, so the last one counts.
pub(crate) fn split(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or(("", id))
}

/// The id of what belongs to a group, if its attributes tell the group and the name, which is in the attribute `name`.
pub(crate) fn named(desired: &Values, name: &str) -> Vec<RemoteId> {
    let text = |attribute: &str| desired.get(attribute).and_then(Value::as_str);
    let known = text("autoscaling_group_name").zip(text(name));
    known.map(|(group, name)| RemoteId(id(group, name))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_apart_again() {
        for (group, name) in [("web-4f2a91", "drain"), ("team/web", "drain")] {
            assert_eq!(split(&id(group, name)), (group, name));
        }
    }
}
