//! A block: a stretch of a text, and what the rules know of that text already.
//!
//! Most rules look for a line of theirs anywhere in a block, take it, and put the lines behind it
//! back. A block that was a text of its own would be copied, and looked through from its start by
//! every rule, once for each line that is taken: the square of its length. So blocks of one text
//! share it, and each search goes on where it ended the last time. A search never passes a line
//! twice because blocks of one text are parsed in the order in which they stand in it.
//!
//! Knows nothing of what the rules look for.

use crate::text::{Chunk, Span};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

/// Blocks that wait to be parsed.
pub(crate) type Blocks = VecDeque<Block>;

/// A stretch of a text.
#[derive(Clone)]
pub(crate) struct Block {
    text: Rc<Text>,
    range: Range<usize>,
}

struct Text {
    chunk: Chunk,
    /// What is known of each search, as far as one was asked.
    known: RefCell<Vec<Known>>,
    /// How often the text was copied because lines in its midst changed.
    n_copies: usize,
}

/// What is looked for in a text, by a number that [`Rules::search`] hands out.
///
/// [`Rules::search`]: crate::markdown::engine::rules::Rules::search
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Search(usize);

impl Search {
    /// Makes the search of a number.
    pub(crate) fn numbered(number: usize) -> Search {
        Search(number)
    }
}

/// How far a search came.
#[derive(Clone, Default)]
struct Known {
    /// No line that begins in here was what is looked for. One that begins at the end may be.
    clear: Range<usize>,
    /// The end of the block that was searched: a longer one might hold more.
    end: usize,
}

impl Block {
    /// Makes a block of a whole text.
    pub(crate) fn of(chunk: Chunk) -> Block {
        Block::copied(chunk, 0)
    }

    /// Makes a block of a whole text that was copied so often because lines in its midst changed.
    pub(crate) fn copied(chunk: Chunk, n_copies: usize) -> Block {
        let range = 0..chunk.len();
        Block { text: Rc::new(Text { chunk, known: RefCell::default(), n_copies }), range }
    }

