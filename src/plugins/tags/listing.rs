//! Listings of tags, written into the content of a page where its comments ask for them.
//!
//! Follows the template `fragments/tags/default` of Material 9.8: a heading per tag, all of them one level below
//! the heading before it, and a list of pages.

use super::super::event::ExtraHeading;
use crate::site::{Listing, Site, Tree};
use crate::text::{SitePath, yaml};

/// Writes a page's listings into its content; returns the content, and the headings for the table of
/// contents. A page without listings keeps its content. `icons` is `extra.tags`: the kind of each tag
/// that has one.
pub(super) fn fill(html: &str, site: &Site, page: SitePath, icons: Option<&yaml::Node>) -> (String, Vec<ExtraHeading>) {
    let (Some(listings), Some(route)) = (site.listings.get(&page), site.pages.get(&page)) else {
        return (html.to_owned(), Vec::new());
    };
    let mut out = String::new();
    let mut headings = Vec::new();
    let mut rest = html;
    let mut host = Host { level: 1, id: None, permalink: None };
    for listing in listings {
        let mark = if listing.directive.is_empty() { "<p>[TAGS]</p>" } else { listing.directive.as_str() };
        let found = rest.find(mark);
        let (before, after) = match found {
            Some(at) => (&rest[..at], &rest[at + mark.len()..]),
            // `tags_file` puts a listing at the end of its page.
            None if listing.directive.is_empty() => (rest, ""),
            None => continue,
        };
        out.push_str(before);
        // A listing belongs to the page's own heading before it, not to a tag of another listing.
        host = Host::of(before).unwrap_or(host);
        let level = (host.level + 1).min(6);
        let mut writer = Writer { out: &mut out, site, url: &route.url, host: &host, icons };
        for tree in &listing.trees {
            writer.tree(tree, level);
            if listing.toc {
                collect(tree, host.id.clone(), level, &mut headings);
            }
        }
        rest = after;
    }
    out.push_str(rest);
    (out, headings)
}

/// All that a page's listings are made from, as text: what a key is to hold.
pub(super) fn key(site: &Site, page: SitePath, icons: Option<&yaml::Node>) -> String {
    let marks =
        |listing: &Listing| if listing.directive.is_empty() { "<p>[TAGS]</p>" } else { &listing.directive }.to_owned();
    let skeleton: String = site.listings.get(&page).into_iter().flatten().map(marks).collect();
    let (html, headings) = fill(&skeleton, site, page, icons);
    format!("{html}{headings:?}")
}

fn collect(tree: &Tree, below: Option<String>, level: u8, headings: &mut Vec<ExtraHeading>) {
    headings.push(ExtraHeading { below, level, id: tree.slug.clone(), name: tree.name.clone() });
    for child in &tree.children {
        collect(child, Some(tree.slug.clone()), (level + 1).min(6), headings);
    }
}

/// The heading before a listing.
struct Host {
    level: u8,
    id: Option<String>,
    /// Its permalink, from which those of the tags are made.
    permalink: Option<String>,
}

impl Host {
    /// The last heading of a text.
    fn of(html: &str) -> Option<Host> {
        let heading = html.match_indices("<h").filter_map(|(at, _)| {
            let level = html[at + 2..].chars().next()?.to_digit(10).filter(|level| (1..=6).contains(level))?;
            let id = html[at..].strip_prefix(&format!("<h{level} id=\""))?.split('"').next()?;
            Some((at, level as u8, id.to_owned()))
        });
        let (at, level, id) = heading.last()?;
        let end = html[at..].find("</h").map_or(html.len(), |end| at + end);
        let inner = &html[at..end];
        let link = inner.find("<a class=\"headerlink\"").and_then(|start| {
            let length = inner[start..].find("</a>")? + 4;
            Some(inner[start..start + length].replace(&format!("href=\"#{id}\""), "href=\"#{}\""))
        });
        Some(Host { level, id: Some(id), permalink: link })
    }
}

struct Writer<'a> {
    out: &'a mut String,
    site: &'a Site,
    url: &'a str,
    host: &'a Host,
    icons: Option<&'a yaml::Node>,
}

impl Writer<'_> {
    fn tree(&mut self, tree: &Tree, level: u8) {
        let mut class = String::from("md-tag");
        if tree.hidden {
            class.push_str(" md-tag-shadow");
        }
        if let Some(icons) = self.icons {
            class.push_str(" md-tag-icon");
            if let Some(kind) = icons.get(&tree.name).and_then(yaml::Node::scalar_text) {
                class.push_str(&format!(" md-tag--{kind}"));
            }
        }
        let link = self.host.permalink.as_deref().map_or(String::new(), |link| link.replace("{}", &escape(&tree.slug)));
        self.out.push_str(&format!(
            "<h{level} id=\"{}\"><span class=\"{}\">{}</span>{link}</h{level}>\n<ul>\n",
            escape(&tree.slug),
            escape(&class),
            escape(&tree.name)
        ));
        for page in &tree.pages {
            if let Some(route) = self.site.pages.get(page) {
                let url = self.site.relative_url(&route.url, self.url);
                // A title may have references, but no tags: those of a front matter are text.
                let title = route.title.replace('<', "&lt;").replace('>', "&gt;");
                self.out.push_str(&format!("<li><a href=\"{}\"> {title} </a></li>\n", escape(&url)));
            }
        }
        for child in &tree.children {
            self.out.push_str("<li style=\"list-style-type:none\">");
            self.tree(child, level);
            self.out.push_str("</li>\n");
        }
        self.out.push_str("</ul>\n");
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
