//! Quotes that a blank line parts, and GitHub's callouts `> [!NOTE]`.
//!
//! Source of the rule: `pymdownx/quotes.py`.

use super::extension::Extension;
use super::title_case::title_case;
use crate::markdown::engine::blocks::lines::{join_lines, leading_spaces, line_ranges};
use crate::markdown::engine::blocks::quote::{Merge, clean, quote, quotes, strip_marks};
use crate::markdown::engine::blocks::{Block, Blocks, Parser};
use crate::markdown::engine::nodes::for_each_element;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Element, Node};
use crate::text::Chunk;
use std::ops::Range;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// Whether `> [!NOTE]` becomes an admonition.
    pub(crate) callouts: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { callouts: reader.bool("callouts", false) }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        if !self.callouts {
            let apart = quotes(rules, Merge::Never);
            rules.blocks.register("quote", 20.0, apart);
            return;
        }
        let search = rules.search();
        let with_callouts = move |parser: &mut Parser<'_, '_>, parent, blocks: &mut Blocks| {
            quote(parser, parent, blocks, search, Merge::Never, strip_callout)
        };
        rules.blocks.register("quote", 20.0, Box::new(with_callouts));
        rules.tree.register("quotes", 19.99, Box::new(|nodes, _| callouts(nodes)));
    }
}

/// Strips the marks and takes a callout's first line apart: its title becomes a paragraph.
fn strip_callout(body: &Block) -> (Chunk, Vec<(&'static str, String)>) {
    let text = body.text();
    let lines: Vec<Range<usize>> = line_ranges(text).collect();
    let head = lines.iter().position(|range| !text[range.clone()].is_empty() && text[range.clone()].trim() != ">");
    let Some((at, (kinds, fold, title))) = head.and_then(|at| Some((at, callout_head(text, lines[at].clone())?)))
    else {
        return (strip_marks(body), Vec::new());
    };
    let mut words: Vec<String> = kinds.split('|').map(|word| word.trim().to_owned()).collect();
    let collapse = match fold {
        Some('+') => "open",
        Some(_) => "closed",
        None => "",
    };
    let mut parts: Vec<Range<usize>> = lines[..at].iter().map(|range| clean(text, range.clone())).collect();
    let mut out = Chunk::default();
    parts.push(title.clone());
    out.push(&join_lines(body, &parts));
    let head_span = body.span(lines[at].clone());
    if title.is_empty() {
        out.push_synthetic(&title_case(&words[0]), head_span);
    }
    // The callout's own line is empty now, which parts the title from what follows.
    out.push_synthetic("\n", head_span.end_point());
    let rest: Vec<Range<usize>> = lines[at + 1..].iter().map(|range| clean(text, range.clone())).collect();
    if !rest.is_empty() {
        out.push_synthetic("\n", head_span.end_point());
        out.push(&join_lines(body, &rest));
    }
    words[0] = words[0].to_lowercase();
    (out, vec![("data-alert", words.join(" ")), ("data-alert-collapse", collapse.to_owned())])
}

/// Reads `> [!KIND | class]+ Title`: the kinds, the fold mark and the title's bytes.
fn callout_head(text: &str, range: Range<usize>) -> Option<(&str, Option<char>, Range<usize>)> {
    let line = &text[range.clone()];
    let indent = leading_spaces(line);
    let rest = line[indent..].strip_prefix('>').filter(|_| indent <= 3)?;
    let rest = rest.trim_start_matches(' ').strip_prefix("[!")?;
    let close = rest.find(']')?;
    let kinds = &rest[..close];
    let word = |word: &str| {
        let word = word.trim_matches(' ');
        !word.is_empty() && word.chars().all(|ch| ch.is_alphanumeric() || ch == '_' || ch == '-')
    };
    if kinds.starts_with(' ') || kinds.ends_with(' ') || !kinds.split('|').all(word) {
        return None;
    }
    let after = &rest[close + 1..];
    let fold = after.chars().next().filter(|ch| matches!(ch, '+' | '-'));
    let title = &after[fold.map_or(0, char::len_utf8)..];
    let start = range.end - title.trim_start().len();
    let end = start + title.trim().len();
    Some((kinds, fold, start..end))
}

/// Turns quotes with `data-alert` into what they stand for.
fn callouts(nodes: &mut [Node]) {
    for_each_element(nodes, &mut |element| {
        if !element.is(&["blockquote"]) {
            return;
        }
        let Some(classes) = element.attrs.remove("data-alert").filter(|classes| !classes.is_empty()) else { return };
        let collapse = element.attrs.remove("data-alert-collapse").unwrap_or_default();
        let first = element.children.iter_mut().find_map(|child| match child {
            Node::Element(first) => Some(first),
            _ => None,
        });
        if collapse.is_empty() {
            element.tag = "div".into();
            if let Some(first) = first
                && (first.is(&["p"]) || first.heading_level().is_some())
            {
                first.attrs.add_class("admonition-title");
            }
            element.attrs.add_class("admonition");
        } else {
            element.tag = "details".into();
            if let Some(first) = first {
                summarise(first);
            }
            if collapse == "open" {
                element.attrs.set("open", "open");
            }
        }
        element.attrs.add_class(&classes);
    });
}

/// Makes a summary of a paragraph, or puts a heading into one.
fn summarise(first: &mut Element) {
    if first.is(&["p"]) {
        first.tag = "summary".into();
    } else if first.heading_level().is_some() {
        let summary = Element::new("summary", first.span);
        let heading = std::mem::replace(first, summary);
        first.children.push(heading.into());
    }
}
