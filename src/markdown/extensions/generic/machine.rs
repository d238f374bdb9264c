//! How generic blocks are found and given their content.
//!
//! Source of the rules: `pymdownx/blocks/__init__.py` and `block.py`. A block stays open over blank lines
//! until its end marker; until then it takes every block that its parent is offered. Knows no kind of block.

use super::css::is_identifier;
use crate::markdown::engine::blocks::leaf::pop;
use crate::markdown::engine::blocks::lines::{TAB, blank, detab, leading_spaces, line_ranges, loose_detab, newline};
use crate::markdown::engine::blocks::tree::{ElId, Slot, Tree};
use crate::markdown::engine::blocks::{Block, Blocks, DEPTH_LIMIT, Parser, Search, State};
use crate::markdown::engine::html::is_block_tag;
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::fences::lifted::revert_fences;
use crate::markdown::tree::Attrs;
use crate::text::{Chunk, Span, yaml};
use regex::Regex;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

static START: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[ ]{0,3}(/{3,})[ ]*([\w-]+)[ ]*(?:\|[ ]*(.*?)[ ]*)?$").expect("the expression is valid")
});

/// A kind of block, which an extension has.
pub(in crate::markdown::extensions) trait Kind: Send + Sync {
    /// Tells whether blocks of a name are of this kind.
    fn has(&self, name: &str) -> bool;

    /// Reads the head of a block; `None` where it is no block after all.
    fn read(&self, head: &Head<'_>) -> Option<Read>;
}

/// The head of a block.
pub(in crate::markdown::extensions) struct Head<'h> {
    /// The name in lower case.
    pub(in crate::markdown::extensions) name: &'h str,
    /// What stands behind the `|`.
    pub(in crate::markdown::extensions) argument: Option<&'h Chunk>,
    /// The options below it as written.
    options: Option<&'h yaml::Node>,
}

/// A block whose head is valid: the attributes that its options give it, and what it is.
pub(in crate::markdown::extensions) type Read = (Attrs, Box<dyn OpenBlock>);

/// A block that is open.
pub(in crate::markdown::extensions) trait OpenBlock {
    /// Makes the element (`on_create`).
    fn create(&mut self, parser: &mut Parser<'_, '_>, parent: ElId, span: Span) -> ElId;

    /// Returns the element that content goes into (`on_add`).
    fn content(&self, _: &Tree, el: ElId) -> Option<ElId> {
        Some(el)
    }

    /// Returns how content is added (`on_markdown`).
    fn mode(&self) -> Mode {
        Mode::Auto
    }

    /// Does what is done at the end (`on_end`).
    fn end(&self, _: &mut Parser<'_, '_>, _: ElId) {}
}

/// How content is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::markdown::extensions) enum Mode {
    /// As the tag wants it.
    Auto,
    /// As blocks.
    Block,
    /// As one run of text.
    Inline,
    /// As it is.
    Raw,
    /// As it is, and not even escaped.
    Html,
}

impl Head<'_> {
    /// Returns the argument, where there is one that is not empty.
    pub(in crate::markdown::extensions) fn given(&self) -> Option<&Chunk> {
        self.argument.filter(|argument| !argument.is_empty())
    }

    /// Returns an option as written.
    pub(in crate::markdown::extensions) fn option(&self, name: &str) -> Option<&yaml::Node> {
        self.options.and_then(|options| options.get(name))
    }

    /// Reads a truth value, false where it is not given; `None` where it is another value.
    pub(in crate::markdown::extensions) fn truth(&self, name: &str) -> Option<bool> {
        self.option(name).map_or(Some(false), yaml::Node::as_bool)
    }

    /// Reads `attrs` and refuses options that the block does not have.
    pub(in crate::markdown::extensions) fn attrs(&self, known: &[&str]) -> Option<Attrs> {
        let mut attrs = Attrs::default();
        for (name, value) in self.options.and_then(yaml::Node::as_map).unwrap_or_default() {
            let name = name.as_str()?;
            if known.contains(&name) {
                continue;
            }
            if name != "attrs" {
                return None;
            }
            for (name, value) in value.as_map()? {
                let name = name.as_str().filter(|name| is_identifier(name))?;
                let value = value.as_str()?;
                match name.to_lowercase().as_str() {
                    "class" => {
                        let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
                        if !words.iter().all(|word| is_identifier(word)) {
                            return None;
                        }
                        attrs.set("class", words.join(" "));
                    }
                    "id" if is_identifier(value) => attrs.set("id", value),
                    "id" => return None,
                    _ => attrs.set(name.to_owned(), value),
                }
            }
        }
        Some(attrs)
    }
}

/// The kinds of a dialect.
#[derive(Clone, Default)]
struct Kinds(Vec<Arc<dyn Kind>>);

