//! Passes over the text of the finished tree, and at last the escaped characters.
//!
//! In Python each is a tree processor that walks all elements with patterns of its own. Here one walk
//! visits every run of text between two elements and hands it to each pass in its order.

use super::arena::{Txt, text_nodes};
use super::run::{Engine, InlineRules};
use crate::markdown::engine::mark::{ATOMIC, Mark, STX, unescape};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::registry::Registry;
use crate::markdown::tree::{Attrs, Node};
use crate::text::Chunk;

/// A pass over text that stands between two elements.
pub(crate) trait TextPass: Send + Sync {
    /// Begins with a page; `None` where there is nothing to do on it.
    fn begin(&self, page: &Page<'_>) -> Option<Box<dyn TextWork + '_>>;
}

/// What a pass does on one page.
pub(crate) trait TextWork {
    /// Takes a text apart.
    fn run(&self, text: Chunk, page: &mut Page<'_>) -> Vec<Piece>;
}

/// A part of a text.
pub(crate) enum Piece {
    /// Text, which later passes read.
    Text(Chunk),
    /// What no later pass looks into.
    Node(Node),
}

/// The passes over text, in their order.
pub(crate) type TextPasses = Registry<Box<dyn TextPass>>;

/// A pass that applies inline rules of its own; elements are not expected of them.
pub(crate) struct Substitutions(pub(crate) InlineRules);

impl TextPass for Substitutions {
    fn begin(&self, _: &Page<'_>) -> Option<Box<dyn TextWork + '_>> {
        Some(Box::new(&self.0))
    }
}

impl TextWork for &InlineRules {
    fn run(&self, text: Chunk, page: &mut Page<'_>) -> Vec<Piece> {
        vec![Piece::Text(Engine::new(page, self).substitute(text))]
    }
}

/// Lets passes change the text of a whole tree, and puts back what was escaped.
pub(crate) fn apply_text_passes(body: &mut Vec<Node>, passes: &TextPasses, page: &mut Page<'_>) {
    let passes: Vec<Box<dyn TextWork + '_>> = passes.iter().filter_map(|pass| pass.begin(page)).collect();
    Walk { passes }.visit(body, page);
}

struct Walk<'a> {
    passes: Vec<Box<dyn TextWork + 'a>>,
}

impl Walk<'_> {
    /// Visits runs of text between elements, and the elements. The depth of the tree is bounded by
    /// those who build it.
    fn visit(&self, nodes: &mut Vec<Node>, page: &mut Page<'_>) {
        let mut out = Vec::with_capacity(nodes.len());
        let mut run = Vec::new();
        for node in nodes.drain(..) {
            if in_run(&node) {
                run.push(node);
                continue;
            }
            self.finish_run(&mut run, page, &mut out);
            out.push(self.visit_other(node, page));
        }
        self.finish_run(&mut run, page, &mut out);
        *nodes = out;
    }

    fn visit_other(&self, mut node: Node, page: &mut Page<'_>) -> Node {
        match &mut node {
            Node::Element(element) => {
                unescape_attrs(&mut element.attrs);
                self.visit(&mut element.children, page);
            }
            Node::Text(text) => {
                text.text = unescape(text.text.strip_prefix(ATOMIC).unwrap_or(&text.text));
            }
            Node::CodeSpan(code) => unescape_attrs(&mut code.attrs),
            Node::Icon(icon) => unescape_attrs(&mut icon.attrs),
            Node::Code(_) | Node::Raw(_) => {}
        }
        node
    }

    fn finish_run(&self, run: &mut Vec<Node>, page: &mut Page<'_>, out: &mut Vec<Node>) {
        if run.is_empty() {
            return;
        }
        if self.passes.is_empty() {
            out.extend(run.drain(..).filter_map(unescape_node));
            return;
        }
        let mut raws = Vec::new();
        let mut chunk = Chunk::default();
        for node in run.drain(..) {
            match node {
                Node::Text(text) => {
                    if text.text.len() == text.span.range().len() {
                        chunk.push(&Chunk::copied(&text.text, text.span));
                    } else {
                        chunk.push_synthetic(&text.text, text.span);
                    }
                }
                other => {
                    chunk.push_synthetic(&Mark::Beside(raws.len()).to_string(), other.span());
                    raws.push(other);
                }
            }
        }
        let mut pieces = vec![Piece::Text(chunk)];
        for pass in &self.passes {
            pieces = pieces
                .into_iter()
                .flat_map(|piece| match piece {
                    Piece::Text(text) => pass.run(text, page),
                    done => vec![done],
                })
                .collect();
        }
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    let mut nodes = Vec::new();
                    text_nodes(&Txt::open(text), page, &mut nodes);
                    for node in nodes {
                        restore(node, &raws, out);
                    }
                }
                Piece::Node(node) => out.push(node),
            }
        }
    }
}

/// Text and raw HTML inside a line belong to one text of Python-Markdown's tree.
fn in_run(node: &Node) -> bool {
    match node {
        Node::Text(text) => !text.text.starts_with(ATOMIC),
        Node::Raw(raw) => !raw.block,
        _ => false,
    }
}

/// Puts raw HTML back into text.
fn restore(node: Node, raws: &[Node], out: &mut Vec<Node>) {
    let Node::Text(text) = &node else {
        out.push(node);
        return;
    };
    let mut rest = text.text.as_str();
    if !rest.contains(STX) {
        out.push(node);
        return;
    }
    let push = |part: &str, out: &mut Vec<Node>| {
        if !part.is_empty() {
            out.push(Node::text(unescape(part), text.span));
        }
    };
    let mut from = 0;
    while let Some(found) = rest[from..].find(STX) {
        let at = from + found;
        let Some((Mark::Beside(number), length)) = Mark::at(&rest[at..]) else {
            from = at + 1;
            continue;
        };
        push(&rest[..at], out);
        out.extend(raws.get(number).cloned());
        rest = &rest[at + length..];
        from = 0;
    }
    push(rest, out);
}

fn unescape_node(mut node: Node) -> Option<Node> {
    if let Node::Text(text) = &mut node
        && text.text.contains(STX)
    {
        text.text = unescape(&text.text);
    }
    Some(node)
}

fn unescape_attrs(attrs: &mut Attrs) {
    if !attrs.iter().any(|(_, value)| value.contains(STX)) {
        return;
    }
    let all: Vec<(String, String)> = attrs.iter().map(|(name, value)| (name.to_owned(), unescape(value))).collect();
    for (name, value) in all {
        attrs.set(name, value);
    }
}
