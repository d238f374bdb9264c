//! Attribute lists: where they stand, and what they are put on.
//!
//! Source of the rule: `AttrListTreeprocessor` of `markdown/extensions/attr_list.py`. A block's list is the last
//! line of its text; that of a heading, a term or a cell ends its line; that of an inline element
//! follows it without a space.

use super::extension::Extension;
use crate::markdown::attrs::parse_attrs;
use crate::markdown::engine::html::is_block_tag;
use crate::markdown::engine::mark::{HIDDEN, Mark, find_node};
use crate::markdown::engine::nodes::{attrs_of_mut, is_element};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Attrs, Element, Node, Text};
use regex::Regex;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.tree.register("attr_list", 8.0, Box::new(|nodes, _| apply(nodes)));
    }
}

static AT_LINE_END: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[ ]+\{:?[ ]*([^}\n ][^\n]*)\}[ ]*\n?$").expect("the expression is valid"));
static LAST_LINE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\n[ ]*\{:?[ ]*([^}\n ][^\n]*)\}[ ]*\n?$").expect("the expression is valid"));
static AT_START: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\{:?[ ]*([^}\n ][^\n]*)\}").expect("the expression is valid"));

/// Applies every attribute list and takes it out of the text.
fn apply(nodes: &mut Vec<Node>) {
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
    assign(&mut element.attrs, &attrs, &element.children[run.clone()]);
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

/// Returns the text of a run; raw HTML in it is a placeholder, and what else is hidden, and escaped
/// braces, are one odd character.
fn run_text(run: &[Node]) -> String {
    run.iter().enumerate().map(|(index, node)| shown(node, index)).collect()
}

/// What stands for a node of a run, the index of which it is.
fn shown(node: &Node, index: usize) -> Cow<'_, str> {
    match node {
        Node::Text(text) => masked(text).into(),
        Node::Raw(_) => Mark::Node(index).to_string().into(),
        _ => HIDDEN.into(),
    }
}

/// Returns a value with the raw HTML of a run put back into it.
fn restored(value: &str, run: &[Node]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while let Some((range, index)) = find_node(value, at) {
        out.push_str(&value[at..range.start]);
        if let Some(Node::Raw(raw)) = run.get(index) {
            out.push_str(&raw.html);
        }
        at = range.end;
    }
    out.push_str(&value[at..]);
    out
}

/// Returns a text, but a brace that a backslash escaped is no brace.
fn masked(text: &Text) -> &str {
    let escaped = matches!(text.text.as_str(), "{" | "}") && text.span.range().len() == 2;
    if escaped { HIDDEN } else { &text.text }
}

fn run_len(node: &Node, index: usize) -> usize {
    if let Node::Text(text) = node { text.text.len() } else { shown(node, index).len() }
}

/// Cuts a run after `keep` bytes of its text.
fn truncate_run(children: &mut Vec<Node>, run: Range<usize>, keep: usize) {
    let mut at = 0;
    let mut cut_from = run.end;
    for place in run.clone() {
        let len = run_len(&children[place], place - run.start);
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

/// What a list behind an element changes in the nodes after it.
struct Edit {
    /// The nodes that go.
    cut: Range<usize>,
    /// Where the nodes of the element's text end.
    end: usize,
    /// What is added there.
    added: Option<Node>,
}

/// Applies the lists that follow inline elements.
fn apply_inline(nodes: &mut Vec<Node>) {
    let mut edits = Vec::new();
    for at in 0..nodes.len() {
        let is_block = nodes[at].as_element().is_some_and(|element| is_block_tag(&element.tag));
        if is_element(&nodes[at]) && !is_block {
            edits.extend(apply_after(nodes, at));
        }
    }
    if edits.is_empty() {
        return;
    }
    let mut edits = edits.into_iter().peekable();
    for (place, node) in std::mem::take(nodes).into_iter().enumerate() {
        while let Some(edit) = edits.next_if(|edit| edit.end <= place) {
            nodes.extend(edit.added);
        }
        if !edits.peek().is_some_and(|edit| edit.cut.contains(&place)) {
            nodes.push(node);
        }
    }
    nodes.extend(edits.filter_map(|edit| edit.added));
}

fn apply_after(nodes: &mut [Node], at: usize) -> Option<Edit> {
    let Some(Node::Text(first)) = nodes.get(at + 1) else { return None };
    if !masked(first).starts_with('{') {
        return None;
    }
    let end = (at + 1..nodes.len()).find(|next| is_element(&nodes[*next])).unwrap_or(nodes.len());
    let (before, run) = nodes.split_at_mut(at + 1);
    let run = &mut run[..end - at - 1];
    let text = run_text(run);
    let found = AT_START.captures(&text)?;
    let (attrs, remainder) = parse_attrs(&found[1]);
    let matched = found.get(0).map_or(0, |whole| whole.end());
    if let Some(target) = attrs_of_mut(&mut before[at]) {
        assign(target, &attrs, run);
    }
    // Python-Markdown puts what the expression took too much behind the rest of the text.
    let after = run.last().map(|last| last.span().end_point());
    let added = after.filter(|_| !remainder.is_empty()).map(|span| Node::text(remainder, span));
    let cut = at + 1..at + 1 + cut_front(run, matched);
    Some(Edit { cut, end, added })
}

/// Cuts the first bytes of a run off; returns how many nodes have nothing left.
fn cut_front(run: &mut [Node], cut: usize) -> usize {
    let mut left = cut;
    for (index, node) in run.iter_mut().enumerate() {
        let len = run_len(node, index);
        if len > left {
            if let Node::Text(text) = node {
                let whole = text.text.len();
                shorten(text, left..whole);
            }
            return index;
        }
        left -= len;
    }
    run.len()
}

/// Puts attributes that were read from a run on an element: classes are added, all else is set.
fn assign(target: &mut Attrs, attrs: &Attrs, run: &[Node]) {
    for (name, value) in attrs.iter() {
        let value = restored(value, run);
        if name == "class" {
            target.add_class(&value);
        } else {
            target.set(name.to_owned(), value);
        }
    }
}
