//! Lists nested by two spaces, as `mdx_truly_sane_lists` 1.3 has them.
//!
//! Source of the rule: the package's own `mdx_truly_sane_lists.py`; it changes the tab length of list
//! blocks and, with `truly_sane`, keeps lists of different kinds apart.

use super::extension::Extension;
use crate::markdown::engine::blocks::lists::{ListRules, indented_blocks, ordered, unordered};
use crate::markdown::engine::lint::LINT;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// How many spaces nest a list.
    pub(crate) nested_indent: usize,
    /// Whether bullets and numbers are lists of their own.
    pub(crate) truly_sane: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            nested_indent: usize::try_from(reader.int("nested_indent", 2)).unwrap_or(2).max(1),
            truly_sane: reader.bool("truly_sane", true),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let lists = ListRules { tab: self.nested_indent, sane: true, bullets_end: self.truly_sane, numbered: false };
        rules.blocks.register("indent", 95.0, indented_blocks(lists.tab));
        rules.blocks.register("olist", 50.0, ordered(lists));
        rules.blocks.register("ulist", 40.0, unordered(lists));
        // Lists nest as they look, so there is nothing to say of them.
        rules.preprocessors.deregister(LINT);
    }
}
