//! Generic blocks: `/// name | argument`, options indented below, content, `///`.
//!
//! Source of the rules: `pymdownx/blocks/__init__.py` and `block.py` of pymdown-extensions 13.1. A
//! block stays open over blank lines until its end marker; until then it takes every block that
//! its parent is offered. What each kind of block makes stands in `generic_kinds.rs`.

use super::generic_kinds::{self, Kind, Mode, Options};
use super::leaf::pop;
use super::lines::{TAB, blank, detab, join, line_ranges, strip_newlines};
use super::tree::{ElId, Slot};
use super::{Blocks, Parser, State};
use crate::markdown::mkdocs::fences;
use crate::markdown::mkdocs::html::is_block_tag;
use crate::text::{Chunk, yaml};
use regex::Regex;
use std::sync::LazyLock;

static START: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|\n)[ ]{0,3}(/{3,})[ ]*([\w-]+)[ ]*(?:\|[ ]*(.*?)[ ]*)?(?:\n|$)").expect("the expression is valid")
});
static END: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)(?:^|\n)[ ]{0,3}(/{3,})[ ]*(?:\n|$)").expect("the expression is valid"));

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
            feed(parser, blocks, waiting);
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
    if !blocks[0].text().contains("///") {
        return false;
    }
    let block = blocks[0].clone();
    let Some(found) = START.captures(block.text()) else { return false };
    let group = |number: usize| found.get(number).map(|group| group.range());
    let (Some(whole), Some(marks), Some(name)) = (group(0), group(1), group(2)) else { return false };
    let name = block.text()[name].to_lowercase();
    let length = marks.len();
    let argument = group(3).map(|range| block.slice(range));
    let Some((options, rest)) = split_header(&block.slice(whole.end..block.len()), length) else { return false };
    let Some(kind) = generic_kinds::validate(parser, &name, argument, options.as_ref()) else { return false };
    if whole.start > 0 {
        parser.parse_block(parent, block.slice(0..whole.start));
    }
    let parent = hungry_parent(parser, parent).unwrap_or(parent);
    pop(blocks);
    if !rest.is_empty() {
        blocks.push_front(rest);
    }
    // A tight item becomes loose.
    if parser.tree.is(parent, &["li", "dd"]) && !parser.tree.get(parent).text.chunk.is_empty() {
        let text: Slot = std::mem::take(&mut parser.tree.get_mut(parent).text);
        let p = parser.element(parent, "p", None);
        parser.tree.get_mut(p).text = text;
    }
    let head = &block.text()[whole.clone()];
    let start = whole.start + usize::from(head.starts_with('\n'));
    let span = block.span(start..whole.end - usize::from(head.ends_with('\n') && whole.end > start));
    let mut kind = kind;
    let el = generic_kinds::create(parser, &mut kind, parent, span);
    parser.open_blocks.push(Entry { kind, length, el, parent, hungry: false });
    feed(parser, blocks, parent);
    true
}

