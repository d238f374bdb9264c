//! The first thing that happens to a page: line ends, tabs, and the characters of marks.
//!
//! Source of the rule: `NormalizeWhitespace` of Python-Markdown 3.11.

use super::blocks::lines::{TAB, line_ranges};
use super::mark::{ETX, STX};
use crate::text::Chunk;
use std::ops::Range;

/// Makes `\n` of every line end and drops a byte order mark: what MkDocs does as it reads the file.
pub(crate) fn line_ends(text: &Chunk) -> Chunk {
    let bytes = text.text().as_bytes();
    let mut out = Chunk::default();
    let mut copied = if text.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for (at, _) in bytes.iter().enumerate().skip(copied).filter(|(_, byte)| **byte == b'\r') {
        out.push_slice(text, copied..at);
        if bytes.get(at + 1) != Some(&b'\n') {
            out.push_synthetic("\n", text.span(at..at + 1));
        }
        copied = at + 1;
    }
    out.push_slice(text, copied..bytes.len());
    out
}

/// Makes spaces of tabs and nothing of `STX` and `ETX`; lines of spaces become empty, except the
/// first; two line ends are added.
///
/// Lines in `kept`, sorted ranges of whole lines, keep their tabs: SuperFences' `preserve_tabs`.
pub(crate) fn normalise(text: &Chunk, kept: &[Range<usize>]) -> Chunk {
    let mut out = Chunk::default();
    for range in line_ranges(text.text()) {
        if range.start > 0 {
            out.push_slice(text, range.start - 1..range.start);
        }
        let next = kept.partition_point(|kept| kept.start <= range.start);
        if next.checked_sub(1).is_some_and(|last| range.end <= kept[last].end) {
            push_line(&mut out, text, range, &[STX, ETX]);
            continue;
        }
        let line = &text.text()[range.clone()];
        let blank = range.start > 0 && line.chars().all(|ch| matches!(ch, ' ' | '\t' | STX | ETX));
        if !blank {
            push_line(&mut out, text, range, &['\t', STX, ETX]);
        }
    }
    if let Some(span) = text.whole_span() {
        out.push_synthetic("\n\n", span.end_point());
    }
    out
}

/// Pushes a line, of the characters in `replaced` spaces or nothing.
fn push_line(out: &mut Chunk, text: &Chunk, range: Range<usize>, replaced: &[char]) {
    let mut copied = range.start;
    let mut column = 0;
    for (at, ch) in text.text()[range.clone()].char_indices() {
        let at = range.start + at;
        let width = match ch {
            ch if !replaced.contains(&ch) => {
                column += 1;
                continue;
            }
            '\t' => TAB - column % TAB,
            _ => 0,
        };
        out.push_slice(text, copied..at);
        copied = at + 1;
        out.push_synthetic(&"    "[..width], text.span(at..at + 1));
        column += width;
    }
    out.push_slice(text, copied..range.end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Source};

    fn normal(text: &str) -> String {
        normalise(&line_ends(&Chunk::of(&Source::new(SitePath::new("a.md"), text))), &[]).text().to_owned()
    }

    #[test]
    fn whitespace_is_normalised_as_python_markdown_does() {
        assert_eq!(normal("a\r\nb\rc"), "a\nb\nc\n\n");
        assert_eq!(normal("\ta\tb"), "    a   b\n\n");
        assert_eq!(normal("a\n   \nb"), "a\n\nb\n\n");
        assert_eq!(normal("   \nb"), "   \nb\n\n");
        assert_eq!(normal("\u{2}0\u{3}x"), "0x\n\n");
        assert_eq!(normal("é\tx"), "é   x\n\n");
    }

    #[test]
    fn places_survive() {
        let source = Source::new(SitePath::new("a.md"), "a\r\n\tb");
        let chunk = normalise(&line_ends(&Chunk::of(&source)), &[]);
        let at = chunk.text().find('b').expect("there is a b");
        assert_eq!(chunk.span(at..at + 1).range(), 4..5);
    }
}
