//! Tabs: `=== "Label"` over a body indented by four.
//!
//! Source of the rule: `pymdownx/tabbed.py`.

use super::container::{Head, add_to, descend};
use super::extension::Extension;
use super::tabs::{TabHead, Tabs, add_tab, is_tab_set};
use crate::markdown::engine::blocks::lines::{TAB, indented};
use crate::markdown::engine::blocks::tree::ElId;
use crate::markdown::engine::blocks::{Blocks, Parser, Search};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
use regex::Regex;
use std::sync::{Arc, LazyLock};

/// The options.
pub(crate) struct Options(Tabs);

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options(Tabs::read(reader))
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        self.0.register_names(rules);
        let search = rules.search();
        rules.blocks.register(
            "tabbed",
            105.0,
            Box::new(move |parser, parent, blocks| tab(&self.0, parser, parent, blocks, search)),
        );
    }
}

static HEAD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^={3}(\+|\+!|!\+|!)? +"(.*?)" *$"#).expect("the expression is valid"));

/// `=== "Label"`.
fn tab(options: &Tabs, parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, search: Search) -> bool {
    let alternate = options.alternate_style;
    let Some(head) = Head::find(search, ("===", &HEAD), &blocks[0]) else {
        return continue_tab(parser, parent, blocks, alternate);
    };
    let block = head.pop(parser, parent, blocks);
    let special = head.text(&block, 1).to_owned();
    let label = head.groups[2].clone().map_or(Chunk::default(), |label| block.slice(label));
    let sibling = parser.tree.last_child(parent).filter(|last| is_tab_set(&parser.tree, *last, alternate));
    let content = add_tab(
        parser,
        parent,
        sibling.filter(|_| !special.contains('!')),
        TabHead {
            label,
            select: special.contains('+'),
            alternate,
            slugs: options.slugs(),
            span: Some(head.span(&block)),
        },
    );
    head.body(parser, content, &block, blocks);
    true
}

/// Adds an indented block to the last tab of the set above it.
fn continue_tab(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, alternate: bool) -> bool {
    let tree = &parser.tree;
    if !indented(blocks[0].text(), TAB) {
        return false;
    }
    let Some(set) = tree.last_child(parent).filter(|last| is_tab_set(tree, *last, alternate)) else { return false };
    let content = |set: ElId| {
        let last = tree.last_child(set);
        if alternate { last.and_then(|last| tree.last_child(last)) } else { last }
    };
    let class = if alternate { "tabbed-block" } else { "tabbed-content" };
    let Some((target, indent)) = descend(tree, set, content(set), blocks[0].text(), Some(class)) else { return false };
    let target = if is_tab_set(tree, target, alternate) { content(target).unwrap_or(target) } else { target };
    add_to(parser, target, indent, blocks);
    true
}
