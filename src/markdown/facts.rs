//! What other pages may know of a page, and the whole result of one parse.

use super::engine::html::raw_tags;
use super::heading::plain;
use super::tree::{Attrs, CodeBlock, Document, Element, Node, Raw, walk};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::{Digest, SitePath, Source, Span, Spanned, yaml};
use std::collections::BTreeMap;

/// The result of one parse.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree.
    pub document: Document,
    /// What other pages may know.
    pub facts: PageFacts,
    /// The files that were asked for besides the page itself, in order.
    pub reads: Vec<Read>,
    /// What there is to say.
    pub diagnostics: Diagnostics,
}

/// One question to the world, and a digest of its answer: the result holds while the answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The file asked for.
    pub path: SitePath,
    /// Its digest; `None` where it could not be had.
    pub digest: Option<Digest>,
}

/// All that other pages may know of one page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageFacts {
    /// The page.
    pub path: SitePath,
    /// The front matter's mapping.
    pub meta: Option<yaml::Node>,
    /// The text of the body's first element where that is an `<h1>`: MkDocs' title from content.
    pub heading_title: Option<Spanned<String>>,
    /// Whether there is an `<h1>` anywhere in the content.
    pub has_h1: bool,
    /// Every id (and `a name`) that a link may point to, with the place that makes it.
    pub anchors: BTreeMap<String, Span>,
    /// Links and images in document order.
    pub links: Vec<Link>,
    /// Ids of executable blocks (`#| id:`), with their places.
    pub steps: BTreeMap<String, Span>,
}

/// A link or an image as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The destination, not decoded; its span is the destination's own.
    pub target: Spanned<String>,
    /// Which element it is.
    pub kind: LinkKind,
}

/// Which element a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// `a href`.
    Anchor,
    /// `img src`.
    Image,
    /// Inside raw HTML: checked as an anchor, never rewritten.
    Raw,
}

/// Collects what other pages may know of a page.
pub(crate) fn collect_facts(source: &Source, document: &Document) -> PageFacts {
    let mut facts = PageFacts {
        path: source.path(),
        meta: document.front_matter.meta.clone(),
        heading_title: heading_title(&document.body),
        has_h1: false,
        anchors: BTreeMap::new(),
        links: Vec::new(),
        steps: BTreeMap::new(),
    };
    walk(&document.body, &mut |node| match node {
        Node::Element(element) => element_facts(element, &mut facts),
        Node::Raw(raw) => raw_facts(raw, source, &mut facts),
        Node::Code(code) => {
            anchor(&code.attrs, code.span, &mut facts);
            if let Some(step) = step_id(code) {
                facts.steps.entry(step.value).or_insert(step.span);
            }
        }
        Node::CodeSpan(code) => anchor(&code.attrs, code.span, &mut facts),
        Node::Icon(icon) => anchor(&icon.attrs, icon.span, &mut facts),
        Node::Text(_) => {}
    });
    facts
}

/// Reports ids that two elements of a page have, raw HTML included; the parser makes none of its own twice.
pub(crate) fn duplicate_ids(document: &Document, source: &Source) -> Diagnostics {
    let mut first: BTreeMap<String, Span> = BTreeMap::new();
    let mut found = Diagnostics::new();
    let mut given = |id: &str, span: Span| {
        if id.is_empty() {
            return;
        }
        if let Some(known) = first.get(id) {
            found.push(
                Diagnostic::new(Code::DuplicateId, span, format!("the id `{id}` is on this page already"))
                    .label(*known, "first given here")
                    .note("a link to it reaches the first one only")
                    .help("rename one of them"),
            );
        } else {
            first.insert(id.to_owned(), span);
        }
    };
    walk(&document.body, &mut |node| {
        let (attrs, span) = match node {
            Node::Element(element) => (&element.attrs, element.span),
            Node::Code(code) => (&code.attrs, code.span),
            Node::CodeSpan(code) => (&code.attrs, code.span),
            Node::Raw(raw) => {
                return raw_attrs(raw, source, &mut |_, name, value, span| {
                    if name == "id" {
                        given(value, span);
                    }
                });
            }
            Node::Icon(_) | Node::Text(_) => return,
        };
        given(attrs.get("id").unwrap_or_default(), span);
    });
    found
}

fn anchor(attrs: &Attrs, span: Span, facts: &mut PageFacts) {
    if let Some(id) = attrs.get("id").filter(|id| !id.is_empty()) {
        facts.anchors.entry(id.to_owned()).or_insert(span);
    }
}

