//! The `commonmark` dialect: CommonMark and GitHub's extensions by pulldown-cmark.
//!
//! Owns how pulldown-cmark's events become the same tree that the `mkdocs` dialect makes: tables,
//! strikethrough, task lists, footnotes, heading attributes and GitHub's alerts. Ids of headings and
//! the table of contents are the `toc` extension's, so that one site has one kind of deep link.
//!
//! Does not know Python-Markdown's rules.

use super::engine::page::Page;
use super::entities;
use super::extensions::extension::Extension;
use super::extensions::toc;
use super::options::OptionReader;
use super::tree::{Attrs, CodeBlock, CodeSpan, CodeStyle, Element, HighlightStyle, Node, Raw, plain_text};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::{Chunk, Span, Spanned};
use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};
use std::collections::BTreeMap;
use std::ops::Range;

/// How deep blocks and inline elements nest; what lies deeper keeps its content and loses its
/// containers.
const MAX_DEPTH: usize = 100;

/// Parses a page's body, the front matter cut off.
pub(crate) fn parse_commonmark(body: &Chunk, page: &mut Page<'_>) -> Vec<Node> {
    let mut options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    options |= Options::ENABLE_TASKLISTS | Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_GFM;
    let root = body.whole_span().unwrap_or(page.start());
    let mut builder = Builder {
        body,
        page,
        stack: vec![Open { element: Element::new("", root), kind: OpenKind::Other, alt: false }],
        skipped: 0,
        n_code_blocks: 0,
        code: None,
        html: None,
        cells: Vec::new(),
        in_head: false,
        notes: Notes::default(),
    };
    for (event, range) in Parser::new_ext(body.text(), options).into_offset_iter() {
        builder.event(event, range);
    }
    let mut nodes = builder.finish();
    let mut nothing = Diagnostics::new();
    let options = toc::Options::read(&mut OptionReader::new("toc", None, &mut nothing));
    let start = page.start();
    let options = toc::Options { marker: String::new(), ..options };
    page.toc = toc::apply(&mut nodes, &options, start);
    nodes
}

struct Builder<'b, 'p, 'a> {
    body: &'b Chunk,
    page: &'p mut Page<'a>,
    stack: Vec<Open>,
    /// How many containers are open that lie too deep to be kept.
    skipped: usize,
    n_code_blocks: usize,
    code: Option<OpenCode>,
    /// The raw HTML of a block.
    html: Option<(String, Range<usize>)>,
    /// How the columns of a table are aligned, and which column is next.
    cells: Vec<Alignment>,
    in_head: bool,
    notes: Notes,
}

/// An element whose end has not come.
struct Open {
    element: Element,
    kind: OpenKind,
    /// Whether its text is the text of an image.
    alt: bool,
}

enum OpenKind {
    Other,
    Note(String),
}

struct OpenCode {
    range: Range<usize>,
    info: Option<String>,
    code: Chunk,
}

/// Footnotes: numbers in order of first use.
#[derive(Default)]
struct Notes {
    order: Vec<String>,
    uses: BTreeMap<String, usize>,
    definitions: BTreeMap<String, Element>,
}

