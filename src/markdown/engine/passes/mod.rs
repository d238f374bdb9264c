//! Passes over the finished tree: Python-Markdown's tree processors, in the order of their
//! priorities.

pub(super) mod attr_list;
pub(super) mod captions;
pub(super) mod footnotes;
pub(in crate::markdown) mod heading;
pub(super) mod legacy_attrs;
pub(super) mod quotes;
pub(super) mod tabs;
pub(super) mod tasklist;
pub(in crate::markdown) mod toc;

use crate::markdown::tree::{Attrs, Element, Node};

/// Visits elements in document order, parents first, to change them.
pub(super) fn for_each_element(nodes: &mut [Node], visit: &mut impl FnMut(&mut Element)) {
    for node in nodes {
        if let Node::Element(element) = node {
            visit(element);
            for_each_element(&mut element.children, visit);
        }
    }
}

/// Returns the attributes of what is an element in Python's tree: elements, code spans, icons.
pub(super) fn attrs_of(node: &Node) -> Option<&Attrs> {
    match node {
        Node::Element(element) => Some(&element.attrs),
        Node::CodeSpan(code) if !is_stashed_code(node) => Some(&code.attrs),
        Node::Icon(icon) => Some(&icon.attrs),
        Node::CodeSpan(_) | Node::Text(_) | Node::Raw(_) | Node::Code(_) => None,
    }
}

/// Like [`attrs_of`], to change them.
pub(super) fn attrs_of_mut(node: &mut Node) -> Option<&mut Attrs> {
    let stashed = is_stashed_code(node);
    match node {
        Node::Element(element) => Some(&mut element.attrs),
        Node::CodeSpan(code) if !stashed => Some(&mut code.attrs),
        Node::Icon(icon) => Some(&mut icon.attrs),
        Node::CodeSpan(_) | Node::Text(_) | Node::Raw(_) | Node::Code(_) => None,
    }
}

/// Tells whether a node is an element in Python's tree; all else is text or hidden in it.
pub(super) fn is_element(node: &Node) -> bool {
    attrs_of(node).is_some()
}

/// Code that Pygments coloured is hidden in Python's stash, so to passes it is text.
fn is_stashed_code(node: &Node) -> bool {
    matches!(node, Node::CodeSpan(code) if code.highlight.as_ref().is_some_and(|highlight| highlight.use_pygments))
}
