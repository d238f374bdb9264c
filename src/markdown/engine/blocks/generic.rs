//! Generic blocks: `/// name | argument`, options indented below, content, `///`.
//!
//! Source of the rules: `pymdownx/blocks/__init__.py` and `block.py` of pymdown-extensions 13.1. A
//! block stays open over blank lines until its end marker; until then it takes every block that
//! its parent is offered. What each kind of block makes stands in `generic_kinds.rs`.

use super::block::{Block, Blocks, Search};
use super::generic_kinds::{self, Kind, Mode, Options};
use super::leaf::pop;
use super::lines::{TAB, blank, detab, leading_spaces, line_ranges, loose_detab, newline};
use super::tree::{ElId, Slot};
use super::{DEPTH_LIMIT, Parser, State};
use crate::markdown::engine::fences;
use crate::markdown::engine::html::is_block_tag;
use crate::text::yaml;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

static START: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[ ]{0,3}(/{3,})[ ]*([\w-]+)[ ]*(?:\|[ ]*(.*?)[ ]*)?$").expect("the expression is valid")
});

/// A block that is open.
pub(super) struct Entry {
    kind: Kind,
    /// How many slashes its end needs.
    length: usize,
    el: ElId,
    parent: ElId,
    /// Whether it waits for more.
    hungry: bool,
}

/// Begins a block, or goes on with one that is open.
pub(super) fn generic(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    if let Some(waiting) = hungry_parent(parser, parent) {
        let place = parser.open_blocks.iter().position(|entry| entry.hungry && entry.parent == waiting);
        if let Some(place) = place {
            capture_leaked(parser, waiting, place);
            parser.open_blocks[place].hungry = false;
            feed(parser, blocks, waiting, None);
            return true;
        }
    }
    begin(parser, parent, blocks)
}

/// Finds the parent of the innermost open block, along the last children.
fn hungry_parent(parser: &Parser<'_, '_>, parent: ElId) -> Option<ElId> {
    let innermost = parser.open_blocks.last().filter(|entry| entry.hungry)?;
    let mut at = Some(parent);
    while let Some(id) = at {
        if innermost.parent == id {
            return Some(id);
        }
        at = parser.tree.last_child(id);
    }
    None
}

/// Pulls content back that an indented admonition, details or tab put beside an open block.
fn capture_leaked(parser: &mut Parser<'_, '_>, parent: ElId, place: usize) {
    let el = parser.open_blocks[place].el;
    if let Some(last) = parser.tree.last_child(parent).filter(|last| *last != el)
        && let Some(target) = generic_kinds::content_of(&parser.tree, &parser.open_blocks[place].kind, el)
    {
        parser.tree.get_mut(parent).children.pop();
        parser.tree.get_mut(target).children.push(last);
    }
}

fn begin(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let block = blocks[0].clone();
    let Some(line) = block.find_line(Search::Generic, |line| is_start(&block.text()[line.clone()]).then_some(line))
    else {
        return false;
    };
    if block.refused(Search::GenericRefused, line.start) {
        return false;
    }
    let Some(Head { kind, length, header_end }) = read_head(parser, &block, line.clone()) else {
        block.refuse(Search::GenericRefused, line.start);
        return false;
    };
    if line.start > 1 {
        parser.parse_block(parent, block.part(0..line.start - 1));
    }
    let parent = hungry_parent(parser, parent).unwrap_or(parent);
    pop(blocks);
    // A tight item becomes loose.
    if parser.tree.is(parent, &["li", "dd"]) && !parser.tree.get(parent).text.chunk.is_empty() {
        let text: Slot = std::mem::take(&mut parser.tree.get_mut(parent).text);
        let p = parser.element(parent, "p", None);
        parser.tree.get_mut(p).text = text;
    }
    let mut kind = kind;
    let el = generic_kinds::create(parser, &mut kind, parent, block.span(line.clone()));
    parser.open_blocks.push(Entry { kind, length, el, parent, hungry: false });
    let below = block.part((line.end + 1).min(block.len())..block.len());
    match find_end(&below, length) {
        Some(end) => {
            let cut = end.start.saturating_sub(1);
            let body = below.part(header_end.min(cut)..cut);
            feed(parser, blocks, parent, Some((body, below.part(cut..below.len()))));
        }
        None => {
            let body = below.part(header_end..below.len());
            if !body.is_empty() {
                blocks.push_front(body);
            }
            feed(parser, blocks, parent, None);
        }
    }
    true
}

fn is_start(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with("///") && START.is_match(line)
}

/// What a block's head says.
struct Head {
    kind: Kind,
    /// How many slashes it has.
    length: usize,
    /// Where the options below it end.
    header_end: usize,
}

