//! `_` inside a word emphasises, as it did once.
//!
//! Source of the rule: `markdown/extensions/legacy_em.py`.

use super::extension::Extension;
use crate::markdown::engine::inline::em_strong;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// The options; there are none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        if !rules.uses("pymdownx.betterem") {
            rules.inline.register("em_strong", 60.0, em_strong(false));
        }
    }
}
