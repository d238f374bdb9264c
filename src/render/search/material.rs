//! The search index as Material for MkDocs writes it.
//!
//! One entry for a page up to its first sub-heading and one for each heading, by the rules of
//! Material's search plugin (9.8, `plugins/search`).

use super::{SearchPage, list};
use crate::render::html_events::{Event, html_events, is_void};
use crate::text::{quoted_ascii, yaml};
use std::collections::{BTreeMap, BTreeSet};

/// One thing to find.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The URL relative to the site, with the heading's id.
    pub location: String,
    /// The heading as HTML of few tags.
    pub title: String,
    /// The text below it as HTML of few tags.
    pub text: String,
    /// The page's tags; `None` where it has no list of them.
    pub tags: Option<Vec<String>>,
    /// How much the page counts, as JSON; `None` where nothing is said.
    pub boost: Option<serde_json::Value>,
}

/// The configuration block of the index.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The languages.
    pub lang: Vec<String>,
    /// The regular expression between words.
    pub separator: String,
    /// The steps a query goes through.
    pub pipeline: Vec<String>,
    /// Fields and how much each counts, in order.
    pub fields: Vec<(String, f64)>,
}

impl Options {
    /// Returns what Material sets for a theme language where the plugin's options say nothing.
    pub fn for_language(language: &str) -> Options {
        let own = LANGUAGES.iter().find(|(name, ..)| *name == language);
        let (_, lang, separator, pipeline) = own.copied().unwrap_or(("en", "", "", ""));
        let or = |value: &str, default: &str| if value.is_empty() { default.to_owned() } else { value.to_owned() };
        Options {
            lang: vec![or(lang, "en")],
            separator: or(separator, r"[\s\-]+"),
            pipeline: vec![or(pipeline, "stopWordFilter")],
            fields: [("title", 1e3), ("text", 1e0), ("tags", 1e6)].map(|(name, boost)| (name.to_owned(), boost)).into(),
        }
    }
}

/// Where Material's translations say something else than the English one: language, `lang`,
/// `separator`, `pipeline`. A pipeline of one blank is what it says for languages without stop words.
const LANGUAGES: &[(&str, &str, &str, &str)] = &[
    ("af", "nl", "", ""),
    ("ar", "", "", " "),
    ("be", "ru", "", ""),
    ("bg", "ru", "", ""),
    ("bn", "", "", " "),
    ("da", "da", "", ""),
    ("de", "de", "", ""),
    ("eo", "es", "", ""),
    ("es", "es", "", ""),
    ("fa", "", "", " "),
    ("fi", "fi", "", ""),
    ("fr", "fr", "", ""),
    ("gl", "es", "", ""),
    ("he", "", "", " "),
    ("hi", "hi", "", ""),
    ("hu", "hu", "", ""),
    ("hy", "", "", " "),
    ("id", "", "", " "),
    ("it", "it", "", ""),
    ("ja", "ja", "[\\s\\-\u{3000}、。，．]+", "stemmer"),
    ("ka", "", "", " "),
    ("ko", "", "", " "),
    ("ku-IQ", "", "", " "),
    ("lt", "", "", " "),
    ("mk", "ru", "", ""),
    ("my", "", "", " "),
    ("nb", "no", "", ""),
    ("nl", "nl", "", ""),
    ("nn", "no", "", ""),
    ("pl", "", "", " "),
    ("pt", "pt", "", ""),
    ("pt-BR", "pt", "", ""),
    ("ro", "ro", "", ""),
    ("ru", "ru", "", ""),
    ("si", "", "", " "),
    ("sl", "sl", "", ""),
    ("sv", "sv", "", ""),
    ("ta", "", "", " "),
    ("th", "th", "", ""),
    ("tr", "tr", "", ""),
    ("ur", "", "", " "),
    ("uz", "tr", "", ""),
    ("vi", "vi", "", ""),
    ("zh", "", r"[\s\u200b\u3000\-、。，．？！；]+", "stemmer"),
    ("zh-Hant", "", r"[\s\u200b\u3000\-、。，．？！；]+", "stemmer"),
    ("zh-TW", "", r"[\s\u200b\u3000\-、。，．？！；]+", "stemmer"),
];

