//! The finished tree as Python's passes see it: what is an element, and what is text.

use crate::markdown::tree::{Attrs, Element, Node};

/// Visits elements in document order, parents first, to change them.
pub(crate) fn for_each_element(nodes: &mut [Node], visit: &mut impl FnMut(&mut Element)) {
    for node in nodes {
        if let Node::Element(element) = node {
            visit(element);
            for_each_element(&mut element.children, visit);
        }
    }
}

/// Returns the attributes of what is an element in Python's tree: elements, code spans, icons.
pub(crate) fn attrs_of(node: &Node) -> Option<&Attrs> {
    match node {
        Node::Element(element) => Some(&element.attrs),
        Node::CodeSpan(code) if !is_stashed_code(node) => Some(&code.attrs),
        Node::Icon(icon) => Some(&icon.attrs),
        Node::CodeSpan(_) | Node::Text(_) | Node::Raw(_) | Node::Code(_) => None,
    }
}

/// Like [`attrs_of`], to change them.
pub(crate) fn attrs_of_mut(node: &mut Node) -> Option<&mut Attrs> {
    let stashed = is_stashed_code(node);
    match node {
        Node::Element(element) => Some(&mut element.attrs),
        Node::CodeSpan(code) if !stashed => Some(&mut code.attrs),
        Node::Icon(icon) => Some(&mut icon.attrs),
        Node::CodeSpan(_) | Node::Text(_) | Node::Raw(_) | Node::Code(_) => None,
    }
}

/// Tells whether a node is an element in Python's tree; all else is text or hidden in it.
pub(crate) fn is_element(node: &Node) -> bool {
    attrs_of(node).is_some()
}

/// Code that Pygments coloured is hidden in Python's stash, so to passes it is text.
fn is_stashed_code(node: &Node) -> bool {
    matches!(node, Node::CodeSpan(code) if code.highlight.as_ref().is_some_and(|highlight| highlight.use_pygments))
}
