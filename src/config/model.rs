//! The configuration as the rest of the program sees it, whichever file it came from.

use crate::diag::{Code, Diagnostic, Severity};
use crate::text::{SitePath, Span, Spanned, yaml};
use std::collections::BTreeMap;

/// All settings of a project, checked and with defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The configuration file.
    pub file: SitePath,
    /// All of it as it is written; empty for a `book.toml`.
    pub written: yaml::Node,
    /// Name, address and other facts about the site.
    pub site: Site,
    /// The folder with the pages.
    pub docs_dir: SitePath,
    /// The folder that the site is written to.
    pub site_dir: SitePath,
    /// Folders of pages besides `docs_dir`; a plugin names them.
    pub folders: Vec<Folder>,
    /// What is wrong with the place of these two, unless a plugin allows it: the pages lie beside the
    /// configuration, or around the site.
    pub nesting: Option<Diagnostic>,
    /// Whether `a.md` becomes `a/` (and not `a.html`).
    pub use_directory_urls: bool,
    /// Whether pages are read from a disk, without a network; a plugin says so.
    pub is_offline: bool,
    /// The explicit navigation; `None` where it follows the files.
    pub nav: Option<Vec<NavItem>>,
    /// Patterns of files that are no part of the site, one gitignore line each, without the built-in ones.
    pub exclude_docs: Vec<Spanned<String>>,
    /// Patterns of files that only `serve` shows.
    pub draft_docs: Vec<Spanned<String>>,
    /// Patterns of pages that need not be in the navigation.
    pub not_in_nav: Vec<Spanned<String>>,
    /// How pages look.
    pub theme: Theme,
    /// Free data for templates; a mapping.
    pub extra: yaml::Node,
    /// Style sheets added to every page.
    pub extra_css: Vec<Spanned<String>>,
    /// Scripts added to every page.
    pub extra_javascript: Vec<Script>,
    /// HTML and XML files of `docs_dir` that are templates.
    pub extra_templates: Vec<Spanned<String>>,
    /// Dialect and extensions.
    pub markdown: Markdown,
    /// The plugins in use, in order; those with `enabled: false` are not here.
    pub plugins: Vec<Plugin>,
    /// Files and folders that `serve` watches besides the usual ones.
    pub watch: Vec<Spanned<SitePath>>,
    /// Whether warnings fail the build.
    pub strict: Strict,
    /// The address of `serve`, such as `127.0.0.1:8000`.
    pub dev_addr: Spanned<String>,
    /// The repository and its edit links.
    pub repo: Repo,
    /// Levels of the link and navigation checks.
    pub validation: Validation,
    /// The search index; `None` where the site has no search.
    pub search: Option<Search>,
    /// What `check` looks at beyond the validation levels.
    pub check: Check,
    /// Settings of runbooks.
    pub runbook: Runbook,
    /// What pages and plans may reach for.
    pub security: Security,
}

/// A folder of pages besides the project's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Folder {
    /// The path that its pages stand at in the site.
    pub name: String,
    /// Where it lies.
    pub path: SitePath,
    /// The configuration that it belongs to.
    pub file: SitePath,
    /// Where the project names it.
    pub place: Span,
    /// The repository of that configuration.
    pub repo_url: Option<String>,
    /// Its way to an editor.
    pub edit_uri: Option<String>,
}

/// Which warnings fail a build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strict {
    /// None.
    #[default]
    No,
    /// Those that MkDocs and its plugins have too: `strict: true` in a `mkdocs.yml`. A project that
    /// passes with MkDocs is not failed for what only opsbook sees.
    AsMkDocs,
    /// All: `--strict`, and `strict = true` in a `book.toml`.
    Full,
}

impl Strict {
    /// What `--strict` and `--no-strict` mean, and what the configuration has where neither is given.
    pub(super) fn of(typed: Option<bool>, configured: Option<bool>, strict: Strict) -> Strict {
        match (typed, configured) {
            (Some(true), _) => Strict::Full,
            (None, Some(true)) => strict,
            (Some(false), _) | (None, Some(false) | None) => Strict::No,
        }
    }

    /// Tells whether a warning fails the build.
    pub fn fails(self, code: Code) -> bool {
        match self {
            Strict::No => false,
            Strict::AsMkDocs => code.is_of_mkdocs(),
            Strict::Full => true,
        }
    }
}

/// Facts about the site.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The title of the whole.
    pub name: Spanned<String>,
    /// Where it will stand, ending in `/`; an empty text counts as none.
    pub url: Option<Spanned<String>>,
    /// One sentence for search engines.
    pub description: Option<Spanned<String>>,
    /// Who wrote it.
    pub author: Option<Spanned<String>>,
    /// HTML for the footer.
    pub copyright: Option<Spanned<String>>,
}

