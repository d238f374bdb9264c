//! What a template may know: the views that the build fills and the theme shows.
//!
//! Names are those of MkDocs' template context (`config`, `page`, `nav`), because users' own
//! templates are written against them. All URLs of the site are relative to its root, without a
//! leading slash (`guide/deploy/`; the homepage is the empty string); the theme makes them relative
//! to the page that shows them. Knows no configuration and no document tree.

use crate::text::Span;
use crate::text::yaml::Node;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The site as every page sees it: `config` in templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SiteView {
    /// The name in the header.
    pub site_name: String,
    /// The address of the root, with its last slash.
    pub site_url: Option<String>,
    /// The description of pages that have none of their own.
    pub site_description: Option<String>,
    /// The author of pages that have none of their own.
    pub site_author: Option<String>,
    /// The copyright line, as HTML.
    pub copyright: Option<String>,
    /// The repository's address.
    pub repo_url: Option<String>,
    /// The repository's name.
    pub repo_name: Option<String>,
    /// The theme's settings with the names of `mkdocs.yml`: `language`, `direction`, `features`,
    /// `palette` (a mapping or a list), `font`, `logo`, `favicon`, `icon`, and whatever else the
    /// user gave for his own templates. An object, or null.
    pub theme: Value,
    /// `extra` of the configuration, whole. An object, or null.
    pub extra: Value,
    /// Stylesheets of the user: paths in the site, or addresses.
    pub extra_css: Vec<String>,
    /// Scripts of the user.
    pub extra_javascript: Vec<ScriptView>,
    /// Names of the plugins that are on, with their settings; a search box is shown where `search`
    /// is among them.
    pub plugins: BTreeMap<String, Value>,
    /// The heading of the table of contents (`toc.title`), where it is not the theme's.
    pub toc_title: Option<String>,
    /// Whether pages are folders with an `index.html`.
    pub use_directory_urls: bool,
    /// Every key of the configuration as MkDocs has it, with its default where it is not given.
    #[serde(skip)]
    pub config: Value,
    /// The configuration as it is written: the order of its keys is that of templates.
    #[serde(skip)]
    pub written: Option<Node>,
    /// The folder of the pages and that of the site, as the configuration names them.
    #[serde(skip)]
    pub folders: (String, String),
    /// The time of the build in seconds since 1970.
    #[serde(skip)]
    pub time: i64,
    /// The navigation; rendered once per distinct view, so it is not part of the context.
    #[serde(skip)]
    pub nav: NavView,
    /// What all pages may know of each, in the order in which MkDocs finds them.
    #[serde(skip)]
    pub pages: Vec<PageFacts>,
}

/// What every page may know of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageFacts {
    /// The title as HTML.
    pub title: Option<String>,
    /// The title as text.
    pub plain_title: Option<String>,
    /// The URL in the site.
    pub url: String,
    /// The path of its whole address.
    pub abs_url: Option<String>,
    /// Its whole address.
    pub canonical_url: Option<String>,
    /// Where the source can be changed.
    pub edit_url: Option<String>,
    /// The source, below the folder of the pages.
    pub src_uri: String,
    /// The file in the site.
    pub out_path: String,
    /// The front matter.
    pub meta: Value,
    /// The front matter as it is written.
    pub front_matter: Option<Node>,
    /// Whether this is the site's first page.
    pub is_homepage: bool,
    /// Whether the file is an `index` or `README`.
    pub is_index: bool,
    /// The URL of the page before it in the navigation.
    pub previous: Option<String>,
    /// The URL of the page after it.
    pub next: Option<String>,
}

/// A script of the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScriptView {
    /// A path in the site, or an address.
    pub path: String,
    /// The `type` attribute; empty for none.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is deferred.
    pub defer: bool,
    /// Whether it is asynchronous.
    #[serde(rename = "async")]
    pub is_async: bool,
}

/// The navigation tree of the whole site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NavView {
    /// The first level, in order.
    pub items: Vec<NavItem>,
    /// The URL of the homepage, where a page is the homepage.
    pub homepage: Option<String>,
}

