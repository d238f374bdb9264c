//! What templates see of the site, under MkDocs' names: `config`, `nav`, `pages`, and `page` with all that
//! hangs on it. Made of views; the pages and sections are objects that answer when asked, so that a page
//! whose templates ask for nothing costs nothing.

use super::jinja::{Moment, date_of, python_text};
use super::nav;
use super::view::{NavItem, NavKind, PageFacts, PageRef, PageView, ScriptView, TocView};
use crate::text::yaml::{self, Kind, Style};
use minijinja::value::{Enumerator, Object, ObjectRepr, Serde, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The pages and the navigation of a site.
#[derive(Debug)]
pub(super) struct Tree {
    pages: Vec<PageFacts>,
    by_url: BTreeMap<String, usize>,
    nav: Arc<nav::Nav>,
    homepage: Option<String>,
    /// The folder of the pages and that of the site.
    folders: (String, String),
}

impl Tree {
    pub(super) fn new(
        pages: Vec<PageFacts>,
        nav: Arc<nav::Nav>,
        homepage: Option<String>,
        folders: (String, String),
    ) -> Tree {
        let by_url = pages.iter().enumerate().map(|(at, page)| (page.url.clone(), at)).collect();
        Tree { pages, by_url, nav, homepage, folders }
    }
}

/// The title of an entry, as HTML.
fn html_title(item: &NavItem) -> &str {
    item.html_title.as_ref().unwrap_or(&item.title)
}

/// The site as one page sees it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    tree: Arc<Tree>,
    /// The page, and the entries that lead to it.
    url: Arc<str>,
    way: Arc<[usize]>,
    /// The page itself, with what only it has.
    current: Option<Arc<PageView>>,
}

impl Seen {
    pub(super) fn new(tree: &Arc<Tree>, page: Option<&PageView>) -> Seen {
        let url = page.map_or("\u{0}", |page| page.url.as_str());
        Seen {
            tree: Arc::clone(tree),
            url: url.into(),
            way: tree.nav.way(url).into(),
            current: page.map(|page| Arc::new(page.clone())),
        }
    }

    /// `page`: none for a template that is no page.
    pub(super) fn page(&self) -> Value {
        match &self.current {
            Some(_) => Value::from_object(Page { seen: self.clone(), at: self.tree.by_url.get(&*self.url).copied() }),
            None => Value::from(()),
        }
    }

    /// `nav`.
    pub(super) fn nav(&self) -> Value {
        Value::from_object(Nav(self.clone()))
    }

    /// `pages`.
    pub(super) fn pages(&self) -> Value {
        let files = (0..self.tree.pages.len()).map(|at| self.file(at));
        Value::from(files.collect::<Vec<_>>())
    }

    fn page_at(&self, at: usize) -> Value {
        Value::from_object(Page { seen: self.clone(), at: Some(at) })
    }

    fn page_of(&self, url: &str) -> Option<Value> {
        self.tree.by_url.get(url).map(|at| self.page_at(*at))
    }

    fn file(&self, at: usize) -> Value {
        Value::from_object(File { seen: self.clone(), at })
    }

    fn entry(&self, id: usize) -> Value {
        let item = &self.tree.nav.entry(id).item;
        match item.kind {
            NavKind::Page => self.page_of(&item.url),
            NavKind::Section | NavKind::Link => None,
        }
        .unwrap_or_else(|| Value::from_object(Section { seen: self.clone(), id }))
    }

    fn entries(&self, ids: &[usize]) -> Value {
        Value::from(ids.iter().map(|id| self.entry(*id)).collect::<Vec<_>>())
    }

    fn parent(&self, id: Option<usize>) -> Value {
        let parent = id.and_then(|id| self.tree.nav.entry(id).parent);
        parent.map_or(Value::from(()), |id| self.entry(id))
    }

    /// The sections above an entry, the nearest first.
    fn ancestors(&self, id: Option<usize>) -> Value {
        let parent = |id: &usize| self.tree.nav.entry(*id).parent;
        let above: Vec<usize> = std::iter::successors(id.as_ref().and_then(parent), parent).collect();
        self.entries(&above)
    }
}

/// Returns the number of the entry of the navigation that a value stands for.
pub(super) fn entry_id(value: &Value) -> Option<usize> {
    if let Some(section) = value.downcast_object_ref::<Section>() {
        return Some(section.id);
    }
    let page = value.downcast_object_ref::<Page>()?;
    page.seen.tree.nav.id_of(page.url())
}

fn flag(is: bool) -> Value {
    Value::from(is)
}

