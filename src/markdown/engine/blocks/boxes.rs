//! Boxes: admonitions, details and tabs, whose bodies are indented below their heads.
//!
//! Source of the rules: `markdown/extensions/admonition.py` of Python-Markdown 3.11,
//! `pymdownx/details.py` and `pymdownx/tabbed.py` of pymdown-extensions 13.1. A later block that is
//! indented belongs to the box above it, or to the last item of a list in that box.

use super::Parser;
use super::block::{Block, Blocks, Search};
use super::leaf::{HEADINGS, find_hash_heading, pop};
use super::lines::{TAB, detab, indented, strip};
use super::tree::{ElId, Slot, Tree};
use crate::text::{Chunk, Span};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

static ADMONITION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^!!! ?([\w\-]+(?: +[\w\-]+)*)(?: +"(.*?)")? *$"#).expect("the expression is valid"));
static DETAILS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\?{3}(\+)? ?(?:([\w\-]+(?: +[\w\-]+)*?)?(?: +"(.*?)")|([\w\-]+(?: +[\w\-]+)*?)) *$"#)
        .expect("the expression is valid")
});
static TAB_HEAD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^={3}(\+|\+!|!\+|!)? +"(.*?)" *$"#).expect("the expression is valid"));

/// `!!! note "Title"`.
pub(super) fn admonition(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let is_box = |tree: &Tree, id: ElId| {
        tree.is(id, &["div"]) && tree.get(id).attrs.get("class").is_some_and(|class| class.contains("admonition"))
    };
    let Some(head) = Head::find(Search::Admonition, ("!!!", &ADMONITION), &blocks[0]) else {
        return continue_box(parser, parent, blocks, is_box);
    };
    let block = head.pop(parser, parent, blocks);
    let class = squeeze(&head.text(&block, 1).to_lowercase());
    let title = match &head.groups[2] {
        Some(title) => block.slice(title.clone()),
        None => head.default_title(&block, 1, class.split(' ').next().unwrap_or_default()),
    };
    let div = parser.element(parent, "div", Some(head.span(&block)));
    parser.attrs(div).set("class", format!("admonition {class}"));
    if !title.is_empty() {
        let p = parser.element(div, "p", None);
        parser.attrs(p).set("class", "admonition-title");
        parser.tree.set_text(p, title);
    }
    head.body(parser, div, &block, blocks);
    true
}

/// `??? note "Title"`, open with `???+`.
pub(super) fn details(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let is_box = |tree: &Tree, id: ElId| tree.is(id, &["details"]);
    let Some(head) = Head::find(Search::Details, ("???", &DETAILS), &blocks[0]) else {
        return continue_box(parser, parent, blocks, is_box);
    };
    let block = head.pop(parser, parent, blocks);
    let (class, title) = if head.groups[4].is_some() {
        let class = squeeze(&head.text(&block, 4).to_lowercase());
        let title = head.default_title(&block, 4, class.split(' ').next().unwrap_or_default());
        (class, title)
    } else {
        let title = head.groups[3].clone().map_or(Chunk::default(), |title| block.slice(title));
        (squeeze(&head.text(&block, 2).to_lowercase()), title)
    };
    let details = parser.element(parent, "details", Some(head.span(&block)));
    if head.groups[1].is_some() {
        parser.attrs(details).set("open", "open");
    }
    if !class.is_empty() {
        parser.attrs(details).set("class", class);
    }
    let summary = parser.element(details, "summary", None);
    let sane = parser.page.dialect.saneheaders.is_some();
    set_title(parser, summary, title, sane);
    head.body(parser, details, &block, blocks);
    true
}

/// Puts a title into an element; one that begins with `#` becomes a heading in it.
pub(super) fn set_title(parser: &mut Parser<'_, '_>, id: ElId, title: Chunk, sane: bool) {
    match find_hash_heading(title.text(), sane) {
        Some(found) => {
            let heading = parser.element(id, HEADINGS[found.level - 1], None);
            parser.tree.set_text(heading, strip(&title.slice(found.header)));
        }
        None => parser.tree.set_text(id, title),
    }
}

/// `=== "Label"`.
pub(super) fn tabs(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let alternate = parser.page.dialect.tabbed.as_ref().is_some_and(|options| options.alternate_style);
    let Some(head) = Head::find(Search::Tab, ("===", &TAB_HEAD), &blocks[0]) else {
        return continue_tab(parser, parent, blocks, alternate);
    };
    let block = head.pop(parser, parent, blocks);
    let special = head.text(&block, 1).to_owned();
    let label = head.groups[2].clone().map_or(Chunk::default(), |label| block.slice(label));
    let slugs = parser.page.dialect.tabbed.as_ref().is_some_and(|options| options.slugify.is_some());
    let sibling = parser.tree.last_child(parent).filter(|last| is_tab_set(&parser.tree, *last, alternate));
    let content = add_tab(
        parser,
        parent,
        sibling.filter(|_| !special.contains('!')),
        TabHead { label, select: special.contains('+'), alternate, slugs, span: Some(head.span(&block)) },
    );
    head.body(parser, content, &block, blocks);
    true
}

