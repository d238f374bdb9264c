//! The plugins that opsbook does not have, and what is missing without each.

use super::{names, row_of};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::text::Spanned;

/// Plugins that opsbook does not have, and what is missing without them.
pub const MISSING: &[(&str, &str)] = &[
    ("autorefs", "links by heading text or object name stay text"),
    ("blog", "there is no blog: posts are ordinary pages, without archive, categories or authors"),
    ("callouts", "Obsidian callouts stay quotes"),
    ("ciso-controls", "its controls stay text"),
    ("document-dates", "pages show no dates"),
    ("drawio", "diagrams stay links to their files"),
    ("gen-files", "the pages that its Python scripts write are missing"),
    ("git-authors", "pages show no authors"),
    ("git-committers", "pages show no committers"),
    ("git-revision-date", "`{{ git_revision_date }}` stays text; use `git-revision-date-localized`"),
    ("group", "the plugins grouped below it are not in use"),
    ("i18n", "each language's pages are ordinary pages, without a language switch"),
    ("include_dir_to_nav", "folders in `nav` are not unfolded"),
    ("info", "nothing of the site: it helps to report bugs of Material"),
    ("inject_ld_json", "pages carry no structured data"),
    ("kroki", "diagrams stay code blocks"),
    ("macros_info", "the page of macros is empty"),
    ("markdown-exec", "code blocks with `exec` are shown, not run"),
    ("markdownextradata", "variables in pages stay text; the plugin `macros` has them"),
    ("mermaid2", "diagrams stay source text until `extra_javascript` brings Mermaid's script"),
    ("meta-descriptions", "pages without a description get none"),
    ("mike", "one version is built, without a version switch"),
    ("mkdocs-jupyter", "notebooks are copied, not shown"),
    ("mkdocstrings", "API documentation (`:::` blocks) stays text"),
    ("multirepo", "the documentation of other repositories is missing"),
    ("optimize", "images are copied as they are"),
    ("pdf-export", "there is no PDF"),
    ("print-site", "there is no page with all pages"),
    ("privacy", "files from other hosts are not copied into the site"),
    ("projects", "the nested projects are missing"),
    ("rss", "there is no feed"),
    ("simple", "pages outside `docs_dir` are not part of the site"),
    ("social", "pages have no preview cards"),
    ("swagger-ui-tag", "API descriptions stay tags"),
    ("termynal", "terminal blocks stay code blocks"),
    ("typeset", "titles in the navigation are plain text"),
    ("with-pdf", "there is no PDF"),
];

/// Plugins of [`MISSING`] without which readers miss nothing.
const HARMLESS: &[&str] = &["info", "macros_info"];

/// A plugin that keeps pages, or parts of them, from readers.
#[derive(Clone, Copy, Debug)]
pub struct Keeper {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What marks a page in its front matter.
    pub keys: &'static [&'static str],
    /// The options that put every page under it.
    pub all: &'static [&'static str],
    /// Whether it does other things as well, so that it matters only where a page is marked.
    pub only_marked: bool,
}

const fn keeper(name: &'static str, does: &'static str, keys: &'static [&'static str]) -> Keeper {
    Keeper { name, does, keys, all: &[], only_marked: false }
}

