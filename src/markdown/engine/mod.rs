//! The `mkdocs` dialect: a port of Python-Markdown's rules, from a page's text to its tree.
//!
//! The stages are Python-Markdown's own: normalise, preprocessors (snippets, fences, raw HTML),
//! blocks, text inside blocks, passes over the tree. [`Page`] is the state that they share.

use super::dialect::Dialect;
use super::facts::Read;
use super::tree::{Node, TocEntry};
use crate::diag::Diagnostics;
use crate::text::{Chunk, Digest, ReadError, SitePath, Source, Span, Spanned, World};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) mod blocks;
pub(crate) mod fences;
mod finish;
pub(crate) mod html;
pub(crate) mod inline;
mod lint;
mod normalise;
pub(super) mod passes;
pub(crate) mod snippets;
pub(crate) mod stash;

pub(super) use normalise::line_ends;
use stash::Stash;

/// What the stages of one page share.
pub(crate) struct Page<'a> {
    /// The dialect.
    pub(crate) dialect: &'a Dialect,
    /// The page as read.
    pub(crate) source: &'a Source,
    /// Other files; ask through [`Page::read`].
    world: &'a dyn World,
    /// What was asked for.
    pub(crate) reads: Vec<Read>,
    /// Nodes behind placeholders.
    pub(crate) stash: Stash,
    /// Fences behind placeholders as they were written, by the placeholder's number.
    pub(crate) lifted_fences: BTreeMap<usize, fences::LiftedFence>,
    /// Link definitions by their label in lower case.
    pub(crate) references: References,
    /// Definitions of abbreviations: what is short, and what it means.
    pub(crate) abbreviations: BTreeMap<String, Spanned<String>>,
    /// Footnotes by label, in the order of definition.
    pub(crate) footnotes: Footnotes,
    /// How many highlighted code blocks there are so far.
    pub(crate) n_code_blocks: usize,
    /// How many sets of tabs there are so far.
    pub(crate) n_tab_sets: usize,
    /// What there is to say.
    pub(crate) diagnostics: Diagnostics,
}

/// Link definitions by their label.
#[derive(Debug, Default)]
pub(crate) struct References {
    by_label: BTreeMap<String, Reference>,
    longest: usize,
}

impl References {
    /// Adds a definition; the last one of a label counts.
    pub(crate) fn insert(&mut self, label: String, reference: Reference) {
        self.longest = self.longest.max(label.len());
        self.by_label.insert(label, reference);
    }

    /// Returns a definition.
    pub(crate) fn get(&self, label: &str) -> Option<&Reference> {
        self.by_label.get(label)
    }

    /// Returns the length of the longest label; what is longer need not be looked for.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }
}

/// A link definition: `[label]: url "title"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The destination as written, without `<` and `>`.
    pub(crate) url: Spanned<String>,
    /// The title.
    pub(crate) title: Option<String>,
}

/// What is known of a page's footnotes.
#[derive(Debug, Default)]
pub(crate) struct Footnotes {
    /// The labels in order of definition.
    pub(crate) labels: Vec<String>,
    /// The place of each label in `labels`, as far as somebody asked.
    numbers: BTreeMap<String, usize>,
    /// The labels in order of first use.
    pub(crate) order: Vec<String>,
    /// The place of each label in `order`.
    uses: BTreeMap<String, usize>,
    /// Text of each note by its label, with the place of the whole definition.
    pub(crate) notes: BTreeMap<String, (Chunk, Span)>,
    /// How often each id of a reference was made, as Python-Markdown's `found_refs` counts.
    pub(crate) found_refs: BTreeMap<String, usize>,
}

impl Footnotes {
    /// Returns which note has a label, counted from 0 in the order of definition.
    pub(crate) fn number_of(&mut self, label: &str) -> Option<usize> {
        for (number, label) in self.labels.iter().enumerate().skip(self.numbers.len()) {
            self.numbers.insert(label.clone(), number);
        }
        self.numbers.get(label).copied()
    }

    /// Notes that a label is used; returns which one it is in the order of first use.
    pub(crate) fn note_use(&mut self, label: &str) -> usize {
        if let Some(place) = self.uses.get(label) {
            return *place;
        }
        self.order.push(label.to_owned());
        self.uses.insert(label.to_owned(), self.order.len() - 1);
        self.order.len() - 1
    }
}

