//! Plugins about navigation and pages, written natively: each file is one plugin of the same name.
//!
//! Options come as YAML nodes; an option that a plugin does not have is reported, with the option
//! that was probably meant.

pub(crate) mod exclude;
mod settings;

pub(crate) use settings::Settings;

/// The plugins of this room, by name.
pub const KNOWN: &[&str] = &["exclude"];