/// Adds a kind of block; with the first comes the rule that finds them.
pub(in crate::markdown::extensions) fn add(rules: &mut Rules, kind: Arc<dyn Kind>) {
    let kinds = rules.shared::<Kinds>();
    kinds.0.push(kind);
    let kinds = kinds.clone();
    let searches = Searches { start: rules.search(), refused: rules.search() };
    rules.blocks.register(
        "blocks",
        89.99,
        Box::new(move |parser, parent, blocks| generic(&kinds, parser, parent, blocks, searches)),
    );
}

/// What is looked for in blocks.
#[derive(Clone, Copy)]
struct Searches {
    start: Search,
    refused: Search,
}

/// The blocks of a page that are open, the innermost last.
#[derive(Default)]
struct OpenBlocks(Vec<Entry>);

/// A block that is open.
struct Entry {
    block: Box<dyn OpenBlock>,
    /// How many slashes its end needs.
    length: usize,
    el: ElId,
    parent: ElId,
    /// Whether it waits for more.
    hungry: bool,
}

/// The open blocks.
fn open<'s>(parser: &'s mut Parser<'_, '_>) -> &'s mut Vec<Entry> {
    &mut parser.page.state::<OpenBlocks>().0
}

/// Begins a block, or goes on with one that is open.
fn generic(kinds: &Kinds, parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, searches: Searches) -> bool {
    if let Some(waiting) = hungry_parent(parser, parent) {
        let place = open(parser).iter().position(|entry| entry.hungry && entry.parent == waiting);
        if let Some(place) = place {
            capture_leaked(parser, waiting, place);
            open(parser)[place].hungry = false;
            feed(parser, blocks, waiting, None);
            return true;
        }
    }
    begin(kinds, parser, parent, blocks, searches)
}

/// Finds the parent of the innermost open block, along the last children.
fn hungry_parent(parser: &Parser<'_, '_>, parent: ElId) -> Option<ElId> {
    let innermost = parser.page.known_state::<OpenBlocks>()?.0.last().filter(|entry| entry.hungry)?;
    let mut at = Some(parent);
    while let Some(id) = at {
        if innermost.parent == id {
            return Some(id);
        }
        at = parser.tree.last_child(id);
    }
    None
}

/// Pulls content back that an indented admonition, details or tab put beside an open block.
fn capture_leaked(parser: &mut Parser<'_, '_>, parent: ElId, place: usize) {
    let entry = &parser.page.state::<OpenBlocks>().0[place];
    if let Some(last) = parser.tree.last_child(parent).filter(|last| *last != entry.el)
        && let Some(target) = entry.block.content(&parser.tree, entry.el)
    {
        parser.tree.get_mut(parent).children.pop();
        parser.tree.get_mut(target).children.push(last);
    }
}

fn begin(kinds: &Kinds, parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, searches: Searches) -> bool {
    let block = blocks[0].clone();
    let Some(line) = block.find_line(searches.start, |line| is_start(&block.text()[line.clone()]).then_some(line))
    else {
        return false;
    };
    if block.refused(searches.refused, line.start) {
        return false;
    }
    let Some(Begun { read: (attrs, mut opened), length, header_end }) = read_head(kinds, parser, &block, line.clone())
    else {
        block.refuse(searches.refused, line.start);
        return false;
    };
    if line.start > 1 {
        parser.parse_block(parent, block.part(0..line.start - 1));
    }
    let parent = hungry_parent(parser, parent).unwrap_or(parent);
    pop(blocks);
    // A tight item becomes loose.
    if parser.tree.is(parent, &["li", "dd"]) && !parser.tree.get(parent).text.chunk.is_empty() {
        let text: Slot = std::mem::take(&mut parser.tree.get_mut(parent).text);
        let p = parser.element(parent, "p", None);
        parser.tree.get_mut(p).text = text;
    }
    let el = opened.create(parser, parent, block.span(line.clone()));
    let own = parser.attrs(el);
    for (name, value) in attrs.iter() {
        if name == "class" { own.add_class(value) } else { own.set(name.to_owned(), value) }
    }
    open(parser).push(Entry { block: opened, length, el, parent, hungry: false });
    let below = block.part((line.end + 1).min(block.len())..block.len());
    match find_end(&below, length) {
        Some(end) => {
            let cut = end.start.saturating_sub(1);
            let body = below.part(header_end.min(cut)..cut);
            feed(parser, blocks, parent, Some((body, below.part(cut..below.len()))));
        }
        None => {
            let body = below.part(header_end..below.len());
            if !body.is_empty() {
                blocks.push_front(body);
            }
            feed(parser, blocks, parent, None);
        }
    }
    true
}

