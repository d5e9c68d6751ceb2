//! What a configuration may ask of the tool that runs.

/// The tool, as far as checking needs to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tool {
    /// Its version, such as `0.1.0`, for `required_version`; without one nothing is compared.
    pub version: Option<String>,
    /// The names of the modules of its standard library, without `std/`.
    pub standard: Vec<String>,
}
