//! Numbers of figures and tables.
//!
//! Source of the rule: `CaptionTreeprocessor` of `pymdownx/blocks/caption.py` 13.1. Each type of
//! caption counts for itself; figures inside figures of the same type count below them.

use crate::markdown::engine::blocks::DEPTH_LIMIT;
use crate::markdown::extensions::blocks_caption::Options;
use crate::markdown::tree::{Attrs, Element, Node, Raw};
use std::collections::BTreeMap;

/// Numbers every caption and removes the marks that its block left.
pub(in crate::markdown::engine) fn apply(nodes: &mut [Node], options: &Options) {
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
