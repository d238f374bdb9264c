//! The Markdown room: a source becomes a document.
//!
//! Owns both dialects (`commonmark` through pulldown-cmark, `mkdocs` by Python-Markdown's rules),
//! their extensions, and the tree that every later stage reads. In: a [`Source`], a dialect, and a
//! [`World`] to include files from. Out: a [`Document`], the [`PageFacts`] that other pages may
//! know of it, and diagnostics.
//!
//! Does not know the configuration, the site, templates, or HTML strings of its own output.
//!
//! [`Source`]: crate::text::Source
//! [`World`]: crate::text::World

mod facts;
mod tree;

pub use facts::{Link, LinkKind, PageFacts, Parsed, Read};
pub use tree::{
    Attrs, CodeBlock, CodeSpan, CodeStyle, Document, Element, FrontMatter, Glyph, HighlightStyle, Icon,
    InlineHighlight, LinenumsStyle, Node, Raw, Text, TocEntry, plain_text, walk,
};
