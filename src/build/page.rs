//! A page of its own: Markdown of ours as one HTML file that needs nothing else.

use crate::markdown::{self, Dialect};
use crate::render::html::render_html;
use crate::text::{SitePath, Source};
use std::collections::BTreeMap;

/// Turns CommonMark into one HTML file, styles included, no script and no request.
pub fn page_of_its_own(text: &str) -> String {
    let source = Source::new(SitePath::new("page.md"), text);
    let parsed = markdown::parse(&source, &Dialect::commonmark(), &BTreeMap::new());
    let body = render_html(&parsed.document.body, &|_| None);
    let title = parsed.facts.heading_title.map_or_else(|| "opsbook".to_owned(), |title| title.value);
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n\
         </body>\n</html>\n"
    )
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left}\
pre{background:#f5f5f5;padding:.8rem;overflow:auto}code{font-family:ui-monospace,monospace}\
@media(prefers-color-scheme:dark){body{background:#1e2129;color:#e2e4e9}td,th{border-color:#555}\
pre{background:#2a2d36}a{color:#8ab4f8}}";
