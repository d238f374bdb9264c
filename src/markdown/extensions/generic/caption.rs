//! Captions as generic blocks: `/// caption`, `/// figure-caption`, after what they describe.
//!
//! Source of the rule: `pymdownx/blocks/caption.py`.

use super::css::selectors;
use super::machine::{Head, Kind, OpenBlock, Read, add};
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::blocks::{DEPTH_LIMIT, Parser};
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Attrs, Element, Node, Raw};
use crate::text::{Chunk, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The options.
pub(crate) struct Options {
    /// The block names with their numbering.
    types: Vec<CaptionType>,
    /// How deep nested figures get numbers; 0 for all.
    auto_level: i64,
    /// Whether captions with a prefix are numbered without being asked.
    auto: bool,
    /// Whether the caption stands before the content.
    prepend: bool,
}

/// A kind of caption.
struct CaptionType {
    /// The name after the slashes.
    name: String,
    /// The text before the caption, `{}` standing for the number.
    prefix: String,
    /// Classes of the figure.
    classes: String,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            types: read_types(reader),
            auto_level: reader.int("auto_level", 0),
            auto: reader.bool("auto", true),
            prepend: reader.bool("prepend", false),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let options = Arc::clone(&self);
        rules.tree.register("caption-auto", 4.0, Box::new(move |nodes, _| number_all(nodes, &options)));
        add(rules, self);
    }
}

fn read_types(reader: &mut OptionReader<'_>) -> Vec<CaptionType> {
    let kind = |name: &str, prefix: &str, classes: &str| CaptionType {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        classes: classes.to_owned(),
    };
    let Some(node) = reader.node("types") else {
        return vec![
            kind("caption", "", ""),
            kind("figure-caption", "Figure {}.", ""),
            kind("table-caption", "Table {}.", ""),
        ];
    };
    let mut types = Vec::new();
    for item in node.as_seq().unwrap_or_default() {
        let text = |key: &str| item.get(key).and_then(|value| value.as_str()).unwrap_or_default();
        match (item.as_str(), text("name")) {
            (Some(name), _) => types.push(kind(name, "", "")),
            (None, "") => reader.wrong_kind("types", "a list of names", item),
            (None, name) => types.push(kind(name, text("prefix"), text("classes"))),
        }
    }
    if node.as_seq().is_none() && !node.is_null() {
        reader.wrong_kind("types", "a list", node);
    }
    types
}

impl Kind for Options {
    fn has(&self, name: &str) -> bool {
        self.types.iter().any(|kind| kind.name == name)
    }