/// Reads a line that looks like a head, and the options below it; `None` where it is none after all.
fn read_head(parser: &mut Parser<'_, '_>, block: &Block, line: Range<usize>) -> Option<Head> {
    let found = START.captures(&block.text()[line.clone()])?;
    let argument = found.get(3).map(|group| block.slice(line.start + group.start()..line.start + group.end()));
    let below = block.part((line.end + 1).min(block.len())..block.len());
    let (options, header_end) = read_options(&below)?;
    let kind = generic_kinds::validate(parser, &found[2].to_lowercase(), argument, options.as_ref())?;
    if parser.open_blocks.len() >= DEPTH_LIMIT {
        parser.report_depth(block.span(line));
        return None;
    }
    Some(Head { kind, length: found[1].len(), header_end })
}

/// Gives blocks to the open ones until their ends are found. Before them come, where a block begins,
/// its body and what follows from its end on; Python puts an empty line between these two.
fn feed(parser: &mut Parser<'_, '_>, blocks: &mut Blocks, parent: ElId, mut first: Option<(Block, Block)>) {
    while (first.is_some() || !blocks.is_empty()) && !parser.open_blocks.is_empty() {
        let n_items = if parser.open_blocks.len() > 1 { items_above(parser, parent) } else { 0 };
        let (block, tail) = match first.take() {
            Some((body, tail)) => (body, Some(tail)),
            None => (pop(blocks), None),
        };
        let (block, tail) =
            if n_items == 0 { (block, tail) } else { without_items(block, tail, n_items * TAB, blocks) };
        let entry = parser.open_blocks.last().expect("the loop's condition says so");
        let target = generic_kinds::content_of(&parser.tree, &entry.kind, entry.el);
        let (inside, after) = match tail {
            Some(tail) => {
                let start = usize::from(tail.text().starts_with('\n'));
                let end = tail.text()[start..].find('\n').map_or(tail.len(), |len| start + len + 1);
                ((start > 0).then_some(block), Some(tail.part(end..tail.len())))
            }
            None => split_end(&block, entry.length),
        };
        let ended = after.is_some();
        if let Some(after) = after.filter(|after| !after.is_empty()) {
            blocks.push_front(after);
        }
        if let (Some(inside), Some(target)) = (inside, target) {
            add_content(parser, target, &inside);
        }
        if ended && let Some(entry) = parser.open_blocks.pop() {
            finish_raw(parser, &entry);
            generic_kinds::end(parser, &entry.kind, entry.el);
        }
        if target.is_none() {
            break;
        }
    }
    if let Some(entry) = parser.open_blocks.last_mut() {
        entry.hungry = true;
    }
}

/// Takes the indentation of the items around a block off, and puts back what does not have it. A
/// block that does not have it at all is taken as it is.
fn without_items(block: Block, tail: Option<Block>, length: usize, blocks: &mut Blocks) -> (Block, Option<Block>) {
    let (mut body, rest) = detab(&block, length);
    match tail {
        tail if !rest.is_empty() && body.is_empty() => (rest, tail),
        Some(tail) if !rest.is_empty() => {
            // The empty line between them is to be seen from here on.
            let n_copies = block.n_copies() + 1;
            let mut joined = rest.chunk();
            if n_copies <= DEPTH_LIMIT {
                newline(&mut joined, &rest);
            }
            tail.push_to(&mut joined, 0..tail.len());
            blocks.push_front(Block::copied(joined, n_copies));
            (Block::of(body), None)
        }
        Some(tail) if tail.text().starts_with('\n') => {
            newline(&mut body, &tail);
            blocks.push_front(tail.part(1..tail.len()));
            (Block::of(body), None)
        }
        Some(tail) => (tail, None),
        None => {
            if !rest.is_empty() {
                blocks.push_front(rest);
            }
            (Block::of(body), None)
        }
    }
}

/// Counts the items between an element and the innermost open block in it.
fn items_above(parser: &Parser<'_, '_>, parent: ElId) -> usize {
    let el = parser.open_blocks.last().map(|entry| entry.el);
    let mut n_items = 0;
    let mut at = Some(parent);
    while let Some(id) = at {
        if Some(id) == el {
            return n_items;
        }
        n_items += usize::from(parser.tree.is(id, &["li", "dd"]));
        at = parser.tree.last_child(id);
    }
    0
}

