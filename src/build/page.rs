//! A page of its own: Markdown of ours as one HTML file that needs nothing else.

use crate::markdown::{self, Dialect};
use crate::render::documents;
use crate::render::html::render_html;
use crate::text::{SitePath, Source};
use std::collections::BTreeMap;

/// Turns CommonMark into one HTML file, styles included, no script and no request.
pub fn page_of_its_own(text: &str) -> String {
    let source = Source::new(SitePath::new("page.md"), text);
    let parsed = markdown::parse(&source, &Dialect::commonmark(), &BTreeMap::new());
    let body = render_html(&parsed.document.body, &|_| None);
    let title = parsed.facts.heading_title.map_or_else(|| "opsbook".to_owned(), |title| title.value);
    documents::page(&title, &body)
}
