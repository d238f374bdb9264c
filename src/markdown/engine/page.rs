//! The state that the stages of one page share.
//!
//! Knows no rule: what an extension remembers of a page is a [`Page::state`] of a type of its own.

use super::blocks::tree::Tree;
use super::stash::Stash;
use crate::diag::Diagnostics;
use crate::markdown::facts::Read;
use crate::markdown::surroundings::Surroundings;
use crate::markdown::tree::TocEntry;
use crate::text::{Digest, ReadError, SitePath, Source, Span, Spanned, World};
use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What the stages of one page share.
pub(crate) struct Page<'a> {
    /// The page as read.
    pub(crate) source: &'a Source,
    /// What the project knows that pages may ask for.
    pub(crate) surroundings: &'a Surroundings,
    /// Other files; ask through [`Page::read`].
    world: &'a dyn World,
    /// What was asked for.
    pub(crate) reads: Vec<Read>,
    /// Nodes behind marks.
    pub(crate) stash: Stash,
    /// Lines whose tabs stay, sorted ranges of whole lines; until white space is made uniform.
    pub(crate) kept_tabs: Vec<Range<usize>>,
    /// The tree as far as raw HTML begins it, until blocks are parsed into it.
    pub(crate) tree: Tree,
    /// Link definitions by their label in lower case.
    pub(crate) references: References,
    /// The table of contents, once heading ids are made.
    pub(crate) toc: Vec<TocEntry>,
    /// What there is to say.
    pub(crate) diagnostics: Diagnostics,
    /// What extensions remember, each in a type of its own.
    states: Vec<Box<dyn Any>>,
}

impl<'a> Page<'a> {
    /// Starts a page.
    pub(crate) fn new(source: &'a Source, surroundings: &'a Surroundings, world: &'a dyn World) -> Page<'a> {
        Page {
            source,
            surroundings,
            world,
            reads: Vec::new(),
            stash: Stash::default(),
            kept_tabs: Vec::new(),
            tree: Tree::new(),
            references: References::default(),
            toc: Vec::new(),
            diagnostics: Diagnostics::new(),
            states: Vec::new(),
        }
    }

    /// Asks for a file and notes that it was asked for.
    pub(crate) fn read(&mut self, path: SitePath) -> Result<Arc<Source>, ReadError> {
        let answer = self.world.source(path);
        let digest: Option<Digest> = answer.as_ref().ok().map(|source| source.digest());
        self.reads.push(Read { path, digest });
        answer
    }

    /// Returns the place of an otherwise placeless thing: the start of the page.
    pub(crate) fn start(&self) -> Span {
        Span::at_start(self.source.path())
    }

    /// Returns what an extension remembers of the page; empty at first. The type is its own, so no
    /// other file can reach it unless it is given the type.
    pub(crate) fn state<S: Any + Default>(&mut self) -> &mut S {
        let index = match self.states.iter().position(|state| state.is::<S>()) {
            Some(index) => index,
            None => {
                self.states.push(Box::new(S::default()));
                self.states.len() - 1
            }
        };
        self.states[index].downcast_mut().expect("found by its type")
    }

    /// Returns what an extension remembers of the page, where it does.
    pub(crate) fn known_state<S: Any>(&self) -> Option<&S> {
        self.states.iter().find_map(|state| state.downcast_ref())
    }
}

/// Link definitions by their label.
#[derive(Debug, Default)]
pub(crate) struct References {
    by_label: BTreeMap<String, Reference>,
    longest: usize,
}

impl References {
    /// Adds a definition; the last one of a label counts.
    pub(crate) fn insert(&mut self, label: String, reference: Reference) {
        self.longest = self.longest.max(label.len());
        self.by_label.insert(label, reference);
    }

    /// Returns a definition.
    pub(crate) fn get(&self, label: &str) -> Option<&Reference> {
        self.by_label.get(label)
    }

    /// Returns the length of the longest label; what is longer need not be looked for.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }
}

/// A link definition: `[label]: url "title"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The destination as written, without `<` and `>`.
    pub(crate) url: Spanned<String>,
    /// The title.
    pub(crate) title: Option<String>,
}