impl Builder<'_, '_, '_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(end) => self.end(end),
            Event::Text(text) => self.text(&text, range),
            Event::Code(code) => {
                let span = self.body.span(range);
                self.push(Node::CodeSpan(CodeSpan {
                    code: code.into_string(),
                    highlight: None,
                    attrs: Attrs::default(),
                    span,
                }));
            }
            Event::Html(html) => match &mut self.html {
                Some((text, known)) => {
                    text.push_str(&html);
                    known.end = range.end;
                }
                None => self.push(self.raw(html, range, true)),
            },
            Event::InlineHtml(html) => self.push(self.raw(html, range, false)),
            Event::SoftBreak => {
                let span = self.body.span(range);
                self.push(Node::text("\n", span));
            }
            Event::HardBreak => {
                let span = self.body.span(range);
                self.push(Element::new("br", span).into());
                self.push(Node::text("\n", span.end_point()));
            }
            Event::Rule => {
                let span = self.body.span(range);
                self.push(Element::new("hr", span).into());
            }
            Event::TaskListMarker(checked) => self.check_box(checked, range),
            Event::FootnoteReference(label) => self.note_reference(&label, range),
            // Neither math nor anything else is switched on.
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text, range),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        let span = self.body.span(range.clone());
        let element = match tag {
            Tag::CodeBlock(kind) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => Some(info.into_string()),
                    CodeBlockKind::Indented => None,
                };
                self.code = Some(OpenCode { range, info, code: Chunk::default() });
                return;
            }
            Tag::HtmlBlock => {
                self.html = Some((String::new(), range.start..range.start));
                return;
            }
            Tag::Paragraph => Element::new("p", span),
            Tag::Heading { level, id, classes, attrs } => {
                let tags = ["h1", "h2", "h3", "h4", "h5", "h6"];
                let mut element = Element::new(tags[level as usize - 1], span);
                if let Some(id) = id {
                    element.attrs.set("id", id.into_string());
                }
                for class in classes {
                    element.attrs.add_class(&class);
                }
                for (name, value) in attrs {
                    element.attrs.set(name.into_string(), value.map(CowStr::into_string).unwrap_or_default());
                }
                element
            }
            Tag::BlockQuote(None) => Element::new("blockquote", span),
            Tag::BlockQuote(Some(kind)) => alert(kind, span),
            Tag::List(None) => Element::new("ul", span),
            Tag::List(Some(first)) => {
                let list = Element::new("ol", span);
                if first == 1 { list } else { list.with_attr("start", first.to_string()) }
            }
            Tag::Item => Element::new("li", span),
            Tag::Table(alignments) => {
                self.cells = alignments;
                Element::new("table", span)
            }
            Tag::TableHead => {
                self.in_head = true;
                let head = Element::new("thead", span);
                self.open(head);
                Element::new("tr", span)
            }
            Tag::TableRow => Element::new("tr", span),
            Tag::TableCell => self.cell(span),
            Tag::Emphasis => Element::new("em", span),
            Tag::Strong => Element::new("strong", span),
            Tag::Strikethrough => Element::new("del", span),
            Tag::Link { link_type, dest_url, title, .. } => {
                let mail = link_type == pulldown_cmark::LinkType::Email;
                let target = if mail { format!("mailto:{dest_url}") } else { dest_url.to_string() };
                self.linked(Element::new("a", span), "href", &target, &dest_url, &title, range)
            }
            Tag::Image { dest_url, title, .. } => {
                self.linked(Element::new("img", span), "src", &dest_url, &dest_url, &title, range)
            }
            Tag::FootnoteDefinition(label) => {
                let item = Element::new("li", span);
                self.stack.push(Open { element: item, kind: OpenKind::Note(label.into_string()), alt: false });
                return;
            }
            // Not switched on: their content stands for itself.
            Tag::MetadataBlock(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript => Element::new("div", span),
        };
        self.open(element);
    }

    fn open(&mut self, element: Element) {
        if self.stack.len() > MAX_DEPTH {
            if self.skipped == 0 {
                let message = format!("blocks and inline elements nest deeper than {MAX_DEPTH}");
                let diagnostic = Diagnostic::new(Code::NestingTooDeep, element.span, message);
                self.page.diagnostics.push(diagnostic.note("what lies deeper loses its containers"));
            }
            self.skipped += 1;
            return;
        }
        let alt = element.is(&["img"]);
        self.stack.push(Open { element, kind: OpenKind::Other, alt });
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::HtmlBlock => {
                if let Some((html, range)) = self.html.take() {
                    let node = self.raw(html.into(), range, true);
                    self.push(node);
                }
            }
            TagEnd::TableHead => {
                self.in_head = false;
                self.close();
                self.close();
                let span = self.top().span.end_point();
                self.open(Element::new("tbody", span));
            }
            TagEnd::Table => {
                let body = self.close_open();
                if let Some(mut body) = body.filter(|body| !body.children.is_empty()) {
                    let place = body.children.iter().map(Node::span).reduce(Span::to);
                    body.span = place.unwrap_or(body.span);
                    self.push(body.into());
                }
                self.close();
            }
            _ => self.close(),
        }
    }

    /// Closes the innermost element and puts it into the one around it.
    fn close(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(open) = self.pop() else { return };
        let mut element = open.element;
        if open.alt {
            let alt = plain_text(&std::mem::take(&mut element.children));
            element.attrs.set("alt", alt);
        }
        match open.kind {
            OpenKind::Note(label) => {
                self.notes.definitions.entry(label).or_insert(element);
            }
            OpenKind::Other => self.push(element.into()),
        }
    }

    /// Closes the innermost element and returns it.
    fn close_open(&mut self) -> Option<Element> {
        if self.skipped > 0 {
            self.skipped -= 1;
            return None;
        }
        self.pop().map(|open| open.element)
    }

    fn pop(&mut self) -> Option<Open> {
        if self.stack.len() > 1 { self.stack.pop() } else { None }
    }

    fn top(&mut self) -> &mut Element {
        &mut self.stack.last_mut().expect("the root is never closed").element
    }

    fn push(&mut self, node: Node) {
        self.top().children.push(node);
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        if let Some(code) = &mut self.code {
            if self.body.text().get(range.clone()) == Some(text) {
                code.code.push_slice(self.body, range);
            } else {
                let span = self.body.span(range);
                code.code.push_synthetic(text, span);
            }
            return;
        }
        // Renderers leave what looks like a character reference as it is; here it is plain text.
        let exact = self.body.text().get(range.clone()) == Some(text);
        let mut done = 0;
        for (at, _) in text.match_indices('&') {
            if entities::len_at(&text[at..]).is_none() {
                continue;
            }
            let place = |from: usize, to: usize| {
                if exact { self.body.span(range.start + from..range.start + to) } else { self.body.span(range.clone()) }
            };
            let before = (done < at).then(|| Node::text(&text[done..at], place(done, at)));
            let sign = Node::Raw(Raw { html: "&amp;".to_owned(), span: place(at, at + 1), block: false });
            self.top().children.extend(before);
            self.push(sign);
            done = at + 1;
        }
        if done < text.len() {
            let from = if exact { range.start + done } else { range.start };
            let node = Node::text(&text[done..], self.body.span(from..range.end));
            self.push(node);
        }
    }

    fn raw(&self, html: CowStr<'_>, range: Range<usize>, block: bool) -> Node {
        Node::Raw(Raw { html: html.into_string(), span: self.body.span(range), block })
    }

    fn cell(&mut self, span: Span) -> Element {
        let row = self.top();
        let column = row.children.len();
        let style = match self.cells.get(column) {
            Some(Alignment::Left) => Some("left"),
            Some(Alignment::Center) => Some("center"),
            Some(Alignment::Right) => Some("right"),
            Some(Alignment::None) | None => None,
        };
        let cell = Element::new(if self.in_head { "th" } else { "td" }, span);
        match style {
            Some(side) => cell.with_attr("style", format!("text-align: {side};")),
            None => cell,
        }
    }

    fn linked(
        &mut self,
        element: Element,
        attribute: &'static str,
        target: &str,
        written: &str,
        title: &str,
        range: Range<usize>,
    ) -> Element {
        let source = &self.body.text()[range.clone()];
        let mut element = element.with_attr(attribute, target.to_owned());
        if !title.is_empty() {
            element.attrs.set("title", title.to_owned());
        }
        // The destination stands last in an inline link; by reference it stands elsewhere.
        let place = source.rfind(written).filter(|_| !written.is_empty());
        element.target_span = Some(match place {
            Some(at) => self.body.span(range.start + at..range.start + at + written.len()),
            None => element.span,
        });
        element
    }

    fn check_box(&mut self, checked: bool, range: Range<usize>) {
        let checked = if checked { " checked" } else { "" };
        let html = format!("<input type=\"checkbox\" disabled{checked}/> ");
        let span = self.body.span(range);
        self.push(Node::Raw(Raw { html, span, block: false }));
        let mut items = self.stack.iter_mut().rev();
        let found = items.by_ref().find(|open| open.element.is(&["li"]));
        if let Some(item) = found.filter(|open| !open.element.attrs.has_class("task-list-item")) {
            item.element.attrs.add_class("task-list-item");
        }
        if let Some(list) = items.next().filter(|open| !open.element.attrs.has_class("task-list")) {
            list.element.attrs.add_class("task-list");
        }
    }

    fn end_code(&mut self) {
        let Some(open) = self.code.take() else { return };
        let span = self.body.span(open.range.clone());
        let kept = open.code.text().strip_suffix('\n').map_or(open.code.len(), str::len);
        let code = open.code.slice(0..kept);
        let word = open.info.as_deref().unwrap_or_default().split([' ', '\t', ',', '{']).next().unwrap_or_default();
        let language = (!word.is_empty()).then(|| {
            let at = self.body.text()[open.range.clone()].find(word).unwrap_or(0) + open.range.start;
            Spanned::new(word.to_owned(), self.body.span(at..at + word.len()))
        });
        let style = if word == "mermaid" {
            CodeStyle::Custom { class: "mermaid".to_owned(), div: false }
        } else {
            let number = self.n_code_blocks;
            self.n_code_blocks += 1;
            CodeStyle::Highlighted(Box::new(HighlightStyle {
                css_class: "highlight".to_owned(),
                language_prefix: "language-".to_owned(),
                use_pygments: true,
                block_number: number,
                indented: open.info.is_none(),
                ..HighlightStyle::default()
            }))
        };
        self.push(Node::Code(Box::new(CodeBlock { span, code, language, attrs: Attrs::default(), style })));
    }

    fn note_reference(&mut self, label: &str, range: Range<usize>) {
        let span = self.body.span(range);
        let number = match self.notes.order.iter().position(|known| known == label) {
            Some(index) => index + 1,
            None => {
                self.notes.order.push(label.to_owned());
                self.notes.order.len()
            }
        };
        let count = self.notes.uses.entry(label.to_owned()).or_insert(0);
        *count += 1;
        let id = reference_id(label, *count);
        let link = Element::new("a", span)
            .with_attr("href", format!("#fn:{label}"))
            .with_attr("class", "footnote-ref")
            .with_children(vec![Node::text(number.to_string(), span)]);
        self.push(Element::new("sup", span).with_attr("id", id).with_children(vec![link.into()]).into());
    }

    fn finish(mut self) -> Vec<Node> {
        while self.stack.len() > 1 {
            self.skipped = 0;
            self.close();
        }
        let mut nodes = std::mem::take(&mut self.top().children);
        let mut notes = self.notes;
        let unused: Vec<String> =
            notes.definitions.keys().filter(|label| !notes.order.contains(label)).cloned().collect();
        notes.order.extend(unused);
        let mut items = Vec::new();
        for (index, label) in notes.order.iter().enumerate() {
            let Some(mut item) = notes.definitions.remove(label) else { continue };
            item.attrs.set("id", format!("fn:{label}"));
            let uses = notes.uses.get(label).copied().unwrap_or(0).max(1);
            add_back_links(&mut item, label, index + 1, uses);
            items.push(Node::from(item));
        }
        if let Some(span) = items.iter().map(Node::span).reduce(Span::to) {
            let list = Element::new("ol", span).with_children(items);
            let rule = Element::new("hr", span);
            let list =
                Element::new("div", span).with_attr("class", "footnote").with_children(vec![rule.into(), list.into()]);
            nodes.push(list.into());
        }
        nodes
    }
}

