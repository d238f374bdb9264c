//! Byte offsets to lines and columns.

/// A place as people count: both numbers begin at 1, the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineCol {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters (Unicode scalar values), from 1.
    pub col: usize,
}

/// Knows where each line of a text begins. Lines end at `\n`; a `\r` before it belongs to the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Indexes a text in one pass.
    pub fn new(text: &str) -> LineIndex {
        let after_newline = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        LineIndex { starts: std::iter::once(0).chain(after_newline).collect() }
    }

    /// Returns the number of lines; a text that ends in `\n` has an empty last one.
    pub fn n_lines(&self) -> usize {
        self.starts.len()
    }

    /// Returns the byte offset at which a line (from 1) begins, or `None` past the end.
    pub fn line_start(&self, line: usize) -> Option<usize> {
        self.starts.get(line.checked_sub(1)?).copied()
    }

    /// Returns the line (from 1) that holds a byte offset; past the end, the last line.
    pub fn line(&self, offset_bytes: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset_bytes)
    }

    /// Returns line and column of a byte offset in the indexed text. An offset inside a character
    /// counts as that character's; one past the end as the end.
    pub fn line_col(&self, text: &str, offset_bytes: usize) -> LineCol {
        let offset = offset_bytes.min(text.len());
        let line = self.line(offset);
        let start = self.starts[line - 1];
        let col = text[start..].char_indices().take_while(|(at, ch)| start + at + ch.len_utf8() <= offset).count() + 1;
        LineCol { line, col }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "ä\nbö=c";
        let index = LineIndex::new(text);
        let equals = text.find('=').expect("it is in the text");
        assert_eq!(index.line_col(text, equals), LineCol { line: 2, col: 3 });
        assert_eq!(index.line_col(text, 999), LineCol { line: 2, col: 5 });
        assert_eq!(index.line_col("", 0), LineCol { line: 1, col: 1 });
    }
}
