//! Task lists of the prose: the boxes of a page, and the checklist of a page that writes none.

use super::fields::slug;
use super::model::{Block, Item, ItemAction, Rollback, TaskBox};
use super::template::Template;
use crate::markdown::{Element, Node};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the boxes in document order.
pub(super) fn extract_boxes(body: &[Node], blocks: &[Block]) -> Vec<TaskBox> {
    let by_span: BTreeMap<Span, &Block> = blocks.iter().map(|block| (block.span, block)).collect();
    let by_id: BTreeMap<&str, &Block> = blocks.iter().map(|block| (block.id.value.as_str(), block)).collect();
    let mut out = Vec::new();
    crate::markdown::walk(body, &mut |node| {
        if let Node::Element(element) = node
            && element.is(&["li"])
            && let Some(found) = extract_box(element, &by_span, &by_id)
        {
            out.push(found);
        }
    });
    out
}

fn extract_box(item: &Element, by_span: &BTreeMap<Span, &Block>, by_id: &BTreeMap<&str, &Block>) -> Option<TaskBox> {
    let (mut own, mut span) = (Own::default(), item.span);
    own.gather(&item.children, 0);
    let trimmed = own.text.trim_start();
    let marked = ["[ ] ", "[x] ", "[X] "].iter().find_map(|mark| trimmed.strip_prefix(mark));
    let text = match marked {
        Some(rest) => rest,
        None if own.checkbox || item.attrs.has_class("task-list-item") => trimmed,
        None => return None,
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let linked = own.links.iter().filter_map(|link| link.strip_prefix("#step-"));
    let block = own
        .blocks
        .iter()
        .find_map(|span| by_span.get(span).copied())
        .or_else(|| linked.filter_map(|id| by_id.get(id).copied()).next());
    let block = block.map(|block| block.id.value.clone());
    if let Some(first) = own.first {
        span = first;
    }
    Some(TaskBox { slug: slug(&text), text, span, block })
}

/// What belongs to a list item itself, nested lists left out.
#[derive(Default)]
struct Own {
    text: String,
    first: Option<Span>,
    checkbox: bool,
    links: BTreeSet<String>,
    blocks: Vec<Span>,
}

impl Own {
    fn gather(&mut self, nodes: &[Node], depth: usize) {
        for node in nodes {
            match node {
                Node::Text(text) => self.add(&text.text, text.span),
                Node::CodeSpan(code) => self.add(&code.code, code.span),
                Node::Code(code) => self.blocks.push(code.span),
                Node::Raw(raw) => self.checkbox |= raw.html.contains("type=\"checkbox\""),
                Node::Element(element) if element.is(&["ul", "ol", "dl", "table"]) => {}
                Node::Element(element) => {
                    self.checkbox |= element.is(&["input"]) && element.attrs.get("type") == Some("checkbox");
                    if let Some(href) = element.attrs.get("href") {
                        self.links.insert(href.to_owned());
                    }
                    if depth < 64 {
                        self.gather(&element.children, depth + 1);
                    }
                    if element.is(&["p", "div"]) {
                        self.text.push(' ');
                    }
                }
                Node::Icon(_) => {}
            }
        }
    }

    fn add(&mut self, text: &str, span: Span) {
        if !text.trim().is_empty() {
            self.first = Some(self.first.map_or(span, |first| first.to(span)));
        }
        self.text.push_str(text);
    }
}

/// Makes a checklist in document order: every box is a manual item, every block is a step; a box
/// that contains a block or links to it is that step's text.
pub(super) fn derive_checklist(boxes: &[TaskBox], blocks: &[Block]) -> Vec<Item> {
    let claimed: BTreeSet<&str> = boxes.iter().filter_map(|task| task.block.as_deref()).collect();
    // A block that undoes another one is no step of its own.
    let undoing: BTreeSet<&str> = blocks
        .iter()
        .filter_map(|block| match &block.rollback {
            Some(Rollback::Block(undo)) => Some(undo.value.as_str()),
            _ => None,
        })
        .collect();
    let mut items: Vec<Item> = Vec::new();
    for task in boxes {
        // Prose is no text of this language: nothing in it is a hole.
        let text = Some(Template::literal(&task.text, task.span));
        let action = match &task.block {
            Some(id) => ItemAction::Step(Spanned::new(id.clone(), task.span)),
            None => ItemAction::Manual,
        };
        let id = task.block.clone().unwrap_or_else(|| task.slug.clone());
        items.push(Item::new(id, task.span, text, action));
    }
    for block in blocks {
        let id = block.id.value.clone();
        if !claimed.contains(id.as_str()) && !undoing.contains(id.as_str()) {
            items.push(Item::new(id, block.span, None, ItemAction::Step(block.id.clone())));
        }
    }
    items.sort_by_key(|item| item.span.start);
    let mut seen = BTreeSet::new();
    for item in &mut items {
        if item.id.is_empty() {
            item.id = "item".to_owned();
        }
        let base = item.id.clone();
        let mut number = 2;
        while !seen.insert(item.id.clone()) {
            item.id = format!("{base}-{number}");
            number += 1;
        }
    }
    items
}
