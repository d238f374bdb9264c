//! Fences that were lifted out of a text and may have to go back.
//!
//! SuperFences finds fences before anything knows what is indented code or raw text in a generic block; what
//! turns out to be so gets its fences back as they were written (`revert_greedy_fences`).

use crate::markdown::engine::mark::node_at;
use crate::markdown::engine::page::Page;
use crate::text::Chunk;
use std::collections::BTreeMap;
use std::ops::Range;

/// A fence as it was written.
#[derive(Clone, Debug)]
pub(super) struct LiftedFence {
    /// The lines of the fence with all that stands before them.
    pub(super) source: Chunk,
    /// How many columns stand before the fence on its first line.
    pub(super) n_indent: usize,
}

/// The fences of a page by the number of their mark.
#[derive(Default)]
pub(super) struct Lifted(pub(super) BTreeMap<usize, LiftedFence>);

/// Puts fences back that were lifted out of what is indented code, or out of the block that begins
/// with it.
pub(in crate::markdown::extensions) fn revert_fences(code: Chunk, page: &mut Page<'_>) -> Chunk {
    let lifted = &mut page.state::<Lifted>().0;
    if lifted.is_empty() {
        return code;
    }
    let mut changes: Vec<(Range<usize>, Chunk)> = Vec::new();
    for line in code.lines() {
        let Some((prefix, number)) = placeholder_line(line.text) else { continue };
        let Some(fence) = lifted.remove(&number) else { continue };
        let skipped = fence.n_indent.saturating_sub(prefix);
        changes.push((line.range, without_columns(&fence.source, skipped)));
    }
    if changes.is_empty() { code } else { code.replace(&changes) }
}

/// Tells whether a line stands for a fence that was lifted out.
pub(super) fn is_lifted(line: &str, page: &Page<'_>) -> bool {
    let Some((_, number)) = placeholder_line(line) else { return false };
    page.known_state::<Lifted>().is_some_and(|lifted| lifted.0.contains_key(&number))
}

/// Reads a line that is a mark: what stands before it, in bytes, and its number.
fn placeholder_line(line: &str) -> Option<(usize, usize)> {
    let prefix = line.len() - line.trim_start_matches(['>', ' ']).len();
    let (mark, number) = node_at(line, prefix)?;
    (mark.end == line.len()).then_some((prefix, number))
}

/// Cuts the first characters off every line.
fn without_columns(text: &Chunk, n_chars: usize) -> Chunk {
    let mut out = Chunk::default();
    for line in text.lines() {
        let from = line.range.start + byte_of_char(line.text, n_chars);
        // With the line's end, which the last line has not.
        out.push_slice(text, from..(line.range.end + 1).min(text.len()));
    }
    out
}

/// Returns where a character begins, or the end of the text.
pub(super) fn byte_of_char(text: &str, n_chars: usize) -> usize {
    text.char_indices().nth(n_chars).map_or(text.len(), |(at, _)| at)
}
