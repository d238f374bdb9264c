//! The list of footnotes and the links back from it.
//!
//! Source of the rules: `FootnoteTreeprocessor`, `FootnoteReorderingProcessor` and
//! `FootnotePostTreeprocessor` of Python-Markdown 3.11.

use super::for_each_element;
use crate::markdown::engine::Footnotes;
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::extensions::footnotes::{Options, numbered};
use crate::markdown::tree::{Element, Node, Raw};
use crate::text::{Chunk, Span};
use std::collections::BTreeMap;

/// Appends the list of footnotes to the page, or puts it where its marker stands.
pub(in crate::markdown::engine) fn append(parser: &mut Parser<'_, '_>) {
    let Some(options) = &parser.page.dialect.footnotes else { return };
    if parser.page.footnotes.labels.is_empty() {
        return;
    }
    let div = parser.tree.detached("div");
    parser.attrs(div).set("class", "footnote");
    parser.tree.append(div, "hr");
    let list = parser.tree.append(div, "ol");
    // A note may define another one; Python-Markdown fails there, so any order is right.
    let mut at = 0;
    while let Some(label) = parser.page.footnotes.labels.get(at).cloned() {
        at += 1;
        note(parser, list, options, &label, at);
    }
    place(parser, options, div);
}

fn note(parser: &mut Parser<'_, '_>, list: ElId, options: &Options, label: &str, number: usize) {
    let Some((text, span)) = parser.page.footnotes.notes.get(label).cloned() else { return };
    let li = parser.element(list, "li", Some(span));
    parser.attrs(li).set("id", format!("fn{}{}", options.separator, options.key(label)));
    // An item's blocks are parsed by rules of lists; a note's are not, so they grow elsewhere.
    let surrogate = parser.tree.detached("div");
    parser.parse_chunk(surrogate, text);
    let children = std::mem::take(&mut parser.tree.get_mut(surrogate).children);
    let last = children.last().copied();
    parser.tree.get_mut(li).children = children;
    let Some(last) = last else { return };
    let end = span.end_point();
    let p = if parser.tree.is(last, &["p"]) {
        let mark = parser.page.stash.put(raw("&#160;", end));
        parser.tree.get_mut(last).text.chunk.push(&Chunk::synthetic(&mark, end));
        last
    } else {
        parser.element(li, "p", Some(end))
    };
    let link = parser.element(p, "a", Some(end));
    parser.tree.get_mut(link).before.push(raw(&options.backlink_text, end));
    let attrs = parser.attrs(link);
    attrs.set("href", format!("#fnref{}{}", options.separator, options.key(label)));
    attrs.set("class", "footnote-backref");
    attrs.set("title", numbered(&options.backlink_title, number));
}

fn raw(html: &str, span: Span) -> Node {
    Node::Raw(Raw { html: html.to_owned(), span, block: false })
}

fn place(parser: &mut Parser<'_, '_>, options: &Options, div: ElId) {
    let tree = &mut parser.tree;
    for parent in tree.ids_in_order(Tree::ROOT) {
        for (at, child) in tree.get(parent).children.clone().into_iter().enumerate() {
            if tree.get(child).text.chunk.text().contains(&options.place_marker) {
                tree.get_mut(parent).children[at] = div;
                return;
            }
            if tree.get(child).tail.chunk.text().contains(&options.place_marker) {
                tree.get_mut(child).tail = Default::default();
                tree.get_mut(parent).children.insert(at + 1, div);
                return;
            }
        }
    }
    tree.get_mut(Tree::ROOT).children.push(div);
}

/// Puts the notes in the order of their use, where asked, and adds a link back for each further
/// reference to one note.
pub(in crate::markdown::engine) fn finish(nodes: &mut [Node], options: &Options, footnotes: &Footnotes) {
    if footnotes.labels.is_empty() {
        return;
    }
    for_each_element(nodes, &mut |element| {
        if !element.is(&["div"]) || element.attrs.get("class") != Some("footnote") {
            return;
        }
        for child in &mut element.children {
            if let Node::Element(list) = child
                && list.is(&["ol"])
            {
                if !options.use_definition_order {
                    reorder(list, options, footnotes);
                }
                for item in &mut list.children {
                    if let Node::Element(item) = item {
                        add_links(item, options, footnotes);
                    }
                }
            }
        }
    });
}

fn reorder(list: &mut Element, options: &Options, footnotes: &Footnotes) {
    let keys = footnotes.order.iter().enumerate().map(|(place, label)| (options.key(label), place));
    let places: BTreeMap<String, usize> = keys.collect();
    let place = |node: &Node| {
        let id = node.as_element().and_then(|item| item.attrs.get("id")).unwrap_or_default();
        let label = id.split_once(&options.separator).map_or(id, |parts| parts.1);
        places.get(label).copied().unwrap_or(footnotes.labels.len())
    };
    list.children.sort_by_key(place);
    for (at, item) in list.children.iter_mut().enumerate() {
        for_each_element(std::slice::from_mut(item), &mut |element| {
            if element.attrs.get("class") == Some("footnote-backref") {
                element.attrs.set("title", numbered(&options.backlink_title, at + 1));
            }
        });
    }
}

fn add_links(item: &mut Element, options: &Options, footnotes: &Footnotes) {
    let id = item.attrs.get("id").unwrap_or_default();
    let Some((prefix, rest)) = id.split_once(&options.separator) else { return };
    let reference = format!("{prefix}ref{}{rest}", options.separator);
    let count = footnotes.found_refs.get(&reference).copied().unwrap_or(0);
    let mut link = None;
    for_each_element(&mut item.children, &mut |element| {
        if link.is_none() && element.is(&["a"]) && element.attrs.get("class") == Some("footnote-backref") {
            link = Some(element.clone());
        }
    });
    let last = item.children.iter_mut().rev().find_map(|child| match child {
        Node::Element(element) => Some(element),
        _ => None,
    });
    let (Some(link), Some(last)) = (link, last) else { return };
    let href = link.attrs.get("href").unwrap_or_default().to_owned();
    let Some((reference, rest)) = href.split_once(&options.separator) else { return };
    for index in 2..=count {
        let again = link.clone().with_attr("href", format!("{reference}{index}{}{rest}", options.separator));
        last.children.push(again.into());
    }
}
