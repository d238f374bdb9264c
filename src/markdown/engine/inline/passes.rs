//! Passes over the text of the finished tree: abbreviations, smart symbols, smart quotes, and at last
//! the escaped characters.

use super::abbreviations as abbr;
use super::patterns::Pattern;
use super::run::Engine;
use super::{ATOMIC, ETX, STX, Txt, arena, numbered_at};
use crate::markdown::engine::Page;
use crate::markdown::extensions::{smartsymbols, smarty};
use crate::markdown::tree::{Attrs, Node};
use crate::text::Chunk;

/// Passes over the text of the whole tree that come after attribute lists and before heading ids:
/// abbreviations, then smart symbols, then smart quotes (priorities 7, 6.1 and 6 in Python), and what
/// was escaped.
pub(crate) fn apply_text_passes(body: &mut Vec<Node>, page: &mut Page<'_>) {
    let abbreviations = abbr::matcher(page);
    let dialect = page.dialect;
    let mut patterns = Vec::new();
    if let Some(options) = &dialect.smartsymbols {
        patterns.extend(smartsymbols::symbols(options).into_iter().map(Pattern::Symbol));
    }
    let symbols = patterns.len();
    if let Some(options) = &dialect.smarty {
        patterns.extend(smarty::rules(options).into_iter().map(|rule| Pattern::Smart(rule, options)));
    }
    let (symbols, quotes) = patterns.split_at(symbols);
    let passes = Passes { abbreviations: abbreviations.as_ref(), symbols, quotes };
    passes.visit(body, page);
}

struct Passes<'a> {
    abbreviations: Option<&'a abbr::Matcher>,
    symbols: &'a [Pattern<'a>],
    quotes: &'a [Pattern<'a>],
}

impl Passes<'_> {
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
                text.text = super::unescape(text.text.strip_prefix(ATOMIC).unwrap_or(&text.text));
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
        let idle = self.abbreviations.is_none() && self.symbols.is_empty() && self.quotes.is_empty();
        if idle {
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
                    chunk.push_synthetic(&format!("{STX}r{}{ETX}", raws.len()), other.span());
                    raws.push(other);
                }
            }
        }
        let pieces = match self.abbreviations {
            Some(matcher) => matcher.split(&chunk),
            None => vec![abbr::Piece::Text(chunk)],
        };
        for piece in pieces {
            match piece {
                abbr::Piece::Text(text) => {
                    let text = Engine::new(page, self.symbols).substitute(text);
                    let text = Engine::new(page, self.quotes).substitute(text);
                    let mut nodes = Vec::new();
                    arena::text_nodes(&Txt::open(text), page, &mut nodes);
                    for node in nodes {
                        restore(node, &raws, out);
                    }
                }
                abbr::Piece::Abbreviation(element) => out.push(element.into()),
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
            out.push(Node::text(super::unescape(part), text.span));
        }
    };
    while let Some(at) = rest.find(&format!("{STX}r")) {
        push(&rest[..at], out);
        match numbered_at(&rest[at..], 'r') {
            Some((number, length)) => {
                out.extend(raws.get(number).cloned());
                rest = &rest[at + length..];
            }
            None => {
                push(&rest[at..at + 1], out);
                rest = &rest[at + 1..];
            }
        }
    }
    push(rest, out);
}

fn unescape_node(mut node: Node) -> Option<Node> {
    if let Node::Text(text) = &mut node
        && text.text.contains(STX)
    {
        text.text = super::unescape(&text.text);
    }
    Some(node)
}

fn unescape_attrs(attrs: &mut Attrs) {
    if !attrs.iter().any(|(_, value)| value.contains(STX)) {
        return;
    }
    let all: Vec<(String, String)> =
        attrs.iter().map(|(name, value)| (name.to_owned(), super::unescape(value))).collect();
    for (name, value) in all {
        attrs.set(name, value);
    }
}
