//! Definition lists: a term on a line of its own, then `:   definition`.
//!
//! Source of the rule: `markdown/extensions/def_list.py`.

use super::extension::Extension;
use super::truly_sane_lists;
use crate::markdown::engine::blocks::leaf::pop;
use crate::markdown::engine::blocks::lines::{TAB, blank, detab, leading_spaces, line_ranges, newline, strip};
use crate::markdown::engine::blocks::lists::indent_below;
use crate::markdown::engine::blocks::tree::ElId;
use crate::markdown::engine::blocks::{Block, Blocks, Parser, Search, State};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
use regex::Regex;
use std::sync::{Arc, LazyLock};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let tab = rules.options::<truly_sane_lists::Options>().map_or(TAB, |options| options.nested_indent);
        let indented = move |parser: &mut Parser<'_, '_>, parent, blocks: &mut Blocks| {
            indent_below(parser, parent, blocks, tab, &["dd", "li"], &["dl", "ol", "ul"])
        };
        rules.blocks.register("defindent", 85.0, Box::new(indented));
        let search = rules.search();
        rules.blocks.register(
            "deflist",
            25.0,
            Box::new(move |parser, parent, blocks| definition_list(parser, parent, blocks, search)),
        );
    }
}

static NO_INDENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[ ]{0,3}[^ :]").expect("the expression is valid"));

/// Terms, then `:   definition`.
fn definition_list(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, search: Search) -> bool {
    let block = &blocks[0];
    let found = block.find_line(search, |line| {
        let start = definition_start(&block.text()[line.clone()])?;
        Some((line.start + start..line.end, line))
    });
    let Some((first, whole)) = found else { return false };
    let mut sibling = parser.tree.last_child(parent);
    let has_terms = !blank(&block.text()[..whole.start]);
    if !has_terms && sibling.is_none() {
        return false;
    }
    let block = pop(blocks);
    let term_lines = |block: &Block, keep_blank: bool| -> Vec<Chunk> {
        let lines = line_ranges(block.text()).map(|range| block.slice(range));
        lines.filter(|line| keep_blank || !blank(line.text())).collect()
    };
    let above = block.part(0..whole.start.saturating_sub(1));
    let mut terms: Vec<Chunk> = term_lines(&above, false).iter().map(strip).collect();
    let after = block.part((whole.end + 1).min(block.len())..block.len());
    let (definition, rest) = if NO_INDENT.is_match(after.text()) {
        (block.part(first.start..block.len()), after.part(after.len()..after.len()))
    } else {
        let (body, rest) = detab(&after, TAB);
        let mut definition = block.slice(first);
        if !body.is_empty() {
            newline(&mut definition, &block);
            definition.push(&body);
        }
        (Block::of(definition), rest)
    };
    let mut state = State::List;
    if let Some(paragraph) = sibling.filter(|last| !has_terms && parser.tree.is(*last, &["p"])) {
        // The paragraph above holds the terms.
        state = State::LooseList;
        terms = term_lines(&Block::of(parser.tree.get(paragraph).text.chunk.clone()), true);
        parser.tree.get_mut(parent).children.pop();
        sibling = parser.tree.last_child(parent);
    }
    let list = match sibling.filter(|last| parser.tree.is(*last, &["dl"])) {
        Some(list) => {
            let last = parser.tree.last_child(list);
            let loose = |last: ElId| parser.tree.is(last, &["dd"]) && parser.tree.last_child(last).is_some();
            if terms.is_empty() && last.is_some_and(loose) {
                state = State::LooseList;
            }
            list
        }
        None => parser.element(parent, "dl", None),
    };
    for term in terms {
        let dt = parser.element(list, "dt", term.whole_span());
        parser.tree.set_text(dt, term);
    }
    let dd = parser.element(list, "dd", Some(block.span(whole)));
    parser.within(state, |parser| parser.parse_block(dd, definition));
    if !rest.is_empty() {
        blocks.push_front(rest);
    }
    true
}

/// Measures `:   ` with its indentation.
fn definition_start(line: &str) -> Option<usize> {
    let indent = leading_spaces(line);
    let body = line[indent..].strip_prefix(':').filter(|_| indent <= 3)?;
    let gap = leading_spaces(body).min(3);
    (gap > 0).then_some(indent + 1 + gap)
}
