//! What a site is asked to be, as plain values: `build` makes these from a configuration, which this
//! room does not know.

use crate::diag::Severity;
use crate::text::{SitePath, Span, Spanned};

/// Everything that decides routes, navigation, and what there is to say about links.
#[derive(Clone, Debug)]
pub struct SiteOptions {
    /// The folder of the pages.
    pub docs_dir: SitePath,
    /// Whether `a.md` becomes `a/` rather than `a.html`.
    pub use_directory_urls: bool,
    /// Where the site will stand; a final `/` is added where it lacks one.
    pub site_url: Option<String>,
    /// The repository that edit links lead into.
    pub repo_url: Option<String>,
    /// What to put between the repository and the page's path, such as `edit/main/docs/`.
    pub edit_uri: Option<String>,
    /// A whole edit address with `{path}` and `{path_noext}`; takes precedence over `edit_uri`.
    pub edit_uri_template: Option<String>,
    /// The navigation as written; `None` lets the folders be the navigation.
    pub nav: Option<Vec<NavEntry>>,
    /// Where the navigation is written, or would be: the place of what it lacks.
    pub nav_span: Span,
    /// Patterns (gitignore) of files that are no part of the site.
    pub exclude_docs: Option<Spanned<String>>,
    /// Patterns of files that only a preview shows.
    pub draft_docs: Option<Spanned<String>>,
    /// Patterns of pages that nobody expects in the navigation.
    pub not_in_nav: Option<Spanned<String>>,
    /// Whether this is a preview, which shows drafts.
    pub preview: bool,
    /// What each finding is worth.
    pub validation: Validation,
}

/// One line of a navigation as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NavEntry {
    /// A page, a file or an address; which of them it is, the files decide.
    Target {
        /// The label.
        title: Option<Spanned<String>>,
        /// The path relative to the folder of the pages, or a URL.
        target: Spanned<String>,
    },
    /// A labelled group.
    Section {
        /// The label.
        title: Spanned<String>,
        /// What it holds, in order.
        children: Vec<NavEntry>,
    },
}

/// What each finding is worth; `None` is silence. The defaults are those of MkDocs 1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validation {
    /// `nav.omitted_files`.
    pub nav_omitted_files: Option<Severity>,
    /// `nav.not_found`.
    pub nav_not_found: Option<Severity>,
    /// `nav.absolute_links`.
    pub nav_absolute_links: AbsoluteLinks,
    /// `links.not_found`.
    pub links_not_found: Option<Severity>,
    /// `links.absolute_links`.
    pub links_absolute_links: AbsoluteLinks,
    /// `links.unrecognized_links`.
    pub links_unrecognized_links: Option<Severity>,
    /// `links.anchors`.
    pub links_anchors: Option<Severity>,
}

/// What a link that begins with `/` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsoluteLinks {
    /// A place outside the site, worth so much.
    Report(Option<Severity>),
    /// A path from the folder of the pages.
    RelativeToDocs,
}

impl Default for Validation {
    fn default() -> Validation {
        let info = Some(Severity::Info);
        let warning = Some(Severity::Warning);
        Validation {
            nav_omitted_files: info,
            nav_not_found: warning,
            nav_absolute_links: AbsoluteLinks::Report(info),
            links_not_found: warning,
            links_absolute_links: AbsoluteLinks::Report(info),
            links_unrecognized_links: info,
            links_anchors: info,
        }
    }
}

impl SiteOptions {
    /// Makes the options of a project that sets none: MkDocs' defaults.
    pub fn new(docs_dir: SitePath, nav_span: Span) -> SiteOptions {
        SiteOptions {
            docs_dir,
            use_directory_urls: true,
            site_url: None,
            repo_url: None,
            edit_uri: None,
            edit_uri_template: None,
            nav: None,
            nav_span,
            exclude_docs: None,
            draft_docs: None,
            not_in_nav: None,
            preview: false,
            validation: Validation::default(),
        }
    }
}
