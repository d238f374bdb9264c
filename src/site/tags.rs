//! The tags of pages, and listings of the pages that have them, as values; who finds them is a plugin.

use crate::text::SitePath;

/// A tag of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRef {
    /// The tag; of a nested one the whole path.
    pub name: String,
    /// Whether it is a shadow tag.
    pub hidden: bool,
    /// The place of the nearest listing, relative to the site.
    pub url: Option<String>,
}

/// A listing on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The comment that asks for it, as written; empty for the one that stands at the end.
    pub directive: String,
    /// Whether its tags stand in the table of contents.
    pub toc: bool,
    /// The tags of the first level, in order.
    pub trees: Vec<Tree>,
}

/// A tag in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The tag.
    pub name: String,
    /// The id of its heading.
    pub slug: String,
    /// Whether it is a shadow tag.
    pub hidden: bool,
    /// The pages, in order.
    pub pages: Vec<SitePath>,
    /// The tags below it, in order.
    pub children: Vec<Tree>,
}
