//! Footnotes: `text[^1]` and `[^1]: The note.`
//!
//! Source of the rule: `markdown/extensions/footnotes.py`.

use super::extension::Extension;
use crate::markdown::engine::blocks::leaf::pop;
use crate::markdown::engine::blocks::lines::{TAB, blank, indented, join, leading_spaces, loose_detab, strip_end};
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::blocks::{Block, Blocks, Parser, Search};
use crate::markdown::engine::inline::{El, Engine, Hit, Pass, Taken, at_char};
use crate::markdown::engine::nodes::for_each_element;
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Element, Node, Raw};
use crate::text::{Chunk, Span};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The number of the conversion: MkDocs makes a converter for each page, which counts its making and
/// its first use.
const CONVERSION: u32 = 2;

/// The options, named as Python-Markdown names them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `PLACE_MARKER`: the text that the notes replace.
    pub(crate) place_marker: String,
    /// `UNIQUE_IDS`: whether ids carry the number of the conversion, which is 2: MkDocs converts a page once before.
    pub(crate) unique_ids: bool,
    /// `BACKLINK_TEXT`.
    pub(crate) backlink_text: String,
    /// `SUPERSCRIPT_TEXT`, `{}` standing for the number.
    pub(crate) superscript_text: String,
    /// `BACKLINK_TITLE`, `{}` standing for the number.
    pub(crate) backlink_title: String,
    /// `SEPARATOR` between the parts of an id.
    pub(crate) separator: String,
    /// `USE_DEFINITION_ORDER`: number notes as they are defined rather than as they are used.
    pub(crate) use_definition_order: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            place_marker: reader.string("PLACE_MARKER", "///Footnotes Go Here///"),
            unique_ids: reader.bool("UNIQUE_IDS", false),
            backlink_text: reader.string("BACKLINK_TEXT", "&#8617;"),
            superscript_text: reader.string("SUPERSCRIPT_TEXT", "{}"),
            backlink_title: reader.string("BACKLINK_TITLE", "Jump back to footnote %d in the text").replace("%d", "{}"),
            separator: reader.string("SEPARATOR", ":"),
            use_definition_order: reader.bool("USE_DEFINITION_ORDER", true),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let searches = Searches { definition: rules.search(), bracket: rules.search() };
        rules.blocks.register(
            "footnote",
            17.0,
            Box::new(move |parser, _, blocks| definition(parser, blocks, searches)),
        );
        let options = Arc::clone(&self);
        let references = at_char('[', move |engine, pass, at| reference(&options, engine, pass, at));
        rules.inline.register("footnote", 175.0, references);
        let options = Arc::clone(&self);
        rules.block_tree.register("footnote", 50.0, Box::new(move |parser| append(parser, &options)));
        if !self.use_definition_order {
            let options = Arc::clone(&self);
            let pass = move |nodes: &mut Vec<Node>, page: &mut Page<'_>| {
                for_list(nodes, page, |list, footnotes| reorder(list, &options, footnotes));
            };
            rules.tree.register("footnote-reorder", 19.0, Box::new(pass));
        }
        let pass = move |nodes: &mut Vec<Node>, page: &mut Page<'_>| {
            for_list(nodes, page, |list, footnotes| {
                for item in &mut list.children {
                    if let Node::Element(item) = item {
                        add_links(item, &self, footnotes);
                    }
                }
            });
        };
        rules.tree.register("footnote-duplicate", 15.0, Box::new(pass));
    }
}

impl Options {
    /// What an id says of a note besides its prefix.
    fn key(&self, label: &str) -> String {
        if self.unique_ids { format!("{CONVERSION}-{label}") } else { label.to_owned() }
    }
}

