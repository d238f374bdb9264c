//! Containers whose body is indented below their head: what admonitions, details and tabs share.
//!
//! Source of the rules: `parse_content` and `get_sibling` of `markdown/extensions/admonition.py`, which
//! `pymdownx/details.py` and `pymdownx/tabbed.py` repeat. A later block that is indented belongs to the
//! container above it, or to the last item of a list in that container.

use crate::markdown::engine::blocks::leaf::{HEADINGS, find_hash_heading, pop};
use crate::markdown::engine::blocks::lines::{TAB, detab, indented, strip};
use crate::markdown::engine::blocks::tree::{ElId, Slot, Tree};
use crate::markdown::engine::blocks::{Block, Blocks, Parser, Search};
use crate::text::{Chunk, Span};
use regex::Regex;
use std::ops::Range;

/// The line that begins a container, found in a block.
pub(super) struct Head {
    /// Its bytes.
    pub(super) line: Range<usize>,
    /// What the groups of the pattern stand for.
    pub(super) groups: Vec<Option<Range<usize>>>,
}

impl Head {
    /// Finds the first line that begins with a mark and fits a pattern.
    pub(super) fn find(search: Search, (mark, pattern): (&str, &Regex), block: &Block) -> Option<Head> {
        block.find_line(search, |line| {
            let found = Some(&block.text()[line.clone()]).filter(|text| text.starts_with(mark))?;
            let place = |group: regex::Match<'_>| line.start + group.start()..line.start + group.end();
            let groups = pattern.captures(found)?.iter().map(|group| group.map(place)).collect();
            Some(Head { line, groups })
        })
    }

    /// Takes the block off and parses the lines before the head.
    pub(super) fn pop(&self, parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> Block {
        let block = pop(blocks);
        if self.line.start > 1 {
            parser.parse_block(parent, block.part(0..self.line.start - 1));
        }
        block
    }

    /// What a group stands for; nothing where it has no part in the match.
    pub(super) fn text<'c>(&self, block: &'c Block, group: usize) -> &'c str {
        self.groups[group].clone().map_or("", |range| &block.text()[range])
    }

    /// The head's line.
    pub(super) fn span(&self, block: &Block) -> Span {
        block.span(self.line.clone())
    }

    /// A title made of a word of the head.
    pub(super) fn default_title(&self, block: &Block, group: usize, word: &str) -> Chunk {
        let mut chars = word.chars();
        let title: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
        let place = self.groups[group].clone().unwrap_or(self.line.clone());
        let len = block.text()[place.clone()].find(' ').unwrap_or(place.len());
        Chunk::synthetic(&title, block.span(place.start..place.start + len))
    }

    /// Parses the indented lines below the head and puts the others back.
    pub(super) fn body(&self, parser: &mut Parser<'_, '_>, into: ElId, block: &Block, blocks: &mut Blocks) {
        let (body, rest) = detab(&block.part((self.line.end + 1).min(block.len())..block.len()), TAB);
        parser.parse_chunk(into, body);
        if !rest.is_empty() {
            blocks.push_front(rest);
        }
    }
}

/// Folds runs of spaces.
pub(super) fn squeeze(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Adds an indented block to the container above it.
pub(super) fn continue_container(
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    blocks: &mut Blocks,
    is_container: impl Fn(&Tree, ElId) -> bool,
) -> bool {
    if !indented(blocks[0].text(), TAB) {
        return false;
    }
    let Some(sibling) = parser.tree.last_child(parent).filter(|last| is_container(&parser.tree, *last)) else {
        return false;
    };
    let last = parser.tree.last_child(sibling);
    let Some((target, indent)) = descend(&parser.tree, sibling, last, blocks[0].text(), None) else { return false };
    add_to(parser, target, indent, blocks);
    true
}

/// Finds the last item of the lists that a deep block lies under: the element and the indentation
/// that reaches it. `tab_class` lets the search pass through nested tabs.
pub(super) fn descend(
    tree: &Tree,
    sibling: ElId,
    last: Option<ElId>,
    block: &str,
    tab_class: Option<&str>,
) -> Option<(ElId, usize)> {
    let mut target = Some(sibling);
    let mut last = last;
    let mut indent = 0;
    while let Some(mut child) = last {
        let is_tab = |id: ElId| {
            tab_class.is_some_and(|class| tree.is(id, &["div"]) && tree.get(id).attrs.get("class") == Some(class))
        };
        let list = tree.is(child, &["ul", "ol", "dl"]);
        let deep = block.len() > indent && indented(&block[indent..], TAB * 2);
        if target.is_none() || !deep || !(list || is_tab(child)) {
            break;
        }
        if is_tab(child) {
            match tree.last_child(child).filter(|inner| tree.is(*inner, &["ul", "ol", "dl"])) {
                Some(inner) => child = inner,
                None => break,
            }
        }
        target = tree.last_child(child);
        last = target.and_then(|target| tree.last_child(target));
        indent += TAB;
    }
    let reached = block.len() >= indent && indented(&block[indent..], TAB);
    target.filter(|_| reached).map(|target| (target, indent + TAB))
}

/// Parses the first block into an element, the indentation taken off.
pub(super) fn add_to(parser: &mut Parser<'_, '_>, target: ElId, indent: usize, blocks: &mut Blocks) {
    let block = pop(blocks);
    let (body, rest) = detab(&block, indent);
    if parser.tree.is(target, &["li", "dd"]) && !parser.tree.get(target).text.chunk.is_empty() {
        // The item is loose from here on. Python appends the paragraph behind what is there.
        let text: Slot = std::mem::take(&mut parser.tree.get_mut(target).text);
        let p = parser.element(target, "p", None);
        parser.tree.get_mut(p).text = text;
    }
    parser.parse_chunk(target, body);
    if !rest.is_empty() {
        blocks.push_front(rest);
    }
}

/// Puts a title into an element; one that begins with `#` becomes a heading in it.
pub(super) fn set_title(parser: &mut Parser<'_, '_>, id: ElId, title: Chunk, sane: bool) {
    match find_hash_heading(title.text(), sane) {
        Some(found) => {
            let heading = parser.element(id, HEADINGS[found.level - 1], None);
            parser.tree.set_text(heading, strip(&title.slice(found.header)));
        }
        None => parser.tree.set_text(id, title),
    }
}