impl<'a> Page<'a> {
    /// Starts a page.
    pub(crate) fn new(source: &'a Source, dialect: &'a Dialect, world: &'a dyn World) -> Page<'a> {
        Page {
            dialect,
            source,
            world,
            reads: Vec::new(),
            stash: Stash::default(),
            lifted_fences: BTreeMap::new(),
            references: References::default(),
            abbreviations: BTreeMap::new(),
            footnotes: Footnotes::default(),
            n_code_blocks: 0,
            n_tab_sets: 0,
            diagnostics: Diagnostics::new(),
        }
    }

    /// Asks for a file and notes that it was asked for.
    pub(crate) fn read(&mut self, path: SitePath) -> Result<Arc<Source>, ReadError> {
        let answer = self.world.source(path);
        let digest: Option<Digest> = answer.as_ref().ok().map(|source| source.digest());
        self.reads.push(Read { path, digest });
        answer
    }

    /// Returns the place of an otherwise placeless thing: the start of the page.
    pub(crate) fn start(&self) -> Span {
        Span::at_start(self.source.path())
    }
}

/// Parses a page's body, the front matter cut off: the nodes and the table of contents.
pub(crate) fn parse_mkdocs(body: Chunk, page: &mut Page<'_>) -> (Vec<Node>, Vec<TocEntry>) {
    let text = snippets::expand_snippets(body, page);
    let mut text = normalise::normalise(&text, &fences::fence_ranges(&text, page));
    if page.dialect.meta.is_some() {
        text = super::front_matter::skip_meta_lines(&text);
    }
    let text = super::extensions::critic::apply_marks(text, page);
    let text = fences::lift_fences(text, page);
    let extracted = html::extract_html(&text, page);
    lint::check_lists(&extracted.text, page);
    let mut parser = blocks::parse_document(extracted, page);
    passes::footnotes::append(&mut parser);
    let mut tree = parser.finish();
    finish::lower_code(&mut tree, page);
    if let Some(options) = &page.dialect.tasklist {
        passes::tasklist::apply(&mut tree, options, page);
    }
    finish::parse_text(&mut tree, page);
    let mut nodes = finish::into_nodes(&mut tree, page);
    if page.dialect.quotes.as_ref().is_some_and(|options| options.callouts) {
        passes::quotes::apply(&mut nodes);
    }
    if let Some(options) = &page.dialect.footnotes {
        passes::footnotes::finish(&mut nodes, options, &page.footnotes);
    }
    if page.dialect.legacy_attrs.is_some() {
        passes::legacy_attrs::apply(&mut nodes);
    }
    if page.dialect.attr_list.is_some() {
        passes::attr_list::apply(&mut nodes);
    }
    inline::apply_text_passes(&mut nodes, page);
    let start = page.start();
    let toc = match &page.dialect.toc {
        Some(options) => passes::toc::apply(&mut nodes, options, start),
        None => Vec::new(),
    };
    name_tabs(&mut nodes, page.dialect);
    if let Some(options) = &page.dialect.blocks_caption {
        passes::captions::apply(&mut nodes, options);
    }
    (finish::restore_raw(nodes, page), toc)
}

/// Gives tabs ids made of their labels, where one of the two extensions asks for it.
fn name_tabs(nodes: &mut [Node], dialect: &Dialect) {
    let tabbed = dialect.tabbed.as_ref().and_then(|options| {
        let (separator, combine_header_slug) = (options.separator.as_str(), options.combine_header_slug);
        let slugify = options.slugify.as_ref()?;
        Some(passes::tabs::TabIds { slugify, separator, combine_header_slug, alternate: options.alternate_style })
    });
    let blocks = dialect.blocks_tab.as_ref().and_then(|options| {
        let (separator, combine_header_slug) = (options.separator.as_str(), options.combine_header_slug);
        let slugify = options.slugify.as_ref()?;
        Some(passes::tabs::TabIds { slugify, separator, combine_header_slug, alternate: options.alternate_style })
    });
    // Both register the same pass in Python, so one of them runs.
    if let Some(ids) = blocks.or(tabbed) {
        passes::tabs::apply(nodes, &ids);
    }
}
