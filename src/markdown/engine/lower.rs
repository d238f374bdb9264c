//! From the tree of blocks to the document's nodes: text is parsed, elements are put together.
//!
//! Text is parsed in the order in which Python-Markdown's inline processor walks the tree, level by
//! level, because footnote references are numbered in that order.

use super::blocks::Parser;
use super::blocks::tree::{ElId, READY, Slot, Tree};
use super::html::is_block_tag;
use super::inline::{InlineRules, parse_inline};
use super::mark::{STX, find_node};
use super::page::Page;
use crate::markdown::tree::{Attrs, CodeBlock, CodeStyle, Element, Node, Raw};
use crate::text::{Chunk, Span};
use std::collections::VecDeque;

/// Makes nodes of indented code, in document order, as far as it is not one yet. The code comes without its
/// indentation and last `\n`.
pub(crate) fn replace_code(parser: &mut Parser<'_, '_>, make: impl Fn(Chunk, Span, &mut Page<'_>) -> Node) {
    let Parser { tree, page, .. } = parser;
    for id in tree.ids_in_order(Tree::ROOT) {
        let Some(code) = tree.get_mut(id).code.take() else { continue };
        let trimmed = code.slice(0..code.text().trim_end().len());
        let span = tree.get(id).span.or(trimmed.whole_span()).unwrap_or(page.start());
        let span = trimmed.whole_span().map_or(span, |body| span.to(body));
        let node = make(trimmed, span, page);
        tree.get_mut(id).before.push(node);
        tree.get_mut(id).tag = READY.into();
    }
}

/// Code as it is where no extension shows it otherwise.
pub(crate) fn plain_code(code: Chunk, span: Span, _: &mut Page<'_>) -> Node {
    let style = CodeStyle::Plain { class: None };
    Node::Code(Box::new(CodeBlock { span, code, language: None, attrs: Attrs::default(), style }))
}

/// Parses the text of all elements.
pub(crate) fn parse_text(tree: &mut Tree, rules: &InlineRules, page: &mut Page<'_>) {
    let mut queue = VecDeque::from([Tree::ROOT]);
    while let Some(parent) = queue.pop_front() {
        for child in tree.get(parent).children.clone() {
            let text = std::mem::take(&mut tree.get_mut(child).text);
            let nodes = parse_slot(&text, rules, page);
            tree.get_mut(child).text_nodes = nodes;
            let tail = std::mem::take(&mut tree.get_mut(child).tail);
            let nodes = parse_slot(&tail, rules, page);
            tree.get_mut(child).tail_nodes = nodes;
            if !tree.get(child).children.is_empty() {
                queue.push_back(child);
            }
        }
    }
}

fn parse_slot(slot: &Slot, rules: &InlineRules, page: &mut Page<'_>) -> Vec<Node> {
    let chunk = &slot.chunk;
    if chunk.is_empty() {
        return Vec::new();
    }
    if !slot.atomic {
        return parse_inline(chunk, rules, page);
    }
    let mut nodes = Vec::new();
    let mut at = 0;
    while let Some((range, number)) = find_node(chunk.text(), at) {
        if at < range.start {
            nodes.push(Node::text(&chunk.text()[at..range.start], chunk.span(at..range.start)));
        }
        nodes.extend(page.stash.get(number).cloned());
        at = range.end;
    }
    if at < chunk.len() {
        nodes.push(Node::text(&chunk.text()[at..], chunk.span(at..chunk.len())));
    }
    nodes
}

/// Takes the tree apart into nodes.
pub(crate) fn into_nodes(tree: &mut Tree, page: &Page<'_>) -> Vec<Node> {
    children_of(tree, Tree::ROOT, page.start())
}

fn children_of(tree: &mut Tree, id: ElId, start: Span) -> Vec<Node> {
    let mut nodes = std::mem::take(&mut tree.get_mut(id).before);
    nodes.append(&mut tree.get_mut(id).text_nodes);
    for child in std::mem::take(&mut tree.get_mut(id).children) {
        // An element that stands for nothing of its own has the place of what came before it.
        let at = nodes.last().map_or(start, |node| node.span().end_point());
        let tail = std::mem::take(&mut tree.get_mut(child).tail_nodes);
        if tree.tag(child) == READY {
            nodes.append(&mut tree.get_mut(child).before);
        } else {
            nodes.push(element(tree, child, at));
        }
        nodes.extend(tail);
    }
    nodes
}

fn element(tree: &mut Tree, id: ElId, at: Span) -> Node {
    let own = tree.get(id).span;
    let children = children_of(tree, id, own.map_or(at, Span::end_point));
    let el = tree.get_mut(id);
    let span = children.iter().map(Node::span).fold(own, |span, next| Some(span.map_or(next, |span| span.to(next))));
    let mut element = Element::new(std::mem::take(&mut el.tag), span.unwrap_or(at)).with_children(children);
    element.attrs = std::mem::take(&mut el.attrs);
    element.into()
}

/// Puts back what marks in raw HTML stand for, and frees blocks that stand alone in a
/// paragraph of it (`RawHtmlPostprocessor`).
pub(crate) fn restore_raw(nodes: Vec<Node>, page: &Page<'_>) -> Vec<Node> {
    let mut out = Vec::with_capacity(nodes.len());
    for node in nodes {
        match node {
            Node::Raw(raw) if raw.html.contains(STX) => expand_raw(raw, page, &mut out, 0),
            Node::Element(mut element) => {
                let sole = element.is(&["p"])
                    && element.attrs.is_empty()
                    && matches!(element.children.as_slice(), [only] if is_block(only));
                if let Some(Node::Raw(raw)) = element.children.first_mut()
                    && sole
                {
                    raw.block = true;
                }
                // Raw HTML that holds marks becomes several nodes, all in the place of one.
                element.children = restore_raw(element.children, page);
                if sole {
                    out.append(&mut element.children);
                } else {
                    out.push(element.into());
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// Tells whether a node that was stashed is a block of HTML.
fn is_block(node: &Node) -> bool {
    match node {
        Node::Code(_) => true,
        Node::Raw(raw) => is_block_html(&raw.html),
        // An element of raw HTML that was not parsed; no other keeps this attribute.
        Node::Element(element) => element.attrs.get("markdown").is_some() && is_block_tag(&element.tag),
        _ => false,
    }
}

/// Tells whether HTML begins with a block's tag, a comment or the like (`isblocklevel`).
fn is_block_html(html: &str) -> bool {
    let Some(rest) = html.strip_prefix('<') else { return false };
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let name = &rest[..rest.find([' ', '>']).unwrap_or(rest.len())];
    name.starts_with(['!', '?', '@', '%']) || is_block_tag(name)
}

/// Splits raw HTML at its marks. Nodes behind them may hold placeholders again; a page
/// cannot nest them without end, but the depth is bounded all the same.
fn expand_raw(raw: Raw, page: &Page<'_>, out: &mut Vec<Node>, depth: usize) {
    let mut at = 0;
    let part = |html: &str| Node::Raw(Raw { html: html.to_owned(), span: raw.span, block: raw.block });
    while let Some((range, number)) = find_node(&raw.html, at) {
        if at < range.start {
            out.push(part(&raw.html[at..range.start]));
        }
        match page.stash.get(number) {
            Some(Node::Raw(inner)) if depth < 100 => expand_raw(inner.clone(), page, out, depth + 1),
            Some(node) => out.push(node.clone()),
            None => {}
        }
        at = range.end;
    }
    if at < raw.html.len() {
        out.push(part(&raw.html[at..]));
    }
}
