//! The document tree as HTML, written as Python-Markdown's serializer and postprocessors write it.
//!
//! In: nodes, and a resolver for the targets of links and images. Out: text. Attributes are sorted
//! by name, as there; empty elements end in ` />`; what looks like an entity is left alone. Does not
//! know routes or pages: the resolver does.

use super::code::{render_code_block, render_code_span};
use crate::icons;
use crate::markdown::{Attrs, Element, Glyph, Icon, Node};

/// Turns a target as written into a URL; `None` leaves it as it is.
pub type Resolver<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Writes nodes as HTML. `resolve` is asked for each `a href` and `img src` of elements; raw HTML
/// goes out as it came in.
pub fn render_html(nodes: &[Node], resolve: &Resolver<'_>) -> String {
    let mut writer = Writer { out: String::new(), resolve };
    writer.blocks(nodes, true);
    let trimmed = writer.out.trim();
    if trimmed.len() == writer.out.len() { writer.out } else { trimmed.to_owned() }
}

struct Writer<'a> {
    out: String,
    resolve: &'a Resolver<'a>,
}

impl Writer<'_> {
    /// Writes the children of a block: every block ends its line, and text that is only white space
    /// between two blocks is one line end (`PrettifyTreeprocessor`). Raw HTML in a paragraph is part
    /// of its text.
    fn blocks(&mut self, nodes: &[Node], raw_blocks: bool) {
        let is_block = |node: &Node| is_block(node) && (raw_blocks || matches!(node, Node::Element(_)));
        let first = nodes.iter().position(|node| !is_blank(node));
        if first.is_some_and(|first| is_block(&nodes[first]) && first > 0) {
            self.out.push('\n');
        }
        let mut after_block = first.is_none_or(|first| is_block(&nodes[first]));
        for (at, node) in nodes.iter().enumerate() {
            if is_blank(node) && (after_block || nodes[at + 1..].is_empty() && at == 0) {
                continue;
            }
            self.node(node, true);
            after_block = is_block(node);
            if after_block
                && nodes[at + 1..]
                    .iter()
                    .find(|next| !is_blank(next))
                    .is_none_or(|next| is_block(next) || is_inline_element(next))
            {
                self.out.push('\n');
            }
        }
    }

    fn node(&mut self, node: &Node, pretty: bool) {
        match node {
            Node::Text(text) => escape_text(&text.text, &mut self.out),
            Node::Raw(raw) => self.out.push_str(&raw.html),
            Node::Code(code) => render_code_block(code, &mut self.out),
            Node::CodeSpan(code) => render_code_span(code, &mut self.out),
            Node::Icon(icon) => self.icon(icon),
            Node::Element(element) => self.element(element, pretty),
        }
    }

    fn element(&mut self, element: &Element, pretty: bool) {
        let tag = element.tag.as_ref();
        let target = match tag {
            "a" => Some("href"),
            "img" => Some("src"),
            _ => None,
        };
        self.out.push('<');
        self.out.push_str(tag);
        self.attrs(&element.attrs, target);
        if is_void(tag) {
            self.out.push_str(" />");
            if tag == "br" {
                self.out.push('\n');
            }
            return;
        }
        self.out.push('>');
        if pretty && is_block_tag(tag) && !matches!(tag, "pre" | "script" | "style") {
            let first = element.children.iter().find(|child| !is_blank(child));
            let raw_blocks = tag != "p";
            if first.is_some_and(|first| is_block(first) && (raw_blocks || matches!(first, Node::Element(_)))) {
                self.out.push('\n');
            }
            self.blocks(&element.children, raw_blocks);
        } else if matches!(tag, "script" | "style") {
            for child in &element.children {
                match child {
                    Node::Text(text) => self.out.push_str(&text.text),
                    other => self.node(other, false),
                }
            }
        } else {
            for child in &element.children {
                self.node(child, false);
            }
        }
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn attrs(&mut self, attrs: &Attrs, target: Option<&str>) {
        let mut sorted: Vec<(&str, &str)> = attrs.iter().collect();
        sorted.sort_unstable();
        for (name, value) in sorted {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            let resolved = if Some(name) == target { (self.resolve)(value) } else { None };
            escape_attribute(resolved.as_deref().unwrap_or(value), &mut self.out);
            self.out.push('"');
        }
    }

    fn icon(&mut self, icon: &Icon) {
        match &icon.glyph {
            Glyph::Emoji(emoji) => {
                self.out.push_str("<span");
                self.attrs(&icon.attrs, None);
                self.out.push('>');
                self.out.push_str(emoji);
                self.out.push_str("</span>");
            }
            Glyph::Svg(name) => {
                self.out.push_str("<span");
                self.attrs(&icon.attrs, None);
                self.out.push('>');
                self.out.push_str(icons::svg(name).unwrap_or_default());
                self.out.push_str("</span>");
            }
        }
    }
}

fn is_blank(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.text.trim().is_empty())
}

/// Tells whether a node is an element in a line; text and raw HTML are not.
fn is_inline_element(node: &Node) -> bool {
    matches!(node, Node::Element(_) | Node::CodeSpan(_) | Node::Icon(_))
}

fn is_block(node: &Node) -> bool {
    match node {
        Node::Element(element) => is_block_tag(&element.tag),
        Node::Code(_) => true,
        Node::Raw(raw) => raw.block,
        Node::Text(_) | Node::CodeSpan(_) | Node::Icon(_) => false,
    }
}

/// Elements without content, which have no end tag.
fn is_void(tag: &str) -> bool {
    const VOID: [&str; 16] = [
        "area", "base", "basefont", "br", "col", "embed", "frame", "hr", "img", "input", "isindex", "link", "meta",
        "param", "source", "track",
    ];
    VOID.contains(&tag) || tag == "wbr"
}

/// Elements that stand on lines of their own in the output.
fn is_block_tag(tag: &str) -> bool {
    crate::markdown::is_block_tag(tag)
}

/// Writes text with `&`, `<` and `>` escaped; what looks like an entity is left alone.
pub(crate) fn escape_text(text: &str, out: &mut String) {
    for (at, ch) in text.char_indices() {
        match ch {
            '&' if crate::markdown::is_entity_at(&text[at..]) => out.push('&'),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(ch),
        }
    }
}

/// Writes an attribute's value, quotes escaped too.
pub(crate) fn escape_attribute(text: &str, out: &mut String) {
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            out.push_str("&quot;");
        }
        escape_text(part, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Span};

    fn span() -> Span {
        Span::at_start(SitePath::new("a.md"))
    }

    #[test]
    fn attributes_are_sorted_and_targets_resolved() {
        let link = Element::new("a", span())
            .with_attr("title", "a \"b\" & &amp; <c>")
            .with_attr("href", "x.md")
            .with_children(vec![Node::text("a < b &copy; & c", span())]);
        let html = render_html(&[link.into()], &|target| Some(target.replace(".md", "/")));
        assert_eq!(html, "<a href=\"x/\" title=\"a &quot;b&quot; &amp; &amp; &lt;c&gt;\">a &lt; b &copy; &amp; c</a>");
    }

    #[test]
    fn blocks_stand_on_lines_of_their_own() {
        let p = |text: &str| Element::new("p", span()).with_children(vec![Node::text(text, span())]);
        let quote = Element::new("blockquote", span()).with_children(vec![p("a").into(), p("b").into()]);
        assert_eq!(render_html(&[quote.into()], &|_| None), "<blockquote>\n<p>a</p>\n<p>b</p>\n</blockquote>");
    }
}