fn is_start(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with("///") && START.is_match(line)
}

/// What the head of a block says.
struct Begun {
    read: Read,
    /// How many slashes it has.
    length: usize,
    /// Where the options below it end.
    header_end: usize,
}

/// Reads a line that looks like a head, and the options below it; `None` where it is none after all.
fn read_head(kinds: &Kinds, parser: &mut Parser<'_, '_>, block: &Block, line: Range<usize>) -> Option<Begun> {
    let found = START.captures(&block.text()[line.clone()])?;
    let argument = found.get(3).map(|group| block.slice(line.start + group.start()..line.start + group.end()));
    let below = block.part((line.end + 1).min(block.len())..block.len());
    let (options, header_end) = read_options(&below)?;
    let name = found[2].to_lowercase();
    let head = Head { name: &name, argument: argument.as_ref(), options: options.as_ref() };
    let read = kinds.0.iter().find(|kind| kind.has(&name))?.read(&head)?;
    if open(parser).len() >= DEPTH_LIMIT {
        parser.report_depth(block.span(line));
        return None;
    }
    Some(Begun { read, length: found[1].len(), header_end })
}

/// Gives blocks to the open ones until their ends are found. Before them come, where a block begins,
/// its body and what follows from its end on; Python puts an empty line between these two.
fn feed(parser: &mut Parser<'_, '_>, blocks: &mut Blocks, parent: ElId, mut first: Option<(Block, Block)>) {
    while (first.is_some() || !blocks.is_empty()) && !open(parser).is_empty() {
        let n_items = if open(parser).len() > 1 { items_above(parser, parent) } else { 0 };
        let (block, tail) = match first.take() {
            Some((body, tail)) => (body, Some(tail)),
            None => (pop(blocks), None),
        };
        let (block, tail) =
            if n_items == 0 { (block, tail) } else { without_items(block, tail, n_items * TAB, blocks) };
        let entry = parser.page.state::<OpenBlocks>().0.last().expect("the loop's condition says so");
        let target = entry.block.content(&parser.tree, entry.el);
        let (inside, after) = match tail {
            Some(tail) => {
                let start = usize::from(tail.text().starts_with('\n'));
                let end = tail.text()[start..].find('\n').map_or(tail.len(), |len| start + len + 1);
                ((start > 0).then_some(block), Some(tail.part(end..tail.len())))
            }
            None => split_end(&block, entry.length),
        };
        let ended = after.is_some();
        if let Some(after) = after.filter(|after| !after.is_empty()) {
            blocks.push_front(after);
        }
        if let (Some(inside), Some(target)) = (inside, target) {
            add_content(parser, target, &inside);
        }
        if ended && let Some(entry) = open(parser).pop() {
            finish_raw(parser, &entry);
            entry.block.end(parser, entry.el);
        }
        if target.is_none() {
            break;
        }
    }
    if let Some(entry) = open(parser).last_mut() {
        entry.hungry = true;
    }
}

/// Takes the indentation of the items around a block off, and puts back what does not have it. A
/// block that does not have it at all is taken as it is.
fn without_items(block: Block, tail: Option<Block>, length: usize, blocks: &mut Blocks) -> (Block, Option<Block>) {
    let (mut body, rest) = detab(&block, length);
    match tail {
        tail if !rest.is_empty() && body.is_empty() => (rest, tail),
        Some(tail) if !rest.is_empty() => {
            // The empty line between them is to be seen from here on.
            let n_copies = block.n_copies() + 1;
            let mut joined = rest.chunk();
            if n_copies <= DEPTH_LIMIT {
                newline(&mut joined, &rest);
            }
            tail.push_to(&mut joined, 0..tail.len());
            blocks.push_front(Block::copied(joined, n_copies));
            (Block::of(body), None)
        }
        Some(tail) if tail.text().starts_with('\n') => {
            newline(&mut body, &tail);
            blocks.push_front(tail.part(1..tail.len()));
            (Block::of(body), None)
        }
        Some(tail) => (tail, None),
        None => {
            if !rest.is_empty() {
                blocks.push_front(rest);
            }
            (Block::of(body), None)
        }
    }
}

/// Counts the items between an element and the innermost open block in it.
fn items_above(parser: &Parser<'_, '_>, parent: ElId) -> usize {
    let el = parser.page.known_state::<OpenBlocks>().and_then(|open| open.0.last()).map(|entry| entry.el);
    let mut n_items = 0;
    let mut at = Some(parent);
    while let Some(id) = at {
        if Some(id) == el {
            return n_items;
        }
        n_items += usize::from(parser.tree.is(id, &["li", "dd"]));
        at = parser.tree.last_child(id);
    }
    0
}

