//! The standard library: modules written in the language, part of the program and of its version.

/// A module of the standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardModule {
    /// What stands behind `std/` in a `source`.
    pub name: &'static str,
    /// Its source.
    pub text: &'static str,
    /// A project that uses it.
    pub example: &'static str,
}

macro_rules! modules {
    ($($name:literal,)*) => {
        /// All modules, in the order of their names.
        pub const MODULES: &[StandardModule] = &[$(StandardModule {
            name: $name,
            text: include_str!(concat!("../stdlib/", $name, "/main.infra")),
            example: include_str!(concat!("../stdlib/", $name, "/example/main.infra")),
        },)*];
    };
}

modules! {
    "fleet",
    "layer",
    "network",
    "scheduled_capacity",
    "web_service",
    "worker_pool",
}

/// The module that a `source` names, such as `std/network`.
pub fn named(source: &str) -> Option<&'static StandardModule> {
    called(source.strip_prefix("std/")?)
}

/// The module that a directory of [`infra_lang::module_directories`] names, if it is one of the standard library.
pub fn module(directory: &str) -> Option<&'static StandardModule> {
    called(directory.strip_prefix("std:")?)
}

fn called(name: &str) -> Option<&'static StandardModule> {
    MODULES.iter().find(|module| module.name == name)
}
