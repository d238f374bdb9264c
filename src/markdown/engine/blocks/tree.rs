//! The tree while blocks are parsed: elements in an arena, with text and tail as ElementTree has
//! them, because Python-Markdown's rules are written in those terms.

use crate::markdown::tree::{Attrs, Node};
use crate::text::{Chunk, Span};
use std::borrow::Cow;

/// An element's place in the arena; the root is 0.
pub(crate) type ElId = usize;

/// The tag of an element that stands for nothing but the nodes before its text.
pub(crate) const READY: &str = "";

/// Text before the children (`text`) or after the element (`tail`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    /// The text, not parsed.
    pub(crate) chunk: Chunk,
    /// Whether it stays as it is: ElementTree's `AtomicString`.
    pub(crate) atomic: bool,
}

/// An element.
#[derive(Debug, Default)]
pub(crate) struct El {
    /// The tag.
    pub(crate) tag: Cow<'static, str>,
    /// The attributes.
    pub(crate) attrs: Attrs,
    /// The text before the first child.
    pub(crate) text: Slot,
    /// The text after the element.
    pub(crate) tail: Slot,
    /// The children.
    pub(crate) children: Vec<ElId>,
    /// The place of the markers that made it; children and text add theirs at the end.
    pub(crate) span: Option<Span>,
    /// Code of an indented block: the element is `<pre><code>`.
    pub(crate) code: Option<Chunk>,
    /// Nodes that are ready and stand before `text`; used by passes over the tree.
    pub(crate) before: Vec<Node>,
    /// What `text` became, once text is parsed.
    pub(crate) text_nodes: Vec<Node>,
    /// What `tail` became.
    pub(crate) tail_nodes: Vec<Node>,
}

/// The arena.
#[derive(Debug)]
pub(crate) struct Tree {
    els: Vec<El>,
}

impl Tree {
    /// The root, which stands for the page.
    pub(crate) const ROOT: ElId = 0;

    /// Makes a tree of a root alone.
    pub(crate) fn new() -> Tree {
        Tree { els: vec![El { tag: "div".into(), ..El::default() }] }
    }

    /// Makes an element that has no parent yet.
    pub(crate) fn detached(&mut self, tag: impl Into<Cow<'static, str>>) -> ElId {
        self.els.push(El { tag: tag.into(), ..El::default() });
        self.els.len() - 1
    }

    /// Makes an element as the last child of another.
    pub(crate) fn append(&mut self, parent: ElId, tag: impl Into<Cow<'static, str>>) -> ElId {
        let id = self.detached(tag);
        self.els[parent].children.push(id);
        id
    }

    /// Returns an element.
    pub(crate) fn get(&self, id: ElId) -> &El {
        &self.els[id]
    }

    /// Returns an element to change.
    pub(crate) fn get_mut(&mut self, id: ElId) -> &mut El {
        &mut self.els[id]
    }

    /// Returns the last child.
    pub(crate) fn last_child(&self, id: ElId) -> Option<ElId> {
        self.els[id].children.last().copied()
    }

    /// Returns an element's tag.
    pub(crate) fn tag(&self, id: ElId) -> &str {
        &self.els[id].tag
    }

    /// Tells whether an element has one of these tags.
    pub(crate) fn is(&self, id: ElId, tags: &[&str]) -> bool {
        tags.contains(&self.tag(id))
    }

    /// Sets an element's text.
    pub(crate) fn set_text(&mut self, id: ElId, text: Chunk) {
        self.els[id].text.chunk = text;
    }

    /// Moves the text of an element into a new `<p>` before its other children; nothing where there
    /// is no text. This is how a tight item becomes loose.
    pub(crate) fn wrap_text(&mut self, id: ElId) {
        if self.els[id].text.chunk.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.els[id].text);
        let p = self.detached("p");
        self.els[p].text = text;
        self.els[id].children.insert(0, p);
    }

    /// Visits elements in document order, parents first.
    pub(crate) fn ids_in_order(&self, root: ElId) -> Vec<ElId> {
        let mut order = Vec::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            order.push(id);
            stack.extend(self.els[id].children.iter().rev());
        }
        order
    }
}
