//! Block structure: Python-Markdown's block parser and its processors.
//!
//! A page is cut at blank lines; each piece is offered to the rules in the order of their
//! priorities, and a rule that takes it may put a rest back (`block.rs` says why that is cheap). Owns that loop and the order of the
//! rules; each family of rules has its file. Text inside blocks is not looked at here.

mod block;
mod boxes;
mod definitions;
pub(crate) mod fancy;
mod generic;
mod generic_kinds;
mod html;
mod leaf;
pub(crate) mod lines;
mod lists;
mod quote;
mod table;
pub(crate) mod tree;

pub(crate) use leaf::HEADINGS;

use super::Page;
use super::html::Extracted;
use crate::diag::{Code, Diagnostic};
use crate::markdown::dialect::Dialect;
use crate::markdown::tree::Attrs;
use crate::text::{Chunk, Span};
use block::{Block, Blocks};
use std::collections::BTreeMap;
use std::rc::Rc;
use tree::{ElId, Slot, Tree};

/// How deep containers may nest. Python-Markdown stops a little before Python's recursion limit of
/// 1000 frames, of which a level takes about four; from a hundred levels on nobody reads a page.
pub(crate) const DEPTH_LIMIT: usize = 100;

/// What the parser is inside of (`BlockParser.state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A tight list.
    List,
    /// A loose list.
    LooseList,
    /// A block whose indentation is gone already.
    Detabbed,
    /// A quote.
    Quote,
    /// A generic block.
    Blocks,
}

/// Takes the first block, or leaves everything as it was and returns false.
type Rule = fn(&mut Parser<'_, '_>, ElId, &mut Blocks) -> bool;

/// The block parser of one page.
pub(crate) struct Parser<'p, 'a> {
    /// What all stages share.
    pub(crate) page: &'p mut Page<'a>,
    /// The tree so far.
    pub(crate) tree: Tree,
    /// Elements out of raw HTML that wait for their placeholders, by number.
    elements: BTreeMap<usize, ElId>,
    /// Those whose placeholders no block began with.
    left_over: BTreeMap<usize, ElId>,
    /// Generic blocks that are open, the innermost last.
    open_blocks: Vec<generic::Entry>,
    tab_sets: BTreeMap<ElId, boxes::TabSet>,
    state: Vec<State>,
    rules: Rc<[Rule]>,
    /// How many cells of tables were added that no row has.
    n_empty_cells: usize,
    depth: usize,
    depth_reported: bool,
}

/// Parses the text of a page into a tree, text inside blocks not looked at.
pub(crate) fn parse_document<'p, 'a>(extracted: Extracted, page: &'p mut Page<'a>) -> Parser<'p, 'a> {
    let rules = rules(page).into();
    let Extracted { text, tree, elements } = extracted;
    let mut parser = Parser {
        page,
        tree,
        elements,
        left_over: BTreeMap::new(),
        open_blocks: Vec::new(),
        tab_sets: BTreeMap::new(),
        state: Vec::new(),
        rules,
        n_empty_cells: 0,
        depth: 0,
        depth_reported: false,
    };
    parser.parse_chunk(Tree::ROOT, text);
    parser
}

impl Parser<'_, '_> {
    /// Ends the parse: what could not be placed is put where its placeholder stands.
    pub(crate) fn finish(mut self) -> Tree {
        html::settle(&mut self);
        self.tree
    }
}

