//! The site: what pages know of each other.
//!
//! In: the files below the folder of the pages, the [`PageFacts`] of each page, and [`SiteOptions`].
//! Out: a [`Site`]: routes, titles, navigation, resolved links, backlinks; and what there is to say
//! about links. Two steps, because only the first tells which files are pages to parse:
//! [`collect_files`], then [`link`]. Both are pure and run over the whole site; they cost little.
//! What plugins change on the way goes through [`Events`].
//!
//! Does not know the configuration, HTML, templates, or how a file is read. Routes follow MkDocs 1.6.
//!
//! [`PageFacts`]: crate::markdown::PageFacts

mod events;
pub(crate) mod files;
mod link;
mod links;
pub(crate) mod nav;
mod options;
mod route;
mod tags;
pub(crate) mod url;

pub use events::{Env, Events, FoundFile, FoundFiles, Metas, Nav, NoEvents};
pub(crate) use files::title_from_name;
pub use files::{FileKind, FileRoute, Files, Inclusion, collect_files, is_page};
pub(crate) use link::edit_urls;
pub use link::link;
pub use options::{AbsoluteLinks, NavEntry, SiteOptions, Validation};
pub use route::{NavItem, NavKind, PageRoute, Site, TitleFrom};
pub use tags::{Listing, TagRef, Tree};
pub(crate) use url::unquote;
