//! Raw HTML among Markdown: which tags are blocks, and what is taken out of the text before blocks
//! are looked for.

mod extract;
mod open;
mod scan;

pub(crate) use extract::{Extracted, extract_html};
pub(crate) use scan::raw_tags;

/// Tells whether a tag is a block's in Python-Markdown (`BLOCK_LEVEL_ELEMENTS`).
pub(crate) fn is_block_tag(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    BLOCK_TAGS.contains(&tag.trim_end_matches('/'))
}

const BLOCK_TAGS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "details",
    "div",
    "dl",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
    "canvas",
    "colgroup",
    "dd",
    "body",
    "dt",
    "group",
    "html",
    "iframe",
    "li",
    "legend",
    "math",
    "map",
    "noscript",
    "output",
    "object",
    "option",
    "progress",
    "script",
    "style",
    "summary",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "tr",
    "video",
    "center",
];
