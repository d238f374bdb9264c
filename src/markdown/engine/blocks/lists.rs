//! Lists, and what is indented below their items.
//!
//! Source of the rules: `ListIndentProcessor`, `OListProcessor` and `UListProcessor` of
//! `markdown/blockprocessors.py`. What its subclasses change is in [`ListRules`].

use super::block::{Block, Blocks};
use super::leaf::pop;
use super::lines::{TAB, indented, leading_spaces, line_ranges, loose_detab, newline, strip_start};
use super::parser::{BlockRule, Parser, State};
use super::tree::ElId;
use crate::text::{Chunk, Span};

/// Which list a rule makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListKind {
    Ordered,
    Unordered,
}

/// How many spaces nest a list, and which lists are one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListRules {
    /// How many spaces nest a list.
    pub(crate) tab: usize,
    /// Whether lists of two kinds stay apart.
    pub(crate) sane: bool,
    /// Whether a bullet list ends at a blank line.
    pub(crate) bullets_end: bool,
    /// Whether an ordered list begins with the number it is written with (`LAZY_OL` off).
    pub(crate) numbered: bool,
}

impl Default for ListRules {
    fn default() -> ListRules {
        ListRules { tab: TAB, sane: false, bullets_end: false, numbered: false }
    }
}

/// Blocks below a list item.
pub(crate) fn indented_blocks(tab: usize) -> BlockRule {
    Box::new(move |parser, parent, blocks| indent_below(parser, parent, blocks, tab, &["li"], &["ul", "ol"]))
}

/// Blocks indented below one of some items, or below the last item of one of some lists.
pub(crate) fn indent_below(
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    blocks: &mut Blocks,
    tab: usize,
    items: &[&str],
    lists: &[&str],
) -> bool {
    let below_item =
        parser.tree.is(parent, items) || parser.tree.last_child(parent).is_some_and(|last| parser.tree.is(last, lists));
    if !indented(blocks[0].text(), tab) || parser.in_state(State::Detabbed) || !below_item {
        return false;
    }
    let block = pop(blocks);
    let (level, sibling) = level_of(parser, parent, &block, tab, items, lists);
    let block = Block::of(loose_detab(&block, tab * level));
    parser.within(State::Detabbed, |parser| {
        let last = parser.tree.last_child(sibling);
        if parser.tree.is(parent, items) {
            // The item may hold a list with members already; then that is the parent.
            match parser.tree.last_child(parent).filter(|last| parser.tree.is(*last, lists)) {
                Some(list) => parser.parse_block(list, block),
                None => parser.parse_block(parent, block),
            }
        } else if parser.tree.is(sibling, items) {
            parser.parse_block(sibling, block);
        } else if let Some(item) = last.filter(|last| parser.tree.is(*last, items)) {
            parser.tree.wrap_text(item);
            parser.parse_chunk(item, block.chunk());
        } else {
            let tag = if items.contains(&"dd") { "dd" } else { "li" };
            let item = parser.element(sibling, tag, block.whole_span());
            parser.parse_block(item, block);
        }
    });
    true
}

/// Finds how deep an indented block lies, and the element it belongs to.
///
/// Python counts levels by the indentation of the block's first line and by how deep lists are nested in what
/// is parsed so far, whatever the markers' own width; that is why two spaces nest nothing (`get_level`).
fn level_of(
    parser: &Parser<'_, '_>,
    parent: ElId,
    block: &Block,
    tab: usize,
    items: &[&str],
    lists: &[&str],
) -> (usize, ElId) {
    let spaces = leading_spaces(block.text()) / tab * tab;
    let mut level = usize::from(parser.in_state(State::List));
    let mut at = parent;
    while spaces > level * tab {
        let Some(child) = parser.tree.last_child(at) else { break };
        if parser.tree.is(child, lists) {
            level += 1;
        } else if !parser.tree.is(child, items) {
            break;
        }
        at = child;
    }
    (level, at)
}

/// `1. item`.
pub(crate) fn ordered(rules: ListRules) -> BlockRule {
    Box::new(move |parser, parent, blocks| list(parser, parent, blocks, ListKind::Ordered, rules))
}

/// `- item`, `* item`, `+ item`.
pub(crate) fn unordered(rules: ListRules) -> BlockRule {
    Box::new(move |parser, parent, blocks| list(parser, parent, blocks, ListKind::Unordered, rules))
}