/// Returns the entries of one page, from its rendered content.
pub fn entries(content: &str, page: SearchPage<'_>) -> Vec<Entry> {
    let search = page.meta.and_then(|meta| meta.get("search"));
    if search.and_then(|search| search.get("exclude")).is_some_and(is_truthy) {
        return Vec::new();
    }
    let mut reader = Reader::default();
    for event in html_events(content) {
        match event {
            Event::Start { tag, attrs } => reader.start(tag, &attrs),
            Event::End { tag } => reader.end(&tag),
            Event::Text(text) => reader.text(&text),
        }
    }
    let tags = page.meta.and_then(|meta| meta.get("tags")).and_then(yaml::Node::as_seq).map(|tags| {
        tags.iter().filter(|tag| is_truthy(tag)).filter_map(yaml::Node::scalar_text).collect::<Vec<String>>()
    });
    let boost = search.and_then(|search| search.get("boost")).map(json);
    let own_title = page.meta.and_then(|meta| meta.get("title")?.scalar_text());
    let own_title = own_title.as_deref().unwrap_or(page.title);
    let sections = reader.sections.into_iter().filter(|section| !section.excluded);
    sections
        .map(|section| {
            let location = match &section.id {
                Some(id) => format!("{}#{id}", page.url),
                None => page.url.to_owned(),
            };
            let title = if section.title.0.is_empty() { own_title.to_owned() } else { section.title.0.concat() };
            Entry {
                location,
                title: title.trim().to_owned(),
                text: section.text.0.concat().trim().to_owned(),
                tags: tags.clone(),
                boost: boost.clone(),
            }
        })
        .collect()
}

impl Options {
    /// The block `config` of the index.
    pub(super) fn json(&self) -> String {
        let fields: Vec<String> =
            self.fields.iter().map(|(name, boost)| format!("{}:{{\"boost\":{boost:?}}}", quoted_ascii(name))).collect();
        format!(
            "{{\"lang\":{},\"separator\":{},\"pipeline\":{},\"fields\":{{{}}}}}",
            list(&self.lang),
            quoted_ascii(&self.separator),
            list(&self.pipeline),
            fields.join(",")
        )
    }
}

/// Returns an entry as it stands in the index.
pub(super) fn entry_json(entry: &Entry) -> String {
    let mut out = format!(
        "{{\"location\":{},\"title\":{},\"text\":{}",
        quoted_ascii(&entry.location),
        quoted_ascii(&entry.title),
        quoted_ascii(&entry.text)
    );
    if let Some(tags) = &entry.tags {
        out.push_str(&format!(",\"tags\":{}", list(tags)));
    }
    if let Some(boost) = &entry.boost {
        out.push_str(&format!(",\"boost\":{boost}"));
    }
    out.push('}');
    out
}

fn is_truthy(node: &yaml::Node) -> bool {
    match &node.kind {
        yaml::Kind::Null => false,
        yaml::Kind::Bool(value) => *value,
        yaml::Kind::Int(value) => *value != 0,
        yaml::Kind::Float(value) => *value != 0.0,
        yaml::Kind::String(text, _) => !text.is_empty(),
        yaml::Kind::Seq(items) => !items.is_empty(),
        yaml::Kind::Map(entries) => !entries.is_empty(),
    }
}

fn json(node: &yaml::Node) -> serde_json::Value {
    match &node.kind {
        yaml::Kind::Null => serde_json::Value::Null,
        yaml::Kind::Bool(value) => (*value).into(),
        yaml::Kind::Int(value) => (*value).into(),
        yaml::Kind::Float(value) => (*value).into(),
        yaml::Kind::String(text, _) => text.as_str().into(),
        yaml::Kind::Seq(items) => items.iter().map(json).collect(),
        yaml::Kind::Map(entries) => {
            entries.iter().filter_map(|(key, value)| Some((key.scalar_text()?, json(value)))).collect()
        }
    }
}

/// Elements whose tags stay in the text (Material's list).
const KEPT: &[&str] = &["p", "code", "pre", "li", "ol", "ul", "sub", "sup"];

/// Elements that are skipped for good (Material's list).
const NEVER: &[&str] = &["object", "script", "style"];

