//! Takes raw HTML blocks out of a page's text.
//!
//! Source of the rules: `HTMLExtractor` of Python-Markdown 3.11, and `HTMLExtractorExtra` of
//! `md_in_html`. A block begins with a block's tag at the start of a line and goes on to its own
//! end tag, whatever blank lines lie between; a mark takes its place. With `md_in_html`,
//! elements with a `markdown` attribute become elements of the tree whose text is parsed later.

use super::is_block_tag;
use super::open::{InlineTags, OpenTags};
use super::scan::{self, DeadEnds, StartTag};
use crate::markdown::engine::blocks::DEPTH_LIMIT;
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::page::Page;
use crate::markdown::tree::{Node, Raw};
use crate::text::Chunk;
use std::collections::BTreeMap;
use std::ops::Range;

/// What became of a page's text.
pub(crate) struct Extracted {
    /// The text with marks.
    pub(crate) text: Chunk,
    /// The elements of the page's tree that are parsed later, none of them below the root yet, by the
    /// numbers of their marks.
    pub(crate) elements: BTreeMap<usize, ElId>,
}

/// Takes raw HTML out of a text; `markdown_inside` where elements may hold Markdown.
pub(crate) fn extract_html(text: &Chunk, page: &mut Page<'_>, markdown_inside: bool) -> Extracted {
    let mut extractor = Extractor {
        raw: text.text(),
        text,
        page,
        at: 0,
        out: Chunk::default(),
        last_piece: 0,
        cache: Chunk::default(),
        in_raw: false,
        in_tail: false,
        stack: OpenTags::default(),
        inline: InlineTags::default(),
        raw_text: None,
        no_comment_end: false,
        dead_ends: DeadEnds::default(),
        absent: BTreeMap::new(),
        markdown_inside,
        open: Vec::new(),
        open_tags: OpenTags::default(),
        last: None,
        tree: Tree::new(),
        elements: BTreeMap::new(),
    };
    extractor.run();
    let Extractor { out, tree, elements, page, .. } = extractor;
    page.tree = tree;
    Extracted { text: out, elements }
}

/// How the content of an element is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Block,
    Span,
    Off,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Mode::Block => "block",
            Mode::Span => "span",
            Mode::Off => "off",
        }
    }
}

/// An element that is open, of those that become elements of the tree.
struct Open {
    tag: String,
    mode: Mode,
    /// Whether nothing but tags came since.
    started: bool,
    id: ElId,
}

struct Extractor<'c, 'p, 'a> {
    raw: &'c str,
    text: &'c Chunk,
    page: &'p mut Page<'a>,
    /// Where the construct in hand begins.
    at: usize,
    out: Chunk,
    /// Where the last piece of `out` begins.
    last_piece: usize,
    /// The raw block in hand (`_cache`).
    cache: Chunk,
    /// Whether a raw block is open (`inraw`): until its own end tag, blank lines and tags are part of it.
    in_raw: bool,
    /// Whether a raw block ended on this line and something follows it (`intail`). Python takes what follows
    /// for the start of a line, so that `</div><p>` begins another block; the next line end is the end of it.
    in_tail: bool,
    stack: OpenTags,
    inline: InlineTags,
    /// The element whose content is raw text: `script` or `style`.
    raw_text: Option<String>,
    /// Whether no comment ends any more.
    no_comment_end: bool,
    /// What is known of tags without an end.
    dead_ends: DeadEnds,
    /// From where on a mark does not stand in the text any more.
    absent: BTreeMap<&'static str, usize>,
    markdown_inside: bool,
    open: Vec<Open>,
    /// The tags of those.
    open_tags: OpenTags,
    /// The element that text belongs to, and whether it stands behind it.
    last: Option<(ElId, bool)>,
    tree: Tree,
    elements: BTreeMap<usize, ElId>,
}

/// Stands for the end of `<![CDATA[` among the marks that are not there.
const SECTION_END: &str = "]]>";

/// Tags whose content never is Markdown.
const RAW_TAGS: &[&str] = &["canvas", "math", "option", "pre", "script", "style", "textarea"];
/// Blocks whose content is one run of text.
const SPAN_TAGS: &[&str] =
    &["address", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "legend", "li", "p", "summary", "td", "th"];
