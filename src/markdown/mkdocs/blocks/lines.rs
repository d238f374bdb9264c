//! What Python-Markdown does to strings, on chunks: stripping, detabbing, splitting.

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

/// `str.strip('\n')` and the like, with the ends to strip.
pub(crate) fn strip_newlines(chunk: &Chunk, start: bool, end: bool) -> Chunk {
    let text = chunk.text();
    let to = if end { text.trim_end_matches('\n').len() } else { text.len() };
    let from = if start { text.len() - text.trim_start_matches('\n').len() } else { 0 };
    chunk.slice(from.min(to)..to)
}

/// Tells whether a text is blank.
pub(crate) fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// `str.split('\n\n')`.
pub(crate) fn split_blocks(chunk: &Chunk) -> Vec<Chunk> {
    let mut at = 0;
    let mut blocks = Vec::new();
    for part in chunk.text().split("\n\n") {
        blocks.push(chunk.slice(at..at + part.len()));
        at += part.len() + 2;
    }
    blocks
}

/// Returns the bytes of every line without its `\n`.
pub(crate) fn line_ranges(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    text.split('\n')
        .map(|line| {
            let range = at..at + line.len();
            at = range.end + 1;
            range
        })
        .collect()
}

/// Puts parts of one chunk together, `\n` between them. Where the text goes on with a `\n` after a
/// part, that one is taken, so that places stay exact.
pub(crate) fn join_lines(chunk: &Chunk, parts: &[Range<usize>]) -> Chunk {
    let mut out = Chunk::default();
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        if !last && chunk.text().as_bytes().get(part.end) == Some(&b'\n') {
            out.push_slice(chunk, part.start..part.end + 1);
        } else {
            out.push_slice(chunk, part.clone());
            if !last {
                newline(&mut out, chunk);
            }
        }
    }
    out
}

/// Appends a `\n` that stands in no file.
pub(crate) fn newline(out: &mut Chunk, near: &Chunk) {
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
pub(crate) fn detab(chunk: &Chunk, length: usize) -> (Chunk, Chunk) {
    let text = chunk.text();
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
    (join_lines(chunk, &parts), chunk.slice(rest..text.len()))
}

/// `BlockProcessor.looseDetab`: removes an indentation from every line that has it.
pub(crate) fn loose_detab(chunk: &Chunk, length: usize) -> Chunk {
    let text = chunk.text();
    let parts: Vec<_> = line_ranges(text)
        .into_iter()
        .map(|range| if indented(&text[range.clone()], length) { range.start + length..range.end } else { range })
        .collect();
    join_lines(chunk, &parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Source};

    fn chunk(text: &str) -> (Source, Chunk) {
        let source = Source::new(SitePath::new("a.md"), text);
        let chunk = Chunk::of(&source);
        (source, chunk)
    }

    #[test]
    fn detab_stops_at_the_first_line_that_is_not_indented() {
        let (source, text) = chunk("    a\n\n      b\nc\n    d");
        let (body, rest) = detab(&text, 4);
        assert_eq!((body.text(), rest.text()), ("a\n\n  b", "c\n    d"));
        assert_eq!(source.slice(body.span(3..6)), Some("  b"));
    }

    #[test]
    fn loose_detab_keeps_lines_that_are_not_indented() {
        let (_, text) = chunk("        a\nb\n    c");
        assert_eq!(loose_detab(&text, 4).text(), "    a\nb\nc");
    }

    #[test]
    fn blocks_are_split_as_python_splits() {
        let (_, text) = chunk("a\n\n\nb\n\n");
        let blocks: Vec<_> = split_blocks(&text).iter().map(|block| block.text().to_owned()).collect();
        assert_eq!(blocks, ["a", "\nb", ""]);
    }
}
