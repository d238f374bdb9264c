//! The elements under construction, shaped as `xml.etree` shapes them: text, children, tail.
//!
//! Python-Markdown's rules speak of texts and tails, so the port keeps them until a run of text is
//! done; then [`to_nodes`] makes the tree that the rest of the room knows.

use crate::diag::{Code, Diagnostic};
use crate::markdown::engine::mark::{ATOMIC, Mark, STX};
use crate::markdown::engine::page::Page;
use crate::markdown::tree::{Attrs, CodeSpan, Element, Glyph, Icon, InlineHighlight, Node};
use crate::text::{Chunk, Span};
use std::borrow::Cow;

/// How deep inline elements nest; what lies deeper keeps its text and loses its elements.
pub(crate) const MAX_DEPTH: usize = 64;

/// Names an element of the arena.
pub(crate) type ElId = usize;

/// A text or a tail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Txt {
    /// The text, marks in it.
    pub(crate) chunk: Chunk,
    /// Whether no pattern may look into it.
    pub(crate) atomic: bool,
}

/// What an element is besides its tag.
#[derive(Clone, Debug, Default)]
pub(crate) enum Kind {
    /// Nothing.
    #[default]
    Plain,
    /// Code, which is no text.
    Code { code: String, highlight: Option<InlineHighlight> },
    /// An icon or emoji.
    Icon { name: String, glyph: Glyph },
}

/// An element.
#[derive(Clone, Debug)]
pub(crate) struct El {
    pub(crate) tag: Cow<'static, str>,
    pub(crate) attrs: Attrs,
    pub(crate) text: Option<Txt>,
    pub(crate) children: Vec<ElId>,
    pub(crate) tail: Option<Txt>,
    pub(crate) span: Span,
    pub(crate) target: Option<Span>,
    pub(crate) kind: Kind,
}

impl Txt {
    /// Makes a text that patterns look into.
    pub(crate) fn open(chunk: Chunk) -> Txt {
        Txt { chunk, atomic: false }
    }

    /// Makes a text that stays as it is.
    pub(crate) fn atomic(chunk: Chunk) -> Txt {
        Txt { chunk, atomic: true }
    }
}

impl El {
    /// Makes an element without text.
    pub(crate) fn new(tag: impl Into<Cow<'static, str>>, span: Span) -> El {
        El {
            tag: tag.into(),
            attrs: Attrs::default(),
            text: None,
            children: Vec::new(),
            tail: None,
            span,
            target: None,
            kind: Kind::Plain,
        }
    }

    /// Sets an attribute.
    pub(crate) fn with_attr(mut self, name: &'static str, value: impl Into<String>) -> El {
        self.attrs.set(name, value);
        self
    }

    /// Gives text that patterns look into.
    pub(crate) fn with_text(mut self, chunk: Chunk) -> El {
        self.text = Some(Txt::open(chunk));
        self
    }

    /// Gives text that stays as it is.
    pub(crate) fn with_atomic(mut self, chunk: Chunk) -> El {
        self.text = Some(Txt::atomic(chunk));
        self
    }
}

/// Makes nodes of an element's text and children.
pub(crate) fn to_nodes(els: &mut [El], id: ElId, page: &mut Page<'_>, depth: usize) -> Vec<Node> {
    let mut out = Vec::new();
    if let Some(text) = els[id].text.take() {
        text_nodes(&text, page, &mut out);
    }
    for child in std::mem::take(&mut els[id].children) {
        if depth < MAX_DEPTH {
            out.push(to_node(els, child, page, depth));
        } else {
            flatten(els, child, page, &mut out);
        }
        let is_break = els[child].tag == "br";
        if let Some(tail) = tail_of(&mut els[child], is_break) {
            text_nodes(&tail, page, &mut out);
        }
    }
    out
}

/// A line break is followed by a line feed, as `PrettifyTreeprocessor` has it.
fn tail_of(el: &mut El, is_break: bool) -> Option<Txt> {
    let tail = el.tail.take();
    if !is_break {
        return tail;
    }
    let mut chunk = Chunk::synthetic("\n", el.span.end_point());
    if let Some(tail) = tail.filter(|tail| !super::chars::strip(tail.chunk.text()).is_empty()) {
        chunk.push(&tail.chunk);
    }
    Some(Txt::open(chunk))
}

fn to_node(els: &mut [El], id: ElId, page: &mut Page<'_>, depth: usize) -> Node {
    let children = to_nodes(els, id, page, depth + 1);
    let el = &mut els[id];
    let attrs = std::mem::take(&mut el.attrs);
    match std::mem::take(&mut el.kind) {
        Kind::Code { code, highlight } => Node::CodeSpan(CodeSpan { code, highlight, attrs, span: el.span }),
        Kind::Icon { name, glyph } => Node::Icon(Icon { name, glyph, attrs, span: el.span }),
        Kind::Plain => {
            Node::Element(Element { tag: el.tag.clone(), attrs, children, span: el.span, target_span: el.target })
        }
    }
}

/// Keeps the text of elements that nest too deeply. Walks without recursion.
fn flatten(els: &mut [El], id: ElId, page: &mut Page<'_>, out: &mut Vec<Node>) {
    page.diagnostics.push(
        Diagnostic::new(Code::NestingTooDeep, els[id].span, format!("inline elements nest deeper than {MAX_DEPTH}"))
            .note("what lies deeper is shown as plain text"),
    );
    enum Step {
        Open(ElId),
        Tail(ElId),
    }
    let mut stack = vec![Step::Open(id)];
    while let Some(step) = stack.pop() {
        match step {
            Step::Open(id) => {
                if let Some(text) = els[id].text.take() {
                    text_nodes(&text, page, out);
                }
                for child in std::mem::take(&mut els[id].children).into_iter().rev() {
                    stack.push(Step::Tail(child));
                    stack.push(Step::Open(child));
                }
            }
            Step::Tail(id) => {
                if let Some(tail) = els[id].tail.take() {
                    text_nodes(&tail, page, out);
                }
            }
        }
    }
}

/// Cuts a text into text nodes and the nodes behind marks.
pub(crate) fn text_nodes(text: &Txt, page: &Page<'_>, out: &mut Vec<Node>) {
    let mark = if text.atomic { ATOMIC.to_string() } else { String::new() };
    let node = |part: &str, span: Span| Node::text(format!("{mark}{part}"), span);
    for (part, span, copied) in text.chunk.parts() {
        let piece = |from: usize, to: usize| {
            if copied {
                Span { start: span.start + from as u32, end: (span.start + to as u32).min(span.end), ..span }
            } else {
                span
            }
        };
        let mut done = 0;
        let mut at = 0;
        while let Some(found) = part[at..].find(STX) {
            let start = at + found;
            let Some((mark @ (Mark::Node(_) | Mark::Escaped(_)), length)) = Mark::at(&part[start..]) else {
                at = start + 1;
                continue;
            };
            if done < start {
                out.push(node(&part[done..start], piece(done, start)));
            }
            done = start + length;
            at = done;
            match mark {
                Mark::Node(number) => out.extend(page.stash.get(number).cloned()),
                // An escaped character is a node of its own.
                _ => out.push(node(&part[start..done], piece(start, done))),
            }
        }
        if done < part.len() {
            out.push(node(&part[done..], piece(done, part.len())));
        }
    }
}