    fn read(&self, head: &Head<'_>) -> Option<Read> {
        let kind = self.types.iter().find(|kind| kind.name == head.name)?;
        let mut caption = Caption {
            name: kind.name.clone(),
            prefix: kind.prefix.clone(),
            classes: kind.classes.clone(),
            prepend: self.prepend,
            auto: self.auto,
            level: String::new(),
            number: String::new(),
            caption: Tree::ROOT,
        };
        let mut attrs = head.attrs(&["type"])?;
        let mut rest = head.argument.map_or("", Chunk::text);
        if let Some(after) = rest.strip_prefix('>') {
            caption.prepend = false;
            rest = after.trim_start();
        } else if let Some(after) = rest.strip_prefix('<') {
            caption.prepend = true;
            rest = after.trim_start();
        }
        let word = &rest[..rest.find(' ').unwrap_or(rest.len())];
        let digits = word.strip_prefix('^').unwrap_or(word);
        let part = |part: &str| {
            part.starts_with(|ch: char| ('1'..='9').contains(&ch)) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits.is_empty() && digits.split('.').all(part) {
            *(if word.starts_with('^') { &mut caption.level } else { &mut caption.number }) = digits.to_owned();
            rest = rest[word.len()..].trim_start();
        }
        if !rest.is_empty() {
            let (_, selector) = selectors(rest, false)?;
            for (name, value) in selector.iter() {
                if name == "class" {
                    let mut words: Vec<&str> = attrs.classes().chain(value.split(' ')).collect();
                    words.sort_unstable();
                    words.dedup();
                    let joined = words.join(" ");
                    attrs.set("class", joined);
                } else if attrs.get(name).is_none() {
                    attrs.set(name.to_owned(), value);
                }
            }
        }
        Some((attrs, Box::new(caption)))
    }
}

struct Caption {
    name: String,
    prefix: String,
    classes: String,
    prepend: bool,
    auto: bool,
    level: String,
    number: String,
    caption: ElId,
}

impl OpenBlock for Caption {
    fn create(&mut self, parser: &mut Parser<'_, '_>, parent: ElId, span: Span) -> ElId {
        let last = parser.tree.last_child(parent);
        let has_caption =
            |figure: ElId| parser.tree.get(figure).children.iter().any(|child| parser.tree.is(*child, &["figcaption"]));
        let bare = last.filter(|last| parser.tree.is(*last, &["figure"]) && !has_caption(*last));
        // A figure with its caption is put into the next figure, and so on.
        let mut n_figures = 0;
        let mut inner = last;
        while let Some(id) = inner.filter(|inner| n_figures < DEPTH_LIMIT && parser.tree.is(*inner, &["figure"])) {
            n_figures += 1;
            let mut children = parser.tree.get(id).children.iter().copied();
            inner = children.find(|child| parser.tree.is(*child, &["figure"]));
        }
        let too_deep = bare.is_none() && n_figures >= DEPTH_LIMIT;
        if too_deep {
            parser.report_depth(span);
        }
        let last = last.filter(|_| !too_deep);
        let figure = bare.unwrap_or_else(|| {
            if last.is_some() {
                parser.tree.get_mut(parent).children.pop();
            }
            let figure = parser.element(parent, "figure", Some(span));
            parser.tree.get_mut(figure).children.extend(last);
            figure
        });
        for class in self.classes.split_whitespace() {
            if !parser.attrs(figure).has_class(class) {
                parser.attrs(figure).add_class(class);
            }
        }
        if self.auto {
            let attrs = parser.attrs(figure);
            attrs.set("__figure_type", self.name.clone());
            if !self.level.is_empty() {
                attrs.set("__figure_level", self.level.clone());
            }
            if !self.number.is_empty() {
                attrs.set("__figure_num", self.number.clone());
            }
            if self.prepend {
                attrs.set("__figure_prepend", "1");
            }
        }
        self.caption = parser.tree.detached("figcaption");
        parser.tree.get_mut(self.caption).span = Some(span);
        let at = if self.prepend { 0 } else { parser.tree.get(figure).children.len() };
        parser.tree.get_mut(figure).children.insert(at, self.caption);
        figure
    }

    fn content(&self, _: &Tree, _: ElId) -> Option<ElId> {
        Some(self.caption)
    }

    /// Numbers by hand; a level alone has a number that says no more than that.
    fn end(&self, parser: &mut Parser<'_, '_>, el: ElId) {
        if self.auto || self.prefix.is_empty() {
            return;
        }
        let level = self.level.parse::<usize>().ok();
        let depth = level.map(|level| vec!["1"; level.min(DEPTH_LIMIT) + 1].join("."));
        let number = depth.unwrap_or_else(|| self.number.clone());
        if number.is_empty() {
            return;
        }
        let attrs = parser.attrs(el);
        attrs.set("__figure_type", self.name.clone());
        attrs.set("__figure_fixed", number);
        if self.prepend {
            attrs.set("__figure_prepend", "1");
        }
    }
}

/// Numbers every caption and removes the marks that its block left.
fn number_all(nodes: &mut [Node], options: &Options) {
    let mut counters: BTreeMap<String, Counter> = BTreeMap::new();
    visit(nodes, options, &mut counters, &mut Vec::new());
}

/// How far one type is counted: the numbers down to the last figure.
#[derive(Default)]
struct Counter {
    numbers: Vec<usize>,
    depth: usize,
}

/// A figure that holds the one in hand.
struct Outer {
    kind: String,
    level: Option<usize>,
}

fn visit(nodes: &mut [Node], options: &Options, counters: &mut BTreeMap<String, Counter>, above: &mut Vec<Outer>) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        let kind = element.attrs.remove("__figure_type").filter(|_| element.is(&["figure"]));
        let Some(kind) = kind else {
            visit(&mut element.children, options, counters, above);
            continue;
        };
        let level = number(element, options, counters, above, &kind);
        above.push(Outer { kind, level });
        visit(&mut element.children, options, counters, above);
        above.pop();
    }
}