/// Tags that never have an end tag.
const VOID_TAGS: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

impl Extractor<'_, '_, '_> {
    /// `HTMLParser.goahead`, with what is left over as text.
    fn run(&mut self) {
        let len = self.raw.len();
        let mut at = 0;
        let mut ending = false;
        while at < len {
            let next = match &self.raw_text {
                Some(tag) => scan::find_end_tag(self.raw, at, tag),
                None => Some(self.raw[at..].find(['<', '&']).map_or(len, |found| at + found)),
            };
            let Some(next) = next else { break };
            if at < next {
                self.data(self.text.slice(at..next));
            }
            at = next;
            self.at = at;
            if at == len {
                break;
            }
            let rest = &self.raw[at..];
            if rest.starts_with('<') {
                at = match self.markup(at) {
                    Some(end) => end,
                    None => {
                        let end = self.broken_end(at);
                        self.data(self.text.slice(at..end));
                        end
                    }
                };
            } else if rest.starts_with("&#") {
                if let Some(digits) = scan::char_reference_len(rest) {
                    let closed = rest[digits..].starts_with(';');
                    let mut reference = self.text.slice(at..at + digits + usize::from(closed));
                    if !closed {
                        reference.push_synthetic(";", self.text.span(at..at + digits));
                    }
                    at += digits + usize::from(closed);
                    self.empty_tag(reference, false);
                } else {
                    // Python's parser stops at a reference that it cannot read, goes on once as it
                    // closes, and takes all else as text.
                    if rest.contains(';') {
                        self.data(self.text.slice(at..at + 2));
                        at += 2;
                    } else {
                        ending = true;
                    }
                    if std::mem::replace(&mut ending, true) {
                        break;
                    }
                }
            } else if let Some(reference) = scan::entity_len(rest) {
                self.empty_tag(self.text.slice(at..at + reference), false);
                at += reference;
            } else {
                self.data(self.text.slice(at..at + 1));
                at += 1;
            }
        }
        self.at = len;
        if at < len {
            self.data(self.text.slice(at..len));
        }
        if !self.cache.is_empty() {
            self.flush_cache();
        }
        if let Some(outermost) = self.open.first() {
            let tag = outermost.tag.clone();
            self.end_tag(&tag, 0);
        }
    }

    /// Finds a mark at or after a place; that there is none is found out once.
    fn find(&mut self, mark: &'static str, from: usize) -> Option<usize> {
        if self.absent.get(mark).is_some_and(|absent| from >= *absent) {
            return None;
        }
        let found = self.raw[from..].find(mark).map(|found| from + found);
        if found.is_none() {
            self.absent.insert(mark, from);
        }
        found
    }

    /// Where text ends that looked like markup but has no end.
    fn broken_end(&mut self, at: usize) -> usize {
        match self.find(">", at + 1) {
            Some(end) => end + 1,
            None => self.find("<", at + 1).unwrap_or(at + 1),
        }
    }

    /// Reads what begins with `<`; `None` where it has no end.
    fn markup(&mut self, at: usize) -> Option<usize> {
        let rest = &self.raw[at..];
        let letter_at = |offset: usize| rest.as_bytes().get(offset).is_some_and(u8::is_ascii_alphabetic);
        if letter_at(1) {
            Some(self.start_tag_at(at))
        } else if rest.starts_with("</>") {
            self.data(self.text.slice(at..at + 3));
            Some(at + 3)
        } else if rest.starts_with("</") {
            Some(self.end_tag_at(at, letter_at(2)))
        } else if rest.starts_with("<!--") {
            Some(self.comment_at(at))
        } else if rest.starts_with("<?") {
            self.instruction_at(at)
        } else if rest.starts_with("<!") {
            self.declaration_at(at)
        } else {
            self.data(self.text.slice(at..at + 1));
            Some(at + 1)
        }
    }

    fn start_tag_at(&mut self, at: usize) -> usize {
        let Some(StartTag { end, tag, attrs, empty }) = scan::start_tag(self.raw, at, &mut self.dead_ends) else {
            self.data(self.text.slice(at..at + 1));
            return at + 1;
        };
        let text = self.text.slice(at..end);
        let Some(tag) = tag else {
            self.data(text);
            return end;
        };
        if empty {
            self.start_end_tag(&tag, &attrs, text);
            return end;
        }
        if matches!(tag.as_str(), "script" | "style") {
            self.raw_text = Some(tag.clone());
        }
        if self.markdown_inside {
            self.start_tag_markdown(&tag, attrs, text);
        } else {
            self.start_tag(&tag, text);
        }
        end
    }

    /// `HTMLExtractor.handle_starttag`.
    fn start_tag(&mut self, tag: &str, text: Chunk) {
        if tag == "hr" {
            self.empty_tag(text, true);
            return;
        }
        if is_block_tag(tag) && (self.in_tail || (self.at_line_start() && !self.in_raw)) {
            self.in_raw = true;
            self.piece_text("\n");
        }
        if self.in_raw {
            self.stack.push(tag);
            self.cache.push(&text);
        } else {
            self.piece(&text);
            self.open_inline(tag);
        }
    }

    fn open_inline(&mut self, tag: &str) {
        if !is_block_tag(tag) && !VOID_TAGS.contains(&tag) {
            self.inline.push(tag);
        }
        // A tag in a line of text, perhaps in a code span: what follows is no raw text.
        if matches!(tag, "script" | "style") {
            self.raw_text = None;
        }
    }

    fn start_end_tag(&mut self, tag: &str, attrs: &[(String, Option<String>)], text: Chunk) {
        let data = if self.markdown_inside && tag == "hr" { without_markdown(tag, attrs, text) } else { text };
        self.empty_tag(data, is_block_tag(tag));
    }

    fn end_tag_at(&mut self, at: usize, letter: bool) -> usize {
        let close = if letter { self.find(">", at + 1).map(|found| found + 1) } else { None };
        let Some(close) = close else {
            self.data(self.text.slice(at..at + 2));
            return at + 2;
        };
        let Some(tag) = scan::end_tag_name(self.raw, at) else {
            if self.raw_text.is_some() {
                self.data(self.text.slice(at..close));
                return close;
            }
            let name = &self.raw[at + 2..];
            let len = name.find(['\t', '\n', '\r', '\x0c', ' ', '/', '>', '\0']).unwrap_or(name.len());
            let tag = name[..len].to_lowercase();
            self.end_tag(&tag, close - at);
            return close;
        };
        if self.raw_text.as_ref().is_some_and(|open| *open != tag) {
            self.data(self.text.slice(at..close));
            return close;
        }
        self.end_tag(&tag, close - at);
        self.raw_text = None;
        close
    }

    /// Handles an end tag of `len` bytes at the place in hand.
    fn end_tag(&mut self, tag: &str, len: usize) {
        let text = self.text.slice(self.at..self.at + len);
        if self.markdown_inside && !self.in_raw {
            self.end_tag_markdown(tag, text);
        } else {
            self.end_tag_plain(tag, text);
        }
    }

    /// `HTMLExtractor.handle_endtag`.
    fn end_tag_plain(&mut self, tag: &str, text: Chunk) {
        if !self.in_raw {
            self.piece(&text);
            self.inline.close(tag);
            return;
        }
        self.cache.push(&text);
        self.stack.close(tag);
        if !self.stack.is_empty() {
            return;
        }
        if scan::starts_blank(&self.raw[self.at + text.len()..]) {
            let near = self.text.span(self.at..self.at + text.len()).end_point();
            self.cache.push_synthetic("\n", near);
        } else {
            self.in_tail = true;
        }
        self.in_raw = false;
        self.flush_cache();
        self.piece_text("\n\n");
    }

    fn flush_cache(&mut self) {
        let cache = std::mem::take(&mut self.cache);
        let mark = self.store(&cache);
        self.piece(&mark);
    }

    fn comment_at(&mut self, at: usize) -> usize {
        let found = if self.no_comment_end { None } else { find_comment_end(&self.raw[at + 4..]) };
        let Some(close) = found else {
            self.no_comment_end = true;
            self.data(self.text.slice(at..at + 1));
            return at + 1;
        };
        let inner = at + 4..at + 4 + close.start;
        let end = at + 4 + close.end;
        let mut text = self.text.slice(at..inner.end);
        if close.len() == 3 {
            text.push_slice(self.text, inner.end..end);
        } else {
            text.push_synthetic("-->", self.text.span(inner.end..end));
        }
        let block = scan::find_blank_line(&self.raw[inner]).is_some() || !self.inline.close_follows(self.raw, end);
        self.empty_tag(text, block);
        end
    }

    fn instruction_at(&mut self, at: usize) -> Option<usize> {
        if !self.may_start_block() {
            self.data(self.text.slice(at..at + 2));
            return Some(at + 2);
        }
        let end = self.find("?>", at + 2)? + 2;
        self.empty_tag(self.text.slice(at..end), true);
        Some(end)
    }

    fn declaration_at(&mut self, at: usize) -> Option<usize> {
        if !self.may_start_block() {
            self.data(self.text.slice(at..at + 2));
            return Some(at + 2);
        }
        let rest = &self.raw[at..];
        let section = rest.starts_with("<![");
        if rest.starts_with("<![CDATA[") {
            let absent = self.absent.get(SECTION_END).is_some_and(|absent| at >= *absent);
            let found = if absent { None } else { find_section_end(rest) };
            if found.is_none() {
                self.absent.entry(SECTION_END).or_insert(at);
            }
            let end = at + found?;
            self.empty_tag(self.text.slice(at..end), true);
            return Some(end);
        }
        let Some(close) = self.find(">", at + 2).map(|found| found + 1) else {
            if !section {
                return None;
            }
            self.data(self.text.slice(at..at + 1));
            return Some(at + 1);
        };
        let doctype = rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
        self.empty_tag(self.text.slice(at..close), doctype);
        Some(close)
    }

    fn may_start_block(&self) -> bool {
        self.at_line_start() || self.in_tail || !self.open.is_empty()
    }

    /// `handle_data`. The same data may come in several calls, cut wherever Python's parser cuts it, because
    /// a line end in one of them ends the tail.
    fn data(&mut self, data: Chunk) {
        if self.in_tail && data.text().contains('\n') {
            self.in_tail = false;
        }
        if self.in_raw {
            self.cache.push(&data);
        } else if let Some(open) = self.open.last_mut() {
            open.started = false;
            self.build_text(&data);
        } else {
            // A blank line ends the paragraph, and with it the reach of inline tags.
            if scan::find_blank_line(data.text()).is_some() {
                self.inline.clear();
            }
            self.piece(&data);
        }
    }

    /// `handle_empty_tag`.
    fn empty_tag(&mut self, data: Chunk, block: bool) {
        if !self.in_raw && !self.open.is_empty() {
            if self.at_line_start() && block {
                let mark = self.store(&data);
                let near = self.text.span(self.at..self.at + 1);
                let mut text = Chunk::synthetic("\n", near);
                text.push(&mark);
                text.push_synthetic("\n\n", near);
                self.data(text);
            } else if self.mode_is_off() {
                let mark = self.store(&data);
                self.data(mark);
            } else {
                self.data(data);
            }
            return;
        }
        if self.in_raw || self.in_tail {
            self.cache.push(&data);
        } else if self.at_line_start() && block {
            let mut data = data;
            let near = self.text.span(self.at..self.at + 1);
            if scan::starts_blank(self.raw.get(self.at + data.len()..).unwrap_or_default()) {
                data.push_synthetic("\n", near);
            } else {
                self.in_tail = true;
            }
            self.separate();
            let mark = self.store(&data);
            self.piece(&mark);
            self.piece_text("\n\n");
        } else {
            self.piece(&data);
        }
    }

    /// Makes the blank line before a block complete where the last piece ends in one line end.
    fn separate(&mut self) {
        let last = &self.out.text()[self.last_piece..];
        if last.ends_with('\n') && !last.ends_with("\n\n") {
            self.piece_text("\n");
        }
    }

    /// Tells whether the place in hand is the start of a line, indented by three spaces at most.
    fn at_line_start(&self) -> bool {
        let mut before = self.raw[..self.at].chars().rev();
        for _ in 0..4 {
            match before.next() {
                None | Some('\n') => return true,
                Some(ch) if ch.is_whitespace() => {}
                Some(_) => return false,
            }
        }
        false
    }

    /// Appends a piece to the text.
    fn piece(&mut self, piece: &Chunk) {
        self.last_piece = self.out.len();
        self.out.push(piece);
    }

    fn piece_text(&mut self, text: &str) {
        let near = self.text.span(self.at..self.at);
        self.piece(&Chunk::synthetic(text, near));
    }

    /// Keeps raw HTML and returns its mark.
    fn store(&mut self, html: &Chunk) -> Chunk {
        let span = html.whole_span().unwrap_or(self.page.start());
        let raw = Raw { html: html.text().to_owned(), span, block: true };
        Chunk::synthetic(&self.page.stash.put(Node::Raw(raw)), span)
    }

    // ── md_in_html ──────────────────────────────────────────────────────────

    fn mode_is_off(&self) -> bool {
        self.open.last().is_some_and(|open| open.mode == Mode::Off)
    }

    /// `HTMLExtractorExtra.handle_starttag`.
    fn start_tag_markdown(&mut self, tag: &str, attrs: Vec<(String, Option<String>)>, text: Chunk) {
        let line_start = self.at_line_start();
        if tag == "hr" && (line_start || self.in_tail) {
            self.empty_tag(without_markdown(tag, &attrs, text), true);
            return;
        }
        let started = self.open.last().is_some_and(|open| open.started);
        if is_block_tag(tag) && (line_start || self.in_tail || started) {
            let mode = self.mode_of(tag, &attrs);
            if self.in_raw || (mode == Mode::Off && self.open.is_empty()) {
                self.start_tag(tag, text);
                return;
            }
            if self.open_tags.contains("p") {
                self.end_tag("p", 0);
            }
            if self.open.len() < DEPTH_LIMIT {
                self.open_element(tag, mode, attrs, &text);
            } else {
                let mark = self.store(&text);
                self.data(mark);
            }
        } else if self.in_raw {
            self.start_tag(tag, text);
        } else {
            if self.mode_is_off() {
                let mark = self.store(&text);
                self.data(mark);
            } else {
                self.data(text);
            }
            self.open_inline(tag);
        }
    }

    /// How an element's content is read, from its tag, its attribute and its parent.
    fn mode_of(&self, tag: &str, attrs: &[(String, Option<String>)]) -> Mode {
        let wish = attrs
            .iter()
            .rev()
            .find(|(name, _)| name == "markdown")
            .map(|(_, value)| value.as_deref().unwrap_or("markdown"));
        let wish = match wish {
            Some("markdown") => "1",
            Some(wish) => wish,
            None => "0",
        };
        let parent = self.open.last().map(|open| open.mode);
        let wish = match parent {
            Some(Mode::Off) => "off",
            Some(Mode::Span) if wish != "0" => "span",
            _ => wish,
        };
        let span = SPAN_TAGS.contains(&tag);
        let block = is_block_tag(tag) && !span && !RAW_TAGS.contains(&tag) && tag != "hr";
        match wish {
            "1" if block => Mode::Block,
            "block" if block || span => Mode::Block,
            "1" if span => Mode::Span,
            "span" if block || span => Mode::Span,
            _ => Mode::Off,
        }
    }

    fn open_element(&mut self, tag: &str, mode: Mode, attrs: Vec<(String, Option<String>)>, text: &Chunk) {
        let id = match self.open.last() {
            Some(parent) => self.tree.append(parent.id, tag.to_owned()),
            None => self.tree.detached(tag.to_owned()),
        };
        let el = self.tree.get_mut(id);
        el.span = text.whole_span();
        for (name, value) in attrs {
            let value = value.unwrap_or_else(|| name.clone());
            el.attrs.set(name, value);
        }
        el.attrs.set("markdown", mode.name());
        self.open_tags.push(tag);
        self.open.push(Open { tag: tag.to_owned(), mode, started: true, id });
        self.last = Some((id, false));
    }

    fn build_text(&mut self, data: &Chunk) {
        let Some((id, behind)) = self.last else { return };
        let el = self.tree.get_mut(id);
        if behind { el.tail.chunk.push(data) } else { el.text.chunk.push(data) }
    }

    /// `HTMLExtractorExtra.handle_endtag`, outside raw blocks.
    fn end_tag_markdown(&mut self, tag: &str, text: Chunk) {
        if is_block_tag(tag) && self.open_tags.contains(tag) {
            self.open_tags.close(tag);
            let mut closed = None;
            while let Some(open) = self.open.pop() {
                self.last = Some((open.id, true));
                closed = Some(open.id);
                if open.tag == tag {
                    break;
                }
            }
            if let Some(id) = closed.filter(|_| self.open.is_empty()) {
                self.close_outermost(id, &text);
            }
            return;
        }
        if self.mode_is_off() {
            let mark = self.store(&text);
            self.data(mark);
        } else {
            self.data(text);
        }
        if !is_block_tag(tag) {
            self.inline.close(tag);
        }
    }

    fn close_outermost(&mut self, id: ElId, text: &Chunk) {
        self.last = None;
        self.separate();
        self.flatten(id);
        let mark = self.store_element(id);
        self.piece(&mark);
        self.piece_text("\n\n");
        if !scan::starts_blank(&self.raw[self.at + text.len()..]) {
            self.in_tail = true;
        }
    }

    fn store_element(&mut self, id: ElId) -> Chunk {
        let span = self.tree.get(id).span.unwrap_or(self.page.start());
        let mark = self.page.stash.put(Node::Raw(Raw { html: String::new(), span, block: true }));
        let number = self.page.stash.len() - 1;
        self.elements.insert(number, id);
        Chunk::synthetic(&mark, span)
    }

    /// Puts marks into the text for the elements in it, so that blocks are parsed inside as
    /// they are outside.
    fn flatten(&mut self, outermost: ElId) {
        let mut queue = std::collections::VecDeque::from([outermost]);
        while let Some(current) = queue.pop_front() {
            for child in std::mem::take(&mut self.tree.get_mut(current).children) {
                let near = self.tree.get(child).span.unwrap_or(self.page.start());
                let text = std::mem::take(&mut self.tree.get_mut(current).text.chunk);
                let tail = std::mem::take(&mut self.tree.get_mut(child).tail.chunk);
                let mut joined = text;
                if !joined.text().ends_with("\n\n") {
                    joined.truncate(joined.text().trim_end_matches('\n').len());
                    joined.push_synthetic("\n\n", near);
                }
                let parsed = matches!(self.tree.get(child).attrs.get("markdown"), Some("block" | "span"));
                if parsed {
                    queue.push_back(child);
                } else {
                    for id in self.tree.ids_in_order(child) {
                        self.tree.get_mut(id).attrs.remove("markdown");
                    }
                }
                let mark = self.store_element(child);
                joined.push(&mark);
                if tail.text() == "\n" {
                    joined.push(&tail);
                } else {
                    joined.push_synthetic("\n", near);
                    joined.push_slice(&tail, 0..tail.text().trim_end_matches('\n').len());
                }
                self.tree.get_mut(current).text.chunk = joined;
            }
        }
    }
}

