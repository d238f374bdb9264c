//! The block rules that Python-Markdown itself registers, with its names and priorities
//! (`build_block_parser` of `markdown/blockprocessors.py`).

use super::leaf;
use super::lists::{self, ListRules};
use super::quote;
use crate::markdown::engine::rules::Rules;

/// Registers them.
pub(crate) fn register(rules: &mut Rules) {
    rules.blocks.register("empty", 100.0, Box::new(leaf::empty));
    rules.blocks.register("indent", 90.0, lists::indented_blocks(ListRules::default().tab));
    rules.blocks.register(
        "code",
        80.0,
        Box::new(|parser, parent, blocks| leaf::code(parser, parent, blocks, |block, _| block)),
    );
    let headings = leaf::hash_headings(rules, false);
    rules.blocks.register("hashheader", 70.0, headings);
    rules.blocks.register("setextheader", 60.0, Box::new(leaf::setext_heading));
    let search = rules.search();
    rules.blocks.register(
        "hr",
        50.0,
        Box::new(move |parser, parent, blocks| leaf::rule(parser, parent, blocks, search)),
    );
    rules.blocks.register("olist", 40.0, lists::ordered(ListRules::default()));
    rules.blocks.register("ulist", 30.0, lists::unordered(ListRules::default()));
    let quotes = quote::quotes(rules, quote::Merge::Neighbours);
    rules.blocks.register("quote", 20.0, quotes);
    let search = rules.search();
    rules.blocks.register(
        "reference",
        15.0,
        Box::new(move |parser, _, blocks| leaf::reference(parser, blocks, search)),
    );
    rules.blocks.register("paragraph", 10.0, Box::new(leaf::paragraph));
}
