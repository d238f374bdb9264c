//! The `commonmark` dialect: CommonMark and GitHub's extensions by pulldown-cmark.

use super::tree::{Element, Node};
use crate::diag::Diagnostics;
use crate::text::Chunk;

/// Parses a page's body, the front matter cut off.
pub(crate) fn parse_commonmark(body: &Chunk) -> (Vec<Node>, Diagnostics) {
    let mut nodes = Vec::new();
    if let Some(span) = body.whole_span() {
        let text = vec![Node::text(body.text(), span)];
        nodes.push(Element::new("p", span).with_children(text).into());
    }
    (nodes, Diagnostics::new())
}