/// Returns the rules in the order of their priorities in Python, which stand beside them.
fn rules(page: &Page<'_>) -> Vec<Rule> {
    let dialect = page.dialect;
    let mut rules: Vec<Rule> = Vec::new();
    if dialect.md_in_html.is_some() {
        rules.push(html::markdown_in_html); // 105
    }
    if dialect.admonition.is_some() {
        rules.push(boxes::admonition); // 105
    }
    if dialect.details.is_some() {
        rules.push(boxes::details); // 105
    }
    if dialect.tabbed.is_some() {
        rules.push(boxes::tabs); // 105
    }
    rules.push(leaf::empty); // 100
    rules.push(lists::indent); // 90
    if has_generic_blocks(dialect) {
        rules.push(generic::generic); // 89.99
    }
    if dialect.def_list.is_some() {
        rules.push(lists::definition_indent); // 85
    }
    if !dialect.superfences.as_ref().is_some_and(|options| options.disable_indented_code_blocks) {
        rules.push(leaf::code); // 80
    }
    if dialect.arithmatex.is_some() {
        rules.push(leaf::math); // 79.9
    }
    if dialect.tables.is_some() {
        rules.push(table::table); // 75
    }
    rules.push(leaf::hash_heading); // 70
    rules.push(leaf::setext_heading); // 60
    rules.push(leaf::rule); // 50
    if dialect.fancylists.is_some() {
        rules.push(fancy::ordered); // 40
        rules.push(fancy::unordered); // 30
    } else {
        rules.push(lists::ordered); // 40
        rules.push(lists::unordered); // 30
    }
    if dialect.def_list.is_some() {
        rules.push(definitions::definition_list); // 25
    }
    rules.push(quote::quote); // 20
    if dialect.footnotes.is_some() {
        rules.push(definitions::footnote); // 17
    }
    if dialect.abbr.is_some() {
        rules.push(definitions::abbreviation); // 16
    }
    rules.push(leaf::reference); // 15
    rules.push(leaf::paragraph); // 10
    rules
}

/// Tells whether any extension registers a block of `///`.
fn has_generic_blocks(dialect: &Dialect) -> bool {
    dialect.blocks_admonition.is_some()
        || dialect.blocks_caption.is_some()
        || dialect.blocks_definition.is_some()
        || dialect.blocks_details.is_some()
        || dialect.blocks_html.is_some()
        || dialect.blocks_tab.is_some()
        || dialect.fancylists.is_some()
}

impl Parser<'_, '_> {
    /// Parses a text that may hold several blocks.
    pub(crate) fn parse_chunk(&mut self, parent: ElId, text: Chunk) {
        self.parse_blocks(parent, Block::split(text));
    }

    /// Parses one block.
    fn parse_block(&mut self, parent: ElId, block: Block) {
        self.parse_blocks(parent, Blocks::from([block]));
    }

    /// Parses blocks until none is left.
    fn parse_blocks(&mut self, parent: ElId, mut blocks: Blocks) {
        if self.depth >= DEPTH_LIMIT {
            self.too_deep(parent, blocks);
            return;
        }
        self.depth += 1;
        let rules = Rc::clone(&self.rules);
        while !blocks.is_empty() {
            let taken = rules.iter().any(|rule| rule(self, parent, &mut blocks));
            debug_assert!(taken, "the paragraph rule takes every block");
            if !taken {
                blocks.pop_front();
            }
        }
        self.depth -= 1;
    }

    /// Keeps what lies too deep as plain paragraphs, and says so once.
    fn too_deep(&mut self, parent: ElId, blocks: Blocks) {
        for block in blocks {
            let Some(span) = block.whole_span() else { continue };
            self.report_depth(span);
            let p = self.tree.append(parent, "p");
            let el = self.tree.get_mut(p);
            el.text = Slot { chunk: block.chunk(), atomic: true };
        }
    }

    /// Says once that something lies too deep.
    fn report_depth(&mut self, span: Span) {
        if !std::mem::replace(&mut self.depth_reported, true) {
            self.page.diagnostics.push(
                Diagnostic::new(Code::NestingTooDeep, span, format!("more than {DEPTH_LIMIT} levels of nesting"))
                    .note("what lies deeper is shown as plain text")
                    .help("put fewer lists or quotes inside each other"),
            );
        }
    }

    /// Tells whether the innermost state is this one.
    pub(crate) fn in_state(&self, state: State) -> bool {
        self.state.last() == Some(&state)
    }

    /// Does something inside a state.
    pub(crate) fn within(&mut self, state: State, work: impl FnOnce(&mut Self)) {
        self.state.push(state);
        work(self);
        self.state.pop();
    }

    /// Makes an element at the end of another, for a marker at `span`.
    pub(crate) fn element(
        &mut self,
        parent: ElId,
        tag: impl Into<std::borrow::Cow<'static, str>>,
        span: Option<Span>,
    ) -> ElId {
        let id = self.tree.append(parent, tag);
        self.tree.get_mut(id).span = span;
        id
    }

    /// Returns an element's attributes to change.
    pub(crate) fn attrs(&mut self, id: ElId) -> &mut Attrs {
        &mut self.tree.get_mut(id).attrs
    }
}