fn list(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, kind: ListKind, rules: ListRules) -> bool {
    let text = blocks[0].text();
    let first_line = &text[..text.find('\n').unwrap_or(text.len())];
    let Some(first) = item_marker(first_line, rules.tab).filter(|marker| marker.kind == kind) else { return false };
    let first_number = first.number.to_owned();
    let block = pop(blocks);
    let items = split_items(&block, &rules, kind);
    // A list goes on over blank lines where the last thing above is one, even one of the other kind: what a
    // writer sees as two lists is one to Python unless `sane_lists` is on.
    let siblings: &[&str] = match (rules.sane, kind) {
        (false, _) => &["ol", "ul"],
        (true, ListKind::Unordered) if rules.bullets_end => &[],
        (true, ListKind::Ordered) => &["ol"],
        (true, ListKind::Unordered) => &["ul"],
    };
    let sibling = parser.tree.last_child(parent).filter(|last| parser.tree.is(*last, siblings));
    let mut rest = items.into_iter();
    let list = if let Some(list) = sibling {
        loosen_last_item(parser, list);
        // The first item of this block stands behind a blank line, so it is loose.
        if let Some(item) = rest.next() {
            let li = parser.element(list, "li", item.span);
            parser.within(State::LooseList, |parser| parser.parse_block(li, Block::of(item.text)));
        }
        list
    } else if parser.tree.is(parent, &["ol", "ul"]) {
        // `* * one` over `    * two`: the list is there already.
        parent
    } else {
        let tag = if kind == ListKind::Ordered { "ol" } else { "ul" };
        let list = parser.element(parent, tag, None);
        if rules.numbered && kind == ListKind::Ordered && first_number != "1" {
            parser.attrs(list).set("start", first_number);
        }
        list
    };
    // In this state a paragraph is the item's own text, which is what makes a list tight; the loose state
    // above is the same but for that.
    parser.within(State::List, |parser| {
        for item in rest {
            // Lines that `get_items` left their indentation are nested below the item above.
            if let Some(last) = parser.tree.last_child(list).filter(|_| indented(item.text.text(), rules.tab)) {
                parser.parse_block(last, Block::of(item.text));
            } else {
                let li = parser.element(list, "li", item.span);
                parser.parse_block(li, Block::of(item.text));
            }
        }
    });
    true
}

/// Puts the text of a list's last item, and what hangs behind its last child, into paragraphs.
pub(crate) fn loosen_last_item(parser: &mut Parser<'_, '_>, list: ElId) {
    let Some(item) = parser.tree.last_child(list) else { return };
    parser.tree.wrap_text(item);
    let Some(last) = parser.tree.last_child(item) else { return };
    if parser.tree.get(last).tail.chunk.is_empty() {
        return;
    }
    let tail = std::mem::take(&mut parser.tree.get_mut(last).tail);
    let p = parser.element(item, "p", None);
    parser.tree.set_text(p, strip_start(&tail.chunk));
}

/// The marker at the start of a line.
struct Marker<'a> {
    kind: ListKind,
    /// The digits; empty for a bullet.
    number: &'a str,
    /// Bytes of indentation, marker and spaces.
    len: usize,
}

/// Reads an item's marker, indented by less than `tab` spaces.
fn item_marker(line: &str, tab: usize) -> Option<Marker<'_>> {
    marker_after(line, leading_spaces(line)).filter(|_| leading_spaces(line) < tab)
}

fn marker_after(line: &str, indent: usize) -> Option<Marker<'_>> {
    let body = &line[indent..];
    let digits = body.len() - body.trim_start_matches(|ch: char| ch.is_ascii_digit()).len();
    let (kind, marker) = if digits > 0 && body[digits..].starts_with('.') {
        (ListKind::Ordered, digits + 1)
    } else if body.starts_with(['*', '+', '-']) {
        (ListKind::Unordered, 1)
    } else {
        return None;
    };
    let gap = leading_spaces(&body[marker..]);
    (gap > 0).then_some(Marker { kind, number: &body[..digits], len: indent + marker + gap })
}

/// An item's text without its marker, or lines that are indented below one.
struct Item {
    text: Chunk,
    span: Option<Span>,
}

/// `OListProcessor.get_items`.
fn split_items(block: &Block, rules: &ListRules, kind: ListKind) -> Vec<Item> {
    let text = block.text();
    let mut items: Vec<Item> = Vec::new();
    for range in line_ranges(text) {
        let line = &text[range.clone()];
        let marker = item_marker(line, rules.tab).filter(|marker| !rules.sane || marker.kind == kind);
        if let Some(marker) = marker {
            let span = Some(block.span(range.start + leading_spaces(line)..range.end));
            items.push(Item { text: block.slice(range.start + marker.len..range.end), span });
            continue;
        }
        let Some(last) = items.last_mut() else { continue };
        let indent = leading_spaces(line);
        // Only one more level is looked at (`INDENT_RE`): deeper lines are found when this item is parsed.
        let nested = indent >= rules.tab && indent < rules.tab * 2 && marker_after(line, indent).is_some();
        if nested && !indented(last.text.text(), rules.tab) {
            items.push(Item { text: block.slice(range), span: None });
            continue;
        }
        if range.start > 0 && !last.text.is_empty() {
            block.push_to(&mut last.text, range.start - 1..range.end);
        } else {
            newline(&mut last.text, block);
            block.push_to(&mut last.text, range);
        }
    }
    items
}