/// What a tab's head says.
pub(super) struct TabHead {
    pub(super) label: Chunk,
    pub(super) select: bool,
    pub(super) alternate: bool,
    /// Whether ids are made of labels later.
    pub(super) slugs: bool,
    pub(super) span: Option<Span>,
}

fn tab_set_class(alternate: bool) -> &'static str {
    if alternate { "tabbed-set tabbed-alternate" } else { "tabbed-set" }
}

/// Tells whether an element is a set of tabs.
pub(super) fn is_tab_set(tree: &Tree, id: ElId, alternate: bool) -> bool {
    tree.is(id, &["div"]) && tree.get(id).attrs.get("class") == Some(tab_set_class(alternate))
}

/// Adds a tab to a set, or begins a set with it; returns the element for its content.
pub(super) fn add_tab(parser: &mut Parser<'_, '_>, parent: ElId, set: Option<ElId>, head: TabHead) -> ElId {
    let TabHead { label, select, alternate, slugs, span } = head;
    let first = set.is_none();
    let set = set.unwrap_or_else(|| {
        parser.page.n_tab_sets += 1;
        let n_sets = parser.page.n_tab_sets;
        let set = parser.element(parent, "div", span);
        parser.attrs(set).set("class", tab_set_class(alternate));
        parser.attrs(set).set("data-tabs", format!("{n_sets}:0"));
        if alternate {
            let labels = parser.element(set, "div", None);
            parser.attrs(labels).set("class", "tabbed-labels");
            let contents = parser.element(set, "div", None);
            parser.attrs(contents).set("class", "tabbed-content");
        }
        set
    });
    let data = parser.tree.get(set).attrs.get("data-tabs").unwrap_or_default().to_owned();
    let (n_set, n_tabs) = data.split_once(':').unwrap_or(("1", "0"));
    let n_tab = n_tabs.parse::<usize>().unwrap_or(0) + 1;
    let id = format!("__tabbed_{n_set}_{n_tab}");
    let input = parser.tree.detached("input");
    let mut known = parser.tab_sets.remove(&set).unwrap_or_else(|| TabSet::read(&parser.tree, set));
    if first || select {
        for other in std::mem::replace(&mut known.checked, vec![input]) {
            parser.attrs(other).remove("checked");
        }
        parser.attrs(input).set("checked", "checked");
    }
    let attrs = parser.attrs(input);
    attrs.set("name", format!("__tabbed_{n_set}"));
    attrs.set("type", "radio");
    if !slugs {
        attrs.set("id", id.clone());
    }
    parser.tree.get_mut(input).span = span;
    let (labels, contents, class) = if alternate {
        parser.tree.get_mut(set).children.insert(known.n_inputs, input);
        (known.labels.unwrap_or(set), known.contents.unwrap_or(set), "tabbed-block")
    } else {
        parser.tree.get_mut(set).children.push(input);
        (set, set, "tabbed-content")
    };
    let element = parser.element(labels, "label", span);
    if !slugs {
        parser.attrs(element).set("for", id);
    }
    parser.tree.set_text(element, label);
    let content = parser.element(contents, "div", None);
    parser.attrs(content).set("class", class);
    parser.attrs(set).set("data-tabs", format!("{n_set}:{n_tab}"));
    known.n_inputs += 1;
    parser.tab_sets.insert(set, known);
    content
}

/// What a set of tabs holds, so that the next tab finds its place without a look at all others.
pub(super) struct TabSet {
    n_inputs: usize,
    /// Inputs that may be checked.
    checked: Vec<ElId>,
    labels: Option<ElId>,
    contents: Option<ElId>,
}

impl TabSet {
    fn read(tree: &Tree, set: ElId) -> TabSet {
        let children = &tree.get(set).children;
        let with_class =
            |class: &str| children.iter().copied().find(|child| tree.get(*child).attrs.get("class") == Some(class));
        let checked: Vec<ElId> = children.iter().copied().filter(|child| tree.is(*child, &["input"])).collect();
        let (labels, contents) = (with_class("tabbed-labels"), with_class("tabbed-content"));
        TabSet { n_inputs: checked.len(), checked, labels, contents }
    }
}

/// A box's head, found in a block.
struct Head {
    line: Range<usize>,
    groups: Vec<Option<Range<usize>>>,
}

impl Head {
    /// Finds the first line that begins with a mark and fits a pattern.
    fn find(search: Search, (mark, pattern): (&str, &Regex), block: &Block) -> Option<Head> {
        block.find_line(search, |line| {
            let found = Some(&block.text()[line.clone()]).filter(|text| text.starts_with(mark))?;
            let place = |group: regex::Match<'_>| line.start + group.start()..line.start + group.end();
            let groups = pattern.captures(found)?.iter().map(|group| group.map(place)).collect();
            Some(Head { line, groups })
        })
    }