fn optional(text: Option<&String>) -> Value {
    text.map_or(Value::from(()), |text| Value::from(text.as_str()))
}

/// `mkdocs.structure.pages.Page`.
#[derive(Debug)]
struct Page {
    seen: Seen,
    /// Its number; none for a page that the site does not know of.
    at: Option<usize>,
}

impl Page {
    fn facts(&self) -> Option<&PageFacts> {
        self.at.and_then(|at| self.seen.tree.pages.get(at))
    }

    fn url(&self) -> &str {
        self.facts().map_or(&self.seen.url, |facts| &facts.url)
    }

    /// The page that is being rendered, where this is it.
    fn current(&self) -> Option<&PageView> {
        self.seen.current.as_deref().filter(|_| *self.url() == *self.seen.url)
    }

    fn title(&self) -> Value {
        match (self.facts(), self.current()) {
            (Some(facts), _) => optional(facts.title.as_ref()),
            (None, Some(view)) => view.title.as_deref().map_or(Value::from(()), |title| Value::from(escaped(title))),
            (None, None) => Value::from(()),
        }
    }

    fn neighbour(&self, url: Option<&String>, shown: Option<&PageRef>) -> Value {
        match (url.and_then(|url| self.seen.page_of(url)), shown) {
            (Some(page), _) => page,
            (None, Some(shown)) if self.facts().is_none() => Value::from_pairs([
                ("title", Value::from(escaped(&shown.title))),
                ("plain_title", Value::from(shown.title.as_str())),
                ("url", Value::from(shown.url.as_str())),
            ]),
            _ => Value::from(()),
        }
    }

    fn meta(&self) -> Value {
        let node = self.facts().and_then(|facts| facts.front_matter.as_ref());
        let json = self.current().map(|view| &view.meta).or(self.facts().map(|facts| &facts.meta));
        match json {
            Some(json @ Json::Object(_)) => value_of(json, node),
            _ => Value::from_pairs(Vec::<(Value, Value)>::new()),
        }
    }
}

