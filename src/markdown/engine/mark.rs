//! Placeholders: what stands in a text for something that no later rule may read.
//!
//! Python-Markdown hides what is finished behind a few characters in the text itself, and so does this
//! port: its rules are regular expressions over that text, and what they do not match decides as much
//! as what they do. This file owns every such mark and the characters they are made of. Pages are
//! freed of `STX` and `ETX` before the first mark is made, so that no page can forge one.

use std::fmt;
use std::ops::Range;

/// Start of a mark.
pub(crate) const STX: char = '\u{2}';
/// End of a mark.
pub(crate) const ETX: char = '\u{3}';

/// Stands before text that no later pass may touch: Python-Markdown's `AtomicString`. A noncharacter of
/// Unicode, gone when the passes over text are done.
pub(crate) const ATOMIC: char = '\u{FDD0}';

/// Stands for what an attribute list cannot hold, while lists are looked for.
pub(crate) const HIDDEN: &str = "\u{1}";

/// A placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// `STX n ETX`: a node of the page's stash (`HtmlStash`), or of a run of nodes that is text for once.
    Node(usize),
    /// `STX i n ETX`: what a rule made of a part of the text in hand (`INLINE_PLACEHOLDER`).
    Inline(usize),
    /// `STX e n ETX`: a character that a backslash freed of its meaning, by its code point
    /// (`EscapeInlineProcessor`).
    Escaped(char),
    /// `STX r n ETX`: a node beside the text that a pass over finished text works on.
    Beside(usize),
}

impl Mark {
    /// Reads the mark at the start of a text: what it is, and its length.
    pub(crate) fn at(text: &str) -> Option<(Mark, usize)> {
        let inner = text.strip_prefix(STX)?;
        let letter = inner.bytes().next().filter(u8::is_ascii_alphabetic);
        let from = usize::from(letter.is_some());
        let digits = inner[from..].find(|ch: char| !ch.is_ascii_digit())?;
        inner[from + digits..].starts_with(ETX).then_some(())?;
        let number: usize = inner[from..from + digits].parse().ok()?;
        let mark = match letter {
            None => Mark::Node(number),
            Some(b'i') => Mark::Inline(number),
            Some(b'e') => Mark::Escaped(char::from_u32(u32::try_from(number).ok()?)?),
            Some(b'r') => Mark::Beside(number),
            Some(_) => return None,
        };
        Some((mark, from + digits + 2))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::Node(number) => write!(f, "{STX}{number}{ETX}"),
            Mark::Inline(number) => write!(f, "{STX}i{number}{ETX}"),
            Mark::Escaped(c) => write!(f, "{STX}e{}{ETX}", *c as u32),
            Mark::Beside(number) => write!(f, "{STX}r{number}{ETX}"),
        }
    }
}

/// Finds the next mark of a node from `from` on: its bytes and its number.
pub(crate) fn find_node(text: &str, from: usize) -> Option<(Range<usize>, usize)> {
    let mut at = from;
    loop {
        let start = at + text[at..].find(STX)?;
        if let Some(found) = node_at(text, start) {
            return Some(found);
        }
        at = start + 1;
    }
}

/// Reads the mark of a node that begins exactly at `start`.
pub(crate) fn node_at(text: &str, start: usize) -> Option<(Range<usize>, usize)> {
    match Mark::at(&text[start..])? {
        (Mark::Node(number), length) => Some((start..start + length, number)),
        _ => None,
    }
}

/// Returns the mark of an escaped character.
pub(crate) fn escaped(c: char) -> String {
    Mark::Escaped(c).to_string()
}

/// Puts escaped characters back into a text.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(STX) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match Mark::at(rest) {
            Some((Mark::Escaped(c), length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            _ => {
                out.push(STX);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        for mark in [Mark::Node(0), Mark::Inline(12), Mark::Escaped('\\'), Mark::Escaped('é'), Mark::Beside(3)] {
            let text = mark.to_string();
            assert_eq!(Mark::at(&format!("{text}x")), Some((mark, text.len())));
        }
    }

    #[test]
    fn what_is_no_mark_is_left() {
        for text in ["", "\u{2}", "\u{2}1", "\u{2}x1\u{3}", "\u{2}i\u{3}", "\u{2}e1114112\u{3}", "1\u{3}"] {
            assert_eq!(Mark::at(text), None, "{text:?}");
        }
        assert_eq!(find_node("a\u{2}b\u{3}\u{2}i1\u{3} \u{2}7\u{3}", 0), Some((9..12, 7)));
        assert_eq!(unescape("a\u{2}e42\u{3}\u{2}1\u{3}"), "a*\u{2}1\u{3}");
    }
}
