//! What a plugin is: the events that it may listen to, and what each hands to it.
//!
//! The names are those of MkDocs, and so is the meaning. Which events a plugin listens to, and at which
//! priority, stands in its row of the table; a method whose event is not in the row is never called.

use super::history::{History, HistoryRules};
use super::settings::{PluginSettings, Settings};
use crate::config::Config;
use crate::diag::Diagnostics;
use crate::markdown::preprocess::Context;
use crate::site::{Env, FoundFiles, Metas, Nav, PageRoute, Site};
use crate::text::{Chunk, SitePath, World, yaml};
use std::collections::BTreeMap;
use std::fmt;

/// The events, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// [`Plugin::on_files`]
    Files,
    /// [`Plugin::on_page_markdown`]
    PageMarkdown,
    /// [`Plugin::on_page_meta`]
    PageMeta,
    /// [`Plugin::on_nav`]
    Nav,
    /// [`Plugin::on_env`]
    Env,
    /// [`Plugin::on_page_context`]
    PageContext,
    /// [`Plugin::on_page_content`]
    PageContent,
    /// [`Plugin::on_post_page`]
    PostPage,
    /// [`Plugin::on_post_template`]
    PostTemplate,
    /// [`Plugin::on_post_build`]
    PostBuild,
}

/// A plugin in use. Its `Debug` text is the digest of its options: all that its methods depend on,
/// besides what they are given, must stand in it.
pub(crate) trait Plugin: fmt::Debug + Send + Sync {
    /// The files were found; nothing is decided about them.
    fn on_files(&self, _files: &mut FoundFiles<'_>) {}

    /// A page's text, the front matter cut off, before it is Markdown. The one event that comes for
    /// each page by itself, perhaps from a cache.
    fn on_page_markdown(&self, text: Chunk, _meta: Option<&yaml::Node>, _page: &mut Context<'_>) -> Chunk {
        text
    }

    /// The front matter of all pages. MkDocs has no such event, for its pages come one after the other.
    fn on_page_meta(&self, _metas: &mut Metas<'_>) {}

    /// The navigation, as entries or as a draft.
    fn on_nav(&self, _nav: &mut Nav<'_>) {}

    /// The whole site before its links are resolved.
    fn on_env(&self, _env: &mut Env<'_>, _history: &History) {}

    /// What templates see of a page's front matter.
    fn on_page_context(&self, _meta: &mut serde_json::Value, _page: &PageContext<'_>) {}

    /// A page's content as HTML.
    fn on_page_content(&self, _content: &mut Content, _page: &ContentContext<'_>) {}

    /// All that the page's content takes from the site through this plugin, as text for a cache's key.
    fn content_key(&self, _site: &Site, _page: SitePath) -> String {
        String::new()
    }

    /// A whole page as HTML.
    fn on_post_page(&self, html: String, _page: &PageRoute) -> String {
        html
    }

    /// A template that is no page, such as `404.html`.
    fn on_post_template(&self, html: String, _name: &str) -> String {
        html
    }

    /// All pages are there.
    fn on_post_build(&self, _finished: &mut Finished<'_>) {}

    /// Which commits count, for a plugin that wants to know when pages changed.
    fn wanted_history(&self) -> Option<&HistoryRules> {
        None
    }
}

/// What there is beside a configuration that a plugin changes.
pub(crate) struct Changing<'a> {
    /// The plugin's own entry.
    pub(crate) plugin: &'a PluginSettings,
    /// The files that may be asked for.
    pub(crate) world: &'a dyn World,
    /// What there is to say.
    pub(crate) diagnostics: &'a mut Diagnostics,
}

/// What a plugin's options are read from.
pub(crate) struct Reading<'a> {
    /// The plugin's own entry.
    pub(crate) plugin: &'a PluginSettings,
    /// The whole configuration.
    pub(crate) config: &'a Config,
    /// The files that may be asked for.
    pub(crate) world: &'a dyn World,
    /// What there is to say.
    pub(crate) diagnostics: &'a mut Diagnostics,
}

impl<'a> Reading<'a> {
    /// Opens the options; reports those that are not among `known`.
    pub(crate) fn settings(&mut self, known: &[&str]) -> Settings<'_> {
        Settings::open(self.plugin, known, self.diagnostics)
    }
}

/// What is known of a page beside its front matter.
pub(crate) struct PageContext<'a> {
    /// The page.
    pub(crate) page: SitePath,
    /// Its path relative to the folder of the pages.
    pub(crate) uri: &'a str,
    /// What Git knows of pages.
    pub(crate) history: &'a History,
    /// The time of the build in seconds since 1970.
    pub(crate) build_time: i64,
}

/// A page's content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// The content as HTML.
    pub(crate) html: String,
    /// Headings that a plugin put in, for the table of contents.
    pub(crate) headings: Vec<ExtraHeading>,
    /// Whether the search index is made as of a whole document: the first heading then stands deeper
    /// than the page, and the index has an entry of its own for it.
    pub(crate) is_document: bool,
}

/// A heading that a plugin puts into a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExtraHeading {
    /// The id of the heading that it stands under; `None` before any heading.
    pub(crate) below: Option<String>,
    /// Its level, 1 to 6.
    pub(crate) level: u8,
    /// Its id.
    pub(crate) id: String,
    /// Its text.
    pub(crate) name: String,
}

/// What is known of a page beside its content.
pub(crate) struct ContentContext<'a> {
    /// The page.
    pub(crate) route: &'a PageRoute,
    /// The whole site.
    pub(crate) site: &'a Site,
    /// The front matter as templates see it.
    pub(crate) meta: &'a serde_json::Value,
}

/// A site whose pages are all there.
pub(crate) struct Finished<'a> {
    /// The site.
    pub(crate) site: &'a Site,
    /// The content of each page as HTML.
    pub(crate) content: &'a dyn Fn(SitePath) -> Option<&'a str>,
    /// The search index, where there is one.
    pub(crate) search_index: Option<&'a [u8]>,
    /// Files to add: paths in the site, and bytes.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// What there is to say.
    pub(crate) diagnostics: &'a mut Diagnostics,
}
