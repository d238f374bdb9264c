//! Text that was lifted out of its surroundings and still knows where it stood.

use super::{SitePath, Source, Span};
use std::ops::Range;

/// A piece of text put together from pieces of sources: the body of a quote without its `>`, an
/// included file, a list item without its indentation.
///
/// Every byte has an origin, so any range of the text maps back to a [`Span`]. Text that stands in
/// no file (a synthetic piece) has the place it was made for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    text: String,
    /// Sorted by `at`; the first begins at 0 where there is text.
    pieces: Vec<Piece>,
}

/// From `at` on, the text is a copy of the file from `origin.start` on (`copied`), or stands for
/// the whole of `origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    at: usize,
    origin: Span,
    copied: bool,
}

/// One line of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line without its `\n`.
    pub text: &'a str,
    /// The bytes of the chunk that it covers, without the `\n`.
    pub range: Range<usize>,
}

impl Chunk {
    /// Lifts a whole source.
    pub fn of(source: &Source) -> Chunk {
        Chunk::copied(source.text(), source.span())
    }

    /// Lifts a range of bytes of a source.
    pub fn lifted(source: &Source, range: Range<usize>) -> Chunk {
        Chunk::copied(&source.text()[range.clone()], Span::new(source.path(), range))
    }

    /// Takes text that is a copy of what stands at `origin`.
    pub fn copied(text: &str, origin: Span) -> Chunk {
        let pieces = if text.is_empty() { Vec::new() } else { vec![Piece { at: 0, origin, copied: true }] };
        Chunk { text: text.to_owned(), pieces }
    }

    /// Makes text that stands in no file, for the place that asked for it.
    pub fn synthetic(text: &str, origin: Span) -> Chunk {
        let pieces = if text.is_empty() { Vec::new() } else { vec![Piece { at: 0, origin, copied: false }] };
        Chunk { text: text.to_owned(), pieces }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Tells whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the span of the whole; `None` for an empty chunk, which has no place.
    pub fn whole_span(&self) -> Option<Span> {
        (!self.is_empty()).then(|| self.span(0..self.len()))
    }

    /// Returns where a range of bytes came from: from the origin of its first byte to the origin
    /// of its last, markup between them included. Where the two lie in different files, the
    /// part in the first file.
    ///
    /// An empty range is an empty span. On an empty chunk the span is that of an unnamed file.
    pub fn span(&self, range: Range<usize>) -> Span {
        let Some(first) = self.piece_at(range.start) else {
            return Span::at_start(SitePath::new(""));
        };
        if range.is_empty() {
            return self.point(first, range.start);
        }
        let start = if first.copied { self.point(first, range.start) } else { first.origin };
        let last = self.piece_at(range.end - 1).expect("a chunk with a first byte has a piece for every byte");
        let end = if last.copied { self.point(last, range.end) } else { last.origin };
        if start.file != end.file || end.end < start.start {
            let next = self.pieces.partition_point(|piece| piece.at <= first.at);
            let cut = self.pieces.get(next).map_or(range.end, |next| next.at.min(range.end));
            let end = if first.copied { self.point(first, cut) } else { first.origin };
            return Span { end: end.end.max(start.start), ..start };
        }
        Span { file: start.file, start: start.start, end: end.end }
    }

    fn piece_at(&self, offset: usize) -> Option<&Piece> {
        let next = self.pieces.partition_point(|piece| piece.at <= offset);
        self.pieces.get(next.checked_sub(1)?)
    }

    fn point(&self, piece: &Piece, offset: usize) -> Span {
        if !piece.copied {
            return Span { end: piece.origin.start, ..piece.origin };
        }
        let at = (piece.origin.start as usize + (offset - piece.at)).min(piece.origin.end as usize);
        Span::new(piece.origin.file, at..at)
    }

    /// Returns a range of bytes as a chunk of its own.
    pub fn slice(&self, range: Range<usize>) -> Chunk {
        let mut out = Chunk::default();
        out.push_slice(self, range);
        out
    }

    /// Appends a range of bytes of another chunk.
    pub fn push_slice(&mut self, other: &Chunk, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let base = self.text.len();
        let first = other.pieces.partition_point(|piece| piece.at <= range.start).saturating_sub(1);
        for piece in &other.pieces[first..] {
            if piece.at >= range.end {
                break;
            }
            let skipped = range.start.saturating_sub(piece.at);
            let mut origin = piece.origin;
            if piece.copied {
                origin.start = (origin.start + skipped as u32).min(origin.end);
            }
            let at = base + piece.at.max(range.start) - range.start;
            self.push_piece(Piece { at, origin, copied: piece.copied });
        }
        self.text.push_str(&other.text[range]);
    }

    /// Drops what stands behind a length in bytes.
    pub fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
        self.pieces.truncate(self.pieces.partition_point(|piece| piece.at < len));
    }

