//! Where plugins step in while a site is made, under MkDocs' names for the events.
//!
//! This room knows no plugin: it hands what they may change to an [`Events`].

use super::files::Files;
use super::nav::{Draft, nav_of_folders, read_nav};
use super::options::{NavEntry, SiteOptions};
use super::route::Site;
use crate::diag::Diagnostics;
use crate::markdown::PageFacts;
use crate::text::{SitePath, World, yaml};
use std::collections::{BTreeMap, BTreeSet};

/// What listens to the events; each method may change what it is given.
pub trait Events {
    /// The files were found, and nothing is decided about them.
    fn on_files(&self, _files: &mut FoundFiles<'_>) {}
    /// The front matter of all pages is known. MkDocs' plugins change it page by page, in
    /// `on_page_markdown`; here pages are parsed apart from each other.
    fn on_page_meta(&self, _metas: &mut Metas<'_>) {}
    /// The navigation is made.
    fn on_nav(&self, _nav: &mut Nav<'_>) {}
    /// All pages have their routes; links are not resolved yet.
    fn on_env(&self, _env: &mut Env<'_>) {}
}

/// A site without plugins.
#[derive(Clone, Copy, Debug)]
pub struct NoEvents;

impl Events for NoEvents {}

/// A file below the folder of the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// The file.
    pub path: SitePath,
    /// Its path relative to the folder of the pages.
    pub uri: String,
    /// Whether it is left out although it is there: a link to it says so.
    pub is_excluded: bool,
}

/// The files of a project.
pub struct FoundFiles<'a> {
    /// The files, in no order.
    pub files: Vec<FoundFile>,
    /// The files that may be asked for.
    pub world: &'a dyn World,
    /// What the site is asked to be.
    pub options: &'a SiteOptions,
    /// What there is to say.
    pub diagnostics: &'a mut Diagnostics,
}

/// The front matter of pages.
pub struct Metas<'a> {
    /// That of each page that has any.
    pub metas: BTreeMap<SitePath, yaml::Node>,
    /// What is known of each page.
    pub facts: &'a BTreeMap<SitePath, &'a PageFacts>,
    /// What the site is asked to be.
    pub options: &'a SiteOptions,
    /// The files that may be asked for.
    pub world: &'a dyn World,
    /// What there is to say.
    pub diagnostics: &'a mut Diagnostics,
}

/// The navigation on its way from what is written to a `Draft`.
pub struct Nav<'a> {
    /// What is written in the configuration, or what stands for it; `None` lets the folders be the
    /// navigation.
    pub(crate) entries: Option<Vec<NavEntry>>,
    /// What was made of the entries; whoever asks first makes it.
    pub(super) draft: Option<Draft>,
    /// Whether the navigation reaches all pages by itself, so that none is missed.
    pub(crate) reaches_all: bool,
    /// The pages in an order that gives neighbours to pages that a plugin hides.
    pub(crate) before: Vec<SitePath>,
    /// Pages that nobody misses in the navigation.
    pub(crate) silent: BTreeSet<SitePath>,
    /// All files.
    pub(crate) files: &'a Files,
    /// What the site is asked to be.
    pub(crate) options: &'a SiteOptions,
    /// The files that may be asked for.
    pub(crate) world: &'a dyn World,
    /// The front matter of pages.
    pub(crate) metas: &'a BTreeMap<SitePath, yaml::Node>,
    /// The title that a page has before the navigation says anything.
    pub(crate) title_of: &'a dyn Fn(SitePath) -> String,
    /// What there is to say.
    pub(crate) diagnostics: &'a mut Diagnostics,
}

impl Nav<'_> {
    /// Returns the draft; the first call makes it of the entries.
    pub(crate) fn draft(&mut self) -> &mut Draft {
        if self.draft.is_none() {
            self.draft = Some(match &self.entries {
                Some(entries) => read_nav(entries, self.files, self.options, self.diagnostics),
                None => {
                    self.reaches_all = true;
                    nav_of_folders(self.files)
                }
            });
        }
        self.draft.get_or_insert_default()
    }

    /// Puts a draft in the place of the entries.
    pub(crate) fn set_draft(&mut self, draft: Draft) {
        self.draft = Some(draft);
    }
}

/// A site before its links are resolved.
pub struct Env<'a> {
    /// The site.
    pub site: &'a mut Site,
    /// What the site is asked to be.
    pub options: &'a SiteOptions,
    /// The files that may be asked for.
    pub world: &'a dyn World,
    /// What there is to say.
    pub diagnostics: &'a mut Diagnostics,
}