/// Numbers one figure; returns the level that it says it has.
fn number(
    figure: &mut Element,
    options: &Options,
    counters: &mut BTreeMap<String, Counter>,
    above: &[Outer],
    kind: &str,
) -> Option<usize> {
    let take = |attrs: &mut Attrs, name: &str| attrs.remove(name);
    let prepend = take(&mut figure.attrs, "__figure_prepend").is_some();
    let level = take(&mut figure.attrs, "__figure_level").and_then(|level| level.parse::<usize>().ok());
    let manual = take(&mut figure.attrs, "__figure_num");
    let fixed = take(&mut figure.attrs, "__figure_fixed");
    let prefix = options.types.iter().find(|known| known.name == kind).map_or("", |known| &known.prefix);
    if let Some(fixed) = fixed {
        label(figure, kind, &fixed, prefix, prepend);
        return level;
    }
    if prefix.is_empty() {
        return level;
    }
    let limit = usize::try_from(options.auto_level).unwrap_or(0);
    let mut depth = level.unwrap_or(0);
    if level.is_some() && limit > 0 && depth >= limit {
        return level;
    }
    for outer in above.iter().rev().filter(|outer| outer.kind == kind) {
        depth += outer.level.map_or(1, |level| level + 1);
        if limit > 0 && depth >= limit {
            return level;
        }
    }
    let manual: Option<Vec<usize>> = manual.and_then(|text| text.split('.').map(|part| part.parse().ok()).collect());
    let mut own_level = level;
    if let Some(numbers) = &manual {
        let new = numbers.len() - 1;
        own_level = Some(new.saturating_sub(depth));
        depth = new;
    }
    let counter = counters.entry(kind.to_owned()).or_insert_with(|| Counter { numbers: vec![0], depth: 0 });
    if depth > counter.depth {
        // A level is a number that the page says; of what nests too deep only the first part counts.
        let room = (DEPTH_LIMIT + 1).saturating_sub(counter.numbers.len());
        counter.numbers.extend(std::iter::repeat_n(1, (depth - counter.depth).min(room)));
    } else if depth == counter.depth {
        if let Some(number) = counter.numbers.get_mut(depth) {
            *number += 1;
        }
    } else {
        counter.numbers.truncate(depth + 1);
        if let Some(number) = counter.numbers.last_mut() {
            *number += 1;
        }
    }
    counter.depth = depth;
    if let Some(numbers) = manual
        && numbers > counter.numbers
    {
        counter.numbers = numbers;
    }
    let shown: Vec<String> = counter.numbers.iter().take(depth + 1).map(usize::to_string).collect();
    label(figure, kind, &shown.join("."), prefix, prepend);
    own_level
}

/// Gives a figure its id, and its caption the prefix.
fn label(figure: &mut Element, kind: &str, number: &str, prefix: &str, prepend: bool) {
    if figure.attrs.get("id").is_none() {
        figure.attrs.set("id", format!("__{kind}_{}", number.replace('.', "_")));
    }
    if prefix.is_empty() {
        return;
    }
    let is_caption = |node: &&mut Node| matches!(node, Node::Element(element) if element.is(&["figcaption"]));
    let caption = if prepend {
        figure.children.iter_mut().find(is_caption)
    } else {
        figure.children.iter_mut().rev().find(is_caption)
    };
    let Some(Node::Element(caption)) = caption else { return };
    let at = caption.span;
    let html = Node::Raw(Raw { html: prefix.replacen("{}", number, 1), span: at, block: false });
    let span = Element::new("span", at).with_attr("class", "caption-prefix").with_children(vec![html]);
    let first = caption.children.iter_mut().find_map(|child| match child {
        Node::Element(first) => Some(first),
        _ => None,
    });
    match first.filter(|first| first.is(&["p"])) {
        Some(paragraph) => {
            if matches!(paragraph.children.first(), Some(Node::Text(_) | Node::Raw(_))) {
                paragraph.children.insert(0, Node::text(" ", at));
            }
            paragraph.children.insert(0, span.into());
        }
        None => caption.children.insert(0, Element::new("p", at).with_children(vec![span.into()]).into()),
    }
}