/// Classes of the spans that hold an emoji in an offline site: pictures for MkDocs, without text.
const EMOJI: &[&str] = &["twemoji", "emojione", "gemoji"];

/// An element that is open.
struct Open {
    tag: String,
    is_permalink: bool,
}

/// A heading and what follows it.
#[derive(Default)]
struct Section {
    /// The heading's tag; empty for what comes before any heading.
    tag: String,
    /// How deep the heading lies; `None` once its surroundings were left, for good.
    depth: Option<usize>,
    id: Option<String>,
    excluded: bool,
    title: Pieces,
    text: Pieces,
}

/// Text in pieces, with the place of the first `<tag>` of each kept tag.
#[derive(Default)]
struct Pieces(Vec<String>, BTreeMap<&'static str, usize>);

impl Pieces {
    fn push(&mut self, piece: impl Into<String>) {
        self.0.push(piece.into());
    }

    fn open(&mut self, tag: &'static str) {
        self.1.entry(tag).or_insert(self.0.len());
        self.0.push(format!("<{tag}>"));
    }

    /// Closes a tag; where nothing but blanks stands between it and the first one of its kind, that
    /// is removed with all that follows.
    fn close(&mut self, tag: &'static str) {
        let first = self.1.get(tag).copied().unwrap_or(self.0.len());
        let is_blank = self.0.len() > first && self.0[first + 1..].iter().all(|piece| is_space(piece));
        if is_blank {
            self.0.truncate(first);
            self.1.retain(|_, place| *place < first);
        } else {
            self.0.push(format!("</{tag}>"));
        }
    }
}

/// Follows tags and text as Material's parser does, its quirks included.
#[derive(Default)]
struct Reader {
    context: Vec<Open>,
    /// How many elements of each tag are open.
    n_open: BTreeMap<String, usize>,
    /// Tags that are skipped while they are open: Material compares elements by their tag.
    skipped: BTreeSet<String>,
    sections: Vec<Section>,
    current: usize,
}

impl Reader {
    fn start(&mut self, tag: String, attrs: &[(String, String)]) {
        if is_void(&tag) {
            return;
        }
        let attr = |name: &str| attrs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let is_permalink = tag == "a" && attr("class") == Some("headerlink");
        self.context.push(Open { tag: tag.clone(), is_permalink });
        *self.n_open.entry(tag.clone()).or_default() += 1;

        let is_heading = matches!(tag.as_bytes(), [b'h', b'1'..=b'6']);
        if let (true, Some(id)) = (is_heading, attr("id")) {
            let depth = Some(self.context.len());
            if tag != "h1" && self.sections.is_empty() {
                self.sections.push(Section { depth, ..Section::default() });
            }
            let id = (!self.sections.is_empty() && !id.is_empty()).then(|| id.to_owned());
            let excluded = attr("data-search-exclude").is_some();
            self.sections.push(Section { tag: tag.clone(), depth, id, excluded, ..Section::default() });
            self.current = self.sections.len() - 1;
        }
        self.ensure_section();
        for (index, (name, value)) in attrs.iter().enumerate() {
            let is_last = !attrs[index + 1..].iter().any(|(later, _)| later == name);
            let is_emoji = tag == "span" && name == "class" && EMOJI.contains(&value.as_str());
            if is_last && (name == "data-search-exclude" || (name == "class" && value == "linenodiv") || is_emoji) {
                self.skipped.insert(tag);
                return;
            }
        }
        if let Some(kept) = kept(&tag)
            && !self.is_skipping()
        {
            self.pieces().open(kept);
        }
    }

    fn end(&mut self, tag: &str) {
        if self.context.last().is_none_or(|open| open.tag != tag) {
            return;
        }
        // A heading inside another element ends with it: what follows belongs to the section before.
        let depth = self.context.len();
        if self.sections.get(self.current).is_some_and(|section| section.depth.is_none_or(|own| own > depth))
            && let Some(outer) =
                (0..self.sections.len()).rev().find(|index| self.sections[*index].depth.is_some_and(|own| own <= depth))
        {
            self.sections[self.current].depth = None;
            self.current = outer;
        }
        self.context.pop();
        if let Some(count) = self.n_open.get_mut(tag) {
            *count -= 1;
        }
        if self.skipped.contains(tag) || NEVER.contains(&tag) {
            self.skipped.remove(tag);
            return;
        }
        if let Some(kept) = kept(tag)
            && !self.is_skipping()
        {
            self.pieces().close(kept);
        }
    }

    fn text(&mut self, text: &str) {
        if self.is_skipping() {
            return;
        }
        let in_pre = self.is_open("pre");
        let blank = is_space(text);
        let text = match (in_pre, blank) {
            (true, _) => text.to_owned(),
            (false, true) => " ".to_owned(),
            (false, false) => text.replace('\n', " "),
        };
        self.ensure_section();
        if self.in_heading() {
            if !self.context.iter().any(|open| open.is_permalink) {
                self.sections[self.current].title.push(escape(&text));
            }
            return;
        }
        let section = &mut self.sections[self.current];
        if !blank {
            section.text.push(escape(&text));
        } else if in_pre || section.text.0.last().is_none_or(|last| !is_space(last)) {
            section.text.push(text);
        }
    }

    fn ensure_section(&mut self) {
        if self.sections.is_empty() {
            self.sections.push(Section { depth: Some(0), ..Section::default() });
        }
    }

    fn is_open(&self, tag: &str) -> bool {
        self.n_open.get(tag).is_some_and(|count| *count > 0)
    }

    fn is_skipping(&self) -> bool {
        NEVER.iter().any(|tag| self.is_open(tag)) || self.skipped.iter().any(|tag| self.is_open(tag))
    }

    fn in_heading(&self) -> bool {
        self.sections.get(self.current).is_some_and(|section| self.is_open(&section.tag))
    }

    fn pieces(&mut self) -> &mut Pieces {
        let in_heading = self.in_heading();
        let section = &mut self.sections[self.current];
        if in_heading { &mut section.title } else { &mut section.text }
    }
}

fn kept(tag: &str) -> Option<&'static str> {
    KEPT.iter().find(|kept| **kept == tag).copied()
}