fn reference_id(label: &str, count: usize) -> String {
    if count == 1 { format!("fnref:{label}") } else { format!("fnref{count}:{label}") }
}

/// Puts the links back to where a note is used behind its last paragraph.
fn add_back_links(item: &mut Element, label: &str, number: usize, uses: usize) {
    let place = item.span.end_point();
    let mut links = Vec::new();
    for count in 1..=uses {
        links.push(Node::Raw(Raw { html: "&#160;".to_owned(), span: place, block: false }));
        let arrow = Node::Raw(Raw { html: "&#8617;".to_owned(), span: place, block: false });
        let link = Element::new("a", place)
            .with_attr("class", "footnote-backref")
            .with_attr("href", format!("#{}", reference_id(label, count)))
            .with_attr("title", format!("Jump back to footnote {number} in the text"));
        links.push(link.with_children(vec![arrow]).into());
    }
    match item.children.last_mut() {
        Some(Node::Element(last)) if last.is(&["p"]) => last.children.append(&mut links),
        _ => item.children.push(Element::new("p", place).with_children(links).into()),
    }
}

/// GitHub's alerts are admonitions.
fn alert(kind: BlockQuoteKind, span: Span) -> Element {
    let (class, title) = match kind {
        BlockQuoteKind::Note => ("admonition note", "Note"),
        BlockQuoteKind::Tip => ("admonition tip", "Tip"),
        BlockQuoteKind::Important => ("admonition important", "Important"),
        BlockQuoteKind::Warning => ("admonition warning", "Warning"),
        BlockQuoteKind::Caution => ("admonition caution", "Caution"),
    };
    let title =
        Element::new("p", span).with_attr("class", "admonition-title").with_children(vec![Node::text(title, span)]);
    Element::new("div", span).with_attr("class", class).with_children(vec![title.into()])
}