/// Puts a number into a text as Python's `str.format` does: at `{}` and `{0}`, with a width where one
/// is asked for; two braces are one.
fn numbered(text: &str, number: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            out.push_str(&rest[..1]);
            rest = &rest[2..];
            continue;
        }
        match field(rest, number) {
            Some((shown, length)) => {
                out.push_str(&shown);
                rest = &rest[length..];
            }
            None => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Reads a field at the start of a text: what stands for it, and its length.
fn field(text: &str, number: usize) -> Option<(String, usize)> {
    let length = text.find('}')? + 1;
    let inner = text[..length - 1].strip_prefix('{')?;
    let inner = inner.strip_prefix('0').unwrap_or(inner);
    let width = match inner.strip_prefix(':') {
        Some(format) => format.strip_suffix('d').unwrap_or(format),
        None if inner.is_empty() => "",
        None => return None,
    };
    let wide: usize = if width.is_empty() { 0 } else { width.parse().ok().filter(|wide| *wide < 100)? };
    let shown = if width.starts_with('0') { format!("{number:0wide$}") } else { format!("{number:wide$}") };
    Some((shown, length))
}

/// What is known of a page's footnotes.
#[derive(Debug, Default)]
struct Footnotes {
    /// The labels in order of definition.
    labels: Vec<String>,
    /// The place of each label in `labels`, as far as somebody asked.
    numbers: BTreeMap<String, usize>,
    /// The labels in order of first use.
    order: Vec<String>,
    /// The place of each label in `order`.
    uses: BTreeMap<String, usize>,
    /// Text of each note by its label, with the place of the whole definition.
    notes: BTreeMap<String, (Chunk, Span)>,
    /// How often each id of a reference was made, as Python-Markdown's `found_refs` counts.
    found_refs: BTreeMap<String, usize>,
}

impl Footnotes {
    /// Returns which note has a label, counted from 0 in the order of definition.
    fn number_of(&mut self, label: &str) -> Option<usize> {
        for (number, label) in self.labels.iter().enumerate().skip(self.numbers.len()) {
            self.numbers.insert(label.clone(), number);
        }
        self.numbers.get(label).copied()
    }

    /// Notes that a label is used; returns which one it is in the order of first use.
    fn note_use(&mut self, label: &str) -> usize {
        if let Some(place) = self.uses.get(label) {
            return *place;
        }
        self.order.push(label.to_owned());
        self.uses.insert(label.to_owned(), self.order.len() - 1);
        self.order.len() - 1
    }
}

/// What is looked for in blocks.
#[derive(Clone, Copy)]
struct Searches {
    definition: Search,
    bracket: Search,
}

/// A footnote's definition found in a block.
struct Note {
    /// From its line's start to the end of the line that its label ends in.
    whole: Range<usize>,
    label: Range<usize>,
    /// What follows the label on its line.
    head: Range<usize>,
}

/// Finds a block's first definition of a footnote.
fn find_note(block: &Block, searches: Searches) -> Option<Note> {
    block.find_line(searches.definition, |line| note_at(block, line.start, searches))
}

/// Reads the definition that begins with a line. Its label may go over several.
fn note_at(block: &Block, start: usize, searches: Searches) -> Option<Note> {
    let text = block.text();
    let indent = leading_spaces(&text[start..]);
    let label = start + indent + "[^".len();
    if indent > 3 || !text[start + indent..].starts_with("[^") {
        return None;
    }
    let close = block.find_byte(searches.bracket, label, b']', |_, _| true)?;
    let head = close + "]:".len();
    let gap = leading_spaces(text[close..].strip_prefix("]:")?);
    let end = text[head..].find('\n').map_or(text.len(), |len| head + len);
    Some(Note { whole: start..end, label: label..close, head: head + gap..end })
}

/// `[^label]: The note.`
fn definition(parser: &mut Parser<'_, '_>, blocks: &mut Blocks, searches: Searches) -> bool {
    let Some(mut found) = find_note(&blocks[0], searches) else { return false };
    let block = pop(blocks);
    let text = block.text();
    let preceding = block.part(0..found.whole.start);
    // Definitions directly below each other are noted at once.
    loop {
        let gap = text[found.whole.end..].find(|ch| ch != '\n').filter(|gap| *gap > 0);
        let Some(next) = gap.and_then(|gap| note_at(&block, found.whole.end + gap, searches)) else { break };
        let note = strip_end(&block.slice(found.head.clone()));
        define_footnote(parser, &text[found.label.clone()], note, block.span(found.whole.clone()));
        found = next;
    }
    let Note { whole, label, head } = found;
    let head = block.slice(head);
    let rest = block.part(whole.end..block.len()).strip_newlines(true, false);
    let mut parts = Vec::new();
    let with_head = |body: &Block| Block::of(join(&[&head, &loose_detab(body, TAB)], "\n"));
    if let Some(next) = find_note(&rest, searches) {
        let before = rest.part(0..next.whole.start).strip_newlines(false, true);
        parts.push(with_head(&before).strip_newlines(true, false).chunk());
        blocks.push_front(rest.part(next.whole.start..rest.len()));
    } else {
        parts.push(with_head(&rest).strip_newlines(true, true).chunk());
        while blocks.front().is_some_and(|next| indented(next.text(), TAB)) {
            let next = pop(blocks);
            if let Some(another) = find_note(&next, searches) {
                let before = next.part(0..another.whole.start).strip_newlines(false, true);
                parts.push(loose_detab(&before, TAB));
                blocks.push_front(next.part(another.whole.start..next.len()));
                break;
            }
            parts.push(loose_detab(&next, TAB));
        }
    }
    let parts: Vec<&Chunk> = parts.iter().collect();
    let note = strip_end(&join(&parts, "\n\n"));
    let span = note.whole_span().map_or(block.span(whole.clone()), |body| block.span(whole.clone()).to(body));
    define_footnote(parser, &text[label], note, span);
    if !blank(preceding.text()) {
        blocks.push_front(preceding.strip_newlines(false, true));
    }
    true
}

/// Notes a footnote; a label that is defined again keeps its number.
fn define_footnote(parser: &mut Parser<'_, '_>, label: &str, note: Chunk, span: Span) {
    let footnotes = parser.page.state::<Footnotes>();
    if footnotes.notes.insert(label.to_owned(), (note, span)).is_none() {
        footnotes.labels.push(label.to_owned());
    }
}

/// `[^label]`
fn reference(options: &Options, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    if !pass.text[at..].starts_with("[^") {
        return Hit::No;
    }
    let Some(close) = pass.find("]", at + 2) else { return Hit::No };
    let label = &pass.text[at + 2..close];
    let end = close + 1;
    let footnotes = engine.page.state::<Footnotes>();
    let Some(defined) = footnotes.number_of(label) else { return Hit::Skip(end) };
    let used = footnotes.note_use(label);
    let number = if options.use_definition_order { defined } else { used };
    let separator = &options.separator;
    let key = options.key(label);
    let first = format!("fnref{separator}{key}");
    let count = footnotes.found_refs.entry(first.clone()).or_insert(0);
    *count += 1;
    let id = if *count == 1 { first } else { format!("fnref{count}{separator}{key}") };
    let span = pass.span(at..end);
    let text = numbered(&options.superscript_text, number + 1);
    let link = El::new("a", span)
        .with_attr("href", format!("#fn{separator}{key}"))
        .with_attr("class", "footnote-ref")
        .with_text(Chunk::synthetic(&text, span));
    let link = engine.add(link);
    let mut el = El::new("sup", span).with_attr("id", id);
    el.children.push(link);
    Hit::Take(end, Taken::el(el))
}

/// Appends the list of footnotes to the page, or puts it where its marker stands.
fn append(parser: &mut Parser<'_, '_>, options: &Options) {
    if parser.page.state::<Footnotes>().labels.is_empty() {
        return;
    }
    let div = parser.tree.detached("div");
    parser.attrs(div).set("class", "footnote");
    parser.tree.append(div, "hr");
    let list = parser.tree.append(div, "ol");
    // A note may define another one; Python-Markdown fails there, so any order is right.
    let mut at = 0;
    while let Some(label) = parser.page.state::<Footnotes>().labels.get(at).cloned() {
        at += 1;
        note(parser, list, options, &label, at);
    }
    place(parser, options, div);
}

fn note(parser: &mut Parser<'_, '_>, list: ElId, options: &Options, label: &str, number: usize) {
    let Some((text, span)) = parser.page.state::<Footnotes>().notes.get(label).cloned() else { return };
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

/// Changes the list of notes, of which there may be one.
fn for_list(nodes: &mut [Node], page: &Page<'_>, work: impl Fn(&mut Element, &Footnotes)) {
    let Some(footnotes) = page.known_state::<Footnotes>().filter(|footnotes| !footnotes.labels.is_empty()) else {
        return;
    };
    for_each_element(nodes, &mut |element| {
        if !element.is(&["div"]) || element.attrs.get("class") != Some("footnote") {
            return;
        }
        for child in &mut element.children {
            if let Node::Element(list) = child
                && list.is(&["ol"])
            {
                work(list, footnotes);
            }
        }
    });
}

/// Puts the notes in the order of their use (`FootnoteReorderingProcessor`).
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

/// Adds a link back for each further reference to a note (`FootnotePostTreeprocessor`).
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

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn numbers_stand_where_python_puts_them() {
        assert_eq!(numbered("[{}] {0:02d} {:3} {{}} {x}", 7), "[7] 07   7 {} {x}");
    }
}
