//! Heading ids, permalinks, and the table of contents at `[TOC]`.
//!
//! Source of the rule: `markdown/extensions/toc.py`.

use super::extension::Extension;
use crate::markdown::engine::blocks::leaf::HEADINGS;
use crate::markdown::engine::ids::Ids;
use crate::markdown::engine::nodes::{for_each_element, is_element};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::entities::unescape;
use crate::markdown::heading::{inner_html, strip_tags};
use crate::markdown::options::{OptionReader, truth};
use crate::markdown::slug::Slugify;
use crate::markdown::tree::{Element, Node, TocEntry};
use crate::text::Span;
use crate::text::yaml::{self, Kind};
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// The text that the table of contents replaces; empty for none.
    pub(crate) marker: String,
    /// The title of the table.
    pub(crate) title: String,
    /// The class of the title.
    pub(crate) title_class: String,
    /// The class of the table.
    pub(crate) toc_class: String,
    /// Whether headings are links to themselves.
    pub(crate) anchorlink: bool,
    /// The class of such a link.
    pub(crate) anchorlink_class: String,
    /// The link after a heading.
    pub(crate) permalink: Permalink,
    /// The class of that link.
    pub(crate) permalink_class: String,
    /// The title of that link.
    pub(crate) permalink_title: String,
    /// Whether that link stands before the heading's text.
    pub(crate) permalink_leading: bool,
    /// The level that `#` makes.
    pub(crate) baselevel: u8,
    /// How ids are made.
    pub(crate) slugify: Slugify,
    /// What stands between the words of an id.
    pub(crate) separator: String,
    /// The first and the last level in the table.
    pub(crate) toc_depth: (u8, u8),
}

/// The link after a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Permalink {
    /// None.
    Off,
    /// `¶`.
    Pilcrow,
    /// A text of the project's own.
    Text(String),
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let permalink = read_permalink(reader);
        let toc_depth = read_depth(reader);
        Options {
            marker: reader.string("marker", "[TOC]"),
            title: reader.string("title", ""),
            title_class: reader.string("title_class", "toctitle"),
            toc_class: reader.string("toc_class", "toc"),
            anchorlink: reader.bool("anchorlink", false),
            anchorlink_class: reader.string("anchorlink_class", "toclink"),
            permalink,
            permalink_class: reader.string("permalink_class", "headerlink"),
            permalink_title: reader.string("permalink_title", "Permanent link"),
            permalink_leading: reader.bool("permalink_leading", false),
            baselevel: u8::try_from(reader.int("baselevel", 1).clamp(1, 6)).unwrap_or(1),
            slugify: Slugify::read_option(reader, "slugify").unwrap_or_default(),
            separator: reader.string("separator", "-"),
            toc_depth,
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let pass = move |nodes: &mut Vec<Node>, page: &mut Page<'_>| page.toc = apply(nodes, &self, page.start());
        rules.tree.register("toc", 5.0, Box::new(pass));
    }
}

/// Python-Markdown takes words for truth values first, and anything else for the link's text.
fn read_permalink(reader: &mut OptionReader<'_>) -> Permalink {
    let Some(node) = reader.node("permalink") else { return Permalink::Off };
    match (truth(node), &node.kind) {
        (Some(true), _) => Permalink::Pilcrow,
        (Some(false), _) | (None, Kind::Null) => Permalink::Off,
        (None, _) => match node.scalar_text() {
            Some(text) => Permalink::Text(text),
            None => {
                reader.wrong_kind("permalink", "true, false or a text", node);
                Permalink::Off
            }
        },
    }
}

fn read_depth(reader: &mut OptionReader<'_>) -> (u8, u8) {
    let Some(node) = reader.node("toc_depth") else { return (1, 6) };
    let depth = depth_of(node);
    if depth.is_none() {
        reader.refuse("toc_depth", "a level such as `3` or a range such as `2-4`", node);
    }
    depth.unwrap_or((1, 6))
}

/// Python asks whether there is a `-` in the text, and makes a whole number of anything else.
fn depth_of(node: &yaml::Node) -> Option<(u8, u8)> {
    match node.kind {
        Kind::Bool(value) => return Some((1, u8::from(value))),
        Kind::Int(value) => return Some((1, u8::try_from(value.clamp(0, 6)).unwrap_or(6))),
        Kind::Float(value) => return Some((1, value.clamp(0.0, 6.0) as u8)),
        _ => {}
    }
    let text = node.scalar_text()?;
    match text.split_once('-') {
        Some((top, bottom)) => Some((top.trim().parse().ok()?, bottom.trim().parse().ok()?)),
        None => Some((1, text.trim().parse().ok()?)),
    }
}

/// Gives headings their ids and links, puts the table where its marker stands, and returns it.
pub(crate) fn apply(nodes: &mut [Node], options: &Options, start: Span) -> Vec<TocEntry> {
    let mut ids = Ids::of(nodes);
    let mut flat = Vec::new();
    for_each_element(nodes, &mut |element| {
        if let Some(level) = element.heading_level() {
            heading(element, level, options, &mut ids, &mut flat);
        }
    });
    let entries = nest(flat);
    if !options.marker.is_empty() {
        let mut table = Some(table(&entries, options, start));
        replace_marker(nodes, &options.marker, &mut table, 0);
    }
    entries
}

