//! Heading ids, permalinks, and the table of contents.
//!
//! Source of the rule: `TocTreeprocessor` of Python-Markdown 3.11.

use super::heading::{inner_html, strip_tags};
use super::{attrs_of, for_each_element, is_element};
use crate::markdown::engine::blocks::HEADINGS;
use crate::markdown::entities::unescape;
use crate::markdown::extensions::toc::{Options, Permalink};
use crate::markdown::tree::{Element, Node, TocEntry, walk};
use crate::text::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Gives headings their ids and links, puts the table where its marker stands, and returns it.
pub(in crate::markdown) fn apply(nodes: &mut [Node], options: &Options, start: Span) -> Vec<TocEntry> {
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

/// The ids of a page, and how far each base is counted.
pub(in crate::markdown::engine) struct Ids {
    used: BTreeSet<String>,
    counters: BTreeMap<String, usize>,
}

impl Ids {
    /// Collects the ids that elements have.
    pub(in crate::markdown::engine) fn of(nodes: &[Node]) -> Ids {
        let mut used = BTreeSet::new();
        walk(nodes, &mut |node| {
            if let Some(id) = attrs_of(node).and_then(|attrs| attrs.get("id")) {
                used.insert(id.to_owned());
            }
        });
        Ids { used, counters: BTreeMap::new() }
    }

    /// Makes an id unique by `_1`, `_2` and so on, and takes it.
    pub(in crate::markdown::engine) fn unique(&mut self, id: String) -> String {
        if !id.is_empty() && self.used.insert(id.clone()) {
            return id;
        }
        let counted = id.rsplit_once('_').and_then(|(base, count)| {
            let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
            Some((base, count.parse::<usize>().ok()?)).filter(|_| digits)
        });
        let (base, first) = counted.unwrap_or((&id, 0));
        let known = self.counters.get(base).copied().unwrap_or(0);
        // Skips the run of suffixes that are known to be taken; a later one may still be free.
        let within = first <= known + 1;
        let mut count = if within { first.max(known) } else { first } + 1;
        while self.used.contains(&format!("{base}_{count}")) {
            count += 1;
        }
        let unique = format!("{base}_{count}");
        if within {
            self.counters.insert(base.to_owned(), count);
        }
        self.used.insert(unique.clone());
        unique
    }
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

    #[test]
    fn ids_are_counted_on() {
        let mut ids = Ids::of(&[]);
        let made: Vec<_> = ["a", "a", "a", "", "", "a_1"].map(|id| ids.unique(id.to_owned())).to_vec();
        assert_eq!(made, ["a", "a_1", "a_2", "_1", "_2", "a_3"]);
    }
}
