//! Block quotes.
//!
//! Source of the rule: `BlockQuoteProcessor` of `markdown/blockprocessors.py`.

use super::block::{Block, Blocks, Search};
use super::leaf::pop;
use super::lines::{join_lines, line_ranges};
use super::parser::{BlockRule, Parser, State};
use super::tree::ElId;
use crate::markdown::engine::rules::Rules;
use crate::text::Chunk;
use std::ops::Range;

/// Which quotes are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Those with nothing but blank lines between them.
    Neighbours,
    /// None.
    Never,
}

/// `> quote`, on any line of a block.
pub(crate) fn quotes(rules: &mut Rules, merge: Merge) -> BlockRule {
    let search = rules.search();
    Box::new(move |parser, parent, blocks| {
        quote(parser, parent, blocks, search, merge, |body| (strip_marks(body), Vec::new()))
    })
}

/// Takes a quote; `read` makes its text of its lines, and names attributes that it has.
pub(crate) fn quote(
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    blocks: &mut Blocks,
    search: Search,
    merge: Merge,
    read: impl Fn(&Block) -> (Chunk, Vec<(&'static str, String)>),
) -> bool {
    let block = &blocks[0];
    let first = block.find_line(search, |line| mark_len(&block.text()[line.clone()]).map(|_| line));
    let Some(first) = first else { return false };
    let block = pop(blocks);
    let before = first.start.saturating_sub(1);
    parser.parse_block(parent, block.part(0..before));
    // The match begins at the `\n` before the line, so the body does too.
    let body = block.part(before..block.len());
    let span = block.span(first.start..block.len());
    let (body, attrs) = read(&body);
    let last = parser.tree.last_child(parent);
    let last = last.filter(|last| merge == Merge::Neighbours && parser.tree.is(*last, &["blockquote"]));
    let quote = match last {
        Some(quote) => quote,
        None => parser.element(parent, "blockquote", Some(span)),
    };
    for (name, value) in attrs {
        parser.attrs(quote).set(name, value);
    }
    parser.within(State::Quote, |parser| parser.parse_chunk(quote, body));
    true
}

/// Measures `> ` with its indentation.
fn mark_len(line: &str) -> Option<usize> {
    let indent = super::lines::leading_spaces(line);
    let rest = line[indent..].strip_prefix('>').filter(|_| indent <= 3)?;
    Some(indent + 1 + usize::from(rest.starts_with(' ')))
}

/// What remains of a line without its mark.
pub(crate) fn clean(text: &str, range: Range<usize>) -> Range<usize> {
    let line = &text[range.clone()];
    if line.trim() == ">" {
        return range.end..range.end;
    }
    range.start + mark_len(line).unwrap_or(0)..range.end
}

/// What remains of a quote without its marks.
pub(crate) fn strip_marks(body: &Block) -> Chunk {
    let parts: Vec<_> = line_ranges(body.text()).map(|range| clean(body.text(), range)).collect();
    join_lines(body, &parts)
}
