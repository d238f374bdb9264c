//! Attribute lists: where they stand, and what they are put on.
//!
//! Source of the rule: `AttrListTreeprocessor` of Python-Markdown 3.11. A block's list is the last
//! line of its text; that of a heading, a term or a cell ends its line; that of an inline element
//! follows it without a space.

use super::{attrs_of_mut, is_element};
use crate::markdown::attrs::parse_attrs;
use crate::markdown::mkdocs::html::is_block_tag;
use crate::markdown::tree::{Attrs, Element, Node, Text};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

static AT_LINE_END: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[ ]+\{:?[ ]*([^}\n ][^\n]*)\}[ ]*\n?$").expect("the expression is valid"));
static LAST_LINE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\n[ ]*\{:?[ ]*([^}\n ][^\n]*)\}[ ]*\n?$").expect("the expression is valid"));
static AT_START: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\{:?[ ]*([^}\n ][^\n]*)\}").expect("the expression is valid"));

/// Applies every attribute list and takes it out of the text.
pub(in crate::markdown::mkdocs) fn apply(nodes: &mut Vec<Node>) {
    apply_inline(nodes);
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if is_block_tag(&element.tag) {
            apply_block(element);
        }
        apply(&mut element.children);
    }
}

fn apply_block(element: &mut Element) {
    let at_line_end = element.heading_level().is_some() || element.is(&["dt", "td", "th"]);
    let pattern: &Regex = if at_line_end { &AT_LINE_END } else { &LAST_LINE };
    let Some(run) = block_run(element) else { return };
    let text = run_text(&element.children[run.clone()]);
    let Some(found) = pattern.captures(&text) else { return };
    let (attrs, remainder) = parse_attrs(&found[1]);
    if !remainder.is_empty() {
        return;
    }
    assign(&mut element.attrs, &attrs);
    let mut keep = found.get(0).map_or(0, |whole| whole.start());
    if element.heading_level().is_some() {
        // Closing `#` that the list hid from the heading's own rule.
        keep = text[..keep].trim_end_matches('#').trim_end().len();
    }
    truncate_run(&mut element.children, run, keep);
}

/// Finds the text that a block's list ends: that before a list in an item, else behind the last
/// child, else the block's own. A child that is a block always has text behind it, as Python's tree
/// is made pretty before.
fn block_run(element: &Element) -> Option<Range<usize>> {
    let children = &element.children;
    let elements: Vec<usize> = (0..children.len()).filter(|at| is_element(&children[*at])).collect();
    let own = 0..elements.first().copied().unwrap_or(children.len());
    let tail = |which: usize| elements[which] + 1..elements.get(which + 1).copied().unwrap_or(children.len());
    let is_block =
        |at: usize| children[at].as_element().is_some_and(|child| is_block_tag(&child.tag) || child.is(&["br"]));
    let has_tail = |which: usize| !tail(which).is_empty() || is_block(elements[which]);
    let Some(last) = elements.len().checked_sub(1) else { return Some(own) };
    if !element.is(&["li"]) {
        return Some(if has_tail(last) { tail(last) } else { own });
    }
    let nested = |at: &usize| children[*at].as_element().is_some_and(|child| child.is(&["ul", "ol"]));
    match elements.iter().position(nested) {
        None if has_tail(last) => Some(tail(last)),
        Some(list) if list > 0 && has_tail(list - 1) => Some(tail(list - 1)),
        _ => Some(own),
    }
}

/// Returns the text of a run; what is hidden in it, and escaped braces, are one odd character.
fn run_text(run: &[Node]) -> String {
    run.iter().map(|node| if let Node::Text(text) = node { masked(text) } else { HIDDEN }).collect()
}

/// Stands for what a list cannot hold.
const HIDDEN: &str = "\u{1}";

/// Returns a text, but a brace that a backslash escaped is no brace.
fn masked(text: &Text) -> &str {
    let escaped = matches!(text.text.as_str(), "{" | "}") && text.span.range().len() == 2;
    if escaped { HIDDEN } else { &text.text }
}

fn run_len(node: &Node) -> usize {
    if let Node::Text(text) = node { text.text.len() } else { HIDDEN.len() }
}

/// Cuts a run after `keep` bytes of its text.
fn truncate_run(children: &mut Vec<Node>, run: Range<usize>, keep: usize) {
    let mut at = 0;
    let mut cut_from = run.end;
    for place in run.clone() {
        let len = run_len(&children[place]);
        if at + len > keep {
            cut_from = place;
            if let Node::Text(text) = &mut children[place]
                && at < keep
            {
                shorten(text, 0..keep - at);
                cut_from = place + 1;
            }
            break;
        }
        at += len;
    }
    children.drain(cut_from..run.end);
}

/// Keeps a part of a text; its place stays exact where the text was a copy.
fn shorten(text: &mut Text, keep: Range<usize>) {
    let copied = text.span.range().len() == text.text.len();
    if copied {
        let start = text.span.start;
        text.span.start = start + keep.start as u32;
        text.span.end = start + keep.end as u32;
    }
    text.text = text.text[keep].to_owned();
}

/// Applies the lists that follow inline elements.
fn apply_inline(nodes: &mut Vec<Node>) {
    let mut at = 0;
    while at < nodes.len() {
        let inline =
            is_element(&nodes[at]) && !nodes[at].as_element().is_some_and(|element| is_block_tag(&element.tag));
        if inline {
            apply_after(nodes, at);
        }
        at += 1;
    }
}

fn apply_after(nodes: &mut Vec<Node>, at: usize) {
    let end = (at + 1..nodes.len()).find(|next| is_element(&nodes[*next])).unwrap_or(nodes.len());
    let Some(Node::Text(first)) = nodes.get(at + 1) else { return };
    if !masked(first).starts_with('{') {
        return;
    }
    let text = run_text(&nodes[at + 1..end]);
    let Some(found) = AT_START.captures(&text) else { return };
    let (attrs, remainder) = parse_attrs(&found[1]);
    let matched = found.get(0).map_or(0, |whole| whole.end());
    if let Some(target) = attrs_of_mut(&mut nodes[at]) {
        assign(target, &attrs);
    }
    let end = end - cut_front(nodes, at + 1, end, matched);
    if !remainder.is_empty() {
        // Python-Markdown puts what the expression took too much behind the rest of the text.
        let span = nodes[end - 1].span().end_point();
        nodes.insert(end, Node::text(remainder, span));
    }
}

/// Cuts the first bytes of a run off; returns how many nodes went with them.
fn cut_front(nodes: &mut Vec<Node>, start: usize, end: usize, cut: usize) -> usize {
    let mut left = cut;
    let mut drop_to = start;
    for (place, node) in nodes.iter_mut().enumerate().take(end).skip(start) {
        let len = run_len(node);
        if len > left {
            if let Node::Text(text) = node {
                let whole = text.text.len();
                shorten(text, left..whole);
            }
            break;
        }
        left -= len;
        drop_to = place + 1;
    }
    nodes.drain(start..drop_to);
    drop_to - start
}

/// Puts attributes on an element: classes are added, all else is set.
fn assign(target: &mut Attrs, attrs: &Attrs) {
    for (name, value) in attrs.iter() {
        if name == "class" {
            target.add_class(value);
        } else {
            target.set(name.to_owned(), value);
        }
    }
}
