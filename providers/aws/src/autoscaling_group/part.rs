//! The ids of what belongs to a group and has none of AWS's: `GROUP/NAME`.

/// The id of a group's hook or scheduled action.
pub(crate) fn id(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

/// The group and the name. A group may have a slash in its name, so the last one counts.
pub(crate) fn split(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or(("", id))
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
