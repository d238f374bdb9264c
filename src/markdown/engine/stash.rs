//! Finished nodes that wait for their place.
//!
//! Python-Markdown hides what must not be parsed again behind a placeholder in the text. So does
//! this port: a [`Stash`] keeps nodes, and `STX number ETX` stands for each of them in a chunk. The
//! input is freed of both characters first, so that no page can forge one.

use crate::markdown::tree::Node;
use std::ops::Range;

/// Start of a placeholder.
pub(crate) const STX: char = '\u{2}';
/// End of a placeholder.
pub(crate) const ETX: char = '\u{3}';

/// The nodes behind placeholders.
#[derive(Debug, Default)]
pub(crate) struct Stash(Vec<Node>);

impl Stash {
    /// Keeps a node and returns the text that stands for it.
    pub(crate) fn put(&mut self, node: Node) -> String {
        self.0.push(node);
        format!("{STX}{}{ETX}", self.0.len() - 1)
    }

    /// Returns how many nodes there are, which is the number of the next.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns a node by its number; `None` where no placeholder has that number.
    pub(crate) fn get(&self, number: usize) -> Option<&Node> {
        self.0.get(number)
    }

    /// Puts another node in the place of one.
    pub(crate) fn replace(&mut self, number: usize, node: Node) {
        if let Some(place) = self.0.get_mut(number) {
            *place = node;
        }
    }
}

/// Finds the next placeholder from `from` on: its bytes and its number.
pub(crate) fn find_placeholder(text: &str, from: usize) -> Option<(Range<usize>, usize)> {
    let mut at = from;
    loop {
        let start = at + text[at..].find(STX)?;
        if let Some((range, number)) = placeholder_at(text, start) {
            return Some((range, number));
        }
        at = start + 1;
    }
}

/// Reads the placeholder that begins exactly at `start`.
pub(crate) fn placeholder_at(text: &str, start: usize) -> Option<(Range<usize>, usize)> {
    let inner = text[start..].strip_prefix(STX)?;
    let digits = inner.find(|ch: char| !ch.is_ascii_digit())?;
    inner[digits..].starts_with(ETX).then_some(())?;
    Some((start..start + digits + 2, inner[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Span};

    #[test]
    fn placeholders_are_found_and_forgeries_are_not() {
        let mut stash = Stash::default();
        let mark = stash.put(Node::text("x", Span::at_start(SitePath::new("a.md"))));
        let text = format!("a \u{2}b\u{3} {mark} c");
        let (range, number) = find_placeholder(&text, 0).expect("one");
        assert_eq!((&text[range], number), (mark.as_str(), 0));
        assert!(stash.get(0).is_some() && stash.get(1).is_none());
    }
}