    /// Appends another chunk.
    pub fn push(&mut self, other: &Chunk) {
        self.push_slice(other, 0..other.len());
    }

    /// Appends text that stands in no file, such as the `\n` between two joined chunks.
    pub fn push_synthetic(&mut self, text: &str, origin: Span) {
        self.push(&Chunk::synthetic(text, origin));
    }

    /// Adds a piece, or lets the last one run on where the new one continues it exactly.
    fn push_piece(&mut self, piece: Piece) {
        if let Some(last) = self.pieces.last_mut()
            && last.copied
            && piece.copied
            && last.origin.file == piece.origin.file
            && last.origin.start as usize + (piece.at - last.at) == piece.origin.start as usize
        {
            last.origin.end = last.origin.end.max(piece.origin.end);
            return;
        }
        if let Some(last) = self.pieces.last_mut()
            && last.copied
        {
            let end = last.origin.start + (piece.at - last.at) as u32;
            last.origin.end = last.origin.end.min(end);
        }
        self.pieces.push(piece);
    }

    /// Returns the lines in order. Text that ends in `\n` has an empty last line; the empty text
    /// has one empty line.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut at = 0;
        self.text.split('\n').map(move |text| {
            let range = at..at + text.len();
            at = range.end + 1;
            Line { text, range }
        })
    }

    /// Cuts the text where its origin changes: each part with where it came from, and whether it is a
    /// copy of the bytes there.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Span, bool)> {
        self.pieces.iter().enumerate().map(|(index, piece)| {
            let end = self.pieces.get(index + 1).map_or(self.text.len(), |next| next.at);
            (&self.text[piece.at..end], self.span(piece.at..end), piece.copied)
        })
    }

    /// Replaces ranges of bytes, sorted and apart from each other, by other chunks.
    pub fn replace(&self, changes: &[(Range<usize>, Chunk)]) -> Chunk {
        let mut out = Chunk::default();
        let mut at = 0;
        for (range, by) in changes {
            out.push_slice(self, at..range.start);
            out.push(by);
            at = range.end;
        }
        out.push_slice(self, at..self.len());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new(SitePath::new("a.md"), text)
    }

    #[test]
    fn a_quote_without_its_marks_maps_back() {
        let page = source("> one\n> two");
        let mut body = Chunk::lifted(&page, 2..6);
        body.push(&Chunk::lifted(&page, 8..11));
        assert_eq!(body.text(), "one\ntwo");
        assert_eq!(body.span(4..7).range(), 8..11);
        assert_eq!(body.span(0..7).range(), 2..11);
        assert_eq!(body.span(0..3).range(), 2..5);
        assert_eq!(body.slice(5..7).span(0..2).range(), 9..11);
    }

    #[test]
    fn synthetic_text_has_the_place_it_was_made_for() {
        let page = source("abc");
        let mut chunk = Chunk::of(&page);
        chunk.push_synthetic("xyz", page.span());
        assert_eq!(chunk.text(), "abcxyz");
        assert_eq!(chunk.span(3..5).range(), 0..3);
        assert_eq!(chunk.span(1..2).range(), 1..2);
    }

    #[test]
    fn replaced_text_keeps_the_rest_in_place() {
        let page = source("one two three");
        let chunk = Chunk::of(&page).replace(&[(4..7, Chunk::synthetic("2", Span::new(page.path(), 4..7)))]);
        assert_eq!(chunk.text(), "one 2 three");
        assert_eq!(chunk.span(6..11).range(), 8..13);
    }

    #[test]
    fn neighbours_that_continue_each_other_are_one_piece() {
        let page = source("one two");
        let mut chunk = Chunk::lifted(&page, 0..3);
        chunk.push(&Chunk::lifted(&page, 3..7));
        assert_eq!(chunk, Chunk::of(&page));
    }

    #[test]
    fn a_cut_chunk_is_its_own_first_part() {
        let page = source("one two");
        let mut chunk = Chunk::of(&page);
        chunk.push_synthetic("xyz", page.span());
        for len in [0, 3, 7, 9] {
            let mut cut = chunk.clone();
            cut.truncate(len);
            cut.push_synthetic("!", page.span());
            let mut want = chunk.slice(0..len);
            want.push_synthetic("!", page.span());
            assert_eq!(cut, want);
        }
    }

    #[test]
    fn lines_know_their_ranges() {
        let page = source("a\n\nbc");
        let ranges: Vec<_> = Chunk::of(&page).lines().map(|line| line.range).collect();
        assert_eq!(ranges, [0..1, 2..2, 3..5]);
    }
}
