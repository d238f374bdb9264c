//! What other pages may know of a page, and the whole result of one parse.

use super::Document;
use crate::diag::Diagnostics;
use crate::text::{Digest, SitePath, Span, Spanned, yaml};
use std::collections::BTreeMap;

/// The result of one parse.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree.
    pub document: Document,
    /// What other pages may know.
    pub facts: PageFacts,
    /// The files that were asked for besides the page itself, in order.
    pub reads: Vec<Read>,
    /// What there is to say.
    pub diagnostics: Diagnostics,
}

/// One question to the world, and a digest of its answer: the result holds while the answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The file asked for.
    pub path: SitePath,
    /// Its digest; `None` where it could not be had.
    pub digest: Option<Digest>,
}

/// All that other pages may know of one page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageFacts {
    /// The page.
    pub path: SitePath,
    /// The front matter's mapping.
    pub meta: Option<yaml::Node>,
    /// The text of the body's first element where that is an `<h1>`: MkDocs' title from content.
    pub heading_title: Option<Spanned<String>>,
    /// Whether there is an `<h1>` anywhere in the content.
    pub has_h1: bool,
    /// Every id (and `a name`) that a link may point to, with the place that makes it.
    pub anchors: BTreeMap<String, Span>,
    /// Links and images in document order.
    pub links: Vec<Link>,
    /// Ids of executable blocks (`#| id:`), with their places.
    pub steps: BTreeMap<String, Span>,
}

/// A link or an image as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The destination, not decoded; its span is the destination's own.
    pub target: Spanned<String>,
    /// Which element it is.
    pub kind: LinkKind,
}

/// Which element a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// `a href`.
    Anchor,
    /// `img src`.
    Image,
    /// Inside raw HTML: checked as an anchor, never rewritten.
    Raw,
}
