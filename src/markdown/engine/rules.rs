//! The rules of a dialect: what Python-Markdown keeps in the registries of a `Markdown` object.
//!
//! An extension adds its rules to those of the core by name and priority, as `extendMarkdown` does; a
//! rule of a name that is there already takes its place. Rules are made once for a dialect and shared by
//! all its pages. Owns what registries there are; knows no rule.

use super::blocks::{BlockRule, Parser, Search};
use super::inline::{InlineRules, TextPasses};
use super::page::Page;
use super::registry::Registry;
use crate::markdown::tree::Node;
use crate::text::Chunk;
use std::any::Any;
use std::sync::Arc;

/// Changes the text of a page before its blocks are looked for.
pub(crate) type Preprocessor = Box<dyn Fn(Chunk, &mut Page<'_>) -> Chunk + Send + Sync>;

/// Changes the tree of blocks before the text in it is read.
pub(crate) type BlockPass = Box<dyn Fn(&mut Parser<'_, '_>) + Send + Sync>;

/// Changes the finished tree.
pub(crate) type TreePass = Box<dyn Fn(&mut Vec<Node>, &mut Page<'_>) + Send + Sync>;

/// The rules of a dialect.
#[derive(Default)]
pub(crate) struct Rules {
    /// `md.preprocessors`
    pub(crate) preprocessors: Registry<Preprocessor>,
    /// `md.parser.blockprocessors`
    pub(crate) blocks: Registry<BlockRule>,
    /// `md.treeprocessors` above the priority of `inline`, 20
    pub(crate) block_tree: Registry<BlockPass>,
    /// `md.inlinePatterns`
    pub(crate) inline: InlineRules,
    /// `md.treeprocessors` below that
    pub(crate) tree: Registry<TreePass>,
    /// Those of the tree's passes that look at text alone, and see it as it stands between two elements.
    pub(crate) text: TextPasses,
    /// `md.ESCAPED_CHARS`: what a backslash frees of its meaning.
    escapable: String,
    /// How many searches of lines have a number.
    n_searches: usize,
    /// The options of the extensions in use, by name.
    extensions: Vec<(&'static str, Arc<dyn Any + Send + Sync>)>,
    /// What several extensions put together, each in a type of its own.
    shared: Vec<Box<dyn Any + Send + Sync>>,
}

impl Rules {
    /// Starts with the extensions that will add their rules.
    pub(crate) fn with_extensions(extensions: Vec<(&'static str, Arc<dyn Any + Send + Sync>)>) -> Rules {
        Rules { extensions, ..Rules::default() }
    }

    /// Tells whether an extension is in use, wherever it stands in the list.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.extensions.iter().any(|(known, _)| *known == name)
    }

    /// Returns an extension's options, where it is in use.
    pub(crate) fn options<E: Any + Send + Sync>(&self) -> Option<Arc<E>> {
        self.extensions.iter().find_map(|(_, options)| Arc::clone(options).downcast().ok())
    }

    /// Returns what several extensions put together; empty at first.
    pub(crate) fn shared<S: Any + Default + Send + Sync>(&mut self) -> &mut S {
        let index = match self.shared.iter().position(|shared| shared.is::<S>()) {
            Some(index) => index,
            None => {
                self.shared.push(Box::new(S::default()));
                self.shared.len() - 1
            }
        };
        self.shared[index].downcast_mut().expect("found by its type")
    }

    /// Lets a backslash free more characters of their meaning.
    pub(crate) fn escapable(&mut self, chars: &str) {
        self.escapable.push_str(chars);
    }

    /// Returns what a backslash frees of its meaning so far.
    pub(crate) fn escapables(&self) -> &str {
        &self.escapable
    }

    /// Hands out a search of lines.
    pub(crate) fn search(&mut self) -> Search {
        self.n_searches += 1;
        Search::numbered(self.n_searches - 1)
    }

    /// Returns every rule's registry, name and priority, in order.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<(&'static str, &'static str, f64)> {
        let mut names = Vec::new();
        names.extend(self.preprocessors.names().map(|(name, priority)| ("preprocessors", name, priority)));
        names.extend(self.blocks.names().map(|(name, priority)| ("blockprocessors", name, priority)));
        names.extend(self.inline.names().map(|(name, priority)| ("inlinePatterns", name, priority)));
        names.extend(self.block_tree.names().map(|(name, priority)| ("treeprocessors", name, priority)));
        names.extend(self.tree.names().map(|(name, priority)| ("treeprocessors", name, priority)));
        names.extend(self.text.names().map(|(name, priority)| ("treeprocessors", name, priority)));
        names
    }
}
