//! The site: what pages know of each other.
//!
//! In: the files below the folder of the pages, the [`PageFacts`] of each page, and [`SiteOptions`].
//! Out: a [`Site`]: routes, titles, navigation, resolved links, backlinks; and what there is to say
//! about links. Two steps, because only the first tells which files are pages to parse:
//! [`collect_files`], then [`link`]. Both are pure and run over the whole site; they cost little.
//!
//! Does not know the configuration, HTML, templates, or how a file is read. Routes follow MkDocs 1.6.
//!
//! [`PageFacts`]: crate::markdown::PageFacts

mod files;
mod link;
mod links;
mod nav;
mod options;
pub mod plugins;
mod route;
pub(crate) mod url;

pub use files::{FileKind, FileRoute, Files, Inclusion, collect_files, is_page};
pub use link::link;
pub use options::{AbsoluteLinks, NavEntry, PluginSettings, SiteOptions, Validation};
pub use plugins::tags::{Listing, TagRef, Tree};
pub use route::{NavItem, NavKind, PageRoute, Site, TitleFrom};
pub(crate) use url::unquote;