    /// Takes the block off and parses the lines before the head.
    fn pop(&self, parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> Block {
        let block = pop(blocks);
        if self.line.start > 1 {
            parser.parse_block(parent, block.part(0..self.line.start - 1));
        }
        block
    }

    fn text<'c>(&self, block: &'c Block, group: usize) -> &'c str {
        self.groups[group].clone().map_or("", |range| &block.text()[range])
    }

    /// The head's line.
    fn span(&self, block: &Block) -> Span {
        block.span(self.line.clone())
    }

    /// A title made of a word of the head.
    fn default_title(&self, block: &Block, group: usize, word: &str) -> Chunk {
        let mut chars = word.chars();
        let title: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
        let place = self.groups[group].clone().unwrap_or(self.line.clone());
        let len = block.text()[place.clone()].find(' ').unwrap_or(place.len());
        Chunk::synthetic(&title, block.span(place.start..place.start + len))
    }

    /// Parses the indented lines below the head and puts the others back.
    fn body(&self, parser: &mut Parser<'_, '_>, into: ElId, block: &Block, blocks: &mut Blocks) {
        let (body, rest) = detab(&block.part((self.line.end + 1).min(block.len())..block.len()), TAB);
        parser.parse_chunk(into, body);
        if !rest.is_empty() {
            blocks.push_front(rest);
        }
    }
}

/// Folds runs of spaces.
fn squeeze(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Adds an indented block to the box above it.
fn continue_box(
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    blocks: &mut Blocks,
    is_box: impl Fn(&Tree, ElId) -> bool,
) -> bool {
    if !indented(blocks[0].text(), TAB) {
        return false;
    }
    let Some(sibling) = parser.tree.last_child(parent).filter(|last| is_box(&parser.tree, *last)) else { return false };
    let last = parser.tree.last_child(sibling);
    let Some((target, indent)) = descend(&parser.tree, sibling, last, blocks[0].text(), None) else { return false };
    add_to(parser, target, indent, blocks);
    true
}

/// Finds the last item of the lists that a deep block lies under: the element and the indentation
/// that reaches it. `tab_class` lets the search pass through nested tabs.
fn descend(
    tree: &Tree,
    sibling: ElId,
    last: Option<ElId>,
    block: &str,
    tab_class: Option<&str>,
) -> Option<(ElId, usize)> {
    let mut target = Some(sibling);
    let mut last = last;
    let mut indent = 0;
    while let Some(mut child) = last {
        let is_tab = |id: ElId| {
            tab_class.is_some_and(|class| tree.is(id, &["div"]) && tree.get(id).attrs.get("class") == Some(class))
        };
        let list = tree.is(child, &["ul", "ol", "dl"]);
        let deep = block.len() > indent && indented(&block[indent..], TAB * 2);
        if target.is_none() || !deep || !(list || is_tab(child)) {
            break;
        }
        if is_tab(child) {
            match tree.last_child(child).filter(|inner| tree.is(*inner, &["ul", "ol", "dl"])) {
                Some(inner) => child = inner,
                None => break,
            }
        }
        target = tree.last_child(child);
        last = target.and_then(|target| tree.last_child(target));
        indent += TAB;
    }
    let reached = block.len() >= indent && indented(&block[indent..], TAB);
    target.filter(|_| reached).map(|target| (target, indent + TAB))
}

/// Parses the first block into an element, the indentation taken off.
fn add_to(parser: &mut Parser<'_, '_>, target: ElId, indent: usize, blocks: &mut Blocks) {
    let block = pop(blocks);
    let (body, rest) = detab(&block, indent);
    if parser.tree.is(target, &["li", "dd"]) && !parser.tree.get(target).text.chunk.is_empty() {
        // The item is loose from here on. Python appends the paragraph behind what is there.
        let text: Slot = std::mem::take(&mut parser.tree.get_mut(target).text);
        let p = parser.element(target, "p", None);
        parser.tree.get_mut(p).text = text;
    }
    parser.parse_chunk(target, body);
    if !rest.is_empty() {
        blocks.push_front(rest);
    }
}

/// Adds an indented block to the last tab of the set above it.
fn continue_tab(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, alternate: bool) -> bool {
    let tree = &parser.tree;
    if !indented(blocks[0].text(), TAB) {
        return false;
    }
    let Some(set) = tree.last_child(parent).filter(|last| is_tab_set(tree, *last, alternate)) else { return false };
    let content = |set: ElId| {
        let last = tree.last_child(set);
        if alternate { last.and_then(|last| tree.last_child(last)) } else { last }
    };
    let class = if alternate { "tabbed-block" } else { "tabbed-content" };
    let Some((target, indent)) = descend(tree, set, content(set), blocks[0].text(), Some(class)) else { return false };
    let target = if is_tab_set(tree, target, alternate) { content(target).unwrap_or(target) } else { target };
    add_to(parser, target, indent, blocks);
    true
}
