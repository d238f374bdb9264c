//! Headings that need a space after their `#`.
//!
//! Source of the rule: `pymdownx/saneheaders.py`.

use super::extension::Extension;
use crate::markdown::engine::blocks::leaf::hash_headings;
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
        let headings = hash_headings(rules, true);
        rules.blocks.register("hashheader", 70.0, headings);
    }
}
