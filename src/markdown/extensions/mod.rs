//! Extensions of Python-Markdown: one file or folder each, and the table of all.
//!
//! A file holds all of its extension: the options, what it remembers of a page, its rules for blocks and for
//! text, and its passes. Its header names the file that it is a port of, and what differs on purpose; the
//! versions are Python-Markdown 3.11.3, pymdown-extensions 13.1, markdown-include 0.8.1, mdx_gh_links 0.4
//! and mdx_truly_sane_lists 1.3. Names and priorities of rules are Python's; a test compares them with
//! those that a script recorded. Files without a row are what several extensions share.

mod abbr;
mod admonition;
mod arithmatex;
mod attr_list;
mod betterem;
mod bracketspan;
mod breakless_lists;
mod captions;
mod caret;
mod container;
mod critic;
mod def_list;
mod delimiters;
mod details;
pub(crate) mod emoji;
mod escapeall;
pub(crate) mod extension;
mod fancylists;
mod fences;
mod footnotes;
mod generic;
mod inlinehilite;
mod key_names;
mod keys;
mod legacy_attrs;
mod legacy_em;
mod magiclink;
mod mark;
mod markdown_include;
mod md_in_html;
mod mdx_gh_links;
mod meta;
mod nl2br;
mod progressbar;
mod quotes;
mod sane_lists;
mod saneheaders;
mod smartsymbols;
mod smarty;
mod snippets;
mod tabbed;
mod tables;
mod tabs;
mod tasklist;
mod tilde;
mod title_case;
pub(crate) mod toc;
mod truly_sane_lists;
mod wikilinks;

#[cfg(test)]
mod tests;

use extension::{Row, row};

/// The table, one row each: the extension's type, its name, and the file that it is a port of.
pub(crate) static EXTENSIONS: &[Row] = &[
    row::<abbr::Options>("abbr", "markdown/extensions/abbr.py"),
    row::<admonition::Options>("admonition", "markdown/extensions/admonition.py"),
    row::<arithmatex::Options>("pymdownx.arithmatex", "pymdownx/arithmatex.py"),
    row::<attr_list::Options>("attr_list", "markdown/extensions/attr_list.py"),
    row::<betterem::Options>("pymdownx.betterem", "pymdownx/betterem.py"),
    row::<bracketspan::Options>("pymdownx.bracketspan", "pymdownx/bracketspan.py"),
    row::<breakless_lists::Options>("mdx_breakless_lists", "mdx_breakless_lists.py"),
    row::<captions::Options>("markdown_captions", "markdown_captions.py"),
    row::<caret::Options>("pymdownx.caret", "pymdownx/caret.py"),
    row::<critic::Options>("pymdownx.critic", "pymdownx/critic.py"),
    row::<def_list::Options>("def_list", "markdown/extensions/def_list.py"),
    row::<details::Options>("pymdownx.details", "pymdownx/details.py"),
    row::<emoji::Options>("pymdownx.emoji", "pymdownx/emoji.py"),
    row::<escapeall::Options>("pymdownx.escapeall", "pymdownx/escapeall.py"),
    row::<fancylists::Options>("pymdownx.fancylists", "pymdownx/fancylists.py"),
    row::<fences::codehilite::Options>("codehilite", "markdown/extensions/codehilite.py"),
    row::<fences::fenced_code::Options>("fenced_code", "markdown/extensions/fenced_code.py"),
    row::<fences::highlight::Options>("pymdownx.highlight", "pymdownx/highlight.py"),
    row::<fences::superfences::Options>("pymdownx.superfences", "pymdownx/superfences.py"),
    row::<footnotes::Options>("footnotes", "markdown/extensions/footnotes.py"),
    row::<generic::admonition::Options>("pymdownx.blocks.admonition", "pymdownx/blocks/admonition.py"),
    row::<generic::caption::Options>("pymdownx.blocks.caption", "pymdownx/blocks/caption.py"),
    row::<generic::definition::Options>("pymdownx.blocks.definition", "pymdownx/blocks/definition.py"),
    row::<generic::details::Options>("pymdownx.blocks.details", "pymdownx/blocks/details.py"),
    row::<generic::html::Options>("pymdownx.blocks.html", "pymdownx/blocks/html.py"),
    row::<generic::tab::Options>("pymdownx.blocks.tab", "pymdownx/blocks/tab.py"),
    row::<inlinehilite::Options>("pymdownx.inlinehilite", "pymdownx/inlinehilite.py"),
    row::<keys::Options>("pymdownx.keys", "pymdownx/keys.py"),
    row::<legacy_attrs::Options>("legacy_attrs", "markdown/extensions/legacy_attrs.py"),
    row::<legacy_em::Options>("legacy_em", "markdown/extensions/legacy_em.py"),
    row::<magiclink::Options>("pymdownx.magiclink", "pymdownx/magiclink.py"),
    row::<mark::Options>("pymdownx.mark", "pymdownx/mark.py"),
    row::<markdown_include::Options>("markdown_include.include", "markdown_include/include.py"),
    row::<md_in_html::Options>("md_in_html", "markdown/extensions/md_in_html.py"),
    row::<mdx_gh_links::Options>("mdx_gh_links", "mdx_gh_links.py"),
    row::<meta::Options>("meta", "markdown/extensions/meta.py"),
    row::<nl2br::Options>("nl2br", "markdown/extensions/nl2br.py"),
    row::<progressbar::Options>("pymdownx.progressbar", "pymdownx/progressbar.py"),
    row::<quotes::Options>("pymdownx.quotes", "pymdownx/quotes.py"),
    row::<sane_lists::Options>("sane_lists", "markdown/extensions/sane_lists.py"),
    row::<saneheaders::Options>("pymdownx.saneheaders", "pymdownx/saneheaders.py"),
    row::<smartsymbols::Options>("pymdownx.smartsymbols", "pymdownx/smartsymbols.py"),
    row::<smarty::Options>("smarty", "markdown/extensions/smarty.py"),
    row::<snippets::Options>("pymdownx.snippets", "pymdownx/snippets.py"),
    row::<tabbed::Options>("pymdownx.tabbed", "pymdownx/tabbed.py"),
    row::<tables::Options>("tables", "markdown/extensions/tables.py"),
    row::<tasklist::Options>("pymdownx.tasklist", "pymdownx/tasklist.py"),
    row::<tilde::Options>("pymdownx.tilde", "pymdownx/tilde.py"),
    row::<toc::Options>("toc", "markdown/extensions/toc.py"),
    row::<truly_sane_lists::Options>("mdx_truly_sane_lists", "mdx_truly_sane_lists.py"),
    row::<wikilinks::Options>("wikilinks", "markdown/extensions/wikilinks.py"),
];

/// Extensions that projects list and that change no page: their effect is always on, or lies in
/// Python itself.
pub(crate) const WITHOUT_EFFECT: &[&str] = &["pymdownx._bypassnorm"];

/// Extensions that opsbook knows and does not have, and why.
pub(crate) const REFUSED: &[(&str, &str)] = &[
    ("material.extensions.preview", "links show no preview of their page"),
    ("pymdownx.b64", "pictures stay files; `offline` and the browser's cache do what it is for"),
    ("pymdownx.striphtml", "comments and attributes stay as they are written"),
    ("pymdownx.pathconverter", "links are resolved by the site, which knows where each page goes"),
];