impl Object for Page {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (facts, view) = (self.facts(), self.current());
        let entry = || self.seen.tree.nav.id_of(self.url());
        let fact = |of: fn(&PageFacts) -> Option<&String>| optional(facts.and_then(of));
        Some(match key.as_str()? {
            "title" => self.title(),
            "plain_title" => match (facts, view) {
                (Some(facts), _) => optional(facts.plain_title.as_ref()),
                (None, view) => optional(view.and_then(|view| view.title.as_ref())),
            },
            "url" => Value::from(self.url()),
            "abs_url" => fact(|facts| facts.abs_url.as_ref()),
            "canonical_url" => match view {
                Some(view) => optional(view.canonical_url.as_ref()),
                None => fact(|facts| facts.canonical_url.as_ref()),
            },
            "edit_url" => match view {
                Some(view) => optional(view.edit_url.as_ref()),
                None => fact(|facts| facts.edit_url.as_ref()),
            },
            "meta" => self.meta(),
            "is_homepage" => {
                flag(view.map_or_else(|| facts.is_some_and(|facts| facts.is_homepage), |view| view.is_homepage))
            }
            "is_index" => flag(facts.is_some_and(|facts| facts.is_index)),
            "is_top_level" => flag(entry().is_none_or(|id| self.seen.tree.nav.entry(id).parent.is_none())),
            "is_page" => flag(true),
            "is_section" | "is_link" => flag(false),
            "active" => flag(view.is_some()),
            "children" | "update_date" | "markdown" => Value::from(()),
            "parent" => self.seen.parent(entry()),
            "ancestors" => self.seen.ancestors(entry()),
            "previous_page" => {
                let url = facts.and_then(|facts| facts.previous.as_ref());
                self.neighbour(url, view.and_then(|view| view.previous_page.as_ref()))
            }
            "next_page" => {
                let url = facts.and_then(|facts| facts.next.as_ref());
                self.neighbour(url, view.and_then(|view| view.next_page.as_ref()))
            }
            "file" => self.at.map_or(Value::from(()), |at| self.seen.file(at)),
            "content" => view.map_or(Value::from(()), |view| Value::from(view.content.as_str())),
            "toc" => Value::from_object(Toc(toc_value(view.map(|view| view.toc.as_slice()).unwrap_or_default()))),
            "has_h1" => flag(view.is_some_and(|view| view.content.contains("<h1"))),
            "tags" => Value::from(Serde(&view?.tags)),
            "draft" => flag(view?.draft),
            "source_path" => Value::from(view?.source_path.as_str()),
            "runbook" => Value::from(Serde(view?.runbook.as_ref()?)),
            "graph_svg" => optional(view?.runbook.as_ref()?.graph_svg.as_ref()),
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.facts().and_then(|facts| facts.abs_url.as_deref()).unwrap_or(self.url());
        write!(f, "Page(title='{}', url='{url}')", python_text(&self.title()))
    }
}

/// `mkdocs.structure.nav.Section`, and `Link`.
#[derive(Debug)]
struct Section {
    seen: Seen,
    id: usize,
}

impl Object for Section {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let entry = self.seen.tree.nav.entry(self.id);
        let is_section = entry.item.kind == NavKind::Section;
        Some(match key.as_str()? {
            "title" => Value::from(html_title(&entry.item)),
            "is_section" => flag(is_section),
            "is_link" => flag(!is_section),
            "is_page" | "is_homepage" | "is_index" => flag(false),
            "is_top_level" => flag(entry.parent.is_none()),
            "active" => flag(is_section && self.seen.way.contains(&self.id)),
            "children" if is_section => self.seen.entries(&entry.children),
            "children" => Value::from(()),
            "url" if !is_section => Value::from(entry.item.url.as_str()),
            "parent" => self.seen.parent(Some(self.id)),
            "ancestors" => self.seen.ancestors(Some(self.id)),
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = &self.seen.tree.nav.entry(self.id).item;
        match item.kind {
            NavKind::Section => write!(f, "Section(title='{}')", html_title(item)),
            _ => write!(f, "Link(title='{}', url='{}')", html_title(item), item.url),
        }
    }
}

/// `mkdocs.structure.files.File`.
#[derive(Debug)]
struct File {
    seen: Seen,
    at: usize,
}

impl Object for File {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let facts = self.seen.tree.pages.get(self.at)?;
        let (docs, site) = &self.seen.tree.folders;
        let name = facts.src_uri.rsplit('/').next().unwrap_or_default();
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        Some(match key.as_str()? {
            "src_path" | "src_uri" | "edit_uri" => Value::from(facts.src_uri.as_str()),
            "dest_path" | "dest_uri" => Value::from(facts.out_path.as_str()),
            "abs_src_path" => Value::from(format!("{docs}/{}", facts.src_uri)),
            "abs_dest_path" => Value::from(format!("{site}/{}", facts.out_path)),
            "src_dir" => Value::from(docs.as_str()),
            "dest_dir" => Value::from(site.as_str()),
            "url" => Value::from(facts.url.as_str()),
            "name" => Value::from(if facts.is_index { "index" } else { name }),
            "page" => self.seen.page_at(self.at),
            _ => return None,
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, name: &str, _: &[Value]) -> Result<Value, Error> {
        match name {
            "is_documentation_page" => Ok(flag(true)),
            "is_static_page" | "is_media_file" | "is_javascript" | "is_css" | "is_modified" => Ok(flag(false)),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.seen.tree.pages.get(self.at).map_or("", |facts| &facts.src_uri);
        write!(f, "File({uri})")
    }
}

/// `mkdocs.structure.nav.Navigation`: its first level, when it is gone through.
#[derive(Debug)]
struct Nav(Seen);

impl Object for Nav {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.tree.nav.roots().iter().map(|id| self.0.entry(*id)).collect())
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let tree = &self.0.tree;
        if let Some(at) = key.as_usize() {
            return tree.nav.roots().get(at).map(|id| self.0.entry(*id));
        }
        Some(match key.as_str()? {
            "items" => self.0.entries(tree.nav.roots()),
            "pages" => {
                let pages = tree.nav.entries().iter().filter(|entry| entry.item.kind == NavKind::Page);
                Value::from(pages.filter_map(|entry| self.0.page_of(&entry.item.url)).collect::<Vec<_>>())
            }
            "homepage" => {
                let url = tree.homepage.as_deref();
                let unknown = || url.map(|url| Value::from_pairs([("url", url)]));
                url.and_then(|url| self.0.page_of(url)).or_else(unknown).unwrap_or(Value::from(()))
            }
            _ => return None,
        })
    }
}

/// `mkdocs.structure.toc.TableOfContents`.
#[derive(Debug)]
struct Toc(Vec<Value>);

impl Object for Toc {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.clone())
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match (key.as_usize(), key.as_str()) {
            (Some(at), _) => self.0.get(at).cloned(),
            (None, Some("items")) => Some(Value::from(self.0.clone())),
            _ => None,
        }
    }
}