/// A section, a page or a link of the navigation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NavItem {
    /// The title as text, not escaped.
    pub title: String,
    /// The title as HTML, where it is not the same.
    pub html_title: Option<String>,
    /// What it is.
    pub kind: NavKind,
    /// The page's URL in the site, or the link's address as written; empty for a section.
    pub url: String,
    /// Whether a page is its section's index (`index.md` or `README.md`).
    pub is_index: bool,
    /// Of a section: whether its first entry is the page that its own title leads to (`section-index`).
    pub leads_to_first: bool,
    /// The page's icon (`icon` in its front matter), by name.
    pub icon: Option<String>,
    /// Where the icon is named.
    #[serde(skip)]
    pub icon_place: Option<Span>,
    /// A second line (`subtitle` in its front matter).
    pub subtitle: Option<String>,
    /// The page's status (`new`, `deprecated` …).
    pub status: Option<String>,
    /// What the status means in words (`extra.status`).
    pub status_title: Option<String>,
    /// What a section holds, in order.
    pub children: Vec<NavItem>,
}

/// What an entry of the navigation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NavKind {
    /// A page of the site.
    #[default]
    Page,
    /// A group of entries.
    Section,
    /// An address somewhere else.
    Link,
}

/// One page: `page` in templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PageView {
    /// The title as text; the theme falls back to the site's name.
    pub title: Option<String>,
    /// The front matter, whole. An object, or null. `title`, `description`, `author`, `hide`,
    /// `status`, `git_revision_date_localized` and the like are read from here.
    pub meta: Value,
    /// The URL in the site.
    pub url: String,
    /// The whole address, where the site has one.
    pub canonical_url: Option<String>,
    /// Where the source can be changed.
    pub edit_url: Option<String>,
    /// The content as HTML. Templates have it as text that is not escaped again.
    #[serde(skip)]
    pub content: String,
    /// The table of contents, nested.
    pub toc: Vec<TocView>,
    /// The page before this one in the navigation.
    pub previous_page: Option<PageRef>,
    /// The page after this one in the navigation.
    pub next_page: Option<PageRef>,
    /// Whether this is the site's first page.
    pub is_homepage: bool,
    /// The page's tags with the pages that list them.
    pub tags: Vec<TagView>,
    /// The source file, relative to the configuration file's folder.
    pub source_path: String,
    /// The template to use instead of `main.html` (`template` in the front matter).
    pub template: Option<String>,
    /// Whether the page is a draft, shown by `serve` only.
    pub draft: bool,
    /// The runbook that the page is, if it is one.
    pub runbook: Option<RunbookView>,
}

/// One line of the table of contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TocView {
    /// The heading's id.
    pub id: String,
    /// The label as text, not escaped.
    pub title: String,
    /// The label as HTML, where markup should be kept; empty to show the text.
    pub html: String,
    /// The heading's level, 1 to 6.
    pub level: u8,
    /// The headings below it.
    pub children: Vec<TocView>,
}

impl TocView {
    /// Returns the entries that a table of contents lists: a first heading of level 1 is the page's
    /// own title, so what is below it is listed (Material, `partials/toc`).
    pub fn listed(toc: &[TocView]) -> &[TocView] {
        match toc.first() {
            Some(first) if first.level == 1 => &first.children,
            _ => toc,
        }
    }
}

/// Another page, as a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PageRef {
    /// Its title as text.
    pub title: String,
    /// Its URL in the site.
    pub url: String,
}

/// A tag of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TagView {
    /// The tag.
    pub name: String,
    /// The place in the site that lists its pages, if there is one.
    pub url: Option<String>,
}

