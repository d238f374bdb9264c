//! The checklist that is proposed for a page: its boxes and blocks in order, by the page's sections.

use super::quoted;
use crate::markdown::{Document, Element, Node, plain_text, walk};
use crate::runbook::slug;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// More items than this between two pauses are more than people keep in mind (RB106).
const MANY: usize = 9;

/// The longest sentence that says what a block is for.
const LONG: usize = 100;

/// A page's headings and code blocks in order.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) headings: Vec<Heading>,
    pub(super) codes: Vec<CodePlace>,
}

/// A heading.
pub(super) struct Heading {
    level: u8,
    pub(super) title: String,
    anchor: Option<String>,
    at: usize,
}

/// Where a code block stands.
pub(super) struct CodePlace {
    pub(super) at: usize,
    /// The sentence right above it that says what it is for.
    pub(super) lead: Option<String>,
    /// The heading above it, as an index.
    pub(super) heading: Option<usize>,
}

impl Outline {
    pub(super) fn of(document: &Document) -> Outline {
        let mut out = Outline::default();
        let mut lead = None;
        walk(&document.body, &mut |node| match node {
            Node::Element(element) if element.heading_level().is_some() => {
                lead = None;
                out.headings.push(Heading {
                    level: element.heading_level().unwrap_or(1),
                    title: spaced(&plain_text(&without_permalink(element))),
                    anchor: element.attrs.get("id").map(str::to_owned),
                    at: element.span.range().start,
                });
            }
            Node::Element(element) if element.is(&["p"]) => {
                let own = element.children.iter().take_while(|node| !matches!(node, Node::Code(_))).count();
                let is_label = element.attrs.has_class("admonition-title");
                lead = if is_label { None } else { sentence(&element.children[..own]) };
            }
            Node::Element(element) if element.is(&["li", "dd"]) => {
                let own = element.children.iter().take_while(|node| is_inline(node)).count();
                lead = sentence(&element.children[..own]);
            }
            Node::Code(code) => {
                let heading = out.headings.len().checked_sub(1);
                out.codes.push(CodePlace { at: code.span.range().start, lead: lead.take(), heading });
            }
            _ => {}
        });
        out
    }

    /// The headings that a place stands below, outermost first.
    fn path(&self, at: usize) -> Vec<usize> {
        let mut path: Vec<usize> = Vec::new();
        for (index, heading) in self.headings.iter().enumerate().take_while(|(_, heading)| heading.at <= at) {
            path.retain(|above| self.headings[*above].level < heading.level);
            path.push(index);
        }
        path
    }
}

fn without_permalink(heading: &Element) -> Vec<Node> {
    let permalink = |node: &&Node| !node.as_element().is_some_and(|link| link.attrs.has_class("headerlink"));
    heading.children.iter().filter(permalink).cloned().collect()
}

fn is_inline(node: &Node) -> bool {
    match node {
        Node::Element(element) => element.is(&["a", "strong", "em", "b", "i", "code", "mark", "del", "sub", "sup"]),
        Node::Text(_) | Node::CodeSpan(_) | Node::Icon(_) => true,
        Node::Raw(_) | Node::Code(_) => false,
    }
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sentence that announces what stands below it: the last one before a colon, or the only one.
fn sentence(nodes: &[Node]) -> Option<String> {
    let text = spaced(&plain_text(nodes));
    let ends = |text: &str| [". ", "! ", "? "].iter().filter_map(|end| text.rfind(end)).max();
    let said = match text.strip_suffix(':') {
        Some(text) => text[ends(text).map_or(0, |at| at + 2)..].to_owned(),
        None if ends(&text).is_none() => text.trim_end_matches('.').to_owned(),
        None => return None,
    };
    let said = said.trim().trim_end_matches(',');
    // One word, or a phrase that stands above anything, says nothing of the block.
    let empty = ["for example", "for instance", "like so", "then run", "and run", "next run", "or run"];
    (said.contains(' ') && !empty.contains(&said.to_lowercase().as_str()) && said.chars().count() <= LONG)
        .then(|| said.to_owned())
}

/// An item that is proposed.
pub(super) struct Entry {
    /// Where what it is about stands in the page.
    pub(super) at: usize,
    /// The block that it runs; without one, a person does it.
    pub(super) step: Option<String>,
    pub(super) text: Option<String>,
    /// Whether it stands for a block that no machine can run.
    pub(super) by_hand: bool,
}

/// Items between two pauses.
struct Part<'e> {
    heading: Option<usize>,
    entries: &'e [(Entry, Vec<usize>)],
}

