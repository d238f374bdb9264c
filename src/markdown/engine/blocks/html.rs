//! Elements out of raw HTML whose content is Markdown.
//!
//! Source of the rule: `MarkdownInHtmlProcessor` of Python-Markdown 3.11.

use super::Parser;
use super::block::{Block, Blocks};
use super::leaf::pop;
use super::tree::ElId;
use crate::markdown::engine::stash::{find_placeholder, placeholder_at};
use crate::markdown::tree::{Element, Node};
use crate::text::Chunk;

/// A block that begins with the placeholder of such an element.
pub(super) fn markdown_in_html(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let Some((mark, number)) = placeholder_at(blocks[0].text(), 0) else { return false };
    let Some(element) = parser.elements.remove(&number) else { return false };
    let block = pop(blocks);
    parser.tree.get_mut(parent).children.push(element);
    parse_content(parser, element, 0);
    if mark.end < block.len() {
        blocks.push_front(block.part(mark.end..block.len()));
    }
    true
}

fn parse_content(parser: &mut Parser<'_, '_>, element: ElId, depth: usize) {
    let mode = parser.attrs(element).remove("markdown");
    match mode.as_deref() {
        Some("block") => {
            let text = std::mem::take(&mut parser.tree.get_mut(element).text.chunk);
            if !text.is_empty() {
                let body = Block::of(text).strip_newlines(false, true);
                parser.parse_chunk(element, body.chunk());
            }
        }
        Some("span") if depth < super::DEPTH_LIMIT => expand_span(parser, element, depth),
        _ => {
            parser.tree.get_mut(element).text.atomic = true;
            for child in parser.tree.get(element).children.clone() {
                if depth < super::DEPTH_LIMIT {
                    parse_content(parser, child, depth + 1);
                }
                parser.tree.get_mut(child).tail.atomic = true;
            }
        }
    }
}

/// Puts the elements of a run of text in place of their placeholders; the run itself waits for the
/// text stage.
fn expand_span(parser: &mut Parser<'_, '_>, element: ElId, depth: usize) {
    let text = std::mem::take(&mut parser.tree.get_mut(element).text.chunk);
    let mut last: Option<ElId> = None;
    let mut start = 0;
    let mut search = 0;
    while let Some((mark, number)) = find_placeholder(text.text(), search) {
        search = mark.end;
        let Some(inner) = parser.elements.remove(&number) else { continue };
        append(parser, element, last, &text.slice(start..mark.start));
        parser.tree.get_mut(element).children.push(inner);
        parse_content(parser, inner, depth + 1);
        last = Some(inner);
        start = mark.end;
    }
    append(parser, element, last, &text.slice(start..text.len()));
}

/// Gives the placeholders that no block began with what the element would have been written as: its
/// text is not parsed, and its `markdown` attribute stays.
pub(super) fn settle(parser: &mut Parser<'_, '_>) {
    for (number, element) in std::mem::take(&mut parser.elements) {
        parser.left_over.insert(number, element);
    }
    for number in parser.left_over.keys().copied().collect::<Vec<_>>() {
        let node = unparsed(parser, number, 0);
        parser.page.stash.replace(number, node);
    }
}

fn unparsed(parser: &Parser<'_, '_>, number: usize, depth: usize) -> Node {
    let id = parser.left_over[&number];
    let el = parser.tree.get(id);
    let span = el.span.unwrap_or(parser.page.start());
    let text = &el.text.chunk;
    let mut children = Vec::new();
    let mut at = 0;
    while let Some((mark, inner)) = find_placeholder(text.text(), at) {
        if at < mark.start {
            children.push(Node::text(&text.text()[at..mark.start], text.span(at..mark.start)));
        }
        if parser.left_over.contains_key(&inner) && inner != number && depth < super::DEPTH_LIMIT {
            children.push(unparsed(parser, inner, depth + 1));
        } else {
            children.extend(parser.page.stash.get(inner).cloned());
        }
        at = mark.end;
    }
    if at < text.len() {
        children.push(Node::text(&text.text()[at..], text.span(at..text.len())));
    }
    let mut element = Element::new(el.tag.clone(), span).with_children(children);
    element.attrs = el.attrs.clone();
    element.into()
}

fn append(parser: &mut Parser<'_, '_>, element: ElId, last: Option<ElId>, text: &Chunk) {
    match last {
        Some(last) => parser.tree.get_mut(last).tail.chunk.push(text),
        None => parser.tree.get_mut(element).text.chunk.push(text),
    }
}
