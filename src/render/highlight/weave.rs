//! Two languages in one text: the pieces of one are coloured as if they stood together, and the
//! pieces of the other stay between them (`do_insertions`, `DelegatingLexer`).

use super::{Class, Tokens};
use std::ops::Range;

/// A piece of the text.
pub(super) enum Piece {
    /// Text up to here has a class already.
    Mark(usize, Class),
    /// Text that the inner language colours.
    Code(Range<usize>),
}

/// Colours the pieces, which follow each other without gaps.
pub(super) fn weave(text: &str, pieces: &[Piece], inner: impl FnOnce(&str, &mut Tokens), tokens: &mut Tokens) {
    let code: String = pieces
        .iter()
        .filter_map(|piece| if let Piece::Code(range) = piece { Some(&text[range.clone()]) } else { None })
        .collect();
    let mut coloured = Tokens::default();
    inner(&code, &mut coloured);
    let mut runs = coloured.runs().iter().copied().peekable();
    let mut done = 0;
    for piece in pieces {
        match piece {
            Piece::Mark(end, class) => tokens.upto(*end, class),
            Piece::Code(range) => {
                let code_end = done + range.len();
                while let Some((end, class)) = runs.peek().copied() {
                    tokens.upto(range.start + (end.min(code_end) - done), class);
                    if end >= code_end {
                        if end == code_end {
                            runs.next();
                        }
                        break;
                    }
                    runs.next();
                }
                tokens.upto(range.end, "");
                done = code_end;
            }
        }
    }
}
