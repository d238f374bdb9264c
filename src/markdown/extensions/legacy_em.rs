//! `_` inside a word emphasises, as it did once.
//!
//! Source of the rule: `markdown/extensions/legacy_em.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// The options; there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Options;

impl ExtensionOptions for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }
}