/// The entries of a table of contents: `title` is HTML as MkDocs has it, `text` what it says.
pub(super) fn toc_value(entries: &[TocView]) -> Vec<Value> {
    entries.iter().map(|entry| Value::from_object(Anchor(entry.clone()))).collect()
}

/// `mkdocs.structure.toc.AnchorLink`.
#[derive(Debug)]
struct Anchor(TocView);

impl Anchor {
    fn write(entry: &TocView, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = "    ".repeat(depth);
        writeln!(f, "{indent}{} - #{}", escaped(&entry.title), entry.id)?;
        entry.children.iter().try_for_each(|child| Anchor::write(child, depth + 1, f))
    }
}

impl Object for Anchor {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let entry = &self.0;
        Some(match key.as_str()? {
            "id" => Value::from(entry.id.as_str()),
            "url" => Value::from(format!("#{}", entry.id)),
            "title" => Value::from(escaped(&entry.title)),
            "text" => Value::from(entry.title.as_str()),
            "html" => Value::from(entry.html.as_str()),
            "level" => Value::from(entry.level),
            "children" => Value::from(toc_value(&entry.children)),
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Anchor::write(&self.0, 0, f)
    }
}

/// Reads what a template hands to `script_tag`.
pub(super) fn script_of(value: &Value) -> ScriptView {
    let field = |name: &str| value.get_attr(name).unwrap_or_default();
    // A path alone says by its name whether it is a module; a mapping says it itself.
    let (path, kind) = match value.kind() {
        ValueKind::Map => (python_text(&field("path")), python_text(&field("type"))),
        _ => {
            let path = python_text(value);
            let kind = if path.ends_with(".mjs") { "module" } else { "" };
            (path, kind.to_owned())
        }
    };
    ScriptView { path, kind, defer: field("defer").is_true(), is_async: field("async").is_true() }
}

/// A script of `extra_javascript`: MkDocs prints its path where a template prints it.
impl Object for ScriptView {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "path" => Value::from(self.path.as_str()),
            "type" => Value::from(self.kind.as_str()),
            "defer" => flag(self.defer),
            "async" => flag(self.is_async),
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// A value of the configuration or of a front matter, in the order in which it is written; days are days.
pub(super) fn value_of(json: &Json, node: Option<&yaml::Node>) -> Value {
    match (json, node.map(|node| &node.kind)) {
        (Json::Object(map), Some(Kind::Map(entries))) => {
            let name = |key: &yaml::Node| key.scalar_text();
            let mut pairs: Vec<(Value, Value)> = Vec::with_capacity(map.len());
            let mut seen = std::collections::BTreeSet::new();
            for (key, value) in entries {
                let Some(text) = name(key) else { continue };
                // Of a key given twice the last value counts, at the first place.
                let value = node.and_then(|node| node.get(&text)).unwrap_or(value);
                if let Some(json) = map.get(&text)
                    && seen.insert(text.clone())
                {
                    pairs.push((key_value(key, &text), value_of(json, Some(value))));
                }
            }
            pairs.extend(
                map.iter()
                    .filter(|(key, _)| !seen.contains(*key))
                    .map(|(key, value)| (Value::from(key.as_str()), value_of(value, None))),
            );
            Value::from_pairs(pairs)
        }
        (Json::Object(map), _) => {
            Value::from_pairs(map.iter().map(|(key, value)| (key.as_str(), value_of(value, None))))
        }
        (Json::Array(items), Some(Kind::Seq(nodes))) if items.len() == nodes.len() => {
            items.iter().zip(nodes).map(|(item, node)| value_of(item, Some(node))).collect()
        }
        (Json::Array(items), _) => items.iter().map(|item| value_of(item, None)).collect(),
        (Json::String(text), Some(Kind::String(_, Style::Plain))) => {
            date_of(text).map_or_else(|| Value::from(text.as_str()), Value::from_object::<Moment>)
        }
        (Json::String(text), _) => Value::from(text.as_str()),
        (Json::Null, _) => Value::from(()),
        (Json::Bool(value), _) => Value::from(*value),
        (Json::Number(number), _) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::from(number),
            (None, number) => Value::from(number.unwrap_or_default()),
        },
    }
}

/// Numbers and truth values may be keys, too.
fn key_value(key: &yaml::Node, text: &str) -> Value {
    match key.kind {
        Kind::Int(number) => Value::from(number),
        Kind::Bool(value) => Value::from(value),
        _ => Value::from(text),
    }
}

/// Escapes as Python's `html.escape` does what MkDocs takes from a heading.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
