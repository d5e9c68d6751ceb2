//! Instance types, told by their names: family, generation, attributes and size.

use crate::model::ec2::Image;
use crate::wire::ApiError;

/// What a type's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InstanceType {
    /// For instance `m6g`.
    pub family: String,
    /// For instance `2xlarge`.
    pub size: String,
    /// Virtual processors.
    pub processors: u32,
    /// MiB.
    pub memory: u32,
    /// Architectures, as images name them.
    pub architectures: &'static [&'static str],
}

/// Sizes with processors, and GiB of memory for a general-purpose family.
const SIZES: &[(&str, u32, u32)] = &[
    ("nano", 2, 512),
    ("micro", 2, 1024),
    ("small", 2, 2048),
    ("medium", 2, 4096),
    ("large", 2, 8192),
    ("xlarge", 4, 16_384),
    ("2xlarge", 8, 32_768),
    ("3xlarge", 12, 49_152),
    ("4xlarge", 16, 65_536),
    ("6xlarge", 24, 98_304),
    ("8xlarge", 32, 131_072),
    ("9xlarge", 36, 147_456),
    ("10xlarge", 40, 163_840),
    ("12xlarge", 48, 196_608),
    ("16xlarge", 64, 262_144),
    ("18xlarge", 72, 294_912),
    ("24xlarge", 96, 393_216),
    ("32xlarge", 128, 524_288),
    ("48xlarge", 192, 786_432),
    ("metal", 96, 393_216),
];

/// Reads a type's name; `None` if no type can be called that.
pub(super) fn parse(name: &str) -> Option<InstanceType> {
    let (family, size) = name.split_once('.')?;
    let letters = family.chars().take_while(char::is_ascii_lowercase).count();
    let (series, rest) = family.split_at_checked(letters)?;
    let generation = rest.chars().next().filter(char::is_ascii_digit)?;
    let attributes = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let spelled = attributes.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if series.is_empty() || series.len() > 3 || !spelled {
        return None;
    }
    let base = if size.starts_with("metal-") { "metal" } else { size };
    let (_, processors, memory) = *SIZES.iter().find(|(known, ..)| *known == base)?;
    let arm = attributes.starts_with('g') || (series == "a" && generation == '1');
    Some(InstanceType {
        family: family.to_owned(),
        size: size.to_owned(),
        processors,
        memory,
        architectures: if arm { &["arm64"] } else { &["i386", "x86_64"] },
    })
}

/// Refuses a type that cannot exist, or cannot run the image.
pub(super) fn check(name: &str, image: &Image) -> Result<(), ApiError> {
    let invalid = |reason: String| ApiError::new("InvalidParameterValue", reason);
    let found = parse(name).ok_or_else(|| invalid(format!("Invalid value '{name}' for InstanceType.")))?;
    if found.architectures.contains(&image.architecture.as_str()) {
        return Ok(());
    }
    Err(invalid(format!(
        "The architecture '{}' of the specified instance type does not match the architecture '{}' of the specified AMI. \
         Specify an instance type and an AMI that have matching architectures, and try again.",
        found.architectures.join(","),
        image.architecture
    )))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_tell_the_architecture() {
        let table = [
            ("t3.micro", Some("x86_64")),
            ("m1.small", Some("x86_64")),
            ("g4dn.xlarge", Some("x86_64")),
            ("u7i-12tb.metal-24xl", Some("x86_64")),
            ("t4g.nano", Some("arm64")),
            ("a1.large", Some("arm64")),
            ("c7gn.16xlarge", Some("arm64")),
            ("t3", None),
            ("t3.tiny", None),
            ("bogus.type", None),
            ("3t.micro", None),
            ("", None),
        ];
        for (name, expected) in table {
            let last = parse(name).and_then(|found| found.architectures.last().copied());
            assert_eq!(last, expected, "{name}");
        }
    }
}