/// One entry of the navigation as written.
#[derive(Clone, Debug, PartialEq)]
pub struct NavItem {
    /// The title, where one is given.
    pub title: Option<Spanned<String>>,
    /// What it leads to.
    pub target: NavTarget,
    /// The entry.
    pub span: Span,
}

/// What an entry of the navigation leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum NavTarget {
    /// A page, another file, or an address, as written: which of them only the site can tell.
    Path(Spanned<String>),
    /// Entries below a title.
    Section(Vec<NavItem>),
}

/// How pages look.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// `material`, `default`, …; `None` for a bare theme made of `custom_dir` alone.
    pub name: Option<Spanned<String>>,
    /// A folder whose files stand before the theme's own.
    pub custom_dir: Option<Spanned<SitePath>>,
    /// The language of the theme's own words, such as `en` or `pt-BR`.
    pub language: Spanned<String>,
    /// `ltr` or `rtl`, where it is not the language's own.
    pub direction: Option<Spanned<String>>,
    /// Material's feature flags.
    pub features: Vec<Spanned<String>>,
    /// Colour schemes; empty for the default one.
    pub palette: Vec<Palette>,
    /// Typefaces; `None` for the system's own (`font: false`).
    pub font: Option<Font>,
    /// An image, relative to `docs_dir`.
    pub logo: Option<Spanned<String>>,
    /// An image, relative to `docs_dir`.
    pub favicon: Option<Spanned<String>>,
    /// Icons by role: `logo`, `repo`, `admonition.note`, `tag.x` …, by dotted name.
    pub icon: BTreeMap<String, Spanned<String>>,
    /// Templates that become pages of their own, besides `404.html` and `sitemap.xml`.
    pub static_templates: Vec<Spanned<String>>,
    /// Every key of the table as templates see it under `theme.`; a mapping.
    pub keys: yaml::Node,
}

/// One colour scheme.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    /// The media query for which it is the first choice.
    pub media: Option<String>,
    /// `default`, `slate`, or one of the project's own.
    pub scheme: Option<String>,
    /// The main colour.
    pub primary: Option<String>,
    /// The second colour.
    pub accent: Option<String>,
    /// The button that leads to the next scheme: its icon and its name.
    pub toggle: Option<(String, String)>,
}

/// Names of typefaces; a page never loads them from another host.
#[derive(Clone, Debug, PartialEq)]
pub struct Font {
    /// For text.
    pub text: String,
    /// For code.
    pub code: String,
}

/// One item of `extra_javascript`.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// The file or address.
    pub path: Spanned<String>,
    /// The `type` attribute; empty for none. `.mjs` files are modules.
    pub kind: String,
    /// The `defer` attribute.
    pub defer: bool,
    /// The `async` attribute.
    pub is_async: bool,
}

/// The two families of Markdown rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// CommonMark with GitHub's extensions.
    CommonMark,
    /// Python-Markdown with the extensions that the project lists.
    MkDocs,
}

/// Dialect and extensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Markdown {
    /// Whose rules.
    pub dialect: Dialect,
    /// The extensions as listed, without Python-Markdown's built-in `toc`, `tables` and
    /// `fenced_code`, which are always on in the mkdocs dialect.
    pub extensions: Vec<Extension>,
}

/// One entry of `markdown_extensions`.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// The name as written.
    pub name: Spanned<String>,
    /// The options below the name, a mapping; `None` where there are none.
    ///
    /// `!!python/name:` values keep their tag and are their dotted name as text, older names
    /// replaced by today's; `!relative $docs_dir/x` and `!relative $config_dir/x` are paths relative to the
    /// configuration file; a bare `!relative` keeps its tag and is relative to the page.
    pub options: Option<yaml::Node>,
}

/// One entry of `plugins`.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    /// The name without the theme's prefix: `search` for `material/search`.
    pub name: Spanned<String>,
    /// The options below the name, a mapping; `None` where there are none.
    pub options: Option<yaml::Node>,
}

/// The repository and its edit links.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repo {
    /// Its address.
    pub url: Option<Spanned<String>>,
    /// What to call it; derived from the host where it is not given.
    pub name: Option<String>,
    /// What comes between the repository's address and a page's path, ending in `/`; derived for
    /// the well-known hosts. An empty text: no edit links.
    pub edit_uri: Option<String>,
    /// The whole edit address with `{path}`, `{path_noext}`, and `!q` to quote; wins over `edit_uri`.
    pub edit_uri_template: Option<Spanned<String>>,
    /// The branch that a publication pushes to.
    pub remote_branch: String,
    /// The remote that a publication pushes to.
    pub remote_name: String,
}

/// How loud a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A warning, which fails a strict build.
    Warn,
    /// An info.
    Info,
    /// Nothing.
    Ignore,
}

/// What becomes of a link that begins with `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsoluteLinks {
    /// It stays as it is, with a message of this level.
    Keep(Level),
    /// It is taken from `docs_dir`.
    RelativeToDocs,
}