/// Adds text to an open block, as blocks or as it is.
fn add_content(parser: &mut Parser<'_, '_>, target: ElId, text: &Block) {
    let entry = parser.open_blocks.last().expect("content is added to an open block");
    let mode = generic_kinds::mode(&entry.kind);
    let tag = parser.tree.tag(target).to_owned();
    let is_block = mode == Mode::Block || mode == Mode::Auto && is_block_container(&tag);
    if is_block {
        parser.within(State::Blocks, |parser| parser.parse_chunk(target, text.chunk()));
        return;
    }
    let atomic = mode == Mode::Raw || mode == Mode::Auto && is_raw(&tag);
    let text = Block::of(fences::revert_fences(text.chunk(), parser.page)).strip_newlines(true, true).chunk();
    let last = parser.tree.last_child(target);
    let slot = match last {
        Some(last) => &mut parser.tree.get_mut(last).tail,
        None => &mut parser.tree.get_mut(target).text,
    };
    if let Some(span) = slot.chunk.whole_span().filter(|_| !text.is_empty()) {
        slot.chunk.push_synthetic("\n\n", span.end_point());
    }
    slot.chunk.push(&text);
    slot.atomic = atomic;
}

/// Tags whose content is never parsed.
fn is_raw(tag: &str) -> bool {
    matches!(tag, "canvas" | "math" | "option" | "pre" | "script" | "style" | "textarea" | "code")
}

/// Tags whose content is parsed as blocks.
fn is_block_container(tag: &str) -> bool {
    const SPANS: &[&str] =
        &["address", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "legend", "li", "p", "summary", "td", "th"];
    is_block_tag(tag) && !SPANS.contains(&tag) && !is_raw(tag) && tag != "hr"
}

/// Takes the common indentation off text that stays as it is.
fn finish_raw(parser: &mut Parser<'_, '_>, entry: &Entry) {
    let Some(target) = generic_kinds::content_of(&parser.tree, &entry.kind, entry.el) else { return };
    let mode = generic_kinds::mode(&entry.kind);
    if mode == Mode::Raw || mode == Mode::Auto && is_raw(parser.tree.tag(target)) {
        let text = std::mem::take(&mut parser.tree.get_mut(target).text.chunk);
        let common = text.lines().filter(|line| !blank(line.text)).map(|line| leading_spaces(line.text)).min();
        let chunk = loose_detab(&Block::of(text), common.unwrap_or(0).min(TAB));
        parser.tree.get_mut(target).text = Slot { chunk, atomic: true };
    }
}

/// Looks for a block's end: the text before it, and the text behind it where it is there.
fn split_end(block: &Block, length: usize) -> (Option<Block>, Option<Block>) {
    let Some(end) = find_end(block, length) else { return (Some(block.clone()), None) };
    let before = (end.start > 1).then(|| block.part(0..end.start - 1));
    (before, Some(block.part((end.end + 1).min(block.len())..block.len())))
}

/// Finds the first line of so many slashes.
fn find_end(block: &Block, length: usize) -> Option<Range<usize>> {
    line_ranges(block.text()).find(|line| {
        let body = block.text()[line.clone()].trim_end_matches(' ');
        let indent = leading_spaces(body);
        indent <= 3 && body.len() - indent == length && body[indent..].bytes().all(|byte| byte == b'/')
    })
}

/// Reads the options on top of the text below a head, and tells where they end; `None` where they
/// are no mapping.
fn read_options(below: &Block) -> Option<(Option<yaml::Node>, usize)> {
    let option_line = |line: &Range<usize>| {
        let line = &below.text()[line.clone()];
        leading_spaces(line) >= TAB && !blank(line)
    };
    let mut end = None;
    let mut common = usize::MAX;
    for line in line_ranges(below.text()).take_while(option_line) {
        common = common.min(leading_spaces(&below.text()[line.clone()]));
        end = Some(line.end);
    }
    let Some(end) = end else { return Some((None, 0)) };
    let root = yaml::parse(&loose_detab(&below.part(0..end), common)).ok()?.root;
    if !root.is_null() {
        root.as_map()?;
    }
    Some((Some(root), (end + 1).min(below.len())))
}

/// The options that a head was given, for the kinds to read.
pub(super) fn option<'n>(options: Options<'n>, name: &str) -> Option<&'n yaml::Node> {
    options.and_then(|options| options.get(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Chunk, SitePath, Source};

    fn block(text: &str) -> Block {
        Block::of(Chunk::of(&Source::new(SitePath::new("a.md"), text)))
    }

    #[test]
    fn ends_need_as_many_slashes() {
        assert_eq!(find_end(&block("a\n////\nb\n///"), 3), Some(9..12));
        assert!(find_end(&block("a ///"), 3).is_none());
    }

    #[test]
    fn options_are_indented_by_four() {
        let (options, end) = read_options(&block("    open: true\ntext\n///")).expect("options that are a mapping");
        assert_eq!(options.and_then(|options| options.get("open").and_then(yaml::Node::as_bool)), Some(true));
        assert_eq!(end, 15);
    }
}
