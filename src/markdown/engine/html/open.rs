//! Tags that are open, and which of them are closed before a paragraph ends.
//!
//! Each question is answered without a look at all that is open, because a page may open a tag in
//! every line and close none.

use super::scan;
use crate::markdown::engine::blocks::DEPTH_LIMIT;
use std::collections::BTreeMap;

/// The tags that are open, the innermost last.
#[derive(Default)]
pub(super) struct OpenTags {
    stack: Vec<String>,
    /// How often each is open.
    counts: BTreeMap<String, usize>,
}

impl OpenTags {
    /// Opens a tag.
    pub(super) fn push(&mut self, tag: &str) {
        self.stack.push(tag.to_owned());
        *self.counts.entry(tag.to_owned()).or_default() += 1;
    }

    /// Closes a tag and all that was opened in it; nothing where it is not open.
    pub(super) fn close(&mut self, tag: &str) {
        if !self.contains(tag) {
            return;
        }
        while let Some(open) = self.stack.pop() {
            if let Some(count) = self.counts.get_mut(&open) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&open);
                }
            }
            if open == tag {
                break;
            }
        }
    }

    /// Closes all.
    pub(super) fn clear(&mut self) {
        self.stack.clear();
        self.counts.clear();
    }

    /// Tells whether none is open.
    pub(super) fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    /// Tells whether a tag is open.
    pub(super) fn contains(&self, tag: &str) -> bool {
        self.counts.contains_key(tag)
    }
}

/// The inline tags that are open in a paragraph.
#[derive(Default)]
pub(super) struct InlineTags {
    open: OpenTags,
    /// The paragraph that was asked about.
    paragraph: std::ops::Range<usize>,
    /// Where each tag is closed next in that paragraph, or its end.
    closed: BTreeMap<String, usize>,
}

impl InlineTags {
    /// Opens a tag.
    pub(super) fn push(&mut self, tag: &str) {
        self.open.push(tag);
    }

    /// Closes a tag and all that was opened in it.
    pub(super) fn close(&mut self, tag: &str) {
        self.open.close(tag);
    }

    /// Closes all.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    /// Tells whether a tag that is open is closed between a place and the end of its paragraph. Of
    /// more kinds of tags than containers may nest, the first in order are looked at.
    pub(super) fn close_follows(&mut self, raw: &str, from: usize) -> bool {
        if self.open.is_empty() || from > raw.len() {
            return false;
        }
        if !self.paragraph.contains(&from) {
            let end = scan::find_blank_line(&raw[from..]).map_or(raw.len(), |len| from + len);
            self.paragraph = from..end;
            self.closed.clear();
        }
        let end = self.paragraph.end;
        let closed = &mut self.closed;
        self.open.counts.keys().take(DEPTH_LIMIT).any(|tag| {
            let known = closed.get(tag).copied().filter(|known| *known >= from);
            let next = known.unwrap_or_else(|| {
                let next = scan::find_end_tag(&raw[..end], from, tag).unwrap_or(end);
                closed.insert(tag.clone(), next);
                next
            });
            next < end
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_takes_what_was_opened_in_it_along() {
        let mut open = OpenTags::default();
        for tag in ["a", "b", "a", "i"] {
            open.push(tag);
        }
        open.close("x");
        open.close("a");
        assert!(open.contains("a") && open.contains("b") && !open.contains("i"));
        open.close("a");
        assert!(open.is_empty() && !open.contains("b"));
    }

    #[test]
    fn a_tag_that_is_closed_in_the_next_paragraph_is_not_closed() {
        let raw = "x</b>y\n\n</b>";
        let mut tags = InlineTags::default();
        assert!(!tags.close_follows(raw, 0));
        tags.push("b");
        assert!(tags.close_follows(raw, 0) && tags.close_follows(raw, 1));
        assert!(!tags.close_follows(raw, 2) && tags.close_follows(raw, 7));
    }
}