    /// `str.split('\n\n')`.
    pub(crate) fn split(chunk: Chunk) -> Blocks {
        let whole = Block::of(chunk);
        let mut at = 0;
        let mut blocks = Blocks::new();
        for part in whole.text().split("\n\n") {
            blocks.push_back(whole.part(at..at + part.len()));
            at += part.len() + 2;
        }
        blocks
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.text.chunk.text()[self.range.clone()]
    }

    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.range.len()
    }

    /// Tells whether there is no text.
    pub(crate) fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Returns how often the text was copied because lines in its midst changed.
    pub(crate) fn n_copies(&self) -> usize {
        self.text.n_copies
    }

    /// Returns a range of bytes as a block.
    pub(crate) fn part(&self, range: Range<usize>) -> Block {
        let start = self.range.start;
        debug_assert!(range.start <= range.end && start + range.end <= self.range.end, "a part lies inside");
        Block { text: Rc::clone(&self.text), range: start + range.start..start + range.end }
    }

    /// Copies a range of bytes.
    pub(crate) fn slice(&self, range: Range<usize>) -> Chunk {
        let start = self.range.start;
        self.text.chunk.slice(start + range.start..start + range.end)
    }

    /// Appends a copy of a range of bytes.
    pub(crate) fn push_to(&self, out: &mut Chunk, range: Range<usize>) {
        let start = self.range.start;
        out.push_slice(&self.text.chunk, start + range.start..start + range.end);
    }

    /// Copies the whole.
    pub(crate) fn chunk(&self) -> Chunk {
        self.text.chunk.slice(self.range.clone())
    }

    /// Returns where a range of bytes came from.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        let start = self.range.start;
        self.text.chunk.span(start + range.start..start + range.end)
    }

    /// Returns the span of the whole; `None` where there is no text.
    pub(crate) fn whole_span(&self) -> Option<Span> {
        (!self.is_empty()).then(|| self.text.chunk.span(self.range.clone()))
    }

    /// `str.strip('\n')` and the like, with the ends to strip.
    pub(crate) fn strip_newlines(&self, start: bool, end: bool) -> Block {
        let text = self.text();
        let to = if end { text.trim_end_matches('\n').len() } else { text.len() };
        let from = if start { text.len() - text.trim_start_matches('\n').len() } else { 0 };
        self.part(from.min(to)..to)
    }

    /// Returns the text without the spaces that it ends in, which `search` remembers.
    pub(crate) fn trimmed_end(&self, search: Search) -> &str {
        let Range { start, end } = self.range;
        let mut known = self.known(search);
        if known.end != end {
            let trimmed = self.text.chunk.text()[..end].trim_end_matches(' ').len();
            known = Known { clear: trimmed..end, end };
            self.learn(search, known.clone());
        }
        &self.text()[..known.clear.start.max(start) - start]
    }

    /// Finds the first line that passes a test, which is given the line's bytes. A line that fails
    /// must fail in every part of this block too.
    pub(crate) fn find_line<T>(&self, search: Search, mut test: impl FnMut(Range<usize>) -> Option<T>) -> Option<T> {
        let (text, Range { start, end }) = (self.text.chunk.text(), self.range.clone());
        let line_end = |at: usize| text[at..end].find('\n').map_or(end, |len| at + len);
        let mut at = start;
        if start > 0 && text.as_bytes()[start - 1] != b'\n' {
            // The rest of a line is a line to this block alone.
            let next = line_end(start);
            if let Some(found) = test(0..next - start) {
                return Some(found);
            }
            if next == end {
                return None;
            }
            at = next + 1;
        }
        let mut known = self.known(search);
        if known.end < end || !(known.clear.start..=known.clear.end).contains(&at) {
            known = Known { clear: at..at, end };
        }
        let mut found = None;
        while known.clear.end <= end {
            let line = known.clear.end..line_end(known.clear.end);
            found = test(line.start - start..line.end - start);
            // What stands at the end may be the first part of a line that goes on.
            let whole = line.end < end || text.as_bytes().get(end).is_none_or(|byte| *byte == b'\n');
            if found.is_some() || !whole {
                break;
            }
            known.clear.end = line.end + 1;
        }
        self.learn(search, known);
        found
    }

    fn known(&self, search: Search) -> Known {
        self.text.known.borrow().get(search.0).cloned().unwrap_or_default()
    }

    fn learn(&self, search: Search, what: Known) {
        let mut known = self.text.known.borrow_mut();
        if known.len() <= search.0 {
            known.resize(search.0 + 1, Known::default());
        }
        known[search.0] = what;
    }

    /// Finds the first place at or after `from` that passes a test, of the places of one byte. The
    /// test is given the text from the place on, of which it may look at a few bytes, and the text
    /// before it.
    pub(crate) fn find_byte(
        &self,
        search: Search,
        from: usize,
        byte: u8,
        test: impl Fn(&str, &str) -> bool,
    ) -> Option<usize> {
        let text = self.text.chunk.text();
        let from = self.range.start + from;
        let mut known = self.known(search);
        if !(known.clear.start..=known.clear.end).contains(&from) {
            let mut at = from;
            while let Some(found) = text[at..].find(char::from(byte)) {
                at += found;
                if test(&text[at..], &text[..at]) {
                    break;
                }
                at += 1;
            }
            let found = text.as_bytes().get(at).is_some_and(|found| *found == byte);
            known = Known { clear: from..if found { at } else { usize::MAX }, end: 0 };
            self.learn(search, known.clone());
        }
        (known.clear.end < self.range.end).then(|| known.clear.end - self.range.start)
    }

    /// Notes a place at which what was found was refused; see [`Block::refused`].
    pub(crate) fn refuse(&self, search: Search, at: usize) {
        self.learn(search, Known { clear: 0..self.range.start + at, end: usize::MAX });
    }

    /// Tells whether the last place that was refused is this one.
    pub(crate) fn refused(&self, search: Search, at: usize) -> bool {
        let known = self.known(search);
        known.end == usize::MAX && known.clear.end == self.range.start + at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Source};

    fn block(text: &str) -> Block {
        Block::of(Chunk::of(&Source::new(SitePath::new("a.md"), text)))
    }

    /// Finds the line `x` and counts the lines that were looked at.
    fn find_x(block: &Block) -> (Option<usize>, usize) {
        let mut n_lines = 0;
        let found = block.find_line(Search(0), |line| {
            n_lines += 1;
            (&block.text()[line.clone()] == "x").then_some(line.start)
        });
        (found, n_lines)
    }

    #[test]
    fn no_line_is_looked_at_twice() {
        let whole = block("a\nb\nx\nc\nd\nx\ne");
        assert_eq!(find_x(&whole), (Some(4), 3));
        assert_eq!(find_x(&whole.part(0..3)), (None, 0));
        assert_eq!(find_x(&whole.part(2..13)), (Some(2), 1));
        let rest = whole.part(6..13);
        assert_eq!(find_x(&rest), (Some(4), 3));
        assert_eq!(find_x(&rest.part(2..7)), (Some(2), 1));
        assert_eq!(find_x(&whole.part(12..13)), (None, 1));
    }

    #[test]
    fn parts_of_lines_are_lines_of_their_block_alone() {
        let whole = block("xx\nb\nxy");
        assert_eq!(find_x(&whole.part(1..7)), (Some(0), 1));
        assert_eq!(find_x(&whole.part(3..6)), (Some(2), 2));
        assert_eq!(find_x(&whole.part(3..7)), (None, 2));
    }

    #[test]
    fn blocks_are_split_as_python_splits() {
        let blocks = Block::split(Chunk::of(&Source::new(SitePath::new("a.md"), "a\n\n\nb\n\n")));
        assert_eq!(blocks.iter().map(Block::text).collect::<Vec<_>>(), ["a", "\nb", ""]);
    }
}
