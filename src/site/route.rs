//! What linking yields: the routes of all pages, the navigation, and who links to whom.

use super::files::Files;
use super::options::AbsoluteLinks;
use super::tags::{Listing, TagRef};
use crate::text::{SitePath, Span, yaml};
use std::collections::BTreeMap;

/// All pages, linked.
#[derive(Clone, Debug)]
pub struct Site {
    /// The pages that are built, by path.
    pub pages: BTreeMap<SitePath, PageRoute>,
    /// The same pages in the order of the files: that of the search index and the sitemap.
    pub order: Vec<SitePath>,
    /// The navigation.
    pub nav: Vec<NavItem>,
    /// The first page of the navigation that is the root's index.
    pub homepage: Option<SitePath>,
    /// Pages that the navigation does not reach and that nobody silenced.
    pub not_in_nav: Vec<SitePath>,
    /// For each page, the pages that link to it.
    pub backlinks: BTreeMap<SitePath, Vec<SitePath>>,
    /// Files that go out as they are: from where, to where (a path in the finished site).
    pub assets: Vec<(SitePath, String)>,
    /// Small files that plugins make: redirects, exports.
    pub generated: BTreeMap<String, Vec<u8>>,
    /// Every file and its route, for links.
    pub files: Files,
    /// Listings of tags, in the order in which they stand on each page.
    pub listings: BTreeMap<SitePath, Vec<Listing>>,
    pub(super) use_directory_urls: bool,
    pub(super) absolute_links: AbsoluteLinks,
}

/// One page as the rest of the site knows it.
///
/// Titles are HTML fragments, as in MkDocs: one from a heading has its special characters escaped,
/// one from the configuration or the front matter goes out as written.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRoute {
    /// The file.
    pub path: SitePath,
    /// The file's path relative to the folder of the pages.
    pub src_uri: String,
    /// The URL relative to the site, quoted; empty for the page at the root.
    pub url: String,
    /// Where the page is written: a path in the finished site.
    pub out_path: String,
    /// The title.
    pub title: String,
    /// Where the title comes from.
    pub title_from: TitleFrom,
    /// The front matter, with what plugins add to it.
    pub meta: Option<yaml::Node>,
    /// Whether this is the page at the root of site and navigation.
    pub is_homepage: bool,
    /// Whether the file is an `index` or `README`.
    pub is_index: bool,
    /// Whether the page is a draft, shown in a preview only.
    pub is_draft: bool,
    /// The page before this one in the navigation.
    pub previous: Option<SitePath>,
    /// The page after this one in the navigation.
    pub next: Option<SitePath>,
    /// Where the page stands in the navigation: the index of the top item, of its child, and so on;
    /// `None` for a page outside it.
    pub position: Option<Vec<usize>>,
    /// The whole address, where the site's is known.
    pub canonical_url: Option<String>,
    /// The path of that address.
    pub abs_url: Option<String>,
    /// Where to edit the source.
    pub edit_url: Option<String>,
    /// Where to see the source as text.
    pub view_url: Option<String>,
    /// The page's tags, sorted.
    pub tags: Vec<TagRef>,
    /// Each `a href` and `img src` as written, and what it becomes.
    pub links: BTreeMap<String, String>,
}

/// Where a title comes from; the first that there is, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TitleFrom {
    /// The navigation.
    Nav,
    /// `title` of the front matter.
    Meta,
    /// The body's first element, an `<h1>`.
    Heading,
    /// The file's name.
    FileName,
}

/// A line of the navigation.
#[derive(Clone, Debug, PartialEq)]
pub struct NavItem {
    /// The label, an HTML fragment; a link may have none.
    pub title: Option<String>,
    /// What it is.
    pub kind: NavKind,
    /// The page itself; of a section, the page that it leads to.
    pub page: Option<SitePath>,
    /// Of a page its URL relative to the site (empty at the root), of a link its address.
    pub url: Option<String>,
    /// What a section holds.
    pub children: Vec<NavItem>,
    /// Where it is written; `None` for what the folders yield.
    pub span: Option<Span>,
}

/// What a line of the navigation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NavKind {
    /// A group.
    Section,
    /// A page.
    Page,
    /// An address that is no page of this site.
    Link,
}

impl Site {
    /// Returns the sections above a page, the innermost first.
    pub fn ancestors(&self, page: SitePath) -> Vec<&NavItem> {
        let mut above = Vec::new();
        let position = self.pages.get(&page).and_then(|route| route.position.as_deref()).unwrap_or_default();
        let mut level = &self.nav;
        for index in &position[..position.len().saturating_sub(1)] {
            let Some(item) = level.get(*index) else { break };
            above.push(item);
            level = &item.children;
        }
        above.reverse();
        above
    }

    /// Returns what a destination written in a page becomes; `None` where it stays as written.
    ///
    /// It is for `a href` and `img src` of the tree, not for raw HTML.
    pub fn resolve_link(&self, page: SitePath, target: &str) -> Option<String> {
        let route = self.pages.get(&page)?;
        match route.links.get(target) {
            Some(known) => (known != target).then(|| known.clone()),
            None => super::links::resolve(&self.files, self.absolute_links, page, target),
        }
    }

    /// Returns a URL of the site as a page must write it; both are relative to the site.
    pub fn relative_url(&self, to: &str, from: &str) -> String {
        super::url::relative(if to.is_empty() { "." } else { to }, from)
    }

    /// Tells whether pages have folder URLs (`a/`) rather than files (`a.html`).
    pub fn use_directory_urls(&self) -> bool {
        self.use_directory_urls
    }
}