/// Gives blocks to the open ones until their ends are found.
fn feed(parser: &mut Parser<'_, '_>, blocks: &mut Blocks, parent: ElId) {
    while !blocks.is_empty() && !parser.open_blocks.is_empty() {
        let block = pop(blocks);
        let n_items = if parser.open_blocks.len() > 1 { items_above(parser, parent) } else { 0 };
        let (block, rest) = if n_items == 0 { (block, Chunk::default()) } else { detab(&block, n_items * TAB) };
        // A block without the indentation is taken as it is.
        let (block, rest) = if block.is_empty() && !rest.is_empty() { (rest, Chunk::default()) } else { (block, rest) };
        if !rest.is_empty() {
            blocks.push_front(rest);
        }
        let entry = parser.open_blocks.last().expect("the loop's condition says so");
        let target = generic_kinds::content_of(&parser.tree, &entry.kind, entry.el);
        let (inside, after, ended) = split_end(&block, entry.length);
        if let Some(after) = after {
            blocks.push_front(after);
        }
        if let (Some(inside), Some(target)) = (inside, target) {
            add_content(parser, target, inside);
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
fn add_content(parser: &mut Parser<'_, '_>, target: ElId, text: Chunk) {
    let entry = parser.open_blocks.last().expect("content is added to an open block");
    let mode = generic_kinds::mode(&entry.kind);
    let tag = parser.tree.tag(target).to_owned();
    let is_block = mode == Mode::Block || mode == Mode::Auto && is_block_container(&tag);
    if is_block {
        parser.within(State::Blocks, |parser| parser.parse_chunk(target, &text));
        return;
    }
    let atomic = mode == Mode::Raw || mode == Mode::Auto && is_raw(&tag);
    let text = strip_newlines(&fences::revert_fences(text, parser.page), true, true);
    let last = parser.tree.last_child(target);
    let slot = match last {
        Some(last) => &mut parser.tree.get_mut(last).tail,
        None => &mut parser.tree.get_mut(target).text,
    };
    if slot.chunk.is_empty() {
        slot.chunk = text;
    } else if !text.is_empty() {
        slot.chunk = join(&[&slot.chunk, &text], "\n\n");
    }
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
        let common =
            text.lines().filter(|line| !blank(line.text)).map(|line| super::lines::leading_spaces(line.text)).min();
        let chunk = super::lines::loose_detab(&text, common.unwrap_or(0).min(TAB));
        parser.tree.get_mut(target).text = Slot { chunk, atomic: true };
    }
}

/// Looks for a block's end: the text before it, the text behind it, and whether it is there.
fn split_end(block: &Chunk, length: usize) -> (Option<Chunk>, Option<Chunk>, bool) {
    let Some(end) = find_end(block.text(), length) else { return (Some(block.clone()), None, false) };
    let before = block.slice(0..end.start);
    let before = if before.text().ends_with('\n') { before.slice(0..before.len() - 1) } else { before };
    let after = block.slice(end.end..block.len());
    let some = |chunk: Chunk| (!chunk.is_empty()).then_some(chunk);
    (if end.start > 0 { Some(before) } else { None }, some(after), true)
}

fn find_end(text: &str, length: usize) -> Option<std::ops::Range<usize>> {
    let found = END.captures_iter(text).find(|found| found.get(1).is_some_and(|marks| marks.len() == length))?;
    found.get(0).map(|whole| whole.range())
}

/// Takes the options off the text below a head; `None` where they are no mapping.
fn split_header(text: &Chunk, length: usize) -> Option<(Option<yaml::Node>, Chunk)> {
    let end = find_end(text.text(), length).map_or(text.len(), |end| end.start);
    let body = text.slice(0..end);
    let option_line = |line: &str| super::lines::leading_spaces(line) >= 4 && !blank(line);
    let lines: Vec<_> =
        line_ranges(body.text()).into_iter().take_while(|range| option_line(&body.text()[range.clone()])).collect();
    let header_end = lines.last().map_or(0, |last| (last.end + 1).min(body.len()));
    let options = match lines.last() {
        None => None,
        Some(last) => {
            let config = body.slice(0..last.end);
            let common = lines.iter().map(|range| super::lines::leading_spaces(&body.text()[range.clone()])).min();
            let root = yaml::parse(&super::lines::loose_detab(&config, common.unwrap_or(0))).ok()?.root;
            if !root.is_null() {
                root.as_map()?;
            }
            Some(root)
        }
    };
    let rest = body.slice(header_end..body.len());
    if end == text.len() {
        return Some((options, rest));
    }
    let tail = text.slice(end..text.len());
    Some((options, join(&[&rest, &tail], "\n")))
}

/// The options that a head was given, for the kinds to read.
pub(super) fn option<'n>(options: Options<'n>, name: &str) -> Option<&'n yaml::Node> {
    options.and_then(|options| options.get(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Source};

    #[test]
    fn ends_need_as_many_slashes() {
        assert_eq!(find_end("a\n////\nb\n///", 3), Some(8..12));
        assert!(find_end("a ///", 3).is_none());
    }

    #[test]
    fn options_are_indented_by_four() {
        let source = Source::new(SitePath::new("a.md"), "    open: true\ntext\n///");
        let (options, rest) = split_header(&Chunk::of(&source), 3).expect("options that are a mapping");
        assert_eq!(options.and_then(|options| options.get("open").and_then(yaml::Node::as_bool)), Some(true));
        assert_eq!(rest.text(), "text\n\n///");
    }
}
