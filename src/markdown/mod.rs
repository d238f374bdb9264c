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

mod attrs;
mod checks;
mod commonmark;
mod dialect;
mod engine;
mod entities;
mod extensions;
mod facts;
mod front_matter;
mod heading;
mod options;
pub mod preprocess;
pub mod slug;
mod surroundings;
mod tree;

pub use dialect::{Dialect, ExtensionUse, Flavour};
pub use facts::{Link, LinkKind, PageFacts, Parsed, Read};
pub use surroundings::Surroundings;
pub use tree::{
    Attrs, CodeBlock, CodeSpan, CodeStyle, Document, Element, FrontMatter, Glyph, HighlightStyle, Icon,
    InlineHighlight, LanguageTitle, LinenumsStyle, Node, Raw, Text, TocEntry, plain_text, walk,
};

use crate::text::{Chunk, Source, World};

/// Reads a page in a dialect. Other files are asked for through `world`; what was asked for is in
/// [`Parsed::reads`].
pub fn parse(source: &Source, dialect: &Dialect, world: &dyn World) -> Parsed {
    let mut page = engine::page::Page::new(source, &dialect.surroundings, world);
    let text = engine::line_ends(&Chunk::of(source));
    let (front_matter, body) = front_matter::split_front_matter(&text, &mut page.diagnostics);
    let body = match &dialect.preprocess {
        Some(plugins) => {
            let (reads, diagnostics) = (&mut page.reads, &mut page.diagnostics);
            let mut context = preprocess::Context { page: source.path(), world, reads, diagnostics };
            plugins.on_page_markdown(body, front_matter.meta.as_ref(), &mut context)
        }
        None => body,
    };
    let body = match dialect.flavour {
        Flavour::MkDocs => engine::parse(body, &dialect.rules, &mut page),
        Flavour::CommonMark => commonmark::parse_commonmark(&body, &mut page),
    };
    let document = Document { front_matter, body, toc: std::mem::take(&mut page.toc) };
    let facts = facts::collect_facts(source, &document);
    page.diagnostics.append(facts::duplicate_ids(&document, source));
    page.diagnostics.append(checks::check(&document, &facts, source));
    Parsed { document, facts, reads: page.reads, diagnostics: page.diagnostics }
}

/// Tells whether a tag is a block's in Python-Markdown.
pub fn is_block_tag(tag: &str) -> bool {
    engine::html::is_block_tag(tag)
}

/// Tells whether a text begins with what looks like a character reference: `&name;`, `&#1;`.
pub fn is_entity_at(text: &str) -> bool {
    entities::len_at(text).is_some()
}
