//! The pages that a runbook draws on, as values.

use crate::runbook::{ReferenceKind, Runbook};
use crate::text::{SitePath, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A page as plans see it.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its text.
    pub source: Arc<Source>,
    /// Its runbook, or its blocks for other pages' checklists.
    pub runbook: Option<Runbook>,
    /// The ids that a link may name.
    pub anchors: BTreeSet<String>,
}

/// Pages by path.
#[derive(Clone, Debug, Default)]
pub struct Library {
    pages: BTreeMap<SitePath, Page>,
}

impl Library {
    /// Collects a page and every page that it draws on, one after the other, through `open`; a page
    /// that cannot be opened is left out, and whoever names it says so.
    pub fn collect(entry: SitePath, open: &mut dyn FnMut(SitePath) -> Option<Page>) -> Library {
        let mut library = Library::default();
        let mut wanted = vec![entry];
        let mut asked = BTreeSet::new();
        while let Some(path) = wanted.pop() {
            if !asked.insert(path) {
                continue;
            }
            let Some(page) = open(path) else { continue };
            wanted.extend(page.runbook.iter().flat_map(neighbours));
            library.pages.insert(path, page);
        }
        library
    }

    /// Adds a page.
    pub fn insert(&mut self, path: SitePath, page: Page) {
        self.pages.insert(path, page);
    }

    /// Returns a page.
    pub fn page(&self, path: SitePath) -> Option<&Page> {
        self.pages.get(&path)
    }

    /// Returns the pages in the order of their paths.
    pub fn pages(&self) -> impl Iterator<Item = (SitePath, &Page)> {
        self.pages.iter().map(|(path, page)| (*path, page))
    }

    /// Returns the runbook of a page.
    pub fn runbook(&self, path: SitePath) -> Option<&Runbook> {
        self.pages.get(&path)?.runbook.as_ref()
    }
}

/// The pages that a runbook names outside its prose.
fn neighbours(runbook: &Runbook) -> Vec<SitePath> {
    let named = runbook.references();
    let paths = named.iter().filter_map(|reference| match reference.kind {
        // A bare word is a block of the page itself.
        ReferenceKind::Step | ReferenceKind::Monitor => None,
        _ => split_reference(runbook.path, &reference.target.value).0,
    });
    paths.filter(|path| *path != runbook.path).collect()
}

/// Splits a reference as written in `page` into the page it names and the id behind `#`; `None` for
/// the page where it names an id only.
pub fn split_reference(page: SitePath, reference: &str) -> (Option<SitePath>, Option<&str>) {
    let (path, id) = match reference.split_once('#') {
        Some((path, id)) => (path, Some(id)),
        None if is_page_name(reference) => (reference, None),
        None => ("", Some(reference)),
    };
    let path = (!path.is_empty()).then(|| page.parent().join(path));
    (path, id.filter(|id| !id.is_empty()))
}

fn is_page_name(reference: &str) -> bool {
    reference.ends_with(".md") || reference.ends_with(".markdown") || reference.contains('/')
}