fn element_facts(element: &Element, facts: &mut PageFacts) {
    anchor(&element.attrs, element.span, facts);
    facts.has_h1 |= element.is(&["h1"]);
    let (key, kind) = match element.tag.as_ref() {
        "a" => ("href", LinkKind::Anchor),
        "img" => ("src", LinkKind::Image),
        _ => return,
    };
    if kind == LinkKind::Anchor
        && let Some(name) = element.attrs.get("name").filter(|name| !name.is_empty())
    {
        facts.anchors.entry(name.to_owned()).or_insert(element.span);
    }
    // What the parser itself made, such as permalinks, has no place of its own and needs no check.
    if let Some(target) = element.attrs.get(key)
        && (element.target_span.is_some() || !target.starts_with('#'))
    {
        let span = element.target_span.unwrap_or(element.span);
        facts.links.push(Link { target: Spanned::new(target.to_owned(), span), kind });
    }
}

/// How many values of one piece of raw HTML are looked for and not found before all have the place of
/// the whole. Values miss where their line ends were written otherwise; real text has a handful.
const MAX_MISSES: usize = 64;

/// Visits the attributes of raw HTML: the tag's name, the attribute's, its value and where that stands. Each tag
/// comes first without one.
fn raw_attrs(raw: &Raw, source: &Source, visit: &mut dyn FnMut(&str, &str, &str, Span)) {
    // The HTML is what stands in the source, but for white space around lines: a value stands behind
    // the one before it, and behind a quote or `=`.
    let written = source.slice(raw.span).unwrap_or_default();
    let mut behind = 0;
    let mut misses = 0;
    let mut place = |range: std::ops::Range<usize>| {
        let value = &raw.html[range];
        if value.is_empty() || misses == MAX_MISSES {
            return raw.span;
        }
        let mut found = written[behind..].match_indices(value).map(|(at, _)| behind + at);
        let Some(at) = found.find(|at| written[..*at].ends_with(['"', '\'', '='])) else {
            misses += 1;
            return raw.span;
        };
        behind = at + value.len();
        let start = raw.span.range().start + at;
        Span::new(raw.span.file, start..start + value.len())
    };
    for tag in raw_tags(&raw.html) {
        visit(&tag.name, "", "", raw.span);
        for attr in tag.attrs {
            let span = place(attr.value_range.clone());
            visit(&tag.name, &attr.name, &attr.value, span);
        }
    }
}

/// Whether an attribute of raw HTML names something that the browser loads or leads to.
fn is_address(tag: &str, attr: &str) -> bool {
    match attr {
        "href" => matches!(tag, "a" | "area"),
        "src" => matches!(tag, "img" | "video" | "audio" | "source" | "track" | "iframe" | "embed" | "script"),
        "poster" => tag == "video",
        "data" => tag == "object",
        _ => false,
    }
}

fn raw_facts(raw: &Raw, source: &Source, facts: &mut PageFacts) {
    raw_attrs(raw, source, &mut |tag, attr, value, span| {
        if attr.is_empty() {
            facts.has_h1 |= tag == "h1";
        } else if (attr == "id" || (tag, attr) == ("a", "name")) && !value.is_empty() {
            facts.anchors.entry(value.to_owned()).or_insert(span);
        } else if is_address(tag, attr) {
            facts.links.push(Link { target: Spanned::new(value.to_owned(), span), kind: LinkKind::Raw });
        }
    });
}

/// MkDocs takes a page's title from its first element, where that is an `<h1>`; raw HTML and code
/// are elements too (`_ExtractTitleTreeprocessor`).
fn heading_title(body: &[Node]) -> Option<Spanned<String>> {
    let first = body.iter().find(|node| !matches!(node, Node::Text(_)))?;
    let heading = first.as_element().filter(|element| element.is(&["h1"]))?;
    let mut children = heading.children.clone();
    let permalink = |node: &Node| {
        node.as_element().is_some_and(|link| link.is(&["a"]) && link.attrs.get("class") == Some("headerlink"))
    };
    if children.iter().rev().find(|node| !matches!(node, Node::Text(_) | Node::Raw(_))).is_some_and(permalink) {
        let last = children.iter().rposition(permalink).expect("it was found just above");
        children.remove(last);
    }
    replace_images(&mut children);
    Some(Spanned::new(plain(&children), heading.span))
}

/// Puts the text of images in their place.
fn replace_images(nodes: &mut [Node]) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if element.is(&["img"]) {
            let alt = element.attrs.get("alt").unwrap_or_default().to_owned();
            *node = Node::text(alt, element.span);
        } else {
            replace_images(&mut element.children);
        }
    }
}

/// Reads `id:` out of the leading `#|` lines of a block. What else they say, and whether it is
/// right, the runbook room knows.
fn step_id(code: &CodeBlock) -> Option<Spanned<String>> {
    for line in code.code.lines() {
        let body = ["#|", "//|", "--|"].iter().find_map(|mark| line.text.strip_prefix(mark))?;
        let Some(value) = body.trim_start().strip_prefix("id:") else { continue };
        let id = value.trim().trim_matches(['"', '\'']);
        if id.is_empty() {
            return None;
        }
        let start = line.range.start + line.text.rfind(id)?;
        return Some(Spanned::new(id.to_owned(), code.code.span(start..start + id.len())));
    }
    None
}