fn heading(element: &mut Element, level: u8, options: &Options, ids: &mut Ids, flat: &mut Vec<TocEntry>) {
    let level = (level + options.baselevel - 1).min(6);
    element.tag = HEADINGS[usize::from(level) - 1].into();
    let html = inner_html(&element.children);
    let mut title = unescape(&strip_tags(&html));
    let id = match element.attrs.get("id") {
        Some(id) => id.to_owned(),
        None => {
            let id = ids.unique(options.slugify.slug(&title, &options.separator));
            element.attrs.set("id", id.clone());
            id
        }
    };
    if let Some(label) = element.attrs.remove("data-toc-label") {
        title = unescape(&strip_tags(&label));
    }
    let (top, bottom) = options.toc_depth;
    if (top..=bottom).contains(&level) {
        flat.push(TocEntry { id: id.clone(), level, title, html, span: element.span, children: Vec::new() });
    }
    if options.anchorlink {
        let children = std::mem::take(&mut element.children);
        let link = link(&id, &options.anchorlink_class, element.span).with_children(children);
        element.children.push(link.into());
    }
    add_permalink(element, &id, options);
}

fn add_permalink(element: &mut Element, id: &str, options: &Options) {
    let text = match &options.permalink {
        Permalink::Off => return,
        Permalink::Pilcrow => "&para;",
        Permalink::Text(text) => text,
    };
    let place = element.span.end_point();
    let mut link = link(id, &options.permalink_class, place).with_children(vec![Node::text(text, place)]);
    if !options.permalink_title.is_empty() {
        link.attrs.set("title", options.permalink_title.clone());
    }
    if options.permalink_leading {
        element.children.insert(0, link.into());
    } else {
        element.children.push(link.into());
    }
}

fn link(id: &str, class: &str, span: Span) -> Element {
    Element::new("a", span).with_attr("href", format!("#{id}")).with_attr("class", class)
}

/// Nests a list of headings by level, however they skip (`nest_toc_tokens`).
fn nest(flat: Vec<TocEntry>) -> Vec<TocEntry> {
    let mut roots: Vec<TocEntry> = Vec::new();
    // The levels of the entries from a root down to the last one.
    let mut path: Vec<u8> = Vec::new();
    for entry in flat {
        // A level between two known ones becomes the sibling of the deeper.
        while path.last().is_some_and(|last| *last >= entry.level) {
            path.pop();
        }
        let mut siblings = &mut roots;
        for _ in &path {
            let last = siblings.len() - 1;
            siblings = &mut siblings[last].children;
        }
        path.push(entry.level);
        siblings.push(entry);
    }
    roots
}

fn table(entries: &[TocEntry], options: &Options, start: Span) -> Node {
    let mut div = Element::new("div", start).with_attr("class", options.toc_class.clone());
    if !options.title.is_empty() {
        let mut title = Element::new("span", start).with_children(vec![Node::text(options.title.clone(), start)]);
        if !options.title_class.is_empty() {
            title.attrs.set("class", options.title_class.clone());
        }
        div.children.push(title.into());
    }
    div.children.push(list(entries, start).into());
    div.into()
}

fn list(entries: &[TocEntry], start: Span) -> Element {
    let mut ul = Element::new("ul", start);
    for entry in entries {
        let link = Element::new("a", start)
            .with_attr("href", format!("#{}", entry.id))
            .with_children(vec![Node::text(entry.title.replace('&', "&amp;"), start)]);
        let mut item = Element::new("li", start).with_children(vec![link.into()]);
        if !entry.children.is_empty() {
            item.children.push(list(&entry.children, start).into());
        }
        ul.children.push(item.into());
    }
    ul
}

/// Replaces elements whose only content is the marker.
fn replace_marker(nodes: &mut [Node], marker: &str, table: &mut Option<Node>, depth: usize) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if element.heading_level().is_some() || element.is(&["pre", "code"]) {
            continue;
        }
        if is_marker(element, marker)
            && let Some(table) = table
        {
            let span = element.span;
            *node = table.clone();
            if let Node::Element(table) = node {
                table.span = span;
            }
        } else if depth < 1000 {
            replace_marker(&mut element.children, marker, table, depth + 1);
        }
    }
}

fn is_marker(element: &Element, marker: &str) -> bool {
    if element.children.iter().any(is_element) {
        return false;
    }
    let mut text = String::new();
    for node in &element.children {
        match node {
            Node::Text(part) => text.push_str(&part.text),
            _ => return false,
        }
    }
    text.trim() == marker
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SitePath;

    fn entry(level: u8) -> TocEntry {
        let span = Span::at_start(SitePath::new("a.md"));
        TocEntry { id: level.to_string(), level, title: String::new(), html: String::new(), span, children: Vec::new() }
    }

    fn shape(entries: &[TocEntry]) -> String {
        entries.iter().map(|entry| format!("{}({})", entry.level, shape(&entry.children))).collect()
    }

    #[test]
    fn levels_that_skip_are_nested_as_python_markdown_nests_them() {
        let nested = |levels: &[u8]| shape(&nest(levels.iter().copied().map(entry).collect()));
        assert_eq!(nested(&[1, 2, 3, 2]), "1(2(3())2())");
        assert_eq!(nested(&[2, 1]), "2()1()");
        assert_eq!(nested(&[1, 4, 2, 2]), "1(4()2()2())");
    }
}