/// Writes the list under `checklist:`; the entries are in the page's order.
pub(super) fn write(outline: &Outline, entries: Vec<Entry>, anchors: &BTreeSet<String>) -> String {
    let entries: Vec<(Entry, Vec<usize>)> = entries
        .into_iter()
        .map(|entry| {
            let path = outline.path(entry.at);
            (entry, path)
        })
        .collect();
    let parts = divide(&entries, 0);
    // Groups that hold one item each tell no more than a short list does.
    let flat = parts.len() * 2 > entries.len() && entries.len() <= MANY;
    let parts = if flat { vec![Part { heading: None, entries: &entries }] } else { parts };
    let mut out = "checklist:\n".to_owned();
    let titled = |part: &Part<'_>| title(outline, part).map(slug);
    let loose = parts.iter().filter(|part| titled(part).is_none()).flat_map(|part| part.entries);
    let mut first = Names::of(loose.filter_map(|(entry, _)| entry.step.as_deref()));
    first.reserved.extend(parts.iter().filter_map(titled));
    for part in &parts {
        let Some(title) = title(outline, part) else {
            part.entries.iter().for_each(|entry| push(&mut out, "  ", outline, entry, anchors, &mut first));
            continue;
        };
        let _ = writeln!(out, "  - group: {}", quoted(title));
        if let Some(id) = first.of_group(&slug(title)) {
            let _ = writeln!(out, "    id: {id}");
        }
        out.push_str("    items:\n");
        let mut names = Names::of(part.entries.iter().filter_map(|(entry, _)| entry.step.as_deref()));
        part.entries.iter().for_each(|entry| push(&mut out, "      ", outline, entry, anchors, &mut names));
    }
    out
}

/// The ids of one list. Steps have theirs, groups and what people do get one from their words.
struct Names {
    /// Ids of steps and groups, which must stand once.
    reserved: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Names {
    fn of<'e>(steps: impl Iterator<Item = &'e str>) -> Names {
        Names { reserved: steps.map(str::to_owned).collect(), seen: BTreeSet::new() }
    }

    /// The id to write for a group, where its title makes none that is free.
    fn of_group(&mut self, derived: &str) -> Option<String> {
        if !derived.is_empty() && self.seen.insert(derived.to_owned()) {
            return None;
        }
        Some(self.free(if derived.is_empty() { "section" } else { derived }))
    }

    /// The id to write for an item, where the one that it gets from its words is taken. Words that
    /// repeat are numbered without being asked.
    fn of_text(&mut self, derived: &str) -> Option<String> {
        let derived = if derived.is_empty() { "item" } else { derived };
        let mut numbered = (2..).map(|number| format!("{derived}-{number}"));
        let given = if self.seen.contains(derived) {
            numbered.find(|id| !self.seen.contains(id)).expect("some number is free")
        } else {
            derived.to_owned()
        };
        if self.reserved.contains(&given) {
            return Some(self.free(derived));
        }
        self.seen.insert(given);
        None
    }

    fn free(&mut self, base: &str) -> String {
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let mut all = std::iter::once(base.to_owned()).chain(numbered);
        let id = all.find(|id| !self.seen.contains(id) && !self.reserved.contains(id));
        let id = id.expect("some number is free");
        self.seen.insert(id.clone());
        id
    }
}

fn title<'o>(outline: &'o Outline, part: &Part<'_>) -> Option<&'o str> {
    part.heading.map(|heading| outline.headings[heading].title.as_str()).filter(|title| !title.is_empty())
}

/// Divides items at the outermost headings that part them; what is still too long, again.
fn divide<'e>(entries: &'e [(Entry, Vec<usize>)], from: usize) -> Vec<Part<'e>> {
    let deepest = entries.iter().map(|(_, path)| path.len()).max().unwrap_or(0);
    let parts_at = |depth: usize| entries.chunk_by(move |(_, one), (_, other)| one.get(depth) == other.get(depth));
    let Some(depth) = (from..deepest).find(|depth| parts_at(*depth).nth(1).is_some()) else {
        return vec![Part { heading: None, entries }];
    };
    let mut out = Vec::new();
    for chunk in parts_at(depth) {
        let heading = chunk[0].1.get(depth).copied();
        let deeper = if chunk.len() > MANY && heading.is_some() { divide(chunk, depth + 1) } else { Vec::new() };
        if deeper.len() > 1 {
            // What stands before the first heading below belongs to the one above.
            out.extend(deeper.into_iter().map(|part| Part { heading: part.heading.or(heading), ..part }));
        } else {
            out.push(Part { heading, entries: chunk });
        }
    }
    out
}

fn push(
    out: &mut String,
    indent: &str,
    outline: &Outline,
    (entry, path): &(Entry, Vec<usize>),
    anchors: &BTreeSet<String>,
    names: &mut Names,
) {
    let text = entry.text.as_deref().unwrap_or_default();
    if let Some(step) = &entry.step {
        names.seen.insert(step.clone());
        let _ = writeln!(out, "{indent}- step: {step}");
        if !text.is_empty() {
            let _ = writeln!(out, "{indent}  text: {}", quoted(text));
        }
        return;
    }
    let _ = writeln!(out, "{indent}- text: {}", quoted(text));
    if let Some(id) = names.of_text(&slug(text)) {
        let _ = writeln!(out, "{indent}  id: {id}");
    }
    // The title of a page is no section of it.
    let section = path.last().map(|heading| &outline.headings[*heading]).filter(|heading| heading.level > 1);
    if let Some(anchor) = section.and_then(|heading| heading.anchor.as_ref()).filter(|anchor| anchors.contains(*anchor))
    {
        let _ = writeln!(out, "{indent}  section: {}", quoted(&format!("#{anchor}")));
    }
}
