//! Every key of both configuration files: its name, what it takes, what it means.
//!
//! The readers report what is not in these tables; the published schema of `book.toml` and the
//! manual's reference pages are checked against them.

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it means, in a few words.
    pub about: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// A number.
    Number,
    /// A list of texts.
    Texts,
    /// One text or several.
    TextOrTexts,
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// A list of lists of texts.
    TextLists,
    /// A table whose keys are known.
    Table(&'static [Key]),
    /// A table with any names, each with a value of one kind.
    TableOf(&'static Takes),
    /// A table, or a list of tables, with any keys.
    Free,
    /// Navigation entries.
    Nav,
    /// Scripts: texts or tables.
    Scripts,
    /// A table of names, each with `true`, `false` or a table of options.
    Uses,
}

const fn key(name: &'static str, takes: Takes, about: &'static str) -> Key {
    Key { name, takes, about }
}

/// The words for how loud a check is.
pub const LEVELS: &[&str] = &["warn", "info", "ignore"];
/// The words for what becomes of a link that begins with `/`.
pub const ABSOLUTE_LEVELS: &[&str] = &["warn", "info", "ignore", "relative_to_docs"];
/// The words for how loud a single code is.
pub const CODE_LEVELS: &[&str] = &["error", "warning", "warn", "info", "ignore"];
/// What a policy says to something that is dangerous.
pub const PERMISSION: &[&str] = &["refuse", "allow"];
const LEVEL: Takes = Takes::OneOf(LEVELS);
const CODE_LEVEL: Takes = Takes::OneOf(CODE_LEVELS);
const ABSOLUTE: Takes = Takes::OneOf(ABSOLUTE_LEVELS);

/// The keys of `mkdocs.yml`.
pub const MKDOCS: &[Key] = &[
    key("site_name", Takes::Text, "the title of the site; required"),
    key("site_url", Takes::Text, "where the site will stand"),
    key("site_description", Takes::Text, "one sentence for search engines"),
    key("site_author", Takes::Text, "who wrote it"),
    key("copyright", Takes::Text, "HTML for the footer"),
    key("nav", Takes::Nav, "the navigation"),
    key("pages", Takes::Nav, "the name of `nav` before MkDocs 1.0"),
    key("exclude_docs", Takes::Text, "patterns of files that are no part of the site"),
    key("draft_docs", Takes::Text, "patterns of files that only `serve` shows"),
    key("not_in_nav", Takes::Text, "patterns of pages that need not be in the navigation"),
    key("theme", Takes::Table(MKDOCS_THEME), "how pages look"),
    key("docs_dir", Takes::Text, "the folder with the pages"),
    key("site_dir", Takes::Text, "the folder that the site is written to"),
    key("use_directory_urls", Takes::Flag, "whether `a.md` becomes `a/`"),
    key("repo_url", Takes::Text, "the repository's address"),
    key("repo_name", Takes::Text, "what to call the repository"),
    key("edit_uri", Takes::Text, "what comes between the repository's address and a page's path"),
    key("edit_uri_template", Takes::Text, "the whole edit address with `{path}`"),
    key("extra_css", Takes::Texts, "style sheets added to every page"),
    key("extra_javascript", Takes::Scripts, "scripts added to every page"),
    key("extra_templates", Takes::Texts, "files of `docs_dir` that are templates"),
    key("extra", Takes::Free, "free data for templates"),
    key("markdown_extensions", Takes::Uses, "Markdown extensions and their options"),
    key("plugins", Takes::Uses, "plugins and their options"),
    key("hooks", Takes::Texts, "Python files, which opsbook does not run"),
    key("watch", Takes::Texts, "files and folders that `serve` watches as well"),
    key("strict", Takes::Flag, "whether warnings fail the build"),
    key("dev_addr", Takes::Text, "the address of `serve`"),
    key("remote_branch", Takes::Text, "the branch that a publication pushes to"),
    key("remote_name", Takes::Text, "the remote that a publication pushes to"),
    key("google_analytics", Takes::Texts, "given up by MkDocs"),
    key("validation", Takes::Table(MKDOCS_VALIDATION), "levels of the link and navigation checks"),
    key("INHERIT", Takes::Text, "a configuration that this one adds to"),
];

/// The keys of `theme` in `mkdocs.yml` that mean something to opsbook; any other is data for templates.
pub const MKDOCS_THEME: &[Key] = &[
    key("name", Takes::Text, "which theme"),
    key("custom_dir", Takes::Text, "a folder whose files stand before the theme's own"),
    key("static_templates", Takes::Texts, "templates that become pages of their own"),
    key("locale", Takes::Text, "the language, in MkDocs' own themes"),
    key("language", Takes::Text, "the language, in Material"),
    key("direction", Takes::OneOf(&["ltr", "rtl"]), "the direction of the script"),
    key("features", Takes::Texts, "feature flags"),
    key("palette", Takes::Free, "one colour scheme or a list of them"),
    key("font", Takes::Free, "typefaces for text and code, or `false`"),
    key("logo", Takes::Text, "an image in the header"),
    key("favicon", Takes::Text, "an image for the browser's tab"),
    key("icon", Takes::Free, "icons by role"),
];

/// The keys of `validation` in `mkdocs.yml`.
pub const MKDOCS_VALIDATION: &[Key] = &[
    key("nav", Takes::Table(MKDOCS_VALIDATION_NAV), "checks of the navigation"),
    key("links", Takes::Table(MKDOCS_VALIDATION_LINKS), "checks of links"),
    key("omitted_files", LEVEL, "for `nav`"),
    key("not_found", LEVEL, "for `nav` and `links`"),
    key("absolute_links", ABSOLUTE, "for `nav` and `links`"),
    key("unrecognized_links", LEVEL, "for `links`"),
    key("anchors", LEVEL, "for `links`"),
];

/// The keys of `validation.nav` in `mkdocs.yml`.
pub const MKDOCS_VALIDATION_NAV: &[Key] = &[
    key("omitted_files", LEVEL, "pages that the navigation leaves out"),
    key("not_found", LEVEL, "entries without a file"),
    key("absolute_links", ABSOLUTE, "entries that begin with `/`"),
];

/// The keys of `validation.links` in `mkdocs.yml`.
pub const MKDOCS_VALIDATION_LINKS: &[Key] = &[
    key("not_found", LEVEL, "links without a target"),
    key("absolute_links", ABSOLUTE, "links that begin with `/`"),
    key("unrecognized_links", LEVEL, "links that do not look like a file"),
    key("anchors", LEVEL, "links to anchors that are not on their page"),
];

/// The tables of `book.toml`.
pub const BOOK: &[Key] = &[
    key("book", Takes::Table(BOOK_BOOK), "what the book is; mdBook's words"),
    key("build", Takes::Table(BOOK_BUILD), "how it is built; mdBook's words"),
    key("site", Takes::Table(BOOK_SITE), "where it stands and what belongs to it"),
    key("nav", Takes::Table(BOOK_NAV), "the navigation"),
    key("markdown", Takes::Table(BOOK_MARKDOWN), "dialect and extensions"),
    key("theme", Takes::Table(BOOK_THEME), "how pages look"),
    key("plugins", Takes::Uses, "plugins and their options"),
    key("search", Takes::Table(BOOK_SEARCH), "the search index"),
    key("serve", Takes::Table(BOOK_SERVE), "the local server"),
    key("check", Takes::Table(CHECK), "how loud each check is"),
    key("runbook", Takes::Table(RUNBOOK), "settings of runbooks"),
    key("security", Takes::Table(SECURITY), "what pages and plans may reach for"),
    key("extra", Takes::Free, "free data for templates"),
];

/// The keys of `[book]`.
pub const BOOK_BOOK: &[Key] = &[
    key("title", Takes::Text, "the title of the site; required"),
    key("authors", Takes::Texts, "who wrote it"),
    key("description", Takes::Text, "one sentence for search engines"),
    key("language", Takes::Text, "the language, `en` by default"),
    key("src", Takes::Text, "the folder with the pages, `src` by default"),
];

/// The keys of `[build]`.
pub const BOOK_BUILD: &[Key] = &[
    key("build-dir", Takes::Text, "the folder that the site is written to, `book` by default"),
    key("extra-watch-dirs", Takes::Texts, "files and folders that `serve` watches as well"),
    key("strict", Takes::Flag, "whether warnings fail the build"),
];

/// The keys of `[site]`.
pub const BOOK_SITE: &[Key] = &[
    key("url", Takes::Text, "where the site will stand"),
    key("copyright", Takes::Text, "HTML for the footer"),
    key("directory-urls", Takes::Flag, "whether `a.md` becomes `a/`, true by default"),
    key("repository", Takes::Text, "the repository's address"),
    key("repository-name", Takes::Text, "what to call the repository"),
    key("edit-uri", Takes::Text, "what comes between the repository's address and a page's path"),
    key("edit-uri-template", Takes::Text, "the whole edit address with `{path}`"),
    key("branch", Takes::Text, "the branch that a publication pushes to, `gh-pages` by default"),
    key("remote", Takes::Text, "the remote that a publication pushes to, `origin` by default"),
    key("exclude", Takes::Texts, "patterns of files that are no part of the site"),
    key("drafts", Takes::Texts, "patterns of files that only `serve` shows"),
    key("extra-css", Takes::Texts, "style sheets added to every page"),
    key("extra-javascript", Takes::Scripts, "scripts added to every page"),
    key("extra-templates", Takes::Texts, "files of the source folder that are templates"),
];

/// The keys of `[nav]`.
pub const BOOK_NAV: &[Key] = &[
    key("items", Takes::Nav, "the entries: a path, or a table with one title"),
    key("not-in-nav", Takes::Texts, "patterns of pages that need not be in the navigation"),
];

/// The keys of `[markdown]`.
pub const BOOK_MARKDOWN: &[Key] = &[
    key("dialect", Takes::OneOf(&["commonmark", "mkdocs"]), "whose rules, `commonmark` by default"),
    key("extensions", Takes::Uses, "extensions and their options"),
];

/// The keys of `[theme]`; any other is data for templates.
pub const BOOK_THEME: &[Key] = &[
    key("name", Takes::Text, "which theme, `default` by default"),
    key("custom-dir", Takes::Text, "a folder whose files stand before the theme's own, `themes` by default"),
    key("static-templates", Takes::Texts, "templates that become pages of their own"),
    key("direction", Takes::OneOf(&["ltr", "rtl"]), "the direction of the script"),
    key("features", Takes::Texts, "feature flags"),
    key("palette", Takes::Free, "one colour scheme or a list of them"),
    key("font", Takes::Free, "typefaces for text and code, or `false`"),
    key("logo", Takes::Text, "an image in the header"),
    key("favicon", Takes::Text, "an image for the browser's tab"),
    key("icon", Takes::Free, "icons by role"),
];

/// The keys of `[search]`.
pub const BOOK_SEARCH: &[Key] = &[
    key("enabled", Takes::Flag, "whether the site has a search, true by default"),
    key("lang", Takes::TextOrTexts, "languages of the texts"),
    key("separator", Takes::Text, "a regular expression that parts words"),
    key("pipeline", Takes::Texts, "the filters that a query goes through"),
    key("boost", Takes::Table(BOOK_SEARCH_BOOST), "how much each field weighs"),
];

/// The keys of `[search.boost]`.
pub const BOOK_SEARCH_BOOST: &[Key] = &[
    key("title", Takes::Number, "titles, 1000 by default"),
    key("text", Takes::Number, "texts, 1 by default"),
    key("tags", Takes::Number, "tags, 1000000 by default"),
];

/// The keys of `[serve]`.
pub const BOOK_SERVE: &[Key] = &[key("address", Takes::Text, "the address, `127.0.0.1:8000` by default")];

/// The keys of `[check]`, and of `extra.opsbook.check` in `mkdocs.yml`.
pub const CHECK: &[Key] = &[
    key("nav", Takes::Table(CHECK_NAV), "checks of the navigation"),
    key("links", Takes::Table(CHECK_LINKS), "checks of links"),
    key("levels", Takes::TableOf(&CODE_LEVEL), "levels of single codes"),
];

/// The keys of `[check.nav]`.
pub const CHECK_NAV: &[Key] = &[
    key("omitted-files", LEVEL, "pages that the navigation leaves out, `info` by default"),
    key("not-found", LEVEL, "entries without a file, `warn` by default"),
    key("absolute-links", ABSOLUTE, "entries that begin with `/`, `info` by default"),
];

/// The keys of `[check.links]`.
pub const CHECK_LINKS: &[Key] = &[
    key("not-found", LEVEL, "links without a target, `warn` by default"),
    key("absolute-links", ABSOLUTE, "links that begin with `/`, `info` by default"),
    key("unrecognized-links", LEVEL, "links that do not look like a file, `info` by default"),
    key("anchors", LEVEL, "links to anchors that are not on their page, `info` by default"),
];

/// The keys of `[runbook]`, and of `extra.opsbook.runbook` in `mkdocs.yml`.
pub const RUNBOOK: &[Key] = &[
    key("roles", Takes::TableOf(&Takes::Texts), "who may do what: a role and the people in it"),
    key("accounts", Takes::TableOf(&Takes::Text), "the names that accounts of machines have among the signers"),
    key("allowed-signers", Takes::Text, "the file with the keys that may sign approvals"),
    key("runs", Takes::Text, "the folder that runs are kept in; without it, one of the account"),
    key("policy", Takes::Table(POLICY), "what the policy lints and the runner ask for"),
];

/// The keys of `[runbook.policy]`.
pub const POLICY: &[Key] = &[
    key("min-soak", Takes::Text, "how long a change stays in one environment before the next"),
    key("min-watch", Takes::Text, "how long the last monitor watches"),
    key("review-every", Takes::Text, "how often a runbook is reviewed"),
    key("max-age", Takes::Text, "how old evidence of an earlier environment may be"),
    key("end-leftovers", Takes::Flag, "whether what a step left running ends with it, `false` by default"),
    key("dirty-tree", Takes::OneOf(PERMISSION), "runs of tier 1 or more with uncommitted changes, `refuse` by default"),
    key(
        "unverified-plan",
        Takes::OneOf(PERMISSION),
        "the same with a plan that is not a commit's, `refuse` by default",
    ),
    key("levels", Takes::TableOf(&CODE_LEVEL), "levels of single rules"),
];

/// The keys of `[security]`, and of `extra.opsbook.security` in `mkdocs.yml`.
pub const SECURITY: &[Key] = &[
    key("env", Takes::Texts, "environment variables that the configuration may read"),
    key("secret-commands", Takes::TextLists, "commands that may supply a secret"),
];

/// The keys of `extra.opsbook` in `mkdocs.yml`: tables of `book.toml` for which MkDocs has no place.
pub const MKDOCS_OPSBOOK: &[Key] = &[
    key("check", Takes::Table(CHECK), "how loud each check is"),
    key("runbook", Takes::Table(RUNBOOK), "settings of runbooks"),
    key("security", Takes::Table(SECURITY), "what pages and plans may reach for"),
];

/// The options of the `search` plugin.
pub const SEARCH_PLUGIN: &[Key] = &[
    key("enabled", Takes::Flag, "whether the plugin is in use"),
    key("lang", Takes::TextOrTexts, "languages of the texts"),
    key("separator", Takes::Text, "a regular expression that parts words"),
    key("pipeline", Takes::Texts, "the filters that a query goes through"),
    key("fields", Takes::Free, "how much each field weighs"),
    key("jieba_dict", Takes::Text, "a dictionary of Chinese words, which opsbook does not read"),
    key("jieba_dict_user", Takes::Text, "a dictionary of Chinese words, which opsbook does not read"),
    key("indexing", Takes::Free, "given up by Material"),
    key("prebuild_index", Takes::Free, "given up by Material"),
    key("min_search_length", Takes::Free, "given up by Material"),
];

/// The options of the `search` plugin with a theme other than Material's.
pub const SEARCH_PLUGIN_MKDOCS: &[Key] = &[
    key("lang", Takes::TextOrTexts, "languages of the texts"),
    key("separator", Takes::Text, "a regular expression that parts words"),
    key("min_search_length", Takes::Number, "how many characters a query has at least, 3 by default"),
    key("indexing", Takes::OneOf(&["full", "sections", "titles"]), "how much of a page can be found"),
    key("prebuild_index", Takes::Free, "an index that is made beforehand, which opsbook's search box does not need"),
];

/// The options of a field of the `search` plugin.
pub const SEARCH_PLUGIN_FIELD: &[Key] = &[key("boost", Takes::Number, "how much it weighs")];

/// The keys of an entry of `extra_javascript`.
pub const SCRIPT: &[Key] = &[
    key("path", Takes::Text, "the file or address"),
    key("type", Takes::Text, "the `type` attribute"),
    key("defer", Takes::Flag, "the `defer` attribute"),
    key("async", Takes::Flag, "the `async` attribute"),
];

/// The keys of a colour scheme.
pub const PALETTE: &[Key] = &[
    key("media", Takes::Text, "the media query for which it is the first choice"),
    key("scheme", Takes::Text, "`default`, `slate`, or one of the project's own"),
    key("primary", Takes::Text, "the main colour"),
    key("accent", Takes::Text, "the second colour"),
    key("toggle", Takes::Table(TOGGLE), "the button that leads to the next scheme"),
];

/// The keys of a colour scheme's button.
pub const TOGGLE: &[Key] =
    &[key("icon", Takes::Text, "its icon"), key("name", Takes::Text, "its name, for those who do not see it")];

/// The keys of `font`.
pub const FONT: &[Key] = &[key("text", Takes::Text, "for text"), key("code", Takes::Text, "for code")];
