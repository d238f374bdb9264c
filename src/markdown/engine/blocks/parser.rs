//! The block parser of one page: cuts text at blank lines and offers each piece to the rules in their
//! order (`BlockParser` of `markdown/blockparser.py`).
//!
//! A rule that takes a block may put a rest back; `block.rs` says why that is cheap. Knows no rule, and
//! does not look at text inside blocks.

use super::block::{Block, Blocks};
use super::tree::{ElId, Slot, Tree};
use crate::diag::{Code, Diagnostic};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::registry::Registry;
use crate::markdown::tree::Attrs;
use crate::text::{Chunk, Span};

/// How deep containers may nest. Python-Markdown stops a little before Python's recursion limit of
/// 1000 frames, of which a level takes about four; from a hundred levels on nobody reads a page.
pub(crate) const DEPTH_LIMIT: usize = 100;

/// Takes the first block, or leaves everything as it was and returns false (`BlockProcessor`).
pub(crate) type BlockRule = Box<dyn Fn(&mut Parser<'_, '_>, ElId, &mut Blocks) -> bool + Send + Sync>;

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

/// The block parser of one page.
pub(crate) struct Parser<'p, 'a> {
    /// What all stages share.
    pub(crate) page: &'p mut Page<'a>,
    /// The tree so far.
    pub(crate) tree: Tree,
    state: Vec<State>,
    rules: &'p Registry<BlockRule>,
    depth: usize,
    depth_reported: bool,
}

/// Parses the text of a page into a tree, text inside blocks not looked at.
pub(crate) fn parse_document<'p, 'a>(
    text: Chunk,
    rules: &'p Registry<BlockRule>,
    page: &'p mut Page<'a>,
) -> Parser<'p, 'a> {
    let tree = std::mem::replace(&mut page.tree, Tree::new());
    let mut parser = Parser { page, tree, state: Vec::new(), rules, depth: 0, depth_reported: false };
    parser.parse_chunk(Tree::ROOT, text);
    parser
}

impl Parser<'_, '_> {
    /// Parses a text that may hold several blocks.
    pub(crate) fn parse_chunk(&mut self, parent: ElId, text: Chunk) {
        self.parse_blocks(parent, Block::split(text));
    }

    /// Parses one block.
    pub(crate) fn parse_block(&mut self, parent: ElId, block: Block) {
        self.parse_blocks(parent, Blocks::from([block]));
    }

    /// Parses blocks until none is left.
    fn parse_blocks(&mut self, parent: ElId, mut blocks: Blocks) {
        if self.depth >= DEPTH_LIMIT {
            self.too_deep(parent, blocks);
            return;
        }
        self.depth += 1;
        let rules = self.rules;
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
    pub(crate) fn report_depth(&mut self, span: Span) {
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
