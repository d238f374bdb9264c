//! Markdown in HTML: `<div markdown="1">`, also `block` and `span`.
//!
//! Source of the rule: `markdown/extensions/md_in_html.py`.

use super::extension::Extension;
use crate::markdown::engine::blocks::leaf::pop;
use crate::markdown::engine::blocks::tree::ElId;
use crate::markdown::engine::blocks::{Block, Blocks, DEPTH_LIMIT, Parser};
use crate::markdown::engine::html::{Extracted, extract_html};
use crate::markdown::engine::mark::{find_node, node_at};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Element, Node};
use crate::text::Chunk;
use std::collections::BTreeMap;
use std::sync::Arc;

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let extract = |text: Chunk, page: &mut Page<'_>| {
            let Extracted { text, elements } = extract_html(&text, page, true);
            page.state::<Elements>().waiting = elements;
            text
        };
        rules.preprocessors.register("html_block", 20.0, Box::new(extract));
        rules.blocks.register("markdown_block", 105.0, Box::new(markdown_block));
        // Python does so as it puts raw HTML back, which is last of all.
        rules.block_tree.register("raw_html", 49.0, Box::new(settle));
    }
}

/// Elements out of raw HTML that wait for their marks, by number.
#[derive(Default)]
struct Elements {
    waiting: BTreeMap<usize, ElId>,
}

/// A block that begins with the mark of such an element.
fn markdown_block(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let Some((mark, number)) = node_at(blocks[0].text(), 0) else { return false };
    let Some(element) = parser.page.state::<Elements>().waiting.remove(&number) else { return false };
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
        Some("span") if depth < DEPTH_LIMIT => expand_span(parser, element, depth),
        _ => {
            parser.tree.get_mut(element).text.atomic = true;
            for child in parser.tree.get(element).children.clone() {
                if depth < DEPTH_LIMIT {
                    parse_content(parser, child, depth + 1);
                }
                parser.tree.get_mut(child).tail.atomic = true;
            }
        }
    }
}

/// Puts the elements of a run of text in place of their marks; the run itself waits for the
/// text stage.
fn expand_span(parser: &mut Parser<'_, '_>, element: ElId, depth: usize) {
    let text = std::mem::take(&mut parser.tree.get_mut(element).text.chunk);
    let mut last: Option<ElId> = None;
    let mut start = 0;
    let mut search = 0;
    while let Some((mark, number)) = find_node(text.text(), search) {
        search = mark.end;
        let Some(inner) = parser.page.state::<Elements>().waiting.remove(&number) else { continue };
        append(parser, element, last, &text.slice(start..mark.start));
        parser.tree.get_mut(element).children.push(inner);
        parse_content(parser, inner, depth + 1);
        last = Some(inner);
        start = mark.end;
    }
    append(parser, element, last, &text.slice(start..text.len()));
}

/// Gives the marks that no block began with what the element would have been written as: its
/// text is not parsed, and its `markdown` attribute stays.
fn settle(parser: &mut Parser<'_, '_>) {
    let left_over = std::mem::take(&mut parser.page.state::<Elements>().waiting);
    for number in left_over.keys().copied() {
        let node = unparsed(parser, &left_over, number, 0);
        parser.page.stash.replace(number, node);
    }
}

fn unparsed(parser: &Parser<'_, '_>, left_over: &BTreeMap<usize, ElId>, number: usize, depth: usize) -> Node {
    let id = left_over[&number];
    let el = parser.tree.get(id);
    let span = el.span.unwrap_or(parser.page.start());
    let text = &el.text.chunk;
    let mut children = Vec::new();
    let mut at = 0;
    while let Some((mark, inner)) = find_node(text.text(), at) {
        if at < mark.start {
            children.push(Node::text(&text.text()[at..mark.start], text.span(at..mark.start)));
        }
        if left_over.contains_key(&inner) && inner != number && depth < DEPTH_LIMIT {
            children.push(unparsed(parser, left_over, inner, depth + 1));
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
