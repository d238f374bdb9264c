//! Configuration: `book.toml` or `mkdocs.yml` becomes one [`Config`].
//!
//! Owns every key of both files, their defaults, their checks and their messages. In: a path, a
//! [`World`] to read it (and what it inherits from) through, and a function for the environment
//! variables that the file may name. Out: a [`Config`], what was read, and diagnostics.
//!
//! Does not know Markdown, the site, or where a file lies on a disk. Nothing behind this room knows
//! which of the two files it was.
//!
//! [`World`]: crate::text::World

mod book;
pub mod keys;
mod load;
pub mod migrate;
mod mkdocs;
mod model;
mod parts;
mod schema;
mod special;
mod table;
mod toml_tree;
mod zensical;

pub use load::{Environment, Loaded, load};
pub(crate) use parts::nav_of;
pub use schema::book_schema;

pub use model::{
    AbsoluteLinks, Check, Config, Dialect, Extension, Folder, Font, Level, Markdown, NavItem, NavTarget, Overrides,
    Palette, Plugin, Policy, Repo, Runbook, Script, Search, SearchBoost, SearchForm, Security, Site, Strict, Theme,
    Validation,
};

#[cfg(test)]
mod tests;
