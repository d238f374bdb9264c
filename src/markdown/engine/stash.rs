//! Finished nodes that wait for their place, each behind a mark in the text.

use super::mark::Mark;
use crate::markdown::tree::Node;

/// The nodes behind marks, by number.
#[derive(Debug, Default)]
pub(crate) struct Stash(Vec<Node>);

impl Stash {
    /// Keeps a node and returns the text that stands for it.
    pub(crate) fn put(&mut self, node: Node) -> String {
        self.0.push(node);
        Mark::Node(self.0.len() - 1).to_string()
    }

    /// Returns how many nodes there are, which is the number of the next.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns a node by its number; `None` where no mark has that number.
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