/// Adds text to an open block, as blocks or as it is.
fn add_content(parser: &mut Parser<'_, '_>, target: ElId, text: &Block) {
    let mode = open(parser).last().expect("content is added to an open block").block.mode();
    let tag = parser.tree.tag(target).to_owned();
    let is_block = mode == Mode::Block || mode == Mode::Auto && is_block_container(&tag);
    if is_block {
        parser.within(State::Blocks, |parser| parser.parse_chunk(target, text.chunk()));
        return;
    }
    let atomic = mode == Mode::Raw || mode == Mode::Auto && is_raw(&tag);
    let text = Block::of(revert_fences(text.chunk(), parser.page)).strip_newlines(true, true).chunk();
    let last = parser.tree.last_child(target);
    let slot = match last {
        Some(last) => &mut parser.tree.get_mut(last).tail,
        None => &mut parser.tree.get_mut(target).text,
    };
    if let Some(span) = slot.chunk.whole_span().filter(|_| !text.is_empty()) {
        slot.chunk.push_synthetic("\n\n", span.end_point());
    }
    slot.chunk.push(&text);
    slot.atomic = atomic;
}

/// Tags whose content is never parsed.
pub(super) fn is_raw(tag: &str) -> bool {
    matches!(tag, "canvas" | "math" | "option" | "pre" | "script" | "style" | "textarea" | "code")
}

/// Tags whose content is parsed as blocks.
fn is_block_container(tag: &str) -> bool {
    const SPANS: &[&str] =
        &["address", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "legend", "li", "p", "summary", "td", "th"];
    is_block_tag(tag) && !SPANS.contains(&tag) && !is_raw(tag) && tag != "hr"
}

/// Takes the common indentation off text that stays as it is.
fn finish_raw(parser: &mut Parser<'_, '_>, entry: &Entry) {
    let Some(target) = entry.block.content(&parser.tree, entry.el) else { return };
    let mode = entry.block.mode();
    if mode == Mode::Raw || mode == Mode::Auto && is_raw(parser.tree.tag(target)) {
        let text = std::mem::take(&mut parser.tree.get_mut(target).text.chunk);
        let common = text.lines().filter(|line| !blank(line.text)).map(|line| leading_spaces(line.text)).min();
        let chunk = loose_detab(&Block::of(text), common.unwrap_or(0).min(TAB));
        parser.tree.get_mut(target).text = Slot { chunk, atomic: true };
    }
}

/// Looks for a block's end: the text before it, and the text behind it where it is there.
fn split_end(block: &Block, length: usize) -> (Option<Block>, Option<Block>) {
    let Some(end) = find_end(block, length) else { return (Some(block.clone()), None) };
    let before = (end.start > 1).then(|| block.part(0..end.start - 1));
    (before, Some(block.part((end.end + 1).min(block.len())..block.len())))
}

/// Finds the first line of so many slashes.
fn find_end(block: &Block, length: usize) -> Option<Range<usize>> {
    line_ranges(block.text()).find(|line| {
        let body = block.text()[line.clone()].trim_end_matches(' ');
        let indent = leading_spaces(body);
        indent <= 3 && body.len() - indent == length && body[indent..].bytes().all(|byte| byte == b'/')
    })
}

/// Reads the options on top of the text below a head, and tells where they end; `None` where they
/// are no mapping.
fn read_options(below: &Block) -> Option<(Option<yaml::Node>, usize)> {
    let option_line = |line: &Range<usize>| {
        let line = &below.text()[line.clone()];
        leading_spaces(line) >= TAB && !blank(line)
    };
    let mut end = None;
    let mut common = usize::MAX;
    for line in line_ranges(below.text()).take_while(option_line) {
        common = common.min(leading_spaces(&below.text()[line.clone()]));
        end = Some(line.end);
    }
    let Some(end) = end else { return Some((None, 0)) };
    let root = yaml::parse(&loose_detab(&below.part(0..end), common)).ok()?.root;
    if !root.is_null() {
        root.as_map()?;
    }
    Some((Some(root), (end + 1).min(below.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Source};

    fn block(text: &str) -> Block {
        Block::of(Chunk::of(&Source::new(SitePath::new("a.md"), text)))
    }

    #[test]
    fn ends_need_as_many_slashes() {
        assert_eq!(find_end(&block("a\n////\nb\n///"), 3), Some(9..12));
        assert!(find_end(&block("a ///"), 3).is_none());
    }

    #[test]
    fn options_are_indented_by_four() {
        let (options, end) = read_options(&block("    open: true\ntext\n///")).expect("options that are a mapping");
        assert_eq!(options.and_then(|options| options.get("open").and_then(yaml::Node::as_bool)), Some(true));
        assert_eq!(end, 15);
    }
}
