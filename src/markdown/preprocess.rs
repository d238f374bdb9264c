//! The door for what changes a page's text before it is Markdown: plugins, which this room does not
//! know.
//!
//! In: the page's body as a [`Chunk`], the front matter cut off, and the [`World`] to include files
//! from. Out: another chunk in which every byte still knows its place, what was asked of the world,
//! and what there is to say.

use super::facts::Read;
use crate::diag::Diagnostics;
use crate::text::{Chunk, Digest, ReadError, SitePath, Source, World, yaml};
use std::sync::Arc;

/// Something that changes a page's text.
pub trait Preprocess: Send + Sync {
    /// Changes a page's body. `meta` is its front matter.
    fn on_page_markdown(&self, body: Chunk, meta: Option<&yaml::Node>, context: &mut Context<'_>) -> Chunk;

    /// Returns the digest of all that decides what a text becomes.
    fn text_digest(&self) -> Digest;
}

/// What may be asked while a page's text is changed, and where findings go.
pub struct Context<'a> {
    /// The page.
    pub page: SitePath,
    /// The files that may be asked for.
    pub world: &'a dyn World,
    /// What was asked for.
    pub reads: &'a mut Vec<Read>,
    /// What there is to say.
    pub diagnostics: &'a mut Diagnostics,
}

impl Context<'_> {
    /// Asks for a file and notes that it was asked for.
    pub(crate) fn source(&mut self, path: SitePath) -> Result<Arc<Source>, ReadError> {
        let answer = self.world.source(path);
        self.reads.push(Read { path, digest: answer.as_ref().ok().map(|source| source.digest()) });
        answer
    }

    /// Lists the files below a folder.
    pub(crate) fn list(&self, folder: SitePath) -> Vec<SitePath> {
        self.world.list(folder)
    }
}
