//! What a build remembers for the next one.
//!
//! Every entry stands under an explicit key that holds all it was made from, by digest. An entry is
//! the whole result of a stage, diagnostics included, so a build that finds it says the same as one
//! that makes it anew. Files that a stage asked for while it worked are checked again: the entry
//! holds only while the answers do.

use crate::diag::Diagnostics;
use crate::markdown::{self, Parsed};
use crate::plugins::ExtraHeading;
use crate::render::search::Findable;
use crate::runbook::Runbook;
use crate::text::{Digest, SitePath, World};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that a parse is made from, besides the files that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ParseKey {
    pub(super) page: SitePath,
    pub(super) source: Digest,
    pub(super) dialect: Digest,
}

/// All that a page's content is made from: the parse, what its links become, and what the search
/// index takes from the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BodyKey {
    pub(super) parse: Digest,
    pub(super) links: Digest,
    pub(super) route: Digest,
}

/// All that a whole page is made from: its content, what the theme shows around it, the theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageKey {
    pub(super) body: BodyKey,
    pub(super) view: Digest,
    pub(super) theme: Digest,
}

/// A page as it was read: its parse, and the runbook that stands on it.
#[derive(Clone, Debug)]
pub(super) struct ReadPage {
    pub(super) parsed: Parsed,
    pub(super) runbook: Option<Runbook>,
    pub(super) diagnostics: Diagnostics,
}

/// A page's content.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) html: String,
    /// The page's part of the search index.
    pub(super) search: String,
    /// What the search box finds on it.
    pub(super) findable: Findable,
    /// The headings that plugins put in, for the table of contents.
    pub(super) headings: Vec<ExtraHeading>,
}

/// A whole page.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) bytes: Arc<[u8]>,
    pub(super) diagnostics: Diagnostics,
}

#[derive(Clone, Debug)]
pub(super) struct Kept<K, V> {
    pub(super) key: K,
    pub(super) value: Arc<V>,
}

/// Results of an earlier build, by page. Only the newest of each page is kept.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    pub(super) parsed: BTreeMap<SitePath, Kept<ParseKey, ReadPage>>,
    pub(super) bodies: BTreeMap<SitePath, Kept<BodyKey, Body>>,
    pub(super) pages: BTreeMap<SitePath, Kept<PageKey, Page>>,
}

impl<K: PartialEq, V> Kept<K, V> {
    /// The value of a map's entry, where it was made from the same.
    pub(super) fn find(map: &BTreeMap<SitePath, Kept<K, V>>, page: SitePath, key: &K) -> Option<Arc<V>> {
        map.get(&page).filter(|kept| kept.key == *key).map(|kept| Arc::clone(&kept.value))
    }
}

/// Tells whether every file that was asked for would be answered the same way again.
pub(super) fn reads_hold(reads: &[markdown::Read], world: &dyn World) -> bool {
    reads.iter().all(|read| world.source(read.path).ok().map(|source| source.digest()) == read.digest)
}

impl ParseKey {
    /// A digest of the key and of the answers that the parse was given.
    pub(super) fn digest(&self, reads: &[markdown::Read]) -> Digest {
        let mut parts: Vec<&[u8]> =
            vec![self.page.as_str().as_bytes(), self.source.as_bytes(), self.dialect.as_bytes()];
        for read in reads {
            parts.push(read.path.as_str().as_bytes());
            parts.push(read.digest.as_ref().map_or(&[], |digest| digest.as_bytes()));
        }
        Digest::of_parts(parts)
    }
}