/// Levels of the link and navigation checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validation {
    /// Pages that the navigation leaves out.
    pub nav_omitted_files: Level,
    /// Navigation entries without a file.
    pub nav_not_found: Level,
    /// Navigation entries that begin with `/`.
    pub nav_absolute_links: AbsoluteLinks,
    /// Links without a target.
    pub links_not_found: Level,
    /// Links that begin with `/`.
    pub links_absolute_links: AbsoluteLinks,
    /// Links that do not look like a file.
    pub links_unrecognized_links: Level,
    /// Links to anchors that are not on their page.
    pub links_anchors: Level,
}

impl Default for Validation {
    /// MkDocs 1.6's levels.
    fn default() -> Validation {
        Validation {
            nav_omitted_files: Level::Info,
            nav_not_found: Level::Warn,
            nav_absolute_links: AbsoluteLinks::Keep(Level::Info),
            links_not_found: Level::Warn,
            links_absolute_links: AbsoluteLinks::Keep(Level::Info),
            links_unrecognized_links: Level::Info,
            links_anchors: Level::Info,
        }
    }
}

/// Whose search plugin is meant: MkDocs looks a name up below the theme's first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchForm {
    /// Material's.
    #[default]
    Material,
    /// The one of MkDocs, for all other themes.
    Mkdocs,
}

/// The search index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// Whose plugin it is.
    pub form: SearchForm,
    /// Languages of the texts, as Material names them; empty for the theme's language.
    pub lang: Vec<String>,
    /// A regular expression that parts words, where it is not the language's own.
    pub separator: Option<String>,
    /// The filters that a query goes through, where they are not the language's own.
    pub pipeline: Option<Vec<String>>,
    /// How much title, text and tags weigh.
    pub boost: SearchBoost,
    /// In MkDocs' form: how much of a page can be found, `full`, `sections` or `titles`.
    pub indexing: Option<&'static str>,
    /// In MkDocs' form: how many characters a query has at least.
    pub min_search_length: Option<i64>,
}

/// How much the fields of a search entry weigh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchBoost {
    /// Titles.
    pub title: f64,
    /// Texts.
    pub text: f64,
    /// Tags.
    pub tags: f64,
}

impl Default for SearchBoost {
    /// Material's weights.
    fn default() -> SearchBoost {
        SearchBoost { title: 1e3, text: 1.0, tags: 1e6 }
    }
}

/// What `check` looks at beyond the validation levels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// Levels for single codes, such as `OB204 = "ignore"`; `None` is silence.
    pub levels: BTreeMap<String, Spanned<Option<Severity>>>,
}

/// Settings of runbooks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runbook {
    /// Who may do what: a role and the people in it.
    pub roles: BTreeMap<String, Vec<Spanned<String>>>,
    /// The names among the signers of accounts of machines.
    pub accounts: BTreeMap<String, Spanned<String>>,
    /// The file with the keys that may sign approvals, in the form of `ssh-keygen`.
    pub allowed_signers: Option<Spanned<SitePath>>,
    /// The folder that runs are kept in; the account's folder for state where it is not given.
    pub runs: Option<Spanned<SitePath>>,
    /// What the policy lints and the runner ask for.
    pub policy: Policy,
}

/// What the policy lints and the runner ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// How long a change stays in one environment before the next, such as `2h` (RB205).
    pub min_soak: Option<Spanned<String>>,
    /// How long the last monitor watches (RB303).
    pub min_watch: Option<Spanned<String>>,
    /// How often a runbook is reviewed where it does not say itself (RB602).
    pub review_every: Option<Spanned<String>>,
    /// Whether runs of tier 1 or more may begin with uncommitted changes.
    pub allow_dirty_tree: bool,
    /// Whether they may perform a plan that is not made of a commit here.
    pub allow_unverified_plan: bool,
    /// How old evidence of an earlier environment may be.
    pub max_age: Option<Spanned<String>>,
    /// Whether processes that a step left running are ended with it.
    pub end_leftovers: bool,
    /// Levels of single rules, such as `RB106 = "ignore"`.
    pub levels: BTreeMap<String, Spanned<Option<Severity>>>,
}

/// What pages and plans may reach for; nothing that is not named here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Security {
    /// Environment variables that the configuration may read.
    pub env: Vec<Spanned<String>>,
    /// Commands that may supply a secret, as programs with their arguments.
    pub secret_commands: Vec<Vec<String>>,
}

/// What flags of the command line put in place of what the file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `--site-dir`, relative to the configuration file.
    pub site_dir: Option<SitePath>,
    /// `--strict` or `--no-strict`.
    pub strict: Option<bool>,
    /// `--use-directory-urls` or `--no-directory-urls`.
    pub use_directory_urls: Option<bool>,
    /// `--theme`.
    pub theme: Option<String>,
    /// `--dev-addr`.
    pub dev_addr: Option<String>,
}