/// The plugins without which a build would publish what the project keeps back.
const KEEPERS: &[Keeper] = &[
    Keeper { only_marked: true, ..keeper("blog", "leaves drafts out", &["draft"]) },
    keeper("conditional_include", "leaves files out", &[]),
    keeper("draft", "leaves drafts out", &["draft"]),
    keeper("encrypt-source", "encrypts parts of pages", &[]),
    Keeper {
        name: "encryptcontent",
        does: "encrypts pages",
        keys: &["password", "level", "inventory", "encryption_summary"],
        all: &["global_password", "password_inventory", "password_file"],
        only_marked: false,
    },
    keeper("exclude-search", "keeps pages out of the search index", &[]),
    keeper("exclude-unused-files", "leaves files out", &[]),
    keeper("exclude_unused_files", "leaves files out", &[]),
    keeper("excluder", "leaves files out", &[]),
    keeper("file-filter", "leaves files out", &[]),
    keeper("file_filter", "leaves files out", &[]),
    keeper("include_exclude_files", "leaves files out", &[]),
    keeper("mkdocs-exclude-unused", "leaves files out", &[]),
    keeper("mkdocs-exclude-unused-files", "leaves files out", &[]),
    keeper("mkdocs_exclude_tagged_files", "leaves files out", &["tags"]),
    keeper("mkdocs_exclude_unused_files", "leaves files out", &[]),
    keeper("platform-content", "leaves parts of pages out", &[]),
    keeper("pub-blog", "leaves drafts out", &["publish", "status", "draft"]),
    keeper("pub-meta", "leaves out what is not to be published", &["publish", "status"]),
    keeper("pub-obsidian", "leaves files out", &["publish", "status"]),
    keeper("publish-control", "leaves pages out", &["publish", "published", "draft"]),
    keeper("publisher", "leaves pages out", &["publish", "status", "draft"]),
    keeper("remove_sections", "leaves parts of pages out", &[]),
    keeper("select-files", "leaves files out", &[]),
    keeper("unused_files", "leaves files out", &[]),
];

/// Returns what a plugin keeps back that opsbook does not have.
pub fn keeper_of(name: &str) -> Option<&'static Keeper> {
    KEEPERS.iter().find(|keeper| keeper.name == name && row_of(name).is_none())
}

/// Returns what is missing without a plugin that opsbook does not have.
fn missing(name: &str) -> Option<&'static str> {
    MISSING.iter().find(|(known, _)| *known == name).map(|(_, what)| *what)
}

/// Material's own plugins, whose names templates see with the theme's before them.
const OF_MATERIAL: &[&str] =
    &["blog", "group", "info", "meta", "offline", "privacy", "search", "social", "tags", "typeset"];

/// Tells whether a plugin is one of Material's.
pub fn is_of_material(name: &str) -> bool {
    OF_MATERIAL.contains(&name)
}

/// What becomes of a plugin of an MkDocs project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is the same here.
    Same,
    /// It is here, and something is different.
    Differs(&'static str),
    /// It is not here, and readers miss nothing.
    Harmless(&'static str),
    /// It is not here, and this is missing.
    Missing(&'static str),
}

/// Returns what becomes of a plugin.
pub fn fate_of(name: &str) -> Fate {
    let what = missing(name).unwrap_or("what it does to the site is missing");
    match row_of(name) {
        Some(row) => row.differs.map_or(Fate::Same, Fate::Differs),
        None if HARMLESS.contains(&name) => Fate::Harmless(what),
        None => Fate::Missing(what),
    }
}

/// Reports a plugin that opsbook does not have.
pub(super) fn report(name: &Spanned<String>, out: &mut Diagnostics) {
    if row_of(&name.value).is_some() {
        return;
    }
    let message = format!("the plugin `{}` is not part of opsbook", name.value);
    if keeper_of(&name.value).is_some_and(|keeper| !keeper.only_marked) {
        // A build says which pages it is about.
        return;
    }
    let mut diagnostic = Diagnostic::new(Code::ConfigPlugin, name.span, message);
    if HARMLESS.contains(&name.value.as_str()) {
        diagnostic.severity = Severity::Info;
    }
    out.push(match missing(&name.value) {
        Some(what) => diagnostic.note(format!("without it: {what}")),
        None => {
            let diagnostic = diagnostic.note("what it does to the site is missing");
            match nearest(&name.value, names()) {
                Some(near) => diagnostic.help(format!("there is a plugin `{near}`")),
                None => diagnostic,
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_apart() {
        assert!(MISSING.is_sorted());
        assert!(KEEPERS.is_sorted_by_key(|keeper| keeper.name));
        assert!(MISSING.iter().all(|(name, _)| row_of(name).is_none()));
    }
}
