//! Lists that do not mix bullets and numbers, and keep their first number.
//!
//! Source of the rule: `markdown/extensions/sane_lists.py`.

use super::extension::Extension;
use crate::markdown::engine::blocks::lists::{ListRules, ordered, unordered};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        if rules.uses("mdx_truly_sane_lists") {
            return;
        }
        let lists = ListRules { sane: true, numbered: true, ..ListRules::default() };
        rules.blocks.register("olist", 40.0, ordered(lists));
        rules.blocks.register("ulist", 30.0, unordered(lists));
    }
}
