//! The search index: what the search box reads.
//!
//! MkDocs looks a plugin's name up below the theme's first: with Material, `search` is Material's own
//! plugin; with any other theme it is the one of MkDocs. They write one file in two forms. Both read
//! the rendered content page by page, as HTML, because raw HTML in a page is searched too; the index
//! is the pages' parts one after the other.
//!
//! The search box of the theme has an index of its own, in either form with Material's entries.

pub mod material;
pub mod mkdocs;
mod page;
pub mod shards;
mod words;

pub use page::{Findable, Step};

use crate::markdown::TocEntry;
use crate::text::{quoted_ascii, yaml};

/// What the index knows of one page.
#[derive(Clone, Copy, Debug)]
pub struct SearchPage<'a> {
    /// The page's URL relative to the site; empty for the root.
    pub url: &'a str,
    /// The page's title as text.
    pub title: &'a str,
    /// The front matter: `title`, `tags`, `search.exclude` and `search.boost` are read.
    pub meta: Option<&'a yaml::Node>,
    /// The page's table of contents.
    pub toc: &'a [TocEntry],
}

/// The form of the index, with what the plugin was told.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchOptions {
    /// As Material for MkDocs writes it.
    Material(material::Options),
    /// As MkDocs' own plugin writes it.
    Mkdocs(mkdocs::Options),
}

impl SearchOptions {
    /// Returns the entries of one page, from its rendered content, as they stand in the index,
    /// separated by commas; and what the search box finds on it. `seen` is the content as the plugin
    /// sees it, where that is not the same.
    pub fn read(&self, content: &str, seen: Option<&str>, page: SearchPage<'_>, steps: &[Step]) -> (String, Findable) {
        let own = material::entries(content, page);
        let (entries, depth) = match self {
            SearchOptions::Material(_) => {
                let seen = seen.map(|seen| material::entries(seen, page));
                (seen.as_ref().unwrap_or(&own).iter().map(material::entry_json).collect(), page::Depth::Texts)
            }
            SearchOptions::Mkdocs(options) => {
                let depth = match options.indexing {
                    mkdocs::Indexing::Full => page::Depth::Texts,
                    mkdocs::Indexing::Sections => page::Depth::Headings,
                    mkdocs::Indexing::Titles => page::Depth::Titles,
                };
                (mkdocs::entries(seen.unwrap_or(content), page, options.indexing), depth)
            }
        };
        (entries.join(","), Findable::new(&own, steps, depth))
    }

    /// What the search box is told.
    pub fn of_box(&self) -> shards::BoxOptions {
        match self {
            SearchOptions::Material(options) => {
                let title = options.fields.iter().find(|(name, _)| name == "title").map_or(1e3, |(_, boost)| *boost);
                let title = (1.0 + title.max(0.0)).log10() / 1001_f64.log10();
                shards::BoxOptions { lang: options.lang.clone(), shortest: 0, title }
            }
            SearchOptions::Mkdocs(options) => {
                shards::BoxOptions { lang: options.lang.clone(), shortest: options.min_search_length, title: 1.0 }
            }
        }
    }

    /// Puts the parts of all pages, in the order of the site, together to `search_index.json`.
    pub fn index<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
        let config = match self {
            SearchOptions::Material(options) => options.json(),
            SearchOptions::Mkdocs(options) => options.json(),
        };
        let docs: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{{\"config\":{config},\"docs\":[{}]}}", docs.join(",")).into_bytes()
    }
}

/// Languages that MkDocs' search has a stemmer for; `en` needs none.
const STEMMERS: &[&str] = &[
    "ar", "da", "de", "du", "es", "fi", "fr", "hi", "hu", "hy", "it", "ja", "jp", "kn", "ko", "nl", "no", "pt", "ro",
    "ru", "sa", "sv", "ta", "te", "th", "tr", "vi", "zh",
];

/// Returns the languages that are written for those that were asked for: each by the first of its parts
/// that has a stemmer (`pt_BR` is `pt`; `uk` is `ru`), and `en` in place of those that have none.
pub fn languages(asked: &[String]) -> Vec<String> {
    let mut kept = asked.to_vec();
    for language in asked.iter().filter(|language| *language != "en") {
        let known = language.split('_').find_map(|part| {
            let part = part.to_lowercase();
            let part = if part == "uk" { "ru".to_owned() } else { part };
            STEMMERS.contains(&part.as_str()).then_some(part)
        });
        let instead = known.unwrap_or_else(|| "en".to_owned());
        if instead == *language {
            continue;
        }
        if let Some(at) = kept.iter().position(|other| other == language) {
            kept.remove(at);
        }
        if instead != "en" || !kept.contains(&instead) {
            kept.push(instead);
        }
    }
    kept
}

/// A list of texts in JSON.
fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quoted_ascii(item)).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_ascii_json() {
        let entry = material::Entry {
            location: "ü/".to_owned(),
            title: "\"𝄞\"".to_owned(),
            text: String::new(),
            tags: Some(vec!["a".to_owned()]),
            boost: Some(2.into()),
        };
        let part = material::entry_json(&entry);
        let index = SearchOptions::Material(material::Options::for_language("en")).index(["", part.as_str()]);
        assert_eq!(
            String::from_utf8(index).unwrap(),
            r#"{"config":{"lang":["en"],"separator":"[\\s\\-]+","pipeline":["stopWordFilter"],"fields":{"title":{"boost":1000.0},"text":{"boost":1.0},"tags":{"boost":1000000.0}}},"docs":[{"location":"\u00fc/","title":"\"\ud834\udd1e\"","text":"","tags":["a"],"boost":2}]}"#
        );
    }

    #[test]
    fn languages_without_a_stemmer_are_english() {
        let asked = |list: &[&str]| languages(&list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(asked(&["en"]), ["en"]);
        assert_eq!(asked(&["de", "pt_BR"]), ["de", "pt"]);
        assert_eq!(asked(&["xx", "en", "uk"]), ["en", "ru"]);
        assert_eq!(asked(&["pl"]), ["en"]);
    }
}