/// A runbook as its page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunbookView {
    /// The runbook's id.
    pub id: String,
    /// `release`, `hotfix`, `rollback`, `incident`, `maintenance` or `procedure`.
    pub kind: String,
    /// `read-do` or `do-confirm`.
    pub mode: String,
    /// The owners as written.
    pub owners: Vec<String>,
    /// The day of the last review, as an ISO date.
    pub reviewed: Option<String>,
    /// How often it is to be reviewed, as written.
    pub review_every: Option<String>,
    /// The environments in order of tier.
    pub environments: Vec<EnvironmentView>,
    /// The parameters in order.
    pub params: Vec<ParamView>,
    /// Names of the secrets it needs.
    pub secrets: Vec<String>,
    /// What the checklist asks for, in order.
    pub items: Vec<ItemView>,
    /// What the page's script must know besides: see `build/live.rs`.
    pub live: serde_json::Value,
    /// The blocks of this page that are steps.
    pub steps: Vec<StepView>,
    /// The runbook to follow when it fails: a link relative to the site's root.
    pub on_failure: Option<PageRef>,
    /// What a run of it is called, where that is not the page's title.
    pub title: Option<String>,
    /// The ticket that a run of it belongs to.
    pub ticket: Option<String>,
    /// The block whose script stands before each Bash script of the page.
    pub prelude: Option<PageRef>,
    /// Who is told of what happens in a run.
    pub notify: Vec<HookView>,
    /// The order of the steps as an SVG picture.
    pub graph_svg: Option<String>,
}

/// A block that tells people what happens in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HookView {
    /// What it tells of: `waiting`, `failed`, `approved`, `ended`.
    pub on: Vec<String>,
    /// The block.
    pub block: PageRef,
}

/// An environment of a runbook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EnvironmentView {
    /// Its name.
    pub name: String,
    /// Its tier; 0 may break.
    pub tier: u32,
    /// The environment that comes first.
    pub after: Option<String>,
    /// When it may be changed, in a line.
    pub changes: Option<String>,
}

/// A parameter of a runbook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ParamView {
    /// Its name.
    pub name: String,
    /// Its type, with what limits it (`string /^v/`, `one of a, b`).
    pub kind: String,
    /// What it is when nobody says.
    pub default: Option<String>,
    /// What to ask for.
    pub prompt: Option<String>,
}

/// An entry of the checklist: an item, or a group with the entries up to the one that closes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ItemView {
    /// Its id after those of the groups around it; the page gives it the anchor `item-<id>`.
    pub id: String,
    /// What to do, as text.
    pub text: String,
    /// The same as it is written, where it has values that only a run knows.
    pub raw: Option<String>,
    /// `group`, `manual`, `step`, `use`, `approve` or `wait`.
    pub kind: String,
    /// Where it is described: an anchor of this page (`#step-x`) or a link from the site's root.
    pub url: Option<String>,
    /// The environment, where it says one itself.
    pub env: Option<String>,
    /// Who or what it asks for: the approving role, the evidence, the time to wait.
    pub detail: Option<String>,
    /// The items that come first, where it is not simply the one before.
    pub needs: Vec<String>,
    /// The condition under which it is to be done at all.
    pub when: Option<String>,
    /// Of a group: what it is repeated for (`component`).
    pub each: Option<String>,
    /// Of a group: whether its items may be done at once.
    pub parallel: bool,
    /// Of a group: how many of them may fail before no new one begins.
    pub max_failures: Option<u32>,
    /// Of a group: when it may begin at the earliest.
    pub not_before: Option<String>,
    /// How many groups end after it.
    pub closes: usize,
}

/// A block of the page that is a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// Its id. The block's element has the id `step-<id>`; the card's head is put before it.
    pub id: String,
    /// Its title; the id is shown where it is empty.
    pub title: String,
    /// The title as it is written, where it has values that only a run knows.
    pub raw: Option<String>,
    /// The command that would run, where the block is none itself: of types `helm`, `kubectl`, `http`.
    pub command: Option<String>,
    /// `check`, `change`, `verify`, `monitor`, `rollback` or `notify`.
    pub role: String,
    /// `read`, `write` or `destroy`.
    pub impact: String,
    /// The environments it is used in.
    pub env: Vec<String>,
    /// How long it may take, as written.
    pub timeout: Option<String>,
    /// What undoes it.
    pub rollback: Option<PageRef>,
    /// What shows that it worked.
    pub verify: Option<PageRef>,
    /// Names of the secrets it needs.
    pub secrets: Vec<String>,
    /// Pages of other runbooks that use it.
    pub used_by: Vec<PageRef>,
}
