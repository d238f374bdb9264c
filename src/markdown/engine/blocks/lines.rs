//! What Python-Markdown does to strings, on chunks and blocks: stripping, detabbing, joining.

use super::block::Block;
use crate::text::Chunk;
use std::ops::Range;

/// Python-Markdown's tab length; MkDocs cannot change it.
pub(crate) const TAB: usize = 4;

/// Tells whether a text begins with that many spaces.
pub(crate) fn indented(text: &str, n: usize) -> bool {
    text.len() >= n && text.as_bytes()[..n].iter().all(|byte| *byte == b' ')
}

/// Counts the spaces that a text begins with.
pub(crate) fn leading_spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// `str.strip`.
pub(crate) fn strip(chunk: &Chunk) -> Chunk {
    let text = chunk.text();
    let start = text.len() - text.trim_start().len();
    chunk.slice(start..text.trim_end().len().max(start))
}

/// `str.lstrip`.
pub(crate) fn strip_start(chunk: &Chunk) -> Chunk {
    let text = chunk.text();
    chunk.slice(text.len() - text.trim_start().len()..text.len())
}

/// `str.rstrip`.
pub(crate) fn strip_end(chunk: &Chunk) -> Chunk {
    chunk.slice(0..chunk.text().trim_end().len())
}

/// Tells whether a text is blank.
pub(crate) fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Returns the bytes of every line without its `\n`.
pub(crate) fn line_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split('\n').map(move |line| {
        let range = at..at + line.len();
        at = range.end + 1;
        range
    })
}

/// Puts parts of one block together, `\n` between them. Where the text goes on with a `\n` after a
/// part, that one is taken, so that places stay exact.
pub(crate) fn join_lines(block: &Block, parts: &[Range<usize>]) -> Chunk {
    let mut out = Chunk::default();
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        if !last && block.text().as_bytes().get(part.end) == Some(&b'\n') {
            block.push_to(&mut out, part.start..part.end + 1);
        } else {
            block.push_to(&mut out, part.clone());
            if !last {
                newline(&mut out, block);
            }
        }
    }
    out
}

/// Appends a `\n` that stands in no file.
pub(crate) fn newline(out: &mut Chunk, near: &Block) {
    let at = out.whole_span().or(near.whole_span());
    if let Some(span) = at {
        out.push_synthetic("\n", span.end_point());
    }
}

/// Puts chunks together with a separator between them.
pub(crate) fn join(chunks: &[&Chunk], separator: &str) -> Chunk {
    let mut out = Chunk::default();
    let near = chunks.iter().find_map(|chunk| chunk.whole_span());
    for (at, chunk) in chunks.iter().enumerate() {
        if at > 0
            && let Some(span) = out.whole_span().or(near)
        {
            out.push_synthetic(separator, span.end_point());
        }
        out.push(chunk);
    }
    out
}

/// `BlockProcessor.detab`: takes lines that are indented by `length` or blank off the front, and
/// returns them without the indentation, and the rest.
pub(crate) fn detab(block: &Block, length: usize) -> (Chunk, Block) {
    let text = block.text();
    let mut parts = Vec::new();
    let mut rest = text.len();
    for range in line_ranges(text) {
        let line = &text[range.clone()];
        if indented(line, length) {
            parts.push(range.start + length..range.end);
        } else if blank(line) {
            parts.push(range.end..range.end);
        } else {
            rest = range.start;
            break;
        }
    }
    (join_lines(block, &parts), block.part(rest..text.len()))
}

/// `BlockProcessor.looseDetab`: removes an indentation from every line that has it.
pub(crate) fn loose_detab(block: &Block, length: usize) -> Chunk {
    let text = block.text();
    let parts: Vec<_> = line_ranges(text)
        .map(|range| if indented(&text[range.clone()], length) { range.start + length..range.end } else { range })
        .collect();
    join_lines(block, &parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Source};

    fn block(text: &str) -> (Source, Block) {
        let source = Source::new(SitePath::new("a.md"), text);
        let block = Block::of(Chunk::of(&source));
        (source, block)
    }

    #[test]
    fn detab_stops_at_the_first_line_that_is_not_indented() {
        let (source, text) = block("    a\n\n      b\nc\n    d");
        let (body, rest) = detab(&text, 4);
        assert_eq!((body.text(), rest.text()), ("a\n\n  b", "c\n    d"));
        assert_eq!(source.slice(body.span(3..6)), Some("  b"));
    }

    #[test]
    fn loose_detab_keeps_lines_that_are_not_indented() {
        let (_, text) = block("        a\nb\n    c");
        assert_eq!(loose_detab(&text, 4).text(), "    a\nb\nc");
    }
}