/// Finds `-->` or `--!>`.
fn find_comment_end(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    loop {
        at += text[at..].find("--")?;
        let rest = &text[at + 2..];
        if rest.starts_with('>') {
            return Some(at..at + 3);
        }
        if rest.starts_with("!>") {
            return Some(at..at + 4);
        }
        at += 1;
    }
}

/// Finds the end of `<![CDATA[…]]>`, white space allowed between the three.
fn find_section_end(text: &str) -> Option<usize> {
    let mut at = 3;
    loop {
        at += text[at..].find(']')? + 1;
        let rest = text[at..].trim_start();
        if let Some(rest) = rest.strip_prefix(']')
            && let Some(rest) = rest.trim_start().strip_prefix('>')
        {
            return Some(text.len() - rest.len());
        }
    }
}

/// Writes an empty tag anew without its `markdown` attribute, where it has one.
fn without_markdown(tag: &str, attrs: &[(String, Option<String>)], text: Chunk) -> Chunk {
    if !attrs.iter().any(|(name, _)| name == "markdown") {
        return text;
    }
    let mut html = format!("<{tag}");
    for (name, value) in attrs.iter().filter(|(name, _)| name != "markdown") {
        let value = value.as_deref().unwrap_or(name).replace('&', "&amp;").replace('"', "&quot;");
        html.push_str(&format!(" {name}=\"{value}\""));
    }
    html.push('>');
    let span = text.whole_span();
    span.map_or(text, |span| Chunk::synthetic(&html, span))
}
