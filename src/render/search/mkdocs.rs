//! The search index as MkDocs' own plugin writes it, for themes other than Material's.
//!
//! One entry for a page with all its text, and one for each heading of the table of contents with the
//! text up to the next heading, by the rules of MkDocs 1.6.1 (`contrib/search/search_index.py`).

use super::{SearchPage, list};
use crate::markdown::TocEntry;
use crate::render::html_events::{Event, html_events};
use crate::text::quoted_ascii;

/// How much of a page can be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Indexing {
    /// Titles, headings and texts.
    #[default]
    Full,
    /// Titles and headings.
    Sections,
    /// Titles of pages.
    Titles,
}

impl Indexing {
    /// Every way by the word of the configuration.
    pub const WORDS: &[(&'static str, Indexing)] =
        &[("full", Indexing::Full), ("sections", Indexing::Sections), ("titles", Indexing::Titles)];

    fn word(self) -> &'static str {
        Indexing::WORDS.iter().find(|(_, way)| *way == self).map_or("full", |(word, _)| word)
    }
}

/// The configuration block of the index.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The languages.
    pub lang: Vec<String>,
    /// The regular expression between words.
    pub separator: String,
    /// How many characters a query has at least.
    pub min_search_length: i64,
    /// How much of a page can be found.
    pub indexing: Indexing,
}

impl Options {
    /// The block `config` of the index.
    pub(super) fn json(&self) -> String {
        format!(
            "{{\"indexing\":\"{}\",\"lang\":{},\"min_search_length\":{},\"prebuild_index\":false,\"separator\":{}}}",
            self.indexing.word(),
            list(&self.lang),
            self.min_search_length,
            quoted_ascii(&self.separator)
        )
    }
}

/// A heading and the text below it.
#[derive(Default)]
struct Section {
    id: Option<String>,
    text: Vec<String>,
}

/// Returns the entries of one page as they stand in the index.
pub(super) fn entries(content: &str, page: SearchPage<'_>, indexing: Indexing) -> Vec<String> {
    let mut all = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    let mut in_heading = false;
    for event in html_events(content) {
        match event {
            Event::Start { tag, attrs } if is_heading(&tag) => {
                in_heading = true;
                let id = attrs.into_iter().rev().find(|(name, _)| name == "id").map(|(_, id)| id);
                sections.push(Section { id, text: Vec::new() });
            }
            Event::End { tag } if is_heading(&tag) => in_heading = false,
            Event::Text(text) => {
                if let (false, Some(section)) = (in_heading, sections.last_mut()) {
                    section.text.push(text.trim_end_matches('\n').to_owned());
                }
                all.push(text.into_owned());
            }
            _ => {}
        }
    }
    let text = |pieces: &[String]| match indexing {
        Indexing::Full => pieces.join(" "),
        Indexing::Sections | Indexing::Titles => String::new(),
    };
    let mut entries = vec![entry(page.title, &text(&all), page.url)];
    if indexing != Indexing::Titles {
        let labels = labels(page.toc);
        for section in &sections {
            let Some((id, label)) = section.id.as_deref().and_then(|id| labels.get_key_value(id)) else { continue };
            let title = label.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            entries.push(entry(&title, &text(&section.text), &format!("{}#{id}", page.url)));
        }
    }
    entries
}

/// The labels of the table of contents by id; of equal ids the first.
fn labels(toc: &[TocEntry]) -> std::collections::BTreeMap<&str, &str> {
    let mut found = std::collections::BTreeMap::new();
    let mut pending: Vec<&TocEntry> = toc.iter().rev().collect();
    while let Some(entry) = pending.pop() {
        found.entry(entry.id.as_str()).or_insert(entry.title.as_str());
        pending.extend(entry.children.iter().rev());
    }
    found
}

fn is_heading(tag: &str) -> bool {
    matches!(tag.as_bytes(), [b'h', b'1'..=b'6'])
}

fn entry(title: &str, text: &str, location: &str) -> String {
    let words = text.replace('\u{a0}', " ");
    let words: Vec<&str> =
        words.trim().split([' ', '\t', '\n', '\r', '\x0c', '\x0b']).filter(|word| !word.is_empty()).collect();
    format!(
        "{{\"location\":{},\"text\":{},\"title\":{}}}",
        quoted_ascii(location),
        quoted_ascii(&words.join(" ")),
        quoted_ascii(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Span};

    fn toc(id: &str, title: &str) -> TocEntry {
        let span = Span::at_start(SitePath::new("p.md"));
        let title = title.to_owned();
        TocEntry { id: id.to_owned(), level: 2, html: title.clone(), title, span, children: Vec::new() }
    }

    const CONTENT: &str =
        "<p>Intro<br />two</p>\n<h2 id=\"a\">A &amp; <em>b</em></h2>\n<p>x&nbsp; y</p>\n<h3 id=\"raw\">Raw</h3>z";

    #[test]
    fn a_page_has_one_entry_of_all_and_one_for_each_heading_of_the_toc() {
        let list = [toc("a", "A & b")];
        let page = SearchPage { url: "p/", title: "P", meta: None, toc: &list };
        assert_eq!(
            entries(CONTENT, page, Indexing::Full),
            [
                r#"{"location":"p/","text":"Intro two A & b x y Raw z","title":"P"}"#,
                r#"{"location":"p/#a","text":"x y","title":"A &amp; b"}"#
            ]
        );
        assert_eq!(
            entries(CONTENT, page, Indexing::Sections)[1],
            r#"{"location":"p/#a","text":"","title":"A &amp; b"}"#
        );
        assert_eq!(entries(CONTENT, page, Indexing::Titles).len(), 1);
    }
}
