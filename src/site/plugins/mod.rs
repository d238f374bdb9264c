//! Plugins about navigation and pages, written natively: each file is one plugin of the same name.
//!
//! Options come as YAML nodes; an option that a plugin does not have is reported, with the option
//! that was probably meant.

pub(crate) mod awesome_nav;
pub(crate) mod awesome_pages;
pub(crate) mod exclude;
pub(crate) mod literate_nav;
pub(crate) mod meta;
pub(crate) mod redirects;
pub(crate) mod same_dir;
pub(crate) mod section_index;
mod settings;
pub mod tags;

pub(crate) use settings::{Settings, idle_option};

/// The plugins of this room, by name.
pub const KNOWN: &[&str] = &[
    "awesome-nav",
    "awesome-pages",
    "exclude",
    "literate-nav",
    "meta",
    "redirects",
    "same-dir",
    "section-index",
    "tags",
];