/// Python's `str.isspace`: not empty, and blank.
fn is_space(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|ch| ch.is_whitespace() || ('\x1c'..='\x1f').contains(&ch))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<(String, String, String)> {
        let page = SearchPage { url: "p/", title: "File name", meta: None, toc: &[] };
        entries(html, page).into_iter().map(|entry| (entry.location, entry.title, entry.text)).collect()
    }

    fn is(html: &str, want: &[(&str, &str, &str)]) {
        let want: Vec<_> = want.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
        assert_eq!(found(html), want);
    }

    #[test]
    fn a_page_has_one_entry_per_heading() {
        is(
            "<h1 id=\"t\">T<a class=\"headerlink\" href=\"#t\">¶</a></h1>\n<p>Hello <em>w</em></p>\n<h2 id=\"a\">A <code>x</code></h2>\n<p>text</p>",
            &[("p/", "T", "<p>Hello w</p>"), ("p/#a", "A <code>x</code>", "<p>text</p>")],
        );
    }

    #[test]
    fn text_before_the_first_heading_has_the_pages_title() {
        is("<p>intro</p><h2 id=\"a\">A</h2>", &[("p/", "File name", "<p>intro</p>"), ("p/#a", "A", "")]);
    }

    #[test]
    fn a_heading_inside_an_element_ends_with_it() {
        is(
            "<h1 id=\"t\">T</h1><div><h2 id=\"a\">A</h2><p>in</p></div><p>out</p>",
            &[("p/", "T", "<p>out</p>"), ("p/#a", "A", "<p>in</p>")],
        );
    }

    #[test]
    fn empty_elements_vanish_and_blanks_collapse() {
        is(
            "<h1 id=\"t\">T</h1>\n<p> </p>\n\n<div> \n </div><pre><code>a\n  b</code></pre>",
            &[("p/", "T", "<pre><code>a\n  b</code></pre>")],
        );
    }

    #[test]
    fn an_emoji_is_no_text() {
        is(
            "<h1 id=\"t\">T <span class=\"twemoji\" title=\":x:\">❌</span></h1><p>a <span class=\"twemoji\">✅</span> b <span>c</span></p>",
            &[("p/", "T", "<p>a  b c</p>")],
        );
    }
}
